//! Rows of the logs: dead letters, the channel log, the audit trail.

use super::codec::{Decoder, Encoder};
use crate::sqlite::failure::Failure;
use antiphon_app::ports::store::{AuditRow, ChannelLogRow, DeadLetterRow};
use antiphon_domain::{ApiKeyId, ConversationId, DeliveryId, RowId, SourceId, Timestamp, UserId};
use std::sync::Arc;

pub fn encode_dead_letter(row: &DeadLetterRow) -> Vec<u8> {
    let mut to = Encoder::new();
    to.text(&row.channel).option_u64(row.source.map(|source| source.0)).time(row.at).text(&row.code).text(&row.reason);
    to.finish()
}

pub fn decode_dead_letter(id: RowId, redriven_at: Option<i64>, data: &[u8], request: &[u8]) -> Result<DeadLetterRow, Failure> {
    let from = &mut Decoder::new(data);
    let request = std::str::from_utf8(request).map_err(|_| Failure::corrupt("a dead letter's request is not UTF-8"))?;
    Ok(DeadLetterRow {
        id,
        channel: from.arc()?,
        source: from.option(|from| from.u64())?.map(SourceId),
        at: from.time()?,
        code: from.arc()?,
        reason: from.arc()?,
        request: Arc::from(request),
        redriven_at: redriven_at.map(Timestamp),
    })
}

pub fn encode_channel_log(row: &ChannelLogRow) -> Vec<u8> {
    let mut to = Encoder::new();
    to.time(row.at)
        .option_u64(row.source.map(|source| source.0))
        .bool(row.inbound)
        .text(&row.method)
        .text(&row.url)
        .option_u64(row.status.map(u64::from))
        .u64(u64::from(row.duration_ms))
        .text(&row.request)
        .text(&row.answer)
        .option_text(row.error.as_deref())
        .option(row.conversation, |to, id| {
            to.fixed(&id.0);
        })
        .option_u64(row.delivery.map(|delivery| delivery.0));
    to.finish()
}

pub fn decode_channel_log(id: RowId, data: &[u8]) -> Result<ChannelLogRow, Failure> {
    let from = &mut Decoder::new(data);
    Ok(ChannelLogRow {
        id,
        at: from.time()?,
        source: from.option(|from| from.u64())?.map(SourceId),
        inbound: from.bool()?,
        method: from.arc()?,
        url: from.arc()?,
        status: from.option(|from| from.u16())?,
        duration_ms: from.u32()?,
        request: from.arc()?,
        answer: from.arc()?,
        error: from.option(|from| from.arc())?,
        conversation: from.option(|from| from.fixed())?.map(ConversationId),
        delivery: from.option(|from| from.u64())?.map(DeliveryId),
    })
}

pub fn encode_audit(row: &AuditRow) -> Vec<u8> {
    let mut to = Encoder::new();
    to.time(row.at).option_i64(row.by.map(|user| user.0)).text(&row.action).text(&row.object_kind).text(&row.object_id).text(&row.detail);
    to.option_u64(row.by_key.map(|key| key.0));
    to.finish()
}

pub fn decode_audit(id: RowId, data: &[u8]) -> Result<AuditRow, Failure> {
    let from = &mut Decoder::new(data);
    let mut row = AuditRow {
        id,
        at: from.time()?,
        by: from.option(|from| from.i64())?.map(UserId),
        by_key: None,
        action: from.arc()?,
        object_kind: from.arc()?,
        object_id: from.arc()?,
        detail: from.arc()?,
    };
    // Rows from before there were keys end here.
    if !from.is_at_end() {
        row.by_key = from.option(|from| from.u64())?.map(ApiKeyId);
    }
    Ok(row)
}
