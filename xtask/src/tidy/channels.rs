//! A channel is its folders and one line in each list: whoever is on one list is on all, and nothing else knows its id.
//!
//! It reads the lists as text. Vendors' names in the core are the concern of `sources`.

use super::{File, Problem};
use std::collections::BTreeSet;

const CONNECTORS: &str = "crates/channels/src/list.rs";
const SIMULATORS: &str = "crates/simulators/src/list.rs";

/// Where no channel may be known by its id.
const CORE: [&str; 8] =
    ["crates/domain/", "crates/content/", "crates/app/", "crates/api/", "crates/store/", "crates/bus/", "crates/net/", "web/app/"];

/// Ids that are ordinary words, so that quoting them says nothing.
const ORDINARY: [&str; 1] = ["line"];

/// Checks the lists against one another, the folders and the pages, and the core for ids.
pub fn check(files: &[File]) -> Vec<Problem> {
    let text = |path: &str| files.iter().find(|file| file.path == path).map_or("", |file| file.text.as_str());
    let connectors = connectors(text(CONNECTORS));
    let simulated = simulated(text(SIMULATORS));
    let mut problems = Vec::new();
    for id in connectors.difference(&simulated) {
        problems.push(Problem::new(SIMULATORS, format!("has no line for the channel `{id}`: every vendor has its simulator")));
    }
    for id in simulated.difference(&connectors) {
        problems.push(Problem::new(CONNECTORS, format!("has no line for the simulated channel `{id}`")));
    }
    for id in &connectors {
        let needed =
            [format!("crates/channels/src/{id}/mod.rs"), format!("crates/simulators/src/{id}/mod.rs"), format!("docs/channels/{id}.md")];
        for path in needed.into_iter().filter(|path| !files.iter().any(|file| file.path == *path)) {
            problems
                .push(Problem::new(path, format!("is missing: the channel `{id}` is its two folders, its page and a line in each list")));
        }
    }
    let core = files.iter().filter(|file| CORE.iter().any(|folder| file.path.starts_with(folder)));
    for file in core {
        for id in connectors.iter().filter(|id| !ORDINARY.contains(id)) {
            let known = |line: &str| [format!("\"{id}\""), format!("'{id}'"), format!("`{id}`")].iter().any(|quoted| line.contains(quoted));
            if let Some(at) = file.text.lines().position(known) {
                let place = format!("{}:{}", file.path, at + 1);
                problems.push(Problem::new(place, format!("knows the channel `{id}`: declare what it needs as data of the connector")));
            }
        }
    }
    problems
}

/// The folders of the connectors that have a vendor: `folder::Type,` up to the first closing bracket of the list.
fn connectors(list: &str) -> BTreeSet<&str> {
    let Some((_, list)) = list.split_once("connectors! {\n") else { return BTreeSet::new() };
    let list = list.split_once(']').map_or(list, |(list, _)| list);
    list.lines().filter_map(|line| line.trim().split_once("::")).map(|(folder, _)| folder).collect()
}

/// The ids of the simulated channels: `channel: "id"`.
fn simulated(list: &str) -> BTreeSet<&str> {
    list.lines().filter_map(|line| line.split_once("channel: \"")?.1.split_once('"')).map(|(id, _)| id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File { path: path.into(), text: text.into() }
    }

    fn good() -> Vec<File> {
        vec![
            file(
                CONNECTORS,
                "connectors! {\n    [\n        pigeon::Pigeon,\n        line::Line,\n    ],\n    hosted [\n        web::Web,\n    ]\n}\n",
            ),
            file(SIMULATORS, "Kind { channel: \"pigeon\", title: \"P\" },\nKind { channel: \"line\", title: \"L\" },\n"),
            file("crates/channels/src/pigeon/mod.rs", ""),
            file("crates/simulators/src/pigeon/mod.rs", ""),
            file("docs/channels/pigeon.md", ""),
            file("crates/channels/src/line/mod.rs", ""),
            file("crates/simulators/src/line/mod.rs", ""),
            file("docs/channels/line.md", ""),
        ]
    }

    #[track_caller]
    fn broken(change: impl FnOnce(&mut Vec<File>), expected: &str) {
        let mut files = good();
        change(&mut files);
        let found = check(&files);
        assert!(found.len() == 1 && found[0].to_string().contains(expected), "{found:?}");
    }

    #[test]
    fn a_channel_is_its_folders_and_its_lines() {
        assert_eq!(check(&good()), []);
        broken(|files| files[1].text = "Kind { channel: \"line\" },\n".into(), "no line for the channel `pigeon`");
        broken(|files| files[1].text.push_str("Kind { channel: \"smoke\" },\n"), "no line for the simulated channel `smoke`");
        broken(|files| drop(files.remove(3)), "crates/simulators/src/pigeon/mod.rs: is missing");
        broken(|files| drop(files.remove(4)), "docs/channels/pigeon.md: is missing");
    }

    #[test]
    fn nothing_else_knows_its_id() {
        broken(|files| files.push(file("crates/store/src/a.rs", "if channel == \"pigeon\" {\n")), "crates/store/src/a.rs:1");
        broken(|files| files.push(file("web/app/pages/a.tsx", "const a = 1;\nconst icon = 'pigeon';\n")), "web/app/pages/a.tsx:2");
        let mut files = good();
        files.push(file("crates/app/src/a.rs", "let word = \"line\"; // a pigeon is only a word here\n"));
        files.push(file("crates/server/tests/it/a.rs", "\"pigeon\""));
        assert_eq!(check(&files), []);
    }
}
