//! [`Queued`]: what lies in the deques.

use std::sync::Arc;
use std::time::Instant;

use wasm_mt::__pool::Entry;

use super::fork::Fork;
use crate::priority::Priority;

/// Jobs that wait, and what the counters need to know of them.
pub(super) enum Queued {
    Jobs {
        entry: Box<Entry>,
        /// The worker on whose deque its spawner laid it.
        home: Option<u32>,
        since: Instant,
    },
    /// Half of a job of this worker.
    Fork { fork: Arc<Fork>, home: u32 },
}

impl Queued {
    pub(super) fn new(entry: Box<Entry>, home: Option<u32>) -> Self {
        Queued::Jobs {
            entry,
            home,
            since: Instant::now(),
        }
    }

    /// What is half of a job has begun with it, and goes among the normal ones.
    pub(super) fn priority(&self) -> Priority {
        match self {
            Queued::Jobs { entry, .. } => Priority::of_rank(entry.rank()),
            Queued::Fork { .. } => Priority::Normal,
        }
    }

    pub(super) fn home(&self) -> Option<u32> {
        match self {
            Queued::Jobs { home, .. } => *home,
            Queued::Fork { home, .. } => Some(*home),
        }
    }

    /// Since when it waits, where that is counted.
    pub(super) fn since(&self) -> Option<Instant> {
        match self {
            Queued::Jobs { since, .. } => Some(*since),
            Queued::Fork { .. } => None,
        }
    }

    /// It is an async job, so that it does not run to its end at once.
    pub(super) fn may_suspend(&self) -> bool {
        match self {
            Queued::Jobs { entry, .. } => entry.may_suspend(),
            Queued::Fork { .. } => false,
        }
    }

    /// It was half of a job, and its joiner has taken it back.
    pub(super) fn is_over(&self) -> bool {
        matches!(self, Queued::Fork { fork, .. } if !fork.waits())
    }

    /// It is this one.
    pub(super) fn is(&self, other: &Arc<Fork>) -> bool {
        matches!(self, Queued::Fork { fork, .. } if Arc::ptr_eq(fork, other))
    }

    pub(super) fn into_entry(self) -> Box<Entry> {
        match self {
            Queued::Jobs { entry, .. } => entry,
            Queued::Fork { fork, .. } => fork.entry(),
        }
    }
}
