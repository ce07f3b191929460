//! Events and changes: everything of them that is not in their keys.

use super::codec::{Decoder, Encoder, at_place, place};
use crate::sqlite::failure::Failure;
use antiphon_domain::conversation::{ChangeKind, ClosedBy, Rating, RatingStatus, ResponseTimeKind};
use antiphon_domain::event::Party;
use antiphon_domain::routing::RingState;
use antiphon_domain::{
    AcceptStatus, Audience, Change, ConsumerId, Content, DialogNumber, Event, EventBody, FileId, Originator, Role, Sequence, SkillId,
    SourceId, UserId, Version,
};

pub const CLOSERS: [ClosedBy; 3] = [ClosedBy::Agent, ClosedBy::Consumer, ClosedBy::System];
pub const RESPONSE_TIMES: [ResponseTimeKind; 4] =
    [ResponseTimeKind::Normal, ResponseTimeKind::Urgent, ResponseTimeKind::Prioritized, ResponseTimeKind::Custom];

const RING_STATES: [RingState; 5] =
    [RingState::Waiting, RingState::Accepted, RingState::Rejected, RingState::Expired, RingState::Cancelled];

pub fn put_party(to: &mut Encoder, party: Party) {
    match party {
        Party::Consumer(id) => to.u8(0).fixed(&id.0),
        Party::User(id) => to.u8(1).i64(id.0),
        Party::External(id) => to.u8(2).u64(id.0),
        Party::System => to.u8(3),
    };
}

pub fn get_party(from: &mut Decoder<'_>) -> Result<Party, Failure> {
    match from.u8()? {
        0 => Ok(Party::Consumer(ConsumerId(from.fixed()?))),
        1 => Ok(Party::User(UserId(from.i64()?))),
        2 => Ok(Party::External(SourceId(from.u64()?))),
        3 => Ok(Party::System),
        _ => Err(Failure::corrupt("an unknown kind of party")),
    }
}

pub fn put_role(to: &mut Encoder, role: Role) {
    to.u8(place(&Role::ALL, &role));
}

pub fn get_role(from: &mut Decoder<'_>) -> Result<Role, Failure> {
    at_place(&Role::ALL, from.u8()?)
}

pub fn encode_event(event: &Event) -> Vec<u8> {
    let mut to = Encoder::new();
    put_party(&mut to, event.originator.party);
    put_role(&mut to, event.originator.role);
    to.time(event.at).option_time(event.vendor_at).bool(event.audience == Audience::All).option_text(event.metadata.as_deref());
    match &event.body {
        EventBody::Content(Content::Text { text, quick_replies }) => {
            to.u8(0).text(text).option_text(quick_replies.as_deref());
        }
        EventBody::Content(Content::File { file, path, caption, file_type, preview }) => {
            to.u8(1).u64(file.0).text(path).text(caption).text(file_type).option_text(preview.as_deref());
        }
        EventBody::Content(Content::Rich { json, quick_replies }) => {
            to.u8(2).text(json).option_text(quick_replies.as_deref());
        }
        EventBody::Accept { status, sequences } => {
            to.u8(3).u8(place(&AcceptStatus::ALL, status)).list(sequences.iter(), |to, sequence| {
                to.u64(*sequence);
            });
        }
    }
    to.finish()
}

pub fn decode_event(dialog: DialogNumber, sequence: Sequence, data: &[u8]) -> Result<Event, Failure> {
    let from = &mut Decoder::new(data);
    let originator = Originator { party: get_party(from)?, role: get_role(from)? };
    let at = from.time()?;
    let vendor_at = from.option(|from| from.time())?;
    let audience = if from.bool()? { Audience::All } else { Audience::AgentsAndManagers };
    let metadata = from.option(|from| from.arc())?;
    let body = match from.u8()? {
        0 => EventBody::Content(Content::Text { text: from.arc()?, quick_replies: from.option(|from| from.arc())? }),
        1 => EventBody::Content(Content::File {
            file: FileId(from.u64()?),
            path: from.arc()?,
            caption: from.arc()?,
            file_type: from.arc()?,
            preview: from.option(|from| from.arc())?,
        }),
        2 => EventBody::Content(Content::Rich { json: from.arc()?, quick_replies: from.option(|from| from.arc())? }),
        3 => EventBody::Accept { status: at_place(&AcceptStatus::ALL, from.u8()?)?, sequences: from.list(|from| from.u64())? },
        _ => return Err(Failure::corrupt("an unknown kind of event")),
    };
    Ok(Event { dialog, sequence, originator, at, vendor_at, audience, body, metadata })
}

pub fn encode_change(change: &Change) -> Vec<u8> {
    let mut to = Encoder::new();
    to.time(change.at).option(change.by, put_party);
    match change.kind {
        ChangeKind::Opened => {
            to.u8(0);
        }
        ChangeKind::SkillChanged { from: left, to: reached } => {
            to.u8(1).option_i64(left.map(|skill| skill.0)).option_i64(reached.map(|skill| skill.0));
        }
        ChangeKind::AgentAssigned(user) => {
            to.u8(2).i64(user.0);
        }
        ChangeKind::AgentRemoved(user) => {
            to.u8(3).i64(user.0);
        }
        ChangeKind::AgentSuggested(user) => {
            to.u8(4).i64(user.0);
        }
        ChangeKind::Joined(user, role) => put_role(to.u8(5).i64(user.0), role),
        ChangeKind::Left(user, role) => put_role(to.u8(6).i64(user.0), role),
        ChangeKind::ResponseTimeChanged(kind, seconds) => {
            to.u8(7).u8(place(&RESPONSE_TIMES, &kind)).i64(seconds);
        }
        ChangeKind::Closed(by) => {
            to.u8(8).u8(place(&CLOSERS, &by));
        }
        ChangeKind::DialogOpened(number) => {
            to.u8(9).u64(u64::from(number.0));
        }
        ChangeKind::DialogClosed(number, by) => {
            to.u8(10).u64(u64::from(number.0)).u8(place(&CLOSERS, &by));
        }
        ChangeKind::DialogTagged(number) => {
            to.u8(11).u64(u64::from(number.0));
        }
        ChangeKind::Rated(rating) => put_rating(to.u8(12), rating),
        ChangeKind::NoteChanged => {
            to.u8(13);
        }
        ChangeKind::TopicChanged => {
            to.u8(14);
        }
        ChangeKind::DelayChanged(till) => {
            to.u8(15).option_time(till);
        }
        ChangeKind::DueChanged(due) => {
            to.u8(16).option_time(due);
        }
        ChangeKind::SuggestionEnded(user) => {
            to.u8(17).i64(user.0);
        }
        ChangeKind::RingEnded { agent, offered_at, state } => {
            to.u8(18).i64(agent.0).time(offered_at).u8(place(&RING_STATES, &state));
        }
    }
    if change.metadata.is_some() {
        to.option_text(change.metadata.as_deref());
    }
    to.finish()
}

pub fn put_rating(to: &mut Encoder, rating: Rating) {
    to.option_u64(rating.stars.map(u64::from))
        .option(rating.resolved, |to, resolved| {
            to.bool(resolved);
        })
        .u8(place(&RatingStatus::ALL, &rating.status));
}

pub fn get_rating(from: &mut Decoder<'_>) -> Result<Rating, Failure> {
    Ok(Rating {
        stars: from.option(|from| from.u8())?,
        resolved: from.option(|from| from.bool())?,
        status: at_place(&RatingStatus::ALL, from.u8()?)?,
    })
}

pub fn decode_change(version: Version, data: &[u8]) -> Result<Change, Failure> {
    let from = &mut Decoder::new(data);
    let at = from.time()?;
    let by = from.option(get_party)?;
    let kind = match from.u8()? {
        0 => ChangeKind::Opened,
        1 => ChangeKind::SkillChanged {
            from: from.option(|from| from.i64())?.map(SkillId),
            to: from.option(|from| from.i64())?.map(SkillId),
        },
        2 => ChangeKind::AgentAssigned(UserId(from.i64()?)),
        3 => ChangeKind::AgentRemoved(UserId(from.i64()?)),
        4 => ChangeKind::AgentSuggested(UserId(from.i64()?)),
        5 => ChangeKind::Joined(UserId(from.i64()?), get_role(from)?),
        6 => ChangeKind::Left(UserId(from.i64()?), get_role(from)?),
        7 => ChangeKind::ResponseTimeChanged(at_place(&RESPONSE_TIMES, from.u8()?)?, from.i64()?),
        8 => ChangeKind::Closed(at_place(&CLOSERS, from.u8()?)?),
        9 => ChangeKind::DialogOpened(DialogNumber(from.u16()?)),
        10 => ChangeKind::DialogClosed(DialogNumber(from.u16()?), at_place(&CLOSERS, from.u8()?)?),
        11 => ChangeKind::DialogTagged(DialogNumber(from.u16()?)),
        12 => ChangeKind::Rated(get_rating(from)?),
        13 => ChangeKind::NoteChanged,
        14 => ChangeKind::TopicChanged,
        15 => ChangeKind::DelayChanged(from.option(|from| from.time())?),
        16 => ChangeKind::DueChanged(from.option(|from| from.time())?),
        17 => ChangeKind::SuggestionEnded(UserId(from.i64()?)),
        18 => ChangeKind::RingEnded { agent: UserId(from.i64()?), offered_at: from.time()?, state: at_place(&RING_STATES, from.u8()?)? },
        _ => return Err(Failure::corrupt("an unknown kind of change")),
    };
    let metadata = if from.is_at_end() { None } else { from.option(|from| from.arc())? };
    Ok(Change { version, at, kind, by, metadata })
}
