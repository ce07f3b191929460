//! An agent begins a conversation with a consumer whom the account knows, over the source that the consumer came by.
//!
//! The agent has it from the start and must have room for it, which only the account's dispatcher can tell; nothing is sent
//! until they write.

use super::Beginning;
use crate::live::KnownConsumer;
use crate::query::ReadRefused;
use crate::update::{Actor, FieldChange, Update, UpdateErrorKind};
use crate::{AccountState, App, Caller, Unavailable};
use antiphon_domain::conversation::{Origin, ResponseTimeKind};
use antiphon_domain::event::Party;
use antiphon_domain::{Consumer, ConsumerId, Conversation, ConversationId, Privilege, SkillId};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// A conversation that an agent begins.
#[derive(Clone, Debug)]
pub struct OpenByAgent {
    /// With whom.
    pub consumer: ConsumerId,
    /// Its skill; as the consumer's source says otherwise.
    pub skill: Option<SkillId>,
    /// What led to it: a JSON object.
    pub context: Option<Arc<str>>,
    /// Campaign and engagement: a JSON object.
    pub campaign: Option<Arc<str>>,
    /// How urgent it is; as the account says otherwise.
    pub response_time: Option<ResponseTimeKind>,
    /// The caller's own id of the request: the same id begins one conversation, for 24 h.
    pub client_id: Option<String>,
}

/// Why none was begun.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct OpenByAgentError {
    /// The class.
    pub kind: OpenByAgentErrorKind,
    /// A sentence.
    pub message: String,
}

/// The classes of refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenByAgentErrorKind {
    /// The caller handles no conversations.
    Forbidden,
    /// There is no such consumer, or the caller may not know of them.
    NoSuchConsumer,
    /// There is no such skill, or it is switched off.
    NoSuchSkill,
    /// The consumer has this one open.
    AlreadyOpen(ConversationId),
    /// The consumer asked for no more messages.
    OptedOut,
    /// The consumer's source is gone or switched off.
    SourceOff,
    /// The caller has as many conversations as they may.
    Busy,
    /// A value makes no sense.
    Invalid,
    /// The same client id came with another request before.
    IdempotencyMismatch,
    /// Nothing could be stored.
    Unavailable,
}

impl OpenByAgentError {
    pub(crate) fn new(kind: OpenByAgentErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

impl From<Unavailable> for OpenByAgentError {
    fn from(error: Unavailable) -> Self {
        Self::new(OpenByAgentErrorKind::Unavailable, error.to_string())
    }
}

/// What the dispatcher is asked to begin.
pub(crate) struct ByAgent {
    pub caller: Caller,
    pub consumer: Arc<Consumer>,
    pub first: bool,
    pub skill: Option<SkillId>,
    pub response_time: Option<ResponseTimeKind>,
    pub origin: Option<Arc<Origin>>,
    /// The caller's own id of the request, and its fingerprint.
    pub client_id: Option<(Arc<str>, [u8; 32])>,
}

impl ByAgent {
    /// The conversation at its beginning.
    pub(crate) fn beginning<'a>(&'a self, view: &'a crate::AccountView) -> Option<Beginning<'a>> {
        Some(Beginning {
            view,
            source: view.sources.get(&self.consumer.source)?,
            consumer: &self.consumer,
            first: self.first,
            by: Party::User(self.caller.id()),
            skill: self.skill,
            response_time: self.response_time,
            origin: self.origin.clone(),
        })
    }
}

impl App {
    /// Begins a conversation with a known consumer; the caller has it from the start.
    ///
    /// # Errors
    /// Names what is wrong; nothing was begun then.
    pub async fn open_by_agent(self: &Arc<Self>, caller: &Caller, request: OpenByAgent) -> Result<ConversationId, OpenByAgentError> {
        use OpenByAgentErrorKind as Kind;
        let refuse = |kind, sentence: &str| Err(OpenByAgentError::new(kind, sentence));
        if !caller.may(Privilege::HandleConversations) {
            return refuse(Kind::Forbidden, "you need the privilege handle_conversations");
        }
        let most = self.limits.metadata_bytes;
        if [&request.context, &request.campaign].into_iter().flatten().any(|json| json.len() > most) {
            return Err(OpenByAgentError::new(Kind::Invalid, format!("conversationContext, campaignInfo: at most {most} bytes")));
        }
        let directory = self.directory();
        let view = directory.account(&caller.account).ok_or_else(|| Unavailable("the account is gone".to_owned()))?;
        if request.skill.is_some_and(|skill| !view.skills.get(&skill).is_some_and(|skill| skill.enabled)) {
            return refuse(Kind::NoSuchSkill, "skillId: there is no such skill, or it is disabled");
        }
        let known = self.consumer(caller, request.consumer).await.map_err(|refused| match refused {
            ReadRefused::Unavailable(error) => error.into(),
            _ => OpenByAgentError::new(Kind::NoSuchConsumer, "consumerId: there is no such consumer"),
        })?;
        let state = self.account_state(&caller.account);
        let _consumer_lock = state.live.lock_consumer(known.source, &known.address).await;
        let stored = self.store.consumer_state(&caller.account, known.id).await.map_err(Unavailable::from)?;
        let Some(stored) = stored else { return refuse(Kind::NoSuchConsumer, "consumerId: there is no such consumer") };
        if stored.consumer.opted_out {
            return refuse(Kind::OptedOut, "consumerId: the consumer asked for no more messages on this number");
        }
        if !view.sources.get(&stored.consumer.source).is_some_and(|source| source.enabled) {
            return refuse(Kind::SourceOff, "consumerId: the consumer's page or number is not connected, or switched off");
        }
        let asked = fingerprint(&request);
        if let Some(open) = stored.open {
            self.make_way(&state, caller, &request, open, asked).await?;
        }
        let consumer = Arc::new(stored.consumer);
        let ask = ByAgent {
            caller: caller.clone(),
            consumer: Arc::clone(&consumer),
            first: !stored.had_one,
            skill: request.skill,
            response_time: request.response_time,
            origin: origin_of(&request).map(Arc::new),
            client_id: request.client_id.as_deref().map(|id| (id.into(), asked)),
        };
        let begun = state.dispatcher.begin(ask).await;
        match &begun {
            Ok(begun) => state.live.keep_known(KnownConsumer { consumer, open: Some(*begun), had_one: true }),
            Err(_) => state.live.forget_consumer(&consumer),
        }
        begun
    }

    /// What is open stands in the way, unless it is the answer to this very request, or only its survey goes on.
    async fn make_way(
        self: &Arc<Self>,
        state: &AccountState,
        caller: &Caller,
        request: &OpenByAgent,
        open: ConversationId,
        asked: [u8; 32],
    ) -> Result<(), OpenByAgentError> {
        if let Some(id) = &request.client_id {
            let key = Actor::User(caller.clone()).key();
            let earlier = self.store.answered(&caller.account, &key, id).await.map_err(Unavailable::from)?;
            if earlier.is_some_and(|earlier| earlier.asked == asked) {
                return Ok(());
            }
        }
        let current = self.load(state, &caller.account, open).await.map_err(Unavailable::from)?;
        match current.filter(|current| current.open) {
            None => Ok(()),
            Some(current) if current.main().open => {
                let message = "the consumer has an open conversation, and one at most; join that one";
                Err(OpenByAgentError::new(OpenByAgentErrorKind::AlreadyOpen(open), message))
            }
            Some(current) => Ok(self.end_survey(state, &current).await?),
        }
    }

    /// Ends a conversation whose survey still goes on, because another one begins. Hold no conversation's lock.
    pub(crate) async fn end_survey(self: &Arc<Self>, state: &AccountState, current: &Conversation) -> Result<(), Unavailable> {
        let close = FieldChange::Close { cause: Some("Another conversation began".into()) };
        match state.dispatcher.update(Actor::System, Update::new(current.id, vec![close])).await {
            Ok(_) => Ok(()),
            // It ended meanwhile.
            Err(error) if error.kind == UpdateErrorKind::Closed => Ok(()),
            Err(error) => Err(Unavailable(error.message)),
        }
    }
}

fn origin_of(request: &OpenByAgent) -> Option<Origin> {
    let origin = Origin { campaign: request.campaign.clone(), context: request.context.clone(), ..Origin::default() };
    (origin != Origin::default()).then_some(origin)
}

fn fingerprint(request: &OpenByAgent) -> [u8; 32] {
    let OpenByAgent { consumer, skill, context, campaign, response_time, client_id: _ } = request;
    Sha256::digest(format!("open-by-agent|{consumer}|{skill:?}|{context:?}|{campaign:?}|{response_time:?}")).into()
}
