//! Which request is which: both families of names lead to the same handlers, one file for each request.

use super::envelope::{Failure, Out, Request, respond_sentence, unknown};
use super::session::Session;
use super::{
    agent_request_conversation, extension_subscribe, generate_url, get_clock, get_user_profile, init_connection, publish_event,
    query_messages, set_agent_state, subscribe_agents_state, subscribe_ex_conversations, subscribe_routing_tasks,
    unsubscribe_ex_conversations, update_conversation_field, update_ring_state,
};

/// Answers a request: exactly one response, pushed here or made of the failure.
pub(super) async fn answer(session: &mut Session, request: &Request<'_>, out: &mut Out) -> Result<(), Failure> {
    metrics::counter!("antiphon_socket_requests_total").increment(1);
    match request.name.as_str() {
        "GetClock" => get_clock::answer(session, request, out),
        "KeepAlive" => {
            out.push(respond_sentence(request, 200, "OK"));
            Ok(())
        }
        "InitConnection" => init_connection::answer(request, out),
        "SubscribeExConversations" => subscribe_ex_conversations::answer(session, request, out).await,
        "UpdateExConversationSubscription" => subscribe_ex_conversations::change(session, request, out).await,
        "UnsubscribeExConversations" => unsubscribe_ex_conversations::answer(session, request, out),
        "SubscribeRoutingTasks" => subscribe_routing_tasks::answer(session, request, out).await,
        "UpdateRoutingTaskSubscription" => {
            out.push(respond_sentence(request, 200, "OK Subscription updated successfully"));
            Ok(())
        }
        "UpdateRingState" => update_ring_state::answer(session, request, out).await,
        "SetAgentState" => set_agent_state::answer(session, request, out).await,
        "SubscribeAgentsState" => subscribe_agents_state::answer(session, request, out).await,
        "QueryMessages" | "SubscribeMessagingEvents" => query_messages::answer(session, request, out).await,
        "PublishEvent" => publish_event::answer(session, request, out).await,
        "UpdateConversationField" => update_conversation_field::answer(session, request, out).await,
        "GetUserProfile" => get_user_profile::answer(session, request, out).await,
        "GenerateURLForUploadFile" => generate_url::upload(session, request, out).await,
        "GenerateURLForDownloadFile" => generate_url::download(session, request, out).await,
        "AgentRequestConversation" => agent_request_conversation::answer(session, request, out).await,
        "antiphon.Subscribe" => extension_subscribe::answer(session, request, out),
        "ConsumerRequestConversation" | "SetUserProfile" | "GenerateUploadToken" => {
            Err(Failure::forbidden(format!("type: {} is for consumers; this is an agent's socket", request.name)))
        }
        "GenerateDownloadToken" => Err(Failure::not_offered("type: secure forms are not offered by this server")),
        other => Err(unknown(other)),
    }
}
