//! What `wasm-mt-pool` is made with: this crate's jobs and workers, for a pool to move. Hidden, and no part of what a version
//! promises.

use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::builder::Builder;
pub use crate::builder::Config;
#[cfg(all(feature = "compat", target_family = "wasm", target_os = "unknown"))]
pub use crate::compat::{
    job::{Answer, closure_job, given, text_job, text_job_async},
    sources::Sources,
};
pub use crate::entry::{Entry, Left};
use crate::error::{JoinError, JoinErrorKind, StartError, StartErrorKind};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub use crate::handle::Came;
pub use crate::handle::{Decode, Origin, Packet, Permit, Unhandled, Waits};
use crate::handle::{JobId, JoinHandle, Shared};
use crate::job::{Job, Travel};
pub use crate::lane::{Down, Ended, Feed, Lane};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub use crate::lane::{Hold, Out};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub use crate::panic::on_panic;
pub use crate::panic::{current_job, fail_job};
pub use crate::payload::Payload;
#[cfg(not(target_family = "wasm"))]
pub use crate::sys::door::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub use crate::sys::{
    Aboard, Heard, Ran, Record, Timer, answered, current_pool, end_pool, follows, forget,
    fork_bytes, fork_outcome, given_up, given_up_many, has_ended, head_of, hear, is_plain,
    is_short, keep, now, on_checkpoint, outcomes, post_outcomes, quiet, rouse, run_fork,
    run_records, set_pool, spawn_local, stop_here, submit, tell_owner, write, write_row,
};
pub use crate::sys::{Task, Value, decode};
#[cfg(target_os = "wasi")]
pub use crate::sys::{end_view, given_up, given_up_many, running, stats, submit, workers};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub use crate::worker::has_suspended_beside;
pub use crate::worker::{Outcome, suspended};

/// How long a worker that is [held](Lane::hold) may have something on its way that tells what it has begun.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub const LEAST_GRACE: Duration = crate::sys::LEAST_GRACE;

/// What a builder was told.
pub fn config(builder: Builder) -> Config {
    builder.config
}

impl Config {
    /// What a detached job's error is told to.
    pub fn unhandled(&self) -> Unhandled {
        self.on_unhandled.clone()
    }

    /// Gives its workers what they share: this one by its number.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub fn set_aboard(&mut self, aboard: Arc<dyn Aboard>, at: usize) {
        self.sys.aboard = Some(crate::sys::web::Place::new(aboard, at));
    }

    /// How long a job that nobody waits for has to end before its worker is ended.
    pub fn grace(&self) -> Option<Duration> {
        let grace = self.abort_grace?;
        Some(grace.max(crate::sys::LEAST_GRACE))
    }

    /// The jobs are traced, so their names go with them.
    pub fn traces(&self) -> bool {
        self.trace.is_some()
    }

    /// The place of the function that each instance runs first; 0 for none.
    #[cfg(target_os = "wasi")]
    pub fn on_start(&self) -> u32 {
        self.on_start.map_or(0, |f| f as usize as u32)
    }

    /// The settings of the thread of this number of a pool's.
    pub fn of_pool(&self, at: usize, workers: usize) -> Self {
        let mut config = self.clone();
        config.pool = workers as u32;
        config.name = config.name.map(|name| format!("{name} {at}"));
        config
    }
}

/// What a detached job's error is told to where nothing else was said.
pub fn print_unhandled() -> Unhandled {
    crate::builder::print_unhandled()
}

/// It may await something, so that it cannot be run to its end here and now.
pub fn may_await<T>(job: &Job<T>) -> bool {
    job.task.may_suspend()
}

/// A value from its bytes, beside which nothing has travelled.
///
/// # Errors
/// Where they are no `T`.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub fn decode_plain<T: Travel>(bytes: &[u8]) -> Result<T, JoinError> {
    crate::payload::decode(bytes, Vec::new())
}

/// A job on its way, and its handle. Until it begins, or its handle settles, it has the permit.
pub fn spawned<T: Send + 'static>(
    job: Job<T>,
    unhandled: Unhandled,
    origin: Option<Weak<dyn Origin>>,
    permit: Option<Arc<dyn Permit>>,
) -> (Box<Entry>, JoinHandle<T>) {
    let Job { task, decode } = job;
    let origin = origin.unwrap_or_else(|| task.origin());
    let waits = permit.clone().map(Waits);
    let shared = Shared::waiting(decode, unhandled, origin, waits);
    let mut entry = Entry::new(shared.id(), shared.clone(), task);
    entry.wait_with(permit.map(Waits));
    (entry, JoinHandle::new(shared))
}

/// A handle that has ended with an error.
pub fn failed<T: Send + 'static>(unhandled: Unhandled, error: JoinError) -> JoinHandle<T> {
    let origin = Weak::<Lane>::new();
    let decode = |_| Err(JoinError::cancelled());
    let shared = Shared::<T>::new(decode, unhandled, origin);
    shared.settle(shared.id(), Err(error));
    JoinHandle::new(shared)
}

/// Runs a job here and now, as part of the job that runs: a panic is that one's.
///
/// # Errors
/// As its handle would have them. An async job is one, and on the web so is one that gives values of JavaScript's.
pub fn run_here<T>(job: Job<T>) -> Result<T, JoinError> {
    let Job { task, decode } = job;
    crate::sys::run_here(task).and_then(decode)
}

/// The first of so many ids in a row.
pub fn ids(count: usize) -> JobId {
    JobId::next_of(count)
}

/// Which in a row that begins with `first`.
pub fn place(first: JobId, id: JobId) -> usize {
    id.0.wrapping_sub(first.0) as usize
}

/// An id as others know it. It is positive.
pub fn number(id: JobId) -> u64 {
    id.0
}

/// The id that others know so.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub fn id(number: u64) -> JobId {
    JobId(number)
}

/// What runs is a fork of a job, and the id no job's. Its low half is 0.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub fn is_fork(id: JobId) -> bool {
    id == JobId::FORK
}

/// The jobs of a `map`, which has the name of its caller's place.
#[track_caller]
pub fn map<I: Travel, R: Travel>(items: Vec<I>, f: fn(I) -> R) -> Task {
    Task::map(items, f)
}

/// The same, with something that all share.
#[track_caller]
pub fn map_with<C: Travel, I: Travel, R: Travel>(
    context: &C,
    items: Vec<I>,
    f: fn(&C, I) -> R,
) -> Task {
    Task::map_with(context, items, f)
}

/// The same once more.
pub fn another(task: &Task) -> Task {
    task.another()
}

/// Jobs of a `map` on their way.
pub fn entry_of_many(
    first: JobId,
    count: usize,
    packet: Arc<dyn Packet>,
    task: Task,
) -> Box<Entry> {
    Entry::many(first, count, packet, task)
}

/// The error of a job that came too late.
pub fn closed() -> JoinError {
    JoinError::new(JoinErrorKind::Closed)
}

/// The error of a job for which there was no room.
pub fn full() -> JoinError {
    JoinError::new(JoinErrorKind::Full)
}

/// The error of a job of a pool that was not initialized.
pub fn not_started() -> JoinError {
    JoinError::new(JoinErrorKind::NotStarted)
}

/// The error of a job that was given up on.
pub fn cancelled() -> JoinError {
    JoinError::cancelled()
}

/// The error of a job whose worker, or whose pool, is gone.
pub fn lost(why: &str) -> JoinError {
    JoinError::lost(why.into())
}

/// The error of a start that a termination came before.
pub fn terminated() -> StartError {
    StartError::new(StartErrorKind::Terminated)
}

/// The error of a change that only whoever built the pool can make.
pub fn not_here() -> StartError {
    StartError::new(StartErrorKind::NotHere)
}

/// The error of a pool that was to have shared memory, and why it cannot.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub fn not_shared(why: &'static str) -> StartError {
    StartError::new(StartErrorKind::NotShared(why))
}

/// The error of a pool without workers.
pub fn no_workers() -> StartError {
    StartError::new(StartErrorKind::NoWorkers)
}
