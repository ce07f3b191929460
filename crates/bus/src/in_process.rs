//! The bus inside one process: an index from topics to listeners, and one bounded queue for each listener.
//!
//! Only the listeners of a topic are touched by an announcement: thousands of idle ones cost nothing. It never waits:
//! who lags behind loses, and is told.

use antiphon_app::ports::bus::{Announcement, Bus, Heard, Listener, Topic, Tuner};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use tokio::sync::mpsc;

/// How many announcements wait for one listener before it loses some.
pub const QUEUE_LENGTH: usize = 1024;

/// The index is cut into so many parts, so that announcements of different accounts seldom meet at one lock.
const SHARDS: usize = 64;

/// A bus for listeners of this process. Cloning it is cheap and gives the same bus.
#[derive(Clone)]
pub struct InProcess {
    index: Arc<Index>,
    queue_length: usize,
}

impl Default for InProcess {
    fn default() -> Self {
        Self::new()
    }
}

impl InProcess {
    /// A bus whose listeners may lag [`QUEUE_LENGTH`] announcements behind.
    pub fn new() -> Self {
        Self::with_queue_length(QUEUE_LENGTH)
    }

    /// A bus whose listeners may lag so many announcements behind.
    pub fn with_queue_length(queue_length: usize) -> Self {
        let shards = (0..SHARDS).map(|_| RwLock::new(HashMap::new())).collect();
        let index = Index { shards, hasher: RandomState::new(), next: AtomicU64::new(0) };
        Self { index: Arc::new(index), queue_length: queue_length.max(1) }
    }

    /// How many topics somebody listens to.
    pub fn topics(&self) -> usize {
        self.index.shards.iter().map(|shard| shard.read().unwrap_or_else(PoisonError::into_inner).len()).sum()
    }
}

/// Who listens to a topic, in ascending order of [`Queue::id`]: newcomers are pushed at the end, leavers are found by bisection.
type Listeners = Vec<Arc<Queue>>;

struct Index {
    shards: Box<[RwLock<HashMap<Topic, Listeners>>]>,
    hasher: RandomState,
    next: AtomicU64,
}

impl Index {
    fn shard(&self, topic: &Topic) -> &RwLock<HashMap<Topic, Listeners>> {
        let hash = self.hasher.hash_one(topic);
        // The remainder is below the number of shards, so it fits.
        &self.shards[usize::try_from(hash % SHARDS as u64).unwrap_or_default()]
    }

    fn add(&self, topic: Topic, queue: &Arc<Queue>) {
        let mut shard = self.shard(&topic).write().unwrap_or_else(PoisonError::into_inner);
        let listeners = shard.entry(topic).or_default();
        if let Err(at) = listeners.binary_search_by_key(&queue.id, |listener| listener.id) {
            listeners.insert(at, Arc::clone(queue));
        }
    }

    fn remove(&self, topic: &Topic, queue: &Queue) {
        let mut shard = self.shard(topic).write().unwrap_or_else(PoisonError::into_inner);
        let Some(listeners) = shard.get_mut(topic) else { return };
        if let Ok(at) = listeners.binary_search_by_key(&queue.id, |listener| listener.id) {
            listeners.remove(at);
        }
        if listeners.is_empty() {
            shard.remove(topic);
        }
    }
}

/// The writing end of one listener's queue.
struct Queue {
    id: u64,
    /// Locked while the free places are counted and one is taken, so that the last place always goes to [`Heard::Missed`].
    sender: Mutex<mpsc::Sender<Heard>>,
}

impl Queue {
    /// Queues the announcement. The queue's last place is kept for the word that something was lost: a listener that finds the
    /// word has everything that was lost before it in the store, because what is announced is committed.
    fn push(&self, what: Announcement) {
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        let heard = match sender.capacity() {
            0 => {
                metrics::counter!("antiphon_bus_missed_total").increment(1);
                return;
            }
            1 => {
                metrics::counter!("antiphon_bus_missed_total").increment(1);
                Heard::Missed
            }
            _ => Heard::That(what),
        };
        // Only a listener that went away refuses: its tuner is about to leave the index.
        let _ = sender.try_send(heard);
    }
}

impl Bus for InProcess {
    fn announce(&self, topics: &[Topic], what: Announcement) {
        let mut found: Listeners = Vec::new();
        for topic in topics {
            let shard = self.index.shard(topic).read().unwrap_or_else(PoisonError::into_inner);
            found.extend(shard.get(topic).into_iter().flatten().cloned());
        }
        if topics.len() > 1 {
            found.sort_unstable_by_key(|listener| listener.id);
            found.dedup_by_key(|listener| listener.id);
        }
        if let Some((last, others)) = found.split_last() {
            others.iter().for_each(|listener| listener.push(what.clone()));
            last.push(what);
        }
    }

    fn listen(&self) -> Listener {
        // One place more than may lag: it is kept for `Missed`.
        let (sender, heard) = mpsc::channel(self.queue_length + 1);
        let id = self.index.next.fetch_add(1, Ordering::Relaxed);
        let queue = Arc::new(Queue { id, sender: Mutex::new(sender) });
        Listener { heard, tuner: Box::new(InProcessTuner { index: Arc::clone(&self.index), queue, topics: Mutex::new(Vec::new()) }) }
    }
}

/// A listener's place in the index; dropping it takes the listener out.
struct InProcessTuner {
    index: Arc<Index>,
    queue: Arc<Queue>,
    /// What it listens to, so that dropping it finds its entries. Locked over changes of the index too.
    topics: Mutex<Vec<Topic>>,
}

impl Tuner for InProcessTuner {
    fn add(&self, topic: Topic) {
        let mut topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(at) = topics.binary_search_by(|known| order(known, &topic)) {
            topics.insert(at, topic.clone());
            self.index.add(topic, &self.queue);
        }
    }

    fn remove(&self, topic: &Topic) {
        let mut topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(at) = topics.binary_search_by(|known| order(known, topic)) {
            topics.remove(at);
            self.index.remove(topic, &self.queue);
        }
    }
}

impl Drop for InProcessTuner {
    fn drop(&mut self) {
        let topics = std::mem::take(self.topics.get_mut().unwrap_or_else(PoisonError::into_inner));
        topics.iter().for_each(|topic| self.index.remove(topic, &self.queue));
    }
}

/// Any total order will do: a listener may have thousands of conversations as topics, and must find one of them quickly.
fn order(one: &Topic, other: &Topic) -> std::cmp::Ordering {
    fn key(topic: &Topic) -> (u8, &str, i64, &[u8]) {
        match topic {
            Topic::Account(account) => (0, account.as_str(), 0, &[]),
            Topic::User(account, user) => (1, account.as_str(), user.0, &[]),
            Topic::Conversation(conversation) => (2, "", 0, &conversation.0),
            Topic::Consumer(account, consumer) => (3, account.as_str(), 0, &consumer.0),
        }
    }
    key(one).cmp(&key(other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract;

    #[tokio::test]
    async fn it_keeps_the_contract() {
        contract::check(&InProcess::new()).await;
        contract::check_lagging(&InProcess::with_queue_length(4), 4).await;
    }

    #[tokio::test]
    async fn nothing_of_a_listener_stays_behind() {
        let bus = InProcess::new();
        let listeners: Vec<Listener> = (0..10).map(|_| bus.listen()).collect();
        for listener in &listeners {
            listener.tuner.add(contract::account("a"));
            listener.tuner.add(contract::user("a", 1));
        }
        assert_eq!(bus.topics(), 2);
        drop(listeners);
        assert_eq!(bus.topics(), 0);
    }

    #[test]
    fn a_lost_place_is_told_even_when_many_announce_at_once() {
        let bus = InProcess::with_queue_length(16);
        let mut listener = bus.listen();
        listener.tuner.add(contract::account("a"));
        std::thread::scope(|scope| {
            for number in 0..4 {
                let bus = &bus;
                scope.spawn(move || (0..1000).for_each(|_| bus.announce(&[contract::account("a")], contract::numbered(number))));
            }
        });
        let mut heard = Vec::new();
        while let Ok(next) = listener.heard.try_recv() {
            heard.push(next);
        }
        assert_eq!(heard.len(), 17);
        assert!(matches!(heard.last(), Some(Heard::Missed)));
    }
}
