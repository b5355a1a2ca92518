//! [`Worker`]: the shared fabric in a worker's instance: what it claims and how it rests. Lives there, on its one thread, from the first
//! board that it is given to its end. What it takes is in `worker/take.rs`, how it runs that in `worker/run.rs`, when it rests in
//! `worker/rest.rs`, forks and joins in `worker/join.rs`.
//!
//! 1. A worker that is revoked, or for its owner has ended, claims nothing more.
//! 2. Foreign code (a job, a fork) is called without a borrow of anything here: it may come back, by a join.
//! 3. News of boards are heard between jobs only, so that what a join needs of a board stays for as long as the join does.

mod drive;
#[cfg(target_family = "wasm")]
mod exports;
mod join;
#[cfg(all(test, loom))]
mod models;
mod pace;
mod rest;
mod rests;
mod run;
mod take;
#[cfg(all(test, not(loom), not(target_family = "wasm")))]
mod tests;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use self::join::Failure;
use self::pace::Pace;
use self::rests::Rests;
use super::{
    Board, Counters, Ended, Kind, Lot, OwnBoard, SharedWords, Stolen, Want, Woken, flags, orders,
};
use crate::fabric::random::Random;
use crate::ranks::Ranks;

#[cfg(target_family = "wasm")]
pub(crate) use exports::{is_aboard, join};

/// What surrounds a worker: its instance and its script. In tests it is made up.
pub(super) trait Site {
    /// Microseconds.
    fn now(&self) -> f64;

    /// What the jobs of a record have in common.
    fn head(&self, record: &[u8]) -> Head;

    /// Runs the jobs of a record. `begins` is asked before each, by its place, whether it is to run. `None` where the worker has ended
    /// for its owner.
    fn run(&self, record: &[u8], begins: &mut dyn FnMut(usize) -> bool) -> Option<Ran>;

    /// Runs a fork of another worker. `None` as [`Site::run`].
    fn run_fork(&self, record: &[u8]) -> Option<Vec<u8>>;

    /// Posts outcomes to the owner, for which there is no room elsewhere.
    fn post(&self, outcomes: Vec<u8>);

    /// Posts that there is something to hear.
    fn tell(&self);

    /// Has the owner post something to the worker of that seat.
    fn rouse(&self, seat: u32);

    /// Posts that this worker has nothing more and takes nothing more.
    fn quiet(&self);

    /// Async jobs are under way.
    fn is_suspended(&self) -> bool;

    /// Others than this one are.
    fn has_others(&self, id: u64) -> bool;

    /// Pages of the instance's memory.
    fn pages(&self) -> u32;
}

/// What is said of a record's jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// The id of the first. Those of the others follow.
    pub(super) first: u64,
    pub(super) len: u32,
    /// Same function and types.
    pub(super) kind: u64,
}

impl Head {
    /// Whether the low half of an id is that of one of them.
    fn has(&self, id: u32) -> bool {
        id.wrapping_sub(self.first as u32) < self.len
    }
}

/// What came of a record's jobs.
pub(super) struct Ran {
    /// The outcomes.
    pub(super) outcomes: Vec<u8>,
    /// Some were posted, or will be.
    pub(super) posted: bool,
}

pub(super) struct Worker<W, S> {
    site: S,
    lot: Lot<W>,
    own: OwnBoard<W>,
    /// The boards of others.
    peers: RefCell<Vec<Rc<Board<W>>>>,
    /// So many seats there are, for all that is known here.
    seats: Cell<u32>,
    /// Joins fork.
    forks: bool,
    ranks: Cell<Ranks>,
    pace: RefCell<Pace>,
    /// Since when there is something to hear on its board of which it has not told.
    untold: Cell<Option<f64>>,
    /// Until when the time is counted in which it ran jobs.
    counted: Cell<f64>,
    rests: RefCell<Rests>,
    /// The jobs of the queue that run now.
    running: Cell<Option<Head>>,
    /// Which of them, as the board says.
    at: Cell<u32>,
    /// Each of them is given up on by itself.
    each: Cell<bool>,
    /// A job of it was not begun, as it was aborted.
    passed: Cell<bool>,
    /// The forks of others that run on this stack, the innermost last.
    claimed: RefCell<Vec<(Stolen, Rc<Board<W>>)>>,
    /// The first of them has no job below it.
    alone: Cell<bool>,
    /// Since when jobs have waited for messages.
    gave_way: Cell<Option<f64>>,
    /// Invariant 1.
    over: Cell<bool>,
    /// Memory for the next fork that is written.
    spare: Cell<Vec<u8>>,
    /// How often a checkpoint has looked.
    checked: Cell<u32>,
    random: Random,
}

impl<W: SharedWords, S: Site> Worker<W, S> {
    /// One that sits in that seat.
    pub(super) fn new(site: S, lot: Lot<W>, own: OwnBoard<W>, seat: u32, forks: bool) -> Self {
        let random = u32::from(own.number()) | 1 << 16;
        let worker = Worker {
            site,
            lot,
            own,
            peers: RefCell::default(),
            seats: Cell::new(seat + 1),
            forks,
            ranks: Cell::default(),
            pace: RefCell::default(),
            untold: Cell::new(None),
            counted: Cell::new(0.0),
            rests: RefCell::default(),
            running: Cell::new(None),
            at: Cell::new(0),
            each: Cell::new(false),
            passed: Cell::new(false),
            claimed: RefCell::default(),
            alone: Cell::new(false),
            gave_way: Cell::new(None),
            over: Cell::new(false),
            spare: Cell::default(),
            checked: Cell::new(0),
            random: Random::new(random),
        };
        worker.own.set_known(worker.own.number());
        worker
    }

    /// There is another board, whose worker sits in that seat.
    pub(super) fn meets(&self, board: Board<W>, seat: u32) {
        let number = board.number();
        if number == self.own.number() {
            return;
        }
        self.seats.set(self.seats.get().max(seat + 1));
        self.peers.borrow_mut().push(Rc::new(board));
        // From now on what its worker leaves for this one can be read.
        self.own.set_known(number.max(self.own.board().known()));
    }

    /// That board is gone.
    pub(super) fn misses(&self, number: u16) {
        self.peers
            .borrow_mut()
            .retain(|peer| peer.number() != number);
        self.own.forget(number);
    }

    /// Invariant 1.
    fn is_over(&self) -> bool {
        self.over.get() || self.own.board().orders() & orders::REVOKED != 0 || self.lot.is_shut()
    }

    fn peer(&self, number: u16) -> Option<Rc<Board<W>>> {
        let peers = self.peers.borrow();
        peers.iter().find(|peer| peer.number() == number).cloned()
    }
}
