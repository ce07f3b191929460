//! `SetUserProfile`: what a consumer's program says about its consumer. Both published styles are taken, alone or together.

use super::Done;
use crate::compat::socket::envelope::{Failure, OneOrMany, Request, TextOrNumber, body};
use antiphon_app::consumers::profile::{ProfileError, ProfileUpdate};
use antiphon_app::{App, ConsumerCaller};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::sync::Arc;

/// The documented answer.
pub(in crate::compat) const SET: &str = "OK User Profile set successfully";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    first_name: Option<String>,
    last_name: Option<String>,
    user_id: Option<TextOrNumber>,
    avatar_url: Option<String>,
    role: Option<String>,
    #[serde(rename = "backgndImgUri")]
    background_url: Option<String>,
    description: Option<String>,
    #[serde(borrow)]
    private_data: Option<Private<'a>>,
    authenticated_data: Option<Authenticated>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Private<'a> {
    mobile_num: Option<TextOrNumber>,
    mail: Option<String>,
    #[serde(borrow)]
    push_notification_data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Authenticated {
    lp_sdes: Option<OneOrMany<Value>>,
}

/// What the request says; an empty text is as good as none.
pub(in crate::compat) fn read(request: &Request<'_>) -> Result<ProfileUpdate, Failure> {
    let said: Body<'_> = body(request)?;
    let text = |text: Option<String>| text.filter(|text| !text.is_empty());
    let (phone, email, push) = match said.private_data {
        Some(private) => (
            private.mobile_num.map(TextOrNumber::into_text),
            private.mail,
            private.push_notification_data.map(RawValue::get).filter(|json| json.starts_with('{')).map(str::to_owned),
        ),
        None => (None, None, None),
    };
    let attributes = said.authenticated_data.and_then(|data| data.lp_sdes).map(OneOrMany::into_vec);
    Ok(ProfileUpdate {
        first_name: text(said.first_name),
        last_name: text(said.last_name),
        avatar_url: text(said.avatar_url),
        background_url: text(said.background_url),
        role: text(said.role),
        description: text(said.description),
        external_id: text(said.user_id.map(TextOrNumber::into_text)),
        phone: text(phone),
        email: text(email),
        push,
        attributes: attributes.filter(|list| !list.is_empty()).map(|list| Value::Array(list).to_string()),
    })
}

pub(super) async fn set(app: &Arc<App>, caller: &ConsumerCaller, request: &Request<'_>) -> Result<Done, Failure> {
    let update = read(request)?;
    match app.set_consumer_profile(caller, &update).await {
        Ok(()) => Ok(Done::Said(SET)),
        Err(ProfileError::Invalid(message)) => Err(Failure::bad_request(message)),
        Err(ProfileError::Unavailable(_)) => Err(Failure::unavailable()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::socket::envelope;

    fn check(body: &str, expected: &ProfileUpdate) {
        let frame = format!(r#"{{"kind":"req","id":"1,","type":"userprofile.SetUserProfile","body":{body}}}"#);
        let request = envelope::read(&frame).expect("a request");
        assert_eq!(read(&request).as_ref(), Ok(expected), "{body}");
    }

    #[test]
    fn both_styles_are_taken_and_what_is_empty_is_nothing() {
        check("{}", &ProfileUpdate::default());
        check(r#"{"firstName":"","privateData":{"mail":""},"authenticatedData":{"lp_sdes":[]}}"#, &ProfileUpdate::default());
        let sdes = r#"[{"personal":{"firstname":"F"},"type":"personal"}]"#;
        check(
            &format!(r#"{{"authenticatedData":{{"lp_sdes":{sdes}}}}}"#),
            &ProfileUpdate { attributes: Some(sdes.to_owned()), ..ProfileUpdate::default() },
        );
        check(
            r#"{"firstName":"Kim","lastName":"","avatarUrl":"http://x","role":"consumer","backgndImgUri":"http://y","description":"d",
                "userId":7,"privateData":{"mobileNum":"1","mail":"a@b","pushNotificationData":{"serviceName":""}}}"#,
            &ProfileUpdate {
                first_name: Some("Kim".into()),
                avatar_url: Some("http://x".into()),
                role: Some("consumer".into()),
                background_url: Some("http://y".into()),
                description: Some("d".into()),
                external_id: Some("7".into()),
                phone: Some("1".into()),
                email: Some("a@b".into()),
                push: Some(r#"{"serviceName":""}"#.into()),
                ..ProfileUpdate::default()
            },
        );
    }
}
