//! What a consumer's program says about its consumer: kept beside the consumer, shown to agents and bots, never believed
//! beyond that.

use super::ConsumerCaller;
use crate::live::KnownConsumer;
use crate::ports::bus::Announcement;
use crate::ports::store::{CommitError, UnitOfWork, Write};
use crate::{AccountState, App, Unavailable};
use antiphon_domain::consumer::ConsumerProfile;
use antiphon_domain::{Consumer, Timestamp};
use serde_json::Value;
use std::sync::Arc;

/// Longest text of a profile, in characters.
const MOST_CHARACTERS: usize = 2_000;
/// Most engagement attributes of one consumer.
const MOST_ATTRIBUTES: usize = 50;

/// What is to be known about a consumer from now on. What is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileUpdate {
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// A picture's address.
    pub avatar_url: Option<String>,
    /// A background picture's address.
    pub background_url: Option<String>,
    /// In their program's words.
    pub role: Option<String>,
    /// In their program's words.
    pub description: Option<String>,
    /// The brand's own id of them.
    pub external_id: Option<String>,
    /// A phone number.
    pub phone: Option<String>,
    /// An e-mail address.
    pub email: Option<String>,
    /// Where their program can be woken up: a JSON object.
    pub push: Option<String>,
    /// Engagement attributes: a JSON array. Each replaces the one of the same type; what has no type is passed over.
    pub attributes: Option<String>,
}

/// Why a profile was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// Too long, or no JSON: a sentence that names the member.
    #[error("{0}")]
    Invalid(String),
    /// Nothing could be stored.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl ProfileUpdate {
    /// Checks the bounds.
    ///
    /// # Errors
    /// A sentence that names the member.
    pub(super) fn check(&self, limits: &crate::Limits) -> Result<(), String> {
        for (name, text) in self.texts() {
            if text.as_ref().is_some_and(|text| text.chars().count() > MOST_CHARACTERS) {
                return Err(format!("{name}: at most {MOST_CHARACTERS} characters"));
            }
        }
        let json = |name: &str, text: &Option<String>| match text {
            Some(text) if text.len() > limits.metadata_bytes => Err(format!("{name}: at most {} bytes", limits.metadata_bytes)),
            _ => Ok(()),
        };
        json("pushNotificationData", &self.push)?;
        json("lp_sdes", &self.attributes)?;
        let list = self.attributes.as_deref().map(serde_json::from_str::<Vec<Value>>);
        if list.is_some_and(|list| list.is_err()) {
            return Err("lp_sdes: must be a list of objects with a type".to_owned());
        }
        Ok(())
    }

    fn texts(&self) -> [(&'static str, &Option<String>); 9] {
        [
            ("firstName", &self.first_name),
            ("lastName", &self.last_name),
            ("avatarUrl", &self.avatar_url),
            ("backgndImgUri", &self.background_url),
            ("role", &self.role),
            ("description", &self.description),
            ("userId", &self.external_id),
            ("mobileNum", &self.phone),
            ("mail", &self.email),
        ]
    }

    fn apply(&self, profile: &mut ConsumerProfile) {
        let set = |into: &mut Option<Arc<str>>, given: &Option<String>| {
            if let Some(given) = given {
                *into = Some(given.as_str().into()).filter(|text: &Arc<str>| !text.is_empty());
            }
        };
        set(&mut profile.first_name, &self.first_name);
        set(&mut profile.last_name, &self.last_name);
        set(&mut profile.avatar_url, &self.avatar_url);
        set(&mut profile.background_url, &self.background_url);
        set(&mut profile.role, &self.role);
        set(&mut profile.description, &self.description);
        set(&mut profile.external_id, &self.external_id);
        set(&mut profile.phone, &self.phone);
        set(&mut profile.email, &self.email);
        set(&mut profile.push, &self.push);
        if let Some(given) = &self.attributes {
            profile.attributes = merged(profile.attributes.as_deref(), given);
        }
    }
}

/// A list of typed objects in which each new one stands in the place of the old one of its type.
fn merged(old: Option<&str>, new: &str) -> Option<Arc<str>> {
    let read = |text: &str| serde_json::from_str::<Vec<Value>>(text).unwrap_or_default();
    let kind = |value: &Value| value.get("type").and_then(Value::as_str).map(str::to_owned);
    let mut list = old.map(read).unwrap_or_default();
    for attribute in read(new) {
        let Some(own) = kind(&attribute) else { continue };
        match list.iter().position(|known| kind(known).as_ref() == Some(&own)) {
            Some(at) => list[at] = attribute,
            None if list.len() < MOST_ATTRIBUTES => list.push(attribute),
            None => {}
        }
    }
    (!list.is_empty()).then(|| Value::Array(list).to_string().into())
}

/// A consumer's name, as their program, or who vouches for them, gives it.
fn name_of(profile: &ConsumerProfile) -> Option<String> {
    let joined = |first: Option<&str>, last: Option<&str>| {
        let name = [first, last].into_iter().flatten().map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        (!name.is_empty()).then_some(name)
    };
    let from_attributes = |json: Option<&Arc<str>>| {
        let list: Vec<Value> = serde_json::from_str(json?).ok()?;
        let personal = list.iter().find(|attribute| attribute["type"] == "personal")?.get("personal")?;
        joined(personal["firstname"].as_str(), personal["lastname"].as_str())
    };
    from_attributes(profile.claims.as_ref().map(|claims| &claims.attributes))
        .or_else(|| joined(profile.first_name.as_deref(), profile.last_name.as_deref()))
        .or_else(|| from_attributes(profile.attributes.as_ref()))
}

impl App {
    /// The caller's row as it is to be from now on, and whether it differs from what is stored.
    pub(super) fn presented(
        &self,
        caller: &ConsumerCaller,
        known: Option<&KnownConsumer>,
        update: Option<&ProfileUpdate>,
        now: Timestamp,
    ) -> (Arc<Consumer>, bool) {
        let blank = || Consumer {
            id: caller.consumer,
            source: caller.source,
            address: caller.address.to_string(),
            name: None,
            avatar_url: None,
            opted_out: false,
            created_at: now,
            profile_checked_at: None,
            context: None,
            profile: None,
        };
        let before = known.map_or_else(blank, |known| (*known.consumer).clone());
        let mut after = before.clone();
        let mut profile = before.profile.as_deref().cloned().unwrap_or_default();
        if let Some(claims) = &caller.claims {
            profile.claims = Some((**claims).clone());
        }
        if let Some(update) = update {
            update.apply(&mut profile);
        }
        after.name = name_of(&profile).or(after.name);
        after.avatar_url = profile.avatar_url.as_deref().map(str::to_owned).or(after.avatar_url);
        after.profile = (profile != ConsumerProfile::default()).then(|| Arc::new(profile));
        let changed = known.is_none() || after != before;
        (Arc::new(after), changed)
    }

    /// Keeps what the caller's program says about them.
    ///
    /// # Errors
    /// Names what is wrong; nothing was kept then.
    pub async fn set_consumer_profile(self: &Arc<Self>, caller: &ConsumerCaller, update: &ProfileUpdate) -> Result<(), ProfileError> {
        update.check(&self.limits).map_err(ProfileError::Invalid)?;
        let state = self.account_state(&caller.account);
        for _ in 0..self.limits.conflict_retries {
            let _consumer_lock = state.live.lock_consumer(caller.source, &caller.address).await;
            let known = self.known_caller(&state, caller).await.map_err(Unavailable::from)?;
            let (consumer, changed) = self.presented(caller, known.as_ref(), Some(update), self.clock.now());
            if !changed || self.keep_profile(&state, caller, known, consumer).await? {
                return Ok(());
            }
            metrics::counter!("antiphon_conflicts_total").increment(1);
        }
        Err(Unavailable("the consumer changes too fast".to_owned()).into())
    }

    /// Commits a consumer's row alone; `false` when another writer was faster. Hold the consumer's lock.
    pub(super) async fn keep_profile(
        &self,
        state: &AccountState,
        caller: &ConsumerCaller,
        known: Option<KnownConsumer>,
        consumer: Arc<Consumer>,
    ) -> Result<bool, Unavailable> {
        let mut unit = UnitOfWork::new(caller.account.clone());
        unit.write(Write::PutConsumer((*consumer).clone()));
        match self.commit(unit).await {
            Ok(()) => {}
            Err(CommitError::Conflict) => {
                state.live.forget_consumer(&consumer);
                return Ok(false);
            }
            Err(error) => {
                state.live.forget_consumer(&consumer);
                return Err(error.into());
            }
        }
        let (open, had_one) = known.map_or((None, false), |known| (known.open, known.had_one));
        let id = consumer.id;
        state.live.keep_known(KnownConsumer { consumer, open, had_one });
        self.announce(&caller.account, &[], Announcement::Consumer(id));
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_replace_those_of_their_type() {
        let old = r#"[{"type":"personal","personal":{"firstname":"Al"}},{"type":"cart","total":1}]"#;
        let new = r#"[{"type":"personal","personal":{"firstname":"Bo"}},{"no":"type"},7,{"type":"ctmrinfo","info":{}}]"#;
        let after: Vec<Value> = serde_json::from_str(&merged(Some(old), new).expect("some")).expect("a list");
        let kinds: Vec<&str> = after.iter().filter_map(|value| value["type"].as_str()).collect();
        assert_eq!(kinds, ["personal", "cart", "ctmrinfo"]);
        assert_eq!(after[0]["personal"]["firstname"], "Bo");
        assert_eq!(merged(None, "[]"), None);
    }

    #[test]
    fn a_name_comes_from_whoever_is_surest() {
        let attributes = |name: &str| -> Arc<str> { format!(r#"[{{"type":"personal","personal":{{"firstname":"{name}"}}}}]"#).into() };
        let mut profile = ConsumerProfile::default();
        assert_eq!(name_of(&profile), None);
        profile.attributes = Some(attributes("Al"));
        assert_eq!(name_of(&profile).as_deref(), Some("Al"));
        (profile.first_name, profile.last_name) = (Some("Bo".into()), Some(" ".into()));
        assert_eq!(name_of(&profile).as_deref(), Some("Bo"));
        let claims =
            antiphon_domain::consumer::Claims { issuer: "https://brand".into(), level: "loa1".into(), attributes: attributes("Cy") };
        profile.claims = Some(claims);
        assert_eq!(name_of(&profile).as_deref(), Some("Cy"));
    }
}
