//! A thread, a job, an answer.
#![cfg(target_family = "wasm")] // natively there is no page to answer

use wasm_bindgen::prelude::*;
use wasm_mt::{Thread, job};

/// Starts a thread, sends it a job, and awaits the result.
#[wasm_bindgen]
pub async fn fib_in_thread(n: u32) -> Result<u64, JsValue> {
    let thread = Thread::start().await?;
    let answer = thread.spawn(job!(|n| fib(n))).await?;
    Ok(answer)
}

fn fib(n: u32) -> u64 {
    if n < 2 {
        n.into()
    } else {
        fib(n - 1) + fib(n - 2)
    }
}
