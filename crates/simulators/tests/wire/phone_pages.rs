//! The phone pages: files, policy, and the control API on the same origin.

use antiphon_simulators::{Shop, phone_router, start};
use axum::body::Body;
use futures_util::StreamExt as _;
use http::Request;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::*;

async fn pages() -> axum::Router {
    let sms = start("twilio_sms", listener().await, super::config(None));
    let messenger = start("facebook_messenger", listener().await, super::config(None));
    let typed = MessengerSim::of(&messenger).unwrap();
    typed.create_app(APP, APP_SECRET, "verify-me");
    typed.create_page(PAGE, "Shop", PAGE_TOKEN, APP).unwrap();
    let shop = Shop::new("acme", "front", || 1_800_000_000).unwrap();
    phone_router([sms, messenger], Some(shop))
}

async fn ask(router: &axum::Router, method: &str, path: &str, body: Option<Value>) -> (u16, http::HeaderMap, String) {
    let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    let request = request.body(body.map_or_else(Body::empty, |body| Body::from(body.to_string()))).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    (parts.status.as_u16(), parts.headers, String::from_utf8_lossy(&bytes).into_owned())
}

#[tokio::test]
async fn the_page_and_all_its_files_are_served_under_a_strict_policy() {
    let router = pages().await;
    let (status, headers, page) = ask(&router, "GET", "/simulators", None).await;
    assert_eq!((status, headers["content-type"].to_str().unwrap()), (200, "text/html; charset=utf-8"));
    assert!(headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'self'"));
    for inline in ["style=", "onclick", "<style", "<script>", "javascript:"] {
        assert!(!page.contains(inline), "{inline}");
    }
    for (name, kind) in [
        ("app.js", "text/javascript"),
        ("api.js", "text/javascript"),
        ("phone.js", "text/javascript"),
        ("bubbles.js", "text/javascript"),
        ("phone.css", "text/css"),
        ("icon.svg", "image/svg+xml"),
    ] {
        let (status, headers, text) = ask(&router, "GET", &format!("/simulators/static/{name}"), None).await;
        assert_eq!(status, 200, "{name}");
        assert!(headers["content-type"].to_str().unwrap().starts_with(kind), "{name}");
        assert!(!text.contains("innerHTML") && !text.contains("eval("), "{name}");
    }
    assert_eq!(ask(&router, "GET", "/simulators/static/..%2Fmod.rs", None).await.0, 404);
}

#[tokio::test]
async fn the_changes_of_all_phones_come_in_one_stream() {
    let router = pages().await;
    let request = Request::get("/simulators/events").body(Body::empty()).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut body = response.into_body().into_data_stream();
    let mut seen = String::new();
    // Each tells once how it stands, then what changes.
    while seen.matches("event: change").count() < 2 {
        let frame = body.next().await.unwrap().unwrap();
        seen += &String::from_utf8_lossy(&frame);
    }
    assert!(seen.contains("data: twilio_sms") && seen.contains("data: facebook_messenger"), "{seen}");
    let write = json!({ "line": PAGE, "first_name": "Zoe", "last_name": "" });
    assert_eq!(ask(&router, "POST", "/simulators/api/facebook_messenger/phone/consumers", Some(write)).await.0, 200);
    let frame = body.next().await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&frame).contains("data: facebook_messenger"));
}

#[tokio::test]
async fn each_channel_has_its_control_api_beside_the_page() {
    let router = pages().await;
    let (_, _, list) = ask(&router, "GET", "/simulators/channels", None).await;
    assert!(list.contains("twilio_sms") && list.contains("Messenger"), "{list}");
    let base = "/simulators/api/facebook_messenger";
    let (status, _, made) = ask(&router, "POST", &format!("{base}/phone/consumers"), Some(json!({ "first_name": "Ada" }))).await;
    assert_eq!(status, 200, "{made}");
    let id = serde_json::from_str::<Value>(&made).unwrap()["id"].as_str().unwrap().to_owned();
    let body = |message: Value| Some(json!({ "line": PAGE, "consumer": id, "message": message }));
    for message in [
        json!({ "text": "hi", "media": [{ "content_type": "image/png", "base64": "UE5H", "name": "a.png" }] }),
        json!({ "text": "Start", "postback": "GET_STARTED" }),
        json!({ "text": "Yes", "quick_reply": "YES" }),
        json!({ "location": { "lat": 1.5, "long": 2.5 } }),
        json!({ "sticker": 369_239_263_222_822_u64 }),
    ] {
        let (status, _, text) = ask(&router, "POST", &format!("{base}/phone/messages"), body(message)).await;
        assert_eq!(status, 200, "{text}");
    }
    let native = json!({ "line": PAGE, "consumer": id, "text": "from the inbox" });
    assert_eq!(ask(&router, "POST", &format!("{base}/phone/native"), Some(native)).await.0, 200);
    let (_, _, thread) = ask(&router, "GET", &format!("{base}/phone/thread?line={PAGE}&consumer={id}"), None).await;
    let thread: Value = serde_json::from_str(&thread).unwrap();
    let from: Vec<&str> = thread["messages"].as_array().unwrap().iter().filter_map(|m| m["from"].as_str()).collect();
    assert_eq!(from, ["consumer", "consumer", "consumer", "consumer", "consumer", "consumer", "page"]);
    for bad in [json!({}), json!({ "text": "x", "unknown": 1 }), json!({ "media": [{ "content_type": "a/b", "base64": "%" }] })] {
        assert_eq!(ask(&router, "POST", &format!("{base}/phone/messages"), body(bad)).await.0, 400);
    }
    assert_eq!(ask(&router, "GET", "/simulators/api/twilio_sms/phone", None).await.0, 200);
}

#[tokio::test]
async fn the_shop_carries_one_script_tag_and_signs_who_its_customers_are() {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    let router = pages().await;
    let (status, headers, page) = ask(&router, "GET", "/simulators/shop", None).await;
    assert_eq!(status, 200);
    assert!(headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'self'"));
    assert!(page.contains(r#"<script src="/widget.js" data-account="acme" data-source="front" async></script>"#));
    for inline in ["style=", "onclick", "<style", "<script>", "javascript:"] {
        assert!(!page.contains(inline), "{inline}");
    }
    for (at, _) in page.match_indices("/simulators/shop/static/") {
        let path = page[at..].split('"').next().unwrap();
        assert_eq!(ask(&router, "GET", path, None).await.0, 200, "{path}");
    }
    assert_eq!(ask(&router, "GET", "/simulators/shop/static/shop.html", None).await.0, 404);

    // Its customers are believed by the key that it tells, and by no other shop's.
    let [shop, other] = [0, 1].map(|_| Shop::new("acme", "front", || 1_800_000_000).unwrap());
    let keys = [shop.public_key_pem(), other.public_key_pem()].map(|pem| {
        let der = STANDARD.decode(pem.lines().filter(|line| !line.starts_with('-')).collect::<String>()).unwrap();
        aws_lc_rs::signature::UnparsedPublicKey::new(&aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED, der)
    });
    let router = phone_router([], Some(shop));
    let (_, _, answer) = ask(&router, "GET", "/simulators/shop/token?customer=4711", None).await;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let (signed, signature) = answer["token"].as_str().unwrap().rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    assert_eq!(keys.map(|key| key.verify(signed.as_bytes(), &signature).is_ok()), [true, false]);
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(signed.split_once('.').unwrap().1).unwrap()).unwrap();
    assert_eq!((claims["iss"].as_str(), claims["sub"].as_str()), (Some(Shop::ISSUER), Some("customer-4711")));
    assert_eq!((claims["aud"].as_str(), claims["exp"].as_i64()), (Some("acme"), Some(1_800_000_600)));
    assert_eq!(ask(&router, "GET", "/simulators/shop/token?customer=nobody", None).await.0, 404);
}
