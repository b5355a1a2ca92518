//! [`Lane`]: what was posted to a worker, and that worker, which another replaces when it ends. Lives with the owner, is the
//! same on every platform, and knows of its worker only by [`sys::Link`]'s contract.
//!
//! Jobs are posted in *frames*, which the worker opens one after the other. A thread has a queue of its own, and posts
//! frames of one job, one at a time. A pool's lane has a [`Feed`], which decides what is posted and when, and which gets back
//! what had not begun when a worker ended. An async job leaves its frame at its first `await` and is *suspended* until it
//! ends.
//!
//! 1. Only the jobs of a frame that was opened, and the suspended ones, can be running. A job that waits is not, so it can be
//!    taken back, or go to the worker that replaces a dead one; it has begun before only where it is idempotent and lost a
//!    worker. A frame is opened as soon as those before it have ended, where the worker cannot end unnoticed, does nothing that was
//!    not posted, and no async job was there, or on its way, when it was posted; else the worker announces it. Until then its jobs can be taken back where the
//!    backend can tell for certain. Where a worker is ended from here, the backend sees to it that such a frame was not opened: the worker opens
//!    nothing behind an aborted job before it is told that the job's end was heard.
//! 2. A job is in one place only: waiting, in a frame or suspended. It leaves the lane once, and its packet is settled then.
//! 3. What a replaced worker still reports carries its generation and is not heard.
//! 4. Packets are settled, and values dropped, after the lane's lock is given back: both run foreign code.

mod end;
mod state;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};

use self::state::{Fate, Frame, FrameEnds, Gone, Leaving, Phase, State};
use crate::builder::Config;
#[cfg(not(target_family = "wasm"))]
use crate::channel::Outlet;
use crate::entry::{Entry, Left};
use crate::error::{JoinError, JoinErrorKind, StartError, StartErrorKind};
use crate::handle::{JobId, Packet};
#[cfg(target_family = "wasm")]
use crate::payload::Payload;
use crate::sys;
use crate::thread::Current;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use crate::worker::Outcome;

pub(crate) use self::end::{Cause, Death, LastWords};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub use self::end::{Hold, Out};

/// Who has a pool's jobs, and hears of its lanes. `at` is the lane's number in the pool.
///
/// Called without the lane's lock.
pub trait Feed: Send + Sync {
    /// The lane's worker is up, and takes frames.
    fn up(&self, at: usize);
    /// It takes none, and another worker takes its place.
    fn down(&self, at: usize, down: Down);
    /// It could not be started, and is not tried again before [`Lane::begin`].
    fn failed(&self, at: usize, error: StartError);
    /// The oldest frame has ended.
    fn ended(&self, at: usize, ended: Ended);
    /// So many of its jobs have ended in their worker.
    fn left(&self, at: usize, jobs: usize);
    /// A job has ended in its worker that was not posted to it, or that has been told of before. Only a worker with a board has such.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    fn told(&self, at: usize, id: JobId, outcome: Outcome);
    /// What its worker has to do that was not posted to it. By default that is nothing.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    fn out(&self, _at: usize) -> Out {
        Out::Nothing
    }
    /// Whether what its worker runs of what was not posted is given up on, where some of that is. Asked without the lane's lock.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    fn runs_given_up(&self, _at: usize) -> bool {
        true
    }
    /// The same as [`Feed::out`], for its silence to be judged by: also what it could have had to do since this was asked last, and has not.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    fn owes(&self, _at: usize) -> Out {
        Out::Nothing
    }
    /// A job of its worker sends something to the pool.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    fn hears(&self, at: usize, message: &js_sys::Array);
}

/// A worker that has gone down.
#[derive(Debug)]
pub struct Down {
    /// What was posted to it and has not begun.
    pub back: VecDeque<Box<Entry>>,
    /// The job that it went down with, where that is known, and what that ends with. It may be none that was posted.
    pub victim: Option<(JobId, JoinError)>,
    /// Why all others that had begun are lost.
    pub why: String,
    /// It was ended from here, or has not told that it is gone, so it may go on for a while.
    pub may_go_on: bool,
}

/// What a worker tells at the end of a frame. All is 0 where nothing of that was posted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ended {
    /// For how many microseconds the frame ran.
    pub ran: f64,
    /// For how many the worker had idled before it.
    pub gap: f64,
    /// How many bytes of memory the worker's instance has, which never become fewer; 0 where that is not known.
    pub memory: u64,
}

/// What a worker tells of a frame, and how many jobs it has ever entered: as many as have left its frames, unless something
/// that it told of them got lost.
pub(crate) struct End {
    pub(crate) entered: u32,
    pub(crate) ended: Ended,
}

/// What a report says of a job.
pub(crate) enum Told<V = sys::Value> {
    /// It awaits something.
    Suspended,
    Finished(Result<V, JoinError>),
}

/// What was posted to a worker, and that worker.
pub struct Lane {
    id: u64,
    pub(crate) config: Config,
    state: Mutex<State>,
    feed: Option<(Weak<dyn Feed>, usize)>,
    me: Weak<Lane>,
}

impl Lane {
    /// A thread's lane, whose first worker waits for [`begin`](Self::begin).
    pub(crate) fn new(config: Config) -> Arc<Self> {
        Self::with(config, None)
    }

    /// The same for a pool: its number `at`.
    pub fn of_pool(config: Config, feed: Weak<dyn Feed>, at: usize) -> Arc<Self> {
        Self::with(config, Some((feed, at)))
    }

    fn with(config: Config, feed: Option<(Weak<dyn Feed>, usize)>) -> Arc<Self> {
        Arc::new_cyclic(|me| Lane {
            id: Current::next_id(),
            config,
            feed,
            me: me.clone(),
            state: Mutex::new(State::new()),
        })
    }

    /// Starts a worker, where the first one has not been asked for, or the last start failed. Elsewhere gives `false`.
    pub fn begin(&self) -> bool {
        let mut state = self.lock();
        let begins = matches!(state.phase, Phase::Idle | Phase::Failed(_));
        if begins {
            let generation = state.claim();
            drop(state);
            self.launch(generation);
        }
        begins
    }

    /// The thread's id.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The pool, where it is one's, and its number there.
    #[inline(never)]
    fn feed(&self) -> Option<(Arc<dyn Feed>, usize)> {
        let (feed, at) = self.feed.as_ref()?;
        Some((feed.upgrade()?, *at))
    }

    /// Tells the pool, where it is one's.
    fn tell(&self, f: impl FnOnce(&dyn Feed, usize)) {
        if let Some((feed, at)) = self.feed() {
            f(&*feed, at);
        }
    }

    pub(crate) fn is_terminated(&self) -> bool {
        matches!(self.lock().phase, Phase::Terminated)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic under this lock could only be the allocator's.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state, where `generation` is still the present worker's (invariant 3).
    fn lock_if(&self, generation: u32) -> Option<MutexGuard<'_, State>> {
        let state = self.lock();
        (state.generation == generation && !matches!(state.phase, Phase::Terminated))
            .then_some(state)
    }

    /// Starts the worker of a generation: the first, or one that was [claimed](State::claim).
    fn launch(&self, generation: u32) {
        if self.lock_if(generation).is_none() {
            return;
        }
        let me = self.me.clone();
        let limit = self.config.start_deadline;
        let timer = sys::Timer::after(
            limit,
            Box::new(move || {
                if let Some(lane) = me.upgrade() {
                    lane.start_failed(generation, StartError::new(StartErrorKind::Deadline(limit)));
                }
            }),
        );
        let link = sys::Link::start(self.me.clone(), generation, self.current(), &self.config);
        let mut state = self.lock();
        if state.generation != generation || !matches!(state.phase, Phase::Starting | Phase::Ready)
        {
            drop(state);
            return;
        }
        match link {
            Ok(link) => {
                state.link = Some(link);
                if matches!(state.phase, Phase::Starting) {
                    state.start_timer = Some(timer);
                }
                drop(state);
                self.pump();
            }
            Err(error) => {
                drop(state);
                self.start_failed(generation, error);
            }
        }
    }

    fn current(&self) -> Current {
        Current {
            id: self.id,
            name: self.config.name.clone(),
        }
    }

    /// Whether the first worker is up.
    ///
    /// # Errors
    /// That it will not be.
    pub fn poll_started(&self, cx: &mut Context<'_>) -> Poll<Result<(), StartError>> {
        // A waker is foreign code, in its clone and its drop too (invariant 4).
        let waker = cx.waker().clone();
        let mut state = self.lock();
        Poll::Ready(match &state.phase {
            Phase::Idle | Phase::Starting => {
                let before = state.starter.replace(waker);
                drop(state);
                drop(before);
                return Poll::Pending;
            }
            Phase::Ready => Ok(()),
            Phase::Failed(error) => Err(error.clone()),
            Phase::Terminated => Err(StartError::new(StartErrorKind::Terminated)),
        })
    }

    /// The worker is up.
    pub(crate) fn started(&self, generation: u32) {
        let Some(mut state) = self.lock_if(generation) else {
            return;
        };
        if !matches!(state.phase, Phase::Starting) {
            return;
        }
        state.phase = Phase::Ready;
        let timer = state.start_timer.take();
        let starter = state.starter.take();
        drop(state);
        drop(timer);
        if let Some(starter) = starter {
            starter.wake();
        }
        self.pump();
        self.tell(|feed, at| feed.up(at));
    }

    /// The worker will not come up. What waits for it ends; the next job tries again.
    pub(crate) fn start_failed(&self, generation: u32, error: StartError) {
        let Some(mut state) = self.lock_if(generation) else {
            return;
        };
        if !matches!(state.phase, Phase::Starting) {
            return;
        }
        state.phase = Phase::Failed(error.clone());
        let mut leaving = Leaving {
            link: state.link.take(),
            starter: state.starter.take(),
            ..Leaving::default()
        };
        leaving.timers.extend(state.start_timer.take());
        state.take_waiting(&mut leaving, &|entry| entry.not_replaced(error.clone()));
        drop(state);
        leaving.settle();
        self.tell(|feed, at| feed.failed(at, error));
    }

    /// Ends the worker until the next [`begin`](Self::begin), if it has nothing to do, and gives whether it has ended.
    pub fn rest(&self) -> bool {
        let mut state = self.lock();
        let is_idle = state.frames.is_empty() && state.suspended.is_empty();
        if !is_idle || !matches!(state.phase, Phase::Ready) {
            return false;
        }
        state.phase = Phase::Idle;
        // Invariant 3.
        state.generation += 1;
        let link = state.link.take();
        drop(state);
        drop(link);
        true
    }

    /// Tells its worker how many the pool has now. One that is not up has no code to hear it.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub fn is_of_pool(&self, workers: usize) {
        self.with_link(|link| link.is_of_pool(workers as u32));
    }

    /// Gives its worker what its board does not say, by `__wasm_mt_board` as that. Gives `false` where it is not up, since it has
    /// no code to hear it, or where that cannot be cloned.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub fn pass(&self, value: &wasm_bindgen::JsValue) -> bool {
        self.with_link(|link| link.pass(value).is_ok()) == Some(true)
    }

    /// Its worker may have to do what was not posted to it. Where nothing else can tell of its end, it is asked for signs of life for
    /// as long as something is out; gives whether it is so.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub fn watch(&self) -> bool {
        self.with_link(sys::Link::watch) == Some(true)
    }

    /// Has its worker look at what it has aboard.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub fn wake(&self) {
        self.with_link(sys::Link::wake);
    }

    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    fn with_link<R>(&self, f: impl FnOnce(&sys::Link) -> R) -> Option<R> {
        let state = self.lock();
        match (&state.phase, &state.link) {
            (Phase::Ready, Some(link)) => Some(f(link)),
            _ => None,
        }
    }

    /// Async jobs of its worker await something.
    pub fn awaits(&self) -> bool {
        !self.lock().suspended.is_empty()
    }

    /// Takes a thread's job in, whatever has become of the thread.
    pub(crate) fn push(&self, id: JobId, packet: Arc<dyn Packet>, task: sys::Task) {
        let entry = Entry::new(id, packet, task);
        let mut state = self.lock();
        match state.phase {
            Phase::Idle => {
                drop(state);
                entry.end(Err(JoinError::new(JoinErrorKind::NotStarted)));
            }
            Phase::Terminated => {
                drop(state);
                entry.end(Err(JoinError::new(JoinErrorKind::Closed)));
            }
            Phase::Failed(_) => {
                let generation = state.claim();
                state.queue.push_back(entry);
                drop(state);
                self.launch(generation);
            }
            Phase::Starting | Phase::Ready => {
                state.queue.push_back(entry);
                drop(state);
                self.pump();
            }
        }
    }

    /// Posts a thread's next job, if the worker is free for it.
    fn pump(&self) {
        loop {
            let mut state = self.lock();
            if !matches!(state.phase, Phase::Ready)
                || state.link.is_none()
                || !state.frames.is_empty()
            {
                return;
            }
            let Some(entry) = state.queue.pop_front() else {
                return;
            };
            let failed = post(
                &mut state,
                sys::Letter::of(entry, self.config.trace.is_some()),
            );
            drop(state);
            let posted = failed.is_empty();
            for (entry, error) in failed {
                entry.end(Err(error));
            }
            if posted {
                return;
            }
        }
    }

    /// Posts a pool's frame, or gives it back where there is no worker to post it to. Encoding runs foreign code.
    ///
    /// # Errors
    /// The frame, of which nothing was posted.
    pub fn post(&self, frame: Vec<Box<Entry>>) -> Result<(), Vec<Box<Entry>>> {
        if !matches!(self.lock().phase, Phase::Ready) {
            return Err(frame);
        }
        let letter = sys::Letter::write(frame, self.config.trace.is_some());
        let mut state = self.lock();
        if !matches!(state.phase, Phase::Ready) || state.link.is_none() {
            drop(state);
            return Err(letter.into_entries());
        }
        let before = state.frames.len();
        let failed = post(&mut state, letter);
        let posted = state.frames.len() > before;
        drop(state);
        for (entry, error) in failed {
            entry.end(Err(error));
        }
        if !posted {
            self.tell(|feed, at| feed.ended(at, Ended::default()));
        }
        Ok(())
    }

    /// A frame has been opened, which was not certain: the one that begins with this job.
    pub(crate) fn begun(&self, generation: u32, id: JobId) {
        let Some(mut state) = self.lock_if(generation) else {
            return;
        };
        let mut frames = state.frames.iter_mut();
        if let Some(frame) = frames.find(|frame| frame.entries.iter().any(|entry| entry.has(id)))
            && !frame.begun
        {
            frame.begin();
        }
    }

    /// A worker's report: of jobs, and of a frame, where one has ended. What is told again, or of jobs that are not here, is
    /// not heard.
    pub(crate) fn reported(&self, generation: u32, told: Vec<(JobId, Told)>, end: Option<End>) {
        let Some(mut state) = self.lock_if(generation) else {
            return;
        };
        let mut left = Vec::with_capacity(told.len());
        let mut graces = Vec::new();
        // Of `map`s that were given up on, what comes next.
        let mut next: Vec<JobId> = Vec::new();
        for (id, told) in told {
            match told {
                Told::Suspended => state.suspend(id),
                Told::Finished(outcome) => {
                    if let Some(job) = state.take_ended(id) {
                        let mut goes_on = next.extract_if(.., |next| *next == id).count() > 0;
                        if let Some(grace) = state.take_grace(id) {
                            goes_on = true;
                            graces.push(grace);
                            if let Some(link) = &state.link {
                                link.go(id);
                            }
                        }
                        if goes_on && matches!(job, Left::One(_)) {
                            next.push(id.next_to());
                        }
                        left.push((job, outcome));
                    }
                }
            }
        }
        for id in next {
            self.stop(&mut state, generation, id);
        }
        state.proved |= !left.is_empty();
        let (ended, misses) = match end.map(|end| (state.frame_ends(end.entered), end.ended)) {
            Some((FrameEnds::InOrder, ended)) => (Some(ended), false),
            Some((FrameEnds::Misses, _)) => (None, true),
            Some((FrameEnds::Before, _)) | None => (None, false),
        };
        drop(state);
        drop(graces);
        self.pump();
        self.tell(|feed, at| {
            feed.left(at, left.len());
            if let Some(ended) = ended {
                feed.ended(at, ended);
            }
        });
        for (job, outcome) in left {
            job.end(outcome);
        }
        if misses {
            let death = Death {
                at: None,
                cause: Cause::Gone("it has not told what became of a job".into()),
                last_words: LastWords::CutOff,
                entered: None,
            };
            self.died(generation, death);
        }
    }

    /// Takes out of a report what it tells of jobs that are not here, and tells the pool.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub(crate) fn hears_of_others(&self, generation: u32, told: &mut Vec<(JobId, Told)>) {
        let Some(mut state) = self.lock_if(generation) else {
            return;
        };
        let others: Vec<_> = told
            .extract_if(.., |(id, _)| state.posted(*id).is_none())
            .collect();
        state.proved |= !others.is_empty();
        drop(state);
        for (id, told) in others {
            if let Told::Finished(outcome) = told {
                self.tell(|feed, at| feed.told(at, id, outcome));
            }
        }
    }

    /// A job's item has come through the channel whose end stood at `index` of its arguments.
    #[cfg(target_family = "wasm")]
    pub(crate) fn sent(&self, generation: u32, id: JobId, index: u32, item: Payload) {
        let Some(mut state) = self.lock_if(generation) else {
            return;
        };
        let outlet = state
            .posted(id)
            .and_then(|entry| entry.outlet(id, index).cloned());
        drop(state);
        if let Some(outlet) = outlet {
            outlet.deliver(item);
        }
    }

    /// A job has dropped the end that stood at `index` of its arguments.
    #[cfg(target_family = "wasm")]
    pub(crate) fn closed(&self, generation: u32, id: JobId, index: u32) {
        let Some(mut state) = self.lock_if(generation) else {
            return;
        };
        let outlet = state
            .posted(id)
            .and_then(|entry| entry.take_outlet(id, index));
        drop(state);
        if let Some(outlet) = outlet {
            outlet.close();
        }
    }

    /// What the present worker sends to the pool.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub(crate) fn hears(&self, generation: u32, message: &js_sys::Array) {
        if self.lock_if(generation).is_some() {
            self.tell(|feed, at| feed.hears(at, message));
        }
    }

    /// A channel's end is with the job from now on. A job that has ended for its owner has none.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn bind(&self, generation: u32, id: JobId, end: Arc<dyn Outlet>) {
        let end = match self.lock_if(generation) {
            Some(mut state) => match state.posted(id) {
                Some(entry) if !entry.is_settled() => {
                    entry.hold(id, (0, end));
                    return;
                }
                _ => end,
            },
            None => end,
        };
        end.close();
    }

    /// Ends the worker, and all that was given to it as cancelled.
    pub fn terminate(&self) {
        let mut state = self.lock();
        if matches!(state.phase, Phase::Terminated) {
            return;
        }
        state.phase = Phase::Terminated;
        state.generation += 1;
        let mut leaving = Leaving {
            starter: state.starter.take(),
            ..Leaving::default()
        };
        leaving.timers.extend(state.start_timer.take());
        let gone = Gone {
            at: None,
            last_words: LastWords::CutOff,
            turns: None,
        };
        state.take_posted(&mut leaving, gone, &|_| Fate::Ends(JoinError::cancelled()));
        state.take_waiting(&mut leaving, &|_| JoinError::cancelled());
        let back = std::mem::take(&mut leaving.back);
        leaving.entries.extend(
            back.into_iter()
                .map(|entry| (entry, JoinError::cancelled())),
        );
        drop(state);
        leaving.settle();
    }
}

/// Posts a letter to the worker, under the lane's lock: it calls no foreign code. Gives what cannot be sent.
fn post(state: &mut State, mut letter: sys::Letter) -> Vec<(Box<Entry>, JoinError)> {
    let Some(link) = &state.link else {
        return Vec::new();
    };
    let announced = state.may_be_held_up() || link.is_unsure();
    let failed = link.post(&mut letter, announced);
    let entries: VecDeque<_> = letter.into_entries().into();
    if !entries.is_empty() {
        state.frames.push_back(Frame {
            may_suspend: entries.iter().any(|entry| entry.may_suspend()),
            entries,
            begun: false,
            announced,
        });
        state.takes_first_as_begun();
    }
    failed
}
