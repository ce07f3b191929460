//! Media both ways: what a file is to the vendor, uploading one, and fetching what a person sent.
//!
//! A media id is good for days; the address it leads to for five minutes, and both want the number's token.

use super::{graph, number};
use crate::kit::http::FormPart;
use crate::kit::{errors as kit_errors, http, json, mac, media, settings};
use crate::meta::graph::MEDIA_TIMEOUT_MS;
use antiphon_app::channel::{Disposition, FetchedMedia, Keys, Outbound, OutboundFile, SendError};
use antiphon_app::ports::net::{Net, NetRequest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// Hosts, and all below them, that the token may be shown to.
const OWN_HOSTS: [&str; 4] = ["facebook.com", "fbcdn.net", "fbsbx.com", "whatsapp.net"];
/// Some of the vendor's edges refuse calls that don't say who calls.
const USER_AGENT: &str = "antiphon";

fn kind_of(content_type: &str) -> &'static str {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    match essence.split('/').next() {
        _ if essence == "image/webp" => "sticker",
        Some("image") => "image",
        Some("audio") => "audio",
        Some("video") => "video",
        _ => "document",
    }
}

/// Whether no text can travel with it.
pub(super) fn is_bare(content_type: &str) -> bool {
    matches!(kind_of(content_type), "audio" | "sticker")
}

/// The message for a file, which is at an address or was uploaded.
pub(super) fn message(file: &OutboundFile, place: (&str, &str), caption: &str) -> Value {
    let kind = kind_of(&file.content_type);
    let (name, value) = place;
    let mut media = serde_json::json!({ name: value });
    if !caption.is_empty() {
        media["caption"] = caption.into();
    }
    if kind == "document" && !file.name.is_empty() {
        media["filename"] = file.name.as_str().into();
    }
    serde_json::json!({ "type": kind, kind: media })
}

/// Uploads a file; its id.
pub(super) async fn upload(out: &Outbound, file: &OutboundFile, net: &dyn Net) -> Result<String, SendError> {
    let graph = graph(&out.keys);
    let plain = |name, value: &'static str| FormPart { name, file_name: None, content_type: None, bytes: value.as_bytes() };
    let name = if file.name.is_empty() { "file" } else { &file.name };
    let parts = [
        plain("messaging_product", "whatsapp"),
        FormPart { name: "type", file_name: None, content_type: None, bytes: file.content_type.as_bytes() },
        FormPart { name: "file", file_name: Some(name), content_type: Some(&file.content_type), bytes: &file.bytes },
    ];
    let (content_type, body) = http::multipart(&out.delivery.to_string(), &parts);
    let mut call = http::post(graph.address(&format!("{}/media", number(&out.keys)), &[])?, &content_type, body);
    call.timeout_ms = MEDIA_TIMEOUT_MS;
    // Nothing is sent yet, so this can be repeated whatever came of it.
    let body = graph.harmless(call, net).await?;
    json::text(&body["id"]).ok_or_else(|| kit_errors::harmless(kit_errors::unknown()))
}

/// Fetches what a person sent: `{"id":"M1","sha256":"…"}` or `{"url":"…"}`.
pub(super) async fn fetch(keys: &Keys, place: &str, max_bytes: u64, net: &dyn Net) -> Result<FetchedMedia, SendError> {
    let gone =
        |message: &str| kit_errors::error(Disposition::Failed, "media_unreachable", message, Some("Ask the consumer to send it again."));
    let place: Value = serde_json::from_str(place).map_err(|_| gone("The file's id can't be read."))?;
    let (address, name) = match (json::text(&place["id"]), json::text(&place["url"])) {
        // The id becomes a piece of the path.
        (Some(id), _) if id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')) => {
            let graph = graph(keys);
            let url = graph.address(&id, &[("phone_number_id", number(keys))])?;
            let answer = graph.harmless(http::get(url), net).await?;
            let size = json::integer(&answer["file_size"]).and_then(|size| u64::try_from(size).ok());
            if size.is_some_and(|size| size > max_bytes) {
                let message = format!("The file is larger than {max_bytes} bytes.");
                return Err(kit_errors::error(
                    Disposition::Failed,
                    "media_too_large",
                    &message,
                    Some("Ask the consumer for a smaller file."),
                ));
            }
            let url = json::text(&answer["url"]).ok_or_else(|| gone("WhatsApp no longer has the file."))?;
            (url, json::text(&answer["file_name"]))
        }
        (None, Some(url)) => (url, None),
        _ => return Err(gone("The file's id can't be read.")),
    };
    let mut call = NetRequest::new(::http::Method::GET, address.as_str());
    call.headers.insert(::http::header::USER_AGENT, ::http::HeaderValue::from_static(USER_AGENT));
    if is_own(keys, &address) {
        call = graph(keys).authorized(call)?;
    }
    let mut fetched = media::fetch(call, max_bytes, net).await?;
    if let Some(expected) = json::text(&place["sha256"]).and_then(|text| digest(&text))
        && expected != mac::sha256(&fetched.bytes)
    {
        let message = "The file was damaged on its way.";
        return Err(kit_errors::error(Disposition::Retry { after_ms: None, max_attempts: Some(3) }, "media_unreachable", message, None));
    }
    fetched.name = fetched.name.or(name);
    Ok(fetched)
}

/// Whether an address is the vendor's, so that it may see the token.
fn is_own(keys: &Keys, address: &str) -> bool {
    let base = settings::base(keys, crate::meta::graph::HOST);
    if http::origin(address).is_some() && http::origin(address) == http::origin(base) {
        return true;
    }
    let Ok(parsed) = url::Url::parse(address) else { return false };
    let below = |host: &str, own: &str| host == own || host.strip_suffix(own).is_some_and(|rest| rest.ends_with('.'));
    parsed.scheme() == "https" && parsed.host_str().is_some_and(|host| OWN_HOSTS.iter().any(|own| below(host, own)))
}

/// The vendor writes digests in base64 here and in hex there.
fn digest(text: &str) -> Option<[u8; 32]> {
    let bytes = hex::decode(text).ok().filter(|bytes| bytes.len() == 32).or_else(|| STANDARD.decode(text).ok())?;
    bytes.try_into().ok()
}
