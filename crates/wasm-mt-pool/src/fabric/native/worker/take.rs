//! Which jobs a worker takes: what is urgent, what lies on its own deque, what lies in the injector, half of what a busy one
//! has, and at last what has time.

use super::*;
use crate::priority::TURNS;

/// Every so many jobs a worker takes the oldest first, so that what its jobs spawn does not keep others from their turn.
const FAIR: u32 = 61;

impl Local {
    /// What needs no search.
    pub(super) fn at_hand(&self) -> Option<Found> {
        if let Some(order) = self.seat.inbox.pop() {
            return Some(Found::Order(order));
        }
        let jobs = self.jobs.get().wrapping_add(1);
        let injectors = &self.fabric.injectors;
        let taken = if jobs.is_multiple_of(TURNS)
            && let Some(lower) = self.lower(jobs / TURNS)
        {
            lower
        } else if let Some(urgent) = injectors.urgent.take() {
            urgent
        } else if jobs.is_multiple_of(FAIR)
            && let Some(oldest) = self.oldest()
        {
            oldest
        } else {
            self.deque.pop()?
        };
        Some(self.turn_of(taken))
    }

    /// Counts a job.
    fn turn_of(&self, jobs: Queued) -> Found {
        self.jobs.set(self.jobs.get().wrapping_add(1));
        Found::Jobs(jobs)
    }

    /// This turn is for who is not of the highest priority that waits: of several lower ones mostly the higher.
    fn lower(&self, turn: u32) -> Option<Queued> {
        let injectors = &self.fabric.injectors;
        let background = || injectors.background.take();
        if injectors.urgent.is_empty() {
            return background();
        }
        let normal = || self.deque.pop().or_else(|| self.of_others());
        if turn.is_multiple_of(TURNS) {
            background().or_else(normal)
        } else {
            normal().or_else(background)
        }
    }

    /// Of the injector and the own deque, what has waited longest: of each in turn.
    fn oldest(&self) -> Option<Queued> {
        let injected = || self.fabric.injectors.normal.take();
        let own = || settled(|| self.deque.stealer().steal());
        if (self.jobs.get() / FAIR).is_multiple_of(2) {
            injected().or_else(own)
        } else {
            own().or_else(injected)
        }
    }

    pub(super) fn find(&self) -> Option<Found> {
        if let Some(order) = self.seat.inbox.pop() {
            return Some(Found::Order(order));
        }
        if self.executor.bell().is_rung() {
            return Some(Found::Turn);
        }
        let injectors = &self.fabric.injectors;
        let jobs = injectors.urgent.take();
        let jobs = jobs.or_else(|| self.of_others());
        let jobs = jobs.or_else(|| injectors.background.take())?;
        Some(self.turn_of(jobs))
    }

    /// What the injector or another worker has at the normal priority.
    fn of_others(&self) -> Option<Queued> {
        let injected = &self.fabric.injectors.normal;
        let injected = if self.fabric.settings.steal {
            injected.take_batch(&self.deque)
        } else {
            // What lies on this deque would stay there.
            injected.take()
        };
        injected.or_else(|| self.steal())
    }

    /// Half of what a busy worker has.
    fn steal(&self) -> Option<Queued> {
        self.refresh();
        let peers = self.peers.borrow();
        let (before, after) = peers.list.split_at(self.random_below(peers.list.len()));
        after
            .iter()
            .chain(before)
            .filter(|peer| self.may_steal_from(peer.worker))
            .find_map(|peer| settled(|| peer.deque.steal_batch_and_pop(&self.deque)))
    }

    /// Also without stealing, from the threads that this one has replaced, and from workers that leave.
    fn may_steal_from(&self, worker: usize) -> bool {
        self.fabric.settings.steal || worker == self.worker || self.fabric.leaves(worker)
    }

    fn refresh(&self) {
        if !self.fabric.peers.is_current(&self.peers.borrow()) {
            self.peers.replace(self.fabric.peers.known());
        }
    }

    /// Whether there is anything that this worker was, or would be, woken for.
    pub(super) fn look(&self) -> bool {
        self.look_alone() || self.is_there_more()
    }

    /// The same for a worker that leaves.
    pub(super) fn look_alone(&self) -> bool {
        self.fabric.is_shut() || self.executor.bell().is_rung() || !self.seat.inbox.is_empty()
    }

    /// Whether there are, or may be, jobs that a worker could take.
    pub(super) fn is_there_more(&self) -> bool {
        !self.fabric.injectors.is_empty()
            || !self.fabric.peers.is_current(&self.peers.borrow())
            || self
                .peers
                .borrow()
                .list
                .iter()
                .any(|peer| self.may_steal_from(peer.worker) && !peer.deque.is_empty())
    }

    fn random_below(&self, below: usize) -> usize {
        // Marsaglia, "Xorshift RNGs" (2003).
        let mut x = self.random.get();
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        self.random.set(x);
        x as usize % below.max(1)
    }
}
