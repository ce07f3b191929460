//! Whether the bot's webhook still is ours. Another system that sets its own takes ours away, and nobody is told.

use super::call;
use crate::kit::{json, settings};
use antiphon_app::channel::{InboundItem, InboundKind, Keys, SendError};
use antiphon_app::ports::net::Net;
use antiphon_domain::Timestamp;
use antiphon_domain::source::HealthState;
use serde_json::Value;

/// A failure that is older than this has passed.
const RECENT_MS: i64 = 15 * 60_000;

pub(super) async fn look(keys: &Keys, since: Timestamp, now: Timestamp, net: &dyn Net) -> Result<Vec<InboundItem>, SendError> {
    let info = call::ask(keys, "getWebhookInfo", &Value::Null, net).await?;
    let problem = problem(keys, &info, now);
    let kind = |message| InboundKind::Health { state: HealthState::Failing, message };
    Ok(problem
        .map(|message| InboundItem { source_address: None, key: "webhook".to_owned(), at: Some(since), kind: kind(message) })
        .into_iter()
        .collect())
}

fn problem(keys: &Keys, info: &Value, now: Timestamp) -> Option<String> {
    let url = json::text(&info["url"]).unwrap_or_default();
    if url.is_empty() {
        return Some("The bot has no webhook, so nothing that consumers write arrives. Set it as the channel's page tells.".to_owned());
    }
    if !settings::is_own_hook(keys, "telegram", &url) {
        let message = "Another system has set its own webhook for this bot, so nothing that consumers write arrives here. \
                       Set ours again, and take the token from the other system.";
        return Some(message.to_owned());
    }
    let failed_at = Timestamp(json::integer(&info["last_error_date"])?.saturating_mul(1_000));
    let waiting = json::integer(&info["pending_update_count"]).unwrap_or_default();
    if waiting == 0 || now.since(failed_at) > RECENT_MS {
        return None;
    }
    let said: String = json::text(&info["last_error_message"]).unwrap_or_default().chars().filter(|c| !c.is_control()).take(200).collect();
    Some(format!("Telegram can't deliver {waiting} updates to this server: {said}. Check the public address and its certificate."))
}
