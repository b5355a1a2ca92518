//! How jobs reach the workers, and how workers take them from one another. A [`Fabric`] is what a pool is to its handles:
//! `post`, by messages, in a browser, and for a job that is in a worker there its `guest`; `shared`, beside it where the page is isolated, by
//! shared memory; `native`, by shared deques; `hosted`, the
//! pool of a WASI guest's host.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod ask;
#[cfg(target_os = "wasi")]
mod hosted;
#[cfg(all(test, loom))]
mod models;
#[cfg(not(target_family = "wasm"))]
mod native;
#[cfg(any(
    all(target_family = "wasm", target_os = "unknown"),
    all(test, not(target_family = "wasm"))
))]
mod post;
#[cfg(not(target_os = "wasi"))]
mod random;
#[cfg(any(
    all(target_family = "wasm", target_os = "unknown"),
    all(test, not(target_family = "wasm"))
))]
#[cfg_attr(
    not(target_family = "wasm"),
    expect(
        dead_code,
        unused_imports,
        reason = "natively it is there for tests, which do without some of it"
    )
)]
mod shared;

use std::sync::Weak;
use std::task::{Context, Poll};

use wasm_mt::__pool::{Entry, Origin, Task, Unhandled};
use wasm_mt::{JobId, StartError};

use crate::choice;
use crate::stats::Stats;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) use ask::can_share;
#[cfg(target_os = "wasi")]
pub(crate) use hosted::{current, join, start};
#[cfg(not(target_family = "wasm"))]
pub(crate) use native::face::{current, current_worker, start, start_for};
#[cfg(not(target_family = "wasm"))]
pub(crate) use native::join;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) use post::{current, start};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) use shared::join;

/// A pool, as its handles know it. Nothing here blocks.
pub(crate) trait Fabric: Send + Sync {
    /// Which it is, for the program to know.
    fn kind(&self) -> choice::Fabric;

    /// How many there are, or are to be.
    fn workers(&self) -> usize;

    /// There are to be so many workers, at least one. Those beyond take no more jobs, and end when they have none; what only they could
    /// take goes to others, but for what is pinned to them.
    ///
    /// # Errors
    /// Where they cannot be that many, or it is not for this handle to say.
    fn resize(&self, workers: usize) -> Result<(), StartError>;

    /// Takes a job in, or those of a `map`: for one worker alone, or for any. What comes too late MUST end as closed.
    fn submit(&self, entry: Box<Entry>, worker: Option<usize>);

    /// Who is told that a job's handle was settled from the caller's end, where the job is not told itself.
    fn origin(&self) -> Option<Weak<dyn Origin>>;

    /// The `map` of this task, whose first job has this id, was given up on.
    fn give_up_many(&self, first: JobId, task: &Task);

    /// What a detached job's error is told to.
    fn unhandled(&self) -> Unhandled;

    /// Whether all workers are up that are to be, those aside that have ended since they had nothing to do. One waits for it.
    fn poll_started(&self, cx: &mut Context<'_>) -> Poll<Result<(), StartError>>;

    fn stats(&self) -> Stats;

    /// It takes no more jobs.
    fn is_closed(&self) -> bool;

    /// Ends all jobs as cancelled, and the workers. A second time it does nothing.
    fn end(&self);

    /// Whether the workers are gone, as far as that is waited for.
    fn poll_ended(&self, cx: &mut Context<'_>) -> Poll<()>;
}
