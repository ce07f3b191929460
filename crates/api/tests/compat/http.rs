//! Discovery, log-in and file links over plain HTTP.

use crate::agents_day::{accept, agent};
use crate::harness::*;
use axum::body::Body;
use serde_json::json;

#[tokio::test]
async fn every_form_of_discovery_is_answered() {
    let served = serve().await;
    let list = served.get("/api/account/12/service/baseURI.json?version=1.0").await;
    assert_eq!((list.status, list.header("access-control-allow-origin")), (200, "*"));
    let services = list.json();
    for name in [
        "agentVep",
        "facadeMsg",
        "asyncMessagingEnt",
        "idp",
        "swift",
        "msgHist",
        "sentinel",
        "accountConfigReadWrite",
        "mtlsGateway",
        "thirdPartyBots",
        "visitorFeed",
        "etool",
        "smt",
        "runtimeFormLogic",
        "tokenizer",
        "leDataReporting",
        "liveEngageUI",
        "accountConfigReadOnly",
        "engHistDomain",
        "agentManagerWorkspace",
        "agentActivityDomain",
        "messagingRestApiDomain",
    ] {
        let one = services["baseURIs"].as_array().expect("a list").iter().find(|one| one["service"] == name);
        assert_eq!(one, Some(&json!({ "service": name, "account": "12", "baseURI": "antiphon.test:8443" })), "{name}");
    }
    assert_eq!(served.get("/csdr/account/12/service/baseURI.json").await.json(), services);
    for path in ["/api/account/12/service/agentVep/baseURI.json?version=1", "/csdr/account/12/service/agentVep/baseURI.json"] {
        let one = served.get(path).await.json();
        assert_eq!(
            (&one["service"], &one["baseURI"], &one["baseURIs"][0]["baseURI"]),
            (&json!("agentVep"), &json!("antiphon.test:8443"), &json!("antiphon.test:8443"))
        );
    }
    let script = served.get("/csdr/account/12/service/idp/baseURI.lpCsds?version=1.0&cb=domainCallback").await;
    assert_eq!(
        (script.status, &*script.body),
        (200, r#"domainCallback({"ResultSet":{"lpData":[{"account":"12","lpServer":"antiphon.test:8443","service":"idp"}]}});"#)
    );
    assert!(script.header("content-type").starts_with("application/javascript"));
    for (path, status) in [
        ("/csdr/account/12/service/idp/baseURI.lpCsds?cb=alert(1)", 400),
        ("/csdr/account/12/service/idp/baseURI.lpCsds", 400),
        ("/api/account/13/service/baseURI.json", 404),
        ("/api/account/not%20one/service/baseURI.json", 404),
        ("/api/account/12/service/AGENTVEP/baseURI.json", 404),
        ("/api/account/12/service/agentVep/other.json", 404),
    ] {
        assert_eq!(served.get(path).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn log_in_refresh_and_log_out_have_their_bodies() {
    let served = serve().await;
    let wrong = served.post("/api/account/12/login", "", json!({ "username": "agent1", "password": "x" })).await;
    let error = &wrong.json()["error"];
    assert_eq!((wrong.status, &error["internalCode"], &error["responseStatus"]), (401, &json!(10), &json!("UNAUTHORIZED")));
    assert!(error["time"].is_string() && error["message"].is_string());
    assert_eq!(served.post("/api/account/12/login", "", json!({ "username": "agent1" })).await.status, 400);
    assert_eq!(served.post("/api/account/13/login", "", json!({ "username": "a", "password": "b" })).await.status, 401);

    let request = json!({ "username": "admin1", "password": antiphon_testkit::app::PASSWORD });
    let answer = served.post("/api/account/12/login?v=1.3", "", request).await;
    let body = answer.json();
    let (bearer, csrf) = (body["bearer"].as_str().expect("a bearer"), body["csrf"].as_str().expect("a csrf token"));
    assert_eq!((bearer.len(), csrf.len()), (64, 64));
    assert!(body["sessionTTl"].as_str().is_some_and(|ttl| ttl.parse::<i64>().is_ok()));
    let config = &body["config"];
    assert_eq!(
        [&config["userId"], &config["userPid"], &config["loginName"], &config["isAdmin"]],
        [&json!("4"), &json!("00000000-0000-0000-0000-000000000004"), &json!("admin1"), &json!(true)]
    );
    assert!(body["csdsCollectionResponse"]["baseURIs"].as_array().is_some_and(|list| list.len() > 5));
    assert!(body["accountData"]["agentGroupsData"]["items"].is_array());
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with(&format!("session_id={bearer}; Path=/; HttpOnly")) && cookie.contains("Secure"), "{cookie}");
    assert_eq!(served.login("agent1").await["config"]["isAdmin"], false);

    let cookie = format!("session_id={bearer}");
    let refresh = "/api/account/12/refresh?v=1.3";
    let refreshed = served.post(refresh, &cookie, json!({ "csrf": csrf })).await;
    assert_eq!((refreshed.status, &*refreshed.body), (200, "{}"));
    let forged = served.post(refresh, &cookie, json!({ "csrf": "x" })).await;
    assert_eq!((forged.status, &forged.json()["error"]["internalCode"]), (401, &json!(10)));
    assert_eq!(served.post(refresh, "", json!({ "csrf": csrf })).await.status, 401);
    assert_eq!(served.post("/api/account/13/refresh", &cookie, json!({ "csrf": csrf })).await.status, 401);
    assert_eq!(served.post("/api/account/12/logout", &cookie, json!({ "csrf": "x" })).await.status, 401);
    assert_eq!(served.post("/api/account/12/logout", &cookie, json!({ "csrf": csrf })).await.status, 200);
    assert_eq!(served.post(refresh, &cookie, json!({ "csrf": csrf })).await.status, 401);
}

const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n-not-really";

fn put(url: &str) -> http::Request<Body> {
    http::Request::put(url).header("content-type", "image/png").body(PICTURE.into()).expect("a request")
}

#[tokio::test]
async fn a_file_goes_up_is_shown_and_comes_down() {
    let served = serve().await;
    let mut client = agent(&served, "agent1").await;
    served.test.receive("say k1 +49151 hello").await;
    let conversation = accept(&mut client).await;
    let url = |link: &serde_json::Value| {
        let text = |value: &serde_json::Value| value.as_str().expect("a string").to_owned();
        let query = &link["queryParams"];
        format!(
            "{}?temp_url_sig={}&temp_url_expires={}",
            text(&link["relativePath"]),
            text(&query["temp_url_sig"]),
            text(&query["temp_url_expires"])
        )
    };
    let asked = json!({ "fileSize": "1000", "fileType": "PNG" });
    let up = client.must(".ams.ms.GenerateURLForUploadFile", asked.clone(), 200, ".ams.ms.GenerateURL$Response").await;
    assert!(up["relativePath"].as_str().is_some_and(|path| path.starts_with("/v1/AUTH_async-images/12/")));
    assert_eq!(up["queryParams"]["temp_url_sig"].as_str().map(str::len), Some(40));
    let forged = url(&up).replace("temp_url_sig=", "temp_url_sig=0");
    assert_eq!(served.call(put(&forged)).await.status, 401);
    let answer = served.call(put(&url(&up))).await;
    assert_eq!((answer.status, &*answer.body, answer.header("access-control-allow-origin")), (201, "", "*"));
    let second = client.must(".ams.ms.GenerateURLForUploadFile", asked, 200, ".ams.ms.GenerateURL$Response").await;
    assert_eq!(served.call(put(&format!("/{}", url(&second)))).await.status, 201);
    let preflight = http::Request::options(url(&up)).header("access-control-request-method", "PUT").body(Body::empty()).expect("a request");
    let preflight = served.call(preflight).await;
    assert_eq!(preflight.status, 204);
    assert!(
        preflight.header("access-control-allow-methods").contains("PUT")
            && preflight.header("access-control-allow-headers").contains("content-type")
    );

    let message = json!({ "caption": "a picture", "relativePath": up["relativePath"], "fileType": "PNG" });
    let event = json!({ "type": "ContentEvent", "contentType": "hosted/file", "message": message });
    client.must(".ams.ms.PublishEvent", json!({ "dialogId": conversation, "event": event }), 200, ".ams.ms.PublishEvent$Response").await;
    let shown = client.hear(EVENT).await;
    let message = &shown["event"]["message"];
    assert_eq!(
        [&message["relativePath"], &message["fileType"], &message["caption"], &message["state"], &message["size"]],
        [&up["relativePath"], &json!("PNG"), &json!("a picture"), &json!("ready"), &json!(PICTURE.len())]
    );
    let down = client
        .must(".ams.ms.GenerateURLForDownloadFile", json!({ "relativePath": up["relativePath"] }), 200, ".ams.ms.GenerateURL$Response")
        .await;
    let file = served.get(&url(&down)).await;
    assert_eq!((file.status, file.header("content-type"), file.header("x-content-type-options")), (200, "image/png", "nosniff"));
    assert!(file.header("content-disposition").starts_with("inline") && file.header("content-security-policy").contains("sandbox"));
    let missing = client.ask(".ams.ms.GenerateURLForDownloadFile", json!({ "relativePath": "/v1/AUTH_async-images/12/none" })).await;
    assert_eq!(missing["code"], 404);
    served.test.clock.advance(120_000);
    assert_eq!(served.get(&url(&down)).await.status, 401);
}
