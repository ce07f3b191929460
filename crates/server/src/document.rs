//! TOML with places: every value knows where it stands, and a reader collects all problems instead of stopping at the first.
//!
//! The configuration and the bootstrap file are both read through this. It must never put a value into a message where the
//! value may be a secret: readers decide that.

use std::fmt;
use std::sync::Arc;
use toml::de::{DeTable, DeValue};

/// Where something stands: `file:line`, a variable of the environment, or a flag. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place(pub Arc<str>);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Something that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// Which key, dotted; empty for the whole file.
    pub key: String,
    /// What is wrong, and what to do, in a sentence.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.key.is_empty() {
            write!(f, "{}: {}", self.place, self.what)
        } else {
            write!(f, "{}: {}: {}", self.place, self.key, self.what)
        }
    }
}

/// All problems found so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// Adds one.
    pub fn add(&mut self, place: &Place, key: impl Into<String>, what: impl Into<String>) {
        self.0.push(Problem { place: place.clone(), key: key.into(), what: what.into() });
    }

    /// Puts them in the order of the file's lines.
    pub fn sort(&mut self) {
        self.0.sort_by_key(|problem| match problem.place.0.rsplit_once(':') {
            Some((file, line)) => (file.to_owned(), line.parse().unwrap_or(0)),
            None => (problem.place.0.to_string(), 0_usize),
        });
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(index, problem)| write!(f, "{}{problem}", if index == 0 { "" } else { "\n" }))
    }
}

impl std::error::Error for Problems {}

/// A value as it stands in the file.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A string.
    Text(String),
    /// A whole number.
    Number(i64),
    /// true or false.
    Flag(bool),
    /// An array.
    List(Vec<Item>),
    /// A table.
    Table(Section),
    /// A kind of value that nothing of ours takes.
    Other(&'static str),
}

impl Value {
    /// What it is, for messages.
    fn kind(&self) -> &'static str {
        match self {
            Value::Text(_) => "a string",
            Value::Number(_) => "a whole number",
            Value::Flag(_) => "true or false",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
            Value::Other(kind) => kind,
        }
    }
}

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Where.
    pub place: Place,
    /// What.
    pub value: Value,
}

/// A table being read: keys are taken out, and what is left at the end is unknown.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// Its dotted name, for messages.
    pub path: String,
    /// Where it begins.
    pub place: Place,
    /// Its keys in the order of the file.
    pub entries: Vec<(String, Item)>,
    known: Vec<&'static str>,
}

/// Reads a whole file. Problems of syntax are all reported; the section is what could be read in spite of them.
pub fn parse(file: &str, text: &str, problems: &mut Problems) -> Section {
    let lines = Lines::new(file, text);
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let place = lines.place(error.span().map_or(0, |span| span.start));
        problems.add(&place, "", error.message());
    }
    lines.section(String::new(), 0, table.into_inner())
}

struct Lines<'t> {
    file: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn new(file: &'t str, text: &str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { file, starts }
    }

    fn place(&self, offset: usize) -> Place {
        let line = self.starts.partition_point(|start| *start <= offset);
        Place(format!("{}:{line}", self.file).into())
    }

    fn section(&self, path: String, at: usize, table: DeTable<'_>) -> Section {
        let mut entries: Vec<(usize, String, Item)> = table
            .into_iter()
            .map(|(key, value)| {
                let start = key.span().start;
                let name = key.into_inner().into_owned();
                let inner = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                (start, name, self.item(inner, start, value.into_inner()))
            })
            .collect();
        entries.sort_by_key(|(start, ..)| *start);
        let entries = entries.into_iter().map(|(_, name, item)| (name, item)).collect();
        Section { path, place: self.place(at), entries, known: Vec::new() }
    }

    fn item(&self, path: String, at: usize, value: DeValue<'_>) -> Item {
        let place = self.place(at);
        let value = match value {
            DeValue::String(text) => Value::Text(text.into_owned()),
            DeValue::Boolean(flag) => Value::Flag(flag),
            DeValue::Integer(number) => {
                i64::from_str_radix(number.as_str(), number.radix()).map_or(Value::Other("a number that is too large"), Value::Number)
            }
            DeValue::Float(_) => Value::Other("a number with a fraction"),
            DeValue::Datetime(_) => Value::Other("a date"),
            DeValue::Array(items) => Value::List(
                items
                    .into_iter()
                    .map(|item| {
                        let start = item.span().start;
                        self.item(path.clone(), start, item.into_inner())
                    })
                    .collect(),
            ),
            DeValue::Table(table) => Value::Table(self.section(path, at, table)),
        };
        Item { place, value }
    }
}

impl Section {
    /// An empty one, for values that come from elsewhere than a file.
    pub fn empty(path: &str, place: Place) -> Self {
        Self { path: path.to_owned(), place, entries: Vec::new(), known: Vec::new() }
    }

    /// The dotted name of a key in it.
    pub fn key(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Takes a key's value out.
    pub fn take(&mut self, key: &'static str) -> Option<Item> {
        self.known.push(key);
        let at = self.entries.iter().position(|(name, _)| name == key)?;
        Some(self.entries.remove(at).1)
    }

    /// Takes a string.
    pub fn text(&mut self, key: &'static str, problems: &mut Problems) -> Option<(String, Place)> {
        self.take_as(key, "a string", problems, |value| match value {
            Value::Text(text) => Ok(text),
            other => Err(other),
        })
    }

    /// Takes a string that must be there and not empty.
    pub fn required(&mut self, key: &'static str, problems: &mut Problems) -> Option<(String, Place)> {
        match self.text(key, problems) {
            Some((text, place)) if text.trim().is_empty() => {
                problems.add(&place, self.key(key), "must not be empty");
                None
            }
            Some(found) => Some(found),
            None => {
                if !problems.0.iter().any(|problem| problem.key == self.key(key)) {
                    problems.add(&self.place, self.key(key), "is missing");
                }
                None
            }
        }
    }

    /// Takes a whole number within bounds, both inclusive.
    pub fn number(&mut self, key: &'static str, least: i64, most: i64, problems: &mut Problems) -> Option<i64> {
        let (number, place) = self.take_as(key, "a whole number", problems, |value| match value {
            Value::Number(number) => Ok(number),
            other => Err(other),
        })?;
        if !(least..=most).contains(&number) {
            problems.add(&place, self.key(key), format!("must be between {least} and {most}, is {number}"));
            return None;
        }
        Some(number)
    }

    /// Takes true or false.
    pub fn flag(&mut self, key: &'static str, problems: &mut Problems) -> Option<bool> {
        let flag = self.take_as(key, "true or false", problems, |value| match value {
            Value::Flag(flag) => Ok(flag),
            other => Err(other),
        })?;
        Some(flag.0)
    }

    /// Takes a list of strings.
    pub fn texts(&mut self, key: &'static str, problems: &mut Problems) -> Option<Vec<(String, Place)>> {
        let (items, _) = self.take_as(key, "a list of strings", problems, |value| match value {
            Value::List(items) => Ok(items),
            other => Err(other),
        })?;
        let mut texts = Vec::with_capacity(items.len());
        for item in items {
            match item.value {
                Value::Text(text) => texts.push((text, item.place)),
                other => problems.add(&item.place, self.key(key), format!("must be a list of strings, holds {}", other.kind())),
            }
        }
        Some(texts)
    }

    /// Takes a table.
    pub fn section(&mut self, key: &'static str, problems: &mut Problems) -> Option<Section> {
        let table = self.take_as(key, "a table", problems, |value| match value {
            Value::Table(section) => Ok(section),
            other => Err(other),
        })?;
        Some(table.0)
    }

    /// Takes tables, `[[like.this]]`.
    pub fn sections(&mut self, key: &'static str, problems: &mut Problems) -> Vec<Section> {
        let items = self.take_as(key, "a list of tables, each begun with double brackets", problems, |value| match value {
            Value::List(items) => Ok(items),
            other => Err(other),
        });
        let mut sections = Vec::new();
        for item in items.into_iter().flat_map(|(items, _)| items) {
            match item.value {
                Value::Table(section) => sections.push(section),
                other => problems.add(&item.place, self.key(key), format!("must hold tables, holds {}", other.kind())),
            }
        }
        sections
    }

    /// Takes a table of strings with any keys; whole numbers and flags are taken as their text.
    pub fn map(&mut self, key: &'static str, problems: &mut Problems) -> Vec<(String, String, Place)> {
        let Some(section) = self.section(key, problems) else { return Vec::new() };
        let mut pairs = Vec::new();
        for (name, item) in section.entries {
            let text = match item.value {
                Value::Text(text) => text,
                Value::Number(number) => number.to_string(),
                Value::Flag(flag) => flag.to_string(),
                other => {
                    problems.add(&item.place, format!("{}.{name}", section.path), format!("must be a string, is {}", other.kind()));
                    continue;
                }
            };
            pairs.push((name, text, item.place));
        }
        pairs
    }

    /// Reports every key that nobody asked for.
    pub fn finish(self, problems: &mut Problems) {
        for (name, item) in &self.entries {
            let known = self.known.join(", ");
            problems.add(&item.place, self.key(name), format!("there is no such key; known here: {known}"));
        }
    }

    fn take_as<T>(
        &mut self,
        key: &'static str,
        wanted: &str,
        problems: &mut Problems,
        read: impl FnOnce(Value) -> Result<T, Value>,
    ) -> Option<(T, Place)> {
        let item = self.take(key)?;
        match read(item.value) {
            Ok(value) => Some((value, item.place)),
            Err(other) => {
                problems.add(&item.place, self.key(key), format!("must be {wanted}, is {}", other.kind()));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_named_with_its_line() {
        let text = "name = 5\ncolour = \"red\"\n\n[inner]\nmost = 99\nlist = [\"a\", 1]\n";
        let mut problems = Problems::default();
        let mut section = parse("file.toml", text, &mut problems);
        assert_eq!(section.required("name", &mut problems), None);
        assert_eq!(section.required("missing", &mut problems), None);
        let mut inner = section.section("inner", &mut problems).expect("it is there");
        assert_eq!(inner.number("most", 0, 10, &mut problems), None);
        assert_eq!(inner.texts("list", &mut problems).map(|texts| texts.len()), Some(1));
        inner.finish(&mut problems);
        section.finish(&mut problems);
        let expected = "file.toml:1: name: must be a string, is a whole number\n\
            file.toml:1: missing: is missing\n\
            file.toml:5: inner.most: must be between 0 and 10, is 99\n\
            file.toml:6: inner.list: must be a list of strings, holds a whole number\n\
            file.toml:2: colour: there is no such key; known here: name, missing, inner";
        assert_eq!(problems.to_string(), expected);
    }

    #[test]
    fn broken_syntax_is_named_with_its_line() {
        let mut problems = Problems::default();
        parse("file.toml", "good = 1\nbad = = 2\nworse\n", &mut problems);
        assert!(problems.0.iter().any(|problem| &*problem.place.0 == "file.toml:2"), "{problems}");
    }
}
