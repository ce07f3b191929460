//! The installation object of the wire, and the way back to an app.
//!
//! Whatever the manifest says is kept and given back; what the server makes (ids, secret, times) is never taken from it.

use antiphon_app::administration::ConnectorAppInput;
use antiphon_app::connector_app::SettingsProblem;
use antiphon_app::ports::store::ConnectorApp;
use serde_json::{Map, Value, json};

/// Members that have a place of their own, or that only the server makes.
const OWN: [&str; 8] =
    ["id", "client_id", "client_secret", "client_name", "client_id_issued_at", "client_secret_expires_at", "enabled", "deleted"];
/// Our own settings that no manifest knows: they stay as they are.
const OURS: [&str; 1] = ["signature"];

/// An app as the wire has it.
pub(super) fn of(app: &ConnectorApp) -> Value {
    let mut object: Map<String, Value> = serde_json::from_str(&app.settings).unwrap_or_default();
    for name in OURS {
        object.remove(name);
    }
    let webhooks = object.remove("webhooks");
    let retention = object.remove("retention_time_s");
    let capabilities = object.entry("capabilities").or_insert_with(|| json!({}));
    if !capabilities.is_object() {
        *capabilities = json!({});
    }
    if let Some(webhooks) = webhooks.filter(Value::is_object) {
        merge(&mut capabilities["webhooks"], webhooks);
    }
    if let Some(retention) = retention.filter(|seconds| seconds.as_i64().is_some_and(|seconds| seconds > 0)) {
        merge(&mut capabilities["webhooks"], json!({"retry": {"retention_time": retention}}));
    }
    let defaults = json!({
        "display_name": "",
        "description": "",
        "grant_types": ["client_credentials"],
        "redirect_uris": [],
        "response_types": [],
        "scope": "msg.consumer",
        "logo_uri": "",
        "quick_launch_enabled": false,
        "entry_uri": "",
    });
    if let Value::Object(defaults) = defaults {
        for (name, value) in defaults {
            object.entry(name).or_insert(value);
        }
    }
    let made = json!({
        "id": app.client_id,
        "client_id": app.client_id,
        "client_name": app.name,
        "client_secret": app.client_secret,
        "client_id_issued_at": app.created_at.0.div_euclid(1000),
        "client_secret_expires_at": 0,
        "enabled": app.enabled,
        "deleted": app.removed,
    });
    if let Value::Object(made) = made {
        object.extend(made);
    }
    Value::Object(object)
}

/// Puts the members of an object into another one.
fn merge(into: &mut Value, from: Value) {
    if !into.is_object() {
        *into = json!({});
    }
    if let (Some(into), Value::Object(from)) = (into.as_object_mut(), from) {
        into.extend(from);
    }
}

/// A manifest that somebody sends.
pub(super) struct Given(Map<String, Value>);

impl Given {
    /// A manifest that is a JSON object.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok().map(Self)
    }

    /// A text of it that is not empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// The app that it describes; `before` is the one that it takes the place of.
    pub(super) fn input(self, client_id: Option<String>, before: Option<&ConnectorApp>) -> Result<ConnectorAppInput, SettingsProblem> {
        let problem = |field: &str, message: &str| SettingsProblem { field: field.to_owned(), message: message.to_owned() };
        let name = match self.0.get("client_name") {
            Some(Value::String(name)) if !name.trim().is_empty() => name.clone(),
            _ => return Err(problem("client_name", "is missing: give the app's name, which agents see")),
        };
        let enabled = match self.0.get("enabled") {
            None | Some(Value::Null) => before.is_none_or(|before| before.enabled),
            Some(Value::Bool(enabled)) => *enabled,
            Some(_) => return Err(problem("enabled", "must be true or false")),
        };
        // A new app may bring the secret that its program knows already; nothing replaces the secret of one that is there.
        let secret = self.text("client_secret").filter(|_| before.is_none()).map(str::to_owned);
        let mut settings: Map<String, Value> = self.0.into_iter().filter(|(name, _)| !OWN.contains(&name.as_str())).collect();
        // The bootstrap file's spelling of the same: an object of the wire has it inside its capabilities.
        settings.retain(|name, _| !matches!(name.as_str(), "webhooks" | "retention_time_s"));
        let kept: Map<String, Value> = before.and_then(|before| serde_json::from_str(&before.settings).ok()).unwrap_or_default();
        for name in OURS {
            settings.remove(name);
            if let Some(value) = kept.get(name) {
                settings.insert(name.to_owned(), value.clone());
            }
        }
        Ok(ConnectorAppInput {
            client_id,
            name,
            client_secret: secret,
            keep_secret_s: 0,
            skill: before.and_then(|before| before.skill),
            settings: Value::Object(settings).to_string(),
            enabled,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use antiphon_domain::{SkillId, Timestamp};

    fn app(settings: &Value) -> ConnectorApp {
        ConnectorApp {
            client_id: "my-app".into(),
            name: "My app".into(),
            client_secret: "hush".into(),
            previous_secret: None,
            skill: Some(SkillId(4)),
            settings: settings.to_string(),
            enabled: true,
            removed: false,
            created_at: Timestamp(1_700_000_000_999),
            updated_at: Timestamp(0),
        }
    }

    #[test]
    fn the_bootstrap_files_spelling_becomes_the_manifests() {
        let content = "ms.MessagingEventNotification.ContentEvent";
        let settings = json!({"scope": "msg.consumer", "signature": "sha256_hex", "retention_time_s": 3600,
            "webhooks": {content: {"endpoint": "https://h/"}}, "capabilities": {"engagement": {"goal": ["url"]}}});
        let shown = of(&app(&settings));
        assert_eq!(shown["capabilities"]["webhooks"], json!({content: {"endpoint": "https://h/"}, "retry": {"retention_time": 3600}}));
        assert_eq!(shown["capabilities"]["engagement"], json!({"goal": ["url"]}));
        assert!(shown.get("webhooks").is_none() && shown.get("signature").is_none() && shown.get("retention_time_s").is_none());
        assert_eq!((&shown["id"], &shown["client_id_issued_at"]), (&json!("my-app"), &json!(1_700_000_000)));
        assert_eq!(
            (&shown["client_secret"], &shown["client_secret_expires_at"], &shown["deleted"]),
            (&json!("hush"), &json!(0), &json!(false))
        );
    }

    #[test]
    fn what_comes_back_from_a_client_changes_only_what_it_may() {
        let before = app(&json!({"scope": "msg.consumer", "signature": "sha256_hex"}));
        let mut object = of(&before);
        object["client_secret"] = json!("guessed");
        object["client_id"] = json!("another");
        object["client_id_issued_at"] = json!(1);
        object["description"] = json!("new");
        object["made_up"] = json!([1]);
        let given = Given::read(object.to_string().as_bytes()).expect("an object");
        let input = given.input(Some("my-app".into()), Some(&before)).expect("a good one");
        assert_eq!((input.client_secret, input.skill, input.name.as_str()), (None, Some(SkillId(4)), "My app"));
        let settings: Value = serde_json::from_str(&input.settings).expect("JSON");
        assert_eq!((&settings["signature"], &settings["description"]), (&json!("sha256_hex"), &json!("new")));
        assert_eq!(settings["made_up"], json!([1]), "kept and given back");
        assert!(OWN.iter().all(|name| settings.get(name).is_none()), "{settings}");
    }

    #[test]
    fn a_bad_manifest_names_its_member() {
        let check = |manifest: Value, field: &str| {
            let given = Given::read(manifest.to_string().as_bytes()).expect("an object");
            assert_eq!(given.input(None, None).err().map(|problem| problem.field).as_deref(), Some(field), "{manifest}");
        };
        check(json!({}), "client_name");
        check(json!({"client_name": 7}), "client_name");
        check(json!({"client_name": " "}), "client_name");
        check(json!({"client_name": "x", "enabled": "yes"}), "enabled");
        assert!(Given::read(b"[object Object]").is_none());
        assert!(Given::read(b"[]").is_none());
    }
}
