//! [`Gate`]: gives leave to make a Store, to so many in the whole pool. A job for which there is none stands in line; where nobody
//! can bring what those in line wait for, the newest of them fails. Shared by all workers; what it decides is in `stores/book.rs`,
//! and why nobody waits for ever in `README.md`.
//!
//! 1. A [`Leave`] lives beside its Store, and is dropped behind it: so a Store is never without one.
//! 2. Whoever brings something to a job calls its [`Signal`] before it gives up what it has itself.
//! 3. Wakers are called, and dropped, without the lock.

mod book;
#[cfg(test)]
mod model;
mod mutation;
#[cfg(test)]
mod tests;

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use self::book::{Book, News, Phase, Ticket};

pub(crate) struct Gate {
    state: Mutex<State>,
}

struct State {
    book: Book,
    /// Counts who was in line.
    next: Ticket,
    /// Of who is in line, or was and has not been polled since.
    wakers: Vec<(Ticket, Waker)>,
    /// Who has an answer and has not been polled since; whether it has a leave.
    answers: Vec<(Ticket, bool)>,
    /// Of who gives idle Stores back, by worker.
    keepers: Vec<Option<Waker>>,
}

impl State {
    /// What is to be told. Gives whom to wake, without the lock.
    fn hear(&mut self, news: Vec<News>) -> Vec<Waker> {
        let mut woken = Vec::new();
        for one in news {
            let (ticket, granted) = match one {
                News::Granted(ticket) => (ticket, true),
                News::Failed(ticket) => (ticket, false),
                News::Asked(worker) => {
                    woken.extend(self.keepers.get_mut(worker).and_then(Option::take));
                    continue;
                }
            };
            self.answers.push((ticket, granted));
            woken.extend(self.take_waker(ticket));
        }
        woken
    }

    fn take_waker(&mut self, ticket: Ticket) -> Option<Waker> {
        let at = self.wakers.iter().position(|(one, _)| *one == ticket)?;
        Some(self.wakers.swap_remove(at).1)
    }

    fn take_answer(&mut self, ticket: Ticket) -> Option<bool> {
        let at = self.answers.iter().position(|(one, _)| *one == ticket)?;
        Some(self.answers.swap_remove(at).1)
    }
}

impl Gate {
    /// Leave for so many Stores, at least one, on so many workers.
    pub(crate) fn new(most: usize, workers: usize) -> Arc<Self> {
        Arc::new(Gate {
            state: Mutex::new(State {
                book: Book::new(most, workers),
                next: 0,
                wakers: Vec::new(),
                answers: Vec::new(),
                keepers: vec![None; workers],
            }),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic under this lock could only be the allocator's.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the book, and wakes those whom that concerns.
    fn act<R>(&self, change: impl FnOnce(&mut Book, &mut Vec<News>) -> R) -> R {
        let mut news = Vec::new();
        let mut state = self.lock();
        let result = change(&mut state.book, &mut news);
        let woken = state.hear(news);
        drop(state);
        woken.into_iter().for_each(Waker::wake);
        result
    }

    /// Leave for a Store on this worker, where there is one. Nobody is overtaken: while somebody is in line, none is free.
    pub(crate) fn try_take(self: &Arc<Self>, worker: usize) -> Option<Leave> {
        let taken = self.lock().book.take();
        taken.then(|| Leave::new(self, worker))
    }

    /// The same, in line where there is none. At most one job of a worker may be in line: until it is through, the worker is to
    /// begin no other.
    pub(crate) fn take(self: &Arc<Self>, worker: usize) -> InLine {
        InLine {
            gate: self.clone(),
            worker,
            ticket: None,
        }
    }

    /// Ready when an idle Store of this worker is to be given back, for somebody in line elsewhere. One waits for it.
    pub(crate) fn poll_asked(&self, worker: usize, cx: &Context<'_>) -> Poll<()> {
        let waker = cx.waker().clone();
        let mut state = self.lock();
        if state.book.asks(worker) {
            return Poll::Ready(());
        }
        let keeper = state.keepers.get_mut(worker);
        let before = keeper.and_then(|keeper| keeper.replace(waker));
        drop(state);
        drop(before);
        Poll::Pending
    }
}

/// One in line for a Store. Dropped, it waits no more.
#[must_use = "it is in line only while it is polled"]
pub(crate) struct InLine {
    gate: Arc<Gate>,
    worker: usize,
    /// Once it is in line.
    ticket: Option<Ticket>,
}

impl InLine {
    fn answered(&mut self, granted: bool) -> Result<Leave, Crowded> {
        self.ticket = None;
        if granted {
            Ok(Leave::new(&self.gate, self.worker))
        } else {
            Err(Crowded {
                gate: self.gate.clone(),
            })
        }
    }
}

impl Future for InLine {
    type Output = Result<Leave, Crowded>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let waker = cx.waker().clone();
        let gate = self.gate.clone();
        let mut state = gate.lock();
        let mut news = Vec::new();
        let (ticket, before) = match self.ticket {
            Some(ticket) => (ticket, state.take_waker(ticket)),
            None if state.book.take() => {
                drop(state);
                return Poll::Ready(self.answered(true));
            }
            None => {
                let ticket = state.next;
                state.next += 1;
                state.book.join(ticket, &mut news);
                self.ticket = Some(ticket);
                (ticket, None)
            }
        };
        let woken = state.hear(news);
        let answer = state.take_answer(ticket);
        if answer.is_none() {
            state.wakers.push((ticket, waker));
        }
        drop(state);
        drop(before);
        woken.into_iter().for_each(Waker::wake);
        answer.map_or(Poll::Pending, |granted| Poll::Ready(self.answered(granted)))
    }
}

impl Drop for InLine {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket else {
            return;
        };
        let mut news = Vec::new();
        let mut state = self.gate.lock();
        let waker = state.take_waker(ticket);
        match state.take_answer(ticket) {
            Some(true) => state.book.release(&mut news),
            Some(false) => state.book.told(&mut news),
            None => state.book.give_up(ticket),
        }
        let woken = state.hear(news);
        drop(state);
        drop(waker);
        woken.into_iter().for_each(Waker::wake);
    }
}

/// There are as many Stores as there may be, and all wait for others. To be dropped when whoever waits for the job has been told:
/// until then nobody else fails.
#[must_use = "what waits for the job is to be told before it is dropped"]
pub(crate) struct Crowded {
    gate: Arc<Gate>,
}

impl Drop for Crowded {
    fn drop(&mut self) {
        self.gate.act(Book::told);
    }
}

impl fmt::Debug for Crowded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crowded").finish_non_exhaustive()
    }
}

/// Leave to have one Store on one worker. Dropped, it is given back: not before its Store is gone.
pub(crate) struct Leave {
    gate: Arc<Gate>,
    worker: usize,
    /// Of the job that its Store runs.
    signal: Option<Signal>,
    idle: bool,
}

impl Leave {
    fn new(gate: &Arc<Gate>, worker: usize) -> Self {
        Leave {
            gate: gate.clone(),
            worker,
            signal: None,
            idle: false,
        }
    }

    /// Its Store begins a job, which is to have the signal, and so is whoever brings it something.
    pub(crate) fn begins(&mut self) -> Signal {
        let signal = Signal {
            gate: self.gate.clone(),
            phase: Arc::new(Mutex::new(Phase::Works)),
        };
        let before = self.signal.replace(signal.clone());
        let (idle, worker) = (std::mem::take(&mut self.idle), self.worker);
        self.gate.act(|book, news| {
            if let Some(before) = &before {
                before.with(|phase| book.end(phase));
            }
            if idle {
                book.unshelve(worker, news);
            }
        });
        signal
    }

    /// The job has ended. Gives whether its Store may be kept for the next one; else somebody is in line for it, and it is to be
    /// dropped.
    #[must_use]
    pub(crate) fn idles(&mut self) -> bool {
        let (signal, worker) = (self.signal.take(), self.worker);
        self.idle = self.gate.act(|book, _| {
            if let Some(signal) = &signal {
                signal.with(|phase| book.end(phase));
            }
            book.shelve(worker)
        });
        self.idle
    }
}

impl Drop for Leave {
    fn drop(&mut self) {
        let (signal, idle, worker) = (self.signal.take(), self.idle, self.worker);
        // In one step: a job that has ended must not count as one that waits.
        self.gate.act(|book, news| {
            if let Some(signal) = &signal {
                signal.with(|phase| book.end(phase));
            }
            if idle {
                book.release_idle(worker, news);
            } else {
                book.release(news);
            }
        });
    }
}

/// Whether a job waits for others. Its own thread says that it does, and anybody that something has come; when it has ended, both say
/// nothing.
#[derive(Clone)]
pub(crate) struct Signal {
    gate: Arc<Gate>,
    /// Changed under the gate's lock only.
    phase: Arc<Mutex<Phase>>,
}

impl Signal {
    /// The job waits for what other jobs bring, and for nothing else: neither for a time nor for the host's own affairs. Gives
    /// whether it does; else something has come since it last looked, and it is to look again. A second time it changes nothing.
    #[must_use]
    pub(crate) fn suspends(&self) -> bool {
        self.gate
            .act(|book, news| self.with(|phase| book.suspend(phase, news)))
    }

    /// The job, which has seen that something has come, goes on.
    pub(crate) fn resumes(&self) {
        self.gate
            .act(|book, _| self.with(|phase| book.resume(phase)));
    }

    /// The job can go on. To be called by who brings something, when that is there to be found, and *before* the job is woken: it may
    /// have found it already and wait for more. It then counts as one that goes on until it is polled, and suspends anew.
    pub(crate) fn notify(&self) {
        self.gate
            .act(|book, _| self.with(|phase| book.notify(phase)));
    }

    fn with<R>(&self, f: impl FnOnce(&mut Phase) -> R) -> R {
        f(&mut self.phase.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
