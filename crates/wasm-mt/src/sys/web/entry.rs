//! Where a job enters a worker's instance: what `worker.js` calls, and the way back. What it leads to is a
//! [trampoline](crate::sys::call).

#![expect(
    unreachable_pub,
    reason = "`wasm_bindgen` exports what is `pub`, wherever it lies"
)]

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use wasm_bindgen::prelude::*;

use super::gate::{self, Hopped, Posted};
use super::letter::{self, Reader, Writer};
use super::link::{BEGUN, CLOSED, PANICKED, REPORT, SENT};
use super::trace::Tracer;
use super::{dom, far};
use crate::error::JoinError;
use crate::handle::JobId;
use crate::panic::{self, Panic};
use crate::payload::Payload;
use crate::sys::call;
use crate::thread::Current;
use crate::wire::jobs::{self as records, Jobs};
use crate::wire::outcome;
use crate::wire::{ANNOUNCE, Args, LAST};
use crate::worker::{self, Report};

struct Worker {
    token: f64,
    /// How many workers its pool has; 0 for none.
    pool: u32,
    /// What runs its jobs where they are traced, and the jobs that they spawn have their names with them; 0 for nothing.
    tracer: u32,
    current: Current,
}

thread_local! {
    static WORKER: RefCell<Option<Worker>> = const { RefCell::new(None) };
}

/// What the worker's script reads of an instance that can no longer be asked, and writes to it.
#[repr(C)]
struct Marks {
    /// Where the running job's id is.
    running: Cell<u32>,
    /// Where the reports are that have not been posted, and how long they are.
    reports: Cell<[u32; 2]>,
    /// Not 0 once the worker has ended for its owner: what had not begun runs elsewhere.
    ended: Cell<u32>,
    /// How many jobs have been entered.
    entered: Cell<u32>,
}

thread_local! {
    static MARKS: Marks = const {
        Marks {
            running: Cell::new(0),
            reports: Cell::new([0, 0]),
            ended: Cell::new(0),
            entered: Cell::new(0),
        }
    };
    static REPORTS: RefCell<Writer> = const {
        RefCell::new(Writer {
            bytes: Vec::new(),
            list: far::Posted::NONE,
            is_whole: false,
        })
    };
    static ASIDE: Cell<Aside> = const { Cell::new(Aside::No) };
    static FRAME: Frame = const {
        Frame {
            is_open: Cell::new(false),
            posts: Cell::new(false),
            began: Cell::new(0.0),
            told: Cell::new(0.0),
            ended: Cell::new(0.0),
        }
    };
}

/// Whether the jobs that run have come beside the messages, and what becomes of their outcomes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Aside {
    No,
    /// They are kept.
    Kept,
    /// One was posted, so all are.
    Posted,
}

/// Times in milliseconds, by the clock of the page or worker.
struct Frame {
    is_open: Cell<bool>,
    /// The reports are going to be posted.
    posts: Cell<bool>,
    began: Cell<f64>,
    /// When reports were last posted, or the frame began.
    told: Cell<f64>,
    /// When the frame before ended.
    ended: Cell<f64>,
}

/// How long results may wait for those of their frame, in milliseconds.
const PATIENCE: f64 = 1.0;

/// Makes this instance a worker's. Gives the address of its marks.
#[doc(hidden)]
#[wasm_bindgen(js_name = __wasm_mt_enter, skip_typescript)]
pub fn enter(token: f64, id: f64, name: Option<String>, pool: u32, tracer: u32) -> u32 {
    WORKER.set(Some(Worker {
        token,
        pool,
        tracer,
        current: Current {
            id: id as u64,
            name,
        },
    }));
    panic::install_hook();
    FRAME.with(|frame| frame.ended.set(dom::now()));
    MARKS.with(|marks| {
        marks.running.set(panic::current_address());
        &raw const *marks as u32
    })
}

/// Runs the function given to `Builder::on_start`.
#[doc(hidden)]
#[wasm_bindgen(js_name = __wasm_mt_on_start, skip_typescript)]
pub fn on_start(function: u32) {
    if function == 0 {
        return;
    }
    // SAFETY: a function pointer is not null, and that was asked; the owner took it from an `fn()` of the same module, and
    // a number that is not one traps in the call.
    let function = unsafe { std::mem::transmute::<usize, fn()>(function as usize) };
    panic::within(JobId::ON_START, function);
}

/// Runs the jobs of a frame, or of a part of one, unless they have to wait. Gives whether the script has to hop, as all here
/// do that give a truth.
#[doc(hidden)]
#[wasm_bindgen(js_name = __wasm_mt_run, skip_typescript)]
pub fn run(jobs: &JsValue, values: JsValue) -> bool {
    let Some(jobs) = letter::bytes(jobs) else {
        not_opened();
    };
    // A part of an open frame comes as soon as it can.
    let now = (!FRAME.with(|frame| frame.is_open.get())).then(dom::now);
    let posted = (jobs, values);
    let is_late = |now| {
        let head = Reader::of(&posted.0).head();
        head.is_some_and(|(_, at)| gate::is_late(at, now))
    };
    // The time that it came is noted in any case.
    let is_late = now.is_some_and(is_late);
    if gate::is_shut() || is_late {
        // What an owner waits for must not wait for what comes next.
        tell();
        return gate::keep(posted, now.unwrap_or_else(dom::now));
    }
    open(&posted, now);
    false
}

/// The script has hopped.
#[doc(hidden)]
#[wasm_bindgen(js_name = __wasm_mt_hop, skip_typescript)]
pub fn hop() -> bool {
    let now = dom::now();
    match gate::hopped(now) {
        Hopped::Again => true,
        Hopped::Held => false,
        Hopped::Opens(posted) => {
            let is_open = FRAME.with(|frame| frame.is_open.get());
            open(&posted, (!is_open).then_some(now));
            // Nothing is left to be told of what has ended while the rest waits.
            tell();
            gate::wants_hop(dom::now())
        }
    }
}

/// The owner has heard that an aborted job has ended.
#[doc(hidden)]
#[wasm_bindgen(js_name = __wasm_mt_go, skip_typescript)]
pub fn go(id: f64) -> bool {
    gate::answered(JobId(id as u64));
    gate::wants_hop(dom::now())
}

/// Runs the jobs of a frame that begins now, or of a part of one.
fn open((jobs, values): &Posted, begins: Option<f64>) {
    if let Some(now) = begins {
        FRAME.with(|frame| {
            frame.is_open.set(true);
            frame.began.set(now);
            frame.told.set(now);
        });
    }
    let mut reader = letter::reader(jobs, values);
    let Some((flags, _)) = reader.head() else {
        not_opened();
    };
    let mut announce = flags & ANNOUNCE != 0;
    let mut waits = false;
    while reader.has_more() {
        let Some(record) = records::read(&mut reader) else {
            not_opened();
        };
        if std::mem::take(&mut announce) {
            post(&[token(), BEGUN.into(), number(record.first)]);
        }
        for at in 0..record.len {
            // The reader has seen that none is too large.
            let id = JobId(record.first.0 + u64::from(at));
            let Some(args) = reader.args() else {
                not_opened();
            };
            note_entered();
            if gate::skips(id) {
                skip(id);
                continue;
            }
            waits |= enter_job(&record, id, args);
            if has_ended() {
                return;
            }
            // What the last one gives goes with the end of the frame, in one message.
            if waits || flags & LAST == 0 || reader.has_more() {
                tell_in_time();
            }
        }
    }
    if flags & LAST == 0 {
        return;
    }
    if waits {
        // Behind the first polls of the frame's async jobs.
        wasm_bindgen_futures::spawn_local(async { end_frame() });
    } else {
        end_frame();
    }
}

/// Runs a job of a record. Gives whether it is async, and so goes on.
pub(super) fn enter_job(record: &Jobs, id: JobId, args: Args<'_>) -> bool {
    worker::run(id, false, || {
        let mut values = Some(args.values);
        let mut enter = || {
            let values = values.take().unwrap_or_default();
            call::invoke(record.kind, &args.bytes, values, record.context)
        };
        match record.name.as_deref().zip(tracer()) {
            None => enter(),
            Some((name, tracer)) => tracer(name, id, &mut enter),
        }
    })
}

/// A job of a record is not to run.
pub(super) fn skip(id: JobId) {
    report(Report::Finished(id, Err(JoinError::cancelled())));
}

/// Runs jobs that have come beside the messages, and gives what became of them, in bytes; `None` where that was posted. No
/// frame knows of them.
pub(super) fn aside(run: impl FnOnce()) -> Option<Vec<u8>> {
    // What there is to tell of others goes before, so that the script, should a job end the instance, tells what these gave.
    tell();
    REPORTS.with_borrow_mut(|reports| reports.is_whole = true);
    ASIDE.set(Aside::Kept);
    run();
    let kept = ASIDE.replace(Aside::No) == Aside::Kept;
    if !kept {
        tell();
    }
    REPORTS.with_borrow_mut(|reports| {
        reports.is_whole = false;
        let bytes = std::mem::take(&mut reports.bytes);
        note(reports);
        kept.then_some(bytes)
    })
}

fn note_entered() {
    MARKS.with(|marks| marks.entered.set(marks.entered.get().wrapping_add(1)));
}

/// What was posted does not read. The job at which that shows has had its turn: else it would meet the next worker, too.
fn not_opened() -> ! {
    note_entered();
    not_read()
}

/// Ends this worker: its owner hears why by the script, and whoever waits for something of it hears it from there.
pub(super) fn not_read() -> ! {
    wasm_bindgen::throw_str("what it was sent could not be read")
}

/// Ends this worker in the midst of its present job, which was aborted.
pub fn stop_here() -> ! {
    // By this the script knows it: nothing else throws it.
    wasm_bindgen::throw_val(JsValue::TRUE)
}

/// The worker has ended for its owner, though its present turn has not.
pub(super) fn has_ended() -> bool {
    MARKS.with(|marks| marks.ended.get() != 0)
}

/// Polls a future in turns of this thread, for as long as the worker lasts.
pub fn spawn_local(future: impl Future<Output = ()> + 'static) {
    wasm_bindgen_futures::spawn_local(async move {
        let mut future = pin!(future);
        poll_fn(|cx| match has_ended() {
            true => Poll::Pending,
            false => future.as_mut().poll(cx),
        })
        .await;
    });
}

/// A worker's next frame can come.
fn end_frame() {
    FRAME.with(|frame| {
        let now = dom::now();
        let gap = frame.began.get() - frame.ended.replace(now);
        frame.is_open.set(false);
        let ran = now - frame.began.get();
        let entered = MARKS.with(|marks| marks.entered.get());
        REPORTS.with_borrow_mut(|reports| {
            outcome::write_end(reports, entered, ran * 1e3, gap * 1e3, pages())
        });
        tell();
    });
}

/// How many pages of memory this instance has.
fn pages() -> u32 {
    core::arch::wasm32::memory_size::<0>() as u32
}

/// Posts the results so far, where the frame takes longer than was thought, or where the script could not: it knows only of
/// bytes.
fn tell_in_time() {
    let is_plain = REPORTS.with_borrow(Writer::is_plain);
    FRAME.with(|frame| {
        let now = dom::now();
        if !is_plain || now - frame.told.get() > PATIENCE {
            frame.told.set(now);
            tell();
        }
    });
}

/// Posts what there is to report.
fn tell() {
    REPORTS.with_borrow_mut(|reports| {
        if !reports.is_empty() {
            // What cannot be cloned has been refused before.
            let _ = letter::post(reports, &js_sys::global(), token_number(), REPORT);
            reports.clear();
            note(reports);
        }
    });
}

/// For the worker's script, should the instance end before they are posted. What has something beside it would not read
/// without that, nor would what follows: of those, only what stands before, wherever it lies by now.
fn note(reports: &Writer) {
    let bytes = &reports.bytes;
    MARKS.with(|marks| {
        let [_, before] = marks.reports.get();
        let length = if reports.is_plain() {
            bytes.len() as u32
        } else {
            before
        };
        marks.reports.set([bytes.as_ptr() as u32, length]);
    });
}

/// Drops an async job at its `await`. With a grace, the owner may end this worker unless it hears of the job's end in time.
#[doc(hidden)]
#[wasm_bindgen(js_name = __wasm_mt_abort, skip_typescript)]
pub fn abort(id: f64, grace: bool) {
    let id = JobId(id as u64);
    let holds = if worker::abort(id) {
        if grace {
            gate::hold(id);
        }
        grace
    } else {
        gate::aborted(id, grace)
    };
    if holds {
        // What the owner waits for may be among it.
        tell();
    }
}

/// Tells the owner: together with what else the frame gives, or at the end of the turn.
pub(crate) fn report(report: Report) {
    let beside = REPORTS.with_borrow_mut(|reports| {
        match report {
            Report::Begun(_) => {}
            Report::Suspended(id) => {
                outcome::write_suspended(reports, id);
            }
            Report::Finished(id, outcome) => {
                if let Ok(payload) = &outcome
                    && !payload.values.is_empty()
                {
                    return Some((id, outcome));
                }
                outcome::write(reports, id, &outcome);
            }
        }
        note(reports);
        None
    });
    if let Some((id, outcome)) = beside {
        // The owner hears of a `map`'s jobs in their order.
        tell();
        if ASIDE.get() == Aside::Kept {
            ASIDE.set(Aside::Posted);
        }
        report_beside(id, outcome);
    }
    if ASIDE.get() != Aside::No {
        return;
    }
    FRAME.with(|frame| {
        // Nor may what an owner waits for wait for a frame that waits for it.
        let waits = frame.is_open.get() && !gate::is_shut();
        if !waits && !frame.posts.replace(true) {
            wasm_bindgen_futures::spawn_local(async {
                FRAME.with(|frame| frame.posts.set(false));
                tell();
            });
        }
    });
}

/// What may not be cloned goes by itself, and its error instead of it.
fn report_beside(id: JobId, outcome: worker::Outcome) {
    let type_name = outcome.as_ref().map_or("", |payload| payload.type_name);
    let mut writer = Writer::default();
    outcome::write(&mut writer, id, &outcome);
    if let Err(reason) = letter::post(&writer, &js_sys::global(), token_number(), REPORT) {
        let error = JoinError::not_cloned(type_name, reason).of_result();
        report(Report::Finished(id, Err(error)));
    }
}

/// Tells the owner while there is time: the instance ends next.
pub(crate) fn announce_panic(id: JobId, panic: &Panic) {
    let location = panic
        .location
        .as_deref()
        .map_or(JsValue::NULL, JsValue::from_str);
    post(&[
        token(),
        PANICKED.into(),
        number(id),
        (&*panic.message).into(),
        location,
    ]);
}

pub(super) fn number(id: JobId) -> JsValue {
    JsValue::from_f64(id.0 as f64)
}

/// What a message begins with.
pub(super) fn token() -> JsValue {
    token_number().into()
}

/// 0, which is nobody's, outside a worker.
pub(super) fn token_number() -> f64 {
    WORKER.with_borrow(|worker| worker.as_ref().map_or(0.0, |worker| worker.token))
}

/// What can always be cloned: numbers and text.
pub(super) fn post(message: &[JsValue]) {
    let _ = dom::post(&js_sys::global(), message, &[]);
}

/// Sends a job's item through the channel whose end came at `index` of its arguments.
pub(super) fn send(id: JobId, index: u32, item: Payload) -> Result<(), JoinError> {
    let mut writer = Writer::default();
    writer.item(id, index, &item);
    letter::post(&writer, &js_sys::global(), token_number(), SENT)
        .map_err(|reason| JoinError::not_cloned(item.type_name, reason))
}

/// Tells that the end which came at `index` of a job's arguments was dropped.
pub(super) fn close(id: JobId, index: u32) {
    post(&[token(), CLOSED.into(), number(id), index.into()]);
}

/// The pool that this worker is of has so many now.
pub fn set_pool(workers: u32) {
    WORKER.with_borrow_mut(|worker| {
        if let Some(worker) = worker {
            worker.pool = workers;
        }
    });
}

/// Whether what this code spawns has its name with it.
pub(super) fn traces() -> bool {
    tracer_index() != 0
}

fn tracer_index() -> u32 {
    WORKER.with_borrow(|worker| worker.as_ref().map_or(0, |worker| worker.tracer))
}

/// What runs this worker's jobs, where they are traced. It comes as a place in the table, so that only a program that may
/// trace has it.
fn tracer() -> Option<Tracer> {
    match tracer_index() as usize {
        0 => None,
        // SAFETY: a function pointer is not null, and that was asked; the owner took it from a `Tracer` of the same module, and
        // a number that is not one traps in the call.
        index => Some(unsafe { std::mem::transmute::<usize, Tracer>(index) }),
    }
}

/// How many workers the pool has that this code runs in, where it is in one.
pub fn current_pool() -> Option<usize> {
    let pool = WORKER.with_borrow(|worker| worker.as_ref().map_or(0, |worker| worker.pool));
    (pool > 0).then_some(pool as usize)
}

/// The thread that runs this code.
pub(crate) fn current() -> Option<Current> {
    WORKER.with_borrow(|worker| worker.as_ref().map(|worker| worker.current.clone()))
}

#[cfg(test)]
mod tests;
