//! What can go wrong in a pool: each fault gives its typed error, and the pool goes on.

use std::future::pending;
use std::time::Duration;

use futures::StreamExt;
use futures::channel::mpsc;
use wasm_mt::{JoinError, Sender, Thread, channel, job};
use wasm_mt_pool::ThreadPool;

use crate::common::{
    CountsItsDrop, Gate, LONG, Picky, YieldOnce, all_go_on, built, count, counted, endless, pool,
    runs_dry,
};

pub async fn a_pool_of_no_workers_is_a_start_error() {
    let error = ThreadPool::builder().workers(0).build().await.unwrap_err();
    assert!(error.is_no_workers(), "{error}");
    assert!(error.to_string().contains("at least one worker"), "{error}");
}

pub async fn a_panic_in_a_pools_on_start_is_a_start_error() {
    let threads = Thread::builder().on_start(|| panic!("no pool today"));
    let start = ThreadPool::builder().workers(2).threads(threads).build();
    let error = start.await.unwrap_err();
    assert!(error.is_on_start(), "{error}");
    let source = std::error::Error::source(&error).expect("the panic is the source");
    assert!(source.to_string().contains("no pool today"), "{source}");
}

pub async fn a_panic_of_a_pools_job_is_an_error_with_message_place_and_worker() {
    let threads = Thread::builder().name("smith");
    let pool = built(ThreadPool::builder().workers(1).threads(threads)).await;
    let (line, job) = (line!(), job!(|| -> u32 { panic!("out of luck") }));
    let error = pool.spawn(job).await.unwrap_err();
    assert_eq!(error.panic_message(), Some("out of luck"), "{error}");
    let place = format!("pool_faults.rs:{line}:");
    assert!(error.panic_location().unwrap().contains(&place), "{error}");
    assert!(error.to_string().contains("thread `smith 0`"), "{error}");
    all_go_on(&pool).await;
}

fn panics_at(n: u32, at: u32) -> u32 {
    assert!(n != at, "it is {n}");
    n + 1
}

/// So many jobs, of which one panics: the others give their values.
async fn one_of_200(pool: &ThreadPool, at: u32) {
    let handles: Vec<_> = (0..200)
        .map(|n| pool.spawn(job!(|n, at| panics_at(n, at))))
        .collect();
    for (n, handle) in (0..).zip(handles) {
        match handle.await {
            Ok(value) => assert_eq!((value, n != at), (n + 1, true)),
            Err(error) => {
                assert_eq!(n, at, "{error}");
                assert_eq!(error.panic_message(), Some(&*format!("it is {n}")));
            }
        }
    }
}

pub async fn a_panic_spares_the_jobs_that_were_posted_with_it() {
    let pool = pool(2).await;
    for at in [0, 100, 150, 199] {
        one_of_200(&pool, at).await;
    }
    all_go_on(&pool).await;
}

pub async fn many_panics_spare_the_jobs_between_them() {
    let pool = pool(2).await;
    let handles: Vec<_> = (0..300u32)
        .map(|n| pool.spawn(job!(|n| panics_at(n, n / 10 * 10))))
        .collect();
    for (n, handle) in (0..).zip(handles) {
        let outcome = handle.await;
        assert_eq!(outcome.is_ok(), n % 10 != 0, "{n}: {outcome:?}");
        assert!(outcome.is_ok_and(|value| value == n + 1) || n % 10 == 0);
    }
}

pub async fn a_panic_between_awaits_spares_the_jobs_that_had_no_turn() {
    let pool = pool(1).await;
    // Once their costs are known, they go in one frame, of several messages: what takes a sender along has its own.
    for _ in 0..10 {
        let (tells, told) = channel::<u32>();
        let panics: Vec<_> = (0..3)
            .map(|_| {
                pool.spawn(job!(async || -> u32 {
                    YieldOnce::default().await;
                    panic!("after its await")
                }))
            })
            .collect();
        let handles: Vec<_> = (0..30u32)
            .map(|n| {
                let tells = tells.clone();
                pool.spawn(job!(|n, tells| tells.send(n).map(|()| n)))
            })
            .collect();
        drop(tells);
        for (n, handle) in (0..).zip(handles) {
            assert_eq!(handle.await.unwrap(), Ok(n));
        }
        for handle in panics {
            let error: JoinError = handle.await.unwrap_err();
            assert!(error.is_panic() || error.is_lost(), "{error}");
        }
        let mut told: Vec<u32> = told.map(Result::unwrap).collect().await;
        told.sort();
        assert!(told.into_iter().eq(0..30));
    }
}

pub async fn an_aborted_job_that_waits_in_a_pool_is_never_begun() {
    let pool = pool(1).await;
    let (tells, told) = channel::<u32>();
    let busy = pool.spawn(job!(|| endless()));
    let waiting: Vec<_> = (0..20)
        .map(|n| {
            let tells = tells.clone();
            pool.spawn(job!(|n, tells: Sender<u32>| tells.send(n).unwrap()))
        })
        .collect();
    drop(tells);
    waiting.iter().for_each(|handle| handle.abort());
    for handle in waiting {
        assert!(handle.await.unwrap_err().is_cancelled());
    }
    busy.abort();
    assert!(busy.await.unwrap_err().is_cancelled());
    assert_eq!(told.count().await, 0);
    assert_eq!(pool.spawn(job!(|| 5)).await.unwrap(), 5);
    runs_dry(&pool).await;
}

pub async fn aborting_an_endless_job_harms_no_other() {
    let pool = pool(2).await;
    let spins = pool.spawn(job!(|| endless()));
    let handles: Vec<_> = (0..100u32).map(|n| pool.spawn(job!(|n| n + 1))).collect();
    spins.abort();
    assert!(spins.await.unwrap_err().is_cancelled());
    for (n, handle) in (0..).zip(handles) {
        assert_eq!(handle.timeout(LONG).await.unwrap(), n + 1);
    }
    all_go_on(&pool).await;
}

pub async fn aborting_the_endless_jobs_of_all_workers_frees_the_pool() {
    let pool = pool(2).await;
    let spin: Vec<_> = (0..5).map(|_| pool.spawn(job!(|| endless()))).collect();
    let behind = pool.spawn(job!(|| 7));
    spin.iter().for_each(|handle| handle.abort());
    assert_eq!(behind.timeout(LONG).await.unwrap(), 7);
    for handle in spin {
        assert!(handle.await.unwrap_err().is_cancelled());
    }
    all_go_on(&pool).await;
}

pub async fn an_aborted_async_job_of_a_pool_is_dropped_at_its_await() {
    let pool = pool(1).await;
    let (begins, mut begun) = channel::<()>();
    let handle = pool.spawn(job!(async |begins| {
        let _counts = CountsItsDrop;
        begins.send(()).unwrap();
        Gate.await;
    }));
    // What shares memory may come before what waits for a message.
    begun.next().await.unwrap().unwrap();
    assert_eq!(pool.spawn(job!(|| counted())).await.unwrap(), 0);
    handle.abort();
    assert!(handle.await.unwrap_err().is_cancelled());
    // The abort went out before this job, and the async one is dropped in a turn of its own.
    let dropped = pool.spawn(job!(async || {
        YieldOnce::default().await;
        counted()
    }));
    assert_eq!(dropped.await.unwrap(), 1);
}

pub async fn a_pools_jobs_end_at_their_timeout() {
    let pool = pool(1).await;
    let limit = Duration::from_millis(30);
    let spins = pool.spawn(job!(|| endless())).timeout(limit);
    let waits = pool.spawn(job!(|| 1)).timeout(limit);
    let lasts = pool.spawn(job!(|| 2)).timeout(LONG);
    for late in [spins.await, waits.await] {
        let error = late.unwrap_err();
        assert!(error.is_deadline(), "{error}");
        assert!(error.to_string().contains("30ms"), "{error}");
    }
    assert_eq!(lasts.await.unwrap(), 2);
    all_go_on(&pool).await;
}

pub async fn a_timeout_of_an_async_job_spares_the_job_beside_it() {
    let pool = pool(1).await;
    let waits = pool.spawn(job!(async || pending::<u8>().await));
    let beside = pool.spawn(job!(async || {
        Gate.await;
        6
    }));
    let waits = waits.timeout(Duration::from_millis(20));
    assert!(waits.await.unwrap_err().is_deadline());
    pool.spawn(job!(|| crate::common::open_gate()))
        .await
        .unwrap();
    assert_eq!(beside.await.unwrap(), 6);
}

pub async fn a_detached_error_of_a_pool_goes_to_on_unhandled() {
    let (sender, mut errors) = mpsc::unbounded::<JoinError>();
    let threads = Thread::builder().on_unhandled(move |error| {
        // The test has ended, so nobody asks any more.
        let _ = sender.unbounded_send(error);
    });
    let pool = built(ThreadPool::builder().workers(2).threads(threads)).await;
    drop(pool.spawn(job!(|| -> u32 { panic!("nobody listens") })));
    let error = errors.next().await.unwrap();
    assert_eq!(error.panic_message(), Some("nobody listens"), "{error}");
    // What is cancelled is no news.
    drop(pool.spawn(job!(async || pending::<u8>().await)));
    all_go_on(&pool).await;
    drop(pool);
    assert!(errors.next().await.is_none());
}

pub async fn on_start_runs_in_each_worker_of_a_pool_and_in_those_that_take_their_place() {
    let threads = Thread::builder().on_start(|| {
        count();
    });
    let pool = built(ThreadPool::builder().workers(3).threads(threads)).await;
    for outcome in pool.broadcast(|_| job!(|| counted())).await {
        assert_eq!(outcome.unwrap(), 1);
    }
    let spin = pool.broadcast(|_| job!(|| endless()));
    drop(spin);
    for outcome in pool.broadcast(|_| job!(|| counted())).await {
        assert_eq!(outcome.unwrap(), 1);
    }
}

pub async fn an_argument_or_result_of_a_pools_job_that_cannot_travel_is_an_error() {
    let pool = pool(2).await;
    let picky = |n: u32| {
        let picky = Picky(n);
        pool.spawn(job!(|picky| picky.0))
    };
    let gives = |n: u32| pool.spawn(job!(|n| Picky(n)));
    // In one turn, with jobs between them that are well.
    let (encode, ok, decode) = (picky(101), picky(2), picky(3));
    let (result, fine, arrives) = (gives(101), gives(2), gives(3));
    let errors = [
        encode.await.unwrap_err(),
        decode.await.unwrap_err(),
        result.await.unwrap_err(),
        arrives.await.unwrap_err(),
    ];
    assert_eq!((ok.await.unwrap(), fine.await.unwrap()), (2, Picky(2)));
    assert_eq!(
        errors.each_ref().map(JoinError::is_encode),
        [true, false, true, false]
    );
    assert_eq!(
        errors.each_ref().map(JoinError::is_decode),
        [false, true, false, true]
    );
    assert!(
        errors
            .iter()
            .all(|error| error.to_string().contains("Picky"))
    );
    all_go_on(&pool).await;
}
