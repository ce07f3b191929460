//! Scripted trouble: what goes wrong, on which side, and how often. A fault is used up call by call or stays until cleared.
//! Faults never touch the control API, so that they can always be lifted.

use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::lock;

/// Which side of the simulator a fault sits on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Calls made to the vendor's API and media hosts.
    #[default]
    Api,
    /// Webhooks on their way from the vendor.
    Webhook,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Trouble {
    /// Connections are closed without an answer. On the webhook side no webhook gets through (the vendor sees a refusal).
    Outage,
    /// The connection is reset: before the request takes effect, or after it did (the ambiguous case).
    Reset {
        /// True: the vendor acted, only the answer is lost.
        #[serde(default)]
        after_processing: bool,
    },
    /// The API answers this instead of acting.
    Http {
        /// HTTP status.
        status: u16,
        /// Body: a JSON value, or a string that is sent as plain text.
        #[serde(default)]
        body: Value,
        /// Further headers, such as `Retry-After`.
        #[serde(default)]
        headers: Vec<(String, String)>,
    },
    /// The call or webhook waits this long on the virtual clock.
    Slow {
        /// Milliseconds.
        ms: i64,
    },
    /// Each webhook is delivered more than once (1 copy = twice).
    Duplicate {
        /// Additional deliveries.
        #[serde(default = "one")]
        copies: u32,
    },
    /// Neighbouring webhooks change places. One without a neighbour is let go after three seconds.
    Reorder,
}

impl Trouble {
    /// Whether this decides what the caller gets, so that only one such fault applies to a call.
    pub(crate) fn cuts(&self) -> bool {
        matches!(self, Self::Outage | Self::Reset { .. } | Self::Http { .. })
    }
}

fn one() -> u32 {
    1
}

/// A scripted fault.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// Where it sits.
    #[serde(default)]
    pub side: Side,
    /// What happens.
    #[serde(flatten)]
    pub trouble: Trouble,
    /// For how many calls; `None` until cleared.
    #[serde(default)]
    pub times: Option<u32>,
    /// Only for paths (or webhook URLs) that contain this text; `None` for all.
    #[serde(default)]
    pub path: Option<String>,
}

impl Fault {
    /// A fault on the vendor's API, until cleared.
    #[must_use]
    pub fn api(trouble: Trouble) -> Self {
        Self { side: Side::Api, trouble, times: None, path: None }
    }

    /// A fault on the webhooks, until cleared.
    #[must_use]
    pub fn webhook(trouble: Trouble) -> Self {
        Self { side: Side::Webhook, ..Self::api(trouble) }
    }

    /// The same fault for the next `times` calls only.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// The same fault only where the path contains `text`.
    #[must_use]
    pub fn on_path(mut self, text: &str) -> Self {
        self.path = Some(text.to_owned());
        self
    }
}

/// A scripted answer: status, body, further headers.
pub(crate) type Scripted = (u16, Value, Vec<(String, String)>);

/// What the faults make of one call.
#[derive(Default)]
pub(crate) struct Plan {
    pub close: bool,
    pub reset_before: bool,
    pub reset_after: bool,
    pub answer: Option<Scripted>,
    pub delay_ms: i64,
    pub copies: u32,
    pub reorder: bool,
}

/// The faults in force.
#[derive(Default)]
pub struct Faults {
    active: Mutex<Vec<Fault>>,
}

/// More scripted faults than this are a mistake of the script.
const MAX_FAULTS: usize = 1_000;

impl Faults {
    /// Adds a fault. Beyond 1,000 the oldest is dropped.
    pub fn add(&self, fault: Fault) {
        let mut active = lock(&self.active);
        if active.len() >= MAX_FAULTS {
            active.remove(0);
        }
        active.push(fault);
    }

    /// Lifts every fault.
    pub fn clear(&self) {
        lock(&self.active).clear();
    }

    /// The faults still in force.
    #[must_use]
    pub fn list(&self) -> Vec<Fault> {
        lock(&self.active).clone()
    }

    /// Takes what applies to one call, counting down. Of two that answer or cut the call only the first is used up.
    pub(crate) fn plan(&self, side: Side, path: &str) -> Plan {
        self.plan_of(side, path, |_| true)
    }

    /// As `plan`, but only for the kinds of trouble `wanted` names.
    pub(crate) fn plan_of(&self, side: Side, path: &str, wanted: impl Fn(&Trouble) -> bool) -> Plan {
        let mut plan = Plan::default();
        let mut active = lock(&self.active);
        if active.is_empty() {
            return plan;
        }
        let mut decided = false;
        for fault in active.iter_mut() {
            let fits = fault.side == side
                && wanted(&fault.trouble)
                && fault.times != Some(0)
                && fault.path.as_deref().is_none_or(|part| path.contains(part));
            if !fits {
                continue;
            }
            if fault.trouble.cuts() && std::mem::replace(&mut decided, true) {
                continue;
            }
            match &fault.trouble {
                Trouble::Outage => plan.close = true,
                Trouble::Reset { after_processing: false } => plan.reset_before = true,
                Trouble::Reset { after_processing: true } => plan.reset_after = true,
                Trouble::Http { status, body, headers } => plan.answer = Some((*status, body.clone(), headers.clone())),
                Trouble::Slow { ms } => plan.delay_ms += (*ms).max(0),
                Trouble::Duplicate { copies } => plan.copies += (*copies).min(100),
                Trouble::Reorder => plan.reorder = true,
            }
            if let Some(times) = &mut fault.times {
                *times -= 1;
            }
        }
        active.retain(|fault| fault.times != Some(0));
        plan
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counted_fault_is_used_up_in_order() {
        let faults = Faults::default();
        let answer = |status| Trouble::Http { status, body: Value::Null, headers: Vec::new() };
        faults.add(Fault::api(answer(500)).times(2));
        faults.add(Fault::api(answer(429)).times(1).on_path("Messages"));
        let status = |path: &str| faults.plan(Side::Api, path).answer.map(|answer| answer.0);
        assert_eq!(status("/Messages"), Some(500));
        assert_eq!(status("/other"), Some(500));
        assert_eq!(status("/other"), None);
        assert_eq!(status("/Messages"), Some(429));
        assert_eq!(status("/Messages"), None);
        assert!(faults.list().is_empty());
    }

    #[test]
    fn a_fault_stays_on_its_side() {
        let faults = Faults::default();
        faults.add(Fault::webhook(Trouble::Outage));
        assert!(!faults.plan(Side::Api, "/").close);
        assert!(faults.plan(Side::Webhook, "/").close);
        assert!(faults.plan(Side::Webhook, "/").close);
    }

    #[test]
    fn faults_are_read_from_json() {
        let fault: Fault = serde_json::from_str(r#"{"kind":"slow","ms":5,"side":"webhook","times":3}"#).unwrap();
        assert_eq!(fault, Fault::webhook(Trouble::Slow { ms: 5 }).times(3));
    }
}
