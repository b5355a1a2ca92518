//! [`Seat`]: what stays of a worker when its thread is replaced, or ends for a while.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasm_mt::__pool::{self as door, Hand};

use super::counters::Counters;
use super::inbox::Inbox;

pub(super) struct Seat {
    /// The thread's id, to jobs and errors.
    pub(super) id: u64,
    pub(super) inbox: Inbox,
    pub(super) counters: Counters,
    /// The thread that is the worker now. `None` where there is none.
    present: Mutex<Option<Present>>,
    /// It has started, and has not ended.
    up: AtomicBool,
}

/// A thread, and its number among all that there were.
pub(super) struct Present {
    pub(super) hand: Arc<Hand>,
    pub(super) thread: u64,
}

impl Seat {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Seat {
            id: door::thread_id(),
            inbox: Inbox::default(),
            counters: Counters::default(),
            present: Mutex::new(None),
            up: AtomicBool::new(false),
        })
    }

    /// For whoever asks how things stand.
    pub(super) fn is_up(&self) -> bool {
        // ORDERING: Relaxed; a figure.
        self.up.load(Ordering::Relaxed)
    }

    pub(super) fn set_up(&self, up: bool) {
        // ORDERING: Relaxed; as in `is_up`.
        self.up.store(up, Ordering::Relaxed);
    }

    pub(super) fn present(&self) -> MutexGuard<'_, Option<Present>> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn hand(&self) -> Option<Arc<Hand>> {
        self.present().as_ref().map(|present| present.hand.clone())
    }

    /// Whether it is this one's thread that is the worker now.
    pub(super) fn is_of(&self, hand: &Arc<Hand>) -> bool {
        self.present()
            .as_ref()
            .is_some_and(|present| Arc::ptr_eq(&present.hand, hand))
    }
}
