//! A worker that begins no job for now, since whoever has started the fabric says so (`Native::takes`): it polls what it has
//! begun, drops what it is told to abort, and else sleeps.
//!
//! It is at work, to everybody else: neither one that searches nor one of the sleepers, and nobody relies on it. What lies on
//! its deque is for others; what is pinned to it waits. Whoever lets it begin jobs again does so on its own thread, or wakes one of its
//! futures: nothing else makes it ask again. `README.md` argues why no wake-up is lost.

use super::*;

impl Local {
    /// Whether this worker may begin a job. To be asked before each.
    pub(super) fn takes(&self) -> bool {
        let takes = self.fabric.takes.is_none_or(|takes| takes());
        if takes {
            self.refrains.set(false);
        }
        takes
    }

    /// What there is to do beside beginning jobs. It sleeps where there is nothing, and `None` is for asking anew.
    pub(super) fn refrain(&self) -> Option<Found> {
        let fabric = &self.fabric;
        // Who sleeps may have relied on what this worker was about to take.
        if !self.refrains.replace(true)
            && let Some(another) = fabric.sleep.refrains(|| self.is_there_more())
        {
            fabric.launch(another, true);
        }
        if let Some(abort) = self.seat.inbox.pop_abort() {
            return Some(Found::Order(abort));
        }
        if self.executor.bell().is_rung() {
            return Some(Found::Turn);
        }
        self.idles();
        fabric
            .sleep
            .sleep_alone(self.worker, || self.look_refraining());
        None
    }

    /// Whether there is anything that it was, or would be, woken for.
    pub(super) fn look_refraining(&self) -> bool {
        self.fabric.is_shut() || self.executor.bell().is_rung() || self.seat.inbox.has_aborts()
    }
}
