//! Reading members of a change: "not given", "null" and "a value" are three things.

use crate::error::ApiError;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::collections::BTreeMap;
use std::str::FromStr;

/// For members that may be null: `None` when not given, `Some(None)` for null.
pub(crate) fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// An id in a body.
pub(crate) fn id<T: FromStr<Err: std::fmt::Display>>(field: &str, text: &str) -> Result<T, ApiError> {
    text.parse().map_err(|error: T::Err| ApiError::invalid(field, format!("`{text}` is wrong: {error}")))
}

/// An id in a body that may be null.
pub(crate) fn optional_id<T: FromStr<Err: std::fmt::Display>>(field: &str, text: Option<&String>) -> Result<Option<T>, ApiError> {
    text.map(|text| id(field, text)).transpose()
}

/// Credentials or settings as a form sends them back: text sets, null removes, `{"set": …}` leaves a secret alone.
pub(crate) fn values(member: &str, given: Option<BTreeMap<String, Value>>) -> Result<BTreeMap<String, Option<String>>, ApiError> {
    let mut values = BTreeMap::new();
    for (name, value) in given.unwrap_or_default() {
        let value = match value {
            Value::Null => None,
            Value::String(text) => Some(text),
            Value::Bool(on) => Some(on.to_string()),
            Value::Number(number) => Some(number.to_string()),
            Value::Object(mark) if mark.len() == 1 && mark.contains_key("set") => continue,
            _ => return Err(ApiError::invalid(&format!("{member}.{name}"), "must be text, a number, true, false or null")),
        };
        values.insert(name, value);
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_comes_back_masked_is_left_alone() {
        let given = serde_json::from_str(r#"{"a":"x","b":null,"c":{"set":true},"d":7}"#).expect("a map");
        let read = values("credentials", Some(given)).expect("fine values");
        let expected = [("a", Some("x")), ("b", None), ("d", Some("7"))];
        assert_eq!(read, expected.map(|(name, value)| (name.to_owned(), value.map(str::to_owned))).into());
        let bad = serde_json::from_str(r#"{"a":["x"]}"#).expect("a map");
        assert_eq!(values("settings", Some(bad)).expect_err("a list").field.as_deref(), Some("settings.a"));
    }
}
