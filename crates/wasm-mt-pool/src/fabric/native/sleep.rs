//! [`Sleep`]: who of the pool's workers searches, who sleeps, and whom a new job wakes. `README.md` argues why no wake-up
//! is lost.
//!
//! A worker that has nothing to do *searches*, and when that was in vain for a while, sleeps. A job that anybody may take
//! wakes one sleeper, but none where somebody searches: the searcher finds the job, or looks for others when it has found
//! another.
//!
//! A worker that sleeps for long *rests*: its thread ends, and it stays one of the sleepers. It is woken by a new thread, which is
//! for the caller to start.
//!
//! 1. A worker adds to the counts, and takes away, for itself only. So they are never less than nothing. One without a
//!    thread has nobody but who ends its rest: for its retirement, or for want of a thread.
//! 2. Who ceases to search looks again: for all work when going to sleep, for more of it as the last searcher who found some. And
//!    who ceases to take anything, without a search.

use std::sync::atomic::Ordering;
use std::time::Instant;

use super::grown::Grown;
use super::park::{Announced, Found, Park};
use super::sync::{AtomicU64, Step, fence, taken};

/// Of the counts, one worker asleep, one that searches, and one that sleeps in a job and would help.
const SLEEPER: u64 = 1;
const SEARCHER: u64 = 1 << 16;
const JOINER: u64 = 1 << 32;

/// More workers than these cannot be counted.
pub(super) const MOST: usize = Grown::<Park>::MOST;

const _: () = assert!(MOST < SEARCHER as usize);

fn sleepers(counts: u64) -> u64 {
    counts % SEARCHER
}

fn searchers(counts: u64) -> u64 {
    counts % JOINER / SEARCHER
}

fn joiners(counts: u64) -> u64 {
    counts / JOINER
}

/// Where jobs lie that any worker may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// Where whoever helps does not look.
    Injected,
    /// On some worker's deque.
    Laid,
}

/// The pool's workers at rest.
pub(super) struct Sleep {
    /// Sleepers in the lowest 16 bits, searchers in the next ones, and then joiners.
    counts: Counts,
    parks: Grown<Park>,
}

/// Read by every spawn, and so on a cache line of its own.
#[repr(align(128))]
struct Counts(AtomicU64);

impl Sleep {
    pub(super) fn new(workers: usize) -> Self {
        Sleep {
            counts: Counts(AtomicU64::new(0)),
            parks: Grown::new(workers, Park::new),
        }
    }

    /// There are so many workers from now on, unless there are more.
    pub(super) fn grow(&self, workers: usize) {
        self.parks.grow(workers);
    }

    /// The calling thread is the worker `worker` from now on. It is at work.
    pub(super) fn settle_in(&self, worker: usize) {
        self.parks[worker].settle_in();
    }

    /// The same for a worker that rested, and searches now.
    pub(super) fn resume(&self, worker: usize) {
        self.parks[worker].settle_in();
        self.wakes();
    }

    /// No thread could be had for a worker. `rested` says whether it is one of the sleepers.
    pub(super) fn vacate(&self, worker: usize, rested: bool) {
        self.parks[worker].vacate();
        if rested {
            self.forget_sleeper();
        }
    }

    /// A worker is to leave. One that rests is none of the sleepers any more; one that has a thread looks how things stand.
    ///
    /// One that leaves meanwhile is not woken: nobody would start a thread for it.
    pub(super) fn dismiss(&self, worker: usize) {
        if self.parks[worker].retire() {
            self.forget_sleeper();
        } else {
            self.parks[worker].nudge();
        }
    }

    fn forget_sleeper(&self) {
        // ORDERING: Relaxed; who still counts it looks for its park, and does not find it.
        self.counts.0.fetch_sub(SLEEPER, Ordering::Relaxed);
    }

    pub(super) fn has_thread(&self, worker: usize) -> bool {
        self.parks[worker].has_thread()
    }

    /// It has no thread, and does not rest.
    pub(super) fn is_gone(&self, worker: usize) -> bool {
        self.parks[worker].is_gone()
    }

    /// A worker begins to search.
    pub(super) fn search(&self) {
        // ORDERING: Relaxed; who reads it relies on the end of the search only.
        self.counts.0.fetch_add(SEARCHER, Ordering::Relaxed);
    }

    /// A searcher has found something, or ceases for another reason. `more` says whether there is anything else that others may
    /// take, and where. Gives a worker that is to have a thread for that.
    #[must_use]
    pub(super) fn found(&self, more: impl Fn() -> Option<Work>) -> Option<usize> {
        // ORDERING: Release; pairs with the fence in `sleep`: a searcher that sleeps after this one has ceased sees what this
        // one has moved to its own deque.
        let before = self.counts.0.fetch_sub(SEARCHER, Ordering::Release);
        let nobody_sleeps = sleepers(before) == 0 && joiners(before) == 0;
        if searchers(before) > 1 || nobody_sleeps || !taken(Step::PassOn) {
            return None;
        }
        // ORDERING: SeqCst; pairs with the fence in `published`. Who published relying on this search did so before, so that
        // the job is seen here.
        fence(Ordering::SeqCst);
        self.wake_one(more()?)
    }

    /// A worker that does not search takes nothing from now on. `more` says whether there is anything that others may take, and where.
    /// Gives a worker that is to have a thread for that.
    #[must_use]
    pub(super) fn refrains(&self, more: impl Fn() -> Option<Work>) -> Option<usize> {
        if !taken(Step::HandOver) {
            return None;
        }
        // ORDERING: SeqCst; pairs with the fence in `sleep`: either this reads that there is a sleeper, or that one sees what this
        // worker has moved to its own deque.
        fence(Ordering::SeqCst);
        self.wake_one(more()?)
    }

    /// Work that any worker may take lies ready: a sleeper is woken for it, where that is needed. Gives a worker that is to have a
    /// thread for that.
    #[must_use]
    pub(super) fn published(&self, work: Work) -> Option<usize> {
        if taken(Step::PublishersFence) {
            // ORDERING: SeqCst; between the job's publication and the look for sleepers. Pairs with the fences in `sleep` and
            // `found`: either this reads that there is a sleeper and no searcher, or those see the job.
            fence(Ordering::SeqCst);
        }
        self.wake_one(work)
    }

    fn wake_one(&self, work: Work) -> Option<usize> {
        // ORDERING: Relaxed; after the fence of `published`, `found`.
        let counts = self.counts.0.load(Ordering::Relaxed);
        if searchers(counts) > 0 {
            return None;
        }
        if sleepers(counts) == 0 {
            if work == Work::Laid && joiners(counts) > 0 {
                let _ = self.parks.iter().any(Park::claim_joining);
            }
            return None;
        }
        // From the first: the others sleep the longer, and deeper.
        if self.parks.iter().any(Park::claim) {
            return None;
        }
        self.parks.iter().position(Park::claim_resting)
    }

    /// Wakes this worker for something that only it can do.
    pub(super) fn wake(&self, worker: usize) -> Found {
        self.parks[worker].wake()
    }

    /// The same for what is its present thread's alone.
    pub(super) fn nudge(&self, worker: usize) {
        self.parks[worker].nudge();
    }

    /// Wakes all, for something that concerns each. Who has no thread needs none any more.
    pub(super) fn wake_all(&self) {
        for park in self.parks.iter() {
            let _ = park.wake();
        }
    }

    /// A searcher sleeps until it is woken, unless `look` sees something to do. Afterwards it searches again.
    ///
    /// `look` is to see whatever `published` and `wake` were called for. At that time `rest` is asked, and false is given where
    /// it is true: it has called [`rest`](Self::rest) then, and the thread has to end.
    #[must_use]
    pub(super) fn sleep(
        &self,
        worker: usize,
        until: Option<Instant>,
        look: impl Fn() -> bool,
        rest: impl FnOnce() -> bool,
    ) -> bool {
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
            let sleeps = !taken(Step::SecondLook) || !look();
            if sleeps && !park.wait(until) {
                if rest() {
                    return false;
                }
                park.wait(None);
            }
            park.clear();
        }
        self.wakes();
        true
    }

    /// One of the sleepers searches.
    fn wakes(&self) {
        // ORDERING: Relaxed; as in `search`.
        self.counts
            .0
            .fetch_add(SEARCHER - SLEEPER, Ordering::Relaxed);
    }

    /// A sleeper's thread ends, unless it was woken. The worker stays one of the sleepers.
    #[must_use]
    pub(super) fn rest(&self, worker: usize) -> bool {
        self.parks[worker].rest()
    }

    /// A worker that does not search sleeps for what only it can do, unless `look` sees some.
    pub(super) fn sleep_alone(&self, worker: usize, look: impl Fn() -> bool) {
        let park = &self.parks[worker];
        if let Announced::Asleep = park.announce_alone() {
            if !look() {
                park.wait(None);
            }
            park.clear();
        }
    }

    /// A worker whose job waits for what another has of it sleeps, unless `look` sees that this has ended, or something on a deque that
    /// the worker can run meanwhile.
    pub(super) fn sleep_joining(&self, worker: usize, look: impl Fn() -> bool) {
        let park = &self.parks[worker];
        // ORDERING: Relaxed; the fence below orders it.
        self.counts.0.fetch_add(JOINER, Ordering::Relaxed);
        if let Announced::Asleep = park.announce_joining() {
            if taken(Step::SleepersFence) {
                // ORDERING: SeqCst; between the announcement and the second look. Pairs with the fence in `published`.
                fence(Ordering::SeqCst);
            }
            if !taken(Step::SecondLook) || !look() {
                park.wait(None);
            }
            park.clear();
        }
        // ORDERING: Relaxed; who still counts it looks for its park, and does not find it.
        self.counts.0.fetch_sub(JOINER, Ordering::Relaxed);
    }

    /// The thread of a worker that does not search ends, unless it was woken: then it is to look again.
    #[must_use]
    pub(super) fn leave(&self, worker: usize) -> bool {
        let park = &self.parks[worker];
        let left = park.leave();
        if !left {
            park.clear();
        }
        left
    }

    /// The worker sleeps in a job that waits, and would help, or would not.
    #[cfg(all(test, not(loom)))]
    pub(super) fn waits(&self, worker: usize, helps: bool) -> bool {
        self.parks[worker].waits(helps)
    }

    #[cfg(all(test, not(loom)))]
    pub(super) fn sleepers(&self) -> usize {
        sleepers(self.counts.0.load(Ordering::SeqCst)) as usize
    }
}
