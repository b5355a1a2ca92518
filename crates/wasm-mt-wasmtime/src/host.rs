//! [`Host`]: what all of a pool's threads, jobs and handles share. It knows the module and the threads, and no job.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::Waker;
use std::time::Duration;

use wasm_mt::__abi::{self, Kind};
use wasm_mt::__pool::{Entry, LocalOutcome, Packet, Task};
use wasm_mt_pool::__host::Threads;
use wasmtime::{InstancePre, ModuleExport, Store};

use crate::backlog::Backlog;
use crate::context::Context;
use crate::engine::{Allocation, Limits, Preemption};
use crate::error::JobError;
use crate::local;
use crate::room::Capacity;
use crate::run;
use crate::shares::Shares;
use crate::stats::{Counters, Stats};
use crate::stores::Gate;
use crate::ticker::Ticker;
use crate::ticket::Ticket;

/// Hears of errors that nobody waits for.
pub(crate) type Unhandled = Arc<dyn Fn(JobError) + Send + Sync>;

/// What is done to each store before its instance is made. `true` says that it is for the program's `_start`.
pub(crate) type Prepare = Arc<dyn Fn(&mut Context, bool) -> wasmtime::Result<()> + Send + Sync>;

pub(crate) struct Host {
    pub(crate) pre: InstancePre<Context>,
    pub(crate) exports: Exports,
    pub(crate) preemption: Preemption,
    pub(crate) allocation: Allocation,
    pub(crate) limits: Limits,
    pub(crate) result_limit: usize,
    pub(crate) recycle_jobs: u64,
    /// How many jobs of a worker may be awake.
    pub(crate) max_in_flight: u32,
    pub(crate) workers: usize,
    pub(crate) abort_grace: Duration,
    pub(crate) unhandled: Unhandled,
    pub(crate) prepare: Vec<Prepare>,
    /// Which jobs the module names. Set once, when a first instance has been asked.
    pub(crate) kinds: OnceLock<BTreeMap<String, Kind>>,
    pub(crate) capacity: Option<Arc<Capacity>>,
    pub(crate) backlog: Arc<Backlog>,
    pub(crate) shares: Shares,
    pub(crate) gate: Arc<Gate>,
    /// Of each worker that has idle instances, who drops them.
    pub(crate) keepers: Mutex<Vec<Waker>>,
    pub(crate) counters: Arc<[Counters]>,
    pub(crate) ticker: Option<Ticker>,
    /// What WASI's functions find as theirs, while a job of the pool runs.
    #[cfg(feature = "wasi")]
    pub(crate) runtime: Option<tokio::runtime::Handle>,
    pub(crate) closed: AtomicBool,
    /// Set once, before there is a job.
    pub(crate) threads: OnceLock<Threads>,
}

/// Where the module's exports are.
#[derive(Clone, Copy)]
pub(crate) struct Exports {
    pub(crate) memory: ModuleExport,
    pub(crate) abi: ModuleExport,
    pub(crate) run: ModuleExport,
    pub(crate) start: Option<ModuleExport>,
}

impl Host {
    /// Hands a job to the threads: to one of them, or to any.
    pub(crate) fn submit(&self, ticket: Arc<Ticket>, worker: Option<usize>, rank: u8) {
        let packet: Arc<dyn Packet> = ticket.clone();
        let id = ticket.id();
        let task = Task::of_future(move || -> LocalOutcome { Box::pin(run::run(ticket)) });
        let mut entry = Entry::new(id, packet, task);
        entry.set_rank(rank);
        match self.threads.get() {
            Some(threads) => threads.submit(entry, worker),
            None => entry.discard(),
        }
    }

    /// Jobs that compute look whether they are to stop.
    pub(crate) fn interrupt(&self) {
        if let Preemption::Epoch { .. } = self.preemption {
            self.pre.module().engine().increment_epoch();
        }
    }

    /// A job that begins has so long, or so much.
    ///
    /// # Errors
    /// Where the engine does not count fuel.
    pub(crate) fn refuel(&self, store: &mut Store<Context>) -> wasmtime::Result<()> {
        match self.preemption {
            Preemption::Off => {}
            Preemption::Epoch { .. } => store.set_epoch_deadline(1),
            Preemption::Fuel { budget, .. } => store.set_fuel(budget)?,
        }
        Ok(())
    }

    pub(crate) fn stats(&self) -> Stats {
        let threads = self.threads.get().map(Threads::stats).unwrap_or_default();
        Stats::of(threads, &self.counters)
    }

    pub(crate) fn guest_stats(&self) -> __abi::Stats {
        self.stats().to_guest()
    }

    /// The kind of the job that the module names so.
    pub(crate) fn kind(&self, name: &str) -> Option<Kind> {
        self.kinds.get()?.get(name).copied()
    }

    /// The jobs that the module names.
    pub(crate) fn names(&self) -> Vec<&str> {
        let kinds = self.kinds.get().into_iter().flatten();
        kinds.map(|(name, _)| &**name).collect()
    }

    /// It takes no more jobs.
    pub(crate) fn is_closed(&self) -> bool {
        // ORDERING: Relaxed; a job that comes too late all the same is told so by the threads.
        self.closed.load(Ordering::Relaxed)
    }

    /// Ends all jobs as cancelled, and the threads.
    pub(crate) fn end(&self) {
        // ORDERING: as in `is_closed`.
        self.closed.store(true, Ordering::Relaxed);
        // They have their turn before their threads end.
        let keepers =
            std::mem::take(&mut *self.keepers.lock().unwrap_or_else(PoisonError::into_inner));
        keepers.into_iter().for_each(Waker::wake);
        if let Some(threads) = self.threads.get() {
            threads.end();
        }
    }

    /// The threads ask this before each job.
    pub(crate) const TAKES: fn() -> bool = local::takes;
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("workers", &self.workers)
            .field("preemption", &self.preemption)
            .field("allocation", &self.allocation)
            .finish_non_exhaustive()
    }
}
