//! [`Handle`]: the caller's end of a job. Made on any thread, and awaited, or waited for, on any that is not the pool's own.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use wasm_mt::__pool::Packet;
use wasm_mt::{JobId, block_on};

use crate::error::{JobError, JobErrorKind};
use crate::local;
use crate::ticket::Ticket;

/// How what arrived becomes a result.
pub(crate) type Decode<R> = fn(Vec<u8>) -> Result<R, JobError>;

/// A job's result to come: a future of `Result<R, JobError>`.
///
/// Every handle settles, whatever becomes of the job: with its value, or with the [`JobError`] that says why there is none.
///
/// Dropping a handle detaches its job, which goes on; its error, should there be one, goes to
/// [`Builder::on_unhandled`](crate::Builder::on_unhandled).
///
/// # Panics
/// When polled again after it gave its result.
#[must_use = "dropping a handle detaches its job; await it, or `wait`, for the result"]
pub struct Handle<R> {
    ticket: Arc<Ticket>,
    decode: Decode<R>,
}

impl<R> Handle<R> {
    pub(crate) fn new(ticket: Arc<Ticket>, decode: Decode<R>) -> Self {
        Handle { ticket, decode }
    }

    /// Blocks this thread until the job has ended, and gives its result.
    ///
    /// # Errors
    /// Why there is none.
    ///
    /// # Panics
    /// On a thread of the job's own pool, as in a function that was [linked](crate::Builder::link): the job might wait for that very
    /// thread. Await the handle there, in an async function.
    pub fn wait(self) -> Result<R, JobError> {
        assert!(
            !local::is_of(self.ticket.host()),
            "`wait` was called on a thread of the job's own pool, which the job may need; await the handle there"
        );
        block_on(self)
    }

    /// Stops the job: the handle is [cancelled](JobError::is_cancelled) at once.
    ///
    /// A job that waits is never begun. One that computes is stopped where it is, within a slice of
    /// [`Preemption`](crate::Preemption), or with `Off` at its next `checkpoint`. One that has awaited something is told, and has
    /// [`abort_grace`](crate::Builder::abort_grace) to end at its `await`. Its store is dropped, unless it ended so. Jobs that it has
    /// spawned go on. Nothing happens when the job has ended.
    pub fn cancel(&self) {
        self.ticket.abort(JobErrorKind::Cancelled.into());
    }

    /// A handle that can only cancel, to keep elsewhere.
    pub fn cancel_handle(&self) -> CancelHandle {
        CancelHandle {
            ticket: self.ticket.clone(),
        }
    }

    /// The same handle with a limit: unless the job has ended `limit` from now, it is stopped as by [`cancel`](Self::cancel), and the
    /// handle gives an error that [`is_deadline`](JobError::is_deadline).
    ///
    /// The time runs from this call, also while the job waits for its turn. A second call sets the limit anew.
    pub fn timeout(self, limit: Duration) -> Self {
        self.ticket.end_within(limit);
        self
    }

    /// The job has ended, or was cancelled: the handle would give its result at once.
    pub fn is_finished(&self) -> bool {
        self.ticket.is_settled()
    }

    /// The job's id.
    pub fn id(&self) -> JobId {
        self.ticket.id()
    }
}

impl<R> Future for Handle<R> {
    type Output = Result<R, JobError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.ticket.poll_outcome(cx).map(|outcome| match outcome {
            Some(outcome) => outcome.and_then(self.decode),
            None => panic!("a `Handle` was polled after it gave its result"),
        })
    }
}

impl<R> Drop for Handle<R> {
    fn drop(&mut self) {
        self.ticket.detach();
    }
}

impl<R> fmt::Debug for Handle<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("id", &self.id())
            .field("is_finished", &self.is_finished())
            .finish()
    }
}

/// Cancels one job, from anywhere. See [`Handle::cancel_handle`].
///
/// Dropping it does nothing.
#[derive(Clone)]
pub struct CancelHandle {
    ticket: Arc<Ticket>,
}

impl CancelHandle {
    /// Stops the job, as [`Handle::cancel`].
    pub fn cancel(&self) {
        self.ticket.abort(JobErrorKind::Cancelled.into());
    }

    /// The job has ended, or was cancelled.
    pub fn is_finished(&self) -> bool {
        self.ticket.is_settled()
    }

    /// The job's id.
    pub fn id(&self) -> JobId {
        self.ticket.id()
    }
}

impl fmt::Debug for CancelHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelHandle")
            .field("id", &self.id())
            .finish()
    }
}
