//! Dependency direction: which crate may see which, and which outside libraries belong to which layer.
//!
//! The table below is the rule; `ARCHITECTURE.md` tells it in words. A new edge is a decision: argue it in the commit that adds it here.

use super::{File, Problem};
use toml::{Table, Value};

/// What each of our crates may depend on. A crate that is not listed may depend on none of ours.
const EDGES: [(&str, &[&str]); 11] = [
    ("domain", &[]),
    ("content", &["domain"]),
    ("app", &["domain", "content"]),
    ("channels", &["domain", "content", "app"]),
    ("store", &["domain", "content", "app"]),
    ("bus", &["domain", "app"]),
    ("net", &["domain", "app"]),
    ("api", &["domain", "content", "app"]),
    ("simulators", &[]),
    ("testkit", &["domain", "content", "app", "channels", "store", "bus", "net", "api", "simulators"]),
    ("server", &["domain", "content", "app", "channels", "store", "bus", "net", "api", "simulators"]),
];

/// Outside libraries that only some crates may use (tests aside), and why.
const LIBRARIES: [(&str, &[&str], &str); 10] = [
    ("anyhow", &["server", "xtask", "bench", "examples"], "name the errors with thiserror"),
    ("rusqlite", &["store", "bench"], "only the store knows SQL"),
    ("refinery", &["store"], "only the store has migrations"),
    ("reqwest", &["net", "simulators", "bench", "examples"], "outbound HTTP goes through the Net port"),
    ("axum", &["api", "simulators", "server", "testkit", "bench", "examples"], "only the outer crates speak HTTP"),
    ("object_store", &["store"], "files lie behind the Blobs port"),
    ("hyper", &["server", "simulators", "bench"], "only the outer crates speak HTTP"),
    ("rand", &["server", "simulators"], "randomness is handed in"),
    ("clap", &["server", "bench"], "only binaries read the command line"),
    ("tracing-subscriber", &["server"], "only the server decides where logs go"),
];

/// Checks every manifest below `crates/`, `xtask`, `bench` and `examples`.
pub fn check(files: &[File]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for file in files {
        let Some(folder) = file.path.strip_suffix("/Cargo.toml") else { continue };
        let name = folder.rsplit('/').next().unwrap_or(folder);
        match file.text.parse::<Table>() {
            Ok(manifest) => problems.extend(check_manifest(&file.path, name, &manifest)),
            Err(error) => problems.push(Problem::new(&file.path, format!("is no TOML: {error}"))),
        }
    }
    problems
}

fn check_manifest(path: &str, name: &str, manifest: &Table) -> Vec<Problem> {
    let mut problems = Vec::new();
    let allowed = EDGES.iter().find(|(from, _)| *from == name).map_or(&[][..], |(_, to)| *to);
    for dependency in names(manifest, "dependencies").chain(names(manifest, "build-dependencies")) {
        if let Some(ours) = dependency.strip_prefix("antiphon-") {
            if !allowed.contains(&ours) {
                problems.push(Problem::new(path, edge(name, ours)));
            }
        } else if name == "domain" {
            problems
                .push(Problem::new(path, format!("the domain has no dependencies (no serde, no async, no I/O): remove `{dependency}`")));
        } else if name == "content" && matches!(dependency, "tokio" | "futures-util" | "tracing") {
            problems.push(Problem::new(path, format!("content is pure: remove `{dependency}`")));
        } else if let Some((_, users, why)) = LIBRARIES.iter().find(|(library, ..)| *library == dependency)
            && !users.contains(&name)
        {
            problems.push(Problem::new(path, format!("`{dependency}` belongs to {}: {why}", users.join(", "))));
        }
    }
    for dependency in names(manifest, "dev-dependencies") {
        if dependency == "antiphon-server" || (name == "simulators" && dependency.starts_with("antiphon-")) {
            problems.push(Problem::new(path, edge(name, dependency.trim_start_matches("antiphon-"))));
        }
    }
    problems
}

fn edge(from: &str, to: &str) -> String {
    let hint = match (from, to) {
        (_, "server") => "nothing imports the server",
        ("simulators", _) => "simulators know the vendors' wire, never our code",
        (_, "testkit") => "the test kit is a dev-dependency",
        _ => "adapters never import one another, and the core knows no adapter",
    };
    format!("`{from}` may not depend on `{to}`: {hint}")
}

/// The dependencies' names in one section, also inside `target.*` tables.
fn names<'a>(manifest: &'a Table, section: &'a str) -> impl Iterator<Item = &'a str> {
    let targets =
        manifest.get("target").and_then(Value::as_table).into_iter().flat_map(|targets| targets.values()).filter_map(Value::as_table);
    std::iter::once(manifest)
        .chain(targets)
        .filter_map(move |table| table.get(section).and_then(Value::as_table))
        .flat_map(|table| table.keys().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks the manifest of one crate; `expected` is a part of the one problem, empty for none.
    #[track_caller]
    fn check_one(folder: &str, text: &str, expected: &str) {
        let found = check(&[File { path: format!("{folder}/Cargo.toml"), text: text.into() }]);
        match expected {
            "" => assert_eq!(found, []),
            _ => assert!(found.len() == 1 && found[0].text.contains(expected), "{found:?}"),
        }
    }

    #[test]
    fn adapters_never_import_one_another() {
        check_one("crates/api", "[dependencies]\nantiphon-store.workspace = true", "adapters never import");
        check_one("crates/channels", "[dependencies]\nantiphon-net.workspace = true", "adapters never import");
        check_one("crates/store", "[dependencies]\nantiphon-app.workspace = true", "");
    }

    #[test]
    fn the_core_knows_no_adapter() {
        check_one("crates/app", "[dependencies]\nantiphon-store.workspace = true", "the core knows no adapter");
        check_one("crates/domain", "[dependencies]\nantiphon-app.workspace = true", "the core knows no adapter");
    }

    #[test]
    fn the_domain_has_no_dependencies() {
        check_one("crates/domain", "[dependencies]\nserde.workspace = true", "remove `serde`");
        check_one("crates/domain", "[target.'cfg(unix)'.dependencies]\ntokio = \"1\"", "remove `tokio`");
        check_one("crates/domain", "[dev-dependencies]\nproptest.workspace = true", "");
        check_one("crates/content", "[dependencies]\ntokio.workspace = true", "content is pure");
    }

    #[test]
    fn simulators_know_no_code_of_ours() {
        check_one("crates/simulators", "[dependencies]\nantiphon-channels.workspace = true", "vendors' wire");
        check_one("crates/simulators", "[dev-dependencies]\nantiphon-channels.workspace = true", "vendors' wire");
    }

    #[test]
    fn nothing_imports_the_server_or_ships_the_test_kit() {
        check_one("bench", "[dependencies]\nantiphon-server.workspace = true", "nothing imports the server");
        check_one("crates/api", "[dev-dependencies]\nantiphon-server.workspace = true", "nothing imports the server");
        check_one("crates/api", "[dependencies]\nantiphon-testkit.workspace = true", "dev-dependency");
        check_one("crates/api", "[dev-dependencies]\nantiphon-testkit.workspace = true", "");
    }

    #[test]
    fn libraries_stay_in_their_layer() {
        check_one("crates/app", "[dependencies]\nanyhow.workspace = true", "thiserror");
        check_one("crates/app", "[dev-dependencies]\nanyhow.workspace = true", "");
        check_one("crates/channels", "[dependencies]\nreqwest.workspace = true", "Net port");
        check_one("crates/server", "[dependencies]\nanyhow.workspace = true", "");
    }
}
