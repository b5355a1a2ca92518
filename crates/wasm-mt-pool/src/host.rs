//! What `wasm-mt-wasmtime` is made with: the native threads of a pool, for a host whose jobs begin and wait by rules of its own.
//! Hidden, and no part of what a version promises.

use std::fmt;
use std::task::{Context, Poll};

use wasm_mt::__pool::Entry;
use wasm_mt::{Job, JoinHandle, StartError};

use crate::builder::Builder;
use crate::fabric;
use crate::pool::ThreadPool;
use crate::priority::Priority;
use crate::stats::Stats;

/// A priority as an entry carries it.
pub fn rank(priority: Priority) -> u8 {
    priority.rank()
}

/// Threads that run a host's jobs. Each job that has begun stays with its thread; until then any takes it.
///
/// Dropping it ends them, as [`end`](Self::end) does.
pub struct Threads {
    pool: ThreadPool,
}

impl Threads {
    /// Starts them, and is ready when all are up. Dropping the future ends the start.
    ///
    /// A worker asks `takes`, on its own thread, before it begins a job. While that says no, it polls what it has begun, and
    /// sleeps where none of that can go on. It asks again after each turn of its futures, and at no other time need it: what
    /// makes `takes` say yes is to happen on that thread, or to wake a future there. `takes` must not panic.
    ///
    /// # Errors
    /// As [`Builder::build`].
    pub async fn start(builder: Builder, takes: fn() -> bool) -> Result<Threads, StartError> {
        let pool = builder
            .build_by(|config, workers, settings| {
                fabric::start_for(config, workers, settings, takes)
            })
            .await?;
        Ok(Threads { pool })
    }

    /// Hands a job over, for one worker or for any. On one's own thread it lies on that worker's deque.
    pub fn submit(&self, entry: Box<Entry>, worker: Option<usize>) {
        self.pool.fabric.submit(entry, worker);
    }

    /// Hands a job over that somebody awaits. Where there is no room for it, the handle says so.
    #[track_caller]
    pub fn spawn<T: Send + 'static>(&self, job: Job<T>, priority: Priority) -> JoinHandle<T> {
        self.pool.with_priority(priority).spawn(job)
    }

    /// What they have done.
    pub fn stats(&self) -> Stats {
        self.pool.stats()
    }

    /// How many there are.
    pub fn workers(&self) -> usize {
        self.pool.workers()
    }

    /// The number of the worker whose thread this is, of whichever pool.
    pub fn current_worker() -> Option<usize> {
        fabric::current_worker()
    }

    /// Ends all jobs as cancelled, and the threads. Later jobs end as closed.
    pub fn end(&self) {
        self.pool.fabric.end();
    }

    /// Ready when the threads have ended, as far as that is waited for.
    pub fn poll_ended(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.pool.fabric.poll_ended(cx)
    }

    /// Ends them, and waits for that.
    pub async fn shutdown(&self) {
        self.pool.shutdown().await;
    }
}

impl fmt::Debug for Threads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Threads")
            .field("workers", &self.workers())
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::future::poll_fn;

    use futures::executor::block_on;
    use wasm_mt::__pool::{self, Task};

    use super::*;

    fn threads(workers: usize) -> Threads {
        let builder = Builder::new().workers(workers).capacity(1);
        block_on(Threads::start(builder, || true)).unwrap()
    }

    fn job(make: impl FnOnce() -> u32 + Send + 'static) -> Job<u32> {
        let task = Task::of_future(|| {
            let value = make();
            Box::pin(async move { Ok(Box::new(value) as __pool::Value) })
        });
        __pool::job(task)
    }

    #[test]
    fn jobs_of_each_priority_run_on_workers_that_know_their_number() {
        let threads = threads(2);
        assert_eq!((threads.workers(), Threads::current_worker()), (2, None));
        for priority in [Priority::Urgent, Priority::Normal, Priority::Background] {
            let worker = job(|| Threads::current_worker().map_or(9, |worker| worker as u32));
            assert!(block_on(threads.spawn(worker, priority)).unwrap() < 2);
        }
        assert_eq!(threads.stats().run(), 3);
        block_on(threads.shutdown());
    }

    #[test]
    fn what_comes_too_late_or_finds_no_room_is_told_so() {
        let threads = threads(1);
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        let (begins, begun) = std::sync::mpsc::channel();
        let busy = job(move || {
            begins.send(()).unwrap();
            receiver.recv().map_or(7, |()| 8)
        });
        let busy = threads.spawn(busy, Priority::Normal);
        begun.recv().unwrap();
        let _waits = threads.spawn(job(|| 0), Priority::Normal);
        let error = block_on(threads.spawn(job(|| 0), Priority::Normal)).unwrap_err();
        assert!(error.is_full(), "{error}");
        drop(sender);
        assert_eq!(block_on(busy).unwrap(), 7);
        threads.end();
        block_on(poll_fn(|cx| threads.poll_ended(cx)));
        let error = block_on(threads.spawn(job(|| 0), Priority::Normal)).unwrap_err();
        assert!(error.is_closed(), "{error}");
    }

    #[test]
    fn a_builder_that_asks_for_no_workers_is_refused() {
        let error = block_on(Threads::start(Builder::new().workers(0), || true)).unwrap_err();
        assert!(error.is_no_workers());
    }
}
