//! A pool made of bytes that the page has at hand, in the form of wasm-mt-pool 0.1.
#![cfg(target_family = "wasm")] // natively there is no page to show anything

use futures::StreamExt;
use futures::channel::mpsc::unbounded;
use js_sys::Array;
use wasm_bindgen::prelude::*;
use wasm_mt_pool::prelude::*;
use wasm_mt_pool::wasm_mt;
use wasm_mt_pool::wasm_mt::utils::fetch_as_arraybuffer;

/// Fetches the glue and the module, makes a pool of them, and has it
/// execute closures: which worker gave which answer.
#[wasm_bindgen]
pub async fn app(pkg_js: String, pkg_wasm: String) -> Result<Outcome, JsValue> {
    let ab_js = fetch_as_arraybuffer(&pkg_js).await?;
    let ab_wasm = fetch_as_arraybuffer(&pkg_wasm).await?;
    let (js_bytes, wasm_bytes) = (ab_js.byte_length(), ab_wasm.byte_length());

    let pool = ThreadPool::new_with_arraybuffers(3, ab_js, ab_wasm);
    let pool = pool.and_init().await?;

    let (sender, heard) = unbounded();
    for n in 1..=12 {
        let sender = sender.clone();
        let cb = move |result| {
            // The page listens until all have been called.
            let _ = sender.unbounded_send(result);
        };
        pool_exec!(pool, move || answer(n), cb);
    }
    drop(sender);
    let heard: Vec<Result<JsValue, JsValue>> = heard.collect().await;

    Ok(Outcome {
        js_bytes,
        wasm_bytes,
        workers: pool.workers(),
        answers: heard.into_iter().collect::<Result<Array, JsValue>>()?,
    })
}

/// The n-th triangular number, and who reckoned it.
fn answer(n: u32) -> Result<JsValue, JsValue> {
    let sum: u32 = (1..=n).sum();
    let thread = wasm_mt::current().map_or(0, |thread| thread.id());
    Ok(Array::of3(&n.into(), &sum.into(), &(thread as u32).into()).into())
}

/// What the page shows.
#[wasm_bindgen(getter_with_clone)]
pub struct Outcome {
    /// The size of the glue.
    pub js_bytes: u32,
    /// The size of the module.
    pub wasm_bytes: u32,
    /// How many workers the pool has.
    pub workers: usize,
    /// What the closures gave, in the order in which they were done.
    pub answers: Array,
}
