//! [`JobError`], why a job gave no value, and [`BuildError`], why there is no pool. Small public types over private kinds, which
//! are asked by predicates.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use wasm_mt::__abi::Outcome;
use wasm_mt::JoinError;

/// An error of another's, shared.
pub(crate) type Source = Arc<dyn Error + Send + Sync>;

/// Why a job gave no value.
///
/// Displayed, it says what happened and, where there is something to do about it, what.
#[derive(Clone, Debug, thiserror::Error)]
#[error(transparent)]
pub struct JobError(Arc<JobErrorKind>);

#[derive(Debug, thiserror::Error)]
pub(crate) enum JobErrorKind {
    #[error("the job panicked: {message}{}, in worker {worker}", At(.location))]
    Panicked {
        message: String,
        location: String,
        worker: usize,
    },
    #[error("the job was stopped by a trap in worker {worker}: {message}")]
    Trapped { message: String, worker: usize },
    #[error("the job's calls went too deep for its stack; see `Builder::wasm_stack`")]
    Stack,
    #[error(
        "the job asked for {asked} bytes of memory and may have {limit}; see `Builder::memory_limit`"
    )]
    Memory { asked: usize, limit: usize },
    #[error("the job used up its {budget} units of fuel; see `Preemption::Fuel`")]
    Fuel { budget: u64 },
    #[error("the job gave {length} bytes and may give {limit}; see `Builder::result_limit`")]
    Result { length: usize, limit: usize },
    #[error("the job was cancelled")]
    Cancelled,
    #[error("the job took longer than its {0:?}")]
    Deadline(Duration),
    #[error("the job was lost: {why}{}", if *.may_have_run { "; it may have run" } else { "" })]
    Lost { why: String, may_have_run: bool },
    #[error("the pool had ended before the job was spawned; build another")]
    Closed,
    #[error(
        "the pool's queue is full; wait for jobs, or give the pool a larger `Builder::capacity`"
    )]
    Full,
    #[error("no store could be had for the job: {0}")]
    Limit(String),
    /// Of the host's own values.
    #[error(transparent)]
    Coding(JoinError),
    #[error("a value of type `{type_name}` cannot be sent: {message}")]
    Encode { type_name: String, message: String },
    #[error("a value of type `{type_name}` arrived, but does not decode: {message}")]
    Decode { type_name: String, message: String },
    #[error("the guest does not know the job: it is of another build")]
    OtherBuild,
    #[error("the guest broke its promise to the host: {0}")]
    Pointer(String),
    #[error("a host import failed")]
    Host(#[source] Source),
    #[error("a host import panicked: {0}")]
    HostPanicked(String),
    #[cfg_attr(
        not(feature = "wasi"),
        expect(dead_code, reason = "`exit` is a function of WASI")
    )]
    #[error("the job ended its program with the code {0}")]
    Exited(i32),
}

/// A place, where one is known.
struct At<'a>(&'a str);

impl std::fmt::Display for At<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            "" => Ok(()),
            location => write!(f, ", at {location}"),
        }
    }
}

impl From<JobErrorKind> for JobError {
    fn from(kind: JobErrorKind) -> Self {
        JobError(Arc::new(kind))
    }
}

impl JobError {
    pub(crate) fn kind(&self) -> &JobErrorKind {
        &self.0
    }

    /// What a guest says of its job, where that is no value.
    ///
    /// # Errors
    /// Where it is none.
    pub(crate) fn of_outcome(outcome: Outcome) -> Result<Vec<u8>, Self> {
        Err(match outcome {
            Outcome::Value(bytes) => return Ok(bytes),
            Outcome::Cancelled => JobErrorKind::Cancelled,
            Outcome::Encode(type_name, message) => JobErrorKind::Encode { type_name, message },
            Outcome::Decode(type_name, message) => JobErrorKind::Decode { type_name, message },
            Outcome::OtherBuild => JobErrorKind::OtherBuild,
            Outcome::Panicked(message, location, worker) => JobErrorKind::Panicked {
                message,
                location,
                worker: worker as usize,
            },
            Outcome::Trapped(message, worker) => JobErrorKind::Trapped {
                message,
                worker: worker as usize,
            },
            Outcome::Lost(why, may_have_run) => JobErrorKind::Lost { why, may_have_run },
            Outcome::Closed => JobErrorKind::Closed,
            Outcome::Full => JobErrorKind::Full,
        }
        .into())
    }

    /// What the guest is told that has spawned the job. The kinds that it does not know are told in words.
    pub(crate) fn to_outcome(&self, worker: usize) -> Outcome {
        match self.kind() {
            JobErrorKind::Panicked {
                message,
                location,
                worker,
            } => Outcome::Panicked(message.clone(), location.clone(), *worker as u32),
            JobErrorKind::Trapped { message, worker } => {
                Outcome::Trapped(message.clone(), *worker as u32)
            }
            JobErrorKind::Cancelled => Outcome::Cancelled,
            JobErrorKind::Lost { why, may_have_run } => Outcome::Lost(why.clone(), *may_have_run),
            JobErrorKind::Closed => Outcome::Closed,
            JobErrorKind::Full => Outcome::Full,
            JobErrorKind::Encode { type_name, message } => {
                Outcome::Encode(type_name.clone(), message.clone())
            }
            JobErrorKind::Decode { type_name, message } => {
                Outcome::Decode(type_name.clone(), message.clone())
            }
            JobErrorKind::OtherBuild => Outcome::OtherBuild,
            JobErrorKind::Limit(_) | JobErrorKind::Deadline(_) | JobErrorKind::Coding(_) => {
                Outcome::Lost(self.with_sources(), self.may_have_run())
            }
            JobErrorKind::Stack
            | JobErrorKind::Memory { .. }
            | JobErrorKind::Fuel { .. }
            | JobErrorKind::Result { .. }
            | JobErrorKind::Pointer(_)
            | JobErrorKind::Host(_)
            | JobErrorKind::HostPanicked(_)
            | JobErrorKind::Exited(_) => Outcome::Trapped(self.with_sources(), worker as u32),
        }
    }

    /// Where the guest called `exit`, with what.
    pub(crate) fn exit_code(&self) -> Option<i32> {
        match self.kind() {
            JobErrorKind::Exited(code) => Some(*code),
            _ => None,
        }
    }

    /// The text with those of its sources.
    pub(crate) fn with_sources(&self) -> String {
        let mut text = self.to_string();
        let mut next = self.source();
        while let Some(source) = next {
            text = format!("{text}: {source}");
            next = source.source();
        }
        text
    }

    /// The job panicked. [`panic_message`](Self::panic_message) and [`panic_location`](Self::panic_location) say how and where.
    pub fn is_panic(&self) -> bool {
        matches!(self.kind(), JobErrorKind::Panicked { .. })
    }

    /// The engine stopped the job: an `unreachable`, a memory access out of bounds, a division by zero.
    pub fn is_trap(&self) -> bool {
        matches!(self.kind(), JobErrorKind::Trapped { .. })
    }

    /// The job was cancelled, or its pool ended while it waited or ran.
    pub fn is_cancelled(&self) -> bool {
        matches!(self.kind(), JobErrorKind::Cancelled)
    }

    /// The job took longer than its [`Handle::timeout`](crate::Handle::timeout).
    pub fn is_deadline(&self) -> bool {
        matches!(self.kind(), JobErrorKind::Deadline(_))
    }

    /// The job used up the fuel of [`Preemption::Fuel`](crate::Preemption::Fuel).
    pub fn is_fuel(&self) -> bool {
        matches!(self.kind(), JobErrorKind::Fuel { .. })
    }

    /// The job's instance wanted more memory than [`Builder::memory_limit`](crate::Builder::memory_limit).
    pub fn is_memory(&self) -> bool {
        matches!(self.kind(), JobErrorKind::Memory { .. })
    }

    /// The job's calls went too deep, most likely without end.
    pub fn is_stack(&self) -> bool {
        matches!(self.kind(), JobErrorKind::Stack)
    }

    /// The job's result, or an item that it sent, is larger than [`Builder::result_limit`](crate::Builder::result_limit).
    pub fn is_result(&self) -> bool {
        matches!(self.kind(), JobErrorKind::Result { .. })
    }

    /// The job could not be begun, or not go on, since the pool has as many stores, or holds as much for its guests, as it may: see
    /// [`Builder::max_stores`](crate::Builder::max_stores).
    pub fn is_limit(&self) -> bool {
        matches!(self.kind(), JobErrorKind::Limit(_))
    }

    /// What became of the job is not known, or the guest ended it without an outcome.
    pub fn is_lost(&self) -> bool {
        matches!(
            self.kind(),
            JobErrorKind::Lost { .. } | JobErrorKind::Exited(_)
        )
    }

    /// The job was spawned on a pool that had been ended.
    pub fn is_closed(&self) -> bool {
        matches!(self.kind(), JobErrorKind::Closed)
    }

    /// The job was spawned on a pool whose queue had no room for it: see [`Builder::capacity`](crate::Builder::capacity).
    pub fn is_full(&self) -> bool {
        matches!(self.kind(), JobErrorKind::Full)
    }

    /// An argument or the result could not be encoded.
    pub fn is_encode(&self) -> bool {
        match self.kind() {
            JobErrorKind::Encode { .. } => true,
            JobErrorKind::Coding(error) => error.is_encode(),
            _ => false,
        }
    }

    /// An argument or the result did not decode, or the guest does not know the job.
    pub fn is_decode(&self) -> bool {
        match self.kind() {
            JobErrorKind::Decode { .. } | JobErrorKind::OtherBuild => true,
            JobErrorKind::Coding(error) => error.is_decode(),
            _ => false,
        }
    }

    /// The guest lied: it named bytes that are not in its memory, or a record that does not read.
    pub fn is_pointer(&self) -> bool {
        matches!(self.kind(), JobErrorKind::Pointer(_))
    }

    /// A function that the host has [linked](crate::Builder::link) failed or panicked. Where it failed, its error is the
    /// [`source`](std::error::Error::source).
    pub fn is_host(&self) -> bool {
        matches!(
            self.kind(),
            JobErrorKind::Host(_) | JobErrorKind::HostPanicked(_)
        )
    }

    /// The body of the job may have run, in part or to its end. False means that it has not begun.
    pub fn may_have_run(&self) -> bool {
        match self.kind() {
            JobErrorKind::Lost { may_have_run, .. } => *may_have_run,
            JobErrorKind::Coding(error) => error.is_decode(),
            JobErrorKind::Closed
            | JobErrorKind::Full
            | JobErrorKind::Encode { .. }
            | JobErrorKind::OtherBuild => false,
            _ => true,
        }
    }

    /// The message of the panic, where [`is_panic`](Self::is_panic).
    pub fn panic_message(&self) -> Option<&str> {
        match self.kind() {
            JobErrorKind::Panicked { message, .. } => Some(message),
            _ => None,
        }
    }

    /// Where the panic was, as `file:line:column`, where [`is_panic`](Self::is_panic) and the place is known.
    pub fn panic_location(&self) -> Option<&str> {
        match self.kind() {
            JobErrorKind::Panicked { location, .. } if !location.is_empty() => Some(location),
            _ => None,
        }
    }
}

/// What the native fabric says of a job that its future does not answer for.
impl From<JoinError> for JobError {
    fn from(error: JoinError) -> Self {
        if error.is_cancelled() {
            JobErrorKind::Cancelled.into()
        } else if error.is_closed() || error.is_not_started() {
            JobErrorKind::Closed.into()
        } else if error.is_full() {
            JobErrorKind::Full.into()
        } else {
            JobErrorKind::Lost {
                why: error.to_string(),
                may_have_run: error.may_have_run(),
            }
            .into()
        }
    }
}

/// Why a pool was not built, or has no such job.
#[derive(Clone, Debug, thiserror::Error)]
#[error(transparent)]
pub struct BuildError(Arc<BuildErrorKind>);

#[derive(Debug, thiserror::Error)]
pub(crate) enum BuildErrorKind {
    #[error("the file {path} cannot be read")]
    File {
        path: String,
        #[source]
        error: Source,
    },
    #[error("this is no WebAssembly module; give the bytes of one, built for wasm32-wasip1")]
    NoWasm,
    #[error(
        "this is a WebAssembly component, and the pool runs core modules; build for wasm32-wasip1"
    )]
    Component,
    #[error("the module does not compile: {0}")]
    Invalid(String),
    #[error(
        "the module does not export {0}; it has to be made with `wasm-mt-pool`, or with `wasm-mt` and `host_jobs!`"
    )]
    Exports(String),
    #[error(
        "the module imports JavaScript ({0}), as wasm-bindgen makes it; build for wasm32-wasip1"
    )]
    JavaScript(String),
    #[error("the module imports WASI ({0}), and the pool has none; see `Builder::wasi`")]
    Wasi(String),
    #[error("the module imports what nobody gives: {0}; see `Builder::link`")]
    Imports(String),
    #[error(
        "the module speaks version {guest} of what guests and hosts tell each other, and this host {host}; build both with one \
         version of wasm-mt"
    )]
    Version { guest: i32, host: i32 },
    #[error("the module needs more than it may have: {0}")]
    Limit(String),
    #[error("the first instance of the module did not come up")]
    Instance(#[source] JobError),
    #[error("the settings cannot be had: {0}")]
    Settings(String),
    #[error("the threads did not start")]
    Threads(#[source] wasm_mt::StartError),
    #[error("the module names no job `{0}`; name it with `host_jobs!`")]
    Job(String),
    #[error("the module is no program: it does not export `_start`")]
    Program,
}

impl From<BuildErrorKind> for BuildError {
    fn from(kind: BuildErrorKind) -> Self {
        BuildError(Arc::new(kind))
    }
}

impl BuildError {
    /// What was given is no valid WebAssembly module, or cannot be read.
    pub fn is_module(&self) -> bool {
        matches!(
            *self.0,
            BuildErrorKind::File { .. } | BuildErrorKind::NoWasm | BuildErrorKind::Invalid(_)
        )
    }

    /// It is a component, where a core module is asked for.
    pub fn is_component(&self) -> bool {
        matches!(*self.0, BuildErrorKind::Component)
    }

    /// The module does not export what a guest has to.
    pub fn is_exports(&self) -> bool {
        matches!(
            *self.0,
            BuildErrorKind::Exports(_) | BuildErrorKind::Program
        )
    }

    /// The module imports what nobody gives: JavaScript, WASI where the pool has none, or functions that were not linked.
    pub fn is_imports(&self) -> bool {
        matches!(
            *self.0,
            BuildErrorKind::JavaScript(_) | BuildErrorKind::Wasi(_) | BuildErrorKind::Imports(_)
        )
    }

    /// The module was built with another version of wasm-mt, which speaks otherwise.
    pub fn is_version(&self) -> bool {
        matches!(*self.0, BuildErrorKind::Version { .. })
    }

    /// The module needs more than the builder allows.
    pub fn is_limit(&self) -> bool {
        matches!(*self.0, BuildErrorKind::Limit(_))
    }

    /// The module's first instance trapped, or did not come up in time. The [`source`](std::error::Error::source) is the
    /// [`JobError`] that says so.
    pub fn is_instance(&self) -> bool {
        matches!(*self.0, BuildErrorKind::Instance(_))
    }

    /// The builder's settings contradict each other, or the engine's.
    pub fn is_settings(&self) -> bool {
        matches!(*self.0, BuildErrorKind::Settings(_))
    }

    /// The system has no thread for the pool.
    pub fn is_threads(&self) -> bool {
        matches!(*self.0, BuildErrorKind::Threads(_))
    }

    /// The module names no such job.
    pub fn is_job(&self) -> bool {
        matches!(*self.0, BuildErrorKind::Job(_))
    }
}
