//! [`State`]: where each job of a lane is, and what its worker is up to. The lane's lock guards it, so nothing here runs
//! foreign code; what leaves is handed out in [`Leaving`].

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;

use super::LastWords;
use crate::channel::Outlet;
use crate::error::{JoinError, JoinErrorKind, StartError};
use crate::handle::{JobId, Packet};
use crate::sys;
use crate::worker::Outcome;

pub(super) struct State {
    pub(super) phase: Phase,
    /// Counts the workers that this thread has had.
    pub(super) generation: u32,
    pub(super) link: Option<sys::Link>,
    /// The present worker has done something beyond starting.
    pub(super) proved: bool,
    pub(super) start_timer: Option<sys::Timer>,
    pub(super) starter: Option<Waker>,
    pub(super) queue: VecDeque<Box<Entry>>,
    pub(super) front: Option<Front>,
    /// In the order in which they began.
    #[expect(clippy::vec_box, reason = "an entry moves about as a pointer")]
    pub(super) suspended: Vec<Box<Entry>>,
    /// The grace times of aborted jobs that have begun.
    pub(super) graces: Vec<(JobId, sys::Timer)>,
}

pub(super) enum Phase {
    /// No worker was asked for yet.
    Idle,
    Starting,
    Ready,
    /// The last start failed. The next job tries again.
    Failed(StartError),
    Terminated,
}

/// A job in the lane, whose task is kept until it leaves. Boxed: it goes through up to five hands, and copies of it in each
/// are code.
pub(super) struct Entry {
    pub(super) packet: Arc<dyn Packet>,
    pub(super) task: sys::Task,
    /// The ends of channels that are with the job, and their places among its arguments.
    pub(super) outlets: Vec<(u32, Arc<dyn Outlet>)>,
    /// How often it has begun, or may have.
    runs: u32,
}

/// How often an idempotent job may begin: what took its workers along may be the job itself.
const RUNS: u32 = 3;

impl Entry {
    pub(super) fn new(packet: Arc<dyn Packet>, mut task: sys::Task) -> Box<Self> {
        let outlets = task.take_outlets();
        Box::new(Entry {
            packet,
            task,
            outlets,
            runs: 0,
        })
    }

    pub(super) fn is(&self, id: JobId) -> bool {
        self.packet.id() == id
    }

    /// Makes it ready to be posted anew, where its worker was lost, or gives the reason why it is not.
    fn begin_again(&mut self, why: String) -> Result<(), JoinError> {
        if !self.task.is_idempotent() || self.packet.is_settled() {
            return Err(JoinError::lost(why));
        }
        if self.runs == RUNS {
            let times = format!("{why}; the job has begun {RUNS} times");
            return Err(JoinError::lost(times));
        }
        self.task
            .again()
            .map_err(|reason| JoinError::lost(format!("{why}; it cannot begin again: {reason}")))
    }

    /// What the job ends with where no worker can be had for it.
    pub(super) fn not_replaced(&self, error: StartError) -> JoinError {
        JoinError::new(JoinErrorKind::NotReplaced {
            error,
            may_have_run: self.runs > 0,
        })
    }

    /// Ends the job. Runs foreign code: not under the lock.
    pub(super) fn end(self, outcome: Outcome) {
        drop(self.task);
        close(self.outlets);
        self.packet.settle(outcome);
    }
}

/// The job has ended for its owner, so its channels have. Runs foreign code: not under the lock.
pub(super) fn close(outlets: Vec<(u32, Arc<dyn Outlet>)>) {
    for (_, outlet) in outlets {
        outlet.close();
    }
}

/// The job that was posted last, and holds the worker until it ends or waits for something.
pub(super) struct Front {
    pub(super) entry: Box<Entry>,
    /// It is known to have begun: an async job in a long part of its own may keep it from that.
    pub(super) begun: bool,
}

impl Front {
    pub(super) fn begin(&mut self) {
        if !std::mem::replace(&mut self.begun, true) {
            self.entry.runs += 1;
            self.entry.task.begun();
        }
    }
}

impl State {
    /// Before the first worker.
    pub(super) fn new() -> Self {
        State {
            phase: Phase::Idle,
            generation: 0,
            link: None,
            proved: false,
            start_timer: None,
            starter: None,
            queue: VecDeque::new(),
            front: None,
            suspended: Vec::new(),
            graces: Vec::new(),
        }
    }

    /// Makes the start of the next worker the caller's: whoever comes next only queues. Gives its generation.
    pub(super) fn claim(&mut self) -> u32 {
        self.generation += 1;
        self.phase = Phase::Starting;
        self.proved = false;
        self.generation
    }

    /// A job that was posted and has not left.
    pub(super) fn posted(&mut self, id: JobId) -> Option<&mut Entry> {
        let front = self.front.as_mut().map(|front| &mut *front.entry);
        front
            .into_iter()
            .chain(self.suspended.iter_mut().map(|entry| &mut **entry))
            .find(|entry| entry.is(id))
    }

    /// Takes a job that was posted.
    pub(super) fn take_posted(&mut self, id: JobId) -> Option<Box<Entry>> {
        if let Some(front) = self.front.take_if(|front| front.entry.is(id)) {
            return Some(front.entry);
        }
        let at = self.suspended.iter().position(|entry| entry.is(id))?;
        Some(self.suspended.remove(at))
    }

    pub(super) fn take_grace(&mut self, id: JobId) -> Option<sys::Timer> {
        let at = self.graces.iter().position(|(of, _)| *of == id)?;
        Some(self.graces.swap_remove(at).1)
    }

    /// Takes what has not been posted.
    pub(super) fn take_waiting(
        &mut self,
        leaving: &mut Leaving,
        error: &dyn Fn(&Entry) -> JoinError,
    ) {
        for entry in std::mem::take(&mut self.queue) {
            let error = error(&entry);
            leaving.entries.push((entry, error));
        }
    }

    /// Takes the worker and all that has begun on it. A front that has not begun goes back to the queue, and so does what
    /// can begin again, in its old order.
    pub(super) fn take_begun(
        &mut self,
        leaving: &mut Leaving,
        last_words: LastWords,
        fate: &dyn Fn(JobId) -> Fate,
    ) {
        leaving.link = self.link.take();
        leaving
            .timers
            .extend(self.graces.drain(..).map(|(_, timer)| timer));
        let mut begun = std::mem::take(&mut self.suspended);
        if let Some(mut front) = self.front.take() {
            let waits = !front.begun && front.entry.task.reclaim(last_words);
            if waits && !front.entry.packet.is_settled() {
                self.queue.push_front(front.entry);
            } else {
                front.begin();
                begun.push(front.entry);
            }
        }
        for mut entry in begun.into_iter().rev() {
            let ended = match fate(entry.packet.id()) {
                Fate::Ends(error) => Err(error),
                Fate::Lost(why) => entry.begin_again(why),
            };
            match ended {
                Ok(()) => self.queue.push_front(entry),
                Err(error) => leaving.entries.push((entry, error)),
            }
        }
    }
}

/// What becomes of a job whose worker is taken from under it.
pub(super) enum Fate {
    Ends(JoinError),
    /// It was not at fault, so it begins again where it is idempotent.
    Lost(String),
}

/// What is on its way out of the lane, to be settled and dropped without its lock (invariant 4).
#[must_use]
#[derive(Default)]
pub(super) struct Leaving {
    pub(super) entries: Vec<(Box<Entry>, JoinError)>,
    pub(super) link: Option<sys::Link>,
    pub(super) timers: Vec<sys::Timer>,
    pub(super) starter: Option<Waker>,
}

impl Leaving {
    pub(super) fn settle(self) {
        // The old worker goes first: nothing that it holds may outlive the word that it is gone.
        drop(self.link);
        drop(self.timers);
        for (entry, error) in self.entries {
            entry.end(Err(error));
        }
        if let Some(starter) = self.starter {
            starter.wake();
        }
    }
}
