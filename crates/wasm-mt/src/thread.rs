//! [`Thread`], the owner's end of a worker, and what a job can know of the thread that runs it. What is done with the jobs
//! is in [`crate::lane`].

use std::fmt;
use std::future::poll_fn;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use crate::builder::{Builder, Config};
use crate::error::StartError;
use crate::handle::{JoinHandle, Origin, Shared};
use crate::job::{IntoJob, Job};
use crate::lane::Lane;
use crate::sys;

/// A thread: a Web Worker in a browser, an OS thread natively. It runs the jobs that it is given, in order.
///
/// A WASI guest has none of its own: its jobs run on its host's, and `wasm_mt_pool::ThreadPool` gives them there.
///
/// ```
/// # futures::executor::block_on(async {
/// use wasm_mt::{Thread, job};
///
/// let thread = Thread::start().await?;
/// let n = 20;
/// let sum: u64 = thread.spawn(job!(|n| (1..=n).sum())).await?;
/// assert_eq!(sum, 210);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
///
/// A job that panics or traps takes its worker along on the web, and another worker takes its place: the thread goes on.
/// What jobs keep in statics lasts as long as their worker.
///
/// Dropping a thread terminates it, as [`terminate`](Self::terminate).
pub struct Thread {
    pub(crate) lane: Arc<Lane>,
    #[cfg(all(feature = "compat", target_family = "wasm", target_os = "unknown"))]
    pub(crate) compat: crate::compat::Labels,
}

impl Thread {
    /// Starts a thread with the defaults of [`Builder`].
    ///
    /// # Errors
    /// As [`Builder::start`].
    pub async fn start() -> Result<Thread, StartError> {
        Builder::new().start().await
    }

    /// Settings for a thread.
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(crate) async fn start_with(config: Config) -> Result<Thread, StartError> {
        let thread = Thread::not_started(config);
        thread.lane.begin();
        // A dropped future drops the thread, and with it the worker.
        thread.started().await?;
        Ok(thread)
    }

    /// A thread whose lane waits for its `begin`.
    pub(crate) fn not_started(config: Config) -> Thread {
        Thread {
            lane: Lane::new(config),
            #[cfg(all(feature = "compat", target_family = "wasm", target_os = "unknown"))]
            compat: crate::compat::Labels::default(),
        }
    }

    /// Ready when its worker is.
    pub(crate) async fn started(&self) -> Result<(), StartError> {
        poll_fn(|cx| self.lane.poll_started(cx)).await
    }

    /// Hands a job to the thread, which runs it when those before it are done or wait for something.
    ///
    /// Never waits. Whatever goes wrong, the handle says it: on a terminated thread it gives an error that
    /// [`is_closed`](crate::JoinError::is_closed).
    #[track_caller]
    pub fn spawn<T, M>(&self, job: impl IntoJob<T, M>) -> JoinHandle<T>
    where
        T: Send + 'static,
    {
        let Job { task, decode } = job.into_job();
        let origin: Weak<dyn Origin> = Arc::downgrade(&self.lane) as Weak<dyn Origin>;
        let shared = Shared::new(decode, self.lane.config.on_unhandled.clone(), origin);
        self.lane.push(shared.id(), shared.clone(), task);
        JoinHandle::new(shared)
    }

    /// Ends the worker at once. Jobs that wait or run end as [cancelled](crate::JoinError::is_cancelled); later ones are refused.
    ///
    /// Natively, where no thread can be killed, a job that runs goes on to its next `await`, its next
    /// [`checkpoint`](crate::checkpoint()) or its end, unheard.
    pub fn terminate(&self) {
        self.lane.terminate();
    }

    /// The thread was [terminated](Self::terminate).
    pub fn is_terminated(&self) -> bool {
        self.lane.is_terminated()
    }

    /// The thread's id: unlike every other of this owner.
    pub fn id(&self) -> u64 {
        self.lane.id()
    }

    /// The name given to [`Builder::name`].
    pub fn name(&self) -> Option<&str> {
        self.lane.config.name.as_deref()
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        self.terminate();
    }
}

impl fmt::Debug for Thread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Thread")
            .field("id", &self.id())
            .field("name", &self.name())
            .field("is_terminated", &self.is_terminated())
            .finish()
    }
}

/// The thread that runs this code, where that is one of ours.
///
/// `None` on the page, natively on threads that others made, and in a WASI guest outside its jobs. There it is the host's
/// thread, whose id is its number and one, and which has no name.
pub fn current() -> Option<Current> {
    sys::current()
}

/// Whether this code runs in a [`Thread`].
pub fn is_worker() -> bool {
    current().is_some()
}

/// How many threads can run at once here: `navigator.hardwareConcurrency`, natively what the standard library says, and in a
/// WASI guest as many as its host's pool has. At least 1.
pub fn available_parallelism() -> usize {
    sys::available_parallelism()
}

/// What a job can know of its thread. See [`current`].
#[derive(Clone, Debug)]
pub struct Current {
    pub(crate) id: u64,
    pub(crate) name: Option<String>,
}

impl Current {
    /// The id of a thread to come.
    pub(crate) fn next_id() -> u64 {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        // ORDERING: Relaxed; only that no two are equal matters.
        NEXT.fetch_add(1, Ordering::Relaxed)
    }

    /// The thread's [id](Thread::id).
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The thread's [name](Thread::name).
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// How an error names the thread: by its name if it has one, else by its id.
    pub(crate) fn label(&self) -> String {
        match &self.name {
            Some(name) => format!("thread `{name}`"),
            None => format!("thread {}", self.id),
        }
    }
}
