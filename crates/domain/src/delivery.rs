//! The life of one outbound part: from the outbox to the consumer's eyes.

use crate::{ConversationId, DeliveryId, DialogNumber, Sequence, SourceId, Timestamp};
use std::sync::Arc;

/// How far a delivery came. Later in this order is further; see [`Delivery::climb`] for the exceptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeliveryStatus {
    /// In the outbox: not handed over yet, or to be tried again.
    Queued,
    /// Withdrawn before it was handed over.
    Cancelled,
    /// We handed it over and don't know whether the channel took it.
    Unknown,
    /// The channel took it.
    Sent,
    /// It will not arrive.
    Failed,
    /// It arrived.
    Delivered,
    /// It was read.
    Read,
}

impl DeliveryStatus {
    /// Every status.
    pub const ALL: [DeliveryStatus; 7] = [
        DeliveryStatus::Queued,
        DeliveryStatus::Cancelled,
        DeliveryStatus::Unknown,
        DeliveryStatus::Sent,
        DeliveryStatus::Failed,
        DeliveryStatus::Delivered,
        DeliveryStatus::Read,
    ];

    /// The name in the admin API.
    pub fn name(self) -> &'static str {
        match self {
            DeliveryStatus::Queued => "queued",
            DeliveryStatus::Cancelled => "cancelled",
            DeliveryStatus::Unknown => "unknown",
            DeliveryStatus::Sent => "sent",
            DeliveryStatus::Failed => "failed",
            DeliveryStatus::Delivered => "delivered",
            DeliveryStatus::Read => "read",
        }
    }

    /// The status of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// Why a delivery stands where it stands, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Our stable code, for example `opted_out`.
    pub code: Arc<str>,
    /// The channel's own code, as it gave it.
    pub vendor_code: Option<Arc<str>>,
    /// What happened, in a sentence.
    pub message: Arc<str>,
    /// What to do about it, in a sentence.
    pub remedy: Option<Arc<str>>,
}

/// One part of one outbound event, on its way to one channel address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Ours, ascending in time.
    pub id: DeliveryId,
    /// The cause; for a consent confirmation outside any conversation, the first half of the consumer's id.
    pub conversation: ConversationId,
    /// The cause's dialog.
    pub dialog: DialogNumber,
    /// The cause's place in it.
    pub sequence: Sequence,
    /// Which part, from 0.
    pub part: u16,
    /// How many parts the event has.
    pub parts: u16,
    /// Over which page or number.
    pub source: SourceId,
    /// To whom.
    pub address: Arc<str>,
    /// What, as the connector's adaptation made it: opaque to everyone else.
    pub payload: Arc<str>,
    /// The path of the file that goes with it.
    pub file: Option<Arc<str>>,
    /// How far it came.
    pub status: DeliveryStatus,
    /// How often it was handed over.
    pub attempts: u32,
    /// When to hand it over next; meaningful while queued.
    pub next_at: Timestamp,
    /// Set before each hand-over and cleared when the channel certainly did not take it: what is queued with this set
    /// after a restart may have gone out.
    pub handed_over_at: Option<Timestamp>,
    /// The channel's id of it.
    pub vendor_id: Option<Arc<str>>,
    /// Why it stands there.
    pub reason: Option<Reason>,
    /// When it entered the outbox.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Delivery {
    /// Moves the status up; anything that would move it down or sideways is ignored.
    ///
    /// Failed and cancelled yield only to delivered and read; unknown yields to everything that is certain.
    /// Returns whether it moved.
    pub fn climb(&mut self, to: DeliveryStatus, reason: Option<Reason>, now: Timestamp) -> bool {
        use DeliveryStatus::*;
        let moves = match (self.status, to) {
            (Failed | Cancelled, Delivered | Read) => true,
            (Failed | Cancelled, _) => false,
            (Delivered | Read, Failed) => false,
            (from, to) => to > from,
        };
        if moves {
            self.status = to;
            self.reason = reason;
            self.updated_at = self.updated_at.max(now);
        }
        moves
    }

    /// Whether what a channel says of its message `vendor_id` counts for this delivery.
    ///
    /// That it arrived always does, whichever hand-over it was. Anything less speaks of one hand-over: a late word on an earlier one must
    /// not settle the next.
    pub fn heeds(&self, vendor_id: Option<&str>, to: DeliveryStatus) -> bool {
        if matches!(to, DeliveryStatus::Delivered | DeliveryStatus::Read) {
            return true;
        }
        match (self.vendor_id.as_deref(), vendor_id) {
            // It waits for its next hand-over, and the id that it has is the last one's.
            (Some(_), _) if self.status == DeliveryStatus::Queued => false,
            (Some(ours), Some(theirs)) => ours == theirs,
            _ => true,
        }
    }

    /// Puts back into the outbox what the channel took under `vendor_id` and then certainly failed to deliver: the next attempt.
    ///
    /// Returns whether it did. What may have arrived, and what was handed over `most` times in all, is never sent again.
    pub fn attempt_again(&mut self, vendor_id: Option<&str>, most: u32, at: Timestamp, now: Timestamp) -> bool {
        let certain = self.status == DeliveryStatus::Sent && vendor_id.is_some() && self.vendor_id.as_deref() == vendor_id;
        let again = certain && self.attempts < most;
        if again {
            self.status = DeliveryStatus::Queued;
            self.handed_over_at = None;
            self.next_at = at;
            self.updated_at = self.updated_at.max(now);
        }
        again
    }

    /// Puts a failed, cancelled or unknown delivery back into the outbox: somebody asked to try again.
    /// Returns whether it was one of those.
    pub fn retry(&mut self, now: Timestamp) -> bool {
        let again = matches!(self.status, DeliveryStatus::Failed | DeliveryStatus::Cancelled | DeliveryStatus::Unknown);
        if again {
            self.status = DeliveryStatus::Queued;
            self.reason = None;
            self.attempts = 0;
            self.handed_over_at = None;
            self.next_at = now;
            self.updated_at = self.updated_at.max(now);
        }
        again
    }
}

/// Milliseconds to wait before attempt number `attempts + 1`: exponential from one second, at most five minutes, with full jitter.
///
/// `dice` is a random number; `retry_after_ms` is what the channel asked for and is never undercut.
pub fn backoff_ms(attempts: u32, dice: u64, retry_after_ms: Option<i64>) -> i64 {
    const BASE_MS: i64 = 1_000;
    const CAP_MS: i64 = 5 * 60 * 1_000;
    let ceiling = BASE_MS.saturating_mul(1i64 << attempts.min(20)).min(CAP_MS);
    let spread = i64::try_from(dice % u64::try_from(ceiling).unwrap_or(1).max(1)).unwrap_or(0);
    spread.max(100).max(retry_after_ms.unwrap_or(0).min(24 * 3600 * 1000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn delivery() -> Delivery {
        Delivery {
            id: DeliveryId(1),
            conversation: ConversationId([1; 16]),
            dialog: DialogNumber::MAIN,
            sequence: 0,
            part: 0,
            parts: 1,
            source: SourceId(1),
            address: "+15550002222".into(),
            payload: "{}".into(),
            file: None,
            status: DeliveryStatus::Queued,
            attempts: 0,
            next_at: Timestamp(0),
            handed_over_at: None,
            vendor_id: None,
            reason: None,
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
        }
    }

    #[test]
    fn failed_yields_only_to_what_proves_it_wrong() {
        use DeliveryStatus::*;
        fn check(from: DeliveryStatus, to: DeliveryStatus, moves: bool) {
            let mut delivery = Delivery { status: from, ..delivery() };
            assert_eq!(delivery.climb(to, None, Timestamp(1)), moves, "{from:?} to {to:?}");
            assert_eq!(delivery.status, if moves { to } else { from });
        }
        check(Queued, Sent, true);
        check(Queued, Unknown, true);
        check(Unknown, Sent, true);
        check(Unknown, Failed, true);
        check(Sent, Queued, false);
        check(Sent, Failed, true);
        check(Failed, Sent, false);
        check(Failed, Delivered, true);
        check(Failed, Read, true);
        check(Cancelled, Sent, false);
        check(Delivered, Failed, false);
        check(Delivered, Sent, false);
        check(Delivered, Read, true);
        check(Read, Delivered, false);
        check(Read, Failed, false);
    }

    #[test]
    fn a_late_word_on_an_earlier_hand_over_settles_nothing() {
        use DeliveryStatus::*;
        fn check(status: DeliveryStatus, ours: Option<&str>, theirs: Option<&str>, to: DeliveryStatus, heeded: bool) {
            let delivery = Delivery { status, vendor_id: ours.map(Into::into), ..delivery() };
            assert_eq!(delivery.heeds(theirs, to), heeded, "{status:?} {ours:?} {theirs:?} {to:?}");
        }
        check(Sent, Some("new"), Some("new"), Failed, true);
        check(Sent, Some("new"), Some("old"), Failed, false);
        check(Sent, Some("new"), Some("old"), Delivered, true);
        check(Sent, Some("new"), None, Failed, true);
        check(Queued, Some("old"), Some("old"), Failed, false);
        check(Queued, Some("old"), Some("old"), Sent, false);
        check(Queued, Some("old"), Some("old"), Read, true);
        check(Queued, None, Some("first"), Sent, true);
        check(Unknown, None, Some("first"), Failed, true);
    }

    #[test]
    fn only_what_certainly_failed_is_attempted_again_and_not_for_ever() {
        use DeliveryStatus::*;
        fn check(status: DeliveryStatus, attempts: u32, ours: Option<&str>, theirs: Option<&str>, again: bool) {
            let mut delivery =
                Delivery { status, attempts, vendor_id: ours.map(Into::into), handed_over_at: Some(Timestamp(1)), ..delivery() };
            assert_eq!(delivery.attempt_again(theirs, 2, Timestamp(50), Timestamp(7)), again, "{status:?} {attempts} {ours:?} {theirs:?}");
            let expected = if again { (Queued, None, Timestamp(50)) } else { (status, Some(Timestamp(1)), Timestamp(0)) };
            assert_eq!((delivery.status, delivery.handed_over_at, delivery.next_at), expected);
        }
        check(Sent, 1, Some("v1"), Some("v1"), true);
        check(Sent, 2, Some("v1"), Some("v1"), false);
        check(Sent, 1, Some("v2"), Some("v1"), false);
        check(Sent, 1, None, None, false);
        check(Unknown, 1, Some("v1"), Some("v1"), false);
        check(Delivered, 1, Some("v1"), Some("v1"), false);
        check(Queued, 1, Some("v1"), Some("v1"), false);
    }

    proptest! {
        #[test]
        fn receipts_in_any_order_end_at_the_same_place(order in Just(vec![1usize, 3, 5, 6]).prop_shuffle(), repeats in proptest::collection::vec(0..4usize, 0..6)) {
            let mut delivery = delivery();
            let statuses: Vec<_> = order.iter().map(|at| DeliveryStatus::ALL[*at]).filter(|s| *s != DeliveryStatus::Cancelled).collect();
            let mut highest = delivery.status;
            for status in statuses.iter().chain(repeats.iter().map(|at| &statuses[*at % statuses.len()])) {
                delivery.climb(*status, None, Timestamp(1));
                prop_assert!(delivery.status >= highest, "never down");
                highest = delivery.status;
            }
            prop_assert_eq!(delivery.status, DeliveryStatus::Read);
        }

        #[test]
        fn backoff_grows_within_bounds(attempts in 0..64u32, dice in any::<u64>(), asked in proptest::option::of(0..100_000i64)) {
            let wait = backoff_ms(attempts, dice, asked);
            prop_assert!(wait >= 100 && wait >= asked.unwrap_or(0));
            prop_assert!(wait <= (300_000i64).max(asked.unwrap_or(0)));
        }
    }
}
