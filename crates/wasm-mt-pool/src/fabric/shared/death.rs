//! What becomes of a board when its worker is gone, or is to be. By the owner alone, which gives [`orders::REVOKED`](super::board::orders::REVOKED) first, and before it
//! terminates the worker.
//!
//! A worker that was terminated may go on for a while: it may be between its look at the orders and a claim. So all of this is to be done
//! once more when it is certain to have stopped; but for the ring, which is not heard again.
//!
//! It may have claimed a sleeper and not have woken it. So the others are told of its end by message, and
//! [`Board::mailed`] wakes them.

use super::board::Board;
use super::layout::{self, CLAIMS, FORKS, KEY, board as words};
use super::state::{Phase, State};
use super::sync::{Step, taken};
use super::words::SharedWords;

impl<W: SharedWords> Board<W> {
    /// What this board's worker has claimed of others' forks ends as lost, and their joiners are woken. `known` gives the view of the
    /// board with that number; where there is none, it is gone itself.
    pub(crate) fn lose_claims<'a>(&self, known: impl Fn(u16) -> Option<&'a Board<W>>)
    where
        W: 'a,
    {
        let depth = (self.words.load(words::DEPTH) as u32).min(CLAIMS);
        for claim in 0..depth {
            let claim = self.words.load(words::STACK + claim);
            let fork = claim as u32 & 0xffff;
            let Some(joiner) = known((claim >> 16) as u16).filter(|_| fork < FORKS) else {
                continue;
            };
            let lost = self.lose(joiner, fork);
            // It may have ended the fork, and have died before it woke the joiner.
            if lost || taken(Step::RouseEnded) {
                joiner.rouse_joiner();
            }
        }
    }

    /// Whether this one has run the fork.
    fn lose(&self, joiner: &Board<W>, fork: u32) -> bool {
        let at = layout::board::fork(fork) + KEY;
        loop {
            let state = joiner.fork(fork);
            if state.phase() != Phase::Running || state.board() != self.number() {
                return false;
            }
            // Where that fails, the joiner waits since, or it has ended.
            if joiner.words.swap(at, state.0, state.ended(Phase::Lost).0) {
                return true;
            }
        }
    }

    /// Nobody takes this board's forks any more, as nobody would fetch what comes of them.
    pub(crate) fn withdraw_forks(&self) {
        for fork in 0..FORKS {
            if self.fork(fork) == State::FREE {
                return;
            }
            let at = layout::board::fork(fork) + KEY;
            // A thief that was faster runs it, and then finds nobody.
            let _ = self.words.swap(at, State::PENDING.0, State::FREE.0);
        }
    }
}
