//! Who took part: agents as they came, left and still are, and the consumer.

use super::times;
use crate::compat::identity::{dialog_id, pid};
use antiphon_app::AccountView;
use antiphon_app::history::History;
use antiphon_domain::conversation::ChangeKind;
use antiphon_domain::event::Party;
use antiphon_domain::{DialogNumber, Role, Timestamp, UserId, UserKind};
use serde_json::{Map, Value, json};

/// The permission under which a proposed agent is told.
const SUGGESTED: &str = "SUGGESTED_ASSIGNED_AGENT";

/// A user's names, each under `prefix` and its own ending; a user who is gone keeps the number.
pub(super) fn names(object: &mut Map<String, Value>, prefix: &str, view: &AccountView, user: Option<UserId>) {
    let Some(user) = user else { return };
    let known = view.users.get(&user);
    let mut put = |ending: &str, value: Value| object.insert(format!("{prefix}{ending}"), value);
    put("Id", user.to_string().into());
    put("LoginName", known.map_or("", |user| &user.login).into());
    put("Nickname", known.map_or("", |user| &user.nickname).into());
    put("FullName", known.map_or("", |user| &user.full_name).into());
}

fn agent(view: &AccountView, user: UserId, permission: &str, dialog: &str, at: Timestamp) -> Value {
    let known = view.users.get(&user);
    let (number, kind) = match known.map(|user| user.kind) {
        Some(UserKind::Bot) => ("2", "Bot"),
        Some(UserKind::Human) => ("1", "Human"),
        None => ("0", "System"),
    };
    let mut object = Map::new();
    names(&mut object, "agent", view, Some(user));
    let more = json!({
        "agentPid": pid(view, Party::User(user)),
        "agentDeleted": known.is_none(),
        "userType": number,
        "userTypeName": kind,
        "role": known.map_or("", |user| &user.profile),
        "agentGroupId": -1,
        "agentGroupName": "Main Group",
        "permission": permission,
        "dialogId": dialog,
    });
    if let Value::Object(more) = more {
        object.extend(more);
    }
    times::put(&mut object, "time", at);
    object.into()
}

/// Every agent in the order in which they came.
pub(super) fn came(view: &AccountView, story: &History) -> Vec<Value> {
    let main = dialog_id(story.conversation.id, DialogNumber::MAIN);
    let joined = |change: &antiphon_domain::Change| match &change.kind {
        ChangeKind::AgentAssigned(user) => Some((*user, Role::AssignedAgent.name())),
        ChangeKind::AgentSuggested(user) => Some((*user, SUGGESTED)),
        ChangeKind::Joined(user, role) => Some((*user, role.name())),
        _ => None,
    };
    story.changes.iter().filter_map(|change| joined(change).map(|(user, as_what)| agent(view, user, as_what, &main, change.at))).collect()
}

/// Every agent in the order in which they left.
pub(super) fn left(view: &AccountView, story: &History) -> Vec<Value> {
    let main = dialog_id(story.conversation.id, DialogNumber::MAIN);
    let gone = |change: &antiphon_domain::Change| match &change.kind {
        ChangeKind::AgentRemoved(user) => Some((*user, Role::AssignedAgent.name())),
        ChangeKind::Left(user, role) => Some((*user, role.name())),
        _ => None,
    };
    story.changes.iter().filter_map(|change| gone(change).map(|(user, as_what)| agent(view, user, as_what, &main, change.at))).collect()
}

/// The agents who take part now.
pub(super) fn active(view: &AccountView, story: &History) -> Vec<Value> {
    let it = &story.conversation;
    let mut all = Vec::new();
    for dialog in it.dialogs.iter().filter(|dialog| dialog.open) {
        let id = dialog_id(it.id, dialog.number);
        for participant in &dialog.participants {
            let Party::User(user) = participant.party else { continue };
            let permission = if participant.suggested { SUGGESTED } else { participant.role.name() };
            all.push(agent(view, user, permission, &id, dialog.created_at));
        }
    }
    all
}

/// The consumer; one in each conversation.
pub(super) fn consumer(story: &History) -> Value {
    let it = &story.conversation;
    let known = story.consumer.as_deref();
    let name = known.and_then(|consumer| consumer.name.as_deref()).unwrap_or_default();
    let (first, last) = name.split_once(' ').unwrap_or((name, ""));
    let address = known.map_or("", |consumer| consumer.address.as_str());
    let mut object = Map::new();
    let members = json!({
        "participantId": it.consumer.to_string(),
        "firstName": first,
        "lastName": last,
        "consumerName": name,
        "phone": if address.starts_with('+') { address } else { "" },
        "email": if address.contains('@') { address } else { "" },
        "avatarURL": known.and_then(|consumer| consumer.avatar_url.as_deref()).unwrap_or_default(),
        "token": "",
        "dialogId": dialog_id(it.id, DialogNumber::MAIN),
    });
    if let Value::Object(members) = members {
        object.extend(members);
    }
    times::put(&mut object, "time", it.started_at);
    times::put(&mut object, "joinTime", it.started_at);
    object.into()
}
