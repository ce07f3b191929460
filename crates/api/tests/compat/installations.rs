//! Installing apps over HTTP as published clients do, and the feature grants that they look at first.

use crate::harness::*;
use axum::body::Body;
use http::{Method, Request};
use serde_json::{Value, json};

const ALL: &str = "/api/account/12/configuration/app-install/installations";

struct Admin<'s> {
    served: &'s Served,
    bearer: String,
}

impl Admin<'_> {
    async fn call(&self, method: Method, path: &str, revision: &str, body: &str) -> Answer {
        let request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {}", self.bearer));
        let request = request.header("content-type", "application/json").header("user-agent", "Connector App Hub");
        let request = if revision.is_empty() { request } else { request.header("if-match", revision) };
        self.served.call(request.body(Body::from(body.to_owned())).expect("a request")).await
    }

    async fn post(&self, manifest: Value) -> Answer {
        self.call(Method::POST, &format!("{ALL}?v=1.0"), "", &manifest.to_string()).await
    }

    async fn show(&self, id: &str) -> Answer {
        // The published client sends this very body.
        self.call(Method::GET, &format!("{ALL}/{id}?v=1.0"), "", "[object Object]").await
    }
}

async fn signed_in<'s>(served: &'s Served, login: &str) -> Admin<'s> {
    Admin { served, bearer: served.login(login).await["bearer"].as_str().expect("a bearer").to_owned() }
}

fn manifest(name: &str) -> Value {
    json!({
        "client_name": name, "description": "d", "grant_types": ["client_credentials"], "scope": "msg.consumer", "logo_uri": "",
        "enabled": true, "quick_launch_enabled": false,
        "capabilities": {
            "engagement": {"design_engagement": true, "design_window": false, "entry_point": ["url"], "language_selection": false, "consumer_identity": ["auth"]},
            "webhooks": {"ms.MessagingEventNotification.ContentEvent": {"endpoint": "https://h.example/p?q=1", "headers": []}, "retry": {"retention_time": 3600}},
            "broadcast": {"enabled": false},
        },
    })
}

#[tokio::test]
async fn connector_line_12_bodies_of_get_and_delete_are_not_read_and_the_secret_is_kept() {
    let served = serve().await;
    let admin = signed_in(&served, "admin1").await;
    let made = admin.post(manifest("Gateway")).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let object = made.json();
    let id = object["client_id"].as_str().expect("an id").to_owned();
    assert_eq!((&object["id"], &object["client_secret_expires_at"], &object["deleted"]), (&json!(id), &json!(0), &json!(false)));
    assert!(object["client_secret"].as_str().is_some_and(|secret| secret.len() == 26));
    assert!(object["client_id_issued_at"].as_i64().is_some_and(|at| at == antiphon_app::ports::Clock::now(&*served.test.clock).0 / 1000));
    assert_eq!(object["capabilities"], manifest("Gateway")["capabilities"]);

    let list = admin.call(Method::GET, &format!("{ALL}/?v=1.0"), "", "[object Object]").await;
    assert_eq!((list.status, &list.json()), (200, &json!([object])));
    let revision = list.header("ac-revision").to_owned();
    assert!(!revision.is_empty() && revision.bytes().all(|byte| byte.is_ascii_digit()), "{revision}");
    let one = admin.show(&id).await;
    assert_eq!((one.status, one.header("ac-revision"), &one.json()), (200, &*revision, &object));
    assert_eq!(one.header("content-type"), "application/json");

    let mut changed = object.clone();
    changed["description"] = json!("changed");
    changed["enabled"] = json!(false);
    changed["client_secret"] = json!("something-else-entirely");
    changed["client_id_issued_at"] = json!(1);
    let path = format!("{ALL}/{id}?v=1.0");
    let stale = admin.call(Method::PUT, &path, "1", &changed.to_string()).await;
    assert_eq!((stale.status, &stale.json()["error"]["responseStatus"]), (412, &json!("PRECONDITION_FAILED")));
    let put = admin.call(Method::PUT, &path, &revision, &changed.to_string()).await;
    assert_eq!(put.status, 200, "{}", put.body);
    let now = admin.show(&id).await;
    assert_eq!((&now.json()["description"], &now.json()["enabled"]), (&json!("changed"), &json!(false)));
    for same in ["client_secret", "client_id_issued_at", "client_id"] {
        assert_eq!(now.json()[same], object[same], "{same}");
    }
    assert!(now.header("ac-revision") != revision && now.header("ac-revision") == put.header("ac-revision"));

    let gone = admin.call(Method::DELETE, &path, &revision, "{}").await;
    assert_eq!(gone.status, 412, "the revision is of all apps");
    let gone = admin.call(Method::DELETE, &path, now.header("ac-revision"), "{}").await;
    assert_eq!(gone.status, 200, "{}", gone.body);
    assert_eq!(admin.show(&id).await.status, 404);
    assert_eq!(admin.call(Method::GET, ALL, "", "").await.json(), json!([]));
    assert_eq!(admin.call(Method::DELETE, &path, "", "{}").await.status, 404);
}

#[tokio::test]
async fn an_app_is_installed_again_under_its_id_or_its_name() {
    let served = serve().await;
    let admin = signed_in(&served, "admin1").await;
    let mut own = manifest("Gateway");
    own["client_id"] = json!("moved-here");
    own["client_secret"] = json!("known-to-the-program");
    let made = admin.post(own.clone()).await;
    assert_eq!(
        (made.status, &made.json()["client_id"], &made.json()["client_secret"]),
        (201, &json!("moved-here"), &json!("known-to-the-program"))
    );
    own["description"] = json!("again");
    own["client_secret"] = json!("another-secret-now");
    let again = admin.post(own).await;
    assert_eq!((again.status, &again.json()["description"]), (200, &json!("again")));
    assert_eq!(again.json()["client_secret"], "known-to-the-program");

    let taken = admin.post(manifest("Gateway")).await;
    assert_eq!((taken.status, &taken.json()["error"]["field"]), (409, &json!("client_name")));
    let list = admin.call(Method::GET, ALL, "", "").await;
    let body = manifest("Gateway").to_string();
    let by_name = admin.call(Method::POST, ALL, list.header("ac-revision"), &body).await;
    assert_eq!((by_name.status, &by_name.json()["client_id"], &by_name.json()["description"]), (200, &json!("moved-here"), &json!("d")));
    let stale = admin.call(Method::POST, ALL, list.header("ac-revision"), &manifest("New").to_string()).await;
    assert_eq!(stale.status, 412);

    admin.call(Method::DELETE, &format!("{ALL}/moved-here"), "", "{}").await;
    let mut back = manifest("Gateway");
    back["client_id"] = json!("moved-here");
    let back = admin.post(back).await;
    assert_eq!((back.status, &back.json()["client_secret"], &back.json()["enabled"]), (201, &json!("known-to-the-program"), &json!(true)));
}

#[tokio::test]
async fn a_bad_manifest_names_its_member() {
    let served = serve().await;
    let admin = signed_in(&served, "admin1").await;
    let content = "ms.MessagingEventNotification.ContentEvent";
    let check = async |change: &dyn Fn(&mut Value), field: &str| {
        let mut manifest = manifest("Gateway");
        change(&mut manifest);
        let answer = admin.post(manifest).await;
        let error = answer.json()["error"].clone();
        assert_eq!((answer.status, &error["field"]), (400, &json!(field)), "{error}");
        assert!(error["message"].as_str().is_some_and(|message| message.starts_with(field)), "{error}");
    };
    check(&|m| m["client_name"] = json!(""), "client_name").await;
    check(&|m| m["client_name"] = json!("x".repeat(129)), "client_name").await;
    check(&|m| m["enabled"] = json!(1), "enabled").await;
    check(&|m| m["scope"] = json!("x".repeat(129)), "scope").await;
    check(&|m| m["redirect_uris"] = json!(["javascript:alert(1)"]), "redirect_uris.0").await;
    let endpoint = format!("capabilities.webhooks.{content}.endpoint");
    check(&|m| m["capabilities"]["webhooks"][content]["endpoint"] = json!("http://10.0.0.1/"), &endpoint).await;
    let retries = format!("capabilities.webhooks.{content}.max_retries");
    check(&|m| m["capabilities"]["webhooks"][content]["max_retries"] = json!(6), &retries).await;
    check(&|m| m["capabilities"]["webhooks"]["retry"]["retention_time"] = json!(1), "capabilities.webhooks.retry.retention_time").await;
    check(&|m| m["capabilities"]["engagement"]["goal"] = json!([7]), "capabilities.engagement.goal").await;
    check(&|m| m["client_id"] = json!("a b"), "client_id").await;
    for (body, status) in [("[object Object]", 400), ("[]", 400), ("", 400)] {
        assert_eq!(admin.call(Method::POST, ALL, "", body).await.status, status, "{body}");
    }
    assert_eq!(admin.call(Method::POST, ALL, "", &" ".repeat(70_000)).await.status, 413);
}

#[tokio::test]
async fn only_administrators_of_the_account_may() {
    let served = serve().await;
    for login in ["agent1", "manager1"] {
        let other = signed_in(&served, login).await;
        assert_eq!(other.post(manifest("x")).await.status, 403);
        assert_eq!(other.call(Method::GET, ALL, "", "").await.status, 403);
        assert_eq!(other.call(Method::DELETE, &format!("{ALL}/x"), "", "").await.status, 403);
    }
    let admin = signed_in(&served, "admin1").await;
    assert_eq!(admin.call(Method::GET, &ALL.replace("/12/", "/13/"), "", "").await.status, 401);
    let nobody = Admin { served: &served, bearer: String::new() };
    assert_eq!(nobody.call(Method::GET, ALL, "", "").await.status, 401);
    assert_eq!(nobody.post(manifest("x")).await.status, 401);
}

#[tokio::test]
async fn features_are_told_and_switched() {
    let served = serve().await;
    let admin = signed_in(&served, "admin1").await;
    let path = "/api/account/12/configuration/provision/featureGrants";
    let found = |answer: &Answer, feature: &str| {
        let data = answer.json()["appDataList"][0]["accountList"]["accountList"][0]["itemsCollection"]["data"].clone();
        let data = data.as_array().expect("a list").clone();
        data.into_iter().find(|one| one["compoundFeatureID"] == feature).map(|one| one["value"]["value"].clone())
    };
    let shown = admin.call(Method::GET, &format!("{path}?v=1.0&excludeLegacy=true&jsonProvider=gson"), "", "[object Object]").await;
    assert_eq!(found(&shown, "Common.Async_Messaging"), Some(json!(true)));
    let change = json!([{"compoundFeatureID": "Messaging.Auto_Messages", "value": {"value": "true"}}, {"compoundFeatureID": "Common.Async_Messaging", "value": false}]);
    let changed = admin.call(Method::POST, &format!("{path}?v=1.0&overrideAll=false"), "", &change.to_string()).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let shown = admin.call(Method::GET, path, "", "").await;
    assert_eq!(
        (found(&shown, "Messaging.Auto_Messages"), found(&shown, "Common.Async_Messaging")),
        (Some(json!(true)), Some(json!(false)))
    );
    for bad in ["[]", "x", r#"{"compoundFeatureID":"a b","value":true}"#] {
        assert_eq!(admin.call(Method::POST, path, "", bad).await.status, 400, "{bad}");
    }
    let agent = signed_in(&served, "agent1").await;
    assert_eq!(agent.call(Method::GET, path, "", "").await.status, 403);
    assert_eq!(agent.call(Method::POST, path, "", &change.to_string()).await.status, 403);
}
