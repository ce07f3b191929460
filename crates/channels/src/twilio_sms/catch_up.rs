//! Messages that webhooks failed to bring: the vendor tries an address again only where no connection came about, and gives up after
//! one more. Its list of messages has them all.

use super::inbound::decode_carrier_base64;
use super::send::{account_url, sender, sign_in};
use super::{HOST, errors};
use crate::kit::{errors as kit_errors, form, http, json, settings, time};
use antiphon_app::channel::{InboundContent, InboundItem, InboundKind, Keys, SendError};
use antiphon_app::ports::net::Net;
use antiphon_domain::Timestamp;
use serde_json::Value;

/// The most pages of a hundred that one round reads; the rest is read by the next ones.
const PAGES: usize = 10;
const PAGE_SIZE: &str = "100";
/// Files of one message; the vendor sends at most ten.
const MAX_MEDIA: usize = 100;

/// What consumers wrote to the source's number since a time, oldest first.
pub(super) async fn missed(keys: &Keys, since: Timestamp, now: Timestamp, net: &dyn Net) -> Result<Vec<InboundItem>, SendError> {
    // The list is narrowed by days; the times are compared here.
    let day = time::date(since);
    let own = Some(settings::address(keys)).filter(|address| address.starts_with('+')).unwrap_or_else(|| sender(keys));
    let query = form::encode([("To", own), ("DateSent>", &day), ("PageSize", PAGE_SIZE)]);
    let mut address = format!("{}/Messages.json?{query}", account_url(keys)?);
    let mut found = Vec::new();
    for _ in 0..PAGES {
        let page = read(keys, address, now, net).await?;
        for message in page["messages"].as_array().map_or(&[][..], Vec::as_slice) {
            let at = ["date_sent", "date_created"].into_iter().find_map(|name| message[name].as_str().and_then(time::rfc2822));
            if let Some(at) = at.filter(|at| *at >= since && message["direction"] == "inbound") {
                found.extend(item(keys, message, at, now, net).await?);
            }
        }
        let Some(next) = page["next_page_uri"].as_str().filter(|next| next.starts_with('/')) else { break };
        address = format!("{}{next}", settings::base(keys, HOST));
    }
    found.sort_by_key(|item| item.at);
    Ok(found)
}

async fn read(keys: &Keys, address: String, now: Timestamp, net: &dyn Net) -> Result<Value, SendError> {
    let mut request = http::get(address);
    sign_in(&mut request, keys);
    let answer = net.call(request).await.map_err(|problem| kit_errors::harmless(kit_errors::from_net(&problem)))?;
    let body = json::read(&answer.body).unwrap_or(Value::Null);
    if answer.status != 200 || !body.is_object() {
        return Err(kit_errors::harmless(errors::of_answer(&answer, &body, now)));
    }
    Ok(body)
}

/// The item that the webhook would have brought.
async fn item(keys: &Keys, message: &Value, at: Timestamp, now: Timestamp, net: &dyn Net) -> Result<Option<InboundItem>, SendError> {
    let (Some(key), Some(from)) = (json::text(&message["sid"]), json::text(&message["from"])) else { return Ok(None) };
    let mut contents = Vec::new();
    if json::integer(&message["num_media"]).is_some_and(|count| count > 0) {
        let account = account_url(keys)?;
        let list = read(keys, format!("{account}/Messages/{key}/Media.json"), now, net).await?;
        for media in list["media_list"].as_array().map_or(&[][..], Vec::as_slice).iter().take(MAX_MEDIA) {
            let Some(sid) = json::text(&media["sid"]) else { continue };
            let url = format!("{account}/Messages/{key}/Media/{sid}");
            contents.push(InboundContent::Media { url, declared_type: json::text(&media["content_type"]), name: None, caption: None });
        }
    }
    let body = json::text(&message["body"]).map(|body| decode_carrier_base64(&body).unwrap_or(body));
    if let Some(text) = body.filter(|text| !text.trim().is_empty()) {
        contents.push(InboundContent::Text { text, payload: None });
    }
    if contents.is_empty() {
        return Ok(None);
    }
    let kind = InboundKind::Message { from, name: None, contents, metadata: None, consent: None };
    Ok(Some(InboundItem { source_address: None, key, at: Some(at), kind }))
}
