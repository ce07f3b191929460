//! People, conversations and thread control: what can be read about a thread, and who owns it.

use serde_json::{Value, json};

use super::MessengerSim;
use super::graph::{Answer, Call};
use super::model::{Author, Bearer, PAGE_INBOX, Page, Person};
use crate::kit::dates::iso8601;
use crate::kit::lock;
use crate::kit::respond;
use crate::meta::errors::{graph, graph_sub, unknown_object};

impl MessengerSim {
    /// `GET /{id}`: a page, the caller, or a person's profile.
    pub(crate) fn node(&self, call: &Call, id: &str) -> Answer {
        let state = lock(&self.inner.state);
        match &call.token.bearer {
            Bearer::User(user) if id == "me" || id == user => {
                let name = state.users.get(user).map(|user| user.name.clone());
                return Ok(respond::json(200, &json!({ "id": user, "name": name })));
            }
            Bearer::Page(page) if id == "me" || id == page => {
                let name = state.pages.get(page).map(|page| page.name.clone());
                return Ok(respond::json(200, &json!({ "id": page, "name": name })));
            }
            Bearer::Page(page) => {
                let person = state
                    .person(page, id)
                    .filter(|person| person.last_in_ms.is_some() && !person.profile_hidden)
                    .ok_or_else(|| unknown_object(id))?;
                let mut profile = serde_json::Map::new();
                let fields = call.text("fields").unwrap_or("first_name,last_name,profile_pic");
                for field in fields.split(',').map(str::trim) {
                    let value = match field {
                        "first_name" => person.first_name.clone(),
                        "last_name" => person.last_name.clone(),
                        "name" => person.name(),
                        "username" if state.instagram => person.name().to_lowercase().replace(' ', "."),
                        "profile_pic" => match &person.picture {
                            Some(media) => self.cdn_url(media),
                            None => continue,
                        },
                        "id" => continue,
                        "locale" | "timezone" | "gender" => {
                            return Err(graph(
                                10,
                                format!("(#10) To use '{field}', your use of this endpoint must be reviewed and approved by Facebook."),
                            ));
                        }
                        other => return Err(graph(100, format!("(#100) Tried accessing nonexisting field ({other})"))),
                    };
                    profile.insert(field.to_owned(), value.into());
                }
                profile.insert("id".to_owned(), id.into());
                return Ok(respond::json(200, &profile));
            }
            _ => {}
        }
        Err(unknown_object(id))
    }

    /// The threads of a page, newest first, each with its newest messages where asked for.
    pub(crate) fn conversations(&self, call: &Call, id: &str) -> Answer {
        let page_id = call.page(id)?;
        if call.text("platform").is_some_and(|platform| platform != if self.is_instagram() { "instagram" } else { "messenger" }) {
            return Ok(respond::json(200, &json!({ "data": [] })));
        }
        let state = lock(&self.inner.state);
        let page = state.pages.get(&page_id).ok_or_else(|| unknown_object(id))?;
        let fields = call.text("fields").unwrap_or("id,updated_time");
        let messages = fields.contains("messages").then(|| limit_of(fields, "messages").unwrap_or(25));
        let user = call.text("user_id");
        let mut threads: Vec<(&String, &Person)> = state
            .people
            .get(&page_id)
            .into_iter()
            .flatten()
            .filter(|(psid, person)| !person.thread.is_empty() && user.is_none_or(|user| user == psid.as_str()))
            .collect();
        threads.sort_by_key(|(_, person)| std::cmp::Reverse(person.thread.last().map(|note| note.at_ms)));
        let limit: usize = call.text("limit").and_then(|limit| limit.parse().ok()).unwrap_or(25).clamp(1, 500);
        let start =
            call.text("after").and_then(|after| threads.iter().position(|(psid, _)| psid.as_str() == after)).map_or(0, |index| index + 1);
        let shown = &threads[start..(start + limit).min(threads.len())];
        let data: Vec<Value> = shown.iter().map(|(psid, person)| self.thread_json(page, psid, person, messages)).collect();
        let mut list = json!({ "data": data });
        if let (Some((first, _)), Some((last, _))) = (shown.first(), shown.last()) {
            list["paging"] = json!({ "cursors": { "before": first, "after": last } });
            if start + limit < threads.len() {
                let mut next = url::form_urlencoded::Serializer::new(String::new());
                for (name, value) in &call.params {
                    if let (true, Some(value)) = (name != "after", value.as_str()) {
                        next.append_pair(name, value);
                    }
                }
                let query = next.append_pair("after", last).finish();
                list["paging"]["next"] = format!("{}{}?{query}", self.base_url(), call.path).into();
            }
        }
        Ok(respond::json(200, &list))
    }

    fn thread_json(&self, page: &Page, psid: &str, person: &Person, messages: Option<usize>) -> Value {
        let updated = person.thread.last().map_or(0, |note| note.at_ms);
        let mut thread = json!({ "id": format!("t_{psid}"), "updated_time": iso8601(updated, "+0000") });
        let Some(limit) = messages else { return thread };
        let from_page = json!({ "name": page.name, "id": page.id });
        let from_person = json!({ "name": person.name(), "id": psid });
        let notes: Vec<Value> = person
            .thread
            .iter()
            .rev()
            .take(limit)
            .map(|note| {
                let own = note.author == Author::Consumer;
                let (from, to) = if own { (&from_person, &from_page) } else { (&from_page, &from_person) };
                let mut message = json!({
                    "id": note.mid,
                    "created_time": iso8601(note.at_ms, "+0000"),
                    "from": from,
                    "to": { "data": [to] },
                    "message": note.text,
                });
                let files: Vec<Value> = note
                    .media
                    .iter()
                    .filter_map(|id| self.media().get(id))
                    .map(|media| {
                        let url = self.cdn_url(&media.id);
                        let mut file = json!({
                            "id": media.id, "mime_type": media.content_type, "name": media.name, "size": media.bytes.len(),
                        });
                        if media.content_type.starts_with("image/") {
                            file["image_data"] = json!({ "url": url, "preview_url": url });
                        } else {
                            file["file_url"] = url.into();
                        }
                        file
                    })
                    .collect();
                if !files.is_empty() {
                    message["attachments"] = json!({ "data": files });
                }
                message
            })
            .collect();
        thread["messages"] = json!({ "data": notes });
        thread
    }

    pub(crate) fn thread_owner(&self, call: &Call, id: &str) -> Answer {
        let page = call.page(id)?;
        let psid = call.text("recipient").unwrap_or_default();
        let state = lock(&self.inner.state);
        let person = state.person(&page, psid).ok_or_else(|| graph_sub(100, 2_018_001, "(#100) No matching user found"))?;
        let data: Vec<Value> = person
            .owner
            .iter()
            .map(|owner| json!({ "thread_owner": { "app_id": owner, "expiration": self.now_ms() / 1_000 + 86_400 } }))
            .collect();
        Ok(respond::json(200, &json!({ "data": data })))
    }

    pub(crate) fn secondary_receivers(&self, call: &Call, id: &str) -> Answer {
        let page = call.page(id)?;
        let state = lock(&self.inner.state);
        let page = state.pages.get(&page).ok_or_else(|| unknown_object(id))?;
        if page.routing {
            return Err(graph(100, "(#100) Handover Protocol APIs are disabled for this page"));
        }
        let mut data: Vec<Value> = page
            .subscribed
            .keys()
            .filter(|app| **app != call.token.app)
            .filter_map(|id| Some(json!({ "id": id, "name": state.apps.get(id)?.name })))
            .collect();
        data.push(json!({ "id": PAGE_INBOX, "name": "Page Inbox" }));
        Ok(respond::json(200, &json!({ "data": data })))
    }

    /// Pass, take, request, release, extend.
    pub(crate) fn thread_control(&self, call: &Call, id: &str, action: &str) -> Answer {
        let page_id = call.page(id)?;
        let app = call.token.app.clone();
        let recipient = call.object("recipient").unwrap_or_default();
        let psid = recipient["id"].as_str().unwrap_or_default().to_owned();
        let metadata = call.text("metadata").unwrap_or_default().to_owned();
        let event = {
            let mut state = lock(&self.inner.state);
            let routing = state.pages.get(&page_id).is_some_and(|page| page.routing);
            if routing && !["pass_thread_control", "release_thread_control"].contains(&action) {
                return Err(graph(100, "(#100) Handover Protocol APIs are disabled for this page"));
            }
            let person = state.person_mut(&page_id, &psid).ok_or_else(|| graph_sub(100, 2_018_001, "(#100) No matching user found"))?;
            let previous = person.owner.clone();
            let owns = previous.as_deref().is_none_or(|owner| owner == app);
            match action {
                "pass_thread_control" if owns => {
                    let target = match call.params.get("target_app_id") {
                        Some(Value::String(target)) => target.clone(),
                        Some(Value::Number(target)) => target.to_string(),
                        _ => return Err(graph(100, "(#100) The parameter target_app_id is required")),
                    };
                    person.owner = Some(target.clone());
                    Some(json!({ "previous_owner_app_id": app, "new_owner_app_id": target, "metadata": metadata }))
                }
                "take_thread_control" => {
                    person.owner = Some(app.clone());
                    Some(json!({ "previous_owner_app_id": previous, "new_owner_app_id": app, "metadata": metadata }))
                }
                "request_thread_control" => Some(json!({ "requested_owner_app_id": app, "metadata": metadata })),
                "release_thread_control" if owns => {
                    person.owner = None;
                    None
                }
                "extend_thread_control" if owns => None,
                "pass_thread_control" | "release_thread_control" | "extend_thread_control" => {
                    return Err(graph_sub(10, 2_018_300, "(#10) Another app is controlling this thread now."));
                }
                _ => return Err(unknown_object(action)),
            }
        };
        if let Some(content) = event {
            self.emit(&page_id, &psid, "messaging_handovers", action, content, self.now_ms());
        }
        self.changed();
        Ok(respond::json(200, &json!({ "success": true })))
    }
}

/// The number in `name.limit(N)`.
fn limit_of(fields: &str, name: &str) -> Option<usize> {
    let rest = fields.split_once(&format!("{name}.limit("))?.1;
    rest.split_once(')')?.0.parse().ok()
}
