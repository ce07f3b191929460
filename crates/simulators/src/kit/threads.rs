//! Threads as most chat vendors have them: lines of the brand, people, and what was said between the two. Vendors keep what is theirs beside it.

use std::collections::BTreeMap;

use super::phone::{Attachment, Bubble, Button, Consumer, Features, Line, Overview, Thread};
use super::{Kit, SimError};

/// Bubbles shown of a thread.
const SHOWN: usize = 200;
/// Notes kept of a thread.
const KEPT: usize = 10_000;

/// One thing in a thread.
#[derive(Clone, Debug, Default)]
pub(crate) struct Note {
    pub id: String,
    /// As in [`Bubble::from`].
    pub from: &'static str,
    pub at_ms: i64,
    pub text: String,
    /// Ids of hosted files.
    pub media: Vec<String>,
    pub buttons: Vec<Button>,
    pub status: &'static str,
}

/// Somebody in relation to a line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Person {
    pub name: String,
    pub thread: Vec<Note>,
    /// The thread is open: what arrives is read.
    pub open: bool,
    pub typing_until_ms: i64,
    pub seen_ms: Option<i64>,
    /// A word for the phone page, such as `unreachable`.
    pub notice: &'static str,
    /// They have left.
    pub left: bool,
}

impl Person {
    pub fn note_mut(&mut self, id: &str) -> Option<&mut Note> {
        self.thread.iter_mut().rev().find(|note| note.id == id)
    }

    pub fn push(&mut self, note: Note) {
        // Whoever has answered is not typing any more.
        if note.from != "consumer" {
            self.typing_until_ms = 0;
        }
        self.thread.push(note);
        if self.thread.len() > KEPT {
            self.thread.remove(0);
        }
    }
}

/// All threads of a simulator.
#[derive(Default)]
pub(crate) struct Threads {
    lines: Vec<(String, String)>,
    people: BTreeMap<(String, String), Person>,
}

impl Threads {
    pub fn add_line(&mut self, id: &str, label: &str) {
        match self.lines.iter_mut().find(|(known, _)| known == id) {
            Some((_, known)) => label.clone_into(known),
            None => self.lines.push((id.to_owned(), label.to_owned())),
        }
    }

    pub fn first_line(&self) -> Option<String> {
        self.lines.first().map(|(id, _)| id.clone())
    }

    pub fn add_person(&mut self, line: &str, id: &str, name: &str) -> Result<(), SimError> {
        if !self.lines.iter().any(|(known, _)| known == line) {
            return Err(SimError(format!("line: there is no line {line:?}; create it first")));
        }
        name.clone_into(&mut self.people.entry((line.to_owned(), id.to_owned())).or_default().name);
        Ok(())
    }

    pub fn person(&self, line: &str, id: &str) -> Option<&Person> {
        self.people.get(&(line.to_owned(), id.to_owned()))
    }

    pub fn person_mut(&mut self, line: &str, id: &str) -> Result<&mut Person, SimError> {
        self.people
            .get_mut(&(line.to_owned(), id.to_owned()))
            .ok_or_else(|| SimError(format!("consumer: {line} has no consumer {id:?}; create them first")))
    }

    pub fn overview(&self, kit: &Kit, channel: &'static str, features: Features) -> Overview {
        let consumer = |((line, id), person): (&(String, String), &Person)| Consumer {
            id: id.clone(),
            name: person.name.clone(),
            line: Some(line.clone()),
        };
        Overview {
            channel,
            lines: self.lines.iter().map(|(id, label)| Line { id: id.clone(), label: label.clone() }).collect(),
            consumers: self.people.iter().map(consumer).collect(),
            features,
            now_ms: kit.now_ms(),
            clock_running: kit.clock().is_running(),
        }
    }

    pub fn thread(&self, kit: &Kit, line: &str, consumer: &str) -> Option<Thread> {
        let person = self.person(line, consumer)?;
        let notes = &person.thread[person.thread.len().saturating_sub(SHOWN)..];
        Some(Thread {
            line: line.to_owned(),
            consumer: consumer.to_owned(),
            messages: notes.iter().map(|note| bubble(kit, note)).collect(),
            typing: person.typing_until_ms > kit.now_ms(),
            seen_ms: person.seen_ms,
            open: person.open,
            left: person.left,
            notice: person.notice.to_owned(),
        })
    }
}

fn bubble(kit: &Kit, note: &Note) -> Bubble {
    let media = note.media.iter().filter_map(|id| kit.media().get(id));
    Bubble {
        id: note.id.clone(),
        from: note.from,
        at_ms: note.at_ms,
        text: note.text.clone(),
        media: media
            .map(|media| Attachment { id: media.id, content_type: media.content_type, name: media.name, size: media.bytes.len() })
            .collect(),
        buttons: note.buttons.clone(),
        status: note.status.to_owned(),
        error: String::new(),
    }
}
