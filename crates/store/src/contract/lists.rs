//! Lists of conversations: every filter, alone and together, and paging while the list changes.

use super::Harness;
use super::fixtures::*;
use super::model::Model;
use antiphon_app::ports::store::{ConversationCursor, ConversationFilter, Store, Write};
use antiphon_domain::conversation::ClosedBy;
use antiphon_domain::{Conversation, DialogNumber, Role, SkillId, Timestamp, UserId};

/// Reads a whole list page by page.
async fn paged(store: &dyn Store, filter: &ConversationFilter, limit: usize) -> Vec<Conversation> {
    let mut all: Vec<Conversation> = Vec::new();
    loop {
        let after = all.last().map(|last| ConversationCursor { updated_at: last.updated_at, id: last.id });
        let page = store.conversations(&account_id(), filter, after, limit).await.expect("reads");
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

/// Commits to the store and to the model.
async fn both(store: &dyn Store, model: &mut Model, writes: Vec<Write>) {
    model.commit(&writes).expect("the model takes it");
    commit(store, writes).await;
}

/// 24 conversations of 8 consumers: open and closed, with and without agents and managers, in two skills and none, some with equal times.
async fn fill(store: &dyn Store, model: &mut Model) {
    for number in 0..24u32 {
        let of = u8::try_from(number % 8).expect("small");
        let at = i64::from(number / 2) * 10;
        let skill = [Some(4), Some(9), None][number as usize % 3];
        let (mut conversation, change) = conversation(number, of, skill, at);
        let event = consumer_writes(&mut conversation, "hello", at);
        if number % 4 != 3 {
            conversation.assign(UserId(i64::from(number % 3)), None, Timestamp(at)).expect("assigns");
        }
        if number % 5 == 0 {
            conversation.join(DialogNumber::MAIN, UserId(2), Role::Manager, Timestamp(at)).expect("joins");
        }
        // Each consumer's last conversation stays open.
        if number < 16 {
            conversation.close(ClosedBy::Agent, None, None, Timestamp(at + i64::from(number % 3))).expect("closes");
        }
        // Some of those are being asked how it was.
        if number >= 16 && number % 3 == 2 {
            let survey = Some("survey-app".into());
            conversation.close_dialog(DialogNumber::MAIN, ClosedBy::Consumer, None, survey, None, Timestamp(at + 1)).expect("ends");
        }
        let writes = vec![
            Write::PutConsumer(consumer(of)),
            put(&conversation, 0),
            add(&conversation, &event),
            Write::AddChange { conversation: conversation.id, change },
        ];
        both(store, model, writes).await;
    }
}

/// Every combination of filters gives what the model gives, whatever the size of the page.
pub async fn lists_are_filtered(harness: &dyn Harness) {
    let subject = harness.open().await;
    let store = subject.store();
    let mut model = Model::default();
    fill(&*store, &mut model).await;
    let texts = [None, Some("frida"), Some("0003"), Some("nobody"), Some("")].map(|text| text.map(str::to_owned));
    let ids = [Some(conversation_id(20).to_string()), Some(consumer_id(2).to_string())];
    for text in texts.into_iter().chain(ids) {
        for open in [None, Some(true), Some(false)] {
            for involving in [None, Some(UserId(2)), Some(UserId(99))] {
                for unassigned in [false, true] {
                    for skill in [None, Some(SkillId(4))] {
                        for consumer in [None, Some(consumer_id(2))] {
                            for (updated_from, updated_to) in [(None, None), (Some(Timestamp(30)), Some(Timestamp(110)))] {
                                for in_survey in [false, true] {
                                    let text = text.clone();
                                    let filter = ConversationFilter {
                                        open,
                                        involving,
                                        unassigned,
                                        in_survey,
                                        skill,
                                        consumer,
                                        updated_from,
                                        updated_to,
                                        text,
                                    };
                                    let expected = model.conversations(&filter, None, usize::MAX);
                                    assert_eq!(paged(&*store, &filter, 3).await, expected, "{filter:?}");
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    let all = ConversationFilter::default();
    assert_eq!(store.conversations(&account_id(), &all, None, 100).await.expect("reads"), model.conversations(&all, None, 100));
    assert!(store.conversations(&account_id(), &all, None, 0).await.expect("reads").is_empty());
}

/// While pages are read, conversations begin and change: whatever did not change is on exactly one page.
pub async fn lists_are_paged_without_skips(harness: &dyn Harness) {
    let subject = harness.open().await;
    let store = subject.store();
    let mut model = Model::default();
    fill(&*store, &mut model).await;
    let filter = ConversationFilter::default();
    let before = model.conversations(&filter, None, usize::MAX);
    let mut seen: Vec<Conversation> = Vec::new();
    let mut now = 10_000;
    loop {
        let after = seen.last().map(|last| ConversationCursor { updated_at: last.updated_at, id: last.id });
        let page = store.conversations(&account_id(), &filter, after, 4).await.expect("reads");
        if page.is_empty() {
            break;
        }
        seen.extend(page);
        now += 10;
        let number = 100 + u32::try_from(now).expect("small");
        let (fresh, _) = conversation(number, u8::try_from(seen.len() + 100).expect("small"), None, now);
        both(&*store, &mut model, vec![put(&fresh, 0)]).await;
        let mut changed = model.conversations[&conversation_id(16)].clone();
        let was = changed.version;
        let event = consumer_writes(&mut changed, "again", now);
        both(&*store, &mut model, vec![put(&changed, was), add(&changed, &event)]).await;
    }
    for conversation in before.iter().filter(|conversation| conversation.id != conversation_id(16)) {
        assert_eq!(seen.iter().filter(|other| *other == conversation).count(), 1, "{}", conversation.id);
    }
}
