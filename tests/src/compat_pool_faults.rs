//! Faults in programs of the pool's 0.1 form. There they hung, panicked in the page, or were lost; here a callback hears of each,
//! or `init` does.

use std::cell::RefCell;
use std::rc::Rc;

use futures::FutureExt;
use futures::future::{join, join_all, join3};
use js_sys::{Error, Promise, RangeError, Reflect, SyntaxError};
use wasm_bindgen::prelude::*;
use wasm_mt::{Thread, job};
use wasm_mt_pool::prelude::*;

use crate::common::{Gate, Picky, YieldOnce, all_go_on, built};
use crate::compat::{ResultJJ, glue_url, message};
use crate::compat_pool::{callback, old_pool};

/// What a callback is called with where the macro is given it.
macro_rules! heard {
    ($macro:ident!($($job:tt)*)) => {{
        let (cb, heard) = callback();
        $macro!($($job)*, cb);
        heard
    }};
}

pub async fn a_closures_own_error_goes_to_its_callback() {
    let pool = old_pool(2).await;
    let error = heard!(pool_exec!(pool, move || Err(JsValue::from("a reason"))));
    assert_eq!(error.await, Err("a reason".into()));
    let error = heard!(pool_exec!(pool, async move || Err(RangeError::new(
        "too far"
    )
    .into())));
    let error: RangeError = error.await.unwrap_err().dyn_into().unwrap();
    assert_eq!(error.message(), "too far");
    all_go_on(&pool).await;
}

pub async fn a_pools_closure_that_panics_is_an_error() {
    let pool = old_pool(2).await;
    let limit = 3;
    let panics = heard!(pool_exec!(pool, move || -> ResultJJ {
        panic!("over the limit of {}", limit)
    }));
    let beside: Vec<_> = (0..20)
        .map(|n| heard!(pool_exec!(pool, move || Ok(JsValue::from(n)))))
        .collect();
    let text = message(&panics.await.unwrap_err());
    assert!(text.contains("over the limit of 3"), "{text}");
    assert!(text.contains("compat_pool_faults.rs:"), "{text}");
    for (n, result) in join_all(beside).await.into_iter().enumerate() {
        assert_eq!(result, Ok(n.into()));
    }
    let panics = heard!(pool_exec!(pool, async move || -> ResultJJ {
        YieldOnce::default().await;
        "x".parse::<u32>().expect("it is a number");
        Ok(JsValue::NULL)
    }));
    let text = message(&panics.await.unwrap_err());
    assert!(text.contains("it is a number"), "{text}");
    let traps = heard!(pool_exec!(pool, move || -> ResultJJ {
        core::arch::wasm32::unreachable()
    }));
    let text = message(&traps.await.unwrap_err()).to_lowercase();
    assert!(text.contains("unreachable"), "{text}");
    all_go_on(&pool).await;
}

pub async fn what_a_pools_text_throws_goes_to_its_callback() {
    let pool = old_pool(2).await;
    let thrown = heard!(pool_exec_js!(pool, "throw 7;"));
    assert_eq!(thrown.await, Err(7.into()));
    let thrown = heard!(pool_exec_js!(pool, "return noSuchName;")).await;
    let thrown: Error = thrown.unwrap_err().dyn_into().unwrap();
    assert_eq!(thrown.name(), "ReferenceError");
    let rejected = heard!(pool_exec_js_async!(pool, "return Promise.reject('no');"));
    assert_eq!(rejected.await, Err("no".into()));
    for text in ["return (", "}"] {
        let error = heard!(pool_exec_js!(pool, text)).await.unwrap_err();
        assert!(error.is_instance_of::<SyntaxError>(), "{error:?}");
        let error = heard!(pool_exec_js_async!(pool, text)).await.unwrap_err();
        assert!(error.is_instance_of::<SyntaxError>(), "{error:?}");
    }
    all_go_on(&pool).await;
}

pub async fn what_cannot_travel_goes_to_a_pools_callback() {
    let pool = old_pool(2).await;
    let cannot = |result: ResultJJ, blame: &str| {
        let text = message(&result.unwrap_err());
        assert!(text.contains(blame), "{text}");
    };
    let promise = heard!(pool_exec!(pool, move || Ok(
        Promise::new(&mut |_, _| {}).into()
    )));
    cannot(promise.await, "cannot be cloned");
    let error = heard!(pool_exec!(pool, async move || Err(Promise::new(
        &mut |_, _| {}
    )
    .into())));
    cannot(error.await, "cannot be cloned");
    let function = heard!(pool_exec_js!(pool, "return () => 1;"));
    cannot(function.await, "cannot be cloned");
    let function = heard!(pool_exec_js_async!(pool, "return () => 1;"));
    cannot(function.await, "cannot be cloned");
    for (value, blame) in [(102, "cannot be sent"), (1, "does not decode")] {
        let picky = Picky(value);
        let captured = heard!(pool_exec!(pool, move || Ok(JsValue::from(picky.0))));
        cannot(captured.await, blame);
    }
    all_go_on(&pool).await;
}

pub async fn what_goes_wrong_without_a_callback_is_told() {
    thread_local! {
        static TOLD: RefCell<Option<futures::channel::oneshot::Sender<String>>> =
            const { RefCell::new(None) };
    }
    let (sender, told) = futures::channel::oneshot::channel();
    TOLD.set(Some(sender));
    let threads = Thread::builder().on_unhandled(|error| {
        if let Some(sender) = TOLD.take() {
            sender.send(error.to_string()).unwrap();
        }
    });
    let pool = built(ThreadPool::builder().workers(1).threads(threads)).await;
    pool_exec!(pool, move || -> ResultJJ { panic!("unheard") });
    let told = told.await.unwrap();
    assert!(told.contains("unheard"), "{told}");
}

pub async fn a_pool_that_was_not_initialized_calls_back_with_an_error() {
    let pool = ThreadPool::new(2, &glue_url());
    assert_eq!(pool.workers(), 2);
    for result in join_all([
        heard!(pool_exec!(pool, move || Ok(1.into()))).boxed_local(),
        heard!(pool_exec!(pool, async move || Ok(1.into()))).boxed_local(),
        heard!(pool_exec_js!(pool, "return 1;")).boxed_local(),
        heard!(pool_exec_js_async!(pool, "return 1;")).boxed_local(),
    ])
    .await
    {
        let text = message(&result.unwrap_err());
        assert!(text.contains("init"), "{text}");
    }
    let error = pool.spawn(job!(|| 1)).await.unwrap_err();
    assert!(error.is_not_started() && !error.may_have_run(), "{error}");
    let error = pool.map(0..3, |n: u32| n).await.unwrap_err();
    assert!(error.is_not_started(), "{error}");
    assert_eq!((pool.count_pending_jobs(), pool.stats().waiting), (0, 0));
    // Its size can still be changed.
    pool.resize(1).await.unwrap();
    pool.init().await.unwrap();
    assert_eq!(pool.workers(), 1);
    all_go_on(&pool).await;
}

/// The message that a pool does not start with.
pub(crate) async fn pool_error(pool: ThreadPool) -> String {
    match pool.and_init().await {
        Ok(_) => panic!("the pool started"),
        Err(error) => message(&error),
    }
}

pub async fn a_pool_of_size_0_is_an_error_of_its_init() {
    assert!(!pool_error(ThreadPool::new(0, &glue_url())).await.is_empty());
}

pub async fn a_second_init_of_a_pool_is_an_error() {
    let pool = ThreadPool::new(1, &glue_url());
    let mut first = std::pin::pin!(pool.init());
    assert!(first.as_mut().now_or_never().is_none());
    let text = pool_error(pool.clone()).await;
    assert!(text.contains("being initialized"), "{text}");
    first.await.unwrap();
    let text = pool_error(pool.clone()).await;
    assert!(text.contains("initialized already"), "{text}");
    all_go_on(&pool).await;
    pool.shutdown().await;
    assert!(pool_error(pool.clone()).await.contains("ended"));
    let early = ThreadPool::new(1, &glue_url());
    early.shutdown().await;
    assert!(early.is_closed());
    assert!(pool_error(early).await.contains("ended"));
    let text = pool_error(crate::common::pool(1).await).await;
    assert!(text.contains("initialized already"), "{text}");
}

pub async fn a_dropped_init_leaves_its_pool_starting() {
    let pool = ThreadPool::new(1, &glue_url());
    assert!(pool.init().now_or_never().is_none());
    let one = heard!(pool_exec!(pool, move || Ok(1.into())));
    assert_eq!(one.await, Ok(1.into()));
    assert!(pool.init().await.is_err());
}

pub async fn a_wrong_url_is_an_error_of_a_pool_and_its_jobs() {
    let pool = ThreadPool::new(2, "/no/such/glue.js");
    for _ in 0..2 {
        // After an init that failed it may be tried again.
        let mut init = std::pin::pin!(pool.init());
        assert!(init.as_mut().now_or_never().is_none());
        let waits: Vec<_> = (0..5)
            .map(|_| heard!(pool_exec!(pool, move || Ok(1.into()))))
            .collect();
        let text = message(&init.await.map(drop).unwrap_err());
        assert!(text.contains("/no/such/glue.js"), "{text}");
        for result in join_all(waits).await {
            let text = message(&result.unwrap_err());
            assert!(text.contains("/no/such/glue.js"), "{text}");
        }
        assert_eq!(pool.count_pending_jobs(), 0);
        let early = heard!(pool_exec!(pool, move || Ok(1.into()))).await;
        assert!(message(&early.unwrap_err()).contains("init"));
    }
    pool_error(ThreadPool::new(1, "http://[")).await;
    // A file that is there and is no glue.
    let wasm = glue_url() + "_bg.wasm";
    assert!(
        pool_error(ThreadPool::new(1, &wasm))
            .await
            .contains("_bg.wasm")
    );
}

pub async fn a_pools_init_that_failed_may_be_tried_again() {
    let global = js_sys::global();
    let name = JsValue::from("Worker");
    let pool = ThreadPool::new(2, &glue_url());
    let worker = Reflect::get_own_property_descriptor(&global, &name).unwrap();
    Reflect::delete_property(&global, &name).unwrap();
    // Asked for before anything else can run.
    let failed = pool.init().now_or_never();
    Reflect::define_property(&global, &name, worker.unchecked_ref()).unwrap();
    let failed = failed.expect("it fails at once").map(drop);
    assert!(!message(&failed.unwrap_err()).is_empty());
    pool.init().await.unwrap();
    all_go_on(&pool).await;
}

/// The id of a job that the end of its pool cancelled.
fn cancelled(result: ResultJJ) -> String {
    let text = result.unwrap_err().as_string().unwrap();
    let id = text
        .strip_prefix("ThreadPool: job[")
        .and_then(|text| text.strip_suffix("] canceled"));
    id.unwrap_or_else(|| panic!("{text}")).to_owned()
}

pub async fn callbacks_are_called_when_their_pool_is_dropped() {
    let pool = old_pool(1).await;
    let calls = Rc::new(RefCell::new(0));
    let counted = calls.clone();
    let runs = heard!(pool_exec!(
        pool,
        move || Ok(crate::common::endless().into())
    ));
    let suspended = heard!(pool_exec!(pool, async move || -> ResultJJ {
        Gate.await;
        Ok(JsValue::NULL)
    }));
    let text = heard!(pool_exec_js_async!(pool, "await new Promise(() => {});"));
    let waits: Vec<_> = (0..10)
        .map(|_| {
            let (cb, heard) = callback();
            let counted = counted.clone();
            pool_exec!(pool, move || Ok(1.into()), move |result| {
                *counted.borrow_mut() += 1;
                cb(result);
            });
            heard
        })
        .collect();
    drop(pool);
    // Not while it is dropped.
    assert_eq!(*calls.borrow(), 0);
    let (runs, suspended, text) = join3(runs, suspended, text).await;
    let mut ids = [runs, suspended, text].map(cancelled).to_vec();
    ids.extend(join_all(waits).await.into_iter().map(cancelled));
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), *calls.borrow()), (13, 10));
}

pub async fn a_pool_that_has_ended_calls_back_with_an_error() {
    for pool in [old_pool(1).await, ThreadPool::new(1, &glue_url())] {
        pool.shutdown().await;
        let late = heard!(pool_exec!(pool, move || Ok(1.into())));
        let text = message(&late.await.unwrap_err());
        assert!(!text.is_empty());
        let late = heard!(pool_exec_js_async!(pool, "return 1;"));
        message(&late.await.unwrap_err());
        assert!(pool.spawn(job!(|| 1)).await.unwrap_err().is_closed());
        // One that has no callback.
        pool_exec!(pool, move || Ok(1.into()));
        assert_eq!(pool.count_pending_jobs(), 0);
    }
    let pool = old_pool(2).await;
    let ends = heard!(pool_exec!(pool, async move || -> ResultJJ {
        crate::common::this_pool().shutdown().await;
        Ok(JsValue::NULL)
    }));
    cancelled(ends.await);
    assert!(pool.is_closed());
}

pub async fn a_pool_that_ends_while_it_starts_is_an_error() {
    let pool = ThreadPool::new(2, &glue_url());
    let (started, early, ()) = join3(
        pool.init(),
        async { heard!(pool_exec!(pool, move || Ok(1.into()))).await },
        pool.shutdown(),
    )
    .await;
    assert!(message(&started.map(drop).unwrap_err()).contains("ended"));
    cancelled(early);
    // One whose first worker ends it before the others are up, or after: either way all that waits is told.
    let pool = ThreadPool::new(4, &glue_url());
    let (started, ended) = join(pool.init(), async {
        heard!(pool_exec!(pool, async move || -> ResultJJ {
            crate::common::this_pool().shutdown().await;
            Ok(JsValue::NULL)
        }))
        .await
    })
    .await;
    drop(started);
    cancelled(ended);
    assert!(pool.is_closed());
}

pub async fn a_full_pool_calls_back_with_an_error() {
    let pool = built(ThreadPool::builder().workers(1).capacity(1)).await;
    let heard: Vec<_> = (0..4)
        .map(|_| heard!(pool_exec!(pool, move || Ok(1.into()))))
        .collect();
    // One runs, one waits.
    assert_eq!(pool.count_pending_jobs(), 1);
    let heard = join_all(heard).await;
    let refused: Vec<String> = heard
        .iter()
        .filter_map(|result| result.as_ref().err().map(message))
        .collect();
    assert_eq!(refused.len(), 2, "{refused:?}");
    all_go_on(&pool).await;
}
