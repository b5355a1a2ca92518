//! The worker's side: runs jobs on this thread, one sync part at a time, and reports what becomes of them.
//!
//! An async job is polled by the thread's own executor ([`sys::spawn_local`]); between its polls other jobs run. Nothing
//! here knows how a report travels.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use crate::error::{JoinError, JoinErrorKind};
use crate::handle::JobId;
use crate::panic::{self, Unwound};
use crate::sys;
use crate::thread::{self, Current};

/// A future that never leaves its thread.
pub(crate) type LocalFuture = Pin<Box<dyn Future<Output = Outcome>>>;

/// What a job gave.
pub type Outcome = Result<sys::Value, JoinError>;

/// What the call of a job's function gave.
pub(crate) enum Run {
    Done(Outcome),
    Async(LocalFuture),
}

/// What the owner is told.
pub(crate) enum Report {
    /// The job begins; told where the owner asked for it.
    #[cfg_attr(
        target_family = "wasm",
        expect(dead_code, reason = "on the web frames are announced")
    )]
    Begun(JobId),
    /// The job awaits something: the thread can begin another.
    #[cfg_attr(
        target_os = "wasi",
        expect(dead_code, reason = "a guest runs one job at a time")
    )]
    Suspended(JobId),
    /// The job has ended.
    Finished(JobId, Outcome),
}

/// An async job of this thread that has begun and not ended.
struct Suspended {
    id: JobId,
    aborted: bool,
    waker: Option<Waker>,
}

thread_local! {
    static SUSPENDED: RefCell<Vec<Suspended>> = const { RefCell::new(Vec::new()) };
}

/// The error of an async job that a sync one waits for.
pub(crate) fn not_joined() -> JoinError {
    let why = "a sync job cannot wait for one that awaits; make it sync, or spawn it and await its handle";
    JoinError::encode("an async job", why.into())
}

/// Whether an async job other than this one has begun on this thread and not ended.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub fn has_suspended_beside(id: JobId) -> bool {
    SUSPENDED.with_borrow(|all| all.iter().any(|job| job.id != id))
}

/// How many async jobs of this thread have begun and not ended.
pub fn suspended() -> usize {
    SUSPENDED.with_borrow(Vec::len)
}

/// Runs the sync part of a job. Gives whether it is async, and so goes on.
pub(crate) fn run(id: JobId, announce: bool, task: impl FnOnce() -> Run) -> bool {
    if announce {
        sys::report(Report::Begun(id));
    }
    match caught(id, task) {
        Ok(Run::Done(outcome)) => sys::report(Report::Finished(id, outcome)),
        Ok(Run::Async(inner)) => {
            SUSPENDED.with_borrow_mut(|all| {
                all.push(Suspended {
                    id,
                    aborted: false,
                    waker: None,
                });
            });
            sys::spawn_local(AsyncJob {
                id,
                inner: Some(inner),
                reported: false,
            });
            return true;
        }
        Err(error) => sys::report(Report::Finished(id, Err(error))),
    }
    false
}

/// Drops the async job at its `await`, and gives whether it is there. One that is not has ended, which its report says, or
/// has not begun.
pub(crate) fn abort(id: JobId) -> bool {
    let waker = SUSPENDED.with_borrow_mut(|all| {
        let job = all.iter_mut().find(|job| job.id == id)?;
        job.aborted = true;
        Some(job.waker.take())
    });
    let is_there = waker.is_some();
    if let Some(waker) = waker.flatten() {
        waker.wake();
    }
    is_there
}

/// Drops all async jobs of this thread, each at its `await`.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn abort_all() {
    let ids: Vec<JobId> = SUSPENDED.with_borrow(|all| all.iter().map(|job| job.id).collect());
    for id in ids {
        abort(id);
    }
}

/// Runs `f` as part of the job, whose error a panic becomes.
fn caught<R>(id: JobId, f: impl FnOnce() -> R) -> Result<R, JoinError> {
    panic::catch(id, f).map_err(|unwound| match unwound {
        Unwound::Panicked(panic) => {
            let thread = thread::current().unwrap_or(Current { id: 0, name: None });
            JoinError::new(JoinErrorKind::Panicked { panic, thread })
        }
        Unwound::Stopped => JoinError::cancelled(),
    })
}

/// Polls the job's own future as part of the job, and ends it when it was aborted.
struct AsyncJob {
    id: JobId,
    inner: Option<LocalFuture>,
    reported: bool,
}

enum Polled {
    Ready(Outcome),
    Pending(LocalFuture),
}

impl AsyncJob {
    fn finish(&mut self, outcome: Outcome) -> Poll<()> {
        SUSPENDED.with_borrow_mut(|all| all.retain(|job| job.id != self.id));
        sys::report(Report::Finished(self.id, outcome));
        Poll::Ready(())
    }
}

impl Future for AsyncJob {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let id = self.id;
        let aborted = SUSPENDED.with_borrow_mut(|all| {
            let Some(job) = all.iter_mut().find(|job| job.id == id) else {
                return true;
            };
            job.waker = Some(cx.waker().clone());
            job.aborted
        });
        let Some(mut inner) = self.inner.take() else {
            return Poll::Ready(());
        };
        if aborted {
            // The drop of what the job holds is its own code: a panic there is the job's.
            let dropped = sys::shielded(|| caught(id, move || drop(inner)));
            return self.finish(Err(dropped.err().unwrap_or_else(JoinError::cancelled)));
        }
        let polled = caught(id, move || match inner.as_mut().poll(cx) {
            Poll::Ready(outcome) => {
                drop(inner);
                Polled::Ready(outcome)
            }
            Poll::Pending => Polled::Pending(inner),
        });
        match polled {
            Ok(Polled::Ready(outcome)) => self.finish(outcome),
            Ok(Polled::Pending(inner)) => {
                self.inner = Some(inner);
                if !self.reported {
                    self.reported = true;
                    sys::report(Report::Suspended(id));
                }
                Poll::Pending
            }
            Err(error) => self.finish(Err(error)),
        }
    }
}
