//! [`Hand`]: a thread of a pool, and the jobs that it has begun. Runs on that thread; its owner, the pool, reaches for it from
//! others, to stop a job or to give up on the thread.
//!
//! A job that waits for another half of its own may have the thread run others meanwhile, on top of it: what runs is a stack.
//!
//! 1. What is in the hand has begun, but for the rest of several jobs whose first one has. A job leaves it once: it ended, or
//!    the hand was let go.
//! 2. A hand that was let go is not heard any more. No OS thread can be killed: it runs on, unheard.
//! 3. No hand is let go for a job's sake while its thread waits for what another has of a job: that ends, or is stopped there.
//! 4. Jobs end, and values are dropped, after the lock is given back: both run foreign code.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::Task;
use super::host::{Host, Reports};
use super::stop::{self, Stops};
use super::timer::Timer;
use crate::builder::Config;
use crate::channel::Outlet;
use crate::entry::{self, Entry};
use crate::error::{JoinError, JoinErrorKind, StartError, StartErrorKind};
use crate::handle::{JobId, Origin};
use crate::panic::{self, Unwound};
use crate::thread::Current;
use crate::worker::{self, Outcome};

/// A future that never leaves its thread.
pub type LocalFuture = Pin<Box<dyn Future<Output = ()>>>;

/// The pool, to the threads that it has.
pub trait Owner: Send + Sync {
    /// The worker is to call [`Hand::abort`] between two jobs.
    fn abort(&self, worker: usize, id: JobId);
    /// A job keeps the worker's thread, which has been let go: another is to take its place. What goes on elsewhere comes back.
    fn replace(&self, worker: usize, back: Vec<Box<Entry>>);
}

/// A thread of a pool, and what it has begun.
pub struct Hand {
    worker: usize,
    current: Current,
    config: Config,
    owner: Weak<dyn Owner>,
    stops: Arc<Stops>,
    /// The thread has been given up on (invariant 2). Set under the lock, and never taken back.
    let_go: AtomicBool,
    held: Mutex<Held>,
    me: Weak<Hand>,
}

#[derive(Default)]
struct Held {
    /// What runs, or the rest of several jobs whose first one does. The last one does so now, on top of the others.
    #[expect(clippy::vec_box, reason = "an entry moves about as a pointer")]
    fronts: Vec<Box<Entry>>,
    /// The thread waits in its last one, or in what it polls, for what another thread has of that.
    waits: bool,
    /// It has done so since a grace was over.
    waited: bool,
    /// In the order in which they began.
    #[expect(clippy::vec_box, reason = "an entry moves about as a pointer")]
    suspended: Vec<Box<Entry>>,
    /// The executor polls one of the suspended jobs.
    turns: bool,
    /// The grace times of aborted jobs.
    graces: Vec<(JobId, Timer)>,
}

impl Held {
    fn find(&mut self, id: JobId) -> Option<&mut Box<Entry>> {
        self.fronts
            .iter_mut()
            .chain(&mut self.suspended)
            .find(|entry| entry.has(id))
    }

    fn take(&mut self, id: JobId) -> Option<Box<Entry>> {
        if let Some(at) = self.fronts.iter().rposition(|front| front.has(id)) {
            return Some(self.fronts.remove(at));
        }
        let at = self.suspended.iter().position(|entry| entry.has(id))?;
        Some(self.suspended.remove(at))
    }

    fn take_grace(&mut self, id: JobId) -> Option<Timer> {
        let at = self.graces.iter().position(|(of, _)| *of == id)?;
        Some(self.graces.swap_remove(at).1)
    }

    /// The job that runs, as far as its owner knows: of several the first.
    fn runs(&self, id: JobId) -> bool {
        self.fronts.last().is_some_and(|front| front.first() == id)
    }

    /// It is in the hand, and does not run right now.
    fn rests(&self, id: JobId) -> bool {
        self.suspended
            .iter()
            .chain(&self.fronts)
            .any(|entry| entry.has(id))
    }
}

impl Hand {
    /// A hand for the thread that is to be the pool's worker `worker`, with the id that [`thread_id`] gave that.
    pub fn new(worker: usize, id: u64, config: Config, owner: Weak<dyn Owner>) -> Arc<Self> {
        Arc::new_cyclic(|me| Hand {
            worker,
            current: Current {
                id,
                name: config.name.clone(),
            },
            config,
            owner,
            stops: Arc::default(),
            let_go: AtomicBool::new(false),
            held: Mutex::default(),
            me: me.clone(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        // A panic under this lock could only be the allocator's.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The thread's name, without what the standard library refuses.
    pub fn name(&self) -> Option<String> {
        self.current
            .name
            .as_ref()
            .map(|name| name.replace('\0', ""))
    }

    /// Makes the calling thread this hand's. `spawn_local` is to poll a future on it until that ends.
    ///
    /// # Errors
    /// The builder's `on_start` panicked.
    pub fn settle_in(
        self: &Arc<Self>,
        spawn_local: impl Fn(LocalFuture) + 'static,
    ) -> Result<(), StartError> {
        Host {
            reports: Rc::new(Voice {
                hand: self.clone(),
                spawn_local,
            }),
            current: self.current.clone(),
            check_payloads: self.config.check_payloads,
            stops: self.stops.clone(),
        }
        .settle_in();
        let Some(on_start) = self.config.on_start else {
            return Ok(());
        };
        panic::catch(JobId::ON_START, on_start).map_err(|unwound| {
            StartError::new(match unwound {
                Unwound::Panicked(panic) => {
                    StartErrorKind::OnStart(JoinError::new(JoinErrorKind::Panicked {
                        panic,
                        thread: self.current.clone(),
                    }))
                }
                Unwound::Stopped => StartErrorKind::Terminated,
            })
        })
    }

    /// The thread has been given up on: it begins nothing more.
    pub fn is_let_go(&self) -> bool {
        // ORDERING: Relaxed; set under the lock of `held`, which the thread takes at the end of each job that it can be let go
        // for.
        self.let_go.load(Ordering::Relaxed)
    }

    /// It has nothing in it: nothing runs, and no async job awaits something.
    pub fn is_empty(&self) -> bool {
        let held = self.lock();
        held.fronts.is_empty() && held.suspended.is_empty()
    }

    /// Runs one job, up to its end or its first `await`. `begins` is called before, unless it has been taken back.
    ///
    /// It unwinds where a waker or a drop does that no job answers for.
    pub fn run(&self, mut entry: Box<Entry>, begins: impl FnOnce()) {
        let id = entry.first();
        entry.count_run();
        let task = entry.task.another();
        if let Some(entry) = self.take_up(entry) {
            // Terminated meanwhile.
            return entry.fail(JoinError::cancelled());
        }
        if task.is_of_several() {
            begins();
            worker::run(id, false, || task.run_one(id));
            return;
        }
        let runner: Weak<dyn Origin> = self.me.clone();
        match task.call_by(Some(runner)) {
            Some(call) => {
                begins();
                worker::run(id, false, call);
            }
            None => {
                // It has been given up on, and was settled then.
                let withdrawn = self.lock().take(id);
                if let Some(entry) = withdrawn {
                    entry.discard();
                }
            }
        }
    }

    /// Takes several jobs in hand, to [`run_next`](Self::run_next) one after the other.
    pub fn begin(&self, mut entry: Box<Entry>) -> Option<Task> {
        entry.count_run();
        let task = entry.task.another();
        match self.take_up(entry) {
            None => Some(task),
            Some(entry) => {
                entry.fail(JoinError::cancelled());
                None
            }
        }
    }

    fn take_up(&self, entry: Box<Entry>) -> Option<Box<Entry>> {
        let mut held = self.lock();
        // ORDERING: Relaxed, here and below; under the lock.
        if self.let_go.load(Ordering::Relaxed) {
            return Some(entry);
        }
        held.fronts.push(entry);
        None
    }

    /// Runs the first of the jobs in hand, and gives how many are left.
    ///
    /// It unwinds as [`run`](Self::run) does.
    pub fn run_next(&self, task: &Task) -> usize {
        let held = self.lock();
        let depth = held.fronts.len();
        let Some(id) = held.fronts.last().map(|front| front.first()) else {
            return 0;
        };
        drop(held);
        worker::run(id, false, || task.run_one(id));
        let mut held = self.lock();
        if held.fronts.len() < depth {
            // That was the last, and what is below is another's.
            return 0;
        }
        let unwanted = held.fronts.pop_if(|front| front.is_settled());
        let left = match &unwanted {
            None => held.fronts.last().map_or(0, |front| front.len()),
            Some(_) => 0,
        };
        drop(held);
        if let Some(entry) = unwanted {
            stop::ended(entry.first());
            entry.discard();
        }
        left
    }

    /// How many jobs are in hand that run on one another, or are to.
    pub fn depth(&self) -> usize {
        self.lock().fronts.len()
    }

    /// Takes the jobs of a `map` that are left in hand, above so many others, and of which none runs.
    pub fn put_down(&self, depth: usize) -> Option<Box<Entry>> {
        let mut held = self.lock();
        if held.fronts.len() <= depth {
            return None;
        }
        let entry = held.fronts.pop()?;
        drop(held);
        // Its first one may have been stopped before it began.
        stop::ended(entry.first());
        Some(entry)
    }

    /// Has the thread's executor poll what can go on.
    ///
    /// It unwinds as [`run`](Self::run) does.
    pub fn turn<R>(&self, turn: impl FnOnce() -> R) -> R {
        self.lock().turns = true;
        let _over = Over(self);
        turn()
    }

    /// Drops the async job at its `await`. To be called on the hand's own thread.
    pub fn abort(&self, id: JobId) {
        worker::abort(id);
    }

    /// The same for all, when the thread is to end.
    pub fn abort_all(&self) {
        worker::abort_all();
    }

    /// Stops what runs of jobs that nobody waits for any more.
    pub fn stop_settled(&self) {
        let mut held = self.lock();
        let settled = held.fronts.iter().filter(|front| front.is_settled());
        let settled: Vec<_> = settled.map(|front| front.first()).collect();
        for id in settled {
            self.stops.stop(id);
            self.arm_grace(&mut held, id);
        }
    }

    /// The thread waits for what another has of its job, and runs nothing; false where it was let go. To be followed by
    /// [`has_waited`](Self::has_waited).
    #[must_use]
    pub fn waits(&self) -> bool {
        let mut held = self.lock();
        // ORDERING: Relaxed; under the lock.
        held.waits = !self.let_go.load(Ordering::Relaxed);
        held.waits
    }

    /// It waits no more, or runs something meanwhile.
    pub fn has_waited(&self) {
        let mut held = self.lock();
        held.waits = false;
        held.waited = true;
    }

    /// Gives up on the thread. What it has begun ends with the error.
    pub fn let_go(&self, error: &JoinError) {
        let mut held = self.lock();
        self.let_go.store(true, Ordering::Relaxed);
        let fronts = std::mem::take(&mut held.fronts);
        let suspended = std::mem::take(&mut held.suspended);
        let graces = std::mem::take(&mut held.graces);
        drop(held);
        drop(graces);
        self.stops.stop_all();
        for entry in fronts.into_iter().chain(suspended) {
            entry.fail(error.clone());
        }
    }

    /// The grace time of an aborted job is over.
    fn grace_over(&self, id: JobId) {
        let mut held = self.lock();
        // It has fired, and holds nothing any more.
        drop(held.take_grace(id));
        let runs = held.runs(id);
        if self.let_go.load(Ordering::Relaxed) || (!runs && !held.rests(id)) {
            return;
        }
        let beside = |entry: &Entry| !entry.has(id) && !entry.is_settled();
        let may_be_another =
            !held.fronts.is_empty() || held.suspended.iter().any(|entry| beside(entry));
        // Invariant 3. Who has just waited has its time from then on.
        let waited = std::mem::take(&mut held.waited);
        if held.waits || waited || (!runs && (!held.turns || may_be_another)) {
            // Another job keeps the thread, and this one cannot be stopped before that lets go: not its fault.
            return self.arm_grace(&mut held, id);
        }
        self.let_go.store(true, Ordering::Relaxed);
        let mut fronts = std::mem::take(&mut held.fronts);
        let suspended = std::mem::take(&mut held.suspended);
        let graces = std::mem::take(&mut held.graces);
        drop(held);
        drop(graces);
        self.stops.stop_all();
        let mut back = Vec::new();
        let mut lost = Vec::new();
        for front in &mut fronts {
            if front.len() > 1 {
                back.push(front.split_off(1));
            }
        }
        let front = if runs { fronts.pop() } else { None };
        for mut entry in fronts.into_iter().chain(suspended) {
            match entry.begin_again("an aborted job beside it went on running".into()) {
                Ok(()) => back.push(entry),
                Err(error) => lost.push((entry, error)),
            }
        }
        // The next thread comes up while the outcomes are told.
        if let Some(owner) = self.owner.upgrade() {
            owner.replace(self.worker, back);
        } else {
            lost.extend(
                back.into_iter()
                    .map(|entry| (entry, JoinError::cancelled())),
            );
        }
        if let Some(front) = front {
            // Who waits for half of a job has not been told. Else it was settled before.
            front.fail(JoinError::cancelled());
        }
        for (entry, error) in lost {
            entry.fail(error);
        }
    }

    fn arm_grace(&self, held: &mut Held, id: JobId) {
        let Some(grace) = self.config.abort_grace else {
            return;
        };
        if held.graces.iter().any(|(of, _)| *of == id) {
            return;
        }
        let me = self.me.clone();
        let fire = move || {
            if let Some(hand) = me.upgrade() {
                hand.grace_over(id);
            }
        };
        held.graces.push((id, Timer::after(grace, Box::new(fire))));
    }

    fn finished(&self, id: JobId, outcome: Outcome) {
        let mut held = self.lock();
        let one = held
            .fronts
            .last_mut()
            .filter(|front| front.len() > 1 && front.first() == id)
            .map(|front| front.take_first());
        let whole = if one.is_none() { held.take(id) } else { None };
        let grace = if held.graces.is_empty() {
            None
        } else {
            held.take_grace(id)
        };
        drop(held);
        drop(grace);
        match (one, whole) {
            (Some(one), _) => one.end(outcome),
            (None, Some(entry)) => entry.end(outcome),
            // Let go (invariant 2).
            (None, None) => {}
        }
    }
}

impl Origin for Hand {
    fn abandon(&self, id: JobId) {
        let mut held = self.lock();
        let Some(entry) = held.find(id) else {
            return;
        };
        let outlets = entry.take_outlets();
        self.stops.stop(id);
        self.arm_grace(&mut held, id);
        drop(held);
        if let Some(owner) = self.owner.upgrade() {
            owner.abort(self.worker, id);
        }
        entry::close(outlets);
    }
}

/// The turn is over, also where it unwinds.
struct Over<'a>(&'a Hand);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.lock().turns = false;
    }
}

/// What the hand's own thread hears of its jobs, and tells the hand.
struct Voice<S> {
    hand: Arc<Hand>,
    spawn_local: S,
}

impl<S: Fn(LocalFuture)> Reports for Voice<S> {
    fn begun(&self, _: JobId) {}

    fn suspended(&self, id: JobId) {
        let mut held = self.hand.lock();
        let front = held.fronts.pop_if(|front| front.has(id));
        held.suspended.extend(front);
    }

    fn finished(&self, id: JobId, outcome: Outcome) {
        self.hand.finished(id, outcome);
    }

    fn bind(&self, id: JobId, end: Arc<dyn Outlet>) {
        let mut held = self.hand.lock();
        if let Some(entry) = held.find(id)
            && !entry.is_settled()
        {
            return entry.hold(id, (0, end));
        }
        drop(held);
        end.close();
    }

    fn spawn_local(&self, future: LocalFuture) {
        (self.spawn_local)(future);
    }
}
