//! The account's settings.

mod show;
mod update;

use crate::state::Api;
use antiphon_domain as domain;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The endpoints.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(show::show_settings, update::update_settings))
}

/// The account's settings.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Settings {
    name: String,
    /// IANA zone.
    timezone: String,
    /// Where conversations go whose entry point names no skill.
    #[schema(required)]
    default_skill_id: Option<String>,
    /// Private networks that outbound calls may reach, as `address/prefix`.
    allow_private_endpoints: Vec<String>,
    /// Offers are assigned at once, without a ring.
    auto_accept: bool,
    /// How long a ring waits for its agent.
    ring_expiration_s: i64,
    /// After an agent's last socket went: until the agent counts as offline.
    offline_after_s: i64,
    /// After an agent's last socket went: until conversations whose consumer waits return to the queue.
    return_to_queue_after_s: i64,
    /// How soon the consumer should have an answer.
    response_time_s: i64,
    /// The same for conversations marked as urgent.
    urgent_response_time_s: i64,
    /// The same for those that go before others.
    prioritized_response_time_s: i64,
    /// With which of them a conversation starts when its opener names none: `NORMAL`, `URGENT` or `PRIORITIZED`.
    default_response_time: String,
    /// How long a transfer to an agent waits for that agent.
    suggestion_s: i64,
    /// The app that asks consumers after a conversation, by the id it is installed under; skills may name another one.
    #[schema(required)]
    survey_app: Option<String>,
    /// A survey in which nothing happens for this long is closed.
    survey_idle_s: i64,
    /// An answered conversation in which nothing happens for this long is closed, without a survey: 25 minutes to 90 days.
    auto_close_s: i64,
    /// A browser without any activity for this long is signed out.
    idle_logout_s: i64,
    /// How notifications to apps are signed, unless an app says otherwise: `sha1_base64`, `sha1_hex`, `sha256_base64` or `sha256_hex`.
    notification_signature: String,
    channel_log_days: i64,
    /// How many agent sockets the account may hold open.
    max_sockets: u32,
    /// Whether files may be uploaded at all.
    file_sharing: bool,
    /// The largest file that a consumer may upload.
    consumer_file_kib: i64,
    /// The largest file that an agent or bot may upload.
    agent_file_kib: i64,
    /// The language of the sentences that we add to what consumers read: `en`, `de`, `es` or `fr`.
    consumer_language: String,
    /// Hosts from which pictures in structured content may come; none: every host, and the workspace shows their addresses only.
    image_hosts: Vec<String>,
}

fn shown(account: &domain::Account) -> Settings {
    let settings = &account.settings;
    Settings {
        name: account.name.clone(),
        timezone: account.timezone.clone(),
        default_skill_id: account.default_skill.map(|skill| skill.to_string()),
        allow_private_endpoints: account.allow_private_endpoints.iter().map(ToString::to_string).collect(),
        auto_accept: settings.auto_accept,
        ring_expiration_s: settings.ring_expiration_s,
        offline_after_s: settings.offline_after_s,
        return_to_queue_after_s: settings.return_to_queue_after_s,
        response_time_s: settings.response_time_s,
        urgent_response_time_s: settings.urgent_response_time_s,
        prioritized_response_time_s: settings.prioritized_response_time_s,
        default_response_time: settings.default_response_time.name().to_owned(),
        suggestion_s: settings.suggestion_s,
        survey_app: settings.survey_app.clone(),
        survey_idle_s: settings.survey_idle_s,
        auto_close_s: settings.auto_close_s,
        idle_logout_s: settings.idle_logout_s,
        notification_signature: settings.notification_signature.name().to_owned(),
        channel_log_days: settings.channel_log_days,
        max_sockets: settings.max_sockets,
        file_sharing: settings.file_sharing,
        consumer_file_kib: settings.consumer_file_kib,
        agent_file_kib: settings.agent_file_kib,
        consumer_language: settings.consumer_language.clone(),
        image_hosts: settings.image_hosts.clone(),
    }
}
