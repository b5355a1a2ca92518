//! What only a browser can do, and do wrong.

use std::cell::Cell;
use std::time::Duration;

use futures::FutureExt;
use js_sys::{Array, Error, Function, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_mt::{JoinError, JoinHandle, StartError, Thread, job};

use crate::common::{
    Gate, YieldOnce, busy_for, count, counted, goes_on, open_gate, overflow, started, thread,
};

fn assert_trap(error: &JoinError) {
    assert!(error.is_trap() && error.may_have_run(), "{error}");
}

pub async fn a_trap_is_an_error_and_the_thread_goes_on() {
    let thread = started(Thread::builder().name("trapped")).await;
    let error = thread
        .spawn(job!(|| -> u32 { core::arch::wasm32::unreachable() }))
        .await
        .unwrap_err();
    assert_trap(&error);
    assert!(
        error.to_string().to_lowercase().contains("unreachable"),
        "{error}"
    );
    assert!(error.to_string().contains("thread `trapped`"), "{error}");
    goes_on(&thread).await;
}

pub async fn a_stack_overflow_is_an_error_and_the_thread_goes_on() {
    let thread = thread().await;
    assert_trap(&thread.spawn(job!(|| overflow(0))).await.unwrap_err());
    goes_on(&thread).await;
}

pub async fn memory_out_of_bounds_is_an_error_and_the_thread_goes_on() {
    let thread = thread().await;
    let error = thread
        .spawn(job!(|| {
            let far = std::hint::black_box(u32::MAX - 3) as *const u32;
            // SAFETY: not sound, and meant not to be: no wasm memory reaches that far, so the engine traps.
            unsafe { far.read_volatile() }
        }))
        .await
        .unwrap_err();
    assert_trap(&error);
    goes_on(&thread).await;
}

#[wasm_bindgen]
extern "C" {
    /// Without `catch` an exception goes right through.
    #[wasm_bindgen(js_name = decodeURIComponent)]
    fn decode_uri(text: &str) -> String;
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, milliseconds: i32);
}

pub async fn an_exception_thrown_through_a_job_is_its_error() {
    let thread = thread().await;
    let error = thread.spawn(job!(|| decode_uri("%"))).await.unwrap_err();
    assert_trap(&error);
    assert!(error.to_string().contains("URIError"), "{error}");
    goes_on(&thread).await;
}

pub async fn a_trap_takes_the_async_jobs_beside_it_along() {
    let thread = thread().await;
    let beside = thread.spawn(job!(async || Gate.await));
    let traps = thread.spawn(job!(|| -> u32 { core::arch::wasm32::unreachable() }));
    let behind = thread.spawn(job!(|| 7));
    assert_trap(&traps.await.unwrap_err());
    let lost = beside.await.unwrap_err();
    assert!(lost.is_lost() && lost.may_have_run(), "{lost}");
    assert_eq!(behind.await.unwrap(), 7);
}

pub async fn an_escaped_promise_of_the_program_is_no_death() {
    let thread = thread().await;
    let waits = thread.spawn(job!(async || {
        Gate.await;
        8
    }));
    // A rejection that nobody handles, as a program's own JavaScript may leave behind.
    thread
        .spawn(job!(|| {
            drop(Promise::reject(&Error::new("nobody's affair")));
        }))
        .await
        .unwrap();
    goes_on(&thread).await;
    thread.spawn(job!(|| open_gate())).await.unwrap();
    assert_eq!(waits.await.unwrap(), 8);
}

pub async fn a_job_awaits_a_promise() {
    let thread = thread().await;
    let value: f64 = thread
        .spawn(job!(async || {
            let promise = Promise::new(&mut |resolve, _| set_timeout(&resolve, 1));
            let undefined = js_sys::futures::JsFuture::from(promise).await.unwrap();
            if undefined.is_undefined() { 1.5 } else { 0.0 }
        }))
        .await
        .unwrap();
    assert_eq!(value, 1.5);
}

pub async fn an_exception_thrown_beside_a_job_ends_its_wait() {
    let thread = thread().await;
    let handle = thread.spawn(job!(async || {
        // Something that the job started, whose end it would wait for in vain.
        js_sys::futures::spawn_local(async {
            YieldOnce::default().await;
            decode_uri("%");
        });
        Gate.await;
    }));
    let error = handle.await.unwrap_err();
    assert!(error.is_lost() && error.may_have_run(), "{error}");
    assert!(error.to_string().contains("URIError"), "{error}");
    goes_on(&thread).await;
}

pub async fn without_workers_there_is_a_start_error() {
    let global = js_sys::global();
    let name = JsValue::from("Worker");
    let worker = Reflect::get_own_property_descriptor(&global, &name).unwrap();
    Reflect::delete_property(&global, &name).unwrap();
    // Asked for before anything else can run: the start begins in its first poll.
    let start = Thread::start().now_or_never();
    Reflect::define_property(&global, &name, worker.unchecked_ref()).unwrap();
    let error = start.expect("it fails at once").unwrap_err();
    assert!(error.is_unsupported(), "{error}");
}

async fn start_error(builder: wasm_mt::Builder) -> StartError {
    match builder.start().await {
        Ok(_) => panic!("the thread started"),
        Err(error) => error,
    }
}

pub async fn a_missing_glue_script_is_a_start_error() {
    let error = start_error(Thread::builder().glue_url("/no/such/glue.js")).await;
    assert!(error.is_glue(), "{error}");
    assert!(error.to_string().contains("/no/such/glue.js"), "{error}");
    assert!(error.to_string().contains("Builder::glue_url"), "{error}");
}

/// A script that is none, under a URL of its own.
pub(crate) fn blob_url(text: &str, kind: &str) -> String {
    let global = js_sys::global();
    let constructor = |name: &str| Reflect::get(&global, &name.into()).unwrap();
    let options = js_sys::Object::new();
    Reflect::set(&options, &"type".into(), &kind.into()).unwrap();
    let blob = constructor("Blob").unchecked_into::<Function>();
    let blob = Reflect::construct(&blob, &Array::of2(&Array::of1(&text.into()), &options)).unwrap();
    let url = constructor("URL");
    let create: Function = Reflect::get(&url, &"createObjectURL".into())
        .unwrap()
        .unchecked_into();
    create.call1(&url, &blob).unwrap().as_string().unwrap()
}

pub async fn html_instead_of_the_glue_script_is_a_start_error() {
    for kind in ["text/html", "text/javascript"] {
        let url = blob_url("<!doctype html><title>Not found</title>", kind);
        let error = start_error(Thread::builder().glue_url(url)).await;
        assert!(error.is_glue(), "{kind}: {error}");
    }
    let url = blob_url("globalThis.nothing = 1;", "text/javascript");
    let error = start_error(Thread::builder().glue_url(url)).await;
    assert!(error.is_glue(), "{error}");
    assert!(error.to_string().contains("initSync"), "{error}");
}

pub async fn a_file_can_hold_the_workers_script() {
    let url = blob_url(wasm_mt::WORKER_SCRIPT, "text/javascript");
    goes_on(&started(Thread::builder().script_url(url)).await).await;
}

pub async fn what_is_not_the_workers_script_is_a_start_error() {
    for url in [
        blob_url("<!doctype html><title>Not found</title>", "text/javascript"),
        "http://[".into(),
        "http://another.invalid/worker.js".into(),
    ] {
        let error = start_error(Thread::builder().script_url(&url)).await;
        assert!(error.is_script(), "{url}: {error}");
        assert!(error.to_string().contains(&url), "{url}: {error}");
    }
    // A script that knows nothing of us says nothing.
    let url = blob_url("globalThis.nothing = 1;", "text/javascript");
    let limit = Duration::from_millis(300);
    let error = start_error(Thread::builder().script_url(url).start_deadline(limit)).await;
    assert!(error.is_deadline(), "{error}");
}

pub async fn a_url_that_is_none_is_a_start_error() {
    let error = start_error(Thread::builder().glue_url("http://[")).await;
    assert!(error.is_glue(), "{error}");
    let error = start_error(Thread::builder().wasm_url("http://[")).await;
    assert!(error.is_module(), "{error}");
}

pub async fn bytes_that_are_no_module_are_a_start_error() {
    let error = start_error(Thread::builder().wasm_bytes(b"<!doctype html>")).await;
    assert!(error.is_module(), "{error}");
    // A module, but none that fits the glue.
    let error = start_error(Thread::builder().wasm_bytes(b"\0asm\x01\0\0\0")).await;
    assert!(error.is_module(), "{error}");
}

pub async fn a_missing_module_is_a_start_error() {
    let error = start_error(Thread::builder().wasm_url("/no/such/module.wasm")).await;
    assert!(error.is_module(), "{error}");
    assert!(
        error.to_string().contains("/no/such/module.wasm"),
        "{error}"
    );
    let html = blob_url("<!doctype html>", "text/html");
    assert!(
        start_error(Thread::builder().wasm_url(html))
            .await
            .is_module()
    );
}

pub async fn the_programs_own_module_can_be_given() {
    let module: js_sys::WebAssembly::Module = wasm_bindgen::module().unchecked_into();
    let thread = started(Thread::builder().module(module)).await;
    goes_on(&thread).await;
}

pub async fn a_start_that_takes_too_long_is_a_start_error() {
    let error = start_error(Thread::builder().start_deadline(Duration::ZERO)).await;
    assert!(error.is_deadline(), "{error}");
    assert!(error.to_string().contains("start_deadline"), "{error}");
}

pub async fn a_result_that_a_busy_owner_has_not_heard_is_no_timeout() {
    let thread = thread().await;
    let handle = thread.spawn(job!(|| 3)).timeout(Duration::from_millis(400));
    busy_for(600.0);
    assert_eq!(handle.await.unwrap(), 3);
}

pub async fn handles_and_threads_are_send_and_sync() {
    fn is<T: Send + Sync>() {}
    is::<Thread>();
    is::<JoinHandle<Vec<u8>>>();
    // A result that is `Send` and not `Sync` is enough.
    is::<JoinHandle<Cell<u8>>>();
    is::<wasm_mt::AbortHandle>();
    is::<wasm_mt::Builder>();
    is::<wasm_mt::Sender<Cell<u8>>>();
    is::<wasm_mt::Receiver<Cell<u8>>>();
    is::<wasm_mt::Buffer<u8>>();
    is::<JoinError>();
    is::<StartError>();
}

pub async fn errors_become_js_errors() {
    let thread = thread().await;
    thread.terminate();
    let error = thread.spawn(job!(|| 1)).await.unwrap_err();
    let text = error.to_string();
    let error: Error = JsValue::from(error).dyn_into().expect("it is an `Error`");
    assert_eq!(String::from(error.message()), text);
    let error = start_error(Thread::builder().wasm_bytes(b"")).await;
    assert!(JsValue::from(error).is_instance_of::<Error>());
}

pub async fn a_workers_own_onmessage_is_the_programs() {
    let thread = thread().await;
    thread
        .spawn(job!(|| {
            let counts = Closure::<dyn Fn()>::new(|| {
                count();
            });
            let global = js_sys::global();
            Reflect::set(&global, &"onmessage".into(), &counts.into_js_value()).unwrap();
        }))
        .await
        .unwrap();
    goes_on(&thread).await;
    goes_on(&thread).await;
    assert_eq!(thread.spawn(job!(|| counted())).await.unwrap(), 0);
    // The program's own do reach it.
    let seen = thread.spawn(job!(|| {
        let global = js_sys::global();
        let event: Function = Reflect::get(&global, &"MessageEvent".into())
            .unwrap()
            .unchecked_into();
        let event = Reflect::construct(&event, &Array::of1(&"message".into())).unwrap();
        let dispatch: Function = Reflect::get(&global, &"dispatchEvent".into())
            .unwrap()
            .unchecked_into();
        dispatch.call1(&global, &event).unwrap();
        counted()
    }));
    assert_eq!(seen.await.unwrap(), 1);
}

pub async fn the_programs_own_messages_are_left_alone() {
    let thread = thread().await;
    // An array like ours, posted by the program inside the worker: neither taken for a report nor answered.
    thread
        .spawn(job!(|| {
            let global = js_sys::global();
            let post: Function = Reflect::get(&global, &"postMessage".into())
                .unwrap()
                .unchecked_into();
            for message in [
                Array::of3(&1.into(), &3.into(), &2.into()).into(),
                Array::new().into(),
                JsValue::from("text"),
                JsValue::NULL,
                Uint8Array::new_with_length(4).into(),
            ] {
                post.call1(&global, &message).unwrap();
            }
        }))
        .await
        .unwrap();
    goes_on(&thread).await;
}
