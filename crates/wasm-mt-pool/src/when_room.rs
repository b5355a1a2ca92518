//! Spawning onto a pool whose queue is bounded: [`Full`] where there is no room, [`WhenRoom`] that waits for it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use wasm_mt::{Job, JoinHandle};

use crate::capacity::Turn;
use crate::pool::ThreadPool;

/// There was no room for a job, which is given back. See [`ThreadPool::try_spawn`].
pub struct Full<T>(pub(crate) Job<T>);

impl<T> Full<T> {
    /// The job.
    pub fn into_inner(self) -> Job<T> {
        self.0
    }
}

impl<T> fmt::Debug for Full<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Full").field(&self.0).finish()
    }
}

impl<T> fmt::Display for Full<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the pool's queue is full")
    }
}

impl<T> std::error::Error for Full<T> {}

/// A job that waits for room: a future of its handle. See [`ThreadPool::spawn_when_room`].
///
/// Dropped before it is ready, it drops the job, which has not been spawned.
#[must_use = "a job is spawned when this is awaited"]
pub struct WhenRoom<T: Send + 'static> {
    pool: ThreadPool,
    job: Option<Job<T>>,
    turn: Option<Turn>,
}

impl<T: Send + 'static> WhenRoom<T> {
    pub(crate) fn new(pool: ThreadPool, job: Job<T>, turn: Option<Turn>) -> Self {
        WhenRoom {
            pool,
            job: Some(job),
            turn,
        }
    }
}

// Nothing in it is pinned.
impl<T: Send + 'static> Unpin for WhenRoom<T> {}

/// # Panics
/// When polled again after it gave the handle.
impl<T: Send + 'static> Future for WhenRoom<T> {
    type Output = JoinHandle<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let permit = match &mut self.turn {
            Some(turn) => match turn.poll(cx) {
                Poll::Ready(permit) => Some(permit),
                Poll::Pending => return Poll::Pending,
            },
            None => None,
        };
        let Some(job) = self.job.take() else {
            panic!("a `WhenRoom` was polled after it gave its handle");
        };
        Poll::Ready(self.pool.spawn_with(job, None, permit))
    }
}

impl<T: Send + 'static> fmt::Debug for WhenRoom<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WhenRoom").finish_non_exhaustive()
    }
}
