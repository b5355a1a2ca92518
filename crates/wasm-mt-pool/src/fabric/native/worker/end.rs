//! How a worker's thread ends while the pool goes on: for want of jobs, since there are to be fewer workers, or to make way for
//! a new one.

use super::*;

impl Local {
    /// What a worker that leaves has still to do. `None` where its thread ends, or where it stays after all.
    pub(super) fn last(&self) -> Option<Found> {
        let fabric = &self.fabric;
        while fabric.leaves(self.worker) && !fabric.is_shut() {
            // For others, also where they do not steal.
            while let Some(jobs) = self.deque.pop() {
                fabric.inject(jobs);
            }
            let takes = self.takes();
            let order = if takes {
                self.seat.inbox.pop()
            } else {
                self.seat.inbox.pop_abort()
            };
            if let Some(order) = order {
                return Some(Found::Order(order));
            }
            if self.executor.bell().is_rung() {
                return Some(Found::Turn);
            }
            self.idles();
            if !takes && !self.seat.inbox.is_empty() {
                fabric
                    .sleep
                    .sleep_alone(self.worker, || self.look_refraining());
            } else if !self.hand.is_empty() {
                fabric.sleep.sleep_alone(self.worker, || self.look_alone());
            } else if fabric.leave(self.worker) {
                self.ends.set(true);
                break;
            }
        }
        None
    }

    /// After so many jobs another thread takes its place: what may have been left behind in this one goes with it.
    pub(super) fn makes_way(&self) -> bool {
        let fabric = &self.fabric;
        // Async jobs would end with it. One that is leaving ends in any case.
        if self.begun.get() < self.most
            || !self.hand.is_empty()
            || fabric.leaves(self.worker)
            || fabric.is_shut()
        {
            return false;
        }
        while let Some(jobs) = settled(|| self.deque.stealer().steal()) {
            if fabric.settings.steal {
                fabric.inject(jobs);
            } else {
                // Nobody else may have it. The next thread looks there first.
                self.seat.inbox.push(Order::Run(jobs));
            }
        }
        fabric.launch(self.worker, false);
        true
    }

    /// The thread ends: its async jobs are dropped, and what lies on its deque is for others.
    pub(super) fn leave(&self) {
        self.idles();
        self.hand.abort_all();
        while !self.executor.is_empty() {
            let turn = catch_unwind(AssertUnwindSafe(|| self.hand.turn(|| self.executor.turn())));
            if matches!(turn, Ok(false)) {
                break;
            }
        }
        while let Some(jobs) = self.deque.pop() {
            self.fabric.inject(jobs);
        }
    }

    /// It has nothing to do for now.
    pub(super) fn idles(&self) {
        if let Some(since) = self.busy_since.take() {
            self.counters().busy(since.elapsed());
        }
    }
}
