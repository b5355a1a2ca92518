//! [`Thread`]: the owner's side of one worker, the same on every platform. What a platform must give is in [`sys`].
//!
//! The thread's *lane* holds its jobs in order. One job at a time has the *front*: it was posted and its sync part has not
//! ended. An async job leaves the front at its first `await` and is *suspended* until it ends.
//!
//! 1. Only the front and the suspended jobs can have begun. A job in the queue has not, so it can be taken back, or go to
//!    the worker that replaces a dead one. The front has begun for sure where nothing was suspended when it was posted;
//!    else the worker announces it, and until then it goes to the next worker too.
//! 2. A job is in one place only: queue, front or suspended. It leaves the lane once, and its packet is settled then.
//! 3. What a replaced worker still reports carries its generation and is not heard.
//! 4. Packets are settled, and values dropped, after the lane's lock is given back: both run foreign code.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use crate::builder::{Builder, Config};
use crate::error::{JoinError, JoinErrorKind, StartError, StartErrorKind, ThreadLabel};
use crate::handle::{JobId, JoinHandle, Origin, Packet, Shared};
use crate::job::{IntoJob, Job};
use crate::panic::Panic;
use crate::sys;
use crate::worker::Outcome;

/// A thread: a Web Worker in a browser, an OS thread natively. It runs the jobs that it is given, in order.
///
/// ```
/// # futures::executor::block_on(async {
/// use wasm_mt::{Thread, job};
///
/// let thread = Thread::start().await?;
/// let n = 20;
/// let sum: u64 = thread.spawn(job!(|n| (1..=n).sum())).await?;
/// assert_eq!(sum, 210);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
///
/// A job that panics or traps takes its worker along on the web, and another worker takes its place: the thread goes on.
/// What jobs keep in statics lasts as long as their worker.
///
/// Dropping a thread terminates it, as [`terminate`](Self::terminate).
pub struct Thread {
    lane: Arc<Lane>,
}

impl Thread {
    /// Starts a thread with the defaults of [`Builder`].
    ///
    /// # Errors
    /// As [`Builder::start`].
    pub async fn start() -> Result<Thread, StartError> {
        Builder::new().start().await
    }

    /// Settings for a thread.
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(crate) fn start_with(config: Config) -> Start {
        let lane = Lane::new(config);
        lane.launch();
        Start {
            thread: Some(Thread { lane }),
        }
    }

    /// Hands a job to the thread, which runs it when those before it are done or wait for something.
    ///
    /// Never waits. Whatever goes wrong, the handle says it: on a terminated thread it gives an error that
    /// [`is_closed`](JoinError::is_closed).
    pub fn spawn<T, M>(&self, job: impl IntoJob<T, M>) -> JoinHandle<T>
    where
        T: Send + 'static,
    {
        let Job { task, decode } = job.into_job();
        let origin: Weak<dyn Origin> = Arc::downgrade(&self.lane) as Weak<dyn Origin>;
        let shared = Shared::new(decode, self.lane.config.on_unhandled.clone(), origin);
        self.lane.push(Waiting {
            packet: shared.clone(),
            task,
        });
        JoinHandle::new(shared)
    }

    /// Ends the worker at once. Jobs that wait or run end as [cancelled](JoinError::is_cancelled); later ones are refused.
    ///
    /// Natively, where no thread can be killed, a job that runs goes on to its next `await` or its end, unheard.
    pub fn terminate(&self) {
        self.lane.terminate();
    }

    /// The thread was [terminated](Self::terminate).
    pub fn is_terminated(&self) -> bool {
        matches!(self.lane.lock().phase, Phase::Terminated)
    }

    /// The thread's id: unlike every other of this owner.
    pub fn id(&self) -> u64 {
        self.lane.id
    }

    /// The name given to [`Builder::name`].
    pub fn name(&self) -> Option<&str> {
        self.lane.config.name.as_deref()
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        self.terminate();
    }
}

impl fmt::Debug for Thread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Thread")
            .field("id", &self.id())
            .field("name", &self.name())
            .field("is_terminated", &self.is_terminated())
            .finish()
    }
}

/// The thread that runs this code, where that is one of ours.
///
/// `None` on the page, and natively on threads that others made.
pub fn current() -> Option<Current> {
    sys::current()
}

/// Whether this code runs in a [`Thread`].
pub fn is_worker() -> bool {
    current().is_some()
}

/// How many threads can run at once here: `navigator.hardwareConcurrency`, natively what the standard library says. At
/// least 1.
pub fn available_parallelism() -> usize {
    sys::available_parallelism()
}

/// What a job can know of its thread. See [`current`].
#[derive(Clone, Debug)]
pub struct Current {
    pub(crate) id: u64,
    pub(crate) name: Option<String>,
}

impl Current {
    /// The thread's [id](Thread::id).
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The thread's [name](Thread::name).
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

/// A start under way. Dropped, it ends the worker with the thread that it holds.
pub(crate) struct Start {
    thread: Option<Thread>,
}

impl Future for Start {
    type Output = Result<Thread, StartError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(thread) = &self.thread else {
            return Poll::Ready(Err(StartError::new(StartErrorKind::Terminated)));
        };
        let mut state = thread.lane.lock();
        let error = match &state.phase {
            Phase::Starting => {
                let before = state.starter.replace(cx.waker().clone());
                drop(state);
                drop(before);
                return Poll::Pending;
            }
            Phase::Ready => None,
            Phase::Failed(error) => Some(error.clone()),
            Phase::Terminated => Some(StartError::new(StartErrorKind::Terminated)),
        };
        drop(state);
        let thread = self.thread.take();
        Poll::Ready(match (error, thread) {
            (None, Some(thread)) => Ok(thread),
            (Some(error), _) => Err(error),
            (None, None) => Err(StartError::new(StartErrorKind::Terminated)),
        })
    }
}

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
    start_timer: Option<sys::Timer>,
    starter: Option<Waker>,
    queue: VecDeque<Waiting>,
    front: Option<Front>,
    suspended: Vec<Arc<dyn Packet>>,
    /// The grace times of aborted jobs that have begun.
    graces: Vec<(JobId, sys::Timer)>,
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
    fn new(config: Config) -> Arc<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Arc::new_cyclic(|me| Lane {
            // ORDERING: Relaxed; only that no two are equal matters.
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            config,
            me: me.clone(),
            state: Mutex::new(State {
                phase: Phase::Starting,
                generation: 0,
                link: None,
                start_timer: None,
                starter: None,
                queue: VecDeque::new(),
                front: None,
                suspended: Vec::new(),
                graces: Vec::new(),
            }),
        })
    }

    pub(crate) fn label(&self) -> ThreadLabel {
        ThreadLabel {
            id: self.id,
            name: self.config.name.clone(),
        }
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

    /// Starts a worker: the first, or one in a dead one's place.
    fn launch(&self) {
        let mut state = self.lock();
        if matches!(state.phase, Phase::Terminated) {
            return;
        }
        state.generation += 1;
        state.phase = Phase::Starting;
        let generation = state.generation;
        drop(state);

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
        for waiting in state.queue.drain(..) {
            let error = JoinError::new(JoinErrorKind::NotReplaced(error.clone()));
            leaving.packets.push((waiting.packet, error));
            leaving.tasks.push(waiting.task);
        }
        drop(state);
        leaving.settle();
    }

    fn push(&self, waiting: Waiting) {
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
                state.queue.push_back(waiting);
                drop(state);
                self.launch();
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
        let grace = take_grace(&mut state, id);
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
        let victim = self.job_error(&death);
        let why = match death.at {
            Some(_) => "another of its jobs panicked or trapped".into(),
            None => death.message,
        };
        self.replace(state, |id| {
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
                thread: self.label(),
            },
            None => JoinErrorKind::Trapped {
                message: death.message.clone(),
                thread: self.label(),
            },
        })
    }

    /// Ends the worker and starts another. Begun jobs end with `error`; those in the queue stay (invariant 1).
    fn replace(&self, mut state: MutexGuard<'_, State>, error: impl Fn(JobId) -> JoinError) {
        let mut leaving = Leaving::default();
        take_begun(&mut state, &mut leaving, error);
        state.phase = Phase::Starting;
        state.generation += 1;
        drop(state);
        // The next worker first: it comes up while the outcomes are told.
        self.launch();
        leaving.settle();
    }

    fn terminate(&self) {
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
        take_begun(&mut state, &mut leaving, |_| JoinError::cancelled());
        for waiting in state.queue.drain(..) {
            leaving
                .packets
                .push((waiting.packet, JoinError::cancelled()));
            leaving.tasks.push(waiting.task);
        }
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
        let used = take_grace(&mut state, id);
        if !at_front && !is_suspended {
            drop(state);
            drop(used);
            return;
        }
        if at_front != front_runs {
            // Another job keeps the worker busy, and this one cannot be stopped before that lets go: not its fault.
            self.arm_grace(&mut state, generation, id);
            drop(state);
            drop(used);
            return;
        }
        self.replace(state, |_| {
            JoinError::new(JoinErrorKind::Lost {
                why: "an aborted job beside it went on running".into(),
                may_have_run: true,
            })
        });
        drop(used);
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
        if let Some(link) = &state.link {
            link.abort(id);
        }
        let generation = state.generation;
        self.arm_grace(&mut state, generation, id);
    }
}

fn take_grace(state: &mut State, id: JobId) -> Option<sys::Timer> {
    let at = state.graces.iter().position(|(of, _)| *of == id)?;
    Some(state.graces.swap_remove(at).1)
}

/// Takes the worker and all that has begun on it. A front that has not goes back to the queue.
fn take_begun(state: &mut State, leaving: &mut Leaving, error: impl Fn(JobId) -> JoinError) {
    leaving.link = state.link.take();
    leaving
        .timers
        .extend(state.graces.drain(..).map(|(_, timer)| timer));
    let front = state.front.take().and_then(|Front { packet, unbegun }| {
        match unbegun.and_then(sys::Task::reclaim) {
            Some(task) if packet.is_settled() => {
                leaving.tasks.push(task);
                None
            }
            Some(task) => {
                state.queue.push_front(Waiting { packet, task });
                None
            }
            None => Some(packet),
        }
    });
    for packet in front.into_iter().chain(state.suspended.drain(..)) {
        let error = error(packet.id());
        leaving.packets.push((packet, error));
    }
}
