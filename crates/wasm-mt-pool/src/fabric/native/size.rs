//! How many workers there are: the pool's size, and threads that end although the pool goes on.
//!
//! 1. A worker beyond the size *leaves*: it takes what only it can do and nothing else, lets others have its deque, and when no
//!    job of its own is left, ends. Whatever wakes it later starts a thread anew, which leaves again.
//! 2. A worker that *rests* has nothing, and is one of the sleepers: see `sleep.rs`.
//! 3. A thread that ends gives up its seat first, in the moment in which its park says so. What it does from then on, it does as
//!    one that was replaced.

use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};
use std::time::Instant;

use wasm_mt::__pool::{self as door, Hand};
use wasm_mt::StartError;

use super::park::Found;
use super::seat::Present;
use super::sleep::Work;
use super::{NEW, Native, sleep};

impl Native {
    /// There are to be so many workers from now on. Those that are new start; [`poll_started`](Self::poll_started) waits for them.
    ///
    /// # Errors
    /// Where they cannot be counted.
    pub(crate) fn resize(&self, workers: usize) -> Result<(), StartError> {
        if workers == 0 {
            return Err(door::no_workers());
        }
        if workers > sleep::MOST {
            return Err(door::too_many_workers(sleep::MOST));
        }
        let mut life = self.life();
        self.seats.grow(workers);
        self.sleep.grow(workers);
        // ORDERING: Relaxed; the wakes below publish it to those whom it concerns, and the fence to who looks for jobs.
        let before = self.size.swap(workers, Ordering::Relaxed);
        if self.is_shut() || self.phase() == NEW {
            return Ok(());
        }
        life.starting.retain(|worker| *worker < workers);
        life.missing.retain(|worker, _| *worker < workers);
        // ORDERING: SeqCst; pairs with the one in `vacate`, and with that in `Local::lay`.
        fence(Ordering::SeqCst);
        // They are launched without the lock: where that fails, jobs end.
        let mut launches = Vec::new();
        for worker in 0..workers {
            // One that is new may be an earlier one that is about to leave.
            if (worker >= before || self.sleep.is_gone(worker))
                && self.sleep.wake(worker) == Found::Gone
            {
                life.starting.insert(worker);
                launches.push(worker);
            }
        }
        for worker in workers..before {
            // Nobody rests under the lock: who has a thread now is told in it.
            self.sleep.dismiss(worker);
        }
        let timer = if life.starting.is_empty() {
            life.settle()
        } else {
            self.wait_for_starts(&mut life)
        };
        Self::tell(life);
        drop(timer);
        for worker in launches {
            self.launch(worker, false);
        }
        // What lies with those that leave is for all.
        self.published(Work::Laid);
        Ok(())
    }

    /// The worker is beyond the size.
    pub(super) fn leaves(&self, worker: usize) -> bool {
        worker >= self.workers()
    }

    /// When a worker that has nothing to do from now on may rest.
    pub(super) fn rests_at(&self) -> Option<Instant> {
        let limit = self.settings.idle_timeout?;
        Instant::now().checked_add(limit)
    }

    /// A sleeper has had nothing to do for long. Gives whether its thread ends (invariant 3).
    pub(super) fn rest(&self, worker: usize, hand: &Arc<Hand>) -> bool {
        // What it has begun would end with it.
        if !hand.is_empty() {
            return false;
        }
        // Nobody else rests meanwhile.
        let life = self.life();
        let least = self.settings.min_workers;
        let has_more = || {
            (0..self.workers())
                .filter(|one| self.sleep.has_thread(*one))
                .nth(least)
                .is_some()
        };
        if least > 0 && !has_more() {
            return false;
        }
        let (rests, gone) = self.give_up_seat(worker, || self.sleep.rest(worker));
        drop(life);
        drop(gone);
        rests
    }

    /// A worker that leaves has nothing more to do. Gives whether its thread ends (invariant 3): else it was woken.
    pub(super) fn leave(&self, worker: usize) -> bool {
        self.give_up_seat(worker, || self.sleep.leave(worker)).0
    }

    /// Invariant 3: where the park says that the thread ends. What was in the seat is dropped without a lock.
    fn give_up_seat(&self, worker: usize, ends: impl FnOnce() -> bool) -> (bool, Option<Present>) {
        let seat = &self.seats[worker];
        let mut present = seat.present();
        let ends = ends();
        let gone = if ends { present.take() } else { None };
        seat.set_up(!ends);
        (ends, gone)
    }
}
