//! `examples/hello` with one question more: where the worker's script lies.
#![cfg(target_family = "wasm")] // natively there is no page to answer

use wasm_bindgen::prelude::*;
use wasm_mt::{Thread, job};

/// Starts a thread from the script at `script_url`, or from a blob, sends it a job, and awaits the result.
///
/// # Errors
///
/// What went wrong.
#[wasm_bindgen]
pub async fn fib_in_thread(n: u32, script_url: Option<String>) -> Result<u64, JsValue> {
    let mut builder = Thread::builder();
    if let Some(url) = script_url {
        builder = builder.script_url(url);
    }
    let thread = builder.start().await?;
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
