//! The web widget as its administrator sets it, source by source: which pages may show it, how it looks, what it says.
//!
//! The channel of web consumers declares [`FIELDS`] as its settings and checks them with [`check`]; [`Widget::of`] reads them.
//! Nothing here is a secret: all of it is told to every browser. A value that can't be read counts as not set.

use crate::channel::Field;
use antiphon_domain::Source;
use serde_json::{Map, Value};
use url::{Host, Url};

/// The languages that the widget has texts in.
pub const LANGUAGES: [&str; 12] = ["ar", "de", "en", "es", "fr", "he", "it", "ja", "nl", "pl", "pt", "tr"];
/// The texts that an administrator may word, each with its most characters.
const TEXTS: [(&str, usize); 3] = [("title", 60), ("welcome", 500), ("launcher_text", 40)];
/// The colour when nobody chose one.
const COLOR: &str = "#0b6b74";
/// Most pages' origins of one source.
const MOST_ORIGINS: usize = 100;
/// Longest address of a picture, in characters.
const MOST_URL: usize = 1_000;

const fn field(
    name: &'static str,
    label: &'static str,
    default: Option<&'static str>,
    choices: &'static [&'static str],
    help: &'static str,
) -> Field {
    Field { name, label, secret: false, required: false, default, choices, help }
}

/// What may be set per source.
pub static FIELDS: [Field; 12] = [
    field(
        "allowed_origins",
        "Pages that may show the widget",
        None,
        &[],
        "Origins with spaces between them, such as https://shop.example https://*.shop.example; no page may show it as long as this is empty.",
    ),
    field("title", "Title", None, &[], "Stands at the top of the widget; the source's name otherwise."),
    field("welcome", "Welcome", None, &[], "What visitors read before they have written; a sentence in their language otherwise."),
    field("launcher_text", "Text beside the button", None, &[], "A few words; only the button otherwise."),
    field("color", "Colour", Some(COLOR), &[], "The brand's colour, as #rrggbb; text on it turns black or white by itself."),
    field("theme", "Light or dark", Some("auto"), &["auto", "light", "dark"], "auto: as the visitor's system says."),
    field("position", "Corner", Some("right"), &["right", "left"], "The corner at the bottom of the page in which the button stands."),
    field(
        "language",
        "Language",
        Some("auto"),
        &["auto", "ar", "de", "en", "es", "fr", "he", "it", "ja", "nl", "pl", "pt", "tr"],
        "auto: the page's, else the visitor's, as far as the widget knows it.",
    ),
    field(
        "texts",
        "Texts by language",
        None,
        &[],
        r#"JSON, for example {"de": {"title": "Hilfe", "welcome": "Wie können wir helfen?", "launcher_text": "Fragen?"}}."#,
    ),
    field("logo_url", "Picture", None, &[], "An https address of a square picture that stands beside the title."),
    field("attachments", "Files from visitors", Some("on"), &["on", "off"], "Whether visitors may send pictures and files."),
    field(
        "sign_in",
        "Signed-in visitors",
        Some("optional"),
        &["optional", "required"],
        "required: only visitors whom the page identifies may write.",
    ),
];

/// Looks at a value of one of [`FIELDS`].
///
/// # Errors
/// A sentence that says what it must be.
pub fn check(name: &str, value: &str) -> Result<(), String> {
    let text = |most: usize| match value.chars().count() <= most {
        true => Ok(()),
        false => Err(format!("must have at most {most} characters")),
    };
    match name {
        "allowed_origins" => read_origins(value).map(drop),
        "color" => read_color(value).map(drop).ok_or_else(|| "must be a colour as #rrggbb, for example #0b6b74".to_owned()),
        "logo_url" => read_picture(value).map(drop).ok_or_else(|| format!("must be an https:// address of at most {MOST_URL} characters")),
        "texts" => read_texts(value).map(drop),
        _ => TEXTS.iter().find(|(known, _)| *known == name).map_or(Ok(()), |(_, most)| text(*most)),
    }
}

/// The widget of one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Widget {
    /// The pages that may show it.
    pub origins: Vec<PageOrigin>,
    /// Stands at its top.
    pub title: String,
    /// What visitors read first, where the administrator worded it.
    pub welcome: Option<String>,
    /// Beside the button.
    pub launcher_text: Option<String>,
    /// `#rrggbb`.
    pub color: String,
    /// `auto`, `light` or `dark`.
    pub theme: String,
    /// `right` or `left`.
    pub position: String,
    /// `auto`, or one of [`LANGUAGES`].
    pub language: String,
    /// Language → name of the text → text.
    pub texts: Map<String, Value>,
    /// The address of a picture.
    pub logo_url: Option<String>,
    /// Visitors may send files.
    pub attachments: bool,
    /// Only identified visitors may write.
    pub sign_in_required: bool,
}

impl Widget {
    /// As the source's settings say.
    pub fn of(source: &Source) -> Self {
        let set = |name: &str| source.settings.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
        let text = |name: &str| set(name).filter(|value| check(name, value).is_ok()).map(str::to_owned);
        let choice = |name: &str| {
            let field = FIELDS.iter().find(|field| field.name == name);
            let chosen = set(name).filter(|value| field.is_some_and(|field| field.check(value).is_ok()));
            chosen.or_else(|| field.and_then(|field| field.default)).unwrap_or_default().to_owned()
        };
        Self {
            origins: set("allowed_origins").and_then(|value| read_origins(value).ok()).unwrap_or_default(),
            title: text("title").unwrap_or_else(|| source.name.clone()),
            welcome: text("welcome"),
            launcher_text: text("launcher_text"),
            color: set("color").and_then(read_color).unwrap_or_else(|| COLOR.to_owned()),
            theme: choice("theme"),
            position: choice("position"),
            language: choice("language"),
            texts: set("texts").and_then(|value| read_texts(value).ok()).unwrap_or_default(),
            logo_url: set("logo_url").and_then(read_picture),
            attachments: choice("attachments") == "on",
            sign_in_required: choice("sign_in") == "required",
        }
    }

    /// Whether a page of this origin, as a browser names it, may show the widget.
    pub fn allows(&self, origin: &str) -> bool {
        let (Ok(asking), false) = (origin.parse::<PageOrigin>(), origin.contains('*')) else { return false };
        self.origins.iter().any(|known| known.covers(&asking))
    }
}

/// Where pages come from: scheme, host and port, or all hosts below one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageOrigin {
    https: bool,
    /// All hosts below `host`, but not that one itself.
    below: bool,
    host: String,
    /// As written; the scheme's own is left out.
    port: Option<u16>,
}

impl PageOrigin {
    fn covers(&self, asking: &Self) -> bool {
        let host = match self.below {
            true => asking.host.strip_suffix(&self.host).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
            false => asking.host == self.host,
        };
        host && self.https == asking.https && self.port == asking.port
    }
}

impl std::fmt::Display for PageOrigin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = if self.https { "https" } else { "http" };
        let below = if self.below { "*." } else { "" };
        write!(f, "{scheme}://{below}{}", self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl std::str::FromStr for PageOrigin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{}` is no origin; write it as https://shop.example, without a path", text.chars().take(200).collect::<String>());
        let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
        let (below, rest) = rest.strip_prefix("*.").map_or((false, rest), |rest| (true, rest));
        let url = Url::parse(&format!("{scheme}://{rest}")).map_err(|_| wrong())?;
        let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
        if !matches!(url.scheme(), "http" | "https") || !bare || url.path() != "/" || rest.ends_with('/') || rest.contains('*') {
            return Err(wrong());
        }
        let host = url.host().ok_or_else(wrong)?;
        // It becomes part of a header: nothing in it may mean anything there.
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if matches!(&host, Host::Domain(name) if !name.chars().all(plain)) {
            return Err(wrong());
        }
        // Below a whole top-level domain stands everybody.
        if below && !matches!(&host, Host::Domain(name) if name.contains('.')) {
            return Err(format!("`{text}` covers too much: name at least two parts after the star"));
        }
        Ok(Self { https: url.scheme() == "https", below, host: host.to_string(), port: url.port() })
    }
}

fn read_origins(text: &str) -> Result<Vec<PageOrigin>, String> {
    let parts: Vec<&str> = text.split(|c: char| c == ',' || c.is_whitespace()).filter(|part| !part.is_empty()).collect();
    if parts.len() > MOST_ORIGINS {
        return Err(format!("must be at most {MOST_ORIGINS} origins"));
    }
    parts.into_iter().map(str::parse).collect()
}

fn read_color(text: &str) -> Option<String> {
    let digits = text.strip_prefix('#').filter(|digits| digits.chars().all(|c| c.is_ascii_hexdigit()))?;
    let six = match digits.len() {
        3 => digits.chars().flat_map(|c| [c, c]).collect(),
        6 => digits.to_owned(),
        _ => return None,
    };
    Some(format!("#{}", six.to_ascii_lowercase()))
}

fn read_picture(text: &str) -> Option<String> {
    let url = Url::parse(text).ok().filter(|url| url.scheme() == "https" && url.has_host() && url.username().is_empty())?;
    (text.len() <= MOST_URL).then(|| url.to_string())
}

fn read_texts(text: &str) -> Result<Map<String, Value>, String> {
    let languages: Map<String, Value> =
        serde_json::from_str(text).map_err(|error| format!("must be a JSON object of languages: {error}"))?;
    for (language, texts) in &languages {
        if !LANGUAGES.contains(&language.as_str()) {
            return Err(format!("`{language}` is no language of the widget; it has {}", LANGUAGES.join(", ")));
        }
        let texts = texts.as_object().ok_or_else(|| format!("`{language}` must be an object of texts"))?;
        for (name, text) in texts {
            let Some((_, most)) = TEXTS.iter().find(|(known, _)| known == name) else {
                return Err(format!("`{language}.{name}` is no text of the widget; it has {}", TEXTS.map(|(name, _)| name).join(", ")));
            };
            if text.as_str().is_none_or(|text| text.is_empty() || text.chars().count() > *most) {
                return Err(format!("`{language}.{name}` must be a text of 1 to {most} characters"));
            }
        }
    }
    Ok(languages)
}

#[cfg(test)]
mod tests;
