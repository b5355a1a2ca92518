//! [`Lane`]: a thread's jobs in order, and its present worker. Lives with the owner, is the same on every platform, and
//! knows of its worker only by [`sys::Link`]'s contract.
//!
//! One job at a time has the *front*: it was posted and its sync part has not ended. An async job leaves the front at its
//! first `await` and is *suspended* until it ends.
//!
//! 1. Only the front and the suspended jobs can be running. A job in the queue is not, so it can be taken back, or go to
//!    the worker that replaces a dead one; it has begun before only where it is idempotent and lost a worker. The front has
//!    begun for sure where nothing was suspended when it was posted and the worker cannot end unnoticed; else the worker
//!    announces it, and until then the job can be taken back where the backend can tell for certain.
//! 2. A job is in one place only: queue, front or suspended. It leaves the lane once, and its packet is settled then.
//! 3. What a replaced worker still reports carries its generation and is not heard.
//! 4. Packets are settled, and values dropped, after the lane's lock is given back: both run foreign code.

mod end;
mod state;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};

use self::state::{Entry, Fate, Front, Leaving, Phase, State};
use crate::builder::Config;
use crate::channel::Outlet;
use crate::error::{JoinError, JoinErrorKind, StartError, StartErrorKind};
use crate::handle::{JobId, Packet};
#[cfg(target_family = "wasm")]
use crate::payload::Payload;
use crate::sys;
use crate::thread::Current;
use crate::worker::Outcome;

#[cfg(target_family = "wasm")]
pub(crate) use self::end::Out;
pub(crate) use self::end::{Cause, Death, LastWords};

/// A thread's jobs and its present worker.
pub(crate) struct Lane {
    id: u64,
    pub(crate) config: Config,
    state: Mutex<State>,
    me: Weak<Lane>,
}

impl Lane {
    /// A lane whose first worker waits for [`begin`](Self::begin).
    pub(crate) fn new(config: Config) -> Arc<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Arc::new_cyclic(|me| Lane {
            // ORDERING: Relaxed; only that no two are equal matters.
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            config,
            me: me.clone(),
            state: Mutex::new(State::new()),
        })
    }

    /// Starts a worker, where the first one has not been asked for, or the last start failed. Elsewhere gives `false`.
    pub(crate) fn begin(&self) -> bool {
        let mut state = self.lock();
        let begins = matches!(state.phase, Phase::Idle | Phase::Failed(_));
        if begins {
            let generation = state.claim();
            drop(state);
            self.launch(generation);
        }
        begins
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
    }

    /// Takes a job in, whatever has become of the thread.
    pub(crate) fn push(&self, packet: Arc<dyn Packet>, task: sys::Task) {
        let entry = Entry::new(packet, task);
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
            let announce = !state.suspended.is_empty() || link.is_unsure();
            let Some(Entry { packet, task, .. }) = state.queue.front().map(|entry| &**entry) else {
                return;
            };
            // Posting runs no foreign code, so the lock may be held.
            let posted = link.post(packet.id(), task, announce);
            let Some(entry) = state.queue.pop_front() else {
                return;
            };
            if let Err(error) = posted {
                drop(state);
                entry.end(Err(error));
                continue;
            }
            let front = state.front.insert(Front {
                entry,
                begun: false,
            });
            if !announce {
                front.begin();
            }
            return;
        }
    }

    /// The front job has begun, which was not certain.
    pub(crate) fn begun(&self, generation: u32, id: JobId) {
        let Some(mut state) = self.lock_if(generation) else {
            return;
        };
        if let Some(front) = &mut state.front
            && front.entry.is(id)
        {
            front.begin();
        }
    }

    /// The front job waits for something.
    pub(crate) fn suspended(&self, generation: u32, id: JobId) {
        let Some(mut state) = self.lock_if(generation) else {
            return;
        };
        let Some(mut front) = state.front.take_if(|front| front.entry.is(id)) else {
            return;
        };
        front.begin();
        state.suspended.push(front.entry);
        drop(state);
        self.pump();
    }

    /// The job has ended.
    pub(crate) fn finished(&self, generation: u32, id: JobId, outcome: Outcome) {
        let Some(mut state) = self.lock_if(generation) else {
            return;
        };
        let Some(entry) = state.take_posted(id) else {
            return;
        };
        state.proved = true;
        let grace = state.take_grace(id);
        drop(state);
        drop(grace);
        self.pump();
        entry.end(outcome);
    }

    /// A job's item has come through the channel whose end stood at `index` of its arguments.
    #[cfg(target_family = "wasm")]
    pub(crate) fn sent(&self, generation: u32, id: JobId, index: u32, item: Payload) {
        if let Some(outlet) = self.outlet(generation, id, |outlets| {
            let (_, outlet) = outlets.iter().find(|(at, _)| *at == index)?;
            Some(outlet.clone())
        }) {
            outlet.deliver(item);
        }
    }

    /// A job has dropped the end that stood at `index` of its arguments.
    #[cfg(target_family = "wasm")]
    pub(crate) fn closed(&self, generation: u32, id: JobId, index: u32) {
        if let Some(outlet) = self.outlet(generation, id, |outlets| {
            let at = outlets.iter().position(|(at, _)| *at == index)?;
            Some(outlets.swap_remove(at).1)
        }) {
            outlet.close();
        }
    }

    #[cfg(target_family = "wasm")]
    fn outlet(
        &self,
        generation: u32,
        id: JobId,
        find: impl FnOnce(&mut Vec<(u32, Arc<dyn Outlet>)>) -> Option<Arc<dyn Outlet>>,
    ) -> Option<Arc<dyn Outlet>> {
        let mut state = self.lock_if(generation)?;
        find(&mut state.posted(id)?.outlets)
    }

    /// A channel's end is with the job from now on. A job that has ended for its owner has none.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn bind(&self, generation: u32, id: JobId, end: Arc<dyn Outlet>) {
        let end = match self.lock_if(generation) {
            Some(mut state) => match state.posted(id) {
                Some(entry) if !entry.packet.is_settled() => {
                    entry.outlets.push((0, end));
                    return;
                }
                _ => end,
            },
            None => end,
        };
        end.close();
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
        state.take_begun(&mut leaving, LastWords::CutOff, &|_| {
            Fate::Ends(JoinError::cancelled())
        });
        state.take_waiting(&mut leaving, &|_| JoinError::cancelled());
        drop(state);
        leaving.settle();
    }
}
