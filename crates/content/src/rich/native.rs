//! The upper rungs of the ladder: structured content in the forms that a channel has, each within its limits.
//!
//! Which forms those are is data, see [`Structured`]. What has no form there, or does not fit, becomes text with numbers; numbers and
//! taps count the same way, so that an answer is found whichever way it comes.

use super::element::{Choice, Click};
use super::form::{Form, Look, Native, NativeButton, NativeCard, Tap};
use super::outline::{Block, Outline, Panel};
use super::text::{Numbered, Words, Writing, asks_further, is_answer, map_link};
use crate::capabilities::TextLimit;
use crate::split::{measure, split};
use crate::structured::Structured;
use std::collections::HashSet;
use std::sync::Arc;
use unicode_segmentation::UnicodeSegmentation;

/// Content in a channel's forms.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Adaptation {
    /// The messages, in order.
    pub messages: Vec<Native>,
    /// What the consumer does not get as it was meant, in sentences.
    pub losses: Vec<String>,
}

/// Structured content on its way to one consumer: what there is to show, in whose language, and how answers are told apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Presentation {
    /// What it shows.
    pub outline: Outline,
    /// The sentences that we add.
    pub words: Words,
    /// What a tapped choice comes back with: this, a dot, and the choice's place from 0. Letters, digits and dots, at most 48.
    pub token: Arc<str>,
}

impl Presentation {
    /// In the forms that a channel has.
    pub fn native(&self, limit: &TextLimit, can: &Structured) -> Adaptation {
        self.outline.native(limit, can, &self.words, &self.token)
    }

    /// As text with numbers.
    pub fn numbered(&self, answerable: bool) -> Numbered {
        self.outline.numbered(&self.words, answerable)
    }
}

impl Outline {
    /// In the forms that a channel has. A tapped choice comes back as `<token>.<its place, from 0>`.
    pub(super) fn native(&self, limit: &TextLimit, can: &Structured, words: &Words, token: &str) -> Adaptation {
        let mut ladder = Ladder {
            limit,
            can,
            token,
            writing: Writing { answerable: true, ..Writing::default() },
            made: Adaptation::default(),
            left_over: Vec::new(),
            asked_in_text: false,
        };
        let last = self.blocks.len().saturating_sub(1);
        for (at, block) in self.blocks.iter().enumerate() {
            ladder.block(block, at == last && self.replies.is_empty());
        }
        ladder.replies(&self.replies, words);
        ladder.made
    }
}

struct Ladder<'a> {
    limit: &'a TextLimit,
    can: &'a Structured,
    token: &'a str,
    writing: Writing,
    made: Adaptation,
    /// Buttons that found no room on the last card and stand below it.
    left_over: Vec<(Choice, usize)>,
    /// Whether numbers stand in a text that went before.
    asked_in_text: bool,
}

impl Ladder<'_> {
    fn block(&mut self, block: &Block, is_last: bool) {
        let shown = match block {
            Block::Card(card) => self.card(card, is_last),
            Block::Carousel(cards) => self.carousel(cards),
            Block::List(_) => false,
        };
        if shown {
            return;
        }
        match block {
            // What can't be leafed through is shown one below the other.
            Block::Carousel(cards) => {
                self.made.losses.push("The cards are shown one below the other, because they don't fit side by side.".to_owned());
                for card in cards {
                    if !self.card(card, false) {
                        self.written(&Block::Card(card.clone()));
                    }
                }
            }
            _ => self.written(block),
        }
    }

    /// The last rung.
    fn written(&mut self, block: &Block) {
        let before = self.writing.offered.choices.len();
        self.writing.block(block);
        if self.writing.offered.choices.len() > before {
            self.asked_in_text = true;
            self.made.losses.push("What can be chosen is shown as text with numbers.".to_owned());
        }
        let text = std::mem::take(&mut self.writing.lines).join("\n");
        self.say(&text);
    }

    fn say(&mut self, text: &str) {
        let max = usize::try_from(self.limit.max).unwrap_or(usize::MAX);
        let parts = split(text.trim(), max, self.limit.unit);
        self.made.messages.extend(parts.into_iter().map(|text| Native {
            form: Form::Text(text),
            chips: Vec::new(),
            per_row: 0,
            alt: String::new(),
        }));
    }

    fn push(&mut self, form: Form) {
        self.made.messages.push(Native { form, chips: Vec::new(), per_row: 0, alt: String::new() });
    }

    /// Whether the card could be shown as one.
    fn card(&mut self, card: &Panel, is_last: bool) -> bool {
        let Some(limits) = &self.can.card else { return false };
        let texts = texts_of(card);
        if card.choices.is_empty() {
            return match (texts.is_empty(), card.images.as_slice()) {
                (true, images) => {
                    images.iter().for_each(|url| self.push(Form::Picture { url: url.clone(), caption: None }));
                    true
                }
                (false, []) => {
                    self.say(&texts.join("\n"));
                    true
                }
                (false, _) => self.element(card).is_some_and(|element| {
                    self.push(Form::Card(element));
                    true
                }),
            };
        }
        let most = limits.buttons.max;
        let longest = self.can.buttons.as_ref().map_or(limits.subtitle, |buttons| buttons.text);
        let on_card = card.choices.len().min(most);
        let rest = &card.choices[on_card..];
        let room = self.can.chips.as_ref().map_or(0, |chips| chips.buttons.max);
        let fits_below =
            rest.is_empty() || (is_last && rest.len() <= room && rest.iter().all(|one| is_answer(one) && one.click.link().is_none()));
        if !fits_below || card.choices.iter().any(asks_further) || self.labels(&card.choices[..on_card], limits.buttons.label).is_none() {
            return false;
        }
        if card.images.is_empty() {
            let text = if texts.is_empty() { "…".to_owned() } else { texts.join("\n") };
            let (text, before) = match measure(&text, self.limit.unit) <= longest {
                true => (text, None),
                false => (cut(&texts[0], longest.min(limits.title)), Some(text)),
            };
            if let Some(whole) = before {
                self.say(&whole);
            }
            let buttons = self.buttons(&card.choices[..on_card]);
            self.push(Form::Buttons { text, buttons });
        } else {
            let trimmed = Panel { choices: card.choices[..on_card].to_vec(), ..card.clone() };
            let Some(element) = self.element(&trimmed) else { return false };
            self.push(Form::Card(element));
            card.images[1..].iter().for_each(|url| self.push(Form::Picture { url: url.clone(), caption: None }));
        }
        for choice in rest {
            let place = self.count(choice);
            self.left_over.push((choice.clone(), place));
        }
        true
    }

    /// A card with its texts cut to what fits; what is cut is said before it.
    fn element(&mut self, card: &Panel) -> Option<NativeCard> {
        let limits = self.can.card.as_ref()?;
        let texts = texts_of(card);
        let (title, subtitle) = (texts.first()?, texts[1..].join("\n"));
        let unit = self.limit.unit;
        let whole = measure(title, unit) <= limits.title && measure(&subtitle, unit) <= limits.subtitle;
        let (title, subtitle) = (cut(title, limits.title), if whole { subtitle } else { String::new() });
        if !whole {
            self.say(&texts.join("\n"));
            self.made.losses.push("The card's text is too long for a card and stands before it.".to_owned());
        }
        let buttons = self.buttons(&card.choices);
        let image = card.images.first().cloned();
        Some(NativeCard { image, title, subtitle: Some(subtitle).filter(|text| !text.is_empty()), buttons, look: Look::default() })
    }

    fn carousel(&mut self, cards: &[Panel]) -> bool {
        let (Some(most), Some(limits)) = (self.can.carousel.map(|carousel| carousel.max), &self.can.card) else { return false };
        let unit = self.limit.unit;
        let fits = |card: &Panel| {
            let texts = texts_of(card);
            let subtitle = texts.get(1..).unwrap_or_default().join("\n");
            let more = !card.images.is_empty() || !subtitle.is_empty() || !card.choices.is_empty();
            texts.first().is_some_and(|title| measure(title, unit) <= limits.title)
                && measure(&subtitle, unit) <= limits.subtitle
                && more
                && card.choices.len() <= limits.buttons.max
                && !card.choices.iter().any(asks_further)
                && self.labels(&card.choices, limits.buttons.label).is_some()
        };
        if cards.len() < 2 || !cards.iter().all(fits) {
            return false;
        }
        for cards in cards.chunks(most) {
            let elements = cards.iter().filter_map(|card| self.element(card)).collect();
            self.push(Form::Carousel { text: None, cards: elements });
        }
        true
    }

    /// The next place among the answers, if it is one.
    fn count(&mut self, choice: &Choice) -> usize {
        self.writing.offered.choices.push(choice.clone());
        self.writing.offered.choices.len() - 1
    }

    fn buttons(&mut self, choices: &[Choice]) -> Vec<NativeButton> {
        let most = self.can.card.as_ref().map_or(0, |limits| limits.buttons.label);
        let labels = self.labels(choices, most).unwrap_or_default();
        let mut buttons = Vec::with_capacity(choices.len());
        for (choice, label) in choices.iter().zip(labels) {
            let place = is_answer(choice).then(|| self.count(choice));
            let leads = leads(&choice.click);
            buttons.push(match (leads, place) {
                (Some(url), place) => {
                    if place.is_some() {
                        self.made.losses.push(format!("“{}” opens its link and says nothing.", choice.title));
                    }
                    NativeButton::Open { label, url, token: self.token_of(place.unwrap_or_default()) }
                }
                (None, place) => NativeButton::Tap(Tap {
                    label,
                    token: self.token_of(place.unwrap_or_default()),
                    says: choice.click.published().map(str::to_owned),
                }),
            });
        }
        buttons
    }

    fn token_of(&self, place: usize) -> String {
        format!("{}.{place}", self.token)
    }

    /// Labels that fit and can be told apart; nothing when cutting leaves too little of them.
    fn labels(&self, choices: &[Choice], most: usize) -> Option<Vec<String>> {
        let labels: Vec<String> = choices.iter().map(|choice| cut(&choice.title, most)).collect();
        let cuts = labels.iter().zip(choices).filter(|(label, choice)| **label != choice.title).count();
        let different: HashSet<&String> = labels.iter().collect();
        (different.len() == labels.len() && (cuts * 2 <= labels.len() || labels.len() == 1)).then_some(labels)
    }

    /// Answers below the last message: its own, or the buttons that found no room on it.
    fn replies(&mut self, replies: &[Choice], words: &Words) {
        let mut all = std::mem::take(&mut self.left_over);
        for choice in replies {
            let place = self.count(choice);
            all.push((choice.clone(), place));
        }
        let choices: Vec<Choice> = all.iter().map(|(choice, _)| choice.clone()).collect();
        let Some(chips) = self.can.chips.as_ref().filter(|chips| !all.is_empty() && all.len() <= chips.buttons.max) else {
            return self.numbered(&all, words);
        };
        let tokens: Vec<String> = all.iter().map(|(_, place)| self.token_of(*place)).collect();
        let labels = match self.labels(&choices, chips.buttons.label) {
            Some(labels) => labels,
            None => {
                self.made.losses.push("The answers' labels are too long to be told apart; numbers stand for them.".to_owned());
                self.numbered(&all, words);
                all.iter().map(|(_, place)| (place + 1).to_string()).collect()
            }
        };
        if let Some(last) = self.made.messages.last_mut() {
            last.chips = labels.into_iter().zip(tokens).map(|(label, token)| NativeButton::Tap(Tap { label, token, says: None })).collect();
        }
    }

    /// The answers as lines below the last text, and the sentence that asks for a number, if any is shown.
    fn numbered(&mut self, all: &[(Choice, usize)], words: &Words) {
        let mut lines: Vec<String> = all.iter().map(|(choice, place)| format!("{}. {}", place + 1, choice.title)).collect();
        if self.asked_in_text || !all.is_empty() {
            let ticks = self.writing.offered.ticks.is_some();
            lines.push(if ticks { words.several_numbers.clone() } else { words.one_number.clone() });
        }
        let lines = lines.join("\n");
        if lines.is_empty() {
            return;
        }
        let max = usize::try_from(self.limit.max).unwrap_or(usize::MAX);
        let gap = if all.is_empty() { "\n" } else { "\n\n" };
        let joined = match self.made.messages.last() {
            Some(Native { form: Form::Text(text), .. }) => Some(format!("{text}{gap}{lines}")),
            _ => None,
        };
        match joined.filter(|text| measure(text, self.limit.unit) <= max) {
            Some(text) => {
                self.made.messages.pop();
                self.push(Form::Text(text));
            }
            None => self.say(&lines),
        }
    }
}

/// A card's texts and places, one below the other.
fn texts_of(card: &Panel) -> Vec<String> {
    let mut texts: Vec<String> = card.texts().map(str::to_owned).collect();
    for place in &card.places {
        texts.extend(place.name.clone());
        texts.push(map_link(place));
    }
    texts
}

fn leads(click: &Click) -> Option<String> {
    click.link().map(str::to_owned).or_else(|| click.place().map(map_link))
}

/// The beginning that fits, with an ellipsis; never a part of what is seen as one letter. `most` counts characters.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short = String::new();
    for letter in text.graphemes(true) {
        if short.chars().count() + letter.chars().count() >= most {
            break;
        }
        short.push_str(letter);
    }
    format!("{}…", short.trim_end())
}
