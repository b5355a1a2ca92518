//! Models of the parking, run by loom on the files that are shipped. The deques are counters here, weaker than the real
//! ones: nothing about them orders anything beyond the count itself.
//!
//! Each model is run whole, and again without each [`Step`] that it is about: then it must fail.

use std::process::Command;
use std::sync::atomic::Ordering;
use std::sync::{Arc, LazyLock};

use loom::sync::Notify;
use loom::sync::atomic::{AtomicBool, AtomicUsize};
use loom::thread;

use super::sleep::Sleep;
use super::sync::Step;

/// Names the step that is left out.
const LEFT_OUT: &str = "WASM_MT_LEFT_OUT";

pub(super) fn taken(step: Step) -> bool {
    static LEFT: LazyLock<Option<String>> = LazyLock::new(|| std::env::var(LEFT_OUT).ok());
    LEFT.as_ref()
        .is_none_or(|left| *left != format!("{step:?}"))
}

fn check(model: fn()) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound.get_or_insert(3);
    builder.check(model);
}

/// Runs the model's test without the step, in a process of its own: loom's end of a failed model can be an abort.
#[track_caller]
fn fails_without(step: Step, test: &str) {
    let here = module_path!().split_once("::").map_or("", |(_, path)| path);
    let output = Command::new(std::env::current_exe().expect("the test knows its program"))
        .args([&format!("{here}::{test}"), "--exact", "--nocapture"])
        .env(LEFT_OUT, format!("{step:?}"))
        .env("RUST_BACKTRACE", "0")
        .output()
        .expect("the test's program runs");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && told.contains("deadlock; threads"),
        "without {step:?} the model does not end as it should:\n{told}"
    );
}

/// A pool of two workers whose jobs are all alike.
struct Pool {
    sleep: Sleep,
    injector: AtomicUsize,
    deques: [AtomicUsize; 2],
    /// No part of the model.
    begun: std::sync::atomic::AtomicUsize,
    jobs: usize,
    all_begun: Notify,
    shut: AtomicBool,
}

impl Pool {
    fn new(jobs: usize) -> Arc<Self> {
        Arc::new(Pool {
            sleep: Sleep::new(2),
            injector: AtomicUsize::new(0),
            deques: [AtomicUsize::new(0), AtomicUsize::new(0)],
            begun: std::sync::atomic::AtomicUsize::new(0),
            jobs,
            all_begun: Notify::new(),
            shut: AtomicBool::new(false),
        })
    }

    fn spawn(&self) {
        self.injector.fetch_add(1, Ordering::Release);
        self.sleep.published();
    }

    fn shut_down(&self) {
        self.shut.store(true, Ordering::Release);
        self.sleep.wake_all();
    }

    fn has_work(&self) -> bool {
        let queues = [&self.deques[0], &self.deques[1], &self.injector];
        queues.iter().any(|queue| queue.load(Ordering::Acquire) > 0)
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
                    self.sleep.found(|| self.has_work());
                    self.run();
                    continue 'jobs;
                }
                if shut {
                    return;
                }
                self.sleep.sleep(worker, || {
                    self.has_work() || self.shut.load(Ordering::Acquire)
                });
            }
        }
    }

    fn run(&self) {
        let before = self.begun.fetch_add(1, Ordering::AcqRel);
        if before + 1 == self.jobs {
            self.shut_down();
            self.all_begun.notify();
        } else {
            self.all_begun.wait();
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
            self.sleep.wake(0);
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
                desk.sleep
                    .sleep(0, || desk.orders.load(Ordering::Acquire) > 0);
            }
        })
    };
    desk.order();
    other.join().expect("an order is given");
    worker.join().expect("the worker does not panic");
}

#[test]
fn loom_no_job_waits_while_a_worker_idles() {
    check(spawning);
}

#[test]
fn loom_a_shutdown_wakes_all() {
    check(shutting_down);
}

#[test]
fn loom_an_order_between_look_and_sleep_is_not_lost() {
    check(ordering);
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
