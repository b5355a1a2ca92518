//! The pool itself: who waits and who comes first, what an instance keeps, and what becomes of what nobody awaits.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use wasm_mt::{JoinHandle, Receiver, Thread, block_on, channel, current, is_worker, job};
use wasm_mt_pool::{Priority, ThreadPool};

use super::shared::{Check, fib, this_pool, turn};

pub(crate) const CHECKS: &[Check] = checks! {
    a_job_knows_where_it_runs
    a_full_queue_gives_jobs_back
    who_waits_for_room_gets_it
    what_is_urgent_comes_before_what_is_not
    broadcast_runs_once_on_each_worker
    on_start_runs_before_the_first_job
    statics_are_an_instances_own
    a_handle_that_outlives_its_job_is_lost
    a_detached_error_is_told
    whoever_hears_of_an_error_may_wait_for_what_comes_behind_it
    parents_that_poll_let_their_children_begin
    a_dropped_handle_lets_its_job_go_on
    an_ended_pool_cancels_what_it_was_given
    a_job_that_ends_its_pool_ends_its_own_jobs
    a_pool_counts_what_it_does
    a_guest_does_not_resize_its_hosts_pool
};

async fn a_job_knows_where_it_runs(pool: ThreadPool) {
    // Where no host asks for this check by name.
    assert_eq!(is_worker(), ThreadPool::current().is_some());
    let id = pool.spawn(job!(|| {
        assert!(is_worker());
        assert_eq!(this_pool().workers(), this_pool().stats().workers.len());
        current().map(|thread| thread.id())
    }));
    assert!(id.await.unwrap().is_some());
    let global = ThreadPool::global().await.unwrap();
    assert_eq!(global.spawn(job!(|| 5)).await.unwrap(), 5);
}

async fn bounded() -> ThreadPool {
    let pool = ThreadPool::builder().workers(2).capacity(2).build().await;
    pool.expect("there is a pool")
}

async fn a_full_queue_gives_jobs_back(_: ThreadPool) {
    let pool = bounded().await;
    let mut handles = Vec::new();
    // Natively jobs begin meanwhile; in a guest not before it waits.
    let full = (0..10_000u64).find_map(|n| match pool.try_spawn(job!(|n| fib(20 + n % 2))) {
        Ok(handle) => {
            handles.push(handle);
            None
        }
        Err(full) => Some(full),
    });
    let refused = pool.spawn(job!(|| 1)).await;
    let full = full.expect("a queue of 2 is full before 10,000 jobs are in it");
    assert_eq!(full.to_string(), "the pool's queue is full");
    if let Err(error) = refused {
        assert!(error.is_full(), "{error}");
    }
    for handle in handles {
        handle.await.unwrap();
    }
    let again = pool.spawn(full.into_inner()).await.unwrap();
    assert!(again == fib(20) || again == fib(21));
}

async fn who_waits_for_room_gets_it(_: ThreadPool) {
    let pool = bounded().await;
    let mut handles = Vec::new();
    for n in 0..100u64 {
        handles.push(pool.spawn_when_room(job!(|n| n * n)).await);
    }
    for (n, handle) in (0..).zip(handles) {
        assert_eq!(handle.await.unwrap(), n * n);
    }
}

async fn what_is_urgent_comes_before_what_is_not(pool: ThreadPool) {
    let later = pool.with_priority(Priority::Background);
    let handles: Vec<_> = (0..500)
        .map(|_| later.spawn(job!(|| fib(std::hint::black_box(24)))))
        .collect();
    let now = pool.with_priority(Priority::Urgent).spawn(job!(|| 42));
    assert_eq!(now.await.unwrap(), 42);
    assert!(handles.iter().any(|handle| !handle.is_finished()));
    for handle in handles {
        assert_eq!(handle.await.unwrap(), fib(24));
    }
}

async fn broadcast_runs_once_on_each_worker(pool: ThreadPool) {
    let ids = pool
        .broadcast(|_| job!(|| current().map(|thread| thread.id())))
        .await;
    assert_eq!(ids.len(), pool.workers());
    let ids: BTreeSet<_> = ids.into_iter().map(|id| id.unwrap().unwrap()).collect();
    assert_eq!(ids.len(), pool.workers());
}

static STARTED: AtomicU32 = AtomicU32::new(0);

async fn on_start_runs_before_the_first_job(_: ThreadPool) {
    let threads = Thread::builder().on_start(|| {
        // ORDERING: Relaxed, here and below; nothing else is told by it.
        STARTED.fetch_add(1, Ordering::Relaxed);
    });
    let pool = ThreadPool::builder().workers(2).threads(threads).build();
    let pool = pool.await.unwrap();
    let counts = pool.map(0..100, |_: u32| STARTED.load(Ordering::Relaxed));
    let most = if cfg!(target_os = "wasi") { 1 } else { 2 };
    assert!(
        counts
            .await
            .unwrap()
            .iter()
            .all(|count| (1..=most).contains(count))
    );
    // And before a job of a job.
    let below = job!(async || {
        let child = job!(|| STARTED.load(Ordering::Relaxed));
        this_pool().spawn(child).await.expect("it ends well")
    });
    assert!((1..=most).contains(&pool.spawn(below).await.unwrap()));
}

thread_local! {
    static COUNT: Cell<u32> = const { Cell::new(0) };
    static KEPT: RefCell<Option<JoinHandle<u32>>> = const { RefCell::new(None) };
}

async fn statics_are_an_instances_own(pool: ThreadPool) {
    let before = COUNT.get();
    let counts = pool
        .map(0..100, |_: u32| {
            COUNT.set(COUNT.get() + 1);
            COUNT.get()
        })
        .await
        .unwrap();
    assert!(counts.iter().all(|count| *count > 0));
    // Some instance ran more than one.
    assert!(counts.iter().any(|count| *count > 1));
    assert_eq!(COUNT.get(), before);
}

async fn a_handle_that_outlives_its_job_is_lost(pool: ThreadPool) {
    if !cfg!(target_os = "wasi") {
        // Natively who spawned a job may end before it, and others await it.
        return;
    }
    for _ in 0..10_000 {
        let heard = job!(async || match KEPT.take() {
            Some(handle) => {
                let error = handle.await.expect_err("nobody hears of it");
                Some((error.is_lost(), error.to_string()))
            }
            None => {
                KEPT.set(Some(this_pool().spawn(job!(|| 7))));
                None
            }
        });
        if let Some((is_lost, error)) = pool.spawn(heard).await.unwrap() {
            return assert!(is_lost, "{error}");
        }
    }
    panic!("no instance ran two of 10,000 jobs");
}

static UNHANDLED: AtomicU32 = AtomicU32::new(0);

async fn a_detached_error_is_told(_: ThreadPool) {
    let threads = Thread::builder().on_unhandled(|error| {
        assert_eq!(error.panic_message(), Some("unheard"));
        UNHANDLED.fetch_add(1, Ordering::Relaxed);
    });
    let pool = ThreadPool::builder().workers(2).threads(threads).build();
    let pool = pool.await.unwrap();
    drop(pool.spawn(job!(|| -> () { panic!("unheard") })));
    while UNHANDLED.load(Ordering::Relaxed) == 0 {
        pool.spawn(job!(|| ())).await.unwrap();
    }
}

async fn whoever_hears_of_an_error_may_wait_for_what_comes_behind_it(_: ThreadPool) {
    static BEHIND: Mutex<Option<(JoinHandle<u32>, Receiver<u32>)>> = Mutex::new(None);
    static HEARD: Mutex<Vec<u32>> = Mutex::new(Vec::new());
    let threads = Thread::builder().on_unhandled(|_| {
        let behind = BEHIND.lock().unwrap().take();
        if let Some((handle, mut items)) = behind {
            let mut heard = vec![block_on(items.recv()).expect("it sends").unwrap()];
            heard.push(block_on(handle).unwrap());
            *HEARD.lock().unwrap() = heard;
        }
    });
    let pool = ThreadPool::builder().workers(2).threads(threads).build();
    let pool = pool.await.unwrap();
    let before = pool.stats().run();
    let (send, items) = channel();
    let behind = pool.spawn(job!(|send| {
        send.send(5).expect("somebody hears");
        6
    }));
    *BEHIND.lock().unwrap() = Some((behind, items));
    drop(pool.spawn(job!(|| -> () { panic!("unheard, too") })));
    // A guest hears all of it at once then.
    while pool.stats().run() < before + 2 {
        std::thread::yield_now();
    }
    while HEARD.lock().unwrap().is_empty() {
        turn().await;
    }
    assert_eq!(*HEARD.lock().unwrap(), [5, 6]);
}

/// More of them than a thread of a host lets go on at a time.
async fn parents_that_poll_let_their_children_begin(pool: ThreadPool) {
    let parents: Vec<_> = (0..20 * pool.workers())
        .map(|_| {
            pool.spawn(job!(async || {
                let child = this_pool().spawn(job!(|| 3));
                while !child.is_finished() {
                    turn().await;
                }
                child.await.expect("it ends well")
            }))
        })
        .collect();
    for parent in parents {
        assert_eq!(parent.await.unwrap(), 3);
    }
}

async fn a_dropped_handle_lets_its_job_go_on(pool: ThreadPool) {
    let (progress, mut steps) = wasm_mt::channel::<u32>();
    drop(pool.spawn(job!(|progress| progress.send(7).is_ok())));
    assert_eq!(steps.recv().await.expect("it sends").unwrap(), 7);
}

async fn an_ended_pool_cancels_what_it_was_given(_: ThreadPool) {
    let pool = ThreadPool::builder().workers(2).build().await.unwrap();
    let waits = pool.spawn(job!(async || std::future::pending::<()>().await));
    pool.shutdown().await;
    assert!(pool.is_closed());
    assert!(waits.await.unwrap_err().is_cancelled());
    assert!(pool.spawn(job!(|| 1)).await.unwrap_err().is_closed());
}

async fn a_job_that_ends_its_pool_ends_its_own_jobs(pool: ThreadPool) {
    if !cfg!(target_os = "wasi") {
        // Natively it ends the pool for all.
        return;
    }
    let ends = job!(async || {
        let pool = this_pool();
        let child = pool.spawn(job!(async || std::future::pending::<()>().await));
        pool.shutdown().await;
        let child = child.await.expect_err("it was ended").is_cancelled();
        child && this_pool().is_closed()
    });
    assert!(pool.spawn(ends).await.unwrap());
    for _ in 0..10 {
        let other = job!(async || this_pool().spawn(job!(|| 3)).await.expect("it ends well"));
        assert_eq!(pool.spawn(other).await.unwrap(), 3);
    }
}

async fn a_pool_counts_what_it_does(pool: ThreadPool) {
    let before = pool.stats().run();
    pool.map(0..1000, |n: u32| n).await.unwrap();
    // What has been told of may not be counted yet.
    while pool.stats().run() < before + 1000 {
        turn().await;
    }
    let stats = pool.stats();
    assert_eq!(stats.workers.len(), pool.workers());
    assert!(stats.workers.iter().any(|worker| worker.up));
}

async fn a_guest_does_not_resize_its_hosts_pool(pool: ThreadPool) {
    if cfg!(target_os = "wasi") {
        assert!(pool.resize(pool.workers() + 1).await.is_err());
        assert!(pool.resize(0).await.unwrap_err().is_no_workers());
    }
}
