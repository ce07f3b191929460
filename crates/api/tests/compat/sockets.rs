//! The connection itself: who may connect, what is tolerated, when it ends.

use crate::agents_day::{accept, agent};
use crate::harness::*;
use antiphon_api::compat::CompatLimits;
use antiphon_app::ports::Clock;
use antiphon_app::ports::bus::{Announcement, Heard, Topic};
use antiphon_app::session::{AuthError, SignIn};
use antiphon_domain::AccountSettings;
use antiphon_domain::routing::Availability;
use antiphon_testkit::app::{ACCOUNT, PASSWORD};
use futures_util::SinkExt;
use serde_json::json;
use std::num::NonZeroU32;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn who_has_no_session_is_refused_before_the_upgrade() {
    let served = serve().await;
    let bearer = served.login("agent1").await["bearer"].as_str().expect("a bearer").to_owned();
    for wrong in ["x", &"0".repeat(64), "-"] {
        let refused = served.try_connect(wrong, "2.1", &[("origin", &format!("http://{}", served.address))]).await;
        assert_eq!(refused.err(), Some(401), "{wrong}");
    }
    for version in ["2", "2.0", "2.1"] {
        assert!(served.try_connect(&bearer, version, &[]).await.is_ok(), "{version}");
    }
    assert_eq!(served.try_connect(&bearer, "3", &[]).await.err(), Some(400));
}

#[tokio::test]
async fn a_cookie_counts_from_our_own_pages_only() {
    let served = serve().await;
    let bearer = served.login("agent1").await["bearer"].as_str().expect("a bearer").to_owned();
    let cookie = format!("a=b; antiphon_session={bearer}");
    let own = format!("http://{}", served.address);
    let check = async |origin: Option<&str>, expected: Option<u16>| {
        let mut headers = vec![("cookie", cookie.as_str())];
        headers.extend(origin.map(|origin| ("origin", origin)));
        assert_eq!(served.try_connect("-", "2.1", &headers).await.err(), expected, "{origin:?}");
    };
    check(Some(&own), None).await;
    check(Some("https://antiphon.test"), None).await;
    check(Some("https://antiphon.test:8443"), None).await;
    check(Some("https://evil.test"), Some(403)).await;
    check(Some("https://antiphon.test.evil.test"), Some(403)).await;
    check(Some("null"), Some(403)).await;
    check(None, Some(403)).await;
}

#[tokio::test]
async fn bad_frames_are_answered_and_the_connection_lives() {
    let limits = CompatLimits { frame_bytes: 1_000, ..CompatLimits::default() };
    let served = serve_with(AccountSettings::default(), limits).await;
    let mut client = served.connect("agent1").await;
    for (frame, code) in [
        ("hello", 400),
        ("[]", 400),
        (r#"{"kind":"req","id":"7"}"#, 400),
        (r#"{"kind":"req","id":"7","type":"nonsense"}"#, 400),
        (r#"{"kind":"req","id":"7","type":"ms.PublishEvent"}"#, 400),
        (r#"{"kind":"req","id":"7","type":"ms.PublishEvent","body":"x"}"#, 400),
        (r#"{"kind":"req","id":"7","type":"cm.AgentRequestConversation","body":{}}"#, 400),
        (r#"{"kind":"req","id":"7","type":".ams.ms.token.GenerateDownloadToken","body":{"downloadable":{"type":"SecureForm"}}}"#, 501),
        (r#"{"kind":"req","id":"7","type":"cm.ConsumerRequestConversation"}"#, 403),
        (r#"{"kind":"req","id":"7","type":"ms.QueryMessages","body":{"dialogId":"019aff00-0102-7304-8506-0708090a0b0c"}}"#, 404),
        (r#"{"kind":"req","id":"7","type":"cqm.UnsubscribeExConversations","body":{"subscriptionId":"x"}}"#, 404),
        (r#"{"kind":"req","id":7,"type":"GetClock"}"#, 200),
        (r#"{"id":"7","type":"InitConnection","headers":[{"type":".ams.headers.ClientProperties"}]}"#, 200),
        (r#"{"id":"7","type":".ams.routing.UpdateRoutingTaskSubscription","headers":null}"#, 200),
        (r#"{"id":"7","type":"KeepAlive"}"#, 200),
        (&format!(r#"{{"id":"7","type":"KeepAlive","body":"{}"}}"#, "x".repeat(1_000)), 413),
    ] {
        client.send_text(frame).await;
        let answer = client.any().await;
        assert_eq!(answer["code"], code, "{frame} {answer}");
        if code >= 400 {
            assert_eq!(
                (&answer["type"], answer["body"]["errorCode"].as_u64().map(|number| number / 100)),
                (&json!(ERROR), Some(code)),
                "{frame}"
            );
        }
        if frame.contains("id") {
            assert_eq!(answer["reqId"], "7", "{frame}");
        }
    }
    client.socket.send(Message::binary(vec![0xff, 0xfe])).await.expect("sent");
    assert_eq!(client.any().await["code"], 400);
}

#[tokio::test]
async fn who_asks_too_fast_is_told_so_and_who_floods_is_cut_off() {
    let one = NonZeroU32::new(1).expect("one is not zero");
    let limits = CompatLimits { requests_per_second: one, requests_at_once: 2, ..CompatLimits::default() };
    let served = serve_with(AccountSettings::default(), limits).await;
    let mut client = served.connect("agent1").await;
    let codes = [200, 200, 200, 429];
    for code in codes {
        let answer = client.ask("GetClock", json!({})).await;
        assert_eq!(answer["code"], code);
    }
    served.test.clock.advance(1_000);
    assert_eq!(client.ask("GetClock", json!({})).await["code"], 200);
    for _ in 0..2_001 {
        client.send_text(r#"{"id":"1","type":"GetClock"}"#).await;
    }
    assert_eq!(client.closed().await, 1008);
}

#[tokio::test]
async fn an_idle_connection_ends_and_a_ping_keeps_it() {
    let served = serve().await;
    let mut pinging = served.connect("agent1").await;
    let mut silent = served.connect("agent2").await;
    silent.ask("GetClock", json!({})).await;
    pinging.ask("GetClock", json!({})).await;
    served.test.clock.advance(60_000);
    pinging.socket.send(Message::Ping(Default::default())).await.expect("sent");
    pinging.pong().await;
    served.test.clock.advance(60_000);
    assert_eq!(silent.closed().await, 1000);
    assert_eq!(pinging.ask("GetClock", json!({})).await["code"], 200);
}

#[tokio::test]
async fn the_end_of_the_session_or_of_the_server_closes_with_its_code() {
    let served = serve().await;
    let login = served.login("agent1").await;
    let (bearer, csrf) = (login["bearer"].as_str().expect("a bearer"), &login["csrf"]);
    let mut client = served.try_connect(bearer, "2.1", &[]).await.unwrap_or_else(|_| panic!("connects"));
    client.ask("GetClock", json!({})).await;
    let mut other = served.connect("agent2").await;
    other.ask("GetClock", json!({})).await;
    let out = served.post("/api/account/12/logout", &format!("session_id={bearer}"), json!({ "csrf": csrf })).await;
    assert_eq!(out.status, 200);
    // At once: nobody has to wait for the next check.
    assert_eq!(client.closed().await, 4401);
    served.shutdown.send(true).expect("somebody listens");
    assert_eq!(other.closed().await, 1001);
    let mut late = served.connect("agent2").await;
    assert_eq!(late.closed().await, 1001);
}

#[tokio::test]
async fn inactivity_ends_a_browsers_session_under_its_open_socket() {
    let subscribe = (SUBSCRIBE, json!({ "convState": ["OPEN"], "agentIds": ["12.1"] }));
    // What pages send by themselves, asleep and awake.
    for (name, body) in [("GetClock", json!({})), subscribe] {
        let served = serve().await;
        let app = &served.test.app;
        let how = SignIn::Password { login: "agent1".into(), password: PASSWORD.into(), browser: true };
        let bearer = app.sign_in(ACCOUNT, how, "test").await.unwrap_or_else(|error| panic!("{error}")).bearer;
        let mut client = served.try_connect(&bearer, "2.1", &[]).await.unwrap_or_else(|_| panic!("connects"));
        for minute in 1..25 {
            served.test.clock.advance(60_000);
            assert_eq!(client.ask(name, body.clone()).await["code"], 200, "minute {minute}");
            if minute <= 10 {
                let mut authenticated = app.authenticate(&bearer).await.expect("the person is there");
                app.report_activity(&mut authenticated).await.expect("is stored");
            }
        }
        served.test.clock.advance(60_000);
        assert_eq!(client.closed().await, 4401, "{name}");
        assert_eq!(app.authenticate(&bearer).await.err(), Some(AuthError::NoSession), "it was ended, not only its socket");
    }
}

#[tokio::test]
async fn a_programs_socket_stays_open_however_still_its_user_is() {
    let served = serve().await;
    let mut client = served.connect("agent1").await;
    for _ in 0..40 {
        served.test.clock.advance(60_000);
        assert_eq!(client.ask("GetClock", json!({})).await["code"], 200);
    }
}

#[tokio::test]
async fn an_account_has_so_many_sockets_and_not_one_more() {
    let settings = AccountSettings { max_sockets: 1, ..AccountSettings::default() };
    let served = serve_with(settings, CompatLimits::default()).await;
    let mut first = served.connect("agent1").await;
    first.ask("GetClock", json!({})).await;
    let bearer = served.login("agent2").await["bearer"].as_str().expect("a bearer").to_owned();
    assert_eq!(served.try_connect(&bearer, "2.1", &[]).await.err(), Some(429));
}

#[tokio::test]
async fn the_last_socket_takes_the_rings_along() {
    let served = serve().await;
    let client = agent(&served, "agent1").await;
    let mut second = agent(&served, "agent2").await;
    second.must(".ams.routing.SetAgentState", json!({ "availability": "AWAY" }), 202, SENTENCE).await;
    assert_eq!(second.next().await, "state AWAY");
    served.test.receive("say k1 +49151 hello").await;
    let mut client = client;
    assert_eq!(client.next().await, "ring WAITING");
    second.must(".ams.routing.SetAgentState", json!({ "availability": "ONLINE" }), 202, SENTENCE).await;
    assert_eq!(second.next().await, "state ONLINE");
    drop(client);
    accept(&mut second).await;
}

#[tokio::test]
async fn extensions_come_to_those_who_asked() {
    let served = serve().await;
    let mut client = agent(&served, "agent1").await;
    let wrong = client.ask("antiphon.Subscribe", json!({ "topics": ["everything"] })).await;
    assert_eq!(wrong["code"], 400);
    client.must("antiphon.Subscribe", json!({ "topics": ["deliveries", "sources", "files", "consumers"] }), 200, SENTENCE).await;
    served.test.receive("say k1 +49151 hello").await;
    let conversation = accept(&mut client).await;
    client.publish(&conversation, "hi").await;
    loop {
        let frame = client.heard().await;
        if frame["type"] == "antiphon.DeliveryNotification" {
            let change = &frame["body"]["changes"][0];
            assert_eq!((&change["conversation_id"], &change["sequence"]), (&json!(conversation), &json!(1)));
            assert!(change["delivery"]["status"].is_string() && change["delivery"]["id"].as_str().is_some_and(|id| id.starts_with("dlv_")));
            break;
        }
    }
}

#[tokio::test]
async fn whoever_is_rung_is_told_the_consumers_name() {
    let served = serve().await;
    let topics = json!({ "topics": ["consumers"] });
    let mut rung = agent(&served, "agent1").await;
    let mut other = served.connect("agent2").await;
    for client in [&mut rung, &mut other] {
        client.must("antiphon.Subscribe", topics.clone(), 200, SENTENCE).await;
    }
    served.test.receive("say k1 +49151 hello").await;
    let ring = rung.hear(RING).await;
    let consumer = ring["changes"][0]["result"]["consumerId"].as_str().expect("an id").to_owned();
    let id = consumer.parse().expect("a consumer's id");
    served.test.app.bus().announce(&[Topic::Account(served.test.account())], Announcement::Consumer(id));
    assert_eq!(rung.hear("antiphon.ConsumerNotification").await["changes"][0]["consumer_id"], consumer);
    // Nobody else is: what comes next for them is the answer to their own question.
    assert_eq!(other.ask("GetClock", json!({})).await["code"], 200);
    other.must(".ams.routing.SubscribeAgentsState", json!({ "brandId": "12" }), 200, ".ams.GenericSubscribe$Response").await;
    assert!(other.next().await.starts_with("state"));
}

#[tokio::test]
async fn a_client_that_does_not_read_is_let_go() {
    let served = serve().await;
    let mut client = agent(&served, "agent1").await;
    served.test.receive("say k1 +49151 hello").await;
    let conversation = accept(&mut client).await;
    for _ in 0..20 {
        // Notes, so that nothing goes out and no other timer is due then.
        let note = json!({ "type": "ContentEvent", "contentType": "text/plain", "message": "x".repeat(5_000) });
        let body = json!({ "dialogId": conversation, "messageAudience": "AGENTS_AND_MANAGERS", "event": note });
        client.must(PUBLISH, body, 200, ".ams.ms.PublishEvent$Response").await;
    }
    let user = served.test.caller("agent1");
    let patience = served.test.clock.now().plus_ms(CompatLimits::default().send_ms);
    let frame = json!({ "id": "1", "type": "ms.QueryMessages", "body": { "dialogId": conversation } }).to_string();
    for _ in 0..400 {
        client.send_text(&frame).await;
    }
    // The server waits for the client: the only timer that is due just then is its patience.
    while !served.test.clock.is_awaited(patience) {
        tokio::task::yield_now().await;
    }
    let mut states = served.test.listen(Topic::User(user.account.clone(), user.id()));
    served.test.clock.advance(CompatLimits::default().send_ms);
    // Its place is given back, so routing counts the agent as gone a minute later.
    loop {
        match states.heard.try_recv() {
            Ok(Heard::That(Announcement::Agent(_, Availability::Offline))) => break,
            Ok(_) => {}
            Err(_) => {
                served.test.clock.advance(1_000);
                tokio::task::yield_now().await;
            }
        }
    }
}
