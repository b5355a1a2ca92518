//! A pool whose workers come and go: by `resize`, since they have nothing to do, or since they have done enough.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::StreamExt;
use futures::future::{join, poll_immediate};

use wasm_mt::{Thread, channel, job};
use wasm_mt_pool::ThreadPool;

use crate::common::{
    Gate, LONG, all_go_on, built, busy_for, count, counted, open_gate, pool, this_pool,
    this_thread, until,
};

async fn threads(pool: &ThreadPool) -> Vec<u64> {
    let threads = pool.broadcast(|_| job!(|| this_thread())).await;
    threads.into_iter().map(Result::unwrap).collect()
}

fn ups(pool: &ThreadPool) -> usize {
    let stats = pool.stats();
    stats.workers.iter().filter(|worker| worker.up).count()
}

pub async fn a_pool_that_grows_has_its_new_workers() {
    let pool = pool(1).await;
    let before = threads(&pool).await;
    pool.resize(3).await.unwrap();
    assert_eq!((pool.workers(), ups(&pool)), (3, 3));
    let after = threads(&pool).await;
    assert_eq!(after[..1], before);
    assert_eq!(after.iter().collect::<BTreeSet<_>>().len(), 3);
    pool.resize(3).await.unwrap();
    assert_eq!(threads(&pool).await, after);
    all_go_on(&pool).await;
}

pub async fn a_pool_that_shrinks_loses_no_job() {
    let pool = pool(3).await;
    let handles: Vec<_> = (0..90u32)
        .map(|n| {
            pool.spawn(job!(|n| {
                busy_for(1.0);
                n
            }))
        })
        .collect();
    let map = pool.map(0..90u32, |n| {
        busy_for(1.0);
        n
    });
    let both = pool.spawn(job!(|| 1));
    both.timeout(LONG).await.unwrap();
    pool.resize(1).await.unwrap();
    assert_eq!((pool.workers(), pool.stats().workers.len()), (1, 1));
    for (n, handle) in (0..).zip(handles) {
        assert_eq!(handle.timeout(LONG).await.unwrap(), n);
    }
    assert_eq!(map.await.unwrap(), (0..90).collect::<Vec<_>>());
    let left = threads(&pool).await;
    assert_eq!(left, [pool.stats().workers[0].thread]);
    for _ in 0..20 {
        assert_eq!(pool.spawn(job!(|| this_thread())).await.unwrap(), left[0]);
    }
}

pub async fn async_jobs_of_a_worker_that_leaves_go_on_to_their_end() {
    let pool = pool(2).await;
    let counts = pool.broadcast(|_| {
        job!(async || {
            for _ in 0..50 {
                this_pool().spawn(job!(|| ())).await.unwrap();
                count();
            }
            counted()
        })
    });
    let resized = pool.resize(1);
    let (counts, resized) = join(counts, resized).await;
    resized.unwrap();
    let counts: Vec<_> = counts.into_iter().map(Result::unwrap).collect();
    assert_eq!(counts, [50, 50]);
    all_go_on(&pool).await;
}

pub async fn a_pool_that_is_resized_again_and_again_loses_no_job() {
    let pool = pool(2).await;
    let mut handles = Vec::new();
    for (round, workers) in [4, 1, 3, 2, 5, 1, 2].into_iter().enumerate() {
        let first = round as u32 * 40;
        handles.extend((first..first + 40).map(|n| {
            pool.spawn(job!(async |n| {
                busy_for(0.3);
                this_pool().spawn(job!(|n| n + 1)).await.unwrap()
            }))
        }));
        let resized = pool.resize(workers);
        assert_eq!(pool.workers(), workers);
        if round % 2 == 0 {
            resized.await.unwrap();
        }
    }
    for (n, handle) in (0..).zip(handles) {
        assert_eq!(handle.timeout(LONG).await.unwrap(), n + 1);
    }
    assert_eq!(threads(&pool).await.len(), 2);
    all_go_on(&pool).await;
}

pub async fn what_was_broadcast_to_a_worker_that_leaves_is_run() {
    let pool = pool(2).await;
    let each = pool.broadcast(|worker| job!(|worker| worker));
    pool.resize(1).await.unwrap();
    let each: Vec<_> = each.await.into_iter().map(Result::unwrap).collect();
    assert_eq!(each, [0, 1]);
}

pub async fn a_job_knows_how_many_workers_its_pool_has_now() {
    let pool = pool(1).await;
    for workers in [3, 2, 4] {
        pool.resize(workers).await.unwrap();
        let each = pool.broadcast(|_| job!(|| this_pool().workers())).await;
        for known in each {
            assert_eq!(known.unwrap(), workers);
        }
        let children = pool.spawn(job!(async || {
            let each = this_pool().broadcast(|_| job!(|| this_thread())).await;
            each.into_iter().map(Result::unwrap).collect::<Vec<_>>()
        }));
        let children: BTreeSet<_> = children.await.unwrap().into_iter().collect();
        assert_eq!(children.len(), workers);
    }
}

pub async fn a_pool_cannot_be_resized_to_nothing() {
    let pool = pool(1).await;
    let error = pool.resize(0).await.unwrap_err();
    assert!(error.is_no_workers(), "{error}");
    assert_eq!(pool.workers(), 1);
    all_go_on(&pool).await;
}

pub async fn a_worker_without_jobs_ends_and_the_next_job_starts_one_anew() {
    let threads = Thread::builder().on_start(|| {
        count();
    });
    let builder = ThreadPool::builder().workers(2).threads(threads);
    let pool = built(builder.idle_timeout(Duration::from_millis(60))).await;
    for _ in 0..3 {
        until(|| ups(&pool) == 0).await;
        // Only what ran before the job has counted in it.
        assert_eq!(
            pool.spawn(job!(|| counted())).timeout(LONG).await.unwrap(),
            1
        );
    }
    until(|| ups(&pool) == 0).await;
    all_go_on(&pool).await;
    let handles: Vec<_> = (0..50u32).map(|n| pool.spawn(job!(|n| n))).collect();
    for (n, handle) in (0..).zip(handles) {
        assert_eq!(handle.timeout(LONG).await.unwrap(), n);
    }
}

pub async fn so_many_workers_are_kept() {
    let builder = ThreadPool::builder().workers(3).min_workers(1);
    let pool = built(builder.idle_timeout(Duration::from_millis(60))).await;
    until(|| ups(&pool) == 1).await;
    pool.spawn(job!(|| count())).await.unwrap();
    until(|| ups(&pool) == 1).await;
    all_go_on(&pool).await;
    until(|| ups(&pool) == 1).await;
    all_go_on(&pool).await;
}

pub async fn a_worker_whose_async_job_awaits_something_is_not_idle() {
    let builder = ThreadPool::builder().workers(2);
    let pool = built(builder.idle_timeout(Duration::from_millis(60))).await;
    let mut waits = pool.broadcast(|worker| {
        job!(async |worker| {
            if worker == 0 {
                Gate.await;
            }
            worker
        })
    });
    assert!(poll_immediate(&mut waits).await.is_none());
    until(|| ups(&pool) == 1).await;
    for opened in pool.broadcast(|_| job!(|| open_gate())).await {
        opened.unwrap();
    }
    let waited: Vec<_> = waits.await.into_iter().map(Result::unwrap).collect();
    assert_eq!(waited, [0, 1]);
}

pub async fn an_ended_pool_starts_no_worker_anew() {
    let builder = ThreadPool::builder().workers(1);
    let pool = built(builder.idle_timeout(Duration::from_millis(60))).await;
    until(|| ups(&pool) == 0).await;
    pool.shutdown().await;
    assert!(pool.spawn(job!(|| 1)).await.unwrap_err().is_closed());
    assert_eq!(ups(&pool), 0);
}

pub async fn a_worker_is_replaced_after_so_many_jobs() {
    let threads = Thread::builder().on_start(|| {
        count();
    });
    let builder = ThreadPool::builder().workers(1).threads(threads);
    let pool = built(builder.recycle_jobs(10)).await;
    let mut anew = 0;
    for n in 0..60u32 {
        let (n_back, count) = pool
            .spawn(job!(|n| (n, count())))
            .timeout(LONG)
            .await
            .unwrap();
        assert_eq!(n_back, n);
        assert!(count > 1, "a job ran before `on_start`");
        anew += u32::from(count == 2);
    }
    assert!(anew >= 3, "only {anew} workers");
    let handles: Vec<_> = (0..200u32).map(|n| pool.spawn(job!(|n| n))).collect();
    let map = pool.map(0..200u32, |n| n);
    for (n, handle) in (0..).zip(handles) {
        assert_eq!(handle.timeout(LONG).await.unwrap(), n);
    }
    assert_eq!(map.await.unwrap().len(), 200);
}

pub async fn a_worker_is_not_replaced_while_its_async_job_awaits_something() {
    let pool = built(ThreadPool::builder().workers(1).recycle_jobs(2)).await;
    let (begins, mut begun) = channel::<()>();
    let waits = pool.spawn(job!(async |begins| {
        let before = count();
        begins.send(()).unwrap();
        Gate.await;
        (before, counted())
    }));
    // What shares memory may come before what waits for a message.
    begun.next().await.unwrap().unwrap();
    for n in 2..20 {
        assert_eq!(pool.spawn(job!(|| count())).timeout(LONG).await.unwrap(), n);
    }
    pool.spawn(job!(|| open_gate())).await.unwrap();
    assert_eq!(waits.timeout(LONG).await.unwrap(), (1, 19));
    while pool.spawn(job!(|| counted())).timeout(LONG).await.unwrap() > 0 {}
}

pub async fn what_is_broadcast_is_run_by_whichever_worker_comes() {
    let pool = built(ThreadPool::builder().workers(2).recycle_jobs(1)).await;
    for _ in 0..10 {
        all_go_on(&pool).await;
    }
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub async fn a_worker_whose_memory_has_grown_is_replaced() {
    fn memory() -> u64 {
        core::arch::wasm32::memory_size(0) as u64 * 65536
    }
    let limit = 60 << 20;
    let pool = built(ThreadPool::builder().workers(1).recycle_bytes(limit)).await;
    assert!(pool.spawn(job!(|| memory())).await.unwrap() < limit);
    let large = pool.spawn(job!(|| {
        let bytes = vec![1u8; 80 << 20];
        count();
        memory() + u64::from(std::hint::black_box(&bytes)[7]) - 1
    }));
    assert!(large.await.unwrap() > limit);
    // What was posted meanwhile still runs there.
    while pool.spawn(job!(|| counted())).timeout(LONG).await.unwrap() > 0 {}
    assert!(pool.spawn(job!(|| memory())).await.unwrap() < limit);
    let memory = pool.stats().memory();
    assert!(0 < memory && memory < limit, "{memory}");
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub async fn a_job_cannot_resize_its_pool() {
    let pool = pool(1).await;
    let error = pool.spawn(job!(async || {
        let error = this_pool().resize(2).await.unwrap_err();
        error.to_string()
    }));
    let error = error.await.unwrap();
    assert!(error.contains("a job cannot change its pool"), "{error}");
    assert_eq!(pool.workers(), 1);
}
