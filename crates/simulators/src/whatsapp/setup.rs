//! Onboarding: the sign-up stand-in, tokens, numbers with their PIN and code, subscriptions with the real handshake.

use http::Method;
use serde_json::{Value, json};
use subtle::ConstantTimeEq as _;

use super::WhatsappSim;
use super::graph::{Answer, Call};
use super::model::{Number, Token};
use crate::kit::respond::{self, Fields};
use crate::kit::{Outcome, Outgoing, SimError, lock};
use crate::meta::errors::{graph, unknown_object};

/// A sign-up code lives half a minute.
const CODE_MS: i64 = 30_000;
/// Wrong PINs before the number is closed for a while.
const WRONG_PINS: u32 = 5;
/// Registrations in three days.
const REGISTRATIONS: u32 = 10;

fn done() -> Answer {
    Ok(respond::json(200, &json!({ "success": true })))
}

impl WhatsappSim {
    /// What the sign-up's pop-up ends with: a code and the ids, as the browser gets them.
    ///
    /// # Errors
    /// Where the app or the account is unknown, or the account has no number.
    pub fn sign_up(&self, app_id: &str, waba_id: &str) -> Result<Value, SimError> {
        let mut state = lock(&self.inner.state);
        if !state.apps.contains_key(app_id) {
            return Err(super::no_app(app_id));
        }
        let number = state.numbers.values().find(|number| number.account == waba_id).map(|number| number.id.clone());
        let number = number.ok_or_else(|| SimError(format!("waba_id: account {waba_id} has no number; create one first")))?;
        let code = self.ids().sid("AQ");
        state.codes.insert(code.clone(), (waba_id.to_owned(), app_id.to_owned(), self.now_ms() + CODE_MS));
        let event = json!({ "type": "WA_EMBEDDED_SIGNUP", "event": "FINISH", "data": { "phone_number_id": number, "waba_id": waba_id } });
        Ok(json!({ "code": code, "message": event }))
    }

    pub(crate) fn exchange(&self, query: &Fields) -> Answer {
        let mut state = lock(&self.inner.state);
        let app = query.get("client_id").unwrap_or_default().to_owned();
        let secret = query.get("client_secret").unwrap_or_default();
        let fits = state.apps.get(&app).is_some_and(|known| bool::from(known.secret.as_bytes().ct_eq(secret.as_bytes())));
        if !fits {
            return Err(graph(1, "Error validating client secret."));
        }
        let code = state.codes.remove(query.get("code").unwrap_or_default());
        let (account, _, _) = code
            .filter(|(_, for_app, until)| *for_app == app && *until > self.now_ms())
            .ok_or_else(|| graph(100, "This authorization code has been used or is invalid."))?;
        let token = self.ids().sid("EAAB");
        state.tokens.insert(token.clone(), Token { app, accounts: vec![account], revoked: None });
        Ok(respond::json(200, &json!({ "access_token": token, "token_type": "bearer" })))
    }

    pub(crate) fn debug_token(&self, call: &Call) -> Answer {
        let input = call.text("input_token").ok_or_else(|| graph(100, "(#100) The parameter input_token is required."))?;
        let data = match self.token(input) {
            Ok(token) => {
                let scopes = ["whatsapp_business_management", "whatsapp_business_messaging"];
                let granular: Vec<Value> = scopes.iter().map(|scope| json!({ "scope": scope, "target_ids": token.accounts })).collect();
                json!({ "app_id": token.app, "is_valid": true, "type": "SYSTEM_USER", "expires_at": 0, "scopes": scopes, "granular_scopes": granular })
            }
            Err(error) => json!({ "is_valid": false, "scopes": [], "error": { "code": error.code, "message": error.message } }),
        };
        Ok(respond::json(200, &json!({ "data": data })))
    }

    pub(crate) fn phone_numbers(&self, call: &Call, account: &str) -> Answer {
        if !self.may(call, account) {
            return Err(unknown_object(account));
        }
        if call.method == Method::POST {
            let need = |name: &str| call.text(name).ok_or_else(|| graph(100, format!("(#100) The parameter {name} is required.")));
            let id = self.ids().digits();
            let number = Number {
                id: id.clone(),
                display: format!("+{} {}", need("country_code")?, need("phone_number")?),
                name: call.text("verified_name").unwrap_or_default().to_owned(),
                account: account.to_owned(),
                registered: false,
                verified: false,
                pin: String::new(),
                wrong_pins: 0,
                registrations: 0,
                override_url: None,
                second: (0, 0),
            };
            lock(&self.inner.state).numbers.insert(id.clone(), number);
            return Ok(respond::json(200, &json!({ "id": id })));
        }
        let state = lock(&self.inner.state);
        let shown: Vec<Value> = state.numbers.values().filter(|number| number.account == account).map(node).collect();
        Ok(respond::json(200, &json!({ "data": shown })))
    }

    /// `GET` of a number, and its own settings: webhook address and PIN.
    pub(crate) async fn number_node(&self, call: &Call, id: &str) -> Answer {
        let number = self.number(call, id)?;
        if call.method != Method::POST {
            return Ok(respond::json(200, &node(&number)));
        }
        if let Some(pin) = call.text("pin") {
            if pin.len() != 6 || !pin.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(graph(100, "(#100) Param pin must be 6 digits"));
            }
            self.change(id, |number| pin.clone_into(&mut number.pin));
        }
        if let Some(config) = call.params.get("webhook_configuration") {
            let url = config["override_callback_uri"].as_str().unwrap_or_default().to_owned();
            if !url.is_empty() {
                let token = config["verify_token"].as_str().unwrap_or_default();
                self.handshake(&url, token).await.map_err(|why| graph(2_200, format!("(#2200) {why}")))?;
            }
            self.change(id, |number| number.override_url = Some(url).filter(|url| !url.is_empty()));
        }
        done()
    }

    fn change(&self, id: &str, change: impl FnOnce(&mut Number)) {
        if let Some(number) = lock(&self.inner.state).numbers.get_mut(id) {
            change(number);
        }
    }

    pub(crate) fn register(&self, call: &Call, id: &str) -> Answer {
        let number = self.number(call, id)?;
        let pin = call.text("pin").unwrap_or_default();
        if number.registrations >= REGISTRATIONS {
            return Err(graph(133_016, "(#133016) Account register/deregister rate limit exceeded"));
        }
        if !number.verified {
            return Err(graph(133_006, "(#133006) Phone number needs to be verified before registering"));
        }
        if number.wrong_pins >= WRONG_PINS {
            return Err(graph(133_008, "(#133008) Too many two step verification PIN guesses"));
        }
        if !number.pin.is_empty() && number.pin != pin {
            self.change(id, |number| number.wrong_pins += 1);
            return Err(graph(133_005, "(#133005) Two step verification PIN mismatch"));
        }
        if pin.len() != 6 {
            return Err(graph(100, "(#100) Param pin must be 6 digits"));
        }
        self.change(id, |number| {
            number.registered = true;
            number.registrations += 1;
            number.wrong_pins = 0;
            pin.clone_into(&mut number.pin);
        });
        done()
    }

    pub(crate) fn deregister(&self, call: &Call, id: &str) -> Answer {
        let number = self.number(call, id)?;
        if number.registrations >= REGISTRATIONS {
            return Err(graph(133_016, "(#133016) Account register/deregister rate limit exceeded"));
        }
        self.change(id, |number| {
            number.registered = false;
            number.registrations += 1;
        });
        done()
    }

    pub(crate) fn request_code(&self, call: &Call, id: &str) -> Answer {
        self.number(call, id)?;
        match call.text("code_method") {
            Some("SMS" | "VOICE") => done(),
            _ => Err(graph(100, "(#100) Param code_method must be one of {SMS, VOICE}")),
        }
    }

    /// Any six digits are the right code, as there is no phone to read it from; all zeros are wrong.
    pub(crate) fn verify_code(&self, call: &Call, id: &str) -> Answer {
        self.number(call, id)?;
        let code = call.text("code").unwrap_or_default();
        if code.len() != 6 || code == "000000" {
            return Err(graph(136_025, "(#136025) Verify code error"));
        }
        self.change(id, |number| number.verified = true);
        done()
    }

    pub(crate) async fn subscribed_apps(&self, call: &Call, account: &str) -> Answer {
        if !self.may(call, account) {
            return Err(unknown_object(account));
        }
        let app = call.token.app.clone();
        match call.method {
            Method::GET => {
                let state = lock(&self.inner.state);
                let apps = state.accounts.get(account).map(|account| account.subscribed.clone()).unwrap_or_default();
                let shown: Vec<Value> =
                    apps.keys().map(|app| json!({ "whatsapp_business_api_data": { "id": app, "name": "Simulated app" } })).collect();
                Ok(respond::json(200, &json!({ "data": shown })))
            }
            Method::DELETE => {
                if let Some(account) = lock(&self.inner.state).accounts.get_mut(account) {
                    account.subscribed.remove(&app);
                }
                done()
            }
            _ => {
                let own = call.text("override_callback_uri").filter(|url| !url.is_empty()).map(str::to_owned);
                if let Some(url) = &own {
                    let token = call.text("verify_token").unwrap_or_default();
                    self.handshake(url, token).await.map_err(|why| graph(2_200, format!("(#2200) {why}")))?;
                }
                if let Some(account) = lock(&self.inner.state).accounts.get_mut(account) {
                    account.subscribed.insert(app, own);
                }
                done()
            }
        }
    }

    /// The vendor's check of a webhook's address.
    pub(crate) async fn handshake(&self, url: &str, verify_token: &str) -> Result<(), String> {
        let mut target = url::Url::parse(url).map_err(|_| "the callback URL is malformed".to_owned())?;
        let challenge = self.ids().digits();
        target
            .query_pairs_mut()
            .append_pair("hub.mode", "subscribe")
            .append_pair("hub.challenge", &challenge)
            .append_pair("hub.verify_token", verify_token);
        let out = Outgoing {
            method: "GET",
            url: target.to_string(),
            headers: vec![("User-Agent", "facebookplatform/1.0".to_owned())],
            body: bytes::Bytes::new(),
        };
        match self.kit().attempt(&out).await {
            Outcome::Answered { status: 200, body, .. } if body == challenge.as_bytes() => Ok(()),
            _ => Err("the callback URL could not be validated: it must answer 200 with the challenge".to_owned()),
        }
    }
}

fn node(number: &Number) -> Value {
    json!({
        "id": number.id, "display_phone_number": number.display, "verified_name": number.name,
        "code_verification_status": if number.verified { "VERIFIED" } else { "NOT_VERIFIED" },
        "quality_rating": "GREEN", "platform_type": "CLOUD_API", "throughput": { "level": "STANDARD" },
        "messaging_limit_tier": "TIER_1K", "name_status": "APPROVED", "status": if number.registered { "CONNECTED" } else { "PENDING" },
    })
}
