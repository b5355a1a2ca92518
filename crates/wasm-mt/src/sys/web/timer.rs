//! Timers: `setTimeout` with one callback for all, so that nothing is left behind when one is cleared.

use std::cell::RefCell;
use std::time::Duration;

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &JsValue, milliseconds: f64, key: u32) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timeout: &JsValue);
}

type Callback = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Timers {
    next: u32,
    running: Vec<(u32, JsValue, Callback)>,
}

thread_local! {
    static TIMERS: RefCell<Timers> = RefCell::default();
    static ON_TIMEOUT: JsValue = Closure::<dyn Fn(u32)>::new(fire).into_js_value();
}

/// Calls back once, unless dropped before. A time that `setTimeout` cannot tell (24 days) never comes.
pub(crate) struct Timer {
    key: u32,
}

impl Timer {
    pub(crate) fn after(time: Duration, callback: Callback) -> Self {
        let key = TIMERS.with_borrow_mut(|timers| {
            timers.next = timers.next.wrapping_add(1);
            timers.next
        });
        let milliseconds = time.as_secs_f64() * 1000.0;
        if milliseconds <= f64::from(i32::MAX) {
            // Rounded up: never early.
            let timeout =
                ON_TIMEOUT.with(|on_timeout| set_timeout(on_timeout, milliseconds.ceil(), key));
            TIMERS.with_borrow_mut(|timers| timers.running.push((key, timeout, callback)));
        }
        Timer { key }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        // The callback, foreign code, is dropped when nothing is borrowed any more.
        if let Some((timeout, _callback)) = take(self.key) {
            clear_timeout(&timeout);
        }
    }
}

fn take(key: u32) -> Option<(JsValue, Callback)> {
    TIMERS.with_borrow_mut(|timers| {
        let at = timers.running.iter().position(|(of, ..)| *of == key)?;
        let (_, timeout, callback) = timers.running.swap_remove(at);
        Some((timeout, callback))
    })
}

fn fire(key: u32) {
    if let Some((_, callback)) = take(key) {
        callback();
    }
}
