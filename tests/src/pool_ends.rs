//! How a pool ends, and what becomes of its jobs then.

use std::future::{Future, pending};
use std::pin::pin;
use std::task::{Context, Waker};

use wasm_mt::{JoinHandle, channel, job};
use wasm_mt_pool::ThreadPool;

use crate::common::{LONG, all_go_on, endless, pool};

/// Jobs that await something, that run, and that wait.
fn some_of_each(pool: &ThreadPool) -> Vec<JoinHandle<u32>> {
    let mut handles = vec![pool.spawn(job!(async || pending::<u32>().await))];
    handles.extend((0..2).map(|_| pool.spawn(job!(|| endless()))));
    handles.extend((0..10).map(|_| pool.spawn(job!(|| 1))));
    handles
}

pub async fn shutdown_cancels_what_waits_and_what_runs() {
    let pool = pool(2).await;
    let handles = some_of_each(&pool);
    assert!(!pool.is_closed());
    pool.shutdown().await;
    assert!(pool.is_closed());
    for handle in handles {
        let error = handle.await.unwrap_err();
        assert!(error.is_cancelled(), "{error}");
    }
    // A second time nothing happens.
    pool.shutdown().await;
}

pub async fn a_pool_that_has_ended_refuses_jobs() {
    let pool = pool(2).await;
    let another = pool.clone();
    pool.shutdown().await;
    for pool in [pool, another] {
        let error = pool.spawn(job!(|| 1)).await.unwrap_err();
        assert!(error.is_closed() && !error.may_have_run(), "{error}");
        assert!(
            pool.join(job!(|| 1), job!(|| 2))
                .await
                .unwrap_err()
                .is_closed()
        );
        for outcome in pool.broadcast(|_| job!(|| 1)).await {
            assert!(outcome.unwrap_err().is_closed());
        }
    }
}

pub async fn a_dropped_pool_cancels_what_waits_and_what_runs() {
    let pool = pool(2).await;
    let handles = some_of_each(&pool);
    drop(pool);
    for handle in handles {
        let error = handle.await.unwrap_err();
        assert!(error.is_cancelled(), "{error}");
    }
}

pub async fn a_clone_keeps_its_pool() {
    let first = pool(1).await;
    let second = first.clone();
    let waits = first.spawn(job!(async || {
        crate::common::Gate.await;
        3
    }));
    drop(first);
    second
        .spawn(job!(|| crate::common::open_gate()))
        .await
        .unwrap();
    assert_eq!(waits.await.unwrap(), 3);
    let last = second.spawn(job!(async || pending::<u8>().await));
    all_go_on(&second).await;
    drop(second);
    assert!(last.await.unwrap_err().is_cancelled());
}

pub async fn the_streams_of_an_ended_pools_jobs_end() {
    let pool = pool(1).await;
    let (runs, mut running) = channel::<u8>();
    let (waits, mut waiting) = channel::<u8>();
    let first = pool.spawn(job!(|runs| {
        runs.send(1).unwrap();
        endless()
    }));
    let second = pool.spawn(job!(|waits| waits.send(1).is_ok()));
    assert_eq!(running.recv().await.unwrap().unwrap(), 1);
    pool.shutdown().await;
    assert!(running.recv().await.is_none());
    assert!(waiting.recv().await.is_none());
    assert!(first.await.unwrap_err().is_cancelled());
    assert!(second.await.unwrap_err().is_cancelled());
}

pub async fn dropping_the_start_of_a_pool_is_no_harm() {
    {
        let mut start = pin!(ThreadPool::builder().workers(2).build());
        let mut nobody = Context::from_waker(Waker::noop());
        // Natively the threads may be up already.
        let _ = start.as_mut().poll(&mut nobody);
    }
    all_go_on(&pool(1).await).await;
}

pub async fn a_pool_made_in_a_job_works_and_ends_with_it() {
    let outer = pool(1).await;
    let found = outer.spawn(job!(async || {
        let pool = pool(2).await;
        let squares = pool.map(0..100u32, |n| n * n).await;
        let error = pool.spawn(job!(|| -> u8 { panic!("deep down") })).await;
        let inner = pool
            .spawn(job!(|| ThreadPool::current().map(|it| it.workers())))
            .await;
        let left = pool.spawn(job!(async || pending::<u8>().await));
        drop(pool);
        let message = error.unwrap_err().panic_message().map(String::from);
        (
            squares.ok(),
            message,
            inner.ok().flatten(),
            left.await.unwrap_err().is_cancelled(),
        )
    }));
    let (squares, message, inner, is_cancelled) = found.timeout(LONG).await.unwrap();
    assert!(squares.unwrap().into_iter().eq((0..100).map(|n| n * n)));
    assert_eq!((message.as_deref(), inner), (Some("deep down"), Some(2)));
    assert!(is_cancelled);
    all_go_on(&outer).await;
}

pub async fn pools_that_come_and_go_leave_nothing_behind() {
    for round in 0..5u32 {
        let pools = [pool(2).await, pool(2).await];
        let maps = pools.each_ref().map(|pool| pool.map(0..100u32, |n| n + 1));
        let left = pools[0].spawn(job!(async || pending::<u8>().await));
        for map in maps {
            assert_eq!(map.await.unwrap()[round as usize], round + 1);
        }
        drop(pools);
        assert!(left.await.unwrap_err().is_cancelled());
    }
}
