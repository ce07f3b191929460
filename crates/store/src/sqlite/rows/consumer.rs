//! Consumers, their tasks and their files.

use super::codec::{Decoder, Encoder, at_place, place};
use crate::sqlite::failure::Failure;
use antiphon_domain::consent::{Consent, ConsentKind, ConsentProof};
use antiphon_domain::consumer::{Claims, ConsumerProfile};
use antiphon_domain::event::Party;
use antiphon_domain::file::{FileFetch, FileState, Picture, Place};
use antiphon_domain::routing::{Ring, Task};
use antiphon_domain::{
    Consumer, ConsumerId, ConversationId, DialogNumber, FileId, RowId, SkillId, SourceId, StoredFile, Timestamp, UserId,
};

const CONSENTS: [ConsentKind; 2] = [ConsentKind::OptIn, ConsentKind::OptOut];

pub fn encode_consumer(consumer: &Consumer) -> Vec<u8> {
    let mut to = Encoder::new();
    to.option_text(consumer.avatar_url.as_deref())
        .bool(consumer.opted_out)
        .time(consumer.created_at)
        .option_time(consumer.profile_checked_at)
        .option_text(consumer.context.as_deref());
    // Most consumers come from channels that tell nothing of this, and pay nothing for it.
    if let Some(profile) = &consumer.profile {
        put_profile(&mut to, profile);
    }
    to.finish()
}

fn put_profile(to: &mut Encoder, profile: &ConsumerProfile) {
    for text in [
        &profile.first_name,
        &profile.last_name,
        &profile.avatar_url,
        &profile.background_url,
        &profile.role,
        &profile.description,
        &profile.external_id,
        &profile.phone,
        &profile.email,
        &profile.push,
        &profile.attributes,
    ] {
        to.option_text(text.as_deref());
    }
    to.option(profile.claims.as_ref(), |to, claims| {
        to.text(&claims.issuer).text(&claims.level).text(&claims.attributes);
    });
}

fn get_profile(from: &mut Decoder<'_>) -> Result<ConsumerProfile, Failure> {
    let mut text = || from.option(|from| from.arc());
    let mut profile = ConsumerProfile {
        first_name: text()?,
        last_name: text()?,
        avatar_url: text()?,
        background_url: text()?,
        role: text()?,
        description: text()?,
        external_id: text()?,
        phone: text()?,
        email: text()?,
        push: text()?,
        attributes: text()?,
        claims: None,
    };
    profile.claims = from.option(|from| Ok(Claims { issuer: from.arc()?, level: from.arc()?, attributes: from.arc()? }))?;
    Ok(profile)
}

pub fn decode_consumer(id: ConsumerId, source: SourceId, address: String, name: Option<String>, data: &[u8]) -> Result<Consumer, Failure> {
    let from = &mut Decoder::new(data);
    Ok(Consumer {
        id,
        source,
        address,
        name,
        avatar_url: from.option(|from| from.string())?,
        opted_out: from.bool()?,
        created_at: from.time()?,
        profile_checked_at: from.option(|from| from.time())?,
        context: if from.is_at_end() { None } else { from.option(|from| from.string())? },
        profile: if from.is_at_end() { None } else { Some(get_profile(from)?.into()) },
    })
}

pub fn encode_task(task: &Task) -> Vec<u8> {
    let mut to = Encoder::new();
    to.fixed(&task.consumer.0)
        .option_i64(task.skill.map(|skill| skill.0))
        .time(task.enqueued_at)
        .option(task.reserved, |to, (user, until)| {
            to.i64(user.0).time(until);
        })
        .list(task.declined.iter(), |to, (user, until)| {
            to.i64(user.0).time(*until);
        })
        .option(task.ring, |to, ring| {
            to.time(ring.offered_at).i64(ring.agent.0).time(ring.expires_at);
        })
        .option_time(task.last_offer)
        .option_time(task.due_at);
    to.finish()
}

pub fn decode_task(conversation: ConversationId, data: &[u8]) -> Result<Task, Failure> {
    fn user_until(from: &mut Decoder<'_>) -> Result<(UserId, Timestamp), Failure> {
        Ok((UserId(from.i64()?), from.time()?))
    }
    let from = &mut Decoder::new(data);
    Ok(Task {
        conversation,
        consumer: ConsumerId(from.fixed()?),
        skill: from.option(|from| from.i64())?.map(SkillId),
        enqueued_at: from.time()?,
        reserved: from.option(user_until)?,
        declined: from.list(user_until)?,
        ring: from
            .option(|from| Ok(Ring { conversation, offered_at: from.time()?, agent: UserId(from.i64()?), expires_at: from.time()? }))?,
        last_offer: from.option(|from| from.time())?,
        due_at: if from.is_at_end() { None } else { from.option(|from| from.time())? },
    })
}

pub fn encode_consent(consent: &Consent) -> Vec<u8> {
    let mut to = Encoder::new();
    to.u64(consent.source.0).u8(place(&CONSENTS, &consent.kind)).time(consent.at);
    match &consent.proof {
        ConsentProof::Keyword(word) => to.u8(0).text(word),
        ConsentProof::Vendor(how) => to.u8(1).text(how),
        ConsentProof::Administrator { by, proof } => to.u8(2).i64(by.0).text(proof),
    };
    to.finish()
}

pub fn decode_consent(id: RowId, consumer: ConsumerId, data: &[u8]) -> Result<Consent, Failure> {
    let from = &mut Decoder::new(data);
    let source = SourceId(from.u64()?);
    let kind = at_place(&CONSENTS, from.u8()?)?;
    let at = from.time()?;
    let proof = match from.u8()? {
        0 => ConsentProof::Keyword(from.string()?),
        1 => ConsentProof::Vendor(from.string()?),
        2 => ConsentProof::Administrator { by: UserId(from.i64()?), proof: from.string()? },
        _ => return Err(Failure::corrupt("an unknown kind of proof of consent")),
    };
    Ok(Consent { id, source, consumer, kind, proof, at })
}

/// When a file is to be fetched next, as a column: only for those that are still to be fetched.
pub fn fetch_at_column(file: &StoredFile) -> Option<i64> {
    match (&file.state, &file.fetch) {
        (FileState::Pending, Some(fetch)) => Some(fetch.next_at.0),
        _ => None,
    }
}

pub fn encode_file(file: &StoredFile) -> Vec<u8> {
    let mut to = Encoder::new();
    match &file.state {
        FileState::Pending => to.u8(0),
        FileState::Ready => to.u8(1),
        FileState::Failed(reason) => to.u8(2).text(reason),
    };
    to.option_text(file.declared_type.as_deref())
        .option_text(file.content_type.as_deref())
        .option_text(file.name.as_deref())
        .option_u64(file.size)
        .option(file.sha256, |to, hash| {
            to.fixed(&hash);
        })
        .option(file.fetch.as_ref(), |to, fetch| {
            to.u64(fetch.source.0).text(&fetch.url).u64(u64::from(fetch.attempts)).time(fetch.next_at);
        })
        .option(file.shown_in, put_place)
        .time(file.created_at)
        .option(file.owner, put_owner)
        .list(file.also_shown.iter(), |to, place| put_place(to, *place))
        .option(file.picture.as_ref(), |to, picture| {
            to.u64(u64::from(picture.width)).u64(u64::from(picture.height)).text(&picture.preview).bool(picture.thumbnail);
        });
    to.finish()
}

pub fn decode_file(id: FileId, path: String, data: &[u8]) -> Result<StoredFile, Failure> {
    let from = &mut Decoder::new(data);
    let state = match from.u8()? {
        0 => FileState::Pending,
        1 => FileState::Ready,
        2 => FileState::Failed(from.string()?),
        _ => return Err(Failure::corrupt("an unknown state of a file")),
    };
    let mut file = StoredFile {
        id,
        path,
        state,
        declared_type: from.option(|from| from.string())?,
        content_type: from.option(|from| from.string())?,
        name: from.option(|from| from.string())?,
        size: from.option(|from| from.u64())?,
        sha256: from.option(|from| from.fixed())?,
        fetch: from.option(|from| {
            Ok(FileFetch { source: SourceId(from.u64()?), url: from.string()?, attempts: from.u32()?, next_at: from.time()? })
        })?,
        shown_in: from.option(get_place)?,
        created_at: from.time()?,
        owner: None,
        also_shown: Vec::new(),
        picture: None,
    };
    if !from.is_at_end() {
        file.owner = from.option(get_owner)?;
        file.also_shown = from.list(get_place)?;
        file.picture =
            from.option(|from| Ok(Picture { width: from.u32()?, height: from.u32()?, preview: from.string()?, thumbnail: from.bool()? }))?;
    }
    Ok(file)
}

fn put_place(to: &mut Encoder, (conversation, dialog, sequence): Place) {
    to.fixed(&conversation.0).u64(u64::from(dialog.0)).u64(sequence);
}

fn get_place(from: &mut Decoder<'_>) -> Result<Place, Failure> {
    Ok((ConversationId(from.fixed()?), DialogNumber(from.u16()?), from.u64()?))
}

fn put_owner(to: &mut Encoder, owner: Party) {
    match owner {
        Party::User(user) => to.u8(0).i64(user.0),
        Party::Consumer(consumer) => to.u8(1).fixed(&consumer.0),
        Party::External(source) => to.u8(2).u64(source.0),
        Party::System => to.u8(3),
    };
}

fn get_owner(from: &mut Decoder<'_>) -> Result<Party, Failure> {
    Ok(match from.u8()? {
        0 => Party::User(UserId(from.i64()?)),
        1 => Party::Consumer(ConsumerId(from.fixed()?)),
        2 => Party::External(SourceId(from.u64()?)),
        3 => Party::System,
        _ => return Err(Failure::corrupt("an unknown kind of owner of a file")),
    })
}

/// When a file was uploaded that no event shows yet, as a column.
pub fn unshown_at_column(file: &StoredFile) -> Option<i64> {
    file.shown_in.is_none().then_some(file.created_at.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_consumer_of_before_context_was_kept_reads_as_having_none() {
        let consumer = Consumer {
            id: ConsumerId([7; 32]),
            source: SourceId(1),
            address: "+1".to_owned(),
            name: None,
            avatar_url: None,
            opted_out: true,
            created_at: Timestamp(5),
            profile_checked_at: Some(Timestamp(6)),
            context: None,
            profile: None,
        };
        let mut data = encode_consumer(&consumer);
        data.pop();
        assert_eq!(decode_consumer(consumer.id, consumer.source, "+1".to_owned(), None, &data).unwrap(), consumer);
    }

    #[test]
    fn a_file_of_before_owners_were_kept_reads_as_having_none() {
        let file = StoredFile {
            id: FileId(1),
            path: "/v1/a".to_owned(),
            state: FileState::Ready,
            declared_type: None,
            content_type: None,
            name: None,
            size: Some(1),
            sha256: None,
            fetch: None,
            shown_in: None,
            created_at: Timestamp(5),
            owner: None,
            also_shown: Vec::new(),
            picture: None,
        };
        let mut data = encode_file(&file);
        data.truncate(data.len() - 3);
        assert_eq!(decode_file(file.id, file.path.clone(), &data).unwrap(), file);
    }
}
