//! What webhooks failed to bring, and why they may have: Meta unsubscribes an app from a page whose webhooks it could not deliver for
//! some hours, without a word. So the subscription is looked at and renewed, and the page's conversations are read.

use super::{Product, attachments};
use crate::kit::{errors as kit_errors, form, http, json, time};
use crate::meta::graph as meta_graph;
use antiphon_app::channel::{InboundContent, InboundItem, InboundKind, Keys, SendError};
use antiphon_app::ports::net::{Net, NetRequest};
use antiphon_domain::Timestamp;
use serde_json::Value;

/// The most pages of conversations that one round reads.
const PAGES: usize = 5;
const CONVERSATIONS: &str = "50";
const MESSAGES: usize = 20;

/// Renews the subscription if it is gone, and tells what people wrote to the page since a time, oldest first.
pub async fn missed(
    product: &Product,
    keys: &Keys,
    since: Timestamp,
    now: Timestamp,
    net: &dyn Net,
) -> Result<Vec<InboundItem>, SendError> {
    // The permission to manage a page and the one to read its conversations are not the same: one that is missing costs its own part.
    if let Err(error) = stay_subscribed(product, keys, now, net).await {
        tracing::info!(page = product.path(keys), reason = %error.reason.message, "the page's subscription could not be looked at or renewed");
    }
    let fields = format!("id,updated_time,messages.limit({MESSAGES}){{id,created_time,from,message,attachments,sticker}}");
    let path = format!("{}/conversations", product.path(keys));
    let mut found = Vec::new();
    let mut after = String::new();
    for _ in 0..PAGES {
        let mut query = vec![("platform", product.platform), ("fields", fields.as_str()), ("limit", CONVERSATIONS)];
        if !after.is_empty() {
            query.push(("after", &after));
        }
        let body = read(product, http::get(product.graph(keys).address(&path, &query)?), keys, now, net).await?;
        let conversations = body["data"].as_array().map_or(&[][..], Vec::as_slice);
        for conversation in conversations {
            let messages = conversation["messages"]["data"].as_array().map_or(&[][..], Vec::as_slice);
            found.extend(
                messages.iter().filter_map(|message| item(product, keys, message)).filter(|item| item.at.is_some_and(|at| at >= since)),
            );
        }
        // Newest first: once one was quiet since then, all that follow were.
        let updated = conversations.last().and_then(|last| last["updated_time"].as_str().and_then(time::iso8601));
        let next = json::text(&body["paging"]["cursors"]["after"]).filter(|_| !body["paging"]["next"].is_null());
        match next {
            Some(next) if updated.is_some_and(|at| at >= since) => after = next,
            _ => break,
        }
    }
    found.sort_by_key(|item| item.at);
    Ok(found)
}

async fn stay_subscribed(product: &Product, keys: &Keys, now: Timestamp, net: &dyn Net) -> Result<(), SendError> {
    if is_subscribed(product, keys, now, net).await? {
        return Ok(());
    }
    let url = product.graph(keys).address(&format!("{}/subscribed_apps", product.path(keys)), &[])?;
    let body = form::encode([("subscribed_fields", product.fields)]);
    read(product, http::post(url, "application/x-www-form-urlencoded", body), keys, now, net).await?;
    tracing::warn!(page = product.path(keys), "the app was no longer subscribed to the page's webhooks; it is again");
    Ok(())
}

async fn is_subscribed(product: &Product, keys: &Keys, now: Timestamp, net: &dyn Net) -> Result<bool, SendError> {
    let url = product.graph(keys).address(&format!("{}/subscribed_apps", product.path(keys)), &[])?;
    let body = read(product, http::get(url), keys, now, net).await?;
    let app = keys.credential("app_id");
    let ours = |subscribed: &&Value| app.is_none_or(|app| json::text(&subscribed["id"]).as_deref() == Some(app));
    let tells = |subscribed: &Value| {
        subscribed["subscribed_fields"].as_array().is_some_and(|fields| fields.iter().any(|field| field == "messages"))
    };
    Ok(body["data"].as_array().map_or(&[][..], Vec::as_slice).iter().filter(ours).any(tells))
}

async fn read(product: &Product, request: NetRequest, keys: &Keys, now: Timestamp, net: &dyn Net) -> Result<Value, SendError> {
    let graph = product.graph(keys);
    let answer = net.call(graph.authorized(request)?).await.map_err(|problem| kit_errors::harmless(kit_errors::from_net(&problem)))?;
    let body = meta_graph::read(&answer);
    if !(200..300).contains(&answer.status) || !body.is_object() {
        return Err(kit_errors::harmless(graph.refused(&answer, &body, Some(now))));
    }
    Ok(body)
}

/// The item that the webhook would have brought, if a person wrote the message.
fn item(product: &Product, keys: &Keys, message: &Value) -> Option<InboundItem> {
    let key = json::text(&message["id"])?;
    let from = json::text(&message["from"]["id"]).filter(|from| from != product.own(keys))?;
    let at = time::iso8601(message["created_time"].as_str()?)?;
    let mut contents: Vec<InboundContent> = Vec::new();
    contents.extend(json::text(&message["message"]).map(|text| InboundContent::Text { text, payload: None }));
    let files = message["attachments"]["data"].as_array().map_or(&[][..], Vec::as_slice);
    contents.extend(files.iter().filter_map(attachments::listed));
    if contents.is_empty() {
        return None;
    }
    let kind = InboundKind::Message { from, name: None, contents, metadata: None, consent: None };
    Some(InboundItem { source_address: Some(product.own(keys).to_owned()), key, at: Some(at), kind })
}
