//! Rules over the documents: the map names every room.

use super::{File, Problem};
use std::collections::BTreeSet;

/// Checks that `ARCHITECTURE.md` names every crate and every folder at the root.
pub fn check(files: &[File]) -> Vec<Problem> {
    let Some(map) = files.iter().find(|file| file.path == "ARCHITECTURE.md") else {
        return vec![Problem::new("ARCHITECTURE.md", "is missing: the map of every crate and folder")];
    };
    let mut rooms = BTreeSet::new();
    for file in files {
        let mut parts = file.path.split('/');
        match (parts.next(), parts.next(), parts.next()) {
            (Some("crates"), Some(name), Some(_)) => rooms.insert(format!("crates/{name}")),
            (Some(top), Some(_), _) if !top.starts_with('.') => rooms.insert(top.to_owned()),
            _ => false,
        };
    }
    rooms
        .into_iter()
        .filter(|room| !is_named(&map.text, room))
        .map(|room| Problem::new("ARCHITECTURE.md", format!("does not name `{room}/`")))
        .collect()
}

/// A room is named by its path or, in a drawn tree, by its last part with a slash.
fn is_named(text: &str, room: &str) -> bool {
    let last = room.rsplit('/').next().unwrap_or(room);
    text.contains(&format!("`{room}`"))
        || text
            .split(|c: char| !(c.is_alphanumeric() || "-_/.".contains(c)))
            .any(|word| word.trim_end_matches(['/', '.']) == room || word == format!("{last}/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File { path: path.into(), text: text.into() }
    }

    #[test]
    fn every_crate_and_top_folder_is_on_the_map() {
        let files = [
            file("ARCHITECTURE.md", "| `crates/domain` | pure rules |\n  app/   use cases\n| web/ | the workspace |"),
            file("crates/domain/src/lib.rs", ""),
            file("crates/app/src/lib.rs", ""),
            file("crates/bus/src/lib.rs", ""),
            file("web/package.json", ""),
            file(".ci/run", ""),
        ];
        let found = check(&files);
        let texts: Vec<_> = found.iter().map(|problem| problem.text.as_str()).collect();
        assert_eq!(texts, ["does not name `crates/bus/`"]);
    }

    #[test]
    fn a_missing_map_is_a_problem() {
        assert_eq!(check(&[]).len(), 1);
    }
}
