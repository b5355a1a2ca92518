//! Faults in programs of 0.1's form. There they hung, panicked in the page, or took the other requests of the thread along;
//! here each is its own `Err`.

use futures::future::{LocalBoxFuture, join, join3};
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use js_sys::{Array, Error, Promise, RangeError, Reflect};
use wasm_bindgen::prelude::*;
use wasm_mt::prelude::*;
use wasm_mt::{Thread, job};

use crate::common::{Gate, Picky, YieldOnce, goes_on};
use crate::compat::{ResultJJ, glue_url, message, mt, old_thread};

pub async fn a_closures_own_error_comes_back_as_it_is() {
    let th = old_thread().await;
    let error = exec!(th, move || Err(JsValue::from("a reason"))).await;
    assert_eq!(error, Err("a reason".into()));
    let error = exec!(th, async move || Err(JsValue::from(7))).await;
    assert_eq!(error, Err(7.into()));
    let error = exec!(th, move || Err(JsValue::UNDEFINED)).await;
    assert!(error.unwrap_err().is_undefined());
    let error = exec!(th, move || Err(RangeError::new("too far").into())).await;
    let error: RangeError = error.unwrap_err().dyn_into().unwrap();
    assert_eq!(error.message(), "too far");
    let error = exec!(th, async move || -> ResultJJ {
        let text = js_sys::decode_uri_component("%").map(JsValue::from)?;
        Ok(text)
    });
    let error: Error = error.await.unwrap_err().dyn_into().unwrap();
    assert_eq!(error.name(), "URIError");
    goes_on(&th).await;
}

pub async fn a_closure_that_panics_is_an_error() {
    let th = old_thread().await;
    let limit = 3;
    let error = exec!(th, move || -> ResultJJ {
        panic!("over the limit of {}", limit)
    })
    .await;
    let text = message(&error.unwrap_err());
    assert!(text.contains("over the limit of 3"), "{text}");
    assert!(text.contains("compat_faults.rs:"), "{text}");
    let error = exec!(th, async move || -> ResultJJ {
        YieldOnce::default().await;
        "x".parse::<u32>().expect("it is a number");
        Ok(JsValue::NULL)
    });
    let text = message(&error.await.unwrap_err());
    assert!(text.contains("it is a number"), "{text}");
    goes_on(&th).await;
}

pub async fn a_panic_spares_what_is_awaited_behind_it() {
    let th = old_thread().await;
    let (panicked, behind, text) = join3(
        exec!(th, move || -> ResultJJ { panic!("alone") }),
        exec!(th, move || Ok(JsValue::from(5))),
        exec_js!(th, "return 6;"),
    )
    .await;
    assert!(message(&panicked.unwrap_err()).contains("alone"));
    assert_eq!((behind, text), (Ok(5.into()), Ok(6.into())));
}

pub async fn a_closure_that_traps_is_an_error() {
    let th = old_thread().await;
    let error = exec!(th, move || -> ResultJJ {
        core::arch::wasm32::unreachable()
    })
    .await;
    let text = message(&error.unwrap_err()).to_lowercase();
    assert!(text.contains("unreachable"), "{text}");
    let error = exec!(th, async move || -> ResultJJ {
        YieldOnce::default().await;
        Ok(crate::common::overflow(0).into())
    });
    message(&error.await.unwrap_err());
    goes_on(&th).await;
}

fn post_message() -> JsValue {
    Reflect::get(&js_sys::global(), &"postMessage".into()).unwrap()
}

pub async fn a_result_that_cannot_be_cloned_is_an_error() {
    let th = old_thread().await;
    let error = exec!(th, move || Ok(post_message())).await.unwrap_err();
    assert!(message(&error).contains("cannot be cloned"), "{error:?}");
    let error = exec!(th, async move || Ok(Promise::new(&mut |_, _| {}).into())).await;
    assert!(message(&error.unwrap_err()).contains("cannot be cloned"));
    let error = exec!(th, move || Err(post_message())).await.unwrap_err();
    assert!(message(&error).contains("cannot be cloned"), "{error:?}");
    let error = exec!(th, async move || Err(Array::of1(&post_message()).into())).await;
    assert!(message(&error.unwrap_err()).contains("cannot be cloned"));
    goes_on(&th).await;
}

pub async fn a_capture_that_cannot_travel_is_an_error() {
    let th = old_thread().await;
    for (value, blame) in [(102, "cannot be sent"), (1, "does not decode")] {
        let picky = Picky(value);
        let error = exec!(th, move || Ok(JsValue::from(picky.0))).await;
        let text = message(&error.unwrap_err());
        assert!(text.contains(blame), "{text}");
        let picky = Picky(value);
        let error = exec!(th, async move || Ok(JsValue::from(picky.0))).await;
        let text = message(&error.unwrap_err());
        assert!(text.contains(blame), "{text}");
    }
    let picky = Picky(100);
    let ans = exec!(th, move || Ok(JsValue::from(picky.0))).await;
    assert_eq!(ans, Ok(100.into()));
}

pub async fn a_terminated_thread_refuses_exec() {
    let th = old_thread().await;
    assert!(!th.is_terminated());
    th.terminate();
    assert!(th.is_terminated());
    th.terminate();
    let refused = || Err(JsValue::from("worker already terminated"));
    assert_eq!(exec!(th, move || Ok(1.into())).await, refused());
    assert_eq!(exec!(th, async move || Ok(1.into())).await, refused());
    assert_eq!(exec_js!(th, "return 1;").await, refused());
    assert_eq!(exec_js_async!(th, "return 1;").await, refused());
    assert!(th.spawn(job!(|| 1)).await.unwrap_err().is_closed());
}

/// The id of a request that `terminate` cancelled.
fn cancelled(result: ResultJJ) -> String {
    let text = result.unwrap_err().as_string().unwrap();
    let id = text
        .strip_prefix("Thread: req[")
        .and_then(|text| text.strip_suffix("] canceled"));
    id.unwrap_or_else(|| panic!("{text}")).to_owned()
}

pub async fn terminate_cancels_what_is_awaited() {
    let th = old_thread().await;
    let terminates = async {
        YieldOnce::default().await;
        th.terminate();
    };
    let (one, two, _) = join3(
        exec!(th, async move || -> ResultJJ {
            Gate.await;
            Ok(JsValue::NULL)
        }),
        exec_js_async!(th, "await new Promise(() => {});"),
        terminates,
    )
    .await;
    assert_ne!(cancelled(one), cancelled(two));
    // The end of a closure that spins is not waited for.
    let th = old_thread().await;
    let terminates = async { th.terminate() };
    let spins = exec!(th, move || -> ResultJJ {
        Ok(crate::common::endless().into())
    });
    let (spins, ()) = join(spins, terminates).await;
    cancelled(spins);
}

pub async fn a_thread_that_is_terminated_while_it_starts_is_an_error() {
    let th = mt().await.thread();
    let (started, early, ()) = join3(th.init(), exec!(th, move || Ok(JsValue::from(1))), async {
        th.terminate()
    })
    .await;
    assert!(started.map(drop).is_err());
    cancelled(early);
    assert!(th.is_terminated());
}

pub async fn a_dropped_thread_ends_its_worker() {
    let th = old_thread().await;
    let lock = crate::deaths::some_lock();
    let name = lock.clone();
    let held = exec!(th, async move || -> ResultJJ {
        crate::deaths::hold(name).await;
        Ok(JsValue::NULL)
    });
    held.await.unwrap();
    let waits = th.spawn(job!(async || Gate.await));
    drop(th);
    assert!(waits.await.unwrap_err().is_cancelled());
    // Its worker has the lock until it ends.
    crate::deaths::freed(&lock).await;
}

pub async fn a_thread_that_was_not_initialized_is_an_error() {
    let th = mt().await.thread();
    message(&exec!(th, move || Ok(1.into())).await.unwrap_err());
    message(&exec!(th, async move || Ok(1.into())).await.unwrap_err());
    message(&exec_js!(th, "return 1;").await.unwrap_err());
    message(&exec_js_async!(th, "return 1;").await.unwrap_err());
    let error = th.spawn(job!(|| 1)).await.unwrap_err();
    assert!(error.is_not_started() && !error.may_have_run(), "{error}");
    th.init().await.unwrap();
    goes_on(&th).await;
}

pub async fn a_second_init_is_an_error() {
    let mt = mt().await;
    assert!(!message(&mt.init().await.map(drop).unwrap_err()).is_empty());
    let th = mt.thread().and_init().await.unwrap();
    assert!(!message(&th.init().await.map(drop).unwrap_err()).is_empty());
    goes_on(&th).await;
    th.terminate();
    assert!(th.init().await.is_err());
    assert!(mt.and_init().await.is_err());
}

pub async fn a_builder_that_was_not_initialized_is_an_error() {
    let mt = WasmMt::new(&glue_url());
    let early = mt.thread();
    assert!(!message(&early.init().await.map(drop).unwrap_err()).is_empty());
    mt.init().await.unwrap();
    goes_on(&mt.thread().and_init().await.unwrap()).await;
}

/// The message that `mt` or its thread does not start with.
pub(crate) async fn init_error(mt: WasmMt) -> String {
    let started = async { mt.and_init().await?.thread().and_init().await };
    match started.await {
        Ok(_) => panic!("the thread started"),
        Err(error) => message(&error),
    }
}

pub async fn a_wrong_url_is_an_error() {
    let text = init_error(WasmMt::new("/no/such/glue.js")).await;
    assert!(text.contains("/no/such/glue.js"), "{text}");
    init_error(WasmMt::new("http://[")).await;
    init_error(WasmMt::new("")).await;
    // A file that is there and is no glue.
    let wasm = glue_url() + "_bg.wasm";
    let text = init_error(WasmMt::new(&wasm)).await;
    assert!(text.contains("_bg.wasm"), "{text}");
}

pub async fn an_init_that_failed_may_be_tried_again() {
    let global = js_sys::global();
    let name = JsValue::from("Worker");
    let th = mt().await.thread();
    let worker = Reflect::get_own_property_descriptor(&global, &name).unwrap();
    Reflect::delete_property(&global, &name).unwrap();
    // Asked for before anything else can run.
    let failed = th.init().now_or_never();
    Reflect::define_property(&global, &name, worker.unchecked_ref()).unwrap();
    let failed = failed.expect("it fails at once").map(drop);
    assert!(!message(&failed.unwrap_err()).is_empty());
    th.init().await.unwrap();
    assert_eq!(exec_js!(th, "return 1;").await, Ok(1.into()));
}

pub async fn inits_of_a_thread_that_are_awaited_together_all_end() {
    let th = WasmMt::new("/no/such/glue.js").and_init().await.unwrap();
    let th = th.thread();
    let mut first = std::pin::pin!(th.init());
    assert!(first.as_mut().now_or_never().is_none());
    // Ends with the start.
    assert!(exec_js!(th, "return 1;").await.is_err());
    // Each is polled only when it is woken itself.
    let inits: FuturesUnordered<LocalBoxFuture<'_, bool>> = FuturesUnordered::new();
    for _ in 0..2 {
        inits.push(th.init().map(|started| started.is_err()).boxed_local());
    }
    inits.push(first.map(|started| started.is_err()).boxed_local());
    let failed: Vec<bool> = inits.collect().await;
    assert_eq!(failed, [true; 3]);
}

pub async fn a_worker_that_closes_itself_is_an_error() {
    let th = old_thread().await;
    let (closes, behind) = join(
        exec_js_async!(th, "close(); await new Promise(() => {});"),
        exec!(th, move || Ok(JsValue::from(3))),
    )
    .await;
    let text = message(&closes.unwrap_err());
    assert!(text.contains("close()"), "{text}");
    assert_eq!(behind, Ok(3.into()));
    goes_on(&th).await;
}

pub async fn a_thread_is_not_cancelled_by_what_nobody_awaits() {
    let th: Thread = old_thread().await;
    // 0.1 gave up on every request of the thread when anything in its worker threw. The text is done after that.
    let text = "
        return new Promise((done) => setTimeout(() => {
            setTimeout(() => done(1));
            throw new Error('nobody catches this');
        }));
    ";
    let rejects = "
        Promise.reject(new Error('nor this'));
        return new Promise((done) => setTimeout(() => done(2)));
    ";
    assert_eq!(exec_js_async!(th, rejects).await, Ok(2.into()));
    assert_eq!(exec_js_async!(th, text).await, Ok(1.into()));
    // It is still the same worker.
    assert_eq!(exec_js!(th, "globalThis.kept = 3;").await.map(drop), Ok(()));
    assert_eq!(exec_js_async!(th, text).await, Ok(1.into()));
    assert_eq!(exec_js!(th, "return kept;").await, Ok(3.into()));
}
