//! The backend of WASI guests: the program runs in one of several instances that its host has of the module, and its jobs are
//! the host's, which runs each on an instance and tells the one that spawned it. What the two say to each other is in
//! [`__abi`](crate::__abi).
//!
//! Walk of a job: [`task`](super::task) (what it is in numbers and bytes) → [`mailbox`] (gives it to the host) → [`run`] (calls
//! it, in another instance) → `mailbox` again (hears what became of it).
//!
//! Never true: that two jobs run in one instance at the same time, or that any of this happens on a second thread.

mod context;
mod executor;
mod far;
mod host;
mod link;
mod mailbox;
mod run;
mod timer;
mod value;

use std::any::Any;

use super::Task;
use crate::panic::Panic;
use crate::worker::Outcome;

pub(super) use context::{Context, Shared, with as with_context};
pub(crate) use executor::{block_on, spawn_local};
pub(crate) use far::{Far, OutOfBand};
pub use host::{stats, workers};
pub(crate) use link::{Config, Letter, Link};
pub use mailbox::{end_view, given_up, given_up_many, submit};
pub use run::running;
pub(crate) use run::{announce_panic, current, named, named_async, report};
pub(crate) use timer::{LEAST_GRACE, Timer};

/// Nothing here shows what runs.
pub(crate) type Tracer = ();
pub(crate) const TRACER: Tracer = ();

/// As many as the host's pool has threads.
pub(crate) fn available_parallelism() -> usize {
    workers()
}

/// Tells the developer.
pub(crate) fn print_error(message: &str) {
    eprintln!("{message}");
}

/// Lets the host stop the job, and give others a turn.
pub(crate) fn checkpoint() {
    host::checkpoint();
}

/// Runs a job as part of what runs.
pub(crate) fn run_here(task: Task) -> Outcome {
    task.run_here()
}

/// Ends the instance by a panic of the running job, which was announced.
pub(crate) fn end_by(_: &Panic) -> ! {
    std::process::abort()
}

/// Who is stopped by the host does not run on.
pub(crate) fn shielded<R>(f: impl FnOnce() -> R) -> R {
    f()
}

/// Nothing unwinds.
pub(crate) fn is_stop(_: &(dyn Any + Send)) -> bool {
    false
}
