//! Connectors against their simulators over real HTTP: two readings of what the vendors say, so that a mistake of either shows.

use antiphon_app::channel::{Channel, InboundItem, InboundKind, Keys, Outbound, Usage};
use antiphon_app::ports::Net;
use antiphon_app::ports::net::NetFactory;
use antiphon_domain::source::{Health, HealthState};
use antiphon_domain::{ChannelApp, ChannelAppId, DeliveryId, Source, SourceId, Timestamp};
use antiphon_net::{GuardedNet, NetOptions};
use antiphon_simulators::facebook_messenger::Usage as Used;
use antiphon_simulators::{MessengerSim, SimulatorConfig, TwilioSim, Upload};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::net::TcpListener;

/// 2026-01-01T00:00:00Z, where the simulators' clocks stand.
pub(crate) const START: Timestamp = Timestamp(1_767_225_600_000);
pub(crate) const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

fn fields(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// A source at a simulator, and the net that reaches it.
pub(crate) fn keys(channel: &str, address: &str, base: &str, credentials: &[(&str, &str)], app: &[(&str, &str)]) -> (Keys, Arc<dyn Net>) {
    let app = ChannelApp {
        id: ChannelAppId(1),
        channel: channel.to_owned(),
        name: "App".to_owned(),
        credentials: fields(app),
        created_at: START,
        updated_at: START,
    };
    let source = Source {
        id: SourceId(1),
        channel: channel.to_owned(),
        name: "Source".to_owned(),
        address: address.to_owned(),
        skill: None,
        app: Some(app.id),
        enabled: true,
        api_base_url: Some(base.to_owned()),
        credentials: fields(credentials),
        settings: BTreeMap::new(),
        health: Health { state: HealthState::Ok, message: String::new(), since: START },
        created_at: START,
        updated_at: START,
    };
    let net = GuardedNet::new(NetOptions::default()).expect("a client");
    let net = net.for_account(&[], Some(base));
    (Keys { source: Some(Arc::new(source)), app: Some(Arc::new(app)) }, net)
}

pub(crate) fn connector(id: &str) -> Arc<dyn Channel> {
    antiphon_channels::list::all().into_iter().find(|channel| channel.describe().id == id).expect("it is on the list")
}

async fn missed(channel: &dyn Channel, keys: &Keys, net: &dyn Net, minutes: i64) -> Vec<(String, usize)> {
    let catch_up = channel.catch_up().expect("it has a list");
    let found = catch_up.missed(keys, START, START.plus_s(minutes * 60), net).await.expect("the simulator answers");
    let told = |item: InboundItem| match item.kind {
        InboundKind::Message { contents, .. } => (item.key, contents.len()),
        other => panic!("{other:?}"),
    };
    found.into_iter().map(told).collect()
}

#[tokio::test]
async fn what_webhooks_failed_to_bring_is_in_the_vendors_lists() {
    let listener = || TcpListener::bind("127.0.0.1:0");
    let config = SimulatorConfig { seed: 7, webhook: None, start_ms: START.0 };
    let upload = || Upload { content_type: "image/png".to_owned(), name: "p.png".to_owned(), base64: PIXEL.to_owned() };

    let sms = TwilioSim::start(listener().await.expect("a port"), config.clone());
    let (sid, token, number) = ("AC00000000000000000000000000000001", "a-token-of-the-simulator", "+15005550006");
    sms.create_account(sid, token);
    sms.create_number(sid, number, "").expect("a number");
    sms.create_consumer("+15005550111", "Ann");
    let first = sms.consumer_writes_text("+15005550111", number, "hello").expect("written");
    sms.advance_clock(60_000).await;
    let second = sms.consumer_writes_media("+15005550111", number, "see", &[upload()]).expect("written");
    let (keys_of_sms, net) = keys("twilio_sms", number, sms.base_url(), &[("account_sid", sid), ("auth_token", token)], &[]);
    let channel = connector("twilio_sms");
    assert_eq!(missed(&*channel, &keys_of_sms, &*net, 10).await, [(first, 1), (second, 2)]);
    sms.shutdown().await;

    let pages = MessengerSim::start(listener().await.expect("a port"), config);
    let app = [("app_id", "1"), ("app_secret", "a-secret-of-the-app-0000"), ("verify_token", "let-me-in")];
    pages.create_app("1", "a-secret-of-the-app-0000", "let-me-in");
    pages.create_page("1001", "Shop", "EAAPAGE", "1").expect("a page");
    pages.create_consumer("1001", "2002", "Kim", "Lee").expect("a person");
    let first = pages.consumer_writes_text("1001", "2002", "hello").expect("written");
    pages.advance_clock(60_000).await;
    let second = pages.consumer_writes_media("1001", "2002", &[upload()]).expect("written");
    let (keys_of_page, net) = keys("facebook_messenger", "1001", pages.base_url(), &[("page_access_token", "EAAPAGE")], &app);
    let channel = connector("facebook_messenger");
    pages.set_subscribed_fields("1001", "1", &[]).expect("a page");
    assert_eq!(missed(&*channel, &keys_of_page, &*net, 10).await, [(first, 1), (second, 1)]);
    assert!(pages.is_subscribed("1001", "1"), "it is renewed");

    // What the page's allowance is used up to comes back with a send.
    pages.set_usage("1001", Used { percent: 82, step: 0, code: None }).expect("a page");
    let out = Outbound {
        keys: keys_of_page,
        to: "2002".to_owned(),
        delivery: DeliveryId(77),
        payload: r#"{"text":"Hi"}"#.to_owned(),
        file: None,
        callback_url: String::new(),
        reply_token: None,
        last_consumer_at: Some(START),
        first_attempt_at: None,
        now: START.plus_s(60),
    };
    let sent = channel.send(&out, &*net).await.expect("the simulator takes it");
    assert_eq!(sent.usage, Some(Usage { percent: 82, regain_ms: None }));
    pages.shutdown().await;
}
