//! Publishing: what agents, managers, bots and consumers write, the receipts they give, and that they type.
//!
//! One path for all of them; [`author`] is where they differ.

mod author;

use crate::channel::{FilledTemplate, OutboundContent, SignalTo};
use crate::channel_log::{About, Recorder};
use crate::files::FileError;
use crate::ports::bus::ConversationMoved;
use crate::ports::store::{CommitError, UnitOfWork, Write};
use crate::{AccountState, App, Caller, Unavailable};
use antiphon_content::rich::Page;
use antiphon_domain::conversation::{Draft, Refused};
use antiphon_domain::event::{Originator, Party};
use antiphon_domain::id::DialogNumber;
use antiphon_domain::{
    AcceptStatus, AccountId, Audience, Content, Conversation, ConversationId, Delivery, DeliveryId, DeliveryStatus, Event, EventBody, Role,
    Sequence, StoredFile, Timestamp,
};
pub(crate) use author::Author;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// A dialog of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DialogRef {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Which of its dialogs.
    pub number: DialogNumber,
}

impl DialogRef {
    /// A conversation's main dialog.
    pub fn main(conversation: ConversationId) -> Self {
        Self { conversation, number: DialogNumber::MAIN }
    }
}

/// Something to publish.
#[derive(Clone, Debug)]
pub struct Publish {
    /// Where.
    pub dialog: DialogRef,
    /// Who may see it.
    pub audience: Audience,
    /// What it says. A file's content names only its path; the rest is filled in from the stored file.
    pub body: EventBody,
    /// A JSON array to keep and echo.
    pub metadata: Option<Arc<str>>,
    /// The caller's own id of it: the same id with the same content is published once, for 24 h.
    pub client_message_id: Option<String>,
}

/// Why nothing was published.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PublishError {
    /// The class.
    pub kind: PublishErrorKind,
    /// A sentence with the remedy.
    pub message: String,
}

/// The classes of refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublishErrorKind {
    /// It is closed.
    Closed,
    /// No such conversation or dialog.
    NotFound,
    /// The caller takes part, but not in a role that writes.
    Forbidden,
    /// The caller takes no part.
    NotAParticipant,
    /// The consumer withdrew their consent.
    OptedOut,
    /// The channel's reply window is closed.
    WindowClosed,
    /// The source is gone, or the channel can't take it.
    SourceBroken,
    /// No such file, not ready, or not the account's.
    BadFile,
    /// Longer than allowed, or empty.
    BadContent,
    /// A receipt of something that does not exist.
    NoSuchEvent,
    /// The same client id came with other content before.
    IdempotencyMismatch,
    /// Nothing could be stored.
    Unavailable,
}

impl PublishError {
    pub(crate) fn new(kind: PublishErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

impl From<Unavailable> for PublishError {
    fn from(error: Unavailable) -> Self {
        Self::new(PublishErrorKind::Unavailable, error.to_string())
    }
}

impl From<crate::ports::store::ReadError> for PublishError {
    fn from(error: crate::ports::store::ReadError) -> Self {
        Unavailable::from(error).into()
    }
}

impl From<FileError> for PublishError {
    fn from(error: FileError) -> Self {
        let bad = |message: &str| Self::new(PublishErrorKind::BadFile, message);
        match error {
            FileError::Unavailable(error) => error.into(),
            FileError::NotFound => bad("relativePath: there is no such file; upload it first"),
            FileError::NotReady => bad("relativePath: the file has not been uploaded"),
            FileError::PreviewTooLarge(_) => bad(&format!("preview: {error}")),
            other => bad(&format!("relativePath: {other}")),
        }
    }
}

impl From<Refused> for PublishError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Closed => Self::new(PublishErrorKind::Closed, "the conversation is closed"),
            Refused::NoSuchEvent => Self::new(PublishErrorKind::NoSuchEvent, "sequenceList: name at least one event that exists"),
            _ => Self::new(PublishErrorKind::NotFound, "the conversation has no such dialog"),
        }
    }
}

impl App {
    /// Publishes an event; returns its sequence once it is durable.
    ///
    /// # Errors
    /// Names what is wrong; nothing was published then.
    pub async fn publish(self: &Arc<Self>, caller: &Caller, request: Publish) -> Result<Sequence, PublishError> {
        self.publish_by(&Author::User(caller), request).await
    }

    /// Publishes in somebody's name.
    pub(crate) async fn publish_by(self: &Arc<Self>, author: &Author<'_>, request: Publish) -> Result<Sequence, PublishError> {
        self.check_size(author.account(), &request)?;
        let asked = fingerprint(&request);
        let author_key = author.key();
        if let Some(id) = &request.client_message_id
            && let Some(earlier) = self.store.answered(author.account(), &author_key, id).await?
        {
            return repeat(&earlier, asked);
        }
        let template = match author {
            Author::User(caller) => self.with_template(caller, &request).await?,
            Author::Consumer(_) => None,
        };
        let (template, request) = template.map_or((None, request), |(template, request)| (Some(template), request));
        let state = self.account_state(author.account());
        for _ in 0..self.limits.conflict_retries {
            match self.try_publish(&state, author, &request, template.as_ref(), asked, &author_key).await {
                Err(Tried::Conflict) => metrics::counter!("antiphon_conflicts_total").increment(1),
                Err(Tried::Answered(earlier)) => return repeat(&earlier, asked),
                Err(Tried::Refused(error)) => return Err(error),
                Ok(sequence) => return Ok(sequence),
            }
        }
        Err(Unavailable("the conversation changes too fast".to_owned()).into())
    }

    async fn try_publish(
        self: &Arc<Self>,
        state: &AccountState,
        author: &Author<'_>,
        request: &Publish,
        template: Option<&FilledTemplate>,
        asked: [u8; 32],
        author_key: &Arc<str>,
    ) -> Result<Sequence, Tried> {
        let id = request.dialog.conversation;
        let account = author.account();
        let guard = state.live.lock_conversation(id).await;
        let current = self.load(state, account, id).await?.ok_or_else(|| not_found(id))?;
        let role = author.writing_role(&current, request)?;
        let now = self.clock.now();
        let (body, file) = self.complete(author, &request.body).await?;
        let mut next = (*current).clone();
        let draft = Draft {
            originator: Originator { party: author.party(), role },
            vendor_at: None,
            audience: request.audience,
            body,
            metadata: request.metadata.clone(),
        };
        let event = Arc::new(next.append(request.dialog.number, draft, now).map_err(PublishError::from)?);
        let mut deliveries = match author {
            Author::User(_) => self.deliveries_of(state, &current, &event, (file.as_ref(), template), now).await?,
            Author::Consumer(_) => Vec::new(),
        };
        // Saves a commit of its own for the mark that the outbox sets before each hand-over.
        if let Some(first) = deliveries.first_mut()
            && self.outbox.would_send_now(id, first.source, now)
        {
            first.attempts = 1;
            first.handed_over_at = Some(now);
        }
        let next = Arc::new(next);
        let mut unit = UnitOfWork::new(account.clone());
        if let Some(client_id) = &request.client_message_id {
            let answer = event.sequence.to_string().into();
            unit.write(Write::Remember { caller: Arc::clone(author_key), key: client_id.as_str().into(), asked, answer, at: now });
        }
        unit.write(Write::PutConversation { conversation: Arc::clone(&next), was: current.version });
        unit.write(Write::AddEvent { conversation: id, event: Arc::clone(&event) });
        unit.writes.extend(deliveries.iter().cloned().map(Write::PutDelivery));
        if let Some(mut file) = file {
            file.show((id, event.dialog, event.sequence));
            unit.write(Write::PutFile(file));
        }
        if let Err(error) = self.commit(unit).await {
            state.live.forget_conversation(id);
            return Err(match error {
                CommitError::Conflict => Tried::Conflict,
                CommitError::Answered(earlier) => Tried::Answered(earlier),
                other => Tried::Refused(Unavailable::from(other).into()),
            });
        }
        state.live.keep_conversation(Arc::clone(&next));
        let sequence = event.sequence;
        self.announce_move(ConversationMoved {
            after: Arc::clone(&next),
            departed: Vec::new(),
            events: vec![Arc::clone(&event)],
            changes: Vec::new(),
        });
        drop(guard);
        self.outbox.push(account, deliveries);
        if matches!(event.body, EventBody::Accept { status: AcceptStatus::Read, .. }) && role == Role::AssignedAgent {
            self.signal(&next, Signal::Seen);
        }
        Ok(sequence)
    }

    /// Tells others in the dialog, and the channel where it shows that, what the caller does. Never stored.
    ///
    /// # Errors
    /// When the caller takes no part, or the dialog is closed.
    pub async fn chat_state(self: &Arc<Self>, caller: &Caller, dialog: DialogRef, chat_state: &str) -> Result<(), PublishError> {
        let (conversation, party) = self.typing_in(&Author::User(caller), dialog, chat_state).await?;
        if dialog.number == DialogNumber::MAIN && conversation.assigned_agent() == Some(caller.id()) {
            self.signal(&conversation, Signal::Typing(chat_state == "COMPOSING"));
        }
        self.announce_chat_state(conversation, dialog.number, party, chat_state);
        Ok(())
    }

    /// Checks that somebody may type in a dialog.
    pub(crate) async fn typing_in(
        self: &Arc<Self>,
        author: &Author<'_>,
        dialog: DialogRef,
        chat_state: &str,
    ) -> Result<(Arc<Conversation>, Party), PublishError> {
        const KNOWN: [&str; 5] = ["ACTIVE", "INACTIVE", "GONE", "COMPOSING", "PAUSE"];
        if !KNOWN.contains(&chat_state) {
            return Err(PublishError::new(PublishErrorKind::BadContent, format!("chatState: one of {}", KNOWN.join(", "))));
        }
        let state = self.account_state(author.account());
        let current = self.load(&state, author.account(), dialog.conversation).await?;
        let current = current.ok_or_else(|| not_found(dialog.conversation))?;
        if author.role_in(&current, dialog.number)? == Role::Reader {
            return Err(PublishError::new(PublishErrorKind::Forbidden, "a reader sees everything and writes nothing"));
        }
        if !current.dialog(dialog.number).is_some_and(|dialog| dialog.open) {
            return Err(Refused::Closed.into());
        }
        Ok((current, author.party()))
    }

    fn check_size(&self, account: &AccountId, request: &Publish) -> Result<(), PublishError> {
        let bad = |message: String| Err(PublishError::new(PublishErrorKind::BadContent, message));
        if request.metadata.as_ref().is_some_and(|metadata| metadata.len() > self.limits.metadata_bytes) {
            return bad(format!("metadata: at most {} bytes", self.limits.metadata_bytes));
        }
        if request.client_message_id.as_ref().is_some_and(|id| id.is_empty() || id.len() > 128) {
            return bad("metadata: a ClientMessageId has 1 to 128 characters".to_owned());
        }
        match &request.body {
            EventBody::Content(Content::Text { text, .. }) if text.trim().is_empty() => bad("message: the text is empty".to_owned()),
            EventBody::Content(Content::Text { text, .. }) if text.chars().count() > self.limits.text_characters => {
                bad(format!("message: at most {} characters", self.limits.text_characters))
            }
            EventBody::Content(Content::Rich { json, .. }) if json.len() > self.limits.rich_bytes => {
                bad(format!("content: at most {} bytes", self.limits.rich_bytes))
            }
            EventBody::Content(content) if content.asks() => {
                let directory = self.directory();
                let hosts = directory.account(account).map(|view| view.account.settings.image_hosts.as_slice()).unwrap_or_default();
                crate::structured::check(content, self.limits.rich_bytes, hosts, self.clock.now())
                    .map_err(|problem| PublishError::new(PublishErrorKind::BadContent, problem))
            }
            EventBody::Accept { sequences, .. } if sequences.len() > 1_000 => bad("sequenceList: at most 1000 events".to_owned()),
            _ => Ok(()),
        }
    }

    /// Fills a file's content in from the stored file, which must be the author's to show, and ready.
    async fn complete(self: &Arc<Self>, author: &Author<'_>, body: &EventBody) -> Result<(EventBody, Option<StoredFile>), PublishError> {
        let EventBody::Content(content @ Content::File { .. }) = body else { return Ok((body.clone(), None)) };
        let (content, file) = self.file_to_show(&author.owner(), content).await?;
        Ok((EventBody::Content(content), Some(file)))
    }

    /// The outbox rows of an event that the consumer is to see.
    async fn deliveries_of(
        &self,
        state: &AccountState,
        conversation: &Conversation,
        event: &Event,
        with: (Option<&StoredFile>, Option<&FilledTemplate>),
        now: Timestamp,
    ) -> Result<Vec<Delivery>, PublishError> {
        if !event.is_content() || event.audience != Audience::All {
            return Ok(Vec::new());
        }
        let consumer = self.load_consumer(state, &conversation.account, conversation.consumer).await?;
        let consumer = consumer.ok_or_else(|| PublishError::new(PublishErrorKind::NotFound, "the consumer is gone"))?;
        let composer = self.composer(conversation, &consumer);
        if !composer.enabled {
            let kind = match composer.code {
                // What the vendor approved beforehand may go out at any time.
                Some("window_closed") if with.1.is_some() => return self.parts_of(conversation, &consumer, event, with, now),
                Some("opted_out") => PublishErrorKind::OptedOut,
                Some("window_closed") => PublishErrorKind::WindowClosed,
                Some("closed") => PublishErrorKind::Closed,
                // A broken source does not refuse: what is written waits in the outbox until it is connected again.
                Some("source_broken" | "source_off" | "in_survey") => return self.parts_of(conversation, &consumer, event, with, now),
                _ => PublishErrorKind::SourceBroken,
            };
            return Err(PublishError::new(kind, composer.reason.unwrap_or_default()));
        }
        self.parts_of(conversation, &consumer, event, with, now)
    }

    fn parts_of(
        &self,
        conversation: &Conversation,
        consumer: &antiphon_domain::Consumer,
        event: &Event,
        (stored, template): (Option<&StoredFile>, Option<&FilledTemplate>),
        now: Timestamp,
    ) -> Result<Vec<Delivery>, PublishError> {
        let directory = self.directory();
        let view = directory.account(&conversation.account);
        let source = view.and_then(|view| view.sources.get(&conversation.source));
        let channel = source.and_then(|source| self.channel(&source.channel));
        let (Some(view), Some(source), Some(channel)) = (view, source, channel) else {
            return Err(PublishError::new(
                PublishErrorKind::SourceBroken,
                "the page or number of this conversation is no longer connected",
            ));
        };
        // Who reads over our own protocols finds it there.
        if channel.describe().hosted {
            return Ok(Vec::new());
        }
        let EventBody::Content(content) = &event.body else { return Ok(Vec::new()) };
        let structured = || {
            let shown = crate::structured::presentation(&view.account, conversation.id, event, Page::First)?;
            Some(OutboundContent::Structured(Box::new(shown)))
        };
        let (outbound, file) = match content {
            Content::Text { text, .. } => match template {
                Some(template) => (OutboundContent::Template(Box::new(template.clone())), None),
                None => (structured().unwrap_or_else(|| OutboundContent::Text(Arc::clone(text))), None),
            },
            Content::File { path, caption, .. } => {
                let stored = stored.ok_or_else(|| PublishError::new(PublishErrorKind::BadFile, "relativePath: there is no such file"))?;
                let content_type = stored.content_type.as_deref().unwrap_or("application/octet-stream");
                let content = OutboundContent::File {
                    path: Arc::clone(path),
                    content_type: content_type.into(),
                    name: stored.name.as_deref().map(Into::into),
                    size: stored.size.unwrap_or(0),
                    caption: Arc::clone(caption),
                };
                (content, Some(Arc::clone(path)))
            }
            Content::Rich { .. } => match structured() {
                Some(outbound) => (outbound, None),
                None => {
                    return Err(PublishError::new(
                        PublishErrorKind::BadContent,
                        "content: nothing in it can be shown as text on this channel",
                    ));
                }
            },
        };
        let adapted = channel.adapt(&outbound, &channel.capabilities(&view.keys(source)));
        if adapted.parts.is_empty() {
            let why = adapted.losses.first().map(|loss| loss.message.clone()).unwrap_or_else(|| "the channel can't show it".to_owned());
            return Err(PublishError::new(PublishErrorKind::BadContent, why));
        }
        Ok(self.rows_of(conversation, event, &consumer.address, file.as_ref(), adapted.parts, 0, now))
    }

    /// The outbox rows of what adaptation made of an event; `first` is the number of the first of them.
    #[expect(clippy::too_many_arguments, reason = "what a row is made of")]
    pub(crate) fn rows_of(
        &self,
        conversation: &Conversation,
        event: &Event,
        address: &str,
        file: Option<&Arc<str>>,
        payloads: Vec<String>,
        first: usize,
        now: Timestamp,
    ) -> Vec<Delivery> {
        let number = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
        let parts = number(first + payloads.len());
        let row = |(part, payload): (usize, String)| Delivery {
            id: DeliveryId(self.ids.ascending(now)),
            conversation: conversation.id,
            dialog: event.dialog,
            sequence: event.sequence,
            part: number(first + part),
            parts,
            source: conversation.source,
            address: address.into(),
            payload: payload.into(),
            file: file.cloned(),
            status: DeliveryStatus::Queued,
            attempts: 0,
            next_at: now,
            handed_over_at: None,
            vendor_id: None,
            reason: None,
            created_at: now,
            updated_at: now,
        };
        payloads.into_iter().enumerate().map(row).collect()
    }

    /// Shows the consumer what the agent does, where the channel can: best effort, in the background.
    fn signal(self: &Arc<Self>, conversation: &Arc<Conversation>, signal: Signal) {
        let directory = self.directory();
        let Some(view) = directory.account(&conversation.account).cloned() else { return };
        let Some(source) = view.sources.get(&conversation.source).filter(|source| source.enabled).cloned() else { return };
        let Some(channel) = self.channel(&source.channel).filter(|channel| channel.signals().is_some()).cloned() else { return };
        let (app, conversation) = (Arc::clone(self), Arc::clone(conversation));
        self.spawn(async move {
            let state = app.account_state(&conversation.account);
            let Ok(Some(consumer)) = app.load_consumer(&state, &conversation.account, conversation.consumer).await else { return };
            let net = Recorder::new(&app, &view, &source, &*channel, About::conversation(conversation.id));
            let Ok(keys) = app.signed_in(&view, &source, &*channel).await else { return };
            if let (Some(signals), false) = (channel.signals(), consumer.opted_out) {
                let about = state.live.about(source.id, &consumer.address);
                let to = SignalTo { address: &consumer.address, about: about.as_deref() };
                let outcome = match signal {
                    Signal::Typing(on) => signals.typing(&keys, to, on, &net).await,
                    Signal::Seen => signals.seen(&keys, to, &net).await,
                };
                if outcome.is_err() {
                    metrics::counter!("antiphon_signals_failed_total", "channel" => channel.describe().id).increment(1);
                }
            }
        });
    }
}

#[derive(Clone, Copy)]
enum Signal {
    Typing(bool),
    Seen,
}

/// What became of one try.
enum Tried {
    Conflict,
    Answered(crate::ports::store::Answered),
    Refused(PublishError),
}

impl<E: Into<PublishError>> From<E> for Tried {
    fn from(error: E) -> Self {
        Tried::Refused(error.into())
    }
}

fn not_found(id: ConversationId) -> PublishError {
    PublishError::new(PublishErrorKind::NotFound, format!("conversation {id} does not exist"))
}

fn fingerprint(request: &Publish) -> [u8; 32] {
    Sha256::digest(format!("{:?}|{:?}|{:?}", request.dialog, request.audience, request.body)).into()
}

fn repeat(earlier: &crate::ports::store::Answered, asked: [u8; 32]) -> Result<Sequence, PublishError> {
    if earlier.asked != asked {
        return Err(PublishError::new(PublishErrorKind::IdempotencyMismatch, "the same ClientMessageId came with other content before"));
    }
    earlier.answer.parse().map_err(|_| Unavailable("an earlier answer can't be read".to_owned()).into())
}
