//! What the parking is made of: the standard library's, or loom's where its models run. Nothing else of the fabric is
//! swapped for them.

#[cfg(not(loom))]
pub(super) use std::{
    sync::Mutex,
    sync::atomic::{AtomicU32, AtomicU64, fence},
    thread,
};

#[cfg(loom)]
pub(super) use loom::{
    sync::Mutex,
    sync::atomic::{AtomicU32, AtomicU64, fence},
    thread,
};

/// Parks the thread, and is back at any unpark; false where that time has come.
#[cfg(not(loom))]
pub(super) fn park(until: Option<std::time::Instant>) -> bool {
    let Some(until) = until else {
        thread::park();
        return true;
    };
    let left = until.saturating_duration_since(std::time::Instant::now());
    if !left.is_zero() {
        thread::park_timeout(left);
    }
    !left.is_zero()
}

/// In a model every time has come.
#[cfg(loom)]
pub(super) fn park(until: Option<std::time::Instant>) -> bool {
    if until.is_none() {
        thread::park();
    }
    until.is_none()
}

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
    /// To look for more work when a worker begins to take none.
    HandOver,
    /// To leave a wake for a worker that is awake.
    Token,
    /// To end a thread only where its worker was not woken.
    EndByExchange,
    /// To start a thread for a job where only workers without one are free.
    ClaimResting,
    /// To wake who waits in a job for a job that it can run meanwhile, where nobody else sleeps.
    ClaimJoining,
}

/// Whether the step is taken: always, but in a model that leaves it out.
#[cfg(not(loom))]
#[inline(always)]
pub(super) const fn taken(_: Step) -> bool {
    true
}

#[cfg(loom)]
pub(super) use crate::fabric::models::taken;
