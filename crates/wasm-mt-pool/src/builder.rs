//! How a pool is started: [`Builder`].

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use wasm_mt::__pool::{self, Config};
use wasm_mt::{StartError, Thread, available_parallelism};

use crate::capacity::Capacity;
use crate::choice;
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
    capacity: Option<usize>,
    trace: bool,
    settings: Settings,
    threads: wasm_mt::Builder,
}

/// What a pool keeps of its builder, beside what its threads do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// How jobs are to travel.
    pub(crate) fabric: choice::Fabric,
    /// An idle worker takes from the deque of a busy one.
    pub(crate) steal: bool,
    /// After which time without a job a worker ends.
    pub(crate) idle_timeout: Option<Duration>,
    /// So many are kept all the same.
    pub(crate) min_workers: usize,
    /// A worker is replaced when it has run so many jobs,
    pub(crate) recycle_jobs: Option<u64>,
    /// or when its memory is larger than so many bytes.
    pub(crate) recycle_bytes: Option<u64>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            fabric: choice::Fabric::Auto,
            steal: true,
            idle_timeout: None,
            min_workers: 0,
            recycle_jobs: None,
            recycle_bytes: None,
        }
    }
}

impl Builder {
    /// The defaults.
    pub fn new() -> Self {
        Builder {
            workers: available_parallelism(),
            capacity: None,
            trace: false,
            settings: Settings::default(),
            threads: Thread::builder(),
        }
    }

    /// How many workers it has: by default [`available_parallelism`]. In a WASI guest the host has said so already.
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers;
        self
    }

    /// How jobs travel to the workers: by default through shared memory where the page has it.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// use wasm_mt_pool::{Fabric, ThreadPool};
    ///
    /// let pool = ThreadPool::builder().fabric(Fabric::Auto).build().await?;
    /// assert_ne!(pool.fabric(), Fabric::Auto);
    /// # Ok::<(), wasm_mt_pool::wasm_mt::StartError>(())
    /// # }).unwrap();
    /// ```
    ///
    /// What cannot lie in shared memory (async jobs, what has values of JavaScript's or a [`Buffer`](wasm_mt::Buffer) among its
    /// arguments, the ends of channels) goes by message in any case. Between the two kinds no order is promised: either may begin before
    /// one of the other kind that was spawned earlier. Where that matters, await the first, or have it send.
    ///
    /// Natively, where values move, and in a WASI guest, whose host has the jobs, there is one way only, and this says nothing.
    pub fn fabric(mut self, fabric: choice::Fabric) -> Self {
        self.settings.fabric = fabric;
        self
    }

    /// Whether an idle worker takes jobs from the deque of a busy one: by default it does. Without it what a job spawns runs
    /// on the job's own worker, one after the other.
    pub fn steal(mut self, steal: bool) -> Self {
        self.settings.steal = steal;
        self
    }

    /// How many jobs may wait: by default as many as there is memory for. With a capacity [`try_spawn`](ThreadPool::try_spawn) gives a
    /// job back for which there is no room, [`spawn_when_room`](ThreadPool::spawn_when_room) waits for some, and the handle that
    /// [`spawn`](ThreadPool::spawn) gives ends with an error that [`is_full`](wasm_mt::JoinError::is_full). 0 counts as 1.
    ///
    /// A job waits from its spawning until a worker has been given it, or nobody waits for it any more. In a browser a worker
    /// is given a little ahead of need. What jobs spawn does not count, nor do the items of a `map`, which are all there when it is
    /// called, or the jobs of a `broadcast`.
    pub fn capacity(mut self, jobs: impl Into<Option<usize>>) -> Self {
        self.capacity = jobs.into();
        self
    }

    /// After which time without a job a worker ends, and gives its memory back: by default never. The next job for which no worker is
    /// free starts one anew, which runs [`on_start`](wasm_mt::Builder::on_start) again and knows nothing of what the one before
    /// kept in its statics.
    ///
    /// [`min_workers`](Self::min_workers) are kept all the same. Futures that a job left behind, without being an async job, end with
    /// their worker.
    pub fn idle_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.settings.idle_timeout = limit.into();
        self
    }

    /// How many workers [`idle_timeout`](Self::idle_timeout) lets be: by default 0.
    pub fn min_workers(mut self, workers: usize) -> Self {
        self.settings.min_workers = workers;
        self
    }

    /// A worker that has run so many jobs is replaced by a new one: by default none is.
    ///
    /// It is given nothing more then, unless one of its async jobs awaits something, and makes way when it is idle. Statics begin
    /// anew, and [`on_start`](wasm_mt::Builder::on_start) runs first.
    pub fn recycle_jobs(mut self, jobs: impl Into<Option<u64>>) -> Self {
        self.settings.recycle_jobs = jobs.into();
        self
    }

    /// A worker whose WebAssembly memory is larger than so many bytes is replaced by a new one, as by
    /// [`recycle_jobs`](Self::recycle_jobs): by default none is. Such a memory grows, and never shrinks.
    ///
    /// Natively all threads share the program's memory, and this does nothing.
    pub fn recycle_bytes(mut self, bytes: impl Into<Option<u64>>) -> Self {
        self.settings.recycle_bytes = bytes.into();
        self
    }

    /// Whether the browser's timeline shows the jobs: by default it does not.
    ///
    /// Short for [`trace`](wasm_mt::Builder::trace) of its [threads](Self::threads), which says what is shown.
    pub fn trace(mut self, trace: bool) -> Self {
        self.trace = trace;
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
    /// have none, [`is_limit`](StartError::is_limit) where it was to have more than can be had, and
    /// [`is_not_shared`](StartError::is_not_shared) where [`Fabric::Shared`](crate::Fabric::Shared) cannot be had.
    pub async fn build(self) -> Result<ThreadPool, StartError> {
        self.build_by(fabric::start).await
    }

    /// The same, with the fabric that `start` begins to start.
    pub(crate) async fn build_by(
        self,
        start: impl FnOnce(&Config, usize, Settings) -> Arc<dyn Fabric>,
    ) -> Result<ThreadPool, StartError> {
        if self.workers == 0 {
            return Err(__pool::no_workers());
        }
        #[cfg(all(target_family = "wasm", target_os = "unknown"))]
        if self.settings.fabric == choice::Fabric::Shared {
            fabric::can_share()?;
        }
        let threads = match self.trace {
            true => self.threads.trace(true),
            false => self.threads,
        };
        let config = __pool::config(threads);
        let fabric = start(&config, self.workers, self.settings);
        // A dropped future drops the pool, and with it the workers.
        let pool = ThreadPool::owning(fabric.clone(), self.capacity.map(Capacity::new));
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
            .field("capacity", &self.capacity)
            .field("trace", &self.trace)
            .field("settings", &self.settings)
            .field("threads", &self.threads)
            .finish()
    }
}
