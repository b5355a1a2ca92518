//! [`Seat`]: what stays of a worker when its thread is replaced, or ends for a while.

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
        })
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
