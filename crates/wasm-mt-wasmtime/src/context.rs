//! [`Context`]: what a store knows of the job that runs in it. Lives in the store, and so on one thread.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use wasmtime::{Memory, ResourceLimiter};

use crate::engine::Preemption;
use crate::error::{JobError, JobErrorKind};
use crate::host::Host;
use crate::shares::Share;
use crate::ticket::{Outcome, Ticket};
#[cfg(feature = "wasi")]
use crate::wasi::Wasi;

/// How long a job's turn is that makes way at its checkpoints alone.
const TURN: Duration = Duration::from_millis(1);

/// A store's own data: what [linked](crate::Builder::link) functions find in their `Caller`.
#[derive(Debug)]
pub struct Context {
    pub(crate) host: Arc<Host>,
    pub(crate) worker: usize,
    pub(crate) memory: Option<Memory>,
    /// The job that runs. `None` between two, and while an instance is asked for its names.
    pub(crate) running: Option<Running>,
    usage: Usage,
    /// When the running job's turn began, where nothing but the job itself ends it.
    turn: Option<Instant>,
    /// What the guest has shared and not taken back.
    pub(crate) shares: Vec<u64>,
    #[cfg(feature = "wasi")]
    pub(crate) wasi: Option<Wasi>,
}

/// What a job has and does, beside what is in its ticket.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) ticket: Arc<Ticket>,
    /// What `payload` gives.
    pub(crate) record: Vec<u8>,
    /// What the record refers to.
    pub(crate) context: Option<Arc<Share>>,
    /// What the guest has said of its end.
    pub(crate) outcome: Option<Outcome>,
    pub(crate) panicked: Option<JobError>,
    /// Events that the guest was told the length of, and has not taken.
    pub(crate) events: Vec<u8>,
    pub(crate) counted: Counted,
    /// Jobs that it has spawned, and heard no end of.
    pub(crate) children: HashMap<u64, Arc<Ticket>>,
}

/// What `take` gives.
#[derive(Debug)]
pub(crate) enum Counted {
    Events,
    Bytes(Vec<u8>),
    Share(Arc<Share>),
}

impl Context {
    pub(crate) fn new(host: Arc<Host>, worker: usize) -> Self {
        host.counters[worker].store_made();
        Context {
            usage: Usage {
                host: host.clone(),
                worker,
                memory: 0,
                tables: 0,
                asked: 0,
            },
            host,
            worker,
            memory: None,
            running: None,
            turn: None,
            shares: Vec::new(),
            #[cfg(feature = "wasi")]
            wasi: None,
        }
    }

    /// The number of the worker whose store this is.
    pub fn worker(&self) -> usize {
        self.worker
    }

    /// Whether the job has computed for so long that others are to have a turn; its next begins then.
    pub(crate) fn has_had_its_turn(&mut self) -> bool {
        if let Preemption::Epoch { .. } | Preemption::Fuel { .. } = self.host.preemption {
            return false;
        }
        let now = Instant::now();
        let begun = *self.turn.get_or_insert(now);
        let over = now.duration_since(begun) >= TURN;
        if over {
            self.turn = Some(now);
        }
        over
    }

    /// What limits the store's memories.
    pub(crate) fn usage(&mut self) -> &mut Usage {
        &mut self.usage
    }

    /// The running job.
    ///
    /// # Errors
    /// Where none runs, and the guest asks for what only a job has.
    pub(crate) fn running(&mut self) -> wasmtime::Result<&mut Running> {
        self.running
            .as_mut()
            .ok_or_else(|| lie("it calls what only a job may, and runs none"))
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // Jobs that wait keep what they need of it.
        for share in &self.shares {
            self.host.shares.remove(*share);
        }
        self.host.counters[self.worker].store_ended(self.usage.memory);
    }
}

/// The error of a guest that does what it may not.
pub(crate) fn lie(what: impl Into<String>) -> wasmtime::Error {
    ended(JobErrorKind::Pointer(what.into()))
}

/// What the host itself ends a job with: no function that was linked can make one.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(crate) struct Ended(pub(crate) JobError);

/// The error that ends a job as this.
pub(crate) fn ended(kind: JobErrorKind) -> wasmtime::Error {
    wasmtime::Error::new(Ended(kind.into()))
}

/// How much memory a store has.
#[derive(Debug)]
pub(crate) struct Usage {
    host: Arc<Host>,
    worker: usize,
    memory: usize,
    /// What the elements of its tables need.
    tables: usize,
    /// By how much the last growth was to grow.
    asked: usize,
}

impl ResourceLimiter for Usage {
    /// Beyond the limit the job ends: a guest that cannot have memory seldom goes on in good order.
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current);
        let asked = self.memory.saturating_add(more);
        let limit = self.host.limits.memory;
        if asked > limit {
            return Err(ended(JobErrorKind::Memory { asked, limit }));
        }
        self.memory = asked;
        self.asked = more;
        self.host.counters[self.worker].memory_grown(more);
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        let more = std::mem::take(&mut self.asked);
        self.memory -= more;
        self.host.counters[self.worker].memory_not_grown(more);
        Ok(())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let more = desired
            .saturating_sub(current)
            .saturating_mul(size_of::<usize>());
        let asked = self.tables.saturating_add(more);
        let limit = self.host.limits.memory;
        if asked > limit {
            return Err(ended(JobErrorKind::Memory { asked, limit }));
        }
        self.tables = asked;
        Ok(true)
    }

    /// A pool's place has room for fewer elements than there is memory for.
    fn table_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        let (asked, limit) = (self.tables, self.host.limits.memory);
        Err(ended(JobErrorKind::Memory { asked, limit }))
    }
}
