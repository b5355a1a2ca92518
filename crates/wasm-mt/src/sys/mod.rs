//! What a platform gives. Each backend has the same names:
//!
//! - `Task`: a job without its types. `new` and `new_async` take what [`Job`](crate::Job) takes. A value that does not
//!   encode MUST be kept as the error that [`Link::post`] or the report then gives. The owner keeps a posted task until the
//!   job ends. `begun` says that it has begun; `reclaim` and `withdraw` take one back that was posted and not begun, after
//!   its worker's end and before: they MUST give `false` where it may have begun, else it can be posted again. After
//!   `idempotent`, `again` makes one that has begun ready to be posted anew, once its worker is gone, or gives the reason why
//!   it cannot be. None of these may call foreign code; a drop does.
//! - `Value`: a result on its way; `decode` makes it a `T`.
//! - `OutOfBand`: a value beside a payload's bytes. `of_bytes` and `into_buffer` carry bulk; `of_near`, `of_far` and `into_end`
//!   the end of a channel, whose near end the lane MUST have until the job ends, by `take_outlets` or `bind`.
//! - `Far`: a channel's end in another instance than its receiver. `passed`: an item that has both ends here.
//! - `Link`: a worker, seen from its owner. `start` MUST return without waiting and MUST NOT call the lane before it
//!   returns. Afterwards the lane hears `started` or `start_failed` once, then for each posted job `begun` before its code
//!   where that was asked for, `suspended` at most once and `finished` once, or `died` once for the worker. Where it
//!   `is_unsure`, a worker may end without a word, and each job is asked for its `begun`. An `abort` says whether the job has
//!   a grace, after which the link may be dropped; `go` says that its end was heard meanwhile. A link that is dropped after
//!   a grace, `LEAST_GRACE` at least, MUST NOT have begun what it had not announced, wherever `reclaim` then gives `true`.
//!   `post`, `is_unsure`, `abort` and `go` MUST NOT call foreign code. Dropping a link ends its worker, as far as the platform can.
//! - `LEAST_GRACE`: how long reports may be on their way. Not zero where the owner's own thread has to be free to hear them.
//! - `Timer`: calls back once, unless dropped before. It MUST NOT call back from within `after`.
//! - `TRACER`: what shows a job where it runs, as a function of the worker's; only a program that asks for it has it.
//! - `report`, `announce_panic`, `spawn_local`, `current`: the worker's side, on its own thread.
//! - `checkpoint`: lets the running job be stopped, as far as the platform can, but not within `shielded`; where it unwinds
//!   for that, `is_stop` knows the payload. `end_by`: ends the running job by a panic that happened elsewhere. `run_here`: runs
//!   a job within the one that runs.
//! - `available_parallelism`, `print_error`.

#[cfg(not(target_family = "wasm"))]
mod native;
#[cfg(not(target_family = "wasm"))]
pub use native::*;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) mod web;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub use web::*;

#[cfg(target_os = "wasi")]
mod hosted;
#[cfg(target_os = "wasi")]
pub use hosted::*;

// What both backends on wasm have, where jobs are numbers and bytes.
#[cfg(target_family = "wasm")]
mod call;
#[cfg(target_family = "wasm")]
mod outlet;
#[cfg(target_family = "wasm")]
pub(crate) use outlet::{bind, passed};
#[cfg(target_family = "wasm")]
mod task;
#[cfg(target_family = "wasm")]
pub use task::{Task, Value, decode};

#[cfg(all(
    target_family = "wasm",
    not(any(
        target_os = "unknown",
        all(target_os = "wasi", target_env = "p1", not(target_feature = "atomics"))
    ))
))]
compile_error!(
    "wasm-mt has no backend for this target: use wasm32-unknown-unknown with wasm-bindgen, wasm32-wasip1 with a host that \
     `wasm-mt-wasmtime` makes, or a native target"
);
