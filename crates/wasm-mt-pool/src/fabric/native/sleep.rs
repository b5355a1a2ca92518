//! [`Sleep`]: who of the pool's workers searches, who sleeps, and whom a new job wakes. `README.md` argues why no wake-up
//! is lost.
//!
//! A worker that has nothing to do *searches*, and when that was in vain for a while, sleeps. A job that anybody may take
//! wakes one sleeper, but none where somebody searches: the searcher finds the job, or looks for others when it has found
//! another.
//!
//! 1. A worker adds to the counts, and takes away, for itself only. So they are never less than nothing.
//! 2. Who ceases to search looks again: for all work when going to sleep, for more of it as the last searcher who found some.

use std::sync::atomic::Ordering;

use super::park::{Announced, Park};
use super::sync::{AtomicU32, Step, fence, taken};

/// Of the counts, one worker asleep, and one that searches.
const SLEEPER: u32 = 1;
const SEARCHER: u32 = 1 << 16;

/// More workers than these cannot be counted.
pub(super) const MOST: usize = SEARCHER as usize - 1;

fn sleepers(counts: u32) -> u32 {
    counts % SEARCHER
}

fn searchers(counts: u32) -> u32 {
    counts / SEARCHER
}

/// The pool's workers at rest.
pub(super) struct Sleep {
    /// Sleepers in the low half, searchers in the high one.
    counts: Counts,
    parks: Box<[Park]>,
}

/// Read by every spawn, and so on a cache line of its own.
#[repr(align(128))]
struct Counts(AtomicU32);

impl Sleep {
    pub(super) fn new(workers: usize) -> Self {
        Sleep {
            counts: Counts(AtomicU32::new(0)),
            parks: (0..workers).map(|_| Park::new()).collect(),
        }
    }

    /// The calling thread is the worker `worker` from now on.
    pub(super) fn settle_in(&self, worker: usize) {
        self.parks[worker].settle_in();
    }

    /// A worker begins to search.
    pub(super) fn search(&self) {
        // ORDERING: Relaxed; who reads it relies on the end of the search only.
        self.counts.0.fetch_add(SEARCHER, Ordering::Relaxed);
    }

    /// A searcher has found something. `more` says whether there is anything else that others may take.
    pub(super) fn found(&self, more: impl Fn() -> bool) {
        // ORDERING: Release; pairs with the fence in `sleep`: a searcher that sleeps after this one has ceased sees what this
        // one has moved to its own deque.
        let before = self.counts.0.fetch_sub(SEARCHER, Ordering::Release);
        if searchers(before) > 1 || sleepers(before) == 0 || !taken(Step::PassOn) {
            return;
        }
        // ORDERING: SeqCst; pairs with the fence in `published`. Who published relying on this search did so before, so that
        // the job is seen here.
        fence(Ordering::SeqCst);
        if more() {
            self.wake_one();
        }
    }

    /// Work that any worker may take lies ready: a sleeper is woken for it, where that is needed.
    pub(super) fn published(&self) {
        if taken(Step::PublishersFence) {
            // ORDERING: SeqCst; between the job's publication and the look for sleepers. Pairs with the fences in `sleep` and
            // `found`: either this reads that there is a sleeper and no searcher, or those see the job.
            fence(Ordering::SeqCst);
        }
        self.wake_one();
    }

    fn wake_one(&self) {
        // ORDERING: Relaxed; after the fence of `published`, `found`.
        let counts = self.counts.0.load(Ordering::Relaxed);
        if sleepers(counts) > 0 && searchers(counts) == 0 {
            // From the first: the others sleep the longer, and deeper.
            let _ = self.parks.iter().any(Park::claim);
        }
    }

    /// Wakes this worker for something that only it can do.
    pub(super) fn wake(&self, worker: usize) {
        self.parks[worker].wake();
    }

    /// Wakes all, for something that concerns each.
    pub(super) fn wake_all(&self) {
        for park in &self.parks {
            park.wake();
        }
    }

    /// A searcher sleeps until it is woken, unless `look` sees something to do. Afterwards it searches again.
    ///
    /// `look` is to see whatever `published` and `wake` were called for.
    pub(super) fn sleep(&self, worker: usize, look: impl Fn() -> bool) {
        let park = &self.parks[worker];
        // ORDERING: Relaxed; the fence below orders it.
        self.counts
            .0
            .fetch_sub(SEARCHER - SLEEPER, Ordering::Relaxed);
        if let Announced::Asleep = park.announce() {
            if taken(Step::SleepersFence) {
                // ORDERING: SeqCst; between the announcement and the second look. Pairs with the fence in `published`.
                fence(Ordering::SeqCst);
            }
            if !taken(Step::SecondLook) || !look() {
                park.wait();
            }
            park.clear();
        }
        // ORDERING: Relaxed; as in `search`.
        self.counts
            .0
            .fetch_add(SEARCHER - SLEEPER, Ordering::Relaxed);
    }
}
