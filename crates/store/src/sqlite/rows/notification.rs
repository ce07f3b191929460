//! Notifications: what they tell, and how they fared.

use super::codec::{Decoder, Encoder, at_place, place};
use super::conversation::{ConversationColumns, ConversationRow};
use crate::sqlite::failure::Failure;
use antiphon_app::ports::store::{NewNotifications, NotificationAbout, NotificationKind, NotificationState, NotificationTries};
use antiphon_domain::{AccountId, ConsumerId, ConversationId, DialogNumber};
use sha2::Digest;
use std::sync::Arc;

/// An app as a column: apps of one account are few, and their client ids long.
pub fn app_column(client_id: &str) -> i64 {
    let hash = sha2::Sha256::digest(client_id.as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hash[..8]);
    i64::from_be_bytes(first)
}

/// A state as a column.
pub fn state_column(state: NotificationState) -> i64 {
    i64::from(place(&NotificationState::ALL, &state))
}

/// Back from [`state_column`].
pub fn state_of(column: i64) -> Result<NotificationState, Failure> {
    at_place(&NotificationState::ALL, u8::try_from(column).unwrap_or(u8::MAX))
}

pub fn encode(new: &NewNotifications) -> Vec<u8> {
    let mut to = Encoder::new();
    to.u8(place(&NotificationKind::ALL, &new.kind));
    match &new.about {
        NotificationAbout::Event { dialog, sequence } => {
            to.u8(0).u64(u64::from(dialog.0)).u64(*sequence);
        }
        NotificationAbout::State(conversation) => {
            let row = ConversationRow::of(conversation);
            to.u8(1).i64(row.version).i64(row.class).i64(row.updated_at).i64(row.skill).fixed(&row.consumer.0).bytes(&row.state);
        }
    }
    to.finish()
}

pub fn decode(account: &AccountId, id: ConversationId, data: &[u8]) -> Result<(NotificationKind, NotificationAbout), Failure> {
    let from = &mut Decoder::new(data);
    let kind = at_place(&NotificationKind::ALL, from.u8()?)?;
    let about = match from.u8()? {
        0 => NotificationAbout::Event { dialog: DialogNumber(from.u16()?), sequence: from.u64()? },
        1 => {
            let columns = ConversationColumns {
                id,
                version: from.i64()?,
                class: from.i64()?,
                updated_at: from.i64()?,
                skill: from.i64()?,
                consumer: ConsumerId(from.fixed()?),
                last_content: None,
                state: from.bytes()?,
            };
            NotificationAbout::State(Arc::new(columns.decode(account)?))
        }
        _ => return Err(Failure::corrupt("an unknown kind of news")),
    };
    Ok((kind, about))
}

pub fn encode_tries(tries: &NotificationTries) -> Vec<u8> {
    let mut to = Encoder::new();
    to.u64(u64::from(tries.attempts))
        .option_time(tries.at)
        .option_u64(tries.status.map(u64::from))
        .u64(u64::from(tries.duration_ms))
        .option_u64(tries.endpoint.map(u64::from))
        .option_text(tries.error.as_deref())
        .option_time(tries.requeued_at);
    to.finish()
}

pub fn decode_tries(data: Option<&[u8]>) -> Result<NotificationTries, Failure> {
    let Some(data) = data else { return Ok(NotificationTries::default()) };
    let from = &mut Decoder::new(data);
    Ok(NotificationTries {
        attempts: from.u32()?,
        at: from.option(|from| from.time())?,
        status: from.option(|from| from.u16())?,
        duration_ms: from.u32()?,
        endpoint: from.option(|from| from.u32())?,
        error: from.option(|from| from.arc())?,
        requeued_at: from.option(|from| from.time())?,
    })
}
