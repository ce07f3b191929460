//! One object of the content, read property by property: what is missing, wrong or unknown is noted with its place.

use super::problem::{Code, Problem};
use super::read::Reader;
use serde_json::{Map, Value};

/// An object that is being read.
pub(super) struct Fields<'a> {
    object: &'a Map<String, Value>,
    known: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// Begins to read; anything but an object is a problem.
    pub(super) fn of(value: &'a Value, reader: &mut Reader<'_>) -> Option<Self> {
        match value {
            Value::Object(object) => Some(Self { object, known: Vec::new() }),
            _ => {
                reader.wrong(Code::WrongType, "must be an object");
                None
            }
        }
    }

    /// A property as it is; null counts as missing.
    pub(super) fn value(&mut self, name: &'static str) -> Option<&'a Value> {
        self.known.push(name);
        self.object.get(name).filter(|value| !value.is_null())
    }

    /// Whether it is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.object.get(name).is_some_and(|value| !value.is_null())
    }

    /// A text of at most so many characters.
    pub(super) fn text(&mut self, name: &'static str, most: usize, reader: &mut Reader<'_>) -> Option<String> {
        let value = self.value(name)?;
        reader.within(name, |reader| match value {
            Value::String(text) => {
                let length = text.chars().count();
                if length > most {
                    reader.counted(Code::TooLong, most, length, format!("has {length} characters; at most {most} are allowed"));
                }
                Some(text.clone())
            }
            _ => {
                reader.wrong(Code::WrongType, "must be a text");
                None
            }
        })
    }

    /// The same where it has to be there and say something.
    pub(super) fn needed_text(&mut self, name: &'static str, most: usize, reader: &mut Reader<'_>) -> Option<String> {
        if !self.has(name) {
            self.known.push(name);
            reader.within(name, |reader| reader.wrong(Code::Missing, "is missing; give a text"));
            return None;
        }
        let text = self.text(name, most, reader)?;
        if text.trim().is_empty() {
            reader.within(name, |reader| reader.wrong(Code::Missing, "is empty; give a text"));
        }
        Some(text)
    }

    /// One of some texts.
    pub(super) fn choice(&mut self, name: &'static str, possible: &[&'static str], reader: &mut Reader<'_>) -> Option<&'static str> {
        let value = self.value(name)?;
        let found = value.as_str().and_then(|text| possible.iter().find(|one| **one == text).copied());
        if found.is_none() {
            let all = possible.join(", ");
            reader.within(name, |reader| reader.wrong(Code::BadValue, format!("must be one of {all}")));
        }
        found
    }

    /// A number within bounds.
    pub(super) fn number(&mut self, name: &'static str, from: f64, to: f64, reader: &mut Reader<'_>) -> Option<f64> {
        let value = self.value(name)?;
        reader.within(name, |reader| match value.as_f64() {
            Some(number) if (from..=to).contains(&number) => Some(number),
            Some(_) => {
                reader.wrong(Code::OutOfRange, format!("must lie between {from} and {to}"));
                None
            }
            None => {
                reader.wrong(Code::WrongType, "must be a number");
                None
            }
        })
    }

    /// The same where it has to be there.
    pub(super) fn needed_number(&mut self, name: &'static str, from: f64, to: f64, reader: &mut Reader<'_>) -> Option<f64> {
        if !self.has(name) {
            self.known.push(name);
            reader.within(name, |reader| reader.wrong(Code::Missing, "is missing; give a number"));
            return None;
        }
        self.number(name, from, to, reader)
    }

    /// True or false.
    pub(super) fn flag(&mut self, name: &'static str, reader: &mut Reader<'_>) -> Option<bool> {
        let value = self.value(name)?;
        if !value.is_boolean() {
            reader.within(name, |reader| reader.wrong(Code::WrongType, "must be true or false"));
        }
        value.as_bool()
    }

    /// A list of so many items, each read in its place.
    pub(super) fn list<T>(
        &mut self,
        name: &'static str,
        (least, most): (usize, usize),
        reader: &mut Reader<'_>,
        mut item: impl FnMut(&'a Value, &mut Reader<'_>) -> Option<T>,
    ) -> Vec<T> {
        let Some(value) = self.value(name) else {
            if least > 0 {
                reader.within(name, |reader| reader.wrong(Code::Missing, format!("is missing; give a list of {least} to {most}")));
            }
            return Vec::new();
        };
        reader.within(name, |reader| {
            let Value::Array(items) = value else {
                reader.wrong(Code::WrongType, "must be a list");
                return Vec::new();
            };
            let count = items.len();
            if count > most {
                reader.counted(Code::TooMany, most, count, format!("has {count} items; at most {most} are allowed"));
            } else if count < least {
                reader.counted(Code::TooFew, least, count, format!("has {count} items; at least {least} are needed"));
            }
            items.iter().take(most).enumerate().filter_map(|(at, one)| reader.within(at, |reader| item(one, reader))).collect()
        })
    }

    /// Everything was read: what is left does not exist.
    pub(super) fn done(self, what: &str, reader: &mut Reader<'_>) {
        for name in self.object.keys().filter(|name| !self.known.contains(&name.as_str())) {
            reader.within(name.as_str(), |reader| reader.wrong(Code::UnknownProperty, format!("does not exist on {what}; take it away")));
        }
    }
}

impl Problem {
    pub(super) fn new(path: String, code: Code, message: impl Into<String>) -> Self {
        Self { path, code, limit: None, actual: None, message: message.into() }
    }
}
