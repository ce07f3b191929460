//! What every exchange over a source needs, made once for each state of the configuration: the client, and the mask.

use super::Mask;
use crate::channel::Channel;
use crate::ports::net::Net;
use crate::{AccountView, App};
use antiphon_domain::{Source, SourceId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A source's client and mask.
pub(crate) struct Line {
    pub net: Arc<dyn Net>,
    pub mask: Mask,
}

/// A line, with the configuration it was made of.
type Made = (Arc<AccountView>, Arc<Line>);

/// The lines that were made.
#[derive(Default)]
pub(crate) struct Lines {
    made: Mutex<HashMap<SourceId, Made>>,
}

impl Lines {
    /// Forgets all: the configuration changed.
    pub(crate) fn clear(&self) {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl App {
    /// The line of a source, as the given configuration has it.
    pub(crate) fn line(&self, view: &Arc<AccountView>, source: &Arc<Source>, channel: &dyn Channel) -> Arc<Line> {
        let mut made = self.lines.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, line)) = made.get(&source.id)
            && Arc::ptr_eq(of, view)
        {
            return Arc::clone(line);
        }
        let line = Arc::new(Line {
            net: self.net.for_account(&view.account.allow_private_endpoints, source.api_base_url.as_deref()),
            mask: Mask::new(view.keys(source).secrets(channel.describe())),
        });
        made.insert(source.id, (Arc::clone(view), Arc::clone(&line)));
        line
    }
}
