//! `GET /api/v1/channels`.

use crate::ask::Ask;
use crate::error::ApiError;
use crate::page::Page;
use antiphon_app::channel::{self, Keys};
use antiphon_content::capabilities::{self, Unit};
use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// A channel as its connector declares it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Channel {
    /// As in URLs and the bootstrap file.
    id: String,
    name: String,
    /// What the address of a source is.
    address_label: String,
    /// The secrets and ids of a source.
    credentials_schema: Vec<FormField>,
    /// The secrets and ids of the brand's app at the vendor; empty when the channel has no such thing.
    app_credentials_schema: Vec<FormField>,
    settings_schema: Vec<FormField>,
    capabilities: Capabilities,
    /// Consumers come to us over our own protocols: there is no vendor to sign in at, and nothing is delivered.
    hosted: bool,
}

/// A field of a settings form.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FormField {
    name: String,
    label: String,
    /// Never shown again once set.
    secret: bool,
    /// A source without it can't be active.
    required: bool,
    #[schema(required)]
    default: Option<String>,
    /// All values that it may have; empty when it takes any text.
    choices: Vec<String>,
    /// What it is and where to find it.
    help: String,
}

/// What the channel can show, and its limits, with default settings.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Capabilities {
    text: TextCapability,
    /// Null when it carries no media.
    #[schema(required)]
    media: Option<MediaCapability>,
    typing_out: bool,
    seen_out: bool,
    delivered: bool,
    read: bool,
    typing_in: bool,
    /// For how long after the consumer's last message the brand may write; null: always.
    #[schema(required)]
    window_hours: Option<u32>,
    /// Words like STOP withdraw consent.
    consent_keywords: bool,
    /// What it shows of structured content: one record of limits per form, null where it lacks the form.
    #[schema(value_type = Object)]
    structured: serde_json::Value,
}

/// How much text one message holds.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TextCapability {
    max: u32,
    /// What `max` counts: `codepoint`, `utf16`, `utf8` or `gsm`.
    unit: String,
    /// Whether people want to see the number of SMS segments.
    segments: bool,
}

/// What media one message holds.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MediaCapability {
    types: Vec<String>,
    /// Of one file.
    max_bytes: u64,
    max_count: u32,
}

/// Every registered channel. For whoever is signed in.
#[utoipa::path(get, path = "/api/v1/channels", tag = "channels", responses((status = 200, body = Page<Channel>)))]
pub(crate) async fn list_channels(ask: Ask) -> Result<Json<Page<Channel>>, ApiError> {
    let items = ask.app().channels().iter().map(|channel| {
        let kind = channel.describe();
        Channel {
            id: kind.id.to_owned(),
            name: kind.name.to_owned(),
            address_label: kind.address_label.to_owned(),
            credentials_schema: fields(kind.credentials),
            app_credentials_schema: fields(kind.app_credentials),
            settings_schema: fields(kind.settings),
            capabilities: shown(&channel.capabilities(&Keys::default())),
            hosted: kind.hosted,
        }
    });
    Ok(Json(Page::whole(items.collect())))
}

fn fields(declared: &[channel::Field]) -> Vec<FormField> {
    let field = |field: &channel::Field| FormField {
        name: field.name.to_owned(),
        label: field.label.to_owned(),
        secret: field.secret,
        required: field.required,
        default: field.default.map(str::to_owned),
        choices: field.choices.iter().map(|choice| (*choice).to_owned()).collect(),
        help: field.help.to_owned(),
    };
    declared.iter().map(field).collect()
}

fn shown(can: &capabilities::Capabilities) -> Capabilities {
    let unit = match can.text.unit {
        Unit::Codepoint => "codepoint",
        Unit::Utf16 => "utf16",
        Unit::Utf8 => "utf8",
        Unit::Gsm => "gsm",
    };
    let media = (!can.media.types.is_empty()).then(|| MediaCapability {
        types: can.media.types.iter().map(|rule| rule.mime.clone()).collect(),
        max_bytes: can.media.max_bytes,
        max_count: can.media.max_per_message,
    });
    Capabilities {
        text: TextCapability { max: can.text.max, unit: unit.to_owned(), segments: can.text.segments },
        media,
        typing_out: can.signals.typing_out,
        seen_out: can.signals.seen_out,
        delivered: can.signals.delivered,
        read: can.signals.read,
        typing_in: can.signals.typing_in,
        window_hours: can.window.as_ref().map(capabilities::Window::longest_hours),
        consent_keywords: can.consent_keywords,
        structured: serde_json::to_value(&can.structured).unwrap_or_default(),
    }
}
