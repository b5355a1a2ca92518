//! [`Park`]: where one worker sleeps, and how it is woken. `README.md` argues why no wake-up is lost.
//!
//! 1. Only the worker itself goes to sleep or takes a wake away; anybody wakes it.
//! 2. A wake that finds the worker awake stays until the worker would sleep. It takes it away before it looks again for
//!    what there is to do.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use super::sync::{AtomicU32, Mutex, Step, taken, thread};

const AWAKE: u32 = 0;
/// The worker sleeps, or looks a last time before it does.
const ASLEEP: u32 = 1;
/// It has been woken and has not noticed yet.
const WOKEN: u32 = 2;

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

impl Park {
    pub(super) fn new() -> Self {
        Park {
            state: AtomicU32::new(AWAKE),
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
    }

    /// The worker says that it will sleep. From here on it can be claimed.
    pub(super) fn announce(&self) -> Announced {
        // ORDERING: AcqRel; Acquire pairs with the Release in `wake`. That a publisher sees it, or the worker the job, is up to
        // the fences in `Sleep`.
        match self
            .state
            .compare_exchange(AWAKE, ASLEEP, Ordering::AcqRel, Ordering::Acquire)
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

    /// Sleeps until woken. To be called between an announcement and its `clear`.
    pub(super) fn wait(&self) {
        // ORDERING: Acquire; the `clear` that follows acquires in any case, so this is for the reader.
        while self.state.load(Ordering::Acquire) == ASLEEP {
            // Returns at any unpark: of a job's own, too.
            thread::park();
        }
    }

    /// Wakes the worker, or keeps it from sleeping the next time.
    pub(super) fn wake(&self) {
        if !taken(Step::Token) {
            let _ = self.claim();
            return;
        }
        // ORDERING: AcqRel; Release publishes what the worker is woken for to its `clear`, Acquire the thread that sleeps.
        if self.state.swap(WOKEN, Ordering::AcqRel) == ASLEEP {
            self.unpark();
        }
    }

    /// Wakes the worker where it sleeps; of several callers it is one that does.
    #[must_use]
    pub(super) fn claim(&self) -> bool {
        // ORDERING: AcqRel as in `wake`; Relaxed on failure, which says nothing about the worker.
        let claimed = self
            .state
            .compare_exchange(ASLEEP, WOKEN, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok();
        if claimed {
            self.unpark();
        }
        claimed
    }

    fn unpark(&self) {
        if let Some(thread) = &*self.thread.lock().unwrap_or_else(PoisonError::into_inner) {
            thread.unpark();
        }
    }
}
