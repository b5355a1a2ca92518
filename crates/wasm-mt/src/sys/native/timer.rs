//! Timers: one thread for all, asleep until the nearest is due.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, Once, PoisonError};
use std::time::{Duration, Instant};

/// What a timer does.
pub type Callback = Box<dyn FnOnce() + Send>;
/// When it is due, and which of those that are due then.
type Key = (Instant, u64);

struct Timers {
    next: u64,
    waiting: BTreeMap<Key, Callback>,
}

static TIMERS: Mutex<Timers> = Mutex::new(Timers {
    next: 0,
    waiting: BTreeMap::new(),
});
static CHANGED: Condvar = Condvar::new();

/// Reports are heard at once, by another thread than the owner's.
pub(crate) const LEAST_GRACE: Duration = Duration::ZERO;

/// Calls back once, unless dropped before. A time too far to tell never comes.
pub struct Timer {
    key: Option<Key>,
}

impl Timer {
    /// Calls `callback` when `time` has passed, on a thread of its own.
    pub fn after(time: Duration, callback: Callback) -> Self {
        static THREAD: Once = Once::new();
        THREAD.call_once(|| {
            // Where no thread can be had there are no workers either, and so nothing to time.
            let _ = std::thread::Builder::new()
                .name("wasm-mt-timer".into())
                .spawn(run);
        });
        let Some(due) = Instant::now().checked_add(time) else {
            return Timer { key: None };
        };
        let mut timers = lock();
        let key = (due, timers.next);
        timers.next += 1;
        timers.waiting.insert(key, callback);
        drop(timers);
        CHANGED.notify_one();
        Timer { key: Some(key) }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        let callback = self.key.and_then(|key| lock().waiting.remove(&key));
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
        let Some((&(due, _), _)) = timers.waiting.first_key_value() else {
            timers = CHANGED.wait(timers).unwrap_or_else(PoisonError::into_inner);
            continue;
        };
        let wait = due.saturating_duration_since(Instant::now());
        if !wait.is_zero() {
            timers = CHANGED
                .wait_timeout(timers, wait)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
            continue;
        }
        let first = timers.waiting.pop_first();
        drop(timers);
        if let Some((_, callback)) = first {
            // What it calls may be the program's own. A panic there has been printed, and must not end everybody's timers.
            let _ = catch_unwind(AssertUnwindSafe(callback));
        }
        timers = lock();
    }
}
