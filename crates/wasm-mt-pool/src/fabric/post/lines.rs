//! What waits to be posted, and in which order a worker takes of it. Lives with the pool's owner, who alone touches both
//! ends of every deque.
//!
//! A worker takes what is pinned to it, then what was given back by a worker that died, then from its own deque, then
//! from the injector. On its deque it takes the newest first, so that a tree of jobs is walked in depth and few of its
//! branches are open at once; a thief takes the oldest, which is the largest branch.
//!
//! A deque cannot be looked into, and gives nothing back at the end where it was taken. So the rest of a unit that was
//! split, or a unit that did not fit, is held beside it.
//!
//! Invariant 1: a unit lies in one place.
//!
//! Invariant 2: the counts are those of what lies there, settled units that nobody has met yet included.

mod own;

use std::collections::VecDeque;

use crossbeam_deque as deque;

use crate::scheduler::mutated;

use super::unit::Unit;
use own::{Own, insist};

/// A unit that waits.
pub(super) struct Waiting<U> {
    pub(super) unit: U,
    /// Its jobs. Counted once, since a unit of foreign code might say another number the next time.
    pub(super) jobs: usize,
    /// On whose deque it lay first.
    pub(super) home: Option<usize>,
    /// Since when.
    pub(super) since: f64,
}

/// Where a unit was taken, and where it is put back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Pinned,
    Returned,
    Own,
    /// The old end of its own deque.
    OwnOldest,
    Injector,
}

/// All lines of a pool.
pub(super) struct Lines<U> {
    own: Vec<Own<U>>,
    returned: VecDeque<Waiting<U>>,
    injector: deque::Injector<Waiting<U>>,
    /// The injector's next.
    held: Option<Waiting<U>>,
    /// Jobs in `returned`, `injector` and `held`.
    shared: usize,
    /// Jobs in all lines.
    waiting: usize,
    dropped: Vec<U>,
}

impl<U: Unit> Waiting<U> {
    pub(super) fn new(unit: U, home: Option<usize>, since: f64) -> Waiting<U> {
        let jobs = unit.len().max(1);
        Waiting {
            unit,
            jobs,
            home,
            since,
        }
    }

    /// Leaves `at` jobs and gives the rest.
    pub(super) fn split_off(&mut self, at: usize) -> Waiting<U> {
        let rest = self.unit.split_off(at);
        let jobs = self.jobs - at;
        self.jobs = at;
        Waiting {
            unit: rest,
            jobs,
            home: self.home,
            since: self.since,
        }
    }
}

impl<U: Unit> Lines<U> {
    pub(super) fn new(workers: usize) -> Lines<U> {
        Lines {
            own: (0..workers).map(|_| Own::new()).collect(),
            returned: VecDeque::new(),
            injector: deque::Injector::new(),
            held: None,
            shared: 0,
            waiting: 0,
            dropped: Vec::new(),
        }
    }

    pub(super) fn inject(&mut self, waiting: Waiting<U>) {
        self.shared += waiting.jobs;
        self.waiting += waiting.jobs;
        self.injector.push(waiting);
    }

    pub(super) fn push(&mut self, worker: usize, waiting: Waiting<U>) {
        self.waiting += waiting.jobs;
        self.own[worker].push(waiting);
    }

    pub(super) fn pin(&mut self, worker: usize, waiting: Waiting<U>) {
        self.waiting += waiting.jobs;
        self.own[worker].pin(waiting);
    }

    /// Oldest first; before all others.
    pub(super) fn give_back(&mut self, worker: usize, units: Vec<Waiting<U>>) {
        for waiting in units.into_iter().rev() {
            if waiting.unit.is_pinned() {
                self.put_back(worker, waiting, Place::Pinned);
            } else if mutated!(ReturnsLast) {
                self.inject(waiting);
            } else {
                self.put_back(worker, waiting, Place::Returned);
            }
        }
    }

    /// The next unit for a worker that nobody has settled. It is the caller's, to post or to put back.
    pub(super) fn take(&mut self, worker: usize) -> Option<(Waiting<U>, Place)> {
        loop {
            let (waiting, place) = self.take_any(worker)?;
            if !waiting.unit.is_settled() || mutated!(PostsSettled) {
                return Some((waiting, place));
            }
            self.dropped.push(waiting.unit);
        }
    }

    /// Puts back what was taken, or what is left of it, so that it is the next to be taken there.
    pub(super) fn put_back(&mut self, worker: usize, waiting: Waiting<U>, place: Place) {
        let own = &mut self.own[worker];
        self.waiting += waiting.jobs;
        match place {
            Place::Pinned => own.pin_first(waiting),
            Place::Returned => {
                self.shared += waiting.jobs;
                self.returned.push_front(waiting);
            }
            Place::Own => own.push(waiting),
            Place::OwnOldest => own.put_oldest(waiting),
            Place::Injector => {
                self.shared += waiting.jobs;
                self.held = Some(waiting);
            }
        }
    }

    /// Moves so many jobs, the oldest, from one deque to another. Whether there was anything, settled or not.
    pub(super) fn steal(&mut self, thief: usize, victim: usize, jobs: usize) -> bool {
        let mut left = jobs;
        let mut any = false;
        let mut stolen = Vec::new();
        while left > 0 {
            let Some(mut waiting) = self.own[victim].steal() else {
                break;
            };
            any = true;
            if waiting.unit.is_settled() && !mutated!(PostsSettled) {
                self.waiting -= waiting.jobs;
                self.dropped.push(waiting.unit);
                continue;
            }
            if waiting.jobs > left {
                // A thief takes the rear half: the victim goes on in the unit's front, where it is.
                let rest = waiting.split_off(waiting.jobs - left);
                self.own[victim].put_oldest(waiting);
                waiting = rest;
            }
            left -= waiting.jobs;
            stolen.push(waiting);
        }
        // The oldest is pushed last, so that it is the first to be taken.
        for waiting in stolen.into_iter().rev() {
            self.own[thief].push(waiting);
        }
        any
    }

    /// Drops what is settled.
    pub(super) fn sweep(&mut self) {
        let mut dropped = std::mem::take(&mut self.dropped);
        for own in &mut self.own {
            for waiting in own.drain_deque() {
                keep_or_drop(waiting, &mut dropped, |waiting| own.push(waiting));
            }
            for waiting in own.drain_pinned() {
                keep_or_drop(waiting, &mut dropped, |waiting| own.pin(waiting));
            }
        }
        self.shared = 0;
        for waiting in std::mem::take(&mut self.returned) {
            keep_or_drop(waiting, &mut dropped, |waiting| {
                self.shared += waiting.jobs;
                self.returned.push_back(waiting);
            });
        }
        for waiting in self.drain_injector() {
            keep_or_drop(waiting, &mut dropped, |waiting| {
                self.shared += waiting.jobs;
                self.injector.push(waiting);
            });
        }
        self.waiting = self.shared
            + self
                .own
                .iter()
                .map(|own| own.jobs() + own.pinned_jobs())
                .sum::<usize>();
        self.dropped = dropped;
    }

    /// Takes what only this worker may take: what is pinned to it, and its deque where that is asked for.
    pub(super) fn take_own(&mut self, worker: usize, deque: bool) -> Vec<U> {
        let own = &mut self.own[worker];
        let mut taken = own.drain_pinned();
        if deque {
            taken.extend(own.drain_deque());
        }
        self.waiting -= taken.iter().map(|waiting| waiting.jobs).sum::<usize>();
        taken.into_iter().map(|waiting| waiting.unit).collect()
    }

    pub(super) fn drain(&mut self) -> Vec<U> {
        let mut all: Vec<Waiting<U>> = std::mem::take(&mut self.returned).into();
        for own in &mut self.own {
            all.extend(own.drain_pinned());
            all.extend(own.drain_deque());
        }
        all.extend(self.drain_injector());
        self.shared = 0;
        self.waiting = 0;
        all.into_iter().map(|waiting| waiting.unit).collect()
    }

    pub(super) fn take_dropped(&mut self) -> Vec<U> {
        std::mem::take(&mut self.dropped)
    }

    /// Jobs that wait, wherever.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Jobs that wait for any worker.
    pub(super) fn shared(&self) -> usize {
        self.shared
    }

    /// Jobs on a worker's deque.
    pub(super) fn on_deque(&self, worker: usize) -> usize {
        self.own[worker].jobs()
    }

    pub(super) fn pinned(&self, worker: usize) -> usize {
        self.own[worker].pinned_jobs()
    }

    pub(super) fn deques(&self) -> impl Iterator<Item = usize> {
        self.own.iter().map(|own| own.jobs())
    }

    fn take_any(&mut self, worker: usize) -> Option<(Waiting<U>, Place)> {
        let own = &mut self.own[worker];
        let (waiting, place) = if let Some(waiting) = own.take_pinned() {
            (waiting, Place::Pinned)
        } else if let Some(waiting) = self.returned.pop_front() {
            self.shared -= waiting.jobs;
            (waiting, Place::Returned)
        } else if let Some((waiting, oldest)) = own.pop() {
            (waiting, if oldest { Place::OwnOldest } else { Place::Own })
        } else {
            let waiting = self
                .held
                .take()
                .or_else(|| insist(|| self.injector.steal()))?;
            self.shared -= waiting.jobs;
            (waiting, Place::Injector)
        };
        self.waiting -= waiting.jobs;
        Some((waiting, place))
    }

    fn drain_injector(&mut self) -> Vec<Waiting<U>> {
        let mut all: Vec<_> = self.held.take().into_iter().collect();
        all.extend(std::iter::from_fn(|| insist(|| self.injector.steal())));
        all
    }
}

fn keep_or_drop<U: Unit>(waiting: Waiting<U>, dropped: &mut Vec<U>, keep: impl FnOnce(Waiting<U>)) {
    if waiting.unit.is_settled() {
        dropped.push(waiting.unit);
    } else {
        keep(waiting);
    }
}
