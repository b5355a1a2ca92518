//! The surface of wasm-mt-pool 0.1: `ThreadPool` with its methods and macros of then, and who is called back.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;

use futures::channel::{mpsc, oneshot};
use futures::future::join_all;
use futures::{FutureExt, StreamExt};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;
use wasm_mt::prelude::{exec, exec_js};
use wasm_mt::{channel, job};
use wasm_mt_pool::prelude::*;
use wasm_mt_pool::{PoolCallback, pool_exec, wasm_mt};

use crate::common::{YieldOnce, all_go_on, count, until};
use crate::compat::{ResultJJ, glue_url, old_thread};

/// A pool that has been initialized.
pub(crate) async fn old_pool(size: usize) -> ThreadPool {
    ThreadPool::new(size, &glue_url()).and_init().await.unwrap()
}

/// A callback, and what it is called with.
pub(crate) fn callback() -> (impl PoolCallback, impl Future<Output = ResultJJ>) {
    let (sender, receiver) = oneshot::channel();
    let cb = move |result: ResultJJ| {
        // Whoever waits for it may be gone.
        let _ = sender.send(result);
    };
    (cb, receiver.map(|heard| heard.expect("it is called")))
}

pub async fn a_pool_executes_closures_and_calls_back() {
    let pool = old_pool(2).await;
    let (width, height) = (6, 7);
    let (cb, area) = callback();
    pool_exec!(
        pool,
        move || {
            let area: i32 = width * height;
            Ok(JsValue::from(area))
        },
        cb
    );
    assert_eq!(area.await, Ok(42.into()));

    let words = vec![String::from("one"), String::from("three")];
    let (cb, longest) = callback();
    pool_exec!(
        pool,
        async move || -> ResultJJ {
            YieldOnce::default().await;
            Ok(words.iter().map(String::len).max().unwrap_or(0).into())
        },
        cb
    );
    assert_eq!(longest.await, Ok(5.into()));
    all_go_on(&pool).await;
}

pub async fn the_methods_of_a_pool_take_serde_closures() {
    let pool = old_pool(2).await;
    let n = 42;
    let (cb, ans) = callback();
    pool.exec_with_cb(FnOnce!(move || Ok(JsValue::from(n))), cb);
    assert_eq!(ans.await, Ok(42.into()));
    let (cb, ans) = callback();
    pool.exec_async_with_cb(FnOnce!(async move || Ok(JsValue::from(n + 1))), cb);
    assert_eq!(ans.await, Ok(43.into()));
    let (sender, heard) = channel::<u32>();
    let other = sender.clone();
    pool.exec(FnOnce!(move || {
        let _ = sender.send(1);
        Ok(JsValue::NULL)
    }));
    pool.exec_async(FnOnce!(async move || -> ResultJJ {
        YieldOnce::default().await;
        let _ = other.send(2);
        Ok(JsValue::NULL)
    }));
    let heard: Vec<u32> = heard.map(|item| item.unwrap()).collect().await;
    assert_eq!(heard.iter().sum::<u32>(), 3);
}

pub async fn a_pool_executes_javascript_text() {
    let pool = old_pool(2).await;
    let text = "const words = ['ab', 'cde']; return Math.max(...words.map((word) => word.length));";
    let (cb, longest) = callback();
    pool_exec_js!(pool, text, cb);
    assert_eq!(longest.await, Ok(3.into()));
    let later = String::from("return (await Promise.all([4, 2])).reduce((a, b) => a - b); // two");
    let (cb, difference) = callback();
    pool_exec_js_async!(pool, &later, cb);
    assert_eq!(difference.await, Ok(2.into()));
    let (cb, longest) = callback();
    pool.exec_js_with_cb(text, cb);
    assert_eq!(longest.await, Ok(3.into()));
    let (cb, difference) = callback();
    pool.exec_js_async_with_cb(&later, cb);
    assert_eq!(difference.await, Ok(2.into()));
}

pub async fn what_has_no_callback_runs_all_the_same() {
    let pool = old_pool(1).await;
    pool_exec!(pool, move || {
        count();
        Ok(JsValue::NULL)
    });
    pool_exec!(pool, async move || -> ResultJJ {
        count();
        // Its error is dropped, too.
        Err(JsValue::NULL)
    });
    // In any order: what shares memory may come before what waits for a message.
    const COUNTS: &str = "globalThis.texts = (globalThis.texts ?? 0) + 1;";
    pool_exec_js!(pool, COUNTS);
    pool_exec_js_async!(pool, COUNTS);
    pool.exec_js(COUNTS);
    pool.exec_js_async(COUNTS);
    loop {
        let (cb, texts) = callback();
        pool_exec_js!(pool, "return globalThis.texts ?? 0;", cb);
        if texts.await == Ok(4.into()) {
            break;
        }
    }
    // Those have run by now, too: they came before the last async one.
    let (cb, counted) = callback();
    pool_exec!(pool, move || Ok(count().into()), cb);
    assert_eq!(counted.await, Ok(3.into()));
}

pub async fn a_pools_init_borrows_and_and_init_moves() {
    let pool = ThreadPool::new(2, &glue_url());
    let same: &ThreadPool = pool.init().await.unwrap();
    assert_eq!(same.workers(), 2);
    all_go_on(same).await;
    let relative: ThreadPool = ThreadPool::new(1, "./wasm-bindgen-test")
        .and_init()
        .await
        .unwrap();
    all_go_on(&relative).await;
}

#[derive(Serialize, Deserialize)]
struct Order {
    dish: String,
    guests: Vec<u32>,
}

pub async fn pool_exec_takes_whatever_is_a_pool_and_a_callback() {
    thread_local! {
        static HEARD: RefCell<Vec<f64>> = const { RefCell::new(Vec::new()) };
    }
    fn keeps(result: ResultJJ) {
        HEARD.with_borrow_mut(|heard| heard.push(result.unwrap().as_f64().unwrap()));
    }
    let pools: Vec<ThreadPool> = vec![old_pool(1).await];
    let shared = Rc::new(pools[0].clone());
    pool_exec!(pools[0], move || Ok(1.into()), keeps);
    for pool in &pools {
        pool_exec!(pool, async move || Ok(2.into()), keeps,);
    }
    let order = Order {
        dish: "soup".into(),
        guests: vec![1, 2],
    };
    let (sender, dishes) = mpsc::unbounded();
    // What it is called with is known by what takes it, as for any closure.
    pool_exec!(
        shared,
        move || -> Result<JsValue, JsValue> {
            Ok(JsValue::from(format!(
                "{} for {}",
                order.dish,
                order.guests.len()
            )))
        },
        move |dish| sender.unbounded_send(dish.unwrap().as_string()).unwrap()
    );
    let dishes: Vec<Option<String>> = dishes.collect().await;
    assert_eq!(dishes, [Some("soup for 2".into())]);
    let cb = |_| ();
    pool_exec_js!(shared.clone(), "return 3;", keeps);
    pool_exec_js!(shared, "return 3;", cb);
    pool_exec_js!(shared, "return 3;",);
    let (last, heard) = callback();
    pool_exec_js_async!(pools[0], "return 4;", last);
    heard.await.unwrap();
    // In any order: what shares memory may come before what waits for a message.
    until(|| HEARD.with_borrow(|heard| heard.len() == 3)).await;
    HEARD.with_borrow_mut(|heard| heard.sort_by(f64::total_cmp));
    HEARD.with_borrow(|heard| assert_eq!(*heard, [1.0, 2.0, 3.0]));
}

pub async fn each_callback_is_called_once_in_the_thread_that_gave_it() {
    let pool = old_pool(2).await;
    let calls = Rc::new(RefCell::new(vec![0; 200]));
    let (sender, all) = mpsc::unbounded();
    for n in 0..200_usize {
        // It never travels, so it may have what cannot.
        let (calls, sender) = (calls.clone(), sender.clone());
        let cb = move |result: ResultJJ| {
            assert_eq!(result, Ok((n * 2).into()));
            calls.borrow_mut()[n] += 1;
            sender.unbounded_send(()).unwrap();
        };
        if n % 2 == 0 {
            pool_exec!(pool, move || Ok(JsValue::from(n * 2)), cb);
        } else {
            pool_exec!(pool, async move || Ok(JsValue::from(n * 2)), cb);
        }
    }
    // None is called before this thread has ended its turn.
    assert!(calls.borrow().iter().all(|&calls| calls == 0));
    drop(sender);
    assert_eq!(all.count().await, 200);
    assert!(calls.borrow().iter().all(|&calls| calls == 1));
}

pub async fn a_callback_may_hand_over_more_and_drop_the_pool() {
    fn countdown(pool: ThreadPool, n: u32, done: oneshot::Sender<u32>) {
        let next = pool.clone();
        let cb = move |result: ResultJJ| match result.unwrap().as_f64() {
            // With these the last handles to the pool are dropped.
            Some(0.0) => done.send(0).unwrap(),
            left => countdown(next, left.unwrap() as u32, done),
        };
        pool_exec!(pool, move || Ok(JsValue::from(n - 1)), cb);
    }
    let pool = old_pool(2).await;
    let (sender, done) = oneshot::channel();
    countdown(pool, 5, sender);
    assert_eq!(done.await, Ok(0));

    // One that drops it while others wait: they are called, too.
    let pool = old_pool(1).await;
    let kept = Rc::new(Cell::new(None));
    let ends = kept.clone();
    let (first, heard) = callback();
    pool_exec!(pool, move || Ok(1.into()), move |result| {
        drop(ends.take());
        first(result);
    });
    let others: Vec<_> = (0..5)
        .map(|_| {
            let (cb, heard) = callback();
            pool_exec!(pool, move || Ok(crate::common::endless().into()), cb);
            heard
        })
        .collect();
    kept.set(Some(pool));
    assert_eq!(heard.await, Ok(1.into()));
    for result in join_all(others).await {
        assert!(result.is_err());
    }
}

pub async fn count_pending_jobs_counts_what_waits_for_a_worker() {
    let pool = old_pool(1).await;
    assert_eq!(pool.count_pending_jobs(), 0);
    let heard: Vec<_> = (0..4)
        .map(|_| {
            let (cb, heard) = callback();
            pool_exec!(pool, move || Ok(JsValue::NULL), cb);
            heard
        })
        .collect();
    pool_exec_js!(pool, "");
    // The first has gone to the worker.
    assert_eq!(pool.count_pending_jobs(), 4);
    assert_eq!(pool.clone().count_pending_jobs(), 4);
    // What is spawned in the new way is not counted.
    let spawned = pool.spawn(job!(|| 1));
    join_all(heard).await;
    spawned.await.unwrap();
    assert_eq!(pool.count_pending_jobs(), 0);
    let waits: Vec<_> = (0..3)
        .map(|_| {
            let (cb, heard) = callback();
            pool_exec!(pool, move || Ok(crate::common::endless().into()), cb);
            heard
        })
        .collect();
    assert_eq!(pool.count_pending_jobs(), 2);
    pool.shutdown().await;
    assert_eq!(pool.count_pending_jobs(), 0);
    join_all(waits).await;
}

pub async fn both_surfaces_share_a_pool() {
    let pool = old_pool(2).await;
    let n = 4;
    assert_eq!(pool.spawn(job!(|n| n * n)).await.unwrap(), 16);
    assert_eq!(pool.map(0..3, |n: u32| n + 1).await.unwrap(), [1, 2, 3]);
    pool.resize(3).await.unwrap();
    let (cb, ans) = callback();
    pool_exec!(
        pool.with_priority(wasm_mt_pool::Priority::Urgent),
        move || Ok(n.into()),
        cb
    );
    assert_eq!(ans.await, Ok(4.into()));
    // And a pool of today takes the calls of then.
    let pool = crate::common::pool(2).await;
    let (cb, ans) = callback();
    pool_exec!(pool, move || Ok(n.into()), cb);
    assert_eq!(ans.await, Ok(4.into()));
    let (cb, ans) = callback();
    pool_exec_js_async!(pool, "return 5;", cb);
    assert_eq!(ans.await, Ok(5.into()));
    assert_eq!(pool.count_pending_jobs(), 0);
    // What that sets is for an `init`, which there is none of.
    pool.set_ab_init(js_sys::ArrayBuffer::new(0));
    all_go_on(&pool).await;
    // Threads of their own are beside it, by the crate that it brings along.
    let th: wasm_mt::Thread = old_thread().await;
    assert_eq!(exec!(th, move || Ok(n.into())).await, Ok(4.into()));
    assert_eq!(exec_js!(th, "return 5;").await, Ok(5.into()));
}

pub async fn a_job_hands_closures_to_its_own_pool() {
    let pool = old_pool(1).await;
    let (cb, sum) = callback();
    pool_exec!(
        pool,
        async move || -> ResultJJ {
            let pool = crate::common::this_pool();
            let (sender, sum) = futures::channel::mpsc::unbounded();
            for n in 1..=3 {
                let sender = sender.clone();
                let cb = move |result: ResultJJ| sender.unbounded_send(result).unwrap();
                pool_exec!(pool, move || Ok(JsValue::from(n)), cb);
            }
            drop(sender);
            assert_eq!(pool.count_pending_jobs(), 0);
            let sum = sum.map(|result| result.unwrap().as_f64().unwrap());
            Ok(sum.collect::<Vec<f64>>().await.iter().sum::<f64>().into())
        },
        cb
    );
    assert_eq!(sum.await, Ok(6.into()));
}
