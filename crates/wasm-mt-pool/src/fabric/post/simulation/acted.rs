//! The units of a simulated run: so many jobs in a row of its list.

use std::cell::Cell;
use std::rc::Rc;

use crate::fabric::post::unit::Unit;
use crate::priority::Priority;

/// Jobs of one handle: one that was spawned, or what is left of a `map`.
#[derive(Clone, Debug)]
pub(crate) struct Acted {
    pub(crate) first: usize,
    pub(crate) jobs: usize,
    pub(crate) kind: u64,
    pub(crate) alone: bool,
    pub(crate) priority: Priority,
    pub(crate) pinned: Option<usize>,
    /// The handle was aborted.
    pub(crate) aborted: Rc<Cell<bool>>,
}

impl Unit for Acted {
    fn kind(&self) -> u64 {
        self.kind
    }

    fn len(&self) -> usize {
        self.jobs
    }

    fn split_off(&mut self, at: usize) -> Acted {
        assert!(
            0 < at && at < self.jobs,
            "a unit of {} is split at {at}",
            self.jobs
        );
        let rest = Acted {
            first: self.first + at,
            jobs: self.jobs - at,
            ..self.clone()
        };
        self.jobs = at;
        rest
    }

    fn priority(&self) -> Priority {
        self.priority
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
