//! [`Random`]: from whom a worker tries to take first.

use std::cell::Cell;

/// Numbers that differ from worker to worker. Source: Marsaglia, "Xorshift RNGs" (2003).
pub(super) struct Random(Cell<u32>);

impl Random {
    /// The seed is not 0.
    pub(super) fn new(seed: u32) -> Self {
        Random(Cell::new(seed))
    }

    /// Less than `end`; 0 where that is 0.
    pub(super) fn below(&self, end: usize) -> usize {
        let mut x = self.0.get();
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        self.0.set(x);
        x as usize % end.max(1)
    }
}
