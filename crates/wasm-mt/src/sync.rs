//! What a handle settles with: the standard library's lock, or loom's where its models run.

#[cfg(loom)]
pub(crate) use loom::sync::{Mutex, MutexGuard};
#[cfg(not(loom))]
pub(crate) use std::sync::{Mutex, MutexGuard};

/// The steps without which a handle does not settle as it should. A model leaves one out to see that it then fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// To settle only what has not been settled.
    Once,
    /// To wake who waits.
    Wake,
    /// To leave word that the handle is gone.
    Detach,
    /// To tell the error that a handle left behind which went after it.
    TellLate,
}

/// Whether the step is taken: always, but in a model that leaves it out.
#[cfg(not(all(test, loom)))]
#[inline(always)]
pub(crate) const fn taken(_: Step) -> bool {
    true
}

#[cfg(all(test, loom))]
pub(crate) use crate::handle::models::taken;
