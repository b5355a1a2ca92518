//! The lines of one worker: its deque, and what is pinned to it.

use std::collections::VecDeque;

use crossbeam_deque as deque;
use crossbeam_deque::Steal;

use super::Waiting;

/// The lines of one worker.
pub(super) struct Own<U> {
    deque: deque::Worker<Waiting<U>>,
    stealer: deque::Stealer<Waiting<U>>,
    /// The deque's oldest.
    oldest: Option<Waiting<U>>,
    pinned: VecDeque<Waiting<U>>,
    /// Jobs in `deque` and `oldest`, and in `pinned`.
    jobs: usize,
    pinned_jobs: usize,
}

impl<U> Own<U> {
    pub(super) fn new() -> Own<U> {
        let deque = deque::Worker::new_lifo();
        Own {
            stealer: deque.stealer(),
            deque,
            oldest: None,
            pinned: VecDeque::new(),
            jobs: 0,
            pinned_jobs: 0,
        }
    }

    /// Jobs on the deque.
    pub(super) fn jobs(&self) -> usize {
        self.jobs
    }

    /// Jobs that are pinned.
    pub(super) fn pinned_jobs(&self) -> usize {
        self.pinned_jobs
    }

    /// Onto the deque, as its newest.
    pub(super) fn push(&mut self, waiting: Waiting<U>) {
        self.jobs += waiting.jobs;
        self.deque.push(waiting);
    }

    /// The newest, and whether it is the oldest too.
    pub(super) fn pop(&mut self) -> Option<(Waiting<U>, bool)> {
        let popped = self.deque.pop().map(|waiting| (waiting, false));
        let (waiting, oldest) =
            popped.or_else(|| self.oldest.take().map(|waiting| (waiting, true)))?;
        self.jobs -= waiting.jobs;
        Some((waiting, oldest))
    }

    /// The oldest.
    pub(super) fn steal(&mut self) -> Option<Waiting<U>> {
        let waiting = self
            .oldest
            .take()
            .or_else(|| insist(|| self.stealer.steal()))?;
        self.jobs -= waiting.jobs;
        Some(waiting)
    }

    /// Puts back what is left of the oldest.
    pub(super) fn put_oldest(&mut self, waiting: Waiting<U>) {
        self.jobs += waiting.jobs;
        self.oldest = Some(waiting);
    }

    pub(super) fn pin(&mut self, waiting: Waiting<U>) {
        self.pinned_jobs += waiting.jobs;
        self.pinned.push_back(waiting);
    }

    pub(super) fn pin_first(&mut self, waiting: Waiting<U>) {
        self.pinned_jobs += waiting.jobs;
        self.pinned.push_front(waiting);
    }

    pub(super) fn take_pinned(&mut self) -> Option<Waiting<U>> {
        let waiting = self.pinned.pop_front()?;
        self.pinned_jobs -= waiting.jobs;
        Some(waiting)
    }

    /// All of the deque, oldest first.
    pub(super) fn drain_deque(&mut self) -> Vec<Waiting<U>> {
        std::iter::from_fn(|| self.steal()).collect()
    }

    pub(super) fn drain_pinned(&mut self) -> Vec<Waiting<U>> {
        self.pinned_jobs = 0;
        std::mem::take(&mut self.pinned).into()
    }
}

/// Nobody else touches the deques, so `Retry` is nothing to give up for.
pub(super) fn insist<T>(mut steal: impl FnMut() -> Steal<T>) -> Option<T> {
    loop {
        match steal() {
            Steal::Success(taken) => return Some(taken),
            Steal::Empty => return None,
            Steal::Retry => {}
        }
    }
}
