//! What the parking is made of: the standard library's, or loom's where its models run. Nothing else of the fabric is
//! swapped for them.

#[cfg(not(loom))]
pub(super) use std::{
    sync::Mutex,
    sync::atomic::{AtomicU32, fence},
    thread,
};

#[cfg(loom)]
pub(super) use loom::{
    sync::Mutex,
    sync::atomic::{AtomicU32, fence},
    thread,
};

/// The steps that no wake-up is lost without. A model leaves one out to see that it then fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// To look again when the sleep is announced.
    SecondLook,
    /// The fence between the announcement and that look.
    SleepersFence,
    /// The fence between publishing a job and looking for sleepers.
    PublishersFence,
    /// To take a wake away in a way that reads it.
    ClearBySwap,
    /// To look for more work when the last searcher has found some.
    PassOn,
    /// To leave a wake for a worker that is awake.
    Token,
}

/// Whether the step is taken: always, but in a model that leaves it out.
#[cfg(not(loom))]
#[inline(always)]
pub(super) const fn taken(_: Step) -> bool {
    true
}

#[cfg(loom)]
pub(super) use super::models::taken;
