//! Sources: connected pages and numbers. Secrets come in and never go out again.

mod create;
mod list;
mod show;
mod templates;
mod update;

use crate::ask::Ask;
use crate::state::Api;
use antiphon_app::channel::Field;
use antiphon_domain as domain;
use antiphon_domain::source::HealthState;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The endpoints.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list::list_sources, create::create_source))
        .routes(routes!(show::show_source, update::update_source))
        .routes(routes!(templates::list_templates))
}

/// A connected page or number.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Source {
    /// `src_` and 16 hex digits.
    id: String,
    /// The channel's id.
    channel: String,
    name: String,
    /// Page id, phone number, bot user id …
    address: String,
    #[schema(required)]
    skill_id: Option<String>,
    #[schema(required)]
    app_id: Option<String>,
    enabled: bool,
    #[schema(required)]
    api_base_url: Option<String>,
    /// As the channel's `settings_schema` names them.
    settings: BTreeMap<String, String>,
    /// As the channel's `credentials_schema` names them; of secrets only whether they are set.
    credentials: BTreeMap<String, Credential>,
    health: SourceHealth,
    /// What to enter at the vendor.
    webhook_url: String,
    created_at: i64,
    updated_at: i64,
}

/// A credential's value or, for a secret, whether it is set.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Credential {
    /// Not secret.
    Open(String),
    /// Secret.
    Secret {
        /// Whether there is one.
        set: bool,
    },
}

/// How a source fares.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourceHealth {
    state: SourceState,
    /// A sentence with the remedy.
    #[schema(required)]
    message: Option<String>,
    /// UTC milliseconds.
    #[schema(required)]
    since: Option<i64>,
}

/// The classes of a source's health.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SourceState {
    Ok,
    NeedsReauthorisation,
    Failing,
    Unknown,
}

/// A source as the API shows it.
pub(crate) fn shown(ask: &Ask, source: &domain::Source) -> Source {
    let app = ask.app();
    let kind = app.channel(&source.channel).map(|channel| channel.describe());
    let text = |message: &str| Some(message.to_owned()).filter(|message| !message.is_empty());
    Source {
        id: source.id.to_string(),
        channel: source.channel.clone(),
        name: source.name.clone(),
        address: source.address.clone(),
        skill_id: source.skill.map(|skill| skill.to_string()),
        app_id: source.app.map(|app| app.to_string()),
        enabled: source.enabled,
        api_base_url: source.api_base_url.clone(),
        settings: source.settings.clone(),
        credentials: masked(kind.map_or(&[], |kind| kind.credentials), &source.credentials),
        health: SourceHealth {
            state: match source.health.state {
                HealthState::Unknown => SourceState::Unknown,
                HealthState::Ok => SourceState::Ok,
                HealthState::Failing => SourceState::Failing,
                HealthState::NeedsReauthorisation => SourceState::NeedsReauthorisation,
            },
            message: text(&source.health.message),
            since: (source.health.state != HealthState::Unknown).then_some(source.health.since.0),
        },
        webhook_url: format!("{}/webhooks/{}/{}", app.public_url(), source.channel, segment(&source.address)),
        created_at: source.created_at.0,
        updated_at: source.updated_at.0,
    }
}

/// Every declared field; a value that no field declares any more counts as secret.
pub(crate) fn masked(declared: &[Field], values: &BTreeMap<String, String>) -> BTreeMap<String, Credential> {
    let mut shown: BTreeMap<String, Credential> = BTreeMap::new();
    for field in declared.iter().filter(|field| field.secret) {
        shown.insert(field.name.to_owned(), Credential::Secret { set: values.contains_key(field.name) });
    }
    for (name, value) in values {
        let open = declared.iter().any(|field| field.name == name && !field.secret);
        shown.insert(name.clone(), if open { Credential::Open(value.clone()) } else { Credential::Secret { set: true } });
    }
    shown
}

/// A text as one segment of a path.
pub(crate) fn segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_only_say_that_they_are_set() {
        const FIELDS: [Field; 3] = [
            Field { name: "sid", label: "", secret: false, required: true, default: None, choices: &[], help: "" },
            Field { name: "token", label: "", secret: true, required: true, default: None, choices: &[], help: "" },
            Field { name: "other", label: "", secret: true, required: false, default: None, choices: &[], help: "" },
        ];
        let values = [("sid", "AC1"), ("token", "hush"), ("legacy", "hush")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        let text = serde_json::to_string(&masked(&FIELDS, &BTreeMap::from(values))).expect("plain values");
        assert_eq!(text, r#"{"legacy":{"set":true},"other":{"set":false},"sid":"AC1","token":{"set":true}}"#);
    }

    #[test]
    fn an_address_is_one_segment() {
        assert_eq!(segment("+1500/a b"), "%2B1500%2Fa%20b");
    }
}
