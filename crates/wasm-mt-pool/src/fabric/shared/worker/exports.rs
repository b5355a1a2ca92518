//! The worker that this instance is, in a browser: what `worker.js` calls, and what a job does by [`join`]. An instance that was given
//! no board has none.

#![expect(
    unreachable_pub,
    reason = "`wasm_bindgen` exports what is `pub`, wherever it lies"
)]

use std::cell::OnceCell;

use wasm_bindgen::prelude::*;
use wasm_mt::__pool::{self as door, suspended};
use wasm_mt::Job;

use super::join::Half;
use super::*;
use crate::fabric::shared::news::{Buffers, News, Told};
use crate::fabric::shared::sab::Sab;
use crate::fork::{given, in_place};

/// What surrounds a worker in a browser.
struct Web;

impl Site for Web {
    fn now(&self) -> f64 {
        door::now()
    }

    fn head(&self, record: &[u8]) -> Head {
        // What does not read ends the worker as soon as it is run.
        let (first, len, kind) = door::head_of(record).unwrap_or_default();
        Head { first, len, kind }
    }

    fn run(&self, record: &[u8], begins: &mut dyn FnMut(usize) -> bool) -> Option<Ran> {
        let ran = door::run_records(record, &mut |place, _| begins(place))?;
        Some(Ran {
            outcomes: ran.bytes,
            posted: ran.posted > 0,
        })
    }

    fn run_fork(&self, record: &[u8]) -> Option<Vec<u8>> {
        let value = door::run_fork(record);
        (!door::has_ended()).then_some(value)
    }

    fn post(&self, outcomes: Vec<u8>) {
        door::post_outcomes(outcomes);
    }

    fn tell(&self) {
        door::tell_owner();
    }

    fn rouse(&self, seat: u32) {
        door::rouse(seat as usize);
    }

    fn quiet(&self) {
        door::quiet();
    }

    fn is_suspended(&self) -> bool {
        suspended() > 0
    }

    fn has_others(&self, id: u64) -> bool {
        door::has_suspended_beside(door::id(id))
    }

    fn pages(&self) -> u32 {
        core::arch::wasm32::memory_size::<0>() as u32
    }
}

thread_local! {
    static WORKER: OnceCell<Rc<Worker<Sab, Web>>> = const { OnceCell::new() };
}

/// Whether this instance is a worker that was given a board.
pub(crate) fn is_aboard() -> bool {
    worker().is_some()
}

fn worker() -> Option<Rc<Worker<Sab, Web>>> {
    WORKER.with(|worker| worker.get().cloned())
}

/// The board that this worker is given with its start, and later what is new of others.
#[doc(hidden)]
#[wasm_bindgen(js_name = __wasm_mt_board, skip_typescript)]
pub fn board(value: &JsValue) {
    match (News::read(value), worker()) {
        (
            Some(News::Start {
                lot,
                own,
                forks,
                boards,
            }),
            None,
        ) => start(lot, own, forks, boards),
        (Some(News::Board(told)), Some(worker)) => {
            let seat = told.seat;
            worker.meets(view(told), seat);
        }
        (Some(News::Gone(number)), Some(worker)) => worker.misses(number as u16),
        _ => wasm_bindgen::throw_str("what it was sent of the boards could not be read"),
    }
}

fn start(lot: Buffers, own: Told, forks: bool, boards: Vec<Told>) {
    let most = js_sys::Reflect::get(&own.buffers.bulk, &"maxByteLength".into());
    // Where it cannot grow, there is no such number.
    let most = most.ok().and_then(|most| most.as_f64()).unwrap_or(0.0);
    let lot = Lot::new(Sab::new(lot.words), Sab::new(lot.bulk));
    let seat = own.seat;
    let own = OwnBoard::new(view(own), seat, most as u32);
    let worker = Worker::new(Web, lot, own, seat, forks);
    for told in boards {
        let seat = told.seat;
        worker.meets(view(told), seat);
    }
    WORKER.with(|slot| {
        slot.get_or_init(|| Rc::new(worker));
    });
    door::on_panic(|message, place| {
        if let Some(worker) = self::worker() {
            worker.panics(message, place);
        }
    });
    door::on_checkpoint(|id| {
        if self::worker().is_some_and(|worker| worker.stops(id)) {
            door::stop_here();
        }
    });
}

fn view(told: Told) -> Board<Sab> {
    let Buffers { words, bulk } = told.buffers;
    Board::new(told.number as u16, Sab::new(words), Sab::new(bulk))
}

/// The script has handled so many messages. Gives whether it is to come back through the event loop.
#[doc(hidden)]
#[wasm_bindgen(js_name = __wasm_mt_drive, skip_typescript)]
pub fn drive(handled: u32) -> u32 {
    worker().map_or(0, |worker| worker.drive(handled) as u32)
}

/// Runs both, `b` elsewhere if somebody is free. A panic of either is the running job's.
#[track_caller]
pub(crate) fn join<A, B>(a: impl FnOnce() -> A, b: Job<B>) -> (A, B) {
    let forks = || {
        door::current_job()?;
        let worker = worker().filter(|worker| worker.may_fork())?;
        let bytes = door::fork_bytes(&b, worker.spare.take())?;
        Some((worker, bytes))
    };
    let Some((worker, bytes)) = forks() else {
        return in_place(a, b);
    };
    let (a, half) = worker.fork(bytes, a);
    let b = match half {
        Half::Here => door::run_here(b),
        Half::There(outcome) => door::fork_outcome(b, &outcome),
        Half::Failed(failure) => door::fail_job(failure.message, failure.place),
        Half::Lost => door::fail_job(LOST.into(), None),
        // As at a checkpoint.
        Half::Stopped => door::stop_here(),
    };
    (a, given(b))
}

/// What the job fails with whose other half went down with its worker.
const LOST: &str = "the worker that ran the other half of a join was lost: it was terminated, or its instance ended by a trap";
