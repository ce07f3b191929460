//! A conversation's row. Columns hold what lists filter and order by; `state` holds the rest; the last content event is
//! in the events table and joined by its sequence.

use super::codec::{Decoder, Encoder, at_place, place};
use super::event::{CLOSERS, RESPONSE_TIMES, get_party, get_rating, get_role, put_party, put_rating, put_role};
use crate::sqlite::failure::Failure;
use antiphon_domain::conversation::{Asked, Delay, Origin};
use antiphon_domain::event::Party;
use antiphon_domain::{
    AccountId, ConsumerId, Conversation, ConversationId, Dialog, DialogKind, DialogNumber, Event, Participant, Sequence, SkillId, SourceId,
    Timestamp, UserId, Version,
};
use std::sync::Arc;

/// The class of a closed conversation that ended without an agent.
pub const CLOSED_UNASSIGNED: i64 = -1;
/// The class of a closed one that had its agent.
pub const CLOSED: i64 = 0;
/// The class of an open one with its agent.
pub const ASSIGNED: i64 = 1;
/// The class of an open one without.
pub const UNASSIGNED: i64 = 2;
/// The class of one whose main dialog has ended while a survey goes on: open, and nobody's work.
pub const SURVEY: i64 = 3;

/// A conversation's row, ready to be written.
#[derive(Debug)]
pub struct ConversationRow {
    pub id: ConversationId,
    pub version: i64,
    pub class: i64,
    pub updated_at: i64,
    pub skill: i64,
    pub consumer: ConsumerId,
    pub last_content: Option<i64>,
    pub members: Vec<u8>,
    pub state: Vec<u8>,
}

impl ConversationRow {
    pub fn of(conversation: &Conversation) -> Self {
        let class = match (conversation.open, conversation.assigned_agent()) {
            (false, Some(_)) => CLOSED,
            (false, None) => CLOSED_UNASSIGNED,
            (true, _) if conversation.in_survey() => SURVEY,
            (true, Some(_)) => ASSIGNED,
            (true, None) => UNASSIGNED,
        };
        Self {
            id: conversation.id,
            version: number(conversation.version),
            class,
            updated_at: conversation.updated_at.0,
            skill: skill_column(conversation.skill),
            consumer: conversation.consumer,
            last_content: conversation.last_content.as_ref().map(|event| number(event.sequence)),
            members: Members::of(conversation, class).encode(),
            state: encode_state(conversation),
        }
    }
}

/// A counter as a column.
pub fn number(counter: u64) -> i64 {
    i64::try_from(counter).unwrap_or(i64::MAX)
}

/// A skill as a column.
pub fn skill_column(skill: Option<SkillId>) -> i64 {
    skill.map_or(-1, |skill| skill.0)
}

/// What table members holds of a conversation.
#[derive(Debug, PartialEq, Eq)]
pub struct Members {
    pub class: i64,
    pub at: i64,
    /// Users in ascending order, and whether each is the assigned agent.
    pub users: Vec<(UserId, bool)>,
}

impl Members {
    fn of(conversation: &Conversation, class: i64) -> Self {
        let assigned = conversation.assigned_agent();
        let mut users: Vec<UserId> = conversation
            .dialogs
            .iter()
            .flat_map(|dialog| &dialog.participants)
            .filter_map(|participant| match participant.party {
                Party::User(user) => Some(user),
                _ => None,
            })
            .collect();
        users.sort_unstable();
        users.dedup();
        Self {
            class,
            at: if conversation.open { 0 } else { conversation.updated_at.0 },
            users: users.into_iter().map(|user| (user, assigned == Some(user))).collect(),
        }
    }

    fn encode(&self) -> Vec<u8> {
        let mut to = Encoder::new();
        to.i64(self.class).i64(self.at).list(self.users.iter(), |to, (user, assigned)| {
            to.i64(user.0).bool(*assigned);
        });
        to.finish()
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, Failure> {
        let from = &mut Decoder::new(bytes);
        Ok(Self { class: from.i64()?, at: from.i64()?, users: from.list(|from| Ok((UserId(from.i64()?), from.bool()?)))? })
    }
}

fn encode_state(conversation: &Conversation) -> Vec<u8> {
    let mut to = Encoder::new();
    to.u64(conversation.source.0)
        .time(conversation.started_at)
        .option_time(conversation.ended_at)
        .option(conversation.closed_by, |to, by| {
            to.u8(place(&CLOSERS, &by));
        })
        .option_time(conversation.waiting_since)
        .u8(place(&RESPONSE_TIMES, &conversation.response_time.0))
        .i64(conversation.response_time.1)
        .option_time(conversation.last_consumer_at)
        .bool(conversation.first)
        .list(conversation.dialogs.iter(), put_dialog);
    put_rest(&mut to, conversation);
    to.finish()
}

/// What only some conversations have; the others' records end before it.
fn put_rest(to: &mut Encoder, it: &Conversation) {
    let further = it.dialogs.iter().any(|dialog| dialog.app.is_some() || dialog.metadata.is_some());
    let noted = it.origin.is_some() || it.rating.is_some() || it.note.is_some() || it.topic.is_some();
    if !(further || noted || it.manual_due.is_some() || it.delay.is_some() || it.asked.is_some()) {
        return;
    }
    to.option(it.origin.as_deref(), |to, origin| {
        to.option_text(origin.campaign.as_deref()).option_text(origin.context.as_deref()).option_text(origin.client.as_deref()).list(
            origin.features.iter(),
            |to, feature| {
                to.text(feature);
            },
        );
    })
    .option(it.rating, put_rating)
    .option_text(it.note.as_deref())
    .option_text(it.topic.as_deref())
    .option_time(it.manual_due)
    .option(it.delay.as_ref(), |to, delay| {
        to.text(&delay.kind).time(delay.till);
    })
    .list(it.dialogs.iter(), |to, dialog| {
        to.option_text(dialog.app.as_deref()).option_text(dialog.metadata.as_deref());
    });
    if let Some(asked) = it.asked {
        to.u64(u64::from(asked.dialog.0)).u64(asked.sequence).bool(asked.once);
    }
}

fn get_rest(from: &mut Decoder<'_>, it: &mut Conversation) -> Result<(), Failure> {
    it.origin = from.option(|from| {
        Ok(Origin {
            campaign: from.option(|from| from.arc())?,
            context: from.option(|from| from.arc())?,
            client: from.option(|from| from.arc())?,
            features: from.list(|from| from.arc())?,
        }
        .into())
    })?;
    it.rating = from.option(get_rating)?;
    it.note = from.option(|from| from.arc())?;
    it.topic = from.option(|from| from.arc())?;
    it.manual_due = from.option(|from| from.time())?;
    it.delay = from.option(|from| Ok(Delay { kind: from.arc()?, till: from.time()? }))?;
    let further = from.list(|from| Ok((from.option(|from| from.arc())?, from.option(|from| from.arc())?)))?;
    for (dialog, (app, metadata)) in it.dialogs.iter_mut().zip(further) {
        (dialog.app, dialog.metadata) = (app, metadata);
    }
    if !from.is_at_end() {
        it.asked = Some(Asked { dialog: DialogNumber(from.u16()?), sequence: from.u64()?, once: from.bool()? });
    }
    Ok(())
}

fn put_dialog(to: &mut Encoder, dialog: &Dialog) {
    to.u64(u64::from(dialog.number.0))
        .bool(dialog.kind == DialogKind::Main)
        .bool(dialog.open)
        .u64(dialog.next_sequence)
        .time(dialog.created_at)
        .option_time(dialog.ended_at)
        .option(dialog.closed_by, |to, by| {
            to.u8(place(&CLOSERS, &by));
        })
        .option_text(dialog.closed_cause.as_deref())
        .time(dialog.updated_at)
        .list(dialog.participants.iter(), |to, participant| {
            put_party(to, participant.party);
            put_role(to, participant.role);
            to.bool(participant.suggested).u64(u64::from(participant.unread)).option_u64(participant.read_up_to);
        });
}

fn get_dialog(from: &mut Decoder<'_>) -> Result<Dialog, Failure> {
    let number = DialogNumber(from.u16()?);
    let kind = if from.bool()? { DialogKind::Main } else { DialogKind::PostSurvey };
    let open = from.bool()?;
    let next_sequence = from.u64()?;
    let created_at = from.time()?;
    let ended_at = from.option(|from| from.time())?;
    let closed_by = from.option(|from| at_place(&CLOSERS, from.u8()?))?;
    let closed_cause = from.option(|from| from.arc())?;
    let updated_at = from.time()?;
    let participants = from.list(|from| {
        Ok(Participant {
            party: get_party(from)?,
            role: get_role(from)?,
            suggested: from.bool()?,
            unread: from.u32()?,
            read_up_to: from.option(|from| from.u64())?,
        })
    })?;
    Ok(Dialog {
        number,
        kind,
        open,
        next_sequence,
        participants,
        created_at,
        ended_at,
        closed_by,
        closed_cause,
        updated_at,
        app: None,
        metadata: None,
    })
}

/// The columns of a conversation as they are read.
pub struct ConversationColumns<'a> {
    pub id: ConversationId,
    pub version: i64,
    pub class: i64,
    pub updated_at: i64,
    pub skill: i64,
    pub consumer: ConsumerId,
    pub last_content: Option<(Sequence, &'a [u8])>,
    pub state: &'a [u8],
}

impl ConversationColumns<'_> {
    pub fn decode(self, account: &AccountId) -> Result<Conversation, Failure> {
        let from = &mut Decoder::new(self.state);
        let source = SourceId(from.u64()?);
        let started_at = from.time()?;
        let ended_at = from.option(|from| from.time())?;
        let closed_by = from.option(|from| at_place(&CLOSERS, from.u8()?))?;
        let waiting_since = from.option(|from| from.time())?;
        let response_time = (at_place(&RESPONSE_TIMES, from.u8()?)?, from.i64()?);
        let last_consumer_at = from.option(|from| from.time())?;
        let first = from.bool()?;
        let dialogs = from.list(get_dialog)?;
        if dialogs.is_empty() {
            return Err(Failure::corrupt("a conversation without its main dialog"));
        }
        let mut it = Conversation {
            id: self.id,
            account: account.clone(),
            consumer: self.consumer,
            source,
            skill: (self.skill >= 0).then_some(SkillId(self.skill)),
            version: counter(self.version)?,
            open: self.class > CLOSED,
            dialogs,
            started_at,
            ended_at,
            closed_by,
            updated_at: Timestamp(self.updated_at),
            waiting_since,
            response_time,
            last_consumer_at,
            first,
            last_content: self.last_content.map(|(sequence, data)| last_content(sequence, data)).transpose()?,
            origin: None,
            rating: None,
            note: None,
            topic: None,
            manual_due: None,
            delay: None,
            asked: None,
        };
        if !from.is_at_end() {
            get_rest(from, &mut it)?;
        }
        Ok(it)
    }
}

fn last_content(sequence: Sequence, data: &[u8]) -> Result<Arc<Event>, Failure> {
    super::event::decode_event(DialogNumber::MAIN, sequence, data).map(Arc::new)
}

/// A column as a counter.
pub fn counter(column: i64) -> Result<Version, Failure> {
    u64::try_from(column).map_err(|_| Failure::corrupt("a counter is negative"))
}
