//! [`Book`]: the count of Stores and of who waits for one. It knows no thread, no lock and no waker: what it decides, it tells
//! as [`News`], and [`Gate`](super::Gate) and the model act on the same. `../README.md` argues why nobody waits for ever.
//!
//! 1. Each leave is free, works, is suspended or is idle. So there are never more Stores than leaves.
//! 2. While a leave is free, nobody is in line.
//! 3. While somebody is in line, a leave works, or an idle one is asked for, or somebody is being told that there is none.

use std::collections::VecDeque;

use super::mutation::mutated;

/// Who is in line. No two are the same at a time.
pub(super) type Ticket = u64;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Book {
    free: usize,
    /// Leaves whose jobs run or can go on, or wait for what is none of the pool's.
    works: usize,
    /// Leaves whose jobs wait for what other jobs bring.
    suspended: usize,
    /// Who has been told that there is none, and has not told others yet.
    failing: usize,
    line: VecDeque<Ticket>,
    /// Of each worker.
    shelves: Vec<Shelf>,
}

/// The idle Stores of one worker.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Shelf {
    idle: usize,
    /// So many of them are to be given back for who is in line.
    asked: usize,
}

/// How a job stands to its leave. What changes it is told to the book first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Phase {
    Works,
    /// It works, and something has come for it since it looked.
    Notified,
    Suspended,
    /// It has ended: what comes is for nobody.
    Over,
}

/// What somebody else is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// Who is in line has a leave, which works.
    Granted(Ticket),
    /// Who is in line gets none.
    Failed(Ticket),
    /// This worker is to give an idle one back.
    Asked(usize),
}

impl Book {
    pub(super) fn new(most: usize, workers: usize) -> Self {
        Book {
            free: most.max(1),
            works: 0,
            suspended: 0,
            failing: 0,
            line: VecDeque::new(),
            shelves: vec![Shelf::default(); workers],
        }
    }

    /// Takes a leave, where one is free.
    pub(super) fn take(&mut self) -> bool {
        if self.free == 0 {
            return false;
        }
        self.free -= 1;
        self.works += 1;
        true
    }

    /// One for whom there was none is in line from now on.
    pub(super) fn join(&mut self, ticket: Ticket, news: &mut Vec<News>) {
        self.line.push_back(ticket);
        self.settle(news);
    }

    /// One in line waits no more.
    pub(super) fn give_up(&mut self, ticket: Ticket) {
        self.line.retain(|one| *one != ticket);
        self.ask_no_more();
    }

    /// One that got none has told whoever waits for it.
    pub(super) fn told(&mut self, news: &mut Vec<News>) {
        self.failing -= 1;
        self.settle(news);
    }

    /// The job of a leave waits for others, unless something came for it. Gives whether it does.
    pub(super) fn suspend(&mut self, phase: &mut Phase, news: &mut Vec<News>) -> bool {
        match phase {
            Phase::Works => {}
            Phase::Notified => {
                *phase = Phase::Works;
                if !mutated!(Deaf) {
                    return false;
                }
            }
            Phase::Suspended => return true,
            Phase::Over => return false,
        }
        *phase = Phase::Suspended;
        self.works -= 1;
        self.suspended += 1;
        if !mutated!(SuspendsUnseen) {
            self.settle(news);
        }
        true
    }

    /// It goes on.
    pub(super) fn resume(&mut self, phase: &mut Phase) {
        if *phase == Phase::Suspended {
            *phase = Phase::Works;
            self.suspended -= 1;
            self.works += 1;
        }
    }

    /// Something has come for it.
    pub(super) fn notify(&mut self, phase: &mut Phase) {
        if *phase == Phase::Over {
            return;
        }
        self.resume(phase);
        // Also of one that was suspended: it may be about to suspend anew.
        if !mutated!(Forgetful) {
            *phase = Phase::Notified;
        }
    }

    /// It has ended, and its leave works.
    pub(super) fn end(&mut self, phase: &mut Phase) {
        self.resume(phase);
        *phase = Phase::Over;
    }

    /// A leave that works is idle from now on, with its Store, unless somebody is in line for it. Gives whether it is.
    pub(super) fn shelve(&mut self, worker: usize) -> bool {
        if !self.line.is_empty() {
            return false;
        }
        let Some(shelf) = self.shelves.get_mut(worker) else {
            return false;
        };
        self.works -= 1;
        shelf.idle += 1;
        true
    }

    /// One that was idle works again.
    pub(super) fn unshelve(&mut self, worker: usize, news: &mut Vec<News>) {
        self.take_off(worker);
        self.works += 1;
        // Another may be idle, in its place.
        self.settle(news);
    }

    /// A leave that works is given back.
    pub(super) fn release(&mut self, news: &mut Vec<News>) {
        self.works -= 1;
        self.free(news);
    }

    /// An idle one is given back.
    pub(super) fn release_idle(&mut self, worker: usize, news: &mut Vec<News>) {
        self.take_off(worker);
        self.free(news);
    }

    fn free(&mut self, news: &mut Vec<News>) {
        self.free += 1;
        self.settle(news);
    }

    fn take_off(&mut self, worker: usize) {
        if let Some(shelf) = self.shelves.get_mut(worker) {
            shelf.idle -= 1;
            shelf.asked = shelf.asked.saturating_sub(1);
        }
    }

    /// Whether this worker is to give an idle one back.
    pub(super) fn asks(&self, worker: usize) -> bool {
        let asked = self.shelves.get(worker).map_or(0, |shelf| shelf.asked);
        asked > 0 && !self.line.is_empty()
    }

    /// Makes the invariants hold again.
    fn settle(&mut self, news: &mut Vec<News>) {
        while self.free > 0
            && !mutated!(NeverGranted)
            && let Some(first) = self.line.pop_front()
        {
            self.free -= 1;
            self.works += 1;
            news.push(News::Granted(first));
        }
        if self.is_stuck()
            && let Some(newest) = self.line.pop_back()
        {
            self.failing += 1;
            news.push(News::Failed(newest));
        }
        self.ask_no_more();
        self.ask(news);
    }

    /// Nobody can bring what those in line wait for.
    fn is_stuck(&self) -> bool {
        if mutated!(NobodyFails) {
            return false;
        }
        self.works == 0
            && (self.failing == 0 || mutated!(FailsAhead))
            && (self.idle() == 0 || mutated!(IdleUnseen))
    }

    fn idle(&self) -> usize {
        self.shelves.iter().map(|shelf| shelf.idle).sum()
    }

    /// An idle one is asked for, for each that is in line.
    fn ask(&mut self, news: &mut Vec<News>) {
        if self.line.is_empty() || mutated!(IdleKept) {
            return;
        }
        let asked: usize = self.shelves.iter().map(|shelf| shelf.asked).sum();
        let mut wanted = self.line.len().saturating_sub(asked);
        for (worker, shelf) in self.shelves.iter_mut().enumerate() {
            while wanted > 0 && shelf.asked < shelf.idle {
                shelf.asked += 1;
                wanted -= 1;
                news.push(News::Asked(worker));
            }
        }
    }

    /// Where nobody is in line any more, what was asked for is not: who comes next asks anew, which wakes somebody.
    fn ask_no_more(&mut self) {
        if self.line.is_empty() && !mutated!(AskedStale) {
            for shelf in &mut self.shelves {
                shelf.asked = 0;
            }
        }
    }

    #[cfg(test)]
    pub(super) fn leaves(&self) -> usize {
        self.free + self.works + self.suspended + self.idle()
    }

    #[cfg(test)]
    pub(super) fn has_idle(&self, worker: usize) -> bool {
        self.shelves[worker].idle > 0
    }

    #[cfg(test)]
    pub(super) fn in_line(&self) -> usize {
        self.line.len()
    }

    #[cfg(test)]
    pub(super) fn is_free(&self) -> bool {
        self.free > 0
    }
}
