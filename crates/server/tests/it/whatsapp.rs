//! The WhatsApp connector against its simulator over real HTTP: what one writes, the other must take.

use crate::vendors::{PIXEL, START, connector, keys};
use antiphon_app::channel::{
    Channel, FilledTemplate, InboundContent, InboundItem, InboundKind, Keys, Outbound, OutboundContent, OutboundFile, RawRequest, SignalTo,
};
use antiphon_app::ports::Net;
use antiphon_domain::{DeliveryId, DeliveryStatus};
use antiphon_simulators::{Direction, SimulatorConfig, Upload, WebhookTarget, WhatsappSim};
use serde_json::json;
use tokio::net::TcpListener;

const NUMBER: &str = "4004";
const ANN: &str = "15550002222";
const APP: [(&str, &str); 3] = [("app_id", "555"), ("app_secret", "a-secret-of-the-app-0000"), ("verify_token", "let-me-in")];

/// Everything that the simulator has told by webhook since an entry of its journal, verified and parsed.
fn told(sim: &WhatsappSim, channel: &dyn Channel, keys: &Keys, after: usize) -> Vec<InboundItem> {
    let webhooks = sim.journal().into_iter().filter(|entry| entry.direction == Direction::Webhook).skip(after);
    let parse = |entry: std::sync::Arc<antiphon_simulators::Entry>| {
        let mut headers = http::HeaderMap::new();
        for (name, value) in &entry.headers {
            headers.insert(name.parse::<http::HeaderName>().expect("a name"), value.parse().expect("a value"));
        }
        let request = RawRequest {
            method: http::Method::POST,
            urls: vec![entry.uri.clone()],
            tail: String::new(),
            query: String::new(),
            headers,
            body: entry.body.clone(),
        };
        let verified = channel.verify(&request, keys).expect("the simulator signs as the connector checks");
        channel.parse(verified, keys, START).into_iter().map(|item| item.expect("usable")).collect::<Vec<_>>()
    };
    webhooks.flat_map(parse).collect()
}

async fn send(channel: &dyn Channel, keys: &Keys, net: &dyn Net, content: &OutboundContent, file: Option<OutboundFile>) -> Vec<String> {
    let mut ids = Vec::new();
    for payload in channel.adapt(content, &channel.capabilities(keys)).parts {
        let out = Outbound {
            keys: keys.clone(),
            to: ANN.to_owned(),
            delivery: DeliveryId(77),
            payload,
            file: file.clone(),
            callback_url: String::new(),
            reply_token: None,
            last_consumer_at: Some(START),
            first_attempt_at: None,
            now: START,
        };
        ids.push(channel.send(&out, net).await.expect("the simulator takes it").vendor_id);
    }
    ids
}

#[tokio::test]
async fn what_the_connector_says_the_simulator_understands_and_back() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    // Nobody listens there: what was to be told is in the journal.
    let webhook = Some(WebhookTarget::new("http://127.0.0.1:9/hook"));
    let sim = WhatsappSim::start(listener, SimulatorConfig { seed: 7, webhook, start_ms: START.0 });
    sim.create_app("555", "a-secret-of-the-app-0000", "let-me-in");
    sim.create_account("3003", "555").expect("an account");
    sim.create_number(NUMBER, "+1 555 000 1111", "Shop", "3003", "EAABUSINESS", "555").expect("a number");
    let order = json!([{ "type": "BODY", "text": "Hi {{1}}, {{2}}" }]);
    sim.create_template("3003", "order", "en", order).expect("a template");
    sim.create_consumer(ANN, "Ann Lee");
    sim.change_settings(|settings| settings.give_up_after_ms = 0);
    let channel = connector("whatsapp");
    let (keys, net) = keys("whatsapp", NUMBER, sim.base_url(), &[("business_token", "EAABUSINESS"), ("waba_id", "3003")], &APP);

    let first = sim.consumer_writes_text(NUMBER, ANN, "hello").expect("written");
    let picture = Upload { content_type: "image/png".to_owned(), name: "p.png".to_owned(), base64: PIXEL.to_owned() };
    sim.consumer_writes_media(NUMBER, ANN, "see", &picture).expect("written");
    sim.settle().await;
    let items = told(&sim, &*channel, &keys, 0);
    let media = items.iter().find_map(|item| match &item.kind {
        InboundKind::Message { contents, name, .. } => {
            assert_eq!(name.as_deref(), Some("Ann Lee"));
            contents.iter().find_map(|content| match content {
                InboundContent::Media { url, .. } => Some(url.clone()),
                _ => None,
            })
        }
        _ => None,
    });
    let fetched = channel.media().expect("media").fetch(&keys, &media.expect("a picture"), 1 << 20, &*net).await.expect("fetched");
    assert_eq!(fetched.content_type.as_deref(), Some("image/png"));
    assert_eq!(&fetched.bytes[1..4], b"PNG");
    let to = SignalTo { address: ANN, about: Some(&first) };
    channel.signals().expect("signals").typing(&keys, to, true, &*net).await.expect("shown");
    assert!(sim.is_typing(NUMBER, ANN));

    let before = sim.journal().iter().filter(|entry| entry.direction == Direction::Webhook).count();
    let sent = send(&*channel, &keys, &*net, &OutboundContent::Text("Good day".into()), None).await;
    sim.settle().await;
    let receipts: Vec<DeliveryStatus> = told(&sim, &*channel, &keys, before)
        .into_iter()
        .filter_map(|item| match item.kind {
            InboundKind::Receipt { of, status, .. } => {
                let ours = antiphon_app::channel::ReceiptOf::Ids { vendor_ids: sent.clone(), delivery: Some(DeliveryId(77)) };
                assert_eq!(of, ours);
                Some(status)
            }
            _ => None,
        })
        .collect();
    assert!(receipts.contains(&DeliveryStatus::Sent) && receipts.contains(&DeliveryStatus::Delivered), "{receipts:?}");

    let listed = channel.templates().expect("templates").list(&keys, &*net).await.expect("listed");
    assert_eq!((listed[0].text.as_str(), listed[0].usable), ("Hi {{body.1}}, {{body.2}}", true));
    let values = [("body.1", "Ann"), ("body.2", "bye")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let filled = FilledTemplate { template: listed[0].clone(), values: values.into() };
    send(&*channel, &keys, &*net, &OutboundContent::Template(Box::new(filled)), None).await;
    let content = OutboundContent::File {
        path: "/f".into(),
        content_type: "application/pdf".into(),
        name: Some("a.pdf".into()),
        size: 3,
        caption: "see".into(),
    };
    let file = OutboundFile {
        url: "http://127.0.0.1:9/a.pdf".into(),
        content_type: "application/pdf".into(),
        name: "a.pdf".into(),
        thumbnail_url: None,
        bytes: "PDF".into(),
    };
    let mut uploads = antiphon_domain::Source::clone(keys.source.as_ref().expect("a source"));
    uploads.settings.insert("media_upload".to_owned(), "on".to_owned());
    let uploading = Keys { source: Some(std::sync::Arc::new(uploads)), app: keys.app.clone() };
    send(&*channel, &uploading, &*net, &content, Some(file)).await;
    let kinds: Vec<String> = sim.messages_received().into_iter().map(|sent| sent.kind).collect();
    assert_eq!(kinds, ["text", "template", "document"]);

    sim.set_subscribed("3003", "555", false).expect("an account");
    channel.catch_up().expect("a subscription").missed(&keys, START, START, &*net).await.expect("looked at");
    assert!(sim.is_subscribed("3003", "555"), "it is renewed");
    sim.shutdown().await;
}
