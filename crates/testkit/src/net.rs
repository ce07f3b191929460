//! A net that goes nowhere: it keeps what was called and answers what the test laid out.

use antiphon_app::ports::Net;
use antiphon_app::ports::net::{NetAnswer, NetError, NetFactory, NetRequest};
use antiphon_domain::account::Network;
use futures_util::future::BoxFuture;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// Canned answers: of an address where one is set, else first come first served; without one, every call answers as `otherwise`.
#[derive(Clone)]
pub struct CannedNet(Arc<Inner>);

struct Inner {
    answers: Mutex<VecDeque<Result<NetAnswer, NetError>>>,
    otherwise: Mutex<Result<NetAnswer, NetError>>,
    places: Mutex<BTreeMap<String, Result<NetAnswer, NetError>>>,
    calls: watch::Sender<Vec<NetRequest>>,
    held: watch::Sender<bool>,
}

impl Default for CannedNet {
    fn default() -> Self {
        Self(Arc::new(Inner {
            answers: Mutex::default(),
            places: Mutex::default(),
            otherwise: Mutex::new(Err(NetError::NoConnection("no answer was laid out".into()))),
            calls: watch::channel(Vec::new()).0,
            held: watch::channel(false).0,
        }))
    }
}

/// An answer with that status and body.
pub fn answer(status: u16, body: &str) -> Result<NetAnswer, NetError> {
    Ok(NetAnswer { status, headers: http::HeaderMap::new(), body: body.to_owned().into() })
}

impl CannedNet {
    /// Lays out the next answer.
    pub fn then(&self, answer: Result<NetAnswer, NetError>) -> &Self {
        self.0.answers.lock().unwrap_or_else(PoisonError::into_inner).push_back(answer);
        self
    }

    /// What is answered when nothing is laid out.
    pub fn otherwise(&self, answer: Result<NetAnswer, NetError>) -> &Self {
        *self.0.otherwise.lock().unwrap_or_else(PoisonError::into_inner) = answer;
        self
    }

    /// What addresses that begin so answer from now on.
    pub fn at(&self, beginning: &str, answer: Result<NetAnswer, NetError>) -> &Self {
        self.0.places.lock().unwrap_or_else(PoisonError::into_inner).insert(beginning.to_owned(), answer);
        self
    }

    /// The bodies of calls to addresses that begin so, as text.
    pub fn told(&self, beginning: &str) -> Vec<String> {
        let calls = self.0.calls.borrow();
        let there = calls.iter().filter(|call| call.url.starts_with(beginning));
        there.map(|call| String::from_utf8_lossy(&call.body).into_owned()).collect()
    }

    /// The calls so far.
    pub fn calls(&self) -> Vec<NetRequest> {
        self.0.calls.borrow().clone()
    }

    /// Keeps every answer back, or lets all of them go.
    pub fn hold(&self, on: bool) {
        self.0.held.send_replace(on);
    }

    /// Waits until there were so many calls.
    pub async fn called(&self, count: usize) -> Vec<NetRequest> {
        let mut calls = self.0.calls.subscribe();
        let seen = calls.wait_for(|calls| calls.len() >= count).await.expect("the net lives as long as its user");
        seen.clone()
    }

    /// How many laid-out answers were not asked for.
    pub fn unused(&self) -> usize {
        self.0.answers.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl Net for CannedNet {
    fn call<'a>(&'a self, request: NetRequest) -> BoxFuture<'a, Result<NetAnswer, NetError>> {
        let places = self.0.places.lock().unwrap_or_else(PoisonError::into_inner);
        let place = places.iter().rev().find(|(beginning, _)| request.url.starts_with(beginning.as_str()));
        let place = place.map(|(_, answer)| answer.clone());
        drop(places);
        let laid_out = place.or_else(|| self.0.answers.lock().unwrap_or_else(PoisonError::into_inner).pop_front());
        let answer = laid_out.unwrap_or_else(|| self.0.otherwise.lock().unwrap_or_else(PoisonError::into_inner).clone());
        self.0.calls.send_modify(|calls| calls.push(request));
        let mut held = self.0.held.subscribe();
        Box::pin(async move {
            held.wait_for(|held| !held).await.expect("the net lives as long as its user");
            answer
        })
    }
}

impl NetFactory for CannedNet {
    fn for_account(&self, _allow: &[Network], _trusted_base: Option<&str>) -> Arc<dyn Net> {
        Arc::new(self.clone())
    }

    fn inside(&self, _networks: &[Network]) -> Arc<dyn Net> {
        Arc::new(self.clone())
    }
}
