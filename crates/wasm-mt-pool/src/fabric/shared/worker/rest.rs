//! What a worker does that finds nothing to do. How long it waits where is [`Rests`]' affair.

use super::drive::Next;
use super::rests::Rest;
use super::*;

impl<W: SharedWords, S: Site> Worker<W, S> {
    /// Rests for a while. `None` where it is to look again.
    pub(super) fn rest(&self, handled: u32) -> Option<Next> {
        // One look: whoever is about to spawn the next job may wait for the very core on which this worker would look on.
        if self.sees(handled) {
            return None;
        }
        let now = self.site.now();
        let rest = self.rests.borrow_mut().next(now, self.site.is_suspended());
        match rest {
            Rest::Wait(milliseconds) => {
                if self.announces(Kind::Waits, handled) {
                    self.own.wait(Kind::Waits, milliseconds);
                }
                None
            }
            Rest::Turn => self.announces(Kind::Listens, handled).then_some(Next::Hop),
            Rest::Leave => self.announces(Kind::Listens, handled).then_some(Next::Stay),
        }
    }

    fn announces(&self, kind: Kind, handled: u32) -> bool {
        self.own.announce(&self.lot, kind, || self.sees(handled))
    }

    /// Whether there is anything that it was, or would be, woken for.
    fn sees(&self, handled: u32) -> bool {
        let board = self.own.board();
        board.has_mail(handled)
            || board.orders() != 0
            || self.lot.has_jobs()
            || self.has_forks()
            || self.lot.is_shut()
    }
}
