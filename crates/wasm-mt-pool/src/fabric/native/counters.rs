//! What each worker has done. A worker counts before a job's handle settles, so whoever awaited the job finds it counted.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// One worker's counters, on cache lines of their own.
#[derive(Default)]
#[repr(align(128))]
pub(super) struct Counters {
    run: AtomicU64,
    stolen: AtomicU64,
    busy: AtomicU64,
    queued: AtomicU64,
}

/// What a worker has done until now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Done {
    /// Jobs begun.
    pub(crate) run: u64,
    /// Those of them that another worker's job had spawned, and that lay on that worker's deque.
    pub(crate) stolen: u64,
    /// How long it has been at work: from when it found a job until it had none.
    pub(crate) busy: Duration,
    /// How long its jobs have waited, all together.
    pub(crate) queued: Duration,
}

// ORDERING: all Relaxed; each is a figure of its own, and whoever awaits a job acquires what came before its end.
impl Counters {
    pub(super) fn run(&self, stolen: bool) {
        add(&self.run, 1);
        if stolen {
            add(&self.stolen, 1);
        }
    }

    pub(super) fn busy(&self, time: Duration) {
        add(&self.busy, nanos(time));
    }

    pub(super) fn queued(&self, time: Duration) {
        add(&self.queued, nanos(time));
    }

    pub(super) fn read(&self) -> Done {
        Done {
            run: self.run.load(Ordering::Relaxed),
            stolen: self.stolen.load(Ordering::Relaxed),
            busy: Duration::from_nanos(self.busy.load(Ordering::Relaxed)),
            queued: Duration::from_nanos(self.queued.load(Ordering::Relaxed)),
        }
    }
}

/// Only the worker's thread adds, so that no step has to exclude others. One that was given up on may still add, and then takes back
/// what the next one has added meanwhile.
fn add(figure: &AtomicU64, some: u64) {
    figure.store(
        figure.load(Ordering::Relaxed).wrapping_add(some),
        Ordering::Relaxed,
    );
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
