//! [`ThreadPool`]: the handle that programs have. What is done with the jobs is in [`crate::fabric`].

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;

use wasm_mt::__pool::{self, Entry, Permit};
use wasm_mt::{IntoJob, Job, JoinError, JoinHandle, StartError, Travel};

use crate::broadcast::Broadcast;
use crate::builder::Builder;
use crate::capacity::{Capacity, Turn};
use crate::choice;
#[cfg(all(feature = "compat", target_family = "wasm", target_os = "unknown"))]
use crate::compat;
use crate::fabric::{self, Fabric};
use crate::global;
use crate::join::Join;
use crate::map::{self, Map};
use crate::priority::Priority;
use crate::resize::Resize;
use crate::stats::Stats;

/// A pool of workers: Web Workers in a browser, OS threads natively. An idle one takes jobs from a busy one's deque.
///
/// ```
/// # futures::executor::block_on(async {
/// use wasm_mt::job;
/// use wasm_mt_pool::ThreadPool;
///
/// let pool = ThreadPool::start().await?;
/// let n = 20;
/// let sum: u64 = pool.spawn(job!(|n| (1..=n).sum())).await?;
/// assert_eq!(sum, 210);
/// let squares: Vec<u64> = pool.map(0..5, |n: u64| n * n).await?;
/// assert_eq!(squares, [0, 1, 4, 9, 16]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
///
/// A job may spawn jobs onto its own pool, by [`current`](Self::current), and await them. They lie on the deque of its own
/// worker until that, or an idle one, takes them.
///
/// In a WASI guest a pool is a view of the host's, whose threads and limits are the host's affair: the builder says which
/// [capacity](Builder::capacity) it has, what [starts](wasm_mt::Builder::on_start) in each instance, and who hears of errors.
/// [`wasm_mt::block_on`] awaits there, in `main` and in sync jobs.
///
/// A clone is another handle to the same pool. Dropping the last ends the workers: jobs that wait or run end as
/// [cancelled](wasm_mt::JoinError::is_cancelled). The handles that `current` gives do not keep a pool.
#[derive(Clone)]
pub struct ThreadPool {
    pub(crate) fabric: Arc<dyn Fabric>,
    /// How many jobs may wait, where that is bounded.
    capacity: Option<Arc<Capacity>>,
    /// That of the jobs that this handle spawns.
    priority: Priority,
    /// With the last of these the pool ends.
    _keeps: Option<Arc<Keeps>>,
    #[cfg(all(feature = "compat", target_family = "wasm", target_os = "unknown"))]
    pub(crate) compat: compat::Kept,
}

/// Ends the pool when it is dropped.
struct Keeps(Arc<dyn Fabric>);

impl Drop for Keeps {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl ThreadPool {
    /// Starts a pool with the defaults of [`Builder`].
    ///
    /// # Errors
    /// As [`Builder::build`].
    pub async fn start() -> Result<ThreadPool, StartError> {
        Builder::new().build().await
    }

    /// Settings for a pool.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// The program's own pool, of the defaults of [`Builder`], which the first call starts and nothing ends. In a job of a pool,
    /// that pool.
    ///
    /// # Errors
    /// As [`Builder::build`]. The next call tries again.
    pub async fn global() -> Result<ThreadPool, StartError> {
        match ThreadPool::current() {
            Some(pool) => Ok(pool),
            None => global::pool().await,
        }
    }

    /// The pool that runs this code, in a job of one. `None` elsewhere.
    ///
    /// The handle does not keep the pool: on one that has ended, jobs end as closed or cancelled.
    pub fn current() -> Option<ThreadPool> {
        let fabric = fabric::current()?;
        Some(ThreadPool {
            fabric,
            capacity: None,
            priority: Priority::Normal,
            _keeps: None,
            #[cfg(all(feature = "compat", target_family = "wasm", target_os = "unknown"))]
            compat: compat::Kept::default(),
        })
    }

    /// A handle that spawns with this priority.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// use wasm_mt::job;
    /// use wasm_mt_pool::{Priority, ThreadPool};
    ///
    /// let pool = ThreadPool::start().await?;
    /// let ahead = pool.with_priority(Priority::Background).map(0..100, |page: u32| page * 2);
    /// let now = pool.with_priority(Priority::Urgent).spawn(job!(|| 42));
    /// assert_eq!(now.await?, 42);
    /// assert_eq!(ahead.await?[3], 6);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// It holds for `spawn` and its kin, `join` and `map`, and for jobs of jobs whose own handle says so: they do not inherit
    /// it. What is broadcast goes before all else.
    pub fn with_priority(&self, priority: Priority) -> ThreadPool {
        ThreadPool {
            priority,
            ..self.clone()
        }
    }

    /// The handle whose last clone ends the pool.
    pub(crate) fn owning(fabric: Arc<dyn Fabric>, capacity: Option<Arc<Capacity>>) -> ThreadPool {
        ThreadPool {
            fabric: fabric.clone(),
            capacity,
            priority: Priority::Normal,
            _keeps: Some(Arc::new(Keeps(fabric))),
            #[cfg(all(feature = "compat", target_family = "wasm", target_os = "unknown"))]
            compat: compat::Kept::counting(),
        }
    }

    /// How many workers it has, or is to have. Some of them may have ended for want of jobs:
    /// see [`idle_timeout`](Builder::idle_timeout).
    pub fn workers(&self) -> usize {
        self.fabric.workers()
    }

    /// How its jobs travel: never [`Auto`](choice::Fabric::Auto). Natively that is `Shared`, in a WASI guest `Post`.
    pub fn fabric(&self) -> choice::Fabric {
        self.fabric.kind()
    }

    /// Changes the number of workers, at once, and gives a future that is ready when those that are new are up.
    ///
    /// Workers beyond the number get no more jobs. What waits for them is for others, but for what was broadcast to them, which they run;
    /// they end when they have run what they were given. Jobs go on meanwhile.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// use wasm_mt_pool::ThreadPool;
    ///
    /// let pool = ThreadPool::builder().workers(2).build().await?;
    /// pool.resize(4).await?;
    /// assert_eq!(pool.workers(), 4);
    /// # Ok::<(), wasm_mt_pool::wasm_mt::StartError>(())
    /// # }).unwrap();
    /// ```
    ///
    /// Dropping the future changes nothing. In a job of a browser's pool, and in a WASI guest, the call does nothing but fail.
    ///
    /// # Errors
    /// As [`Builder::build`]. A worker that did not start is started again for the next job.
    pub fn resize(&self, workers: usize) -> Resize {
        if workers == 0 {
            return Resize::failed(__pool::no_workers());
        }
        match self.fabric.resize(workers) {
            Ok(()) => Resize::new(self.fabric.clone()),
            Err(error) => Resize::failed(error),
        }
    }

    /// Hands a job to the pool.
    ///
    /// Never waits. Whatever goes wrong, the handle says it: on a pool that has ended it gives an error that
    /// [`is_closed`](wasm_mt::JoinError::is_closed).
    #[track_caller]
    pub fn spawn<T, M>(&self, job: impl IntoJob<T, M>) -> JoinHandle<T>
    where
        T: Send + 'static,
    {
        match self.place() {
            Ok(permit) => self.spawn_with(job.into_job(), None, permit),
            Err(full) => self.failed(full),
        }
    }

    /// A place to wait in for one job more, where that is bounded.
    ///
    /// # Errors
    /// Where there is none.
    pub(crate) fn place(&self) -> Result<Option<Arc<dyn Permit>>, JoinError> {
        match &self.capacity {
            // What comes too late is told so, and not that there is no room.
            Some(capacity) if !self.is_closed() => match capacity.try_acquire() {
                Some(permit) => Ok(Some(permit)),
                None => Err(__pool::full()),
            },
            _ => Ok(None),
        }
    }

    /// The handle of a job that was not taken in.
    pub(crate) fn failed<T: Send + 'static>(&self, error: JoinError) -> JoinHandle<T> {
        __pool::failed(self.fabric.unhandled(), error)
    }

    /// Who waits for room, where that is bounded.
    pub(crate) fn turn(&self) -> Option<Turn> {
        self.capacity.clone().map(Turn::new)
    }

    /// A handle that does not keep the pool.
    pub(crate) fn unkept(&self) -> ThreadPool {
        ThreadPool {
            _keeps: None,
            ..self.clone()
        }
    }

    pub(crate) fn spawn_with<T>(
        &self,
        job: Job<T>,
        worker: Option<usize>,
        permit: Option<Arc<dyn Permit>>,
    ) -> JoinHandle<T>
    where
        T: Send + 'static,
    {
        let (unhandled, origin) = (self.fabric.unhandled(), self.fabric.origin());
        let (mut entry, handle) = __pool::spawned(job, unhandled, origin, permit);
        entry.set_rank(self.priority.rank());
        self.fabric.submit(entry, worker);
        handle
    }

    /// Runs two jobs, on two workers where two are free, and gives what both gave.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// use wasm_mt::job;
    /// use wasm_mt_pool::ThreadPool;
    ///
    /// let pool = ThreadPool::start().await?;
    /// let (x, y) = (20, 22);
    /// let (a, b): (i32, i32) = pool.join(job!(|x| x * 2), job!(|y| y * 2)).await?;
    /// assert_eq!((a, b), (40, 44));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// The future ends with the error of whichever job fails first, and the other is aborted. Dropping it aborts both. A job that does
    /// not await parts itself by the function [`join`](crate::join()).
    #[track_caller]
    pub fn join<A, B, M, N>(&self, a: impl IntoJob<A, M>, b: impl IntoJob<B, N>) -> Join<A, B>
    where
        A: Send + 'static,
        B: Send + 'static,
    {
        Join::new(self.spawn(a), self.spawn(b))
    }

    /// Calls `f` with each item, on all workers.
    ///
    /// Awaited, it gives the results in the order of the items; as a [stream](Map::stream), each as soon as it is there. How many
    /// items go in one message follows what they were measured to cost; those that have not begun can be taken by an idle
    /// worker.
    ///
    /// `f` captures nothing. What all items need goes along with [`map_with`](Self::map_with).
    ///
    /// An item that panics, or that cannot travel, fails by itself in the stream; the future ends with its error, and the
    /// other items are aborted. So they are when the map is dropped.
    #[track_caller]
    pub fn map<I, R>(&self, items: impl IntoIterator<Item = I>, f: fn(I) -> R) -> Map<R>
    where
        I: Travel,
        R: Travel,
    {
        let items: Vec<I> = items.into_iter().collect();
        let count = items.len();
        // Not in a closure, whose place would be the jobs'.
        self.map_task(count, __pool::map(items, f))
    }

    /// Calls `f` with each item, and with a context that is sent to each worker once.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// use wasm_mt_pool::ThreadPool;
    ///
    /// let pool = ThreadPool::start().await?;
    /// let words = vec![String::from("a"), String::from("bc")];
    /// let lengths = pool.map_with(words, [1, 0], |words, at: usize| words[at].len()).await?;
    /// assert_eq!(lengths, [2, 1]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// A [`Buffer`](wasm_mt::Buffer) in the context is copied for each worker. What can only be handed over, as a channel's
    /// sender or on the web a `MessagePort`, cannot be in it: each item then fails with an error that says so. Else as
    /// [`map`](Self::map).
    #[track_caller]
    pub fn map_with<C, I, R>(
        &self,
        context: C,
        items: impl IntoIterator<Item = I>,
        f: fn(&C, I) -> R,
    ) -> Map<R>
    where
        C: Travel,
        I: Travel,
        R: Travel,
    {
        let items: Vec<I> = items.into_iter().collect();
        let count = items.len();
        self.map_task(count, __pool::map_with(&context, items, f))
    }

    fn map_task<R: Travel>(&self, count: usize, task: __pool::Task) -> Map<R> {
        let first = __pool::ids(count);
        let task = (count > 0).then_some(task);
        let another = task.as_ref().map(__pool::another);
        let packet = map::Shared::new(first, count, another, self.fabric.clone());
        if let Some(task) = task {
            let mut entry: Box<Entry> = __pool::entry_of_many(first, count, packet.clone(), task);
            entry.set_rank(self.priority.rank());
            self.fabric.submit(entry, None);
        }
        Map::new(packet)
    }

    /// Runs a job on each worker: the one that `make` makes for the worker of a number.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// use wasm_mt::job;
    /// use wasm_mt_pool::ThreadPool;
    ///
    /// let pool = ThreadPool::builder().workers(2).build().await?;
    /// let ids = pool.broadcast(|_| job!(|| wasm_mt::current().map(|it| it.id()))).await;
    /// let ids: Vec<_> = ids.into_iter().collect::<Result<_, _>>()?;
    /// assert_ne!(ids[0], ids[1]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// Each waits for its own worker, and nobody steals it. Dropping the future aborts what has not ended.
    #[track_caller]
    pub fn broadcast<T, M, J>(&self, mut make: impl FnMut(usize) -> J) -> Broadcast<T>
    where
        T: Send + 'static,
        J: IntoJob<T, M>,
    {
        let mut jobs = Vec::new();
        for worker in 0..self.workers() {
            jobs.push(self.spawn_with(make(worker).into_job(), Some(worker), None));
        }
        Broadcast::new(jobs)
    }

    /// What the pool has done, as it stands.
    ///
    /// In a job in a browser, which knows nothing of the other workers, there is nothing in it. In a WASI guest it is of the whole
    /// pool, in which others may have jobs, too.
    pub fn stats(&self) -> Stats {
        self.fabric.stats()
    }

    /// The pool has ended, or is about to.
    pub fn is_closed(&self) -> bool {
        self.fabric.is_closed()
    }

    /// Ends the pool, and is ready when it has ended. Jobs that wait or run end as
    /// [cancelled](wasm_mt::JoinError::is_cancelled), at once; later ones are refused.
    ///
    /// Whoever wants the jobs done awaits them first. On the web workers are terminated. Natively, where no thread can be
    /// killed, a job that runs goes on to its next `await`, its next [`checkpoint`](wasm_mt::checkpoint()) or its end, unheard;
    /// the future waits for that as long as [`abort_grace`](wasm_mt::Builder::abort_grace) says. In a WASI guest the host's pool
    /// goes on, and what ends is what was spawned by this handle and its clones; in a job, what that job has spawned.
    pub async fn shutdown(&self) {
        self.fabric.end();
        poll_fn(|cx| self.fabric.poll_ended(cx)).await;
    }
}

impl fmt::Debug for ThreadPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadPool")
            .field("workers", &self.workers())
            .field("is_closed", &self.is_closed())
            .finish()
    }
}
