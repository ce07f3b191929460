//! Whether the bot's webhook still is ours. Another system that sets its own takes ours away, and nobody is told.

use super::{errors, send};
use crate::kit::{errors as kit_errors, json, settings};
use antiphon_app::channel::{InboundItem, InboundKind, Keys, SendError};
use antiphon_app::ports::net::Net;
use antiphon_domain::Timestamp;
use antiphon_domain::source::HealthState;
use serde_json::json as object;

pub(super) async fn look(keys: &Keys, since: Timestamp, net: &dyn Net) -> Result<Vec<InboundItem>, SendError> {
    let call = send::call(keys, "get_account_info", &object!({}))?;
    let answer = net.call(call).await.map_err(|problem| kit_errors::harmless(kit_errors::from_net(&problem)))?;
    let body = send::read(&answer);
    if !send::is_ok(&answer, &body) {
        // Dates are no use here: the answer's own clock is the only one at hand.
        return Err(kit_errors::harmless(errors::of_answer(&answer, &body, Timestamp(0))));
    }
    let message = match json::text(&body["webhook"]) {
        None => "The bot has no webhook, so nothing that consumers write arrives. Set it as the channel's page tells.",
        Some(url) if settings::is_own_hook(keys, "viber", &url) => return Ok(Vec::new()),
        Some(_) => {
            "Another system has set its own webhook for this bot, so nothing that consumers write arrives here. \
             Set ours again, and take the token from the other system."
        }
    };
    let kind = InboundKind::Health { state: HealthState::Failing, message: message.to_owned() };
    Ok(vec![InboundItem { source_address: None, key: "webhook".to_owned(), at: Some(since), kind }])
}
