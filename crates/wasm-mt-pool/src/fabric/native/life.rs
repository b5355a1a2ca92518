//! How the fabric's threads start, are replaced, and end.
//!
//! 1. A worker's present thread is the one in its seat. What an earlier one says of its start or end is not heard.
//! 2. A worker for which no thread could be had is *vacant*. Its own jobs end then, and all jobs where every worker is; the next
//!    job tries again.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use crossbeam_deque::Injector;
use wasm_mt::__pool::{self as door, Config, Hand, Owner, Timer};
use wasm_mt::StartError;

use super::inbox::Order;
use super::peers::Peers;
use super::sleep::{self, Sleep};
use super::{Counters, Inbox, Native, Seat, worker};

/// What is known of the threads, all together.
pub(super) struct Life {
    /// Workers that have not come up for the first time.
    starting: usize,
    failed: Option<StartError>,
    /// Threads that have not ended, without those that were given up on.
    threads: usize,
    timer: Option<Timer>,
    /// Of who waits for the start, or the end.
    wakers: Vec<Waker>,
}

impl Life {
    fn wait(&mut self, cx: &Context<'_>) {
        if !self.wakers.iter().any(|waker| waker.will_wake(cx.waker())) {
            self.wakers.push(cx.waker().clone());
        }
    }
}

impl Native {
    /// Begins to start the workers' threads, and returns at once.
    pub(crate) fn start(config: Config, workers: usize, steal: bool) -> Arc<Self> {
        let workers = workers.min(sleep::MOST);
        let (limit, too_late) = door::start_deadline(&config);
        let fabric = Arc::new_cyclic(|me: &Weak<Native>| Native {
            config,
            steal,
            sleep: Arc::new(Sleep::new(workers)),
            injector: Injector::new(),
            peers: Peers::new(),
            seats: (0..workers).map(|_| Seat::new()).collect(),
            shut: AtomicBool::new(false),
            vacant: AtomicUsize::new(0),
            life: Mutex::new(Life {
                starting: workers,
                failed: None,
                threads: 0,
                timer: None,
                wakers: Vec::new(),
            }),
            me: me.clone(),
        });
        if workers == 0 {
            fabric.fail(door::no_workers());
        }
        let me = fabric.me.clone();
        let fire = move || {
            if let Some(fabric) = me.upgrade() {
                fabric.fail(too_late);
            }
        };
        let timer = Timer::after(limit, Box::new(fire));
        fabric.life().timer = Some(timer);
        for worker in 0..workers {
            fabric.launch(worker);
        }
        fabric
    }

    fn life(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn hand_of(&self, seat: &Seat) -> Option<Arc<Hand>> {
        let hand = seat.hand.lock().unwrap_or_else(PoisonError::into_inner);
        hand.clone()
    }

    /// Ready when every worker is up, or one is known not to come.
    pub(crate) fn poll_started(&self, cx: &Context<'_>) -> Poll<Result<(), StartError>> {
        let mut life = self.life();
        if let Some(error) = &life.failed {
            return Poll::Ready(Err(error.clone()));
        }
        if self.is_shut() {
            return Poll::Ready(Err(door::terminated()));
        }
        if life.starting == 0 {
            return Poll::Ready(Ok(()));
        }
        life.wait(cx);
        Poll::Pending
    }

    /// Ready when all threads have ended after [`terminate`](Self::terminate). One that a job keeps for longer than the grace
    /// time of an abort is not waited for.
    pub(crate) fn poll_ended(&self, cx: &Context<'_>) -> Poll<()> {
        let mut life = self.life();
        if self.is_shut() && life.threads == 0 {
            return Poll::Ready(());
        }
        life.wait(cx);
        Poll::Pending
    }

    /// Ends it: what waits or runs ends as cancelled, and the threads end when their jobs let them.
    pub(crate) fn terminate(&self) {
        if !self.shut_and_empty() {
            return;
        }
        for seat in &self.seats {
            if let Some(hand) = self.hand_of(seat) {
                hand.let_go(&door::cancelled());
            }
        }
        self.sleep.wake_all();
        let me = self.me.clone();
        let timer = door::abort_grace(&self.config).map(|grace| {
            let fire = move || {
                if let Some(fabric) = me.upgrade() {
                    let mut life = fabric.life();
                    life.threads = 0;
                    Native::tell(life);
                }
            };
            Timer::after(grace, Box::new(fire))
        });
        let mut life = self.life();
        let before = std::mem::replace(&mut life.timer, timer);
        Self::tell(life);
        drop(before);
    }

    /// The start has failed, unless it is over.
    fn fail(&self, error: StartError) {
        let mut life = self.life();
        if life.starting == 0 && !self.seats.is_empty() {
            return;
        }
        life.failed.get_or_insert(error);
        drop(life);
        self.terminate();
    }

    /// Starts a thread to be the worker from now on.
    pub(super) fn launch(&self, worker: usize) {
        let Some(fabric) = self.me.upgrade() else {
            return;
        };
        let config = self.config.of_pool(worker, self.seats.len());
        let owner: Weak<dyn Owner> = self.me.clone();
        let seat = &self.seats[worker];
        let hand = Hand::new(worker, seat.id, config, owner);
        let mut present = seat.hand.lock().unwrap_or_else(PoisonError::into_inner);
        let earlier = present.replace(hand.clone());
        drop(present);
        let mut life = self.life();
        // The earlier one was given up on, and is not counted any more.
        life.threads += usize::from(earlier.is_none());
        drop(life);
        if self.is_shut() {
            hand.let_go(&door::cancelled());
        }
        let mut thread = std::thread::Builder::new();
        if let Some(name) = hand.name() {
            thread = thread.name(name);
        }
        let mine = hand.clone();
        if let Err(error) = thread.spawn(move || worker::main(fabric, worker, mine)) {
            self.start_failed(worker, &hand, door::no_thread(&error));
            self.ended(worker, &hand);
        }
    }

    /// Whether it is the worker's present thread (invariant 1).
    fn is_present(&self, worker: usize, hand: &Arc<Hand>) -> bool {
        let present = self.hand_of(&self.seats[worker]);
        present.is_some_and(|present| Arc::ptr_eq(&present, hand))
    }

    /// The thread is up. Gives whether it is to work.
    pub(super) fn started(&self, worker: usize, hand: &Arc<Hand>) -> bool {
        if !self.is_present(worker, hand) || hand.is_let_go() {
            return false;
        }
        let mut life = self.life();
        if life.starting > 0 {
            life.starting -= 1;
            if life.starting == 0 {
                let timer = life.timer.take();
                Self::tell(life);
                drop(timer);
            }
        }
        true
    }

    /// The worker has no thread, and will not have one before the next job (invariant 2).
    pub(super) fn start_failed(&self, worker: usize, hand: &Arc<Hand>, error: StartError) {
        if !self.is_present(worker, hand) {
            return;
        }
        self.fail(error.clone());
        let seat = &self.seats[worker];
        drop(
            seat.hand
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        let mut life = self.life();
        life.threads = life.threads.saturating_sub(1);
        Self::tell(life);
        // ORDERING: Relaxed; the fence orders it.
        let all = self.vacant.fetch_add(1, Ordering::Relaxed) + 1 == self.seats.len();
        // ORDERING: SeqCst; pairs with the fence in `submit`: what is not taken here was put in by who sees the vacancy.
        fence(Ordering::SeqCst);
        let end = |entry: Box<door::Entry>| {
            let error = entry.not_replaced(error.clone());
            entry.fail(error);
        };
        if all {
            self.take_all(end);
        } else {
            for order in seat.inbox.drain() {
                if let Order::Run(jobs) = order {
                    end(jobs.entry);
                }
            }
        }
    }

    /// Tries again to have a thread for each vacant worker.
    pub(super) fn revive(&self) {
        // ORDERING: Relaxed; after the fence of `submit`.
        if self.vacant.load(Ordering::Relaxed) == 0 || self.vacant.swap(0, Ordering::Relaxed) == 0 {
            return;
        }
        for (worker, seat) in self.seats.iter().enumerate() {
            if self.hand_of(seat).is_none() {
                self.launch(worker);
            }
        }
    }

    /// The thread has ended.
    pub(super) fn ended(&self, worker: usize, hand: &Arc<Hand>) {
        if !self.is_present(worker, hand) {
            return;
        }
        let mut life = self.life();
        life.threads = life.threads.saturating_sub(1);
        Self::tell(life);
    }

    /// Wakes who waits, where something may have changed for them.
    fn tell(mut life: MutexGuard<'_, Life>) {
        let wakers = std::mem::take(&mut life.wakers);
        drop(life);
        for waker in wakers {
            waker.wake();
        }
    }
}

impl Seat {
    fn new() -> Self {
        Seat {
            id: door::thread_id(),
            inbox: Inbox::default(),
            counters: Counters::default(),
            hand: Mutex::new(None),
        }
    }
}
