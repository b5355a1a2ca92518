//! Which jobs a worker takes: of the queues as natively, what is urgent, then what is normal; then forks of others; at last what has
//! time.

use super::*;
use crate::priority::Priority;

// The queues.
const URGENT: u32 = 0;
const NORMAL: u32 = 1;
const BACKGROUND: u32 = 2;

/// What is this worker's to run.
pub(super) enum Found<W> {
    /// The job in that slot.
    Job(u32),
    /// A fork of a peer's.
    Fork(Stolen, Rc<Board<W>>),
}

impl<W: SharedWords, S: Site> Worker<W, S> {
    pub(super) fn take(&self) -> Option<Found<W>> {
        let claim = |queue| {
            let slot = self.lot.claim(queue, self.own.number())?;
            Some((queue, slot))
        };
        let urgent = || self.lot.has_rank(URGENT);
        let lower = match self.ranks.get().turn(urgent) {
            Priority::Urgent => None,
            Priority::Normal => claim(NORMAL).or_else(|| claim(BACKGROUND)),
            // The normal ones are the highest that wait then, and not lower.
            Priority::Background if !urgent() => claim(BACKGROUND),
            Priority::Background => claim(BACKGROUND).or_else(|| claim(NORMAL)),
        };
        if let Some((queue, slot)) = lower {
            return Some(self.taken(queue, slot, true));
        }
        if let Some((queue, slot)) = claim(URGENT).or_else(|| claim(NORMAL)) {
            return Some(self.taken(queue, slot, false));
        }
        if let Some((stolen, from)) = self.steal() {
            return Some(Found::Fork(stolen, from));
        }
        // A claim that failed has stood on the stack: the owner may have taken it for all that runs here, and given an order.
        if self.own.board().orders() != 0 {
            return None;
        }
        let (queue, slot) = claim(BACKGROUND)?;
        Some(self.taken(queue, slot, false))
    }

    /// Counts a job, and whether it went before others of less priority, or of more as it was their turn.
    fn taken(&self, queue: u32, slot: u32, higher: bool) -> Found<W> {
        let lower = (queue + 1..=BACKGROUND).any(|queue| self.lot.has_rank(queue));
        let mut ranks = self.ranks.get();
        ranks.went(lower, higher);
        self.ranks.set(ranks);
        Found::Job(slot)
    }

    /// A fork of another worker, of which one the chance decides: else all would ask the same one.
    pub(super) fn steal(&self) -> Option<(Stolen, Rc<Board<W>>)> {
        let peers = self.peers.borrow();
        let (before, after) = peers.split_at(self.random.below(peers.len()));
        after.iter().chain(before).find_map(|peer| {
            let stolen = self.own.steal(peer)?;
            Some((stolen, peer.clone()))
        })
    }

    /// Whether another has, or may have, a fork to take.
    pub(super) fn has_forks(&self) -> bool {
        let me = self.own.number();
        self.peers.borrow().iter().any(|peer| peer.has_fork(me))
    }
}
