//! Workers that say what they should not, as their owner hears it, and owners that post what cannot be read.

use std::future::pending;

use js_sys::{Function, Uint8Array};
use wasm_bindgen_test::wasm_bindgen_test;

use super::super::letter::Writer;
use super::*;
use crate::handle::JoinHandle;
use crate::thread::Thread;

// Of `wire/outcome.rs`.
const VALUE: u32 = 0;
const CANCELLED: u32 = 1;
const SUSPENDED: u32 = 6;
const ENDED: u32 = 7;

/// A thread, its worker's token, and an async job that waits in it for good.
async fn waiting() -> (Thread, f64, JoinHandle<()>) {
    let thread = Thread::start().await.unwrap();
    let waits = thread.spawn(crate::job!(async || pending::<()>().await));
    goes_on(&thread).await;
    (thread, last_token(), waits)
}

async fn goes_on(thread: &Thread) {
    assert_eq!(thread.spawn(crate::job!(|| 20 + 1)).await.unwrap(), 21);
}

fn is_there(token: f64) -> bool {
    listening(token, |_| ()).is_some()
}

/// Has the worker say it.
fn say(token: f64, rest: &[JsValue]) {
    let mut message: Vec<JsValue> = vec![token.into()];
    message.extend_from_slice(rest);
    if let Some(worker) = listening(token, |one| one.worker.clone()) {
        dispatch(&worker, &message);
    }
}

fn dispatch(worker: &JsValue, message: &[JsValue]) {
    let says = Function::new_with_args(
        "worker, data",
        "worker.dispatchEvent(new MessageEvent('message', { data }))",
    );
    says.call2(&JsValue::NULL, worker, &dom::array(message))
        .unwrap();
}

fn bytes(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).into()
}

/// Records of numbers: the first of 4 bytes, the next of 8, the others of 4.
fn record(tag: u32, id: u64, more: &[u32]) -> JsValue {
    let mut writer = Writer::default();
    writer.u32(tag);
    writer.u64(id);
    more.iter().for_each(|number| writer.u32(*number));
    bytes(&writer.bytes)
}

fn end(entered: u32) -> JsValue {
    let mut writer = Writer::default();
    outcome::write_end(&mut writer, entered, 1.0, 1.0, 1);
    bytes(&writer.bytes)
}

#[wasm_bindgen_test]
async fn a_worker_that_says_what_does_not_read_is_replaced() {
    let endless = js_sys::Array::new_with_length(u32::MAX);
    let unread: &[&[JsValue]] = &[
        // No kind, and none that there is.
        &[],
        &["report".into()],
        &[99.into()],
        &[REPORT.into()],
        &[REPORT.into(), "text".into()],
        &[REPORT.into(), bytes(&[1, 2, 3])],
        &[REPORT.into(), record(ENDED, 0, &[])],
        &[REPORT.into(), record(98, 2, &[])],
        // More bytes than there are, and more values beside them.
        &[REPORT.into(), record(VALUE, 2, &[u32::MAX - 1, 0])],
        &[REPORT.into(), record(VALUE, 2, &[0, u32::MAX])],
        &[
            REPORT.into(),
            record(VALUE, 2, &[0, u32::MAX]),
            endless.into(),
        ],
        &[REPORT.into(), record(VALUE, 2, &[u32::MAX, 0])],
        &[SENT.into(), bytes(&[1])],
        &[CLOSED.into(), 2.into()],
        &[DIED.into()],
        &[HOLDS.into(), 1.into()],
    ];
    for said in unread {
        let (thread, token, waits) = waiting().await;
        say(token, said);
        let error = waits.await.unwrap_err();
        assert!(error.is_lost() && error.may_have_run(), "{error}");
        assert!(error.to_string().contains(NOT_READ), "{error}");
        assert!(!is_there(token));
        goes_on(&thread).await;
    }
}

#[wasm_bindgen_test]
async fn what_stands_before_what_does_not_read_is_heard() {
    let (thread, token, waits) = waiting().await;
    let posted = thread.spawn(crate::job!(|| 3));
    let mut writer = Writer::default();
    writer.u32(CANCELLED);
    writer.u64(posted.id().0);
    writer.u32(99);
    say(token, &[REPORT.into(), bytes(&writer.bytes)]);
    assert!(posted.await.unwrap_err().is_cancelled());
    assert!(waits.await.unwrap_err().is_lost());
    goes_on(&thread).await;
}

#[wasm_bindgen_test]
async fn what_is_told_again_or_late_changes_nothing() {
    let (thread, token, waits) = waiting().await;
    let ended = thread.spawn(crate::job!(|| 5));
    let id = ended.id().0;
    assert_eq!(ended.await.unwrap(), 5);
    for id in [0, 1, id, id + 1, u64::MAX] {
        say(token, &[BEGUN.into(), (id as f64).into()]);
        say(token, &[CLOSED.into(), (id as f64).into(), 0.into()]);
        for said in [
            record(VALUE, id, &[0, 0]),
            record(SUSPENDED, id, &[]),
            record(CANCELLED, id, &[]),
        ] {
            say(token, &[REPORT.into(), said]);
        }
    }
    // Three jobs were entered: those of ends that have been told.
    for entered in 0..=3 {
        say(token, &[REPORT.into(), end(entered)]);
    }
    say(token, &[STARTED.into()]);
    for stage in 0..=4 {
        say(token, &[START_FAILED.into(), stage.into(), "late".into()]);
    }
    say(token, &[PONG.into()]);
    goes_on(&thread).await;
    assert!(is_there(token) && !waits.is_finished());
    // Its jobs are told once, and its end is.
    let worker = listening(token, |one| one.worker.clone()).unwrap();
    let died: [JsValue; 4] = [token.into(), DIED.into(), 0.into(), "twice".into()];
    dispatch(&worker, &died);
    let error = waits.await.unwrap_err();
    assert!(error.is_lost(), "{error}");
    goes_on(&thread).await;
    let next = last_token();
    dispatch(&worker, &died);
    goes_on(&thread).await;
    assert_eq!(last_token(), next);
}

#[wasm_bindgen_test]
async fn a_start_that_is_told_of_as_a_jobs_end_is_its_workers() {
    let (thread, token, waits) = waiting().await;
    say(token, &[DIED.into(), 1.into(), "of no job".into()]);
    assert!(waits.await.unwrap_err().is_lost());
    goes_on(&thread).await;
}

#[wasm_bindgen_test]
async fn a_worker_that_leaves_a_job_out_is_replaced() {
    let (thread, token, waits) = waiting().await;
    say(token, &[REPORT.into(), end(3)]);
    let error = waits.await.unwrap_err();
    assert!(error.is_lost(), "{error}");
    assert!(error.to_string().contains("has not told"), "{error}");
    goes_on(&thread).await;
}

#[wasm_bindgen_test]
async fn what_meets_its_workers_end_on_its_way_runs_in_the_next() {
    let thread = Thread::start().await.unwrap();
    goes_on(&thread).await;
    let text = String::from("as it was sent");
    let sent = thread.spawn(crate::job!(|text| text));
    // The program's own code has ended it before it opened that: one job was entered.
    let ended = "an exception of a timer";
    say(
        last_token(),
        &[DIED.into(), 0.into(), ended.into(), false.into(), 1.into()],
    );
    assert_eq!(sent.await.unwrap(), "as it was sent");
    goes_on(&thread).await;
}

#[wasm_bindgen_test]
async fn a_worker_that_is_sent_what_does_not_read_says_so() {
    let kind = |len: u32| {
        let mut writer = Writer::default();
        writer.u32(2);
        writer.u64(0);
        writer.u64(u64::MAX - 1);
        writer.u32(len);
        (0..7).for_each(|_| writer.u32(0));
        writer.bytes.clone()
    };
    for posted in [&[][..], &[1, 2, 3], &kind(1), &kind(u32::MAX), &kind(0)] {
        let (thread, token, waits) = waiting().await;
        let message = [token.into(), RUN.into(), bytes(posted)];
        listening(token, |one| dom::post(&one.worker, &message, &[]))
            .unwrap()
            .unwrap();
        let error = waits.await.unwrap_err();
        assert!(error.is_lost(), "{error}");
        assert!(
            error.to_string().contains("was sent could not be read"),
            "{error}"
        );
        goes_on(&thread).await;
    }
}
