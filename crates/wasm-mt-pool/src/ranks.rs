//! [`Ranks`]: when it is the turn of a lower priority, so that none starves. The owner of a browser's pool has one, and so has
//! each native worker.

use crate::priority::{Priority, TURNS};

/// Counts what goes while what has less priority waits.
#[derive(Clone, Copy, Default)]
pub(crate) struct Ranks {
    /// Units that went before others of less priority, one after the other.
    passed: u32,
    /// How often it was the others' turn.
    turns: u32,
}

impl Ranks {
    /// Which priority comes first now; `urgent` says whether something of the first one waits.
    pub(crate) fn turn(&self, urgent: impl FnOnce() -> bool) -> Priority {
        if self.passed < TURNS - 1 {
            return Priority::Urgent;
        }
        // What is in the background has its turns among those of the others, while both wait behind what is urgent.
        if urgent() && !self.turns.wrapping_add(1).is_multiple_of(TURNS) {
            Priority::Normal
        } else {
            Priority::Background
        }
    }

    /// A unit went: `lower` than it others wait, and `higher`.
    pub(crate) fn went(&mut self, lower: bool, higher: bool) {
        if higher {
            self.passed = 0;
            self.turns = self.turns.wrapping_add(1);
        } else if lower {
            self.passed = self.passed.saturating_add(1);
        } else {
            self.passed = 0;
        }
    }
}
