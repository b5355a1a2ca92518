//! What can go wrong anywhere: each fault gives its typed error, and the thread goes on.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;
use futures::channel::mpsc;
use wasm_mt::{JoinError, Thread, job};

use crate::common::{
    CountsItsDrop, Gate, LONG, PanicsInDrop, Picky, YieldOnce, busy_for, count, counted, endless,
    goes_on, open_gate, started, thread,
};

fn assert_panic(error: &JoinError, message: &str) {
    assert!(error.is_panic(), "{error}");
    assert_eq!(error.panic_message(), Some(message));
    let location = error.panic_location().expect("the place is known");
    assert!(location.contains(".rs:"), "{location}");
    assert!(error.to_string().contains(message), "{error}");
    assert!(error.to_string().contains(location), "{error}");
}

pub async fn a_panic_is_an_error_with_message_and_place() {
    let thread = started(Thread::builder().name("unlucky")).await;
    let (line, job) = (line!(), job!(|| -> u32 { panic!("out of luck") }));
    let error = thread.spawn(job).await.unwrap_err();
    assert_panic(&error, "out of luck");
    let place = format!("faults.rs:{line}:");
    assert!(error.panic_location().unwrap().contains(&place), "{error}");
    assert!(error.to_string().contains("thread `unlucky`"), "{error}");
    goes_on(&thread).await;
}

pub async fn a_panic_of_an_async_job_before_its_first_await_is_its_error() {
    let thread = thread().await;
    let error = thread
        .spawn(job!(async || -> u32 {
            let none: Option<u32> = std::hint::black_box(None);
            none.expect("nothing here")
        }))
        .await
        .unwrap_err();
    assert_panic(&error, "nothing here");
    goes_on(&thread).await;
}

pub async fn a_panic_of_an_async_job_after_its_first_await_is_its_error() {
    let thread = thread().await;
    let handle = thread.spawn(job!(async || -> u32 {
        Gate.await;
        panic!("after the gate")
    }));
    let opened = thread.spawn(job!(|| open_gate()));
    assert_panic(&handle.await.unwrap_err(), "after the gate");
    // It may have ended, or gone down with the worker; it settles.
    let _ = opened.await;
    goes_on(&thread).await;
}

pub async fn a_formatted_panic_keeps_its_message() {
    let thread = thread().await;
    let n = 7;
    let error = thread
        .spawn(job!(|n: i32| -> () { panic!("{n} of {}", n + 1) }))
        .await
        .unwrap_err();
    assert_panic(&error, "7 of 8");
}

pub async fn a_panic_in_a_drop_is_the_jobs_error() {
    let thread = thread().await;
    let error = thread
        .spawn(job!(|| {
            let _bomb = PanicsInDrop;
        }))
        .await
        .unwrap_err();
    assert_panic(&error, "dropped");
    goes_on(&thread).await;
    let handle = thread.spawn(job!(async || {
        let _bomb = PanicsInDrop;
        Gate.await;
    }));
    goes_on(&thread).await;
    handle.abort();
    assert!(handle.await.unwrap_err().is_cancelled());
    goes_on(&thread).await;
}

pub async fn jobs_behind_a_panicked_one_run() {
    let thread = thread().await;
    let bad = thread.spawn(job!(|| -> u32 { panic!("first") }));
    let good: Vec<_> = (0..5u32).map(|n| thread.spawn(job!(|n| n * 2))).collect();
    assert_panic(&bad.await.unwrap_err(), "first");
    for (n, handle) in good.into_iter().enumerate() {
        assert_eq!(handle.await.unwrap(), n as u32 * 2);
    }
}

pub async fn on_start_runs_again_in_a_replaced_worker() {
    let thread = started(Thread::builder().on_start(|| {
        count();
    }))
    .await;
    assert_eq!(thread.spawn(job!(|| counted())).await.unwrap(), 1);
    let handle = thread.spawn(job!(|| endless()));
    handle.abort();
    assert!(handle.await.unwrap_err().is_cancelled());
    assert_eq!(thread.spawn(job!(|| counted())).await.unwrap(), 1);
}

pub async fn a_panic_in_on_start_is_a_start_error() {
    let error = Thread::builder()
        .on_start(|| panic!("not today"))
        .start()
        .await
        .unwrap_err();
    assert!(error.is_on_start(), "{error}");
    let source = std::error::Error::source(&error).expect("the panic is the source");
    assert!(source.to_string().contains("not today"), "{source}");
    assert!(source.to_string().contains("faults.rs"), "{source}");
}

pub async fn an_aborted_job_that_waits_is_never_begun() {
    let thread = thread().await;
    let busy = thread.spawn(job!(|| endless()));
    let waits = thread.spawn(job!(|| count()));
    waits.abort();
    assert!(waits.is_finished());
    assert!(waits.await.unwrap_err().is_cancelled());
    busy.abort();
    assert!(busy.await.unwrap_err().is_cancelled());
    assert_eq!(thread.spawn(job!(|| counted())).await.unwrap(), 0);
}

pub async fn an_endless_job_can_be_aborted() {
    let thread = thread().await;
    let handle = thread.spawn(job!(|| endless()));
    let behind = thread.spawn(job!(|| 5));
    handle.abort();
    assert!(handle.await.unwrap_err().is_cancelled());
    assert_eq!(behind.await.unwrap(), 5);
    goes_on(&thread).await;
}

pub async fn an_endless_async_job_can_be_aborted() {
    let thread = thread().await;
    let handle = thread.spawn(job!(async || {
        Gate.await;
        endless()
    }));
    thread.spawn(job!(|| open_gate())).await.unwrap();
    let behind = thread.spawn(job!(|| 5));
    handle.abort();
    assert!(handle.await.unwrap_err().is_cancelled());
    match behind.await {
        Ok(value) => assert_eq!(value, 5),
        Err(error) => assert!(error.is_lost(), "{error}"),
    }
    goes_on(&thread).await;
}

pub async fn an_endless_job_ends_at_its_timeout() {
    let thread = thread().await;
    let error = thread
        .spawn(job!(|| endless()))
        .timeout(Duration::from_millis(50))
        .await
        .unwrap_err();
    assert!(error.is_deadline(), "{error}");
    assert!(error.to_string().contains("50ms"), "{error}");
    goes_on(&thread).await;
}

pub async fn a_timeout_that_is_not_reached_changes_nothing() {
    let thread = thread().await;
    assert_eq!(thread.spawn(job!(|| 8)).timeout(LONG).await.unwrap(), 8);
    assert_eq!(
        thread
            .spawn(job!(|| 9))
            .timeout(Duration::MAX)
            .await
            .unwrap(),
        9
    );
    let twice = thread
        .spawn(job!(|| 10))
        .timeout(Duration::from_millis(1))
        .timeout(LONG);
    assert!(matches!(twice.await, Ok(10)));
}

pub async fn a_job_that_waits_can_reach_its_timeout() {
    let thread = thread().await;
    let busy = thread.spawn(job!(|| endless())).abort_on_drop();
    let waits = thread.spawn(job!(|| 1)).timeout(Duration::from_millis(20));
    assert!(waits.await.unwrap_err().is_deadline());
    drop(busy);
    goes_on(&thread).await;
}

pub async fn an_aborted_async_job_is_dropped_at_its_await() {
    let thread = thread().await;
    let handle = thread.spawn(job!(async || {
        let _counts = CountsItsDrop;
        Gate.await;
    }));
    assert_eq!(thread.spawn(job!(|| counted())).await.unwrap(), 0);
    handle.abort();
    assert!(handle.await.unwrap_err().is_cancelled());
    // The abort went out before this job, and the async one is dropped in a turn of its own.
    let dropped = thread.spawn(job!(async || {
        YieldOnce::default().await;
        counted()
    }));
    assert_eq!(dropped.await.unwrap(), 1);
}

pub async fn aborting_an_async_job_spares_the_one_beside_it() {
    let thread = started(Thread::builder().abort_grace(Duration::from_millis(300))).await;
    let waits = thread.spawn(job!(async || Gate.await));
    goes_on(&thread).await;
    // Longer than the grace time, all in one piece: the worker cannot drop the other job meanwhile.
    let works = thread.spawn(job!(async || {
        YieldOnce::default().await;
        busy_for(700.0);
        7
    }));
    waits.abort();
    assert!(waits.await.unwrap_err().is_cancelled());
    assert_eq!(works.await.unwrap(), 7);
}

pub async fn abort_on_drop_aborts() {
    let thread = thread().await;
    let handle = thread.spawn(job!(|| endless()));
    let abort = handle.abort_handle();
    drop(handle.abort_on_drop());
    assert!(abort.is_finished());
    goes_on(&thread).await;
    let kept = thread.spawn(job!(|| 4)).abort_on_drop();
    assert!(!kept.id().to_string().is_empty());
    assert_eq!(kept.await.unwrap(), 4);
}

pub async fn aborting_a_finished_job_changes_nothing() {
    let thread = thread().await;
    let handle = thread.spawn(job!(|| 6));
    goes_on(&thread).await;
    assert!(handle.is_finished());
    handle.abort();
    assert_eq!(handle.await.unwrap(), 6);
}

pub async fn an_abort_handle_aborts_from_elsewhere() {
    let thread = thread().await;
    let handle = thread.spawn(job!(async || Gate.await));
    let abort = handle.abort_handle();
    goes_on(&thread).await;
    assert!(!abort.is_finished());
    abort.clone().abort();
    assert!(abort.is_finished());
    assert!(handle.await.unwrap_err().is_cancelled());
}

pub async fn a_terminated_thread_cancels_its_jobs() {
    let thread = thread().await;
    let suspended = thread.spawn(job!(async || Gate.await));
    let runs = thread.spawn(job!(|| endless()));
    let waits = thread.spawn(job!(|| 1));
    assert!(!thread.is_terminated());
    thread.terminate();
    thread.terminate();
    assert!(thread.is_terminated());
    assert!(suspended.await.unwrap_err().is_cancelled());
    assert!(runs.await.unwrap_err().is_cancelled());
    assert!(waits.await.unwrap_err().is_cancelled());
}

pub async fn a_terminated_thread_refuses_jobs() {
    let thread = thread().await;
    thread.terminate();
    let error = thread.spawn(job!(|| 1)).await.unwrap_err();
    assert!(error.is_closed() && !error.may_have_run(), "{error}");
    assert!(error.to_string().contains("start another"), "{error}");
}

pub async fn a_dropped_thread_cancels_its_jobs() {
    let thread = thread().await;
    let handle = thread.spawn(job!(async || Gate.await));
    goes_on(&thread).await;
    drop(thread);
    assert!(handle.await.unwrap_err().is_cancelled());
}

pub async fn a_dropped_handle_detaches_its_job() {
    let thread = thread().await;
    drop(thread.spawn(job!(|| count())));
    assert_eq!(thread.spawn(job!(|| counted())).await.unwrap(), 1);
}

pub async fn a_detached_jobs_error_goes_to_on_unhandled() {
    let (sender, mut errors) = mpsc::unbounded();
    let thread = started(Thread::builder().on_unhandled(move |error| {
        // The test has ended, so nobody asks any more.
        let _ = sender.unbounded_send(error);
    }))
    .await;
    drop(thread.spawn(job!(|| -> u32 { panic!("nobody listens") })));
    assert_panic(&errors.next().await.unwrap(), "nobody listens");
    // Dropped after it failed, without having been asked.
    let failed = thread.spawn(job!(|| -> u32 { panic!("too late") }));
    goes_on(&thread).await;
    drop(failed);
    assert_panic(&errors.next().await.unwrap(), "too late");
}

pub async fn a_cancelled_detached_job_is_not_reported() {
    let reported = Arc::new(Mutex::new(Vec::new()));
    let into = reported.clone();
    let thread = started(Thread::builder().on_unhandled(move |error| {
        into.lock().unwrap().push(error.to_string());
    }))
    .await;
    drop(thread.spawn(job!(|| endless())));
    drop(thread);
    assert!(reported.lock().unwrap().is_empty());
}

fn assert_names_picky(error: &JoinError) {
    assert!(error.to_string().contains("Picky"), "{error}");
}

pub async fn an_argument_that_does_not_encode_is_an_error() {
    let thread = thread().await;
    let picky = Picky(101);
    let error = thread.spawn(job!(|picky| picky.0 + 1)).await.unwrap_err();
    assert!(error.is_encode() && !error.may_have_run(), "{error}");
    assert_names_picky(&error);
    goes_on(&thread).await;
}

pub async fn an_argument_that_does_not_decode_is_an_error() {
    let thread = thread().await;
    let picky = Picky(3);
    let error = thread
        .spawn(job!(async |picky| picky.0 + 1))
        .await
        .unwrap_err();
    assert!(error.is_decode(), "{error}");
    assert_names_picky(&error);
    goes_on(&thread).await;
}

pub async fn a_result_that_does_not_encode_is_an_error() {
    let thread = thread().await;
    let error = thread.spawn(job!(|| Picky(200))).await.unwrap_err();
    assert!(error.is_encode() && error.may_have_run(), "{error}");
    assert_names_picky(&error);
    goes_on(&thread).await;
}

pub async fn a_result_that_does_not_decode_is_an_error() {
    let thread = thread().await;
    let error = thread.spawn(job!(|| Picky(7))).await.unwrap_err();
    assert!(error.is_decode(), "{error}");
    assert_names_picky(&error);
    goes_on(&thread).await;
}

pub async fn a_self_describing_value_is_an_error_that_names_its_type() {
    let thread = thread().await;
    let error = thread
        .spawn(job!(|| serde_json::json!({ "a": 1 })))
        .await
        .unwrap_err();
    assert!(error.is_decode(), "{error}");
    assert!(error.to_string().contains("serde_json"), "{error}");
    goes_on(&thread).await;
}

pub async fn errors_say_what_they_are() {
    let thread = thread().await;
    let handle = thread.spawn(job!(|| endless()));
    handle.abort();
    let error = handle.await.unwrap_err();
    assert!(error.is_cancelled());
    assert!(!error.is_panic() && !error.is_trap() && !error.is_deadline() && !error.is_lost());
    assert!(!error.is_encode() && !error.is_decode() && !error.is_closed());
    assert_eq!(error.panic_message(), None);
    assert_eq!(error.panic_location(), None);
    assert_eq!(error.to_string(), "the job was cancelled");
}
