//! How a job is parted in two: [`join`](crate::join()) on a worker's thread. One half lies on the worker's own deque while the other
//! runs; then it is run here too, unless another worker has begun it. Until that one has ended it the thread helps: it runs what
//! lies on deques, on top of the job that waits.
//!
//! 1. A job waits only for a half that another worker has begun, which began after it. So of all that wait for one another the one
//!    that began last waits for nobody: there is no deadlock, with help or without.
//! 2. What runs on top of a job ends before that goes on. So it is no async job, and no more than [`MOST`] are on one another.
//! 3. No half outlives its job: where one unwinds, or the job is to stop, the other is dropped, or stopped and waited for.

use std::future::poll_fn;
use std::panic::resume_unwind;
use std::task::{Context, Wake, Waker};

use wasm_mt::__pool::{Decode, Outcome, Task};
use wasm_mt::{Job, JoinError};

use super::super::fork::Fork;
use super::super::sleep::Sleep;
use super::*;
use crate::fork;

/// How many jobs of others run on top of those that wait, on one thread.
pub(crate) const MOST: u32 = 16;

/// Runs `a` here, and `b` by whoever is free.
#[track_caller]
pub(crate) fn join<A, B: Send + 'static>(a: impl FnOnce() -> A, b: Job<B>) -> (A, B) {
    match local().filter(|local| local.may_fork()) {
        Some(local) => {
            let (task, decode) = door::parts(b);
            local.join(a, task, decode)
        }
        None => fork::in_place(a, b),
    }
}

/// Wakes the worker whose job waits.
struct Nudge {
    sleep: Arc<Sleep>,
    worker: usize,
}

impl Wake for Nudge {
    fn wake(self: Arc<Self>) {
        self.sleep.nudge(self.worker);
    }
}

impl Local {
    /// Whether others may have half of what runs here, and that may wait for it.
    fn may_fork(&self) -> bool {
        self.fabric.settings.steal
            && self.fabric.workers() > 1
            && !self.hand.is_let_go()
            && door::current_job().is_some()
            && !door::is_shielded()
    }

    #[track_caller]
    fn join<A, T>(&self, a: impl FnOnce() -> A, task: Task, decode: Decode<T>) -> (A, T) {
        let fork = Fork::new(task);
        self.deque.push(Queued::Fork {
            fork: fork.clone(),
            home: self.worker as u32,
        });
        self.fabric.published(Work::Laid);
        let a = catch_unwind(AssertUnwindSafe(a));
        let outcome = if self.take_back(&fork) {
            // Nobody else has it. Where the job unwinds it is dropped.
            a.is_ok().then(|| fork.run_here()).flatten()
        } else {
            self.wait_for(&fork, a.is_err())
        };
        let a = a.unwrap_or_else(|payload| resume_unwind(payload));
        let outcome = outcome.unwrap_or_else(|| Err(door::cancelled()));
        if outcome.as_ref().is_err_and(JoinError::is_cancelled) {
            // Only its pool's end has cancelled the half, and so the job.
            door::unwind();
        }
        (a, fork::given(outcome.and_then(decode)))
    }

    /// Takes it from the own deque, where it is what was laid there last. Below what its job has spawned since it stays.
    fn take_back(&self, fork: &Arc<Fork>) -> bool {
        let Some(jobs) = self.deque.pop() else {
            return false;
        };
        let is_it = jobs.is(fork);
        if !is_it {
            // Who was relied on for it may have looked while it was not there.
            self.lay(jobs);
        }
        is_it
    }

    /// Until it has ended, here or elsewhere, or was dropped before it began. Nobody wants what it gives where the job unwinds.
    fn wait_for(&self, fork: &Fork, unwinds: bool) -> Option<Outcome> {
        let (mut stops, mut told) = (unwinds, false);
        let (mut slept, mut rounds) = (false, 0);
        let _ = self.hand.waits();
        let outcome = loop {
            if let Some(outcome) = fork.take() {
                break Some(outcome);
            }
            stops |= door::stops();
            if !stops {
                if fork.waits() {
                    // What runs now answers for the thread.
                    self.hand.has_waited();
                    let outcome = fork.run_here();
                    let _ = self.hand.waits();
                    if outcome.is_some() {
                        break outcome;
                    }
                }
            } else if fork.withdraw() {
                break None;
            } else if !told {
                told = true;
                fork.stop();
            }
            if !stops && self.help() {
                rounds = 0;
            } else if rounds < ROUNDS {
                rounds += 1;
                std::thread::yield_now();
            } else {
                slept = true;
                self.sleep_for(fork, stops);
            }
        };
        self.hand.has_waited();
        // It may have been woken for what it has not taken.
        if slept && let Some(another) = self.fabric.sleep.refrains(|| self.is_there_more()) {
            self.fabric.launch(another, true);
        }
        if stops && !unwinds {
            drop(outcome);
            door::unwind();
        }
        outcome
    }

    /// Runs what another has, or what lies here, on top of the job that waits. Gives whether there was anything.
    fn help(&self) -> bool {
        let nested = self.nested.get();
        if nested >= MOST || self.hand.is_let_go() {
            return false;
        }
        let Some(jobs) = self.deque.pop().or_else(|| self.steal_one()) else {
            return false;
        };
        if jobs.may_suspend() {
            // Invariant 2.
            self.fabric.inject(jobs);
            return true;
        }
        let depth = self.hand.depth();
        // What runs now answers for the thread.
        self.hand.has_waited();
        self.nested.set(nested + 1);
        let ran = catch_unwind(AssertUnwindSafe(|| self.run(jobs)));
        self.nested.set(nested);
        let _ = self.hand.waits();
        if ran.is_err() {
            // Foreign code, for which the job that waits does not answer either.
            self.put_down(depth);
        }
        true
    }

    /// Sleeps until there is something to look for.
    fn sleep_for(&self, fork: &Fork, stops: bool) {
        let nudge = Waker::from(Arc::new(Nudge {
            sleep: self.fabric.sleep.clone(),
            worker: self.worker,
        }));
        if fork.poll_ended(&Context::from_waker(&nudge)).is_ready() {
            return;
        }
        if !self.hand.waits() {
            // The thread is not the worker any more, and so leaves that one's park alone.
            return wasm_mt::block_on(poll_fn(|cx| fork.poll_ended(cx)));
        }
        let has_ended = || fork.has_ended() || (!stops && door::stops());
        if stops || self.nested.get() >= MOST {
            self.fabric.sleep.sleep_alone(self.worker, has_ended);
        } else {
            let look = || has_ended() || self.may_help();
            self.fabric.sleep.sleep_joining(self.worker, look);
        }
    }
}
