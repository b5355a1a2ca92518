//! Whether jobs can travel through shared memory here: asked at run time, as one binary serves all pages.

use js_sys::{Reflect, SharedArrayBuffer};
use wasm_bindgen::prelude::*;
use wasm_mt::__pool;
use wasm_mt::StartError;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_name = structuredClone)]
    fn structured_clone(value: &JsValue) -> Result<JsValue, JsValue>;
}

fn get(of: &JsValue, name: &str) -> JsValue {
    // Only of what is no object there is an error.
    Reflect::get(of, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

/// # Errors
/// Where they cannot: which condition is missing.
pub(crate) fn can_share() -> Result<(), StartError> {
    match missing() {
        None => Ok(()),
        Some(why) => Err(__pool::not_shared(why)),
    }
}

fn missing() -> Option<&'static str> {
    let global = js_sys::global();
    if !get(&global, "crossOriginIsolated").is_truthy() {
        return Some(
            "the page is not cross-origin isolated; have its server send `Cross-Origin-Opener-Policy: same-origin` and \
             `Cross-Origin-Embedder-Policy: require-corp` with it, from a secure origin",
        );
    }
    // WebKitGTK says that it is isolated and has none all the same.
    if !get(&global, "SharedArrayBuffer").is_function() {
        return Some("the browser has no `SharedArrayBuffer`");
    }
    if structured_clone(&SharedArrayBuffer::new(8)).is_err() {
        return Some("the browser does not let a `SharedArrayBuffer` be posted to a worker");
    }
    // By them a worker's silent end is noticed, which others may wait for without a turn of the event loop.
    if !get(&get(&global, "navigator"), "locks").is_object() {
        return Some("the browser has no Web Locks");
    }
    None
}
