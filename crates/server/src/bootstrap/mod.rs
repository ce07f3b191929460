//! The bootstrap file: what an installation shall have, applied at start, matched by natural keys.
//!
//! `read` turns the file into entries and names every problem of its form; `plan` compares them with what there is and makes
//! units of work; `apply` hashes passwords and commits. It creates and updates, and must never delete. The hash of each
//! applied value is kept, so that a value is applied again only when the file's value changed: what was changed by hand survives.

mod apply;
#[cfg(test)]
mod faces;
mod plan;
mod read;
#[cfg(test)]
mod tests;

pub use antiphon_app::administration::is_zone;
pub use apply::{Applied, apply, empty_login, set_password};
pub use plan::{Outcome, Plan, plan};
pub use read::{
    AccountEntry, ApiKeyEntry, AppEntry, Bootstrap, ChannelAppEntry, IdentityProviderEntry, KeyEntry, ProfileEntry, SkillEntry,
    SourceEntry, UserEntry, Valued, read, read_file,
};

use crate::document::Problem;
use antiphon_app::channel::Channel;
use antiphon_app::ports::store::DirectoryRows;
use antiphon_domain::Timestamp;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// Checks a file as far as that goes without a data folder: every problem, with its place. The second list is advice.
pub fn check(path: &Path, channels: &[Arc<dyn Channel>]) -> (Vec<Problem>, Vec<Problem>) {
    let (bootstrap, mut problems, advice) = read_file(path, channels);
    let hash = |_: &str, _: &str| [0; 32];
    let mut number = 0;
    let mut next_id = || {
        number += 1;
        number
    };
    // Whatever could be read is compared, so that one run names all problems.
    let outcome = plan(&bootstrap, &DirectoryRows::default(), &HashMap::new(), &hash, &mut next_id, Timestamp(0));
    problems.0.extend(outcome.err().map(|found| found.0).unwrap_or_default());
    problems.sort();
    (problems.0, advice.0)
}
