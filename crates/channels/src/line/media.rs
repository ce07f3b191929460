//! Files both ways: what a file is to the vendor, how long a sound is, and fetching what a consumer sent.

use super::{DATA_HOST, send};
use crate::kit::{errors as kit_errors, json, media, settings};
use antiphon_app::channel::{Disposition, FetchedMedia, Keys, OutboundFile, SendError};
use antiphon_app::ports::net::{Net, NetRequest};
use serde_json::Value;

/// What a sound is said to last that does not tell.
const UNKNOWN_MS: u64 = 60_000;

/// The message for a file, which the vendor's clients fetch from its address.
pub(super) fn message(keys: &Keys, file: &OutboundFile) -> Option<Value> {
    let preview = file.thumbnail_url.as_deref().unwrap_or(&file.url);
    Some(match file.content_type.split('/').next()? {
        "image" => serde_json::json!({ "type": "image", "originalContentUrl": file.url, "previewImageUrl": preview }),
        "video" => {
            let preview = settings::value(keys, "video_preview_url")?;
            serde_json::json!({ "type": "video", "originalContentUrl": file.url, "previewImageUrl": preview })
        }
        "audio" => {
            let duration = duration_ms(&file.bytes).unwrap_or(UNKNOWN_MS);
            serde_json::json!({ "type": "audio", "originalContentUrl": file.url, "duration": duration })
        }
        _ => return None,
    })
}

/// How long a sound lasts, in milliseconds: the movie header of an MP4, or the first frame's rate of an MP3.
pub(super) fn duration_ms(bytes: &[u8]) -> Option<u64> {
    movie_header(bytes).or_else(|| first_frame(bytes)).filter(|ms| *ms > 0)
}

fn movie_header(bytes: &[u8]) -> Option<u64> {
    let at = bytes.windows(4).position(|window| window == b"mvhd")? + 4;
    let number = |from: usize, len: usize| {
        let bytes = bytes.get(at + from..at + from + len)?;
        Some(bytes.iter().fold(0_u64, |number, byte| (number << 8) | u64::from(*byte)))
    };
    // Version, flags and two times come before the scale and the duration; version 1 has them wider.
    let (scale, duration) = if *bytes.get(at)? == 1 { (number(20, 4)?, number(24, 8)?) } else { (number(12, 4)?, number(16, 4)?) };
    duration.checked_mul(1_000)?.checked_div(scale)
}

fn first_frame(bytes: &[u8]) -> Option<u64> {
    /// Kilobits a second of MPEG 1 layer 3, and of the later versions.
    const RATES: [[u64; 16]; 2] = [
        [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0],
        [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0],
    ];
    // A tag before the first frame tells its own size, seven bits a byte.
    let start = match bytes.get(..10) {
        Some(head) if head.starts_with(b"ID3") => {
            10 + head[6..10].iter().fold(0_usize, |size, byte| (size << 7) | usize::from(byte & 0x7f))
        }
        _ => 0,
    };
    let head = bytes.get(start..start.checked_add(3)?)?;
    let layer_3 = head[0] == 0xff && head[1] & 0xe6 == 0xe2;
    let later = usize::from(head[1] & 0x18 != 0x18);
    let rate = RATES[later][usize::from(head[2] >> 4)];
    (layer_3 && rate > 0).then(|| (bytes.len() - start) as u64 * 8 / rate)
}

/// Fetches what a consumer sent: `{"id":"500001"}`, or `{"url":"https://…"}` at somebody else's.
pub(super) async fn fetch(keys: &Keys, place: &str, max_bytes: u64, net: &dyn Net) -> Result<FetchedMedia, SendError> {
    let gone = || {
        let remedy = Some("Ask the consumer to send it again.");
        kit_errors::error(Disposition::Failed, "media_unreachable", "The file's id can't be read.", remedy)
    };
    let place: Value = serde_json::from_str(place).map_err(|_| gone())?;
    match (json::text(&place["id"]), json::text(&place["url"])) {
        // The id becomes a piece of the path.
        (Some(id), _) if id.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            let url = format!("{}/v2/bot/message/{id}/content", settings::base(keys, DATA_HOST));
            media::fetch(send::authorized(NetRequest::new(::http::Method::GET, url), keys)?, max_bytes, net).await
        }
        (None, Some(url)) => media::fetch(NetRequest::new(::http::Method::GET, url), max_bytes, net).await,
        _ => Err(gone()),
    }
}
