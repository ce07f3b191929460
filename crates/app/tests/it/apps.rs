//! Installing, changing and removing outside programs, and the sources that they are.

use antiphon_app::administration::{Act, AdminError, AdminErrorKind, AppGuard, ConnectorAppInput, Revision, apps_revision};
use antiphon_app::identity::{APP_CHANNEL, AppTokenError};
use antiphon_app::ports::Store;
use antiphon_app::ports::store::ConnectorApp;
use antiphon_app::{AccountView, Caller};
use antiphon_domain::{SkillId, Source};
use antiphon_testkit::TestApp;
use std::sync::Arc;

fn input(client_id: Option<&str>, name: &str) -> ConnectorAppInput {
    ConnectorAppInput {
        client_id: client_id.map(str::to_owned),
        name: name.into(),
        client_secret: None,
        keep_secret_s: 0,
        skill: Some(SkillId(2)),
        settings: r#"{"scope":"msg.consumer"}"#.into(),
        enabled: true,
    }
}

async fn put(world: &TestApp, admin: &Caller, input: ConnectorAppInput, guard: AppGuard<'_>) -> Result<Arc<ConnectorApp>, AdminError> {
    world.app.put_connector_app(&Act::of(admin), input, guard).await
}

fn view(world: &TestApp) -> Arc<AccountView> {
    Arc::clone(world.app.directory().account(&world.account()).expect("the account"))
}

fn source_of(world: &TestApp, client_id: &str) -> Arc<Source> {
    let view = view(world);
    let found = view.sources.values().find(|source| source.channel == APP_CHANNEL && source.address == client_id);
    Arc::clone(found.expect("the app is a source"))
}

#[track_caller]
fn refused<T: std::fmt::Debug>(found: Result<T, AdminError>, kind: AdminErrorKind, field: Option<&str>) {
    let error = found.expect_err("it is refused");
    assert_eq!((error.kind, error.field.as_deref()), (kind, field), "{error:?}");
}

#[tokio::test]
async fn an_app_is_a_source_from_its_first_moment() {
    let world = TestApp::start().await;
    let admin = world.caller("admin1");
    let app = put(&world, &admin, input(None, "Gateway"), AppGuard::Fresh).await.expect("it is installed");
    assert_eq!(app.client_id.len(), 36, "an id was made: {}", app.client_id);
    assert!(app.client_secret.len() == 26 && app.client_secret.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    let source = source_of(&world, &app.client_id);
    assert_eq!((source.name.as_str(), source.skill, source.enabled), ("Gateway", Some(SkillId(2)), true));

    let off = ConnectorAppInput { enabled: false, ..input(Some(&app.client_id), "Renamed") };
    let changed = put(&world, &admin, off, AppGuard::Anything).await.expect("it is changed");
    assert_eq!((&changed.client_secret, changed.created_at), (&app.client_secret, app.created_at), "the secret is kept");
    let switched_off = source_of(&world, &app.client_id);
    assert_eq!((switched_off.id, switched_off.name.as_str(), switched_off.enabled), (source.id, "Renamed", false));

    put(&world, &admin, input(Some(&app.client_id), "Renamed"), AppGuard::Anything).await.expect("it is switched on");
    world.app.remove_connector_app(&Act::of(&admin), &app.client_id, AppGuard::Anything).await.expect("it is removed");
    assert!(!view(&world).connector_apps.contains_key(&app.client_id));
    assert!(!source_of(&world, &app.client_id).enabled);
    let again = world.app.remove_connector_app(&Act::of(&admin), &app.client_id, AppGuard::Anything).await;
    refused(again, AdminErrorKind::NotFound, None);
    let token = world.app.issue_app_token("12", &app.client_id, &app.client_secret, false, "").await;
    assert_eq!(token.map(drop), Err(AppTokenError::UnknownOrWrong));

    let back = put(&world, &admin, input(Some(&app.client_id), "Back"), AppGuard::Fresh).await.expect("it comes back");
    assert_eq!(back.client_secret, app.client_secret, "as its programs know it");
    assert!(source_of(&world, &app.client_id).enabled && source_of(&world, &app.client_id).id == source.id);
    let world = world.restart().await;
    assert_eq!(view(&world).connector_apps[&app.client_id], back);
}

#[tokio::test]
async fn changes_are_guarded_by_what_was_read() {
    let world = TestApp::start().await;
    let admin = world.caller("admin1");
    let none = apps_revision(&view(&world));
    let first = put(&world, &admin, input(Some("a"), "A"), AppGuard::AllUnchanged(&none)).await.expect("nothing changed before");
    let one = apps_revision(&view(&world));
    assert!(one != none && one.bytes().all(|byte| byte.is_ascii_digit()), "{one}");
    refused(put(&world, &admin, input(Some("b"), "B"), AppGuard::AllUnchanged(&none)).await, AdminErrorKind::Stale, None);
    refused(put(&world, &admin, input(Some("a"), "A"), AppGuard::Fresh).await, AdminErrorKind::Taken, Some("client_id"));
    put(&world, &admin, input(Some("b"), "B"), AppGuard::AllUnchanged(&one)).await.expect("nothing changed before");
    let stale = world.app.remove_connector_app(&Act::of(&admin), "a", AppGuard::AllUnchanged(&one)).await;
    refused(stale, AdminErrorKind::Stale, None);
    let read = Revision::from(&*first);
    put(&world, &admin, input(Some("a"), "A2"), AppGuard::Unchanged(&read)).await.expect("it is the one that was read");
    refused(put(&world, &admin, input(Some("a"), "A3"), AppGuard::Unchanged(&read)).await, AdminErrorKind::Stale, None);
    refused(put(&world, &admin, input(Some("a"), "B"), AppGuard::Anything).await, AdminErrorKind::Taken, Some("name"));
    let before = apps_revision(&view(&world));
    put(&world, &admin, input(Some("a"), "A2"), AppGuard::Anything).await.expect("nothing to change");
    assert_eq!(apps_revision(&view(&world)), before, "what changes nothing is no change");
    world.app.remove_connector_app(&Act::of(&admin), "a", AppGuard::AllUnchanged(&before)).await.expect("it is removed");
    assert_ne!(apps_revision(&view(&world)), before);
}

#[tokio::test]
async fn only_administrators_install_and_bad_values_are_named() {
    let world = TestApp::start().await;
    let admin = world.caller("admin1");
    for login in ["agent1", "manager1"] {
        let caller = world.caller(login);
        refused(put(&world, &caller, input(Some("a"), "A"), AppGuard::Anything).await, AdminErrorKind::Forbidden, None);
        let act = Act::of(&caller);
        refused(world.app.remove_connector_app(&act, "a", AppGuard::Anything).await, AdminErrorKind::Forbidden, None);
        refused(world.app.rotate_client_secret(&act, "a", 0).await, AdminErrorKind::Forbidden, None);
    }
    let bad = [
        (input(Some("a b"), "A"), "client_id"),
        (input(Some("a"), &"x".repeat(129)), "name"),
        (ConnectorAppInput { client_secret: Some("short".into()), ..input(Some("a"), "A") }, "client_secret"),
        (ConnectorAppInput { keep_secret_s: -1, ..input(Some("a"), "A") }, "keep_secret_s"),
        (ConnectorAppInput { skill: Some(SkillId(99)), ..input(Some("a"), "A") }, "skill_id"),
        (ConnectorAppInput { settings: "[]".into(), ..input(Some("a"), "A") }, "settings"),
        (ConnectorAppInput { settings: r#"{"redirect_uris":["x"]}"#.into(), ..input(Some("a"), "A") }, "settings.redirect_uris.0"),
        (ConnectorAppInput { settings: r#"{"webhooks":{"x":{}}}"#.into(), ..input(Some("a"), "A") }, "settings.webhooks.x"),
    ];
    for (input, field) in bad {
        refused(put(&world, &admin, input, AppGuard::Anything).await, AdminErrorKind::Invalid, Some(field));
    }
    assert!(view(&world).connector_apps.is_empty());
}

#[tokio::test]
async fn a_replaced_secret_lives_on_for_a_while() {
    let world = TestApp::start().await;
    let admin = world.caller("admin1");
    let app = put(&world, &admin, input(Some("a"), "A"), AppGuard::Fresh).await.expect("it is installed");
    let rotated = world.app.rotate_client_secret(&Act::of(&admin), "a", 3600).await.expect("a new secret");
    assert_ne!(rotated.client_secret, app.client_secret);
    let world = world.restart().await;
    let works = async |secret: &str| world.app.issue_app_token("12", "a", secret, false, "").await.is_ok();
    assert!(works(&app.client_secret).await && works(&rotated.client_secret).await, "both live");
    world.clock.advance(3_600_000);
    assert!(!works(&app.client_secret).await && works(&rotated.client_secret).await, "the old one has ended");
    let rows = world.store.audit(&world.account(), None, 200).await.expect("the store reads");
    let row = rows.iter().find(|row| &*row.action == "app.secret_rotated").expect("it is audited");
    assert!(!row.detail.contains(&rotated.client_secret) && !row.detail.contains(&app.client_secret), "{row:?}");
}
