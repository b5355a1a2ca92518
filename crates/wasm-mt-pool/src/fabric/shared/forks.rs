//! Forks: the second halves of a worker's joins, which its peers may take. A fork lies on its joiner's board; what came of it lies in a
//! cell on its thief's.
//!
//! 1. A worker's forks are a stack, as its joins are: the join at depth `d` has the fork `d`. A thief looks from the first one on, which
//!    is the biggest, and finds no more behind a free one.
//! 2. The joiner alone lays a fork, and frees it when it has popped or taken it. A thief alone ends it, or the owner when the thief is
//!    gone.
//! 3. A thief claims only of a joiner that knows the thief's board: else the result could not be fetched.
//! 4. What a thief claims stands on its stack from before the claim until its joiner was woken, for the owner to find.

use super::board::Board;
use super::layout::{self, CELLS, CLAIMS, FORKS, INLINE_BYTES, KEY, board as words};
use super::own_board::{CellUse, Fork, OwnBoard};
use super::record::{self, Put, Written};
use super::state::{Phase, State};
use super::sync::{Step, taken};
use super::words::SharedWords;

/// A fork of another worker, to be run, and to be ended by [`OwnBoard::finish`] in the reverse order of the claims.
#[must_use = "its joiner waits for it"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stolen {
    /// The joiner's board.
    pub(crate) from: u16,
    fork: u8,
    cell: u8,
}

/// How a stolen fork has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Done(Vec<u8>),
    /// With what its thief says of the panic.
    Panicked(Vec<u8>),
    /// Its thief is gone.
    Lost,
}

impl<W: SharedWords> Board<W> {
    /// By anybody: whether a thief may find a fork here. By the rule of [`OwnBoard::steal`].
    pub(crate) fn has_fork(&self, thief: u16) -> bool {
        self.known() >= thief
            && (0..FORKS)
                .map(|fork| self.fork(fork))
                .take_while(|state| *state != State::FREE)
                .any(|state| state == State::PENDING)
    }

    /// By whoever has claimed it: the fork's record; `None` where it was taken from the claimer meanwhile, which then is to end.
    pub(crate) fn record(&self, stolen: &Stolen, me: u16) -> Option<Vec<u8>> {
        let fork = u32::from(stolen.fork);
        let bytes = record::bytes(&self.words, layout::board::fork(fork), &self.bulk);
        let state = self.fork(fork);
        let mine = State::running(me, stolen.cell);
        let whole = state == mine || state == mine.with_waited() || !taken(Step::LookBehindBytes);
        whole.then_some(bytes).flatten()
    }
}

/// The joiner's part.
impl<W: SharedWords> OwnBoard<W> {
    /// Lays a fork for anybody, and returns which; `None` where there is no room, and the join is to run both in place.
    ///
    /// The joiner MUST get it back, by [`OwnBoard::pop`] or [`OwnBoard::take`], before those that were laid before it. It may wake one by
    /// [`Lot::wake`](super::lot::Lot::wake).
    #[must_use = "without a fork nothing was laid"]
    pub(crate) fn push(&self, bytes: &[u8]) -> Option<u32> {
        let fork = self.level.get();
        if fork >= FORKS {
            return None;
        }
        let at = layout::board::fork(fork);
        if bytes.len() > INLINE_BYTES as usize {
            self.reclaim();
        }
        let mut forks = self.forks.borrow_mut();
        if forks.len() <= fork as usize {
            forks.push(Fork {
                block: None,
                written: Written::NOTHING,
            });
        }
        let Fork { block, written } = &mut forks[fork as usize];
        let mut space = self.space.borrow_mut();
        match record::put_over(&self.board().words, at, &mut space, bytes, written) {
            Put::Inline => {}
            Put::Bulk(taken) => *block = Some(taken),
            Put::NoRoom => return None,
        }
        self.level.set(fork + 1);
        self.board().words.store(at + KEY, State::PENDING.0);
        Some(fork)
    }

    /// Takes the last fork back. False where it was stolen: then it is to be waited for.
    #[must_use = "where it is false, the fork is a thief's"]
    pub(crate) fn pop(&self, fork: u32) -> bool {
        let at = layout::board::fork(fork) + KEY;
        let mine = if taken(Step::PopByExchange) {
            self.board().words.swap(at, State::PENDING.0, State::FREE.0)
        } else {
            let mine = self.board().fork(fork) == State::PENDING;
            if mine {
                self.board().words.store(at, State::FREE.0);
            }
            mine
        };
        if mine {
            self.leave(fork);
        }
        mine
    }

    /// Whether a stolen fork has ended, so that [`OwnBoard::take`] has its result.
    pub(crate) fn has_ended(&self, fork: u32) -> bool {
        self.board().fork(fork).phase() != Phase::Running
    }

    /// Says that the joiner will sleep until the stolen fork has ended; false where it has. It then sleeps as
    /// [`Kind::Helps`](super::sleep::Kind::Helps), and looks for [`OwnBoard::has_ended`] among the rest.
    #[must_use = "where it is false, the fork has ended"]
    pub(crate) fn waits_for(&self, fork: u32) -> bool {
        let at = layout::board::fork(fork) + KEY;
        let state = self.board().fork(fork);
        if state.phase() != Phase::Running {
            return false;
        }
        if !taken(Step::WaitByExchange) {
            self.board().words.store(at, state.with_waited().0);
            return true;
        }
        // Nobody but the joiner says it, so what fails here has ended.
        state.waited() || self.board().words.swap(at, state.0, state.with_waited().0)
    }

    /// Fetches what came of the last fork, which was stolen and has ended. `thief` gives the view of its board.
    pub(crate) fn take<'a>(
        &self,
        fork: u32,
        thief: impl FnOnce(u16) -> Option<&'a Board<W>>,
    ) -> Ended
    where
        W: 'a,
    {
        let state = self.board().fork(fork);
        let ended = match state.phase() {
            Phase::Done => self.fetch(thief, state).map(Ended::Done),
            Phase::Panicked => self.fetch(thief, state).map(Ended::Panicked),
            _ => None,
        };
        self.board()
            .words
            .store(layout::board::fork(fork) + KEY, State::FREE.0);
        self.leave(fork);
        ended.unwrap_or(Ended::Lost)
    }

    /// The result of a cell, which is free for its worker then.
    fn fetch<'a>(
        &self,
        thief: impl FnOnce(u16) -> Option<&'a Board<W>>,
        state: State,
    ) -> Option<Vec<u8>>
    where
        W: 'a,
    {
        let thief = thief(state.board())?;
        let cell = u32::from(state.cell());
        if cell >= CELLS {
            return None;
        }
        let at = layout::board::cell(cell);
        let tag = thief.words.load(at + KEY);
        if (tag >> 16) as u16 != self.number() {
            return None;
        }
        let bytes = record::bytes(&thief.words, at, &thief.bulk);
        if !taken(Step::FetchByExchange) {
            thief.words.store(at + KEY, 0);
            return bytes;
        }
        // Where that fails, its worker has freed it, as this one counts as gone; what was read may be of somebody else.
        thief.words.swap(at + KEY, tag, 0).then_some(bytes)?
    }

    fn leave(&self, fork: u32) {
        self.level.set(fork);
        let block = self.forks.borrow_mut()[fork as usize].block.take();
        if let Some(block) = block {
            self.space.borrow_mut().free(block);
        }
    }
}

/// The thief's part.
impl<W: SharedWords> OwnBoard<W> {
    /// Takes the first fork of another's board that nobody has yet; `None` where there is none, or no cell for its result is free.
    ///
    /// A worker MUST look at its own [`orders`](Board::orders) before.
    pub(crate) fn steal(&self, from: &Board<W>) -> Option<Stolen> {
        if from.known() < self.number() || self.depth.get() >= CLAIMS {
            return None;
        }
        for fork in 0..FORKS {
            let state = from.fork(fork);
            if state == State::FREE {
                return None;
            }
            if state != State::PENDING {
                continue;
            }
            let cell = self.reserve()?;
            let at = layout::board::fork(fork) + KEY;
            if taken(Step::StackBeforeClaim) {
                self.enter(from.number(), fork);
            }
            let claimed = from.words.swap(
                at,
                State::PENDING.0,
                State::running(self.number(), cell as u8).0,
            );
            if !taken(Step::StackBeforeClaim) {
                self.enter(from.number(), fork);
            }
            if claimed {
                return Some(Stolen {
                    from: from.number(),
                    fork: fork as u8,
                    cell: cell as u8,
                });
            }
            self.exit();
            self.cells.borrow_mut()[cell as usize] = CellUse::Free;
        }
        None
    }

    /// Says that the innermost claim has ended with this value; false where there is no room for it, and nothing is said.
    #[must_use = "where it is false, the joiner still waits"]
    pub(crate) fn finish(&self, stolen: Stolen, joiner: &Board<W>, value: &[u8]) -> bool {
        self.end(stolen, joiner, Phase::Done, value)
    }

    /// Says that the innermost claim has ended by a panic of which this tells; what of it is longer than a cell is cut off where there is
    /// no room. It may be called where the instance is about to end.
    pub(crate) fn fail(&self, stolen: Stolen, joiner: &Board<W>, told: &[u8]) {
        if !self.end(stolen, joiner, Phase::Panicked, told) {
            let inline = told.len().min(layout::INLINE_BYTES as usize);
            // That much has room.
            let _ = self.end(stolen, joiner, Phase::Panicked, &told[..inline]);
        }
    }

    fn end(&self, stolen: Stolen, joiner: &Board<W>, phase: Phase, bytes: &[u8]) -> bool {
        let Stolen { fork, cell, .. } = stolen;
        let at = layout::board::cell(u32::from(cell));
        let block = match self.put(at, bytes) {
            Put::Inline => None,
            Put::Bulk(block) => Some(block),
            Put::NoRoom => return false,
        };
        let sequence = self.sequence.get().wrapping_add(1);
        self.sequence.set(sequence);
        let tag = i32::from(sequence) | i32::from(joiner.number()) << 16;
        self.board().words.store(at + KEY, tag);
        self.cells.borrow_mut()[usize::from(cell)] = CellUse::Full(block);

        let key = layout::board::fork(u32::from(fork)) + KEY;
        let running = State::running(self.number(), cell);
        let waited = running.with_waited();
        let ended = running.ended(phase).0;
        let mut found = joiner.words.compare_exchange(key, running.0, ended);
        if found == waited.0 && taken(Step::TryWaited) {
            found = joiner.words.compare_exchange(key, waited.0, ended);
        }
        if found == waited.0 {
            if taken(Step::WakeJoiner) {
                joiner.wake_joiner();
            }
        } else if found != running.0 {
            // The claim was taken from this worker, or the joiner is gone.
            self.board().words.store(at + KEY, 0);
        }
        self.exit();
        true
    }

    /// The board of that number is gone: nobody fetches the results that are for it.
    pub(crate) fn forget(&self, gone: u16) {
        for (cell, used) in (0..).zip(self.cells.borrow().iter()) {
            let at = layout::board::cell(cell) + KEY;
            if matches!(used, CellUse::Full(_))
                && (self.board().words.load(at) >> 16) as u16 == gone
            {
                self.board().words.store(at, 0);
            }
        }
    }

    /// How many claims are on the stack.
    #[cfg(all(test, not(loom), not(target_family = "wasm")))]
    pub(crate) fn claims(&self) -> u32 {
        self.depth.get()
    }

    fn enter(&self, board: u16, fork: u32) {
        let depth = self.depth.get();
        self.board()
            .words
            .store(words::STACK + depth, fork as i32 | i32::from(board) << 16);
        self.depth.set(depth + 1);
        self.board()
            .words
            .store(words::DEPTH, self.depth.get() as i32);
    }

    fn exit(&self) {
        self.depth.set(self.depth.get().saturating_sub(1));
        self.board()
            .words
            .store(words::DEPTH, self.depth.get() as i32);
    }

    /// A cell that nobody uses.
    fn reserve(&self) -> Option<u32> {
        let free = |cells: &[CellUse]| cells.iter().position(|used| matches!(used, CellUse::Free));
        let mut found = free(&self.cells.borrow());
        if found.is_none() {
            self.reclaim_cells(|_| true);
            found = free(&self.cells.borrow());
        }
        let cell = found?;
        self.cells.borrow_mut()[cell] = CellUse::Reserved;
        Some(cell as u32)
    }
}
