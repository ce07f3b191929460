//! Credentials that live shortly: bought when they are needed, kept while they are good, and bought again when they are refused.
//! They are held in memory only and never leave it.

use crate::channel::{Channel, Disposition, Keys, Pass, SendError};
use crate::channel_log::Recorder;
use crate::locks::Locks;
use crate::{AccountView, App};
use antiphon_domain::{Source, SourceId, Timestamp};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// A pass is renewed so long before it runs out.
const MARGIN_MS: i64 = 5 * 60_000;

type Fields = BTreeMap<String, String>;

/// The passes of all sources.
#[derive(Default)]
pub(crate) struct Passes {
    kept: Mutex<HashMap<SourceId, Kept>>,
    /// One signs in, the others wait for it.
    signing: Locks<SourceId>,
}

/// A pass, and the credentials that bought it: with others it is not good any more.
struct Kept {
    pass: Pass,
    bought_with: (Fields, Option<Fields>),
}

fn credentials(keys: &Keys) -> (Fields, Option<Fields>) {
    let own = keys.source.as_ref().map(|source| source.credentials.clone()).unwrap_or_default();
    (own, keys.app.as_ref().map(|app| app.credentials.clone()))
}

impl Passes {
    fn good(&self, source: SourceId, keys: &Keys, now: Timestamp) -> Option<Pass> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.get(&source).filter(|kept| kept.pass.until.plus_ms(-MARGIN_MS) > now)?;
        (kept.bought_with == credentials(keys)).then(|| kept.pass.clone())
    }

    fn keep(&self, source: SourceId, keys: &Keys, pass: Pass) {
        let kept = Kept { pass, bought_with: credentials(keys) };
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).insert(source, kept);
    }

    fn forget(&self, source: SourceId) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).remove(&source);
    }
}

impl App {
    /// What a call of this source is made with: its credentials, and where it must sign in for them, the pass.
    ///
    /// # Errors
    /// When signing in fails: what a call that sends would have come to.
    pub(crate) async fn signed_in(&self, view: &Arc<AccountView>, source: &Arc<Source>, channel: &dyn Channel) -> Result<Keys, SendError> {
        let keys = view.keys(source);
        let Some(sign_in) = channel.sign_in() else { return Ok(keys) };
        if let Some(pass) = self.passes.good(source.id, &keys, self.clock.now()) {
            return Ok(with_pass(keys, sign_in.name(), pass));
        }
        let _one = self.passes.signing.lock(source.id).await;
        if let Some(pass) = self.passes.good(source.id, &keys, self.clock.now()) {
            return Ok(with_pass(keys, sign_in.name(), pass));
        }
        let net = Recorder::veiled(self, view, source, channel);
        let pass = sign_in.sign_in(&keys, self.clock.now(), &net).await?;
        self.passes.keep(source.id, &keys, pass.clone());
        Ok(with_pass(keys, sign_in.name(), pass))
    }

    /// Whether a call failed because its pass was refused, which a new one may mend. Then the old one is forgotten.
    pub(crate) fn pass_was_refused<T>(&self, source: &Source, channel: &dyn Channel, outcome: &Result<T, SendError>) -> bool {
        let refused = matches!(outcome, Err(error) if error.disposition == Disposition::NeedsReauthorisation);
        let refused = refused && channel.sign_in().is_some();
        if refused {
            self.passes.forget(source.id);
        }
        refused
    }
}

fn with_pass(keys: Keys, name: &str, pass: Pass) -> Keys {
    let source = keys.source.map(|source| {
        let mut source = Source::clone(&source);
        source.credentials.insert(name.to_owned(), pass.token);
        Arc::new(source)
    });
    Keys { source, app: keys.app }
}

#[cfg(test)]
mod tests {
    use super::*;
    use antiphon_domain::source::{Health, HealthState};

    fn keys(secret: &str) -> Keys {
        let source = Source {
            id: SourceId(7),
            channel: "any".to_owned(),
            name: String::new(),
            address: String::new(),
            skill: None,
            app: None,
            enabled: true,
            api_base_url: None,
            credentials: [("secret".to_owned(), secret.to_owned())].into(),
            settings: BTreeMap::new(),
            health: Health { state: HealthState::Unknown, message: String::new(), since: Timestamp(0) },
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
        };
        Keys { source: Some(Arc::new(source)), app: None }
    }

    #[test]
    fn a_pass_is_good_for_its_time_and_its_credentials() {
        let passes = Passes::default();
        let pass = || Pass { token: "p".to_owned(), until: Timestamp(3_600_000) };
        let good = |secret: &str, at: i64| passes.good(SourceId(7), &keys(secret), Timestamp(at)).is_some();
        assert!(!good("a", 0));
        passes.keep(SourceId(7), &keys("a"), pass());
        assert!(good("a", 0) && good("a", 3_299_999));
        assert!(!good("a", 3_300_000), "renewed before it runs out");
        assert!(!good("b", 0), "a rotated credential buys its own");
        passes.forget(SourceId(7));
        assert!(!good("a", 0));
        let signed_in = with_pass(keys("a"), "access_token", pass());
        assert_eq!((signed_in.credential("access_token"), signed_in.credential("secret")), (Some("p"), Some("a")));
    }
}
