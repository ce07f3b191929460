//! `GetUserProfile`: who a consumer or a user is. Always an object: bots use the answer without looking at its code.

use super::super::identity::{old_id_of_user, user_named};
use super::envelope::{Failure, Out, Request, respond};
use super::session::Session;
use antiphon_app::query::ReadRefused;
use antiphon_domain::consumer::ConsumerProfile;
use antiphon_domain::{Consumer, User};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(untagged)]
enum Body {
    Id(String),
    #[serde(rename_all = "camelCase")]
    Object {
        user_id: Option<String>,
    },
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Profile {
    user_id: String,
    first_name: String,
    last_name: String,
    avatar_url: String,
    role: String,
    description: String,
    backgnd_img_uri: String,
    private_data: PrivateData,
    authenticated_data: Attributes,
    claims: Attributes,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<String>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct PrivateData {
    #[serde(skip_serializing_if = "Option::is_none")]
    mobile_num: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
}

#[derive(Default, Serialize)]
struct Attributes {
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<String>,
    lp_sdes: Vec<Box<RawValue>>,
}

impl Attributes {
    /// Stored attributes, as whoever gave them wrote them.
    fn of(json: Option<&Arc<str>>) -> Vec<Box<RawValue>> {
        json.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
    }
}

pub(super) async fn answer(session: &mut Session, request: &Request<'_>, out: &mut Out) -> Result<(), Failure> {
    let named = match serde_json::from_str(request.body.map_or("{}", RawValue::get)) {
        Ok(Body::Id(id)) => Some(id),
        Ok(Body::Object { user_id }) => user_id,
        Err(_) => return Err(Failure::bad_request("body: must be a consumer's id, or an object with userId")),
    };
    const TYPE: &str = ".ams.userprofile.GetUserProfile$Response";
    match find(session, named.as_deref().filter(|id| !id.is_empty())).await? {
        Some(profile) => out.push(respond(request, 200, TYPE, profile)),
        None => out.push(respond(request, 200, TYPE, serde_json::json!({}))),
    }
    Ok(())
}

async fn find(session: &Session, named: Option<&str>) -> Result<Option<Profile>, Failure> {
    let view = session.view();
    let Some(named) = named else { return Ok(Some(of_user(session, &session.caller.user))) };
    if let Ok(id) = named.parse() {
        return match session.shared.app.consumer(&session.caller, id).await {
            Ok(consumer) => Ok(Some(of_consumer(&consumer))),
            Err(ReadRefused::Unavailable(_)) => Err(Failure::unavailable()),
            Err(_) => Ok(None),
        };
    }
    let user = user_named(&view, named).and_then(|id| view.users.get(&id));
    Ok(user.map(|user| of_user(session, user)))
}

fn of_consumer(consumer: &Consumer) -> Profile {
    let name = consumer.name.as_deref().unwrap_or_default().trim();
    let (first, last) = name.split_once(char::is_whitespace).unwrap_or((name, ""));
    let is_number = consumer.address.strip_prefix('+').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let own = consumer.profile.as_deref();
    let said = |text: fn(&ConsumerProfile) -> &Option<Arc<str>>| own.and_then(|own| text(own).as_deref()).map(str::to_owned);
    let claims = own.and_then(|own| own.claims.as_ref());
    Profile {
        user_id: consumer.id.to_string(),
        first_name: said(|own| &own.first_name).unwrap_or_else(|| first.to_owned()),
        last_name: said(|own| &own.last_name).unwrap_or_else(|| last.trim().to_owned()),
        avatar_url: consumer.avatar_url.clone().unwrap_or_default(),
        role: said(|own| &own.role).unwrap_or_default(),
        description: said(|own| &own.description).unwrap_or_default(),
        backgnd_img_uri: said(|own| &own.background_url).unwrap_or_default(),
        private_data: PrivateData {
            mobile_num: said(|own| &own.phone).or_else(|| is_number.then(|| consumer.address.clone())),
            email: said(|own| &own.email),
            user_id: said(|own| &own.external_id),
        },
        authenticated_data: Attributes { iss: None, lp_sdes: Attributes::of(own.and_then(|own| own.attributes.as_ref())) },
        claims: Attributes {
            iss: claims.map(|claims| claims.issuer.to_string()),
            lp_sdes: Attributes::of(claims.map(|claims| &claims.attributes)),
        },
        acr: claims.map(|claims| claims.level.to_string()).filter(|level| !level.is_empty()),
    }
}

/// A colleague: what everybody may know. The own profile has the own address for mail too.
fn of_user(session: &Session, user: &User) -> Profile {
    let own = user.id == session.caller.id();
    Profile {
        user_id: old_id_of_user(&session.caller.account, user.id),
        first_name: user.nickname.clone(),
        private_data: PrivateData { email: user.email.clone().filter(|_| own), ..PrivateData::default() },
        ..Profile::default()
    }
}
