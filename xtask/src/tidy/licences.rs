//! Licences of everything we link or ship, and lock files that name no host but the default one.
//!
//! The policy: permissive licences only. It must never be widened silently; a new name here needs its reason in the commit.

use super::{File, Problem};
use serde_json::Value;

/// Licences under which a dependency may be used.
const PERMISSIVE: [&str; 13] = [
    "MIT",
    "MIT-0",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "0BSD",
    "CC0-1.0",
    "Unlicense",
    "Unicode-3.0",
    "CDLA-Permissive-2.0",
];

/// The only source that `Cargo.lock` may name.
const DEFAULT_INDEX: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Checks the licence of every package that cargo has locked.
pub fn check_crates(metadata: &Value) -> Vec<Problem> {
    let packages = metadata["packages"].as_array().map_or(&[][..], Vec::as_slice);
    packages
        .iter()
        .filter_map(|package| {
            let licence = package["license"].as_str().unwrap_or("");
            let name = package["name"].as_str().unwrap_or("?");
            (!is_permissive(licence))
                .then(|| Problem::new("Cargo.lock", format!("`{name}` is under `{licence}`: only permissive licences may be linked")))
        })
        .collect()
}

/// Checks the lock files' hosts, and the licences of what the web workspace ships.
pub fn check_lock_files(files: &[File]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for file in files {
        if file.path.ends_with("Cargo.lock") {
            for line in file.text.lines().filter(|line| line.starts_with("source = ")) {
                if line.trim_start_matches("source = ").trim_matches('"') != DEFAULT_INDEX {
                    problems.push(Problem::new(&file.path, format!("names another source than the default index: {line}")));
                }
            }
        }
        if file.path.ends_with("package-lock.json") {
            if file.text.contains("\"resolved\"")
                && file.text.contains("://")
                && file.text.lines().any(|line| line.contains("\"resolved\"") && line.contains("://"))
            {
                problems.push(Problem::new(
                    &file.path,
                    "carries addresses of packages: set `omit-lockfile-registry-resolved=true` in .npmrc and lock again",
                ));
            }
            problems.extend(check_npm(file));
        }
    }
    problems
}

fn check_npm(file: &File) -> Vec<Problem> {
    let Ok(lock) = serde_json::from_str::<Value>(&file.text) else {
        return vec![Problem::new(&file.path, "is no JSON")];
    };
    // Only the web workspace is shipped; the packages of the browser tests are tools.
    if !file.path.starts_with("web/") {
        return Vec::new();
    }
    let packages = lock["packages"].as_object().into_iter().flatten();
    packages
        .filter(|(name, package)| !name.is_empty() && package["dev"] != true && package["devOptional"] != true)
        .filter(|(_, package)| !is_permissive(package["license"].as_str().unwrap_or("")))
        .map(|(name, package)| {
            Problem::new(
                &file.path,
                format!("`{name}` is under `{}`: only permissive licences may be shipped", package["license"].as_str().unwrap_or("")),
            )
        })
        .collect()
}

/// Whether an SPDX expression can be met with permissive licences: `OR` offers, `AND` demands. `/` is an old spelling of `OR`.
fn is_permissive(expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    !words.is_empty() && either(&words, &mut at) && at == words.len()
}

fn either(words: &[&str], at: &mut usize) -> bool {
    let mut good = both(words, at);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        good |= both(words, at);
    }
    good
}

fn both(words: &[&str], at: &mut usize) -> bool {
    let mut good = one(words, at);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        good &= one(words, at);
    }
    good
}

fn one(words: &[&str], at: &mut usize) -> bool {
    let Some(word) = words.get(*at) else { return false };
    *at += 1;
    if *word == "(" {
        let good = either(words, at);
        *at += 1;
        return good;
    }
    let mut name = (*word).to_owned();
    if words.get(*at) == Some(&"WITH") {
        name = format!("{name} WITH {}", words.get(*at + 1).unwrap_or(&""));
        *at += 2;
    }
    PERMISSIVE.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(expression: &str, permissive: bool) {
        assert_eq!(is_permissive(expression), permissive, "{expression}");
    }

    #[test]
    fn expressions_are_read_as_spdx_means_them() {
        check("MIT OR Apache-2.0", true);
        check("MIT/Apache-2.0", true);
        check("GPL-3.0 OR MIT", true);
        check("GPL-3.0", false);
        check("MIT AND GPL-3.0", false);
        check("(MIT OR GPL-2.0) AND ISC", true);
        check("ISC AND (Apache-2.0 OR ISC) AND (AGPL-3.0)", false);
        check("Apache-2.0 WITH LLVM-exception OR MPL-2.0", true);
        check("", false);
    }

    #[test]
    fn a_copyleft_crate_is_named() {
        let metadata = json!({"packages": [{"name": "good", "license": "MIT"}, {"name": "bad", "license": "AGPL-3.0"}, {"name": "none", "license": null}]});
        let found = check_crates(&metadata);
        assert!(found.len() == 2 && found[0].text.contains("`bad`") && found[1].text.contains("`none`"), "{found:?}");
    }

    #[test]
    fn a_shipped_copyleft_package_is_named_and_a_tool_is_not() {
        let lock = json!({"packages": {"": {}, "node_modules/bad": {"license": "GPL-3.0"}, "node_modules/tool": {"license": "MPL-2.0", "dev": true}}});
        let file = File { path: "web/package-lock.json".into(), text: lock.to_string() };
        assert_eq!(check_lock_files(&[file]).len(), 1);
    }

    #[test]
    fn lock_files_name_no_other_host() {
        let cargo = File { path: "Cargo.lock".into(), text: "source = \"registry+https://mirror.example/index\"\n".into() };
        assert_eq!(check_lock_files(&[cargo]).len(), 1);
        let good = File { path: "Cargo.lock".into(), text: format!("source = \"{DEFAULT_INDEX}\"\n") };
        assert_eq!(check_lock_files(&[good]), []);
        let npm = File { path: "e2e/package-lock.json".into(), text: "{\n\"resolved\": \"https://mirror.example/x.tgz\"\n}".into() };
        assert_eq!(check_lock_files(&[npm]).len(), 1);
    }
}
