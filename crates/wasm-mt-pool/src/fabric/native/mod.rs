//! The fabric of native threads: an OS thread a worker, values moved, a deque for each.
//!
//! A job lies in one place: the injector, a worker's deque, its inbox, or its thread's [`Hand`](wasm_mt::__pool::Hand). What
//! is given up on while it waits is told itself (`sys/native/task.rs` of the core crate), and what is left of it is
//! dropped where it comes up.
//!
//! 1. When the fabric is shut, nothing waits in it: who shuts it empties it afterwards, and so does who puts something in and
//!    finds it shut then.

mod counters;
mod executor;
pub(crate) mod face;
mod inbox;
mod life;
#[cfg(all(test, loom))]
mod models;
mod park;
mod peers;
mod queued;
mod sleep;
mod sync;
#[cfg(all(test, not(loom)))]
mod tests;
mod worker;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use std::sync::{Arc, Mutex, Weak};

use crossbeam_deque::Injector;
use wasm_mt::__pool::{self as door, Config, Entry, Hand};
use wasm_mt::JobId;

use self::counters::Counters;
use self::inbox::{Inbox, Order};
use self::life::Life;
use self::peers::Peers;
use self::queued::Queued;
use self::sleep::Sleep;

pub(crate) use self::counters::Done;

/// Where jobs are to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// On whichever worker comes first; what a job spawns lies on its own worker's deque.
    Anywhere,
    /// On this one.
    Pinned(usize),
}

/// The threads of a pool and what waits for them.
pub(crate) struct Native {
    config: Config,
    steal: bool,
    sleep: Arc<Sleep>,
    injector: Injector<Queued>,
    peers: Peers,
    seats: Box<[Seat]>,
    shut: AtomicBool,
    /// Workers that no thread could be had for.
    vacant: AtomicUsize,
    life: Mutex<Life>,
    me: Weak<Native>,
}

/// What stays of a worker when its thread is replaced.
struct Seat {
    /// The thread's id, to jobs and errors.
    id: u64,
    inbox: Inbox,
    counters: Counters,
    /// The thread that is the worker now. `None` where none could be had.
    hand: Mutex<Option<Arc<Hand>>>,
}

impl Native {
    /// Hands jobs over, and never waits. After [`terminate`](Self::terminate) they end as closed.
    pub(crate) fn submit(&self, entry: Box<Entry>, place: Place) {
        if self.is_shut() {
            return entry.fail(door::closed());
        }
        match place {
            Place::Pinned(worker) => {
                let order = Order::Run(Queued::new(entry, None));
                self.seats[worker].inbox.push(order);
                self.sleep.wake(worker);
            }
            Place::Anywhere => match worker::local().filter(|local| self.is(&local.fabric)) {
                Some(local) => local.lay(Queued::new(entry, Some(local.worker as u32))),
                None => {
                    self.injector.push(Queued::new(entry, None));
                    self.sleep.published();
                }
            },
        }
        self.empty_if_shut();
        self.revive();
    }

    /// Puts jobs back that another thread had.
    fn inject(&self, jobs: Queued) {
        self.injector.push(jobs);
        self.sleep.published();
        self.empty_if_shut();
    }

    /// Jobs of a `map` have been given up on, and their packet is settled: stops those that run. `task` drops what waits.
    pub(crate) fn abandon(&self, task: &door::Task) {
        task.forget();
        for seat in &self.seats {
            if let Some(hand) = self.hand_of(seat) {
                hand.stop_settled();
            }
        }
    }

    /// How many workers there are.
    pub(crate) fn workers(&self) -> usize {
        self.seats.len()
    }

    /// What each worker has done.
    pub(crate) fn done(&self) -> Vec<Done> {
        self.seats.iter().map(|seat| seat.counters.read()).collect()
    }

    /// The fabric that runs this thread's job, and the number of its worker.
    pub(crate) fn current() -> Option<(Arc<Native>, usize)> {
        let local = worker::local()?;
        Some((local.fabric.clone(), local.worker))
    }

    fn is(&self, other: &Arc<Native>) -> bool {
        std::ptr::eq(self, Arc::as_ptr(other))
    }

    fn is_shut(&self) -> bool {
        // ORDERING: Acquire; pairs with the Release in `shut`. Where it decides over a job, a fence comes before.
        self.shut.load(Ordering::Acquire)
    }

    /// Invariant 1, of who has put something in.
    fn empty_if_shut(&self) {
        // ORDERING: SeqCst; between the push and the look, pairs with the fence in `shut_and_empty`.
        fence(Ordering::SeqCst);
        if self.is_shut() {
            self.empty();
        }
    }

    /// Invariant 1, of who shuts it. False where it was shut before.
    fn shut_and_empty(&self) -> bool {
        // ORDERING: Release; what was settled before is seen by who finds it shut.
        if self.shut.swap(true, Ordering::AcqRel) {
            return false;
        }
        // ORDERING: SeqCst; as in `empty_if_shut`.
        fence(Ordering::SeqCst);
        self.empty();
        true
    }

    /// Ends all that waits as cancelled.
    fn empty(&self) {
        self.take_all(|entry| entry.fail(door::cancelled()));
    }

    fn take_all(&self, end: impl Fn(Box<Entry>)) {
        let jobs = || {
            worker::settled(|| self.injector.steal()).or_else(|| {
                let all = self.peers.known();
                all.list
                    .iter()
                    .find_map(|peer| worker::settled(|| peer.deque.steal()))
            })
        };
        while let Some(jobs) = jobs() {
            end(jobs.entry);
        }
        for seat in &self.seats {
            for order in seat.inbox.drain() {
                if let Order::Run(jobs) = order {
                    end(jobs.entry);
                }
            }
        }
    }
}

impl door::Owner for Native {
    fn abort(&self, worker: usize, id: JobId) {
        self.seats[worker].inbox.push(Order::Abort(id));
        self.sleep.wake(worker);
    }

    fn replace(&self, worker: usize, back: Vec<Box<Entry>>) {
        for entry in back {
            if entry.len() > 1 {
                self.inject(Queued::new(entry, None));
            } else {
                // It may have been pinned.
                let order = Order::Run(Queued::new(entry, None));
                self.seats[worker].inbox.push(order);
            }
        }
        self.launch(worker);
        self.empty_if_shut();
    }
}
