//! Owned numbers, numbers for sale, and messaging services with their pools.

use http::Method;
use serde_json::{Value, json};

use super::TwilioSim;
use super::model::{API, Account, Number, Service, State, is_e164, usual_rate};
use super::rest::{Answer, Call, Refused, not_found, page, refuse};
use crate::kit::dates::rfc2822;
use crate::kit::lock;
use crate::kit::respond::{self, Fields};

/// Numbers a messaging service may hold.
const POOL_LIMIT: usize = 400;

impl Number {
    pub(crate) fn new(sid: String, account: &str, phone_number: &str, now: i64) -> Self {
        Self {
            sid,
            account: account.to_owned(),
            phone_number: phone_number.to_owned(),
            friendly_name: phone_number.to_owned(),
            sms_url: String::new(),
            sms_method: "POST".to_owned(),
            sms_fallback_url: String::new(),
            sms_fallback_method: "POST".to_owned(),
            status_callback: String::new(),
            sms: true,
            mms: true,
            service: None,
            rate: usual_rate(phone_number),
            next_free_ms: 0,
            created_ms: now,
        }
    }

    fn configure(&mut self, form: &Fields) -> Result<(), Refused> {
        for (name, field) in [
            ("FriendlyName", &mut self.friendly_name),
            ("SmsUrl", &mut self.sms_url),
            ("SmsMethod", &mut self.sms_method),
            ("SmsFallbackUrl", &mut self.sms_fallback_url),
            ("SmsFallbackMethod", &mut self.sms_fallback_method),
            ("StatusCallback", &mut self.status_callback),
        ] {
            let Some(value) = form.get(name) else { continue };
            let is_method = name.ends_with("Method");
            if is_method && !["GET", "POST"].contains(&value) {
                return Err(refuse(400, 21403, format!("{name} must be GET or POST")));
            }
            if name.ends_with("Url") && !value.is_empty() && url::Url::parse(value).is_err() {
                return Err(refuse(400, 21402, format!("{name} is not a valid URL")));
            }
            value.clone_into(field);
        }
        Ok(())
    }

    fn to_json(&self) -> Value {
        json!({
            "sid": self.sid,
            "account_sid": self.account,
            "phone_number": self.phone_number,
            "friendly_name": self.friendly_name,
            "api_version": API,
            "capabilities": { "voice": true, "sms": self.sms, "mms": self.mms, "fax": false },
            "sms_url": self.sms_url,
            "sms_method": self.sms_method,
            "sms_fallback_url": self.sms_fallback_url,
            "sms_fallback_method": self.sms_fallback_method,
            "status_callback": self.status_callback,
            "status_callback_method": "POST",
            "beta": false,
            "origin": "twilio",
            "status": "in-use",
            "address_requirements": "none",
            "date_created": rfc2822(self.created_ms),
            "date_updated": rfc2822(self.created_ms),
            "uri": format!("/{API}/Accounts/{}/IncomingPhoneNumbers/{}.json", self.account, self.sid),
        })
    }
}

fn by_sid<'a>(state: &'a mut State, account: &str, sid: &str) -> Option<&'a mut Number> {
    state.numbers.values_mut().find(|number| number.sid == sid && number.account == account)
}

impl TwilioSim {
    pub(crate) fn numbers(&self, call: &Call<'_>, account: &Account) -> Answer {
        if *call.method == Method::POST {
            return self.buy(call, account);
        }
        let state = lock(&self.inner.state);
        let wanted = call.query.filled("PhoneNumber");
        let name = call.query.filled("FriendlyName");
        let all: Vec<Value> = state
            .number_order
            .iter()
            .filter_map(|number| state.numbers.get(number))
            .filter(|number| number.account == account.sid)
            .filter(|number| wanted.is_none_or(|wanted| number.phone_number.contains(wanted.trim_matches('*'))))
            .filter(|number| name.is_none_or(|name| number.friendly_name == name))
            .map(Number::to_json)
            .collect();
        let uri = format!("/{API}/Accounts/{}/IncomingPhoneNumbers.json", account.sid);
        Ok(respond::json(200, &page("incoming_phone_numbers", &all, call, &uri)))
    }

    fn buy(&self, call: &Call<'_>, account: &Account) -> Answer {
        let bad = |code: u32, text: &str| refuse(400, code, text);
        let mut state = lock(&self.inner.state);
        let wanted = match (call.form.filled("PhoneNumber"), call.form.filled("AreaCode")) {
            (Some("+15005550000"), _) => return Err(bad(21422, "The phone number +15005550000 is not available.")),
            (Some("+15005550001"), _) => return Err(bad(21421, "The phone number +15005550001 is invalid.")),
            (Some(number), _) if !is_e164(number) => return Err(bad(21421, "The phone number is invalid.")),
            (Some(number), _) => number.to_owned(),
            (None, Some("533")) => return Err(bad(21452, "No phone numbers found in area code 533.")),
            (None, Some(code)) => offer(code, self.ids().number() % 8_000),
            (None, None) => return Err(bad(21404, "A PhoneNumber or an AreaCode is required.")),
        };
        if state.numbers.contains_key(&wanted) {
            return Err(bad(21422, "The phone number is not available."));
        }
        if account.trial && state.numbers.values().any(|number| number.account == account.sid) {
            return Err(bad(21404, "Trial accounts are allowed only one number."));
        }
        let mut number = Number::new(self.ids().sid("PN"), &account.sid, &wanted, self.now_ms());
        number.configure(&call.form)?;
        let json = number.to_json();
        state.number_order.push(wanted.clone());
        state.numbers.insert(wanted, number);
        drop(state);
        self.changed();
        Ok(respond::json(201, &json))
    }

    pub(crate) fn number(&self, call: &Call<'_>, account: &Account, sid: &str) -> Answer {
        let mut state = lock(&self.inner.state);
        let number = by_sid(&mut state, &account.sid, sid).ok_or_else(|| not_found(call.path))?;
        match *call.method {
            Method::GET => Ok(respond::json(200, &number.to_json())),
            Method::POST => {
                number.configure(&call.form)?;
                let json = number.to_json();
                drop(state);
                self.changed();
                Ok(respond::json(200, &json))
            }
            Method::DELETE => {
                let gone = number.phone_number.clone();
                state.numbers.remove(&gone);
                state.number_order.retain(|kept| *kept != gone);
                for service in state.services.values_mut() {
                    service.senders.retain(|sender| *sender != gone);
                }
                drop(state);
                self.changed();
                Ok(respond::empty(204))
            }
            _ => Err(refuse(405, 20004, "Method not allowed")),
        }
    }

    pub(crate) fn available(&self, call: &Call<'_>, account: &Account, country: &str, kind: &str) -> Answer {
        if country.len() != 2 || !["Local", "Mobile", "TollFree"].contains(&kind) {
            return Err(not_found(call.path));
        }
        let area = match kind {
            "TollFree" => "888",
            _ => call.query.filled("AreaCode").unwrap_or("415"),
        };
        let state = lock(&self.inner.state);
        let contains = call.query.get("Contains").unwrap_or_default().replace(['*', '%'], "");
        let count = super::rest::page_size(call).min(30);
        let none = area == "533";
        let all: Vec<Value> = (0..)
            .map(|index| offer(area, index))
            .take(if none { 0 } else { 8_000 })
            .filter(|number| number.contains(&contains) && !state.numbers.contains_key(number))
            .take(count)
            .map(|number| {
                json!({
                    "friendly_name": number,
                    "phone_number": number,
                    "locality": "Springfield",
                    "region": "CA",
                    "postal_code": "94105",
                    "iso_country": country,
                    "address_requirements": "none",
                    "beta": false,
                    "capabilities": { "voice": true, "SMS": true, "MMS": kind != "Mobile" },
                })
            })
            .collect();
        Ok(respond::json(
            200,
            &json!({
                "available_phone_numbers": all,
                "uri": format!("/{API}/Accounts/{}/AvailablePhoneNumbers/{country}/{kind}.json", account.sid),
            }),
        ))
    }

    pub(crate) fn services(&self, call: &Call<'_>) -> Answer {
        let mut state = lock(&self.inner.state);
        if *call.method == Method::POST {
            if call.form.filled("FriendlyName").is_none() {
                return Err(refuse(400, 20001, "FriendlyName is required"));
            }
            let service = Service {
                sid: self.ids().sid("MG"),
                account: call.account.sid.clone(),
                fields: call.form.0.iter().cloned().collect(),
                senders: Vec::new(),
                created_ms: self.now_ms(),
            };
            let json = service.to_json();
            state.services.insert(service.sid.clone(), service);
            return Ok(respond::json(201, &json));
        }
        let all: Vec<Value> = state.services.values().filter(|service| service.account == call.account.sid).map(Service::to_json).collect();
        Ok(respond::json(200, &meta_page("services", &all, "/v1/Services")))
    }

    pub(crate) fn service(&self, call: &Call<'_>, sid: &str) -> Answer {
        let mut state = lock(&self.inner.state);
        let service =
            state.services.get_mut(sid).filter(|service| service.account == call.account.sid).ok_or_else(|| not_found(call.path))?;
        match *call.method {
            Method::POST => {
                service.fields.extend(call.form.0.iter().cloned());
                Ok(respond::json(200, &service.to_json()))
            }
            Method::DELETE => {
                state.services.remove(sid);
                for number in state.numbers.values_mut() {
                    number.service.take_if(|service| service == sid);
                }
                Ok(respond::empty(204))
            }
            _ => Ok(respond::json(200, &service.to_json())),
        }
    }

    pub(crate) fn pool(&self, call: &Call<'_>, sid: &str) -> Answer {
        let mut state = lock(&self.inner.state);
        let state = &mut *state;
        let service =
            state.services.get_mut(sid).filter(|service| service.account == call.account.sid).ok_or_else(|| not_found(call.path))?;
        if *call.method == Method::POST {
            let wanted = call.form.get("PhoneNumberSid").unwrap_or_default();
            let number = state
                .numbers
                .values_mut()
                .find(|number| number.sid == wanted && number.account == call.account.sid)
                .ok_or_else(|| refuse(404, 21701, "Phone Number not found"))?;
            match &number.service {
                Some(held) if held == sid => return Err(refuse(409, 21710, "Phone Number is already in the Messaging Service.")),
                Some(_) => return Err(refuse(409, 21712, "Phone Number is associated with another Messaging Service.")),
                None if service.senders.len() >= POOL_LIMIT => return Err(refuse(409, 21714, "Messaging Service is full.")),
                None => {}
            }
            number.service = Some(sid.to_owned());
            service.senders.push(number.phone_number.clone());
            return Ok(respond::json(201, &pooled_json(number, sid)));
        }
        let all: Vec<Value> =
            service.senders.iter().filter_map(|sender| state.numbers.get(sender)).map(|number| pooled_json(number, sid)).collect();
        Ok(respond::json(200, &meta_page("phone_numbers", &all, &format!("/v1/Services/{sid}/PhoneNumbers"))))
    }

    pub(crate) fn pooled(&self, call: &Call<'_>, sid: &str, number_sid: &str) -> Answer {
        let mut state = lock(&self.inner.state);
        let number = by_sid(&mut state, &call.account.sid, number_sid)
            .filter(|number| number.service.as_deref() == Some(sid))
            .ok_or_else(|| not_found(call.path))?;
        if *call.method != Method::DELETE {
            return Ok(respond::json(200, &pooled_json(number, sid)));
        }
        number.service = None;
        let gone = number.phone_number.clone();
        if let Some(service) = state.services.get_mut(sid) {
            service.senders.retain(|sender| *sender != gone);
        }
        Ok(respond::empty(204))
    }
}

/// The n-th number for sale in an area code.
fn offer(area: &str, index: u64) -> String {
    format!("+1{area}555{:04}", 1_000 + index % 8_000)
}

fn pooled_json(number: &Number, service: &str) -> Value {
    json!({
        "sid": number.sid,
        "account_sid": number.account,
        "service_sid": service,
        "phone_number": number.phone_number,
        "country_code": "US",
        "capabilities": ["SMS", "MMS"],
        "date_created": crate::kit::dates::iso8601(number.created_ms, "Z"),
        "date_updated": crate::kit::dates::iso8601(number.created_ms, "Z"),
        "url": format!("https://messaging.twilio.com/v1/Services/{service}/PhoneNumbers/{}", number.sid),
    })
}

/// The newer hosts' list envelope, with `meta`; these lists are short, so there is one page.
fn meta_page(key: &str, all: &[Value], path: &str) -> Value {
    let url = format!("https://messaging.twilio.com{path}?PageSize=50&Page=0");
    let mut list = json!({
        "meta": {
            "page": 0, "page_size": 50, "first_page_url": url, "previous_page_url": null,
            "url": url, "next_page_url": null, "key": key,
        },
    });
    list[key] = Value::from(all.to_vec());
    list
}
