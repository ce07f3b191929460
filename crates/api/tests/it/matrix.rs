//! Law 10: who may do what, for every route of the description, with deny as the default.
//!
//! A route that is not in the table fails the test: whoever adds one decides here who may use it.

use crate::world::{OTHER, Principal, World};
use antiphon_domain::{Privilege, Scope, SourceId};
use antiphon_testkit::app::{ADDRESS, PASSWORD};
use antiphon_testkit::net::answer;
use http::Method;
use serde_json::{Value, json};

/// The principals of the first account. `AGENT` serves the conversation, `COLLEAGUE` has no part in it.
const NOBODY: &str = "nobody1";
const AGENT: &str = "agent1";
const COLLEAGUE: &str = "agent2";
const MANAGER: &str = "manager1";
const ADMIN: &str = "admin1";
const EVERYONE: [&str; 5] = [NOBODY, AGENT, COLLEAGUE, MANAGER, ADMIN];

const ALL: &[&str] = &EVERYONE;
const AGENTS: &[&str] = &[AGENT, COLLEAGUE, MANAGER, ADMIN];
const SERVING: &[&str] = &[AGENT, MANAGER, ADMIN];
const MANAGERS: &[&str] = &[MANAGER, ADMIN];
const ADMINS: &[&str] = &[ADMIN];

/// Who may, and which scope lets an API key; without one, no key may. The object of `{id}` is the first account's: its conversation,
/// its skill, and so on.
const TABLE: &[(&str, &str, &[&str], &str)] = &[
    ("get", "/api/v1/session", ALL, ""),
    ("delete", "/api/v1/session", ALL, ""),
    ("post", "/api/v1/session/password", ALL, ""),
    ("post", "/api/v1/session/activity", ALL, ""),
    ("get", "/api/v1/channels", ALL, "sources:read"),
    ("get", "users", ADMINS, "users:read"),
    ("post", "users", ADMINS, "users:write"),
    ("get", "users/{id}", ADMINS, "users:read"),
    ("patch", "users/{id}", ADMINS, "users:write"),
    ("post", "users/{id}/password", ADMINS, "users:write"),
    ("post", "users/{id}/unlock", ADMINS, "users:write"),
    ("get", "agents", MANAGERS, "users:read"),
    ("get", "colleagues", AGENTS, "users:read"),
    ("get", "profiles", ADMINS, "users:read"),
    ("post", "profiles", ADMINS, "users:write"),
    ("get", "profiles/{id}", ADMINS, "users:read"),
    ("patch", "profiles/{id}", ADMINS, "users:write"),
    ("get", "skills", AGENTS, "skills:read"),
    ("post", "skills", ADMINS, "skills:write"),
    ("get", "skills/{id}", AGENTS, "skills:read"),
    ("patch", "skills/{id}", ADMINS, "skills:write"),
    ("get", "sources", ADMINS, "sources:read"),
    ("post", "sources", ADMINS, "sources:write"),
    ("get", "sources/{id}", ADMINS, "sources:read"),
    ("patch", "sources/{id}", ADMINS, "sources:write"),
    ("get", "sources/{id}/templates", AGENTS, "sources:read"),
    ("get", "channel-apps", ADMINS, "sources:read"),
    ("post", "channel-apps", ADMINS, "sources:write"),
    ("get", "channel-apps/{id}", ADMINS, "sources:read"),
    ("patch", "channel-apps/{id}", ADMINS, "sources:write"),
    ("get", "apps", ADMINS, "apps:read"),
    ("post", "apps", ADMINS, "apps:write"),
    ("get", "apps/{id}", ADMINS, "apps:read"),
    ("patch", "apps/{id}", ADMINS, "apps:write"),
    ("post", "apps/{id}/secret", ADMINS, "apps:write"),
    ("get", "apps/{id}/notifications", ADMINS, "apps:read"),
    ("get", "apps/{id}/notifications/{notification}", ADMINS, "apps:read"),
    ("get", "apps/{id}/state", ADMINS, "apps:read"),
    ("post", "apps/{id}/test", ADMINS, "apps:write"),
    ("post", "apps/{id}/redrive", ADMINS, "apps:write"),
    ("delete", "apps/{id}", ADMINS, "apps:write"),
    ("get", "identity-providers", ADMINS, "apps:read"),
    ("post", "identity-providers", ADMINS, "apps:write"),
    ("get", "identity-providers/{id}", ADMINS, "apps:read"),
    ("patch", "identity-providers/{id}", ADMINS, "apps:write"),
    ("get", "api-keys", ADMINS, ""),
    ("post", "api-keys", ADMINS, ""),
    ("get", "api-keys/{id}", ADMINS, ""),
    ("patch", "api-keys/{id}", ADMINS, ""),
    ("delete", "api-keys/{id}", ADMINS, ""),
    ("get", "conversations", AGENTS, "conversations:read"),
    ("get", "conversations/{id}", SERVING, "conversations:read"),
    ("get", "conversations/{id}/visit", SERVING, "conversations:read"),
    ("get", "conversations/{id}/messages", SERVING, "conversations:read"),
    ("get", "conversations/{id}/changes", SERVING, "conversations:read"),
    ("get", "deliveries", MANAGERS, "conversations:read"),
    ("post", "deliveries/{id}/retry", SERVING, "conversations:write"),
    ("post", "previews", AGENTS, "conversations:write"),
    ("get", "consumers", MANAGERS, "consumers:read"),
    ("get", "consumers/{id}", SERVING, "consumers:read"),
    ("get", "consumers/{id}/consents", SERVING, "consumers:read"),
    ("post", "consumers/{id}/consents", MANAGERS, "consumers:write"),
    ("get", "dead-letters", ADMINS, "logs:read"),
    ("get", "dead-letters/{id}", ADMINS, "logs:read"),
    ("post", "dead-letters/{id}/redrive", ADMINS, "logs:write"),
    ("get", "channel-log", ADMINS, "logs:read"),
    ("get", "audit", ADMINS, "audit:read"),
    ("get", "settings", ADMINS, "settings:read"),
    ("patch", "settings", ADMINS, "settings:write"),
    ("get", "stats", MANAGERS, "conversations:read"),
];

/// The objects of the first account, by noun.
struct Objects(Vec<(&'static str, String)>);

impl Objects {
    async fn make(world: &World) -> Self {
        world.test.net.otherwise(answer(400, "no"));
        let agent = world.test.arrive(AGENT).await;
        let said = world.test.receive("say k1 +4930 hello").await;
        assert_eq!(said.status, 200);
        let conversation = world.test.accept(&agent).await;
        world.test.write(&agent, &conversation, "good day").await.expect("the agent may write");
        world.test.receive("nonsense").await;
        let admin = world.administrator().await;
        let app = json!({"client_id": "my-app", "client_secret": "a-long-secret"});
        admin.post("apps", app).await.expect(201);
        admin.post("identity-providers", json!({"issuer": "shop", "jwks_url": "https://shop.example/jwks"})).await.expect(201);
        let key = admin.post("api-keys", json!({"name": "Export", "scopes": ["audit:read"]})).await.expect(201);
        let key = key["key"]["id"].as_str().expect("an id").to_owned();
        let first = |list: Value| list["items"][0]["id"].as_str().expect("an item").to_owned();
        let delivery = first(admin.get("deliveries").await.expect(200));
        let letter = first(admin.get("dead-letters").await.expect(200));
        Self(vec![
            ("users", "2".to_owned()),
            ("profiles", "nothing".to_owned()),
            ("skills", "1".to_owned()),
            ("sources", SourceId(1).to_string()),
            // The test channel has no apps: whoever may look finds none.
            ("channel-apps", "app_0000000000000001".to_owned()),
            ("apps", "my-app".to_owned()),
            ("identity-providers", "shop".to_owned()),
            ("api-keys", key),
            ("conversations", conversation.id.to_string()),
            ("deliveries", delivery),
            ("consumers", conversation.consumer.to_string()),
            ("dead-letters", letter),
        ])
    }

    fn fill(&self, path: &str) -> String {
        let noun = path.trim_start_matches("/api/v1/accounts/12/").split('/').next().unwrap_or_default();
        let id = self.0.iter().find(|(known, _)| *known == noun).map(|(_, id)| id.as_str());
        path.replace("{id}", id.unwrap_or("no-object-of-this-noun")).replace("{notification}", "ntf_0000000000000001")
    }
}

/// Every operation of the description, with its path below the first account.
fn operations() -> Vec<(String, String)> {
    let document: Value = antiphon_api::openapi_document().parse().expect("JSON");
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for method in methods.as_object().expect("methods").keys() {
            operations.push((method.clone(), path.clone()));
        }
    }
    operations
}

fn short(path: &str) -> &str {
    path.strip_prefix("/api/v1/accounts/{account}/").unwrap_or(path)
}

async fn ask(who: &Principal, method: &str, path: &str) -> u16 {
    let method: Method = method.to_uppercase().parse().expect("a method");
    let body = (method == Method::POST || method == Method::PATCH).then(|| json!({}));
    who.call(method, path, body, &[]).await.status.as_u16()
}

#[test]
fn every_route_is_in_the_table() {
    for (method, path) in operations() {
        if (method.as_str(), path.as_str()) != ("post", "/api/v1/session") {
            let rows = TABLE.iter().filter(|row| row.0 == method && row.1 == short(&path)).count();
            assert_eq!(rows, 1, "decide who may {method} {path}, and write it into the table");
        }
    }
    assert_eq!(TABLE.len() + 1, operations().len(), "the table has rows of routes that are gone");
}

#[tokio::test]
async fn each_principal_may_exactly_what_the_table_says() {
    let world = World::start().await;
    let objects = Objects::make(&world).await;
    for (method, path, allowed, _) in TABLE {
        let whole = objects.fill(&Principal::path(path));
        for login in EVERYONE {
            let who = world.signed_in(login).await;
            let status = ask(&who, method, &whole).await;
            let may = status != 401 && status != 403;
            // The retry of a delivery does not tell strangers that it exists.
            let may = may && !(path.starts_with("deliveries/") && status == 404);
            assert_eq!(may, allowed.contains(&login), "{login}: {method} {whole} gave {status}");
            assert!(status < 500, "{login}: {method} {whole} gave {status}");
        }
    }
}

/// A key of the first account for a user, with scopes: whoever holds it.
async fn key_of(world: &World, user: &str, scopes: &[&str]) -> Principal {
    let name = format!("{user} {}", scopes.join(" "));
    let made = world.administrator().await.post("api-keys", json!({"name": name, "user_id": user, "scopes": scopes})).await.expect(201);
    world.holder(made["secret"].as_str().expect("a secret"))
}

/// Numbers of users.
const ADMIN_ID: &str = "4";
const AGENT_ID: &str = "1";
const MANAGER_ID: &str = "3";

#[tokio::test]
async fn each_scope_opens_exactly_what_the_table_says() {
    let world = World::start().await;
    let objects = Objects::make(&world).await;
    let names: Vec<String> = Scope::all().map(|scope| scope.to_string()).collect();
    assert!(TABLE.iter().all(|row| row.3.is_empty() || names.iter().any(|name| name == row.3)), "the table names a scope that is none");
    for name in &names {
        assert!(TABLE.iter().any(|row| row.3 == name), "{name} opens nothing");
        let key = key_of(&world, ADMIN_ID, &[name]).await;
        for (method, path, _, scope) in TABLE {
            // Removed objects would not be there for the next key: what is not there is asked for instead.
            let whole =
                objects.fill(&Principal::path(path)).replace("apps/my-app", if *method == "delete" { "apps/none" } else { "apps/my-app" });
            // Somebody whom whoever makes agents may touch.
            let whole = whole.replace("users/2", "users/5");
            let status = ask(&key, method, &whole).await;
            let opened = name == scope || *name == scope.replace(":read", ":write");
            assert_eq!(status != 403, opened, "{name}: {method} {whole} gave {status}");
            assert!(status != 401 && status < 500, "{name}: {method} {whole} gave {status}");
        }
    }
}

#[tokio::test]
async fn a_key_may_no_more_than_its_user() {
    let world = World::start().await;
    let objects = Objects::make(&world).await;
    let conversations = ["conversations:write", "consumers:write", "users:read", "skills:read"];
    for (user, login, scopes) in [(AGENT_ID, AGENT, &conversations), (MANAGER_ID, MANAGER, &conversations)] {
        let key = key_of(&world, user, scopes).await;
        for (method, path, allowed, scope) in TABLE {
            let whole = objects.fill(&Principal::path(path));
            let status = ask(&key, method, &whole).await;
            let opened = scopes.iter().any(|own| own == scope || **own == scope.replace(":read", ":write"));
            let may = status != 401 && status != 403 && !(path.starts_with("deliveries/") && status == 404);
            assert_eq!(may, opened && allowed.contains(&login), "{login}'s key: {method} {whole} gave {status}");
        }
    }
}

#[test]
fn the_description_names_the_scope_of_each_operation() {
    let document: Value = antiphon_api::openapi_document().parse().expect("JSON");
    for (method, path, _, scope) in TABLE {
        let whole = if path.starts_with("/api/") { (*path).to_owned() } else { format!("/api/v1/accounts/{{account}}/{path}") };
        let ways = document["paths"][&whole][method]["security"].as_array().expect("how one signs in").clone();
        let named: Vec<&Value> = ways.iter().filter_map(|way| way.get("api_key")).collect();
        let expected = json!([scope]);
        assert_eq!(named, if scope.is_empty() { vec![] } else { vec![&expected] }, "{method} {path}");
    }
}

#[tokio::test]
async fn nobody_may_anything_without_a_session() {
    let world = World::start().await;
    let objects = Objects::make(&world).await;
    for (method, path, ..) in TABLE {
        let status = ask(&world.anonymous(), method, &objects.fill(&Principal::path(path))).await;
        assert_eq!(status, 401, "{method} {path}");
    }
}

#[tokio::test]
async fn nothing_crosses_accounts() {
    let world = World::start().await;
    let objects = Objects::make(&world).await;
    let stranger = world.signed_in_to(OTHER, "admin1").await;
    for (method, path, ..) in TABLE.iter().filter(|row| !row.1.starts_with("/api/")) {
        let whole = objects.fill(&Principal::path(path));
        assert_eq!(ask(&stranger, method, &whole).await, 403, "{method} {whole}");
        let missing = whole.replace("/accounts/12/", "/accounts/77/");
        assert_eq!(ask(&stranger, method, &missing).await, 403, "an account that does not exist looks the same: {method} {missing}");
        // Through the stranger's own account the objects of the first one do not exist.
        let numbered = ["users/{id}", "skills/{id}"].iter().any(|noun| path.starts_with(noun));
        if path.contains("{id}") && !numbered {
            let own = whole.replace("/accounts/12/", &format!("/accounts/{OTHER}/"));
            let body = match *method {
                "patch" => Some(json!({})),
                "post" if path.ends_with("consents") => Some(json!({"kind": "opt_in", "proof": "by phone"})),
                "post" => Some(json!({})),
                _ => None,
            };
            let method: Method = method.to_uppercase().parse().expect("a method");
            let answer = stranger.call(method.clone(), &own, body, &[]).await;
            let empty = answer.json()["items"] == json!([]);
            assert!(answer.status == 404 || empty, "{method} {own} gave {}", answer.status);
        }
    }
    for list in ["conversations", "consumers", "deliveries", "dead-letters", "channel-log", "sources", "apps", "api-keys"] {
        let page = stranger.get(&format!("/api/v1/accounts/{OTHER}/{list}")).await.expect(200);
        assert_eq!(page["items"], json!([]), "{list}");
    }
}

#[tokio::test]
async fn an_agent_sees_own_conversations_and_offers_only() {
    let world = World::start().await;
    let objects = Objects::make(&world).await;
    let colleague = world.signed_in(COLLEAGUE).await;
    for query in ["", "?agent=none", "?agent=1", "?state=open", "?q=4930"] {
        let page = colleague.get(&format!("conversations{query}")).await.expect(200);
        assert_eq!(page["items"], json!([]), "{query}");
    }
    let own = world.signed_in(AGENT).await.get("conversations?agent=me").await.expect(200);
    assert_eq!(own["items"][0]["consumer"]["address"], "+4930");
    assert_eq!(own["items"].as_array().map(Vec::len), Some(1));
    let conversation = objects.fill("conversations/{id}");
    let id = conversation.trim_start_matches("conversations/");
    world.signed_in(AGENT).await.get(&format!("deliveries?conversation={id}")).await.expect(200);
    colleague.get(&format!("deliveries?conversation={id}")).await.expect_error(403, "forbidden", None);

    // An offer opens it: a second consumer's conversation rings for the colleague, who may then look.
    let online = world.test.arrive(COLLEAGUE).await;
    world.test.app.set_agent_state(&world.test.caller(AGENT), antiphon_domain::routing::Availability::Away).await.expect("stored");
    world.test.receive("say k2 +4931 hi").await;
    let (ring, _) = world.test.ring(&online).await;
    let offered = colleague.get(&format!("conversations/{}", ring.conversation)).await.expect(200);
    assert_eq!(offered["consumer"]["address"], "+4931");
    assert_eq!(world.test.app.directory().source(SourceId(1)).map(|(_, source)| source.address.as_str()), Some(ADDRESS));
}

/// The privileges that an operation's description says it needs: any one of them is enough.
fn needs(operation: &Value) -> Vec<Privilege> {
    let text = [&operation["summary"], &operation["description"]].iter().filter_map(|text| text.as_str()).collect::<Vec<_>>().join(" ");
    let Some((_, needed)) = text.split_once("Needs ") else { return Vec::new() };
    needed.split('`').skip(1).step_by(2).filter_map(Privilege::from_name).collect()
}

#[tokio::test]
async fn each_privilege_opens_what_the_description_says() {
    let world = World::start().await;
    let objects = Objects::make(&world).await;
    let admin = world.administrator().await;
    for privilege in Privilege::ALL {
        let name = privilege.name();
        admin.post("profiles", json!({"name": format!("only_{name}"), "privileges": [name]})).await.expect(201);
        let user = json!({"login": name, "profile": format!("only_{name}"), "password": PASSWORD});
        admin.post("users", user).await.expect(201);
    }
    let document: Value = antiphon_api::openapi_document().parse().expect("JSON");
    let mut checked = 0;
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let needed = needs(operation);
            if needed.is_empty() {
                continue;
            }
            // A user without privileges is below everybody, so that only the named privilege decides.
            let whole = objects.fill(&Principal::path(short(path))).replace("users/2", "users/5");
            for privilege in Privilege::ALL {
                let who = world.signed_in(privilege.name()).await;
                let status = ask(&who, method, &whole).await;
                assert_eq!(status != 403, needed.contains(&privilege), "{privilege:?} alone: {method} {whole} gave {status}");
            }
            checked += 1;
        }
    }
    assert!(checked > 30, "the descriptions say what they need: {checked}");
}
