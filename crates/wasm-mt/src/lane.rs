//! [`Lane`]: a thread's jobs in order, and its present worker. Lives with the owner, is the same on every platform, and
//! knows of its worker only by [`sys::Link`]'s contract.
//!
//! One job at a time has the *front*: it was posted and its sync part has not ended. An async job leaves the front at its
//! first `await` and is *suspended* until it ends.
//!
//! 1. Only the front and the suspended jobs can have begun. A job in the queue has not, so it can be taken back, or go to
//!    the worker that replaces a dead one. The front has begun for sure where nothing was suspended when it was posted;
//!    else the worker announces it, and until then the job can be taken back where the backend can tell for certain.
//! 2. A job is in one place only: queue, front or suspended. It leaves the lane once, and its packet is settled then.
//! 3. What a replaced worker still reports carries its generation and is not heard.
//! 4. Packets are settled, and values dropped, after the lane's lock is given back: both run foreign code.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use crate::builder::Config;
use crate::error::{JoinError, JoinErrorKind, StartError, StartErrorKind};
use crate::handle::{JobId, Origin, Packet};
use crate::panic::Panic;
use crate::sys;
use crate::thread::Current;
use crate::worker::Outcome;

/// A thread's jobs and its present worker.
pub(crate) struct Lane {
    id: u64,
    pub(crate) config: Config,
    state: Mutex<State>,
    me: Weak<Lane>,
}

struct State {
    phase: Phase,
    /// Counts the workers that this thread has had.
    generation: u32,
    link: Option<sys::Link>,
    /// The present worker has done something beyond starting.
    proved: bool,
    start_timer: Option<sys::Timer>,
    starter: Option<Waker>,
    queue: VecDeque<Waiting>,
    front: Option<Front>,
    suspended: Vec<Arc<dyn Packet>>,
    /// The grace times of aborted jobs that have begun.
    graces: Vec<(JobId, sys::Timer)>,
}

impl State {
    /// Makes the start of the next worker the caller's: whoever comes next only queues. Gives its generation.
    fn claim(&mut self) -> u32 {
        self.generation += 1;
        self.phase = Phase::Starting;
        self.proved = false;
        self.generation
    }

    fn take_grace(&mut self, id: JobId) -> Option<sys::Timer> {
        let at = self.graces.iter().position(|(of, _)| *of == id)?;
        Some(self.graces.swap_remove(at).1)
    }

    /// Takes what has not been posted.
    fn take_waiting(&mut self, leaving: &mut Leaving, error: impl Fn() -> JoinError) {
        for Waiting { packet, task } in self.queue.drain(..) {
            leaving.packets.push((packet, error()));
            leaving.tasks.push(task);
        }
    }

    /// Takes the worker and all that has begun on it. A front that has not goes back to the queue.
    fn take_begun(
        &mut self,
        leaving: &mut Leaving,
        last_words: LastWords,
        error: impl Fn(JobId) -> JoinError,
    ) {
        leaving.link = self.link.take();
        leaving
            .timers
            .extend(self.graces.drain(..).map(|(_, timer)| timer));
        let front = self.front.take().and_then(|Front { packet, unbegun }| {
            match unbegun.and_then(|task| task.reclaim(last_words)) {
                Some(task) if packet.is_settled() => {
                    leaving.tasks.push(task);
                    None
                }
                Some(task) => {
                    self.queue.push_front(Waiting { packet, task });
                    None
                }
                None => Some(packet),
            }
        });
        for packet in front.into_iter().chain(self.suspended.drain(..)) {
            let error = error(packet.id());
            leaving.packets.push((packet, error));
        }
    }
}

enum Phase {
    Starting,
    Ready,
    /// The last start failed. The next job tries again.
    Failed(StartError),
    Terminated,
}

/// The job that was posted last, and holds the worker until it ends or waits for something.
struct Front {
    packet: Arc<dyn Packet>,
    /// Kept until the job is known to have begun: an async job in a long part of its own may keep it from that.
    unbegun: Option<sys::Task>,
}

struct Waiting {
    packet: Arc<dyn Packet>,
    task: sys::Task,
}

/// Packets on their way out of the lane, to be settled without its lock (invariant 4).
#[must_use]
#[derive(Default)]
struct Leaving {
    packets: Vec<(Arc<dyn Packet>, JoinError)>,
    tasks: Vec<sys::Task>,
    link: Option<sys::Link>,
    timers: Vec<sys::Timer>,
    starter: Option<Waker>,
}

impl Leaving {
    fn settle(self) {
        // The old worker goes first: nothing that it holds may outlive the word that it is gone.
        drop(self.link);
        drop(self.timers);
        drop(self.tasks);
        for (packet, error) in self.packets {
            packet.settle(Err(error));
        }
        if let Some(starter) = self.starter {
            starter.wake();
        }
    }
}

/// Whether all that a worker ever said has been heard when it ends.
#[derive(Clone, Copy)]
pub(crate) enum LastWords {
    /// It told of its end itself, after all else.
    Heard,
    /// It was ended from here, and something may have been on its way.
    CutOff,
}

/// How a worker ended that nobody ended.
pub(crate) struct Death {
    /// The job whose code was running, where one was.
    pub(crate) at: Option<JobId>,
    /// The panic that led to it, where one was noted.
    pub(crate) panic: Option<Panic>,
    /// What the engine says.
    pub(crate) message: String,
}

impl Lane {
    /// A lane whose first worker is starting.
    pub(crate) fn start(config: Config) -> Arc<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let lane = Arc::new_cyclic(|me| Lane {
            // ORDERING: Relaxed; only that no two are equal matters.
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            config,
            me: me.clone(),
            state: Mutex::new(State {
                phase: Phase::Starting,
                generation: 0,
                link: None,
                proved: false,
                start_timer: None,
                starter: None,
                queue: VecDeque::new(),
                front: None,
                suspended: Vec::new(),
                graces: Vec::new(),
            }),
        });
        lane.launch(0);
        lane
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
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
    pub(crate) fn poll_started(&self, cx: &mut Context<'_>) -> Poll<Result<(), StartError>> {
        // A waker is foreign code, in its clone and its drop too (invariant 4).
        let waker = cx.waker().clone();
        let mut state = self.lock();
        Poll::Ready(match &state.phase {
            Phase::Starting => {
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
        state.take_waiting(&mut leaving, || {
            JoinError::new(JoinErrorKind::NotReplaced(error.clone()))
        });
        drop(state);
        leaving.settle();
    }

    /// Takes a job in, whatever has become of the thread.
    pub(crate) fn push(&self, packet: Arc<dyn Packet>, task: sys::Task) {
        let waiting = Waiting { packet, task };
        let mut state = self.lock();
        match state.phase {
            Phase::Terminated => {
                drop(state);
                drop(waiting.task);
                waiting
                    .packet
                    .settle(Err(JoinError::new(JoinErrorKind::Closed)));
            }
            Phase::Failed(_) => {
                let generation = state.claim();
                state.queue.push_back(waiting);
                drop(state);
                self.launch(generation);
            }
            Phase::Starting | Phase::Ready => {
                state.queue.push_back(waiting);
                drop(state);
                self.pump();
            }
        }
    }

    /// Posts the next job, if the worker is free for it.
    fn pump(&self) {
        loop {
            let mut state = self.lock();
            if !matches!(state.phase, Phase::Ready) || state.front.is_some() {
                return;
            }
            let Some(link) = &state.link else {
                return;
            };
            let announce = !state.suspended.is_empty();
            let Some(Waiting { packet, task }) = state.queue.front() else {
                return;
            };
            // Posting runs no foreign code, so the lock may be held.
            let posted = link.post(packet.id(), task, announce);
            let Some(Waiting { packet, task }) = state.queue.pop_front() else {
                return;
            };
            match posted {
                Ok(()) => {
                    let (unbegun, begun) = if announce {
                        (Some(task), None)
                    } else {
                        (None, Some(task))
                    };
                    state.front = Some(Front { packet, unbegun });
                    drop(state);
                    drop(begun);
                    return;
                }
                Err(error) => {
                    drop(state);
                    drop(task);
                    packet.settle(Err(error));
                }
            }
        }
    }

    /// The front job has begun, which was not certain.
    pub(crate) fn begun(&self, generation: u32, id: JobId) {
        let Some(mut state) = self.lock_if(generation) else {
            return;
        };
        let task = match &mut state.front {
            Some(front) if front.packet.id() == id => front.unbegun.take(),
            _ => None,
        };
        drop(state);
        drop(task);
    }

    /// The front job waits for something.
    pub(crate) fn suspended(&self, generation: u32, id: JobId) {
        let Some(mut state) = self.lock_if(generation) else {
            return;
        };
        let Some(front) = state.front.take_if(|front| front.packet.id() == id) else {
            return;
        };
        state.suspended.push(front.packet);
        drop(state);
        drop(front.unbegun);
        self.pump();
    }

    /// The job has ended.
    pub(crate) fn finished(&self, generation: u32, id: JobId, outcome: Outcome) {
        let Some(mut state) = self.lock_if(generation) else {
            return;
        };
        let packet = match state.front.take_if(|front| front.packet.id() == id) {
            Some(front) => front.packet,
            None => match state.suspended.iter().position(|packet| packet.id() == id) {
                Some(at) => state.suspended.swap_remove(at),
                None => return,
            },
        };
        state.proved = true;
        let grace = state.take_grace(id);
        drop(state);
        drop(grace);
        self.pump();
        packet.settle(outcome);
    }

    /// The worker died. What it had begun ends, and another takes its place at once.
    pub(crate) fn died(&self, generation: u32, death: Death) {
        if death.at == Some(JobId::ON_START) {
            let error = self.job_error(&death);
            return self.start_failed(generation, StartError::new(StartErrorKind::OnStart(error)));
        }
        let Some(state) = self.lock_if(generation) else {
            return;
        };
        if matches!(state.phase, Phase::Starting) {
            drop(state);
            let error = StartError::new(StartErrorKind::Died(death.message));
            return self.start_failed(generation, error);
        }
        let idle = state.front.is_none() && state.suspended.is_empty() && state.queue.is_empty();
        if idle && !state.proved {
            // Something that the start left behind kills worker after worker. The next job tries again, and hears why.
            let mut state = state;
            state.phase = Phase::Failed(StartError::new(StartErrorKind::Died(death.message)));
            let link = state.link.take();
            drop(state);
            drop(link);
            return;
        }
        let victim = self.job_error(&death);
        let why = match death.at {
            Some(_) => "another of its jobs panicked or trapped".into(),
            None => death.message,
        };
        self.replace(state, LastWords::Heard, |id| {
            if Some(id) == death.at {
                victim.clone()
            } else {
                JoinError::new(JoinErrorKind::Lost {
                    why: why.clone(),
                    may_have_run: true,
                })
            }
        });
    }

    fn job_error(&self, death: &Death) -> JoinError {
        JoinError::new(match &death.panic {
            Some(panic) => JoinErrorKind::Panicked {
                panic: panic.clone(),
                thread: self.current(),
            },
            None => JoinErrorKind::Trapped {
                message: death.message.clone(),
                thread: self.current(),
            },
        })
    }

    /// Ends the worker and starts another. Begun jobs end with `error`; those in the queue stay (invariant 1).
    fn replace(
        &self,
        mut state: MutexGuard<'_, State>,
        last_words: LastWords,
        error: impl Fn(JobId) -> JoinError,
    ) {
        let mut leaving = Leaving::default();
        state.take_begun(&mut leaving, last_words, error);
        let generation = state.claim();
        drop(state);
        // The old worker's end first, so that it begins nothing more; then the next worker, which comes up while the
        // outcomes are told.
        drop(leaving.link.take());
        self.launch(generation);
        leaving.settle();
    }

    pub(crate) fn terminate(&self) {
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
        state.take_begun(&mut leaving, LastWords::CutOff, |_| JoinError::cancelled());
        state.take_waiting(&mut leaving, JoinError::cancelled);
        drop(state);
        leaving.settle();
    }

    /// The grace time of an aborted job is over.
    fn grace_over(&self, generation: u32, id: JobId) {
        let Some(mut state) = self.lock_if(generation) else {
            return;
        };
        let front = state.front.as_ref();
        let at_front = front.is_some_and(|front| front.packet.id() == id);
        let front_runs = front.is_some_and(|front| front.unbegun.is_none());
        let is_suspended = state.suspended.iter().any(|packet| packet.id() == id);
        // It has fired, and holds nothing any more.
        drop(state.take_grace(id));
        if !at_front && !is_suspended {
            return;
        }
        let beside = |packet: &Arc<dyn Packet>| packet.id() != id && !packet.is_settled();
        let may_be_another = is_suspended && state.suspended.iter().any(beside);
        if at_front != front_runs || may_be_another {
            // Another job keeps the worker busy, and this one cannot be stopped before that lets go: not its fault.
            self.arm_grace(&mut state, generation, id);
            return;
        }
        self.replace(state, LastWords::CutOff, |_| {
            JoinError::new(JoinErrorKind::Lost {
                why: "an aborted job beside it went on running".into(),
                may_have_run: true,
            })
        });
    }

    fn arm_grace(&self, state: &mut State, generation: u32, id: JobId) {
        let Some(grace) = self.config.abort_grace else {
            return;
        };
        let me = self.me.clone();
        let timer = sys::Timer::after(
            grace,
            Box::new(move || {
                if let Some(lane) = me.upgrade() {
                    lane.grace_over(generation, id);
                }
            }),
        );
        state.graces.push((id, timer));
    }
}

impl Origin for Lane {
    fn abandon(&self, id: JobId) {
        let mut state = self.lock();
        if let Some(at) = state
            .queue
            .iter()
            .position(|waiting| waiting.packet.id() == id)
        {
            let waiting = state.queue.remove(at);
            drop(state);
            drop(waiting);
            return;
        }
        let is_front = state
            .front
            .as_ref()
            .is_some_and(|front| front.packet.id() == id);
        if !is_front && !state.suspended.iter().any(|packet| packet.id() == id) {
            return;
        }
        let withdrawn = match &state.front {
            Some(Front {
                unbegun: Some(task),
                ..
            }) if is_front => task.withdraw(),
            _ => None,
        };
        if withdrawn.is_some() {
            let front = state.front.take();
            drop(state);
            drop(withdrawn);
            drop(front);
            return self.pump();
        }
        if let Some(link) = &state.link {
            link.abort(id);
        }
        let generation = state.generation;
        self.arm_grace(&mut state, generation, id);
    }
}
