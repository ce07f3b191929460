//! Onboarding and configuration: permission dialog, token exchange, pages, subscriptions with the real handshake, profile.

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};

use super::MessengerSim;
use super::graph::{Answer, Call, check_token};
use super::model::{Bearer, State, Token, fields as known_fields};
use crate::kit::respond::{self, Fields};
use crate::kit::{Outcome, Outgoing, lock};
use crate::meta::errors::{GraphError, graph, unknown_object};

/// About sixty days.
const LONG_TOKEN_S: i64 = 5_183_944;

impl MessengerSim {
    /// The permission dialog, which approves at once or refuses by script.
    pub(crate) fn dialog(&self, query: &Fields) -> Answer {
        let need = |name: &str| query.filled(name).ok_or_else(|| graph(101, format!("Missing {name} parameter.")));
        let (app, redirect, state_param) = (need("client_id")?, need("redirect_uri")?, query.get("state").unwrap_or_default());
        let mut state = lock(&self.inner.state);
        if !state.apps.contains_key(app) {
            return Err(graph(101, "Invalid App ID"));
        }
        let mut target = url::Url::parse(redirect).map_err(|_| graph(191, "The redirect_uri URL must be absolute"))?;
        if state.settings.deny_oauth {
            target
                .query_pairs_mut()
                .append_pair("error", "access_denied")
                .append_pair("error_reason", "user_denied")
                .append_pair("error_description", "Permissions error")
                .append_pair("state", state_param);
        } else {
            let code = self.ids().sid("AQ");
            state.codes.insert(code.clone(), (app.to_owned(), redirect.to_owned()));
            target.query_pairs_mut().append_pair("code", &code).append_pair("state", state_param);
        }
        Ok(respond::redirect(302, target.as_str()))
    }

    /// Code or short-lived token against a token.
    pub(crate) fn exchange(&self, query: &Fields) -> Answer {
        let mut state = lock(&self.inner.state);
        let app = query.get("client_id").unwrap_or_default().to_owned();
        let record = state
            .apps
            .get(&app)
            .ok_or_else(|| graph(101, "Error validating application. Cannot get application info due to a system error."))?;
        let secret = query.get("client_secret").unwrap_or_default();
        if !bool::from(subtle::ConstantTimeEq::ct_eq(record.secret.as_bytes(), secret.as_bytes())) {
            return Err(graph(1, "Error validating client secret."));
        }
        let grant = query.get("grant_type").unwrap_or_default();
        if grant == "client_credentials" {
            return Ok(respond::json(200, &json!({ "access_token": format!("{app}|{secret}"), "token_type": "bearer" })));
        }
        let user = if grant == "fb_exchange_token" {
            let short = query.get("fb_exchange_token").unwrap_or_default();
            match check_token(&state, short, self.now_ms())?.bearer {
                Bearer::User(user) => user,
                _ => return Err(graph(190, "The token is not a user's")),
            }
        } else {
            let code = query.get("code").unwrap_or_default();
            let (for_app, redirect) =
                state.codes.remove(code).ok_or_else(|| graph(100, "This authorization code has been used or is invalid."))?;
            if for_app != app || query.get("redirect_uri") != Some(&redirect) {
                return Err(graph(
                    100,
                    "Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request",
                ));
            }
            state.users.keys().min().cloned().ok_or_else(|| graph(1, "An unknown error occurred"))?
        };
        let access_token = self.ids().sid("EAAU");
        let token = Token {
            bearer: Bearer::User(user),
            app,
            revoked: None,
            expires_ms: Some(self.now_ms() + LONG_TOKEN_S * 1_000),
            messaging: true,
        };
        state.tokens.insert(access_token.clone(), token);
        Ok(respond::json(200, &json!({ "access_token": access_token, "token_type": "bearer", "expires_in": LONG_TOKEN_S })))
    }

    pub(crate) fn debug_token(&self, call: &Call) -> Answer {
        let state = lock(&self.inner.state);
        let input = call.text("input_token").ok_or_else(|| {
            graph(100, "(#100) You must provide an app access token, or a user access token that is an owner or developer of the app")
        })?;
        let token = state.tokens.get(input);
        let Some(token) = token.filter(|token| token.app == call.token.app) else {
            return Ok(respond::json(
                200,
                &json!({ "data": { "is_valid": false, "scopes": [], "error": { "code": 190, "message": "Invalid OAuth access token." } } }),
            ));
        };
        let (kind, user, pages) = match &token.bearer {
            Bearer::Page(page) => ("PAGE", String::new(), vec![page.clone()]),
            Bearer::User(user) => ("USER", user.clone(), state.users.get(user).map(|user| user.pages.clone()).unwrap_or_default()),
            Bearer::App => ("APP", String::new(), Vec::new()),
        };
        let mut scopes = vec!["pages_show_list", "pages_manage_metadata", "pages_read_engagement", "business_management"];
        if token.messaging {
            scopes.push("pages_messaging");
        }
        let granular: Vec<Value> = scopes.iter().map(|scope| json!({ "scope": scope, "target_ids": pages })).collect();
        let mut data = json!({
            "app_id": token.app,
            "application": state.apps.get(&token.app).map(|app| app.name.clone()),
            "type": kind,
            "is_valid": check_token(&state, input, self.now_ms()).is_ok(),
            "expires_at": token.expires_ms.map_or(0, |ms| ms / 1_000),
            "data_access_expires_at": self.now_ms() / 1_000 + 90 * 86_400,
            "scopes": scopes,
            "granular_scopes": granular,
            "user_id": user,
        });
        if let Bearer::Page(page) = &token.bearer {
            data["profile_id"] = page.as_str().into();
        }
        if let Err(error) = check_token(&state, input, self.now_ms()) {
            data["error"] = json!({ "code": error.code, "subcode": error.subcode, "message": error.message });
        }
        Ok(respond::json(200, &json!({ "data": data })))
    }

    /// The pages of a user, by cursor.
    pub(crate) fn pages_of_user(&self, call: &Call) -> Answer {
        let Bearer::User(user) = &call.token.bearer else {
            return Err(graph(100, "(#100) Tried accessing nonexisting field (accounts) on node type (Page)"));
        };
        let state = lock(&self.inner.state);
        let pages = state.users.get(user).map(|user| user.pages.clone()).unwrap_or_default();
        let limit: usize = call.text("limit").and_then(|limit| limit.parse().ok()).unwrap_or(25).clamp(1, 100);
        let start = call.text("after").and_then(|after| pages.iter().position(|page| page == after)).map_or(0, |index| index + 1);
        let shown: Vec<&String> = pages.iter().skip(start).take(limit).collect();
        let data: Vec<Value> = shown
            .iter()
            .filter_map(|id| state.pages.get(*id))
            .map(|page| {
                json!({
                    "id": page.id,
                    "name": page.name,
                    "category": "Shopping & retail",
                    "tasks": ["MESSAGING", "MODERATE", "MANAGE"],
                    "access_token": page_token(&state, &page.id, &call.token.app),
                })
            })
            .collect();
        let mut paging = json!({ "cursors": { "before": shown.first(), "after": shown.last() } });
        if start + shown.len() < pages.len()
            && let Some(last) = shown.last()
        {
            let mut next =
                url::Url::parse(&format!("{}{}", self.base_url(), call.path)).map_err(|_| graph(1, "An unknown error occurred"))?;
            next.query_pairs_mut()
                .append_pair("access_token", &call.access_token)
                .append_pair("limit", &limit.to_string())
                .append_pair("after", last);
            if let Some(fields) = call.text("fields") {
                next.query_pairs_mut().append_pair("fields", fields);
            }
            paging["next"] = next.as_str().into();
        }
        let mut list = json!({ "data": data });
        if !shown.is_empty() {
            list["paging"] = paging;
        }
        Ok(respond::json(200, &list))
    }

    pub(crate) fn subscribed_apps(&self, call: &Call, id: &str) -> Answer {
        let instagram = self.is_instagram();
        let page = call.page(id)?;
        let app = call.token.app.clone();
        let mut state = lock(&self.inner.state);
        let name = state.apps.get(&app).map(|app| app.name.clone()).unwrap_or_default();
        let record = state.pages.get_mut(&page).ok_or_else(|| unknown_object(id))?;
        match call.method {
            Method::GET => {
                let data: Vec<Value> = record
                    .subscribed
                    .iter()
                    .filter(|(subscribed, _)| **subscribed == app)
                    .map(|(id, fields)| json!({ "id": id, "name": name, "category": "Business", "link": "https://example.test/", "subscribed_fields": fields }))
                    .collect();
                return Ok(respond::json(200, &json!({ "data": data })));
            }
            Method::POST => {
                let fields = list_of(call, "subscribed_fields");
                if fields.is_empty() {
                    return Err(graph(100, "(#100) The parameter subscribed_fields is required."));
                }
                check_fields(&fields, "subscribed_fields", instagram)?;
                record.subscribed.insert(app, fields);
            }
            _ => {
                record.subscribed.remove(&app);
            }
        }
        drop(state);
        self.changed();
        Ok(respond::json(200, &json!({ "success": true })))
    }

    /// The app's own webhook. Setting it performs the handshake with the callback.
    pub(crate) async fn subscriptions(&self, call: &Call, id: &str) -> Answer {
        let instagram = self.is_instagram();
        if call.token.bearer != Bearer::App || call.token.app != id {
            return Err(graph(15, "(#15) This method must be called with an app access token."));
        }
        if call.method == Method::GET {
            let state = lock(&self.inner.state);
            let app = state.apps.get(id).ok_or_else(|| unknown_object(id))?;
            let fields: Vec<Value> = app.fields.iter().map(|name| json!({ "name": name, "version": "v25.0" })).collect();
            let mut data = Vec::new();
            if !app.fields.is_empty() {
                data.push(json!({ "object": "page", "callback_url": app.callback_url, "fields": fields, "active": true }));
            }
            return Ok(respond::json(200, &json!({ "data": data })));
        }
        if call.method == Method::DELETE {
            if let Some(app) = lock(&self.inner.state).apps.get_mut(id) {
                app.fields.clear();
            }
            return Ok(respond::json(200, &json!({ "success": true })));
        }
        let need = |name: &str| {
            call.text(name).filter(|text| !text.is_empty()).ok_or_else(|| graph(100, format!("(#100) The parameter {name} is required.")))
        };
        if need("object")? != "page" {
            return Err(graph(100, "(#100) Only the object page is simulated"));
        }
        let (callback, verify_token) = (need("callback_url")?.to_owned(), need("verify_token")?.to_owned());
        let fields = list_of(call, "fields");
        check_fields(&fields, "fields", instagram)?;
        self.handshake(&callback, &verify_token).await?;
        if let Some(app) = lock(&self.inner.state).apps.get_mut(id) {
            app.callback_url = callback;
            app.verify_token = verify_token;
            app.fields = fields.into_iter().collect::<BTreeSet<_>>();
        }
        self.changed();
        Ok(respond::json(200, &json!({ "success": true })))
    }

    /// Asks the callback to prove itself: 200 and exactly the challenge.
    pub(crate) async fn handshake(&self, callback: &str, verify_token: &str) -> Result<(), GraphError> {
        let challenge = (self.ids().number() % 1_000_000_000).to_string();
        let mut url = url::Url::parse(callback).map_err(|_| graph(2_200, "(#2200) callback_url is not a valid URL"))?;
        url.query_pairs_mut()
            .append_pair("hub.mode", "subscribe")
            .append_pair("hub.challenge", &challenge)
            .append_pair("hub.verify_token", verify_token);
        let out = Outgoing {
            method: "GET",
            url: url.to_string(),
            headers: vec![
                ("User-Agent", "facebookplatform/1.0 (+http://developers.facebook.com)".to_owned()),
                ("Accept", "*/*".to_owned()),
            ],
            body: bytes::Bytes::new(),
        };
        match self.kit().attempt(&out).await {
            Outcome::Answered { status: 200, body, .. } if body == challenge.as_bytes() => Ok(()),
            Outcome::Answered { status, .. } => Err(graph(
                2_200,
                format!(
                    "(#2200) Callback verification failed with the following errors: HTTP Status Code = {status}; HTTP Message = the challenge was not echoed"
                ),
            )),
            _ => Err(graph(2_200, "(#2200) Callback verification failed with the following errors: curl_errno = 7; connection failure")),
        }
    }

    pub(crate) fn messenger_profile(&self, call: &Call, id: &str) -> Answer {
        let page = call.page(id)?;
        let known =
            ["get_started", "greeting", "ice_breakers", "persistent_menu", "whitelisted_domains", "account_linking_url", "commands"];
        let mut state = lock(&self.inner.state);
        let record = state.pages.get_mut(&page).ok_or_else(|| unknown_object(id))?;
        match call.method {
            Method::GET => {
                let wanted = list_of(call, "fields");
                let mut shown = serde_json::Map::new();
                for (name, value) in &record.profile {
                    if wanted.contains(name) {
                        shown.insert(name.clone(), value.clone());
                    }
                }
                let data = if shown.is_empty() { json!([]) } else { json!([shown]) };
                return Ok(respond::json(200, &json!({ "data": data })));
            }
            Method::POST => {
                let mut any = false;
                for name in known {
                    if let Some(value) = call.object(name).or_else(|| call.params.get(name).cloned()) {
                        record.profile.insert(name.to_owned(), value);
                        any = true;
                    }
                }
                if !any {
                    return Err(graph(100, "(#100) The parameter must set at least one profile property"));
                }
                if record.profile.contains_key("persistent_menu") && !record.profile.contains_key("get_started") {
                    record.profile.remove("persistent_menu");
                    return Err(graph(100, "(#100) You must set a Get Started button if you also wish to use persistent menu"));
                }
            }
            _ => {
                for name in list_of(call, "fields") {
                    record.profile.remove(&name);
                }
            }
        }
        Ok(respond::json(200, &json!({ "result": "success" })))
    }

    pub(crate) fn personas(&self, call: &Call, id: &str) -> Answer {
        call.page(id)?;
        let mut state = lock(&self.inner.state);
        if call.method == Method::GET {
            let data: Vec<&Value> = state.personas.values().collect();
            return Ok(respond::json(200, &json!({ "data": data })));
        }
        let (Some(name), Some(picture)) = (call.text("name"), call.text("profile_picture_url")) else {
            return Err(graph(100, "(#100) The parameters name and profile_picture_url are required."));
        };
        let id = self.ids().digits();
        let persona = json!({ "id": id, "name": name, "profile_picture_url": picture });
        state.personas.insert(id.clone(), persona);
        Ok(respond::json(200, &json!({ "id": id })))
    }
}

/// The page's token for an app, if there is one that works.
fn page_token(state: &State, page: &str, app: &str) -> Option<String> {
    let mut fitting: Vec<&String> = state
        .tokens
        .iter()
        .filter(|(_, token)| token.bearer == Bearer::Page(page.to_owned()) && token.app == app && token.revoked.is_none())
        .map(|(text, _)| text)
        .collect();
    fitting.sort();
    fitting.first().map(|text| (*text).clone())
}

/// A list given as an array or separated by commas.
fn list_of(call: &Call, name: &str) -> Vec<String> {
    match call.object(name) {
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => call.text(name).unwrap_or_default().split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect(),
    }
}

/// Refuses unknown field names as the vendor does: by their place, with the legal names.
fn check_fields(fields: &[String], param: &str, instagram: bool) -> Result<(), GraphError> {
    match fields.iter().enumerate().find(|(_, field)| !known_fields(instagram).any(|known| known == field.as_str())) {
        None => Ok(()),
        Some((index, field)) => Err(graph(
            100,
            format!(
                "(#100) Param {param}[{index}] must be one of {{{}}} - got \"{field}\".",
                known_fields(instagram).collect::<Vec<_>>().join(", ")
            ),
        )),
    }
}
