//! [`Park`]: where one worker sleeps, and how it is woken. `README.md` argues why no wake-up is lost.
//!
//! 1. Only the worker itself goes to sleep, ends, or takes a wake away; anybody wakes it. A thread that another has replaced is
//!    not the worker any more.
//! 2. A wake that finds the worker awake stays until the worker would sleep, or end. It takes it away before it looks again for
//!    what there is to do.
//! 3. Of a worker without a thread one caller is told so by its wake. That one starts a thread; until this is up, the worker
//!    counts as woken.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::sync::{AtomicU32, Mutex, Step, park, taken, thread};

const AWAKE: u32 = 0;
/// The worker sleeps, or looks a last time before it does.
const ASLEEP: u32 = 1;
/// It has been woken and has not noticed yet, or its thread is to come.
const WOKEN: u32 = 2;
/// Its thread ended in its sleep. It is one of the sleepers all the same.
const RESTING: u32 = 3;
/// It sleeps for what only it can do, and is none of the sleepers.
const ALONE: u32 = 4;
/// It has no thread, and is none of the sleepers.
const GONE: u32 = 5;
/// It sleeps in a job that waits, and would run what lies on a deque meanwhile. It is none of the sleepers.
const JOINING: u32 = 6;

/// Where a worker sleeps. On a cache line of its own.
#[repr(align(128))]
pub(super) struct Park {
    state: AtomicU32,
    thread: Mutex<Option<thread::Thread>>,
}

/// Whether a worker may sleep.
#[must_use]
pub(super) enum Announced {
    /// It may, when it has looked again.
    Asleep,
    /// It was woken meanwhile: it shall look from the start.
    Woken,
}

/// Whom a wake has found.
#[must_use = "a worker without a thread is not woken before it has one"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A thread, or one that is to come.
    Thread,
    /// A sleeper without a thread. It is for the caller to start one.
    Resting,
    /// None at all. Likewise.
    Gone,
}

impl Park {
    /// Of a worker that has no thread.
    pub(super) fn new() -> Self {
        Park {
            state: AtomicU32::new(GONE),
            thread: Mutex::new(None),
        }
    }

    /// From now on it is the calling thread that sleeps here.
    pub(super) fn settle_in(&self) {
        let before = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .replace(thread::current());
        drop(before);
        self.clear();
    }

    /// The worker says that it will sleep, as one of the sleepers. From here on it can be claimed.
    pub(super) fn announce(&self) -> Announced {
        self.announce_as(ASLEEP)
    }

    /// The same, where it sleeps for itself. It cannot be claimed.
    pub(super) fn announce_alone(&self) -> Announced {
        self.announce_as(ALONE)
    }

    /// The same in a job that waits. It can be claimed by [`claim_joining`](Self::claim_joining).
    pub(super) fn announce_joining(&self) -> Announced {
        self.announce_as(JOINING)
    }

    fn announce_as(&self, state: u32) -> Announced {
        // ORDERING: AcqRel; Acquire pairs with the Release in `wake`. That a publisher sees it, or the worker the job, is up to
        // the fences in `Sleep`.
        match self
            .state
            .compare_exchange(AWAKE, state, Ordering::AcqRel, Ordering::Acquire)
        {
            Ok(_) => Announced::Asleep,
            Err(_) => {
                self.clear();
                Announced::Woken
            }
        }
    }

    /// The worker takes a wake away, or its own announcement back. What was published before the wake is seen from here on.
    pub(super) fn clear(&self) {
        if !taken(Step::ClearBySwap) {
            // ORDERING: none of use, which is the fault of it.
            self.state.store(AWAKE, Ordering::Relaxed);
            return;
        }
        // ORDERING: AcqRel; Acquire pairs with the Release in `wake` and `claim`. A swap and no store, so that it reads the
        // last of several wakes.
        self.state.swap(AWAKE, Ordering::AcqRel);
    }

    /// Sleeps until woken, or until that time: then it is false. To be called between an announcement and its `clear`.
    pub(super) fn wait(&self, until: Option<Instant>) -> bool {
        // ORDERING: Acquire; the `clear` that follows acquires in any case, so this is for the reader.
        while matches!(self.state.load(Ordering::Acquire), ASLEEP | ALONE | JOINING) {
            // Returns at any unpark: of a job's own, too.
            if !park(until) {
                return false;
            }
        }
        true
    }

    /// The sleeper's thread ends. False where it was woken meanwhile.
    pub(super) fn rest(&self) -> bool {
        self.end(ASLEEP, RESTING)
    }

    /// The worker's thread ends, which has nothing more to do. False where it was woken meanwhile.
    pub(super) fn leave(&self) -> bool {
        self.end(AWAKE, GONE)
    }

    fn end(&self, from: u32, to: u32) -> bool {
        if !taken(Step::EndByExchange) {
            self.state.store(to, Ordering::Release);
            return true;
        }
        // ORDERING: AcqRel; Release publishes to the next thread's `settle_in` what this one leaves.
        self.state
            .compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }

    /// One that rests is none of the sleepers any more. False where it does not rest.
    pub(super) fn retire(&self) -> bool {
        // ORDERING: AcqRel; as in `end`.
        self.state
            .compare_exchange(RESTING, GONE, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
    }

    /// The thread that was to come does not.
    pub(super) fn vacate(&self) {
        // ORDERING: AcqRel; Acquire pairs with the Release in `wake`: what came with it is seen by who ends it.
        self.state.swap(GONE, Ordering::AcqRel);
    }

    pub(super) fn has_thread(&self) -> bool {
        // ORDERING: Acquire; for the reader. A fence orders it where it matters.
        !matches!(self.state.load(Ordering::Acquire), RESTING | GONE)
    }

    pub(super) fn is_gone(&self) -> bool {
        // ORDERING: Acquire; as in `has_thread`.
        self.state.load(Ordering::Acquire) == GONE
    }

    #[cfg(all(test, not(loom)))]
    pub(super) fn waits(&self, helps: bool) -> bool {
        self.state.load(Ordering::SeqCst) == if helps { JOINING } else { ALONE }
    }

    /// Wakes the worker, or keeps it from sleeping the next time.
    pub(super) fn wake(&self) -> Found {
        if !taken(Step::Token) {
            let _ = self.claim();
            return Found::Thread;
        }
        // ORDERING: AcqRel; Release publishes what the worker is woken for to its `clear`, Acquire the thread that sleeps.
        match self.state.swap(WOKEN, Ordering::AcqRel) {
            ASLEEP | ALONE | JOINING => self.unpark(),
            RESTING => return Found::Resting,
            GONE => return Found::Gone,
            _ => {}
        }
        Found::Thread
    }

    /// The same, where the worker has a thread. It is for what is that thread's alone.
    pub(super) fn nudge(&self) {
        let mut state = self.state.load(Ordering::Relaxed);
        while !matches!(state, RESTING | GONE) {
            // ORDERING: AcqRel as in `wake`, also over `WOKEN`: the `clear` of that reads this one. Relaxed on failure, which
            // looks anew.
            match self.state.compare_exchange_weak(
                state,
                WOKEN,
                Ordering::AcqRel,
                Ordering::Relaxed,
            ) {
                Ok(ASLEEP | ALONE | JOINING) => return self.unpark(),
                Ok(_) => return,
                Err(present) => state = present,
            }
        }
    }

    /// Wakes the worker where it is one of the sleepers; of several callers it is one that does.
    #[must_use]
    pub(super) fn claim(&self) -> bool {
        self.claim_and_unpark(ASLEEP)
    }

    /// The same for one that sleeps in a job that waits.
    #[must_use]
    pub(super) fn claim_joining(&self) -> bool {
        taken(Step::ClaimJoining) && self.claim_and_unpark(JOINING)
    }

    fn claim_and_unpark(&self, state: u32) -> bool {
        let claimed = self.claim_from(state);
        if claimed {
            self.unpark();
        }
        claimed
    }

    /// The same for one that rests, which the caller is to start a thread for.
    #[must_use]
    pub(super) fn claim_resting(&self) -> bool {
        taken(Step::ClaimResting) && self.claim_from(RESTING)
    }

    fn claim_from(&self, state: u32) -> bool {
        // ORDERING: AcqRel as in `wake`; Relaxed on failure, which says nothing about the worker.
        self.state
            .compare_exchange(state, WOKEN, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
    }

    fn unpark(&self) {
        if let Some(thread) = &*self.thread.lock().unwrap_or_else(PoisonError::into_inner) {
            thread.unpark();
        }
    }
}
