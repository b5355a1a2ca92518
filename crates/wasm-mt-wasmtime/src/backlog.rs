//! [`Backlog`]: how many bytes the host holds for guests outside of their memories: records of jobs that wait, letters that nobody has
//! read, and what was shared. So no guest takes all of the host's memory. What the host needs to keep these counts, too: a guest could
//! have a great many that are empty.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a job costs the host beside its record, from its spawn until its parent has heard of its end.
pub(crate) const JOB: usize = 1 << 10;

/// What a letter costs beside its bytes.
pub(crate) const LETTER: usize = 128;

/// What is shared costs so much beside its bytes.
pub(crate) const SHARE: usize = 128;

#[derive(Debug)]
pub(crate) struct Backlog {
    held: AtomicUsize,
    limit: usize,
}

/// So many bytes are held, until it is dropped.
#[derive(Debug)]
pub(crate) struct Held(Option<(Arc<Backlog>, usize)>);

impl Backlog {
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Backlog {
            held: AtomicUsize::new(0),
            limit,
        })
    }

    /// Counts so many bytes. `None` where they are too many.
    pub(crate) fn hold(self: &Arc<Self>, bytes: usize) -> Option<Held> {
        if bytes == 0 {
            return Some(Held(None));
        }
        // ORDERING: Relaxed, here and below; only the sum matters.
        let before = self.held.fetch_add(bytes, Ordering::Relaxed);
        let held = Held(Some((self.clone(), bytes)));
        (before.saturating_add(bytes) <= self.limit).then_some(held)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some((backlog, bytes)) = self.0.take() {
            backlog.held.fetch_sub(bytes, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_is_held_no_more() {
        let backlog = Backlog::new(10);
        let six = backlog.hold(6);
        assert!(six.is_some() && backlog.hold(5).is_none() && backlog.hold(4).is_some());
        drop(six);
        assert!(backlog.hold(10).is_some());
    }
}
