//! Dead letters: what was signed but unusable.

mod list;
mod redrive;
mod show;

use crate::state::Api;
use antiphon_app::ports::store::DeadLetterRow;
use antiphon_app::webhook::readable_body;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Longest body that is shown, in bytes.
const MOST_BODY: usize = 64 << 10;

/// The endpoints.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list::list_dead_letters))
        .routes(routes!(show::show_dead_letter))
        .routes(routes!(redrive::redrive_dead_letter))
}

/// Something signed but unusable.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeadLetter {
    id: String,
    channel: String,
    #[schema(required)]
    source_id: Option<String>,
    received_at: i64,
    /// Stable.
    reason_code: String,
    /// In a sentence.
    reason: String,
    #[schema(required)]
    remedy: Option<String>,
    /// The request's body as text; in lists it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    /// When it was worked through again.
    #[schema(required)]
    redriven_at: Option<i64>,
}

fn shown(row: &DeadLetterRow, whole: bool) -> DeadLetter {
    let remedy = match &*row.code {
        "source_off" => Some("Switch the source on, then work through it again."),
        "unknown_source" => Some("Connect a source with this address, then work through it again."),
        _ => None,
    };
    DeadLetter {
        id: row.id.to_string(),
        channel: row.channel.to_string(),
        source_id: row.source.map(|source| source.to_string()),
        received_at: row.at.0,
        reason_code: row.code.to_string(),
        reason: row.reason.to_string(),
        remedy: remedy.map(str::to_owned),
        body: whole.then(|| shortened(readable_body(&row.request))),
        redriven_at: row.redriven_at.map(|at| at.0),
    }
}

fn shortened(mut body: String) -> String {
    let mut most = body.len().min(MOST_BODY);
    while !body.is_char_boundary(most) {
        most -= 1;
    }
    body.truncate(most);
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_body_is_cut_between_characters() {
        assert_eq!(shortened("ä".repeat(MOST_BODY)).len(), MOST_BODY);
        assert_eq!(shortened(format!("x{}", "ä".repeat(MOST_BODY))).len(), MOST_BODY - 1);
        assert_eq!(shortened("short".to_owned()), "short");
    }
}
