//! What the lines hold, as far as they need to know it. What a unit answers may run while the pool is locked: it is quick, and
//! calls nothing foreign.

use crate::priority::Priority;

/// What the lines hold: a job, or what is left of a `map`.
pub(crate) trait Unit {
    /// Same function and types: what its cost is guessed by.
    fn kind(&self) -> u64;
    /// Jobs in it, at least one: 1 for a spawned job, many for what is left of a `map`.
    fn len(&self) -> usize;
    /// Leaves `at` jobs and gives the rest; 0 < at < len.
    fn split_off(&mut self, at: usize) -> Self;
    /// Whose turn comes first.
    fn priority(&self) -> Priority;
    /// Nobody waits for it any more.
    fn is_settled(&self) -> bool;
    /// It goes alone, and to a worker that has nothing posted (bulk that is handed over).
    fn goes_alone(&self) -> bool;
    /// It is one worker's: it came by [`Dispatch::pin`](super::dispatch::Dispatch::pin), and when it is given back it stays that worker's.
    fn is_pinned(&self) -> bool;
}
