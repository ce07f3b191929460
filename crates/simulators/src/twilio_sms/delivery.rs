//! What becomes of an accepted message: its turn at the sender, the fetch of its files, its states, and the callbacks about them.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::TwilioSim;
use super::model::{Message, State, Step};
use crate::kit::{lane_of, lock};

impl TwilioSim {
    /// Sends a message off at its time. The common case without reports and delays costs no scheduled work.
    pub(crate) fn launch(&self, sid: &str, lane: u64, due_ms: i64) {
        if self.is_sink() {
            if let Some(message) = lock(&self.inner.state).messages.get_mut(sid) {
                message.status = "delivered".to_owned();
                message.sent_ms = Some(due_ms);
            }
            return;
        }
        let (sim, sid) = (self.clone(), sid.to_owned());
        self.pump().schedule(due_ms, lane, move || sim.depart_boxed(sid));
    }

    /// `depart` by name of its type, because it schedules itself again.
    fn depart_boxed(self, sid: String) -> BoxFuture<'static, ()> {
        Box::pin(async move { self.depart(sid).await })
    }

    /// The message's turn has come: a service chooses its sender, the validity is checked, files are fetched.
    async fn depart(&self, sid: String) {
        let now = self.now_ms();
        let urls = {
            let mut state = lock(&self.inner.state);
            let Some(message) = state.messages.get(&sid).cloned() else { return };
            if message.status == "canceled" {
                return;
            }
            if now - message.send_at_ms.unwrap_or(message.created_ms) > message.validity_s * 1_000 {
                drop(state);
                self.step(&sid, &Step::failed("failed", 30001));
                return;
            }
            if message.from.is_none() {
                match self.choose_sender(&mut state, &message, now) {
                    // The chosen sender is busy: the message waits for its turn there.
                    Some(due) if due > now => {
                        drop(state);
                        let (sim, lane) = (self.clone(), lane_of(&message.to));
                        self.pump().schedule(due, lane, move || sim.depart_boxed(sid));
                        return;
                    }
                    Some(_) => {}
                    None => {
                        drop(state);
                        self.step(&sid, &Step::failed("failed", 30001));
                        return;
                    }
                }
            }
            message.media
        };
        let mut hosted = Vec::with_capacity(urls.len());
        for url in &urls {
            match self.fetch(url).await {
                Ok((content_type, bytes)) => {
                    let name = url.rsplit('/').next().unwrap_or_default();
                    hosted.push(self.host("ME", &content_type, name, bytes));
                }
                Err(_) => {
                    lock(&self.inner.state).alert(11200, url, now);
                    self.step(&sid, &Step::failed("failed", 11200));
                    return;
                }
            }
        }
        let steps = {
            let mut state = lock(&self.inner.state);
            let Some(message) = state.messages.get_mut(&sid) else { return };
            message.media = hosted;
            let to = message.to.clone();
            let through_service = message.service.is_some();
            fate(&mut state, &to, through_service)
        };
        self.run_steps(&sid, steps);
    }

    /// A service keeps one sender per consumer. Returns when that sender is free, having reserved it; `None` where it is full.
    fn choose_sender(&self, state: &mut State, message: &Message, now: i64) -> Option<i64> {
        let senders = &state.services.get(message.service.as_ref()?)?.senders;
        let count = u64::try_from(senders.len()).ok().filter(|count| *count > 0)?;
        let index = usize::try_from(lane_of(&message.to) % count).ok()?;
        let from = senders.get(index)?.clone();
        let parts = i64::try_from(message.num_segments()).unwrap_or(1);
        let due = self.reserve(state, &from, parts, now)?;
        let message = {
            let stored = state.messages.get_mut(&message.sid)?;
            stored.from = Some(from);
            stored.clone()
        };
        state.thread(&message);
        Some(due)
    }

    fn run_steps(&self, sid: &str, steps: Vec<Step>) {
        let lane = lane_of(sid);
        let mut due = self.now_ms();
        for step in steps {
            due += step.after_ms.max(0);
            let (sim, sid) = (self.clone(), sid.to_owned());
            self.pump().schedule(due, lane, move || async move { sim.step(&sid, &step) });
        }
        self.changed();
    }

    /// Applies one state and reports it, where somebody asked for reports.
    pub(crate) fn step(&self, sid: &str, step: &Step) {
        let now = self.now_ms();
        let (message, params) = {
            let mut state = lock(&self.inner.state);
            let Some(message) = state.messages.get_mut(sid) else { return };
            message.updated_ms = now;
            if rank(&step.status) >= rank(&message.status) {
                message.status.clone_from(&step.status);
                message.error_code = step.error_code;
            }
            if step.status == "sent" && message.sent_ms.is_none() {
                message.sent_ms = Some(now);
            }
            let message = message.clone();
            let params = callback_params(&message, step, now);
            (message, params)
        };
        self.changed();
        if !message.status_callback.is_empty() {
            let target = super::inbound::Target {
                account: message.account.clone(),
                url: message.status_callback.clone(),
                method: "POST",
                fallback: String::new(),
                fallback_method: "POST",
                answer_from: None,
            };
            self.post_signed(lane_of(sid), Arc::new(target), params);
        }
    }
}

/// The scripted or usual steps for a message to this number.
fn fate(state: &mut State, to: &str, through_service: bool) -> Vec<Step> {
    let scripted = state.fates.iter_mut().find(|fate| fate.times != Some(0) && fate.to.as_deref().is_none_or(|wanted| wanted == to));
    if let Some(fate) = scripted {
        if let Some(times) = &mut fate.times {
            *times -= 1;
        }
        let steps = fate.steps.clone();
        state.fates.retain(|fate| fate.times != Some(0));
        return steps;
    }
    let settings = &state.settings;
    let fails_with = state.handsets.get(to).and_then(|handset| handset.fails_with);
    let mut steps = Vec::with_capacity(3);
    if through_service {
        steps.push(Step::new("queued"));
    }
    steps.push(Step::new("sent").after(settings.sent_after_ms));
    steps.push(match fails_with {
        Some(code) => Step::failed("undelivered", code).after(settings.delivered_after_ms),
        None => Step::new("delivered").after(settings.delivered_after_ms),
    });
    steps
}

fn rank(status: &str) -> u8 {
    match status {
        "scheduled" => 0,
        "accepted" => 1,
        "queued" => 2,
        "sending" => 3,
        "sent" => 4,
        "undelivered" | "failed" => 5,
        "delivered" => 6,
        _ => 7,
    }
}

fn callback_params(message: &Message, step: &Step, now: i64) -> Vec<(String, String)> {
    let mut params: Vec<(&str, String)> = vec![
        ("SmsSid", message.sid.clone()),
        ("SmsStatus", step.status.clone()),
        ("MessageStatus", step.status.clone()),
        ("To", message.to.clone()),
        ("MessageSid", message.sid.clone()),
        ("AccountSid", message.account.clone()),
        ("From", message.from.clone().unwrap_or_default()),
        ("ApiVersion", super::model::API.to_owned()),
    ];
    if let Some(service) = &message.service {
        params.push(("MessagingServiceSid", service.clone()));
    }
    if let Some(code) = step.error_code {
        params.push(("ErrorCode", code.to_string()));
        params.push(("ErrorMessage", super::model::error_text(code).to_owned()));
    }
    if ["delivered", "undelivered"].contains(&step.status.as_str()) {
        params.push(("RawDlrDoneDate", crate::kit::dates::carrier_minute(now)));
    }
    params.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
