//! [`Builder`]: how a pool is built. What is asked of the module is in `builder/check.rs`.

mod check;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use futures::channel::oneshot;
use futures::future::{Either, select};
use wasm_mt::__pool::Timer;
use wasm_mt::{Thread, available_parallelism, block_on};
use wasm_mt_pool::__host::Threads;
use wasmtime::{Linker, Module};

use crate::backlog::Backlog;
use crate::context::Context;
use crate::engine::{self, Allocation, Limits, Preemption};
use crate::error::{BuildError, BuildErrorKind, JobError};
use crate::host::{Host, Prepare, Unhandled};
use crate::imports;
use crate::instance;
use crate::pool::Pool;
use crate::room::Capacity;
use crate::shares::Shares;
use crate::stats::Counters;
use crate::stores::Gate;
use crate::ticker::Ticker;

/// What links functions of the host's own.
pub(crate) type Link = Box<dyn FnOnce(&mut Linker<Context>) -> wasmtime::Result<()> + Send>;

/// How long the module's first instance may take to come up.
const FIRST: Duration = Duration::from_secs(10);

/// Settings of a [`Pool`], each with a default that does.
///
/// ```no_run
/// use std::time::Duration;
/// use wasm_mt_wasmtime::{Pool, Preemption};
///
/// let pool = Pool::from_file("guest.wasm")
///     .threads(4)
///     .memory_limit(64 << 20)
///     .preemption(Preemption::Epoch { slice: Duration::from_millis(2) })
///     .build()?;
/// # Ok::<(), wasm_mt_wasmtime::BuildError>(())
/// ```
#[must_use = "a builder does nothing until `build`"]
pub struct Builder {
    source: Source,
    threads: usize,
    max_in_flight: u32,
    preemption: Preemption,
    allocation: Allocation,
    limits: Limits,
    result_limit: usize,
    backlog_limit: usize,
    recycle_jobs: u64,
    capacity: Option<usize>,
    abort_grace: Duration,
    unhandled: Unhandled,
    pub(crate) links: Vec<Link>,
    pub(crate) prepare: Vec<Prepare>,
    #[cfg(feature = "wasi")]
    pub(crate) runtime: Option<tokio::runtime::Handle>,
}

enum Source {
    Bytes(Vec<u8>),
    File(PathBuf),
    Module(Module),
}

impl Builder {
    pub(crate) fn new(wasm: Vec<u8>) -> Self {
        Self::of(Source::Bytes(wasm))
    }

    pub(crate) fn from_file(path: &Path) -> Self {
        Self::of(Source::File(path.into()))
    }

    /// Settings for a pool of a module that was compiled before.
    ///
    /// What its engine was configured for holds: [`preemption`](Self::preemption) is to be what that can do,
    /// [`allocation`](Self::allocation) and [`wasm_stack`](Self::wasm_stack) are its own.
    pub fn from_module(module: Module) -> Self {
        Self::of(Source::Module(module))
    }

    fn of(source: Source) -> Self {
        Builder {
            source,
            threads: available_parallelism(),
            max_in_flight: 16,
            preemption: Preemption::default(),
            allocation: Allocation::Auto,
            limits: Limits {
                memory: 1 << 30,
                stack: 512 << 10,
                stores: 1000,
            },
            result_limit: 64 << 20,
            backlog_limit: 1 << 30,
            recycle_jobs: u64::MAX,
            capacity: None,
            abort_grace: Duration::from_millis(200),
            unhandled: Arc::new(|error: JobError| {
                eprintln!("a detached job failed: {}", error.with_sources());
            }),
            links: Vec::new(),
            prepare: Vec::new(),
            #[cfg(feature = "wasi")]
            runtime: None,
        }
    }

    /// How many threads it has: by default as many as can run at once.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// How many jobs of one thread may have begun and wait for no other job: by default 16, at least 1. One that waits for its children, or
    /// for a time, by `wasm_mt::block_on` or as an async job, does not count, so jobs that wait for others never keep these from beginning. One
    /// that sleeps or reads in WASI, or is in an async function of the [host](Self::link), does: where many do, let this be more.
    pub fn max_in_flight(mut self, jobs: u32) -> Self {
        self.max_in_flight = jobs.max(1);
        self
    }

    /// How many stores there may be at a time, on all threads: by default 1000, at least 1. A job that has begun has one until it ends.
    pub fn max_stores(mut self, stores: usize) -> Self {
        self.limits.stores = stores.max(1);
        self
    }

    /// How a job that goes on computing makes way for others: by default after a millisecond.
    pub fn preemption(mut self, preemption: Preemption) -> Self {
        self.preemption = preemption;
        self
    }

    /// Where the memories of instances lie: by default in places set aside, where that can be.
    pub fn allocation(mut self, allocation: Allocation) -> Self {
        self.allocation = allocation;
        self
    }

    /// How many bytes the memories of one instance may have: by default 1 GiB. A job that wants more ends with an error that
    /// [`is_memory`](JobError::is_memory).
    pub fn memory_limit(mut self, bytes: usize) -> Self {
        self.limits.memory = bytes;
        self
    }

    /// How many bytes of stack the calls of a job may use: by default 512 KiB. A job that uses more ends with an error that
    /// [`is_stack`](JobError::is_stack). What a guest keeps in its own memory and calls a stack is that's affair.
    pub fn wasm_stack(mut self, bytes: usize) -> Self {
        self.limits.stack = bytes;
        self
    }

    /// How many bytes a job's result may have, or an item that it sends: by default 64 MiB. A job that gives more ends with an error that
    /// [`is_result`](JobError::is_result).
    pub fn result_limit(mut self, bytes: usize) -> Self {
        self.result_limit = bytes;
        self
    }

    /// How many bytes the host holds for its guests, beside their memories: arguments of jobs that wait, results and items that were not
    /// fetched, what was shared. By default 1 GiB. Each job that a guest has spawned and not heard the end of counts for 1 KiB more, and
    /// each item and each share for 128 bytes: so this is what bounds a guest that spawns without end, too. Its spawns are refused as by a
    /// queue that is full. A job that sends or shares more all the same ends with an error that [`is_limit`](JobError::is_limit).
    pub fn backlog_limit(mut self, bytes: usize) -> Self {
        self.backlog_limit = bytes;
        self
    }

    /// After so many jobs an instance makes way for a new one: by default never. A memory grows, and never shrinks; and what statics
    /// have gathered begins anew.
    pub fn recycle_jobs(mut self, jobs: impl Into<Option<u64>>) -> Self {
        self.recycle_jobs = jobs.into().map_or(u64::MAX, |jobs| jobs.max(1));
        self
    }

    /// How many jobs of the host's own may wait: by default as many as there is memory for. Beyond that a job ends with an error that
    /// [`is_full`](JobError::is_full). What jobs spawn does not count. 0 counts as 1.
    pub fn capacity(mut self, jobs: impl Into<Option<usize>>) -> Self {
        self.capacity = jobs.into();
        self
    }

    /// How long a cancelled job may go on to its next `await`, where it has awaited before: by default 200 ms.
    pub fn abort_grace(mut self, grace: Duration) -> Self {
        self.abort_grace = grace;
        self
    }

    /// What hears of errors of jobs that nobody waits for, on the thread where they end: by default they are printed to standard error.
    pub fn on_unhandled(mut self, hears: impl Fn(JobError) + Send + Sync + 'static) -> Self {
        self.unhandled = Arc::new(hears);
        self
    }

    /// Links functions of the host's own, by `func_wrap` or `func_wrap_async` of the linker. Their first argument is a
    /// `Caller<'_, Context>`.
    ///
    /// A function that fails or panics ends the job that has called it, with an error that [`is_host`](JobError::is_host). One that
    /// blocks keeps its thread from other jobs: await instead.
    pub fn link(
        mut self,
        link: impl FnOnce(&mut Linker<Context>) -> wasmtime::Result<()> + Send + 'static,
    ) -> Self {
        self.links.push(Box::new(link));
        self
    }

    /// Compiles the module, starts the threads, and gives the pool when all is up. It blocks for that: as long as the module's constructors
    /// run, and at most ten seconds where something [preempts](Self::preemption) them.
    ///
    /// # Errors
    /// A [`BuildError`] that says what is wrong with the module or the settings.
    pub fn build(self) -> Result<Pool, BuildError> {
        if self.threads == 0 || self.threads > MOST_THREADS {
            let what = format!("a pool has 1 to {MOST_THREADS} threads");
            return Err(BuildErrorKind::Settings(what).into());
        }
        if let Preemption::Fuel { slice: 0, .. } = self.preemption {
            let what = "a job that uses no fuel at a time never goes on";
            return Err(BuildErrorKind::Settings(what.into()).into());
        }
        if self.limits.stack > MOST_STACK {
            let what = format!("the stack of a job has up to {MOST_STACK} bytes");
            return Err(BuildErrorKind::Settings(what).into());
        }
        let (module, allocation) = match self.source {
            Source::Bytes(wasm) => {
                engine::compile(&wasm, self.preemption, self.allocation, self.limits)?
            }
            Source::File(path) => {
                let wasm = std::fs::read(&path).map_err(|error| BuildErrorKind::File {
                    path: path.display().to_string(),
                    error: Arc::new(error),
                })?;
                engine::compile(&wasm, self.preemption, self.allocation, self.limits)?
            }
            Source::Module(module) => (module, self.allocation),
        };
        let mut linker = Linker::new(module.engine());
        let broken = |error: wasmtime::Error| BuildErrorKind::Settings(format!("{error:#}"));
        imports::add_to(&mut linker).map_err(broken)?;
        for link in self.links {
            link(&mut linker).map_err(broken)?;
        }
        let exports = check::exports(&module)?;
        check::imports(&module, &linker)?;
        let pre = linker
            .instantiate_pre(&module)
            .map_err(|error| BuildErrorKind::Imports(format!("{error:#}")))?;
        let counters: Arc<[Counters]> = (0..self.threads).map(|_| Counters::default()).collect();
        let ticker = match self.preemption {
            Preemption::Epoch { slice } => {
                let ticker = Ticker::start(module.engine(), slice, counters.clone());
                Some(ticker.map_err(|error| {
                    BuildErrorKind::Settings(format!("the system has no thread: {error}"))
                })?)
            }
            _ => None,
        };
        let host = Arc::new(Host {
            pre,
            exports,
            preemption: self.preemption,
            allocation,
            limits: self.limits,
            result_limit: self.result_limit,
            recycle_jobs: self.recycle_jobs,
            max_in_flight: self.max_in_flight,
            workers: self.threads,
            abort_grace: self.abort_grace,
            unhandled: self.unhandled,
            prepare: self.prepare,
            kinds: OnceLock::new(),
            capacity: self.capacity.map(Capacity::new),
            backlog: Backlog::new(self.backlog_limit),
            shares: Shares::default(),
            gate: Gate::new(self.limits.stores, self.threads),
            keepers: Mutex::default(),
            counters,
            ticker,
            #[cfg(feature = "wasi")]
            runtime: self.runtime,
            closed: AtomicBool::new(false),
            threads: OnceLock::new(),
        });
        ask_names(&host, &module)?;
        let threads = Thread::builder()
            .name("wasm-mt")
            .abort_grace(self.abort_grace);
        let threads = wasm_mt_pool::Builder::new()
            .workers(self.threads)
            .threads(threads);
        let threads =
            block_on(Threads::start(threads, Host::TAKES)).map_err(BuildErrorKind::Threads)?;
        // It is the only one.
        let _ = host.threads.set(threads);
        Ok(Pool::new(host))
    }
}

/// More threads than these are a mistake.
const MOST_THREADS: usize = 4096;

/// Of a larger one the system has none, for as many jobs as there may be.
const MOST_STACK: usize = 1 << 30;

/// Has a first instance say which jobs there are. It is a guest's code: it may panic the host's functions, and never end.
fn ask_names(host: &Arc<Host>, module: &Module) -> Result<(), BuildError> {
    #[cfg(feature = "wasi")]
    let _entered = host.runtime.as_ref().map(tokio::runtime::Handle::enter);
    // It is counted, so that the epoch moves on.
    host.counters[0].set_awake(1);
    if let Some(ticker) = &host.ticker {
        ticker.wake();
    }
    let asked = catch_unwind(AssertUnwindSafe(|| {
        let (tell, time_is_over) = oneshot::channel::<()>();
        let _timer = Timer::after(FIRST, Box::new(move || drop(tell)));
        let kinds = instance::kinds(host, check::names(module));
        block_on(async {
            match select(pin!(kinds), time_is_over).await {
                Either::Left((kinds, _)) => Some(kinds),
                Either::Right(_) => None,
            }
        })
    }));
    host.counters[0].set_awake(0);
    let kinds = match asked {
        Ok(Some(kinds)) => kinds?,
        Ok(None) => {
            let error = crate::error::JobErrorKind::Deadline(FIRST).into();
            return Err(BuildErrorKind::Instance(error).into());
        }
        Err(panic) => {
            let error = crate::run::host_panicked(panic);
            return Err(BuildErrorKind::Instance(error).into());
        }
    };
    // It is the only one.
    let _ = host.kinds.set(kinds.into_iter().collect());
    Ok(())
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("threads", &self.threads)
            .field("max_in_flight", &self.max_in_flight)
            .field("preemption", &self.preemption)
            .field("allocation", &self.allocation)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
