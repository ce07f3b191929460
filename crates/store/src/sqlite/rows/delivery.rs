//! Deliveries: what is not in their columns.

use super::codec::{Decoder, Encoder, at_place, place};
use crate::sqlite::failure::Failure;
use antiphon_domain::delivery::Reason;
use antiphon_domain::{ConversationId, Delivery, DeliveryId, DeliveryStatus, DialogNumber, SourceId};

/// A delivery's status as a column.
pub fn status_column(status: DeliveryStatus) -> i64 {
    i64::from(place(&DeliveryStatus::ALL, &status))
}

pub fn encode(delivery: &Delivery) -> Vec<u8> {
    let mut to = Encoder::new();
    to.fixed(&delivery.conversation.0)
        .u64(u64::from(delivery.dialog.0))
        .u64(delivery.sequence)
        .u64(u64::from(delivery.part))
        .u64(u64::from(delivery.parts))
        .u64(delivery.source.0)
        .text(&delivery.address)
        .text(&delivery.payload)
        .option_text(delivery.file.as_deref())
        .u8(place(&DeliveryStatus::ALL, &delivery.status))
        .u64(u64::from(delivery.attempts))
        .time(delivery.next_at)
        .option_time(delivery.handed_over_at)
        .option_text(delivery.vendor_id.as_deref())
        .option(delivery.reason.as_ref(), |to, reason| {
            to.text(&reason.code).option_text(reason.vendor_code.as_deref()).text(&reason.message).option_text(reason.remedy.as_deref());
        })
        .time(delivery.created_at)
        .time(delivery.updated_at);
    to.finish()
}

pub fn decode(id: DeliveryId, data: &[u8]) -> Result<Delivery, Failure> {
    let from = &mut Decoder::new(data);
    Ok(Delivery {
        id,
        conversation: ConversationId(from.fixed()?),
        dialog: DialogNumber(from.u16()?),
        sequence: from.u64()?,
        part: from.u16()?,
        parts: from.u16()?,
        source: SourceId(from.u64()?),
        address: from.arc()?,
        payload: from.arc()?,
        file: from.option(|from| from.arc())?,
        status: at_place(&DeliveryStatus::ALL, from.u8()?)?,
        attempts: from.u32()?,
        next_at: from.time()?,
        handed_over_at: from.option(|from| from.time())?,
        vendor_id: from.option(|from| from.arc())?,
        reason: from.option(|from| {
            Ok(Reason {
                code: from.arc()?,
                vendor_code: from.option(|from| from.arc())?,
                message: from.arc()?,
                remedy: from.option(|from| from.arc())?,
            })
        })?,
        created_at: from.time()?,
        updated_at: from.time()?,
    })
}
