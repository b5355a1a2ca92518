//! How a pool is started: [`Builder`].

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;

use wasm_mt::{__pool, StartError, Thread, available_parallelism};

use crate::fabric::{self, Fabric};
use crate::pool::ThreadPool;

/// Settings of a [`ThreadPool`], each with a default that does.
///
/// ```
/// # futures::executor::block_on(async {
/// use std::time::Duration;
/// use wasm_mt_pool::{ThreadPool, wasm_mt::Thread};
///
/// let pool = ThreadPool::builder()
///     .workers(2)
///     .threads(Thread::builder().name("render").start_deadline(Duration::from_secs(3)))
///     .build()
///     .await?;
/// assert_eq!(pool.workers(), 2);
/// # Ok::<(), wasm_mt::StartError>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until `build`"]
pub struct Builder {
    workers: usize,
    steal: bool,
    threads: wasm_mt::Builder,
}

impl Builder {
    /// The defaults.
    pub fn new() -> Self {
        Builder {
            workers: available_parallelism(),
            steal: true,
            threads: Thread::builder(),
        }
    }

    /// How many workers it has: by default [`available_parallelism`].
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers;
        self
    }

    /// Whether an idle worker takes jobs from the deque of a busy one: by default it does. Without it what a job spawns runs
    /// on the job's own worker, one after the other.
    pub fn steal(mut self, steal: bool) -> Self {
        self.steal = steal;
        self
    }

    /// How its threads are started and named, what runs first in each, and what hears of a detached job's error: the settings
    /// of [`Thread::builder`]. A name is followed by the worker's number.
    pub fn threads(mut self, threads: wasm_mt::Builder) -> Self {
        self.threads = threads;
        self
    }

    /// Starts the pool, and is ready when all of its workers are.
    ///
    /// On the web workers come up only while the thread that starts them is free to serve them. Dropping the future ends the
    /// start.
    ///
    /// # Errors
    /// A [`StartError`] that says why a worker did not start; [`is_no_workers`](StartError::is_no_workers) where the pool was to
    /// have none, and [`is_limit`](StartError::is_limit) where it was to have more than can be had.
    pub async fn build(self) -> Result<ThreadPool, StartError> {
        if self.workers == 0 {
            return Err(__pool::no_workers());
        }
        let config = __pool::config(self.threads);
        let fabric: Arc<dyn Fabric> = fabric::start(&config, self.workers, self.steal);
        // A dropped future drops the pool, and with it the workers.
        let pool = ThreadPool::owning(fabric.clone());
        poll_fn(|cx| fabric.poll_started(cx)).await?;
        Ok(pool)
    }
}

impl Default for Builder {
    fn default() -> Self {
        Builder::new()
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("workers", &self.workers)
            .field("steal", &self.steal)
            .field("threads", &self.threads)
            .finish()
    }
}
