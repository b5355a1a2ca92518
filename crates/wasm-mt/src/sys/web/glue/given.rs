//! Glue that was given as its text: a script of its own, a blob, which is there as long as a thread may need it.

use std::sync::Arc;

use js_sys::ArrayBuffer;
use wasm_bindgen::JsValue;
use web_sys::Url;

use super::GlueSource;
use crate::error::{StartError, StartErrorKind};
use crate::sys::web::{script, text};

/// The URL of a blob. Dropped, it is revoked.
struct BlobUrl(String);

impl Drop for BlobUrl {
    fn drop(&mut self) {
        // There is nothing in it that could fail.
        let _ = Url::revoke_object_url(&self.0);
    }
}

impl GlueSource {
    /// The script whose bytes these are, of either kind.
    pub(crate) fn script(bytes: &ArrayBuffer) -> Result<Self, StartError> {
        Self::blob(&[bytes.into()], false)
    }

    /// Made by a function whose body's bytes these are: it gives a function that gives what a classic script declares.
    pub(crate) fn init(body: &ArrayBuffer) -> Result<Self, StartError> {
        let before = "const wasm_bindgen = (function () {\n".into();
        let after = "\n}).call(null)();\n".into();
        Self::blob(&[before, body.into(), after], true)
    }

    fn blob(parts: &[JsValue], is_classic: bool) -> Result<Self, StartError> {
        let url = script::blob_url(parts)
            .map_err(|error| StartError::new(StartErrorKind::GlueText(text(&error))))?;
        Ok(GlueSource {
            blob: Some(Arc::new(BlobUrl(url.clone()))),
            url,
            is_classic,
        })
    }
}
