//! [`Fork`]: one half of a job that called [`join`](crate::join), while any worker may take it. It lies on its joiner's deque, and the
//! joiner has another hold of it.
//!
//! 1. Who begins it is told by its task alone, which only one can begin. Where it lies says nothing: it may lie on the deque of a
//!    worker that has taken it along with others, while its joiner takes it back. What is then found there is dropped.
//! 2. Its end is told once, and where a worker has begun it, the joiner waits for that.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};

use wasm_mt::__pool::{self as door, Entry, Outcome, Packet, Task};
use wasm_mt::{JobId, JoinError};

pub(super) struct Fork {
    task: Task,
    /// That of the job which it is to another worker.
    id: OnceLock<JobId>,
    phase: Mutex<Phase>,
}

enum Phase {
    /// It has not ended elsewhere. Who is woken when it has.
    Open(Option<Waker>),
    Ended(Outcome),
    Taken,
}

impl Fork {
    pub(super) fn new(task: Task) -> Arc<Self> {
        Arc::new(Fork {
            task,
            id: OnceLock::new(),
            phase: Mutex::new(Phase::Open(None)),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Phase> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It has not begun anywhere.
    pub(super) fn waits(&self) -> bool {
        self.task.waits()
    }

    /// The job that it is to whoever has taken it.
    pub(super) fn entry(self: Arc<Self>) -> Box<Entry> {
        let id = *self.id.get_or_init(|| door::ids(1));
        let task = self.task.another();
        Entry::new(id, self, task)
    }

    /// Runs it as part of the joining job. `None` where another has begun it.
    pub(super) fn run_here(&self) -> Option<Outcome> {
        self.task.take_here()
    }

    /// Drops it where it has not begun. False where another has begun it, who is to end it.
    pub(super) fn withdraw(&self) -> bool {
        self.task.forget()
    }

    /// Tells who has begun it that it shall stop.
    pub(super) fn stop(&self) {
        // It was set before the job began.
        let id = self.id.get().copied();
        if let Some((origin, id)) = self.task.origin().upgrade().zip(id) {
            origin.abandon(id);
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        !matches!(*self.lock(), Phase::Open(_))
    }

    /// Ready when it has ended elsewhere.
    pub(super) fn poll_ended(&self, cx: &Context<'_>) -> Poll<()> {
        let new = cx.waker().clone();
        let mut phase = self.lock();
        let Phase::Open(waker) = &mut *phase else {
            return Poll::Ready(());
        };
        let before = waker.replace(new);
        drop(phase);
        drop(before);
        Poll::Pending
    }

    /// What it gave elsewhere, for once.
    pub(super) fn take(&self) -> Option<Outcome> {
        let mut phase = self.lock();
        match std::mem::replace(&mut *phase, Phase::Taken) {
            Phase::Ended(outcome) => Some(outcome),
            before => {
                *phase = before;
                None
            }
        }
    }
}

impl Packet for Fork {
    fn is_settled(&self) -> bool {
        self.has_ended()
    }

    fn settle(&self, _: JobId, outcome: Outcome) {
        let mut phase = self.lock();
        let Phase::Open(waker) = &mut *phase else {
            return;
        };
        let waker = waker.take();
        *phase = Phase::Ended(outcome);
        drop(phase);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Nobody has a handle of it.
    fn abort(&self, _: JoinError) {
        self.stop();
    }
}
