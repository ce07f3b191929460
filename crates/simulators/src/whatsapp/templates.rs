//! Templates: creating them, their approval, listing them, and filling one.

use http::Method;
use serde_json::{Value, json};

use super::WhatsappSim;
use super::graph::{Answer, Call};
use super::model::Template;
use crate::kit::phone::Button;
use crate::kit::{SimError, lock, respond};
use crate::meta::errors::{GraphError, graph, unknown_object};

/// A filled template as the phone shows it.
pub(crate) struct Filled {
    pub text: String,
    pub buttons: Vec<Button>,
    pub file: Option<(&'static str, String)>,
}

fn component<'a>(template: &'a Template, kind: &str) -> Option<&'a Value> {
    template.components.as_array()?.iter().find(|one| one["type"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(kind)))
}

/// The gaps of a text, each once, in order.
fn gaps(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for piece in text.split("{{").skip(1) {
        let gap = piece.split("}}").next().unwrap_or_default().trim().to_owned();
        if !found.contains(&gap) {
            found.push(gap);
        }
    }
    found
}

fn given<'a>(content: &'a Value, kind: &str, index: Option<usize>) -> &'a [Value] {
    let components = content["components"].as_array().map_or(&[][..], Vec::as_slice);
    let same = |one: &&Value| {
        let of_kind = one["type"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(kind));
        let at = one["index"].as_str().and_then(|index| index.parse().ok()).or_else(|| one["index"].as_u64().map(|index| index as usize));
        of_kind && index == at
    };
    components.iter().find(same).and_then(|one| one["parameters"].as_array()).map_or(&[][..], Vec::as_slice)
}

fn fill_text(text: &str, parameters: &[Value]) -> Result<String, GraphError> {
    let gaps = gaps(text);
    if gaps.len() != parameters.len() {
        return Err(graph(
            132_000,
            format!("(#132000) Number of parameters does not match the expected number of params ({})", gaps.len()),
        ));
    }
    let mut filled = text.to_owned();
    for (at, gap) in gaps.iter().enumerate() {
        let named = parameters.iter().find(|parameter| parameter["parameter_name"] == gap.as_str());
        let parameter = if gap.parse::<usize>().is_ok() { parameters.get(at) } else { named };
        let value = parameter.filter(|one| one["type"] == "text").and_then(|one| one["text"].as_str());
        let value = value.ok_or_else(|| graph(132_012, "(#132012) Parameter format does not match format in the created template"))?;
        if value.is_empty() || value.contains(['\n', '\t']) || value.contains("     ") {
            return Err(graph(132_012, "(#132012) Parameter value can't be empty or have new-lines, tabs or many spaces"));
        }
        filled = filled.replace(&format!("{{{{{gap}}}}}"), value);
    }
    Ok(filled)
}

/// Fills a template with what a message brings.
pub(crate) fn fill(template: &Template, content: &Value) -> Result<Filled, GraphError> {
    let mut lines = Vec::new();
    let mut file = None;
    if let Some(header) = component(template, "HEADER") {
        let parameters = given(content, "header", None);
        let kind = match header["format"].as_str().unwrap_or("TEXT") {
            "IMAGE" => Some("image"),
            "VIDEO" => Some("video"),
            "DOCUMENT" => Some("document"),
            _ => None,
        };
        match kind {
            Some(kind) => {
                let link = parameters.first().filter(|one| one["type"] == kind).and_then(|one| one[kind]["link"].as_str());
                let link =
                    link.ok_or_else(|| graph(132_012, format!("(#132012) header: Format mismatch, expected {}", kind.to_uppercase())))?;
                file = Some((kind, link.to_owned()));
            }
            None => lines.push(fill_text(header["text"].as_str().unwrap_or_default(), parameters)?),
        }
    }
    if let Some(body) = component(template, "BODY") {
        lines.push(fill_text(body["text"].as_str().unwrap_or_default(), given(content, "body", None))?);
    }
    if let Some(footer) = component(template, "FOOTER") {
        lines.push(footer["text"].as_str().unwrap_or_default().to_owned());
    }
    let mut buttons = Vec::new();
    let listed = component(template, "BUTTONS").and_then(|one| one["buttons"].as_array()).map_or(&[][..], Vec::as_slice);
    for (index, button) in listed.iter().enumerate() {
        let title = button["text"].as_str().unwrap_or_default().to_owned();
        let parameters = given(content, "button", Some(index));
        buttons.push(match button["type"].as_str().unwrap_or_default() {
            "URL" => {
                let address = button["url"].as_str().unwrap_or_default();
                Button { kind: "url", title, payload: String::new(), url: fill_text(address, parameters)? }
            }
            "COPY_CODE" => {
                let code = parameters.first().and_then(|one| one["coupon_code"].as_str());
                let code = code.ok_or_else(|| graph(131_008, "(#131008) Required parameter is missing: coupon_code"))?;
                Button { kind: "url", title: format!("{title} {code}"), payload: String::new(), url: String::new() }
            }
            _ => {
                let payload = parameters.first().and_then(|one| one["payload"].as_str()).unwrap_or(&title).to_owned();
                Button { kind: "quick_reply", title, payload, url: String::new() }
            }
        });
    }
    Ok(Filled { text: lines.join("\n"), buttons, file })
}

impl WhatsappSim {
    /// Creates an approved template.
    ///
    /// # Errors
    /// Where the account is unknown.
    pub fn create_template(&self, waba_id: &str, name: &str, language: &str, components: Value) -> Result<String, SimError> {
        let id = self.add_template(waba_id, name, language, "UTILITY", components, "APPROVED");
        id.ok_or_else(|| SimError(format!("waba_id: no account {waba_id}; create it first")))
    }

    fn add_template(
        &self,
        account: &str,
        name: &str,
        language: &str,
        category: &str,
        components: Value,
        status: &'static str,
    ) -> Option<String> {
        let id = self.ids().digits();
        let mut state = lock(&self.inner.state);
        let templates = &mut state.accounts.get_mut(account)?.templates;
        templates.retain(|template| template.name != name || template.language != language);
        templates.push(Template {
            id: id.clone(),
            name: name.to_owned(),
            language: language.to_owned(),
            category: category.to_owned(),
            status,
            components,
        });
        Some(id)
    }

    /// Decides about a template and tells the apps: `APPROVED`, `REJECTED`, `PAUSED` or `DISABLED`.
    ///
    /// # Errors
    /// Where the template or the word is unknown.
    pub fn decide_template(&self, waba_id: &str, name: &str, event: &str) -> Result<(), SimError> {
        let known = ["APPROVED", "REJECTED", "PAUSED", "DISABLED", "PENDING"];
        let status =
            known.into_iter().find(|known| *known == event).ok_or_else(|| SimError(format!("event: one of {}", known.join(", "))))?;
        let told = {
            let mut state = lock(&self.inner.state);
            let templates = state.accounts.get_mut(waba_id).map(|account| &mut account.templates);
            let template = templates.into_iter().flatten().find(|template| template.name == name);
            let template = template.ok_or_else(|| SimError(format!("name: no template {name}; create it first")))?;
            template.status = status;
            json!({ "event": status, "message_template_id": template.id.parse::<u64>().unwrap_or_default(), "message_template_name": name,
                "message_template_language": template.language, "reason": if status == "REJECTED" { "INVALID_FORMAT" } else { "NONE" } })
        };
        self.emit_of_account(waba_id, None, "message_template_status_update", told, waba_id);
        Ok(())
    }

    pub(crate) fn message_templates(&self, call: &Call, account: &str) -> Answer {
        if !self.may(call, account) {
            return Err(unknown_object(account));
        }
        if call.method == Method::POST {
            let need = |name: &str| call.text(name).ok_or_else(|| graph(100, format!("(#100) The parameter {name} is required.")));
            let components = call.params.get("components").filter(|all| all.is_array()).cloned();
            let components = components.ok_or_else(|| graph(100, "(#100) The parameter components is required."))?;
            let category = need("category")?;
            let id = self.add_template(account, need("name")?, need("language")?, category, components, "PENDING");
            let id = id.ok_or_else(|| unknown_object(account))?;
            return Ok(respond::json(200, &json!({ "id": id, "status": "PENDING", "category": category })));
        }
        let state = lock(&self.inner.state);
        let all = state.accounts.get(account).map(|account| account.templates.as_slice()).unwrap_or_default();
        let limit: usize = call.text("limit").and_then(|limit| limit.parse().ok()).unwrap_or(25).clamp(1, 100);
        let start = call.text("after").and_then(|after| all.iter().position(|one| one.id == after)).map_or(0, |at| at + 1);
        let page = &all[start.min(all.len())..(start + limit).min(all.len())];
        let shown: Vec<Value> = page
            .iter()
            .map(|one| {
                json!({ "id": one.id, "name": one.name, "language": one.language, "status": one.status, "category": one.category, "components": one.components })
            })
            .collect();
        let mut answer = json!({ "data": shown });
        if let Some(last) = page.last() {
            answer["paging"] = json!({ "cursors": { "before": page[0].id, "after": last.id } });
            if start + limit < all.len() {
                answer["paging"]["next"] = format!("{}/v25.0/{account}/message_templates?after={}", self.base_url(), last.id).into();
            }
        }
        Ok(respond::json(200, &answer))
    }
}
