//! The glossary's words: types are named by the words on its left, never by those on its right.
//!
//! `docs/GLOSSARY.md` is the source. In its last column a word in code font is refused as the name of a type; the
//! others are only advice, because they have honest technical meanings too.

use super::{File, Problem};

/// Checks the names of types in Rust and TypeScript sources.
pub fn check(files: &[File]) -> Vec<Problem> {
    let Some(glossary) = files.iter().find(|file| file.path == "docs/GLOSSARY.md") else {
        return vec![Problem::new("docs/GLOSSARY.md", "is missing: the one list of words")];
    };
    let refused = refused_words(&glossary.text);
    let mut problems = Vec::new();
    for file in files.iter().filter(|file| (file.path.starts_with("crates/") || file.path.starts_with("web/app/")) && is_source(&file.path))
    {
        for (at, line) in file.text.lines().enumerate() {
            let Some(name) = type_name(line) else { continue };
            if let Some((bad, good)) = refused.iter().find(|(bad, _)| name.eq_ignore_ascii_case(bad)) {
                problems
                    .push(Problem::new(format!("{}:{}", file.path, at + 1), format!("type `{name}`: the glossary says {good}, not {bad}")));
            }
        }
    }
    problems
}

fn is_source(path: &str) -> bool {
    [".rs", ".ts", ".tsx"].iter().any(|end| path.ends_with(end))
}

/// The words in code font in the last column, each with the words to say instead.
fn refused_words(glossary: &str) -> Vec<(String, String)> {
    let mut words = Vec::new();
    for line in glossary.lines().filter(|line| line.starts_with('|')) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        if let [say, .., do_not] = cells.as_slice() {
            words.extend(do_not.split('`').skip(1).step_by(2).map(|word| (word.to_owned(), (*say).to_owned())));
        }
    }
    words
}

/// The name that a line declares as a type, if it does.
fn type_name(line: &str) -> Option<&str> {
    let mut words = line.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty());
    words.find(|word| matches!(*word, "struct" | "enum" | "trait" | "interface" | "class"))?;
    let comment = line.trim_start();
    if comment.starts_with("//") || comment.starts_with('*') {
        return None;
    }
    words.next().filter(|name| name.starts_with(char::is_uppercase))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GLOSSARY: &str = "| Say | Meaning | Do not say |\n|---|---|---|\n| consumer | the person outside | `Customer`, contact |\n";

    #[track_caller]
    fn check_one(path: &str, text: &str, expected: usize) {
        let files = [File { path: "docs/GLOSSARY.md".into(), text: GLOSSARY.into() }, File { path: path.into(), text: text.into() }];
        assert_eq!(check(&files).len(), expected, "{text}");
    }

    #[test]
    fn types_bear_the_glossarys_words() {
        check_one("crates/app/src/a.rs", "pub struct Customer {", 1);
        check_one("web/app/ui/a.tsx", "export interface Customer {", 1);
        check_one("crates/app/src/a.rs", "pub struct Consumer {", 0);
        check_one("crates/app/src/a.rs", "pub struct CustomerMemory;", 0);
        check_one("crates/app/src/a.rs", "// A struct Customer would be wrong.", 0);
        check_one("crates/app/src/a.rs", "pub struct Contact {", 0);
    }

    #[test]
    fn a_missing_glossary_is_a_problem() {
        assert_eq!(check(&[]).len(), 1);
    }
}
