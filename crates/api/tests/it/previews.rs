//! What a channel makes of content, asked for before anybody sends it.

use crate::world::World;
use serde_json::{Value, json};

fn tap(title: &str) -> Value {
    json!({"type": "button", "title": title, "click": {"actions": [{"type": "publishText", "text": title}]}})
}

#[tokio::test]
async fn a_preview_shows_messages_and_losses() {
    let world = World::start().await;
    let agent = world.signed_in("agent1").await;
    let replies = json!({"type": "quickReplies", "replies": [tap("Yes"), tap("No")]});
    let asked = json!({"channel": "test_channel", "text": "Shall we?", "quick_replies": replies});
    let shown = agent.post("previews", asked.clone()).await.expect(200);
    assert_eq!((&shown["problems"], &shown["neutral"]), (&json!([]), &json!(false)));
    let text: Vec<&str> = shown["messages"].as_array().expect("messages").iter().filter_map(|one| one["text"].as_str()).collect();
    assert_eq!(text.join("\n"), "Shall we?\n\n1. Yes\n2. No\nReply with a\nnumber.");
    assert_eq!((&shown["losses"][0]["from"], &shown["losses"][0]["reason"]), (&json!("quick_replies"), &json!("not_supported")));
    // As a source has it.
    let admin = world.administrator().await;
    admin.patch("settings", json!({"consumer_language": "de"})).await.expect(200);
    let source = json!({"source_id": "src_0000000000000001", "text": "Shall we?", "quick_replies": replies});
    let shown = agent.post("previews", source).await.expect(200);
    assert!(shown["messages"].to_string().contains("Antworten Sie"), "{shown}");
    // Nothing went out.
    assert!(world.test.net.calls().is_empty());
}

#[tokio::test]
async fn what_is_wrong_is_named_with_its_place() {
    let world = World::start().await;
    let agent = world.signed_in("agent1").await;
    let check = async |content: Value, path: &str, code: &str| {
        let shown = agent.post("previews", json!({"channel": "test_channel", "content": content})).await.expect(200);
        assert_eq!((&shown["problems"][0]["path"], &shown["problems"][0]["code"]), (&json!(path), &json!(code)), "{shown}");
        assert_eq!(shown["messages"], json!([]));
    };
    check(json!({"type": "video", "url": "https://a.test/x"}), "content", "unknown_type").await;
    check(json!({"type": "vertical", "elements": [{"type": "text", "text": ""}]}), "content/elements/0/text", "missing").await;
    let mut deep = json!({"type": "text", "text": "a"});
    for _ in 0..12 {
        deep = json!({"type": "vertical", "elements": [deep]});
    }
    check(deep, &format!("content{}", "/elements/0".repeat(12)), "too_deep").await;
    check(json!({"type": "text", "text": "x".repeat(70_000)}), "content", "too_large").await;
    for (asked, field) in [
        (json!({"text": "a"}), "channel"),
        (json!({"channel": "no_such", "text": "a"}), "channel"),
        (json!({"source_id": "src_00000000000000ff", "text": "a"}), "source_id"),
        (json!({"channel": "test_channel"}), "content"),
        (json!({"channel": "test_channel", "text": "a", "content": {}}), "content"),
    ] {
        agent.post("previews", asked).await.expect_error(400, "validation_failed", Some(field));
    }
}
