//! How the fabric's threads start, are replaced, and end.
//!
//! 1. A worker's present thread is the one in its seat. What an earlier one says of its start or end is not heard.
//! 2. A worker for which no thread could be had is *vacant*. Its own jobs end then, and all jobs where every worker is; the next
//!    job tries again.
//! 3. A thread is started by who has put its worker from having none to being woken (`Found` of `park.rs`), or replaces another.
//!    So there are no two of them that both take themselves for the present one.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use wasm_mt::__pool::{self as door, Config, Hand, Owner, Timer};
use wasm_mt::StartError;

use super::grown::Grown;
use super::injectors::Injectors;
use super::peers::Peers;
use super::seat::{Present, Seat};
use super::sleep::{self, Sleep, Work};
use super::{NEW, Native, OPEN, worker};
use crate::builder::Settings;

/// What is known of the threads, all together.
#[derive(Default)]
pub(super) struct Life {
    /// Workers that were asked for and have not come up.
    pub(super) starting: BTreeSet<usize>,
    /// All that were asked for first have come up.
    up: bool,
    /// Why they did not.
    failed: Option<StartError>,
    /// Of workers that are to be there, why they are not.
    pub(super) missing: BTreeMap<usize, StartError>,
    /// The numbers of threads that have not ended, without those that were given up on.
    threads: BTreeSet<u64>,
    /// How many threads there were.
    count: u64,
    /// When those that start come too late, and how often that was set.
    deadline: (u64, Option<Timer>),
    /// When threads that jobs keep are given up on, at the end.
    grace: Option<Timer>,
    /// Of who waits for the start, or the end.
    wakers: Vec<Waker>,
}

impl Life {
    fn wait(&mut self, cx: &Context<'_>) {
        if !self.wakers.iter().any(|waker| waker.will_wake(cx.waker())) {
            self.wakers.push(cx.waker().clone());
        }
    }

    /// Where nobody is waited for any more, the time for it ends.
    pub(super) fn settle(&mut self) -> Option<Timer> {
        if !self.starting.is_empty() {
            return None;
        }
        self.up = true;
        self.deadline.1.take()
    }
}

impl Native {
    /// So many workers, whose threads are to [`begin`](Self::begin).
    pub(crate) fn make(
        config: Config,
        workers: usize,
        settings: Settings,
        takes: Option<fn() -> bool>,
    ) -> Arc<Self> {
        // More cannot begin.
        let seats = if workers > sleep::MOST { 0 } else { workers };
        Arc::new_cyclic(|me: &Weak<Native>| Native {
            config,
            settings,
            takes,
            sleep: Arc::new(Sleep::new(seats)),
            injectors: Injectors::default(),
            peers: Peers::new(),
            seats: Grown::new(seats, Seat::new),
            size: AtomicUsize::new(workers),
            phase: AtomicU8::new(NEW),
            vacant: AtomicBool::new(false),
            life: Mutex::default(),
            me: me.clone(),
        })
    }

    /// Begins to start the workers' threads, and returns at once. False where it had begun, or has ended.
    pub(crate) fn begin(&self) -> bool {
        let mut life = self.life();
        // ORDERING: Relaxed; under the lock, but for the end, after which nothing is started.
        if self
            .phase
            .compare_exchange(NEW, OPEN, Ordering::Relaxed, Ordering::Relaxed)
            .is_err()
        {
            return false;
        }
        let workers = self.workers();
        if workers == 0 || workers > sleep::MOST {
            drop(life);
            self.fail(if workers == 0 {
                door::no_workers()
            } else {
                door::too_many_workers(sleep::MOST)
            });
            return true;
        }
        life.starting = (0..workers).collect();
        drop(self.wait_for_starts(&mut life));
        drop(life);
        for worker in 0..workers {
            self.rouse(worker);
        }
        true
    }

    /// Those that start have so long for it. Gives the earlier timer.
    #[must_use = "it is dropped without the lock"]
    pub(super) fn wait_for_starts(&self, life: &mut Life) -> Option<Timer> {
        let (limit, error) = door::start_deadline(&self.config);
        life.deadline.0 += 1;
        let (me, which) = (self.me.clone(), life.deadline.0);
        let fire = move || {
            if let Some(fabric) = me.upgrade() {
                fabric.late(which, error);
            }
        };
        let timer = Timer::after(limit, Box::new(fire));
        life.deadline.1.replace(timer)
    }

    pub(super) fn life(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ready when every worker is up that was asked for, or one is known not to come.
    pub(crate) fn poll_started(&self, cx: &Context<'_>) -> Poll<Result<(), StartError>> {
        let mut life = self.life();
        if let Some(error) = &life.failed {
            return Poll::Ready(Err(error.clone()));
        }
        if self.is_shut() {
            return Poll::Ready(Err(door::terminated()));
        }
        if self.phase() == NEW || !life.starting.is_empty() {
            life.wait(cx);
            return Poll::Pending;
        }
        Poll::Ready(match life.missing.first_key_value() {
            Some((_, error)) => Err(error.clone()),
            None => Ok(()),
        })
    }

    /// Ready when all threads have ended after [`terminate`](Self::terminate). One that a job keeps for longer than the grace
    /// time of an abort is not waited for.
    pub(crate) fn poll_ended(&self, cx: &Context<'_>) -> Poll<()> {
        let mut life = self.life();
        if self.is_shut() && life.threads.is_empty() {
            return Poll::Ready(());
        }
        life.wait(cx);
        Poll::Pending
    }

    /// Ready when there are so many threads.
    #[cfg(all(test, not(loom)))]
    pub(super) fn poll_threads(&self, threads: usize, cx: &Context<'_>) -> Poll<()> {
        let mut life = self.life();
        if life.threads.len() == threads {
            return Poll::Ready(());
        }
        life.wait(cx);
        Poll::Pending
    }

    /// Whatever starts comes too late.
    #[cfg(all(test, not(loom)))]
    pub(super) fn late_now(&self, error: StartError) {
        let which = self.life().deadline.0;
        self.late(which, error);
    }

    /// Ends it: what waits or runs ends as cancelled, and the threads end when their jobs let them.
    pub(crate) fn terminate(&self) {
        if !self.shut_and_empty() {
            return;
        }
        for seat in self.seats.iter() {
            if let Some(hand) = seat.hand() {
                hand.let_go(&door::cancelled());
            }
        }
        self.sleep.wake_all();
        let me = self.me.clone();
        let timer = door::abort_grace(&self.config).map(|grace| {
            let fire = move || {
                if let Some(fabric) = me.upgrade() {
                    let mut life = fabric.life();
                    life.threads.clear();
                    Native::tell(life);
                }
            };
            Timer::after(grace, Box::new(fire))
        });
        let mut life = self.life();
        life.grace = timer;
        let deadline = life.deadline.1.take();
        Self::tell(life);
        drop(deadline);
    }

    /// The start has failed, unless it is over.
    fn fail(&self, error: StartError) {
        let mut life = self.life();
        if life.up {
            return;
        }
        life.failed.get_or_insert(error);
        drop(life);
        self.terminate();
    }

    /// Who has not come up comes too late.
    fn late(&self, which: u64, error: StartError) {
        let mut life = self.life();
        if life.deadline.0 != which {
            return;
        }
        if !life.up {
            drop(life);
            return self.fail(error);
        }
        let late = std::mem::take(&mut life.starting);
        let late = late.into_iter().map(|worker| (worker, error.clone()));
        life.missing.extend(late);
        // It has fired, and holds nothing any more.
        drop(life.deadline.1.take());
        Self::tell(life);
    }

    /// Starts a thread to be the worker from now on (invariant 3). `rested` says whether it is one of the sleepers.
    pub(super) fn launch(&self, worker: usize, rested: bool) {
        let mut another = self.try_launch(worker, rested);
        while let Some(worker) = another {
            another = self.try_launch(worker, true);
        }
    }

    /// The same. Where no thread could be had, it gives a worker that rests and was to be tried in its place.
    fn try_launch(&self, worker: usize, rested: bool) -> Option<usize> {
        let fabric = self.me.upgrade()?;
        let seat = &self.seats[worker];
        let config = self.config.of_pool(worker, self.workers());
        let owner: Weak<dyn Owner> = self.me.clone();
        let hand = Hand::new(worker, seat.id, config, owner);
        let mut life = self.life();
        life.count += 1;
        let thread = life.count;
        let present = Present {
            hand: hand.clone(),
            thread,
        };
        let earlier = seat.present().replace(present);
        seat.set_up(false);
        // Behind the hand's arrival: who shuts it either finds the hand, or is found here.
        if self.is_shut() {
            let unused = seat.present().take();
            drop(life);
            drop((earlier, unused));
            return None;
        }
        life.threads.insert(thread);
        // One that did not come up is waited for again.
        if life.missing.remove(&worker).is_some() {
            life.starting.insert(worker);
            if life.deadline.1.is_none() {
                let none = self.wait_for_starts(&mut life);
                debug_assert!(none.is_none());
            }
        }
        drop(life);
        drop(earlier);
        let mut builder = std::thread::Builder::new();
        if let Some(name) = hand.name() {
            builder = builder.name(name);
        }
        let mine = hand.clone();
        let begun = builder.spawn(move || worker::main(fabric, worker, mine, thread, rested));
        let error = begun.err()?;
        let another = self.start_failed(worker, &hand, rested, door::no_thread(&error));
        self.ended(thread);
        another
    }

    /// The worker's thread has been let go, and is not waited for any more.
    pub(super) fn give_up(&self, worker: usize) {
        let mut life = self.life();
        if let Some(present) = &*self.seats[worker].present() {
            life.threads.remove(&present.thread);
        }
        Self::tell(life);
    }

    /// The thread is up. Gives whether it is to work.
    pub(super) fn started(&self, worker: usize, hand: &Arc<Hand>) -> bool {
        if !self.seats[worker].is_of(hand) || hand.is_let_go() {
            return false;
        }
        let mut life = self.life();
        self.seats[worker].set_up(true);
        life.missing.remove(&worker);
        if life.starting.remove(&worker) {
            let timer = life.settle();
            Self::tell(life);
            drop(timer);
        }
        true
    }

    /// The worker has no thread, and will not have one before the next job (invariant 2). Gives one that rests, and is to be tried
    /// in its place.
    ///
    /// It does not unwind, though it runs foreign code: nobody answers for that here.
    #[must_use]
    pub(super) fn start_failed(
        &self,
        worker: usize,
        hand: &Arc<Hand>,
        rested: bool,
        error: StartError,
    ) -> Option<usize> {
        let vacate = AssertUnwindSafe(|| self.vacate(worker, hand, rested, error));
        let _ = catch_unwind(vacate);
        // What this thread was started for may be for that one.
        self.sleep.published(Work::Laid)
    }

    fn vacate(&self, worker: usize, hand: &Arc<Hand>, rested: bool, error: StartError) {
        let seat = &self.seats[worker];
        if !seat.is_of(hand) {
            return;
        }
        let mut life = self.life();
        life.starting.remove(&worker);
        let is_to_be = worker < self.workers();
        let first = is_to_be && !life.up;
        if first {
            life.failed.get_or_insert(error.clone());
        } else if is_to_be {
            life.missing.insert(worker, error.clone());
        }
        let timer = if first { None } else { life.settle() };
        let present = seat.present().take();
        // Before it can be launched anew, and so before the lock is given back.
        self.sleep.vacate(worker, rested);
        // ORDERING: Relaxed; the fence orders it.
        self.vacant.store(true, Ordering::Relaxed);
        let wakers = std::mem::take(&mut life.wakers);
        drop(life);
        drop((timer, present));
        if first {
            self.terminate();
        }
        // ORDERING: SeqCst; pairs with the fences that `submit` names: what is not taken here was put in by who sees the vacancy. And with
        // the one in `resize`: of a pool whose other workers leave, either this sees the size, or that the vacancy.
        fence(Ordering::SeqCst);
        let end = |entry: Box<door::Entry>| {
            let error = entry.not_replaced(error.clone());
            let _ = catch_unwind(AssertUnwindSafe(|| entry.fail(error)));
        };
        let workers = self.workers();
        if (0..workers).all(|one| self.sleep.is_gone(one)) {
            self.take_all(end, workers);
        }
        seat.inbox.end(end);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Tries again to have a thread for each vacant worker.
    pub(super) fn revive(&self) {
        // ORDERING: Relaxed; after the fence of `submit`.
        if !self.vacant.load(Ordering::Relaxed) || !self.vacant.swap(false, Ordering::Relaxed) {
            return;
        }
        for worker in 0..self.workers() {
            if self.sleep.is_gone(worker) {
                self.rouse(worker);
            }
        }
    }

    /// The thread has ended.
    pub(super) fn ended(&self, thread: u64) {
        let mut life = self.life();
        life.threads.remove(&thread);
        Self::tell(life);
    }

    /// Wakes who waits, where something may have changed for them.
    pub(super) fn tell(mut life: MutexGuard<'_, Life>) {
        let wakers = std::mem::take(&mut life.wakers);
        drop(life);
        for waker in wakers {
            waker.wake();
        }
    }
}
