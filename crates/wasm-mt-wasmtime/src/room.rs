//! [`Capacity`]: how many jobs of the host's own may wait. What guests spawn does not count.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[derive(Debug)]
pub(crate) struct Capacity {
    free: AtomicUsize,
}

/// A place to wait in, which is given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Room(Arc<Capacity>);

impl Capacity {
    pub(crate) fn new(jobs: usize) -> Arc<Self> {
        Arc::new(Capacity {
            free: AtomicUsize::new(jobs.max(1)),
        })
    }

    pub(crate) fn room(self: &Arc<Self>) -> Option<Room> {
        // ORDERING: Relaxed, here and below; only the count matters.
        self.free
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |free| {
                free.checked_sub(1)
            })
            .ok()
            .map(|_| Room(self.clone()))
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.0.free.fetch_add(1, Ordering::Relaxed);
    }
}
