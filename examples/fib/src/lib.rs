//! Threads that start threads, in the form of wasm-mt 0.1.
#![cfg(target_family = "wasm")] // natively there is no page to show anything

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::prelude::*;
use wasm_mt::prelude::*;
use wasm_mt::utils::console_ln;

/// The tree of calls that `fib(n)` takes, each above 1 in a thread of its own.
#[wasm_bindgen]
pub async fn app(pkg_js: String, n: u32) -> Result<JsValue, JsValue> {
    fib(n, "page", &pkg_js).await
}

/// `here` is the thread that asks; whoever computes is noted in the answer.
async fn fib(n: u32, here: &str, pkg_js: &str) -> Result<JsValue, JsValue> {
    if n < 2 {
        return call(n, n, here, &[]);
    }
    let mt = WasmMt::new(pkg_js).and_init().await?;
    let th = mt.thread().and_init().await?;
    let (owner, pkg_js) = (here.to_owned(), pkg_js.to_owned());
    exec!(th, async move || -> Result<JsValue, JsValue> {
        let here = within(&owner);
        let left = fib(n - 1, &here, &pkg_js).await?;
        let right = fib(n - 2, &here, &pkg_js).await?;
        let value = value_of(&left)? + value_of(&right)?;
        console_ln!("fib({}) is {}, says thread {}", n, value, here);
        call(n, value, &here, &[left, right])
    })
    .await
}

/// What this thread is called: the number that its owner gave it, behind the name of that owner.
fn within(owner: &str) -> String {
    let id = wasm_mt::current().map_or(0, |thread| thread.id());
    format!("{owner}.{id}")
}

/// A call as JavaScript sees it: `{ n, value, thread, calls }`.
fn call(n: u32, value: u32, thread: &str, calls: &[JsValue]) -> Result<JsValue, JsValue> {
    let call = Object::new();
    Reflect::set(&call, &"n".into(), &n.into())?;
    Reflect::set(&call, &"value".into(), &value.into())?;
    Reflect::set(&call, &"thread".into(), &thread.into())?;
    Reflect::set(&call, &"calls".into(), &calls.iter().collect::<Array>())?;
    Ok(call.into())
}

fn value_of(call: &JsValue) -> Result<u32, JsValue> {
    let value = Reflect::get(call, &"value".into())?.as_f64();
    Ok(value.ok_or("a call has no value")? as u32)
}
