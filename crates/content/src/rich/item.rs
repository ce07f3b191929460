//! Something to choose as the ladder sees it, wherever it comes from: a button, a row, a time.

use super::element::{Click, Place};
use super::outline::{Entry, Menu, Times};
use super::text::map_link;
use super::words::Words;

/// Something to choose.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Item {
    pub title: String,
    pub description: Option<String>,
    pub image: Option<String>,
    /// The heading above it.
    pub section: Option<String>,
    /// What the consumer is taken to say.
    pub says: Option<String>,
    /// Where it leads.
    pub lead: Option<Lead>,
    /// Its number among the answers, from 0; nothing: it says nothing.
    pub place: Option<usize>,
    /// It only leads to further ones, from that number on.
    pub more: bool,
}

/// Where something leads.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Lead {
    Address(String),
    Place(Place),
}

impl Lead {
    fn of(click: &Click) -> Option<Self> {
        let address = click.link().map(|address| Self::Address(address.to_owned()));
        address.or_else(|| click.place().map(|place| Self::Place(place.clone())))
    }

    /// As an address.
    pub(super) fn address(&self) -> String {
        match self {
            Self::Address(address) => address.clone(),
            Self::Place(place) => map_link(place),
        }
    }
}

impl Item {
    pub(super) fn of(entry: &Entry) -> Self {
        Self {
            title: entry.title.clone(),
            description: entry.description.clone(),
            image: entry.image.clone(),
            section: None,
            says: entry.click.published().map(str::to_owned),
            lead: Lead::of(&entry.click),
            place: entry.place,
            more: false,
        }
    }

    /// Whether all that it does is to say something.
    pub(super) fn only_answers(&self) -> bool {
        self.lead.is_none() && self.place.is_some()
    }
}

pub(super) fn items_of_menu(menu: &Menu) -> Vec<Item> {
    let rows = menu
        .sections
        .iter()
        .flat_map(|section| section.entries.iter().map(|entry| Item { section: section.title.clone(), ..Item::of(entry) }));
    rows.chain(menu.other.iter().map(Item::of)).collect()
}

/// Times, each under its day.
pub(super) fn items_of_times(times: &Times, words: &Words) -> Vec<Item> {
    let one = |slot: &super::outline::TimeEntry| Item {
        title: slot.title.clone().unwrap_or_else(|| words.moment(slot.start)),
        description: slot.description.clone(),
        section: Some(words.heading(slot.start)),
        says: Some(slot.click.published().map_or_else(|| slot.title.clone().unwrap_or_else(|| words.moment(slot.start)), str::to_owned)),
        place: slot.place,
        ..Item::default()
    };
    times.slots.iter().map(one).collect()
}
