//! [`Ticket`]: one job on its way, from its spawning to its end: who hears of it, its record while it waits, and its mailbox while it
//! runs. Held by the entry in the fabric, by the future that runs it, and by whoever may cancel it.
//!
//! 1. A ticket settles exactly once: by an outcome, a cancel or a time-out, whichever comes first. Later ones are dropped.
//! 2. No waker, callback or foreign code runs under the lock of the state or of the letters.
//! 3. A cancel settles at once. What becomes of the job's store is the running future's affair: it looks at the stop.
//! 4. A mailbox ends with its job: what comes later is for nobody.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use wasm_mt::__abi::{Event, flags};
use wasm_mt::__pool::{self as door, Packet, Timer};
use wasm_mt::{JobId, JoinError};

use crate::backlog::Held;
use crate::error::{JobError, JobErrorKind};
use crate::host::Host;
use crate::mailbox::{Mailbox, Pushed};
use crate::room::Room;
use crate::shares::Share;

/// What a job gave: the bytes of a value, or why there is none.
pub(crate) type Outcome = Result<Vec<u8>, JobError>;

/// What is to run.
#[derive(Debug)]
pub(crate) enum Work {
    /// A record of the ABI, and what it refers to.
    Record {
        bytes: Vec<u8>,
        context: Option<Arc<Share>>,
        _held: Held,
    },
    /// The program's `_start`, in an instance of its own.
    Main,
}

/// Who hears of a job's end.
enum Hears {
    /// Whoever has the [`Handle`](crate::Handle).
    Handle,
    /// The job that has spawned it, which calls it by this number.
    Parent(Weak<Ticket>),
}

pub(crate) struct Ticket {
    id: JobId,
    flags: i32,
    hears: Hears,
    host: Arc<Host>,
    state: Mutex<State>,
    /// It is to stop where it is. Never taken back.
    stopped: AtomicBool,
    /// It has suspended in `wait`, so that an abort may reach it there.
    waits: AtomicBool,
    pub(crate) mailbox: Mailbox,
    /// What it costs the host, where a guest has spawned it.
    _cost: Option<Held>,
}

struct State {
    heard: Heard,
    work: Phase,
    /// When an aborted job is stopped.
    grace: Option<Timer>,
}

enum Heard {
    Pending {
        waker: Option<Waker>,
        deadline: Option<Timer>,
        detached: bool,
    },
    Settled(Outcome),
    Taken,
}

enum Phase {
    /// With its place among those that wait, where these are counted.
    Waiting(Work, Option<Room>),
    Running,
    Over,
}

impl Ticket {
    /// A job of a host's own, which has a place among those that wait where these are counted.
    pub(crate) fn of_host(host: Arc<Host>, work: Work, room: Option<Room>) -> Arc<Self> {
        let waiting = Phase::Waiting(work, room);
        Self::new(host, 0, Hears::Handle, waiting, None)
    }

    /// One that was not taken in, and has ended with that.
    pub(crate) fn refused(host: Arc<Host>, error: JobError) -> Arc<Self> {
        let ticket = Self::new(host, 0, Hears::Handle, Phase::Over, None);
        ticket.finish(Err(error));
        ticket
    }

    /// A job that another has spawned.
    pub(crate) fn of_parent(parent: &Arc<Ticket>, flags: i32, work: Work, cost: Held) -> Arc<Self> {
        let hears = Hears::Parent(Arc::downgrade(parent));
        let waiting = Phase::Waiting(work, None);
        Self::new(parent.host.clone(), flags, hears, waiting, Some(cost))
    }

    fn new(
        host: Arc<Host>,
        flags: i32,
        hears: Hears,
        work: Phase,
        cost: Option<Held>,
    ) -> Arc<Self> {
        Arc::new(Ticket {
            id: door::ids(1),
            flags,
            hears,
            mailbox: Mailbox::new(host.backlog.clone()),
            host,
            state: Mutex::new(State {
                heard: Heard::Pending {
                    waker: None,
                    deadline: None,
                    detached: false,
                },
                work,
                grace: None,
            }),
            stopped: AtomicBool::new(false),
            waits: AtomicBool::new(false),
            _cost: cost,
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic under this lock could only be the allocator's; the state is whole at every step.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn id(&self) -> JobId {
        self.id
    }

    /// The id as a guest knows it.
    pub(crate) fn number(&self) -> u64 {
        door::number(self.id)
    }

    pub(crate) fn host(&self) -> &Arc<Host> {
        &self.host
    }

    /// Takes the job out, to run it. `None` where nobody waits for it any more.
    pub(crate) fn begin(&self) -> Option<Work> {
        let mut state = self.lock();
        if !matches!(state.work, Phase::Waiting(..)) {
            return None;
        }
        let before = std::mem::replace(&mut state.work, Phase::Running);
        drop(state);
        let Phase::Waiting(work, room) = before else {
            return None;
        };
        drop(room);
        if self.flags & flags::ANNOUNCE != 0 {
            // Whoever has ended needs not know.
            let _heard = self.tell(Event::Begun(self.number()));
        }
        Some(work)
    }

    /// The job has ended. What it gave is for whoever waits, unless that was told something else before.
    pub(crate) fn finish(&self, outcome: Outcome) {
        self.over();
        self.settle(outcome);
    }

    /// The job goes on no more, and hears nothing (rule 4).
    pub(crate) fn over(&self) {
        let mut state = self.lock();
        let before = std::mem::replace(&mut state.work, Phase::Over);
        let grace = state.grace.take();
        drop(state);
        drop((before, grace));
        for outcome in self.mailbox.close() {
            self.report_unheard(outcome);
        }
    }

    /// A child's end, of which its parent has not heard and will not.
    fn report_unheard(&self, outcome: wasm_mt::__abi::Outcome) {
        if let Err(error) = JobError::of_outcome(outcome) {
            self.report(error);
        }
    }

    /// False where it was settled before.
    fn settle(&self, outcome: Outcome) -> bool {
        let mut state = self.lock();
        let Heard::Pending { detached, .. } = state.heard else {
            return false;
        };
        let (next, told) = match self.hears {
            _ if detached => (Heard::Taken, Some(outcome)),
            Hears::Handle => (Heard::Settled(outcome), None),
            Hears::Parent(_) => (Heard::Taken, Some(outcome)),
        };
        let before = std::mem::replace(&mut state.heard, next);
        drop(state);
        if let Heard::Pending {
            waker: Some(waker), ..
        } = before
        {
            waker.wake();
        }
        match (told, detached) {
            (Some(Err(error)), true) => self.report(error),
            (Some(outcome), false) => self.tell_end(outcome),
            _ => {}
        }
        true
    }

    /// Tells the parent of the end. Where that hears nothing more, an error is told to the pool's `on_unhandled`.
    fn tell_end(&self, outcome: Outcome) {
        let ended = match &outcome {
            Ok(_) => None,
            Err(error) => Some(error.clone()),
        };
        let outcome = match outcome {
            Ok(bytes) => wasm_mt::__abi::Outcome::Value(bytes),
            Err(error) => error.to_outcome(crate::local::worker()),
        };
        match (self.tell(Event::Ended(self.number(), outcome)), ended) {
            (Pushed::Closed, Some(error)) => self.report(error),
            (Pushed::Full, _) => {
                let error: JobError = JobErrorKind::Limit(
                    "the host holds as much unread for its guests as it may; see `Builder::backlog_limit`".into(),
                )
                .into();
                let outcome = error.to_outcome(crate::local::worker());
                let _heard = self.tell(Event::Ended(self.number(), outcome));
            }
            _ => {}
        }
    }

    /// Puts something into the parent's mailbox.
    pub(crate) fn tell(&self, event: Event) -> Pushed {
        match &self.hears {
            Hears::Parent(parent) => match parent.upgrade() {
                Some(parent) => parent.mailbox.push(event),
                None => Pushed::Closed,
            },
            Hears::Handle => Pushed::Closed,
        }
    }

    /// Whoever is told may panic: that is not to end the thread, a drop or the job of this one.
    fn report(&self, error: JobError) {
        if !error.is_cancelled() {
            let tell = AssertUnwindSafe(|| (self.host.unhandled)(error));
            if let Err(panic) = catch_unwind(tell) {
                // Its drop is foreign code, which may unwind.
                let _ = catch_unwind(AssertUnwindSafe(|| drop(panic)));
            }
        }
    }

    /// The guest waits for its child of this number no more, which may have ended meanwhile.
    pub(crate) fn forget(&self, child: &Ticket) {
        child.detach();
        if let Some(outcome) = self.mailbox.take_end(child.number()) {
            self.report_unheard(outcome);
        }
    }

    /// The guest has given up on its child, and wants to hear nothing of it.
    pub(crate) fn give_up_on(&self, child: &Arc<Ticket>) {
        child.cancel_unheard();
        let _unheard = self.mailbox.take_end(child.number());
    }

    /// Settles with an error, and stops the job: one that waits never begins.
    pub(crate) fn abort(self: &Arc<Self>, error: JobError) {
        if self.settle(Err(error)) {
            self.give_up();
        }
    }

    /// The same without a word to the parent, whose wish it is.
    pub(crate) fn cancel_unheard(self: &Arc<Self>) {
        let mut state = self.lock();
        if !matches!(state.heard, Heard::Pending { .. }) {
            return;
        }
        let before = std::mem::replace(&mut state.heard, Heard::Taken);
        drop(state);
        drop(before);
        self.give_up();
    }

    /// Nobody waits for what the job gives.
    fn give_up(self: &Arc<Self>) {
        let mut state = self.lock();
        if let Phase::Waiting(..) = state.work {
            let before = std::mem::replace(&mut state.work, Phase::Over);
            drop(state);
            drop(before);
            return;
        }
        if !matches!(state.work, Phase::Running) {
            return;
        }
        // ORDERING: Relaxed; one that has just begun to wait is stopped at once, as one that has not.
        let may_end = self.flags & flags::ASYNC != 0 || self.waits.load(Ordering::Relaxed);
        let grace = self.host.abort_grace;
        if !may_end || grace.is_zero() {
            drop(state);
            return self.stop();
        }
        if state.grace.is_none() {
            let me = Arc::downgrade(self);
            let fire = move || {
                if let Some(ticket) = me.upgrade() {
                    ticket.stop();
                }
            };
            state.grace = Some(Timer::after(grace, Box::new(fire)));
        }
        drop(state);
        let _ = self.mailbox.push(Event::Abort);
    }

    /// The fabric has given up on the job.
    fn fail(&self, error: JoinError) {
        Ticket::settle(self, Err(error.into()));
        let mut state = self.lock();
        match state.work {
            Phase::Running => {
                drop(state);
                self.stop();
            }
            Phase::Waiting(..) => {
                let before = std::mem::replace(&mut state.work, Phase::Over);
                drop(state);
                drop(before);
            }
            Phase::Over => {}
        }
    }

    /// The running job is to stop where it is.
    pub(crate) fn stop(&self) {
        // ORDERING: Release; pairs with the Acquire in `is_stopped`. Whoever is woken for it sees it.
        self.stopped.store(true, Ordering::Release);
        self.mailbox.wake();
        self.host.interrupt();
    }

    pub(crate) fn is_stopped(&self) -> bool {
        // ORDERING: Acquire; pairs with the Release in `stop`.
        self.stopped.load(Ordering::Acquire)
    }

    /// It suspends in `wait`.
    pub(crate) fn has_waited(&self) {
        // ORDERING: Relaxed; see `give_up`.
        if !self.waits.load(Ordering::Relaxed) {
            self.waits.store(true, Ordering::Relaxed);
        }
    }

    /// Nobody holds its handle any more: from now on an error goes to the pool's `on_unhandled`.
    pub(crate) fn detach(&self) {
        let mut state = self.lock();
        let before = match &mut state.heard {
            Heard::Pending {
                detached, waker, ..
            } => {
                *detached = true;
                let waker = waker.take();
                drop(state);
                drop(waker);
                return;
            }
            settled => std::mem::replace(settled, Heard::Taken),
        };
        drop(state);
        if let Heard::Settled(Err(error)) = before {
            self.report(error);
        }
    }

    /// Aborts it unless it has ended `limit` from now. A second call sets the limit anew.
    pub(crate) fn end_within(self: &Arc<Self>, limit: Duration) {
        let me = Arc::downgrade(self);
        let fire = move || {
            if let Some(ticket) = me.upgrade() {
                ticket.abort(JobErrorKind::Deadline(limit).into());
            }
        };
        let new = Timer::after(limit, Box::new(fire));
        let before = match &mut self.lock().heard {
            Heard::Pending { deadline, .. } => deadline.replace(new),
            _ => Some(new),
        };
        drop(before);
    }

    /// What the job gave, once. `None` where that was taken before.
    pub(crate) fn poll_outcome(&self, cx: &Context<'_>) -> Poll<Option<Outcome>> {
        // Rule 2: a waker is foreign code, in its clone and its drop too.
        let new = cx.waker().clone();
        let mut state = self.lock();
        let before = match &mut state.heard {
            Heard::Pending { waker, .. } => {
                let replaced = waker.replace(new);
                drop(state);
                drop(replaced);
                return Poll::Pending;
            }
            settled => std::mem::replace(settled, Heard::Taken),
        };
        drop(state);
        Poll::Ready(match before {
            Heard::Settled(outcome) => Some(outcome),
            _ => None,
        })
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Packet for Ticket {
    fn is_settled(&self) -> bool {
        !matches!(self.lock().heard, Heard::Pending { .. })
    }

    /// A value is only the fabric's word that the job's future has ended, which has settled before.
    fn settle(&self, _: JobId, outcome: Result<door::Value, JoinError>) {
        if let Err(error) = outcome {
            self.fail(error);
        }
    }

    fn abort(&self, error: JoinError) {
        self.fail(error);
    }
}
