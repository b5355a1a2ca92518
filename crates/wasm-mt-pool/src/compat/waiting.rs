//! [`Waiting`]: counts the jobs that no worker has been given yet.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use wasm_mt::__pool::Permit;

/// A count that the clones share.
#[derive(Clone, Default)]
pub(super) struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    pub(super) fn count(&self) -> usize {
        // ORDERING: Relaxed; it tells of nothing else, and all is on one thread.
        self.0.load(Ordering::Relaxed)
    }

    /// Counts one more, which has this place in a bounded queue.
    pub(super) fn add(&self, place: Option<Arc<dyn Permit>>) -> Arc<dyn Permit> {
        // ORDERING: as in `count`.
        self.0.fetch_add(1, Ordering::Relaxed);
        Arc::new(One {
            count: self.clone(),
            counted: AtomicBool::new(true),
            place,
        })
    }
}

/// One job.
struct One {
    count: Waiting,
    counted: AtomicBool,
    place: Option<Arc<dyn Permit>>,
}

impl Permit for One {
    fn release(&self) {
        // ORDERING: Relaxed; as in `count`.
        if self.counted.swap(false, Ordering::Relaxed) {
            self.count.0.fetch_sub(1, Ordering::Relaxed);
        }
        if let Some(place) = &self.place {
            place.release();
        }
    }
}
