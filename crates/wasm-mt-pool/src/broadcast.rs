//! [`Broadcast`]: one job on each worker, awaited together.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use wasm_mt::{AbortOnDrop, JoinError, JoinHandle};

/// A job on each worker: a future of their outcomes, in the order of the workers. See
/// [`ThreadPool::broadcast`](crate::ThreadPool::broadcast).
///
/// Dropping it aborts what has not ended.
#[must_use = "dropping it aborts the jobs; `.await` it for the results"]
pub struct Broadcast<T: Send + 'static> {
    jobs: Vec<AbortOnDrop<T>>,
    /// Those of the first jobs.
    outcomes: Vec<Result<T, JoinError>>,
}

impl<T: Send + 'static> Broadcast<T> {
    pub(crate) fn new(jobs: Vec<JoinHandle<T>>) -> Self {
        Broadcast {
            outcomes: Vec::with_capacity(jobs.len()),
            jobs: jobs.into_iter().map(JoinHandle::abort_on_drop).collect(),
        }
    }
}

// Nothing in it is ever pinned.
impl<T: Send + 'static> Unpin for Broadcast<T> {}

impl<T: Send + 'static> Future for Broadcast<T> {
    type Output = Vec<Result<T, JoinError>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        while let Some(next) = this.jobs.get_mut(this.outcomes.len()) {
            match Pin::new(next).poll(cx) {
                Poll::Ready(outcome) => this.outcomes.push(outcome),
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(std::mem::take(&mut this.outcomes))
    }
}

impl<T: Send + 'static> fmt::Debug for Broadcast<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broadcast")
            .field("jobs", &self.jobs.len())
            .finish_non_exhaustive()
    }
}
