//! Workers that end for want of jobs, or after many, and come again.

use std::cell::Cell;

use futures::channel::oneshot;

use super::*;

thread_local! {
    /// Jobs that this thread has run.
    static RUN: Cell<u32> = const { Cell::new(0) };
}

fn run() -> u32 {
    RUN.set(RUN.get() + 1);
    RUN.get()
}

fn idle(limit: Duration) -> Settings {
    Settings {
        idle_timeout: Some(limit),
        ..Settings::default()
    }
}

#[test]
fn a_worker_without_jobs_ends_and_the_next_job_starts_it_anew() {
    let fabric = with(idle(Duration::from_millis(1)), 2);
    for _ in 0..3 {
        until(&fabric, 0);
        assert_eq!(block_on(spawn(&fabric, job!(|| run()))).unwrap(), 1);
        until(&fabric, 0);
        // So does what is for one of them alone.
        for worker in [1, 0] {
            let pinned = spawn_at(&fabric, job!(|| run()), Place::Pinned(worker));
            assert_eq!(block_on(pinned).unwrap(), 1);
        }
    }
    assert_eq!(fabric.workers(), 2);
    end(&fabric);
}

#[test]
fn a_job_beside_a_busy_worker_starts_one_that_rests() {
    static GATE: Gate = Gate::new();
    let fabric = with(idle(Duration::ZERO), 2);
    until(&fabric, 0);
    let busy = spawn(&fabric, job!(|| GATE.pass()));
    let opens = spawn(&fabric, job!(|| GATE.open()));
    block_on(busy).unwrap();
    block_on(opens).unwrap();
    end(&fabric);
}

#[test]
fn so_many_workers_are_kept() {
    let settings = Settings {
        min_workers: 2,
        ..idle(Duration::ZERO)
    };
    let fabric = with(settings, 5);
    until(&fabric, 2);
    assert_eq!(
        (0..5).filter(|one| fabric.sleep.has_thread(*one)).count(),
        2
    );
    for worker in 0..5 {
        block_on(spawn_at(&fabric, job!(|| ()), Place::Pinned(worker))).unwrap();
    }
    until(&fabric, 2);
    end(&fabric);
}

#[test]
fn a_worker_whose_async_job_awaits_something_does_not_end() {
    static SEND: Mutex<Option<oneshot::Sender<u32>>> = Mutex::new(None);
    let fabric = with(idle(Duration::ZERO), 2);
    let suspended = spawn(
        &fabric,
        job!(async || {
            let (send, receive) = oneshot::channel();
            *SEND.lock().unwrap() = Some(send);
            receive.await.unwrap_or(0)
        }),
    );
    // That one ends, and not this.
    until(&fabric, 1);
    block_on(spawn(&fabric, job!(|| ()))).unwrap();
    until(&fabric, 1);
    let send = loop {
        if let Some(send) = SEND.lock().unwrap().take() {
            break send;
        }
        std::thread::yield_now();
    };
    send.send(7).unwrap();
    assert_eq!(block_on(suspended).unwrap(), 7);
    until(&fabric, 0);
    end(&fabric);
}

#[test]
fn no_job_waits_for_a_worker_that_ends_just_then() {
    for workers in [1, 3] {
        let fabric = with(idle(Duration::ZERO), workers);
        for n in 0..many(2_000) {
            let place = if n % 3 == 0 {
                Place::Pinned(n as usize % workers)
            } else {
                Place::Anywhere
            };
            assert_eq!(block_on(spawn_at(&fabric, job!(|n| n), place)).unwrap(), n);
        }
        end(&fabric);
    }
}

#[test]
fn workers_that_rest_come_and_go_with_the_size() {
    let fabric = with(idle(Duration::ZERO), 4);
    for n in 0..many(300) as usize {
        fabric.resize(1 + n * 7 % 5).unwrap();
        block_on(spawn(&fabric, job!(|| ()))).unwrap();
    }
    until(&fabric, 0);
    assert_eq!(fabric.sleep.sleepers(), fabric.workers());
    end(&fabric);
}

#[test]
fn where_no_thread_comes_up_for_one_that_rests_another_is_tried() {
    static FAILURES: AtomicUsize = AtomicUsize::new(0);
    let config = door::config(Builder::new().on_start(|| {
        let left = FAILURES.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
            left.checked_sub(1)
        });
        assert!(left.is_err(), "on purpose");
    }));
    let fabric = begun(config, 3, idle(Duration::ZERO));
    up(&fabric).unwrap();
    until(&fabric, 0);
    FAILURES.store(2, Ordering::SeqCst);
    block_on(spawn(&fabric, job!(|| ()))).unwrap();
    until(&fabric, 0);
    FAILURES.store(usize::MAX, Ordering::SeqCst);
    let error = block_on(spawn(&fabric, job!(|| ()))).unwrap_err();
    assert!(error.is_lost() && !error.may_have_run());
    // Who fails takes along what comes meanwhile.
    until(&fabric, 0);
    FAILURES.store(0, Ordering::SeqCst);
    block_on(spawn(&fabric, job!(|| ()))).unwrap();
    end(&fabric);
}

#[test]
fn after_so_many_jobs_another_thread_takes_the_seat() {
    static STARTED: AtomicUsize = AtomicUsize::new(0);
    let settings = Settings {
        recycle_jobs: Some(10),
        ..Settings::default()
    };
    let config = door::config(Builder::new().on_start(|| {
        STARTED.fetch_add(1, Ordering::SeqCst);
    }));
    let fabric = begun(config, 1, settings);
    let handles: Vec<_> = (0..100).map(|_| spawn(&fabric, job!(|| run()))).collect();
    let run: Vec<u32> = block_on(join_all(handles))
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert_eq!(run.iter().max(), Some(&10));
    let (_results, done, entry, _) = maps::mapped((0..100_u32).collect(), |_| {
        assert!(super::rests::run() <= 10)
    });
    fabric.submit(entry, Place::Anywhere);
    done.recv().unwrap();
    block_on(spawn(&fabric, job!(|| ()))).unwrap();
    assert!(STARTED.load(Ordering::SeqCst) >= 20);
    until(&fabric, 1);
    end(&fabric);
}

#[test]
fn a_worker_makes_way_when_none_of_its_async_jobs_awaits_something() {
    static SEND: Mutex<Option<oneshot::Sender<u32>>> = Mutex::new(None);
    let settings = Settings {
        recycle_jobs: Some(1),
        ..Settings::default()
    };
    let fabric = with(settings, 1);
    let suspended = spawn(
        &fabric,
        job!(async || {
            run();
            let (send, receive) = oneshot::channel();
            *SEND.lock().unwrap() = Some(send);
            receive.await.unwrap_or(0) + run()
        }),
    );
    for n in 2..10 {
        assert_eq!(block_on(spawn(&fabric, job!(|| run()))).unwrap(), n);
    }
    let send = SEND.lock().unwrap().take().unwrap();
    send.send(0).unwrap();
    assert_eq!(block_on(suspended).unwrap(), 10);
    assert_eq!(block_on(spawn(&fabric, job!(|| run()))).unwrap(), 1);
    end(&fabric);
}

#[test]
fn what_lies_with_a_worker_that_makes_way_stays_its_own_without_stealing() {
    let settings = Settings {
        steal: false,
        recycle_jobs: Some(1),
        ..Settings::default()
    };
    let fabric = with(settings, 2);
    let ids = spawn(
        &fabric,
        job!(|| {
            static IDS: Mutex<Vec<JoinHandle<u64>>> = Mutex::new(Vec::new());
            let id = || spawn(&here(), job!(|| current().map_or(0, |thread| thread.id())));
            IDS.lock().unwrap().extend((0..40).map(|_| id()));
            let id = current().map_or(0, |thread| thread.id());
            std::thread::spawn(move || {
                let ids = std::mem::take(&mut *IDS.lock().unwrap());
                for one in block_on(join_all(ids)) {
                    assert_eq!(one.unwrap(), id);
                }
                DONE.open();
            });
        }),
    );
    static DONE: Gate = Gate::new();
    block_on(ids).unwrap();
    DONE.pass();
    end(&fabric);
}
