//! Files over the wire: from a page of another origin, with links that end, and what is refused on the way.

use crate::agents_day::{accept, agent};
use crate::harness::*;
use crate::send::program;
use axum::body::Body;
use http::{Method, Request};
use serde_json::{Value, json};

const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF not quite a picture";
const ORIGIN: &str = "https://shop.example";

/// A link as clients put it together; a page of the documentation doubles the first slash.
fn address(link: &Value) -> String {
    let text = |value: &Value| value.as_str().expect("texts, all of them").to_owned();
    let query = &link["queryParams"];
    format!(
        "/{}?temp_url_sig={}&temp_url_expires={}",
        text(&link["relativePath"]),
        text(&query["temp_url_sig"]),
        text(&query["temp_url_expires"])
    )
}

async fn from_page(served: &Served, method: Method, address: &str, body: &'static [u8]) -> Answer {
    let request = Request::builder().method(method).uri(address).header("origin", ORIGIN).header("content-type", "image/png");
    served.call(request.body(Body::from(body)).expect("a request")).await
}

#[tokio::test]
async fn connector_line_13_a_file_goes_round_from_a_page_and_its_links_end_after_a_minute() {
    let served = serve().await;
    let mut client = agent(&served, "agent1").await;
    let program = program(&served).await;
    let id = program.open().await;
    accept(&mut client).await;

    // The page announces a PNG whatever it has, and asks before it puts.
    let asked = program.send("ms.GenerateURLForUploadFile", json!({ "fileSize": "1000", "fileType": "PNG" })).await;
    let up = asked.json();
    assert_eq!((asked.status, &up["code"], &up["reqId"]), (200, &json!("OK"), &json!("3")));
    let path = up["body"]["relativePath"].as_str().expect("a path").to_owned();
    assert!(path.starts_with("/v1/AUTH_async-images/12/") && path.ends_with(".PNG"), "{path}");
    assert_eq!(up["body"]["queryParams"]["temp_url_sig"].as_str().map(str::len), Some(40));
    let put = address(&up["body"]);
    let preflight = Request::options(&put)
        .header("origin", ORIGIN)
        .header("access-control-request-method", "PUT")
        .header("access-control-request-headers", "content-type");
    let preflight = served.call(preflight.body(Body::empty()).expect("a request")).await;
    assert_eq!((preflight.status, &*preflight.body, preflight.header("access-control-allow-origin")), (204, "", "*"));
    assert!(preflight.header("access-control-allow-methods").contains("PUT"));
    assert!(preflight.header("access-control-allow-headers").contains("content-type"));
    let done = from_page(&served, Method::PUT, &put, JPEG).await;
    assert_eq!((done.status, &*done.body, done.header("access-control-allow-origin")), (201, "", "*"));

    let message = json!({ "caption": "a photo", "relativePath": path, "fileType": "JPEG" });
    let event = json!({ "type": "ContentEvent", "contentType": "hosted/file", "message": message });
    let published = program.send("ms.PublishEvent", json!({ "dialogId": id, "event": event })).await;
    assert_eq!(published.json(), json!({ "code": "OK", "body": { "sequence": 0 }, "reqId": "3" }));
    let shown = client.hear(EVENT).await;
    assert_eq!([&shown["event"]["message"]["relativePath"], &shown["event"]["message"]["fileType"]], [&json!(path), &json!("JPEG")]);

    // The page may ask for it after the conversation has ended, and open it in a tab.
    program.update(&id, json!({ "field": "ConversationStateField", "conversationState": "CLOSE" })).await;
    let down = program.send("ms.GenerateURLForDownloadFile", json!({ "relativePath": path })).await.json();
    let get = address(&down["body"]);
    served.test.clock.advance(59_000);
    let file = from_page(&served, Method::GET, &get, b"").await;
    assert_eq!((file.status, file.header("content-type"), file.header("access-control-allow-origin")), (200, "image/jpeg", "*"));
    assert_eq!((file.header("x-content-type-options"), file.header("content-disposition").starts_with("inline")), ("nosniff", true));
    served.test.clock.advance(1_000);
    assert_eq!(from_page(&served, Method::GET, &get, b"").await.status, 401, "the minute is over");
    assert_eq!(from_page(&served, Method::PUT, &put, JPEG).await.status, 401);
}

#[tokio::test]
async fn anothers_file_is_not_there() {
    let served = serve().await;
    let kim = program(&served).await;
    let lee = kim.on_behalf_of("lee").await;
    kim.open().await;
    let of_lee = lee.open().await;
    let up = kim.send("ms.GenerateURLForUploadFile", json!({ "fileSize": 9, "fileType": "JPG" })).await.json();
    let path = &up["body"]["relativePath"];
    assert_eq!(from_page(&served, Method::PUT, &address(&up["body"]), JPEG).await.status, 201);
    let own = kim.send("ms.GenerateURLForDownloadFile", json!({ "relativePath": path })).await;
    assert_eq!(own.status, 200, "{}", own.body);
    let stolen = lee.send("ms.GenerateURLForDownloadFile", json!({ "relativePath": path })).await;
    assert_eq!((stolen.status, &stolen.json()["code"]), (400, &json!("BAD_REQUEST")));
    assert!(stolen.body.contains("there is no such file"), "{}", stolen.body);
    let message = json!({ "caption": "", "relativePath": path, "fileType": "JPG" });
    let event = json!({ "type": "ContentEvent", "contentType": "hosted/file", "message": message });
    let shown = lee.send("ms.PublishEvent", json!({ "dialogId": of_lee, "event": event })).await;
    assert_eq!(shown.status, 400, "{}", shown.body);
    assert!(shown.body.contains("there is no such file"), "{}", shown.body);
}

#[tokio::test]
async fn a_visitor_sends_a_picture_over_their_socket() {
    let served = serve().await;
    let token = served.visitor().await;
    let mut visitor = served.visit(&token).await;
    let id = visitor.open().await;
    let asked = json!({ "fileSize": 9, "fileType": "PNG" });
    let up = visitor.must("ms.GenerateURLForUploadFile", asked, 200, "ms.GenerateURLResponse").await;
    assert_eq!(from_page(&served, Method::PUT, &address(&up), JPEG).await.status, 201);
    let message = json!({ "caption": "", "relativePath": up["relativePath"], "fileType": "JPEG" });
    let event = json!({ "type": "ContentEvent", "contentType": "hosted/file", "message": message });
    let published = json!({ "dialogId": id, "event": event });
    assert_eq!(visitor.must("ms.PublishEvent", published, 200, "ms.PublishEventResponse").await["sequence"], 0);
    let asked = json!({ "relativePath": up["relativePath"] });
    let down = visitor.must("ms.GenerateURLForDownloadFile", asked, 200, "ms.GenerateURLResponse").await;
    assert_eq!(from_page(&served, Method::GET, &address(&down), b"").await.header("content-type"), "image/jpeg");
}

#[tokio::test]
async fn what_is_not_taken_is_refused_with_its_reason_and_headers() {
    let served = serve().await;
    let program = program(&served).await;
    for (body, part) in [
        (json!({ "fileSize": 9, "fileType": "PDF" }), "fileType: one of JPEG, JPG, PNG, GIF"),
        (json!({ "fileSize": (3 << 20) + 1, "fileType": "PNG" }), "larger than 3145728 bytes"),
        (json!({ "fileSize": "many", "fileType": "PNG" }), "fileSize"),
        (json!({ "fileType": "PNG" }), "fileSize"),
        (json!({ "fileSize": 9 }), "fileType"),
    ] {
        let refused = program.send("ms.GenerateURLForUploadFile", body.clone()).await;
        assert_eq!(refused.status, 400, "{body}");
        assert!(refused.body.contains(part), "{body}: {}", refused.body);
    }
    let link = async || {
        let up = program.send("ms.GenerateURLForUploadFile", json!({ "fileSize": 9, "fileType": "PNG" })).await.json();
        address(&up["body"])
    };
    let page = b"<html><script>alert(1)</script></html>";
    let put = link().await;
    let lie = from_page(&served, Method::PUT, &put, page).await;
    assert_eq!((lie.status, lie.header("access-control-allow-origin")), (415, "*"));
    assert!(lie.json()["error"]["message"].as_str().is_some_and(|message| message.contains("text/plain")), "{}", lie.body);
    assert_eq!(from_page(&served, Method::PUT, &put, JPEG).await.status, 201, "the link is still good");
    let large = vec![0xff; (3 << 20) + 1].leak();
    assert_eq!(from_page(&served, Method::PUT, &link().await, large).await.status, 413);
    // Neither a header that lies about the length nor a path that climbs gets any further.
    let put = link().await;
    let claimed = Request::put(&put).header("content-length", "99999999").body(Body::from("x")).expect("a request");
    assert_eq!(served.call(claimed).await.status, 413);
    let climbing = put.replace("/12/", "/12/../13/");
    assert_eq!(from_page(&served, Method::PUT, &climbing, JPEG).await.status, 401);
    for wrong in ["/v1/AUTH_async-images/12/x.PNG", "/v1/AUTH_async-images/12/x.PNG?temp_url_sig=1&temp_url_expires=99999999999999999999"] {
        let refused = from_page(&served, Method::GET, wrong, b"").await;
        assert_eq!((refused.status, refused.header("access-control-allow-origin")), (401, "*"), "{wrong}");
    }
}

#[tokio::test]
async fn a_thumbnail_is_asked_for_like_any_file() {
    let served = serve().await;
    let mut client = agent(&served, "agent1").await;
    served.test.receive("say k1 +49151 hello").await;
    let conversation = accept(&mut client).await;
    let must = ".ams.ms.GenerateURL$Response";
    let up = client.must(".ams.ms.GenerateURLForUploadFile", json!({ "fileSize": 1, "fileType": "PNG" }), 200, must).await;
    let picture = wide_png();
    let request = Request::put(address(&up)).body(Body::from(picture)).expect("a request");
    assert_eq!(served.call(request).await.status, 201);
    let message = json!({ "caption": "", "relativePath": up["relativePath"], "fileType": "PNG" });
    let event = json!({ "type": "ContentEvent", "contentType": "hosted/file", "message": message });
    client.must(PUBLISH, json!({ "dialogId": conversation, "event": event }), 200, ".ams.ms.PublishEvent$Response").await;
    let message = client.hear(EVENT).await["event"]["message"].clone();
    assert_eq!([&message["width"], &message["height"]], [&json!(600), &json!(2)]);
    assert!(message["preview"].as_str().is_some_and(|preview| preview.starts_with("data:image/jpeg;base64,")));
    let asked = json!({ "relativePath": message["thumbnail"] });
    let down = client.must(".ams.ms.GenerateURLForDownloadFile", asked, 200, must).await;
    let small = served.get(&address(&down)).await;
    assert_eq!((small.status, small.header("content-type")), (200, "image/jpeg"));
}

/// A picture of 600 by 2 pixels, all of one colour, put together by hand.
fn wide_png() -> Vec<u8> {
    fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
        let sum = [&kind[..], data].concat().iter().fold(!0u32, |sum, byte| {
            (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 })
        });
        [&(data.len() as u32).to_be_bytes()[..], kind, data, &(!sum).to_be_bytes()].concat()
    }
    // One stored block: each row is a filter and 600 grey pixels.
    let rows = [&[0][..], &[90; 600], &[0], &[90; 600]].concat();
    let (low, high) = rows.iter().fold((1u32, 0u32), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    let length = rows.len() as u16;
    let head = [&[0x78, 0x01, 0x01][..], &length.to_le_bytes(), &(!length).to_le_bytes()].concat();
    let pixels = [head, rows, (high << 16 | low).to_be_bytes().to_vec()].concat();
    let header = [&600u32.to_be_bytes()[..], &2u32.to_be_bytes(), &[8, 0, 0, 0, 0]].concat();
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", &header), chunk(b"IDAT", &pixels), chunk(b"IEND", &[])].concat()
}
