//! The golden scenarios: the same messages on every channel, and exactly what each makes of them.
//!
//! They hold the limits that connectors declare against the one ladder. How a vendor writes a form down is each connector's own table.

mod limits;
mod scenarios;

use antiphon_content::rich::{
    self, Adaptation, Form, Native, NativeButton, NativeCard, NativeList, NativeSection, Offered, Outline, Page, Presentation, Rules, Words,
};
use antiphon_content::{Structured, TextLimit, split_marked};
use serde_json::{Value, json};

type Limits = (TextLimit, Structured);

/// What a connector declares.
fn declared(channel: &str) -> Limits {
    let fixtures = crate::list::fixtures();
    let fixture = fixtures.iter().find(|fixture| fixture.channel.describe().id == channel).expect("the channel exists");
    let can = fixture.channel.capabilities(&fixture.keys);
    (can.text, can.structured)
}

fn messenger() -> Limits {
    declared("facebook_messenger")
}

fn instagram() -> Limits {
    declared("instagram")
}

fn line() -> Limits {
    declared("line")
}

fn whatsapp() -> Limits {
    declared("whatsapp")
}

fn rules() -> Rules<'static> {
    Rules { max_bytes: 1 << 20, image_hosts: &[], now_s: 0 }
}

fn outline(body: &Value, replies: Option<&Value>, about: &[Value]) -> Outline {
    let reading = rich::read(&body.to_string(), &rules());
    assert_eq!(reading.errors, [], "{body}");
    let replies = replies.map(|replies| rich::read_quick_replies(&replies.to_string(), &rules()).content.expect("good"));
    Outline::of(&reading.content.expect("good"), replies.as_ref(), about)
}

fn asked(text: &str, replies: &Value) -> Outline {
    Outline::of_text(text, rich::read_quick_replies(&replies.to_string(), &rules()).content.as_ref())
}

fn on(limits: &Limits, outline: &Outline) -> Adaptation {
    page(limits, outline, Page::First)
}

fn page((text, can): &Limits, outline: &Outline, page: Page) -> Adaptation {
    Presentation { outline: outline.clone(), words: Words::default(), token: "T".into(), page }.native(text, can)
}

/// Messages in short.
fn brief(made: &Adaptation) -> Vec<String> {
    made.messages.iter().map(message).collect()
}

fn message(message: &Native) -> String {
    let form = match &message.form {
        Form::Text(text) => text.clone(),
        Form::Picture { url, caption } => {
            format!("picture {}{}", tail(url), caption.as_ref().map(|text| format!(" {text}")).unwrap_or_default())
        }
        Form::Card(card) => format!("card {}", self::card(card)),
        Form::Buttons { text, buttons: all } => format!("buttons {text}{}", buttons(all)),
        Form::Carousel { text, cards } => {
            let above = text.as_ref().map(|text| format!("{text}: ")).unwrap_or_default();
            format!("carousel {above}{}", cards.iter().map(self::card).collect::<Vec<_>>().join(" / "))
        }
        Form::List(list) => self::list(list),
        Form::Place(place) => format!("place {},{} {}", place.latitude, place.longitude, place.name.as_deref().unwrap_or("")),
        Form::Link(link) => format!("link {} {}", link.title, tail(&link.url)),
        Form::Times(times) => {
            let times_: String = times.times.iter().map(|time| format!("<{} {}>", time.tap.label, time.tap.token)).collect();
            format!("times {}|{times_}", times.title)
        }
    };
    message.chips.iter().fold(form, |form, chip| format!("{form} ({})", button(chip)))
}

fn tail(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or(url)
}

fn button(button: &NativeButton) -> String {
    match button {
        NativeButton::Tap(tap) => format!("{} {}", tap.label, tap.token),
        NativeButton::Open { label, url, .. } => format!("{label} -> {}", tail(url)),
        NativeButton::Place { label, .. } => format!("{label} -> place"),
        NativeButton::Day { label, token, .. } => format!("{label} {token}"),
    }
}

fn buttons(all: &[NativeButton]) -> String {
    all.iter().map(|one| format!("[{}]", button(one))).collect()
}

fn card(card: &NativeCard) -> String {
    let image = card.image.as_deref().map(|url| format!("{} ", tail(url))).unwrap_or_default();
    format!("{image}{}|{}{}", card.title, card.subtitle.as_deref().unwrap_or(""), buttons(&card.buttons))
}

fn list(list: &NativeList) -> String {
    let row = |row: &rich::NativeRow| {
        let more = row.description.as_ref().map(|text| format!(" ({text})")).unwrap_or_default();
        format!("<{}{more} {}>", row.tap.label, row.tap.token)
    };
    let section = |section: &NativeSection| {
        let title = section.title.as_ref().map(|title| format!("{title}{}: ", if section.multiple { "+" } else { "" })).unwrap_or_default();
        format!("{title}{}", section.rows.iter().map(row).collect::<String>())
    };
    format!("list {}|{}|{}", list.text, list.button, list.sections.iter().map(section).collect::<Vec<_>>().join(" / "))
}

/// An answer: what is said, and the ids that come back.
fn said(offered: &Offered, place: usize) -> (String, Vec<String>) {
    let answer = offered.at(place).expect("an answer");
    let id = |entry: &Value| entry["id"].as_str().unwrap_or("?").to_owned();
    (answer.says.unwrap_or_default(), answer.metadata.iter().map(id).collect())
}

fn tap(title: &str, says: &str, id: &str) -> Value {
    json!({"type": "button", "title": title,
        "click": {"actions": [{"type": "publishText", "text": says}], "metadata": [{"type": "ExternalId", "id": id}]}})
}

fn open(title: &str, uri: &str) -> Value {
    json!({"type": "button", "title": title, "click": {"actions": [{"type": "link", "uri": uri}]}})
}

fn replies(buttons: Vec<Value>) -> Value {
    json!({"type": "quickReplies", "itemsPerRow": 8, "replies": buttons})
}

fn element(kind: &str, tag: &str, text: &str) -> Value {
    match kind {
        "image" => json!({"type": "image", "url": text}),
        _ => json!({"type": "text", "tag": tag, "text": text}),
    }
}

fn a_card(image: Option<&str>, title: &str, subtitle: &str, buttons: Vec<Value>) -> Value {
    let mut elements: Vec<Value> = image.map(|url| element("image", "", url)).into_iter().collect();
    elements.push(element("text", "title", title));
    if !subtitle.is_empty() {
        elements.push(element("text", "subtitle", subtitle));
    }
    elements.extend(buttons);
    json!({"type": "vertical", "tag": "generic", "elements": elements})
}

fn parts(limits: &Limits, text: &str) -> Vec<String> {
    split_marked(text, limits.0.max as usize, limits.0.unit, limits.1.marks)
}
