//! Models of the protocol, run by loom on the files that are shipped, over memories of a few slots and forks.
//!
//! Each model is run whole, and again without each [`Step`] that it is about: then it must fail.

mod deaths;
mod forks;
mod queue;
mod ram;
mod sleep;

use std::process::Command;
use std::sync::LazyLock;

use super::hands::{Hands, hear};
use super::sync::Step;
use super::{Board, Lot, OwnBoard, OwnLot, SharedWords};
use ram::Life;
pub(super) use ram::Ram;

/// Names the step that is left out.
const LEFT_OUT: &str = "WASM_MT_LEFT_OUT";

pub(super) fn taken(step: Step) -> bool {
    static LEFT: LazyLock<Option<String>> = LazyLock::new(|| std::env::var(LEFT_OUT).ok());
    LEFT.as_ref()
        .is_none_or(|left| *left != format!("{step:?}"))
}

/// Set where the models are to run with as many preemptions as end within some minutes; else they have as many as end within seconds,
/// or `LOOM_MAX_PREEMPTIONS`.
const DEEP: &str = "WASM_MT_DEEP";

/// With so many preemptions, and in deep runs so many.
pub(super) fn check(model: impl Fn() + Send + Sync + 'static, [few, deep]: [usize; 2]) {
    let is_deep = std::env::var_os(DEEP).is_some();
    let mut builder = loom::model::Builder::new();
    builder
        .preemption_bound
        .get_or_insert(if is_deep { deep } else { few });
    builder.check(model);
}

/// Runs the test of a model of the module `here` without the step, in a process of its own: loom's end of a failed model can be an abort.
#[track_caller]
pub(super) fn fails_without(step: Step, here: &str, test: &str) {
    let here = here.split_once("::").map_or("", |(_, path)| path);
    let output = Command::new(std::env::current_exe().expect("the test knows its program"))
        .args([&format!("{here}::{test}"), "--exact", "--nocapture"])
        .env(LEFT_OUT, format!("{step:?}"))
        // What fails with few preemptions fails.
        .env_remove(DEEP)
        .env("RUST_BACKTRACE", "0")
        .output()
        .expect("the test's program runs");
    let told = String::from_utf8_lossy(&output.stderr);
    let ran = String::from_utf8_lossy(&output.stdout).contains("running 1 test");
    // Somebody sleeps for ever, a law does not hold, or bytes are read while they are written; the model is not itself at fault.
    let noticed = ["deadlock; threads", BROKEN, "Causality violation"]
        .iter()
        .any(|end| told.contains(end));
    assert!(
        ran && !output.status.success() && noticed,
        "without {step:?} the model does not end as it should:\n{told}"
    );
}

const BROKEN: &str = "the protocol is broken: ";

/// What a model holds of the protocol.
#[track_caller]
pub(super) fn holds(law: bool, told: &str) {
    assert!(law, "{BROKEN}{told}");
}

/// A pool: the owner's side, and the workers' hands, which share memories.
pub(super) struct Pool {
    pub(super) lot: OwnLot<Ram>,
    pub(super) boards: Vec<Board<Ram>>,
}

impl Pool {
    /// The boards 1, 2 and so on, in the seats 0, 1 and so on.
    pub(super) fn new(workers: u16) -> Self {
        let lot = OwnLot::new(Ram::of_lot(), Ram::of_bulk());
        let boards: Vec<_> = (1..=workers)
            .map(|number| Board::new(number, Ram::of_board(), Ram::of_bulk()))
            .collect();
        for (seat, board) in (0..).zip(&boards) {
            lot.lot().set_current(seat, board.number());
        }
        Pool { lot, boards }
    }

    /// The worker with that board. Everybody knows everybody.
    fn hands(&self, number: u16) -> Hands<Ram> {
        self.mortal(number, &Life::endless())
    }

    /// The same, with a life that ends.
    fn mortal(&self, number: u16, life: &Life) -> Hands<Ram> {
        let view = |ram: &Ram| ram.seen_by(life);
        let boards: Vec<_> = self
            .boards
            .iter()
            .map(|board| Board::new(board.number(), view(&board.words), view(&board.bulk)))
            .collect();
        let own = boards[usize::from(number - 1)].clone();
        let own = OwnBoard::new(own, u32::from(number - 1), 0);
        let lot = self.lot.lot();
        // It knew them when it started.
        let known = self.boards.len() as u16;
        self.boards[usize::from(number - 1)]
            .words
            .store(super::layout::board::KNOWN, i32::from(known));
        Hands {
            own,
            lot: Lot::new(view(&lot.words), view(&lot.bulk)),
            boards,
            rouse: Box::new(|_| panic!("nobody listens in this model")),
        }
    }
}
