//! A worker's thread: takes from its own deque, then from the injector, then steals half of a busy one's; runs; sleeps.
//!
//! 1. Foreign code may unwind anywhere but in a job, which catches it: a waker, a drop, `on_unhandled`. The thread goes on.
//! 2. A thread that was let go leaves at once: it touches neither park nor counts of its worker, which are another's then.

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
use super::peers::Known;
use super::queued::Queued;

/// How often a worker looks for something to do, letting others have the core in between, before it sleeps. It is about the
/// time in which who awaits a job is woken and spawns another, which then needs no wake.
const ROUNDS: u32 = 96;

/// Every so many jobs a worker takes the oldest first, so that what its jobs spawn does not keep others from their turn.
const FAIR: u32 = 61;

/// How long a worker runs jobs of a `map` before it looks for what else there is. They cannot be stolen meanwhile.
const SLICE: Duration = Duration::from_micros(50);

/// More jobs of a `map` than these are not run together.
const MOST: u128 = 4096;

/// What a thread of the fabric knows.
pub(super) struct Local {
    pub(super) fabric: Arc<Native>,
    pub(super) worker: usize,
    pub(super) hand: Arc<Hand>,
    pub(super) deque: deque::Worker<Queued>,
    executor: Rc<Executor>,
    peers: RefCell<Known>,
    jobs: Cell<u32>,
    random: Cell<u32>,
    /// Of which kind the jobs of a `map` were that ran last, and how long one took.
    pace: Cell<(u64, Duration)>,
    /// When it found something to do, where it has not run out of that yet.
    busy_since: Cell<Option<Instant>>,
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
pub(super) fn main(fabric: Arc<Native>, worker: usize, hand: Arc<Hand>) {
    let executor = Rc::new(Executor::new(fabric.sleep.clone(), worker));
    let polled = executor.clone();
    if let Err(error) = hand.settle_in(move |future| polled.spawn(future)) {
        return fabric.start_failed(worker, &hand, error);
    }
    let deque = deque::Worker::new_lifo();
    let thread = fabric.peers.add(worker, deque.stealer());
    let local = Rc::new(Local {
        worker,
        hand,
        deque,
        executor,
        peers: RefCell::new(fabric.peers.known()),
        jobs: Cell::new(0),
        random: Cell::new(worker as u32 + 1),
        pace: Cell::default(),
        busy_since: Cell::new(None),
        fabric: fabric.clone(),
    });
    LOCAL.set(Some(local.clone()));
    if fabric.started(worker, &local.hand) {
        fabric.sleep.settle_in(worker);
        // Invariant 1.
        while catch_unwind(AssertUnwindSafe(|| local.work())).is_err() {
            local.recover();
        }
    }
    local.leave();
    fabric.peers.remove(thread);
    LOCAL.set(None);
    fabric.ended(worker, &local.hand);
}

impl Local {
    /// Until the fabric is shut, or the thread was let go.
    fn work(&self) {
        while let Some(found) = self.next() {
            self.follow(found);
            if self.hand.is_let_go() {
                // Invariant 2.
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

    /// What comes next. `None` when the fabric is shut.
    fn next(&self) -> Option<Found> {
        if self.fabric.is_shut() {
            return None;
        }
        if let Some(found) = self.at_hand() {
            return Some(found);
        }
        if let Some(since) = self.busy_since.take() {
            self.counters().busy(since.elapsed());
        }
        let found = self.search();
        self.busy_since.set(Some(Instant::now()));
        found
    }

    /// What needs no search.
    fn at_hand(&self) -> Option<Found> {
        let fabric = &self.fabric;
        if let Some(order) = fabric.seats[self.worker].inbox.pop() {
            return Some(Found::Order(order));
        }
        let jobs = self.jobs.get().wrapping_add(1);
        self.jobs.set(jobs);
        if jobs.is_multiple_of(FAIR)
            && let Some(oldest) = self.oldest()
        {
            return Some(Found::Jobs(oldest));
        }
        self.deque.pop().map(Found::Jobs)
    }

    /// Of the injector and the own deque, what has waited longest: of each in turn.
    fn oldest(&self) -> Option<Queued> {
        let injected = || settled(|| self.fabric.injector.steal());
        let own = || settled(|| self.deque.stealer().steal());
        if (self.jobs.get() / FAIR).is_multiple_of(2) {
            injected().or_else(own)
        } else {
            own().or_else(injected)
        }
    }

    /// Looks for something, and sleeps where there is nothing.
    fn search(&self) -> Option<Found> {
        let fabric = &self.fabric;
        fabric.sleep.search();
        loop {
            for _ in 0..ROUNDS {
                let found = self.find();
                if found.is_some() || fabric.is_shut() {
                    fabric.sleep.found(|| self.is_there_more());
                    return found;
                }
                std::thread::yield_now();
            }
            fabric.sleep.sleep(self.worker, || self.look());
        }
    }

    fn find(&self) -> Option<Found> {
        let fabric = &self.fabric;
        if let Some(order) = fabric.seats[self.worker].inbox.pop() {
            return Some(Found::Order(order));
        }
        if self.executor.bell().is_rung() {
            return Some(Found::Turn);
        }
        let injected = settled(|| {
            if fabric.steal {
                fabric.injector.steal_batch_and_pop(&self.deque)
            } else {
                // What lies on this deque would stay there.
                fabric.injector.steal()
            }
        });
        injected.or_else(|| self.steal()).map(Found::Jobs)
    }

    /// Half of what a busy worker has.
    fn steal(&self) -> Option<Queued> {
        self.refresh();
        let peers = self.peers.borrow();
        let (before, after) = peers.list.split_at(self.random_below(peers.list.len()));
        after
            .iter()
            .chain(before)
            .filter(|peer| self.may_steal_from(peer.worker))
            .find_map(|peer| settled(|| peer.deque.steal_batch_and_pop(&self.deque)))
    }

    /// Also without stealing, from the threads that this one has replaced.
    fn may_steal_from(&self, worker: usize) -> bool {
        self.fabric.steal || worker == self.worker
    }

    fn refresh(&self) {
        if !self.fabric.peers.is_current(&self.peers.borrow()) {
            self.peers.replace(self.fabric.peers.known());
        }
    }

    /// Whether there is anything that this worker was, or would be, woken for.
    fn look(&self) -> bool {
        let fabric = &self.fabric;
        fabric.is_shut()
            || self.executor.bell().is_rung()
            || !fabric.seats[self.worker].inbox.is_empty()
            || self.is_there_more()
    }

    /// Whether there are, or may be, jobs that a worker could take.
    fn is_there_more(&self) -> bool {
        !self.fabric.injector.is_empty()
            || !self.fabric.peers.is_current(&self.peers.borrow())
            || self
                .peers
                .borrow()
                .list
                .iter()
                .any(|peer| self.may_steal_from(peer.worker) && !peer.deque.is_empty())
    }

    fn random_below(&self, below: usize) -> usize {
        // Marsaglia, "Xorshift RNGs" (2003).
        let mut x = self.random.get();
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        self.random.set(x);
        x as usize % below.max(1)
    }

    fn counters(&self) -> &super::counters::Counters {
        &self.fabric.seats[self.worker].counters
    }

    fn run(&self, jobs: Queued) {
        let Queued { entry, home, since } = jobs;
        if entry.is_settled() {
            return entry.discard();
        }
        self.counters().queued(since.elapsed());
        let stolen = home.is_some_and(|home| home as usize != self.worker);
        if entry.len() == 1 {
            self.hand.run(entry, || self.counters().run(stolen));
        } else {
            self.run_several(entry, home, stolen);
        }
    }

    /// Runs some jobs of a `map`, as many as are thought to take a [`SLICE`]. What is left is parted in halves and laid on the
    /// deque, the farthest first, so that who steals takes the most.
    fn run_several(&self, mut entry: Box<door::Entry>, home: Option<u32>, stolen: bool) {
        let grain = self.grain(entry.kind());
        while entry.len() > grain {
            let rest = entry.split_off(entry.len().div_ceil(2));
            self.lay(Queued::new(rest, home));
        }
        let (kind, mut left) = (entry.kind(), entry.len());
        let Some(task) = self.hand.begin(entry) else {
            return;
        };
        let begun = Instant::now();
        let mut ended = 0;
        while left > 0 {
            self.counters().run(stolen);
            left = self.hand.run_next(&task);
            ended += 1;
            if left > 0
                && begun.elapsed() >= SLICE
                && let Some(rest) = self.hand.put_down()
            {
                self.lay(Queued::new(rest, home));
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
        if self.fabric.steal {
            self.fabric.sleep.published();
            return;
        }
        // ORDERING: SeqCst; pairs with the fence in `Sleep::sleep`: the thread that has replaced this one sees the jobs, or this
        // one that it has been replaced.
        fence(Ordering::SeqCst);
        if self.hand.is_let_go() {
            // Nobody but that thread looks here.
            self.fabric.sleep.wake(self.worker);
        }
    }

    /// After foreign code has unwound through the thread. What is left of several jobs goes on.
    fn recover(&self) {
        if let Some(rest) = self.hand.put_down() {
            self.lay(Queued::new(rest, None));
        }
    }

    /// The thread ends: its async jobs are dropped, and what lies on its deque is for others.
    fn leave(&self) {
        if let Some(since) = self.busy_since.take() {
            self.counters().busy(since.elapsed());
        }
        self.hand.abort_all();
        while !self.executor.is_empty() {
            let turn = catch_unwind(AssertUnwindSafe(|| self.hand.turn(|| self.executor.turn())));
            if matches!(turn, Ok(false)) {
                break;
            }
        }
        while let Some(jobs) = self.deque.pop() {
            self.fabric.inject(jobs);
        }
    }
}

/// Takes until it is known whether there was something.
pub(super) fn settled<T>(mut take: impl FnMut() -> deque::Steal<T>) -> Option<T> {
    loop {
        match take() {
            deque::Steal::Success(taken) => return Some(taken),
            deque::Steal::Empty => return None,
            deque::Steal::Retry => std::hint::spin_loop(),
        }
    }
}
