//! Deliveries: what became of outbound messages at their channel.

mod list;
mod retry;

use crate::compat::identity::dialog_id;
use crate::state::Api;
use antiphon_domain as domain;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The endpoints.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list::list_deliveries)).routes(routes!(retry::retry_delivery))
}

/// How far a delivery came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DeliveryStatus {
    Queued,
    Sent,
    Delivered,
    Read,
    Failed,
    Unknown,
    Cancelled,
}

impl From<domain::DeliveryStatus> for DeliveryStatus {
    fn from(status: domain::DeliveryStatus) -> Self {
        use domain::DeliveryStatus as Of;
        match status {
            Of::Queued => Self::Queued,
            Of::Sent => Self::Sent,
            Of::Delivered => Self::Delivered,
            Of::Read => Self::Read,
            Of::Failed => Self::Failed,
            Of::Unknown => Self::Unknown,
            Of::Cancelled => Self::Cancelled,
        }
    }
}

/// One part of an outbound message on its way to one address.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Delivery {
    /// `dlv_` and 16 hex digits; ascending in time.
    id: String,
    conversation_id: String,
    dialog_id: String,
    sequence: u64,
    /// From 0.
    part: u16,
    parts: u16,
    source_id: String,
    status: DeliveryStatus,
    /// How often it was handed over.
    attempts: u32,
    /// While it is queued.
    #[schema(required)]
    next_attempt_at: Option<i64>,
    /// The channel's id of it.
    #[schema(required)]
    vendor_id: Option<String>,
    #[schema(required)]
    code: Option<String>,
    #[schema(required)]
    vendor_code: Option<String>,
    /// What happened, in a sentence.
    #[schema(required)]
    message: Option<String>,
    /// What to do about it, in a sentence.
    #[schema(required)]
    remedy: Option<String>,
    created_at: i64,
    updated_at: i64,
}

fn shown(delivery: &domain::Delivery) -> Delivery {
    let reason = delivery.reason.as_ref();
    Delivery {
        id: delivery.id.to_string(),
        conversation_id: delivery.conversation.to_string(),
        dialog_id: dialog_id(delivery.conversation, delivery.dialog),
        sequence: delivery.sequence,
        part: delivery.part,
        parts: delivery.parts,
        source_id: delivery.source.to_string(),
        status: delivery.status.into(),
        attempts: delivery.attempts,
        next_attempt_at: (delivery.status == domain::DeliveryStatus::Queued).then_some(delivery.next_at.0),
        vendor_id: delivery.vendor_id.as_deref().map(str::to_owned),
        code: reason.map(|reason| reason.code.to_string()),
        vendor_code: reason.and_then(|reason| reason.vendor_code.as_deref()).map(str::to_owned),
        message: reason.map(|reason| reason.message.to_string()),
        remedy: reason.and_then(|reason| reason.remedy.as_deref()).map(str::to_owned),
        created_at: delivery.created_at.0,
        updated_at: delivery.updated_at.0,
    }
}

/// What became of a message, over all its parts.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct MessageDelivery {
    /// The delivery that `status` is of: the one to try again.
    id: String,
    /// Of the part that fares worst.
    status: DeliveryStatus,
    parts: u16,
    #[schema(required)]
    code: Option<String>,
    #[schema(required)]
    vendor_code: Option<String>,
    #[schema(required)]
    message: Option<String>,
    #[schema(required)]
    remedy: Option<String>,
}

impl MessageDelivery {
    /// The part that fares worst speaks for all: failed before unknown, cancelled, queued, sent, delivered, read.
    pub(crate) fn of(parts: &[domain::Delivery]) -> Option<Self> {
        use domain::DeliveryStatus as Of;
        const WORST_FIRST: [Of; 7] = [Of::Failed, Of::Unknown, Of::Cancelled, Of::Queued, Of::Sent, Of::Delivered, Of::Read];
        let rank = |delivery: &&domain::Delivery| WORST_FIRST.iter().position(|status| *status == delivery.status);
        let worst = parts.iter().min_by_key(|delivery| (rank(delivery), delivery.part))?;
        let Delivery { id, status, parts, code, vendor_code, message, remedy, .. } = shown(worst);
        Some(Self { id, status, parts, code, vendor_code, message, remedy })
    }
}
