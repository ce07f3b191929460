//! A connector from the first request to the last, with requests made by hand, byte by byte, over a real connection; and the published
//! demo program's contract: what it sends, odd as it is, and every member that it reads.

use crate::agents_day::{accept, agent};
use crate::harness::*;
use crate::webhooks::change;
use antiphon_api::compat::CompatLimits;
use antiphon_app::ports::net::NetRequest;
use antiphon_domain::AccountSettings;
use antiphon_testkit::app::PASSWORD;
use antiphon_testkit::net::answer;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const HOOK: &str = "https://connector.test/notifications/event";
const INSTALLATIONS: &str = "/api/account/12/configuration/app-install/installations";

/// What came back, as it lay on the wire.
struct Raw {
    status: u16,
    head: String,
    body: String,
}

impl Raw {
    fn json(&self) -> Value {
        // The program's client parses exactly these two; anything else stays a buffer.
        let kind = self.header("content-type").to_ascii_lowercase().replace(' ', "");
        assert!(matches!(&*kind, "application/json" | "application/json;charset=utf-8"), "{}", self.head);
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    fn header(&self, name: &str) -> &str {
        let line = self.head.lines().filter_map(|line| line.split_once(':')).find(|(known, _)| known.eq_ignore_ascii_case(name));
        line.map_or("", |(_, value)| value.trim())
    }
}

/// Sends bytes as they stand and reads until the server closes.
async fn raw(address: SocketAddr, request_line: &str, headers: &[(&str, &str)], body: &str) -> Raw {
    let mut text = format!("{request_line} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    text += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("it listens");
    stream.write_all(text.as_bytes()).await.expect("sent");
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.expect("read");
    let text = String::from_utf8(bytes).expect("text");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    Raw { status, head: head.to_owned(), body: body.to_owned() }
}

/// The connector: what it remembers between its requests.
struct Connector {
    address: SocketAddr,
    app_token: String,
    consumer_token: String,
    features: &'static str,
}

impl Connector {
    async fn call(&self, verb: &str, body: &Value) -> Raw {
        let client = format!(r#"{{"type":".ClientProperties","features":{}}}"#, self.features);
        let line = format!("POST /api/account/12/messaging/consumer/conversation{verb}?v=3");
        let headers = [
            ("Authorization", &*self.app_token),
            ("x-lp-on-behalf", &self.consumer_token),
            ("Content-Type", "application/json"),
            ("Client-Properties", &client),
        ];
        raw(self.address, &line, &headers, &body.to_string()).await
    }

    async fn send(&self, id: &str, kind: &str, body: Value) -> Value {
        let answer = self.call("/send", &json!({"kind": "req", "id": id, "type": kind, "body": body})).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.json()["reqId"], id);
        answer.json()
    }

    async fn event(&self, dialog: &str, conversation: &str, event: Value) -> Value {
        let body = json!({"dialogId": dialog, "conversationId": conversation, "event": event});
        self.send("3", "ms.PublishEvent", body).await["body"]["sequence"].clone()
    }
}

fn says(text: &str) -> Value {
    json!({"type": "ContentEvent", "contentType": "text/plain", "message": text})
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text, not {value}")).to_owned()
}

/// The first call to the program's address whose change is such a one.
async fn told(served: &Served, such: impl Fn(&Value) -> bool) -> (NetRequest, Value) {
    loop {
        let calls = served.test.net.calls().into_iter().filter(|call| call.url == HOOK);
        if let Some(found) = calls.map(|call| (call.clone(), change(&call.body))).find(|(_, change)| such(change)) {
            return found;
        }
        tokio::task::yield_now().await;
    }
}

/// Signs the administrator in as the program does, and installs an app for it. Returns the log-in's answer and the app.
async fn installed(served: &Served) -> (Value, Value) {
    let at = served.address;
    let json_kind = ("Content-Type", "application/json");
    // 1. Discovery, without any authentication.
    let list = raw(at, "GET /api/account/12/service/baseURI.json?version=1.0", &[], "").await;
    assert_eq!(list.status, 200);
    let uris = list.json()["baseURIs"].as_array().expect("a list").clone();
    for service in ["agentVep", "asyncMessagingEnt", "sentinel", "idp", "accountConfigReadWrite", "msgHist", "swift"] {
        let entry = uris.iter().find(|entry| entry["service"] == service).unwrap_or_else(|| panic!("{service} is missing"));
        assert_eq!((&entry["account"], &entry["baseURI"]), (&json!("12"), &json!("antiphon.test:8443")));
    }
    // 2. Log-in without a version.
    let body = json!({"username": "admin1", "password": PASSWORD}).to_string();
    let login = raw(at, "POST /api/account/12/login", &[json_kind], &body).await;
    assert_eq!(login.status, 200, "{}", login.body);
    let session = login.json();
    assert_eq!((&session["config"]["isAdmin"], &session["config"]["loginName"]), (&json!(true), &json!("admin1")));
    assert!(session["config"]["userId"].is_string() && text(&session["sessionTTl"]).parse::<u64>().is_ok());
    for service in ["sentinel", "idp", "asyncMessagingEnt", "accountConfigReadWrite", "msgHist"] {
        let uris = session["csdsCollectionResponse"]["baseURIs"].as_array().expect("a list");
        assert!(uris.iter().any(|entry| entry["service"] == service && entry["account"] == "12"), "{service}");
    }
    let bearer = format!("Bearer {}", text(&session["bearer"]));
    let signed = ("Authorization", bearer.as_str());
    // 3. Feature grants.
    let path = "GET /api/account/12/configuration/provision/featureGrants?v=1.0&excludeLegacy=true&jsonProvider=gson";
    let grants = raw(at, path, &[signed, ("Accept", "application/json")], "").await.json();
    let data = grants["appDataList"][0]["accountList"]["accountList"][0]["itemsCollection"]["data"].as_array().expect("a list").clone();
    let messaging = data.iter().find(|grant| grant["compoundFeatureID"] == "Common.Async_Messaging").expect("the feature");
    assert_eq!(messaging["value"]["value"], true);
    // 4. The list of installations, with the body that the program sends along.
    let listed = raw(at, &format!("GET {INSTALLATIONS}?v=1.0"), &[signed, json_kind], "[object Object]").await;
    assert_eq!((listed.status, listed.json()), (200, json!([])));
    // 6. An installation.
    let hook = json!({"endpoint": HOOK, "headers": []});
    let kinds = ["ContentEvent", "RichContentEvent", "AcceptStatusEvent", "ChatStateEvent"];
    let mut webhooks = json!({"cqm.ExConversationChangeNotification": hook, "retry": {"retention_time": 3600}});
    for kind in kinds {
        webhooks[format!("ms.MessagingEventNotification.{kind}")] = hook.clone();
    }
    let engagement = json!({"design_engagement": false, "design_window": false, "language_selection": false, "entry_point": ["section", "url"],
        "visitor_behavior": ["visited_location"], "target_audience": ["external_referral"], "goal": ["url"], "consumer_identity": ["auth"]});
    let manifest = json!({"client_name": "Demo connector", "description": "the demo", "grant_types": ["client_credentials"], "scope": "msg.consumer",
        "logo_uri": "", "quick_launch_enabled": false, "enabled": true,
        "capabilities": {"webhooks": webhooks, "engagement": engagement, "broadcast": {"enabled": false}}});
    let hub = ("User-Agent", "Connector App Hub");
    let created = raw(at, &format!("POST {INSTALLATIONS}?v=1.0"), &[signed, json_kind, hub], &manifest.to_string()).await;
    assert_eq!(created.status, 201, "{}", created.body);
    let id = text(&created.json()["client_id"]);
    // 5. It by its client id, with the revision that changes are guarded by.
    let shown = raw(at, &format!("GET {INSTALLATIONS}/{id}?v=1.0"), &[signed, json_kind], "[object Object]").await;
    let (revision, app) = (shown.header("ac-revision").to_owned(), shown.json());
    assert_eq!(
        (&app["id"], &app["client_id"], &app["scope"], &app["enabled"]),
        (&json!(id), &json!(id), &json!("msg.consumer"), &json!(true))
    );
    assert!(app["client_id_issued_at"].is_u64() && app["client_secret"].is_string() && app["capabilities"]["webhooks"].is_object());
    let mut changed = app.clone();
    changed["description"] = json!("the demo, changed");
    let guard = [signed, json_kind, hub, ("If-Match", &*revision), ("X-HTTP-Method-Override", "PUT")];
    let put = raw(at, &format!("PUT {INSTALLATIONS}/{id}?v=1.0"), &guard, &changed.to_string()).await;
    assert_eq!(put.status, 200, "{}", put.body);
    let stale = raw(at, &format!("DELETE {INSTALLATIONS}/{id}?v=1.0"), &guard, "{}").await;
    assert_eq!((stale.status, stale.head.starts_with("HTTP/1.1 412 Precondition Failed")), (412, true));
    (session, raw(at, &format!("GET {INSTALLATIONS}/{id}?v=1.0"), &[signed], "").await.json())
}

/// An app's token, and the token of a consumer that it speaks for.
async fn tokens(served: &Served, app: &Value, name: &str) -> (String, String) {
    // 7. Everything in the query, and no body.
    let (id, secret) = (text(&app["client_id"]), text(&app["client_secret"]));
    let path = format!("POST /sentinel/api/account/12/app/token?v=1.0&grant_type=client_credentials&client_id={id}&client_secret={secret}");
    let issued = raw(served.address, &path, &[("Content-Type", "application/x-www-form-urlencoded")], "").await;
    assert_eq!((issued.status, &issued.json()["token_type"]), (200, &json!("Bearer")));
    let token = text(&issued.json()["access_token"]);
    // 8. The app's token raw.
    let body = json!({"ext_consumer_id": name}).to_string();
    let headers = [("Content-Type", "application/json"), ("Authorization", &*token)];
    let consumer = raw(served.address, "POST /api/account/12/consumer?v=1.0", &headers, &body).await;
    assert_eq!(consumer.status, 201);
    (token, text(&consumer.json()["token"]))
}

fn consumer_id(token: &str) -> String {
    let claims = STANDARD_NO_PAD.decode(token.split('.').nth(1).expect("claims")).expect("base64");
    text(&serde_json::from_slice::<Value>(&claims).expect("JSON")["lp_consumer_id"])
}

/// The opening as the program sends it: ids and order as they are, numbers, nulls and empty texts included.
fn opening() -> Value {
    let profile = json!({"firstName": "Kim", "lastName": "", "avatarUrl": "http://x", "role": "consumer", "backgndImgUri": "http://y",
        "description": "d", "privateData": {"mobileNum": "1", "mail": "a@b", "pushNotificationData": {"serviceName": "", "certName": "", "token": ""}}});
    let context =
        json!({"visitorId": "", "sessionId": "", "interactionContextId": 2, "type": "SharkContext", "lang": "en-US", "features": []});
    let open = json!({"brandId": "12", "ttrDefName": null, "skillId": "-1", "channelType": "MESSAGING",
        "campaignInfo": {"campaignId": 2_894_629_312_u64, "engagementId": 2_894_629_412_u64}, "conversationContext": context});
    json!([
        {"kind": "req", "id": "2,", "type": "userprofile.SetUserProfile", "body": profile},
        {"kind": "req", "id": "1,", "type": "cm.ConsumerRequestConversation", "body": open},
    ])
}

#[tokio::test]
async fn the_golden_path_with_requests_made_by_hand() {
    let served = serve().await;
    served.test.net.at(HOOK, answer(200, "\"OK\""));
    let mut desk = agent(&served, "agent1").await;
    let (_, app) = installed(&served).await;
    let (app_token, consumer_token) = tokens(&served, &app, "0.8372").await;
    let kim = consumer_id(&consumer_token);
    let connector = Connector { address: served.address, app_token, consumer_token, features: "[]" };

    let opened = connector.call("", &opening()).await;
    assert_eq!(opened.status, 200, "{}", opened.body);
    let answers = opened.json();
    assert_eq!(answers[0], json!({"code": "OK", "body": {"msg": "OK User Profile set successfully"}, "reqId": "2,"}));
    let id = text(&answers[1]["body"]["conversationId"]);
    assert_eq!(answers[1]["reqId"], "1,");
    accept(&mut desk).await;
    let sequence = connector.event(&id, &id, says("hi 😀")).await;

    // The notification: signed over the bytes as they came, with the app's secret as text.
    let (call, heard) = told(&served, |change| change["event"]["message"] == "hi 😀").await;
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(text(&app["client_secret"]).as_bytes()).expect("a key");
    mac.update(&call.body);
    let signature = format!("sha1={}", STANDARD.encode(mac.finalize().into_bytes()));
    assert_eq!(call.headers["x-liveperson-signature"], signature.as_str());
    assert_eq!(
        (&call.headers["x-liveperson-account-id"], &call.headers["x-liveperson-client-id"]),
        (&json_header("12"), &json_header(&text(&app["client_id"])))
    );
    assert_eq!(
        (&heard["sequence"], &heard["originatorId"], &heard["originatorMetadata"]["role"]),
        (&sequence, &json!(kim), &json!("CONSUMER"))
    );
    assert_eq!((&heard["conversationId"], &heard["dialogId"], &heard["messageAudience"]), (&json!(id), &json!(id), &json!("ALL")));
    let (_, open) = told(&served, |change| change["type"] == "UPSERT").await;
    assert_eq!(open["result"]["convId"], json!(id));

    // A file there and back.
    let link = connector.send("3", "ms.GenerateURLForUploadFile", json!({"fileSize": "1000", "fileType": "PNG"})).await["body"].clone();
    let address = |link: &Value| {
        let query = &link["queryParams"];
        format!(
            "/{}?temp_url_sig={}&temp_url_expires={}",
            text(&link["relativePath"]),
            text(&query["temp_url_sig"]),
            text(&query["temp_url_expires"])
        )
    };
    let put = raw(
        served.address,
        &format!("PUT {}", address(&link)),
        &[("Content-Type", "image/png")],
        "GIF89a no picture, whatever its name says",
    )
    .await;
    assert_eq!((put.status, &*put.body), (201, ""));
    let message = json!({"caption": "c", "relativePath": link["relativePath"], "fileType": "PNG", "preview": "data:image/png;base64,AA=="});
    connector.event(&id, &id, json!({"type": "ContentEvent", "contentType": "hosted/file", "message": message})).await;
    let down = connector.send("3", "ms.GenerateURLForDownloadFile", json!({"relativePath": link["relativePath"]})).await["body"].clone();
    let got = raw(served.address, &format!("GET {}", address(&down)), &[], "").await;
    assert_eq!((got.status, &*got.body), (200, "GIF89a no picture, whatever its name says"));
    let (_, file) = told(&served, |change| change["event"]["contentType"] == "hosted/file").await;
    assert_eq!(file["event"]["message"]["relativePath"], link["relativePath"]);

    // Closed; the same name is the same consumer, who opens a new one.
    let close = json!({"conversationId": id, "conversationField": {"field": "ConversationStateField", "conversationState": "CLOSE"}});
    let closed = connector.send("1,", "cm.UpdateConversationField", close).await;
    assert_eq!(closed["body"], json!({"msg": "OK Conversation resolved successfully"}));
    told(&served, |change| change["result"]["conversationDetails"]["stage"] == "CLOSE").await;
    let (_, again) = tokens(&served, &app, "0.8372").await;
    assert_eq!(consumer_id(&again), kim);
}

fn json_header(text: &str) -> http::HeaderValue {
    text.parse().expect("a header")
}

#[tokio::test]
async fn the_demo_program_runs_unchanged() {
    let settings = AccountSettings { survey_app: Some("survey".into()), ..AccountSettings::default() };
    let served = serve_with(settings, CompatLimits::default()).await;
    served.test.net.at(HOOK, answer(200, "\"OK\""));
    let mut desk = agent(&served, "agent1").await;
    let (session, app) = installed(&served).await;
    let (app_token, consumer_token) = tokens(&served, &app, "0.1").await;
    let connector =
        Connector { address: served.address, app_token, consumer_token, features: r#"["AUTO_MESSAGES","MULTI_DIALOG","QUICK_REPLIES"]"# };
    let id = text(&connector.call("", &opening()).await.json()[1]["body"]["conversationId"]);
    accept(&mut desk).await;
    connector.event(&id, &id, says("hello")).await;
    let (_, heard) = told(&served, |change| change["event"]["message"] == "hello").await;
    assert_eq!(heard["originatorMetadata"]["role"], "CONSUMER");
    desk.publish(&id, "what can I do?").await;
    let (_, heard) = told(&served, |change| change["event"]["message"] == "what can I do?").await;
    assert_eq!(heard["originatorMetadata"]["role"], "ASSIGNED_AGENT");
    // What it does after each message, on focus, on blur, and while somebody types.
    for status in ["ACCEPT", "READ"] {
        let receipt = json!({"type": "AcceptStatusEvent", "status": status, "sequenceList": [heard["sequence"]]});
        connector.event(&id, &id, receipt).await;
        let (_, receipt) = told(&served, |change| change["event"]["status"] == status).await;
        assert_eq!(receipt["event"]["sequenceList"], json!([heard["sequence"]]));
    }
    for state in ["ACTIVE", "GONE", "COMPOSING", "PAUSE"] {
        let sequence = connector.event(&id, &id, json!({"type": "ChatStateEvent", "chatState": state})).await;
        assert_eq!(sequence, 0);
        let (_, typed) = told(&served, |change| change["event"]["chatState"] == state).await;
        assert!(typed.get("sequence").is_none() && typed["conversationId"] == json!(id));
    }

    // 12. The close that begins a survey: its dialog stands second, and its events count from 0.
    let end = json!({"field": "DialogChange", "type": "UPDATE", "dialog": {"dialogId": id, "state": "CLOSE", "closedCause": "Closed by consumer"}});
    let closed = connector.send("2", "cm.UpdateConversationField", json!({"conversationId": id, "conversationField": end})).await;
    assert_eq!(closed["code"], "OK");
    let (_, survey) = told(&served, |change| change["result"]["conversationDetails"]["state"] == "CLOSE").await;
    let details = &survey["result"]["conversationDetails"];
    assert_eq!((&details["stage"], &details["dialogs"][0]["dialogType"]), (&json!("OPEN"), &json!("MAIN")));
    let second = &details["dialogs"][1];
    assert_eq!((&second["dialogType"], &second["state"]), (&json!("POST_SURVEY"), &json!("OPEN")));
    let dialog = text(&second["dialogId"]);
    assert_eq!(connector.event(&dialog, &id, says("5")).await, 0);
    let (_, answered) = told(&served, |change| change["dialogId"] == json!(dialog)).await;
    assert_eq!((&answered["sequence"], &answered["conversationId"]), (&json!(0), &json!(id)));
    connector
        .send(
            "1,",
            "cm.UpdateConversationField",
            json!({"conversationId": id, "conversationField": {"field": "Stage", "conversationState": "CLOSE"}}),
        )
        .await;
    let (_, ended) = told(&served, |change| change["result"]["conversationDetails"]["stage"] == "CLOSE").await;
    assert_eq!(ended["result"]["conversationDetails"]["state"], "CLOSE");

    // Rated afterwards, as the next notification tells.
    let rating = json!({"csatRate": 4, "csatResolutionConfirmation": true, "status": "FILLED"});
    let mut field = rating.clone();
    field["field"] = json!("CSATRate");
    connector.send("1,", "cm.UpdateConversationField", json!({"conversationId": id, "conversationField": field})).await;
    let (_, rated) = told(&served, |change| change["result"]["conversationDetails"]["csat"].is_object()).await;
    assert_eq!(rated["result"]["conversationDetails"]["csat"], rating);

    // 14. The history, without a source.
    let bearer = format!("Bearer {}", text(&session["bearer"]));
    let ask = json!({"conversationId": id, "contentToRetrieve": ["campaign", "messageRecords", "messageStatuses"]}).to_string();
    let path =
        "POST /messaging_history/api/account/12/conversations/conversation/search?offset=0&limit=100&sort=start%3Adesc&NC=true&__d=2013";
    let told = raw(served.address, path, &[("Authorization", &*bearer), ("Content-Type", "application/json")], &ask).await;
    let record = told.json()["conversationHistoryRecords"][0].clone();
    assert_eq!(record["info"]["status"], "CLOSE");
    let first = &record["messageRecords"][0];
    assert_eq!((&first["type"], &first["sentBy"], &first["seq"]), (&json!("TEXT_PLAIN"), &json!("Consumer"), &json!(0)));
    assert!(first["timeL"].is_i64() && first["messageData"]["msg"]["text"] == "hello");
    let statuses = record["messageStatuses"].as_array().expect("a list");
    assert!(statuses.iter().any(|one| one["messageDeliveryStatus"] == "READ" && one["seq"] == heard["sequence"]), "{statuses:?}");
}
