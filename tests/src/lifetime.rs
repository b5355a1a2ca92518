//! Jobs and workers that outlive each other: what begins again, what ends early, and what ends unheard.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::task::{Poll, Waker};

use wasm_mt::{channel, job};

use crate::common::{count, counted, goes_on, lose_worker, thread};

thread_local! {
    static OPEN: Cell<bool> = const { Cell::new(false) };
    static WAITING: RefCell<Vec<Waker>> = const { RefCell::new(Vec::new()) };
}

/// Waits until a job on the same worker calls [`open_door`], together with others.
pub(crate) fn door() -> impl Future<Output = ()> {
    poll_fn(|cx| {
        if OPEN.get() {
            return Poll::Ready(());
        }
        WAITING.with_borrow_mut(|all| all.push(cx.waker().clone()));
        Poll::Pending
    })
}

fn open_door() {
    OPEN.set(true);
    for waker in WAITING.take() {
        waker.wake();
    }
}

pub async fn an_idempotent_job_begins_again_in_the_next_worker() {
    let thread = thread().await;
    let numbers: Vec<u32> = (0..1000).collect();
    let again = thread.spawn(
        job!(async |numbers| {
            door().await;
            numbers.iter().sum::<u32>()
        })
        .idempotent(),
    );
    let once = thread.spawn(job!(async || door().await));
    goes_on(&thread).await;
    lose_worker(&thread).await;
    let lost = once.await.unwrap_err();
    assert!(lost.is_lost() && lost.may_have_run(), "{lost}");
    thread.spawn(job!(|| open_door())).await.unwrap();
    assert_eq!(again.await.unwrap(), 499_500);
}

pub async fn jobs_that_begin_again_keep_their_order() {
    let thread = thread().await;
    let again: Vec<_> = (0..3u32)
        .map(|n| {
            thread.spawn(
                job!(async |n| {
                    let place = count();
                    door().await;
                    (n, place)
                })
                .idempotent(),
            )
        })
        .collect();
    goes_on(&thread).await;
    lose_worker(&thread).await;
    let behind = thread.spawn(job!(|| counted()));
    thread.spawn(job!(|| open_door())).await.unwrap();
    assert_eq!(behind.await.unwrap(), 3);
    for (n, handle) in (0..).zip(again) {
        assert_eq!(handle.await.unwrap(), (n, n + 1));
    }
}

pub async fn an_idempotent_job_begins_three_times_at_most() {
    let thread = thread().await;
    let again = thread.spawn(job!(async || door().await).idempotent());
    for _ in 0..3 {
        goes_on(&thread).await;
        assert!(!again.is_finished());
        lose_worker(&thread).await;
    }
    let lost = again.await.unwrap_err();
    assert!(lost.is_lost() && lost.may_have_run(), "{lost}");
    assert!(lost.to_string().contains("begun 3 times"), "{lost}");
    goes_on(&thread).await;
}

pub async fn an_idempotent_jobs_own_panic_is_final() {
    let thread = thread().await;
    let error = thread
        .spawn(job!(|| -> u32 { panic!("its own") }).idempotent())
        .await
        .unwrap_err();
    assert_eq!(error.panic_message(), Some("its own"));
    goes_on(&thread).await;
}

pub async fn an_aborted_idempotent_job_does_not_begin_again() {
    let thread = thread().await;
    let again = thread.spawn(job!(async || door().await).idempotent());
    goes_on(&thread).await;
    lose_worker(&thread).await;
    again.abort();
    assert!(again.await.unwrap_err().is_cancelled());
    // It has begun in the next worker or not; it does not stay.
    goes_on(&thread).await;
    lose_worker(&thread).await;
    goes_on(&thread).await;
}

pub async fn an_idempotent_job_sends_through_its_channel_in_each_run() {
    let thread = thread().await;
    let (progress, mut steps) = channel::<u32>();
    let again = thread.spawn(
        job!(async |progress| {
            progress.send(1).unwrap();
            door().await;
            progress.send(2).unwrap();
        })
        .idempotent(),
    );
    assert_eq!(steps.recv().await.unwrap().unwrap(), 1);
    lose_worker(&thread).await;
    assert_eq!(steps.recv().await.unwrap().unwrap(), 1);
    thread.spawn(job!(|| open_door())).await.unwrap();
    assert_eq!(steps.recv().await.unwrap().unwrap(), 2);
    assert!(steps.recv().await.is_none());
    again.await.unwrap();
}
