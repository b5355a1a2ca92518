//! Models of the parking, run by loom on the files that are shipped. The deques are counters here, weaker than the real
//! ones: nothing about them orders anything beyond the count itself.
//!
//! Each model is run whole, and again without each [`Step`] that it is about: then it must fail.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use loom::sync::Notify;
use loom::sync::atomic::{AtomicBool, AtomicUsize};
use loom::thread;

use super::park::Found;
use super::sleep::{Sleep, Work};
use super::sync::Step;
use crate::fabric::models;

/// With three preemptions, and in deep runs so many.
fn check(model: fn(), deep: usize) {
    models::check(model, [3, deep]);
}

#[track_caller]
fn fails_without(step: Step, test: &str) {
    models::fails_without(step, module_path!(), test, &[models::SLEEPS]);
}

/// A pool of two workers whose jobs are all alike.
struct Pool {
    sleep: Sleep,
    injector: AtomicUsize,
    deques: [AtomicUsize; 2],
    /// No part of the model.
    begun: std::sync::atomic::AtomicUsize,
    jobs: usize,
    /// No part of it either: whose job waits for the others to begin.
    waits: Mutex<Option<thread::Thread>>,
    shut: AtomicBool,
    /// Workers beyond these leave.
    size: AtomicUsize,
}

impl Pool {
    fn new(jobs: usize) -> Arc<Self> {
        Arc::new(Pool {
            sleep: Sleep::new(2),
            injector: AtomicUsize::new(0),
            deques: [AtomicUsize::new(0), AtomicUsize::new(0)],
            begun: std::sync::atomic::AtomicUsize::new(0),
            jobs,
            waits: Mutex::new(None),
            shut: AtomicBool::new(false),
            size: AtomicUsize::new(2),
        })
    }

    /// Where nobody rests, nobody is to be started.
    fn spawn(&self) {
        assert_eq!(self.publish(), None);
    }

    fn publish(&self) -> Option<usize> {
        self.injector.fetch_add(1, Ordering::Release);
        self.sleep.published(Work::Injected)
    }

    fn leaves(&self, worker: usize) -> bool {
        worker >= self.size.load(Ordering::Relaxed)
    }

    fn shut_down(&self) {
        self.shut.store(true, Ordering::Release);
        self.sleep.wake_all();
    }

    fn has_work(&self) -> bool {
        let queues = [&self.deques[0], &self.deques[1], &self.injector];
        queues.iter().any(|queue| queue.load(Ordering::Acquire) > 0)
    }

    fn more(&self) -> Option<Work> {
        self.has_work().then_some(Work::Injected)
    }

    /// Takes all there is, one to run and the others to the own deque, as a batch from the injector.
    fn take(&self, worker: usize) -> bool {
        let queues = [
            &self.deques[worker],
            &self.injector,
            &self.deques[1 - worker],
        ];
        for queue in queues {
            let some = queue.swap(0, Ordering::AcqRel);
            if some > 0 {
                if some > 1 {
                    self.deques[worker].fetch_add(some - 1, Ordering::Release);
                }
                return true;
            }
        }
        false
    }

    /// Begins one job after another. The first one ends when all have begun: a worker that idles while a job waits is a
    /// deadlock.
    fn work(&self, worker: usize) {
        self.sleep.settle_in(worker);
        'jobs: loop {
            self.sleep.search();
            loop {
                let took = self.take(worker);
                let shut = self.shut.load(Ordering::Acquire);
                if took {
                    assert_eq!(self.sleep.found(|| self.more()), None);
                    self.run();
                    continue 'jobs;
                }
                if shut {
                    return;
                }
                let look = || self.has_work() || self.shut.load(Ordering::Acquire);
                assert!(self.sleep.sleep(worker, None, look, || false));
            }
        }
    }

    fn run(&self) {
        let before = self.begun.fetch_add(1, Ordering::AcqRel);
        if before + 1 == self.jobs {
            self.shut_down();
            if let Some(thread) = self.waits.lock().expect("no model panics").take() {
                thread.unpark();
            }
            return;
        }
        *self.waits.lock().expect("no model panics") = Some(thread::current());
        // By parking, as a late unpark for the worker may come: loom's other ways to wait take it for what they wait for.
        while self.begun.load(Ordering::Acquire) < self.jobs {
            thread::park();
        }
    }
}

fn two_workers(pool: &Arc<Pool>) -> [thread::JoinHandle<()>; 2] {
    [0, 1].map(|worker| {
        let pool = pool.clone();
        thread::spawn(move || pool.work(worker))
    })
}

fn join(workers: [thread::JoinHandle<()>; 2]) {
    for worker in workers {
        worker.join().expect("a worker does not panic");
    }
}

/// Two jobs, each of which needs the other to have begun.
fn spawning() {
    let pool = Pool::new(2);
    let workers = two_workers(&pool);
    pool.spawn();
    pool.spawn();
    join(workers);
}

fn shutting_down() {
    let pool = Pool::new(0);
    let workers = two_workers(&pool);
    pool.shut_down();
    join(workers);
}

/// Two orders to a worker, from two threads.
fn ordering() {
    struct Desk {
        sleep: Sleep,
        orders: AtomicUsize,
    }
    impl Desk {
        fn order(&self) {
            self.orders.fetch_add(1, Ordering::Release);
            // It has a thread, or is about to settle in.
            let _ = self.sleep.wake(0);
        }
    }
    let desk = Arc::new(Desk {
        sleep: Sleep::new(1),
        orders: AtomicUsize::new(0),
    });
    let other = {
        let desk = desk.clone();
        thread::spawn(move || desk.order())
    };
    let worker = {
        let desk = desk.clone();
        thread::spawn(move || {
            desk.sleep.settle_in(0);
            desk.sleep.search();
            let mut done = 0;
            loop {
                done += desk.orders.swap(0, Ordering::Acquire);
                if done == 2 {
                    return;
                }
                let look = || desk.orders.load(Ordering::Acquire) > 0;
                assert!(desk.sleep.sleep(0, None, look, || false));
            }
        })
    };
    desk.order();
    other.join().expect("an order is given");
    worker.join().expect("the worker does not panic");
}

/// A worker whose thread may end whenever it sleeps, and its jobs: those for anyone, and those for it alone.
struct Resting {
    sleep: Sleep,
    jobs: AtomicUsize,
    orders: AtomicUsize,
    /// No part of the model: of how many threads it was.
    threads: std::sync::atomic::AtomicUsize,
    done: std::sync::atomic::AtomicUsize,
}

impl Resting {
    /// Both are done by a thread that rests when it has nothing to do, but the third, so that there is an end.
    fn work(&self, rested: bool) {
        if rested {
            self.sleep.resume(0);
        } else {
            self.sleep.settle_in(0);
            self.sleep.search();
        }
        let last = self.threads.fetch_add(1, Ordering::Relaxed) == 2;
        loop {
            let done =
                self.jobs.swap(0, Ordering::Acquire) + self.orders.swap(0, Ordering::Acquire);
            if done + self.done.fetch_add(done, Ordering::Relaxed) == 2 {
                return;
            }
            let until = (!last).then(Instant::now);
            let look =
                || self.jobs.load(Ordering::Acquire) > 0 || self.orders.load(Ordering::Acquire) > 0;
            if !self.sleep.sleep(0, until, look, || self.sleep.rest(0)) {
                return;
            }
        }
    }
}

/// A job for anyone and an order, and a worker that may be about to end its thread. Who brings them starts it anew.
fn resting() {
    let desk = Arc::new(Resting {
        sleep: Sleep::new(1),
        jobs: AtomicUsize::new(0),
        orders: AtomicUsize::new(0),
        threads: std::sync::atomic::AtomicUsize::new(0),
        done: std::sync::atomic::AtomicUsize::new(0),
    });
    assert_eq!(desk.sleep.wake(0), Found::Gone);
    let thread = |rested| {
        let desk = desk.clone();
        thread::spawn(move || desk.work(rested))
    };
    let first = thread(false);
    let orderer = {
        let desk = desk.clone();
        thread::spawn(move || {
            desk.orders.fetch_add(1, Ordering::Release);
            // The thread that orders is the next one of the worker, to be one thread less.
            match desk.sleep.wake(0) {
                Found::Resting => desk.work(true),
                found => assert_eq!(found, Found::Thread),
            }
        })
    };
    // Not the thread that joins them: to loom a late unpark for the worker would be the end of what is joined.
    let publisher = {
        let desk = desk.clone();
        thread::spawn(move || {
            desk.jobs.fetch_add(1, Ordering::Release);
            if desk.sleep.published(Work::Injected).is_some() {
                desk.work(true);
            }
        })
    };
    for thread in [first, orderer, publisher] {
        thread.join().expect("none panics");
    }
    if desk.done.load(Ordering::Relaxed) != 2 {
        lost();
    }
}

/// A worker beyond the size of the pool and an order that it may not see any more.
fn leaving() {
    struct Desk {
        sleep: Sleep,
        orders: AtomicUsize,
        done: std::sync::atomic::AtomicUsize,
    }
    impl Desk {
        fn work(&self) {
            self.sleep.settle_in(0);
            loop {
                let done = self.orders.swap(0, Ordering::Acquire);
                self.done.fetch_add(done, Ordering::Relaxed);
                if self.sleep.leave(0) {
                    return;
                }
            }
        }

        fn order(&self) {
            self.orders.fetch_add(1, Ordering::Release);
            if self.sleep.wake(0) == Found::Gone {
                self.work();
            }
        }
    }
    let desk = Arc::new(Desk {
        sleep: Sleep::new(1),
        orders: AtomicUsize::new(0),
        done: std::sync::atomic::AtomicUsize::new(0),
    });
    assert_eq!(desk.sleep.wake(0), Found::Gone);
    let [worker, other] = [Desk::work, Desk::order].map(|act| {
        let desk = desk.clone();
        thread::spawn(move || act(&desk))
    });
    // The pool shrinks, which the worker may have seen before.
    desk.sleep.dismiss(0);
    desk.order();
    worker.join().expect("the worker does not panic");
    other.join().expect("an order is given");
    if desk.done.load(Ordering::Relaxed) != 2 {
        lost();
    }
}

/// A job waits, and nobody is left to wake: told as a job is that waits beside a sleeper.
fn lost() {
    Notify::new().wait();
}

/// The second of two workers is to leave while a job comes for anyone.
fn shrinking() {
    let pool = Pool::new(1);
    let first = {
        let pool = pool.clone();
        thread::spawn(move || pool.work(0))
    };
    let second = {
        let pool = pool.clone();
        thread::spawn(move || {
            pool.sleep.settle_in(1);
            pool.sleep.search();
            let took = loop {
                let leaves = pool.leaves(1);
                if leaves || pool.take(1) {
                    break !leaves;
                }
                let look = || pool.has_work() || pool.leaves(1);
                assert!(pool.sleep.sleep(1, None, look, || false));
            };
            assert_eq!(pool.sleep.found(|| pool.more()), None);
            if took {
                pool.run();
            }
        })
    };
    pool.size.store(1, Ordering::Relaxed);
    let _ = pool.sleep.wake(1);
    pool.spawn();
    for thread in [first, second] {
        thread.join().expect("none panics");
    }
}

/// Two jobs that need each other, on workers that take one each: the first without a search, as a worker does that was at work.
fn refraining() {
    let pool = Pool::new(2);
    let begun = Arc::new(AtomicUsize::new(0));
    let workers = [0, 1].map(|worker| {
        let (pool, begun) = (pool.clone(), begun.clone());
        thread::spawn(move || {
            pool.sleep.settle_in(worker);
            if !pool.take(worker) {
                pool.sleep.search();
                while !pool.take(worker) {
                    assert!(pool.sleep.sleep(worker, None, || pool.has_work(), || false));
                }
                assert_eq!(pool.sleep.found(|| pool.more()), None);
            }
            assert_eq!(pool.sleep.refrains(|| pool.more()), None);
            begun.fetch_add(1, Ordering::AcqRel);
            // What this job brings wakes the other one's future.
            pool.sleep.nudge(1 - worker);
            let both = || begun.load(Ordering::Acquire) == 2;
            while !both() {
                pool.sleep.sleep_alone(worker, both);
            }
        })
    });
    pool.spawn();
    pool.spawn();
    join(workers);
}

/// Half of a job of the first worker runs on the second one, and lays a job there. It ends when that has run, so that the first one
/// has to be woken for both.
fn joining() {
    struct Desk {
        sleep: Sleep,
        laid: AtomicUsize,
        ended: AtomicBool,
        /// No part of the model.
        ran: std::sync::atomic::AtomicBool,
        waits: Mutex<Option<thread::Thread>>,
    }
    let desk = Arc::new(Desk {
        sleep: Sleep::new(2),
        laid: AtomicUsize::new(0),
        ended: AtomicBool::new(false),
        ran: std::sync::atomic::AtomicBool::new(false),
        waits: Mutex::new(None),
    });
    let half = |desk: Arc<Desk>| {
        desk.sleep.settle_in(1);
        desk.laid.fetch_add(1, Ordering::Release);
        assert_eq!(desk.sleep.published(Work::Laid), None);
        *desk.waits.lock().expect("no model panics") = Some(thread::current());
        while !desk.ran.load(Ordering::Acquire) {
            thread::park();
        }
        desk.ended.store(true, Ordering::Release);
        desk.sleep.nudge(0);
    };
    let joiner = thread::spawn(move || {
        // The worker has its thread before it forks.
        desk.sleep.settle_in(0);
        let thief = {
            let desk = desk.clone();
            thread::spawn(move || half(desk))
        };
        while !desk.ended.load(Ordering::Acquire) {
            if desk.laid.swap(0, Ordering::Acquire) > 0 {
                desk.ran.store(true, Ordering::Release);
                if let Some(thread) = desk.waits.lock().expect("no model panics").take() {
                    thread.unpark();
                }
                continue;
            }
            let look =
                || desk.ended.load(Ordering::Acquire) || desk.laid.load(Ordering::Acquire) > 0;
            desk.sleep.sleep_joining(0, look);
        }
        thief
    });
    let thief = joiner.join().expect("the joiner does not panic");
    thief.join().expect("the half does not panic");
}

/// A future's thread may be gone when it can go on, and another may be coming.
fn ringing() {
    let sleep = Arc::new(Sleep::new(1));
    let rung = Arc::new(AtomicUsize::new(0));
    assert_eq!(sleep.wake(0), Found::Gone);
    let ring = |sleep: &Sleep, rung: &AtomicUsize| {
        rung.fetch_add(1, Ordering::Release);
        sleep.nudge(0);
    };
    let other = {
        let (sleep, rung) = (sleep.clone(), rung.clone());
        thread::spawn(move || ring(&sleep, &rung))
    };
    let worker = {
        let (sleep, rung) = (sleep.clone(), rung.clone());
        thread::spawn(move || {
            sleep.settle_in(0);
            let mut heard = 0;
            while heard < 2 {
                heard += rung.swap(0, Ordering::Acquire);
                if heard < 2 {
                    sleep.sleep_alone(0, || rung.load(Ordering::Acquire) > 0);
                }
            }
        })
    };
    ring(&sleep, &rung);
    other.join().expect("it rings");
    worker.join().expect("the worker does not panic");
}

#[test]
fn loom_no_job_waits_while_a_worker_idles() {
    check(spawning, 4);
}

#[test]
fn loom_a_shutdown_wakes_all() {
    check(shutting_down, 4);
}

#[test]
fn loom_an_order_between_look_and_sleep_is_not_lost() {
    check(ordering, 7);
}

#[test]
fn loom_spawning_needs_each_of_its_steps() {
    for step in [
        Step::SecondLook,
        Step::SleepersFence,
        Step::PublishersFence,
        Step::PassOn,
    ] {
        fails_without(step, "loom_no_job_waits_while_a_worker_idles");
    }
}

#[test]
fn loom_a_shutdown_needs_the_wake_to_stay() {
    fails_without(Step::Token, "loom_a_shutdown_wakes_all");
}

#[test]
fn loom_an_order_needs_each_of_its_steps() {
    for step in [Step::Token, Step::ClearBySwap] {
        fails_without(step, "loom_an_order_between_look_and_sleep_is_not_lost");
    }
}

#[test]
fn loom_a_worker_that_ends_for_want_of_jobs_misses_none() {
    check(resting, 4);
}

#[test]
fn loom_a_worker_that_leaves_misses_no_order() {
    check(leaving, 6);
}

#[test]
fn loom_a_worker_that_leaves_keeps_no_job_from_others() {
    check(shrinking, 4);
}

#[test]
fn loom_a_future_that_can_go_on_wakes_its_thread() {
    check(ringing, 5);
}

#[test]
fn loom_a_worker_that_takes_no_more_keeps_no_job_from_others() {
    check(refraining, 4);
}

#[test]
fn loom_who_waits_in_a_join_is_woken_for_its_half_and_for_what_it_can_run() {
    check(joining, 7);
}

#[test]
fn loom_joining_needs_each_of_its_steps() {
    for step in [
        Step::ClaimJoining,
        Step::SecondLook,
        Step::SleepersFence,
        Step::PublishersFence,
        Step::ClearBySwap,
    ] {
        fails_without(
            step,
            "loom_who_waits_in_a_join_is_woken_for_its_half_and_for_what_it_can_run",
        );
    }
}

#[test]
fn loom_refraining_needs_each_of_its_steps() {
    for step in [
        Step::HandOver,
        Step::SecondLook,
        Step::SleepersFence,
        Step::PublishersFence,
    ] {
        fails_without(
            step,
            "loom_a_worker_that_takes_no_more_keeps_no_job_from_others",
        );
    }
}

#[test]
fn loom_resting_needs_each_of_its_steps() {
    for step in [
        Step::EndByExchange,
        Step::ClaimResting,
        Step::SecondLook,
        Step::PublishersFence,
    ] {
        fails_without(step, "loom_a_worker_that_ends_for_want_of_jobs_misses_none");
    }
}

#[test]
fn loom_leaving_needs_each_of_its_steps() {
    fails_without(
        Step::EndByExchange,
        "loom_a_worker_that_leaves_misses_no_order",
    );
    for step in [Step::PassOn, Step::PublishersFence] {
        fails_without(step, "loom_a_worker_that_leaves_keeps_no_job_from_others");
    }
}

#[test]
fn loom_a_ring_needs_the_wake_to_be_taken_by_a_swap() {
    fails_without(
        Step::ClearBySwap,
        "loom_a_future_that_can_go_on_wakes_its_thread",
    );
}
