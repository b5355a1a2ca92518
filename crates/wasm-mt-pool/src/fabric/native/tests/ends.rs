//! How jobs, threads and the fabric end before their time.

use super::*;

#[test]
fn an_aborted_job_that_waits_never_begins_and_is_dropped_at_once() {
    static BUSY: Gate = Gate::new();
    let fabric = fabric(1);
    let busy = spawn(&fabric, job!(|| BUSY.pass()));
    let (sender, mut items) = wasm_mt::channel::<u32>();
    let waits = spawn(
        &fabric,
        job!(|sender| {
            let _ = sender.send(1);
        }),
    );
    waits.abort();
    // The channel ends although the worker is busy.
    assert!(block_on(items.recv()).is_none());
    assert!(block_on(waits).unwrap_err().is_cancelled());
    BUSY.open();
    block_on(busy).unwrap();
    end(&fabric);
}

#[test]
fn an_aborted_async_job_is_dropped_at_its_await() {
    struct Flag(mpsc::Sender<()>);
    impl Drop for Flag {
        fn drop(&mut self) {
            let _ = self.0.send(());
        }
    }
    static FLAG: Mutex<Option<Flag>> = Mutex::new(None);
    static BEGUN: Gate = Gate::new();
    let (send, dropped) = mpsc::channel();
    *FLAG.lock().unwrap() = Some(Flag(send));
    let fabric = fabric(1);
    let handle = spawn(
        &fabric,
        job!(async || {
            let _flag = FLAG.lock().unwrap().take();
            BEGUN.open();
            std::future::pending::<()>().await;
        }),
    );
    BEGUN.pass();
    handle.abort();
    dropped.recv().unwrap();
    assert!(block_on(handle).unwrap_err().is_cancelled());
    end(&fabric);
}

#[test]
fn a_job_that_ignores_its_abort_is_left_to_itself_and_its_worker_goes_on() {
    static BEGUN: Gate = Gate::new();
    static HOLD: Gate = Gate::new();
    let config = door::config(Builder::new().abort_grace(Duration::from_millis(10)));
    let fabric = started(config, 1, true);
    let suspended = spawn(&fabric, job!(async || std::future::pending::<()>().await));
    let again = spawn(
        &fabric,
        job!(async || {
            static RUNS: AtomicUsize = AtomicUsize::new(0);
            let runs = RUNS.fetch_add(1, Ordering::SeqCst) + 1;
            if runs == 1 {
                std::future::pending::<()>().await;
            }
            runs
        })
        .idempotent(),
    );
    let stuck = spawn(
        &fabric,
        job!(|| {
            for _ in 0..10 {
                // These lie on the deque of a thread that is given up on.
                drop(spawn(&here(), job!(|| ())));
            }
            BEGUN.open();
            HOLD.pass();
            drop(spawn(&here(), job!(|| ())));
        }),
    );
    BEGUN.pass();
    stuck.abort();
    assert!(block_on(stuck).unwrap_err().is_cancelled());
    assert!(block_on(suspended).unwrap_err().is_lost());
    assert_eq!(block_on(again).unwrap(), 2);
    // The one worker goes on, with another thread.
    for n in 0..100_u32 {
        assert_eq!(block_on(spawn(&fabric, job!(|n| n))).unwrap(), n);
    }
    HOLD.open();
    for n in 0..100_u32 {
        assert_eq!(block_on(spawn(&fabric, job!(|n| n))).unwrap(), n);
    }
    end(&fabric);
}

#[test]
fn what_panics_outside_a_job_does_not_end_its_worker() {
    let config = door::config(Builder::new().on_unhandled(|_| panic!("on purpose")));
    let fabric = started(config, 1, true);
    for _ in 0..10 {
        drop(spawn::<()>(&fabric, job!(|| panic!("on purpose, too"))));
    }
    for n in 0..10_u32 {
        assert_eq!(block_on(spawn(&fabric, job!(|n| n))).unwrap(), n);
    }
    end(&fabric);
}

#[test]
fn a_terminated_fabric_settles_all_that_it_has() {
    static BEGUN: Gate = Gate::new();
    let fabric = fabric(2);
    let runs = spawn(
        &fabric,
        job!(|| {
            BEGUN.open();
            loop {
                checkpoint();
                std::thread::yield_now();
            }
        }),
    );
    let runs: JoinHandle<()> = runs;
    let suspended = spawn(&fabric, job!(async || std::future::pending::<()>().await));
    BEGUN.pass();
    let waiting: Vec<_> = (0..2)
        .flat_map(|worker| (0..100).map(move |_| worker))
        .map(|worker| spawn_at(&fabric, job!(|| ()), Place::Pinned(worker)))
        .collect();
    end(&fabric);
    assert!(block_on(runs).unwrap_err().is_cancelled());
    assert!(block_on(suspended).unwrap_err().is_cancelled());
    for outcome in block_on(join_all(waiting)) {
        assert!(outcome.is_ok() || outcome.is_err_and(|error| error.is_cancelled()));
    }
    let late = spawn(&fabric, job!(|| ()));
    assert!(block_on(late).unwrap_err().is_closed());
}

#[test]
fn no_handle_is_left_behind_by_a_termination_amid_spawns() {
    for _ in 0..many(50) {
        let fabric = fabric(2);
        let handles = std::thread::scope(|scope| {
            let spawner = scope.spawn(|| {
                (0..200)
                    .map(|_| spawn(&fabric, job!(|| ())))
                    .collect::<Vec<_>>()
            });
            fabric.terminate();
            spawner.join().unwrap()
        });
        for outcome in block_on(join_all(handles)) {
            if let Err(error) = outcome {
                assert!(error.is_cancelled() || error.is_closed(), "{error}");
            }
        }
        end(&fabric);
    }
}

#[test]
fn a_fabric_of_no_workers_does_not_start() {
    let fabric = begun(config(), 0, Settings::default());
    let error = block_on(poll_fn(|cx| fabric.poll_started(cx))).unwrap_err();
    assert!(error.is_no_workers());
}

#[test]
fn an_on_start_that_panics_is_the_starts_error() {
    let config = door::config(Builder::new().on_start(|| panic!("on purpose")));
    let fabric = begun(config, 2, Settings::default());
    let error = block_on(poll_fn(|cx| fabric.poll_started(cx))).unwrap_err();
    assert!(error.is_on_start());
    block_on(poll_fn(|cx| fabric.poll_ended(cx)));
}
