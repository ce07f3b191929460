//! `PublishEvent` by a consumer: text, files, structured content, receipts and chat states.

use super::Done;
use crate::compat::socket::envelope::{Failure, Request, body};
use crate::compat::socket::publish_event::{Body, Meant, client_message_id, read_event, refused};
use crate::compat::socket::query_messages::read_dialog;
use antiphon_app::publish::{DialogRef, Publish};
use antiphon_app::{App, ConsumerCaller};
use antiphon_domain::{Audience, ConversationId};
use std::sync::Arc;

/// Publishes where the request says, or, for one that came with the opening of a conversation, in that one.
pub(in crate::compat) async fn publish(
    app: &Arc<App>,
    caller: &ConsumerCaller,
    request: &Request<'_>,
    key: Option<&str>,
    opened: Option<ConversationId>,
) -> Result<Done, Failure> {
    let asked: Body<'_> = body(request)?;
    let dialog = match opened {
        Some(conversation) => DialogRef::main(conversation),
        None => {
            let (conversation, number) = read_dialog(asked.dialog_id.as_deref(), asked.conversation_id.as_deref())?;
            DialogRef { conversation, number }
        }
    };
    // Consumers have no private messages: whatever they name, everyone sees it.
    let audience = Audience::All;
    let event = asked.event.ok_or_else(|| Failure::missing("event: say what to publish"))?;
    let sequence = match read_event(event)? {
        Meant::ChatState(state) => {
            app.chat_state_as_consumer(caller, dialog, &state).await.map_err(refused)?;
            0
        }
        Meant::Event(event) => {
            let own = request.metadata.as_deref().map_or(Ok(None), client_message_id)?;
            let metadata = request.metadata.as_deref().map(Into::into);
            let client_message_id = key.map(str::to_owned).or(own);
            let publish = Publish { dialog, audience, body: event, metadata, client_message_id };
            app.publish_as_consumer(caller, publish).await.map_err(refused)?
        }
    };
    Ok(Done::Published(sequence))
}
