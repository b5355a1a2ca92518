//! How threads start, what they know, and how they end well.

use std::time::Duration;

use futures::FutureExt;
use futures::future::join_all;
use wasm_mt::{Thread, job};

use crate::common::{count, counted, started, thread};

pub async fn a_job_knows_its_thread() {
    let thread = started(Thread::builder().name("painter")).await;
    let (id, name, is_worker) = thread
        .spawn(job!(|| {
            let current = wasm_mt::current().expect("a job runs in a thread");
            (
                current.id(),
                current.name().map(String::from),
                wasm_mt::is_worker(),
            )
        }))
        .await
        .unwrap();
    assert_eq!(id, thread.id());
    assert_eq!(name.as_deref(), Some("painter"));
    assert_eq!(thread.name(), Some("painter"));
    assert!(is_worker);
    assert!(!wasm_mt::is_worker());
    assert!(wasm_mt::current().is_none());
}

pub async fn statics_last_from_job_to_job() {
    let thread = thread().await;
    for n in 1..4 {
        assert_eq!(thread.spawn(job!(|| count())).await.unwrap(), n);
    }
}

pub async fn threads_started_together_are_all_there() {
    let threads = join_all((0..4).map(|_| Thread::start())).await;
    let threads: Vec<Thread> = threads.into_iter().map(|thread| thread.unwrap()).collect();
    let handles: Vec<_> = (0..4u64)
        .zip(&threads)
        .map(|(n, thread)| thread.spawn(job!(|n| n * n)))
        .collect();
    let squares = join_all(handles).await;
    let squares: Vec<u64> = squares.into_iter().map(|square| square.unwrap()).collect();
    assert_eq!(squares, [0, 1, 4, 9]);
}

pub async fn a_thread_has_its_own_statics() {
    let (one, two) = (thread().await, thread().await);
    one.spawn(job!(|| count())).await.unwrap();
    assert_eq!(two.spawn(job!(|| counted())).await.unwrap(), 0);
    assert_eq!(one.spawn(job!(|| counted())).await.unwrap(), 1);
}

fn count_seven() {
    for _ in 0..7 {
        count();
    }
}

pub async fn on_start_runs_before_the_first_job() {
    let thread = started(Thread::builder().on_start(count_seven)).await;
    assert_eq!(thread.spawn(job!(|| counted())).await.unwrap(), 7);
}

pub async fn there_is_at_least_one_core() {
    assert!(wasm_mt::available_parallelism() >= 1);
    let thread = thread().await;
    assert!(
        thread
            .spawn(job!(|| wasm_mt::available_parallelism() as u32))
            .await
            .unwrap()
            >= 1
    );
}

pub async fn a_handle_knows_its_id_and_when_it_is_finished() {
    let thread = thread().await;
    let mut first = thread.spawn(job!(|| 1));
    let second = thread.spawn(job!(|| 2));
    assert_ne!(first.id(), second.id());
    assert_eq!(first.abort_handle().id(), first.id());
    assert_eq!(second.await.unwrap(), 2);
    assert!(first.is_finished());
    assert!(format!("{first:?}").contains("is_finished: true"));
    assert_eq!((&mut first).await.unwrap(), 1);
}

pub async fn dropping_a_start_is_no_harm() {
    let mut start = Box::pin(Thread::start());
    let early = (&mut start).now_or_never();
    drop(start);
    drop(early);
    assert_eq!(thread().await.spawn(job!(|| 3)).await.unwrap(), 3);
}

pub async fn a_job_starts_a_thread_of_its_own() {
    let thread = thread().await;
    let n = 5;
    let nested: u64 = thread
        .spawn(job!(async |n: u64| {
            let inner = thread_of_a_job().await;
            inner.spawn(job!(|n| n + 1)).await.unwrap()
        }))
        .await
        .unwrap();
    assert_eq!(nested, 6);
}

async fn thread_of_a_job() -> Thread {
    thread().await
}

pub async fn results_awaited_in_another_order_are_not_mixed() {
    let thread = thread().await;
    let numbers = 0..50u32;
    let handles = numbers.clone().map(|n| {
        thread
            .spawn(job!(|n| n * 3))
            .timeout(Duration::from_secs(30))
    });
    // Awaited in the other order, each gives its own.
    let results = join_all(handles.collect::<Vec<_>>().into_iter().rev()).await;
    for (n, result) in numbers.rev().zip(results) {
        assert_eq!(result.unwrap(), n * 3);
    }
}
