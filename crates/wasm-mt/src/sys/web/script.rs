//! How a Web Worker is made: its script, and the script's URL.

use std::cell::RefCell;

use js_sys::Array;
use wasm_bindgen::JsValue;
use web_sys::{Blob, BlobPropertyBag, Url, WorkerOptions};

use super::text;
use crate::error::{StartError, StartErrorKind};

thread_local! {
    static SCRIPT: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// A Web Worker that runs our script.
pub(super) fn worker(name: Option<&str>) -> Result<web_sys::Worker, StartError> {
    if !has_workers() {
        let reason = "there is no `Worker` in this scope".into();
        return Err(StartError::new(StartErrorKind::Unsupported(reason)));
    }
    let options = WorkerOptions::new();
    if let Some(name) = name {
        options.set_name(name);
    }
    let script = script().map_err(blocked)?;
    web_sys::Worker::new_with_options(&script, &options).map_err(blocked)
}

/// The error of a worker that could not be made.
#[expect(clippy::needless_pass_by_value, reason = "it maps errors")]
pub(super) fn blocked(error: JsValue) -> StartError {
    StartError::new(StartErrorKind::Blocked(text(&error)))
}

fn has_workers() -> bool {
    js_sys::Reflect::has(&js_sys::global(), &"Worker".into()).unwrap_or(false)
}

/// The URL of the worker's script, a blob that is made once.
fn script() -> Result<String, JsValue> {
    if let Some(url) = SCRIPT.with_borrow(Clone::clone) {
        return Ok(url);
    }
    let options = BlobPropertyBag::new();
    options.set_type("text/javascript");
    let parts = Array::of1(&include_str!("worker.js").into());
    let blob = Blob::new_with_str_sequence_and_options(&parts, &options)?;
    let url = Url::create_object_url_with_blob(&blob)?;
    SCRIPT.set(Some(url.clone()));
    Ok(url)
}
