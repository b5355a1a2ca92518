//! [`Ranks`]: when it is the turn of a lower priority, so that none starves.

use crate::priority::{Priority, TURNS};
use crate::scheduler::mutated;

/// Counts what goes while what has less priority waits.
#[derive(Default)]
pub(super) struct Ranks {
    /// Units that went before others of less priority, one after the other.
    passed: u32,
    /// How often it was the others' turn.
    turns: u32,
}

impl Ranks {
    /// Which priority comes first now.
    pub(super) fn turn(&self, urgent: bool) -> Priority {
        if mutated!(Starves) || self.passed < TURNS - 1 {
            return if mutated!(UrgentWaits) {
                Priority::Normal
            } else {
                Priority::Urgent
            };
        }
        // What is in the background has its turns among those of the others, while both wait behind what is urgent.
        if urgent && !(self.turns + 1).is_multiple_of(TURNS) {
            Priority::Normal
        } else {
            Priority::Background
        }
    }

    /// A unit went: `lower` than it others wait, and `higher`.
    pub(super) fn went(&mut self, lower: bool, higher: bool) {
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
