//! [`Lot`]: the owner's memory, as the workers see it: queues of jobs that anybody may claim, who sleeps, and whether the owner has been
//! told. Its owner's side is [`OwnLot`](super::own_lot::OwnLot).
//!
//! A worker writes nothing here but control words, and each by one atomic operation: what it leaves behind is whole whenever it ends.

use super::layout::{self, EXTRA, KEY, RANKS, SLOTS};
use super::record;
use super::state::{Phase, State};
use super::sync::{Step, taken};
use super::words::SharedWords;

/// The rank of what is neither urgent nor has time.
const NORMAL: u32 = 1;

/// What a slot's flags say of its jobs.
pub(crate) mod flags {
    /// The owner is to be told when they have begun.
    pub(crate) const NOTE: i32 = 1;
    /// They were spawned one by one: each is given up on by itself, and not with the others.
    pub(crate) const EACH: i32 = 2;
    /// They are short, as far as is known, and may be told of with the next ones that are.
    pub(crate) const LATER: i32 = 4;
}

/// The owner's memory. A clone is another view.
#[derive(Clone)]
pub(crate) struct Lot<W> {
    pub(super) words: W,
    pub(super) bulk: W,
}

impl<W: SharedWords> Lot<W> {
    /// Bytes that its control words need. They MUST be zero at first.
    pub(crate) const BYTES: u32 = layout::lot::WORDS * 4;

    pub(crate) fn new(words: W, bulk: W) -> Self {
        Lot { words, bulk }
    }

    /// By a worker, of itself: takes the first job of that rank, which runs from now on; `None` where there is none.
    ///
    /// A worker MUST look at its board's [`orders`](super::board::Board::orders) before, and MUST be counted among nobody's sleepers.
    #[must_use = "who has claimed a job runs it"]
    pub(crate) fn claim(&self, rank: u32, me: u16) -> Option<u32> {
        loop {
            let top = self.words.load(layout::lot::top(rank));
            if top == self.words.load(layout::lot::bottom(rank)) {
                return None;
            }
            let slot = self.words.load(layout::lot::cell(rank, top)) as u32 % SLOTS;
            if !taken(Step::StateBeforeTop) {
                self.pass(rank, top);
            }
            let claimed = self.exchange_state(slot, State::PENDING, State::running(me, 0));
            // Whoever has it, its cell is done with. Where that fails somebody else has passed it.
            if taken(Step::StateBeforeTop) {
                self.pass(rank, top);
            }
            if claimed {
                return Some(slot);
            }
        }
    }

    pub(super) fn pass(&self, rank: u32, top: i32) {
        let _ = self
            .words
            .swap(layout::lot::top(rank), top, top.wrapping_add(1));
    }

    fn exchange_state(&self, slot: u32, from: State, to: State) -> bool {
        let at = layout::lot::slot(slot) + KEY;
        if !taken(Step::ClaimByExchange) {
            let found = self.words.load(at) == from.0;
            if found {
                self.words.store(at, to.0);
            }
            return found;
        }
        self.words.swap(at, from.0, to.0)
    }

    /// By whoever has claimed the slot: the record that the owner laid; `None` where the job was taken from the claimer meanwhile, which
    /// then is to end.
    pub(crate) fn record(&self, slot: u32, me: u16) -> Option<Vec<u8>> {
        let bytes = record::bytes(&self.words, layout::lot::slot(slot), &self.bulk);
        // The owner changes the state before it uses the slot or its block again. So what was read is whole if it is the same now.
        let mine = self.state(slot) == State::running(me, 0);
        (mine || !taken(Step::LookBehindBytes))
            .then_some(bytes)
            .flatten()
    }

    /// By whoever has claimed the slot: its [`flags`]. Where it is noted, the owner is to be told by [`Lot::tell`].
    pub(crate) fn flags(&self, slot: u32) -> i32 {
        self.words.get(layout::lot::slot(slot) + EXTRA)
    }

    /// By anybody: who has the slot's job.
    pub(crate) fn state(&self, slot: u32) -> State {
        State(self.words.load(layout::lot::slot(slot) + KEY))
    }

    /// By anybody: whether a claim may find a job. It may not, as cells of jobs that are gone lie there until somebody claims.
    pub(crate) fn has_jobs(&self) -> bool {
        (0..RANKS).any(|rank| self.has_rank(rank))
    }

    /// The same of one rank.
    pub(crate) fn has_rank(&self, rank: u32) -> bool {
        self.words.load(layout::lot::top(rank)) != self.words.load(layout::lot::bottom(rank))
    }

    /// By the owner: how many normal jobs were laid, modulo 2³².
    pub(crate) fn laid(&self) -> i32 {
        self.words.load(layout::lot::bottom(NORMAL))
    }

    /// By anybody: whether of so many normal jobs some may wait.
    pub(super) fn is_ahead(&self, laid: i32) -> bool {
        laid.wrapping_sub(self.words.load(layout::lot::top(NORMAL))) > 0
    }

    /// By a worker, when there is something to hear on its board: whether it MUST post one message to the owner. Else one is on its way.
    #[must_use = "where it is true, nobody else posts the message"]
    pub(crate) fn tell(&self) -> bool {
        self.words.exchange(layout::lot::TOLD, 1) == 0
    }

    /// By the owner, before it drains the rings: what is told from now on comes with another message.
    pub(crate) fn listen(&self) {
        if taken(Step::ListenFirst) {
            self.words.store(layout::lot::TOLD, 0);
        }
    }

    pub(super) fn listen_late(&self) {
        self.words.store(layout::lot::TOLD, 0);
    }

    /// By anybody: whether all is over.
    pub(crate) fn is_shut(&self) -> bool {
        self.words.load(layout::lot::SHUT) != 0
    }

    /// By the owner: all is over. Each board is to be woken by [`Board::rouse`](super::board::Board::rouse) then.
    pub(crate) fn shut(&self) {
        self.words.store(layout::lot::SHUT, 1);
    }

    /// By anybody: the board whose worker is in that seat; 0 for none.
    pub(crate) fn current(&self, seat: u32) -> u16 {
        self.words.load(layout::lot::CURRENT + seat) as u16
    }

    /// By the owner: that board's worker is in the seat from now on, 0 for none. Before its worker has started.
    pub(crate) fn set_current(&self, seat: u32, board: u16) {
        self.words
            .store(layout::lot::CURRENT + seat, i32::from(board));
    }

    /// By the owner, of a slot that was laid: whether its job is being run by that board's worker.
    pub(crate) fn is_run_by(&self, slot: u32, board: u16) -> bool {
        let state = self.state(slot);
        state.phase() == Phase::Running && state.board() == board
    }
}
