//! What a tap does, read from JSON; and the addresses in it.

use super::element::{Action, Click, DatePicker, Mobile, Place, Slot, Slots};
use super::fields::Fields;
use super::problem::Code;
use super::read::{ADDRESS, NAME, Reader, TEXT};
use serde_json::Value;

/// Most actions of one tap.
const ACTIONS: usize = 4;
/// Most typed objects that come back with an answer.
const METADATA: usize = 32;
/// Longest short title, in characters.
const SHORT: usize = 40;
/// Longer than every client shows of what is said, in characters.
const LONG_TEXT: usize = 256;
/// Longer than every client takes of an address, in characters.
const LONG_ADDRESS: usize = 1_024;
/// The times in which dates make sense: years 0 to 9999, in seconds.
const TIMES: (f64, f64) = (-62_167_219_200.0, 253_402_300_799.0);

pub(super) fn click(value: &Value, reader: &mut Reader<'_>) -> Option<Click> {
    let mut fields = Fields::of(value, reader)?;
    let actions = fields.list("actions", (0, ACTIONS), reader, action);
    let metadata = fields.value("metadata").map(|value| reader.within("metadata", |reader| metadata(value, METADATA, reader)));
    fields.done("a click", reader);
    Some(Click { actions, metadata: metadata.unwrap_or_default() })
}

/// Typed objects: kept as they are.
pub(super) fn metadata(value: &Value, most: usize, reader: &mut Reader<'_>) -> Vec<Value> {
    let Value::Array(entries) = value else {
        reader.wrong(Code::WrongType, "must be a list of objects with a type");
        return Vec::new();
    };
    if entries.len() > most {
        let message = format!("has {} entries; at most {most} are allowed", entries.len());
        reader.counted(Code::TooMany, most, entries.len(), message);
    }
    for (at, entry) in entries.iter().enumerate().filter(|(_, entry)| !entry["type"].is_string()) {
        reader.within(at, |reader| {
            let what = if entry.is_object() { "type: is missing; name the entry's type" } else { "must be an object with a type" };
            reader.wrong(Code::WrongType, what);
        });
    }
    entries.clone()
}

fn action(value: &Value, reader: &mut Reader<'_>) -> Option<Action> {
    let mut fields = Fields::of(value, reader)?;
    let Some(name) = fields.value("type").and_then(Value::as_str) else {
        reader.within("type", |reader| reader.wrong(Code::Missing, "is missing; say what happens, for example publishText"));
        return None;
    };
    let action = match name {
        "publishText" => {
            let text = fields.needed_text("text", TEXT, reader)?;
            if text.chars().count() > LONG_TEXT {
                reader.within("text", |reader| reader.unwise(Code::Long, format!("some clients take {LONG_TEXT} characters only")));
            }
            Action::PublishText(text)
        }
        "link" => link(&mut fields, reader)?,
        "navigate" => {
            let (latitude, longitude) =
                (fields.needed_number("la", -90.0, 90.0, reader), fields.needed_number("lo", -180.0, 180.0, reader));
            let name = fields.text("name", NAME, reader);
            Action::Navigate(Place { latitude: latitude?, longitude: longitude?, name })
        }
        "addToCart" => Action::AddToCart(fields.list("items", (1, 10), reader, |value, reader| {
            let mut fields = Fields::of(value, reader)?;
            let product = fields.needed_text("productId", NAME, reader);
            let quantity = fields.needed_number("quantity", 0.0, 1e9, reader);
            fields.value("type");
            fields.done("an item", reader);
            Some((product?, quantity?))
        })),
        "custom" => Action::Custom(fields.list("data", (0, 10), reader, |value, reader| {
            let mut fields = Fields::of(value, reader)?;
            let key = fields.needed_text("key", NAME, reader);
            let value = fields.text("value", ADDRESS, reader).unwrap_or_default();
            fields.done("a pair", reader);
            Some((key?, value))
        })),
        "datePicker" => date_picker(&mut fields, reader),
        "scheduleSlotList" => Action::Slots(slots(&mut fields, reader)),
        "checked" => Action::Checked(fields.needed_text("publishText", 250, reader)?),
        "submitAsText" => {
            fields.flag("submit", reader);
            Action::SubmitAsText
        }
        "submitAsForm" => {
            reader.wrong(Code::UnknownType, "submitAsForm does not exist; use submitAsText");
            return None;
        }
        other => {
            reader.wrong(
                Code::UnknownType,
                format!("there is no action {other:?}; use publishText, link, navigate, datePicker or scheduleSlotList"),
            );
            return None;
        }
    };
    fields.done("this action", reader);
    Some(action)
}

fn link(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Option<Action> {
    let uri = fields.needed_text("uri", ADDRESS, reader);
    if let Some(uri) = &uri {
        reader.within("uri", |reader| {
            address(uri, reader);
            if uri.chars().count() > LONG_ADDRESS {
                reader.unwise(Code::Long, format!("some clients take {LONG_ADDRESS} characters only"));
            }
        });
    }
    let name = fields.text("name", NAME, reader);
    fields.choice("target", &["self", "blank", "slideout"], reader);
    let of = |platform: &'static str, fields: &mut Fields<'_>, reader: &mut Reader<'_>| {
        let value = fields.value(platform)?;
        reader.within(platform, |reader| {
            let mut fields = Fields::of(value, reader)?;
            let uri = fields.needed_text("uri", ADDRESS, reader);
            if let Some(uri) = &uri {
                reader.within("uri", |reader| platform_address(uri, platform, reader));
            }
            fields.done("a platform", reader);
            uri
        })
    };
    let (ios, android, web) = (of("ios", fields, reader), of("android", fields, reader), of("web", fields, reader));
    let uri = uri?;
    Some(Action::Link { uri: web.unwrap_or(uri), name, mobile: Mobile { ios, android } })
}

fn date_picker(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Action {
    let range = fields.choice("class", &["single", "range"], reader) == Some("range");
    let title = fields.text("title", SHORT, reader);
    let mut day = |name, reader: &mut Reader<'_>| fields.number(name, TIMES.0, TIMES.1, reader).map(|seconds| seconds as i64);
    let (earliest, latest) = (day("minDate", reader), day("maxDate", reader));
    if earliest.zip(latest).is_some_and(|(earliest, latest)| earliest > latest) {
        reader.within("maxDate", |reader| reader.wrong(Code::OutOfRange, "must not lie before minDate"));
    }
    if latest.is_some_and(|latest| latest < reader.rules.now_s) {
        reader.within("maxDate", |reader| reader.wrong(Code::InThePast, "is over; nothing could be chosen"));
    }
    let format = fields.text("dateFormat", 100, reader);
    Action::DatePicker(DatePicker { title, range, earliest, latest, format })
}

fn slots(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Slots {
    let title = fields.text("title", SHORT, reader);
    fields.choice("firstDayOfTheWeek", &["sun", "mon"], reader);
    let slots = fields.list("slots", (1, 256), reader, |value, reader| {
        let mut fields = Fields::of(value, reader)?;
        fields.choice("type", &["scheduleSlot"], reader);
        let id = fields.needed_text("id", NAME, reader);
        let start = fields.needed_number("start", TIMES.0, TIMES.1, reader).map(|seconds| seconds as i64);
        let end = fields.number("end", TIMES.0, TIMES.1, reader).map(|seconds| seconds as i64);
        if start.is_some_and(|start| start < reader.rules.now_s) {
            reader.within("start", |reader| reader.wrong(Code::InThePast, "is over; take the slot away"));
        }
        if start.zip(end).is_some_and(|(start, end)| end < start) {
            reader.within("end", |reader| reader.wrong(Code::OutOfRange, "must not lie before the start"));
        }
        let (title, description) = (fields.text("title", SHORT, reader), fields.text("description", SHORT, reader));
        if let Some(url) = fields.text("imageUrl", LONG_ADDRESS, reader) {
            reader.within("imageUrl", |reader| image_address(&url, reader));
        }
        fields.done("a slot", reader);
        Some(Slot { id: id?, start: start?, end, title, description })
    });
    Slots { title, slots }
}

/// An address that a tap may open: never one that runs or reads something.
pub(super) fn address(text: &str, reader: &mut Reader<'_>) {
    let scheme = checked_scheme(text, reader);
    if let Some(scheme) = scheme.filter(|scheme| !matches!(&**scheme, "http" | "https" | "tel" | "mailto" | "sms")) {
        reader.unwise(Code::Ignored, format!("only an app that knows {scheme}: opens it"));
    }
}

/// The same on one kind of phone, where an app's own addresses are at home.
fn platform_address(text: &str, platform: &str, reader: &mut Reader<'_>) {
    match platform {
        "web" => address(text, reader),
        _ => drop(checked_scheme(text, reader)),
    }
}

fn checked_scheme(text: &str, reader: &mut Reader<'_>) -> Option<String> {
    let scheme = text.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase()).unwrap_or_default();
    let proper = scheme.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    if !proper || text.chars().any(|letter| letter.is_control() || letter == ' ') {
        reader.wrong(Code::BadAddress, "is no address; begin with https:// and escape spaces");
    } else if matches!(&*scheme, "javascript" | "data" | "vbscript" | "file" | "blob" | "about") {
        reader.wrong(Code::BadAddress, format!("{scheme}: addresses are not allowed; use https, http, tel, mailto or sms"));
    } else if matches!(&*scheme, "http" | "https") && host_of(text).is_none() {
        reader.wrong(Code::BadAddress, "names no host");
    } else {
        return Some(scheme);
    }
    None
}

/// The address of a picture that others fetch.
pub(super) fn image_address(text: &str, reader: &mut Reader<'_>) {
    let https = text.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("https://"));
    if !https {
        return reader.wrong(Code::NotHttps, "must begin with https://");
    }
    match host_of(text) {
        None => reader.wrong(Code::BadAddress, "names no host"),
        Some(host) => {
            let hosts = reader.rules.image_hosts;
            if !hosts.is_empty() && !hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(host)) {
                reader.wrong(Code::HostNotAllowed, format!("the account does not allow images from {host}; add it in the settings"));
            }
        }
    }
}

/// The host of an address, without user information and port.
fn host_of(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("://")?;
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    // Who names a user wants something else to be taken for the host.
    if authority.contains('@') || authority.chars().any(|letter| letter.is_whitespace() || letter.is_control()) {
        return None;
    }
    let host = match authority.strip_prefix('[') {
        Some(six) => six.split_once(']')?.0,
        None => authority.split(':').next()?,
    };
    (!host.is_empty()).then_some(host)
}

/// Names of elements that people look for, with the form that exists.
pub(super) fn unknown_element(name: &str) -> String {
    let instead = match name {
        "audio" | "video" | "file" => "send it as a hosted file",
        "linkButton" => "use a button with the action link",
        "datePicker" => "use a button with the action datePicker",
        "listPicker" | "form" => "use a vertical with that tag",
        "quickReplies" => "it stands beside the content, as quickReplies of the event",
        _ => {
            "use text, button, image, map, linkPreview, keyValuePairList, vertical, horizontal, carousel, carouselSelect, accordionSelect, list or tabs"
        }
    };
    format!("there is no element {name:?}; {instead}")
}
