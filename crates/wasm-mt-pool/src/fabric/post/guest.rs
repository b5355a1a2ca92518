//! [`Guest`]: the pool as a job in one of its workers knows it. It sends what it is given to the pool's owner, and hears from
//! there.

#![expect(
    unreachable_pub,
    reason = "`wasm_bindgen` exports what is `pub`, wherever it lies"
)]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

use wasm_bindgen::prelude::*;
use wasm_mt::__pool::{self, Entry, Origin, Task, Unhandled};
use wasm_mt::{JobId, StartError};

use crate::choice;
use crate::fabric::Fabric;
use crate::fabric::shared::is_aboard;
use crate::stats::Stats;

/// What the owner answers: see `worker.js`.
#[doc(hidden)]
#[wasm_bindgen(js_name = __wasm_mt_answer, skip_typescript)]
pub fn answer(bytes: &JsValue, values: &JsValue) {
    __pool::answered(bytes, values);
}

/// A context has come for jobs that will.
#[doc(hidden)]
#[wasm_bindgen(js_name = __wasm_mt_context, skip_typescript)]
pub fn keep_context(bytes: &JsValue, values: &JsValue) {
    __pool::keep(bytes, values);
}

/// The jobs of a context have ended.
#[doc(hidden)]
#[wasm_bindgen(js_name = __wasm_mt_forget, skip_typescript)]
pub fn forget_context(id: f64) {
    __pool::forget(id as u64);
}

/// The pool has so many workers now.
#[doc(hidden)]
#[wasm_bindgen(js_name = __wasm_mt_pool, skip_typescript)]
pub fn set_pool(workers: u32) {
    __pool::set_pool(workers);
}

struct Guest {
    me: Weak<Guest>,
    ended: AtomicBool,
}

/// The pool that runs this code.
pub(crate) fn current() -> Option<Arc<dyn Fabric>> {
    thread_local! {
        static GUEST: std::cell::OnceCell<Arc<Guest>> = const { std::cell::OnceCell::new() };
    }
    __pool::current_pool()?;
    Some(GUEST.with(|guest| {
        guest
            .get_or_init(|| {
                Arc::new_cyclic(|me| Guest {
                    me: me.clone(),
                    ended: AtomicBool::new(false),
                })
            })
            .clone()
    }))
}

impl Origin for Guest {
    fn abandon(&self, id: JobId) {
        __pool::given_up(id);
    }
}

impl Fabric for Guest {
    fn kind(&self) -> choice::Fabric {
        if is_aboard() {
            choice::Fabric::Shared
        } else {
            choice::Fabric::Post
        }
    }

    fn workers(&self) -> usize {
        __pool::current_pool().unwrap_or(0)
    }

    fn resize(&self, _: usize) -> Result<(), StartError> {
        Err(__pool::not_here())
    }

    fn submit(&self, entry: Box<Entry>, worker: Option<usize>) {
        if self.is_closed() {
            return entry.fail(__pool::closed());
        }
        __pool::submit(entry, worker);
    }

    fn origin(&self) -> Option<Weak<dyn Origin>> {
        Some(self.me.clone())
    }

    fn give_up_many(&self, _: JobId, _: &Task) {
        __pool::given_up_many();
    }

    fn unhandled(&self) -> Unhandled {
        __pool::print_unhandled()
    }

    fn poll_started(&self, _: &mut Context<'_>) -> Poll<Result<(), StartError>> {
        Poll::Ready(Ok(()))
    }

    fn stats(&self) -> Stats {
        Stats::default()
    }

    fn is_closed(&self) -> bool {
        // ORDERING: Relaxed; one thread only.
        self.ended.load(Ordering::Relaxed)
    }

    fn end(&self) {
        // ORDERING: as in `is_closed`.
        if !self.ended.swap(true, Ordering::Relaxed) {
            __pool::end_pool();
        }
    }

    fn poll_ended(&self, _: &mut Context<'_>) -> Poll<()> {
        // With the pool this worker ends, and with that who waits.
        Poll::Pending
    }
}
