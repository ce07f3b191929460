//! What consumers answered after a conversation, read off the dialogs in which they were asked.

use crate::compat::identity::dialog_id;
use antiphon_app::history::History;
use antiphon_domain::{Content, DialogKind, Event, EventBody, Role};
use serde_json::{Value, json};

/// Each survey with its questions and answers, in order.
pub(super) fn told(story: &History) -> Value {
    let it = &story.conversation;
    let surveys = it.dialogs.iter().filter(|dialog| dialog.kind == DialogKind::PostSurvey).map(|dialog| {
        let answers = answers(story.events.iter().filter(|event| event.dialog == dialog.number).map(|event| &**event));
        let status = match (answers.is_empty(), dialog.open) {
            (true, _) => "SKIPPED",
            (false, true) => "PARTIALLY_FILLED",
            (false, false) => "FILLED",
        };
        json!({
            "surveyType": "Satisfaction",
            "surveyStatus": status,
            "dialogId": dialog_id(it.id, dialog.number),
            "surveyData": answers,
        })
    });
    surveys.collect()
}

/// Each answer with what was said last before it.
fn answers<'a>(events: impl Iterator<Item = &'a Event>) -> Vec<Value> {
    let (mut asked, mut all) = ("", Vec::new());
    for event in events {
        let EventBody::Content(Content::Text { text, .. }) = &event.body else { continue };
        if event.originator.role == Role::Consumer {
            all.push(json!({ "question": asked, "answer": &**text }));
        } else {
            asked = text;
        }
    }
    all
}
