//! A consumer opens a conversation: with everything that is known about it, in one commit.
//!
//! At most one is open per consumer. One whose survey still goes on does not stand in the way: it is closed by the product
//! first, in a commit of its own, because only the account's dispatcher may hold two conversations.

use super::{ConsumerCaller, ProfileUpdate};
use crate::identity::takes_strangers;
use crate::opening::{Beginning, write_beginning};
use crate::ports::store::{Answered, CommitError, UnitOfWork, Write};
use crate::{AccountState, AccountView, App, Unavailable};
use antiphon_domain::conversation::{Origin, ResponseTimeKind};
use antiphon_domain::event::Party;
use antiphon_domain::routing::Task;
use antiphon_domain::{ConversationId, SkillId, Source};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Longest name of a feature, and most features that are kept.
const FEATURE: (usize, usize) = (64, 32);

/// A conversation to be opened.
#[derive(Clone, Debug, Default)]
pub struct Open {
    /// What is to be known about the consumer from now on. Kept even when they have an open conversation already.
    pub profile: Option<ProfileUpdate>,
    /// Where it goes; as the source says otherwise. A skill that is switched off is passed over.
    pub skill: Option<SkillId>,
    /// Campaign and engagement: a JSON object. One that is unknown goes where the source says.
    pub campaign: Option<Arc<str>>,
    /// Where the consumer comes from: a JSON object.
    pub context: Option<Arc<str>>,
    /// How urgent it is; as the account says otherwise.
    pub response_time: Option<ResponseTimeKind>,
    /// The same key opens one conversation, for 24 h.
    pub idempotency_key: Option<String>,
}

/// A conversation that is open now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Which.
    pub conversation: ConversationId,
    /// The answer to an earlier request with the same key.
    pub repeated: bool,
}

/// Why none was opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct OpenError {
    /// The class.
    pub kind: OpenErrorKind,
    /// A sentence.
    pub message: String,
}

/// The classes of refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenErrorKind {
    /// The consumer has this one open. What was said about them is kept.
    AlreadyOpen(ConversationId),
    /// The source is gone, switched off, or none of our own protocols'.
    SourceOff,
    /// The source is for consumers whom the brand vouches for, and nobody vouches for this one.
    SignInRequired,
    /// There is no such skill.
    NoSuchSkill,
    /// A value makes no sense.
    Invalid,
    /// The same key came with another request before.
    IdempotencyMismatch,
    /// Nothing could be stored.
    Unavailable,
}

impl OpenError {
    fn new(kind: OpenErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

impl From<Unavailable> for OpenError {
    fn from(error: Unavailable) -> Self {
        Self::new(OpenErrorKind::Unavailable, error.to_string())
    }
}

impl From<crate::ports::store::ReadError> for OpenError {
    fn from(error: crate::ports::store::ReadError) -> Self {
        Unavailable::from(error).into()
    }
}

/// What became of one try.
enum Tried {
    Conflict,
    Answered(Answered),
    Refused(OpenError),
}

impl<E: Into<OpenError>> From<E> for Tried {
    fn from(error: E) -> Self {
        Tried::Refused(error.into())
    }
}

impl App {
    /// Opens a conversation; it is usable as soon as this returns.
    ///
    /// # Errors
    /// `AlreadyOpen` with the one there is; otherwise names what is wrong.
    pub async fn open_conversation(self: &Arc<Self>, caller: &ConsumerCaller, request: Open) -> Result<Opened, OpenError> {
        self.check_open(&request)?;
        let asked = fingerprint(caller, &request);
        if let Some(key) = &request.idempotency_key
            && let Some(earlier) = self.store.answered(&caller.account, &caller.key(), key).await?
        {
            return repeat(&earlier, asked);
        }
        let directory = self.directory();
        let (view, source) = self.hosted_source(&directory, caller)?;
        // A token may be older than the setting, so what gave it out is not enough.
        if !caller.authenticated && !takes_strangers(source) {
            let message = "visitors of this source have to be signed in before they open a conversation";
            return Err(OpenError::new(OpenErrorKind::SignInRequired, message));
        }
        let skill = request.skill.map(|skill| skill_of(view, skill)).transpose()?.flatten();
        let state = self.account_state(&caller.account);
        for _ in 0..self.limits.conflict_retries {
            match self.try_open(&state, view, source, caller, &request, (skill, asked)).await {
                Ok(opened) => return Ok(opened),
                Err(Tried::Conflict) => metrics::counter!("antiphon_conflicts_total").increment(1),
                Err(Tried::Answered(earlier)) => return repeat(&earlier, asked),
                Err(Tried::Refused(error)) => return Err(error),
            }
        }
        Err(Unavailable("the consumer's conversations change too fast".to_owned()).into())
    }

    fn check_open(&self, request: &Open) -> Result<(), OpenError> {
        let bad = |message: String| Err(OpenError::new(OpenErrorKind::Invalid, message));
        if let Some(Err(message)) = request.profile.as_ref().map(|profile| profile.check(&self.limits)) {
            return bad(message);
        }
        let most = self.limits.metadata_bytes;
        for (name, json) in [("campaignInfo", &request.campaign), ("conversationContext", &request.context)] {
            if json.as_ref().is_some_and(|json| json.len() > most) {
                return bad(format!("{name}: at most {most} bytes"));
            }
        }
        if request.idempotency_key.as_ref().is_some_and(|key| key.is_empty() || key.len() > 128) {
            return bad("the idempotency key has 1 to 128 characters".to_owned());
        }
        Ok(())
    }

    /// The caller's source, if it is one of our own protocols and takes conversations.
    fn hosted_source<'a>(
        &self,
        directory: &'a crate::Directory,
        caller: &ConsumerCaller,
    ) -> Result<(&'a Arc<AccountView>, &'a Arc<Source>), OpenError> {
        let view = directory.account(&caller.account);
        let found = view.and_then(|view| Some((view, view.sources.get(&caller.source)?)));
        found
            .filter(|(_, source)| source.enabled && self.channel(&source.channel).is_some_and(|channel| channel.describe().hosted))
            .ok_or_else(|| OpenError::new(OpenErrorKind::SourceOff, "the source takes no conversations; an administrator can switch it on"))
    }

    async fn try_open(
        self: &Arc<Self>,
        state: &AccountState,
        view: &Arc<AccountView>,
        source: &Arc<Source>,
        caller: &ConsumerCaller,
        request: &Open,
        (skill, asked): (Option<SkillId>, [u8; 32]),
    ) -> Result<Opened, Tried> {
        let live = &state.live;
        let _consumer_lock = live.lock_consumer(caller.source, &caller.address).await;
        let known = self.known_caller(state, caller).await?;
        let now = self.clock.now();
        let (consumer, changed) = self.presented(caller, known.as_ref(), request.profile.as_ref(), now);
        if let Some(open) = known.as_ref().and_then(|known| known.open)
            && let Some(current) = self.load(state, &caller.account, open).await?.filter(|current| current.open)
        {
            if current.main().open {
                if changed && !self.keep_profile(state, caller, known, consumer).await? {
                    return Err(Tried::Conflict);
                }
                let message = "the consumer has an open conversation, and one at most; close it first, or write into it";
                return Err(OpenError::new(OpenErrorKind::AlreadyOpen(open), message).into());
            }
            self.end_survey(state, &current).await?;
        }
        let beginning = Beginning {
            view,
            source,
            consumer: &consumer,
            first: !known.as_ref().is_some_and(|known| known.had_one),
            by: Party::Consumer(consumer.id),
            skill,
            response_time: request.response_time,
            origin: origin_of(caller, request).map(Arc::new),
        };
        let (begun, change) = self.begin(beginning, now);
        let begun = Arc::new(begun);
        let changes = vec![change];
        let task = Task::of(&begun, now);
        let mut unit = UnitOfWork::new(caller.account.clone());
        if let Some(key) = &request.idempotency_key {
            let answer = begun.id.to_string().into();
            unit.write(Write::Remember { caller: caller.key(), key: key.as_str().into(), asked, answer, at: now });
        }
        if changed {
            unit.write(Write::PutConsumer((*consumer).clone()));
        }
        write_beginning(&mut unit, &begun, &changes, Some(&task));
        // Held until the move is announced, so that nobody announces a later version first.
        let _fresh = live.lock_conversation(begun.id).await;
        if let Err(error) = self.commit(unit).await {
            live.forget_consumer(&consumer);
            return Err(match error {
                CommitError::Conflict => Tried::Conflict,
                CommitError::Answered(earlier) => Tried::Answered(earlier),
                other => Unavailable::from(other).into(),
            });
        }
        let conversation = begun.id;
        self.begun(state, &consumer, begun, Some(task), (Vec::new(), changes));
        Ok(Opened { conversation, repeated: false })
    }
}

/// A skill that takes conversations; `None` for one that is switched off.
fn skill_of(view: &AccountView, skill: SkillId) -> Result<Option<SkillId>, OpenError> {
    let known = view.skills.get(&skill);
    let known = known.ok_or_else(|| OpenError::new(OpenErrorKind::NoSuchSkill, format!("skillId: there is no skill {skill}")))?;
    Ok(known.enabled.then_some(skill))
}

fn origin_of(caller: &ConsumerCaller, request: &Open) -> Option<Origin> {
    let (longest, most) = FEATURE;
    let features = caller.client.features.iter().filter(|feature| feature.len() <= longest).take(most).cloned().collect();
    let origin =
        Origin { campaign: request.campaign.clone(), context: request.context.clone(), client: caller.client.properties.clone(), features };
    (origin != Origin::default()).then_some(origin)
}

fn fingerprint(caller: &ConsumerCaller, request: &Open) -> [u8; 32] {
    let Open { profile, skill, campaign, context, response_time, idempotency_key: _ } = request;
    Sha256::digest(format!("open|{:?}|{profile:?}|{skill:?}|{campaign:?}|{context:?}|{response_time:?}", caller.source)).into()
}

fn repeat(earlier: &Answered, asked: [u8; 32]) -> Result<Opened, OpenError> {
    if earlier.asked != asked {
        return Err(OpenError::new(OpenErrorKind::IdempotencyMismatch, "the same idempotency key came with another request before"));
    }
    let conversation = earlier.answer.parse().map_err(|_| Unavailable("an earlier answer can't be read".to_owned()))?;
    Ok(Opened { conversation, repeated: true })
}
