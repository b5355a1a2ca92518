//! What can go wrong, as two small types: [`StartError`] for a thread that did not start, [`JoinError`] for a job that
//! gave no value. Each is a public face over a private kind, asked by predicates, so that kinds can be added.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::panic::Panic;
use crate::thread::Current;

/// Why a thread did not start.
///
/// Displayed, it says what to do about it.
#[derive(Clone, Debug, thiserror::Error)]
#[error(transparent)]
pub struct StartError(Arc<StartErrorKind>);

#[derive(Clone, Debug, thiserror::Error)]
#[cfg_attr(
    not(all(target_family = "wasm", target_os = "unknown")),
    expect(dead_code, reason = "elsewhere there is less that can go wrong")
)]
pub(crate) enum StartErrorKind {
    #[error("this environment has no workers: {0}")]
    Unsupported(String),
    #[error(
        "the glue script that wasm-bindgen generated was not found: {0}; pass its URL with `Builder::glue_url`"
    )]
    GlueUnknown(String),
    #[error(
        "the glue script {url} could not be loaded in the worker: {reason}; check that the server still answers with \
         JavaScript there, or pass another URL with `Builder::glue_url`"
    )]
    Glue { url: String, reason: String },
    #[error("the glue script that was given as text could not be loaded in the worker: {0}")]
    GlueText(String),
    #[error(
        "the worker was not allowed to start: {0}; a content security policy needs `worker-src blob:`, or a file in the \
         blob's place: see `Builder::script_url`"
    )]
    Blocked(String),
    #[error(
        "the worker was not allowed to start: {0}; the content security policy asks for trusted types, and has to allow the \
         policy of this library: `trusted-types wasm-mt`"
    )]
    Untrusted(String),
    #[error(
        "the worker was not allowed to compile WebAssembly: {0}; the content security policy of the worker's script needs \
         `script-src 'wasm-unsafe-eval'`"
    )]
    BlockedWasm(String),
    #[error(
        "the worker's script {url} did not run: {reason}; check that the server answers there, on the page's own origin, \
         with JavaScript, the text of `wasm_mt::WORKER_SCRIPT` of version {version}, and that a content security policy \
         allows it as `worker-src`",
        version = env!("CARGO_PKG_VERSION")
    )]
    Script { url: String, reason: String },
    #[error(
        "the worker has no WebAssembly module: {0}; glue script and module must be of the same build, as they are when the \
         page is loaded anew, or when `Builder::wasm_bytes` gives the right one"
    )]
    Module(String),
    #[error(
        "the worker's WebAssembly module is of another build of the program; reload the page, put glue script and module \
         on the server together, and give `Builder` only what is of the same build"
    )]
    OtherBuild,
    #[error(
        "no more workers can be had: {0}; drop threads that are not needed, or give their jobs to fewer"
    )]
    Limit(String),
    #[error(
        "the thread did not start within {}; a worker comes up only while the thread that starts it is free, and a \
         browser lets only so many run at a time; see `Builder::start_deadline`",
        Milliseconds(*.0)
    )]
    Deadline(Duration),
    #[error("a pool needs at least one worker, and was built with 0")]
    NoWorkers,
    #[error("a job cannot change its pool here; who built the pool can")]
    NotHere,
    #[error(
        "jobs cannot travel through shared memory here: {0}; `Fabric::Auto` takes it only where it can be had"
    )]
    NotShared(&'static str),
    #[error("the `on_start` function failed")]
    OnStart(#[source] JoinError),
    #[error("the thread was terminated while it started")]
    Terminated,
    #[error("the worker ended while it started: {0}")]
    Died(String),
}

impl StartError {
    pub(crate) fn new(kind: StartErrorKind) -> Self {
        StartError(Arc::new(kind))
    }

    /// There are no workers here, as in a WASI guest; natively, no more threads can be had.
    pub fn is_unsupported(&self) -> bool {
        matches!(*self.0, StartErrorKind::Unsupported(_))
    }

    /// The glue script was not found, did not load, or is not what `wasm-bindgen` generated.
    pub fn is_glue(&self) -> bool {
        matches!(
            *self.0,
            StartErrorKind::Glue { .. }
                | StartErrorKind::GlueText(_)
                | StartErrorKind::GlueUnknown(_)
        )
    }

    /// A content security policy did not let the worker start.
    pub fn is_blocked(&self) -> bool {
        matches!(
            *self.0,
            StartErrorKind::Blocked(_)
                | StartErrorKind::Untrusted(_)
                | StartErrorKind::BlockedWasm(_)
        )
    }

    /// The script at `Builder::script_url` was not found, may not be used, is no script, or is that of another version.
    pub fn is_script(&self) -> bool {
        matches!(*self.0, StartErrorKind::Script { .. })
    }

    /// The worker got no WebAssembly module: the browser does not clone it and it was not found otherwise, what was found is
    /// not WebAssembly, or it failed to instantiate.
    pub fn is_module(&self) -> bool {
        matches!(*self.0, StartErrorKind::Module(_))
    }

    /// The worker's module is of another build than the program that starts it.
    pub fn is_other_build(&self) -> bool {
        matches!(*self.0, StartErrorKind::OtherBuild)
    }

    /// No more workers can be had: this page, or this worker, has as many as are allowed, or the browser has no room for
    /// another instance. See [`Builder::start`](crate::Builder::start).
    pub fn is_limit(&self) -> bool {
        matches!(*self.0, StartErrorKind::Limit(_))
    }

    /// A pool of no workers was asked for.
    pub fn is_no_workers(&self) -> bool {
        matches!(*self.0, StartErrorKind::NoWorkers)
    }

    /// A pool was to have its jobs in shared memory, and the page cannot: its text says which condition is missing.
    pub fn is_not_shared(&self) -> bool {
        matches!(*self.0, StartErrorKind::NotShared(_))
    }

    /// The thread took longer than [`Builder::start_deadline`](crate::Builder::start_deadline).
    pub fn is_deadline(&self) -> bool {
        matches!(*self.0, StartErrorKind::Deadline(_))
    }

    /// The function given to [`Builder::on_start`](crate::Builder::on_start) panicked, trapped, or called `close()`. The
    /// [`source`](std::error::Error::source) is the [`JoinError`] that says so.
    pub fn is_on_start(&self) -> bool {
        matches!(*self.0, StartErrorKind::OnStart(_))
    }
}

/// Why a job gave no value.
///
/// Displayed, it says what happened and, where there is something to do about it, what.
#[derive(Clone, Debug, thiserror::Error)]
#[error(transparent)]
pub struct JoinError(Arc<JoinErrorKind>);

#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum JoinErrorKind {
    #[error("{panic}, in {}", .thread.label())]
    Panicked { panic: Panic, thread: Current },
    #[error("the job was stopped by a trap in {}: {message}", .thread.label())]
    Trapped { message: String, thread: Current },
    #[error("the job was cancelled")]
    Cancelled,
    #[error("the job took longer than its {}", Milliseconds(*.0))]
    Deadline(Duration),
    #[error("the worker of the job was lost: {why}{}", if *.may_have_run { "; the job may have run" } else { "" })]
    Lost { why: String, may_have_run: bool },
    #[error("the worker of the job was lost and no other could be started")]
    NotReplaced {
        #[source]
        error: StartError,
        may_have_run: bool,
    },
    #[error("the thread or pool had been ended before the job was spawned; start another")]
    Closed,
    #[error(
        "the pool's queue is full; await `spawn_when_room`, or give the pool a larger `Builder::capacity`"
    )]
    Full,
    #[error("the thread or pool has not been started; await its `init` first")]
    NotStarted,
    #[error("a value of type `{type_name}` cannot be sent: {message}")]
    Encode {
        type_name: String,
        message: String,
        /// Of a result, so that the job has run.
        result: bool,
    },
    #[error(
        "a value of type `{type_name}` cannot be sent: {message}; functions, DOM nodes and what was transferred before \
         cannot be cloned"
    )]
    #[cfg_attr(
        not(any(all(target_family = "wasm", target_os = "unknown"), test, fuzzing)),
        expect(dead_code, reason = "elsewhere there are no JavaScript values")
    )]
    NotCloned {
        type_name: String,
        message: String,
        /// Of a result, so that the job has run.
        result: bool,
    },
    #[error("a value of type `{type_name}` arrived, but does not decode: {message}")]
    Decode { type_name: String, message: String },
    #[cfg_attr(
        target_family = "wasm",
        expect(
            dead_code,
            reason = "in a browser only what cannot be cloned is not posted"
        )
    )]
    #[error("the job could not be posted to its worker: {0}")]
    Post(String),
    #[cfg_attr(
        not(any(target_family = "wasm", test, fuzzing)),
        expect(
            dead_code,
            reason = "only in a browser can a worker be of another build"
        )
    )]
    #[error("the worker does not know the job: it runs another build of the program")]
    OtherBuild,
}

impl JoinError {
    pub(crate) fn new(kind: JoinErrorKind) -> Self {
        JoinError(Arc::new(kind))
    }

    #[cfg(any(target_family = "wasm", test, fuzzing))]
    pub(crate) fn kind(&self) -> &JoinErrorKind {
        &self.0
    }

    pub(crate) fn cancelled() -> Self {
        Self::new(JoinErrorKind::Cancelled)
    }

    /// Of a job that had been posted to a worker which is gone.
    pub(crate) fn lost(why: String) -> Self {
        Self::new(JoinErrorKind::Lost {
            why,
            may_have_run: true,
        })
    }

    pub(crate) fn encode(type_name: &str, message: String) -> Self {
        Self::new(JoinErrorKind::Encode {
            type_name: type_name.into(),
            message,
            result: false,
        })
    }

    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub(crate) fn not_cloned(type_name: &str, message: String) -> Self {
        Self::new(JoinErrorKind::NotCloned {
            type_name: type_name.into(),
            message,
            result: false,
        })
    }

    /// The same, where it was a result that could not be sent.
    pub(crate) fn of_result(mut self) -> Self {
        // It has just been made, so there is no other.
        if let Some(
            JoinErrorKind::Encode { result, .. } | JoinErrorKind::NotCloned { result, .. },
        ) = Arc::get_mut(&mut self.0)
        {
            *result = true;
        }
        self
    }

    pub(crate) fn decode(type_name: &str, message: String) -> Self {
        Self::new(JoinErrorKind::Decode {
            type_name: type_name.into(),
            message,
        })
    }

    /// The job panicked. [`panic_message`](Self::panic_message) and [`panic_location`](Self::panic_location) say how
    /// and where.
    pub fn is_panic(&self) -> bool {
        matches!(*self.0, JoinErrorKind::Panicked { .. })
    }

    /// The job was stopped by the engine: an `unreachable`, a memory access out of bounds, a stack overflow, or a
    /// JavaScript exception that it did not catch.
    pub fn is_trap(&self) -> bool {
        matches!(*self.0, JoinErrorKind::Trapped { .. })
    }

    /// The job was aborted, or its thread was terminated or dropped while the job waited or ran.
    pub fn is_cancelled(&self) -> bool {
        matches!(*self.0, JoinErrorKind::Cancelled)
    }

    /// The job took longer than its [`JoinHandle::timeout`](crate::JoinHandle::timeout).
    pub fn is_deadline(&self) -> bool {
        matches!(*self.0, JoinErrorKind::Deadline(_))
    }

    /// The job's worker ended, and not by a panic or trap of this job: another job's took it along, `close()` was called in it,
    /// or the browser ended it. Or no other worker could be had in the place of a dead one; then the
    /// [`source`](std::error::Error::source) is the [`StartError`].
    pub fn is_lost(&self) -> bool {
        matches!(
            *self.0,
            JoinErrorKind::Lost { .. } | JoinErrorKind::NotReplaced { .. }
        )
    }

    /// The body of the job may have run, in part or to its end. False means that it has not begun; true, that this is not
    /// known, or that it has.
    pub fn may_have_run(&self) -> bool {
        match *self.0 {
            JoinErrorKind::Lost { may_have_run, .. }
            | JoinErrorKind::NotReplaced { may_have_run, .. } => may_have_run,
            JoinErrorKind::Encode { result, .. } | JoinErrorKind::NotCloned { result, .. } => {
                result
            }
            JoinErrorKind::Panicked { .. }
            | JoinErrorKind::Trapped { .. }
            | JoinErrorKind::Cancelled
            | JoinErrorKind::Deadline(_)
            | JoinErrorKind::Decode { .. } => true,
            JoinErrorKind::Closed
            | JoinErrorKind::Full
            | JoinErrorKind::NotStarted
            | JoinErrorKind::OtherBuild
            | JoinErrorKind::Post(_) => false,
        }
    }

    /// The job was spawned on a thread, or a pool, that had been ended.
    pub fn is_closed(&self) -> bool {
        matches!(*self.0, JoinErrorKind::Closed)
    }

    /// The job was spawned on a pool whose queue had no room for it.
    pub fn is_full(&self) -> bool {
        matches!(*self.0, JoinErrorKind::Full)
    }

    /// The job was spawned on a thread or pool of 0.1's kind that had not been started: before its `init`.
    pub fn is_not_started(&self) -> bool {
        matches!(*self.0, JoinErrorKind::NotStarted)
    }

    /// An argument or the result could not be encoded, cloned or transferred, or the job could not be posted.
    pub fn is_encode(&self) -> bool {
        matches!(
            *self.0,
            JoinErrorKind::Encode { .. } | JoinErrorKind::NotCloned { .. } | JoinErrorKind::Post(_)
        )
    }

    /// An argument, the result or an item of a [channel](crate::channel()) did not decode, or the worker runs another build
    /// and does not know the job.
    pub fn is_decode(&self) -> bool {
        matches!(
            *self.0,
            JoinErrorKind::Decode { .. } | JoinErrorKind::OtherBuild
        )
    }

    /// The message of the panic, where [`is_panic`](Self::is_panic).
    pub fn panic_message(&self) -> Option<&str> {
        match &*self.0 {
            JoinErrorKind::Panicked { panic, .. } => Some(&panic.message),
            _ => None,
        }
    }

    /// Where the panic was, as `file:line:column`, where [`is_panic`](Self::is_panic) and the place is known.
    pub fn panic_location(&self) -> Option<&str> {
        match &*self.0 {
            JoinErrorKind::Panicked { panic, .. } => panic.location.as_deref(),
            _ => None,
        }
    }
}

/// A limit, as errors tell it. `Duration`'s own `Debug` costs a program over a kilobyte of formatting.
struct Milliseconds(Duration);

impl fmt::Display for Milliseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = u64::from(self.0.subsec_nanos().div_ceil(1_000_000));
        let milliseconds = self
            .0
            .as_secs()
            .saturating_mul(1000)
            .saturating_add(milliseconds);
        write!(f, "{milliseconds}ms")
    }
}

// Not by way of `dyn Error`, which would take the kinds' `Debug` into every program.
impl StartError {
    /// The error's text with those of its sources, for where nobody asks for them.
    pub(crate) fn with_sources(&self) -> String {
        match &*self.0 {
            StartErrorKind::OnStart(source) => format!("{self}: {}", source.with_sources()),
            _ => format!("{self}"),
        }
    }
}

impl JoinError {
    /// The error's text with those of its sources, for where nobody asks for them.
    pub(crate) fn with_sources(&self) -> String {
        match &*self.0 {
            JoinErrorKind::NotReplaced { error, .. } => format!("{self}: {}", error.with_sources()),
            _ => format!("{self}"),
        }
    }
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod js {
    use wasm_bindgen::{JsError, JsValue};

    use super::{JoinError, StartError};

    /// A JavaScript `Error` with the text of this error and its sources, so that `?` works in an exported `async fn`.
    impl From<StartError> for JsValue {
        fn from(error: StartError) -> JsValue {
            JsError::new(&error.with_sources()).into()
        }
    }

    /// A JavaScript `Error` with the text of this error and its sources, so that `?` works in an exported `async fn`.
    impl From<JoinError> for JsValue {
        fn from(error: JoinError) -> JsValue {
            JsError::new(&error.with_sources()).into()
        }
    }
}
