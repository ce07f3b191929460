//! Templates as the way out of a closed reply window, and what only lives in memory: what names and answers the last message.

use antiphon_app::ports::store::{UnitOfWork, Write};
use antiphon_app::ports::{Clock, Store};
use antiphon_app::publish::{DialogRef, Publish, PublishError, PublishErrorKind};
use antiphon_app::{Caller, templates};
use antiphon_domain::{AcceptStatus, Audience, Conversation, EventBody, SourceId};
use antiphon_testkit::TestApp;
use antiphon_testkit::net::answer;
use std::sync::Arc;

const LISTED: &str = "order approved Hello {{1}}, your order is {{2}}.\nwelcome paused Welcome!\n";

/// A product whose source has a reply window of a day, with a conversation in which the consumer has been silent for two.
async fn silent() -> (TestApp, Caller, Arc<Conversation>) {
    let test = TestApp::start().await;
    let directory = test.app.directory();
    let (_, source) = directory.source(SourceId(1)).expect("is there");
    let mut windowed = (**source).clone();
    windowed.settings.insert("window_hours".into(), "24".into());
    let mut unit = UnitOfWork::new(test.account());
    unit.write(Write::PutSource(windowed));
    test.store.commit(unit).await.expect("commits");
    test.app.reload_directory().await.expect("reloads");
    test.receive("say m1 +1 hello").await;
    let agent = test.arrive("agent1").await;
    let conversation = test.accept(&agent).await;
    test.clock.advance(48 * 3_600_000);
    (test, agent, conversation)
}

async fn publish(test: &TestApp, agent: &Caller, conversation: &Conversation, metadata: &str) -> Result<u64, PublishError> {
    let request = Publish {
        dialog: DialogRef::main(conversation.id),
        audience: Audience::All,
        body: EventBody::text("whatever"),
        metadata: Some(metadata.into()),
        client_message_id: None,
    };
    test.app.publish(agent, request).await
}

#[tokio::test]
async fn a_template_goes_out_where_free_text_may_not() {
    let (test, agent, conversation) = silent().await;
    let consumer = test.app.consumer_of(&conversation).await.expect("reads").expect("is there");
    let composer = test.app.composer(&conversation, &consumer);
    assert_eq!((composer.enabled, composer.code, composer.templates), (false, Some("window_closed"), true));
    let refused = test.write(&agent, &conversation, "hello again").await.expect_err("the window is closed");
    assert_eq!(refused.kind, PublishErrorKind::WindowClosed);

    test.net.otherwise(answer(200, LISTED));
    let named = r#"[{"type":"MessageTemplate","name":"order","language":"en","values":{"1":"Ann","2":"ready"}}]"#;
    publish(&test, &agent, &conversation, named).await.expect("the vendor approved it");
    assert_eq!(test.texts(&conversation).await, ["hello", "Hello Ann, your order is ready."], "history shows what the consumer got");
    test.net.called(2).await;
    let calls = test.net.calls();
    assert_eq!(calls[0].url, "http://vendor.test/templates");
    assert_eq!((calls[1].url.as_str(), &calls[1].body[..]), ("http://vendor.test/send/+1", &b"template order"[..]));

    // The list is remembered for a while, and an administrator may ask afresh.
    publish(&test, &agent, &conversation, named).await.expect("again");
    test.net.called(3).await;
    assert!(test.net.calls()[2].url.contains("/send/"));
    let directory = test.app.directory();
    let (view, source) = directory.source(SourceId(1)).expect("is there");
    let listed = test.app.templates(view, source, true).await.expect("lists");
    assert_eq!(listed.iter().map(|one| (one.name.as_str(), one.usable)).collect::<Vec<_>>(), [("order", true), ("welcome", false)]);
    assert_eq!(test.net.calls().len(), 4);
}

#[tokio::test]
async fn what_is_no_template_of_the_source_is_refused_by_name() {
    let (test, agent, conversation) = silent().await;
    test.net.otherwise(answer(200, LISTED));
    for (metadata, expected) in [
        (r#"[{"type":"MessageTemplate","name":"order"}]"#, "MessageTemplate needs name and language"),
        (r#"[{"type":"MessageTemplate","name":"none","language":"en"}]"#, "there is no template \"none\""),
        (r#"[{"type":"MessageTemplate","name":"welcome","language":"en"}]"#, "the vendor calls it paused"),
        (r#"[{"type":"MessageTemplate","name":"order","language":"en","values":{"1":"Ann"}}]"#, "values.2: is missing"),
    ] {
        let refused = publish(&test, &agent, &conversation, metadata).await.expect_err(metadata);
        assert_eq!(refused.kind, PublishErrorKind::BadContent, "{metadata}");
        assert!(refused.message.contains(expected), "{}", refused.message);
    }
    assert_eq!(test.texts(&conversation).await, ["hello"]);
    // Other metadata does not open the window.
    let refused = publish(&test, &agent, &conversation, r#"[{"type":"Other"}]"#).await.expect_err("closed");
    assert_eq!(refused.kind, PublishErrorKind::WindowClosed);
    assert_eq!(templates::NoTemplates::NotOnThisChannel.to_string(), "the channel of this source has no templates");
}

#[tokio::test]
async fn what_answers_once_goes_with_one_send_only() {
    let test = TestApp::start().await;
    test.net.otherwise(answer(200, "v"));
    let until = test.clock.now().plus_s(25).0;
    test.receive(&format!("handle +1 msg-1 reply-1 {until}\nsay m1 +1 hello")).await;
    let agent = test.arrive("agent1").await;
    let conversation = test.accept(&agent).await;
    test.write(&agent, &conversation, "one").await.expect("publishes");
    test.net.called(1).await;
    test.write(&agent, &conversation, "two").await.expect("publishes");
    test.net.called(2).await;
    // A new message brings a new one; too late it is not used.
    test.receive(&format!("handle +1 msg-2 reply-2 {until}\nsay m2 +1 and now")).await;
    test.clock.advance(25_000);
    test.write(&agent, &conversation, "three").await.expect("publishes");
    test.net.called(3).await;
    let tokens: Vec<_> = test.net.calls().iter().map(|call| call.headers.get("x-reply-token").cloned()).collect();
    assert_eq!(tokens, [Some("reply-1".parse().expect("a header")), None, None]);

    // It still names the last message when that is marked as read.
    let receipt = Publish {
        dialog: DialogRef::main(conversation.id),
        audience: Audience::All,
        body: EventBody::Accept { status: AcceptStatus::Read, sequences: vec![0] },
        metadata: None,
        client_message_id: None,
    };
    test.app.publish(&agent, receipt).await.expect("publishes");
    test.net.called(4).await;
    assert_eq!(test.net.calls()[3].url, "http://vendor.test/seen/+1/msg-2");
}
