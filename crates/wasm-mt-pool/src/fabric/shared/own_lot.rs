//! [`OwnLot`]: the lot, from its owner's side: which slots are free, and what of the bulk memory. Lives on the owner's thread alone.
//!
//! Invariant 1: a slot is free, or was laid and then neither withdrawn, drained nor taken back.

use super::board::Board;
use super::layout::{self, EXTRA, KEY, RANKS, SLOTS};
use super::lot::Lot;
use super::record::{self, Content, Put};
use super::space::{Block, Space};
use super::state::{Phase, State};
use super::sync::{Step, taken};
use super::words::SharedWords;

/// The lot in its owner's hands.
pub(crate) struct OwnLot<W> {
    lot: Lot<W>,
    space: Space<W>,
    free: Vec<u32>,
    /// What the slots have of the bulk memory.
    blocks: Vec<Option<Block>>,
    /// As [`Lot`] has it: nobody else writes it.
    bottoms: [i32; RANKS as usize],
}

/// What a worker says of a job that it has run.
pub(crate) struct Report {
    /// It is free again.
    pub(crate) slot: u32,
    /// Microseconds that the job ran.
    pub(crate) ran: u32,
    /// The outcomes; `None` where they do not read, which says that the worker is broken.
    pub(crate) content: Option<Content>,
}

impl<W: SharedWords> OwnLot<W> {
    /// Of memories that are all zero and that nobody else has seen yet.
    pub(crate) fn new(words: W, bulk: W) -> Self {
        let most = bulk.bytes();
        OwnLot {
            lot: Lot::new(words, bulk.clone()),
            space: Space::new(bulk, most),
            free: (0..SLOTS).rev().collect(),
            blocks: (0..SLOTS).map(|_| None).collect(),
            bottoms: [0; RANKS as usize],
        }
    }

    /// What the workers have of it.
    pub(crate) fn lot(&self) -> &Lot<W> {
        &self.lot
    }

    /// Lays a job for anybody, and returns its slot; `None` where there is no room now. It has these [`flags`](super::flags).
    ///
    /// Whoever lays MUST wake one by [`Lot::wake`](super::sleep) afterwards.
    #[must_use = "without a slot the job is not laid"]
    pub(crate) fn lay(&mut self, rank: u32, bytes: &[u8], flags: i32) -> Option<u32> {
        if !self.has_room(rank) {
            return None;
        }
        let slot = self.free.pop()?;
        let at = layout::lot::slot(slot);
        match record::put(&self.lot.words, at, &mut self.space, bytes) {
            Put::Inline => {}
            Put::Bulk(block) => self.blocks[slot as usize] = Some(block),
            Put::NoRoom => {
                self.free.push(slot);
                return None;
            }
        }
        self.lot.words.set(at + EXTRA, flags);
        self.lot.words.store(at + KEY, State::PENDING.0);
        let bottom = self.bottoms[rank as usize];
        self.lot
            .words
            .store(layout::lot::cell(rank, bottom), slot as i32);
        self.bottoms[rank as usize] = bottom.wrapping_add(1);
        self.lot
            .words
            .store(layout::lot::bottom(rank), bottom.wrapping_add(1));
        Some(slot)
    }

    /// Whether the queue has a free cell, behind what this passes of jobs that are no longer there. Where it has none, a job waits at its
    /// top, whose report is when to ask again.
    fn has_room(&self, rank: u32) -> bool {
        loop {
            let top = self.lot.words.load(layout::lot::top(rank));
            if (self.bottoms[rank as usize].wrapping_sub(top) as u32) < SLOTS {
                return true;
            }
            let slot = self.lot.words.load(layout::lot::cell(rank, top)) as u32;
            if self.lot.state(slot) == State::PENDING {
                return false;
            }
            self.lot.pass(rank, top);
        }
    }

    /// How many slots are free.
    pub(crate) fn room(&self) -> usize {
        self.free.len()
    }

    /// Bytes of the bulk memory that are free.
    #[cfg(all(test, not(loom), not(target_family = "wasm")))]
    pub(super) fn space_left(&self) -> u32 {
        self.space.left()
    }

    /// Takes a job back that nobody has claimed: its slot is free then. False where somebody has.
    #[must_use = "where it is false, the job runs"]
    pub(crate) fn withdraw(&mut self, slot: u32) -> bool {
        if !taken(Step::WithdrawByExchange) {
            let found = self.lot.state(slot) == State::PENDING;
            if found {
                self.free(slot);
            }
            return found;
        }
        let at = layout::lot::slot(slot) + KEY;
        let mine = self.lot.words.swap(at, State::PENDING.0, State::FREE.0);
        if mine {
            self.give_back(slot);
        }
        mine
    }

    /// Hears what that board's ring has, in order; what it reports of is free then. Behind [`Lot::listen`], of every board.
    ///
    /// Never of a board behind its [`OwnLot::take_back`]: its worker may go on for a while, and have claimed the slot anew.
    pub(crate) fn drain(&mut self, board: &Board<W>, into: &mut Vec<Report>) {
        let (head, tail) = board.reported();
        let mut at = head;
        while at != tail {
            let (slot, ran, content) = board.report(at);
            at = at.wrapping_add(1);
            let stands = slot < SLOTS && self.lot.is_run_by(slot, board.number());
            if !stands && taken(Step::RecordStands) {
                continue;
            }
            self.free(slot);
            into.push(Report { slot, ran, content });
        }
        if at != head {
            board.set_head(at);
        }
        if !taken(Step::ListenFirst) {
            self.lot.listen_late();
        }
    }

    fn free(&mut self, slot: u32) {
        let at = layout::lot::slot(slot) + KEY;
        self.lot.words.store(at, State::FREE.0);
        self.give_back(slot);
    }

    fn give_back(&mut self, slot: u32) {
        if let Some(block) = self.blocks[slot as usize].take() {
            self.space.free(block);
        }
        self.free.push(slot);
    }

    /// Takes from a board that is revoked what its worker has claimed: these slots, which are free then.
    ///
    /// A worker that was terminated may still be between its look at its orders and its claim. So this is to be asked again when it is
    /// certain to have stopped.
    pub(crate) fn take_back(&mut self, board: u16) -> Vec<u32> {
        let mut back = Vec::new();
        for slot in 0..SLOTS {
            let state = self.lot.state(slot);
            if state.phase() == Phase::Running && state.board() == board {
                // Nobody but the owner changes the state of a job that runs.
                self.free(slot);
                back.push(slot);
            }
        }
        back
    }
}
