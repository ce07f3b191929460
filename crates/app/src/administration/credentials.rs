//! Credentials and settings against what a channel declares: unknown ones are refused, missing ones named.

use super::{AdminError, Changes};
use crate::channel::{ChannelKind, Field, Keys};
use std::collections::BTreeMap;

/// Longest value of a credential or setting, in bytes: service account keys in JSON fit.
const MOST_BYTES: usize = 16 << 10;

/// Applies changes to a map of values: `None` removes. `member` is `credentials` or `settings`.
pub(super) fn apply(
    member: &str,
    declared: &[Field],
    values: &mut BTreeMap<String, String>,
    patch: BTreeMap<String, Option<String>>,
    changes: &mut Changes,
) -> Result<(), AdminError> {
    for (name, value) in patch {
        let path = format!("{member}.{name}");
        let Some(field) = declared.iter().find(|field| field.name == name) else {
            let known: Vec<&str> = declared.iter().map(|field| field.name).collect();
            let remedy =
                if known.is_empty() { "the channel takes none".to_owned() } else { format!("the channel takes {}", known.join(", ")) };
            return Err(AdminError::invalid(path, "the channel has no such field").remedy(remedy));
        };
        let value = value.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        if value.as_ref().is_some_and(|value| value.len() > MOST_BYTES) {
            return Err(AdminError::invalid(path, format!("must have at most {MOST_BYTES} bytes")));
        }
        if values.get(&name) == value.as_ref() {
            continue;
        }
        if let Some(Err(message)) = value.as_deref().map(|value| field.check(value)) {
            return Err(AdminError::invalid(path, message));
        }
        if field.secret {
            changes.masked(&path);
        } else {
            changes.note(&path, values.get(&name).cloned(), value.clone());
        }
        match value {
            Some(value) => values.insert(name, value),
            None => values.remove(&name),
        };
    }
    Ok(())
}

/// Checks that a source that is to be active has everything it needs, its own or its app's.
pub(super) fn complete(kind: &ChannelKind, keys: &Keys) -> Result<(), AdminError> {
    let lacking = |field: &&Field| field.required && keys.credential(field.name).is_none();
    if let Some(field) = kind.credentials.iter().find(lacking) {
        return Err(missing(field).remedy(field.help));
    }
    if let Some(field) = kind.app_credentials.iter().find(lacking) {
        let remedy = if keys.app.is_some() { "complete the channel app" } else { "connect the source to a channel app" };
        return Err(AdminError { field: Some("app_id".to_owned()), ..missing(field) }.remedy(remedy));
    }
    if let Some(field) = kind.settings.iter().find(|field| field.required && field.default.is_none() && keys.setting(field.name).is_none())
    {
        return Err(AdminError { field: Some(format!("settings.{}", field.name)), ..missing(field) }.remedy(field.help));
    }
    Ok(())
}

fn missing(field: &Field) -> AdminError {
    AdminError::invalid(format!("credentials.{}", field.name), format!("{} is missing: a source can't be active without it", field.label))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DECLARED: [Field; 2] = [
        Field { name: "number", label: "Number", secret: false, required: true, default: None, choices: &[], help: "See the console." },
        Field { name: "token", label: "Token", secret: true, required: true, default: None, choices: &[], help: "See the console." },
    ];

    fn patch(name: &str, value: Option<&str>) -> BTreeMap<String, Option<String>> {
        BTreeMap::from([(name.to_owned(), value.map(str::to_owned))])
    }

    #[test]
    fn values_are_set_removed_and_masked() {
        let (mut values, mut changes) = (BTreeMap::new(), Changes::default());
        apply("credentials", &DECLARED, &mut values, patch("number", Some(" 7 ")), &mut changes).expect("a known field");
        apply("credentials", &DECLARED, &mut values, patch("token", Some("hush")), &mut changes).expect("a known field");
        assert_eq!(values, BTreeMap::from([("number".to_owned(), "7".to_owned()), ("token".to_owned(), "hush".to_owned())]));
        let written = serde_json::Value::Object(changes.0).to_string();
        assert!(!written.contains("hush") && written.contains("credentials.token"), "{written}");
        apply("credentials", &DECLARED, &mut values, patch("token", None), &mut Changes::default()).expect("a known field");
        assert!(!values.contains_key("token"));
    }

    #[test]
    fn only_choices_are_taken() {
        let declared = [Field { choices: &["left", "right"], secret: false, ..DECLARED[0] }];
        let mut values = BTreeMap::new();
        apply("settings", &declared, &mut values, patch("number", Some("left")), &mut Changes::default()).expect("a choice");
        let refused = apply("settings", &declared, &mut values, patch("number", Some("top")), &mut Changes::default());
        let error = refused.expect_err("no choice");
        assert_eq!((error.field.as_deref(), &*error.message), (Some("settings.number"), "must be one of left, right"));
        apply("settings", &declared, &mut values, patch("number", None), &mut Changes::default()).expect("taken away");
        assert!(values.is_empty());
    }

    #[test]
    fn unknown_fields_are_named() {
        let refused = apply("credentials", &DECLARED, &mut BTreeMap::new(), patch("nonsense", Some("x")), &mut Changes::default());
        let error = refused.expect_err("an unknown field");
        assert_eq!(error.field.as_deref(), Some("credentials.nonsense"));
        assert_eq!(error.remedy.as_deref(), Some("the channel takes number, token"));
    }
}
