//! [`Peers`]: the deques of all threads, for those who steal.
//!
//! 1. A deque is in the list before its thread pushes to it, and until that thread has ended and emptied it: so a job that a
//!    replaced thread still spawns is found.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crossbeam_deque::Stealer;

use super::queued::Queued;

/// A thread's deque, from outside.
#[derive(Clone)]
pub(super) struct Peer {
    thread: u64,
    pub(super) worker: usize,
    pub(super) deque: Stealer<Queued>,
}

/// The list as it was at some time.
#[derive(Clone)]
pub(super) struct Known {
    version: usize,
    pub(super) list: Arc<[Peer]>,
}

pub(super) struct Peers {
    /// Counts the changes. The look that costs nothing.
    version: AtomicUsize,
    list: Mutex<(u64, Arc<[Peer]>)>,
}

impl Peers {
    pub(super) fn new() -> Self {
        Peers {
            version: AtomicUsize::new(0),
            list: Mutex::new((0, Arc::new([]))),
        }
    }

    fn lock(&self) -> MutexGuard<'_, (u64, Arc<[Peer]>)> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a number to remove it by.
    pub(super) fn add(&self, worker: usize, deque: Stealer<Queued>) -> u64 {
        let mut list = self.lock();
        list.0 += 1;
        let peer = Peer {
            thread: list.0,
            worker,
            deque,
        };
        let all = list.1.iter().cloned().chain([peer]).collect();
        list.1 = all;
        // ORDERING: Relaxed; a job that this thread pushes later is published by a fence, and seen with this or not at all.
        self.version.fetch_add(1, Ordering::Relaxed);
        list.0
    }

    pub(super) fn remove(&self, thread: u64) {
        let mut list = self.lock();
        let rest = list.1.iter().filter(|peer| peer.thread != thread);
        let rest = rest.cloned().collect();
        list.1 = rest;
        // ORDERING: Relaxed; who still knows the deque finds it empty.
        self.version.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn known(&self) -> Known {
        let list = self.lock();
        Known {
            // ORDERING: Relaxed; it changes under the lock.
            version: self.version.load(Ordering::Relaxed),
            list: list.1.clone(),
        }
    }

    pub(super) fn is_current(&self, known: &Known) -> bool {
        // ORDERING: Relaxed; as in `add`.
        self.version.load(Ordering::Relaxed) == known.version
    }
}
