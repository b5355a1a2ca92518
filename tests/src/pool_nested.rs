//! Jobs that spawn onto the pool that runs them.

use std::collections::BTreeSet;
use std::future::pending;
use std::time::Duration;

use futures::StreamExt;
use futures::future::{join, try_join_all};
use wasm_mt::{Buffer, JoinError, Sender, Thread, channel, job};
use wasm_mt_pool::ThreadPool;

use crate::common::{
    LONG, YieldOnce, all_go_on, busy_for, count, counted, pool, runs_dry, this_pool, this_thread,
};

type Result<T> = std::result::Result<T, String>;

fn text(error: JoinError) -> String {
    error.to_string()
}

/// So many children at each level below, as the sum of what the lowest give.
async fn sum(level: u32, base: u32) -> Result<u32> {
    let children = (0..10).map(|n| {
        let (level, base) = (level - 1, base * 10 + n);
        if level == 0 {
            this_pool().spawn(job!(|base| Ok(base)))
        } else {
            let deeper = job!(async |level, base| Box::pin(sum(level, base)).await);
            this_pool().spawn(deeper)
        }
    });
    let children: Vec<_> = children.collect();
    let mut sum = 0;
    for child in children {
        sum += child.await.map_err(text)??;
    }
    Ok(sum)
}

pub async fn a_job_awaits_a_thousand_jobs_three_levels_deep() {
    for workers in [1, 2] {
        let pool = pool(workers).await;
        let top = pool.spawn(job!(async || sum(3, 0).await)).timeout(LONG);
        assert_eq!(top.await.unwrap(), Ok((0..1000).sum()));
        assert_eq!(pool.stats().run(), 1 + 10 + 100 + 1000);
        runs_dry(&pool).await;
    }
}

pub async fn jobs_of_a_job_give_their_values_in_any_order() {
    let pool = pool(2).await;
    let found = pool.spawn(job!(async || {
        let children = (0..200u32).map(|n| this_pool().spawn(job!(|n| (n, n.to_string()))));
        let children: Vec<_> = children.collect();
        let found = try_join_all(children).await.map_err(text)?;
        Ok::<_, String>(
            found
                .into_iter()
                .zip(0..)
                .all(|((n, text), at)| n == at && text == at.to_string()),
        )
    }));
    assert_eq!(found.await.unwrap(), Ok(true));
}

pub async fn jobs_map_on_their_own_pool() {
    for workers in [1, 2] {
        let pool = pool(workers).await;
        let maps = (0..5u64).map(|base| {
            pool.spawn(job!(async |base| {
                let squares = this_pool()
                    .map(0..200, |n: u64| n * n)
                    .await
                    .map_err(text)?;
                // A map of what a map gave.
                let halves = this_pool().map(squares, |n| n / 2).await.map_err(text)?;
                Ok::<_, String>(base + halves.into_iter().sum::<u64>())
            }))
        });
        let maps: Vec<_> = maps.collect();
        for (base, map) in (0..).zip(maps) {
            let sum: u64 = (0..200u64).map(|n| n * n / 2).sum();
            assert_eq!(map.timeout(LONG).await.unwrap(), Ok(base + sum));
        }
    }
}

pub async fn a_mapped_function_spawns_onto_its_pool() {
    let pool = pool(1).await;
    let (tells, told) = channel::<u32>();
    let items: Vec<_> = (0..20).map(|n| (n, tells.clone())).collect();
    drop(tells);
    let map = pool.map(items, |(n, tells): (u32, Sender<u32>)| {
        let twice = this_pool().spawn(job!(|n, tells: Sender<u32>| tells.send(n * 2).is_ok()));
        drop(twice);
        n
    });
    // The worker's own jobs come before those that wait outside.
    assert!(map.await.unwrap().into_iter().eq(0..20));
    let mut told: Vec<u32> = told.map(|it| it.unwrap()).collect().await;
    told.sort();
    // The stream ends with the items' jobs; what their jobs told by then is there.
    assert!(told.iter().all(|n| n % 2 == 0 && *n < 40), "{told:?}");
    all_go_on(&pool).await;
}

pub async fn a_job_maps_with_a_context_of_its_own() {
    for workers in [1, 2] {
        let pool = pool(workers).await;
        let found = pool.spawn(job!(async || {
            let table = Buffer((0..1000u32).rev().collect::<Vec<_>>());
            let first = this_pool().map_with(table, 0..100usize, |table, at| table[at]);
            let words = vec![String::from("a"), String::from("bc")];
            let second = this_pool().map_with(words, [1, 0usize, 1], |words, at| words[at].clone());
            let (first, second) = join(first, second).await;
            Ok::<_, String>((first.map_err(text)?, second.map_err(text)?))
        }));
        let (first, second) = found.timeout(LONG).await.unwrap().unwrap();
        assert!(first.into_iter().eq((900..1000).rev()));
        assert_eq!(second, ["bc", "a", "bc"]);
    }
}

pub async fn a_jobs_map_fails_item_by_item() {
    let pool = pool(2).await;
    let found = pool.spawn(job!(async || {
        let items = this_pool().map(0..50u32, |n| {
            assert!(n != 7, "seven");
            n
        });
        let items: Vec<_> = items.stream().collect().await;
        let failed = items.iter().filter_map(|(at, outcome)| {
            Some((*at, outcome.as_ref().err()?.panic_message()?.to_string()))
        });
        (items.len(), failed.collect::<Vec<_>>())
    }));
    let found = found.await;
    // Where the panic took the job's own worker along, it is lost with it.
    match found {
        Ok(found) => assert_eq!(found, (50, vec![(7, "seven".into())])),
        Err(error) => assert!(error.is_lost(), "{error}"),
    }
    all_go_on(&pool).await;
}

pub async fn a_job_joins_two_of_its_own() {
    let pool = pool(1).await;
    let both = pool.spawn(job!(async || {
        let (n, text) = (20, String::from("ab"));
        let both = this_pool().join(job!(|n| n + 1), job!(async |text| text.repeat(2)));
        both.await.map_err(self::text)
    }));
    assert_eq!(both.await.unwrap(), Ok((21, "abab".to_string())));
}

pub async fn a_job_broadcasts_to_its_own_pool() {
    let pool = pool(3).await;
    let found = pool.spawn(job!(async || {
        let each = this_pool().broadcast(|worker| job!(|worker| (worker, this_thread())));
        let each: Vec<_> = each.await.into_iter().collect();
        let each: std::result::Result<Vec<_>, _> = each.into_iter().collect();
        (this_thread(), each.map_err(text))
    }));
    let (own, each) = found.timeout(LONG).await.unwrap();
    let each = each.unwrap();
    let ids: BTreeSet<u64> = each.iter().map(|(_, id)| *id).collect();
    assert!(each.into_iter().map(|(worker, _)| worker).eq(0..3));
    assert!(ids.len() == 3 && ids.contains(&own), "{ids:?}");
}

pub async fn a_childs_panic_is_an_error_of_its_parent() {
    let pool = pool(2).await;
    let found = pool.spawn(job!(async || {
        let line = line!() + 1;
        let child = this_pool().spawn(job!(|| -> u32 { panic!("a child's") }));
        let error = child.await.unwrap_err();
        let place = error
            .panic_location()
            .map(|place| place.contains(&format!("pool_nested.rs:{line}:")));
        (
            error.panic_message().map(String::from),
            place,
            error.to_string(),
        )
    }));
    match found.await {
        Ok((message, place, text)) => {
            assert_eq!((message.as_deref(), place), (Some("a child's"), Some(true)));
            assert!(text.contains("thread"), "{text}");
        }
        // They met on one worker, which the panic took along.
        Err(error) => assert!(error.is_lost(), "{error}"),
    }
    all_go_on(&pool).await;
}

pub async fn a_parent_aborts_its_children() {
    let pool = pool(2).await;
    let found = pool.spawn(job!(async || {
        let (holds, mut alive) = channel::<u8>();
        let suspended = this_pool().spawn(job!(async |holds| {
            holds.send(1).unwrap();
            pending::<u8>().await
        }));
        alive.next().await;
        suspended.abort();
        let first = suspended.await.unwrap_err().is_cancelled();
        let ended = alive.next().await.is_none();
        let slow = this_pool().spawn(job!(async || pending::<u8>().await));
        let late = slow.timeout(Duration::from_millis(20)).await;
        (first, ended, late.unwrap_err().is_deadline())
    }));
    assert_eq!(found.await.unwrap(), (true, true, true));
    all_go_on(&pool).await;
}

pub async fn a_child_that_waits_is_never_begun_when_its_parent_aborts_it() {
    let pool = pool(1).await;
    let found = pool.spawn(job!(async || {
        let children: Vec<_> = (0..20)
            .map(|_| this_pool().spawn(job!(|| count())))
            .collect();
        children.iter().skip(1).for_each(|child| child.abort());
        let mut ran = 0;
        for child in children {
            ran += u32::from(child.await.is_ok());
        }
        ran
    }));
    // Aborted in the turn in which they were spawned, by the one worker that could run them.
    assert_eq!(found.await.unwrap(), 1);
    assert_eq!(pool.spawn(job!(|| counted())).await.unwrap(), 1);
    runs_dry(&pool).await;
}

pub async fn a_parents_dropped_map_aborts_what_is_left_of_it() {
    let pool = pool(2).await;
    let found = pool.spawn(job!(async || {
        let slow = |n: u32| {
            busy_for(1.0);
            n
        };
        let mut results = this_pool().map(0..1000u32, slow).stream();
        results.next().await.is_some_and(|(_, it)| it.is_ok())
    }));
    assert!(found.await.unwrap());
    all_go_on(&pool).await;
    runs_dry(&pool).await;
    assert!(pool.stats().run() < 600, "{}", pool.stats().run());
}

pub async fn a_parents_dropped_map_of_buffers_aborts_what_is_left_of_it() {
    let pool = pool(2).await;
    let found = pool.spawn(job!(async || {
        let slow = |n: Buffer<u32>| {
            busy_for(1.0);
            n[0]
        };
        let items = (0..1000u32).map(|n| Buffer(vec![n]));
        let mut results = this_pool().map(items, slow).stream();
        results.next().await.is_some_and(|(_, it)| it.is_ok())
    }));
    assert!(found.await.unwrap());
    all_go_on(&pool).await;
    runs_dry(&pool).await;
    assert!(pool.stats().run() < 600, "{}", pool.stats().run());
}

pub async fn a_parent_that_panics_leaves_its_children_running() {
    let pool = pool(1).await;
    let (begins, mut begun) = channel::<u8>();
    let parent = pool.spawn(job!(async |begins| {
        let child = this_pool().spawn(job!(async || {
            YieldOnce::default().await;
            count()
        }));
        begins.send(1).unwrap();
        drop(child);
        YieldOnce::default().await;
        if this_thread() > 0 {
            panic!("the parent's");
        }
    }));
    begun.next().await.unwrap().unwrap();
    let error = parent.await.unwrap_err();
    assert_eq!(error.panic_message(), Some("the parent's"), "{error}");
    // On the deque of the worker's place, so before this.
    assert_eq!(pool.spawn(job!(async || counted())).await.unwrap(), 1);
}

pub async fn there_is_a_current_pool_in_jobs_of_pools_only() {
    assert!(ThreadPool::current().is_none());
    let thread = Thread::start().await.unwrap();
    assert!(
        thread
            .spawn(job!(|| ThreadPool::current().is_none()))
            .await
            .unwrap()
    );
    let pool = pool(3).await;
    let workers = pool.spawn(job!(|| ThreadPool::current().map(|pool| pool.workers())));
    assert_eq!(workers.await.unwrap(), Some(3));
    assert!(ThreadPool::current().is_none());
}

pub async fn global_in_a_job_is_the_pool_of_the_job() {
    let pool = pool(3).await;
    let found = pool.spawn(job!(async || {
        let global = ThreadPool::global()
            .await
            .map_err(|error| error.to_string())?;
        let thread = global.spawn(job!(|| this_thread())).await.map_err(text)?;
        Ok::<_, String>((global.workers(), thread))
    }));
    let (workers, thread) = found.await.unwrap().unwrap();
    assert_eq!(workers, 3);
    assert!(pool.stats().workers.iter().any(|it| it.thread == thread));
}

pub async fn there_is_one_global_pool() {
    let threads = |pool: &ThreadPool| -> Vec<u64> {
        pool.stats().workers.iter().map(|it| it.thread).collect()
    };
    let (a, b) = join(ThreadPool::global(), ThreadPool::global()).await;
    let (a, b) = (a.unwrap(), b.unwrap());
    assert_eq!(threads(&a), threads(&b));
    drop((a, b));
    // Nobody had a handle to it meanwhile.
    let again = ThreadPool::global().await.unwrap();
    all_go_on(&again).await;
    assert!(!again.is_closed());
}

pub async fn a_sender_goes_on_to_a_job_of_a_pools_job() {
    let pool = pool(2).await;
    let (tells, told) = channel::<(u32, u32)>();
    let parent = pool.spawn(job!(async |tells| {
        let items: Vec<_> = (0..10u32).map(|n| (n, tells.clone())).collect();
        let map = this_pool().map(items, |(n, tells): (u32, Sender<(u32, u32)>)| {
            (0..5).for_each(|step| tells.send((n, step)).unwrap());
        });
        map.await.map_err(text)?;
        let last = this_pool().spawn(job!(|tells: Sender<(u32, u32)>| tells
            .send((99, 0))
            .is_ok()));
        last.await.map_err(text)
    }));
    assert_eq!(parent.await.unwrap(), Ok(true));
    let told: Vec<_> = told.map(|it| it.unwrap()).collect().await;
    assert_eq!(told.len(), 51);
    assert_eq!(told[50], (99, 0));
    for n in 0..10 {
        assert!(
            told.iter().filter(|it| it.0 == n).map(|it| it.1).eq(0..5),
            "{told:?}"
        );
    }
}

pub async fn a_job_receives_from_its_own_jobs() {
    let pool = pool(1).await;
    let found = pool.spawn(job!(async || {
        let (tells, told) = channel::<Buffer<u32>>();
        let child = this_pool().spawn(job!(async |tells| {
            for n in 0..20 {
                tells.send(Buffer(vec![n; 100])).unwrap();
                YieldOnce::default().await;
            }
            5
        }));
        let told: Vec<_> = told.map(|it| it.unwrap()[99]).collect().await;
        Ok::<_, String>((told, child.await.map_err(text)?))
    }));
    let (told, child) = found.timeout(LONG).await.unwrap().unwrap();
    assert!(told.into_iter().eq(0..20));
    assert_eq!(child, 5);
}

pub async fn the_stream_of_a_child_that_waits_ends_with_its_abort() {
    let pool = pool(2).await;
    let found = pool.spawn(job!(async || {
        let (holds, alive) = channel::<u8>();
        // More than can begin at once.
        let children: Vec<_> = (0..10)
            .map(|_| {
                let holds = holds.clone();
                this_pool().spawn(job!(|holds| {
                    let _holds = holds;
                    busy_for(2.0)
                }))
            })
            .collect();
        drop(holds);
        children.iter().for_each(|child| child.abort());
        alive.count().await
    }));
    assert_eq!(found.timeout(LONG).await.unwrap(), 0);
}

pub async fn buffers_travel_between_a_job_and_its_jobs() {
    let pool = pool(2).await;
    let found = pool.spawn(job!(async || {
        let children = (0..20u8).map(|n| {
            let bytes = Buffer(vec![n; 1000]);
            this_pool().spawn(job!(|mut bytes| {
                bytes[0] += 100;
                bytes
            }))
        });
        let children: Vec<_> = children.collect();
        let found = try_join_all(children).await.map_err(text)?;
        Ok::<_, String>(
            (0..20)
                .zip(found)
                .all(|(n, it)| it[0] == n + 100 && it[1..] == [n; 999]),
        )
    }));
    assert_eq!(found.await.unwrap(), Ok(true));
}

pub async fn a_job_ends_its_pool() {
    let pool = pool(2).await;
    let waits = pool.spawn(job!(async || pending::<u8>().await));
    let ends = pool.spawn(job!(async || this_pool().shutdown().await));
    assert!(waits.await.unwrap_err().is_cancelled());
    assert!(ends.await.unwrap_err().is_cancelled());
    assert!(pool.is_closed());
    assert!(pool.spawn(job!(|| 1)).await.unwrap_err().is_closed());
}
