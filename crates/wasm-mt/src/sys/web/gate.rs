//! When a worker opens what was posted to it. Lives in the worker.
//!
//! Its owner may end it from outside, because a job that was aborted goes on, and then has what was not opened run elsewhere.
//! A message is on its way for a while, so the owner has to know of what it has not heard. It ends a worker only after a
//! grace of [`LEAST_GRACE`] at least from when it posted `ABORT`, and then hears first what has come. So:
//!
//! 1. A frame is opened that was posted less than [`LATE`] ago, or where a hop through the event loop has been that was not
//!    longer on its way. An `ABORT` that this worker does not know of by then was posted later than that, and when its grace
//!    is over, the owner has long heard what was told before the frame was opened, and that it was.
//! 2. Behind an `ABORT` with a grace nothing is opened from the end of its job on, until the owner has answered that it knows
//!    of the end. Where it has decided otherwise, that never comes. An `ABORT` may name no job at all: then nothing is opened
//!    from the `ABORT` on.
//!
//! What goes before an `ABORT` in the queue of this worker is late where a job took long, so the `ABORT` is met first; what
//! was posted behind it, it goes before. Where nothing took long, there is neither a hop nor a message.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::time::Duration;

use wasm_bindgen::JsValue;

use super::far::List;
use crate::handle::JobId;
use crate::wire::jobs;

/// A shorter time than this to hear of an aborted job's end is none.
pub(crate) const LEAST_GRACE: Duration = Duration::from_millis(20);

/// What waits for longer, in milliseconds, may have an `ABORT` behind it that matters. The rest of [`LEAST_GRACE`] is for the
/// owner to hear.
const LATE: f64 = 8.0;

/// So many hops are tried in a row. A program that keeps the event loop busy would keep the frame from being opened.
const HOPS: u32 = 8;

/// A message of jobs, with what travels beside it.
pub(super) type Posted = (Vec<u8>, JsValue);

struct Gate {
    /// What has come and has not been opened, in its order.
    stash: RefCell<VecDeque<Posted>>,
    /// When the hop that is on its way was sent, and how many were before it in a row.
    hop: Cell<Option<(f64, u32)>>,
    /// Aborted jobs that have ended here, or will: until the owner answers.
    held: RefCell<Vec<JobId>>,
    /// Aborted jobs in the stash, and whether there is a grace.
    skips: RefCell<Vec<(JobId, bool)>>,
    /// The least that this worker's clock has been seen to be ahead of its owner's.
    ahead: Cell<f64>,
}

thread_local! {
    static GATE: Gate = const {
        Gate {
            stash: RefCell::new(VecDeque::new()),
            hop: Cell::new(None),
            held: RefCell::new(Vec::new()),
            skips: RefCell::new(Vec::new()),
            ahead: Cell::new(f64::INFINITY),
        }
    };
}

/// Something waits here, so what comes waits behind it.
pub(super) fn is_shut() -> bool {
    GATE.with(|gate| {
        gate.hop.get().is_some()
            || !gate.held.borrow().is_empty()
            || !gate.stash.borrow().is_empty()
    })
}

/// Whether what was posted at a time of the owner's clock has waited too long.
pub(super) fn is_late(posted: f64, now: f64) -> bool {
    GATE.with(|gate| {
        let ahead = now - posted;
        gate.ahead.set(gate.ahead.get().min(ahead));
        ahead - gate.ahead.get() > LATE
    })
}

/// Keeps what has come. Gives whether a hop has to be sent.
pub(super) fn keep(posted: Posted, now: f64) -> bool {
    GATE.with(|gate| gate.stash.borrow_mut().push_back(posted));
    wants_hop(now)
}

/// Whether a hop has to be sent, which is then taken as sent.
pub(super) fn wants_hop(now: f64) -> bool {
    GATE.with(|gate| {
        let wants = gate.hop.get().is_none()
            && gate.held.borrow().is_empty()
            && !gate.stash.borrow().is_empty();
        if wants {
            gate.hop.set(Some((now, 0)));
        }
        wants
    })
}

/// What comes of a hop.
pub(super) enum Hopped {
    Opens(Posted),
    /// It took long itself: another has to be sent.
    Again,
    /// The owner has to answer first.
    Held,
}

/// A hop has come.
pub(super) fn hopped(now: f64) -> Hopped {
    GATE.with(|gate| {
        let (sent, hops) = gate.hop.take().unwrap_or((now, 0));
        if !gate.held.borrow().is_empty() {
            return Hopped::Held;
        }
        if now - sent > LATE && hops < HOPS {
            gate.hop.set(Some((now, hops + 1)));
            return Hopped::Again;
        }
        let next = gate.stash.borrow_mut().pop_front();
        next.map_or(Hopped::Held, Hopped::Opens)
    })
}

/// An `ABORT` has come, of a job that is not suspended here. Gives whether nothing more is opened from now on.
pub(super) fn aborted(id: JobId, grace: bool) -> bool {
    GATE.with(|gate| {
        let stash = gate.stash.borrow();
        let waits = stash.iter().any(|(jobs, _)| jobs::has::<List>(jobs, id));
        drop(stash);
        if waits {
            gate.skips.borrow_mut().push((id, grace));
        } else if grace {
            hold(id);
        }
        grace && !waits
    })
}

/// Nothing more is opened until the owner knows of this job's end.
pub(super) fn hold(id: JobId) {
    GATE.with(|gate| gate.held.borrow_mut().push(id));
}

/// The owner knows.
pub(super) fn answered(id: JobId) {
    GATE.with(|gate| gate.held.borrow_mut().retain(|held| *held != id));
}

/// Whether a job was aborted while it waited here, and so is not to run.
pub(super) fn skips(id: JobId) -> bool {
    GATE.with(|gate| {
        let mut skips = gate.skips.borrow_mut();
        let Some(at) = skips.iter().position(|(of, _)| *of == id) else {
            return false;
        };
        let (_, grace) = skips.swap_remove(at);
        drop(skips);
        if grace {
            hold(id);
        }
        true
    })
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::super::letter::Writer;
    use super::*;
    use crate::sys::Task;
    use crate::wire::jobs::Jobs;

    /// A message of one job that was posted.
    fn message(id: u64) -> Posted {
        let mut writer = Writer::default();
        writer.u32(0);
        writer.u64(0);
        let one = Jobs {
            first: JobId(id),
            len: 1,
            kind: Task::new((), |()| ()).kind,
            context: 0,
            is_idempotent: false,
            may_suspend: false,
            rank: 0,
            name: Some("some job".into()),
        };
        jobs::write(&mut writer, &one);
        writer.u32(0);
        writer.u32(0);
        (writer.bytes, JsValue::UNDEFINED)
    }

    fn opens(now: f64) -> Option<u64> {
        match hopped(now) {
            Hopped::Opens((jobs, _)) => (0..100).find(|id| jobs::has::<List>(&jobs, JobId(*id))),
            Hopped::Again | Hopped::Held => None,
        }
    }

    /// In one test, as the gate is the thread's.
    #[wasm_bindgen_test]
    fn what_waits_behind_an_abort_is_opened_once_the_owner_has_answered() {
        // By a clock that is ahead, whatever by; the quickest message tells.
        assert!(!is_late(100.0, 5000.0));
        assert!(!is_late(101.0, 5007.0));
        assert!(!is_late(102.0, 5001.0) && is_late(103.0, 5012.0));
        assert!(!is_shut());
        // One hop for all that waits, and another after one that took long.
        assert!(keep(message(50), 1.0) && !keep(message(51), 2.0));
        assert!(is_shut());
        assert!(matches!(hopped(20.0), Hopped::Again));
        // One waits, and one has ended.
        assert!(!aborted(JobId(51), true) && aborted(JobId(7), true));
        assert_eq!(opens(21.0), None);
        assert!(!wants_hop(22.0));
        answered(JobId(51));
        assert!(!wants_hop(23.0));
        answered(JobId(7));
        assert!(wants_hop(24.0) && !wants_hop(25.0));
        assert_eq!(opens(25.0), Some(50));
        assert!(!skips(JobId(50)));
        // The one that waited ends as it is met, and so holds up what is behind it from then on.
        assert!(keep(message(52), 26.0));
        assert_eq!(opens(27.0), Some(51));
        assert!(skips(JobId(51)) && !skips(JobId(51)));
        assert!(!wants_hop(28.0));
        answered(JobId(51));
        assert!(wants_hop(29.0));
        assert_eq!(opens(30.0), Some(52));
        assert!(!is_shut());
        // Without a grace nobody answers.
        assert!(!aborted(JobId(9), false) && !is_shut());
    }
}
