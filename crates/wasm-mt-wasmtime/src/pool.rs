//! [`Pool`]: the handle that programs have. What all its clones share is in [`crate::host`].

use std::fmt;
use std::future::poll_fn;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_mt::block_on;

use crate::builder::Builder;
use crate::engine::Allocation;
use crate::error::{BuildError, BuildErrorKind, JobError, JobErrorKind};
use crate::handle::Handle;
use crate::host::Host;
use crate::job::HostJob;
use crate::local;
use crate::stats::Stats;
use crate::ticket::{Ticket, Work};

/// Threads that run the jobs of one WebAssembly module, each job on an instance in a store of its own.
///
/// ```
/// use wasm_mt_wasmtime::Pool;
///
/// let error = Pool::builder("no wasm").build().unwrap_err();
/// assert!(error.is_module());
/// ```
///
/// A clone is another handle to the same pool. Dropping the last ends it: jobs that wait or run end as
/// [cancelled](JobError::is_cancelled).
#[derive(Clone)]
pub struct Pool {
    host: Arc<Host>,
    _keeps: Arc<Keeps>,
}

/// Ends the pool when it is dropped.
struct Keeps(Arc<Host>);

impl Drop for Keeps {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Pool {
    /// Settings for a pool of the module with these bytes.
    pub fn builder(wasm: impl Into<Vec<u8>>) -> Builder {
        Builder::new(wasm.into())
    }

    /// The same for the module in a file, which is read when the pool is built.
    pub fn from_file(path: impl AsRef<Path>) -> Builder {
        Builder::from_file(path.as_ref())
    }

    pub(crate) fn new(host: Arc<Host>) -> Self {
        Pool {
            _keeps: Arc::new(Keeps(host.clone())),
            host,
        }
    }

    pub(crate) fn host(&self) -> &Arc<Host> {
        &self.host
    }

    /// The job that the module names so, with arguments of type `A` and a result of type `R`: see [`HostJob`].
    ///
    /// # Errors
    /// Where the module names no such job.
    pub fn job<A, R>(&self, name: &str) -> Result<HostJob<A, R>, BuildError> {
        match self.host.kind(name) {
            Some(kind) => Ok(HostJob::new(self.clone(), name, kind)),
            None => Err(BuildErrorKind::Job(name.into()).into()),
        }
    }

    /// The jobs that the module names, sorted.
    pub fn jobs(&self) -> Vec<&str> {
        self.host.names()
    }

    /// Spawns a job of this pool, and never waits.
    ///
    /// # Errors
    /// Where it was not taken in: see [`HostJob::try_spawn`]. Or it is another pool's.
    pub fn spawn<A, R>(&self, job: &HostJob<A, R>, args: A) -> Result<Handle<R>, JobError>
    where
        A: Serialize,
        R: DeserializeOwned,
    {
        if !Arc::ptr_eq(&self.host, job.pool().host()) {
            return Err(JobErrorKind::OtherBuild.into());
        }
        job.try_spawn(args)
    }

    /// Calls the program's `_start`, as a job in an instance of its own, and gives its exit code.
    ///
    /// # Errors
    /// Where the module is no program.
    #[cfg_attr(
        not(any(feature = "wasi", test)),
        expect(dead_code, reason = "without WASI there are no programs")
    )]
    pub(crate) fn spawn_main(&self) -> Result<Handle<i32>, BuildError> {
        if self.host.exports.start.is_none() {
            return Err(BuildErrorKind::Program.into());
        }
        let ticket = Ticket::of_host(self.host.clone(), Work::Main, None);
        self.host.submit(ticket.clone(), None, 0);
        Ok(Handle::new(ticket, |code| {
            let code = code.first_chunk().copied().unwrap_or_default();
            Ok(i32::from_le_bytes(code))
        }))
    }

    /// How many threads it has.
    pub fn threads(&self) -> usize {
        self.host.workers
    }

    /// Where the memories of its instances lie, as [`Builder::allocation`] was decided.
    pub fn allocation(&self) -> Allocation {
        self.host.allocation
    }

    /// What the pool has done, as it stands.
    pub fn stats(&self) -> Stats {
        self.host.stats()
    }

    /// The pool has ended, or is about to.
    pub fn is_closed(&self) -> bool {
        self.host.is_closed()
    }

    /// Ends the pool, and blocks until its threads have ended. Jobs that wait or run end as [cancelled](JobError::is_cancelled), at
    /// once; later ones are refused.
    ///
    /// A job that computes is stopped as by [`Handle::cancel`]. With [`Preemption::Off`](crate::Preemption::Off) it may go on, unheard; the
    /// call waits for that as long as [`Builder::abort_grace`] says. On a thread of the pool itself it does not wait.
    pub fn shutdown(&self) {
        self.host.end();
        if let Some(threads) = self.host.threads.get()
            && !local::is_of(&self.host)
        {
            block_on(poll_fn(|cx| threads.poll_ended(cx)));
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("threads", &self.threads())
            .field("allocation", &self.allocation())
            .field("is_closed", &self.is_closed())
            .finish()
    }
}
