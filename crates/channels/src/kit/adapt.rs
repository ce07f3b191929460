//! Text and files into parts that fit: the rung that every channel has.

use antiphon_app::channel::{Adapted, OutboundContent, OutboundFile};
use antiphon_content::rich::{Form, Loss, Native, Presentation};
use antiphon_content::{Capabilities, measure, split, split_marked};
use serde::{Deserialize, Serialize};

/// How a part carries its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Carried {
    /// As media of the channel.
    Media,
    /// As a link below the text.
    Link,
}

/// One part: the payload between adaptation and sending.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its text; may be empty beside a file.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// How it carries the file, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<Carried>,
    /// The channel's own message, where it is more than text and a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<serde_json::Value>,
}

impl Part {
    /// Reads a payload that [`parts`] wrote.
    pub fn read(payload: &str) -> Option<Self> {
        serde_json::from_str(payload).ok()
    }
}

/// Room that a link part keeps for the link and the file's name.
const LINK_ROOM: usize = 400;
/// The longest file name in a link part, in characters.
const NAME_IN_LINK: usize = 80;

/// Splits text at the channel's limit; sends a file as media where the channel takes it, else as a link.
pub fn parts(content: &OutboundContent, can: &Capabilities) -> Adapted {
    let max = usize::try_from(can.text.max).unwrap_or(usize::MAX);
    let cut = |text: &str| split_marked(text, max, can.text.unit, can.structured.marks);
    match content {
        OutboundContent::Text(text) => written(&texts(cut(text)), Vec::new()),
        OutboundContent::Structured(shown) => {
            let numbered = shown.numbered(!can.structured.one_way);
            let asks = !shown.outline.offered(&shown.words).choices.is_empty();
            let (reason, message) = match can.structured.one_way {
                true => ("no_return_path", "The consumer can't answer here; what can be chosen is only shown."),
                false => ("not_supported", "What can be chosen is shown as text with numbers."),
            };
            let losses = asks.then(|| Loss::new("quick_replies", "text", reason, message)).into_iter().collect();
            Adapted { more: numbered.more, ..written(&texts(cut(&numbered.text)), losses) }
        }
        // A channel that has templates maps them itself.
        OutboundContent::Template(_) => {
            written(&[], vec![Loss::new("template", "nothing", "not_supported", "The channel has no templates.")])
        }
        OutboundContent::File { content_type, size, caption, .. } if can.media.allows(content_type, Some(*size)) => {
            written(&media(caption, can, max), Vec::new())
        }
        OutboundContent::File { content_type, size, caption, .. } => {
            let (reason, why) = match can.media.limit_for(content_type) {
                Some(limit) => ("too_large", format!("it has {size} bytes and the channel takes at most {limit}")),
                None => ("not_supported", format!("the channel does not take {content_type}")),
            };
            let loss = Loss::new("file", "link", reason, format!("The file goes as a link, because {why}."));
            written(&link(caption, can, max), vec![loss])
        }
    }
}

/// Structured content in the channel's own forms: `message` makes what is more than text.
pub fn structured(shown: &Presentation, can: &Capabilities, message: impl Fn(&Native) -> Option<serde_json::Value>) -> Adapted {
    let made = shown.native(&can.text, &can.structured);
    let part = |native: &Native| match (&native.form, message(native)) {
        (Form::Text(text), None) => Part { text: text.clone(), ..Part::default() },
        (_, message) => Part { message, ..Part::default() },
    };
    Adapted { more: made.more, ..written(&made.messages.iter().map(part).collect::<Vec<_>>(), made.losses) }
}

/// One part that is the channel's own message.
pub fn ready(message: serde_json::Value) -> Adapted {
    written(&[Part { message: Some(message), ..Part::default() }], Vec::new())
}

fn written(parts: &[Part], losses: Vec<Loss>) -> Adapted {
    Adapted { parts: parts.iter().map(|part| serde_json::to_string(part).unwrap_or_default()).collect(), losses, more: None }
}

fn texts(texts: Vec<String>) -> Vec<Part> {
    texts.into_iter().map(|text| Part { text, ..Part::default() }).collect()
}

/// The file with as much of the caption as may travel with it, then the rest.
fn media(caption: &str, can: &Capabilities, max: usize) -> Vec<Part> {
    let caption_max = usize::try_from(can.caption_max).unwrap_or(usize::MAX).min(max);
    let mut pieces = split(caption, if caption_max == 0 { max } else { caption_max }, can.text.unit);
    let first = if caption_max == 0 || pieces.is_empty() { String::new() } else { pieces.remove(0) };
    let mut parts = vec![Part { text: first, file: Some(Carried::Media), message: None }];
    parts.extend(texts(pieces));
    parts
}

/// The caption, the link below its last piece where there is room.
fn link(caption: &str, can: &Capabilities, max: usize) -> Vec<Part> {
    let mut pieces = split(caption, max, can.text.unit);
    let room = pieces.last().is_some_and(|last| measure(last, can.text.unit) + LINK_ROOM <= max);
    let last = if room { pieces.pop().unwrap_or_default() } else { String::new() };
    let mut parts = texts(pieces);
    parts.push(Part { text: last, file: Some(Carried::Link), message: None });
    parts
}

/// The text of a link part.
pub fn with_link(text: &str, file: &OutboundFile) -> String {
    let name: String = file.name.chars().filter(|c| !c.is_control()).take(NAME_IN_LINK).collect();
    let link = if name.is_empty() { file.url.clone() } else { format!("{name}: {}", file.url) };
    if text.is_empty() { link } else { format!("{text}\n{link}") }
}
