//! What fits where: labels that can be told apart, texts cut between words, cards that agree.

use crate::capabilities::Unit;
use crate::rich::item::Item;
use crate::split::measure;
use crate::structured::{ButtonLimits, CardLimits};
use std::collections::HashSet;
use unicode_segmentation::UnicodeSegmentation;

/// Of what is cut, the most that may be missing without being said elsewhere: one part in so many.
const MISSING: usize = 5;

/// The beginning that fits, with an ellipsis; between words where that leaves most of it, and never inside of what is seen as one letter.
pub(super) fn cut(text: &str, most: usize, unit: Unit) -> String {
    if measure(text, unit) <= most {
        return text.to_owned();
    }
    let room = most.saturating_sub(measure("…", unit));
    let mut short = String::new();
    let mut size = 0;
    for letter in text.graphemes(true) {
        size += measure(letter, unit);
        if size > room {
            break;
        }
        short.push_str(letter);
    }
    let rest = &text[short.len()..];
    let between = rest.starts_with(char::is_whitespace);
    let word = short.rfind(char::is_whitespace).filter(|at| !between && measure(&short[..*at], unit) * 2 >= room);
    let kept = word.map_or(short.as_str(), |at| &short[..at]).trim_end();
    // Where not even the mark of what is missing has room, nothing has.
    if most < measure("…", unit) { String::new() } else { format!("{kept}…") }
}

/// A label that fits; cut between letters, because every letter counts there.
pub(super) fn label(text: &str, most: usize, unit: Unit) -> String {
    if measure(text, unit) <= most {
        return text.to_owned();
    }
    let room = most.saturating_sub(measure("…", unit));
    let mut short = String::new();
    for letter in text.graphemes(true) {
        if measure(&short, unit) + measure(letter, unit) > room {
            break;
        }
        short.push_str(letter);
    }
    format!("{}…", short.trim_end())
}

/// Labels that fit and can be told apart; nothing when cutting leaves too little of them.
pub(super) fn labels(items: &[Item], most: usize, unit: Unit) -> Option<Vec<String>> {
    let labels: Vec<String> = items.iter().map(|item| label(&item.title, most, unit)).collect();
    let cuts = labels.iter().zip(items).filter(|(label, item)| **label != item.title).count();
    let different: HashSet<&String> = labels.iter().collect();
    let titles: HashSet<&String> = items.iter().map(|item| &item.title).collect();
    // Who names two things alike wants them alike.
    (different.len() == titles.len() && (cuts * 2 <= labels.len() || labels.len() == 1)).then_some(labels)
}

/// Choices by where they go.
#[derive(Default)]
pub(super) struct Sorted {
    /// On buttons.
    pub on: Vec<Item>,
    /// As lines with their address.
    pub lines: Vec<Item>,
    /// Nowhere yet: there is no room.
    pub over: Vec<Item>,
}

/// What of these goes on buttons.
pub(super) fn sort(items: &[Item], limits: &ButtonLimits) -> Sorted {
    let asked = items.iter().any(|item| item.lead.is_none());
    let may_lead = limits.links > 0 && (limits.mixed || !asked);
    let mut sorted = Sorted::default();
    let mut links = 0;
    for item in items {
        let mut item = item.clone();
        if item.lead.is_some() {
            if may_lead && links < limits.links && sorted.on.len() < limits.max {
                links += 1;
            } else if may_lead && limits.links >= limits.max && item.place.is_none() {
                sorted.over.push(item);
                continue;
            } else {
                sorted.lines.push(item.clone());
                if item.place.is_none() {
                    continue;
                }
                item.lead = None;
            }
        }
        match sorted.on.len() < limits.max {
            true => sorted.on.push(item),
            false => sorted.over.push(item),
        }
    }
    sorted
}

/// A card's texts as they fit.
pub(super) struct Texts {
    pub title: String,
    pub subtitle: Option<String>,
    /// Whether something is missing.
    pub cut: bool,
    /// Whether so much is missing that it has to be said elsewhere.
    pub say: bool,
}

/// A card's texts, the first of them its title, cut to what fits. `whole`: the addresses among them must not be cut.
pub(super) fn texts(texts: &[String], limits: &CardLimits, unit: Unit, whole: bool) -> Texts {
    let (title, rest) = texts.split_first().map_or((String::new(), String::new()), |(title, rest)| (title.clone(), rest.join("\n")));
    let size = |text: &str| measure(text, unit);
    let together = limits.together.unwrap_or(usize::MAX);
    let joint = |title: &str, rest: &str| size(title) + size(rest) + usize::from(!rest.is_empty());
    let subtitle = |text: String| Some(text).filter(|text| !text.is_empty());
    if size(&title) <= limits.title && size(&rest) <= limits.subtitle && joint(&title, &rest) <= together {
        return Texts { title, subtitle: subtitle(rest), cut: false, say: false };
    }
    // A long text alone is no title.
    if rest.is_empty() && !limits.needs_title && size(&title) <= limits.subtitle.min(together) {
        return Texts { title: String::new(), subtitle: subtitle(title), cut: false, say: false };
    }
    let short_title = cut(&title, limits.title.min(together), unit);
    let room = limits.subtitle.min(together.saturating_sub(size(&short_title) + 1));
    let short_rest = cut(&rest, room, unit);
    let (all, kept) = (joint(&title, &rest), joint(&short_title, &short_rest));
    let say = whole || (all.saturating_sub(kept)) * MISSING > all;
    // What is said in full elsewhere need not be begun again where title and text share their room.
    let short_rest = if say && (whole || limits.together.is_some()) { String::new() } else { short_rest };
    Texts { title: short_title, subtitle: subtitle(short_rest), cut: true, say }
}
