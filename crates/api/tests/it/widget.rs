//! The widget's script, frame and configuration: which pages get them, and what is told to whom.

use crate::world::{Answer, World};
use antiphon_app::identity::WEB_CHANNEL;
use antiphon_app::ports::Store;
use antiphon_app::ports::store::{UnitOfWork, Write};
use antiphon_domain::source::{Health, HealthState};
use antiphon_domain::{Source, SourceId, Timestamp};
use http::Method;
use serde_json::json;

const CONFIG: &str = "/widget/config/12/shop";
const FRAME: &str = "/widget/frame/12/shop";

async fn put(world: &World, enabled: bool, settings: &[(&str, &str)]) {
    let mut unit = UnitOfWork::new(world.test.account());
    unit.write(Write::PutSource(Source {
        id: SourceId(71),
        channel: WEB_CHANNEL.into(),
        name: "Shop".into(),
        address: "shop".into(),
        skill: None,
        app: None,
        enabled,
        api_base_url: None,
        credentials: [("hush".to_owned(), "a-secret".to_owned())].into(),
        settings: settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        health: Health { state: HealthState::Unknown, message: String::new(), since: Timestamp(0) },
        created_at: Timestamp(0),
        updated_at: Timestamp(0),
    }));
    world.test.store.commit(unit).await.expect("the source is stored");
    world.test.app.reload_directory().await.expect("it is loaded");
}

async fn get(world: &World, path: &str, headers: &[(&str, &str)]) -> Answer {
    world.anonymous().call(Method::GET, path, None, headers).await
}

#[tokio::test]
async fn only_listed_pages_are_told_the_configuration() {
    let world = World::start().await;
    put(&world, true, &[("allowed_origins", "https://shop.example https://*.shop.example"), ("color", "#ABC")]).await;
    for origin in ["https://shop.example", "https://www.shop.example"] {
        let told = get(&world, CONFIG, &[("origin", origin)]).await;
        assert_eq!((told.header("access-control-allow-origin"), told.header("vary")), (origin, "Origin"));
        assert_eq!(told.expect(200)["color"], "#aabbcc");
    }
    for origin in ["https://evil.example", "https://shop.example.evil.example", "http://shop.example", "null", ""] {
        let refused = get(&world, CONFIG, &[("origin", origin)]).await;
        assert_eq!((refused.header("access-control-allow-origin"), refused.header("cache-control")), ("*", "no-store"), "{origin}");
        let body = refused.expect(403);
        assert_eq!(body["code"], "origin_not_allowed", "{origin}");
        assert!(body["remedy"].as_str().is_some_and(|remedy| remedy.contains("allowed_origins")));
    }
    // The frame asks from our own origin, with or without saying so.
    get(&world, CONFIG, &[]).await.expect(200);
    get(&world, CONFIG, &[("origin", "http://antiphon.test")]).await.expect(200);
}

#[tokio::test]
async fn the_configuration_tells_no_secret_and_is_cached_until_it_changes() {
    let world = World::start().await;
    put(&world, true, &[("title", "Help"), ("attachments", "off")]).await;
    let first = get(&world, CONFIG, &[]).await;
    let tag = first.header("etag").to_owned();
    assert_eq!(first.header("cache-control"), "public, max-age=60");
    let body = first.expect(200);
    assert_eq!(
        body,
        json!({
            "account": "12", "source": "shop", "allowed_origins": [], "title": "Help", "welcome": null, "launcher_text": null, "texts": {},
            "color": "#0b6b74", "theme": "auto", "position": "right", "language": "auto", "logo_url": null, "sign_in": "optional",
            "attachments": null,
        })
    );
    let again = get(&world, CONFIG, &[("if-none-match", &tag)]).await;
    assert_eq!((again.status.as_u16(), again.bytes.len()), (304, 0));
    put(&world, true, &[("title", "Other"), ("sign_in", "required")]).await;
    let changed = get(&world, CONFIG, &[("if-none-match", &tag)]).await.expect(200);
    assert_eq!((&changed["title"], &changed["sign_in"]), (&json!("Other"), &json!("required")));
    // As the account's settings say, which the server holds every upload to.
    let types = json!({"image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF"});
    assert_eq!(changed["attachments"]["types"], types);
    let admin = world.administrator().await;
    admin.patch("settings", json!({"consumer_file_kib": 1_000})).await.expect(200);
    let smaller = get(&world, CONFIG, &[]).await.expect(200);
    assert_eq!(smaller["attachments"], json!({"max_bytes": 1_000 << 10, "types": types}));
    admin.patch("settings", json!({"file_sharing": false})).await.expect(200);
    assert_eq!(get(&world, CONFIG, &[]).await.expect(200)["attachments"], json!(null));
}

#[tokio::test]
async fn a_source_that_is_not_there_shows_nothing() {
    let world = World::start().await;
    put(&world, false, &[]).await;
    for path in [CONFIG, "/widget/config/12/nowhere", "/widget/config/99/shop", "/widget/config/none/shop", "/widget/config/12/%2B100"] {
        let refused = get(&world, path, &[("origin", "https://shop.example")]).await;
        assert_eq!(refused.header("access-control-allow-origin"), "*", "{path}");
        assert_eq!(refused.expect(404)["code"], "no_such_source", "{path}");
    }
    assert_eq!(get(&world, FRAME, &[]).await.status, 404);
    put(&world, true, &[]).await;
    get(&world, CONFIG, &[]).await.expect(200);
    get(&world, "/widget/config/12/src_0000000000000047", &[]).await.expect(200);
}

#[tokio::test]
async fn the_browser_draws_the_frame_inside_listed_pages_only() {
    let world = World::start().await;
    put(&world, true, &[("allowed_origins", "https://shop.example https://*.shop.example:8443")]).await;
    let page = get(&world, FRAME, &[("accept", "text/html")]).await;
    if page.status == 404 {
        assert!(String::from_utf8_lossy(&page.bytes).contains("make build"), "a server without the widget says so");
        return;
    }
    let policy = page.header("content-security-policy").to_owned();
    assert!(policy.ends_with("frame-ancestors https://shop.example https://*.shop.example:8443"), "{policy}");
    assert!(policy.starts_with("default-src 'none'; script-src 'self';") && !policy.contains("unsafe"), "{policy}");
    assert!(policy.contains("connect-src 'self' ws://antiphon.test;"), "{policy}");
    assert_eq!((page.header("x-frame-options"), page.header("content-type")), ("", "text/html; charset=utf-8"));
    // A browser that holds the page keeps its old headers, so the tag must change with the list.
    let tag = page.header("etag").to_owned();
    assert_eq!(get(&world, FRAME, &[("if-none-match", &tag)]).await.status, 304);
    put(&world, true, &[]).await;
    let closed = get(&world, FRAME, &[("if-none-match", &tag)]).await;
    assert_eq!(closed.status, 200);
    assert!(closed.header("content-security-policy").ends_with("frame-ancestors 'none'"));

    let text = String::from_utf8_lossy(&page.bytes).into_owned();
    let script = text.split('"').find(|part| part.starts_with("/widget/assets/") && part.ends_with(".js")).expect("the page has a script");
    let asset = get(&world, script, &[]).await;
    assert_eq!((asset.status.as_u16(), asset.header("cache-control")), (200, "public, max-age=31536000, immutable"));
    let loader = get(&world, "/widget.js", &[("accept-encoding", "br")]).await;
    assert_eq!((loader.status.as_u16(), loader.header("content-encoding")), (200, "br"));
    assert_eq!((loader.header("cross-origin-resource-policy"), loader.header("access-control-allow-origin")), ("cross-origin", "*"));
}

#[tokio::test]
async fn the_files_have_no_other_way_in() {
    let world = World::start().await;
    for path in
        ["/widget/frame.html", "/widget/widget.js", "/widget/assets/gone.js", "/widget/assets/..%2Fframe.html", "/widget", "/widget/x"]
    {
        assert_eq!(get(&world, path, &[("accept", "text/html")]).await.status, 404, "{path}");
    }
}
