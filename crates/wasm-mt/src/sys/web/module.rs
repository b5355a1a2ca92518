//! What a worker instantiates, as its owner posts it: a ladder of the module itself, its bytes, and its URL.
//!
//! Most often the first rung holds: the module that this program was instantiated from is posted, and compiled nowhere
//! again. Where the browser refuses to clone it, its bytes are fetched, once for all workers. Where this thread
//! cannot fetch them, the worker gets the URL.

use std::cell::{Cell, RefCell};

use js_sys::{Promise, Uint8Array, WebAssembly};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::{Config, dom, glue, start, text};
use crate::error::{StartError, StartErrorKind};

/// What a worker instantiates, where that was given.
#[derive(Clone)]
pub(crate) enum ModuleSource {
    /// With its bytes where they were given, for when it cannot be cloned.
    Module(WebAssembly::Module, Option<JsValue>),
    /// A `Uint8Array` or an `ArrayBuffer`.
    Bytes(JsValue),
    Url(String),
}

/// What is to be done for a worker.
pub(super) enum Rung {
    /// Post this `WebAssembly.Module`.
    Module(JsValue),
    /// Post these bytes, or this URL.
    Other(JsValue),
    /// Wait for the module's bytes.
    Fetch,
}

/// The own module's bytes.
enum Own {
    Unknown,
    /// The workers that wait for it, by token. Without one it is called off.
    Fetching {
        abort: AbortController,
        waiting: Vec<f64>,
    },
    Here(Uint8Array),
}

thread_local! {
    /// A module could not be cloned to a worker. The next one would not be either.
    static REFUSED: Cell<bool> = const { Cell::new(false) };
    static OWN: RefCell<Own> = const { RefCell::new(Own::Unknown) };
}

#[wasm_bindgen]
extern "C" {
    /// The options are an object with a `signal`, which the controller is.
    #[wasm_bindgen(catch)]
    fn fetch(url: &str, options: &AbortController) -> Result<Promise, JsValue>;

    #[derive(Clone)]
    type AbortController;
    #[wasm_bindgen(constructor)]
    fn new() -> AbortController;
    #[wasm_bindgen(method)]
    fn abort(this: &AbortController);

    type Response;
    #[wasm_bindgen(method, catch, js_name = arrayBuffer)]
    fn array_buffer(this: &Response) -> Result<Promise, JsValue>;
}

/// A module could not be cloned to a worker.
pub(super) fn refuse() {
    REFUSED.set(true);
}

/// The highest rung that holds.
pub(super) fn rung(config: &Config) -> Result<Rung, StartError> {
    let refused = REFUSED.get();
    Ok(match &config.module {
        Some(ModuleSource::Module(module, _)) if !refused => Rung::Module(module.into()),
        Some(ModuleSource::Module(_, Some(bytes)) | ModuleSource::Bytes(bytes)) => {
            Rung::Other(bytes.clone())
        }
        Some(ModuleSource::Url(url)) => Rung::Other(
            glue::absolute(url)
                .map_err(|reason| StartErrorKind::Module(format!("{url}: {reason}")))
                .map_err(StartError::new)?
                .into(),
        ),
        // A given module is the program's own: that the bytes found are of the same build, is checked in the worker.
        _ if refused => Rung::Fetch,
        _ => Rung::Module(own_module()?),
    })
}

#[cfg(feature = "module")]
#[expect(
    clippy::unnecessary_wraps,
    reason = "without the feature there is none"
)]
fn own_module() -> Result<JsValue, StartError> {
    Ok(wasm_bindgen::module())
}

#[cfg(not(feature = "module"))]
fn own_module() -> Result<JsValue, StartError> {
    Err(StartError::new(StartErrorKind::Module(
        "it is not looked for without the feature `module`".into(),
    )))
}

/// The own module's bytes, if they are here. Else the worker gets them, or what there is instead, by [`start::give`].
pub(super) fn bytes_for(token: f64) -> Option<JsValue> {
    OWN.with_borrow_mut(|own| {
        match own {
            Own::Here(bytes) => return Some((&*bytes).into()),
            Own::Fetching { waiting, .. } => waiting.push(token),
            Own::Unknown => {
                let abort = AbortController::new();
                spawn_local(find(abort.clone()));
                *own = Own::Fetching {
                    abort,
                    waiting: vec![token],
                };
            }
        }
        None
    })
}

/// The worker waits no more. What nobody waits for is called off: a fetch that hangs must not hold up the next start.
pub(super) fn forget(token: f64) {
    OWN.with_borrow_mut(|own| {
        if let Own::Fetching { abort, waiting } = own {
            waiting.retain(|one| *one != token);
            if waiting.is_empty() {
                abort.abort();
                *own = Own::Unknown;
            }
        }
    });
}

/// Looks for the own module's bytes, and tells those who wait.
async fn find(abort: AbortController) {
    let aborted = || dom::get(&dom::get(&abort, "signal"), "aborted").is_truthy();
    let urls = glue::module_urls();
    let mut tried = String::from("the browser cannot clone it to a worker");
    let mut found = None;
    for url in &urls {
        match bytes_of(url, &abort).await {
            Ok(bytes) => {
                found = Some(bytes);
                break;
            }
            Err(reason) => {
                tried.push_str("; ");
                tried.push_str(&text(&reason));
            }
        }
        if aborted() {
            return;
        }
    }
    if aborted() {
        return;
    }
    let value = found
        .as_ref()
        .map(JsValue::from)
        .or_else(|| urls.first().map(Into::into));
    let own = found.map_or(Own::Unknown, Own::Here);
    if let Own::Fetching { waiting, .. } = OWN.replace(own) {
        for token in waiting {
            start::give(token, value.as_ref(), &tried);
        }
    }
}

/// What lies at a URL, if that is a module.
async fn bytes_of(url: &str, abort: &AbortController) -> Result<Uint8Array, JsValue> {
    let bytes = async {
        let response = JsFuture::from(fetch(url, abort)?).await?;
        if !dom::get(&response, "ok").is_truthy() {
            let status = dom::get(&response, "status");
            return Err(format!("status {}", text(&status)).into());
        }
        let buffer = response.unchecked_ref::<Response>().array_buffer()?;
        let bytes = Uint8Array::new(&JsFuture::from(buffer).await?);
        // A host may answer with a page of its own for what it does not have.
        let magic = ["0", "1", "2", "3"].map(|at| dom::get(&bytes, at).as_f64());
        if magic != [0.0, 97.0, 115.0, 109.0].map(Some) {
            return Err("it is not WebAssembly".into());
        }
        Ok(bytes)
    };
    bytes
        .await
        .map_err(|error: JsValue| format!("{url}: {}", text(&error)).into())
}
