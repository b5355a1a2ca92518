//! [`OwnBoard`]: a board, from its worker's side. Lives on the worker's thread alone, for as long as its instance. Forks are in
//! `forks.rs`, sleep is in `sleep.rs`.
//!
//! Nothing here holds a borrow while it calls something: a job may come back to it.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use super::board::{Board, Counters};
use super::layout::{self, CELLS, EXTRA, INLINE_BYTES, KEY, board as words};
use super::record::{self, Put, Written};
use super::space::{Block, Space};
use super::words::SharedWords;

/// A board in its worker's hands.
pub(crate) struct OwnBoard<W> {
    board: Board<W>,
    pub(super) seat: u32,
    pub(super) space: RefCell<Space<W>>,
    /// Records that were pushed, modulo 2³².
    tail: Cell<i32>,
    /// What they have of the bulk memory, by their place in the ring.
    reported: RefCell<VecDeque<(i32, Block)>>,
    /// What the forks have of it, and what is written in them.
    pub(super) forks: RefCell<Vec<Fork>>,
    pub(super) cells: RefCell<Vec<CellUse>>,
    /// For whom a result is.
    pub(super) sequence: Cell<u16>,
    /// How many forks are laid.
    pub(super) level: Cell<u32>,
    /// How many claims are on the stack.
    pub(super) depth: Cell<u32>,
    counters: Cell<Counters>,
}

/// A fork's record, as its worker knows it. There is one for each depth that its joins have had.
pub(super) struct Fork {
    pub(super) block: Option<Block>,
    pub(super) written: Written,
}

/// What a cell is used for, as its worker knows it.
pub(super) enum CellUse {
    Free,
    /// The fork runs that it is for.
    Reserved,
    /// A result lies there until its tag is gone.
    Full(Option<Block>),
}

impl<W: SharedWords> OwnBoard<W> {
    /// Of memories that nobody has written to yet. The bulk memory grows up to so many bytes, where it can.
    pub(crate) fn new(board: Board<W>, seat: u32, most: u32) -> Self {
        OwnBoard {
            space: RefCell::new(Space::new(board.bulk.clone(), most)),
            board,
            seat,
            tail: Cell::new(0),
            reported: RefCell::default(),
            forks: RefCell::default(),
            cells: RefCell::new((0..CELLS).map(|_| CellUse::Free).collect()),
            sequence: Cell::new(0),
            level: Cell::new(0),
            depth: Cell::new(0),
            counters: Cell::default(),
        }
    }

    /// What others have of it.
    pub(crate) fn board(&self) -> &Board<W> {
        &self.board
    }

    pub(crate) fn number(&self) -> u16 {
        self.board.number()
    }

    /// Reports what came of a job that was claimed from the queue; false where there is no room, so that it is to go by message, and
    /// [`OwnBoard::report_elsewhere`] is to be called then.
    ///
    /// The owner is to be told by [`Lot::tell`](super::lot::Lot::tell) afterwards.
    #[must_use = "where it is false, nothing was reported"]
    pub(crate) fn report(&self, slot: u32, ran: u32, bytes: &[u8]) -> bool {
        let at = layout::board::ring(self.tail.get());
        match self.put(at, bytes) {
            Put::Inline => {}
            Put::Bulk(block) => self
                .reported
                .borrow_mut()
                .push_back((self.tail.get(), block)),
            Put::NoRoom => return false,
        }
        self.publish(at, slot, ran);
        true
    }

    /// Reports a job whose outcome was posted.
    pub(crate) fn report_elsewhere(&self, slot: u32, ran: u32) {
        let at = layout::board::ring(self.tail.get());
        record::put_elsewhere(&self.board.words, at);
        self.publish(at, slot, ran);
    }

    fn publish(&self, at: u32, slot: u32, ran: u32) {
        self.board.words.set(at + KEY, slot as i32);
        self.board.words.set(at + EXTRA, ran as i32);
        self.tail.set(self.tail.get().wrapping_add(1));
        self.board.words.store(words::TAIL, self.tail.get());
    }

    /// Writes a record of this board.
    pub(super) fn put(&self, at: u32, bytes: &[u8]) -> Put {
        if bytes.len() > INLINE_BYTES as usize {
            self.reclaim();
        }
        record::put(&self.board.words, at, &mut self.space.borrow_mut(), bytes)
    }

    /// Frees what of the bulk memory the owner has read, and the joiners.
    pub(super) fn reclaim(&self) {
        let mut reported = self.reported.borrow_mut();
        if !reported.is_empty() {
            let head = self.board.words.load(words::HEAD);
            while let Some((_, block)) = reported.pop_front_if(|(at, _)| head.wrapping_sub(*at) > 0)
            {
                self.space.borrow_mut().free(block);
            }
        }
        self.reclaim_cells(|block| block.is_some());
    }

    /// Of those cells that are full, and of which this is true, frees what was fetched.
    pub(super) fn reclaim_cells(&self, which: impl Fn(&Option<Block>) -> bool) {
        for (cell, used) in (0..).zip(self.cells.borrow_mut().iter_mut()) {
            if let CellUse::Full(block) = used
                && which(block)
                && self.board.words.load(layout::board::cell(cell) + KEY) == 0
            {
                if let Some(block) = block.take() {
                    self.space.borrow_mut().free(block);
                }
                *used = CellUse::Free;
            }
        }
    }

    /// It has views of all boards up to that number that are not gone.
    pub(crate) fn set_known(&self, board: u16) {
        self.board.words.store(words::KNOWN, i32::from(board));
    }

    /// Which item of its frame it runs now.
    pub(crate) fn set_at(&self, item: u32) {
        self.board.words.store(words::AT, item as i32);
    }

    /// So much more was done; `pages` is how many there are.
    pub(crate) fn count(&self, more: Counters) {
        let Counters {
            run,
            stolen,
            busy,
            pages: _,
        } = self.counters.get();
        let now = Counters {
            run: run.wrapping_add(more.run),
            stolen: stolen.wrapping_add(more.stolen),
            busy: busy.wrapping_add(more.busy),
            pages: more.pages,
        };
        self.counters.set(now);
        self.board.words.set(words::RUN, now.run as i32);
        self.board.words.set(words::STOLEN, now.stolen as i32);
        self.board.words.set(words::BUSY, now.busy as i32);
        self.board.words.set(words::PAGES, now.pages as i32);
    }

    /// Whether it holds nothing, behind what is fetched.
    #[cfg(all(test, not(target_family = "wasm")))]
    pub(super) fn is_empty(&self) -> bool {
        self.reclaim();
        self.reclaim_cells(|_| true);
        let cells = self.cells.borrow();
        self.space.borrow().is_whole() && cells.iter().all(|used| matches!(used, CellUse::Free))
    }
}
