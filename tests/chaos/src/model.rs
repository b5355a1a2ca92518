//! What each kind of job may give: the table that the soak is judged by. It follows `docs/faults.md`, and knows nothing of how
//! the library works.

use std::error::Error;

use wasm_mt::JoinError;

use Kind::*;
use Outcome::*;

/// A kind of job. Each has its number as its value, where it gives one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Plain,
    /// Works for some milliseconds.
    Busy,
    /// Awaits something that is there in the next turn.
    Async,
    /// Awaits a timer of its worker.
    Sleeps,
    /// A buffer there and back.
    Bulk,
    /// A text there and back, which is encoded.
    Text,
    /// Awaits jobs of its own; in a pool.
    Parent,
    /// Parts itself, and each part again.
    Joins,
    Idempotent,
    /// Works for some milliseconds, and begins again where its worker is killed meanwhile.
    IdempotentBusy,
    /// Sends for a while; nobody receives after the first item.
    Unheard,
    /// Starts a thread, awaits a job of it, and drops it.
    OwnThread,
    /// Nobody has its handle.
    Detached,
    BadArgument,
    StrangeArgument,
    BadResult,
    StrangeResult,
    /// In the turn in which it was spawned.
    Aborted,
    /// At some time.
    AbortedLater,
    /// It awaits something when it is aborted, or has not begun.
    AbortedAsync,
    /// The same, by the drop of its handle.
    DroppedAsync,
    TimedOutAsync,
    // Those that take their worker along.
    Panics,
    PanicsLater,
    PanicsInDrop,
    PanicsDetached,
    /// In one of the parts of which it is.
    JoinPanics,
    Traps,
    Closes,
    // Those that have to be stopped.
    AbortedEndless,
    TimedOutEndless,
}

/// What takes no worker along.
pub(crate) const HARMLESS: [Kind; 22] = [
    Plain,
    Busy,
    Async,
    Sleeps,
    Bulk,
    Text,
    Parent,
    Joins,
    Idempotent,
    IdempotentBusy,
    Unheard,
    OwnThread,
    Detached,
    BadArgument,
    StrangeArgument,
    BadResult,
    StrangeResult,
    Aborted,
    AbortedLater,
    AbortedAsync,
    DroppedAsync,
    TimedOutAsync,
];
pub(crate) const DEADLY: [Kind; 7] = [
    Panics,
    PanicsLater,
    PanicsInDrop,
    PanicsDetached,
    JoinPanics,
    Traps,
    Closes,
];
pub(crate) const ENDLESS: [Kind; 2] = [AbortedEndless, TimedOutEndless];

/// What became of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    Value,
    /// Of a parent: a job of its own gave none.
    ChildFailed,
    Panic,
    Trap,
    Cancelled,
    Deadline,
    Lost,
    /// Lost, since it called `close()` itself or something beside it did.
    Closed,
    /// An argument: it has not run.
    EncodeArgument,
    EncodeResult,
    Decode,
    /// There was no room.
    Full,
}

/// What happens beside a job.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Weather {
    /// Some jobs take their worker along.
    pub(crate) deaths: bool,
    /// Workers are ended from outside: killed, or for a job that goes on when it was aborted.
    pub(crate) outside: bool,
    /// The pool's queue has bounds.
    pub(crate) bounded: bool,
    /// The pool or thread that the job is of is ended.
    pub(crate) ended: bool,
}

/// What a job gives by itself; what more where workers die beside it; what more where they are ended from outside.
type Row = [&'static [Outcome]; 3];

/// Where a worker dies of one of its jobs, those behind it run elsewhere, unless what they were handed over is gone; those that
/// had begun are lost. Of a worker that is ended from outside, anything that was posted to it may be lost.
fn row(kind: Kind) -> Row {
    match kind {
        Plain | Busy | Text => [&[Value], &[], &[Lost]],
        Async | Sleeps => [&[Value], &[Lost, Closed], &[]],
        // A transferred buffer is gone with the worker that it was posted to.
        Bulk => [&[Value], &[Lost, Closed], &[]],
        // A child is an ordinary job, and is lost where one is.
        Parent => [&[Value], &[Lost, Closed], &[ChildFailed]],
        // It waits for parts, each of which may be lost with its worker, and runs those of others meanwhile, any of which may end its own.
        Joins => [&[Value], &[Lost, Closed], &[]],
        JoinPanics => [&[Panic], &[Lost, Closed], &[]],
        // With its third worker. One that awaits nothing runs when no other can end its worker.
        Idempotent => [&[Value], &[Lost, Closed], &[]],
        IdempotentBusy => [&[Value], &[], &[Lost]],
        Unheard => [&[Value], &[Lost, Closed], &[]],
        // Its thread is nobody else's, and dies with its worker only.
        OwnThread => [&[Value], &[Lost, Closed], &[]],
        // Nobody hears of it.
        Detached | PanicsDetached | DroppedAsync => [&[], &[], &[]],
        BadArgument => [&[EncodeArgument], &[], &[Lost]],
        StrangeArgument => [&[Decode], &[], &[Lost]],
        BadResult => [&[EncodeResult], &[], &[Lost]],
        StrangeResult => [&[Decode], &[], &[Lost]],
        Aborted => [&[Cancelled], &[], &[]],
        AbortedLater => [&[Cancelled, Value], &[], &[Lost]],
        AbortedAsync => [&[Cancelled], &[Lost, Closed], &[]],
        TimedOutAsync => [&[Deadline], &[Lost, Closed], &[]],
        Panics | PanicsInDrop => [&[Panic], &[], &[Lost]],
        PanicsLater => [&[Panic], &[Lost, Closed], &[]],
        Traps => [&[Trap], &[], &[Lost]],
        Closes => [&[Closed], &[], &[Lost]],
        AbortedEndless => [&[Cancelled], &[], &[Lost]],
        TimedOutEndless => [&[Deadline], &[], &[Lost]],
    }
}

impl Weather {
    pub(crate) fn allows(self, kind: Kind, outcome: Outcome) -> bool {
        let [own, deaths, outside] = row(kind);
        own.contains(&outcome)
            || (self.deaths || self.outside) && deaths.contains(&outcome)
            || self.outside && outside.contains(&outcome)
            || self.bounded && (outcome == Full || (kind, outcome) == (Parent, ChildFailed))
            || self.ended
                && (outcome == Cancelled
                    || matches!(
                        (kind, outcome),
                        (Parent, ChildFailed) | (Joins | JoinPanics, Lost)
                    ))
    }
}

impl Weather {
    /// Whether a job may end before it has begun.
    pub(crate) fn may_not_begin(self) -> bool {
        self.bounded || self.ended
    }
}

/// What a parent gives where a job of its own gave nothing.
pub(crate) const CHILD_FAILED: u32 = u32::MAX;

/// What became of job `n`, whose panics say its number.
pub(crate) fn outcome_of(
    n: u32,
    kind: Kind,
    result: &Result<u32, JoinError>,
) -> Result<Outcome, String> {
    let error = match result {
        Ok(value) if *value == n => return Ok(Value),
        Ok(CHILD_FAILED) if kind == Parent => return Ok(ChildFailed),
        Ok(value) => return Err(format!("it gave {value}")),
        Err(error) => error,
    };
    let part = |message: &str| message.contains("half of a ");
    let lost_a_part = error.panic_message().is_some_and(part);
    Ok(if matches!(kind, Joins | JoinPanics) && lost_a_part {
        Lost
    } else if error.is_panic() {
        let said = if kind == PanicsInDrop {
            "dropped".into()
        } else {
            format!("chaos {n}")
        };
        if error.panic_message() != Some(&said) || error.panic_location().is_none() {
            return Err(format!("it panicked otherwise: {error}"));
        }
        Panic
    } else if error.is_trap() {
        Trap
    } else if error.is_cancelled() {
        Cancelled
    } else if error.is_deadline() {
        Deadline
    } else if error.is_lost() {
        if error.to_string().contains("close()") {
            Closed
        } else {
            Lost
        }
    } else if error.is_encode() {
        if error.may_have_run() {
            EncodeResult
        } else {
            EncodeArgument
        }
    } else if error.is_decode() {
        Decode
    } else if error.is_full() {
        Full
    } else {
        return Err(told(error));
    })
}

/// An error with its reason.
pub(crate) fn told(error: &JoinError) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// How often a job's body may have begun, and at least did: its value is there once it has run, and an error that says that it
/// has not run is true.
pub(crate) fn runs(kind: Kind, result: &Result<u32, JoinError>) -> (u32, u32) {
    let most = match kind {
        Idempotent | IdempotentBusy => 3,
        _ => 1,
    };
    match result {
        Ok(_) => (1, most),
        Err(error) if error.may_have_run() => (0, most),
        Err(_) => (0, 0),
    }
}
