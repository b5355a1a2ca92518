//! [`Heap`]: what waits with the owner, by rank, since it found no slot, no room in bulk, is more of a `map` than is laid at
//! once, or gathers for a row. Where there is room, it is empty behind each turn of the owner.
//!
//! Invariant: what was laid back by a worker that died stands before all others, in its old order.

use std::collections::VecDeque;

use super::unit::Unit;
use crate::fabric::shared::RANKS;

/// A unit that waits.
pub(super) struct Waiting<U> {
    pub(super) unit: U,
    /// The seat whose job has spawned it.
    pub(super) home: Option<usize>,
    /// Since when, in µs.
    pub(super) since: f64,
}

/// All that waits.
pub(super) struct Heap<U> {
    /// What had been laid before. It goes to the queue of what is urgent.
    back: VecDeque<Waiting<U>>,
    ranks: [VecDeque<Waiting<U>>; RANKS as usize],
    /// Jobs in all of them.
    jobs: usize,
}

impl<U: Unit> Heap<U> {
    pub(super) fn new() -> Self {
        Heap {
            back: VecDeque::new(),
            ranks: Default::default(),
            jobs: 0,
        }
    }

    pub(super) fn jobs(&self) -> usize {
        self.jobs
    }

    /// Whether something waits that would go to this queue before what comes now.
    pub(super) fn has(&self, rank: usize) -> bool {
        !self.ranks[rank].is_empty() || rank == 0 && !self.back.is_empty()
    }

    pub(super) fn push(&mut self, rank: usize, waiting: Waiting<U>) {
        self.jobs += waiting.unit.len();
        self.ranks[rank].push_back(waiting);
    }

    /// Puts back what was taken, or what is left of it.
    pub(super) fn put_back(&mut self, rank: usize, is_back: bool, waiting: Waiting<U>) {
        self.jobs += waiting.unit.len();
        let line = if is_back {
            &mut self.back
        } else {
            &mut self.ranks[rank]
        };
        line.push_front(waiting);
    }

    /// Oldest first.
    pub(super) fn lay_back(&mut self, units: Vec<U>, now: f64) {
        for unit in units.into_iter().rev() {
            let waiting = Waiting {
                unit,
                home: None,
                since: now,
            };
            self.put_back(0, true, waiting);
        }
    }

    /// The next for this queue, and whether it had been laid before.
    pub(super) fn take(&mut self, rank: usize) -> Option<(Waiting<U>, bool)> {
        let back = if rank == 0 {
            self.back.pop_front()
        } else {
            None
        };
        let taken = match back {
            Some(waiting) => (waiting, true),
            None => (self.ranks[rank].pop_front()?, false),
        };
        self.jobs -= taken.0.unit.len();
        Some(taken)
    }

    /// Units that wait for this queue in their order.
    pub(super) fn line(&self, rank: usize) -> usize {
        self.ranks[rank].len()
    }

    /// The next, if it is so, of those that [`Heap::take`] has just given one of.
    pub(super) fn take_if(
        &mut self,
        rank: usize,
        is_back: bool,
        is: impl FnOnce(&Waiting<U>) -> bool,
    ) -> Option<U> {
        let line = if is_back {
            &mut self.back
        } else {
            &mut self.ranks[rank]
        };
        let taken = line.pop_front_if(|waiting| is(waiting))?;
        self.jobs -= taken.unit.len();
        Some(taken.unit)
    }

    /// Takes out what nobody waits for.
    pub(super) fn sweep(&mut self) -> Vec<U> {
        let mut dropped = Vec::new();
        for line in self.ranks.iter_mut().chain([&mut self.back]) {
            for waiting in std::mem::take(line) {
                if waiting.unit.is_settled() {
                    self.jobs -= waiting.unit.len();
                    dropped.push(waiting.unit);
                } else {
                    line.push_back(waiting);
                }
            }
        }
        dropped
    }

    pub(super) fn drain(&mut self) -> Vec<U> {
        self.jobs = 0;
        let lines = [&mut self.back].into_iter().chain(&mut self.ranks);
        lines
            .flat_map(|line| line.drain(..).map(|waiting| waiting.unit))
            .collect()
    }
}
