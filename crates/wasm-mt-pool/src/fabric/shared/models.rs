//! Models of the protocol, run by loom on the files that are shipped, over memories of a few slots and forks.
//!
//! Each model is run whole, and again without each [`Step`] that it is about: then it must fail.

mod deaths;
mod forks;
mod queue;
mod ram;
mod sleep;

use super::hands::{Hands, hear};
use super::sync::Step;
use super::{Board, Lot, OwnBoard, OwnLot, SharedWords};
use crate::fabric::models;
pub(super) use crate::fabric::models::{check, taken};
use ram::Life;
pub(super) use ram::Ram;

/// As [`models::fails_without`]: somebody sleeps for ever, a law does not hold, or bytes are read while they are written.
#[track_caller]
pub(super) fn fails_without(step: Step, here: &str, test: &str) {
    let ends = [models::SLEEPS, BROKEN, "Causality violation"];
    models::fails_without(step, here, test, &ends);
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
