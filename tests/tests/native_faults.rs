//! Faults that only native threads can meet: what panics there unwinds, and foreign code runs on threads of ours.
#![cfg(not(target_family = "wasm"))]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, LazyLock, Mutex, mpsc};
use std::time::Duration;

use futures::executor::block_on;
use serde::{Deserialize, Serialize};
use wasm_mt::{AbortHandle, Thread, checkpoint, job};
use wasm_mt_tests::common::{YieldOnce, lose_worker, within_a_minute};

fn with_panicking_handler() -> Thread {
    let builder = Thread::builder().on_unhandled(|error| panic!("the handler too: {error}"));
    block_on(builder.start()).unwrap()
}

#[test]
fn a_thread_outlives_a_panic_of_its_on_unhandled() {
    within_a_minute(|| {
        let thread = with_panicking_handler();
        drop(thread.spawn(job!(|| -> () { panic!("job") })));
        let next: Vec<_> = (0..3).map(|_| thread.spawn(job!(|| 5))).collect();
        for handle in next {
            match block_on(handle) {
                Ok(value) => assert_eq!(value, 5),
                Err(error) => assert!(error.is_lost(), "{error}"),
            }
        }
        assert_eq!(block_on(thread.spawn(job!(|| 6))).unwrap(), 6);
    });
}

#[test]
fn timers_outlive_a_panic_of_an_on_unhandled() {
    within_a_minute(|| {
        let thread = with_panicking_handler();
        let (sender, receiver) = mpsc::channel();
        let told = Thread::builder().on_unhandled(move |error| {
            // The receiver waits for the first only.
            let _ = sender.send(error.is_lost());
            panic!("the handler");
        });
        let told = block_on(told.start()).unwrap();
        // The timer of the job that costs it its worker tells of its end.
        drop(told.spawn(job!(async || std::future::pending::<()>().await)));
        block_on(lose_worker(&told));
        assert_eq!(receiver.recv(), Ok(true));
        let late = thread
            .spawn(job!(|| -> () {
                // As in `spawns_that_race_on_a_failed_thread_start_it_once`.
                loop {
                    std::thread::park();
                }
            }))
            .timeout(Duration::from_millis(1));
        assert!(block_on(late).unwrap_err().is_deadline());
    });
}

static ABORT: Mutex<Option<AbortHandle>> = Mutex::new(None);

/// Asks in its drop for the job that it is the result of.
#[derive(Serialize, Deserialize)]
struct Asks(u8);

impl Drop for Asks {
    fn drop(&mut self) {
        let handle = ABORT.lock().unwrap().clone();
        if let Some(handle) = handle {
            handle.is_finished();
        }
    }
}

#[test]
fn a_detached_result_is_dropped_without_a_lock_held() {
    within_a_minute(|| {
        let thread = block_on(Thread::start()).unwrap();
        let handle = thread.spawn(job!(|| {
            GATE.wait();
            Asks(1)
        }));
        *ABORT.lock().unwrap() = Some(handle.abort_handle());
        drop(handle);
        GATE.wait();
        assert_eq!(block_on(thread.spawn(job!(|| 1))).unwrap(), 1);
    });
}

static GATE: LazyLock<Barrier> = LazyLock::new(|| Barrier::new(2));

#[test]
fn a_job_may_have_an_executor_of_its_own() {
    let thread = block_on(Thread::start()).unwrap();
    let handle = thread.spawn(job!(|| block_on(async {
        YieldOnce::default().await;
        1
    })));
    assert_eq!(block_on(handle).unwrap(), 1);
}

#[test]
fn many_waiting_jobs_do_not_starve_an_async_one() {
    let thread = block_on(Thread::start()).unwrap();
    let holds = thread.spawn(job!(|| {
        GO.wait();
    }));
    let yields = thread.spawn(job!(async || YieldOnce::default().await));
    let behind: Vec<_> = (0..50).map(|_| thread.spawn(job!(|| ()))).collect();
    let last = thread.spawn(job!(|| {
        LAST.wait();
    }));
    GO.wait();
    block_on(holds).unwrap();
    // The last job ends only after this: so the async one does not wait for all that was spawned behind it.
    block_on(yields).unwrap();
    LAST.wait();
    block_on(last).unwrap();
    for handle in behind {
        block_on(handle).unwrap();
    }
}

static GO: LazyLock<Barrier> = LazyLock::new(|| Barrier::new(2));
static LAST: LazyLock<Barrier> = LazyLock::new(|| Barrier::new(2));

static FAILS: AtomicBool = AtomicBool::new(false);

fn fails_sometimes() {
    if FAILS.load(Ordering::SeqCst) {
        std::panic::resume_unwind(Box::new("on_start"));
    }
}

#[test]
fn spawns_that_race_on_a_failed_thread_start_it_once() {
    within_a_minute(|| {
        for _ in 0..50 {
            FAILS.store(false, Ordering::SeqCst);
            let builder = Thread::builder()
                .abort_grace(Duration::from_millis(1))
                .on_start(fails_sometimes);
            let thread = Arc::new(block_on(builder.start()).unwrap());
            FAILS.store(true, Ordering::SeqCst);
            let (begun, begins) = mpsc::channel();
            *BEGUN.lock().unwrap() = Some(begun);
            let endless = thread.spawn(job!(|| -> () {
                if let Some(begun) = BEGUN.lock().unwrap().take() {
                    begun.send(()).unwrap();
                }
                // A wake of the thread's executor may have been left over.
                loop {
                    std::thread::park();
                }
            }));
            begins.recv().unwrap();
            endless.abort();
            let refused = block_on(thread.spawn(job!(|| 0))).unwrap_err();
            assert!(refused.is_lost() && !refused.may_have_run(), "{refused}");
            FAILS.store(false, Ordering::SeqCst);
            let barrier = Arc::new(Barrier::new(3));
            let spawners: Vec<_> = (0..3)
                .map(|_| {
                    let (thread, barrier) = (thread.clone(), barrier.clone());
                    std::thread::spawn(move || {
                        barrier.wait();
                        block_on(thread.spawn(job!(|| 1)))
                    })
                })
                .collect();
            for spawner in spawners {
                assert_eq!(spawner.join().unwrap().unwrap(), 1);
            }
        }
    });
}

static BEGUN: Mutex<Option<mpsc::Sender<()>>> = Mutex::new(None);

static RAN: AtomicBool = AtomicBool::new(false);

#[test]
fn an_aborted_job_behind_a_busy_async_one_does_not_run() {
    let thread = block_on(Thread::start()).unwrap();
    let (sender, begins) = mpsc::channel();
    *WORKS.lock().unwrap() = Some(sender);
    let works = thread.spawn(job!(async || {
        YieldOnce::default().await;
        let begun = WORKS.lock().unwrap().take().unwrap();
        begun.send(()).unwrap();
        RELEASE.wait();
    }));
    begins.recv().unwrap();
    let waits = thread.spawn(job!(|| RAN.store(true, Ordering::SeqCst)));
    waits.abort();
    RELEASE.wait();
    block_on(works).unwrap();
    block_on(thread.spawn(job!(|| ()))).unwrap();
    assert!(!RAN.load(Ordering::SeqCst));
}

static WORKS: Mutex<Option<mpsc::Sender<()>>> = Mutex::new(None);
static RELEASE: LazyLock<Barrier> = LazyLock::new(|| Barrier::new(2));

/// Tells when it is dropped.
struct Tells(&'static Mutex<Option<mpsc::Sender<()>>>);

impl Drop for Tells {
    fn drop(&mut self) {
        // No end to a drop, whatever has ended the job.
        checkpoint();
        if let Some(dropped) = self.0.lock().unwrap().take() {
            // The test has failed and asks no more.
            let _ = dropped.send(());
        }
    }
}

fn listen(at: &'static Mutex<Option<mpsc::Sender<()>>>) -> mpsc::Receiver<()> {
    let (sender, receiver) = mpsc::channel();
    *at.lock().unwrap() = Some(sender);
    receiver
}

fn told(at: &'static Mutex<Option<mpsc::Sender<()>>>) {
    if let Some(sender) = at.lock().unwrap().take() {
        sender.send(()).unwrap();
    }
}

fn spin() {
    loop {
        checkpoint();
    }
}

#[test]
fn an_aborted_loop_ends_at_its_checkpoint_and_keeps_its_thread() {
    static BEGINS: Mutex<Option<mpsc::Sender<()>>> = Mutex::new(None);
    static DROPPED: Mutex<Option<mpsc::Sender<()>>> = Mutex::new(None);
    within_a_minute(|| {
        // The thread is lost on no account.
        let thread = block_on(Thread::builder().abort_grace(None).start()).unwrap();
        let home = block_on(thread.spawn(job!(|| place()))).unwrap();
        let waits = thread.spawn(job!(async || {
            YieldOnce::default().await;
            place()
        }));
        let (begins, dropped) = (listen(&BEGINS), listen(&DROPPED));
        let spins = thread.spawn(job!(|| {
            let _tells = Tells(&DROPPED);
            told(&BEGINS);
            spin();
        }));
        begins.recv().unwrap();
        spins.abort();
        assert!(block_on(spins).unwrap_err().is_cancelled());
        dropped.recv().unwrap();
        assert_eq!(block_on(waits).unwrap(), home);
        assert_eq!(block_on(thread.spawn(job!(|| place()))).unwrap(), home);
    });
}

#[test]
fn an_aborted_async_loop_ends_at_its_checkpoint() {
    static BEGINS: Mutex<Option<mpsc::Sender<()>>> = Mutex::new(None);
    static DROPPED: Mutex<Option<mpsc::Sender<()>>> = Mutex::new(None);
    within_a_minute(|| {
        let thread = block_on(Thread::builder().abort_grace(None).start()).unwrap();
        let home = block_on(thread.spawn(job!(|| place()))).unwrap();
        let (begins, dropped) = (listen(&BEGINS), listen(&DROPPED));
        let spins = thread.spawn(job!(async || {
            let _tells = Tells(&DROPPED);
            YieldOnce::default().await;
            told(&BEGINS);
            spin();
        }));
        begins.recv().unwrap();
        spins.abort();
        dropped.recv().unwrap();
        assert!(block_on(spins).unwrap_err().is_cancelled());
        // Dropped at an `await`, where the drop calls a checkpoint.
        let dropped = listen(&DROPPED);
        let awaits = thread.spawn(job!(async || {
            let _tells = Tells(&DROPPED);
            std::future::pending::<()>().await;
        }));
        block_on(thread.spawn(job!(|| ()))).unwrap();
        awaits.abort();
        dropped.recv().unwrap();
        assert_eq!(block_on(thread.spawn(job!(|| place()))).unwrap(), home);
    });
}

#[test]
fn a_timed_out_loop_ends_at_its_checkpoint() {
    static DROPPED: Mutex<Option<mpsc::Sender<()>>> = Mutex::new(None);
    within_a_minute(|| {
        let thread = block_on(Thread::builder().abort_grace(None).start()).unwrap();
        let dropped = listen(&DROPPED);
        let spins = thread
            .spawn(job!(|| {
                let _tells = Tells(&DROPPED);
                spin();
            }))
            .timeout(Duration::from_millis(20));
        assert!(block_on(spins).unwrap_err().is_deadline());
        dropped.recv().unwrap();
        assert_eq!(block_on(thread.spawn(job!(|| 3))).unwrap(), 3);
    });
}

#[test]
fn a_terminated_threads_loop_ends_at_its_checkpoint() {
    static BEGINS: Mutex<Option<mpsc::Sender<()>>> = Mutex::new(None);
    static DROPPED: Mutex<Option<mpsc::Sender<()>>> = Mutex::new(None);
    within_a_minute(|| {
        let thread = block_on(Thread::start()).unwrap();
        let (begins, dropped) = (listen(&BEGINS), listen(&DROPPED));
        let spins = thread.spawn(job!(|| {
            let _tells = Tells(&DROPPED);
            told(&BEGINS);
            spin();
        }));
        begins.recv().unwrap();
        drop(thread);
        assert!(block_on(spins).unwrap_err().is_cancelled());
        dropped.recv().unwrap();
    });
}

#[test]
fn a_checkpoint_outside_a_job_does_nothing() {
    checkpoint();
}

/// Which OS thread this is.
fn place() -> String {
    format!("{:?}", std::thread::current().id())
}

#[test]
fn a_job_that_unwinds_with_another_panic_than_it_caught_is_told_by_that() {
    within_a_minute(|| {
        let thread = block_on(Thread::start()).unwrap();
        let error = block_on(thread.spawn(job!(|| -> u32 {
            let caught = std::panic::catch_unwind(|| panic!("the first"));
            assert!(caught.is_err());
            std::panic::resume_unwind(Box::new(String::from("the second")))
        })))
        .unwrap_err();
        assert_eq!(error.panic_message(), Some("the second"), "{error}");
        assert_eq!(error.panic_location(), None);
    });
}
