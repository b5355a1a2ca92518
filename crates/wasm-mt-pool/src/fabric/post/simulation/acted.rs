//! The units of a simulated run: so many jobs in a row of its list.

use std::cell::Cell;
use std::rc::Rc;

use crate::fabric::post::dispatch::Unit;

/// Jobs of one group: one that was spawned, or what is left of a `map`.
#[derive(Clone, Debug)]
pub(super) struct Acted {
    pub(super) first: usize,
    pub(super) jobs: usize,
    pub(super) kind: u64,
    pub(super) alone: bool,
    pub(super) pinned: Option<usize>,
    pub(super) group: usize,
    /// The group's handle was aborted.
    pub(super) aborted: Rc<Cell<bool>>,
}

impl Unit for Acted {
    fn kind(&self) -> u64 {
        self.kind
    }

    fn len(&self) -> usize {
        self.jobs
    }

    fn split_off(&mut self, at: usize) -> Acted {
        assert!(0 < at && at < self.jobs, "a unit of {} is split at {at}", self.jobs);
        let rest = Acted { first: self.first + at, jobs: self.jobs - at, ..self.clone() };
        self.jobs = at;
        rest
    }

    fn is_settled(&self) -> bool {
        self.aborted.get()
    }

    fn goes_alone(&self) -> bool {
        self.alone
    }

    fn is_pinned(&self) -> bool {
        self.pinned.is_some()
    }
}
