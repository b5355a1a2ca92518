//! Pools of 0.1's form whose workers are made of array buffers, in place of files.

use futures::FutureExt;
use futures::future::join_all;
use js_sys::{ArrayBuffer, Reflect};
use wasm_bindgen::prelude::*;
use wasm_mt::utils::{ab_from_text, u8arr_from_vec};
use wasm_mt_pool::prelude::*;

use crate::common::all_go_on;
use crate::compat::{ResultJJ, glue_url};
use crate::compat_buffers::{ab_init, buffers, calls, detached};
use crate::compat_pool::callback;
use crate::compat_pool_faults::pool_error;

pub async fn a_pool_is_made_of_array_buffers() {
    let (ab_js, ab_wasm) = buffers().await;
    let pool = ThreadPool::new_with_arraybuffers(2, ab_js.clone(), ab_wasm.clone());
    let pool = pool.and_init().await.unwrap();
    let heard: Vec<_> = (0..4)
        .map(|n| {
            let (cb, heard) = callback();
            pool_exec!(pool, async move || -> ResultJJ { Ok(JsValue::from(n)) }, cb);
            heard
        })
        .collect();
    for (n, result) in join_all(heard).await.into_iter().enumerate() {
        assert_eq!(result, Ok(n.into()));
    }
    // One that takes a dead one's place is made of them, too.
    let (cb, panicked) = callback();
    pool_exec!(pool, move || -> ResultJJ { panic!("gone") }, cb);
    assert!(panicked.await.is_err());
    all_go_on(&pool).await;
    // They are the program's, and stay so.
    assert!(ab_js.byte_length() > 0 && ab_wasm.byte_length() > 0);
}

pub async fn a_pools_array_buffer_is_compiled_once() {
    let (ab_js, ab_wasm) = buffers().await;
    let assembly = Reflect::get(&js_sys::global(), &"WebAssembly".into()).unwrap();
    let compiles = calls(&assembly, "compile", async || {
        let pool = ThreadPool::new_with_arraybuffers(3, ab_js, ab_wasm);
        all_go_on(&pool.and_init().await.unwrap()).await;
    });
    assert_eq!(compiles.await, 1);
}

pub async fn what_a_pool_is_given_while_it_compiles_waits() {
    let (ab_js, ab_wasm) = buffers().await;
    let pool = ThreadPool::new_with_arraybuffers(2, ab_js.clone(), ab_wasm.clone());
    let mut init = std::pin::pin!(pool.init());
    assert!(init.as_mut().now_or_never().is_none());
    let (cb, early) = callback();
    pool_exec!(pool, move || Ok(7.into()), cb);
    let aborted = pool.spawn(wasm_mt::job!(|| 1));
    aborted.abort();
    assert_eq!((pool.count_pending_jobs(), pool.stats().waiting), (1, 1));
    init.await.unwrap();
    assert_eq!(early.await, Ok(7.into()));
    assert!(aborted.await.unwrap_err().is_cancelled());
    all_go_on(&pool).await;

    // An init that is dropped by then has not begun.
    let pool = ThreadPool::new_with_arraybuffers(2, ab_js, ab_wasm);
    let mut init = Box::pin(pool.init());
    assert!(init.as_mut().now_or_never().is_none());
    let (cb, early) = callback();
    pool_exec!(pool, move || Ok(7.into()), cb);
    drop(init);
    assert!(early.await.is_err());
    pool.init().await.unwrap();
    all_go_on(&pool).await;
}

pub async fn set_ab_init_gives_a_pool_its_glue() {
    let pool = ThreadPool::new(2, "/no/such/glue.js");
    pool.set_ab_init(ab_init().await);
    pool.init().await.unwrap();
    all_go_on(&pool).await;
    // What is set afterwards changes nothing.
    pool.set_ab_init(ab_from_text("return 1;"));
    let (cb, panicked) = callback();
    pool_exec!(pool, move || -> ResultJJ { panic!("gone") }, cb);
    assert!(panicked.await.is_err());
    all_go_on(&pool).await;
    let (ab_js, ab_wasm) = buffers().await;
    let pool = ThreadPool::new_with_arraybuffers(1, ab_js, ab_wasm);
    pool.set_ab_init(ab_init().await);
    all_go_on(&pool.and_init().await.unwrap()).await;
}

pub async fn array_buffers_that_are_no_glue_are_an_error_of_a_pool() {
    let (_, ab_wasm) = buffers().await;
    for ab_js in [
        ab_from_text("const nothing = 1;"),
        ab_from_text("this does not parse"),
        detached(),
    ] {
        let pool = ThreadPool::new_with_arraybuffers(2, ab_js, ab_wasm.clone());
        let text = pool_error(pool).await;
        assert!(text.contains("given as text"), "{text}");
    }
    let pool = ThreadPool::new(2, &glue_url());
    for text in ["return 1;", "return () => {", "throw 7;"] {
        pool.set_ab_init(ab_from_text(text));
        let error = pool_error(pool.clone()).await;
        assert!(error.contains("given as text"), "{text}: {error}");
    }
    pool.set_ab_init(ab_init().await);
    pool.init().await.unwrap();
    all_go_on(&pool).await;
}

pub async fn array_buffers_that_are_no_module_are_an_error_of_a_pool() {
    let (ab_js, _) = buffers().await;
    for ab_wasm in [
        ab_from_text("<!doctype html>"),
        u8arr_from_vec(b"\0asm\x01\0\0\0").buffer(),
        ArrayBuffer::new(0),
        detached(),
    ] {
        let pool = ThreadPool::new_with_arraybuffers(2, ab_js.clone(), ab_wasm);
        assert!(!pool_error(pool).await.is_empty());
    }
}
