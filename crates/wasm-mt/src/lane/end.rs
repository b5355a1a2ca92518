//! How a worker ends before its thread does: it dies, or an aborted job in it does not let go. What waited stays, and
//! another worker takes the place.

use std::collections::VecDeque;
use std::sync::MutexGuard;
use std::time::Duration;

use super::state::{Fate, Gone, Leaving, Phase, State};
use super::{Down, Lane};
use crate::entry::{self, Entry};
use crate::error::{JoinError, JoinErrorKind, StartError, StartErrorKind};
use crate::handle::{JobId, Origin};
use crate::panic::Panic;
use crate::sys;
use crate::thread::Current;

/// Whether all that a worker ever said has been heard when it ends.
#[derive(Clone, Copy)]
pub(crate) enum LastWords {
    /// It told of its end itself, after all else.
    Heard,
    /// It was ended from here, and has opened nothing behind what it is known to have, since it was not told to go on.
    Held,
    /// It is gone, and something may have been on its way.
    CutOff,
}

/// How a worker ended that nobody ended.
pub(crate) struct Death {
    /// The job whose code was running, where one was.
    pub(crate) at: Option<JobId>,
    pub(crate) cause: Cause,
    pub(crate) last_words: LastWords,
    /// How many jobs it ever entered, where it tells.
    pub(crate) entered: Option<u32>,
}

/// What a worker died of.
#[derive(Clone)]
pub(crate) enum Cause {
    /// A panic of its present job, where a panic ends the instance.
    Panic(Panic),
    /// The engine stopped its code, and says why.
    #[cfg_attr(
        not(target_family = "wasm"),
        expect(dead_code, reason = "natively a trap ends the process")
    )]
    Trap(String),
    /// It is gone, for a reason that no job is known to have given.
    Gone(String),
}

impl Cause {
    /// The error of the job that was running.
    fn of_job(self, thread: Current) -> JoinError {
        JoinError::new(match self {
            Cause::Panic(panic) => JoinErrorKind::Panicked { panic, thread },
            Cause::Trap(message) => JoinErrorKind::Trapped { message, thread },
            Cause::Gone(why) => return JoinError::lost(why),
        })
    }

    fn text(self) -> String {
        match self {
            Cause::Panic(panic) => format!("{panic}"),
            Cause::Trap(text) | Cause::Gone(text) => text,
        }
    }
}

/// What comes of a grace that is over.
type Over = fn(&Lane, u32, JobId);

/// What a worker has to do: what its silence is judged by.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Out {
    /// Nothing is out.
    Nothing,
    /// A job that awaits something, or is on its way.
    Waits,
    /// A job's sync part: until that ends it can say nothing.
    Runs,
}

/// A worker that opens nothing of what is posted to it, until it is ended or told to go on.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
#[derive(Debug)]
#[must_use = "the worker waits for what comes of it"]
pub struct Hold {
    generation: u32,
    /// By this it is told, as if it were an aborted job's.
    id: JobId,
}

impl Lane {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub(crate) fn out(&self, generation: u32) -> Out {
        let Some(state) = self.lock_if(generation) else {
            return Out::Nothing;
        };
        match state.frames.front() {
            Some(frame) if frame.begun => Out::Runs,
            None if state.suspended.is_empty() => Out::Nothing,
            _ => Out::Waits,
        }
    }

    /// What its worker has to do that was not posted.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub(crate) fn others(&self) -> Out {
        let feed = self.feed();
        feed.map_or(Out::Nothing, |(feed, at)| feed.out(at))
    }

    /// The same, for its silence to be judged by.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub(crate) fn owes(&self) -> Out {
        let feed = self.feed();
        feed.map_or(Out::Nothing, |(feed, at)| feed.owes(at))
    }

    /// A job runs in the worker that was not posted to it, as far as is known.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    fn runs_others(&self) -> bool {
        let token = self.lock().link.as_ref().map(sys::Link::token);
        token.is_some_and(|token| sys::others(token) == Out::Runs)
    }

    /// Elsewhere all is posted.
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    fn runs_others(&self) -> bool {
        false
    }

    /// The present worker has done something, or is about to.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub(crate) fn works(&self, generation: u32) {
        if let Some(mut state) = self.lock_if(generation) {
            state.proved = true;
        }
    }

    /// The worker died. What it had begun ends, and another takes its place at once.
    pub(crate) fn died(&self, generation: u32, death: Death) {
        let Death {
            at,
            cause,
            last_words,
            entered,
        } = death;
        let Some(mut state) = self.lock_if(generation) else {
            return;
        };
        if matches!(state.phase, Phase::Starting) {
            drop(state);
            let kind = if at == Some(JobId::ON_START) {
                StartErrorKind::OnStart(cause.of_job(self.current()))
            } else {
                StartErrorKind::Died(cause.text())
            };
            return self.start_failed(generation, StartError::new(kind));
        }
        // A job that was not posted is one, too.
        let idle = at.is_none_or(|id| id == JobId::ON_START)
            && state.frames.is_empty()
            && state.suspended.is_empty()
            && state.queue.is_empty();
        if idle && !state.proved {
            // Something that the start left behind kills worker after worker. The next job tries again, and hears why.
            let error = StartError::new(StartErrorKind::Died(cause.text()));
            state.phase = Phase::Failed(error.clone());
            let link = state.link.take();
            drop(state);
            drop(link);
            return self.tell(|feed, at| feed.failed(at, error));
        }
        let victim = at.map(|id| (id, cause.clone().of_job(self.current())));
        let why = match (at, cause) {
            (Some(_), Cause::Panic(_) | Cause::Trap(_)) => {
                "another of its jobs panicked or trapped".into()
            }
            (_, cause) => cause.text(),
        };
        let turns = entered.map(|entered| entered.wrapping_sub(state.left));
        let gone = Gone {
            at,
            last_words,
            turns,
        };
        let down = Down {
            back: VecDeque::new(),
            victim,
            why,
            may_go_on: !matches!(last_words, LastWords::Heard),
        };
        self.replace(state, gone, down);
    }

    /// Ends the worker, of which no more is to be heard, and starts another. What it has begun ends as lost.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub fn give_up(&self, why: &str) {
        let generation = self.lock().generation;
        // Whoever has to do with more than its start has seen it at work.
        self.works(generation);
        let death = Death {
            at: None,
            cause: Cause::Gone(why.into()),
            last_words: LastWords::CutOff,
            entered: None,
        };
        self.died(generation, death);
    }

    /// Ends the worker and starts another. The victim ends with its error, and what else has begun is lost; others wait for the
    /// next (invariant 1).
    fn replace(&self, mut state: MutexGuard<'_, State>, gone: Gone, mut down: Down) {
        let mut leaving = Leaving::default();
        state.take_posted(&mut leaving, gone, &|id| match &down.victim {
            Some((of, error)) if *of == id => Fate::Ends(error.clone()),
            _ => Fate::Lost(down.why.clone()),
        });
        down.back = std::mem::take(&mut leaving.back);
        if self.feed.is_none() {
            down.back.append(&mut state.queue);
            state.queue = std::mem::take(&mut down.back);
        }
        let generation = state.claim();
        drop(state);
        // The old worker's end first, so that it begins nothing more; then the next worker, which comes up while the
        // outcomes are told. A feed hears that it is down before it can hear that it failed.
        drop(leaving.link.take());
        self.tell(|feed, at| feed.down(at, down));
        self.launch(generation);
        leaving.settle();
    }

    /// The grace time of an aborted job is over. What has come meanwhile is heard first, where this thread is what hears it.
    fn grace_ends(&self, generation: u32, id: JobId, over: Over) {
        if sys::LEAST_GRACE.is_zero() {
            return over(self, generation, id);
        }
        let Some(mut state) = self.lock_if(generation) else {
            return;
        };
        if let Some((_, timer)) = state.graces.iter_mut().find(|(of, _)| *of == id) {
            let me = self.me.clone();
            let heard = move || {
                if let Some(lane) = me.upgrade() {
                    over(&lane, generation, id);
                }
            };
            // The one before has fired, and holds nothing any more.
            *timer = sys::Timer::after(Duration::ZERO, Box::new(heard));
        }
    }

    /// The worker has had its time, and was heard.
    fn grace_over(&self, generation: u32, id: JobId) {
        let runs = self.runs_others();
        let Some(mut state) = self.lock_if(generation) else {
            return;
        };
        let runs = runs || state.frames.iter().any(|frame| frame.begun);
        let framed = state.frames.iter().find(|frame| holds(&frame.entries, id));
        // Where it is in a frame, whether that was opened.
        let framed = framed.map(|frame| frame.begun);
        let is_suspended = holds(&state.suspended, id);
        // It has fired, and holds nothing any more.
        drop(state.take_grace(id));
        if framed.is_none() && !is_suspended {
            return;
        }
        let beside = |entry: &Entry| !entry.has(id) && !entry.is_settled();
        let may_be_another = is_suspended && state.suspended.iter().any(|entry| beside(entry));
        if framed.is_some() != runs || framed == Some(false) || may_be_another {
            // Another job keeps the worker busy, and this one cannot be stopped before that lets go: not its fault.
            self.arm_grace(&mut state, generation, id, Lane::grace_over);
            return;
        }
        self.replace_held(state);
    }

    /// An aborted job has not ended within its grace.
    fn replace_held(&self, state: MutexGuard<'_, State>) {
        let gone = Gone {
            at: None,
            last_words: LastWords::Held,
            turns: None,
        };
        let down = Down {
            back: VecDeque::new(),
            victim: None,
            why: "an aborted job beside it went on running".into(),
            may_go_on: true,
        };
        self.replace(state, gone, down);
    }

    /// Has a job stopped that was posted, for nobody waits for it. It has its grace from now on.
    pub(super) fn stop(&self, state: &mut State, generation: u32, id: JobId) {
        self.stop_with(state, generation, id, Lane::grace_over);
    }

    fn stop_with(&self, state: &mut State, generation: u32, id: JobId, over: Over) {
        if state.graces.iter().any(|(of, _)| *of == id) {
            return;
        }
        if let Some(link) = &state.link {
            link.abort(id, self.config.abort_grace.is_some());
        }
        self.arm_grace(state, generation, id, over);
    }

    fn arm_grace(&self, state: &mut State, generation: u32, id: JobId, over: Over) {
        let Some(grace) = self.config.grace() else {
            return;
        };
        let me = self.me.clone();
        let timer = sys::Timer::after(
            grace,
            Box::new(move || {
                if let Some(lane) = me.upgrade() {
                    lane.grace_ends(generation, id, over);
                }
            }),
        );
        state.graces.push((id, timer));
    }
}

impl Lane {
    /// A job of a pool's lane was given up on. Gives false where it is not here.
    pub fn abandon_posted(&self, id: JobId) -> bool {
        let mut state = self.lock();
        let Some(entry) = state.posted(id) else {
            return false;
        };
        let outlets = entry.take_outlets();
        let generation = state.generation;
        self.stop(&mut state, generation, id);
        drop(state);
        entry::close(outlets);
        true
    }

    /// A job was given up on that its worker has begun, though it was not posted to it. Unless its end is told within its grace, the
    /// worker is replaced.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub fn stop_aside(&self, id: JobId) {
        let mut state = self.lock();
        if matches!(state.phase, Phase::Ready) {
            let generation = state.generation;
            self.stop_with(&mut state, generation, id, Lane::aside_over);
        }
    }

    /// The same as [`grace_over`](Self::grace_over) for such a job.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    fn aside_over(&self, generation: u32, id: JobId) {
        let feed = self.feed();
        let is_given_up = feed.is_none_or(|(feed, at)| feed.runs_given_up(at));
        let Some(mut state) = self.lock_if(generation) else {
            return;
        };
        // It has fired, and holds nothing any more.
        let grace = state.take_grace(id);
        if grace.is_none() {
            return;
        }
        if !is_given_up || state.frames.iter().any(|frame| frame.begun) {
            // What runs is another.
            return self.arm_grace(&mut state, generation, id, Lane::aside_over);
        }
        self.replace_held(state);
    }

    /// Its worker runs something that was not posted to it, and that nobody waits for any more. It had its grace. From now on the worker
    /// opens nothing more of what is posted to it, as behind an aborted job. To be followed by [`end_held`](Self::end_held), when
    /// `LEAST_GRACE` is over and what has come was heard, or by [`go_on`](Self::go_on). `None` where a job has begun beside it.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub fn hold(&self) -> Option<Hold> {
        let state = self.lock();
        let link = state.link.as_ref().filter(|_| state.is_alone())?;
        let id = JobId::next();
        link.hold(id);
        Some(Hold {
            generation: state.generation,
            id,
        })
    }

    /// Unless a job has begun by now, another worker takes the place; gives whether it does. Else the worker goes on.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub fn end_held(&self, hold: Hold) -> bool {
        let Some(state) = self.lock_if(hold.generation) else {
            return false;
        };
        let is_alone = state.is_alone();
        if is_alone {
            self.replace_held(state);
        } else {
            drop(state);
            self.go_on(hold);
        }
        is_alone
    }

    /// The worker opens again what is posted to it.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub fn go_on(&self, hold: Hold) {
        if let Some(state) = self.lock_if(hold.generation)
            && let Some(link) = &state.link
        {
            link.go(hold.id);
        }
    }

    /// It has ended.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub fn ended_aside(&self, id: JobId) {
        let mut state = self.lock();
        let grace = state.take_grace(id);
        if grace.is_some()
            && let Some(link) = &state.link
        {
            link.go(id);
        }
        drop(state);
        drop(grace);
    }

    /// Some of a pool's jobs were given up on: those whose packets are settled.
    pub fn abandon_settled(&self) {
        let state = self.lock();
        let framed = state.frames.iter().flat_map(|frame| &frame.entries);
        let entries = framed.chain(&state.suspended);
        let settled = entries.filter(|entry| entry.is_settled());
        let known = |id: &JobId| state.graces.iter().all(|(of, _)| of != id);
        let ids: Vec<_> = settled.map(|entry| entry.first()).filter(known).collect();
        drop(state);
        for id in ids {
            self.abandon_posted(id);
        }
    }

    /// Takes back a thread's job that was posted and has not begun, where the backend can tell.
    fn withdraw(&self, id: JobId) -> bool {
        let mut state = self.lock();
        let withdrawn = state.frames.pop_back_if(|frame| {
            !frame.begun
                && frame.entries.len() == 1
                && frame.entries[0].has(id)
                && frame.entries[0].task.withdraw()
        });
        drop(state);
        let Some(frame) = withdrawn else {
            return false;
        };
        for entry in frame.entries {
            entry.discard();
        }
        true
    }
}

impl Origin for Lane {
    fn abandon(&self, id: JobId) {
        let mut state = self.lock();
        if let Some(at) = state.queue.iter().position(|entry| entry.has(id)) {
            let waiting = state.queue.remove(at);
            drop(state);
            if let Some(entry) = waiting {
                // Natively a run before may hold on to its ends.
                entry.discard();
            }
            return;
        }
        drop(state);
        if self.withdraw(id) {
            self.pump();
        } else {
            self.abandon_posted(id);
        }
    }
}

fn holds<'a>(entries: impl IntoIterator<Item = &'a Box<Entry>>, id: JobId) -> bool {
    entries.into_iter().any(|entry| entry.has(id))
}
