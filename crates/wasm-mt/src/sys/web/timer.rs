//! Timers: `setTimeout` with one callback for all, so that nothing is left behind when one is cleared.
//!
//! All that is timed here is how long a worker may be silent. Where this thread was busy for longer than that, its timer is
//! due at the same moment as the messages that wait to be heard, and may come first. So a time is waited for in two halves:
//! the second begins when this thread is free again, and what waited is heard in it.

use std::cell::RefCell;
use std::time::Duration;

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &JsValue, milliseconds: f64, key: f64) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timeout: &JsValue);
}

type Callback = Box<dyn FnOnce() + Send>;

struct Timers {
    next: u32,
    running: Vec<Running>,
}

struct Running {
    key: u32,
    timeout: JsValue,
    /// The second half, in milliseconds, while the first runs.
    left: Option<f64>,
    callback: Callback,
}

thread_local! {
    static TIMERS: RefCell<Timers> = const {
        RefCell::new(Timers {
            next: 0,
            running: Vec::new(),
        })
    };
    static ON_TIMEOUT: JsValue = Closure::<dyn Fn(JsValue)>::new(fire).into_js_value();
}

/// Calls back once, unless dropped before. A time that `setTimeout` cannot tell (50 days) never comes.
pub struct Timer {
    key: u32,
}

impl Timer {
    /// After this time, or a little later.
    pub fn after(time: Duration, callback: Box<dyn FnOnce() + Send>) -> Self {
        let key = TIMERS.with_borrow_mut(|timers| {
            timers.next = timers.next.wrapping_add(1);
            timers.next
        });
        // Rounded up: never early.
        let half = (time.as_secs_f64() * 500.0).ceil();
        if half <= f64::from(i32::MAX) {
            start(key, half, Some(half), callback);
        }
        Timer { key }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        // The callback, foreign code, is dropped when nothing is borrowed any more.
        if let Some(running) = take(self.key) {
            clear_timeout(&running.timeout);
        }
    }
}

fn start(key: u32, milliseconds: f64, left: Option<f64>, callback: Callback) {
    let timeout =
        ON_TIMEOUT.with(|on_timeout| set_timeout(on_timeout, milliseconds, f64::from(key)));
    TIMERS.with_borrow_mut(|timers| {
        timers.running.push(Running {
            key,
            timeout,
            left,
            callback,
        });
    });
}

fn take(key: u32) -> Option<Running> {
    TIMERS.with_borrow_mut(|timers| {
        let at = timers.running.iter().position(|one| one.key == key)?;
        Some(timers.running.swap_remove(at))
    })
}

/// Takes a value, as all our closures do: each kind of closure costs a program two functions of glue.
#[expect(clippy::needless_pass_by_value, reason = "as closures have it")]
fn fire(key: JsValue) {
    let key = key.as_f64().unwrap_or_default() as u32;
    let Some(Running { left, callback, .. }) = take(key) else {
        return;
    };
    match left {
        Some(half) => start(key, half, None, callback),
        None => callback(),
    }
}
