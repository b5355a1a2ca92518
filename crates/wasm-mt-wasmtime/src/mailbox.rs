//! [`Mailbox`]: what a running job has not heard yet, and what wakes it. Filled from any thread; emptied by the job's own.
//!
//! Never true: that a mailbox of a job that has ended holds something.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use futures::task::AtomicWaker;
use wasm_mt::__abi::{Event, Outcome};

use crate::backlog::{Backlog, Held, JOB, LETTER};
use crate::stores::Signal;

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
    /// Says that something has come, once the job has a store.
    signal: Option<Signal>,
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
                signal: None,
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
        // A short word of what became of a job is always taken: it was counted with that job.
        let bytes = match &event {
            Event::Ended(_, outcome) => length(outcome).saturating_sub(JOB / 2),
            Event::Item(_, _, bytes) => LETTER.saturating_add(bytes.len()),
            // Whoever loses word of a beginning hears of the end.
            Event::Closed(..) | Event::Begun(_) => LETTER,
            Event::Abort => 0,
        };
        let Some(held) = self.backlog.hold(bytes) else {
            return Pushed::Full;
        };
        let mut letters = self.lock();
        if letters.closed {
            return Pushed::Closed;
        }
        letters.events.push_back((event, held));
        let signal = letters.signal.clone();
        drop(letters);
        // Before the wake: see `stores.rs`.
        if let Some(signal) = signal {
            signal.notify();
        }
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

    /// The job has a store from now on, and this is its signal.
    pub(crate) fn has_signal(&self, signal: Signal) {
        self.lock().signal = Some(signal);
    }

    pub(crate) fn signal(&self) -> Option<Signal> {
        self.lock().signal.clone()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().events.is_empty()
    }

    /// Takes out the word of that child's end, where it lies there unheard.
    pub(crate) fn take_end(&self, id: u64) -> Option<Outcome> {
        let mut letters = self.lock();
        let is_its = |(event, _): &(Event, Held)| matches!(event, Event::Ended(of, _) if *of == id);
        // Those that ended first lie in front, and are mostly asked for first.
        let at = letters.events.iter().position(is_its)?;
        let letter = letters.events.remove(at);
        drop(letters);
        match letter {
            Some((Event::Ended(_, outcome), _)) => Some(outcome),
            _ => None,
        }
    }

    /// Nothing is heard any more. Gives how children ended of whom that was not heard.
    pub(crate) fn close(&self) -> impl Iterator<Item = Outcome> {
        let mut letters = self.lock();
        letters.closed = true;
        let events = std::mem::take(&mut letters.events);
        let signal = letters.signal.take();
        drop(letters);
        drop(signal);
        events.into_iter().filter_map(|(event, _)| match event {
            Event::Ended(_, outcome) => Some(outcome),
            _ => None,
        })
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

/// How many bytes it has, in words or as a value.
fn length(outcome: &Outcome) -> usize {
    match outcome {
        Outcome::Value(bytes) => bytes.len(),
        Outcome::Encode(what, why) | Outcome::Decode(what, why) => what.len() + why.len(),
        Outcome::Panicked(message, location, _) => message.len() + location.len(),
        Outcome::Trapped(why, _) | Outcome::Lost(why, _) => why.len(),
        Outcome::Cancelled | Outcome::OtherBuild | Outcome::Closed | Outcome::Full => 0,
    }
}
