//! Which jobs a worker takes: what is urgent, what lies on its own deque, what lies in the injector, half of what a busy one
//! has, and at last what has time.

use super::*;

/// Every so many jobs, or turns of its async ones, a worker takes the oldest first, so that what its jobs spawn does not keep
/// others from their turn.
const FAIR: u32 = 61;

impl Local {
    /// What needs no search.
    pub(super) fn at_hand(&self) -> Option<Found> {
        if let Some(order) = self.seat.inbox.pop() {
            return Some(Found::Order(order));
        }
        let urgent = || !self.fabric.injectors.urgent.is_empty();
        if let Some(lower) = self.lower(self.ranks.get().turn(urgent)) {
            return Some(self.taken(lower, true));
        }
        let jobs = if let Some(urgent) = self.fabric.injectors.urgent.take() {
            urgent
        } else if self.jobs.get().wrapping_add(1).is_multiple_of(FAIR)
            && let Some(oldest) = self.oldest()
        {
            oldest
        } else {
            self.deque.pop()?
        };
        Some(self.taken(jobs, false))
    }

    /// Counts a job, and whether it went before others of less priority, or of more as it was their turn.
    fn taken(&self, jobs: Queued, higher: bool) -> Found {
        self.jobs.set(self.jobs.get().wrapping_add(1));
        let injectors = &self.fabric.injectors;
        let lower = match jobs.priority() {
            Priority::Urgent => {
                !injectors.normal.is_empty()
                    || !injectors.background.is_empty()
                    || self.has_a_deque()
            }
            Priority::Normal => !injectors.background.is_empty(),
            Priority::Background => false,
        };
        let mut ranks = self.ranks.get();
        ranks.went(lower, higher);
        self.ranks.set(ranks);
        Found::Jobs(jobs)
    }

    /// Where it is the turn of a lower priority than waits: a job of that, or of another lower one.
    fn lower(&self, turn: Priority) -> Option<Queued> {
        let injectors = &self.fabric.injectors;
        let background = || injectors.background.take();
        let normal = || self.deque.pop().or_else(|| self.of_others());
        match turn {
            Priority::Urgent => None,
            Priority::Normal => normal().or_else(background),
            // The normal ones are the highest that wait then, and not lower.
            Priority::Background if injectors.urgent.is_empty() => background(),
            Priority::Background => background().or_else(normal),
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
        let rung = self.executor.bell().is_rung();
        // A host's jobs compute in their turns, and are made to yield: after each one a new job may begin.
        let lets_others = self.fabric.takes.is_some() && self.turned.replace(rung);
        if rung && !lets_others {
            // It counts as a job, so that futures which yield without end do not keep what was injected from its turn.
            self.jobs.set(self.jobs.get().wrapping_add(1));
            return Some(Found::Turn);
        }
        let injectors = &self.fabric.injectors;
        let jobs = injectors.urgent.take();
        let jobs = jobs.or_else(|| self.of_others());
        match jobs.or_else(|| injectors.background.take()) {
            Some(jobs) => Some(self.taken(jobs, false)),
            None => rung.then_some(Found::Turn),
        }
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
        self.steal_by(|deque| deque.steal_batch_and_pop(&self.deque))
    }

    /// One job of another worker's, the oldest.
    pub(super) fn steal_one(&self) -> Option<Queued> {
        self.steal_by(deque::Stealer::steal)
    }

    fn steal_by(
        &self,
        take: impl Fn(&deque::Stealer<Queued>) -> deque::Steal<Queued>,
    ) -> Option<Queued> {
        self.refresh();
        let peers = self.peers.borrow();
        let (before, after) = peers.list.split_at(self.random.below(peers.list.len()));
        after
            .iter()
            .chain(before)
            .filter(|peer| self.may_steal_from(peer.worker))
            .find_map(|peer| settled(|| take(&peer.deque)))
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
        self.look_alone() || self.is_there_more().is_some()
    }

    /// The same for a worker that leaves.
    pub(super) fn look_alone(&self) -> bool {
        self.fabric.is_shut() || self.executor.bell().is_rung() || !self.seat.inbox.is_empty()
    }

    /// Whether there are, or may be, jobs that a worker could take, and where.
    pub(super) fn is_there_more(&self) -> Option<Work> {
        if self.may_help() {
            return Some(Work::Laid);
        }
        (!self.fabric.injectors.is_empty()).then_some(Work::Injected)
    }

    /// The same for who helps.
    pub(super) fn may_help(&self) -> bool {
        !self.fabric.peers.is_current(&self.peers.borrow()) || self.has_a_deque()
    }

    /// Whether a deque that this worker may take from has something, its own or another's.
    fn has_a_deque(&self) -> bool {
        let peers = self.peers.borrow();
        let mut peers = peers.list.iter();
        peers.any(|peer| self.may_steal_from(peer.worker) && !peer.deque.is_empty())
    }
}
