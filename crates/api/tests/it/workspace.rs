//! The web workspace's files. They hold with and without a built workspace, so that no test depends on npm having run.

use crate::world::{Answer, World};
use http::Method;

async fn get(world: &World, path: &str, headers: &[(&str, &str)]) -> Answer {
    world.anonymous().call(Method::GET, path, None, headers).await
}

#[tokio::test]
async fn its_routes_get_its_page_with_a_strict_policy() {
    let world = World::start().await;
    let page = get(&world, "/", &[("accept", "text/html")]).await;
    if page.status == 404 {
        assert!(String::from_utf8_lossy(&page.bytes).contains("make build"), "a server without the workspace says so");
        return;
    }
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("cache-control"), "no-cache");
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
    let route = get(&world, "/admin/sources", &[("accept", "text/html")]).await;
    assert_eq!(route.bytes, page.bytes);
    let tag = page.header("etag").to_owned();
    let again = get(&world, "/", &[("accept", "text/html"), ("if-none-match", &tag)]).await;
    assert_eq!((again.status.as_u16(), again.bytes.len()), (304, 0));

    let text = String::from_utf8_lossy(&page.bytes).into_owned();
    let asset = text.split('"').find(|part| part.starts_with("/assets/") && part.ends_with(".js")).expect("the page has a script");
    let plain = get(&world, asset, &[]).await;
    assert_eq!(plain.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!((plain.header("content-encoding"), plain.header("x-content-type-options")), ("", "nosniff"));
    for encoding in ["br", "gzip"] {
        let small = get(&world, asset, &[("accept-encoding", encoding)]).await;
        assert_eq!((small.status.as_u16(), small.header("content-encoding")), (200, encoding));
        assert_eq!(small.header("content-type"), "text/javascript; charset=utf-8");
        assert!(small.bytes.len() < plain.bytes.len());
    }
}

#[tokio::test]
async fn a_miss_is_no_page() {
    let world = World::start().await;
    for path in ["/assets/gone.js", "/favicon.gone", "/webhooks/x", "/index.html.br", "/../Cargo.toml"] {
        assert_eq!(get(&world, path, &[]).await.status.as_u16(), 404, "{path}");
    }
    assert_eq!(world.anonymous().call(Method::POST, "/admin", None, &[]).await.status.as_u16(), 405);
}
