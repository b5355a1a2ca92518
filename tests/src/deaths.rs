//! How a worker ends in a browser, and that it is noticed.

use std::future::pending;

use js_sys::futures::JsFuture;
use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_mt::{Buffer, JoinError, Thread, checkpoint, job};

use crate::common::{counted, goes_on, lose_worker, thread};
use crate::lifetime::door;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["navigator", "locks"], js_name = request)]
    fn request_lock(name: &str, held: &Function) -> Promise;
    /// What ends a worker from within.
    fn close();
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &JsValue, milliseconds: i32);
}

pub(crate) fn some_lock() -> String {
    format!("tests of wasm-mt {}", js_sys::Math::random())
}

/// Has the lock for as long as this worker lives.
pub(crate) async fn hold(lock: String) {
    let held = Promise::new(&mut |resolve, _| {
        let held = Closure::once_into_js(move || {
            resolve.call0(&JsValue::NULL).unwrap();
            Promise::new(&mut |_, _| {})
        });
        let _ = request_lock(&lock, held.unchecked_ref());
    });
    JsFuture::from(held).await.unwrap();
}

/// Waits until nobody has the lock any more.
pub(crate) async fn freed(lock: &str) {
    let held = Closure::once_into_js(|| {});
    JsFuture::from(request_lock(lock, held.unchecked_ref()))
        .await
        .unwrap();
}

pub async fn a_terminated_loop_really_ends_at_its_checkpoint() {
    let thread = thread().await;
    let lock = some_lock();
    let name = lock.clone();
    thread
        .spawn(job!(async |name| hold(name).await))
        .await
        .unwrap();
    let spins = thread.spawn(job!(|| -> () {
        loop {
            checkpoint();
        }
    }));
    spins.abort();
    assert!(spins.await.unwrap_err().is_cancelled());
    // Its worker has the lock until it ends.
    freed(&lock).await;
}

fn assert_closed(error: &JoinError) {
    assert!(error.is_lost() && error.may_have_run(), "{error}");
    assert!(error.to_string().contains("close()"), "{error}");
}

pub async fn a_job_that_closes_its_worker_is_lost_and_the_thread_goes_on() {
    let thread = thread().await;
    let waits = thread.spawn(job!(async || pending::<()>().await));
    // Its own doing, so it does not begin again.
    let closes = thread.spawn(job!(|| close()).idempotent());
    let behind = thread.spawn(job!(|| counted()));
    assert_closed(&closes.await.unwrap_err());
    assert_closed(&waits.await.unwrap_err());
    assert_eq!(behind.await.unwrap(), 0);
    goes_on(&thread).await;
}

pub async fn a_worker_that_is_closed_between_its_jobs_ends_their_wait() {
    let thread = thread().await;
    let closes = thread.spawn(job!(async || {
        set_timeout(&Closure::once_into_js(close), 0);
        pending::<()>().await;
    }));
    assert_closed(&closes.await.unwrap_err());
    goes_on(&thread).await;
}

pub async fn a_worker_that_is_closed_while_it_starts_is_a_start_error() {
    let error = Thread::builder().on_start(close).start().await.unwrap_err();
    assert!(error.is_on_start(), "{error}");
}

pub async fn an_idempotent_job_cannot_begin_again_without_its_buffer() {
    let thread = thread().await;
    let buffer = Buffer(vec![1u8, 2, 3]);
    let again = thread.spawn(
        job!(async |buffer| {
            door().await;
            buffer.len()
        })
        .idempotent(),
    );
    goes_on(&thread).await;
    lose_worker(&thread).await;
    let lost = again.await.unwrap_err();
    assert!(lost.is_lost() && lost.may_have_run(), "{lost}");
    assert!(lost.to_string().contains("cannot begin again"), "{lost}");
    goes_on(&thread).await;
}
