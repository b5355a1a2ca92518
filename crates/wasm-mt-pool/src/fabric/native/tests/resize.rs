//! More workers, and fewer, while jobs go on.

use futures::channel::oneshot;

use super::*;

fn thread() -> String {
    format!("{:?}", std::thread::current().id())
}

fn thread_of(fabric: &Native, worker: usize) -> String {
    block_on(spawn_at(fabric, job!(|| thread()), Place::Pinned(worker))).unwrap()
}

#[test]
fn a_pool_that_grows_has_more_workers_at_once() {
    // Each looks at all others, which in miri takes its time.
    let workers = if cfg!(miri) { 5 } else { 40 };
    let fabric = fabric(1);
    fabric.resize(workers).unwrap();
    assert_eq!(fabric.workers(), workers);
    let ids: Vec<_> = (0..workers)
        .map(|worker| {
            let id = job!(|| current().map_or(0, |thread| thread.id()));
            spawn_at(&fabric, id, Place::Pinned(worker))
        })
        .collect();
    let ids = block_on(join_all(ids)).into_iter();
    let ids: std::collections::BTreeSet<u64> = ids.map(Result::unwrap).collect();
    assert_eq!(ids.len(), workers);
    up(&fabric).unwrap();
    let stats = crate::fabric::Fabric::stats(&*fabric);
    assert_eq!(
        (stats.workers.len(), stats.run()),
        (workers, workers as u64)
    );
    fabric.resize(3).unwrap();
    until(&fabric, 3);
    assert_eq!(crate::fabric::Fabric::stats(&*fabric).workers.len(), 3);
    end(&fabric);
}

#[test]
fn a_size_that_cannot_be_is_an_error_and_changes_nothing() {
    let fabric = fabric(1);
    assert!(fabric.resize(sleep::MOST + 1).unwrap_err().is_limit());
    assert!(fabric.resize(0).unwrap_err().is_no_workers());
    assert_eq!(fabric.workers(), 1);
    end(&fabric);
    // An end is told by the future.
    fabric.resize(2).unwrap();
    assert!(up(&fabric).is_err());
}

#[test]
fn a_worker_that_leaves_runs_its_async_jobs_to_their_end() {
    static SEND: Mutex<Option<oneshot::Sender<u32>>> = Mutex::new(None);
    static BEGUN: Gate = Gate::new();
    let fabric = fabric(2);
    let suspended = job!(async || {
        let (send, receive) = oneshot::channel();
        *SEND.lock().unwrap() = Some(send);
        BEGUN.open();
        let n = receive.await.unwrap_or(0);
        // What it spawns is for others.
        n + spawn(&here(), job!(|| 1)).await.unwrap()
    });
    let suspended = spawn_at(&fabric, suspended, Place::Pinned(1));
    BEGUN.pass();
    fabric.resize(1).unwrap();
    // It waits for its worker, also while that leaves.
    block_on(spawn_at(&fabric, job!(|| ()), Place::Pinned(1))).unwrap();
    for _ in 0..10 {
        block_on(spawn(&fabric, job!(|| ()))).unwrap();
    }
    SEND.lock().unwrap().take().unwrap().send(6).unwrap();
    assert_eq!(block_on(suspended).unwrap(), 7);
    until(&fabric, 1);
    end(&fabric);
}

#[test]
fn what_lies_with_a_busy_worker_that_leaves_goes_to_others() {
    static LAID: Gate = Gate::new();
    static GATE: Gate = Gate::new();
    static CHILDREN: Mutex<Vec<JoinHandle<u64>>> = Mutex::new(Vec::new());
    let fabric = started(config(), 2, false);
    let busy = job!(|| {
        let id = || spawn(&here(), job!(|| current().map_or(0, |thread| thread.id())));
        CHILDREN.lock().unwrap().extend((0..20).map(|_| id()));
        LAID.open();
        GATE.pass();
        // And what it spawns from now on.
        CHILDREN.lock().unwrap().push(id());
    });
    let busy = spawn_at(&fabric, busy, Place::Pinned(1));
    LAID.pass();
    fabric.resize(1).unwrap();
    let children = std::mem::take(&mut *CHILDREN.lock().unwrap());
    for id in block_on(join_all(children)) {
        assert_eq!(id.unwrap(), fabric.seats[0].id);
    }
    GATE.open();
    block_on(busy).unwrap();
    let last = CHILDREN.lock().unwrap().pop().unwrap();
    assert_eq!(block_on(last).unwrap(), fabric.seats[0].id);
    until(&fabric, 1);
    end(&fabric);
}

#[test]
fn what_is_pinned_to_a_worker_that_has_left_runs_all_the_same() {
    let fabric = fabric(2);
    fabric.resize(1).unwrap();
    until(&fabric, 1);
    assert_ne!(thread_of(&fabric, 1), thread_of(&fabric, 0));
    until(&fabric, 1);
    end(&fabric);
}

#[test]
fn a_worker_that_is_still_there_stays_where_the_pool_grows_again() {
    static BEGUN: Gate = Gate::new();
    static GATE: Gate = Gate::new();
    let fabric = fabric(2);
    let busy = job!(|| {
        BEGUN.open();
        GATE.pass();
        thread()
    });
    let busy = spawn_at(&fabric, busy, Place::Pinned(1));
    BEGUN.pass();
    fabric.resize(1).unwrap();
    fabric.resize(2).unwrap();
    up(&fabric).unwrap();
    GATE.open();
    assert_eq!(block_on(busy).unwrap(), thread_of(&fabric, 1));
    end(&fabric);
}

#[test]
fn nothing_is_lost_or_run_twice_however_the_size_changes() {
    static RUN: AtomicUsize = AtomicUsize::new(0);
    for steal in [true, false] {
        RUN.store(0, Ordering::SeqCst);
        let fabric = started(config(), 2, steal);
        let handles = std::thread::scope(|scope| {
            let spawner = scope.spawn(|| {
                let parent = || {
                    let parent = job!(async || {
                        let child = || spawn(&here(), job!(|| RUN.fetch_add(1, Ordering::SeqCst)));
                        let children: Vec<_> = (0..4).map(|_| child()).collect();
                        for child in children {
                            child.await.unwrap();
                        }
                    });
                    spawn(&fabric, parent)
                };
                (0..many(2_000)).map(|_| parent()).collect::<Vec<_>>()
            });
            for n in 0..many(300) as usize {
                fabric.resize(1 + n * 7 % 5).unwrap();
            }
            spawner.join().unwrap()
        });
        for outcome in block_on(join_all(handles)) {
            outcome.unwrap();
        }
        assert_eq!(RUN.load(Ordering::SeqCst), 4 * many(2_000) as usize);
        fabric.resize(2).unwrap();
        up(&fabric).unwrap();
        until(&fabric, 2);
        end(&fabric);
    }
}

#[test]
fn a_growth_that_fails_leaves_the_pool_as_it_was_and_is_tried_again() {
    static FAILS: AtomicBool = AtomicBool::new(false);
    let config = door::config(Builder::new().on_start(|| {
        assert!(!FAILS.load(Ordering::SeqCst), "on purpose");
    }));
    let fabric = started(config, 1, true);
    FAILS.store(true, Ordering::SeqCst);
    fabric.resize(2).unwrap();
    // Whoever waits is told.
    let [one, two] = [(); 2].map(|()| poll_fn(|cx| fabric.poll_started(cx)));
    let (one, two) = block_on(futures::future::join(one, two));
    assert!(one.unwrap_err().is_on_start() && two.unwrap_err().is_on_start());
    // The next job tries again.
    block_on(spawn(&fabric, job!(|| ()))).unwrap();
    assert!(up(&fabric).unwrap_err().is_on_start());
    until(&fabric, 1);
    FAILS.store(false, Ordering::SeqCst);
    fabric.resize(2).unwrap();
    up(&fabric).unwrap();
    assert_ne!(thread_of(&fabric, 1), thread_of(&fabric, 0));
    end(&fabric);
}

#[test]
fn a_worker_that_comes_too_late_is_an_error_and_works_when_it_comes() {
    static SLOW: AtomicBool = AtomicBool::new(false);
    static GATE: Gate = Gate::new();
    let limit = Duration::from_secs(5);
    let config = door::config(Builder::new().start_deadline(limit).on_start(|| {
        if SLOW.load(Ordering::SeqCst) {
            GATE.pass();
        }
    }));
    let fabric = started(config, 1, true);
    SLOW.store(true, Ordering::SeqCst);
    fabric.resize(2).unwrap();
    // As when the time is over.
    fabric.late_now(door::start_deadline(&fabric.config).1);
    assert!(up(&fabric).unwrap_err().is_deadline());
    block_on(spawn(&fabric, job!(|| ()))).unwrap();
    let waits = spawn_at(&fabric, job!(|| ()), Place::Pinned(1));
    GATE.open();
    block_on(waits).unwrap();
    up(&fabric).unwrap();
    end(&fabric);
}

#[test]
fn an_end_amid_changes_of_size_ends_all() {
    for n in 0..many(50) {
        let fabric = fabric(2);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for n in 0..20 {
                    fabric.resize(1 + n % 4).unwrap();
                }
            });
            if n % 2 == 0 {
                fabric.resize(8).unwrap();
            }
            fabric.terminate();
        });
        end(&fabric);
    }
}
