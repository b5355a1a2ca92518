//! Workers that are killed behind their links' backs.

use std::future::pending;

use futures::StreamExt;
use js_sys::{Function, Reflect};
use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::checkpoint;
use crate::thread::Thread;

/// The token of the worker that was started last.
fn last() -> f64 {
    link::last_token()
}

fn knows_its_end(token: f64) -> bool {
    link::listening(token, |one| one.watch.sure).unwrap()
}

/// Ends the worker behind its link's back, as a browser may: there is no event.
fn kill(token: f64) {
    link::listening(token, |one| one.worker.terminate());
}

async fn goes_on(thread: &Thread) {
    assert_eq!(thread.spawn(crate::job!(|| 20 + 1)).await.unwrap(), 21);
}

async fn watched() -> (Thread, f64) {
    let thread = Thread::start().await.unwrap();
    let token = last();
    while !knows_its_end(token) {
        goes_on(&thread).await;
    }
    (thread, token)
}

#[wasm_bindgen_test]
async fn a_worker_that_is_killed_while_jobs_wait_is_noticed_by_its_lock() {
    let (thread, token) = watched().await;
    let waits = thread.spawn(crate::job!(async || pending::<()>().await));
    goes_on(&thread).await;
    kill(token);
    let error = waits.await.unwrap_err();
    assert!(error.is_lost() && error.may_have_run(), "{error}");
    assert!(error.to_string().contains("without a word"), "{error}");
    goes_on(&thread).await;
}

#[wasm_bindgen_test]
async fn once_locks_have_been_seen_no_worker_need_look() {
    let (_first, _) = watched().await;
    assert_eq!(owners_lock(), None);
    let thread = Thread::start().await.unwrap();
    let token = last();
    // Before it started it said that it has its lock.
    assert!(knows_its_end(token));
    let waits = thread.spawn(crate::job!(async || pending::<()>().await));
    kill(token);
    assert!(waits.await.unwrap_err().is_lost());
    goes_on(&thread).await;
}

#[wasm_bindgen_test]
async fn a_worker_whose_message_cannot_be_received_is_replaced() {
    let thread = Thread::start().await.unwrap();
    let token = last();
    let waits = thread.spawn(crate::job!(async || pending::<()>().await));
    goes_on(&thread).await;
    let event = web_sys::Event::new("messageerror").unwrap();
    link::listening(token, |one| one.worker.clone())
        .unwrap()
        .dispatch_event(&event)
        .unwrap();
    let error = waits.await.unwrap_err();
    assert!(error.is_lost() && error.may_have_run(), "{error}");
    assert!(
        error.to_string().contains("could not be received"),
        "{error}"
    );
    goes_on(&thread).await;
}

#[wasm_bindgen_test]
async fn a_worker_that_is_killed_in_a_job_is_noticed_by_its_lock() {
    let (thread, token) = watched().await;
    let spins = thread.spawn(crate::job!(|| -> () {
        loop {
            checkpoint();
        }
    }));
    let behind = thread.spawn(crate::job!(|| 8));
    kill(token);
    let error = spins.await.unwrap_err();
    assert!(error.is_lost() && error.may_have_run(), "{error}");
    assert_eq!(behind.await.unwrap(), 8);
}

#[wasm_bindgen_test]
async fn a_worker_that_is_killed_in_its_first_job_is_noticed_by_its_lock() {
    let thread = Thread::start().await.unwrap();
    let token = last();
    let (tells, mut told) = crate::channel::<()>();
    // It never has a turn again in which its script could hear anything.
    let spins = thread.spawn(crate::job!(|tells: crate::Sender<()>| -> () {
        tells.send(()).unwrap();
        loop {
            checkpoint();
        }
    }));
    told.next().await.unwrap().unwrap();
    kill(token);
    let error = spins.await.unwrap_err();
    assert!(error.to_string().contains("without a word"), "{error}");
    goes_on(&thread).await;
}

#[wasm_bindgen_test]
async fn a_worker_that_is_killed_idle_is_replaced() {
    let (thread, token) = watched().await;
    kill(token);
    // Posted before anyone can know, or after another has come up.
    match thread.spawn(crate::job!(|| 9)).await {
        Ok(value) => assert_eq!(value, 9),
        Err(error) => assert!(error.is_lost(), "{error}"),
    }
    goes_on(&thread).await;
    assert_ne!(last(), token);
}

#[wasm_bindgen_test]
async fn a_worker_that_is_killed_before_its_first_job_is_replaced_for_that() {
    let thread = Thread::start().await.unwrap();
    let token = last();
    // A lock that is asked for lets the browser get on with the others.
    while !knows_its_end(token) {
        had("of nobody", true).await.unwrap();
    }
    kill(token);
    while is_known(token) {
        had("of nobody", true).await.unwrap();
    }
    goes_on(&thread).await;
}

/// Takes this scope's Web Locks away until it is dropped.
struct NoLocks;

impl NoLocks {
    fn new() -> Self {
        let nothing = Object::new();
        Reflect::set(&nothing, &"value".into(), &JsValue::UNDEFINED).unwrap();
        Reflect::set(&nothing, &"configurable".into(), &true.into()).unwrap();
        Reflect::define_property(&navigator(), &"locks".into(), &nothing).unwrap();
        NoLocks
    }
}

impl Drop for NoLocks {
    fn drop(&mut self) {
        // What the prototype has shows again.
        Reflect::delete_property(&navigator(), &"locks".into()).unwrap();
    }
}

fn navigator() -> Object {
    Reflect::get(&js_sys::global(), &"navigator".into())
        .unwrap()
        .unchecked_into()
}

async fn unwatched(limit: u64) -> Thread {
    let limit = Duration::from_millis(limit);
    Thread::builder()
        .silence_limit(limit)
        .start()
        .await
        .unwrap()
}

async fn is_noticed_by_its_silence() {
    let thread = unwatched(600).await;
    let token = last();
    let waits = thread.spawn(crate::job!(async || pending::<()>().await));
    goes_on(&thread).await;
    kill(token);
    let error = waits.await.unwrap_err();
    assert!(!is_known(token), "it has been replaced");
    assert!(error.is_lost() && error.may_have_run(), "{error}");
    assert!(error.to_string().contains("no sign of life"), "{error}");
    goes_on(&thread).await;
    // Dead before the job is posted.
    kill(last());
    let error = thread.spawn(crate::job!(|| 1)).await.unwrap_err();
    assert!(error.is_lost(), "{error}");
    goes_on(&thread).await;
}

#[wasm_bindgen_test]
async fn where_the_owner_has_no_locks_a_worker_is_noticed_by_its_silence() {
    let _no_locks = NoLocks::new();
    is_noticed_by_its_silence().await;
}

/// Takes the Web Locks of workers away that are made until it is dropped.
struct NoLocksInside {
    worker: JsValue,
}

impl NoLocksInside {
    fn new() -> Self {
        let worker = Reflect::get(&js_sys::global(), &"Worker".into()).unwrap();
        let without = Function::new_with_args(
            "Worker",
            "return class extends Worker {
                constructor(url, options) {
                    const locks = `Object.defineProperty(navigator, 'locks', { value: undefined });`;
                    const blob = new Blob([locks, `importScripts('${url}')`]);
                    super(URL.createObjectURL(blob), options);
                }
            }",
        );
        let without = without.call1(&JsValue::NULL, &worker).unwrap();
        Reflect::set(&js_sys::global(), &"Worker".into(), &without).unwrap();
        NoLocksInside { worker }
    }
}

impl Drop for NoLocksInside {
    fn drop(&mut self) {
        Reflect::set(&js_sys::global(), &"Worker".into(), &self.worker).unwrap();
    }
}

#[wasm_bindgen_test]
async fn a_worker_without_locks_is_noticed_by_its_silence() {
    let _no_locks = NoLocksInside::new();
    is_noticed_by_its_silence().await;
}

#[wasm_bindgen_test]
async fn a_lock_that_its_owner_can_have_tells_nothing() {
    let thread = unwatched(30_000).await;
    let token = last();
    wait_for(token, "of nobody".into(), false).await;
    let is_timed = link::listening(token, |one| one.watch.timer.is_some());
    assert_eq!(is_timed, Some(false), "it was taken for dead");
    goes_on(&thread).await;
}

fn is_known(token: f64) -> bool {
    link::listening(token, |_| ()).is_some()
}

#[wasm_bindgen_test]
async fn without_locks_a_busy_worker_is_not_taken_for_dead() {
    let _no_locks = NoLocks::new();
    let thread = unwatched(600).await;
    let token = last();
    let waits = thread.spawn(crate::job!(async || pending::<()>().await));
    let works = thread.spawn(crate::job!(|| {
        let end = js_sys::Date::now() + 1500.0;
        while js_sys::Date::now() < end {}
        5
    }));
    assert_eq!(works.await.unwrap(), 5);
    assert!(is_known(token) && !waits.is_finished());
}

/// What a worker says of an owner's lock that is had as `mode` says: whether it sees it. The start fails with that.
async fn sees(mode: &str) -> bool {
    let asks = Function::new_with_args(
        "script, mode",
        "return new Promise((resolve) => {
            const url = URL.createObjectURL(new Blob([script]));
            const name = `owner in a test ${Math.random()}`;
            const look = () => new Promise((seen) => {
                const worker = new Worker(url);
                worker.onmessage = ({ data: [, kind, , sees] }) => {
                    if (kind !== 9) return;
                    worker.terminate();
                    seen(sees);
                };
                worker.postMessage([1, 0, 'no version', , , , , , , , , name]);
            });
            if (mode) navigator.locks.request(name, { mode }, () => look().then(resolve));
            else look().then(resolve);
        })",
    );
    let script = crate::WORKER_SCRIPT.into();
    let sees = asks.call2(&JsValue::NULL, &script, &mode.into()).unwrap();
    let sees: Promise = sees.unchecked_into();
    JsFuture::from(sees).await.unwrap().is_truthy()
}

#[wasm_bindgen_test]
async fn a_worker_that_looks_for_its_owners_lock_is_not_taken_for_the_owner() {
    assert!(sees("exclusive").await);
    assert!(!sees("").await);
    // As another worker looks.
    assert!(!sees("shared").await);
}
