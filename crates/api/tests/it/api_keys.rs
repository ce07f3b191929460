//! API keys: shown once, kept as hashes, bounded by scope, place and time, and gone when revoked.

use crate::world::{Answer, Principal, World};
use antiphon_app::ports::Store;
use antiphon_domain::account::Network;
use http::Method;
use serde_json::{Value, json};

async fn make(world: &World, body: Value) -> (Principal, Value) {
    let made = world.administrator().await.post("api-keys", body).await.expect(201);
    (world.holder(made["secret"].as_str().expect("a secret")), made["key"].clone())
}

async fn only(list: Answer) -> Value {
    list.expect(200)["items"][0].clone()
}

#[tokio::test]
async fn a_secret_is_shown_once_and_kept_nowhere() {
    let world = World::start().await;
    let admin = world.administrator().await;
    let body = json!({"name": "Export", "scopes": ["users:read", "audit:read", "users:read"]});
    let made = admin.call(Method::POST, &Principal::path("api-keys"), Some(body.clone()), &[("idempotency-key", "once")]).await.expect(201);
    let secret = made["secret"].as_str().expect("a secret").to_owned();
    assert!(secret.starts_with("antk_") && secret.len() == 69, "{secret}");
    let key = &made["key"];
    assert!(key["id"].as_str().is_some_and(|id| id.starts_with("key_")), "{key}");
    assert_eq!((key["beginning"].as_str(), &key["user_id"]), (Some(&secret[..11]), &json!("4")));
    assert_eq!(key["scopes"], json!(["users:read", "audit:read"]));
    let again = admin.call(Method::POST, &Principal::path("api-keys"), Some(body), &[("idempotency-key", "once")]).await.expect(201);
    assert_eq!((&again["key"]["id"], &again["secret"]), (&key["id"], &Value::Null));
    for path in ["api-keys".to_owned(), format!("api-keys/{}", key["id"].as_str().expect("an id")), "audit".to_owned()] {
        assert!(!admin.get(&path).await.expect(200).to_string().contains(&secret), "{path}");
    }
    let rows = world.test.store.directory().await.expect("reads");
    assert!(!format!("{rows:?}").contains(&secret[11..]), "the store keeps a secret");
}

#[tokio::test]
async fn its_use_is_known_and_audited_with_it() {
    let world = World::start().await;
    let (holder, key) = make(&world, json!({"name": "Skills", "scopes": ["skills:write"]})).await;
    let admin = world.administrator().await;
    assert_eq!(only(admin.get("api-keys").await).await["last_used_at"], Value::Null);
    let made = holder.post("skills", json!({"name": "Bicycles"})).await.expect(201);
    assert_eq!(made["name"], "Bicycles");
    let shown = only(admin.get("api-keys").await).await;
    assert!(shown["last_used_at"].as_i64().is_some_and(|at| at > 0), "{shown}");
    let row = only(admin.get("audit").await).await;
    assert_eq!((&row["action"], &row["by"], &row["by_api_key"]), (&json!("skill.created"), &json!("4"), &key["id"]));
    admin.post("skills", json!({"name": "Cars"})).await.expect(201);
    let row = only(admin.get("audit").await).await;
    assert_eq!((&row["action"], &row["by_api_key"]), (&json!("skill.created"), &Value::Null));
}

#[tokio::test]
async fn a_key_ends_with_time_revocation_and_its_user() {
    let world = World::start().await;
    let now = world.test.app.clock().now();
    let (ending, _) = make(&world, json!({"name": "a", "scopes": ["audit:read"], "expires_at": now.plus_s(60).0})).await;
    let (revoked, key) = make(&world, json!({"name": "b", "scopes": ["audit:read"]})).await;
    let body = json!({"login": "robot", "kind": "bot", "profile": "administrator"});
    let robot = world.administrator().await.post("users", body).await.expect(201);
    let (of_robot, _) = make(&world, json!({"name": "c", "scopes": ["audit:read"], "user_id": robot["id"]})).await;
    for holder in [&ending, &revoked, &of_robot] {
        holder.get("audit").await.expect(200);
    }
    world.test.clock.advance(60_000);
    ending.get("audit").await.expect_error(401, "api_key_expired", None);
    let admin = world.administrator().await;
    admin.call(Method::DELETE, &Principal::path(&format!("api-keys/{}", key["id"].as_str().expect("an id"))), None, &[]).await.expect(204);
    revoked.get("audit").await.expect_error(401, "api_key_unknown", None);
    let path = format!("users/{}", robot["id"].as_str().expect("an id"));
    admin.patch(&path, json!({"profile": "agent"})).await.expect(200);
    of_robot.get("audit").await.expect_error(403, "forbidden", None);
    admin.patch(&path, json!({"profile": "administrator", "enabled": false})).await.expect(200);
    let refused = of_robot.get("audit").await.expect_error(401, "api_key_disabled", None);
    assert!(refused["remedy"].is_string(), "{refused}");
    // Refusals are audited, and not with each request.
    let audit = admin.get("audit").await.expect(200).to_string();
    assert!(audit.contains("api_key.revoked"), "{audit}");
    for holder in [&ending, &of_robot] {
        holder.get("audit").await.expect(401);
    }
    // What is written beside the requests is there when the product has stopped.
    world.test.app.stop().await;
    let rows = world.test.store.audit(&world.test.account(), None, 100).await.expect("reads");
    assert_eq!(rows.iter().filter(|row| &*row.action == "api_key.refused").count(), 2);
}

#[tokio::test]
async fn a_key_stays_in_its_networks() {
    let proxy = Network::parse("127.0.0.1").expect("a network");
    let world = World::start_behind(proxy).await;
    let (holder, _) = make(&world, json!({"name": "a", "scopes": ["audit:read"], "networks": ["10.0.0.0/8"]})).await;
    let from = async |peer: &str| holder.call(Method::GET, &Principal::path("audit"), None, &[("x-forwarded-for", peer)]).await;
    from("10.1.2.3").await.expect(200);
    from("11.1.2.3").await.expect_error(403, "api_key_elsewhere", None);
}

#[tokio::test]
async fn bad_keys_are_refused_by_field() {
    let world = World::start().await;
    let admin = world.administrator().await;
    admin.post("api-keys", json!({"name": "Taken", "scopes": ["audit:read"]})).await.expect(201);
    for (body, code, field) in [
        (json!({"name": "", "scopes": ["audit:read"]}), "validation_failed", "name"),
        (json!({"name": "a", "scopes": []}), "validation_failed", "scopes"),
        (json!({"name": "a", "scopes": ["audit:write"]}), "validation_failed", "scopes"),
        (json!({"name": "a", "scopes": ["audit:read"], "networks": ["nonsense"]}), "validation_failed", "networks"),
        (json!({"name": "a", "scopes": ["audit:read"], "expires_at": 1}), "validation_failed", "expires_at"),
        (json!({"name": "a", "scopes": ["audit:read"], "user_id": "77"}), "validation_failed", "user_id"),
        (json!({"name": "a", "scopes": ["audit:read"], "user_id": "1"}), "validation_failed", "scopes"),
        (json!({"name": "a", "scopes": ["audit:read"], "secret": "antk_"}), "validation_failed", "secret"),
    ] {
        admin.post("api-keys", body).await.expect_error(400, code, Some(field));
    }
    admin.post("api-keys", json!({"name": "Taken", "scopes": ["audit:read"]})).await.expect_error(409, "taken", Some("name"));
    for secret in ["antk_", "antk_0", &format!("antk_{}", "0".repeat(64)), "nonsense"] {
        let status = world.holder(secret).get("audit").await.status;
        assert_eq!(status, 401, "{secret}");
    }
}

#[tokio::test]
async fn nobody_lifts_themselves_by_a_key() {
    let world = World::start().await;
    let admin = world.administrator().await;
    let privileges = json!(["manage_api_keys", "handle_conversations"]);
    admin.post("profiles", json!({"name": "keeper", "privileges": privileges})).await.expect(201);
    let body = json!({"login": "keeper1", "profile": "keeper", "password": antiphon_testkit::app::PASSWORD});
    admin.post("users", body).await.expect(201);
    let keeper = world.signed_in("keeper1").await;
    // Neither a scope beyond one's own privileges, nor in the name of somebody above.
    keeper.post("api-keys", json!({"name": "a", "scopes": ["settings:read"]})).await.expect_error(400, "validation_failed", Some("scopes"));
    keeper.post("api-keys", json!({"name": "a", "scopes": ["conversations:read"], "user_id": "4"})).await.expect_error(
        403,
        "forbidden",
        None,
    );
    let made = keeper.post("api-keys", json!({"name": "a", "scopes": ["conversations:read", "skills:read"]})).await.expect(201);
    let holder = world.holder(made["secret"].as_str().expect("a secret"));
    holder.get("conversations").await.expect(200);
    holder.get("stats").await.expect_error(403, "forbidden", None);
    // Their user's later rise does not lift the key: its maker had no more.
    admin.patch("users/6", json!({"profile": "administrator"})).await.expect(200);
    holder.get("stats").await.expect_error(403, "forbidden", None);
    // A key makes nobody who may more than it does, and never another key.
    let (users, _) = make(&world, json!({"name": "users", "scopes": ["users:write"]})).await;
    users.post("users", json!({"login": "new1", "profile": "agent_manager"})).await.expect(201);
    users.post("users", json!({"login": "new2", "profile": "administrator"})).await.expect_error(403, "forbidden", Some("profile"));
    users.post("users/4/password", json!({"new_password": "correct-horse-9B"})).await.expect_error(403, "forbidden", None);
    users.post("api-keys", json!({"name": "b", "scopes": ["users:read"]})).await.expect_error(403, "session_only", None);
    users.get("/api/v1/session").await.expect_error(403, "session_only", None);
    // The compatible interfaces know no keys of this kind.
    let installations = users.call(Method::GET, "/api/account/12/configuration/app-install/installations", None, &[]).await;
    assert_eq!(installations.status, 401);
}

#[tokio::test]
async fn a_key_is_changed_as_it_was_read() {
    let world = World::start().await;
    let admin = world.administrator().await;
    let (holder, key) = make(&world, json!({"name": "a", "scopes": ["audit:read"]})).await;
    let path = format!("api-keys/{}", key["id"].as_str().expect("an id"));
    let tag = admin.get(&path).await.header("etag").to_owned();
    let changed = admin.patch(&path, json!({"name": "b", "scopes": ["skills:read"], "networks": ["::/0", "0.0.0.0/0"]})).await.expect(200);
    assert_eq!((&changed["name"], &changed["scopes"]), (&json!("b"), &json!(["skills:read"])));
    holder.get("skills").await.expect(200);
    holder.get("audit").await.expect_error(403, "scope_missing", None);
    let whole = Principal::path(&path);
    let stale = [("if-match", tag.as_str())];
    admin.call(Method::PATCH, &whole, Some(json!({"name": "c"})), &stale).await.expect_error(412, "stale", None);
    admin.call(Method::DELETE, &whole, None, &stale).await.expect_error(412, "stale", None);
    holder.get("skills").await.expect(200);
}
