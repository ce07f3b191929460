//! What a consumer chose, by a tap or by typing, of what their conversation offers; and the pages of it that had no room before.
//!
//! A page that is turned is between the consumer and the channel: it is no event, and nobody upstream sees it.

use super::{Again, Place};
use crate::App;
use crate::channel::{InboundContent, InboundItem};
use crate::ports::store::{UnitOfWork, Write};
use crate::structured::{self, Tapped};
use antiphon_content::rich::{Answer, Page};
use antiphon_domain::delivery::Delivery;
use antiphon_domain::{Audience, Content, Conversation, Event, EventBody, Role, Sequence, Timestamp};
use std::sync::Arc;

/// How long a message's choices can be answered, in milliseconds: a day. A number that comes later means something else.
const ANSWERABLE_MS: i64 = 24 * 3_600_000;
/// The most events after a question among which an answer to it is looked for.
const LATER: usize = 50;
/// The most pages of one message.
const PAGES: usize = 64;
/// What consumers type to see more.
const NOUGHT: &str = "0";

/// What a consumer did with what was offered.
pub(super) enum Choice {
    /// They chose; of which message.
    Answer(Sequence, Answer),
    /// They want to see more of it: its next page.
    Page(Vec<Delivery>),
}

impl App {
    /// What contents that arrived choose of what the conversation offers.
    pub(super) async fn chosen(
        &self,
        place: &Place<'_>,
        current: &Conversation,
        contents: &[InboundContent],
        now: Timestamp,
    ) -> Result<Option<Choice>, Again> {
        let [InboundContent::Text { text, payload }] = contents else { return Ok(None) };
        let Some(dialog) = current.current_dialog() else { return Ok(None) };
        let asked = current.asked.filter(|asked| asked.dialog == dialog);
        let (sequence, tapped) = match payload.as_deref() {
            None => match asked {
                Some(asked) => (asked.sequence, None),
                None => return Ok(None),
            },
            Some(payload) => match structured::read_token(payload) {
                Some((of, in_dialog, sequence, tapped)) if of == current.id && in_dialog == dialog => (sequence, Some(tapped)),
                _ => return Ok(None),
            },
        };
        let events = self.store.events(&current.account, current.id, dialog, sequence, LATER).await?;
        let Some((question, later)) = events.split_first().filter(|(event, _)| now.since(event.at) < ANSWERABLE_MS) else {
            return Ok(None);
        };
        let EventBody::Content(content) = &question.body else { return Ok(None) };
        // Where choices are tapped, a number means one only while nothing else was said since.
        if tapped.is_none() && self.has_taps(place) && (later.len() + 1 >= LATER || later.iter().any(says_something)) {
            return Ok(None);
        }
        // Answers below a text are there for once; cards stay.
        let settled = !matches!(content, Content::Rich { .. }) && asked.is_none_or(|asked| asked.sequence != sequence);
        if tapped.is_some() && settled {
            return Ok(None);
        }
        let page = match &tapped {
            Some(Tapped::More(from)) => Some(Page::Tapped(*from)),
            None if text.trim() == NOUGHT => self.next_page(place, current, question).await?,
            _ => None,
        };
        if let Some(page) = page {
            let deliveries = self.page_of(place, current, question, page, now).await?;
            return Ok(deliveries.map(Choice::Page));
        }
        let offered = structured::offered(&place.view.account, question);
        let answer = structured::answer(&offered, tapped.as_ref(), text);
        Ok(answer.map(|answer| Choice::Answer(sequence, answer)))
    }

    /// Whether the channel has anything to tap.
    fn has_taps(&self, place: &Place<'_>) -> bool {
        let can = place.channel.capabilities(&place.view.keys(place.source)).structured;
        can.neutral || can.chips.is_some() || can.buttons.is_some() || can.card.is_some() || can.list.is_some()
    }

    /// The first page of text that has not been sent. Pages say what follows them, so the way there is the same each time.
    async fn next_page(&self, place: &Place<'_>, current: &Conversation, question: &Event) -> Result<Option<Page>, Again> {
        let sent = self.sent(current, question).await?;
        let made = |page| self.page(place.view, place.source, current.id, question, page);
        let mut more = made(Page::First).and_then(|made| made.more);
        for _ in 0..PAGES {
            let Some(page) = more.map(Page::Typed) else { break };
            let Some(adapted) = made(page) else { break };
            let shown = adapted.parts.first().is_some_and(|first| sent.iter().any(|delivery| *delivery.payload == **first));
            if !shown {
                return Ok(Some(page));
            }
            more = adapted.more;
        }
        Ok(None)
    }

    async fn sent(&self, current: &Conversation, question: &Event) -> Result<Vec<Delivery>, Again> {
        let (dialog, sequence) = (question.dialog, question.sequence);
        Ok(self.store.deliveries_of_events(&current.account, current.id, dialog, sequence, sequence).await?)
    }

    /// The outbox rows of a page.
    async fn page_of(
        &self,
        place: &Place<'_>,
        current: &Conversation,
        question: &Event,
        page: Page,
        now: Timestamp,
    ) -> Result<Option<Vec<Delivery>>, Again> {
        let Some(adapted) = self.page(place.view, place.source, current.id, question, page) else { return Ok(None) };
        let sent = self.sent(current, question).await?;
        let Some(address) = sent.first().map(|delivery| Arc::clone(&delivery.address)) else { return Ok(None) };
        let rows = self.rows_of(current, question, &address, None, adapted.parts, sent.len(), now);
        Ok(Some(rows).filter(|rows| !rows.is_empty() && sent.len() < PAGES))
    }

    /// Commits a page, once for what asked for it, and sends it.
    pub(super) async fn turn_page(&self, place: &Place<'_>, item: &InboundItem, page: Vec<Delivery>, now: Timestamp) -> Result<(), Again> {
        let account = &place.view.account.id;
        let mut unit = UnitOfWork::new(account.clone());
        unit.write(Write::Once { source: place.source.id, key: item.key.as_str().into(), at: now });
        unit.writes.extend(page.iter().cloned().map(Write::PutDelivery));
        self.commit(unit).await?;
        self.outbox.push(account, page);
        Ok(())
    }
}

/// Whether the brand said something with it that the consumer saw.
fn says_something(event: &Event) -> bool {
    event.is_content() && event.audience == Audience::All && event.originator.role != Role::Consumer
}
