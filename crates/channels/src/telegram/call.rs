//! One call of the Bot API. The token is a piece of the path, so an address is a secret: it is built here and shown nowhere.

use super::{HOST, errors};
use crate::kit::{errors as kit_errors, http, json, settings};
use antiphon_app::channel::{Disposition, Keys, SendError};
use antiphon_app::ports::net::{Net, NetAnswer, NetRequest};
use antiphon_domain::Timestamp;
use serde_json::{Value, json as object};

pub(super) fn token(keys: &Keys) -> Result<&str, SendError> {
    keys.credential("bot_token").ok_or_else(|| {
        kit_errors::error(
            Disposition::NeedsReauthorisation,
            "source_misconfigured",
            "The source has no bot token.",
            Some("Enter the field bot_token in the source's credentials."),
        )
    })
}

/// The address of a method.
pub(super) fn address(keys: &Keys, method: &str) -> Result<String, SendError> {
    Ok(format!("{}/bot{}/{method}", settings::base(keys, HOST), token(keys)?))
}

/// A call with a JSON body.
pub(super) fn json_call(keys: &Keys, method: &str, body: &Value) -> Result<NetRequest, SendError> {
    Ok(http::post(address(keys, method)?, "application/json", body.to_string()))
}

/// The result of an answer that says `ok`.
pub(super) fn read(answer: &NetAnswer, now: Timestamp) -> Result<Value, (SendError, Value)> {
    let body = json::read(&answer.body).unwrap_or(Value::Null);
    match body["ok"] == true && (200..300).contains(&answer.status) {
        true => Ok(body["result"].clone()),
        false => Err((errors::of_answer(answer, &body, now), body)),
    }
}

/// A call that only reads or signals: it can be repeated without harm.
pub(super) async fn ask(keys: &Keys, method: &str, body: &Value, net: &dyn Net) -> Result<Value, SendError> {
    let answer = net.call(json_call(keys, method, body)?).await.map_err(|problem| kit_errors::harmless(kit_errors::from_net(&problem)))?;
    // Dates are no use here: the answer's own clock is the only one at hand.
    read(&answer, Timestamp(0)).map_err(|(error, _)| kit_errors::harmless(error))
}

/// As [`ask`], whatever the result.
pub(super) async fn quietly(keys: &Keys, method: &str, body: &Value, net: &dyn Net) -> Result<(), SendError> {
    ask(keys, method, body, net).await.map(|_| ())
}

/// Where a file lies.
pub(super) async fn file_address(keys: &Keys, file_id: &str, net: &dyn Net) -> Result<String, SendError> {
    let found = ask(keys, "getFile", &object!({ "file_id": file_id }), net).await?;
    // A path that climbs or leads elsewhere would take the token along.
    let path = json::text(&found["file_path"]).filter(|path| !path.split('/').any(|step| step == ".." || step.is_empty()));
    let path = path.ok_or_else(|| {
        kit_errors::error(
            Disposition::Failed,
            "media_unreachable",
            "Telegram does not say where the file is.",
            Some("Ask the consumer to send it again."),
        )
    })?;
    Ok(format!("{}/file/bot{}/{path}", settings::base(keys, HOST), token(keys)?))
}
