//! [`Injectors`]: what waits for any worker, a queue for each [`Priority`]. What a job spawns at the normal one lies on a
//! worker's deque instead.

use crossbeam_deque::{Injector, Steal, Worker};

use super::queued::Queued;
use crate::priority::Priority;

#[derive(Default)]
pub(super) struct Injectors {
    pub(super) urgent: Queue,
    pub(super) normal: Queue,
    pub(super) background: Queue,
}

#[derive(Default)]
pub(super) struct Queue(Injector<Queued>);

impl Injectors {
    fn all(&self) -> [&Queue; 3] {
        [&self.urgent, &self.normal, &self.background]
    }

    pub(super) fn push(&self, jobs: Queued) {
        let queue = match jobs.priority() {
            Priority::Urgent => &self.urgent,
            Priority::Normal => &self.normal,
            Priority::Background => &self.background,
        };
        queue.0.push(jobs);
    }

    /// Of any.
    pub(super) fn take(&self) -> Option<Queued> {
        self.all().into_iter().find_map(Queue::take)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all().into_iter().all(Queue::is_empty)
    }

    pub(super) fn len(&self) -> usize {
        self.all().into_iter().map(|queue| queue.0.len()).sum()
    }
}

impl Queue {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What has waited longest.
    pub(super) fn take(&self) -> Option<Queued> {
        if self.is_empty() {
            return None;
        }
        settled(|| self.0.steal())
    }

    /// The same, and some more onto the deque.
    pub(super) fn take_batch(&self, deque: &Worker<Queued>) -> Option<Queued> {
        settled(|| self.0.steal_batch_and_pop(deque))
    }
}

/// Takes until it is known whether there was something.
pub(super) fn settled<T>(mut take: impl FnMut() -> Steal<T>) -> Option<T> {
    loop {
        match take() {
            Steal::Success(taken) => return Some(taken),
            Steal::Empty => return None,
            Steal::Retry => std::hint::spin_loop(),
        }
    }
}
