//! Timers of this instance: looked at whenever it waits, and the nearest is how long. A job that computes is not interrupted.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

type Callback = Box<dyn FnOnce() + Send>;
/// When it is due, and which of those that are due then.
type Key = (Instant, u64);

#[derive(Default)]
struct Timers {
    next: u64,
    waiting: BTreeMap<Key, Callback>,
}

thread_local! {
    static TIMERS: RefCell<Timers> = RefCell::default();
}

/// The host answers in the turn in which it is asked.
pub(crate) const LEAST_GRACE: Duration = Duration::ZERO;

/// Calls back once, unless dropped before. A time too far to tell never comes.
pub(crate) struct Timer {
    key: Option<Key>,
}

impl Timer {
    /// Calls `callback` when `time` has passed and this instance waits.
    pub(crate) fn after(time: Duration, callback: Callback) -> Self {
        let Some(due) = Instant::now().checked_add(time) else {
            return Timer { key: None };
        };
        TIMERS.with_borrow_mut(|timers| {
            let key = (due, timers.next);
            timers.next += 1;
            timers.waiting.insert(key, callback);
            Timer { key: Some(key) }
        })
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        let take = |key| TIMERS.with_borrow_mut(|timers| timers.waiting.remove(&key));
        // Foreign code: not while they are borrowed.
        drop(self.key.and_then(take));
    }
}

/// Calls those that are due, and gives whether there were any.
pub(super) fn fire() -> bool {
    let mut has_fired = false;
    // Each by itself: one that is called may drop another.
    while let Some(callback) = take_due() {
        callback();
        has_fired = true;
    }
    has_fired
}

fn take_due() -> Option<Callback> {
    TIMERS.with_borrow_mut(|timers| {
        let first = timers.waiting.first_entry()?;
        (first.key().0 <= Instant::now()).then(|| first.remove())
    })
}

/// How long until the nearest is due; `None` where there is none.
pub(super) fn next() -> Option<Duration> {
    TIMERS.with_borrow(|timers| {
        let (due, _) = timers.waiting.first_key_value()?.0;
        Some(due.saturating_duration_since(Instant::now()))
    })
}
