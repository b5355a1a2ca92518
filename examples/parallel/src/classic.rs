//! Threads, and the work for them, in the form of wasm-mt 0.1: `exec!` where the executor has `job!`, and a `JsValue` for each
//! answer. Only on the web, as 0.1 was.

use std::ops::Range;

use futures::future;
use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_mt::Thread;
use wasm_mt::prelude::*;
use wasm_mt::utils::u8arr_from_vec;

use crate::executor::{Timed, timed};
use crate::julia::Picture;

/// Starts so many threads, all at the same time. `pkg_js` is the address of the glue.
pub async fn start(count: usize, pkg_js: &str) -> Result<Vec<Thread>, JsValue> {
    let mt = WasmMt::new(pkg_js).and_init().await?;
    future::try_join_all((0..count).map(|_| mt.thread().and_init())).await
}

/// Renders some rows in a thread.
pub async fn by_exec(
    thread: &Thread,
    picture: Picture,
    rows: Range<u32>,
) -> Result<Timed, JsValue> {
    let answer = exec!(thread, move || {
        let (rgba, millis) = timed(&picture, rows);
        let rgba = u8arr_from_vec(&rgba);
        Ok(Array::of2(&rgba, &millis.into()).into())
    });
    let answer = Array::from(&answer.await?);
    let rgba: Uint8Array = answer.get(0).dyn_into()?;
    let millis = answer.get(1).as_f64().ok_or("no time")?;
    Ok((rgba.to_vec(), millis))
}
