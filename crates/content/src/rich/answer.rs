//! From what a consumer typed to what they chose.

use super::element::Choice;
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
    pub ticks: Option<Ticks>,
}

/// Boxes to tick.
#[derive(Clone, Debug, PartialEq)]
pub struct Ticks {
    /// Their places among the choices.
    pub boxes: Range<usize>,
    /// What comes back besides.
    pub submit: Vec<Value>,
}

/// What a consumer chose.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// What they are taken to say; nothing when the choice says nothing.
    pub says: Option<String>,
    /// Typed objects that come back with it.
    pub metadata: Vec<Value>,
}

impl Offered {
    /// What a typed text chooses; nothing when it is just text.
    pub fn typed(&self, text: &str) -> Option<Answer> {
        let typed = plain(text);
        if let Ok(number) = typed.parse::<usize>() {
            return self.at(number.checked_sub(1)?);
        }
        self.several(&typed).or_else(|| self.at(self.named(&typed)?))
    }

    /// The choice at a place, from 0.
    pub fn at(&self, place: usize) -> Option<Answer> {
        let choice = self.choices.get(place)?;
        if self.ticks.as_ref().is_some_and(|ticks| ticks.boxes.contains(&place)) {
            return self.ticked(&[place]);
        }
        let says = choice.click.published().map(str::to_owned);
        // Who is asked and has no words given answers with the title.
        let says = says.or_else(|| choice.click.actions.is_empty().then(|| choice.title.clone()));
        Some(Answer { says, metadata: choice.click.metadata.clone() })
    }

    /// Several boxes at once: `1,3`, `1 3`, `1 and 3`.
    fn several(&self, typed: &str) -> Option<Answer> {
        let boxes = &self.ticks.as_ref()?.boxes;
        let words = typed.split([',', ' ', ';', '+', '&']).filter(|word| !word.is_empty() && *word != "and");
        let places: Option<Vec<usize>> =
            words.map(|word| word.parse::<usize>().ok()?.checked_sub(1).filter(|at| boxes.contains(at))).collect();
        let mut places = places?;
        places.sort_unstable();
        places.dedup();
        self.ticked(&places)
    }

    fn ticked(&self, places: &[usize]) -> Option<Answer> {
        let ticks = self.ticks.as_ref().filter(|_| !places.is_empty())?;
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
    joined.strip_suffix(['.', ')', ':']).unwrap_or(joined).trim().to_owned()
}
