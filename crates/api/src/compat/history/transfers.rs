//! Transfers and interactions, read off a conversation's changes and events.
//!
//! One request may leave several changes of the same moment (an agent removed, the skill changed, another one proposed): they
//! are one transfer, named after the strongest of them.

use super::participants::names;
use super::times;
use crate::compat::identity::dialog_id;
use crate::compat::render::skill_id;
use antiphon_app::AccountView;
use antiphon_app::history::History;
use antiphon_domain::conversation::ChangeKind;
use antiphon_domain::event::Party;
use antiphon_domain::{Audience, DialogNumber, Role, SkillId, Timestamp, UserId};
use serde_json::{Map, Value};

/// Why a conversation moved, as the published history names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    BackToQueue,
    Agent,
    SuggestionEnded,
    Skill,
    TakeOver,
}

impl Reason {
    fn name(self) -> &'static str {
        match self {
            Reason::BackToQueue => "back2Q",
            Reason::Agent => "Agent",
            Reason::SuggestionEnded => "SuggestedAgentTimeout",
            Reason::Skill => "Skill",
            Reason::TakeOver => "TakeOver",
        }
    }
}

#[derive(Debug)]
struct Transfer {
    at: Timestamp,
    by_user: bool,
    reason: Reason,
    from: Option<UserId>,
    skills: (Option<SkillId>, Option<SkillId>),
    /// Who had it next.
    to: Option<UserId>,
}

fn transfers_of(story: &History) -> Vec<Transfer> {
    let mut all: Vec<Transfer> = Vec::new();
    // What it began with: the first change of skill tells, else what it has now.
    let first = story.changes.iter().find_map(|change| match &change.kind {
        ChangeKind::SkillChanged { from, .. } => Some(*from),
        _ => None,
    });
    let mut skill = first.unwrap_or(story.conversation.skill);
    let mut agent = None;
    let mut waiting_for = None;
    for change in &story.changes {
        let by_user = matches!(change.by, Some(Party::User(_)));
        let same_moment = all.last().is_some_and(|last| last.at == change.at && last.to.is_none());
        match &change.kind {
            ChangeKind::AgentRemoved(user) => {
                agent = None;
                all.push(Transfer {
                    at: change.at,
                    by_user,
                    reason: Reason::BackToQueue,
                    from: Some(*user),
                    skills: (skill, skill),
                    to: None,
                });
            }
            ChangeKind::SkillChanged { from, to } => {
                skill = *to;
                match all.last_mut().filter(|_| same_moment) {
                    Some(last) => (last.reason, last.skills) = (Reason::Skill, (*from, *to)),
                    None => {
                        all.push(Transfer { at: change.at, by_user, reason: Reason::Skill, from: agent, skills: (*from, *to), to: None })
                    }
                }
            }
            ChangeKind::AgentSuggested(user) => {
                waiting_for = Some(*user);
                match all.last_mut().filter(|_| same_moment) {
                    Some(last) => last.reason = Reason::Agent,
                    None => {
                        all.push(Transfer { at: change.at, by_user, reason: Reason::Agent, from: agent, skills: (skill, skill), to: None })
                    }
                }
            }
            ChangeKind::AgentAssigned(user) => {
                let others = waiting_for.take().is_some_and(|suggested| suggested != *user);
                // The first agent is no transfer.
                if let Some(last) = all.last_mut().filter(|last| last.to.is_none()) {
                    if last.at == change.at && last.reason == Reason::BackToQueue {
                        last.reason = Reason::TakeOver;
                    }
                    if others && last.reason == Reason::Agent {
                        last.reason = Reason::SuggestionEnded;
                    }
                    last.to = Some(*user);
                }
                agent = Some(*user);
            }
            ChangeKind::SuggestionEnded(_) => {
                waiting_for = None;
                if let Some(last) = all.last_mut().filter(|last| last.to.is_none() && last.reason == Reason::Agent) {
                    last.reason = Reason::SuggestionEnded;
                }
            }
            _ => {}
        }
    }
    all
}

/// Every transfer, in order.
pub(super) fn transfers(view: &AccountView, story: &History) -> Vec<Value> {
    let name = |skill: Option<SkillId>| skill.and_then(|skill| view.skills.get(&skill)).map_or("Unassigned", |skill| &skill.name);
    let told = |transfer: Transfer| {
        let mut object = Map::new();
        times::put(&mut object, "time", transfer.at);
        let (source, target) = transfer.skills;
        let members: [(&str, Value); 7] = [
            ("by", if transfer.by_user { "Agent" } else { "System" }.into()),
            ("reason", transfer.reason.name().into()),
            ("sourceSkillId", skill_id(source).into()),
            ("sourceSkillName", name(source).into()),
            ("targetSkillId", skill_id(target).into()),
            ("targetSkillName", name(target).into()),
            ("dialogId", dialog_id(story.conversation.id, DialogNumber::MAIN).into()),
        ];
        object.extend(members.map(|(name, value)| (name.to_owned(), value)));
        names(&mut object, "sourceAgent", view, transfer.from);
        names(&mut object, "assignedAgent", view, transfer.to);
        object.into()
    };
    transfers_of(story).into_iter().map(told).collect()
}

/// Every stretch in which an assigned agent wrote to the consumer, numbered from 0.
pub(super) fn interactions(view: &AccountView, story: &History) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    let mut last = None;
    for event in &story.events {
        let Party::User(user) = event.originator.party else { continue };
        let answers = event.originator.role == Role::AssignedAgent && event.is_content() && event.audience == Audience::All;
        if !answers || event.dialog != DialogNumber::MAIN || last == Some(user) {
            continue;
        }
        last = Some(user);
        let mut object = Map::new();
        names(&mut object, "assignedAgent", view, Some(user));
        times::put(&mut object, "interactionTime", event.at);
        object.insert("interactiveSequence".to_owned(), all.len().into());
        object.insert("dialogId".to_owned(), dialog_id(story.conversation.id, DialogNumber::MAIN).into());
        all.push(object.into());
    }
    all
}

/// Every change of skill, in order.
pub(super) fn skill_changes(story: &History) -> Vec<Value> {
    let mut all = Vec::new();
    for change in &story.changes {
        let ChangeKind::SkillChanged { from, to } = &change.kind else { continue };
        let mut object = Map::new();
        times::put(&mut object, "time", change.at);
        object.insert("previousSkillId".to_owned(), skill_id(*from).into());
        object.insert("newSkillId".to_owned(), skill_id(*to).into());
        object.insert("dialogId".to_owned(), dialog_id(story.conversation.id, DialogNumber::MAIN).into());
        all.push(object.into());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::fixtures;
    use antiphon_domain::{Change, Conversation};
    use std::sync::Arc;

    const ONE: UserId = UserId(77);
    const TWO: UserId = UserId(88);

    fn story(kinds: Vec<(i64, ChangeKind)>) -> History {
        let change = |(at, kind): (i64, ChangeKind)| Change { at: Timestamp(at), ..blank(kind) };
        let conversation: Conversation = fixtures::conversation();
        History {
            consumer: None,
            events: Vec::new(),
            changes: kinds.into_iter().map(change).collect(),
            partial: false,
            conversation: Arc::new(conversation),
        }
    }

    fn blank(kind: ChangeKind) -> Change {
        Change { version: 1, at: Timestamp(0), kind, by: Some(Party::User(ONE)), metadata: None }
    }

    #[test]
    fn what_one_request_does_is_one_transfer() {
        let moved = ChangeKind::SkillChanged { from: Some(SkillId(55)), to: Some(SkillId(66)) };
        let check = |kinds: Vec<(i64, ChangeKind)>, expected: &[(Reason, Option<UserId>, Option<UserId>)]| {
            let told: Vec<_> = transfers_of(&story(kinds)).into_iter().map(|t| (t.reason, t.from, t.to)).collect();
            assert_eq!(told, expected);
        };
        use ChangeKind::*;
        check(vec![(1, Opened), (2, AgentAssigned(ONE))], &[]);
        check(vec![(2, AgentAssigned(ONE)), (3, AgentRemoved(ONE))], &[(Reason::BackToQueue, Some(ONE), None)]);
        check(
            vec![(2, AgentAssigned(ONE)), (3, AgentRemoved(ONE)), (3, moved.clone()), (9, AgentAssigned(TWO))],
            &[(Reason::Skill, Some(ONE), Some(TWO))],
        );
        check(vec![(2, moved.clone()), (3, AgentAssigned(TWO))], &[(Reason::Skill, None, Some(TWO))]);
        check(
            vec![(2, AgentAssigned(ONE)), (3, AgentRemoved(ONE)), (3, AgentSuggested(TWO)), (5, AgentAssigned(TWO))],
            &[(Reason::Agent, Some(ONE), Some(TWO))],
        );
        check(
            vec![(2, AgentAssigned(ONE)), (3, AgentRemoved(ONE)), (3, AgentSuggested(TWO)), (5, AgentAssigned(ONE))],
            &[(Reason::SuggestionEnded, Some(ONE), Some(ONE))],
        );
        check(vec![(2, AgentAssigned(ONE)), (3, AgentRemoved(ONE)), (3, AgentAssigned(TWO))], &[(Reason::TakeOver, Some(ONE), Some(TWO))]);
        check(
            vec![(2, AgentAssigned(ONE)), (3, AgentRemoved(ONE)), (4, AgentAssigned(TWO)), (5, AgentRemoved(TWO))],
            &[(Reason::BackToQueue, Some(ONE), Some(TWO)), (Reason::BackToQueue, Some(TWO), None)],
        );
    }
}
