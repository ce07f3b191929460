//! Names on the compatible wire: old ids, PIds and dialog ids, both ways.
//!
//! Pure. An old id is `<account>.<user>`; a PId is the user's permanent UUID. The consumer's id is the same in both spaces.
//! Requests may name a user either way, even in one request. Nothing here decides whether the caller may see whom it names.

use antiphon_app::AccountView;
use antiphon_domain::event::Party;
use antiphon_domain::{AccountId, ConversationId, DialogNumber, UserId};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

/// The name space of the PIds of parties that are no users: chosen once, never to be changed.
const NAMESPACE: Uuid = Uuid::from_u128(0x6d0f_44d3_6c53_5b5e_9c5a_2f1d_a7e4_0b17);

/// The largest dialog number that fits into a dialog id.
const MAX_DIALOG: u16 = 63;

/// A user's old id.
pub(crate) fn old_id_of_user(account: &AccountId, user: UserId) -> String {
    format!("{account}.{user}")
}

/// The id of a party in the old space.
pub(crate) fn old_id(account: &AccountId, party: Party) -> String {
    match party {
        Party::Consumer(consumer) => consumer.to_string(),
        Party::User(user) => old_id_of_user(account, user),
        Party::External(source) => format!("{account}.{source}"),
        Party::System => format!("{account}.system"),
    }
}

/// The id of a party in the PId space.
///
/// Parties that are no users, and users that the directory does not know, get a name-based UUID, the same every time.
pub(crate) fn pid(view: &AccountView, party: Party) -> String {
    match party {
        Party::Consumer(consumer) => consumer.to_string(),
        Party::User(user) if view.users.contains_key(&user) => view.users[&user].pid.to_string(),
        _ => Uuid::new_v5(&NAMESPACE, old_id(&view.account.id, party).as_bytes()).to_string(),
    }
}

/// The user whom a client names by old id or PId.
pub(crate) fn user_named(view: &AccountView, text: &str) -> Option<UserId> {
    if let Ok(pid) = text.to_ascii_lowercase().parse() {
        return view.user_by_pid(pid).map(|user| user.id);
    }
    let (account, user) = text.rsplit_once('.')?;
    let user = user.parse().ok()?;
    (account == view.account.id.as_str() && view.users.contains_key(&user)).then_some(user)
}

/// A dialog's id. The main dialog's is the conversation's; another one's is 22 characters of base64url.
///
/// Those 16 bytes are the conversation's, with the dialog's number in the place of the six bits that are the same in
/// every UUID of version 7, so that a dialog id alone tells its conversation.
pub(crate) fn dialog_id(conversation: ConversationId, dialog: DialogNumber) -> String {
    if dialog == DialogNumber::MAIN {
        return conversation.to_string();
    }
    let number = u8::try_from(dialog.0.min(MAX_DIALOG)).unwrap_or(0);
    let mut bytes = conversation.0;
    bytes[6] = (bytes[6] & 0x0f) | ((number & 0x0f) << 4);
    bytes[8] = (bytes[8] & 0x3f) | ((number >> 4) << 6);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The dialog that a dialog id names.
pub(crate) fn dialog_named(text: &str) -> Option<(ConversationId, DialogNumber)> {
    if let Ok(conversation) = text.to_ascii_lowercase().parse() {
        return Some((conversation, DialogNumber::MAIN));
    }
    if text.len() != 22 {
        return None;
    }
    let mut bytes: [u8; 16] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
    let number = (bytes[6] >> 4) | ((bytes[8] >> 6) << 4);
    bytes[6] = (bytes[6] & 0x0f) | 0x70;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    (number != 0).then_some((ConversationId(bytes), DialogNumber(u16::from(number))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::fixtures;
    use antiphon_domain::{ConsumerId, SourceId};

    #[test]
    fn each_party_has_a_name_in_both_spaces() {
        let view = fixtures::view();
        let check = |party: Party, old: &str, new: &str| {
            assert_eq!(old_id(&view.account.id, party), old);
            assert_eq!(pid(&view, party), new);
        };
        let consumer = "07".repeat(32);
        check(Party::Consumer(ConsumerId([7; 32])), &consumer, &consumer);
        check(Party::User(UserId(77)), "12.77", "4d4d4d4d-4d4d-4d4d-4d4d-4d4d4d4d4d4d");
        check(Party::External(SourceId(1)), "12.src_0000000000000001", &pid(&view, Party::External(SourceId(1))));
        check(Party::System, "12.system", &pid(&view, Party::System));
        assert_ne!(pid(&view, Party::External(SourceId(1))), pid(&view, Party::External(SourceId(2))));
    }

    #[test]
    fn a_user_is_found_under_either_name() {
        let view = fixtures::view();
        let check = |text: &str, expected: Option<i64>| assert_eq!(user_named(&view, text), expected.map(UserId), "{text}");
        check("12.77", Some(77));
        check("4d4d4d4d-4d4d-4d4d-4d4d-4d4d4d4d4d4d", Some(77));
        check("4D4D4D4D-4d4d-4d4d-4d4d-4d4d4d4d4d4d", Some(77));
        check("13.77", None);
        check("12.78", None);
        check("77", None);
        check("", None);
        check("12.", None);
    }

    #[test]
    fn a_dialog_id_tells_its_conversation() {
        let conversation: ConversationId = "019aff00-0102-7304-8506-0708090a0b0c".parse().expect("a UUID");
        for number in [0, 1, 2, 15, 16, 63] {
            let id = dialog_id(conversation, DialogNumber(number));
            assert_eq!(dialog_named(&id), Some((conversation, DialogNumber(number))), "{id}");
            assert_eq!(id.len(), if number == 0 { 36 } else { 22 });
        }
        for text in ["", "x", "not-a-dialog-id-at-all", "AAAAAAAAAAAAAAAAAAAAAA", "019aff00010273048506070809"] {
            assert_eq!(dialog_named(text), None, "{text}");
        }
    }
}
