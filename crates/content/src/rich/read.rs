//! Reads structured content from JSON: every problem with its place, all at once.

use super::actions;
use super::element::{Button, Choice, Element, Kind, List, Look, Place, QuickReplies, Rich, Section, Size};
use super::fields::Fields;
use super::problem::{Code, Problem};
use serde_json::Value;

/// Longest text of an element, in characters.
pub(super) const TEXT: usize = 5_000;
/// Longest title of a button or a preview, in characters.
const TITLE: usize = 128;
/// Longest address, in characters.
pub(super) const ADDRESS: usize = 2_048;
/// Longest name, in characters.
pub(super) const NAME: usize = 256;
/// Longest name of a selection, in characters.
const SELECTION: usize = 200;
/// Longest text that stands for something, in characters.
const ALT: usize = 2_000;
/// Most children of a container.
const CHILDREN: usize = 256;
/// Most typed objects of a list of metadata.
const METADATA: usize = 32;
/// How deep elements may lie in one another.
const DEPTH: usize = 12;
/// Most elements in all.
const ELEMENTS: usize = 500;
/// Colours in a style.
const COLOURS: [&str; 4] = ["color", "background-color", "border-color", "fill"];

/// By what content is judged, beside the format itself.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// The largest content, in bytes of its JSON.
    pub max_bytes: usize,
    /// Hosts from which images may come; none: all.
    pub image_hosts: &'a [String],
    /// Now, in seconds since 1970: nothing may be offered that is over.
    pub now_s: i64,
}

/// Content as it was understood, with what is wrong and what is unwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading<T> {
    /// The content; missing when there are errors.
    pub content: Option<T>,
    /// What is wrong.
    pub errors: Vec<Problem>,
    /// What is unwise, or was adjusted.
    pub warnings: Vec<Problem>,
}

/// Reads the body of a structured message.
pub fn read(json: &str, rules: &Rules<'_>) -> Reading<Rich> {
    whole(json, rules, |value, reader| {
        let root = element(value, Position::Anywhere, reader)?;
        let fallback = value.get("metadata").and_then(|metadata| metadata.get("fallback")).or_else(|| match root.kind {
            Kind::Text(_) => None,
            _ => value.get("text"),
        });
        Some(Rich { fallback: fallback.and_then(Value::as_str).map(str::to_owned), root })
    })
}

/// Reads the answers offered below a message.
pub fn read_quick_replies(json: &str, rules: &Rules<'_>) -> Reading<QuickReplies> {
    whole(json, rules, quick_replies)
}

fn whole<T>(json: &str, rules: &Rules<'_>, parse: impl FnOnce(&Value, &mut Reader<'_>) -> Option<T>) -> Reading<T> {
    let mut reader = Reader { rules, path: String::new(), depth: 0, elements: 0, errors: Vec::new(), warnings: Vec::new() };
    let mut content = None;
    if json.len() > rules.max_bytes {
        let message = format!("has {} bytes; at most {} are allowed", json.len(), rules.max_bytes);
        reader.counted(Code::TooLarge, rules.max_bytes, json.len(), message);
    } else {
        match serde_json::from_str(json) {
            Ok(value) => content = parse(&value, &mut reader),
            Err(_) => reader.wrong(Code::NotJson, "is not JSON, or lies too deep"),
        }
    }
    let Reader { errors, warnings, .. } = reader;
    Reading { content: content.filter(|_| errors.is_empty()), errors, warnings }
}

/// What is found while reading.
pub(super) struct Reader<'a> {
    pub(super) rules: &'a Rules<'a>,
    path: String,
    depth: usize,
    elements: usize,
    errors: Vec<Problem>,
    warnings: Vec<Problem>,
}

impl Reader<'_> {
    /// Notes an error here.
    pub(super) fn wrong(&mut self, code: Code, message: impl Into<String>) {
        self.errors.push(Problem::new(self.path.clone(), code, message));
    }

    /// Notes an error here, with what is allowed and what was found.
    pub(super) fn counted(&mut self, code: Code, limit: usize, actual: usize, message: impl Into<String>) {
        let number = |count: usize| Some(i64::try_from(count).unwrap_or(i64::MAX));
        let problem = Problem::new(self.path.clone(), code, message);
        self.errors.push(Problem { limit: number(limit), actual: number(actual), ..problem });
    }

    /// Notes something unwise here.
    pub(super) fn unwise(&mut self, code: Code, message: impl Into<String>) {
        self.warnings.push(Problem::new(self.path.clone(), code, message));
    }

    /// Reads something in its place.
    pub(super) fn within<T>(&mut self, place: impl std::fmt::Display, read: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.path.len();
        let place = place.to_string();
        self.path.push('/');
        self.path.push_str(&place.replace('~', "~0").replace('/', "~1"));
        let result = read(self);
        self.path.truncate(length);
        result
    }
}

/// Where an element stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    /// As the content itself, or in a container.
    Anywhere,
    /// As a card: no cards in cards.
    Card,
}

fn element(value: &Value, position: Position, reader: &mut Reader<'_>) -> Option<Element> {
    reader.elements += 1;
    if reader.elements > ELEMENTS {
        if reader.elements == ELEMENTS + 1 {
            reader.counted(Code::TooManyElements, ELEMENTS, reader.elements, format!("has more than {ELEMENTS} elements"));
        }
        return None;
    }
    if reader.depth >= DEPTH {
        reader.counted(Code::TooDeep, DEPTH, reader.depth + 1, format!("lies deeper than {DEPTH} levels"));
        return None;
    }
    reader.depth += 1;
    let read = one(value, position, reader);
    reader.depth -= 1;
    read
}

fn one(value: &Value, position: Position, reader: &mut Reader<'_>) -> Option<Element> {
    let mut fields = Fields::of(value, reader)?;
    let name = type_of(&mut fields, reader)?;
    if position == Position::Card && matches!(name, "carousel" | "carouselSelect" | "accordionSelect" | "list" | "tabs") {
        reader.wrong(Code::NotAllowedHere, format!("a {name} can't be a card; use vertical, horizontal or a single element"));
        return None;
    }
    let path = reader.path.clone();
    let common = common(&mut fields, reader);
    let cards = |fields: &mut Fields<'_>, bounds, reader: &mut Reader<'_>| {
        fields.list("elements", bounds, reader, |card, reader| element(card, Position::Card, reader))
    };
    let mut click = None;
    let mut look = Look::default();
    let kind = match name {
        "text" => {
            click = optional_click(&mut fields, reader);
            Kind::Text(fields.needed_text("text", TEXT, reader)?)
        }
        "button" => {
            click = optional_click(&mut fields, reader);
            Kind::Button(button(&mut fields, reader)?)
        }
        "image" => {
            click = optional_click(&mut fields, reader);
            let url = fields.needed_text("url", ADDRESS, reader);
            if let Some(url) = &url {
                reader.within("url", |reader| actions::image_address(url, reader));
            }
            Kind::Image { caption: fields.text("caption", TITLE, reader), url: url? }
        }
        "map" => {
            click = optional_click(&mut fields, reader);
            let (latitude, longitude) =
                (fields.needed_number("la", -90.0, 90.0, reader), fields.needed_number("lo", -180.0, 180.0, reader));
            Kind::Map(Place { latitude: latitude?, longitude: longitude?, name: common.tooltip.clone() })
        }
        "linkPreview" => {
            click = optional_click(&mut fields, reader);
            let url = fields.needed_text("url", ADDRESS, reader);
            if let Some(url) = &url {
                reader.within("url", |reader| actions::address(url, reader));
            }
            Kind::LinkPreview { title: fields.text("title", TITLE, reader), url: url? }
        }
        "template" => {
            click = optional_click(&mut fields, reader);
            legacy_replies(&mut fields, &path, reader)?
        }
        "keyValuePairList" => Kind::KeyValues(fields.list("elements", (1, 50), reader, key_value)),
        "vertical" | "horizontal" => {
            fields.choice("border", &["border", "borderLess", "dropShadow"], reader);
            fields.choice("scroll", &["disable", "enable"], reader);
            for ignored in ["borderLine", "percentages"] {
                fields.value(ignored);
            }
            look = Look { beside: name == "horizontal", ..display(&mut fields, reader) };
            let inner = fields.list("elements", (0, CHILDREN), reader, |one, reader| element(one, Position::Anywhere, reader));
            if name == "vertical" { Kind::Vertical(inner) } else { Kind::Horizontal(inner) }
        }
        "carousel" => {
            look = display(&mut fields, reader);
            let mut cards = cards(&mut fields, (1, 10), reader);
            if cards.len() == 1 {
                reader.unwise(Code::Adjusted, "a carousel has 2 to 10 cards; the single one is shown as a card");
                fields.done(name, reader);
                return cards.pop();
            }
            Kind::Carousel(cards)
        }
        "carouselSelect" | "accordionSelect" => {
            look = display(&mut fields, reader);
            let (selection, multiple) = select_mode(&mut fields, name == "carouselSelect", reader);
            let cards = cards(&mut fields, (1, 20), reader);
            let titles = if name == "accordionSelect" { accordion_titles(&mut fields, cards.len(), reader) } else { Vec::new() };
            Kind::Select { name: selection?, multiple, titles, cards }
        }
        "tabs" => Kind::Tabs(cards(&mut fields, (1, 10), reader)),
        "list" => Kind::List(list(&mut fields, reader)?),
        other => {
            reader.wrong(Code::UnknownType, actions::unknown_element(other));
            return None;
        }
    };
    fields.done(name, reader);
    let Common { metadata, tag, alt, tooltip } = common;
    Some(Element { kind, tag, alt, tooltip, click, metadata, look, path })
}

/// What an element is; where it does not say so, what it can only be.
fn type_of<'a>(fields: &mut Fields<'a>, reader: &mut Reader<'_>) -> Option<&'a str> {
    let inferred = if fields.has("text") {
        "text"
    } else if fields.has("url") && !fields.has("title") {
        "image"
    } else if fields.has("la") && fields.has("lo") {
        "map"
    } else {
        ""
    };
    match fields.value("type") {
        Some(Value::String(name)) => Some(name),
        Some(_) => {
            reader.within("type", |reader| reader.wrong(Code::WrongType, "must be a text"));
            None
        }
        None if inferred.is_empty() => {
            reader.within("type", |reader| reader.wrong(Code::Missing, "is missing; say what the element is, for example text"));
            None
        }
        None => {
            reader.unwise(Code::Inferred, format!("has no type; taken as {inferred}"));
            Some(inferred)
        }
    }
}

struct Common {
    metadata: Vec<Value>,
    tag: Option<String>,
    alt: Option<String>,
    tooltip: Option<String>,
}

/// What every element may have.
fn common(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Common {
    let tooltip = fields.text("tooltip", NAME, reader);
    let alt = fields.text("alt", ALT, reader);
    let tag = fields.text("tag", 64, reader).map(|tag| tag.to_lowercase());
    fields.text("tagVersion", 64, reader);
    fields.flag("rtl", reader);
    fields.number("padding", 0.0, 10.0, reader);
    if let Some(style) = fields.value("style") {
        reader.within("style", |reader| self::style(style, reader));
    }
    if let Some(accessibility) = fields.value("accessibility") {
        reader.within("accessibility", |reader| self::accessibility(accessibility, reader));
    }
    let metadata = match fields.value("metadata") {
        // The author's own text for channels that show nothing else.
        Some(Value::Object(own)) if reader.depth == 1 && own.contains_key("fallback") => Vec::new(),
        Some(metadata) => reader.within("metadata", |reader| actions::metadata(metadata, METADATA, reader)),
        None => Vec::new(),
    };
    if reader.depth == 1 && !fields.has("title") {
        // Seen on roots that are no text: what to show instead.
        fields.value("text");
    }
    Common { metadata, tag, alt, tooltip }
}

/// How large a picture is wanted. What is no such wish is ignored.
fn display(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Look {
    let Some(value) = fields.value("display") else { return Look::default() };
    reader.within("display", |reader| {
        let Some(mut fields) = Fields::of(value, reader) else { return Look::default() };
        let square = fields.choice("aspectRatio", &["rectangle", "square", "horizontal"], reader) == Some("square");
        let size = match fields.choice("size", &["cover", "contain", "large", "compact", "tall", "full"], reader) {
            Some("compact") => Size::Short,
            Some("tall" | "full") => Size::Tall,
            _ => Size::Medium,
        };
        fields.done("a display", reader);
        Look { size, square, beside: false }
    })
}

fn style(value: &Value, reader: &mut Reader<'_>) {
    let Value::Object(style) = value else { return reader.wrong(Code::WrongType, "must be an object") };
    for (name, value) in style {
        let base = ["-hover", "-active", "-selected"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        let good = match base {
            "bold" | "italic" => value.is_boolean(),
            "size" => matches!(value.as_str(), Some("small" | "medium" | "large")),
            "border-radius" => value.is_number(),
            "font-family" => value.as_str().is_some_and(|text| text.chars().count() <= NAME),
            _ if COLOURS.contains(&base) => value.as_str().is_some_and(is_colour),
            _ => false,
        };
        if !good {
            reader.within(name, |reader| reader.unwise(Code::Ignored, "is no style that can be shown; it is ignored"));
        }
    }
}

/// A colour as style sheets know it by digits or by name, and nothing that could be more than a colour.
fn is_colour(text: &str) -> bool {
    match text.strip_prefix('#') {
        Some(digits) => matches!(digits.len(), 3 | 4 | 6 | 8) && digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => !text.is_empty() && text.len() <= 32 && text.bytes().all(|byte| byte.is_ascii_alphabetic()),
    }
}

fn accessibility(value: &Value, reader: &mut Reader<'_>) {
    let told = |reader: &mut Reader<'_>| reader.wrong(Code::WrongType, "must be an object with an object `web` of texts");
    let Some(web) = value.as_object().map(|object| object.get("web")) else { return told(reader) };
    match web {
        None => {}
        Some(Value::Object(web)) => reader.within("web", |reader| {
            for (name, value) in web {
                let good = (name == "role" || name == "tabindex" || name.starts_with("aria-"))
                    && value.as_str().is_some_and(|text| text.chars().count() <= 1_000);
                if !good {
                    let what = "must be role, tabindex or aria-…, with a text of 1000 characters at most";
                    reader.within(name, |reader| reader.wrong(Code::BadValue, what));
                }
            }
        }),
        Some(_) => told(reader),
    }
}

fn optional_click(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Option<super::Click> {
    let value = fields.value("click")?;
    reader.within("click", |reader| actions::click(value, reader))
}

fn button(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Option<Button> {
    let title = fields.needed_text("title", TITLE, reader);
    let subtitle = fields.text("subtitle", TITLE, reader);
    fields.choice("class", &["text", "button"], reader);
    let selection = fields.value("ref").and_then(|reference| {
        reader.within("ref", |reader| {
            let mut fields = Fields::of(reference, reader)?;
            let name = fields.needed_text("name", SELECTION, reader);
            fields.value("type");
            fields.done("a reference", reader);
            name
        })
    });
    Some(Button { title: title?, subtitle, selection })
}

fn key_value(value: &Value, reader: &mut Reader<'_>) -> Option<(String, String)> {
    let mut fields = Fields::of(value, reader)?;
    let key = fields.needed_text("key", TITLE, reader);
    let value = fields.text("value", ADDRESS, reader).unwrap_or_default();
    fields.value("type");
    fields.done("a key with its value", reader);
    Some((key?, value))
}

/// The older form of answers below a text: as a card with a button for each.
fn legacy_replies(fields: &mut Fields<'_>, path: &str, reader: &mut Reader<'_>) -> Option<Kind> {
    fields.choice("templateType", &["quickReply"], reader);
    let title = fields.needed_text("title", TEXT, reader);
    let replies = fields.list("resp", (1, 32), reader, |value, reader| match value.as_str() {
        Some(text) if !text.trim().is_empty() && text.chars().count() <= TITLE => Some(text.to_owned()),
        _ => {
            reader.wrong(Code::WrongType, format!("must be a text of 1 to {TITLE} characters"));
            None
        }
    });
    let element = |kind, click, at: usize| Element {
        kind,
        tag: None,
        alt: None,
        tooltip: None,
        click,
        metadata: Vec::new(),
        look: Look::default(),
        path: format!("{path}/resp/{at}"),
    };
    let mut inner = vec![element(Kind::Text(title?), None, 0)];
    inner.extend(replies.into_iter().enumerate().map(|(at, text)| {
        let click = super::Click { actions: vec![super::Action::PublishText(text.clone())], metadata: Vec::new() };
        element(Kind::Button(Button { title: text, ..Button::default() }), Some(click), at)
    }));
    Some(Kind::Vertical(inner))
}

fn select_mode(fields: &mut Fields<'_>, may_be_multiple: bool, reader: &mut Reader<'_>) -> (Option<String>, bool) {
    let Some(mode) = fields.value("selectMode") else {
        reader.within("selectMode", |reader| reader.wrong(Code::Missing, "is missing; name the selection"));
        return (None, false);
    };
    reader.within("selectMode", |reader| {
        let Some(mut fields) = Fields::of(mode, reader) else { return (None, false) };
        let name = fields.needed_text("name", SELECTION, reader);
        let kind = fields.choice("type", &["single", "multiple"], reader);
        fields.done("a selection", reader);
        (name, may_be_multiple && kind == Some("multiple"))
    })
}

fn accordion_titles(fields: &mut Fields<'_>, cards: usize, reader: &mut Reader<'_>) -> Vec<String> {
    let titles = fields.list("titles", (1, 20), reader, |value, reader| {
        let mut fields = Fields::of(value, reader)?;
        let name = fields.needed_text("name", SELECTION, reader);
        fields.text("additional", SELECTION, reader);
        fields.done("a title", reader);
        name
    });
    if titles.len() != cards {
        let message = format!("has {} titles for {cards} cards; give one for each", titles.len());
        reader.within("titles", |reader| reader.counted(Code::Unequal, cards, titles.len(), message));
    }
    titles
}

/// A list has three parts in a fixed order: a text, the sections, and the buttons.
fn list(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Option<List> {
    let parts = fields.list("elements", (3, 3), reader, |value, _| Some(value));
    let [title, sections, buttons] = parts.as_slice() else { return None };
    let part = |value: &Value, at: usize, name: &'static str, reader: &mut Reader<'_>| {
        let good = value.get("type").and_then(Value::as_str) == Some(name);
        if !good {
            reader.within("elements", |reader| {
                reader.within(at, |reader| {
                    reader.wrong(
                        Code::NotAllowedHere,
                        format!("a list holds a text, a sectionList and a buttonList; this must be the {name}"),
                    )
                });
            });
        }
        good
    };
    let good = [part(title, 0, "text", reader), part(sections, 1, "sectionList", reader), part(buttons, 2, "buttonList", reader)];
    if good != [true; 3] {
        return None;
    }
    reader.within("elements", |reader| {
        let title = reader.within(0, |reader| element(title, Position::Anywhere, reader));
        let sections = reader.within(1, |reader| self::sections(sections, reader));
        let buttons = reader.within(2, |reader| self::buttons(buttons, reader));
        let (Some(Element { kind: Kind::Text(title), .. }), Some((submit, other))) = (title, buttons) else { return None };
        Some(List { title, sections: sections?, submit, other })
    })
}

fn sections(value: &Value, reader: &mut Reader<'_>) -> Option<Vec<Section>> {
    let mut fields = part_fields(value, reader)?;
    let mut names: Vec<String> = Vec::new();
    let sections = fields.list("elements", (1, CHILDREN), reader, |value, reader| {
        let mut fields = part_fields(value, reader)?;
        let name = fields.needed_text("sectionID", NAME, reader);
        if let Some(name) = name {
            if names.contains(&name) {
                reader.within("sectionID", |reader| reader.wrong(Code::Duplicate, format!("{name:?} stands twice in this list")));
            }
            names.push(name);
        }
        let parts = fields.list("elements", (1, 2), reader, |value, _| Some(value));
        fields.done("a section", reader);
        let (title, boxes) = match parts.as_slice() {
            [boxes] => (None, *boxes),
            [title, boxes] => (Some(*title), *boxes),
            _ => return None,
        };
        let at = parts.len() - 1;
        reader.within("elements", |reader| {
            let title = title.and_then(|title| reader.within(0, |reader| element(title, Position::Anywhere, reader)));
            let title = title.and_then(|title| match title.kind {
                Kind::Text(text) => Some(text),
                _ => None,
            });
            reader.within(at, |reader| checklist(boxes, reader)).map(|boxes| Section { title, boxes })
        })
    });
    fields.done("a sectionList", reader);
    Some(sections)
}

fn checklist(value: &Value, reader: &mut Reader<'_>) -> Option<Vec<Choice>> {
    let mut fields = part_fields(value, reader)?;
    let boxes = fields.list("elements", (2, CHILDREN), reader, |value, reader| {
        let mut fields = part_fields(value, reader)?;
        for ignored in ["borderLine", "borderColor"] {
            fields.value(ignored);
        }
        let title = fields.needed_text("text", TEXT, reader);
        let click = needed_click(&mut fields, reader);
        fields.done("a checkbox", reader);
        Some(Choice { title: title?, subtitle: None, click: click? })
    });
    fields.done("a checklist", reader);
    Some(boxes)
}

fn buttons(value: &Value, reader: &mut Reader<'_>) -> Option<(Choice, Option<Choice>)> {
    let mut fields = part_fields(value, reader)?;
    let mut buttons = fields.list("elements", (1, 2), reader, choice);
    fields.done("a buttonList", reader);
    let other = if buttons.len() == 2 { buttons.pop() } else { None };
    buttons.pop().map(|submit| (submit, other))
}

/// The object of a list's part, with what every part may have.
fn part_fields<'a>(value: &'a Value, reader: &mut Reader<'_>) -> Option<Fields<'a>> {
    let mut fields = Fields::of(value, reader)?;
    fields.value("type");
    common(&mut fields, reader);
    Some(fields)
}

fn needed_click(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Option<super::Click> {
    if !fields.has("click") {
        fields.value("click");
        reader.within("click", |reader| reader.wrong(Code::Missing, "is missing; say what a tap does"));
        return None;
    }
    optional_click(fields, reader)
}

/// A button by itself: of a list, or an answer below a message.
fn choice(value: &Value, reader: &mut Reader<'_>) -> Option<Choice> {
    let mut fields = part_fields(value, reader)?;
    fields.flag("disabled", reader);
    fields.value("image");
    let button = button(&mut fields, reader);
    let click = optional_click(&mut fields, reader);
    fields.done("a button", reader);
    let Button { title, subtitle, .. } = button?;
    let click = click.unwrap_or_else(|| super::Click { actions: vec![super::Action::PublishText(title.clone())], metadata: Vec::new() });
    Some(Choice { title, subtitle, click })
}

fn quick_replies(value: &Value, reader: &mut Reader<'_>) -> Option<QuickReplies> {
    let mut fields = Fields::of(value, reader)?;
    fields.choice("type", &["quickReplies"], reader);
    let per_row = fields.number("itemsPerRow", 1.0, 8.0, reader).map_or(8, |number| number as usize);
    let replies = fields.list("replies", (1, 24), reader, choice);
    for ignored in ["style", "tooltip", "alt", "accessibility", "padding"] {
        fields.value(ignored);
    }
    fields.done("quickReplies", reader);
    Some(QuickReplies { per_row, replies })
}
