//! Where a job enters an instance: what the host calls, and the way back.

use std::cell::{Cell, RefCell};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{executor, host, mailbox, value};
use crate::__abi::{self as abi, KIND_LEN, Kind, VERSION};
use crate::handle::JobId;
use crate::panic::{self, Panic};
use crate::sys::{call, task};
use crate::thread::Current;
use crate::worker::{self, Outcome, Report};

/// The job that this instance runs.
struct Running {
    id: JobId,
    /// Which of this instance's jobs it is.
    number: u64,
    on_start: u32,
    /// It is to end at its `await`.
    is_aborted: bool,
    outcome: Option<Outcome>,
}

thread_local! {
    static RUNNING: RefCell<Option<Running>> = const { RefCell::new(None) };
    /// How many jobs this instance has run.
    static COUNT: Cell<u64> = const { Cell::new(0) };
    /// The `on_start` functions that have run here.
    static STARTED: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
    static NAMED: Cell<[u8; KIND_LEN]> = const { Cell::new([0; KIND_LEN]) };
}

unsafe extern "C" {
    /// The linker's. Where a program calls it, the linker does not put a call around each export.
    fn __wasm_call_ctors();
}

#[unsafe(no_mangle)]
extern "C" fn wasm_mt_abi() -> i32 {
    // SAFETY: the host calls this once in an instance, before anything else, and not where `_start` does the same.
    unsafe { __wasm_call_ctors() };
    panic::install_hook();
    VERSION
}

#[unsafe(no_mangle)]
extern "C" fn wasm_mt_run(len: i32) {
    host::result(match abi::Job::read(&host::payload(len)) {
        Some(job) => run(job),
        None => abi::Outcome::OtherBuild,
    });
}

fn run(job: abi::Job) -> abi::Outcome {
    let id = JobId::next();
    let number = COUNT.get() + 1;
    COUNT.set(number);
    RUNNING.set(Some(Running {
        id,
        number,
        on_start: job.on_start,
        is_aborted: false,
        outcome: None,
    }));
    start(job.on_start);
    let args = value::received(job.args);
    worker::run(id, false, || {
        call::invoke(job.kind, &args.bytes, args.values, job.context)
    });
    if RUNNING.with_borrow(|running| running.as_ref().is_some_and(|running| running.is_aborted)) {
        // It was told while the sync part waited for something.
        worker::abort(id);
    }
    // What it hears between its polls is the job's, too.
    panic::within(id, || {
        executor::finish();
        mailbox::leave();
    });
    let outcome = RUNNING.take().and_then(|running| running.outcome);
    outcome.map_or(abi::Outcome::Cancelled, value::told)
}

/// Runs the function given to `Builder::on_start`, once. A panic there is the job's.
fn start(function: u32) {
    let is_new = function != 0 && !STARTED.with_borrow(|started| started.contains(&function));
    if !is_new {
        return;
    }
    STARTED.with_borrow_mut(|started| started.push(function));
    // SAFETY: a function pointer is not null, and that was asked; whoever spawned the job took it from an `fn()` of the same
    // module, and a number that is not one traps in the call.
    let function = unsafe { std::mem::transmute::<usize, fn()>(function as usize) };
    panic::within(JobId::ON_START, function);
}

/// Keeps what the job gave until it can be told.
pub(crate) fn report(report: Report) {
    let Report::Finished(id, outcome) = report else {
        return;
    };
    RUNNING.with_borrow_mut(|running| {
        if let Some(running) = running
            && running.id == id
        {
            running.outcome = Some(outcome);
        }
    });
}

/// Tells the host while there is time: the instance traps next.
pub(crate) fn announce_panic(_: JobId, panic: &Panic) {
    host::panicked(value::panicked(panic));
}

/// The running job is given up on.
pub(super) fn abort() {
    let id = RUNNING.with_borrow_mut(|running| {
        let running = running.as_mut()?;
        running.is_aborted = true;
        Some(running.id)
    });
    if let Some(id) = id {
        worker::abort(id);
    }
}

/// Which of this instance's jobs runs.
pub(super) fn number() -> Option<u64> {
    RUNNING.with_borrow(|running| running.as_ref().map(|running| running.number))
}

/// The same, and the place of the function that ran before it: 0 for none. `None` outside a job.
pub fn running() -> Option<(u64, u32)> {
    RUNNING.with_borrow(|running| {
        let running = running.as_ref()?;
        Some((running.number, running.on_start))
    })
}

/// The host's thread that runs this job.
pub(crate) fn current() -> Option<Current> {
    number().map(|_| value::thread(host::worker()))
}

/// Where the host finds what a named job calls, until it asks for the next.
pub(crate) fn named<A, T>(f: fn(A) -> T) -> i32
where
    A: Serialize + DeserializeOwned,
    T: Serialize,
{
    write(task::kind_of(f))
}

/// The same for an async job.
pub(crate) fn named_async<A, T, F>(f: fn(A) -> F) -> i32
where
    A: Serialize + DeserializeOwned,
    T: Serialize,
    F: Future<Output = T> + 'static,
{
    write(task::kind_of_async(f))
}

fn write(kind: Kind) -> i32 {
    NAMED.set(kind.to_bytes());
    NAMED.with(|named| named.as_ptr() as usize as i32)
}
