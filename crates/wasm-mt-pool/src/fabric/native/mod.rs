//! The fabric of native threads: an OS thread a worker, values moved, a deque for each.
//!
//! A job lies in one place: an injector, a worker's deque, its inbox, or its thread's [`Hand`](wasm_mt::__pool::Hand). What
//! is given up on while it waits is told itself (`sys/native/task.rs` of the core crate), and what is left of it is
//! dropped where it comes up.
//!
//! 1. When the fabric is shut, nothing waits in it: who shuts it empties it afterwards, and so does who puts something in and
//!    finds it shut then.

mod counters;
mod executor;
pub(crate) mod face;
mod fork;
mod grown;
mod inbox;
mod injectors;
mod life;
#[cfg(all(test, loom))]
mod models;
mod park;
mod peers;
mod queued;
mod seat;
mod size;
mod sleep;
mod sync;
#[cfg(all(test, not(loom)))]
mod tests;
mod worker;

pub(crate) use self::worker::join::join;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering, fence};
use std::sync::{Arc, Mutex, Weak};

use wasm_mt::__pool::{self as door, Config, Entry};
use wasm_mt::JobId;

use self::grown::Grown;
use self::inbox::Order;
use self::injectors::Injectors;
use self::life::Life;
use self::park::Found;
use self::peers::Peers;
use self::queued::Queued;
use self::seat::Seat;
use self::sleep::{Sleep, Work};
use crate::builder::Settings;
use crate::priority::Priority;

#[cfg(all(test, not(loom)))]
use self::counters::Done;

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
    settings: Settings,
    /// Whether the worker that asks may begin a job; it always may where nothing is said. See `worker/refrain.rs`.
    takes: Option<fn() -> bool>,
    sleep: Arc<Sleep>,
    injectors: Injectors,
    peers: Peers,
    /// Of all workers that there were at any time.
    seats: Grown<Arc<Seat>>,
    /// How many workers there are to be. Those of higher numbers leave.
    size: AtomicUsize,
    phase: AtomicU8,
    /// A worker that is to be there may have no thread since none could be had.
    vacant: AtomicBool,
    life: Mutex<Life>,
    me: Weak<Native>,
}

/// No thread has been started.
const NEW: u8 = 0;
const OPEN: u8 = 1;
/// No job is taken in any more.
const SHUT: u8 = 2;

impl Native {
    /// Hands jobs over, and never waits. Before it has begun they end as not started; after [`terminate`](Self::terminate) as
    /// closed.
    pub(crate) fn submit(&self, entry: Box<Entry>, place: Place) {
        match self.phase() {
            NEW => return entry.fail(door::not_started()),
            SHUT => return entry.fail(door::closed()),
            _ => {}
        }
        match place {
            Place::Pinned(worker) => {
                self.order(worker, Order::Run(Queued::new(entry, None)));
                // ORDERING: SeqCst; as in `empty_if_shut`. Of the others it is the fence in `Sleep::published` or `Local::lay`.
                fence(Ordering::SeqCst);
            }
            Place::Anywhere => match worker::local().filter(|local| self.is(&local.fabric)) {
                Some(local) if Priority::of_rank(entry.rank()) == Priority::Normal => {
                    local.lay(Queued::new(entry, Some(local.worker as u32)));
                }
                _ => {
                    self.injectors.push(Queued::new(entry, None));
                    self.published(Work::Injected);
                }
            },
        }
        // Invariant 1, after one of these fences.
        if self.is_shut() {
            self.empty();
        }
        self.revive();
    }

    /// Tells a worker what only it can do.
    fn order(&self, worker: usize, order: Order) {
        self.seats[worker].inbox.push(order);
        self.rouse(worker);
    }

    /// Wakes a worker. Where it has no thread, one is started.
    fn rouse(&self, worker: usize) {
        match self.sleep.wake(worker) {
            Found::Thread => {}
            Found::Resting => self.launch(worker, true),
            Found::Gone => self.launch(worker, false),
        }
    }

    /// Work lies ready that any worker may take.
    fn published(&self, work: Work) {
        if let Some(worker) = self.sleep.published(work) {
            self.launch(worker, true);
        }
    }

    /// Puts jobs back that another thread had.
    fn inject(&self, jobs: Queued) {
        self.injectors.push(jobs);
        self.published(Work::Injected);
        self.empty_if_shut();
    }

    /// Jobs of a `map` have been given up on, and their packet is settled: stops those that run. `task` drops what waits.
    pub(crate) fn abandon(&self, task: &door::Task) {
        task.forget();
        for seat in self.seats.iter() {
            if let Some(hand) = seat.hand() {
                hand.stop_settled();
            }
        }
    }

    /// How many workers there are to be.
    pub(crate) fn workers(&self) -> usize {
        // ORDERING: Relaxed; a worker that is to act on it is woken, and others act on what they know.
        self.size.load(Ordering::Relaxed)
    }

    /// What each worker has done.
    #[cfg(all(test, not(loom)))]
    pub(crate) fn done(&self) -> Vec<Done> {
        self.present_seats()
            .map(|seat| seat.counters.read())
            .collect()
    }

    fn present_seats(&self) -> impl Iterator<Item = &Arc<Seat>> {
        self.seats.iter().take(self.workers())
    }

    /// The fabric that runs this thread's job, and the number of its worker.
    pub(crate) fn current() -> Option<(Arc<Native>, usize)> {
        let local = worker::local()?;
        Some((local.fabric.clone(), local.worker))
    }

    fn is(&self, other: &Arc<Native>) -> bool {
        std::ptr::eq(self, Arc::as_ptr(other))
    }

    fn phase(&self) -> u8 {
        // ORDERING: Acquire; pairs with the Release in `shut_and_empty`. Where it decides over a job, a fence comes before.
        self.phase.load(Ordering::Acquire)
    }

    fn is_shut(&self) -> bool {
        self.phase() == SHUT
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
        if self.phase.swap(SHUT, Ordering::AcqRel) == SHUT {
            return false;
        }
        // ORDERING: SeqCst; as in `empty_if_shut`.
        fence(Ordering::SeqCst);
        self.empty();
        true
    }

    /// Ends all that waits as cancelled.
    fn empty(&self) {
        let end = |entry: Box<Entry>| entry.fail(door::cancelled());
        self.take_all(end, self.seats.len());
    }

    /// Takes what waits for any worker, and for one of the first so many.
    fn take_all(&self, end: impl Fn(Box<Entry>), workers: usize) {
        let jobs = || {
            self.injectors.take().or_else(|| {
                let all = self.peers.known();
                all.list
                    .iter()
                    .find_map(|peer| injectors::settled(|| peer.deque.steal()))
            })
        };
        // Foreign code may unwind. The others end all the same.
        let end = |entry| {
            let _ = catch_unwind(AssertUnwindSafe(|| end(entry)));
        };
        while let Some(jobs) = jobs() {
            end(jobs.into_entry());
        }
        for seat in self.seats.iter().take(workers) {
            seat.inbox.end(end);
        }
    }
}

impl door::Owner for Native {
    fn abort(&self, worker: usize, id: JobId) {
        self.order(worker, Order::Abort(id));
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
        self.give_up(worker);
        self.launch(worker, false);
        self.empty_if_shut();
    }
}
