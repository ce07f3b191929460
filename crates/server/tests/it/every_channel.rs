//! Every connector against its simulator over real HTTP, from nothing but what the two lists say: a conversation in both directions with a
//! picture, a file, typing and, where the channel has them, buttons. Two readings of what the vendors say check one another.

use antiphon_app::channel::{
    Channel, InboundContent, InboundItem, InboundKind, Keys, Outbound, OutboundContent, OutboundFile, RawRequest, SignalTo,
};
use antiphon_app::ports::Net;
use antiphon_app::ports::net::NetFactory;
use antiphon_content::rich::{Outline, Presentation, Rules, read_quick_replies};
use antiphon_domain::source::{Health, HealthState};
use antiphon_domain::{ChannelApp, ChannelAppId, DeliveryId, Source, SourceId, Timestamp};
use antiphon_net::{GuardedNet, NetOptions};
use antiphon_simulators::{Simulator, SimulatorConfig, Upload, Written, channels, start};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// 2026-01-01T00:00:00Z, where the simulators' clocks stand.
const START: Timestamp = Timestamp(1_767_225_600_000);
/// One white pixel.
const PNG: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0, 0, 1, 8, 6, 0, 0, 0, 0x1f,
    0x15, 0xc4, 0x89, 0, 0, 0, 0x0d, 0x49, 0x44, 0x41, 0x54, 0x78, 0xda, 0x63, 0x64, 0xf8, 0xcf, 0x50, 0x0f, 0, 0x03, 0x86, 0x01, 0x80,
    0x5a, 0x34, 0x7d, 0x6b, 0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
];
const TEXT: &str = "Grüße 😀 from the phone";

/// A server that takes every webhook and has a picture at every address.
async fn pictures() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("bound"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut seen = Vec::new();
                let mut piece = [0; 16_384];
                // Until the head is there and the body that it announces.
                loop {
                    let Ok(count) = stream.read(&mut piece).await else { return };
                    seen.extend_from_slice(&piece[..count]);
                    let head = seen.windows(4).position(|window| window == b"\r\n\r\n");
                    let length = head.map(|end| {
                        let head = String::from_utf8_lossy(&seen[..end]).to_ascii_lowercase();
                        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
                        end + 4 + length.unwrap_or(0)
                    });
                    if count == 0 || length.is_some_and(|length| seen.len() >= length) {
                        break;
                    }
                }
                let head =
                    format!("HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", PNG.len());
                let _ = stream.write_all(&[head.as_bytes(), PNG].concat()).await;
            });
        }
    });
    base
}

/// One channel with its simulator, furnished as in the demo.
struct Pair {
    channel: Arc<dyn Channel>,
    sim: Simulator,
    keys: Keys,
    net: Arc<dyn Net>,
    hooks: String,
    base: String,
    line: String,
    consumer: String,
    seen: usize,
    /// What names the consumer's last message, where the channel wants that.
    about: Option<String>,
}

impl Pair {
    async fn new(id: &'static str, base: &str) -> Self {
        let config = SimulatorConfig { seed: 7, webhook: None, start_ms: START.0 };
        let sim = start(id, TcpListener::bind("127.0.0.1:0").await.expect("a port"), config);
        let hooks = format!("{base}/webhooks/{id}");
        let demo = sim.furnish(&hooks, None).expect("it is new");
        let channel = antiphon_channels::list::all().into_iter().find(|channel| channel.describe().id == id).expect("it has a connector");
        let fields = |pairs: &[(&'static str, String)]| pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let app = demo.app.as_ref().map(|app| ChannelApp {
            id: ChannelAppId(1),
            channel: id.to_owned(),
            name: app.name.clone(),
            credentials: fields(&app.credentials),
            created_at: START,
            updated_at: START,
        });
        let source = Source {
            id: SourceId(1),
            channel: id.to_owned(),
            name: demo.name.clone(),
            address: demo.address.clone(),
            skill: None,
            app: app.as_ref().map(|app| app.id),
            enabled: true,
            api_base_url: Some(sim.base_url().to_owned()),
            credentials: fields(&demo.credentials),
            settings: fields(&demo.settings),
            health: Health { state: HealthState::Ok, message: String::new(), since: START },
            created_at: START,
            updated_at: START,
        };
        let net = GuardedNet::new(NetOptions::default()).expect("a client").for_account(&[], Some(sim.base_url()));
        let mut keys = Keys { source: Some(Arc::new(source)), app: app.map(Arc::new) };
        if let Some(sign_in) = channel.sign_in() {
            let pass = sign_in.sign_in(&keys, START, &*net).await.expect("the vendor lets us in");
            let mut source = keys.source.as_deref().expect("a source").clone();
            source.credentials.insert(sign_in.name().to_owned(), pass.token);
            keys.source = Some(Arc::new(source));
        }
        let overview = sim.phone().overview();
        let line = overview.lines.first().expect("the demo has a line").id.clone();
        let known = overview.consumers.iter().find(|person| person.line.as_ref().is_none_or(|own| *own == line));
        let consumer = known.expect("the demo has people").id.clone();
        Self { channel, sim, keys, net, hooks, base: base.to_owned(), line, consumer, seen: 0, about: None }
    }

    /// What the webhooks since the last look say, verified and parsed.
    async fn items(&mut self) -> Vec<InboundItem> {
        self.sim.advance_clock(5_000).await;
        self.sim.settle().await;
        let all = self.sim.webhooks();
        let fresh = all[self.seen..].to_vec();
        self.seen = all.len();
        let mut items = Vec::new();
        for entry in fresh {
            let mut headers = http::HeaderMap::new();
            for (name, value) in &entry.headers {
                headers.append(http::HeaderName::try_from(name.as_str()).expect("a name"), value.parse().expect("a value"));
            }
            let target = entry.uri.strip_prefix(&format!("{}/", self.hooks)).expect("below the channel's webhooks");
            let (path, query) = target.split_once('?').unwrap_or((target, ""));
            let steps = if path.starts_with("app/") { 3 } else { 2 };
            let request = RawRequest {
                method: entry.method.parse().expect("a method"),
                urls: vec![entry.uri.clone()],
                tail: path.splitn(steps, '/').nth(steps - 1).unwrap_or_default().to_owned(),
                query: query.to_owned(),
                headers,
                body: entry.body.clone(),
            };
            let id = self.channel.describe().id;
            let verified = self.channel.verify(&request, &self.keys).unwrap_or_else(|refusal| panic!("{id}: {refusal:?} {request:?}"));
            for item in self.channel.parse(verified, &self.keys, Timestamp(entry.at_ms)) {
                items.push(item.unwrap_or_else(|dead| panic!("{id}: {dead:?}")));
            }
        }
        items
    }

    /// What the consumer said since the last look.
    async fn said(&mut self) -> Vec<InboundContent> {
        let mut said = Vec::new();
        for item in self.items().await {
            match item.kind {
                InboundKind::Message { from, contents, .. } => {
                    assert_eq!(from, self.consumer, "{}", self.channel.describe().id);
                    said.extend(contents);
                }
                InboundKind::Handle { about, .. } => self.about = about,
                _ => {}
            }
        }
        said
    }

    fn write(&self, written: Written) {
        self.sim.phone().write(&self.line, &self.consumer, written).expect("the phone takes it");
    }

    async fn send(&self, number: u64, content: &OutboundContent, file: Option<OutboundFile>) {
        let can = self.channel.capabilities(&self.keys);
        for (part, payload) in self.channel.adapt(content, &can).parts.into_iter().enumerate() {
            let out = Outbound {
                keys: self.keys.clone(),
                to: self.consumer.clone(),
                delivery: DeliveryId(number * 100 + part as u64),
                payload,
                file: file.clone(),
                callback_url: format!("{}/{}?delivery=dlv_1", self.hooks, SourceId(1)),
                reply_token: None,
                last_consumer_at: Some(Timestamp(self.sim.now_ms())),
                first_attempt_at: None,
                now: Timestamp(self.sim.now_ms()),
            };
            let sent = self.channel.send(&out, &*self.net).await;
            let id = self.channel.describe().id;
            let sent = sent.unwrap_or_else(|error| panic!("{id}: {error:?}"));
            assert!(!sent.vendor_id.is_empty(), "{id}");
        }
    }

    fn thread(&self) -> antiphon_simulators::Thread {
        self.sim.phone().thread(&self.line, &self.consumer).expect("a thread")
    }
}

#[tokio::test]
async fn a_conversation_goes_both_ways_on_every_channel() {
    let base = pictures().await;
    for id in channels() {
        let mut pair = Pair::new(id, &base).await;
        pair.items().await;
        pair.write(Written { text: TEXT.to_owned(), ..Written::default() });
        let said = pair.said().await;
        assert_eq!(said, [InboundContent::Text { text: TEXT.to_owned(), payload: None }], "{id}");

        pair.write(Written { media: vec![Upload::new("image/png", "p.png", PNG)], ..Written::default() });
        let said = pair.said().await;
        let [InboundContent::Media { url, .. }] = said.as_slice() else { panic!("{id}: {said:?}") };
        let media = pair.channel.media().expect("pictures can be fetched");
        let fetched = media.fetch(&pair.keys, url, 1 << 20, &*pair.net).await.unwrap_or_else(|error| panic!("{id}: {error:?}"));
        assert_eq!(&fetched.bytes[..], PNG, "{id}");

        let answer = "Ça va? 👍 & <b>";
        pair.send(1, &OutboundContent::Text(answer.into()), None).await;
        pair.sim.advance_clock(2_000).await;
        assert!(pair.thread().messages.iter().any(|bubble| bubble.from == "brand" && bubble.text == answer), "{id}");

        let file = OutboundFile {
            url: format!("{}/f.png", pair.base),
            content_type: "image/png".to_owned(),
            name: "f.png".to_owned(),
            bytes: PNG.to_vec().into(),
            thumbnail_url: None,
        };
        let content = OutboundContent::File {
            path: "f".into(),
            content_type: "image/png".into(),
            name: Some("f.png".into()),
            size: PNG.len() as u64,
            caption: "".into(),
        };
        pair.send(2, &content, Some(file)).await;
        pair.sim.advance_clock(2_000).await;
        let can = pair.channel.capabilities(&pair.keys);
        let shown = |bubble: &antiphon_simulators::Bubble| match can.media.allows("image/png", None) {
            true => !bubble.media.is_empty(),
            false => bubble.text.contains("/f.png"),
        };
        assert!(pair.thread().messages.iter().any(|bubble| bubble.from == "brand" && shown(bubble)), "{id}: {:?}", pair.thread());

        if let Some(signals) = pair.channel.signals().filter(|_| can.signals.typing_out) {
            let to = SignalTo { address: &pair.consumer, about: pair.about.as_deref() };
            signals.typing(&pair.keys, to, true, &*pair.net).await.unwrap_or_else(|error| panic!("{id}: {error:?}"));
            assert!(pair.thread().typing, "{id}");
        }
        pair.sim.shutdown().await;
    }
}

#[tokio::test]
async fn a_tapped_answer_comes_back_with_its_token_on_every_channel() {
    let base = pictures().await;
    let button = |title: &str| serde_json::json!({ "type": "button", "title": title, "click": { "actions": [{ "type": "publishText", "text": title }] } });
    let replies = serde_json::json!({ "type": "quickReplies", "itemsPerRow": 8, "replies": [button("Yes"), button("No")] });
    let rules = Rules { max_bytes: usize::MAX, image_hosts: &[], now_s: 0 };
    let replies = read_quick_replies(&replies.to_string(), &rules).content.expect("the answers are good");
    for id in channels() {
        let mut pair = Pair::new(id, &base).await;
        pair.write(Written { text: TEXT.to_owned(), ..Written::default() });
        pair.items().await;
        let outline = Outline::of_text("Shall we?", Some(&replies));
        let content = OutboundContent::Structured(Box::new(Presentation { outline, token: "a.c.0.1".into(), ..Presentation::default() }));
        pair.send(3, &content, None).await;
        pair.sim.advance_clock(2_000).await;
        pair.items().await;
        let bubble = pair.thread().messages.pop().expect("it is shown");
        if pair.channel.capabilities(&pair.keys).structured.chips.is_none() {
            assert!(bubble.text.contains("2"), "{id}: numbers instead: {bubble:?}");
            continue;
        }
        let no = bubble.buttons.iter().find(|button| button.title == "No").unwrap_or_else(|| panic!("{id}: {bubble:?}"));
        pair.write(Written { text: no.title.clone(), quick_reply: Some(no.payload.clone()), ..Written::default() });
        let said = pair.said().await;
        let [InboundContent::Text { text, payload }] = said.as_slice() else { panic!("{id}: {said:?}") };
        // Some vendors tell no more than what stands behind a button; what it says the core knows.
        assert!(text == "No" || Some(text) == payload.as_ref(), "{id}: {text}");
        assert_eq!(payload.as_deref(), Some("a.c.0.1.1"), "{id}");
        pair.sim.shutdown().await;
    }
}
