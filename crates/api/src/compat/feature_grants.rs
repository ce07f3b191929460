//! Feature grants: which of the published features an account has. They are kept and told; nothing here is switched by them.

use super::Shared;
use super::app_install::{administrator, refused};
use super::asker::{self, BadBody};
use super::failure::{Refusal, failed};
use antiphon_app::AccountView;
use antiphon_app::administration::Act;
use axum::Json;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::routing::get;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Features that every account has unless somebody says otherwise.
const BY_DEFAULT: [&str; 1] = ["Common.Async_Messaging"];
/// Largest body, in bytes.
const MOST: usize = 64 << 10;
/// How deep into a body is looked for grants.
const DEEPEST: usize = 12;

/// The routes.
pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new().route("/api/account/{account}/configuration/provision/featureGrants", get(show).post(change).put(change))
}

/// `GET …/featureGrants`.
async fn show(State(shared): State<Arc<Shared>>, Path(account): Path<String>, headers: HeaderMap) -> Result<Json<Value>, Refusal> {
    let (_, view) = administrator(&shared, &account, &headers).await?;
    Ok(Json(grants(&view)))
}

/// `POST …/featureGrants?overrideAll=false`: switches the features that the body names, wherever in it they stand.
async fn change(
    State(shared): State<Arc<Shared>>,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, Refusal> {
    let (caller, _) = administrator(&shared, &account, &headers).await?;
    let bad = |message: &str| failed(&shared, StatusCode::BAD_REQUEST, 1, message);
    let bytes = asker::bytes(&shared, body, MOST).await.map_err(|problem| match problem {
        BadBody::TooSlow => failed(&shared, StatusCode::REQUEST_TIMEOUT, 14, "the body took too long to arrive"),
        _ => failed(&shared, StatusCode::PAYLOAD_TOO_LARGE, 13, &format!("the body is larger than {MOST} bytes")),
    })?;
    let given: Value = serde_json::from_slice(&bytes).map_err(|_| bad("the body is not JSON"))?;
    let mut wanted = BTreeMap::new();
    collect(&given, DEEPEST, &mut wanted);
    if wanted.is_empty() {
        return Err(bad("compoundFeatureID: name a feature, with its value true or false").into());
    }
    let view = shared.app.grant_features(&Act::of(&caller), wanted).await.map_err(|error| refused(&shared, &error))?;
    Ok(Json(grants(&view)))
}

/// The grants as published clients look for them: deep inside.
fn grants(view: &AccountView) -> Value {
    let mut all: BTreeMap<&str, bool> = BY_DEFAULT.into_iter().map(|feature| (feature, true)).collect();
    all.extend(view.feature_grants.iter().map(|(feature, granted)| (feature.as_str(), *granted)));
    let data: Vec<Value> = all
        .into_iter()
        .map(|(feature, granted)| {
            let by_default = BY_DEFAULT.contains(&feature) == granted;
            json!({"compoundFeatureID": feature, "isDefaultValue": by_default, "value": {"value": granted}, "deleted": false})
        })
        .collect();
    let account = json!({"accountId": view.account.id.as_str(), "itemsCollection": {"data": data}});
    json!({"appDataList": [{"accountList": {"accountList": [account]}}]})
}

/// Every object that names a feature with a value: `{"compoundFeatureID": …, "value": true}` or `{"value": {"value": "true"}}`.
fn collect(given: &Value, deep: usize, wanted: &mut BTreeMap<String, bool>) {
    if deep == 0 {
        return;
    }
    match given {
        Value::Object(members) => {
            if let (Some(feature), Some(value)) = (members.get("compoundFeatureID").and_then(Value::as_str), members.get("value")) {
                if let Some(granted) = flag(value) {
                    wanted.insert(feature.to_owned(), granted);
                }
                return;
            }
            members.values().for_each(|member| collect(member, deep - 1, wanted));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, deep - 1, wanted)),
        _ => {}
    }
}

fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => text.parse().ok(),
        Value::Object(members) => flag(members.get("value").filter(|value| !value.is_object())?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_are_found_wherever_they_stand() {
        let check = |given: Value, expected: &[(&str, bool)]| {
            let mut wanted = BTreeMap::new();
            collect(&given, DEEPEST, &mut wanted);
            let expected = expected.iter().map(|(feature, granted)| ((*feature).to_owned(), *granted)).collect();
            assert_eq!(wanted, expected, "{given}");
        };
        check(
            json!([{"compoundFeatureID": "A.B", "value": true}, {"compoundFeatureID": "C", "value": {"value": "false"}}]),
            &[("A.B", true), ("C", false)],
        );
        let deep = json!({"appDataList": [{"accountList": {"accountList": [{"itemsCollection": {"data": [{"compoundFeatureID": "A", "value": "true"}]}}]}}]});
        check(deep, &[("A", true)]);
        check(json!({"compoundFeatureID": "A", "value": 7}), &[]);
        check(json!({"compoundFeatureID": 7, "value": true}), &[]);
        check(json!("A"), &[]);
    }
}
