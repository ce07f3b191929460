//! What agents offer to choose, on a channel that shows text only: numbers go out, and what is typed finds its way back.

use antiphon_app::Caller;
use antiphon_app::ports::Store;
use antiphon_app::ports::store::{UnitOfWork, Write};
use antiphon_app::publish::{DialogRef, Publish, PublishErrorKind};
use antiphon_app::update::FieldChange;
use antiphon_domain::event::Party;
use antiphon_domain::{AcceptStatus, Audience, Content, Conversation, DialogNumber, Event, EventBody, Role, SourceId};
use antiphon_testkit::TestApp;
use antiphon_testkit::net::answer;
use serde_json::{Value, json};
use std::sync::Arc;

fn option(title: &str, says: &str, id: &str) -> Value {
    json!({"type": "button", "title": title, "click": {"actions": [{"type": "publishText", "text": says}], "metadata": [{"type": "ExternalId", "id": id}]}})
}

fn question() -> Content {
    let replies = json!({"type": "quickReplies", "itemsPerRow": 8, "replies": [option("Yes", "yep", "a"), option("No", "nope", "b")]});
    Content::Text { text: "Shall we?".into(), quick_replies: Some(replies.to_string().into()) }
}

fn card() -> Content {
    let json = json!({"type": "vertical", "elements": [{"type": "text", "text": "Kettle"}, option("Buy", "buy kettle", "k")]});
    Content::Rich { json: json.to_string().into(), quick_replies: None }
}

async fn talking() -> (TestApp, Caller, Arc<Conversation>) {
    let test = TestApp::start().await;
    test.net.otherwise(answer(200, "v"));
    let agent = test.arrive("agent1").await;
    test.receive("say k1 +1 hello").await;
    let conversation = test.accept(&agent).await;
    (test, agent, conversation)
}

async fn offer(test: &TestApp, agent: &Caller, to: &Conversation, content: Content) -> Result<u64, antiphon_app::publish::PublishError> {
    let body = EventBody::Content(content);
    let request = Publish { dialog: DialogRef::main(to.id), audience: Audience::All, body, metadata: None, client_message_id: None };
    test.app.publish(agent, request).await
}

/// Everything after a sequence, in short: `ACTION of 1 b`, `nope b typed`.
async fn since(test: &TestApp, conversation: &Conversation, from: u64) -> Vec<String> {
    let events = test.store.events(&test.account(), conversation.id, DialogNumber::MAIN, from, 100).await.expect("reads");
    events.iter().map(brief).collect()
}

fn brief(event: &Event) -> String {
    let metadata: Vec<Value> = event.metadata.as_deref().map(|json| serde_json::from_str(json).expect("JSON")).unwrap_or_default();
    let marks: Vec<&str> = metadata.iter().filter_map(|entry| entry["id"].as_str().or_else(|| entry["mode"].as_str())).collect();
    let said = match &event.body {
        EventBody::Content(Content::Text { text, .. }) => text.to_string(),
        EventBody::Accept { status: AcceptStatus::Action, sequences } => format!("ACTION of {}", sequences[0]),
        other => format!("{other:?}"),
    };
    assert!(matches!(event.originator.party, Party::Consumer(_)) && event.originator.role == Role::Consumer);
    [vec![said.as_str()], marks].concat().join(" ")
}

#[tokio::test]
async fn a_typed_number_is_the_tap_that_it_stands_for() {
    let (test, agent, conversation) = talking().await;
    let asked = offer(&test, &agent, &conversation, question()).await.expect("publishes");
    test.net.called(2).await;
    let sent: String = test.net.calls().iter().map(|call| String::from_utf8_lossy(&call.body).into_owned()).collect();
    assert!(sent.contains("Shall we?") && sent.contains("1. Yes") && sent.contains("2. No"), "{sent}");
    test.receive("say k2 +1 2").await;
    assert_eq!(since(&test, &conversation, asked + 1).await, [format!("ACTION of {asked} b typed"), "nope b typed".to_owned()]);
    // Answered once, it is settled.
    test.receive("say k3 +1 2").await;
    assert_eq!(since(&test, &conversation, asked + 3).await, ["2"]);
    // The same message again changes nothing.
    test.receive("say k2 +1 2").await;
    assert_eq!(since(&test, &conversation, asked + 4).await, [""; 0]);
}

#[tokio::test]
async fn what_is_no_answer_is_text_and_the_question_waits_also_over_a_restart() {
    let (test, agent, conversation) = talking().await;
    let asked = offer(&test, &agent, &conversation, question()).await.expect("publishes");
    test.receive("say k2 +1 why?").await;
    assert_eq!(since(&test, &conversation, asked + 1).await, ["why?"]);
    test.write(&agent, &conversation, "just so").await.expect("publishes");
    let test = test.restart().await;
    test.receive("say k3 +1 YES").await;
    assert_eq!(since(&test, &conversation, asked + 3).await, [format!("ACTION of {asked} a typed"), "yep a typed".to_owned()]);
}

#[tokio::test]
async fn a_card_may_be_answered_again_and_the_newest_question_counts() {
    let (test, agent, conversation) = talking().await;
    let first = offer(&test, &agent, &conversation, card()).await.expect("publishes");
    for (at, key) in ["k2", "k3"].into_iter().enumerate() {
        test.receive(&format!("say {key} +1 1")).await;
        let from = first + 1 + 2 * at as u64;
        assert_eq!(since(&test, &conversation, from).await, [format!("ACTION of {first} k typed"), "buy kettle k typed".to_owned()]);
    }
    let second = offer(&test, &agent, &conversation, question()).await.expect("publishes");
    test.receive("say k4 +1 1").await;
    assert_eq!(since(&test, &conversation, second + 1).await, [format!("ACTION of {second} a typed"), "yep a typed".to_owned()]);
    // A closed conversation offers nothing any more.
    let third = offer(&test, &agent, &conversation, question()).await.expect("publishes");
    test.app.update(&agent, conversation.id, vec![FieldChange::Close { cause: None }]).await.expect("closes");
    test.receive("say k5 +1 1").await;
    assert_eq!(since(&test, &conversation, third + 1).await, [""; 0]);
}

#[tokio::test]
async fn what_was_offered_yesterday_is_not_answered_today() {
    let (test, agent, conversation) = talking().await;
    let asked = offer(&test, &agent, &conversation, card()).await.expect("publishes");
    test.clock.advance(24 * 3_600_000 - 1_000);
    test.receive("say k2 +1 1").await;
    assert_eq!(since(&test, &conversation, asked + 1).await, [format!("ACTION of {asked} k typed"), "buy kettle k typed".to_owned()]);
    test.clock.advance(1_001);
    test.receive("say k3 +1 1").await;
    test.receive(&format!("taps k4 +1 a.{}.0.{asked}.0 Buy", conversation.id)).await;
    assert_eq!(since(&test, &conversation, asked + 3).await, ["1", "Buy"]);
}

#[tokio::test]
async fn bad_structured_content_is_refused_with_its_place_and_nothing_goes_out() {
    let (test, agent, conversation) = talking().await;
    let bad = json!({"type": "vertical", "elements": [{"type": "image", "url": "http://a.test/x.png"}]}).to_string();
    let refused =
        offer(&test, &agent, &conversation, Content::Rich { json: bad.into(), quick_replies: None }).await.expect_err("is refused");
    assert_eq!(
        (refused.kind, refused.message.as_str()),
        (PublishErrorKind::BadContent, "content/elements/0/url: must begin with https://")
    );
    let replies = Content::Text { text: "?".into(), quick_replies: Some("{}".into()) };
    let refused = offer(&test, &agent, &conversation, replies).await.expect_err("is refused");
    assert!(refused.message.starts_with("quickReplies/replies: is missing"), "{refused}");
    assert!(test.net.calls().is_empty());
}

#[tokio::test]
async fn a_tap_brings_its_choice_back_and_only_in_its_own_conversation() {
    let (test, agent, conversation) = talking().await;
    let asked = offer(&test, &agent, &conversation, question()).await.expect("publishes");
    let token = |sequence: u64, place: usize| format!("a.{}.0.{sequence}.{place}", conversation.id);
    // Somebody else's, or one that there is not: the words alone.
    test.receive(&format!("taps k2 +2 {} No", token(asked, 1))).await;
    test.receive(&format!("taps k3 +1 {} Maybe", token(asked, 7))).await;
    assert_eq!(since(&test, &conversation, asked + 1).await, ["Maybe"]);
    let other = test.conversations().await.into_iter().find(|it| it.consumer != conversation.consumer).expect("another one");
    assert_eq!(since(&test, &other, 0).await, ["No"]);
    test.receive(&format!("taps k4 +1 {} No", token(asked, 1))).await;
    assert_eq!(since(&test, &conversation, asked + 2).await, [format!("ACTION of {asked} b"), "nope b".to_owned()]);
    // A second tap on what is settled, and a program's own payload as before.
    test.receive(&format!("taps k5 +1 {} No", token(asked, 1))).await;
    test.receive("taps k6 +1 OWN_PAYLOAD Begin").await;
    assert_eq!(since(&test, &conversation, asked + 4).await, ["No", "Begin OWN_PAYLOAD"]);
    let card = offer(&test, &agent, &conversation, card()).await.expect("publishes");
    for key in ["k7", "k8"] {
        test.receive(&format!("taps {key} +1 {} Buy", token(card, 0))).await;
    }
    let both = [format!("ACTION of {card} k"), "buy kettle k".to_owned()];
    assert_eq!(since(&test, &conversation, card + 1).await, [both.clone(), both].concat());
}

/// As [`talking`], on a page with so many chips.
async fn tapping(most: usize) -> (TestApp, Caller, Arc<Conversation>) {
    let (test, agent, conversation) = talking().await;
    let directory = test.app.directory();
    let (_, source) = directory.source(SourceId(1)).expect("is there");
    let mut tapped = (**source).clone();
    tapped.settings.insert("chips".into(), most.to_string());
    let mut unit = UnitOfWork::new(test.account());
    unit.write(Write::PutSource(tapped));
    test.store.commit(unit).await.expect("commits");
    test.app.reload_directory().await.expect("reloads");
    (test, agent, conversation)
}

fn many(count: usize) -> Content {
    let options: Vec<Value> = (1..=count).map(|at| option(&format!("T{at}"), &format!("say {at}"), &format!("i{at}"))).collect();
    let replies = json!({"type": "quickReplies", "itemsPerRow": 8, "replies": options});
    Content::Text { text: "Which?".into(), quick_replies: Some(replies.to_string().into()) }
}

fn sent(test: &TestApp) -> Vec<String> {
    test.net.calls().iter().map(|call| String::from_utf8_lossy(&call.body).into_owned()).collect()
}

#[tokio::test]
async fn where_choices_are_tapped_a_number_counts_only_while_nothing_else_was_said() {
    let (test, agent, conversation) = tapping(3).await;
    let asked = offer(&test, &agent, &conversation, question()).await.expect("publishes");
    test.write(&agent, &conversation, "or should we not?").await.expect("publishes");
    test.receive("say k2 +1 2").await;
    assert_eq!(since(&test, &conversation, asked + 2).await, ["2"]);
    test.receive(&format!("taps k3 +1 a.{}.0.{asked}.1 No", conversation.id)).await;
    assert_eq!(since(&test, &conversation, asked + 3).await, [format!("ACTION of {asked} b"), "nope b".to_owned()]);
    let again = offer(&test, &agent, &conversation, question()).await.expect("publishes");
    test.receive("say k4 +1 2").await;
    assert_eq!(since(&test, &conversation, again + 1).await, [format!("ACTION of {again} b typed"), "nope b typed".to_owned()]);
}

#[tokio::test]
async fn a_tap_for_more_brings_the_next_page_and_is_no_event() {
    let (test, agent, conversation) = tapping(3).await;
    let asked = offer(&test, &agent, &conversation, many(6)).await.expect("publishes");
    test.net.called(1).await;
    let token = format!("a.{}.0.{asked}", conversation.id);
    assert_eq!(sent(&test), [format!("Which? (T1 {token}.0) (T2 {token}.1) (More {token}.m2)")]);
    test.receive(&format!("taps k2 +1 {token}.m2 More")).await;
    // The vendor says it twice; the page goes out once.
    test.receive(&format!("taps k2 +1 {token}.m2 More")).await;
    test.net.called(2).await;
    assert_eq!(sent(&test)[1..], [format!("Which? (T3 {token}.2) (T4 {token}.3) (More {token}.m4)")]);
    assert_eq!(since(&test, &conversation, asked + 1).await, [""; 0]);
    test.receive(&format!("taps k3 +1 {token}.3 T4")).await;
    assert_eq!(since(&test, &conversation, asked + 1).await, [format!("ACTION of {asked} i4"), "say 4 i4".to_owned()]);
}

#[tokio::test]
async fn a_typed_nought_brings_the_next_page() {
    let (test, agent, conversation) = talking().await;
    let asked = offer(&test, &agent, &conversation, many(22)).await.expect("publishes");
    let first = test.store.deliveries_of_events(&test.account(), conversation.id, DialogNumber::MAIN, asked, asked).await.expect("reads");
    let text = |rows: &[antiphon_domain::delivery::Delivery]| rows.iter().map(|row| row.payload.to_string()).collect::<Vec<_>>().join("\n");
    assert!(text(&first).contains("0. More") && !text(&first).contains("21. T21"), "{}", text(&first));
    test.receive("say k2 +1 0").await;
    assert_eq!(since(&test, &conversation, asked + 1).await, [""; 0]);
    let all = test.store.deliveries_of_events(&test.account(), conversation.id, DialogNumber::MAIN, asked, asked).await.expect("reads");
    assert!(text(&all[first.len()..]).contains("21. T21") && !text(&all[first.len()..]).contains("20. T20"), "{}", text(&all));
    // There is no third page: a nought is just a nought then.
    test.receive("say k3 +1 0").await;
    test.receive("say k4 +1 22").await;
    assert_eq!(
        since(&test, &conversation, asked + 1).await,
        ["0".to_owned(), format!("ACTION of {asked} i22 typed"), "say 22 i22 typed".to_owned()]
    );
}

#[tokio::test]
async fn rows_that_are_chosen_together_are_one_answer() {
    let (test, agent, conversation) = tapping(3).await;
    let tick = |title: &str| json!({"type": "checkbox", "text": title, "click": {"actions": [{"type": "checked", "publishText": title}], "metadata": [{"type": "ExternalId", "id": title}]}});
    let json = json!({"type": "list", "elements": [
        {"type": "text", "text": "Which?"},
        {"type": "sectionList", "elements": [{"type": "section", "sectionID": "s", "elements": [{"type": "checklist", "elements": [tick("red"), tick("blue"), tick("green")]}]}]},
        {"type": "buttonList", "elements": [{"type": "submitButton", "title": "OK", "click": {"actions": [{"type": "submitAsText"}]}}]}]});
    let asked =
        offer(&test, &agent, &conversation, Content::Rich { json: json.to_string().into(), quick_replies: None }).await.expect("publishes");
    let token = |place: usize| format!("a.{}.0.{asked}.{place}", conversation.id);
    test.receive(&format!("taps k2 +1 {}+{} red", token(2), token(0))).await;
    assert_eq!(since(&test, &conversation, asked + 1).await, [format!("ACTION of {asked} red green"), "red, green red green".to_owned()]);
}
