//! [`Join`]: two jobs awaited together.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use wasm_mt::{AbortOnDrop, JoinError, JoinHandle};

/// Two jobs: a future of what both give. See [`ThreadPool::join`](crate::ThreadPool::join).
///
/// Dropping it aborts what has not ended.
#[must_use = "dropping it aborts both jobs; `.await` it for the results"]
pub struct Join<A: Send + 'static, B: Send + 'static> {
    a: Side<A>,
    b: Side<B>,
}

enum Side<T: Send + 'static> {
    Waits(AbortOnDrop<T>),
    Has(T),
    Taken,
}

impl<A: Send + 'static, B: Send + 'static> Join<A, B> {
    pub(crate) fn new(a: JoinHandle<A>, b: JoinHandle<B>) -> Self {
        Join {
            a: Side::Waits(a.abort_on_drop()),
            b: Side::Waits(b.abort_on_drop()),
        }
    }
}

impl<T: Send + 'static> Side<T> {
    /// The job's error, where it has just ended with one.
    fn poll(&mut self, cx: &mut Context<'_>) -> Option<JoinError> {
        if let Side::Waits(handle) = self
            && let Poll::Ready(outcome) = Pin::new(handle).poll(cx)
        {
            *self = Side::Taken;
            match outcome {
                Ok(value) => *self = Side::Has(value),
                Err(error) => return Some(error),
            }
        }
        None
    }
}

// Nothing in it is ever pinned.
impl<A: Send + 'static, B: Send + 'static> Unpin for Join<A, B> {}

impl<A: Send + 'static, B: Send + 'static> Future for Join<A, B> {
    type Output = Result<(A, B), JoinError>;

    /// # Panics
    /// When polled again after it gave its results.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let both = &mut *self;
        let error = match (both.a.poll(cx), both.b.poll(cx)) {
            // One job's panic takes the other along where both were begun by one worker. It is the reason.
            (Some(a), Some(b)) => Some(if a.is_lost() { b } else { a }),
            (a, b) => a.or(b),
        };
        if let Some(error) = error {
            (both.a, both.b) = (Side::Taken, Side::Taken);
            return Poll::Ready(Err(error));
        }
        if matches!(both.a, Side::Waits(_)) || matches!(both.b, Side::Waits(_)) {
            return Poll::Pending;
        }
        let a = std::mem::replace(&mut both.a, Side::Taken);
        let b = std::mem::replace(&mut both.b, Side::Taken);
        match (a, b) {
            (Side::Has(a), Side::Has(b)) => Poll::Ready(Ok((a, b))),
            _ => panic!("a `Join` was polled after it gave its results"),
        }
    }
}

impl<A: Send + 'static, B: Send + 'static> fmt::Debug for Join<A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Join").finish_non_exhaustive()
    }
}
