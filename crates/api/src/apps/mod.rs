//! Apps: outside programs on the Connector API. Each is implicitly a source.

mod create;
mod list;
mod remove;
mod rotate_secret;
mod show;
mod update;

use crate::sources::Credential;
use crate::state::Api;
use antiphon_app::ports::store::ConnectorApp;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The endpoints.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list::list_apps, create::create_app))
        .routes(routes!(show::show_app, update::update_app, remove::remove_app))
        .routes(routes!(rotate_secret::rotate_app_secret))
}

/// An outside program.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InstalledApp {
    /// Its client id.
    id: String,
    client_id: String,
    name: String,
    /// Only whether it is set.
    client_secret: Credential,
    /// Until when the secret before this one is accepted too.
    #[schema(required)]
    previous_secret_until: Option<i64>,
    #[schema(required)]
    skill_id: Option<String>,
    /// Everything else; the values of headers only say that they are set.
    settings: Map<String, Value>,
    enabled: bool,
    created_at: i64,
    updated_at: i64,
}

fn shown(app: &ConnectorApp) -> InstalledApp {
    let mut settings: Map<String, Value> = serde_json::from_str(&app.settings).unwrap_or_default();
    settings.values_mut().for_each(mask_headers);
    InstalledApp {
        id: app.client_id.clone(),
        client_id: app.client_id.clone(),
        name: app.name.clone(),
        client_secret: Credential::Secret { set: !app.client_secret.is_empty() },
        previous_secret_until: app.previous_secret.as_ref().map(|(_, until)| until.0),
        skill_id: app.skill.map(|skill| skill.to_string()),
        settings,
        enabled: app.enabled,
        created_at: app.created_at.0,
        updated_at: app.updated_at.0,
    }
}

/// Headers of webhooks carry keys.
fn mask_headers(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                if name == "header_value" {
                    *value = serde_json::json!({"set": true});
                } else {
                    mask_headers(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask_headers),
        _ => {}
    }
}

/// Puts the values of masked headers back from what is stored.
fn unmask(given: &mut Value, stored: &Value) {
    match given {
        Value::Object(members) => {
            for (name, value) in members {
                let before = stored.get(name.as_str()).unwrap_or(&Value::Null);
                if name == "header_value" && value.get("set").is_some() {
                    *value = before.clone();
                } else {
                    unmask(value, before);
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                let name = item.get("header_name").cloned();
                let same = |other: &&Value| name.is_some() && other.get("header_name") == name.as_ref();
                let before = stored.as_array().and_then(|before| before.iter().find(same)).unwrap_or(&Value::Null);
                unmask(item, before);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn header_values_go_out_masked_and_come_back_whole() {
        let stored = json!({"webhooks": {"x": {"endpoint": "https://e", "headers": [{"header_name": "Key", "header_value": "hush"}]}}});
        let mut shown = stored.clone();
        mask_headers(&mut shown);
        assert!(!shown.to_string().contains("hush"));
        unmask(&mut shown, &stored);
        assert_eq!(shown, stored);
    }
}
