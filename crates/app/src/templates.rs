//! Messages that a channel's vendor approves beforehand: which there are, and one of them on its way to a consumer.
//!
//! An agent publishes text and names the template in the event's metadata,
//! `{"type":"MessageTemplate","name":…,"language":…,"values":{gap: text}}`; what is published is what the template says, so that the
//! history shows what the consumer got. Templates are read from the vendor and remembered for a while; nothing is stored.

use crate::channel::{FilledTemplate, Keys, MessageTemplate, SendError, SlotKind, TemplateSlot};
use crate::channel_log::{About, Recorder};
use crate::publish::{Publish, PublishError, PublishErrorKind};
use crate::{AccountView, App, Caller};
use antiphon_domain::{Audience, Content, EventBody, Source, SourceId, Timestamp};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How long what the vendor listed is believed, in milliseconds.
const FRESH_MS: i64 = 10 * 60_000;
/// The longest text for one gap, in characters.
const VALUE_CHARACTERS: usize = 1_024;
/// The metadata type that names a template.
const METADATA: &str = "MessageTemplate";

/// A source's templates as they were read.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    at: Timestamp,
    /// With what they were asked for: a list read with other credentials may be another's.
    keys: Keys,
    templates: Arc<Vec<MessageTemplate>>,
}

/// Why there is no list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub enum NoTemplates {
    /// The channel has no templates.
    #[error("the channel of this source has no templates")]
    NotOnThisChannel,
    /// The vendor did not tell.
    #[error("{}", sentence(.0))]
    Refused(Box<SendError>),
}

fn sentence(error: &SendError) -> String {
    match &error.reason.remedy {
        Some(remedy) => format!("{} {remedy}", error.reason.message),
        None => error.reason.message.to_string(),
    }
}

#[derive(Deserialize)]
struct Named {
    name: String,
    language: String,
    #[serde(default)]
    values: BTreeMap<String, String>,
}

impl App {
    /// The templates of a source, as the vendor lists them; at most some minutes old.
    ///
    /// # Errors
    /// When the channel has none, or its vendor does not tell.
    pub async fn templates(
        self: &Arc<Self>,
        view: &Arc<AccountView>,
        source: &Arc<Source>,
        fresh: bool,
    ) -> Result<Arc<Vec<MessageTemplate>>, NoTemplates> {
        let channel = self.channel(&source.channel).cloned().ok_or(NoTemplates::NotOnThisChannel)?;
        let facet = channel.templates().ok_or(NoTemplates::NotOnThisChannel)?;
        let now = self.clock.now();
        let own = view.keys(source);
        let known = self.listed_templates.get(&source.id);
        let known = known.filter(|listed| !fresh && now.since(listed.at) < FRESH_MS && same_vendor_account(&listed.keys, &own));
        if let Some(listed) = known {
            return Ok(listed.templates);
        }
        let net = Recorder::new(self, view, source, &*channel, About::default());
        let refused = |error| NoTemplates::Refused(Box::new(error));
        let keys = self.signed_in(view, source, &*channel).await.map_err(refused)?;
        let listed = facet.list(&keys, &net).await.map_err(refused)?;
        let templates = Arc::new(listed);
        self.listed_templates.insert(source.id, Listed { at: now, keys: own, templates: Arc::clone(&templates) });
        Ok(templates)
    }

    /// The template that a request names, filled in, and the request with what the template says as its text.
    pub(crate) async fn with_template(
        self: &Arc<Self>,
        caller: &Caller,
        request: &Publish,
    ) -> Result<Option<(FilledTemplate, Publish)>, PublishError> {
        let Some(named) = named(request)? else { return Ok(None) };
        let account = &caller.account;
        let state = self.account_state(account);
        let id = request.dialog.conversation;
        let missing = || PublishError::new(PublishErrorKind::NotFound, format!("conversation {id} does not exist"));
        let conversation = self.load(&state, account, id).await?.ok_or_else(missing)?;
        let directory = self.directory();
        let view = directory.account(account).ok_or_else(missing)?;
        let gone = || PublishError::new(PublishErrorKind::SourceBroken, "the page or number of this conversation is no longer connected");
        let source = view.sources.get(&conversation.source).ok_or_else(gone)?;
        let templates = self.templates(view, source, false).await.map_err(|error| match error {
            NoTemplates::NotOnThisChannel => bad("metadata: this channel has no message templates".to_owned()),
            NoTemplates::Refused(_) => PublishError::new(PublishErrorKind::SourceBroken, format!("the templates can't be read: {error}")),
        })?;
        let filled = fill(&templates, named)?;
        let text = words(&filled);
        let body = EventBody::Content(Content::Text { text: text.into(), quick_replies: None });
        Ok(Some((filled, Publish { body, ..request.clone() })))
    }
}

/// Whether a vendor who is asked with both lists the same: how a source fares does not matter.
fn same_vendor_account(one: &Keys, other: &Keys) -> bool {
    let same_source = match (&one.source, &other.source) {
        (Some(one), Some(other)) => {
            (&one.address, &one.credentials, &one.settings, &one.api_base_url)
                == (&other.address, &other.credentials, &other.settings, &other.api_base_url)
        }
        _ => false,
    };
    same_source && one.app.as_ref().map(|app| &app.credentials) == other.app.as_ref().map(|app| &app.credentials)
}

fn bad(message: String) -> PublishError {
    PublishError::new(PublishErrorKind::BadContent, message)
}

/// The template that the metadata names, if it names one.
fn named(request: &Publish) -> Result<Option<Named>, PublishError> {
    let Some(metadata) = request.metadata.as_deref().filter(|metadata| metadata.contains(METADATA)) else { return Ok(None) };
    let entries: Vec<serde_json::Value> = serde_json::from_str(metadata).unwrap_or_default();
    let Some(entry) = entries.into_iter().find(|entry| entry["type"] == METADATA) else { return Ok(None) };
    if request.audience != Audience::All {
        return Err(bad("metadata: a template goes to the consumer; publish it to ALL".to_owned()));
    }
    if !matches!(request.body, EventBody::Content(Content::Text { quick_replies: None, .. })) {
        return Err(bad("metadata: a template goes with plain text, which it replaces".to_owned()));
    }
    serde_json::from_value(entry)
        .map(Some)
        .map_err(|_| bad("metadata: MessageTemplate needs name and language, texts, and values, an object of texts".to_owned()))
}

/// Every gap gets its value, and nothing else does.
fn fill(templates: &[MessageTemplate], named: Named) -> Result<FilledTemplate, PublishError> {
    let Named { name, language, values } = named;
    let template = templates.iter().find(|template| template.name == name && template.language == language);
    let template =
        template.ok_or_else(|| bad(format!("metadata: there is no template {name:?} in {language:?}; list the source's templates")))?;
    if !template.usable {
        return Err(bad(format!("metadata: the template {name:?} can't be sent: the vendor calls it {}", template.state)));
    }
    if let Some(unknown) = values.keys().find(|given| !template.slots.iter().any(|slot| slot.name == **given)) {
        return Err(bad(format!("metadata: the template {name:?} has no gap {unknown:?}")));
    }
    for slot in &template.slots {
        let value = values.get(&slot.name).map(|value| value.trim()).unwrap_or_default();
        check_value(slot, value)?;
    }
    Ok(FilledTemplate { template: template.clone(), values })
}

fn check_value(slot: &TemplateSlot, value: &str) -> Result<(), PublishError> {
    let place = format!("metadata: values.{}", slot.name);
    if value.is_empty() {
        return Err(bad(format!("{place}: is missing; the template has a gap there")));
    }
    if value.chars().count() > VALUE_CHARACTERS {
        return Err(bad(format!("{place}: at most {VALUE_CHARACTERS} characters")));
    }
    if slot.kind != SlotKind::Text && !value.starts_with("https://") {
        return Err(bad(format!("{place}: must be an address that begins with https://")));
    }
    Ok(())
}

/// What the template says, its gaps filled.
pub fn words(filled: &FilledTemplate) -> String {
    // Every gap at once: a value that looks like a gap stays what it is.
    let mut said = String::new();
    let mut rest = filled.template.text.as_str();
    while let Some((before, after)) = rest.split_once("{{") {
        said.push_str(before);
        match after.split_once("}}") {
            Some((gap, after)) if filled.values.contains_key(gap.trim()) => {
                said.push_str(filled.values[gap.trim()].trim());
                rest = after;
            }
            _ => {
                said.push_str("{{");
                rest = after;
            }
        }
    }
    said.push_str(rest);
    said
}

/// What a source's vendor listed, by source.
pub(crate) type ListedTemplates = moka::sync::Cache<SourceId, Listed>;

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str, slots: &[(&str, SlotKind)]) -> MessageTemplate {
        MessageTemplate {
            name: "order".to_owned(),
            language: "en".to_owned(),
            category: None,
            state: "approved".to_owned(),
            usable: true,
            text: text.to_owned(),
            slots: slots.iter().map(|(name, kind)| TemplateSlot { name: (*name).to_owned(), kind: *kind, example: None }).collect(),
            buttons: Vec::new(),
        }
    }

    fn filling(values: &[(&str, &str)]) -> Named {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Named { name: "order".to_owned(), language: "en".to_owned(), values }
    }

    #[test]
    fn gaps_are_filled_once_and_all_at_once() {
        let check = |text: &str, values: &[(&str, &str)], expected: &str| {
            let filled = FilledTemplate { template: template(text, &[]), values: filling(values).values };
            assert_eq!(words(&filled), expected);
        };
        check("Hi {{1}}, {{2}}!", &[("1", "Ann"), ("2", "bye")], "Hi Ann, bye!");
        check("Hi {{1}}, {{2}}!", &[("1", "{{2}}"), ("2", "bye")], "Hi {{2}}, bye!");
        check("{{ 1 }} {{x}} {{", &[("1", "a")], "a {{x}} {{");
    }

    #[test]
    fn every_gap_needs_its_value() {
        let gaps = [("1", SlotKind::Text), ("picture", SlotKind::Image)];
        let all = [template("{{1}}", &gaps)];
        let check = |named: Named, expected: Option<&str>| {
            assert_eq!(fill(&all, named).err().map(|error| error.message).as_deref(), expected);
        };
        check(filling(&[("1", "a"), ("picture", "https://a.test/x.png")]), None);
        check(filling(&[("1", " "), ("picture", "https://a.test")]), Some("metadata: values.1: is missing; the template has a gap there"));
        check(
            filling(&[("1", "a"), ("picture", "http://a")]),
            Some("metadata: values.picture: must be an address that begins with https://"),
        );
        check(filling(&[("1", "a"), ("2", "b")]), Some("metadata: the template \"order\" has no gap \"2\""));
        check(filling(&[("1", &"a".repeat(1_025))]), Some("metadata: values.1: at most 1024 characters"));
        let mut other = filling(&[]);
        other.language = "de".to_owned();
        check(other, Some("metadata: there is no template \"order\" in \"de\"; list the source's templates"));
        let paused = [MessageTemplate { usable: false, state: "paused".to_owned(), ..template("x", &[]) }];
        assert!(fill(&paused, filling(&[])).is_err_and(|error| error.message.ends_with("the vendor calls it paused")));
    }
}
