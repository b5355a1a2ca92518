//! A worker's thread: takes jobs, runs them, sleeps where there are none. Which it takes is in `worker/take.rs`, when it takes none in
//! `worker/refrain.rs`, how it ends before the pool does in `worker/end.rs`; and how a job on it is parted in two in `worker/join.rs`.
//!
//! 1. Foreign code may unwind anywhere but in a job, which catches it: a waker, a drop, `on_unhandled`. The thread goes on.
//! 2. A thread that is not the worker any more leaves at once, whether it was let go or has ended by itself: it touches neither
//!    park nor counts of its worker, which are another's then.

mod end;
pub(super) mod join;
mod refrain;
mod take;

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};
use std::time::{Duration, Instant};

use crossbeam_deque as deque;
use wasm_mt::__pool::{self as door, Hand};

use super::Native;
use super::executor::Executor;
use super::inbox::Order;
use super::injectors::settled;
use super::peers::Known;
use super::queued::Queued;
use super::seat::Seat;
use super::sleep::Work;
use crate::fabric::random::Random;
use crate::priority::Priority;
use crate::ranks::Ranks;

/// How often a worker looks for something to do, letting others have the core in between, before it sleeps. It is about the
/// time in which who awaits a job is woken and spawns another, which then needs no wake. In miri a round takes milliseconds.
const ROUNDS: u32 = if cfg!(miri) { 2 } else { 96 };

/// How long a worker runs jobs of a `map` before it looks for what else there is. They cannot be stolen meanwhile.
const SLICE: Duration = Duration::from_micros(50);

/// More jobs of a `map` than these are not run together.
const MOST: u128 = 4096;

/// What a thread of the fabric knows.
pub(super) struct Local {
    pub(super) fabric: Arc<Native>,
    pub(super) worker: usize,
    seat: Arc<Seat>,
    pub(super) hand: Arc<Hand>,
    pub(super) deque: deque::Worker<Queued>,
    executor: Rc<Executor>,
    peers: RefCell<Known>,
    /// Jobs taken, one or several of a `map` each, and turns.
    jobs: Cell<u32>,
    /// Whose turn it is among them.
    ranks: Cell<Ranks>,
    /// Jobs begun, and after how many it makes way for another thread.
    begun: Cell<u64>,
    most: u64,
    random: Random,
    /// Of which kind the jobs of a `map` were that ran last, and how long one took.
    pace: Cell<(u64, Duration)>,
    /// When it found something to do, where it has not run out of that yet.
    busy_since: Cell<Option<Instant>>,
    /// It begins no job for now, and has let others know what lies here.
    refrains: Cell<bool>,
    /// What it found last was a turn of its futures.
    turned: Cell<bool>,
    /// It has ended by itself.
    ends: Cell<bool>,
    /// How many jobs run on top of others that wait.
    pub(super) nested: Cell<u32>,
}

thread_local! {
    static LOCAL: RefCell<Option<Rc<Local>>> = const { RefCell::new(None) };
}

/// The fabric whose thread this is, where it is one's.
pub(super) fn local() -> Option<Rc<Local>> {
    LOCAL
        .try_with(|local| local.borrow().clone())
        .ok()
        .flatten()
}

/// What there is to do.
enum Found {
    Order(Order),
    Jobs(Queued),
    /// An async job can go on.
    Turn,
}

/// The body of a worker's thread.
pub(super) fn main(fabric: Arc<Native>, worker: usize, hand: Arc<Hand>, number: u64, rested: bool) {
    let executor = Rc::new(Executor::new(fabric.sleep.clone(), worker));
    let polled = executor.clone();
    if let Err(error) = hand.settle_in(move |future| polled.spawn(future)) {
        if let Some(another) = fabric.start_failed(worker, &hand, rested, error) {
            fabric.launch(another, true);
        }
        return fabric.ended(number);
    }
    let deque = deque::Worker::new_lifo();
    let thread = fabric.peers.add(worker, deque.stealer());
    let local = Rc::new(Local {
        worker,
        seat: fabric.seats[worker].clone(),
        hand,
        deque,
        executor,
        peers: RefCell::new(fabric.peers.known()),
        jobs: Cell::new(0),
        ranks: Cell::default(),
        begun: Cell::new(0),
        most: fabric
            .settings
            .recycle_jobs
            .map_or(u64::MAX, |jobs| jobs.max(1)),
        random: Random::new(worker as u32 + 1),
        pace: Cell::default(),
        busy_since: Cell::new(None),
        refrains: Cell::new(false),
        turned: Cell::new(false),
        ends: Cell::new(false),
        nested: Cell::new(0),
        fabric: fabric.clone(),
    });
    LOCAL.set(Some(local.clone()));
    if fabric.started(worker, &local.hand) {
        let mut searches = rested;
        if searches {
            fabric.sleep.resume(worker);
        } else {
            fabric.sleep.settle_in(worker);
        }
        // Invariant 1.
        while catch_unwind(AssertUnwindSafe(|| {
            local.work(std::mem::take(&mut searches))
        }))
        .is_err()
        {
            local.recover();
        }
    }
    local.leave();
    fabric.peers.remove(thread);
    LOCAL.set(None);
    fabric.ended(number);
}

impl Local {
    /// Until the fabric is shut, or the thread is not the worker any more. It may be searching already.
    fn work(&self, searches: bool) {
        let mut next = if searches { self.search_on() } else { None };
        while let Some(found) = next.take().or_else(|| self.next()) {
            self.follow(found);
            // Invariant 2.
            if self.hand.is_let_go() || self.makes_way() {
                return;
            }
        }
    }

    fn follow(&self, found: Found) {
        match found {
            Found::Order(Order::Abort(id)) => self.hand.abort(id),
            Found::Order(Order::Run(jobs)) | Found::Jobs(jobs) => self.run(jobs),
            Found::Turn => {}
        }
        // Between two jobs the async ones have a turn, as a browser's microtasks have, however many jobs wait.
        if self.executor.bell().is_rung() {
            self.hand.turn(|| self.executor.turn());
        }
    }

    /// What comes next. `None` when the fabric is shut, or the thread has ended.
    fn next(&self) -> Option<Found> {
        while !self.ends.get() && !self.fabric.is_shut() {
            let leaves = self.fabric.leaves(self.worker);
            if leaves || !self.takes() {
                let found = if leaves { self.last() } else { self.refrain() };
                let Some(found) = found else {
                    continue;
                };
                if self.busy_since.get().is_none() {
                    self.busy_since.set(Some(Instant::now()));
                }
                return Some(found);
            }
            if let Some(found) = self.at_hand() {
                return Some(found);
            }
            self.idles();
            self.fabric.sleep.search();
            if let Some(found) = self.search_on() {
                return Some(found);
            }
        }
        None
    }

    /// Looks for something, and sleeps where there is nothing. `None` also where it is to leave, or may not begin a job.
    fn search_on(&self) -> Option<Found> {
        let fabric = &self.fabric;
        let rests_at = fabric.rests_at();
        loop {
            for _ in 0..ROUNDS {
                let ceases = fabric.is_shut() || fabric.leaves(self.worker) || !self.takes();
                let found = if ceases { None } else { self.find() };
                if ceases || found.is_some() {
                    if let Some(another) = fabric.sleep.found(|| self.is_there_more()) {
                        fabric.launch(another, true);
                    }
                    self.busy_since.set(Some(Instant::now()));
                    return found;
                }
                std::thread::yield_now();
            }
            let rest = || fabric.rest(self.worker, &self.hand);
            if !fabric
                .sleep
                .sleep(self.worker, rests_at, || self.look(), rest)
            {
                self.ends.set(true);
                return None;
            }
        }
    }

    fn counters(&self) -> &super::counters::Counters {
        &self.seat.counters
    }

    fn count(&self, stolen: bool) {
        self.begun.set(self.begun.get() + 1);
        self.counters().run(stolen);
    }

    fn run(&self, jobs: Queued) {
        if jobs.is_over() {
            return;
        }
        let (priority, home, since) = (jobs.priority(), jobs.home(), jobs.since());
        let mut entry = jobs.into_entry();
        if entry.is_settled() {
            return entry.discard();
        }
        if let Some(since) = since {
            self.counters().queued(since.elapsed());
        }
        let stolen = home.is_some_and(|home| home as usize != self.worker);
        if entry.len() == 1 {
            // A waker that unwinds takes nothing along: it is not the job's.
            let _ = catch_unwind(AssertUnwindSafe(|| entry.begins()));
            self.hand.run(entry, || self.count(stolen));
        } else {
            self.run_several(entry, priority, home, stolen);
        }
    }

    /// Runs some jobs of a `map`, as many as are thought to take a [`SLICE`]. What is left is parted in halves and laid on the
    /// deque, the farthest first, so that who steals takes the most. At another priority it goes back in one piece.
    fn run_several(
        &self,
        mut entry: Box<door::Entry>,
        priority: Priority,
        home: Option<u32>,
        stolen: bool,
    ) {
        let grain = self.grain(entry.kind());
        let lay = |rest: Box<door::Entry>| {
            if priority == Priority::Normal {
                self.lay(Queued::new(rest, home));
            } else {
                self.fabric.inject(Queued::new(rest, None));
            }
        };
        while entry.len() > grain {
            let at = if priority == Priority::Normal {
                entry.len().div_ceil(2)
            } else {
                grain
            };
            lay(entry.split_off(at));
        }
        let (kind, mut left) = (entry.kind(), entry.len());
        let depth = self.hand.depth();
        let Some(task) = self.hand.begin(entry) else {
            return;
        };
        let begun = Instant::now();
        let mut ended = 0;
        while left > 0 {
            self.count(stolen);
            left = self.hand.run_next(&task);
            ended += 1;
            if left > 0
                && (begun.elapsed() >= SLICE || self.begun.get() >= self.most)
                && let Some(rest) = self.hand.put_down(depth)
            {
                lay(rest);
                break;
            }
        }
        self.pace.set((kind, begun.elapsed() / ended));
    }

    /// How many jobs of this kind are thought to take a slice: one, where nothing is known of them.
    fn grain(&self, kind: u64) -> usize {
        let (of, cost) = self.pace.get();
        if of != kind {
            return 1;
        }
        (SLICE.as_nanos() / cost.as_nanos().max(1)).clamp(1, MOST) as usize
    }

    /// Puts jobs on the own deque.
    pub(super) fn lay(&self, jobs: Queued) {
        self.deque.push(jobs);
        if self.fabric.settings.steal {
            return self.fabric.published(Work::Laid);
        }
        // ORDERING: SeqCst; pairs with the fence in `Sleep::sleep`: the thread that has replaced this one sees the jobs, or this
        // one that it has been replaced. And with the one in `resize`: who looks there sees them, or this one that it leaves.
        fence(Ordering::SeqCst);
        if self.fabric.leaves(self.worker) {
            self.fabric.published(Work::Laid);
        } else if self.hand.is_let_go() {
            // Nobody but that thread looks here.
            self.fabric.rouse(self.worker);
        }
    }

    /// After foreign code has unwound through the thread. What is left of several jobs goes on.
    fn recover(&self) {
        // Until it is polled, an async job that has just begun is in hand, and must not be put down.
        while self.executor.has_unpolled() {
            let _ = catch_unwind(AssertUnwindSafe(|| self.hand.turn(|| self.executor.turn())));
        }
        self.put_down(0);
    }

    /// Lays down what is left of several jobs, above so many that are in hand.
    fn put_down(&self, depth: usize) {
        if let Some(rest) = self.hand.put_down(depth) {
            let rest = Queued::new(rest, None);
            if rest.priority() == Priority::Normal {
                self.lay(rest);
            } else {
                self.fabric.inject(rest);
            }
        }
    }
}
