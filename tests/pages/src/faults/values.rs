//! Values that cannot travel.

use js_sys::{Array, ArrayBuffer, Function};
use wasm_bindgen::prelude::*;
use wasm_mt::{Js, Transfer, job};
use wasm_mt_tests::common::Picky;

use super::ground::Ground;
use super::outcome::Caused;
use crate::harness;

type Outcome = Result<Caused, JsValue>;

async fn takes(ground: &Ground, n: u32) -> Outcome {
    let picky = Picky(n);
    Ok(Caused::by(harness::now(), ground.spawn(job!(|picky| picky.0))).await)
}

async fn gives(ground: &Ground, n: u32) -> Outcome {
    Ok(Caused::by(harness::now(), ground.spawn(job!(|n| Picky(n)))).await)
}

pub(crate) async fn an_argument_that_does_not_encode(ground: &Ground) -> Outcome {
    takes(ground, 101).await
}

pub(crate) async fn an_argument_that_does_not_decode(ground: &Ground) -> Outcome {
    takes(ground, 3).await
}

pub(crate) async fn a_result_that_does_not_encode(ground: &Ground) -> Outcome {
    gives(ground, 101).await
}

pub(crate) async fn a_result_that_does_not_decode(ground: &Ground) -> Outcome {
    gives(ground, 3).await
}

pub(crate) async fn a_result_that_is_not_cloneable(ground: &Ground) -> Outcome {
    let job = job!(|| Js(Function::new_no_args("")));
    Ok(Caused::by(harness::now(), ground.spawn(job)).await)
}

pub(crate) async fn a_detached_buffer(ground: &Ground) -> Outcome {
    let buffer = ArrayBuffer::new(8);
    // What is transferred is gone here.
    let options = js_sys::Object::new();
    js_sys::Reflect::set(&options, &"transfer".into(), &Array::of1(&buffer))?;
    let clone: Function =
        js_sys::Reflect::get(&js_sys::global(), &"structuredClone".into())?.dyn_into()?;
    clone.call2(&JsValue::UNDEFINED, &buffer, &options)?;
    let buffer = Transfer(buffer);
    let job = job!(|buffer: Transfer<ArrayBuffer>| buffer.0.byte_length());
    Ok(Caused::by(harness::now(), ground.spawn(job)).await)
}
