//! Media at the vendor: uploads, ids, and addresses that live five minutes and want the token.

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Response};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::WhatsappSim;
use super::graph::{Answer, Call};
use super::model::Upload;
use crate::kit::lock;
use crate::kit::respond;
use crate::meta::errors::{GraphError, graph, unknown_object};

const DAY_MS: i64 = 24 * 3_600_000;
const MIB: usize = 1024 * 1024;

/// The kind of message that a media type may be sent as, and its largest size.
pub(crate) fn limit_of(kind: &str, content_type: &str) -> Option<usize> {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    match (kind, essence) {
        ("image", "image/jpeg" | "image/png") => Some(5 * MIB),
        ("sticker", "image/webp") => Some(500 * 1024),
        ("audio", "audio/aac" | "audio/amr" | "audio/mpeg" | "audio/mp4" | "audio/ogg") => Some(16 * MIB),
        ("video", "video/mp4" | "video/3gpp") => Some(16 * MIB),
        ("document", _) => Some(100 * MIB),
        _ => None,
    }
}

fn kind_of(content_type: &str) -> &'static str {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    ["image", "sticker", "audio", "video"].into_iter().find(|kind| limit_of(kind, essence).is_some()).unwrap_or("document")
}

impl WhatsappSim {
    /// Keeps a file under a media id.
    pub(crate) fn keep(&self, number: &str, content_type: &str, name: &str, bytes: Bytes, days: i64) -> (String, String) {
        let media = self.host("", content_type, name, bytes);
        let id = self.ids().digits();
        let upload = Upload { number: number.to_owned(), media: media.clone(), expires_ms: self.now_ms() + days * DAY_MS };
        lock(&self.inner.state).uploads.insert(id.clone(), upload);
        (id, media)
    }

    pub(crate) fn upload(&self, call: &Call, id: &str) -> Answer {
        let number = self.number(call, id)?;
        if call.text("messaging_product") != Some("whatsapp") {
            return Err(graph(100, "(#100) The parameter messaging_product is required."));
        }
        let file = call.file.as_ref().ok_or_else(|| graph(100, "(#100) Param file must be a file"))?;
        let content_type = call.text("type").unwrap_or(&file.content_type);
        let limit = limit_of(kind_of(content_type), content_type).unwrap_or(0);
        if file.bytes.len() > limit {
            return Err(graph(100, "(#100) Param file is too large"));
        }
        let (media_id, _) = self.keep(&number.id, content_type, &file.name, file.bytes.clone(), 30);
        Ok(respond::json(200, &json!({ "id": media_id })))
    }

    /// `GET` and `DELETE` of a media id.
    pub(crate) fn media_node(&self, call: &Call, id: &str) -> Answer {
        let upload = self.live_upload(id).filter(|upload| self.number(call, &upload.number).is_ok()).ok_or_else(|| unknown_object(id))?;
        if call.method == Method::DELETE {
            lock(&self.inner.state).uploads.remove(id);
            return Ok(respond::json(200, &json!({ "success": true })));
        }
        if call.text("phone_number_id").is_some_and(|number| number != upload.number) {
            return Err(unknown_object(id));
        }
        let media = self.media().get(&upload.media).ok_or_else(|| unknown_object(id))?;
        let secret = self.ids().sid("");
        let mut state = lock(&self.inner.state);
        let until = self.now_ms() + state.settings.media_url_ttl_ms;
        state.links.insert(secret.clone(), (upload.media.clone(), until));
        drop(state);
        // Here the vendor writes digests in hex, in webhooks in base64.
        Ok(respond::json(
            200,
            &json!({ "messaging_product": "whatsapp", "url": format!("{}/_media/{secret}", self.base_url()), "mime_type": media.content_type,
                "sha256": hex::encode(Sha256::digest(&media.bytes)), "file_size": media.bytes.len(), "id": id }),
        ))
    }

    pub(crate) fn live_upload(&self, id: &str) -> Option<Upload> {
        lock(&self.inner.state).uploads.get(id).filter(|upload| upload.expires_ms > self.now_ms()).cloned()
    }

    pub(crate) fn download(&self, secret: &str) -> Answer {
        let link = lock(&self.inner.state).links.get(secret).cloned();
        let media = link.filter(|(_, until)| *until > self.now_ms()).and_then(|(media, _)| self.media().get(&media));
        Ok(match media {
            Some(media) => respond::bytes(200, &media.content_type, media.bytes),
            None => not_found(),
        })
    }

    /// The bytes behind an address or a media id, as a message of this kind; the failure that follows acceptance otherwise.
    pub(crate) async fn take_file(
        &self,
        number: &str,
        kind: &str,
        link: Option<&str>,
        id: Option<&str>,
    ) -> Result<String, Result<GraphError, u32>> {
        let media = match (link, id) {
            (Some(link), _) => {
                let (content_type, bytes) = self.fetch(link).await.map_err(|_| Err(131_053_u32))?;
                let name = link.split(['?', '#']).next().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
                self.host("", &content_type, name, bytes)
            }
            (None, Some(id)) => {
                let upload = self.live_upload(id).filter(|upload| upload.number == number);
                upload.ok_or_else(|| Ok(graph(131_009, format!("(#131009) Parameter value is not valid: media {id}"))))?.media
            }
            (None, None) => return Err(Ok(graph(131_008, "(#131008) Required parameter is missing: id or link"))),
        };
        let stored = self.media().get(&media).ok_or(Err(131_053_u32))?;
        match limit_of(kind, &stored.content_type) {
            Some(limit) if stored.bytes.len() <= limit => Ok(media),
            _ => Err(Err(131_053)),
        }
    }
}

fn not_found() -> Response<Body> {
    respond::bytes(404, "text/plain", "Media not found".into())
}

/// A digest as webhooks have it.
pub(crate) fn digest(bytes: &[u8]) -> String {
    STANDARD.encode(Sha256::digest(bytes))
}
