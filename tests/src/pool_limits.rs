//! A pool whose queue is bounded, and whose turn comes first.

use futures::StreamExt;
use futures::future::{join_all, poll_immediate};
use wasm_mt::{AbortHandle, JoinHandle, channel, job};
use wasm_mt_pool::{Full, Priority, ThreadPool};

use crate::common::{LONG, all_go_on, built, busy_for, count, endless, pool, this_pool};

/// A pool of one worker and such a capacity, whose worker is busy until that is aborted.
async fn kept_busy(capacity: usize) -> (ThreadPool, AbortHandle) {
    let pool = built(ThreadPool::builder().workers(1).capacity(capacity)).await;
    let (begun, mut begins) = channel();
    let spins = pool.spawn(job!(|begun| {
        begun.send(()).expect("somebody hears");
        endless()
    }));
    let aborts = spins.abort_handle();
    drop(spins);
    // Until then it takes a place itself, which is free afterwards.
    assert!(begins.recv().await.is_some());
    (pool, aborts)
}

/// Spawns until there is no room. How many it takes beside those that wait, the fabric decides.
fn fill(pool: &ThreadPool) -> (Vec<JoinHandle<u32>>, Full<u32>) {
    let mut handles = Vec::new();
    loop {
        let n = handles.len() as u32;
        match pool.try_spawn(job!(|n| n + 1)) {
            Ok(handle) => handles.push(handle),
            Err(full) => return (handles, full),
        }
        assert!(handles.len() < 100, "there is room without end");
    }
}

async fn give_their_values(handles: Vec<JoinHandle<u32>>) {
    for (n, handle) in (1..).zip(handles) {
        assert_eq!(handle.timeout(LONG).await.unwrap(), n);
    }
}

pub async fn a_bounded_queue_gives_back_what_it_has_no_room_for() {
    let (pool, spins) = kept_busy(3).await;
    let (handles, full) = fill(&pool);
    assert!(handles.len() >= 3, "only {} had room", handles.len());
    assert!(format!("{full}").contains("full"), "{full}");
    let given_back = full.into_inner();
    let error = pool.spawn(job!(|| 1)).await.unwrap_err();
    assert!(error.is_full() && !error.may_have_run(), "{error}");
    assert!(!error.is_cancelled() && !error.is_closed());
    spins.abort();
    let late = pool.spawn_when_room(given_back).await;
    let n = handles.len() as u32;
    give_their_values(handles).await;
    assert_eq!(late.await.unwrap(), n + 1);
    all_go_on(&pool).await;
}

pub async fn who_waits_for_room_is_served_in_order() {
    let (pool, spins) = kept_busy(1).await;
    let (handles, full) = fill(&pool);
    drop(full);
    let waiting: Vec<_> = (0..5)
        .map(|_| pool.spawn_when_room(job!(|| count())))
        .collect();
    let mut waiting = join_all(waiting);
    assert!(poll_immediate(&mut waiting).await.is_none());
    spins.abort();
    let counts = join_all(waiting.await).await;
    let counts: Vec<_> = counts.into_iter().map(Result::unwrap).collect();
    assert_eq!(counts, [1, 2, 3, 4, 5]);
    give_their_values(handles).await;
}

pub async fn an_aborted_job_that_waits_makes_room() {
    let (pool, spins) = kept_busy(2).await;
    let (mut handles, _) = fill(&pool);
    let last = handles.pop().unwrap();
    last.abort();
    assert!(last.await.unwrap_err().is_cancelled());
    let n = handles.len() as u32;
    handles.push(pool.try_spawn(job!(|n| n + 1)).unwrap());
    assert!(pool.try_spawn(job!(|| ())).is_err());
    spins.abort();
    give_their_values(handles).await;
}

pub async fn who_stops_waiting_for_room_spawns_nothing() {
    let (pool, spins) = kept_busy(1).await;
    let (handles, _) = fill(&pool);
    let (sender, mut receiver) = channel::<u8>();
    let mut waits = pool.spawn_when_room(job!(|sender| sender.send(1).is_ok()));
    let mut next = pool.spawn_when_room(job!(|| 7));
    assert!(poll_immediate(&mut waits).await.is_none());
    assert!(poll_immediate(&mut next).await.is_none());
    drop(waits);
    assert_eq!(receiver.next().await.map(Result::unwrap), None);
    spins.abort();
    assert_eq!(next.await.await.unwrap(), 7);
    give_their_values(handles).await;
}

pub async fn jobs_of_jobs_need_no_room() {
    let pool = built(ThreadPool::builder().workers(2).capacity(1)).await;
    let sum = pool.spawn(job!(async || {
        let pool = this_pool();
        let handles: Vec<_> = (0..50u32)
            .map(|n| match n % 2 {
                0 => pool.spawn(job!(|n| n)),
                _ => pool.try_spawn(job!(|n| n)).expect("there is room in a job"),
            })
            .collect();
        let mut sum = pool.spawn_when_room(job!(|| 0)).await.await.unwrap();
        for handle in handles {
            sum += handle.await.unwrap();
        }
        sum
    }));
    assert_eq!(sum.timeout(LONG).await.unwrap(), 49 * 50 / 2);
    let squares = pool.map(0..1000u32, |n| n * n).await.unwrap();
    assert_eq!(squares[999], 999 * 999);
    all_go_on(&pool).await;
}

pub async fn an_ended_pool_keeps_nobody_waiting_for_room() {
    let (pool, _) = kept_busy(1).await;
    let (handles, _) = fill(&pool);
    let waiting: Vec<_> = (0..3).map(|_| pool.spawn_when_room(job!(|| 1))).collect();
    let mut waiting = join_all(waiting);
    assert!(poll_immediate(&mut waiting).await.is_none());
    pool.shutdown().await;
    for handle in waiting.await {
        let error = handle.await.unwrap_err();
        assert!(error.is_closed() || error.is_cancelled(), "{error}");
    }
    for handle in handles {
        assert!(handle.await.unwrap_err().is_cancelled());
    }
    let late = pool.try_spawn(job!(|| 1)).unwrap();
    assert!(late.await.unwrap_err().is_closed());
    assert!(pool.spawn(job!(|| 1)).await.unwrap_err().is_closed());
}

/// So many jobs of each priority, which tell in which order they ran; spawned in one turn, the least urgent first.
fn spawn_ranked(
    pool: &ThreadPool,
    background: u32,
    normal: u32,
    urgent: u32,
) -> [Vec<JoinHandle<u32>>; 3] {
    let spawn = |priority, jobs| {
        let pool = pool.with_priority(priority);
        (0..jobs).map(|_| pool.spawn(job!(|| count()))).collect()
    };
    [
        spawn(Priority::Background, background),
        spawn(Priority::Normal, normal),
        spawn(Priority::Urgent, urgent),
    ]
}

async fn places(handles: [Vec<JoinHandle<u32>>; 3]) -> [Vec<u32>; 3] {
    let mut places = [const { Vec::new() }; 3];
    for (handles, places) in handles.into_iter().zip(&mut places) {
        for handle in handles {
            places.push(handle.timeout(LONG).await.unwrap());
        }
    }
    places
}

/// In which order they run on one worker that is busy while they are spawned.
async fn order(background: u32, normal: u32, urgent: u32) -> [Vec<u32>; 3] {
    let pool = pool(1).await;
    if cfg!(target_family = "wasm") {
        // They are laid, or posted at the end of the turn, while it is busy.
        let busy = pool.spawn(job!(|| busy_for(500.0)));
        let handles = spawn_ranked(&pool, background, normal, urgent);
        busy.await.unwrap();
        places(handles).await
    } else {
        // The worker is busy with the job that spawns them.
        let order = pool.spawn(job!(async |background, normal, urgent| {
            places(spawn_ranked(&this_pool(), background, normal, urgent)).await
        }));
        order.await.unwrap()
    }
}

pub async fn what_is_urgent_runs_first_and_what_is_in_the_background_last() {
    let [background, normal, urgent] = order(4, 4, 4).await;
    assert!(urgent.iter().all(|place| *place <= 4), "{urgent:?}");
    assert!(
        normal.iter().all(|place| (5..=8).contains(place)),
        "{normal:?}"
    );
    assert!(background.iter().all(|place| *place > 8), "{background:?}");
}

pub async fn nothing_starves_behind_what_is_urgent() {
    let [background, normal, urgent] = order(1, 1, 200).await;
    assert!(
        normal[0] < 60 && background[0] < 60,
        "{normal:?}, {background:?}"
    );
    assert_eq!(urgent.into_iter().max(), Some(202));
}

pub async fn a_map_in_the_background_lets_others_by() {
    let pool = pool(2).await;
    let map = pool
        .with_priority(Priority::Background)
        .map(0..400u32, |n| {
            busy_for(1.0);
            n
        });
    for n in 0..10u32 {
        assert_eq!(
            pool.spawn(job!(|n| n + 1)).timeout(LONG).await.unwrap(),
            n + 1
        );
    }
    assert!(pool.stats().waiting > 0, "they waited for all of it");
    assert_eq!(map.await.unwrap().len(), 400);
}

pub async fn a_pools_jobs_of_all_priorities_give_their_values() {
    let pool = pool(3).await;
    let all = [Priority::Normal, Priority::Urgent, Priority::Background];
    let handles: Vec<_> = (0..300u32)
        .map(|n| {
            let pool = pool.with_priority(all[n as usize % 3]);
            pool.spawn(job!(async |n| {
                let child = this_pool().with_priority(Priority::Urgent);
                child.spawn(job!(|n| n * 2)).await.unwrap()
            }))
        })
        .collect();
    for (n, handle) in (0..).zip(handles) {
        assert_eq!(handle.timeout(LONG).await.unwrap(), n * 2);
    }
    let joined = pool.with_priority(Priority::Urgent);
    let joined = joined.join(job!(|| 1), job!(|| 2)).await.unwrap();
    assert_eq!(joined, (1, 2));
}
