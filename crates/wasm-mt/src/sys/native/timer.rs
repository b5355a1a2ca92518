//! Timers: one thread for all, asleep until the nearest is due.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::{Condvar, Mutex, MutexGuard, Once, PoisonError};
use std::time::{Duration, Instant};

type Callback = Box<dyn FnOnce() + Send>;

struct Timers {
    next: u64,
    due: BinaryHeap<Reverse<(Instant, u64)>>,
    /// A timer that is not here was dropped.
    callbacks: BTreeMap<u64, Callback>,
}

static TIMERS: Mutex<Timers> = Mutex::new(Timers {
    next: 0,
    due: BinaryHeap::new(),
    callbacks: BTreeMap::new(),
});
static CHANGED: Condvar = Condvar::new();

/// Calls back once, unless dropped before. A time too far to tell never comes.
pub(crate) struct Timer {
    id: u64,
}

impl Timer {
    pub(crate) fn after(time: Duration, callback: Callback) -> Self {
        static THREAD: Once = Once::new();
        THREAD.call_once(|| {
            // Where no thread can be had there are no workers either, and so nothing to time.
            let _ = std::thread::Builder::new()
                .name("wasm-mt-timer".into())
                .spawn(run);
        });
        let mut timers = lock();
        let id = timers.next;
        timers.next += 1;
        if let Some(at) = Instant::now().checked_add(time) {
            timers.due.push(Reverse((at, id)));
            timers.callbacks.insert(id, callback);
        }
        drop(timers);
        CHANGED.notify_one();
        Timer { id }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        let callback = lock().callbacks.remove(&self.id);
        // Foreign code: not under the lock.
        drop(callback);
    }
}

fn lock() -> MutexGuard<'static, Timers> {
    TIMERS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run() {
    let mut timers = lock();
    loop {
        let Some(&Reverse((at, id))) = timers.due.peek() else {
            timers = CHANGED.wait(timers).unwrap_or_else(PoisonError::into_inner);
            continue;
        };
        let wait = at.saturating_duration_since(Instant::now());
        if !wait.is_zero() && timers.callbacks.contains_key(&id) {
            timers = CHANGED
                .wait_timeout(timers, wait)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
            continue;
        }
        timers.due.pop();
        let callback = timers.callbacks.remove(&id);
        drop(timers);
        if let Some(callback) = callback {
            callback();
        }
        timers = lock();
    }
}
