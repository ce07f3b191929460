//! `POST …/agent-view/status`: the states of agents now. Needs the privilege to see other agents.

use super::{Refused, admitted, read, times};
use crate::compat::Shared;
use antiphon_domain::{Privilege, UserId};
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Most agents of one answer.
const MOST: usize = 1_000;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Asked {
    status: Option<Vec<String>>,
    agent_ids: Option<Vec<Value>>,
    skill_ids: Option<Vec<Value>>,
}

pub(in crate::compat) async fn status(
    State(shared): State<Arc<Shared>>,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    let (caller, view) = admitted(&shared, &account, &headers).await?;
    if !caller.may(Privilege::ViewAgents) {
        return Err(Refused::with(StatusCode::FORBIDDEN, "seeing other agents needs the privilege view_agents"));
    }
    let asked: Asked = read(&shared, body).await?;
    let ids = asked.agent_ids.filter(|ids| !ids.is_empty()).map(|ids| ids.iter().map(as_text).collect::<Vec<_>>());
    let skills = asked.skill_ids.filter(|ids| !ids.is_empty()).map(|ids| ids.iter().map(as_text).collect::<Vec<_>>());
    let states = asked.status.filter(|states| !states.is_empty());
    let seats = shared.app.agent_seats(&caller.account).await;
    let now = shared.app.clock().now();
    let mut records = Vec::new();
    for seat in seats {
        let Some(user) = view.users.get(&seat.user).filter(|user| user.enabled) else { continue };
        let named = |names: &Vec<String>| names.iter().any(|name| names_user(name, &account, user.id, &user.pid.to_string()));
        let able = |skills: &Vec<String>| user.skills.iter().any(|skill| skills.contains(&skill.to_string()));
        let state = seat.availability.name();
        if ids.as_ref().is_some_and(|ids| !named(ids))
            || skills.as_ref().is_some_and(|skills| !able(skills))
            || states.as_ref().is_some_and(|states| !states.iter().any(|wanted| wanted.eq_ignore_ascii_case(state)))
        {
            continue;
        }
        let skills: Vec<Value> = user
            .skills
            .iter()
            .filter_map(|skill| view.skills.get(skill))
            .map(|skill| json!({ "skillId": skill.id.to_string(), "skillName": skill.name }))
            .collect();
        let busy = seat.open + seat.ringing;
        let load = (seat.open * 100).checked_div(seat.max_conversations).unwrap_or(0);
        let members = json!({
            "agentId": user.id.to_string(),
            "agentName": user.full_name,
            "agentNickname": user.nickname,
            "agentLoginName": user.login,
            "agentSkills": skills,
            "agentGroupId": -1,
            "agentGroupName": "Main Group",
            "currentStatus": state,
            "load": load,
            "ringingSlots": seat.ringing,
            "configuredMaxSlots": seat.max_conversations,
            "busySlots": busy,
            "openAssignedConversations": seat.open,
        });
        let mut object = Map::new();
        if let Value::Object(members) = members {
            object.extend(members);
        }
        times::put(&mut object, "lastUpdatedTime", now);
        records.push(Value::Object(object));
        if records.len() == MOST {
            break;
        }
    }
    let metadata = json!({ "count": records.len() });
    Ok(Json(json!({ "_metadata": metadata, "agentStatusRecords": records })).into_response())
}

/// Agents are named by number, by old id, or by their permanent UUID.
fn names_user(text: &str, account: &str, user: UserId, pid: &str) -> bool {
    let number = user.to_string();
    text == number || text.eq_ignore_ascii_case(pid) || text.strip_prefix(account).and_then(|rest| rest.strip_prefix('.')) == Some(&*number)
}

fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
