//! `POST …/consumers/{id}/consents`.

use super::{Consent, Direction, shown};
use crate::ask::Ask;
use crate::error::ApiError;
use antiphon_app::administration::NewConsent;
use antiphon_domain::{ConsumerId, Privilege};
use axum::Json;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

/// Consent, or its withdrawal, with what proves it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordConsent {
    kind: Direction,
    /// In words: where and when the consumer said so.
    proof: String,
}

/// Adds to the ledger. A withdrawal cancels what is queued to the consumer. Needs `manage_consents`.
#[utoipa::path(post, path = "/api/v1/accounts/{account}/consumers/{id}/consents", tag = "consents", request_body = RecordConsent, responses((status = 201, body = Consent)))]
pub(crate) async fn record_consent(ask: Ask) -> Result<(StatusCode, Json<Consent>), ApiError> {
    ask.require(&[Privilege::ManageConsents])?;
    let id: ConsumerId = ask.id("consumer")?;
    let given: RecordConsent = ask.json()?;
    let new = NewConsent { kind: given.kind.into(), proof: given.proof };
    let entry = ask.app().record_consent(&ask.act()?, id, new).await?;
    Ok((StatusCode::CREATED, Json(shown(&entry))))
}
