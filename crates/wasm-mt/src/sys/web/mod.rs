//! The web backend: a Web Worker a thread, each with an instance of the program's own module, and messages between them.
//!
//! Walk of a job: [`task`](super::task) (what it is in numbers and bytes) → [`link`] (posts it) → `worker.js` → [`entry`] (calls it, in
//! the worker's instance) → `link` again (hears its report).

mod aboard;
mod aside;
mod build;
mod child;
mod context;
mod dom;
mod entry;
mod far;
mod fork;
mod gate;
mod glue;
mod js;
mod letter;
mod link;
mod module;
mod script;
mod start;
mod strip;
mod timer;
mod trace;
mod watch;

use std::any::Any;
use std::cell::Cell;

use wasm_bindgen::prelude::*;

use crate::panic::{self, Panic};

pub use aboard::{Aboard, quiet, rouse, tell_owner};
pub(crate) use aboard::{Place, others};
pub use aside::{
    Ran, Record, follows, has_ended, head_of, is_plain, is_short, outcomes, post_outcomes,
    run_records, write, write_row,
};
pub use child::{Heard, answered, end_pool, given_up, given_up_many, hear, submit};
pub(super) use context::{Context, Shared, with as with_context};
pub use context::{forget, keep};
pub(crate) use entry::{announce_panic, current, report};
pub use entry::{current_pool, set_pool, spawn_local, stop_here};
pub(crate) use far::{Far, OutOfBand};
pub(crate) use fork::run_here;
pub use fork::{fork_bytes, fork_outcome, run_fork};
pub(crate) use gate::LEAST_GRACE;
pub(crate) use glue::GlueSource;
pub use js::{Js, Transfer};
pub(crate) use letter::Letter;

pub(crate) use link::Link;
pub(crate) use module::ModuleSource;
pub use timer::Timer;
pub(crate) use trace::{TRACER, Tracer};
pub(crate) use watch::SilenceLimit;

/// Settings of this backend.
#[derive(Clone, Default)]
pub(crate) struct Config {
    pub(crate) glue: Option<GlueSource>,
    pub(crate) script_url: Option<String>,
    pub(crate) module: Option<ModuleSource>,
    pub(crate) silence: watch::SilenceLimit,
    /// What its pool has beside messages, and which of its workers it is.
    pub(crate) aboard: Option<aboard::Place>,
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn console_error(message: &str);

    #[wasm_bindgen(js_name = String, catch)]
    fn string(value: &JsValue) -> Result<String, JsValue>;
}

/// `navigator.hardwareConcurrency`, and 1 where a browser keeps that to itself.
pub(crate) fn available_parallelism() -> usize {
    let navigator = dom::global("navigator");
    if !navigator.is_object() {
        return 1;
    }
    let cores = dom::get(&navigator, "hardwareConcurrency").as_f64();
    cores.map_or(1, |cores| cores.max(1.0) as usize)
}

/// Tells the developer.
pub(crate) fn print_error(message: &str) {
    console_error(message);
}

thread_local! {
    static ON_CHECKPOINT: Cell<Option<fn(u64)>> = const { Cell::new(None) };
}

/// What [`checkpoint`](crate::checkpoint()) calls from now on in this instance, with the running job's id. It has to call out, and
/// ends an aborted job by [`stop_here`].
pub fn on_checkpoint(f: fn(u64)) {
    ON_CHECKPOINT.set(Some(f));
}

/// Calls out, which is where WebKit ends a terminated worker. What is called does not matter for that.
pub(crate) fn checkpoint() {
    match ON_CHECKPOINT.get().zip(panic::current_job()) {
        Some((look, id)) => look(id.0),
        None => {
            js_sys::Math::random();
        }
    }
}

/// Ends the instance by a panic of the running job, which was announced.
pub(crate) fn end_by(panic: &Panic) -> ! {
    wasm_bindgen::throw_str(&panic.message)
}

/// Nothing is stopped from within here.
pub(crate) fn shielded<R>(f: impl FnOnce() -> R) -> R {
    f()
}

/// Nor does anything unwind.
pub(crate) fn is_stop(_: &(dyn Any + Send)) -> bool {
    false
}

/// Microseconds, by the clock of the page or worker.
pub fn now() -> f64 {
    dom::now() * 1e3
}

/// What an exception says of itself.
fn text(error: &JsValue) -> String {
    string(error).unwrap_or_else(|_| "an exception that has no text".into())
}
