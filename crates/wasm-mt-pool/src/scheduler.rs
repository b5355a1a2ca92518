//! How much goes to a worker at once, how far ahead of need, and whom to steal from. Lives with the pool's owner, whose
//! decisions alone it makes: it knows no platform, no deque and no job, only numbers. `docs/scheduler.md` states the rule.
//!
//! What has been posted can be taken back no more, so everything here weighs the price of a message against that of a job
//! that lies with the wrong worker.
//!
//! All times are microseconds as `f64`, by clocks that may tick as coarsely as once in a millisecond.

mod clock;
mod cost;
#[cfg(test)]
pub(crate) mod mutation;
mod pace;
mod room;
mod stats;
mod victim;

pub(crate) use clock::Clock;
pub(crate) use cost::{Costs, Part};
pub(crate) use pace::{Pace, Posted};
pub(crate) use room::{Room, Share};
pub(crate) use stats::WorkerStats;
pub(crate) use victim::victim;

/// Whether the simulation has put this fault into the rule; each of them must fail a test.
#[cfg(test)]
macro_rules! mutated {
    ($name:ident) => {
        $crate::scheduler::mutation::is($crate::scheduler::mutation::Mutation::$name)
    };
}
#[cfg(not(test))]
macro_rules! mutated {
    ($name:ident) => {
        false
    };
}
pub(crate) use mutated;
