//! What a pool does with the jobs of whoever built it.

use std::collections::BTreeSet;
use std::future::pending;

use futures::StreamExt;
use wasm_mt::{Buffer, JoinError, Receiver, available_parallelism, channel, job};
use wasm_mt_pool::ThreadPool;

use crate::common::{
    Gate, LONG, all_go_on, built, busy_for, count, counted, endless, open_gate, pool, runs_dry,
    this_pool, this_thread,
};

pub async fn each_of_many_jobs_gives_its_own_value() {
    let pool = pool(2).await;
    let handles: Vec<_> = (0..1000u64)
        .map(|n| pool.spawn(job!(|n| n * n + 1)))
        .collect();
    for (n, handle) in (0u64..).zip(handles).collect::<Vec<_>>().into_iter().rev() {
        assert_eq!(handle.await.unwrap(), n * n + 1);
    }
    runs_dry(&pool).await;
}

pub async fn a_pool_has_as_many_workers_as_it_was_told() {
    let pool = pool(3).await;
    assert_eq!(pool.workers(), 3);
    assert_eq!(pool.stats().workers.len(), 3);
    assert!(!pool.is_closed());
    assert!(format!("{pool:?}").contains("workers: 3"), "{pool:?}");
    let by_default = ThreadPool::start().await.unwrap();
    assert_eq!(by_default.workers(), available_parallelism());
    all_go_on(&by_default).await;
}

pub async fn a_pools_async_jobs_overlap_on_one_worker() {
    let pool = pool(1).await;
    let waits = pool.spawn(job!(async || {
        Gate.await;
        "through".to_string()
    }));
    let opens = pool.spawn(job!(|| open_gate()));
    opens.await.unwrap();
    assert_eq!(waits.await.unwrap(), "through");
}

pub async fn an_endless_job_leaves_the_rest_to_the_other_worker() {
    let pool = pool(2).await;
    let spins = pool.spawn(job!(|| endless()));
    let handles: Vec<_> = (0..50u32).map(|n| pool.spawn(job!(|n| n + 1))).collect();
    for (n, handle) in (0..).zip(handles) {
        assert_eq!(handle.timeout(LONG).await.unwrap(), n + 1);
    }
    assert!(!spins.is_finished());
    spins.abort();
    all_go_on(&pool).await;
}

pub async fn a_dropped_handle_detaches_its_pools_job() {
    let pool = pool(1).await;
    drop(pool.spawn(job!(|| count())));
    assert_eq!(pool.spawn(job!(|| counted())).await.unwrap(), 1);
}

pub async fn join_gives_what_both_jobs_give() {
    let pool = pool(2).await;
    let (n, text) = (6, "ab".to_string());
    let both = pool.join(job!(|n| n * 7), job!(async |text| text.repeat(2)));
    let (product, twice): (i32, String) = both.await.unwrap();
    assert_eq!((product, &*twice), (42, "abab"));
}

/// The stream of a job that was ended while it held the sender.
async fn ends(mut alive: Receiver<u8>) {
    assert!(alive.recv().await.is_none());
}

pub async fn the_first_error_of_a_join_aborts_the_other_job() {
    let pool = pool(1).await;
    for first in [true, false] {
        let (holds, alive) = channel::<u8>();
        let waits = job!(async |holds| {
            let _holds = holds;
            pending::<u8>().await
        });
        let fails = job!(|| -> u8 { panic!("one of two") });
        let error = if first {
            pool.join(fails, waits).await.unwrap_err()
        } else {
            pool.join(waits, fails).await.unwrap_err()
        };
        assert_eq!(error.panic_message(), Some("one of two"), "{error}");
        ends(alive).await;
    }
    all_go_on(&pool).await;
}

pub async fn a_dropped_join_aborts_both_jobs() {
    let pool = pool(2).await;
    let (a, a_alive) = channel::<u8>();
    let (b, b_alive) = channel::<u8>();
    let both = pool.join(
        job!(async |a| {
            let _a = a;
            pending::<()>().await
        }),
        job!(|b| {
            let _b = b;
            endless()
        }),
    );
    drop(both);
    ends(a_alive).await;
    ends(b_alive).await;
    all_go_on(&pool).await;
}

pub async fn broadcast_runs_once_on_each_worker() {
    let pool = pool(3).await;
    for round in 1..=2 {
        let each = pool
            .broadcast(|worker| job!(|worker| (worker, this_thread(), count())))
            .await;
        let each: Vec<_> = each.into_iter().map(Result::unwrap).collect();
        let ids: Vec<u64> = each.iter().map(|(_, id, _)| *id).collect();
        let known: Vec<u64> = pool.stats().workers.iter().map(|it| it.thread).collect();
        assert_eq!(ids, known);
        assert_eq!(BTreeSet::from_iter(ids).len(), 3);
        for (place, (worker, _, count)) in each.into_iter().enumerate() {
            assert_eq!((worker, count), (place, round));
        }
    }
}

pub async fn a_panic_in_a_broadcast_is_its_workers_own() {
    let pool = pool(3).await;
    let each = pool
        .broadcast(|worker| {
            job!(|worker| {
                assert!(worker != 1, "not on this one");
                worker
            })
        })
        .await;
    assert_eq!(each.len(), 3);
    for (worker, outcome) in each.into_iter().enumerate() {
        match outcome {
            Ok(value) => assert_eq!((value, worker != 1), (worker, true)),
            Err(error) => {
                assert_eq!(worker, 1);
                assert_eq!(error.panic_message(), Some("not on this one"), "{error}");
            }
        }
    }
    all_go_on(&pool).await;
}

pub async fn a_dropped_broadcast_aborts_its_jobs() {
    let pool = pool(2).await;
    let (holds, alive) = channel::<u8>();
    let each = pool.broadcast(|_| {
        let holds = holds.clone();
        job!(async |holds| {
            let _holds = holds;
            pending::<()>().await
        })
    });
    drop(holds);
    all_go_on(&pool).await;
    drop(each);
    ends(alive).await;
    all_go_on(&pool).await;
}

pub async fn a_pool_counts_what_its_workers_do() {
    let pool = pool(2).await;
    let handles: Vec<_> = (0..100)
        .map(|_| {
            pool.spawn(job!(|| {
                busy_for(0.2);
                this_thread()
            }))
        })
        .collect();
    let mut ran = Vec::new();
    for handle in handles {
        ran.push(handle.await.unwrap());
    }
    let stats = pool.stats();
    assert_eq!((stats.run(), stats.stolen(), stats.waiting), (100, 0, 0));
    for worker in &stats.workers {
        let there = ran.iter().filter(|id| **id == worker.thread).count() as u64;
        assert_eq!((worker.run, worker.posted), (there, there));
        assert!(worker.frames <= worker.posted);
        assert_eq!((worker.waiting, worker.frames > 0), (0, there > 0));
    }
    assert_eq!(
        stats.workers.iter().map(|worker| worker.run).sum::<u64>(),
        100
    );
}

/// What ran where: the thread of a job that spawns 40, and those of the 40.
async fn forty(pool: &ThreadPool) -> (u64, Vec<u64>) {
    let spawns = pool.spawn(job!(async || {
        let handles: Vec<_> = (0..40)
            .map(|_| {
                this_pool().spawn(job!(|| {
                    busy_for(1.0);
                    this_thread()
                }))
            })
            .collect();
        let mut threads = Vec::new();
        for handle in handles {
            threads.push(handle.await.map_err(|error| error.to_string())?);
        }
        Ok::<_, String>((this_thread(), threads))
    }));
    spawns.await.unwrap().unwrap()
}

pub async fn an_idle_worker_steals_what_a_job_spawns() {
    let pool = pool(2).await;
    let (parent, children) = forty(&pool).await;
    assert_eq!(children.len(), 40);
    let elsewhere = children.iter().filter(|id| **id != parent).count() as u64;
    assert!(elsewhere > 0 && elsewhere < 40, "{elsewhere} ran elsewhere");
    let stats = pool.stats();
    assert_eq!((stats.stolen(), stats.run()), (elsewhere, 41));
    for worker in stats.workers {
        assert_eq!(
            worker.stolen,
            if worker.thread == parent {
                0
            } else {
                elsewhere
            }
        );
    }
}

pub async fn without_stealing_a_jobs_jobs_run_on_its_own_worker() {
    let pool = built(ThreadPool::builder().workers(2).steal(false)).await;
    let (parent, children) = forty(&pool).await;
    assert_eq!(children, [parent; 40]);
    assert_eq!(pool.stats().stolen(), 0);
}

pub async fn a_pools_jobs_send_through_a_channel() {
    let pool = pool(2).await;
    let (results, found) = channel::<(u32, u32)>();
    let handles: Vec<_> = (0..8u32)
        .map(|job| {
            let results = results.clone();
            pool.spawn(job!(|job, results| {
                for step in 0..10 {
                    results.send((job, step)).unwrap();
                }
            }))
        })
        .collect();
    drop(results);
    let found: Vec<_> = found.map(Result::unwrap).collect().await;
    assert_eq!(found.len(), 80);
    for job in 0..8 {
        let steps = found.iter().filter(|(of, _)| *of == job).map(|it| it.1);
        assert!(steps.eq(0..10), "{found:?}");
    }
    for handle in handles {
        handle.await.unwrap();
    }
}

pub async fn the_stream_of_a_job_that_waits_in_a_pool_ends_with_its_abort() {
    let pool = pool(1).await;
    let busy = pool.spawn(job!(|| endless()));
    let (sends, alive) = channel::<u8>();
    let waits = pool.spawn(job!(|sends| sends.send(1).is_ok()));
    waits.abort();
    // At once: the worker is busy meanwhile.
    ends(alive).await;
    assert!(!busy.is_finished());
    busy.abort();
    all_go_on(&pool).await;
}

pub async fn buffers_travel_to_a_pools_jobs_and_back() {
    let pool = pool(2).await;
    let handles: Vec<_> = (0..20u8)
        .map(|n| {
            let bytes = Buffer(vec![n; 10_000]);
            pool.spawn(job!(|mut bytes| {
                bytes.iter_mut().for_each(|byte| *byte += 1);
                bytes
            }))
        })
        .collect();
    for (n, handle) in (0..).zip(handles) {
        assert_eq!(*handle.await.unwrap(), vec![n + 1; 10_000]);
    }
}

pub async fn a_result_of_200_mb_comes_back() {
    const LENGTH: usize = 25 << 20;
    let pool = pool(1).await;
    let long: Result<Buffer<u64>, JoinError> = pool
        .spawn(job!(|| Buffer((0..LENGTH as u64).collect::<Vec<_>>())))
        .await;
    let long = long.unwrap();
    assert_eq!((long.len(), long[LENGTH - 1]), (LENGTH, LENGTH as u64 - 1));
    drop(long);
    all_go_on(&pool).await;
}
