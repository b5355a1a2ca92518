//! What a worker instantiates, as its owner posts it.

use js_sys::{Uint8Array, WebAssembly};
use wasm_bindgen::JsValue;

use super::{Config, glue};
use crate::error::{StartError, StartErrorKind};

/// What a worker instantiates.
#[derive(Clone)]
pub(crate) enum ModuleSource {
    Module(WebAssembly::Module),
    Bytes(Uint8Array),
    Url(String),
}

/// What the worker is to instantiate, as it is posted.
pub(super) fn of(config: &Config) -> Result<JsValue, StartError> {
    match &config.module {
        Some(ModuleSource::Module(module)) => Ok(module.into()),
        Some(ModuleSource::Bytes(bytes)) => Ok(bytes.into()),
        Some(ModuleSource::Url(url)) => glue::absolute(url)
            .map(Into::into)
            .map_err(|reason| StartError::new(StartErrorKind::Module(format!("{url}: {reason}")))),
        None => own_module(),
    }
}

#[cfg(feature = "module")]
fn own_module() -> Result<JsValue, StartError> {
    Ok(wasm_bindgen::module())
}

#[cfg(not(feature = "module"))]
fn own_module() -> Result<JsValue, StartError> {
    Err(StartError::new(StartErrorKind::Module(
        "without the feature `module` it has to be given by `Builder::module`, `wasm_bytes` or `wasm_url`".into(),
    )))
}
