//! One conversation's record: `info` and the parts that were asked for. Every part that was asked for is there, if only empty:
//! published clients walk through the arrays without looking.

use super::asked::Parts;
use super::{attributes, participants, surveys, times, transfers};
use crate::compat::identity::dialog_id;
use crate::compat::render::skill_id;
use antiphon_app::history::History;
use antiphon_app::{AccountView, App};
use antiphon_domain::event::Party;
use antiphon_domain::{Audience, Content, DialogKind, DialogNumber, Event, EventBody, Role, SkillId, UserId};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

/// What the device of a consumer is called when nobody knows it.
const NO_DEVICE: &str = "NA";

pub(super) fn record(app: &App, view: &AccountView, story: &History, parts: Parts) -> Value {
    let source = source(app, view, story);
    let mut record = Map::new();
    let mut part = |name: &str, wanted: bool, value: &dyn Fn() -> Value| {
        if wanted {
            record.insert(name.to_owned(), value());
        }
    };
    part("info", true, &|| info(view, story, source));
    part("campaign", parts.campaign, &|| campaign(story));
    part("messageRecords", parts.messages, &|| messages(view, story, source));
    part("messageStatuses", parts.statuses, &|| statuses(story));
    // Nothing scores messages yet; the list is there because clients walk through it.
    part("messageScore", parts.scores, &|| Value::Array(Vec::new()));
    part("agentParticipants", parts.agents, &|| participants::came(view, story).into());
    part("agentParticipantsLeave", parts.agents_left, &|| participants::left(view, story).into());
    part("agentParticipantsActive", parts.agents_active, &|| participants::active(view, story).into());
    part("consumerParticipant", parts.consumers, &|| json!([participants::consumer(story)]));
    part("transfers", parts.transfers, &|| transfers::transfers(view, story).into());
    part("interactions", parts.interactions, &|| transfers::interactions(view, story).into());
    part("skillChanges", parts.skill_changes, &|| transfers::skill_changes(story).into());
    part("conversationSurveys", parts.surveys, &|| surveys::told(story));
    part("summary", parts.summary, &|| summary(story));
    part("sdes", parts.sdes, &|| attributes::told(story, true));
    part("unAuthSdes", parts.unauthenticated_sdes, &|| attributes::told(story, false));
    part("dialogs", parts.dialogs, &|| dialogs(view, story));
    part("responseTime", parts.response_time, &|| {
        json!({
            "latestEffectiveResponseDueTime": story.conversation.due_at().map_or(-1, |at| at.0),
            "configuredResponseTime": story.conversation.response_time.1,
        })
    });
    Value::Object(record)
}

/// The channel as the published history names it.
fn source(app: &App, view: &AccountView, story: &History) -> &'static str {
    let channel = view.sources.get(&story.conversation.source).and_then(|source| app.channel(&source.channel));
    channel.map_or(NO_DEVICE, |channel| channel.describe().published_as)
}

/// Campaign and engagement, as the opener of the conversation named them.
fn campaign(story: &History) -> Value {
    let origin = story.conversation.origin.as_ref().and_then(|origin| origin.campaign.as_deref());
    let named: Value = origin.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    let text = |member: &str| match &named[member] {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    let members = [("campaignId", text("campaignId")), ("campaignEngagementId", text("engagementId"))];
    members.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// What agents noted.
fn summary(story: &History) -> Value {
    match &story.conversation.note {
        Some(note) => json!({ "text": &**note, "lastUpdatedTime": story.conversation.updated_at.0 }),
        None => json!({}),
    }
}

fn state(open: bool) -> &'static str {
    if open { "OPEN" } else { "CLOSE" }
}

fn skill_name(view: &AccountView, skill: Option<SkillId>) -> &str {
    skill.and_then(|skill| view.skills.get(&skill)).map_or("Unassigned", |skill| &skill.name)
}

fn info(view: &AccountView, story: &History, source: &str) -> Value {
    let it = &story.conversation;
    let mut info = Map::new();
    times::put(&mut info, "startTime", it.started_at);
    match it.ended_at {
        Some(at) => times::put(&mut info, "endTime", at),
        None => {
            info.insert("endTimeL".to_owned(), (-1).into());
        }
    }
    let end = it.ended_at.unwrap_or(it.updated_at);
    let agent = it.assigned_agent().or_else(|| last_agent(story));
    participants::names(&mut info, "latestAgent", view, agent);
    let members = json!({
        "conversationId": it.id.to_string(),
        "brandId": it.account.as_str(),
        "status": state(it.open),
        "fullDialogStatus": state(it.main().open),
        "duration": end.since(it.started_at),
        "closeReason": it.closed_by.map(|by| by.name()),
        "closeReasonDescription": it.main().closed_cause.as_deref(),
        "firstConversation": it.first,
        "csatRate": it.rating.and_then(|rating| rating.stars),
        "source": source,
        "device": NO_DEVICE,
        "latestSkillId": skill_id(it.skill),
        "latestSkillName": skill_name(view, it.skill),
        "agentDeleted": agent.is_some_and(|agent| !view.users.contains_key(&agent)),
        "latestAgentGroupId": -1,
        "latestAgentGroupName": "Main Group",
        "latestQueueState": if it.open && it.assigned_agent().is_none() { "IN_QUEUE" } else { "ACTIVE" },
        "isPartial": story.partial,
    });
    if let Value::Object(members) = members {
        info.extend(members.into_iter().filter(|(_, value)| !value.is_null()));
    }
    Value::Object(info)
}

/// Who had it last, when nobody has it now.
fn last_agent(story: &History) -> Option<UserId> {
    story.changes.iter().rev().find_map(|change| match &change.kind {
        antiphon_domain::conversation::ChangeKind::AgentAssigned(user) => Some(*user),
        _ => None,
    })
}

fn dialogs(view: &AccountView, story: &History) -> Value {
    let it = &story.conversation;
    let told = it.dialogs.iter().map(|dialog| {
        let mut object = Map::new();
        times::put(&mut object, "startTime", dialog.created_at);
        if let Some(at) = dialog.ended_at {
            times::put(&mut object, "endTime", at);
        }
        let members = json!({
            "dialogId": dialog_id(it.id, dialog.number),
            "status": state(dialog.open),
            "dialogType": if dialog.kind == DialogKind::Main { "MAIN" } else { "POST_SURVEY" },
            "dialogChannelType": "MESSAGING",
            "closeReason": dialog.closed_by.map(|by| by.name()),
            "closeReasonDescription": dialog.closed_cause.as_deref(),
            "skillId": skill_id(it.skill),
            "skillName": skill_name(view, it.skill),
        });
        if let Value::Object(members) = members {
            object.extend(members.into_iter().filter(|(_, value)| !value.is_null()));
        }
        Value::Object(object)
    });
    told.collect()
}

fn message_id(story: &History, event: &Event) -> String {
    message_id_at(story, event.dialog, event.sequence)
}

fn message_id_at(story: &History, dialog: DialogNumber, sequence: u64) -> String {
    let id = dialog_id(story.conversation.id, dialog);
    if dialog == DialogNumber::MAIN { format!("ms::conv:{id}::msg:{sequence}") } else { format!("ms::dialog:{id}::msg:{sequence}") }
}

fn participant(party: Party) -> String {
    match party {
        Party::Consumer(consumer) => consumer.to_string(),
        Party::User(user) => user.to_string(),
        Party::External(source) => source.to_string(),
        Party::System => "system".to_owned(),
    }
}

fn sent_by(role: Role) -> &'static str {
    match role {
        Role::Consumer => "Consumer",
        Role::Controller => "Controller",
        _ => "Agent",
    }
}

fn messages(view: &AccountView, story: &History, source: &str) -> Value {
    let told = story.events.iter().filter_map(|event| {
        let EventBody::Content(content) = &event.body else { return None };
        let (kind, data) = message_data(content);
        let mut object = Map::new();
        times::put(&mut object, "time", event.at);
        let members = json!({
            "type": kind,
            "messageData": data,
            "messageId": message_id(story, event),
            "seq": event.sequence,
            "dialogId": dialog_id(story.conversation.id, event.dialog),
            "participantId": participant(event.originator.party),
            "source": source,
            "device": NO_DEVICE,
            "sentBy": sent_by(event.originator.role),
            "audience": if event.audience == Audience::All { "ALL" } else { "AGENTS_AND_MANAGERS" },
        });
        if let Value::Object(members) = members {
            object.extend(members);
        }
        if let Party::User(user) = event.originator.party {
            object.insert("agentNickname".to_owned(), view.users.get(&user).map_or("", |user| &user.nickname).into());
        }
        if let Some(metadata) = context(event) {
            object.insert("contextData".to_owned(), metadata);
        }
        Some(Value::Object(object))
    });
    told.collect()
}

fn message_data(content: &Content) -> (&'static str, Value) {
    let parsed = |text: &str| serde_json::from_str::<Value>(text).unwrap_or(Value::Null);
    match content {
        Content::Text { text, quick_replies } => {
            let mut data = json!({ "msg": { "text": &**text } });
            if let Some(replies) = quick_replies {
                data["quickReplies"] = json!({ "content": &**replies });
            }
            ("TEXT_PLAIN", data)
        }
        Content::File { path, caption, file_type, preview, .. } => {
            let mut file = json!({ "relativePath": &**path, "caption": &**caption, "fileType": &**file_type });
            if let Some(preview) = preview {
                file["preview"] = (&**preview).into();
            }
            ("HOSTED_FILE", json!({ "file": file }))
        }
        Content::Rich { json, quick_replies } => {
            let mut rich = json!({ "content": &**json });
            if let Some(replies) = quick_replies {
                rich["quickReplies"] = parsed(replies);
            }
            ("RICH_CONTENT", json!({ "richContent": rich }))
        }
    }
}

/// The metadata of an event: as it came, and what bots and transfers said in it under the names of the history.
fn context(event: &Event) -> Option<Value> {
    let raw: &RawValue = serde_json::from_str(event.metadata.as_deref()?).ok()?;
    let entries: Vec<Value> = serde_json::from_str(raw.get()).ok()?;
    let named = |entry: &Value| match entry["type"].as_str() {
        Some("BotResponse") => Some(json!({ "botResponse": without_type(entry) })),
        Some("ActionReason") => Some(json!({ "actionReason": without_type(entry) })),
        _ => None,
    };
    let structured: Vec<Value> = entries.iter().filter_map(named).collect();
    Some(json!({ "rawMetadata": raw.get(), "structuredMetadata": structured }))
}

fn without_type(entry: &Value) -> Value {
    let mut entry = entry.clone();
    if let Some(object) = entry.as_object_mut() {
        object.remove("type");
    }
    entry
}

fn statuses(story: &History) -> Value {
    let mut all = Vec::new();
    for event in &story.events {
        let EventBody::Accept { status, sequences } = &event.body else { continue };
        for sequence in sequences {
            let mut object = Map::new();
            times::put(&mut object, "time", event.at);
            let members = json!({
                "messageId": message_id_at(story, event.dialog, *sequence),
                "seq": sequence,
                "dialogId": dialog_id(story.conversation.id, event.dialog),
                "participantId": participant(event.originator.party),
                "participantType": sent_by(event.originator.role),
                "messageDeliveryStatus": status.name(),
            });
            if let Value::Object(members) = members {
                object.extend(members);
            }
            all.push(Value::Object(object));
        }
    }
    all.into()
}
