//! Spawning onto a pool whose queue is bounded: [`Full`] where there is no room, [`WhenRoom`] that waits for it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use wasm_mt::{IntoJob, Job, JoinHandle};

use crate::capacity::Turn;
use crate::pool::ThreadPool;

impl ThreadPool {
    /// Hands a job to the pool, where there is room for it: see [`Builder::capacity`](crate::Builder::capacity). Else as [`spawn`](Self::spawn).
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// use wasm_mt::job;
    /// use wasm_mt_pool::ThreadPool;
    ///
    /// let pool = ThreadPool::builder().workers(1).capacity(8).build().await?;
    /// let mut handles = Vec::new();
    /// for n in 0..100u64 {
    ///     match pool.try_spawn(job!(|n| n * n)) {
    ///         Ok(handle) => handles.push(handle),
    ///         // Somebody else may have room; or it is dropped; or it waits after all.
    ///         Err(full) => handles.push(pool.spawn_when_room(full.into_inner()).await),
    ///     }
    /// }
    /// for (n, handle) in (0..).zip(handles) {
    ///     assert_eq!(handle.await?, n * n);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`Full`], with the job. In a job, and on a pool without a capacity, there is always room; on one that has ended the handle says so.
    #[track_caller]
    pub fn try_spawn<T, M>(&self, job: impl IntoJob<T, M>) -> Result<JoinHandle<T>, Full<T>>
    where
        T: Send + 'static,
    {
        let job = job.into_job();
        match self.place() {
            Ok(permit) => Ok(self.spawn_with(job, None, permit)),
            Err(_) => Err(Full(job)),
        }
    }

    /// Waits until there is room for a job, hands it to the pool, and gives its handle. Who has waited longest comes first.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// use wasm_mt::job;
    /// use wasm_mt_pool::ThreadPool;
    ///
    /// let pool = ThreadPool::builder().workers(2).capacity(4).build().await?;
    /// let mut handles = Vec::new();
    /// for line in 0..100u32 {
    ///     // Never more than four wait, however long the input is.
    ///     handles.push(pool.spawn_when_room(job!(|line| line.count_ones())).await);
    /// }
    /// for handle in handles {
    ///     handle.await?;
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// Ready at once in a job, on a pool without a [capacity](crate::Builder::capacity), and on one that has ended. Dropped before it is
    /// ready, it drops the job.
    #[track_caller]
    pub fn spawn_when_room<T, M>(&self, job: impl IntoJob<T, M>) -> WhenRoom<T>
    where
        T: Send + 'static,
    {
        // It waits with the pool, and does not keep it.
        WhenRoom::new(self.unkept(), job.into_job(), self.turn())
    }
}

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
