//! Administration: what is written is read back, bad values are named, secrets stay in.

use crate::world::{Principal, World};
use antiphon_app::ports::Store;
use antiphon_app::ports::bus::{Announcement, Heard, Topic};
use antiphon_app::ports::store::{UnitOfWork, Write};
use antiphon_domain::source::{Health, HealthState};
use antiphon_domain::{SkillId, SourceId, UserId};
use antiphon_testkit::app::{ACCOUNT, PASSWORD, SECRET};
use http::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn a_user_is_made_read_and_changed() {
    let world = World::start().await;
    let admin = world.administrator().await;
    let new = json!({"login": "bea", "nickname": "Bea", "full_name": "Bea Example", "email": "bea@acme.example", "profile": "agent",
        "skill_ids": ["2"], "max_conversations": 5, "password": "correct-horse-9B"});
    let made = admin.post("users", new).await;
    let tag = made.header("etag").to_owned();
    let made = made.expect(201);
    assert_eq!(made["skill_ids"], json!(["2"]));
    assert!(!made.to_string().contains("correct-horse"));
    let id = made["id"].as_str().expect("an id");
    assert_eq!(admin.get(&format!("users/{id}")).await.expect(200), made);
    let stored = world.test.store.directory().await.expect("the store reads");
    let rows = stored.accounts.iter().find(|rows| rows.account.id.as_str() == ACCOUNT).expect("the account");
    let row = rows.users.iter().find(|user| user.login == "bea").expect("the user is stored");
    assert_eq!((row.id.to_string().as_str(), row.max_conversations, row.email.as_deref()), (id, 5, Some("bea@acme.example")));

    let path = Principal::path(&format!("users/{id}"));
    let change = |body: Value| (Method::PATCH, body);
    let (method, body) = change(json!({"nickname": "B.", "email": null}));
    world.test.clock.advance(5);
    let changed = admin.call(method.clone(), &path, Some(body), &[("if-match", &tag)]).await.expect(200);
    assert_eq!((changed["nickname"].as_str(), changed["email"].is_null()), (Some("B."), true));
    let stale = admin.call(method, &path, Some(json!({"nickname": "C."})), &[("if-match", &tag)]).await;
    stale.expect_error(412, "stale", None);
    assert_eq!(admin.get(&format!("users/{id}")).await.expect(200)["nickname"], "B.");

    let signed_in =
        world.anonymous().post("/api/v1/session", json!({"account": ACCOUNT, "login": "BEA", "password": "correct-horse-9B"})).await;
    signed_in.expect(200);
    admin.post(&format!("users/{id}/password"), json!({"new_password": "another-horse-9C"})).await.expect(204);
    let old = json!({"account": ACCOUNT, "login": "bea", "password": "correct-horse-9B"});
    world.anonymous().post("/api/v1/session", old).await.expect_error(401, "login_failed", None);
    admin.patch(&format!("users/{id}"), json!({"enabled": false})).await.expect(200);
    let new = json!({"account": ACCOUNT, "login": "bea", "password": "another-horse-9C"});
    world.anonymous().post("/api/v1/session", new).await.expect_error(401, "login_failed", None);
}

#[tokio::test]
async fn bad_values_are_named() {
    let world = World::start().await;
    let admin = world.administrator().await;
    let check = async |path: &str, body: Value, code: u16, field: &str| {
        let name = if code == 409 { "taken" } else { "validation_failed" };
        admin.post(path, body).await.expect_error(code, name, Some(field));
    };
    check("users", json!({"login": "agent1"}), 409, "login").await;
    check("users", json!({"login": "AGENT1"}), 409, "login").await;
    check("users", json!({"login": "has space"}), 400, "login").await;
    check("users", json!({"login": "x", "profile": "emperor"}), 400, "profile").await;
    check("users", json!({"login": "x", "skill_ids": ["7"]}), 400, "skill_ids").await;
    check("users", json!({"login": "x", "skill_ids": ["seven"]}), 400, "skill_ids").await;
    check("users", json!({"login": "x", "max_conversations": 5000}), 400, "max_conversations").await;
    check("users", json!({"login": "x", "email": "nonsense"}), 400, "email").await;
    check("users", json!({"login": "x", "password": "short"}), 400, "password").await;
    check("users", json!({"login": "x", "nick": "y"}), 400, "nick").await;
    check("users", json!({"nickname": "y"}), 400, "login").await;
    check("skills", json!({"name": "general"}), 409, "name").await;
    check("skills", json!({"name": " "}), 400, "name").await;
    check("profiles", json!({"name": "Agent", "privileges": []}), 400, "name").await;
    check("profiles", json!({"name": "x", "privileges": ["fly"]}), 400, "privileges").await;
    check("sources", json!({"channel": "pigeon", "name": "x", "address": "+1"}), 400, "channel").await;
    check("sources", json!({"channel": "test_channel", "name": "x", "address": "+1"}), 400, "credentials.secret").await;
    let source = |member: &str, value: Value| {
        let mut body = json!({"channel": "test_channel", "name": "x", "address": "+1", "credentials": {"secret": "s"}});
        body[member] = value;
        body
    };
    check("sources", source("credentials", json!({"secret": "s", "sceret": "t"})), 400, "credentials.sceret").await;
    check("sources", source("settings", json!({"volume": 11})), 400, "settings.volume").await;
    check("sources", source("api_base_url", json!("gopher://x")), 400, "api_base_url").await;
    check("sources", source("app_id", json!("app_0000000000000009")), 400, "app_id").await;
    check("sources", source("address", json!("+100")), 409, "address").await;
    check("channel-apps", json!({"channel": "test_channel", "name": "x"}), 400, "channel").await;
    check("apps", json!({"client_id": "a b", "client_secret": "long-enough"}), 400, "client_id").await;
    admin.patch("settings", json!({"ring_expiration_s": 1})).await.expect_error(400, "validation_failed", Some("ring_expiration_s"));
    admin.patch("settings", json!({"timezone": "../x"})).await.expect_error(400, "validation_failed", Some("timezone"));
    admin.patch("settings", json!({"default_skill_id": "99"})).await.expect_error(400, "validation_failed", Some("default_skill_id"));
    admin.patch("settings", json!({"allow_private_endpoints": ["home"]})).await.expect_error(
        400,
        "validation_failed",
        Some("allow_private_endpoints"),
    );
}

#[tokio::test]
async fn nobody_lifts_anybody_above_themselves() {
    let world = World::start().await;
    let admin = world.administrator().await;
    admin
        .post("profiles", json!({"name": "clerk", "privileges": ["manage_users", "handle_conversations", "transfer_to_agents"]}))
        .await
        .expect(201);
    let clerk = json!({"login": "clerk1", "profile": "clerk", "password": PASSWORD});
    let clerk_id = admin.post("users", clerk).await.expect(201)["id"].as_str().expect("an id").to_owned();
    let clerk = world.signed_in("clerk1").await;
    clerk.post("users", json!({"login": "new1", "profile": "agent"})).await.expect(201);
    clerk.post("users", json!({"login": "new2", "profile": "administrator"})).await.expect_error(403, "forbidden", Some("profile"));
    clerk.patch(&format!("users/{clerk_id}"), json!({"profile": "administrator"})).await.expect_error(403, "forbidden", Some("profile"));
    clerk.post("users/4/password", json!({"new_password": "another-horse-9C"})).await.expect_error(403, "forbidden", None);
    clerk.patch("users/4", json!({"enabled": false})).await.expect_error(403, "forbidden", None);
    let wider = json!({"privileges": ["manage_users", "manage_sources"]});
    clerk.patch("profiles/clerk", wider).await.expect_error(403, "forbidden", Some("privileges"));
    admin.patch("profiles/agent", json!({"privileges": []})).await.expect_error(409, "not_possible", None);

    // The clerk may manage users too, so the administrator can go; without the clerk, not.
    admin.patch(&format!("users/{clerk_id}"), json!({"enabled": false})).await.expect(200);
    admin.patch("users/4", json!({"enabled": false})).await.expect_error(400, "validation_failed", Some("enabled"));
    admin.patch("users/4", json!({"profile": "agent"})).await.expect_error(400, "validation_failed", Some("profile"));
}

#[tokio::test]
async fn a_sources_secrets_come_in_and_never_go_out() {
    let world = World::start().await;
    let admin = world.administrator().await;
    let shown = admin.get(&format!("sources/{}", SourceId(1))).await.expect(200);
    assert_eq!(shown["credentials"], json!({"secret": {"set": true}}));
    assert_eq!(shown["webhook_url"], "https://antiphon.test/webhooks/test_channel/%2B100");
    assert_eq!(shown["health"], json!({"state": "unknown", "message": null, "since": null}));
    assert!(!shown.to_string().contains(SECRET));
    let new = json!({"channel": "test_channel", "name": "Second line", "address": "+200", "skill_id": "2",
        "credentials": {"secret": "second-secret"}, "settings": {"consent_reply": "confirm"}});
    let mut wrong = new.clone();
    wrong["settings"]["consent_reply"] = json!("loudly");
    admin.post("sources", wrong).await.expect_error(400, "validation_failed", Some("settings.consent_reply"));
    let made = admin.post("sources", new).await.expect(201);
    let path = format!("sources/{}", made["id"].as_str().expect("an id"));
    // A form sends back what it got: the mask leaves the secret alone.
    let same = json!({"name": "Line two", "credentials": made["credentials"], "settings": made["settings"]});
    admin.patch(&path, same).await.expect(200);
    let id: SourceId = made["id"].as_str().expect("an id").parse().expect("a source id");
    let held = || world.test.app.directory().source(id).map(|(_, source)| source.credentials["secret"].clone());
    assert_eq!(held().as_deref(), Some("second-secret"));
    admin.patch(&path, json!({"credentials": {"secret": "third-secret"}})).await.expect(200);
    assert_eq!(held().as_deref(), Some("third-secret"));
    admin.patch(&path, json!({"credentials": {"secret": null}})).await.expect_error(400, "validation_failed", Some("credentials.secret"));
    let off = admin.patch(&path, json!({"credentials": {"secret": null}, "enabled": false, "skill_id": null})).await.expect(200);
    assert_eq!((off["credentials"]["secret"]["set"].as_bool(), off["skill_id"].is_null()), (Some(false), true));
    let audit = admin.get("audit").await.expect(200).to_string();
    assert!(audit.contains("source.updated") && audit.contains("credentials.secret"), "{audit}");
    for secret in ["second-secret", "third-secret", SECRET] {
        assert!(!audit.contains(secret), "{audit}");
    }
}

#[tokio::test]
async fn a_renewed_credential_ends_needing_one_and_is_announced() {
    let world = World::start().await;
    let mut source = antiphon_domain::Source::clone(world.test.app.directory().source(SourceId(1)).expect("the source").1);
    source.health = Health { state: HealthState::NeedsReauthorisation, message: "Renew it.".into(), since: source.created_at };
    let mut unit = UnitOfWork::new(world.test.account());
    unit.write(Write::PutSource(source));
    world.test.store.commit(unit).await.expect("it is stored");
    world.test.app.reload_directory().await.expect("it loads");
    let admin = world.administrator().await;
    let path = format!("sources/{}", SourceId(1));
    assert_eq!(admin.get(&path).await.expect(200)["health"]["state"], "needs_reauthorisation");
    admin.patch(&path, json!({"name": "Renamed"})).await.expect(200);
    assert_eq!(admin.get(&path).await.expect(200)["health"]["message"], "Renew it.");
    let mut listener = world.test.listen(Topic::Account(world.test.account()));
    let renewed = admin.patch(&path, json!({"credentials": {"secret": "renewed-secret"}})).await.expect(200);
    assert_eq!(renewed["health"]["state"], "unknown");
    let heard = antiphon_testkit::TestApp::hear(&mut listener, |heard| match heard {
        Heard::That(Announcement::Source(id, health, enabled)) => Some((id, health.state, enabled)),
        _ => None,
    });
    assert_eq!(heard.await, (SourceId(1), HealthState::Unknown, true));
}

#[tokio::test]
async fn an_apps_secrets_stay_in_too() {
    let world = World::start().await;
    let admin = world.administrator().await;
    let content = "ms.MessagingEventNotification.ContentEvent";
    let hook =
        json!({"webhooks": {content: {"endpoint": "https://e.example", "headers": [{"header_name": "Key", "header_value": "hush-hush"}]}}});
    let new = json!({"client_id": "my.app", "client_secret": "client-hush", "skill_id": "1", "settings": hook});
    let made = admin.post("apps", new).await.expect(201);
    assert_eq!(made["client_secret"], json!({"set": true}));
    assert!(!made.to_string().contains("hush"), "{made}");
    let changed = admin.patch("apps/my.app", json!({"name": "Mine", "settings": made["settings"]})).await.expect(200);
    assert_eq!(changed["name"], "Mine");
    let directory = world.test.app.directory();
    let app = &directory.account(&world.test.account()).expect("the account").connector_apps["my.app"];
    assert!(app.settings.contains("hush-hush") && app.client_secret == "client-hush", "{}", app.settings);
    admin.post("apps", json!({"client_id": "my.app", "client_secret": "client-hush"})).await.expect_error(409, "taken", Some("client_id"));
    let plain = json!({"settings": {"webhooks": {content: {"endpoint": "http://192.168.1.1/"}}}});
    let field = format!("settings.webhooks.{content}.endpoint");
    admin.patch("apps/my.app", plain).await.expect_error(400, "validation_failed", Some(&field));
    assert!(!admin.get("audit").await.expect(200).to_string().contains("hush"));
}

#[tokio::test]
async fn an_apps_secret_is_replaced_and_an_app_is_removed() {
    let world = World::start().await;
    let admin = world.administrator().await;
    let made = admin.post("apps", json!({"client_id": "my.app", "client_secret": "client-hush"})).await.expect(201);
    let secret = admin.post("apps/my.app/secret", json!({"keep_secret_s": 60})).await.expect(200);
    assert_ne!(secret["client_secret"], "client-hush");
    let shown = admin.get("apps/my.app").await.expect(200);
    assert_eq!(shown["previous_secret_until"], secret["previous_secret_until"]);
    assert_eq!(shown["previous_secret_until"].as_i64(), made["created_at"].as_i64().map(|at| at + 60_000));
    assert!(!shown.to_string().contains(secret["client_secret"].as_str().expect("text")), "{shown}");
    admin.patch("apps/my.app", json!({"client_secret": "another-hush", "keep_secret_s": 0})).await.expect(200);
    assert_eq!(admin.get("apps/my.app").await.expect(200)["previous_secret_until"], json!(null));
    let sources = admin.get("sources").await.expect(200);
    assert!(sources["items"].as_array().expect("items").iter().any(|source| source["address"] == "my.app"), "{sources}");
    let removed = admin.call(Method::DELETE, &Principal::path("apps/my.app"), None, &[("if-match", "\"1\"")]).await;
    removed.expect_error(412, "stale", None);
    let removed = admin.call(Method::DELETE, &Principal::path("apps/my.app"), None, &[]).await;
    assert_eq!(removed.status, 204);
    admin.get("apps/my.app").await.expect_error(404, "not_found", None);
}

#[tokio::test]
async fn an_identity_provider_is_added_and_changed() {
    let world = World::start().await;
    let admin = world.administrator().await;
    let new = json!({"issuer": "https://shop.example/login", "jwks_url": "https://shop.example/jwks"});
    let made = admin.post("identity-providers", new.clone()).await.expect(201);
    assert_eq!((&made["enabled"], &made["audience"], &made["public_key_pem"]), (&json!(true), &json!(null), &json!(null)));
    admin.post("identity-providers", new).await.expect_error(409, "taken", Some("issuer"));
    let path = "identity-providers/https%3A%2F%2Fshop.example%2Flogin";
    let changed = admin.patch(path, json!({"audience": "chat", "enabled": false})).await.expect(200);
    assert_eq!((&changed["audience"], &changed["jwks_url"]), (&json!("chat"), &json!("https://shop.example/jwks")));
    assert_eq!(admin.get(path).await.expect(200), changed);
    admin.patch(path, json!({"jwks_url": "http://10.0.0.1/"})).await.expect_error(400, "validation_failed", Some("jwks_url"));
    admin.patch(path, json!({"public_key_pem": "x"})).await.expect_error(400, "validation_failed", Some("public_key_pem"));
    let both = json!({"public_key_pem": "x", "jwks_url": "https://a.example/"});
    admin.patch(path, both).await.expect_error(400, "validation_failed", Some("public_key_pem"));
    admin.post("identity-providers", json!({"issuer": "x"})).await.expect_error(400, "validation_failed", Some("jwks_url"));
    assert_eq!(admin.get("identity-providers").await.expect(200)["items"], json!([changed]));
}

#[tokio::test]
async fn the_settings_are_one_truth() {
    let world = World::start().await;
    let admin = world.administrator().await;
    let before = admin.get("settings").await;
    let tag = before.header("etag").to_owned();
    assert_eq!(before.expect(200)["ring_expiration_s"], 72);
    let change = json!({
        "auto_accept": true, "ring_expiration_s": 30, "default_skill_id": null, "allow_private_endpoints": ["10.0.0.0/8"],
        "urgent_response_time_s": 120, "default_response_time": "URGENT", "survey_app": "survey-bot", "suggestion_s": 60,
        "notification_signature": "sha256_hex", "consumer_language": "de", "image_hosts": ["CDN.example.test"]
    });
    let changed = admin.call(Method::PATCH, &Principal::path("settings"), Some(change), &[("if-match", &tag)]).await.expect(200);
    assert_eq!(admin.get("settings").await.expect(200), changed);
    let directory = world.test.app.directory();
    let account = &directory.account(&world.test.account()).expect("the account").account;
    assert!(account.settings.auto_accept && account.settings.ring_expiration_s == 30 && account.default_skill.is_none());
    assert_eq!((account.settings.survey_app.as_deref(), account.settings.default_response_time.name()), (Some("survey-bot"), "URGENT"));
    assert_eq!(account.settings.notification_signature.name(), "sha256_hex");
    assert_eq!((account.settings.consumer_language.as_str(), &*account.settings.image_hosts), ("de", &["cdn.example.test".to_owned()][..]));
    admin.patch("settings", json!({"consumer_language": "xx"})).await.expect_error(400, "validation_failed", Some("consumer_language"));
    for bad in ["https://cdn.example.test", "", "a b", "*.test"] {
        admin.patch("settings", json!({"image_hosts": [bad]})).await.expect_error(400, "validation_failed", Some("image_hosts"));
    }
    let unknown = json!({"notification_signature": "md5"});
    admin.patch("settings", unknown).await.expect_error(400, "validation_failed", Some("notification_signature"));
    admin.patch("settings", json!({"default_response_time": "CUSTOM"})).await.expect_error(
        400,
        "validation_failed",
        Some("default_response_time"),
    );
    let skill = admin.patch("skills/1", json!({"survey_app": "another"})).await.expect(200);
    assert_eq!(skill["survey_app"], "another");
    assert_eq!(admin.patch("skills/1", json!({"survey_app": null})).await.expect(200)["survey_app"], Value::Null);
    let again = json!({"name": "Acme Ltd"});
    admin.call(Method::PATCH, &Principal::path("settings"), Some(again), &[("if-match", &tag)]).await.expect_error(412, "stale", None);
}

#[tokio::test]
async fn an_idempotency_key_makes_one_object() {
    let world = World::start().await;
    let admin = world.administrator().await;
    let make = async |name: &str, key: &str| {
        admin.call(Method::POST, &Principal::path("skills"), Some(json!({"name": name})), &[("idempotency-key", key)]).await
    };
    let first = make("Billing", "k1").await.expect(201);
    assert_eq!(make("Billing", "k1").await.expect(201)["id"], first["id"]);
    make("Returns", "k1").await.expect_error(409, "taken", Some("Idempotency-Key"));
    make("Billing", "k2").await.expect_error(409, "taken", Some("name"));
    let names = admin.get("skills").await.expect(200)["items"].as_array().map(Vec::len);
    assert_eq!(names, Some(3));
}

#[tokio::test]
async fn lists_are_paged_by_key() {
    let world = World::start().await;
    let admin = world.administrator().await;
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let page = admin.get(&format!("users?limit=2&after={after}")).await.expect(200);
        seen.extend(page["items"].as_array().expect("items").iter().map(|user| user["login"].as_str().expect("a name").to_owned()));
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => break,
        }
    }
    assert_eq!(seen, ["agent1", "agent2", "manager1", "admin1", "nobody1"]);
    admin.get("users?after=%25").await.expect_error(400, "validation_failed", Some("after"));
    admin.get("users?limit=201").await.expect_error(400, "validation_failed", Some("limit"));
    admin.get("users?offset=3").await.expect_error(400, "validation_failed", Some("offset"));
}

#[tokio::test]
async fn agents_and_counts_show_what_goes_on() {
    let world = World::start().await;
    let agent = world.test.arrive("agent1").await;
    world.test.receive("say k1 +4930 hello").await;
    world.test.ring(&agent).await;
    let manager = world.signed_in("manager1").await;
    let agents = manager.get("agents").await.expect(200);
    assert_eq!(agents["items"][0]["availability"], "ONLINE");
    assert_eq!((agents["items"][0]["open"].as_u64(), agents["items"][0]["ringing"].as_u64()), (Some(0), Some(1)));
    let logins: Vec<_> = agents["items"].as_array().expect("items").iter().filter_map(|agent| agent["user_id"].as_str()).collect();
    assert_eq!(logins, ["1", "2", "3", "4"], "who can't handle conversations is no agent");
    let names = world.signed_in("agent1").await.get("colleagues?limit=1").await.expect(200);
    assert_eq!(names["items"], json!([{"user_id": "1", "nickname": "Nick 1"}]), "names are for everybody, states are not");
    assert_eq!(manager.get("stats").await.expect(200), json!({"waiting": 1, "ringing": 1, "open": 1, "agents_online": 1}));
    world.test.accept(&agent).await;
    assert_eq!(manager.get("stats").await.expect(200), json!({"waiting": 0, "ringing": 0, "open": 1, "agents_online": 1}));
    let skill = manager.get("skills/1").await.expect(200);
    assert_eq!((skill["name"].as_str(), skill["waiting"].as_u64()), (Some("General"), Some(0)));
    assert!(world.test.app.directory().account(&world.test.account()).is_some_and(|view| view.skills.contains_key(&SkillId(1))));
    assert!(world.test.app.directory().account(&world.test.account()).is_some_and(|view| view.users.contains_key(&UserId(1))));
}

#[tokio::test]
async fn a_channel_declares_its_forms_and_limits() {
    let world = World::start().await;
    let channels = world.signed_in("agent1").await.get("/api/v1/channels").await.expect(200);
    let channel = &channels["items"][0];
    assert_eq!(channel["id"], "test_channel");
    assert_eq!(channel["credentials_schema"][0]["name"], "secret");
    assert_eq!(channel["capabilities"]["text"], json!({"max": 20, "unit": "codepoint", "segments": false}));
    assert_eq!(channel["capabilities"]["media"], json!({"types": ["image/*"], "max_bytes": 1_000_000, "max_count": 1}));
    assert!(channel["capabilities"]["window_hours"].is_null());
    assert_eq!(
        (&channel["capabilities"]["structured"]["neutral"], &channel["capabilities"]["structured"]["chips"]),
        (&json!(false), &Value::Null)
    );
}

#[tokio::test]
async fn of_two_changes_at_once_one_wins() {
    let world = World::start().await;
    let admin = world.administrator().await;
    for path in ["users/2", "skills/1", "settings", "sources/src_0000000000000001", "profiles/nothing"] {
        let tag = admin.get(path).await.header("etag").to_owned();
        let whole = Principal::path(path);
        let change = |value: &str| match path {
            "users/2" => json!({"nickname": value}),
            "profiles/nothing" => json!({"privileges": [if value == "one" { "view_agents" } else { "view_audit" }]}),
            _ => json!({"name": value}),
        };
        let headers = [("if-match", tag.as_str())];
        let (one, two) = tokio::join!(
            admin.call(Method::PATCH, &whole, Some(change("one")), &headers),
            admin.call(Method::PATCH, &whole, Some(change("two")), &headers)
        );
        let mut statuses = [one.status.as_u16(), two.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412], "{path}");
        let winner = if one.status == 200 { one } else { two };
        let now = admin.get(path).await;
        assert_eq!(now.header("etag"), winner.header("etag"), "{path}");
        assert_eq!(now.expect(200), winner.expect(200), "{path}");
    }
}
