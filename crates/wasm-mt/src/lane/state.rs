//! [`State`]: where each job of a lane is, and what its worker is up to. The lane's lock guards it, so nothing here runs
//! foreign code; what leaves is handed out in [`Leaving`].

use std::collections::VecDeque;
use std::task::Waker;

use super::LastWords;
use crate::entry::{Entry, Left};
use crate::error::{JoinError, StartError};
use crate::handle::JobId;
use crate::sys;

pub(super) struct State {
    pub(super) phase: Phase,
    /// Counts the workers that this thread has had.
    pub(super) generation: u32,
    pub(super) link: Option<sys::Link>,
    /// The present worker has done something beyond starting.
    pub(super) proved: bool,
    pub(super) start_timer: Option<sys::Timer>,
    pub(super) starter: Option<Waker>,
    /// What a thread has not posted. A pool's jobs wait elsewhere.
    pub(super) queue: VecDeque<Box<Entry>>,
    /// What was posted and has not ended, in the order in which the worker opens it.
    pub(super) frames: VecDeque<Frame>,
    /// In the order in which they began.
    #[expect(clippy::vec_box, reason = "an entry moves about as a pointer")]
    pub(super) suspended: Vec<Box<Entry>>,
    /// How many jobs have left the frames of the present worker.
    pub(super) left: u32,
    /// How many it had entered when it last told of a frame's end.
    entered: u32,
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

/// Jobs that were posted together. Never without one: it goes with its last.
pub(super) struct Frame {
    pub(super) entries: VecDeque<Box<Entry>>,
    /// It has been opened, unless the worker ends before: an async job in a long part of its own may keep it from that.
    pub(super) begun: bool,
    /// The worker tells when it opens it.
    pub(super) announced: bool,
    /// One of its jobs may be async.
    pub(super) may_suspend: bool,
}

impl Frame {
    /// The worker has told that it opened it, so that what it was sent of a single job is not needed again.
    pub(super) fn begin(&mut self) {
        self.begun = true;
        if let [entry] = self.entries.make_contiguous() {
            // Of several, those behind the one that ends the worker can be posted again.
            entry.task.begun();
        }
    }
}

/// What the end of a frame tells.
pub(super) enum FrameEnds {
    /// All that the worker has entered has left the frames.
    InOrder,
    /// It was told before.
    Before,
    /// Something that the worker has entered is still here, and it will tell no more of that.
    Misses,
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
            frames: VecDeque::new(),
            suspended: Vec::new(),
            left: 0,
            entered: 0,
            graces: Vec::new(),
        }
    }

    /// Makes the start of the next worker the caller's: whoever comes next only queues. Gives its generation.
    pub(super) fn claim(&mut self) -> u32 {
        self.generation += 1;
        self.phase = Phase::Starting;
        self.proved = false;
        self.left = 0;
        self.entered = 0;
        self.generation
    }

    /// What holds a job that was posted and has not left.
    pub(super) fn posted(&mut self, id: JobId) -> Option<&mut Entry> {
        let in_frames = self.frames.iter_mut().flat_map(|frame| &mut frame.entries);
        in_frames
            .chain(&mut self.suspended)
            .find(|entry| entry.has(id))
            .map(|entry| &mut **entry)
    }

    /// Takes the entry out whose job begins or ends, from the frame that holds it.
    fn take_framed(&mut self, id: JobId) -> Option<Box<Entry>> {
        let (at, place) = self.find_framed(id)?;
        let frame = &mut self.frames[at];
        let entry = frame.entries.remove(place);
        if frame.entries.is_empty() {
            self.frames.remove(at);
            self.takes_first_as_begun();
        }
        self.left = self.left.wrapping_add(1);
        entry
    }

    /// What is not announced is opened as soon as there is nothing before it.
    pub(super) fn takes_first_as_begun(&mut self) {
        if let Some(first) = self.frames.front_mut() {
            first.begun |= !first.announced;
        }
    }

    /// A frame that is posted now could be kept from being opened, though nothing is before it: by an async job that has, or may
    /// have, suspended by then.
    pub(super) fn may_be_held_up(&self) -> bool {
        !self.suspended.is_empty() || self.frames.iter().any(|frame| frame.may_suspend)
    }

    /// The worker is up, and has begun none of what was posted to it, as far as is known.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub(super) fn is_alone(&self) -> bool {
        matches!(self.phase, Phase::Ready)
            && self.suspended.is_empty()
            && !self.frames.iter().any(|frame| frame.begun)
    }

    /// In which frame a job is, and where in that. Mostly it is the first of the first.
    fn find_framed(&self, id: JobId) -> Option<(usize, usize)> {
        self.frames.iter().enumerate().find_map(|(at, frame)| {
            let place = frame.entries.iter().position(|entry| entry.has(id))?;
            Some((at, place))
        })
    }

    /// The job awaits something: it leaves its frame.
    pub(super) fn suspend(&mut self, id: JobId) {
        let Some((at, place)) = self.find_framed(id) else {
            return;
        };
        // Those of several are never async.
        if self.frames[at].entries[place].len() > 1 {
            return;
        }
        self.frames[at].begin();
        if let Some(entry) = self.take_framed(id) {
            self.suspended.push(entry);
        }
    }

    /// A frame has ended, by when the worker had entered so many jobs.
    pub(super) fn frame_ends(&mut self, entered: u32) -> FrameEnds {
        if entered == self.entered {
            return FrameEnds::Before;
        }
        // The numbers may go round.
        match entered.wrapping_sub(self.left) {
            0 => {
                self.entered = entered;
                FrameEnds::InOrder
            }
            more if more <= u32::MAX / 2 => FrameEnds::Misses,
            _ => FrameEnds::Before,
        }
    }

    /// Takes a job that has ended. Those of one entry end in their order.
    pub(super) fn take_ended(&mut self, id: JobId) -> Option<Left> {
        if let Some((at, place)) = self.find_framed(id) {
            let entry = &mut self.frames[at].entries[place];
            if entry.len() > 1 {
                if entry.first() != id {
                    return None;
                }
                self.left = self.left.wrapping_add(1);
                return Some(Left::One(entry.take_first()));
            }
            return self.take_framed(id).map(Left::Whole);
        }
        let at = self.suspended.iter().position(|entry| entry.has(id))?;
        Some(Left::Whole(self.suspended.remove(at)))
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

    /// Takes the worker and all that was posted to it. What has begun meets its fate; what has not, and what can begin
    /// again, is given back in its old order.
    pub(super) fn take_posted(
        &mut self,
        leaving: &mut Leaving,
        gone: Gone,
        fate: &dyn Fn(JobId) -> Fate,
    ) {
        leaving.link = self.link.take();
        leaving
            .timers
            .extend(self.graces.drain(..).map(|(_, timer)| timer));
        let mut back = VecDeque::new();
        for entry in std::mem::take(&mut self.suspended) {
            meet(entry, fate, leaving, &mut back);
        }
        let mut turns = gone.turns;
        for frame in std::mem::take(&mut self.frames) {
            let stopped_in_it = gone
                .at
                .filter(|_| matches!(gone.last_words, LastWords::Heard));
            let stopped_in_it =
                stopped_in_it.filter(|id| frame.entries.iter().any(|entry| entry.has(*id)));
            // Whether what comes next in the frame had its turn.
            let mut had = frame.begun || stopped_in_it.is_some();
            for mut entry in frame.entries {
                let is_last = match &mut turns {
                    Some(turns) => {
                        had = *turns > 0;
                        *turns = turns.saturating_sub(1);
                        had
                    }
                    None => had && stopped_in_it.is_some_and(|id| entry.has(id)),
                };
                // Of several, those before it have been heard of, so it is the first.
                let rest = (is_last && entry.len() > 1).then(|| entry.split_off(1));
                if had || entry.is_settled() || !entry.task.reclaim(gone.last_words) {
                    meet(entry, fate, leaving, &mut back);
                } else {
                    back.push_back(entry);
                }
                back.extend(rest);
                had &= !is_last;
            }
        }
        leaving.back = back;
    }
}

/// A job that has begun meets its fate.
fn meet(
    mut entry: Box<Entry>,
    fate: &dyn Fn(JobId) -> Fate,
    leaving: &mut Leaving,
    back: &mut VecDeque<Box<Entry>>,
) {
    entry.count_run();
    let ended = match fate(entry.first()) {
        Fate::Ends(error) => Err(error),
        Fate::Lost(why) if entry.goes_alone() && !entry.is_idempotent() => {
            let gone = "it cannot run elsewhere: what it was handed over went down with its worker";
            Err(JoinError::lost(format!("{why}; {gone}")))
        }
        Fate::Lost(why) => entry.begin_again(why),
    };
    match ended {
        Ok(()) => back.push_back(entry),
        Err(error) => leaving.entries.push((entry, error)),
    }
}

/// How a worker's jobs came to be without it.
#[derive(Clone, Copy)]
pub(super) struct Gone {
    /// The job whose code was running, where that is known.
    pub(super) at: Option<JobId>,
    pub(super) last_words: LastWords,
    /// How many jobs of its frames, from the first on, had their turn, where the worker has told. It has told of all others
    /// that had.
    pub(super) turns: Option<u32>,
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
    /// What was posted and can be posted again. Not settled: it goes back to where it waited.
    pub(super) back: VecDeque<Box<Entry>>,
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
