//! [`Queued`]: what lies in the deques.

use std::time::Instant;

use wasm_mt::__pool::Entry;

use crate::priority::Priority;

/// Jobs that wait, and what the counters need to know of them.
pub(super) struct Queued {
    pub(super) entry: Box<Entry>,
    /// The worker on whose deque its spawner laid it.
    pub(super) home: Option<u32>,
    pub(super) since: Instant,
}

impl Queued {
    pub(super) fn new(entry: Box<Entry>, home: Option<u32>) -> Self {
        Queued {
            entry,
            home,
            since: Instant::now(),
        }
    }

    pub(super) fn priority(&self) -> Priority {
        Priority::of_rank(self.entry.rank())
    }
}
