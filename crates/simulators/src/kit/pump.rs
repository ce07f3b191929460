//! Runs work at its virtual time. Work of one lane (one consumer, say) runs strictly in order, lanes run beside one another.
//! It must never run a job before its time or lose one: a job that panics costs itself only.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;

use super::clock::Clock;
use super::lock;

type Run = Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>;

struct Job {
    due_ms: i64,
    seq: u64,
    lane: u64,
    run: Run,
}

impl PartialEq for Job {
    fn eq(&self, other: &Self) -> bool {
        self.seq == other.seq
    }
}
impl Eq for Job {}
impl PartialOrd for Job {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Job {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.due_ms, self.seq).cmp(&(other.due_ms, other.seq))
    }
}

struct State {
    waiting: BinaryHeap<Reverse<Job>>,
    next_seq: u64,
    in_flight: usize,
}

const LANES: usize = 16;

/// The scheduler of one simulator.
pub struct Pump {
    clock: Arc<Clock>,
    state: Mutex<State>,
    lanes: Vec<mpsc::UnboundedSender<Run>>,
    quiet: Notify,
    woken: Notify,
    timer: Mutex<Option<JoinHandle<()>>>,
}

/// Counts a job as done even where it panics.
struct Done(Arc<Pump>);

impl Drop for Done {
    fn drop(&mut self) {
        lock(&self.0.state).in_flight -= 1;
        self.0.quiet.notify_waiters();
    }
}

impl Pump {
    /// Starts the lanes and the timer; must be called inside a Tokio runtime. They end when the pump is dropped.
    pub(crate) fn start(clock: Arc<Clock>) -> Arc<Self> {
        let mut lanes = Vec::with_capacity(LANES);
        let mut receivers = Vec::with_capacity(LANES);
        for _ in 0..LANES {
            let (sender, receiver) = mpsc::unbounded_channel::<Run>();
            lanes.push(sender);
            receivers.push(receiver);
        }
        let pump = Arc::new(Self {
            clock,
            state: Mutex::new(State { waiting: BinaryHeap::new(), next_seq: 0, in_flight: 0 }),
            lanes,
            quiet: Notify::new(),
            woken: Notify::new(),
            timer: Mutex::new(None),
        });
        for mut receiver in receivers {
            let weak = Arc::downgrade(&pump);
            tokio::spawn(async move {
                while let Some(run) = receiver.recv().await {
                    let Some(pump) = weak.upgrade() else { return };
                    let done = Done(pump);
                    // A task of its own: a panic ends this job, not the lane.
                    let _ = tokio::spawn(async move {
                        let _done = done;
                        run().await;
                    })
                    .await;
                }
            });
        }
        let weak = Arc::downgrade(&pump);
        let clock = Arc::clone(&pump.clock);
        let timer = tokio::spawn(async move {
            loop {
                let Some(pump) = weak.upgrade() else { return };
                pump.dispatch_due();
                let next = lock(&pump.state).waiting.peek().map(|job| job.0.due_ms);
                let woken = pump.woken.notified();
                match next {
                    Some(due) => tokio::select! {
                        () = clock.sleep_until(due) => {}
                        () = woken => {}
                    },
                    None => woken.await,
                }
            }
        });
        *lock(&pump.timer) = Some(timer);
        pump
    }

    /// Ends the timer and forgets what waits. Jobs already running finish.
    pub(crate) fn stop(&self) {
        if let Some(timer) = lock(&self.timer).take() {
            timer.abort();
        }
        lock(&self.state).waiting.clear();
    }

    /// Runs `run` on `lane` once the virtual clock has reached `due_ms`.
    pub(crate) fn schedule<F>(&self, due_ms: i64, lane: u64, run: impl FnOnce() -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        {
            let mut state = lock(&self.state);
            let seq = state.next_seq;
            state.next_seq += 1;
            state.waiting.push(Reverse(Job { due_ms, seq, lane, run: Box::new(move || Box::pin(run())) }));
        }
        if due_ms <= self.clock.now_ms() {
            self.dispatch_due();
        } else {
            self.woken.notify_one();
        }
    }

    fn dispatch_due(&self) {
        let now = self.clock.now_ms();
        let mut state = lock(&self.state);
        while state.waiting.peek().is_some_and(|job| job.0.due_ms <= now) {
            let Some(Reverse(job)) = state.waiting.pop() else {
                break;
            };
            let lane = usize::try_from(job.lane % LANES as u64).unwrap_or(0);
            if self.lanes[lane].send(job.run).is_ok() {
                state.in_flight += 1;
            }
        }
    }

    /// Waits until nothing is due and nothing runs.
    pub async fn settle(&self) {
        loop {
            let quiet = self.quiet.notified();
            tokio::pin!(quiet);
            quiet.as_mut().enable();
            self.dispatch_due();
            if lock(&self.state).in_flight == 0 {
                return;
            }
            quiet.await;
        }
    }

    /// Moves the clock by `ms`, running everything that falls due in order, each step finished before the next.
    pub async fn advance(&self, ms: i64) {
        let target = self.clock.now_ms().saturating_add(ms.max(0));
        loop {
            self.settle().await;
            let next = lock(&self.state).waiting.peek().map(|job| job.0.due_ms);
            match next {
                Some(due) if due <= target => self.clock.move_to(due),
                _ => break,
            }
        }
        self.clock.move_to(target);
        self.settle().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn jobs_run_in_order_of_their_time_and_advance_waits_for_them() {
        let clock = Arc::new(Clock::new(1_000));
        let pump = Pump::start(Arc::clone(&clock));
        let seen = Arc::new(Mutex::new(Vec::new()));
        for (due, name) in [(1_000, "now"), (4_000, "late"), (2_000, "soon"), (2_000, "then")] {
            let (seen, clock) = (Arc::clone(&seen), Arc::clone(&clock));
            pump.schedule(due, 3, move || async move {
                lock(&seen).push((name, clock.now_ms()));
            });
        }
        pump.settle().await;
        assert_eq!(*lock(&seen), [("now", 1_000)]);
        pump.advance(2_000).await;
        assert_eq!(*lock(&seen), [("now", 1_000), ("soon", 2_000), ("then", 2_000)]);
        assert_eq!(clock.now_ms(), 3_000);
        pump.advance(1_000).await;
        assert_eq!(lock(&seen).last(), Some(&("late", 4_000)));
    }

    #[tokio::test]
    async fn a_panic_costs_one_job() {
        let pump = Pump::start(Arc::new(Clock::new(0)));
        let seen = Arc::new(Mutex::new(0));
        pump.schedule(0, 1, || async { panic!("scripted") });
        let count = Arc::clone(&seen);
        pump.schedule(0, 1, move || async move { *lock(&count) += 1 });
        pump.settle().await;
        assert_eq!(*lock(&seen), 1);
    }

    #[tokio::test]
    async fn a_running_clock_runs_jobs_by_itself() {
        let clock = Arc::new(Clock::new(0));
        let pump = Pump::start(Arc::clone(&clock));
        let (sender, receiver) = tokio::sync::oneshot::channel();
        pump.schedule(20, 1, move || async move {
            let _ = sender.send(());
        });
        clock.set_running(true);
        receiver.await.unwrap();
    }
}
