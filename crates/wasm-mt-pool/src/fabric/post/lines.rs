//! What waits to be posted, and in which order a worker takes of it. Lives with the pool's owner, who alone touches both
//! ends of every deque.
//!
//! A worker takes what is pinned to it, then what was given back by a worker that died, then what is urgent, then from its
//! own deque, then from the injector, and when there is nothing to steal what is in the background. Of [`TURNS`] units that go
//! while others of less priority wait, the last is one of those. On its deque it takes the newest first, so that a tree of jobs is walked in depth and few of its
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

use crate::priority::Priority;
use crate::ranks::Ranks;
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
    Urgent,
    Background,
}

/// What a worker may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum May {
    /// What is pinned to it.
    Pinned,
    /// All but what is in the background.
    Foreground,
    All,
}

/// All lines of a pool.
pub(super) struct Lines<U> {
    own: Vec<Own<U>>,
    returned: VecDeque<Waiting<U>>,
    injector: deque::Injector<Waiting<U>>,
    /// The injector's next.
    held: Option<Waiting<U>>,
    urgent: VecDeque<Waiting<U>>,
    background: VecDeque<Waiting<U>>,
    ranks: Ranks,
    /// Jobs in `background`.
    behind: usize,
    /// Jobs in `returned`, `injector`, `held`, `urgent` and `background`.
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
            urgent: VecDeque::new(),
            background: VecDeque::new(),
            ranks: Ranks::default(),
            behind: 0,
            shared: 0,
            waiting: 0,
            dropped: Vec::new(),
        }
    }

    /// Lines for one more worker.
    pub(super) fn grow(&mut self) {
        self.own.push(Own::new());
    }

    pub(super) fn inject(&mut self, mut waiting: Waiting<U>) {
        waiting.home = None;
        self.shared += waiting.jobs;
        self.waiting += waiting.jobs;
        match waiting.unit.priority() {
            Priority::Urgent => self.urgent.push_back(waiting),
            Priority::Normal => self.injector.push(waiting),
            Priority::Background => {
                self.behind += waiting.jobs;
                self.background.push_back(waiting);
            }
        }
    }

    /// Onto the worker's deque, where its priority is the usual one.
    pub(super) fn push(&mut self, worker: usize, waiting: Waiting<U>) {
        if waiting.unit.priority() != Priority::Normal {
            return self.inject(waiting);
        }
        self.waiting += waiting.jobs;
        self.own[worker].push(waiting);
    }

    /// What lies on the worker's deque is for all from now on.
    pub(super) fn hand_over(&mut self, worker: usize) {
        for waiting in self.own[worker].drain_deque() {
            self.waiting -= waiting.jobs;
            self.inject(waiting);
        }
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

    /// The next unit for a worker that nobody has settled. It is the caller's, to post ([`posted`](Self::posted)) or to put
    /// back.
    pub(super) fn take(&mut self, worker: usize, may: May) -> Option<(Waiting<U>, Place)> {
        loop {
            let (waiting, place) = self.take_any(worker, may)?;
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
            Place::Urgent => {
                self.shared += waiting.jobs;
                self.urgent.push_front(waiting);
            }
            Place::Background => {
                self.shared += waiting.jobs;
                self.behind += waiting.jobs;
                self.background.push_front(waiting);
            }
        }
    }

    /// What was taken there has been posted.
    pub(super) fn posted(&mut self, place: Place) {
        let urgent = !self.urgent.is_empty();
        let background = !self.background.is_empty();
        let priority = match place {
            Place::Pinned | Place::Returned => return,
            Place::Urgent => Priority::Urgent,
            Place::Own | Place::OwnOldest | Place::Injector => Priority::Normal,
            Place::Background => Priority::Background,
        };
        let lower = match priority {
            Priority::Urgent => background || self.has_normal(),
            Priority::Normal => background,
            Priority::Background => false,
        };
        let higher = match priority {
            Priority::Urgent => false,
            Priority::Normal => urgent,
            Priority::Background => urgent || self.has_normal(),
        };
        self.ranks.went(lower, higher);
    }

    fn has_normal(&self) -> bool {
        self.held.is_some()
            || !self.injector.is_empty()
            || self.own.iter().any(|own| own.jobs() > 0)
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
        for waiting in self.drain_injected() {
            keep_or_drop(waiting, &mut dropped, |waiting| self.inject(waiting));
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
        all.extend(self.drain_injected());
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

    /// Whether all that waits is in the background.
    pub(super) fn is_all_background(&self) -> bool {
        self.behind == self.waiting
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

    fn take_any(&mut self, worker: usize, may: May) -> Option<(Waiting<U>, Place)> {
        let (waiting, place) = if let Some(waiting) = self.own[worker].take_pinned() {
            (waiting, Place::Pinned)
        } else if may == May::Pinned {
            return None;
        } else if let Some(waiting) = self.returned.pop_front() {
            (waiting, Place::Returned)
        } else {
            self.take_ranked(worker, may)?
        };
        if place == Place::Background {
            self.behind -= waiting.jobs;
        }
        if !matches!(place, Place::Pinned | Place::Own | Place::OwnOldest) {
            self.shared -= waiting.jobs;
        }
        self.waiting -= waiting.jobs;
        Some((waiting, place))
    }

    fn take_ranked(&mut self, worker: usize, may: May) -> Option<(Waiting<U>, Place)> {
        use Priority::{Background, Normal, Urgent};
        let turn = match self.ranks.turn(|| !self.urgent.is_empty()) {
            _ if mutated!(Starves) => Urgent,
            Urgent if mutated!(UrgentWaits) => Normal,
            turn => turn,
        };
        let order = match turn {
            Urgent => [Urgent, Normal, Background],
            Normal => [Normal, Background, Urgent],
            Background => [Background, Normal, Urgent],
        };
        // Where it is not its turn, nobody takes what is in the background who could steal instead.
        let is_due = order[2] != Background;
        order.into_iter().find_map(|priority| match priority {
            Urgent => Some((self.urgent.pop_front()?, Place::Urgent)),
            Normal => self.take_normal(worker),
            Background if is_due || may == May::All => {
                Some((self.background.pop_front()?, Place::Background))
            }
            Background => None,
        })
    }

    fn take_normal(&mut self, worker: usize) -> Option<(Waiting<U>, Place)> {
        if let Some((waiting, oldest)) = self.own[worker].pop() {
            return Some((waiting, if oldest { Place::OwnOldest } else { Place::Own }));
        }
        let held = self.held.take();
        let waiting = held.or_else(|| insist(|| self.injector.steal()))?;
        Some((waiting, Place::Injector))
    }

    fn drain_injected(&mut self) -> Vec<Waiting<U>> {
        self.behind = 0;
        let mut all: Vec<_> = std::mem::take(&mut self.urgent).into();
        all.extend(self.held.take());
        all.extend(std::iter::from_fn(|| insist(|| self.injector.steal())));
        all.extend(std::mem::take(&mut self.background));
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
