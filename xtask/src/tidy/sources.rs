//! Rules over single source files: heads, sizes, unfinished work, and vendors' names where the core must not know them.
//!
//! It reads text, not syntax: a rule that needs a parser belongs into a lint instead.

use super::{File, Problem};

/// A file above this many bytes has a second room in it.
const MOST_BYTES: usize = 40_000;

/// Marks of unfinished or silenced work. Each is cut in two here, so that this file does not break its own rule.
const UNFINISHED: [(&str, &str); 6] = [
    (concat!("to", "do!("), "finish it, or open an issue and leave it out"),
    (concat!("unimpl", "emented!("), "finish it, or make the case impossible"),
    (concat!("db", "g!("), "remove the debug print"),
    (concat!("#[ig", "nore"), "a test that does not run proves nothing: mend or remove it"),
    (concat!("allow(dead", "_code)"), "remove what nobody uses"),
    (concat!("expect(dead", "_code)"), "remove what nobody uses"),
];

/// The same for TypeScript.
const UNFINISHED_WEB: [(&str, &str); 5] = [
    (concat!("@ts-", "ignore"), "give it its type"),
    (concat!("@ts-no", "check"), "give it its types"),
    (concat!("it.on", "ly("), "run all tests"),
    (concat!("test.on", "ly("), "run all tests"),
    (concat!("test.sk", "ip("), "a test that does not run proves nothing: mend or remove it"),
];

/// Vendors and their products, in lower case. Matched inside words.
const VENDORS: [&str; 10] =
    ["twilio", "facebook", "whatsapp", "instagram", "telegram", "viber", "apple_messages", "google_business", "cm_sms", "line_messaging"];

/// Matched with this very case: in lower case they are ordinary words.
const VENDORS_BY_CASE: [&str; 2] = ["Messenger", "Viber"];

/// Where no vendor may be named (rule 5 of the dependency rules).
const CORE: [&str; 5] = ["crates/domain/", "crates/content/", "crates/app/", "crates/api/", "web/app/"];

/// Words that belong to some places only: the word, where it may stand, and why.
const BELONGS: [(&str, &[&str], &str); 4] = [
    (
        "\".ams.",
        &["crates/api/src/compat/", "crates/api/tests/", "crates/testkit/"],
        "the published protocol's names live in api/compat only",
    ),
    ("std::fs", &["crates/server/", "crates/store/", "crates/simulators/"], "only the server and the store touch files"),
    ("tokio::fs", &["crates/server/", "crates/store/", "crates/simulators/"], "only the server and the store touch files"),
    (
        "async fn",
        &[
            "crates/app/",
            "crates/channels/",
            "crates/store/",
            "crates/bus/",
            "crates/net/",
            "crates/api/",
            "crates/simulators/",
            "crates/server/",
            "crates/testkit/",
        ],
        "domain and content are pure: no async",
    ),
];

/// Checks one file against every rule that applies to its kind and place.
pub fn check(file: &File) -> Vec<Problem> {
    let mut problems = Vec::new();
    let path = file.path.as_str();
    let rust = path.ends_with(".rs");
    let web = [".ts", ".tsx", ".mjs", ".css"].iter().any(|end| path.ends_with(end));
    if !rust && !web {
        return problems;
    }
    let generated = is_generated(file);
    if rust && !file.text.trim_start_matches('\u{feff}').starts_with("//!") {
        problems.push(Problem::new(path, "begins without a `//!` head: say what the file is and what it must never do"));
    }
    if file.text.len() > MOST_BYTES && !generated {
        problems.push(Problem::new(path, format!("has {} bytes, {MOST_BYTES} is the most: find the second room in it", file.text.len())));
    }
    let marks = if rust { &UNFINISHED[..] } else { &UNFINISHED_WEB[..] };
    for (at, line) in file.text.lines().enumerate() {
        for (mark, remedy) in marks {
            if line.contains(mark) {
                problems.push(Problem::new(format!("{path}:{}", at + 1), format!("`{}`: {remedy}", mark.trim_end_matches('('))));
            }
        }
    }
    if rust && path.starts_with("crates/") && !is_test_or_build(path) {
        for (word, _, why) in BELONGS.iter().filter(|(_, places, _)| !places.iter().any(|place| path.starts_with(place))) {
            if let Some(at) = file.text.lines().position(|line| line.contains(word) && !line.trim_start().starts_with("//")) {
                problems.push(Problem::new(format!("{path}:{}", at + 1), format!("`{}`: {why}", word.trim_matches('"'))));
            }
        }
    }
    if !generated && names_no_vendor(path) {
        for (at, line) in file.text.lines().enumerate() {
            if let Some(vendor) = vendor_in(line) {
                problems.push(Problem::new(
                    format!("{path}:{}", at + 1),
                    format!("names a vendor (`{vendor}`): the core knows capabilities and ids, only channels and simulators know vendors"),
                ));
            }
        }
    }
    problems
}

/// Generated files say so in their first lines.
fn is_generated(file: &File) -> bool {
    let head: String = file.text.lines().take(5).collect::<Vec<_>>().join("\n").to_lowercase();
    file.path.contains("/generated") || head.contains("generated") && (head.contains("do not") || head.contains("auto-generated"))
}

/// Test files and build scripts run before or beside the product, not in it.
fn is_test_or_build(path: &str) -> bool {
    path.ends_with("/build.rs") || path.ends_with("/tests.rs") || path.contains("/tests/")
}

fn names_no_vendor(path: &str) -> bool {
    CORE.iter().any(|folder| path.starts_with(folder)) && !(path.starts_with("web/app/") && path.contains("settings"))
}

fn vendor_in(line: &str) -> Option<&'static str> {
    let lower = line.to_lowercase();
    VENDORS
        .iter()
        .find(|vendor| lower.contains(**vendor))
        .or_else(|| VENDORS_BY_CASE.iter().find(|vendor| line.contains(**vendor)))
        .copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_one(path: &str, text: &str, expected: &str) {
        let found = check(&File { path: path.into(), text: text.into() });
        match expected {
            "" => assert_eq!(found, []),
            _ => assert!(found.len() == 1 && found[0].text.contains(expected), "{found:?}"),
        }
    }

    #[test]
    fn every_rust_file_has_a_head() {
        check_one("crates/app/src/lib.rs", "use std::fmt;\n", "without a `//!` head");
        check_one("crates/app/src/lib.rs", "//! The use cases.\n", "");
    }

    #[test]
    fn no_file_is_too_large() {
        let large = format!("//! Head.\n{}", "// x\n".repeat(8_000));
        check_one("crates/app/src/lib.rs", &large, "second room");
        check_one("web/app/ui/list.tsx", &"// x\n".repeat(8_001), "second room");
        check_one("web/app/api/generated/types.ts", &"// x\n".repeat(8_001), "");
        check_one("web/app/api/types.ts", &format!("// Auto-generated from the API.\n{}", "// x\n".repeat(8_001)), "");
    }

    #[test]
    fn nothing_is_left_unfinished() {
        for (mark, _) in UNFINISHED {
            check_one("crates/store/src/lib.rs", &format!("//! Head.\n    {mark}\n"), mark.trim_end_matches('('));
        }
        for (mark, _) in UNFINISHED_WEB {
            check_one("web/app/ui/list.tsx", &format!("  {mark}\n"), mark.trim_end_matches('('));
        }
    }

    #[test]
    fn words_stand_where_they_belong() {
        check_one("crates/app/src/a.rs", "//! Head.\nconst NAME: &str = \".ams.cm.Close\";\n", "api/compat only");
        check_one("crates/api/src/compat/a.rs", "//! Head.\nconst NAME: &str = \".ams.cm.Close\";\n", "");
        check_one("crates/app/src/a.rs", "//! Head.\nuse std::fs;\n", "touch files");
        check_one("crates/app/src/tests.rs", "//! Head.\nuse std::fs;\n", "");
        check_one("crates/domain/src/a.rs", "//! Head.\npub async fn wait() {}\n", "are pure");
        check_one("crates/app/src/a.rs", "//! Head.\npub async fn wait() {}\n// as std::fs does\n", "");
    }

    #[test]
    fn the_core_names_no_vendor() {
        check_one("crates/domain/src/lib.rs", "//! As Twilio does.\n", "names a vendor (`twilio`)");
        check_one("crates/api/src/a.rs", "//! Head.\n// The Messenger page.\n", "names a vendor (`Messenger`)");
        check_one("web/app/pages/inbox.tsx", "const icon = 'facebook_messenger'", "names a vendor (`facebook`)");
        check_one("web/app/pages/settings/source.tsx", "const icon = 'facebook_messenger'", "");
        check_one("crates/channels/src/twilio_sms/mod.rs", "//! Twilio.\n", "");
        check_one("crates/app/src/a.rs", "//! Not the messenger is shot.\n", "");
    }
}
