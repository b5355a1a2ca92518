//! The future of one job: takes an instance, calls it, and tells what came of it. Polled on the worker's thread where it began, and dropped
//! there.
//!
//! 1. What a job gave is told before its instance is used again, or dropped.
//! 2. At each of its turns the future looks whether the job is to stop. A job that is, has had its last turn: its stack is unwound
//!    when the call's future is dropped, and no code of the guest runs for that.
//! 3. A panic of a host function ends the job, and nothing else.

use std::any::Any;
use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use wasm_mt::__pool::Value;
use wasm_mt::JoinError;
use wasmtime::{PoolConcurrencyLimitError, Trap};

use crate::context::{Counted, Ended, Running};
use crate::error::{JobError, JobErrorKind};
use crate::host::Host;
use crate::instance::{self, Instance};
use crate::local::{self, Awake, Seat};
use crate::stores::{Crowded, Leave};
use crate::ticket::{Outcome, Ticket, Work};

/// Runs the job to its end, and tells that. What the fabric hears of it says only that it is over.
pub(crate) async fn run(ticket: Arc<Ticket>) -> Result<Value, JoinError> {
    if let Some(work) = ticket.begin() {
        let host = ticket.host().clone();
        let seat = local::seat(&host);
        let _awake = Awake::new();
        let _over = Over(&ticket);
        let mut ran = pin!(body(&host, &seat, &ticket, work));
        let end = poll_fn(|cx| {
            ticket.mailbox.register(cx.waker());
            // Rule 2.
            if ticket.is_stopped() {
                return Poll::Ready(Err(JobErrorKind::Cancelled.into()));
            }
            #[cfg(feature = "wasi")]
            let _entered = host.runtime.as_ref().map(tokio::runtime::Handle::enter);
            // Rule 3.
            match catch_unwind(AssertUnwindSafe(|| ran.as_mut().poll(cx))) {
                Ok(polled) => polled.map(Ok),
                Err(panic) => Poll::Ready(Err(host_panicked(panic))),
            }
        })
        .await;
        match end {
            // Rule 1.
            Ok(ran) => {
                ticket.finish(ran.outcome);
                if let (Some(instance), true) = (ran.instance, ran.goes_on) {
                    seat.keep(instance);
                }
                // Whoever waits for the job has been told.
                drop((ran.crowded, ran.leave));
            }
            Err(error) => ticket.finish(Err(error)),
        }
    }
    Ok(Box::new(()))
}

/// The job hears nothing more, also where its future is dropped.
struct Over<'a>(&'a Ticket);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.over();
    }
}

/// What came of a job.
struct Ran {
    outcome: Outcome,
    /// Where the job has ended in one.
    instance: Option<Instance>,
    /// That can run another.
    goes_on: bool,
    /// There was no store for it.
    crowded: Option<Crowded>,
    /// Of a store that did not come up.
    leave: Option<Leave>,
}

impl Ran {
    fn without(outcome: Outcome) -> Self {
        Ran {
            outcome,
            instance: None,
            goes_on: false,
            crowded: None,
            leave: None,
        }
    }
}

async fn body(host: &Arc<Host>, seat: &Seat, ticket: &Arc<Ticket>, work: Work) -> Ran {
    let (record, context, main) = match work {
        Work::Record { bytes, context, .. } => (bytes, context, false),
        Work::Main => (Vec::new(), None, true),
    };
    let running = Running {
        ticket: ticket.clone(),
        record,
        context,
        outcome: None,
        panicked: None,
        events: Vec::new(),
        counted: Counted::Events,
        children: HashMap::new(),
    };
    if !main && let Some(mut idle) = seat.take_idle() {
        return match idle.reuse(running) {
            Ok(()) => ended_in(idle, host, seat).await,
            Err(error) => Ran {
                instance: Some(idle),
                ..Ran::without(Err(why(error, host, seat.worker)))
            },
        };
    }
    let leave = match seat.leave().await {
        Ok(leave) => leave,
        Err(crowded) => {
            let why = "there are as many as there may be, and all wait for others; see `Builder::max_stores`";
            return Ran {
                crowded: Some(crowded),
                ..Ran::without(Err(JobErrorKind::Limit(why.into()).into()))
            };
        }
    };
    if main {
        let mut panicked = None;
        let ended = instance::start(host, seat.worker, leave, running, &mut panicked).await;
        return Ran::without(main_outcome(ended, panicked, host, seat.worker));
    }
    match Instance::make(host, seat.worker, leave, running).await {
        Ok(instance) => ended_in(instance, host, seat).await,
        Err((error, leave)) => Ran {
            leave: Some(leave),
            ..Ran::without(Err(why(error, host, seat.worker)))
        },
    }
}

/// Runs the instance's job.
async fn ended_in(mut instance: Instance, host: &Host, seat: &Seat) -> Ran {
    let ended = instance.run().await;
    let (outcome, panicked) = match instance.take_running() {
        Some(running) => (running.outcome, running.panicked),
        None => (None, None),
    };
    let ended_well = ended.is_ok() && outcome.is_some();
    let outcome = match (ended, outcome) {
        (Ok(()), Some(outcome)) => outcome,
        (Ok(()), None) => {
            let what = "its job returned and had not said how it ended";
            Err(JobErrorKind::Pointer(what.into()).into())
        }
        (Err(error), _) => Err(panicked.unwrap_or_else(|| why(error, host, seat.worker))),
    };
    Ran {
        goes_on: ended_well && instance.runs() < host.recycle_jobs,
        outcome,
        instance: Some(instance),
        crowded: None,
        leave: None,
    }
}

/// A program gives its exit code, as four bytes.
fn main_outcome(
    ended: wasmtime::Result<()>,
    panicked: Option<JobError>,
    host: &Host,
    worker: usize,
) -> Outcome {
    let code = match ended {
        Ok(()) => 0,
        Err(error) => {
            let error = why(error, host, worker);
            match error.exit_code() {
                Some(code) => code,
                None => return Err(panicked.unwrap_or(error)),
            }
        }
    };
    Ok(code.to_le_bytes().to_vec())
}

/// Why a call did not return.
pub(crate) fn why(error: wasmtime::Error, host: &Host, worker: usize) -> JobError {
    if let Some(Ended(ended)) = error.downcast_ref() {
        return ended.clone();
    }
    if let Some(trap) = error.downcast_ref::<Trap>() {
        return match (trap, host.preemption) {
            (Trap::StackOverflow, _) => JobErrorKind::Stack,
            (Trap::OutOfFuel, crate::Preemption::Fuel { budget, .. }) => {
                JobErrorKind::Fuel { budget }
            }
            (trap, _) => JobErrorKind::Trapped {
                message: place(trap, &error),
                worker,
            },
        }
        .into();
    }
    if error.is::<PoolConcurrencyLimitError>() {
        return JobErrorKind::Limit(format!("{error:#}")).into();
    }
    #[cfg(feature = "wasi")]
    if let Some(exit) = error.downcast_ref::<crate::wasi::Exit>() {
        return JobErrorKind::Exited(exit.0).into();
    }
    JobErrorKind::Host(Arc::from(error.into_boxed_dyn_error())).into()
}

/// The trap, and the function where it was.
fn place(trap: &Trap, error: &wasmtime::Error) -> String {
    let frames = error.downcast_ref::<wasmtime::WasmBacktrace>();
    let first = frames.and_then(|trace| trace.frames().first());
    match first.and_then(|frame| frame.func_name()) {
        Some(name) => format!("{trap}, in `{name}`"),
        None => trap.to_string(),
    }
}

pub(crate) fn host_panicked(panic: Box<dyn Any + Send>) -> JobError {
    let message = match panic.downcast_ref::<&str>() {
        Some(text) => (*text).into(),
        None => match panic.downcast_ref::<String>() {
            Some(text) => text.clone(),
            None => "a value that is no text".into(),
        },
    };
    // Its drop is foreign code, which may unwind.
    let _ = catch_unwind(AssertUnwindSafe(|| drop(panic)));
    JobErrorKind::HostPanicked(message).into()
}
