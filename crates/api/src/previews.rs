//! What a channel makes of content, before anybody sends it: for composers, and for authors who check what they wrote.

use crate::ask::Ask;
use crate::error::ApiError;
use crate::state::Api;
use antiphon_app::structured::Preview;
use antiphon_content::rich::{Form, Native, NativeButton, NativeCard, NativeSection, Tap};
use antiphon_domain::{Content, Privilege, SourceId};
use axum::Json;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The endpoints.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(preview))
}

/// Content to look at: a text or structured content, and quick replies below it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewAsked {
    /// The source that would send it; without one, `channel` as it is by default.
    source_id: Option<String>,
    /// A channel's id.
    channel: Option<String>,
    /// A text.
    text: Option<String>,
    /// Structured content.
    #[schema(value_type = Option<Object>)]
    content: Option<Value>,
    #[schema(value_type = Option<Object>)]
    quick_replies: Option<Value>,
    /// Typed objects beside it.
    #[schema(value_type = Vec<Object>)]
    #[serde(default)]
    metadata: Vec<Value>,
}

/// What a channel makes of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Previewed {
    /// What is wrong with it; then it can't be sent and there is nothing else here.
    problems: Vec<PreviewProblem>,
    /// The channel's clients draw it themselves, as it is.
    neutral: bool,
    /// The messages, in order.
    messages: Vec<PreviewMessage>,
    /// What the consumer does not get as it was meant.
    losses: Vec<PreviewLoss>,
}

/// Something that is wrong.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreviewProblem {
    /// Where: a JSON pointer behind `content` or `quickReplies`.
    path: String,
    /// What kind of problem, for programs.
    code: String,
    /// The problem and its remedy.
    message: String,
}

/// Something that is shown otherwise than it was written.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreviewLoss {
    /// Where, as a JSON pointer; empty: all of it.
    path: String,
    /// What it is.
    from: String,
    /// What it became.
    to: String,
    /// Why, for programs.
    reason: String,
    /// What is missing.
    lost: Vec<String>,
    /// The same in a sentence.
    message: String,
}

/// A message as the channel shows it.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct PreviewMessage {
    /// `text`, `picture`, `buttons`, `card`, `carousel`, `list`, `place`, `link` or `times`.
    form: String,
    /// Its text; of a picture what stands below it.
    text: String,
    /// A picture's address.
    #[schema(required)]
    image: Option<String>,
    /// Where a link or a place leads.
    #[schema(required)]
    address: Option<String>,
    buttons: Vec<PreviewButton>,
    cards: Vec<PreviewCard>,
    sections: Vec<PreviewSection>,
    /// What opens a list.
    #[schema(required)]
    opener: Option<String>,
    /// Answers below it.
    quick_replies: Vec<PreviewButton>,
}

/// Something to tap.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreviewButton {
    label: String,
    /// `answer`, `link`, `place` or `day`.
    kind: String,
}

/// A card.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreviewCard {
    #[schema(required)]
    image: Option<String>,
    title: String,
    subtitle: String,
    buttons: Vec<PreviewButton>,
}

/// Rows that belong together.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreviewSection {
    title: String,
    /// Several can be chosen.
    multiple: bool,
    rows: Vec<PreviewRow>,
}

/// A row.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreviewRow {
    title: String,
    description: String,
    #[schema(required)]
    image: Option<String>,
}

/// What a channel makes of content; sends nothing. Needs `handle_conversations` or `manage_sources`.
#[utoipa::path(post, path = "/api/v1/accounts/{account}/previews", tag = "channels", request_body = PreviewAsked, responses((status = 200, body = Previewed)))]
pub(crate) async fn preview(ask: Ask) -> Result<Json<Previewed>, ApiError> {
    ask.require(&[Privilege::HandleConversations, Privilege::ManageSources])?;
    let asked: PreviewAsked = ask.json()?;
    let view = ask.view()?;
    let source = match &asked.source_id {
        None => None,
        Some(id) => {
            let id: SourceId = id.parse().map_err(|_| ApiError::invalid("source_id", "is no source's id"))?;
            Some(view.sources.get(&id).ok_or_else(|| ApiError::invalid("source_id", "there is no such source"))?)
        }
    };
    let channel = match (source, &asked.channel) {
        (Some(source), _) => source.channel.to_string(),
        (None, Some(channel)) => channel.clone(),
        (None, None) => return Err(ApiError::invalid("channel", "is missing; name a channel or a source")),
    };
    let channel = ask.app().channel(&channel).ok_or_else(|| ApiError::invalid("channel", "there is no such channel"))?;
    let quick_replies = asked.quick_replies.as_ref().map(|replies| replies.to_string().into());
    let content = match (&asked.text, &asked.content) {
        (Some(text), None) => Content::Text { text: text.as_str().into(), quick_replies },
        (None, Some(json)) => Content::Rich { json: json.to_string().into(), quick_replies },
        _ => return Err(ApiError::invalid("content", "give either a text or content")),
    };
    let made = ask.app().preview(&view, &**channel, source, &content, &asked.metadata);
    Ok(Json(match made {
        Ok(preview) => shown(preview),
        Err(problems) => Previewed {
            problems: problems
                .into_iter()
                .map(|problem| PreviewProblem { path: problem.path, code: problem.code.name(), message: problem.message })
                .collect(),
            neutral: false,
            messages: Vec::new(),
            losses: Vec::new(),
        },
    }))
}

fn shown(preview: Preview) -> Previewed {
    let losses = preview.made.losses.into_iter().map(|loss| PreviewLoss {
        path: loss.path,
        from: loss.from.to_owned(),
        to: loss.to.to_owned(),
        reason: loss.reason.to_owned(),
        lost: loss.lost.into_iter().map(str::to_owned).collect(),
        message: loss.message,
    });
    Previewed {
        problems: Vec::new(),
        neutral: preview.neutral,
        messages: preview.made.messages.iter().map(message).collect(),
        losses: losses.collect(),
    }
}

fn message(native: &Native) -> PreviewMessage {
    let mut shown = PreviewMessage { quick_replies: native.chips.iter().map(button).collect(), ..PreviewMessage::default() };
    let form = match &native.form {
        Form::Text(text) => {
            shown.text.clone_from(text);
            "text"
        }
        Form::Picture { url, caption } => {
            shown.image = Some(url.clone());
            shown.text = caption.clone().unwrap_or_default();
            "picture"
        }
        Form::Buttons { text, buttons } => {
            shown.text.clone_from(text);
            shown.buttons = buttons.iter().map(button).collect();
            "buttons"
        }
        Form::Card(card) => {
            shown.cards = vec![self::card(card)];
            "card"
        }
        Form::Carousel { text, cards } => {
            shown.text = text.clone().unwrap_or_default();
            shown.cards = cards.iter().map(self::card).collect();
            "carousel"
        }
        Form::List(list) => {
            shown.text.clone_from(&list.text);
            shown.opener = Some(list.button.clone()).filter(|opener| !opener.is_empty());
            shown.sections = list.sections.iter().map(section).collect();
            "list"
        }
        Form::Place(place) => {
            shown.text = place.name.clone().unwrap_or_default();
            shown.address = Some(antiphon_content::rich::map_link(place));
            "place"
        }
        Form::Link(link) => {
            shown.text.clone_from(&link.title);
            shown.image.clone_from(&link.image);
            shown.address = Some(link.url.clone());
            "link"
        }
        Form::Times(times) => {
            shown.text.clone_from(&times.title);
            let tap = |tap: &Tap| PreviewRow { title: tap.label.clone(), description: String::new(), image: None };
            let rows = times.times.iter().map(|time| tap(&time.tap)).collect();
            shown.sections = vec![PreviewSection { title: String::new(), multiple: false, rows }];
            "times"
        }
    };
    shown.form = form.to_owned();
    shown
}

fn button(button: &NativeButton) -> PreviewButton {
    let kind = match button {
        NativeButton::Tap(_) => "answer",
        NativeButton::Open { .. } => "link",
        NativeButton::Place { .. } => "place",
        NativeButton::Day { .. } => "day",
    };
    PreviewButton { label: button.label().to_owned(), kind: kind.to_owned() }
}

fn card(card: &NativeCard) -> PreviewCard {
    PreviewCard {
        image: card.image.clone(),
        title: card.title.clone(),
        subtitle: card.subtitle.clone().unwrap_or_default(),
        buttons: card.buttons.iter().map(button).collect(),
    }
}

fn section(section: &NativeSection) -> PreviewSection {
    let row = |row: &antiphon_content::rich::NativeRow| PreviewRow {
        title: row.tap.label.clone(),
        description: row.description.clone().unwrap_or_default(),
        image: row.image.clone(),
    };
    PreviewSection {
        title: section.title.clone().unwrap_or_default(),
        multiple: section.multiple,
        rows: section.rows.iter().map(row).collect(),
    }
}
