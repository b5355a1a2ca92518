//! [`Mailbox`]: what a running job has not heard yet, and what wakes it. Filled from any thread; emptied by the job's own.
//!
//! Never true: that a mailbox of a job that has ended holds something.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use futures::task::AtomicWaker;
use wasm_mt::__abi::{Event, Outcome};

use crate::backlog::{Backlog, Held};

/// A guest is told of so many bytes at once, and of the rest when it asks again.
const MOST: usize = 16 << 20;

pub(crate) struct Mailbox {
    letters: Mutex<Letters>,
    /// Of the future that runs the job.
    waker: AtomicWaker,
    backlog: Arc<Backlog>,
}

struct Letters {
    events: VecDeque<(Event, Held)>,
    closed: bool,
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "what is not taken is for the caller to tell"]
pub(crate) enum Pushed {
    Taken,
    /// Nobody hears it.
    Closed,
    /// The host holds as much as it may.
    Full,
}

impl Mailbox {
    pub(crate) fn new(backlog: Arc<Backlog>) -> Self {
        Mailbox {
            letters: Mutex::new(Letters {
                events: VecDeque::new(),
                closed: false,
            }),
            waker: AtomicWaker::new(),
            backlog,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Letters> {
        // A panic under this lock could only be the allocator's.
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn push(&self, event: Event) -> Pushed {
        let bytes = match &event {
            Event::Ended(_, Outcome::Value(bytes)) | Event::Item(_, _, bytes) => bytes.len(),
            _ => 0,
        };
        // What has no bytes is always taken: there are no more of them than of jobs.
        let Some(held) = self.backlog.hold(bytes) else {
            return Pushed::Full;
        };
        let mut letters = self.lock();
        if letters.closed {
            return Pushed::Closed;
        }
        letters.events.push_back((event, held));
        drop(letters);
        self.wake();
        Pushed::Taken
    }

    /// Writes what has come behind what `to` has, and tells `heard` of the jobs that ended.
    pub(crate) fn drain(&self, to: &mut Vec<u8>, mut heard: impl FnMut(u64)) {
        let mut letters = self.lock();
        while to.len() < MOST
            && let Some((event, _held)) = letters.events.pop_front()
        {
            if let Event::Ended(id, _) = &event {
                heard(*id);
            }
            event.write(to);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().events.is_empty()
    }

    /// Nothing is heard any more.
    pub(crate) fn close(&self) {
        let mut letters = self.lock();
        letters.closed = true;
        let events = std::mem::take(&mut letters.events);
        drop(letters);
        drop(events);
    }

    /// Whom to wake from now on.
    pub(crate) fn register(&self, waker: &Waker) {
        self.waker.register(waker);
    }

    /// Wakes the future that runs the job.
    pub(crate) fn wake(&self) {
        self.waker.wake();
    }
}
