//! From what a consumer tapped or typed to what they chose.

use super::element::{Action, Choice, Click, DatePicker};
use super::item::items_of_times;
use super::outline::{Block, Entry, Outline};
use super::words::Words;
use icu_normalizer::ComposingNormalizerBorrowed;
use serde_json::Value;
use std::ops::Range;

/// The shortest beginning of a title that stands for it, in characters.
const BEGINNING: usize = 3;

/// What can be chosen; numbers count from 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Offered {
    /// The choices.
    pub choices: Vec<Choice>,
    /// Those of which several may be chosen together.
    pub ticks: Vec<Ticks>,
    /// Days that are asked for.
    pub days: Vec<AskedDay>,
    /// In whose language and on whose clock.
    pub words: Words,
}

/// Rows of which several may be chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Ticks {
    /// Their places among the choices.
    pub boxes: Range<usize>,
    /// What comes back besides.
    pub submit: Vec<Value>,
}

/// A day that is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct AskedDay {
    /// What is asked.
    pub picker: DatePicker,
    /// What comes back with the answer.
    pub metadata: Vec<Value>,
}

/// What a consumer chose.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// What they are taken to say; nothing when the choice says nothing.
    pub says: Option<String>,
    /// Typed objects that come back with it.
    pub metadata: Vec<Value>,
}

impl Outline {
    /// What can be chosen in it.
    pub fn offered(&self, words: &Words) -> Offered {
        let mut offered = Offered { words: words.clone(), ..Offered::default() };
        for block in &self.blocks {
            match block {
                Block::Card(card) => offered.add(&card.entries),
                Block::Carousel(cards) => cards.iter().for_each(|card| offered.add(&card.entries)),
                Block::List(menu) => {
                    let first = offered.choices.len();
                    menu.sections.iter().for_each(|section| offered.add(&section.entries));
                    if menu.multiple() {
                        offered.ticks.push(Ticks { boxes: first..offered.choices.len(), submit: menu.submit.clone() });
                    }
                    offered.add(menu.other.as_slice());
                }
                Block::Times(times) => {
                    let items = items_of_times(times, words).into_iter().zip(&times.slots);
                    offered.choices.extend(items.map(|(item, slot)| {
                        let click = Click {
                            actions: item.says.map(Action::PublishText).into_iter().collect(),
                            metadata: slot.click.metadata.clone(),
                        };
                        Choice { title: item.title, subtitle: None, click }
                    }));
                }
                Block::Day(day) => offered.days.push(AskedDay { picker: day.picker.clone(), metadata: day.click.metadata.clone() }),
            }
        }
        offered.add(&self.replies);
        offered
    }
}

impl Offered {
    /// Adds what says something, in order: as it was counted.
    fn add(&mut self, entries: &[Entry]) {
        let says = entries.iter().filter(|entry| entry.place.is_some());
        self.choices.extend(says.map(|entry| Choice {
            title: entry.title.clone(),
            subtitle: entry.description.clone(),
            click: entry.click.clone(),
        }));
    }

    /// What a typed text chooses; nothing when it is just text.
    pub fn typed(&self, text: &str) -> Option<Answer> {
        let typed = plain(text);
        if let Ok(number) = typed.parse::<usize>() {
            return self.at(number.checked_sub(1)?);
        }
        let several = self.several(&typed).or_else(|| self.at(self.named(&typed)?));
        several.or_else(|| self.days.iter().find_map(|asked| self.answered(asked, text)))
    }

    /// The choice at a place, from 0.
    pub fn at(&self, place: usize) -> Option<Answer> {
        let choice = self.choices.get(place)?;
        if self.ticks.iter().any(|ticks| ticks.boxes.contains(&place)) {
            return self.ticked(&[place]);
        }
        let says = choice.click.published().map(str::to_owned);
        // Who is asked and has no words given answers with the title.
        let says = says.or_else(|| choice.click.actions.is_empty().then(|| choice.title.clone()));
        Some(Answer { says, metadata: choice.click.metadata.clone() })
    }

    /// Several choices that were tapped together; alone, each is as if it were tapped by itself.
    pub fn all(&self, places: &[usize]) -> Option<Answer> {
        match places {
            [place] => self.at(*place),
            _ => self.ticked(&in_order(places.to_vec())),
        }
    }

    /// A day that was picked for the question of that number, from 0.
    pub fn day(&self, number: usize, text: &str) -> Option<Answer> {
        self.answered(self.days.get(number)?, text)
    }

    fn answered(&self, asked: &AskedDay, text: &str) -> Option<Answer> {
        let own = asked.picker.format.as_deref();
        let within = |day: &jiff::civil::Date| {
            let bound = |at: Option<i64>| at.and_then(|at| self.words.date(at));
            bound(asked.picker.earliest).is_none_or(|earliest| *day >= earliest)
                && bound(asked.picker.latest).is_none_or(|latest| *day <= latest)
        };
        let one = |text: &str| self.words.read_day(text.trim(), own).filter(within);
        let says = match asked.picker.range {
            false => self.words.write_day(one(text)?, own),
            true => {
                // A hyphen may also stand inside a day: it parts two days where both sides are one.
                let parts = text.match_indices(['-', '–']).find_map(|(at, dash)| Some((one(&text[..at])?, one(&text[at + dash.len()..])?)));
                let (from, to) = parts.filter(|(from, to)| from <= to)?;
                format!("{} - {}", self.words.write_day(from, own), self.words.write_day(to, own))
            }
        };
        Some(Answer { says: Some(says), metadata: asked.metadata.clone() })
    }

    /// Several rows at once: `1,3`, `1 3`, `1 and 3`.
    fn several(&self, typed: &str) -> Option<Answer> {
        let words = typed.split([',', ' ', ';', '+', '&']).filter(|word| !word.is_empty() && !AND.contains(word));
        let places: Option<Vec<usize>> = words.map(|word| word.parse::<usize>().ok()?.checked_sub(1)).collect();
        self.ticked(&in_order(places?))
    }

    fn ticked(&self, places: &[usize]) -> Option<Answer> {
        let ticks = self.ticks.iter().find(|ticks| !places.is_empty() && places.iter().all(|at| ticks.boxes.contains(at)))?;
        let chosen: Vec<&Choice> = places.iter().filter_map(|at| self.choices.get(*at)).collect();
        let says: Vec<&str> = chosen.iter().map(|one| one.click.published().unwrap_or(&one.title)).collect();
        let metadata = chosen.iter().flat_map(|one| one.click.metadata.iter()).chain(&ticks.submit).cloned().collect();
        Some(Answer { says: Some(says.join(", ")), metadata })
    }

    /// The one choice that a title, what it says, or the beginning of its title names.
    fn named(&self, typed: &str) -> Option<usize> {
        if typed.is_empty() {
            return None;
        }
        let whole = |choice: &Choice| plain(&choice.title) == typed || choice.click.published().is_some_and(|says| plain(says) == typed);
        if let Some(place) = self.choices.iter().position(whole) {
            return Some(place);
        }
        if typed.chars().count() < BEGINNING {
            return None;
        }
        let mut begun = self.choices.iter().enumerate().filter(|(_, choice)| plain(&choice.title).starts_with(typed));
        match (begun.next(), begun.next()) {
            (Some((place, _)), None) => Some(place),
            _ => None,
        }
    }
}

/// What people write between two numbers, in the languages that we ask in.
const AND: [&str; 5] = ["and", "und", "y", "e", "et"];

fn in_order(mut places: Vec<usize>) -> Vec<usize> {
    places.sort_unstable();
    places.dedup();
    places
}

/// A text as it is compared: one form of each letter, small, without what people write around numbers.
fn plain(text: &str) -> String {
    // A keycap is a digit with two marks after it.
    let bare: String = text.chars().filter(|letter| !matches!(letter, '\u{fe0f}' | '\u{20e3}')).collect();
    let normal = ComposingNormalizerBorrowed::new_nfkc().normalize(&bare).to_lowercase();
    let mut words: Vec<&str> = normal.split_whitespace().collect();
    if words.len() > 1 && words[0] == "option" {
        words.remove(0);
    }
    let joined = words.join(" ");
    let joined = joined.strip_prefix('#').unwrap_or(&joined);
    // A label that was cut ends in dots.
    let joined = joined.strip_suffix("...").unwrap_or(joined);
    joined.strip_suffix(['.', ')', ':']).unwrap_or(joined).trim().to_owned()
}
