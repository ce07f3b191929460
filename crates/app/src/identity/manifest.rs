//! What an app says of itself beyond its notifications: what it may do, how its users sign in, how it is shown. A reader of
//! [`ConnectorApp::settings`](crate::ports::store::ConnectorApp); members that mean nothing here are left alone.

use crate::connector_app::SettingsProblem;
use serde_json::{Map, Value};

/// Scope of an app that names none: it speaks for consumers.
pub const DEFAULT_SCOPE: &str = "msg.consumer";

/// Texts and how many characters they may have.
const TEXTS: [(&str, usize); 5] = [("display_name", 128), ("description", 256), ("scope", 128), ("logo_uri", 1_024), ("entry_uri", 1_024)];
/// Lists of words: what they may hold, how many, and how long each may be.
const LISTS: [(&str, usize, usize); 3] = [("grant_types", 8, 64), ("redirect_uris", 32, 1_024), ("response_types", 8, 64)];
/// Lists of the part that designs engagements, and how many items they have at most.
const ENGAGEMENT_LISTS: [(&str, usize); 5] =
    [("entry_point", 10), ("visitor_behavior", 10), ("target_audience", 20), ("goal", 10), ("consumer_identity", 5)];
/// Flags of that part.
const ENGAGEMENT_FLAGS: [&str; 3] = ["design_engagement", "design_window", "language_selection"];
/// Longest word of a list of that part, in characters.
const MOST_WORD: usize = 64;

/// What an app says of itself, as far as it decides something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// What it may do, separated by spaces.
    pub scope: String,
    /// How it may get tokens; any way when it names none.
    pub grant_types: Vec<String>,
    /// Where users may be sent back to after they signed in.
    pub redirect_uris: Vec<String>,
    /// Its name for people, where it differs.
    pub display_name: Option<String>,
}

impl Manifest {
    /// Reads stored settings; what makes no sense is left out.
    pub fn read(json: &str) -> Self {
        let settings: Map<String, Value> = serde_json::from_str(json).unwrap_or_default();
        let text = |name: &str| settings.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
        let words = |name: &str| {
            let items = settings.get(name).and_then(Value::as_array).into_iter().flatten();
            items.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        Self {
            scope: text("scope").unwrap_or_else(|| DEFAULT_SCOPE.to_owned()),
            grant_types: words("grant_types"),
            redirect_uris: words("redirect_uris"),
            display_name: text("display_name"),
        }
    }

    /// Where a user goes back to: the address that the app names, if it is one of its own, or its only one.
    pub fn redirect_uri(&self, named: Option<&str>) -> Option<&str> {
        match named {
            Some(named) => self.redirect_uris.iter().map(String::as_str).find(|own| *own == named),
            None => self.redirect_uris.first().map(String::as_str).filter(|_| self.redirect_uris.len() == 1),
        }
    }

    /// Whether the app may get tokens that way.
    pub fn allows(&self, grant_type: &str) -> bool {
        self.grant_types.is_empty() || self.grant_types.iter().any(|own| own == grant_type)
    }

    /// Looks at settings that somebody wants to store.
    ///
    /// # Errors
    /// Every member that makes no sense.
    pub fn check(settings: &Map<String, Value>) -> Result<Self, Vec<SettingsProblem>> {
        let mut problems = Vec::new();
        let mut problem = |field: String, message: String| problems.push(SettingsProblem { field, message });
        for (name, most) in TEXTS {
            match settings.get(name) {
                None | Some(Value::Null) => {}
                Some(Value::String(text)) if text.chars().count() <= most && !text.chars().any(char::is_control) => {}
                Some(_) => problem(name.to_owned(), format!("must be text of at most {most} characters on one line")),
            }
        }
        for (name, items, letters) in LISTS {
            if !settings.get(name).is_none_or(|value| value.is_null() || is_words(value, items, letters)) {
                problem(name.to_owned(), format!("must be a list of at most {items} texts of 1 to {letters} characters"));
            }
        }
        for (at, uri) in settings.get("redirect_uris").and_then(Value::as_array).into_iter().flatten().enumerate() {
            if !uri.as_str().is_none_or(is_redirect) {
                let message = "must be an address without a fragment: https://, http:// of this machine, or an app's own scheme";
                problem(format!("redirect_uris.{at}"), message.to_owned());
            }
        }
        if !settings.get("quick_launch_enabled").is_none_or(|value| value.is_null() || value.is_boolean()) {
            problem("quick_launch_enabled".to_owned(), "must be true or false".to_owned());
        }
        match settings.get("capabilities") {
            None | Some(Value::Null) => {}
            Some(Value::Object(capabilities)) => engagement(capabilities.get("engagement"), &mut problem),
            Some(_) => problem("capabilities".to_owned(), "must be an object".to_owned()),
        }
        if problems.is_empty() { Ok(Self::read(&Value::Object(settings.clone()).to_string())) } else { Err(problems) }
    }
}

/// The part that designs engagements: kept and given back. Its words are an open set.
fn engagement(given: Option<&Value>, problem: &mut impl FnMut(String, String)) {
    let members = match given {
        None | Some(Value::Null) => return,
        Some(Value::Object(members)) => members,
        Some(_) => return problem("capabilities.engagement".to_owned(), "must be an object".to_owned()),
    };
    for name in ENGAGEMENT_FLAGS {
        if !members.get(name).is_none_or(|value| value.is_null() || value.is_boolean()) {
            problem(format!("capabilities.engagement.{name}"), "must be true or false".to_owned());
        }
    }
    for (name, items) in ENGAGEMENT_LISTS {
        let fits = |value: &Value| value.is_null() || value.is_string() || is_words(value, items, MOST_WORD);
        if !members.get(name).is_none_or(fits) {
            problem(
                format!("capabilities.engagement.{name}"),
                format!("must be a list of at most {items} texts of 1 to {MOST_WORD} characters"),
            );
        }
    }
}

fn is_words(value: &Value, items: usize, letters: usize) -> bool {
    let word = |item: &Value| item.as_str().is_some_and(|text| (1..=letters).contains(&text.chars().count()));
    value.as_array().is_some_and(|list| list.len() <= items && list.iter().all(word))
}

/// Whether users may be sent there. What browsers run instead of opening is none.
fn is_redirect(text: &str) -> bool {
    let Ok(url) = url::Url::parse(text) else { return false };
    let own_machine = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let scheme = match url.scheme() {
        "https" => url.has_host(),
        "http" => own_machine,
        "javascript" | "data" | "vbscript" | "file" | "blob" | "about" | "ws" | "wss" | "ftp" => false,
        // An app on a phone: reverse-domain schemes.
        own => own.contains('.'),
    };
    scheme && url.fragment().is_none() && url.username().is_empty() && url.password().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn problems(settings: &Value) -> Vec<String> {
        let found = Manifest::check(settings.as_object().expect("an object"));
        found.err().unwrap_or_default().into_iter().map(|problem| problem.field).collect()
    }

    #[test]
    fn a_manifest_reads_back() {
        let settings = json!({
            "client_name": "x", "display_name": "X", "description": "d", "grant_types": ["authorization_code"],
            "redirect_uris": ["https://app.example/back?x=1", "http://127.0.0.1:3000/", "com.example.app:/back"], "scope": "msg.consumer a",
            "logo_uri": "", "quick_launch_enabled": false, "entry_uri": null, "response_types": ["code"],
            "capabilities": {"engagement": {"design_engagement": true, "entry_point": ["url"], "goal": "lead"}, "broadcast": {"enabled": false}},
        });
        assert_eq!(problems(&settings), [""; 0]);
        let read = Manifest::read(&settings.to_string());
        assert_eq!((read.scope.as_str(), read.redirect_uris.len(), read.display_name.as_deref()), ("msg.consumer a", 3, Some("X")));
        assert!(read.allows("authorization_code") && !read.allows("client_credentials"));
        assert!(Manifest::read("{}").allows("client_credentials"));
        assert_eq!(Manifest::read("no json").scope, "msg.consumer");
    }

    #[test]
    fn each_problem_names_its_member() {
        let check = |settings: Value, field: &str| assert_eq!(problems(&settings), [field], "{settings}");
        check(json!({"scope": "x".repeat(129)}), "scope");
        check(json!({"description": 7}), "description");
        check(json!({"logo_uri": "a\nb"}), "logo_uri");
        check(json!({"grant_types": "client_credentials"}), "grant_types");
        check(json!({"response_types": [""]}), "response_types");
        check(json!({"quick_launch_enabled": "yes"}), "quick_launch_enabled");
        check(json!({"capabilities": []}), "capabilities");
        check(json!({"capabilities": {"engagement": 1}}), "capabilities.engagement");
        check(json!({"capabilities": {"engagement": {"design_window": 1}}}), "capabilities.engagement.design_window");
        check(json!({"capabilities": {"engagement": {"goal": [1]}}}), "capabilities.engagement.goal");
        for bad in [
            "http://app.example/",
            "javascript:alert(1)",
            "https://a.example/#x",
            "https://u@a.example/",
            "/back",
            "app:/x",
            "data:text/html,x",
        ] {
            check(json!({"redirect_uris": ["https://a.example/", bad]}), "redirect_uris.1");
        }
    }
}
