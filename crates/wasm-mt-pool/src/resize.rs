//! [`Resize`]: waits for the workers that a pool was given.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use wasm_mt::StartError;

use crate::fabric::Fabric;

/// A pool's number of workers has changed: a future that is ready when all are up. See [`ThreadPool::resize`](crate::ThreadPool::resize).
///
/// Dropping it changes nothing.
#[must_use = "a worker may not start; `.await` it"]
pub struct Resize(Result<Arc<dyn Fabric>, StartError>);

impl Resize {
    pub(crate) fn new(fabric: Arc<dyn Fabric>) -> Self {
        Resize(Ok(fabric))
    }

    pub(crate) fn failed(error: StartError) -> Self {
        Resize(Err(error))
    }
}

impl Future for Resize {
    type Output = Result<(), StartError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &self.0 {
            Ok(fabric) => fabric.poll_started(cx),
            Err(error) => Poll::Ready(Err(error.clone())),
        }
    }
}

impl fmt::Debug for Resize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resize").finish_non_exhaustive()
    }
}
