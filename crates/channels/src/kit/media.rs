//! Fetching inbound media.

use super::{errors, http};
use antiphon_app::channel::{Disposition, FetchedMedia, SendError};
use antiphon_app::ports::net::{Net, NetAnswer, NetError, NetRequest};
use antiphon_domain::Timestamp;

/// Milliseconds for one file.
const TIMEOUT_MS: u64 = 60_000;
/// How long to wait for a file that is not ready, in milliseconds.
const NOT_READY_MS: i64 = 3_000;
/// From the vendor's interface to its storage, and one to spare.
const REDIRECTS: u8 = 3;

/// Follows the vendor to its storage. Credentials are for the first call only: storage has links signed in themselves, and refuses
/// (or must not see) others, even on the vendor's own host.
async fn follow(mut request: NetRequest, net: &dyn Net) -> Result<NetAnswer, NetError> {
    for _ in 0..REDIRECTS {
        let answer = net.call(request.clone()).await?;
        let moved = matches!(answer.status, 301 | 302 | 303 | 307 | 308);
        let target = http::header(&answer.headers, "location").filter(|_| moved);
        let Some(target) = target.and_then(|target| url::Url::parse(&request.url).ok()?.join(target).ok()) else {
            return Ok(answer);
        };
        request.url = target.into();
        request.headers.remove("authorization");
    }
    net.call(request).await
}

/// Fetches a file. The answers that mean "gone" are final, everything that may pass is tried again.
pub async fn fetch(mut request: NetRequest, max_bytes: u64, net: &dyn Net) -> Result<FetchedMedia, SendError> {
    request.timeout_ms = TIMEOUT_MS;
    request.max_answer_bytes = max_bytes;
    let answer = follow(request, net).await.map_err(|problem| match problem {
        NetError::TooLarge(limit) => errors::error(
            Disposition::Failed,
            "media_too_large",
            &format!("The file is larger than {limit} bytes."),
            Some("Ask the consumer for a smaller file."),
        ),
        other => errors::harmless(errors::from_net(&other)),
    })?;
    match answer.status {
        // It is still being prepared.
        202 => Err(errors::error(
            Disposition::Retry { after_ms: Some(NOT_READY_MS), max_attempts: None },
            "vendor_unavailable",
            "The channel is still preparing the file.",
            None,
        )),
        200..=299 => Ok(FetchedMedia {
            content_type: http::header(&answer.headers, "content-type").map(str::to_owned),
            name: http::file_name(&answer.headers),
            bytes: answer.body,
        }),
        403 | 404 | 410 => {
            let mut gone = errors::error(
                Disposition::Failed,
                "media_unreachable",
                "The channel no longer has the file, or its address has expired.",
                Some("Ask the consumer to send it again."),
            );
            gone.reason.vendor_code = Some(format!("HTTP {}", answer.status).into());
            Err(gone)
        }
        // Dates are no use here: the answer carries its own clock only.
        status => Err(errors::harmless(errors::from_status(status, http::retry_after(&answer, Timestamp(0)).filter(|ms| *ms < 3_600_000)))),
    }
}
