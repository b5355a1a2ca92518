//! The native backend: an OS thread a worker, values moved.
//!
//! In builds with debug assertions arguments and results are encoded and decoded on the way, so that what could not
//! travel in a browser fails in `cargo test` too.

mod context;
pub(crate) mod door;
mod far;
mod hand;
mod host;
mod link;
mod stop;
mod task;
mod timer;

pub(crate) use far::{Far, OutOfBand, bind};
pub(crate) use host::{announce_panic, current, report, spawn_local};
pub(crate) use link::{Config, Link};
pub(crate) use stop::{checkpoint, end_by, is_stop, shielded};
pub(crate) use task::{Letter, passed};
pub use task::{Task, Value, decode};

/// Nothing here shows what runs.
pub(crate) type Tracer = ();
pub(crate) const TRACER: Tracer = ();

pub(crate) use timer::{LEAST_GRACE, Timer};

use crate::worker::Outcome;

/// How many threads can run at once.
pub(crate) fn available_parallelism() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Runs a job as part of what runs.
pub(crate) fn run_here(task: Task) -> Outcome {
    task.run_here()
}

/// Tells the developer.
pub(crate) fn print_error(message: &str) {
    eprintln!("{message}");
}
