//! The same text, by a pool: closures of either kind, callbacks that share what they found, and texts.

use std::cell::RefCell;
use std::rc::Rc;

use futures_channel::oneshot;
use wasm_bindgen::prelude::*;
use wasm_mt_pool::prelude::*;
use wasm_mt_pool::PoolCallback;

use crate::show;
use crate::text::{Chapter, CHAPTERS};

use wasm_mt::utils::{console_ln, sleep, Counter};

type ResultJJ = Result<JsValue, JsValue>;

pub async fn run(pkg_js: &str) -> Result<(), JsValue> {
    let size = 2;
    let pool = ThreadPool::new(size, pkg_js).and_init().await?;
    console_ln!("pool with {} threads is ready now!", size);

    show(&format!("pool: {}", words(&pool).await));
    show(&format!("pool waits: {}", waits(&pool).await));
    show(&format!("pool javascript: {}", javascript(&pool).await?));
    show(&format!("pool faults: {}", faults(&pool).await?));
    assert_eq!(pool.count_pending_jobs(), 0);
    show(&format!("pool dropped: {}", dropped(pool).await));
    Ok(())
}

/// Each chapter's number of words, in the order of the chapters.
async fn words(pool: &ThreadPool) -> String {
    let found = Rc::new(RefCell::new(vec![JsValue::NULL; CHAPTERS.len()]));
    let finished = Rc::new(Counter::new());
    let (tx, rx) = oneshot::channel::<()>();
    let tx = Rc::new(RefCell::new(Some(tx)));
    for (i, text) in CHAPTERS.iter().enumerate() {
        let chapter = Chapter::new(text);
        let (found, finished, tx) = (found.clone(), finished.clone(), tx.clone());
        let cb = move |result: ResultJJ| {
            found.borrow_mut()[i] = result.unwrap();
            if finished.inc() == CHAPTERS.len() {
                tx.borrow_mut().take().unwrap().send(()).unwrap();
            }
        };
        pool_exec!(
            pool,
            move || {
                let n = chapter.words().len() as u32;

                Ok(JsValue::from(n))
            },
            cb
        );
    }
    rx.await.unwrap();
    let found = format!("{:?}", found.borrow());
    found
}

/// A callback, and what it is called with.
fn callback() -> (impl PoolCallback, oneshot::Receiver<ResultJJ>) {
    let (tx, rx) = oneshot::channel();
    let cb = move |result| {
        console_ln!("callback: result: {:?}", result);
        tx.send(result).unwrap();
    };
    (cb, rx)
}

/// Async closures, by the macro and by the method.
async fn waits(pool: &ThreadPool) -> String {
    let mut found = vec![];
    for text in CHAPTERS.iter() {
        let text = String::from(*text);
        let (cb, rx) = callback();
        if found.is_empty() {
            pool_exec!(
                pool,
                async move || -> ResultJJ {
                    sleep(10).await;
                    Ok(JsValue::from(text.len() as u32))
                },
                cb
            );
        } else {
            pool.exec_async_with_cb(
                FnOnce!(async move || {
                    sleep(1).await;
                    Ok(JsValue::from(text.len() as u32))
                }),
                cb,
            );
        }
        found.push(format!("{:?}", rx.await.unwrap().unwrap()));
    }
    found.join(" ")
}

async fn javascript(pool: &ThreadPool) -> ResultStrJ {
    let js = "
        const add = (x, y) => x + y;
        return add(40, 2);
    ";
    let js_async = "
        const sub = (x, y) => new Promise(res => {
            setTimeout(() => res(x - y), 10);
        });
        return await sub(40, 2);
    ";
    // Nobody asks for these.
    pool_exec_js!(pool, js);
    pool_exec_js_async!(pool, js_async);
    let (cb, sum) = callback();
    pool_exec_js!(pool, js, cb);
    let (cb, difference) = callback();
    pool_exec_js_async!(pool, js_async, cb);
    Ok(format!(
        "{:?} {:?}",
        sum.await.unwrap()?,
        difference.await.unwrap()?
    ))
}

type ResultStrJ = Result<String, JsValue>;

async fn faults(pool: &ThreadPool) -> ResultStrJ {
    let (cb, refused) = callback();
    pool_exec!(pool, move || Err(JsValue::from("refused")), cb);
    let (cb, panicked) = callback();
    let limit = 3;
    pool_exec!(
        pool,
        move || {
            assert!(CHAPTERS.len() < limit, "too many chapters");
            Ok(JsValue::NULL)
        },
        cb
    );
    let refused = refused.await.unwrap().unwrap_err();
    let panicked: js_sys::Error = panicked.await.unwrap().unwrap_err().dyn_into()?;
    assert!(String::from(panicked.message()).contains("too many chapters"));
    // It goes on.
    let (cb, rx) = callback();
    pool.exec_with_cb(FnOnce!(move || Ok(JsValue::from(limit))), cb);
    Ok(format!("{:?} {:?}", refused, rx.await.unwrap()?))
}

/// What is on its way is cancelled, and its callback hears of it.
async fn dropped(pool: ThreadPool) -> String {
    let (cb, rx) = callback();
    pool_exec_js_async!(pool, "await new Promise(() => {});", cb);
    drop(pool);
    let error = rx.await.unwrap().unwrap_err().as_string().unwrap();
    assert!(error.starts_with("ThreadPool: job["), "{}", error);
    String::from(error.rsplit(' ').next().unwrap())
}
