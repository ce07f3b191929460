//! The bootstrap file and the admin API say the same: every member of the one has its member of the other, and
//! `docs/reference/bootstrap.md` is made from that list. A member that is new on either side fails here until it has both faces.

use super::read;
use antiphon_app::administration::SETTING_BOUNDS;
use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;

/// A file with every section, and in each a member that is none: the reader then says which there are.
const PROBE: &str = "x = 1\n[[channel_app]]\nx = 1\n[[account]]\nx = 1\n[account.settings]\nx = 1\n[[account.skill]]\nx = 1\n[[account.profile]]\nx = 1\n\
    [[account.user]]\nx = 1\n[[account.user.api_key]]\nx = 1\n[[account.channel_app]]\nx = 1\n[[account.source]]\nx = 1\n[[account.app]]\nx = 1\n\
    [[account.identity_provider]]\nx = 1\n[[account.api_key]]\nx = 1\n";

/// The sections, what the file calls and what the API: the schemas of making and of changing one.
const SECTIONS: [(&str, &[&str]); 11] = [
    ("account", &["SettingsChanges"]),
    ("account.settings", &["SettingsChanges"]),
    ("account.skill", &["NewSkill", "SkillChanges"]),
    ("account.profile", &["NewProfile", "ProfileChanges"]),
    ("account.user", &["NewUser", "UserChanges"]),
    ("account.user.api_key", &["GivenKey"]),
    ("account.channel_app", &["NewChannelApp", "ChannelAppChanges"]),
    ("account.source", &["NewSource", "SourceChanges"]),
    ("account.app", &["NewApp", "AppChanges"]),
    ("account.identity_provider", &["NewIdentityProvider", "IdentityProviderChanges"]),
    ("account.api_key", &["NewApiKey", "ApiKeyChanges"]),
];

/// Members that the API calls otherwise.
const OTHERWISE: [(&str, &str); 22] = [
    // Names where the API has ids.
    ("account.default_skill", "default_skill_id"),
    ("account.user.skills", "skill_ids"),
    ("account.source.skill", "skill_id"),
    ("account.source.app", "app_id"),
    ("account.app.skill", "skill_id"),
    ("account.api_key.user", "user_id"),
    // A section where the API has a member.
    ("account.user.api_key", "api_keys"),
    // Other places of the same secret.
    ("account.user.password_file", "password"),
    ("account.user.password_env", "password"),
    // What an app says of itself.
    ("account.app.scope", "settings"),
    ("account.app.retention_time_s", "settings"),
    ("account.app.display_name", "settings"),
    ("account.app.description", "settings"),
    ("account.app.logo_uri", "settings"),
    ("account.app.entry_uri", "settings"),
    ("account.app.grant_types", "settings"),
    ("account.app.redirect_uris", "settings"),
    ("account.app.response_types", "settings"),
    ("account.app.quick_launch_enabled", "settings"),
    ("account.app.capabilities", "settings"),
    ("account.app.signature", "settings"),
    ("account.app.webhooks", "settings"),
];

/// What only the file says, and why.
const FILE_ONLY: [(&str, &str); 4] = [
    ("account.id", "stands in the path"),
    ("account.api_key.secret", "the API makes the secret and shows it once"),
    ("account.api_key.secret_file", "the same secret, in a file"),
    ("account.api_key.secret_env", "the same secret, in the environment"),
];

/// What only the API says, and why.
const API_ONLY: [(&str, &str); 1] = [("AppChanges.keep_secret_s", "how a secret is replaced, which is an act and no setting")];

/// The members of each section, as the reader itself names them.
fn members() -> Vec<(String, Vec<String>)> {
    let (_, problems, _) = read("probe.toml", PROBE, &antiphon_channels::list::all());
    let known = |problem: &crate::document::Problem| {
        let section = problem.key.strip_suffix('x')?.trim_end_matches('.').to_owned();
        let names = problem.what.strip_prefix("there is no such key; known here: ")?;
        Some((section, names.split(", ").map(str::to_owned).collect()))
    };
    problems.0.iter().filter_map(known).collect()
}

fn is_section(name: &str) -> bool {
    SECTIONS.iter().any(|(known, _)| *known == name)
}

/// The API's name of a member; `None`: only the file has it.
fn api_name(section: &str, member: &str) -> Option<String> {
    let whole = format!("{section}.{member}");
    if FILE_ONLY.iter().any(|(name, _)| *name == whole) {
        return None;
    }
    let other = OTHERWISE.iter().find(|(name, _)| *name == whole).map(|(_, other)| (*other).to_owned());
    Some(other.unwrap_or_else(|| member.to_owned()))
}

fn schemas() -> Value {
    let document: Value = antiphon_api::openapi_document().parse().expect("JSON");
    document["components"]["schemas"].clone()
}

/// A section, its schemas, and its members with their names in the API.
type Faces = (&'static str, &'static [&'static str], Vec<(String, Option<String>)>);

/// The members of each section with their names in the API. Sections within one are no members, but for those that the API has as one.
fn faces() -> Vec<Faces> {
    let members = members();
    let of = |section: &str| members.iter().find(|(known, _)| known == section).map(|(_, names)| names.clone());
    let mut faces = Vec::new();
    for (section, shown) in SECTIONS {
        let names = of(section).unwrap_or_else(|| panic!("the reader knows no section {section}"));
        let own = names.into_iter().filter(|name| {
            let whole = format!("{section}.{name}");
            !is_section(&whole) || OTHERWISE.iter().any(|(other, _)| *other == whole)
        });
        faces.push((section, shown, own.map(|name| (name.clone(), api_name(section, &name))).collect()));
    }
    faces
}

#[test]
fn everything_that_the_file_says_the_api_says_too() {
    let sections: Vec<String> = members().into_iter().map(|(section, _)| section).filter(|name| name.starts_with("account")).collect();
    let unknown: Vec<&String> = sections.iter().filter(|name| !is_section(name)).collect();
    assert!(unknown.is_empty() && sections.len() == SECTIONS.len(), "give each section its schemas: {unknown:?}");
    let schemas = schemas();
    for (section, shown, members) in faces() {
        for (member, name) in members {
            let Some(name) = name else { continue };
            let found = shown.iter().any(|schema| schemas[*schema]["properties"].get(&name).is_some());
            assert!(found, "{section}.{member} is no member `{name}` of {shown:?}: let the admin API say it, or name it in OTHERWISE");
        }
    }
}

#[test]
fn everything_that_the_api_says_the_file_says_too() {
    let schemas = schemas();
    let faces = faces();
    for (_, shown, _) in &faces {
        for schema in *shown {
            let said: Vec<&String> = faces
                .iter()
                .filter(|(_, other, _)| other.contains(schema))
                .flat_map(|(.., members)| members.iter().filter_map(|(_, name)| name.as_ref()))
                .collect();
            let properties = schemas[*schema]["properties"].as_object().unwrap_or_else(|| panic!("there is no schema {schema}"));
            for name in properties.keys() {
                let exempt = API_ONLY.iter().any(|(known, _)| *known == format!("{schema}.{name}"));
                assert!(exempt || said.contains(&name), "the bootstrap file can't say {schema}.{name}: let it, or say in API_ONLY why not");
            }
        }
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "whoever runs the test asks for a rewrite through the environment")]
fn the_reference_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/bootstrap.md");
    let page = page();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &page).expect("the reference is written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == page,
        "docs/reference/bootstrap.md is stale: run `UPDATE=1 cargo test -p antiphon-server --lib faces` and commit it"
    );
}

/// The schema that shows an object: it says best what a member is.
fn shown_as(section: &str) -> &'static str {
    match section {
        "account" | "account.settings" => "Settings",
        "account.skill" => "Skill",
        "account.profile" => "Profile",
        "account.user" => "User",
        "account.user.api_key" => "ShownKey",
        "account.channel_app" => "ChannelApp",
        "account.source" => "Source",
        "account.app" => "InstalledApp",
        "account.identity_provider" => "IdentityProvider",
        _ => "ApiKey",
    }
}

const HEAD: &str = "# Bootstrap file\n
<!-- Made by `UPDATE=1 cargo test -p antiphon-server --lib faces`. Do not edit by hand. -->\n
What an installation shall have, as TOML, applied at every start (`--bootstrap FILE`); `antiphon check --bootstrap FILE` names every problem with its line. It creates and updates, and never
deletes. Objects are found by their natural key. A value is applied again only when it changed in the file: what was changed by hand survives a restart.\n
Everything here can be said over the admin API too, under the names in the second column; bounds and checks are the same. `credentials`, and the `settings` of a source, are those of the channel
([docs/channels](../channels)); what an app is set to is told in [connector_api](../channels/connector_api.md) and [identity](identity.md).\n";

fn page() -> String {
    let schemas = schemas();
    let mut page = HEAD.to_owned();
    for (section, shown, members) in faces() {
        let head = if section == "account.settings" { format!("[{section}]") } else { format!("[[{section}]]") };
        let _ = write!(page, "\n## `{head}`\n\n| Member | Admin API | What |\n|---|---|---|\n");
        for (member, name) in members {
            let only = FILE_ONLY.iter().find(|(known, _)| *known == format!("{section}.{member}")).map(|(_, why)| *why);
            let of = |schema: &str, name: &String| schemas[schema]["properties"][name]["description"].as_str().map(str::to_owned);
            let places = || std::iter::once(shown_as(section)).chain(shown.iter().copied());
            let described = |name: &String| places().find_map(|schema| of(schema, name));
            // A part of the settings is not what the whole is.
            let named = name.as_ref().filter(|name| *name != "settings" || member == "settings");
            let mut what = only.map(str::to_owned).or_else(|| named.and_then(described)).unwrap_or_default();
            if let Some((_, least, most)) = SETTING_BOUNDS.iter().find(|(known, ..)| section == "account.settings" && *known == member) {
                let _ = write!(what, " {least} to {most}.");
            }
            let api = name.as_ref().map_or_else(|| "–".to_owned(), |name| format!("`{name}`"));
            let _ = writeln!(page, "| `{member}` | {api} | {} |", what.trim().replace('\n', " "));
        }
    }
    page
}
