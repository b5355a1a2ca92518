//! [`HostJob`]: a job that the guest names, with the types that the host gives it. Lives with the caller.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_mt::__abi::{Job, Kind, Value};
use wasm_mt::__pool as door;
use wasm_mt_pool::__host::rank;
use wasm_mt_pool::Priority;

use crate::error::{JobError, JobErrorKind};
use crate::handle::Handle;
use crate::pool::Pool;
use crate::ticket::{Ticket, Work};

/// A job that the guest names by `wasm_mt::host_jobs!`, with arguments of type `A` and a result of type `R`.
///
/// The types are encoded by postcard, as between two jobs, and are to be the guest's own, or such as encode alike: what is not is an
/// error that [`is_decode`](JobError::is_decode), or another value. Several arguments are a tuple.
///
/// It keeps its pool. A clone is the same job.
///
/// ```no_run
/// use wasm_mt_wasmtime::Pool;
///
/// let pool = Pool::builder(std::fs::read("guest.wasm")?).threads(2).build()?;
/// let fib = pool.job::<u64, u64>("fib")?;
/// assert_eq!(fib.spawn(30).wait()?, 832_040);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct HostJob<A, R> {
    pool: Pool,
    name: Arc<str>,
    kind: Kind,
    priority: Priority,
    types: PhantomData<fn(A) -> R>,
}

impl<A, R> HostJob<A, R> {
    pub(crate) fn new(pool: Pool, name: &str, kind: Kind) -> Self {
        HostJob {
            pool,
            name: name.into(),
            kind,
            priority: Priority::Normal,
            types: PhantomData,
        }
    }

    /// The same job, spawned with this priority: which of the jobs that wait begins first. Those that it spawns do not inherit it.
    pub fn with_priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// What the guest calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The pool that it is of.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }
}

impl<A: Serialize, R: DeserializeOwned> HostJob<A, R> {
    /// Spawns the job onto its pool, and never waits. Whatever goes wrong, the handle says it.
    pub fn spawn(&self, args: A) -> Handle<R> {
        match self.try_spawn(args) {
            Ok(handle) => handle,
            Err(error) => {
                let ticket = Ticket::refused(self.pool.host().clone(), error);
                Handle::new(ticket, decode::<R>)
            }
        }
    }

    /// The same, where a job that was not taken in is told at once.
    ///
    /// # Errors
    /// Where its arguments do not encode, the queue has no room, the host holds as much for its guests as it may, or the pool has ended.
    pub fn try_spawn(&self, args: A) -> Result<Handle<R>, JobError> {
        let host = self.pool.host();
        if host.is_closed() {
            return Err(JobErrorKind::Closed.into());
        }
        let room = match &host.capacity {
            Some(capacity) => Some(capacity.room().ok_or(JobErrorKind::Full)?),
            None => None,
        };
        let args = door::encode_value(&args).map_err(JobErrorKind::Coding)?;
        let record = Job {
            kind: self.kind,
            args,
            ..Job::default()
        };
        let mut bytes = Vec::new();
        record.write(&mut bytes);
        let held = host.backlog.hold(bytes.len()).ok_or(JobErrorKind::Full)?;
        let work = Work::Record {
            bytes,
            context: None,
            _held: held,
        };
        let ticket = Ticket::of_host(host.clone(), work, room);
        host.submit(ticket.clone(), None, rank(self.priority));
        Ok(Handle::new(ticket, decode::<R>))
    }
}

fn decode<R: DeserializeOwned>(bytes: Vec<u8>) -> Result<R, JobError> {
    let value = Value::read(&bytes)
        .ok_or_else(|| JobErrorKind::Pointer("the record of its result does not read".into()))?;
    Ok(door::decode_value(value).map_err(JobErrorKind::Coding)?)
}

impl<A, R> Clone for HostJob<A, R> {
    fn clone(&self) -> Self {
        HostJob {
            pool: self.pool.clone(),
            name: self.name.clone(),
            kind: self.kind,
            priority: self.priority,
            types: PhantomData,
        }
    }
}

impl<A, R> fmt::Debug for HostJob<A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostJob")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
