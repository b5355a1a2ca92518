//! How a Web Worker is made: its script, the script's URL, and that URL's passage through Trusted Types.

#![expect(
    unreachable_pub,
    reason = "`wasm_bindgen` exports what is `pub`, wherever it lies"
)]

use std::cell::{OnceCell, RefCell};

use js_sys::Object;
use wasm_bindgen::prelude::*;
use web_sys::{Blob, Url};

use super::dom::{self, global};
use super::strip::SCRIPT;
use super::{Config, glue, text};
use crate::error::{StartError, StartErrorKind};

/// The name of our policy, which a `trusted-types` directive has to list.
const POLICY: &str = "wasm-mt";

#[wasm_bindgen]
extern "C" {
    type Factory;
    #[wasm_bindgen(method, catch, js_name = createPolicy)]
    fn create_policy(this: &Factory, name: &str, rules: &Object) -> Result<Policy, JsValue>;

    /// A `TrustedTypePolicy`.
    pub type Policy;
    #[wasm_bindgen(method, catch, js_name = createScriptURL)]
    fn create_script_url(this: &Policy, url: &str) -> Result<JsValue, JsValue>;

    /// As `web_sys::Worker`, but for a URL that need not be a string.
    type Worker;
    #[wasm_bindgen(constructor, catch)]
    fn new(url: &JsValue, options: &Object) -> Result<Worker, JsValue>;
}

thread_local! {
    /// The blob's URL.
    static BLOB: RefCell<Option<String>> = const { RefCell::new(None) };
    /// It passes every URL, so nobody but this file may have it. `None` where there are no Trusted Types, or where they
    /// refuse it.
    static TRUST: OnceCell<Option<Policy>> = const { OnceCell::new() };
}

/// A Web Worker that runs our script.
pub(super) fn worker(name: Option<&str>, config: &Config) -> Result<web_sys::Worker, StartError> {
    if global("Worker").is_undefined() {
        let reason = "there is no `Worker` in this scope".into();
        return Err(StartError::new(StartErrorKind::Unsupported(reason)));
    }
    let options = dom::object("name", name.map_or(JsValue::UNDEFINED, Into::into));
    let refused = |error: JsValue| refused(config, text(&error));
    let url = match &config.script_url {
        Some(url) => glue::absolute(url).map_err(|reason| refused(reason.into()))?,
        None => blob().map_err(refused)?,
    };
    Worker::new(&trusted(url), &options)
        .map(JsCast::unchecked_into)
        .map_err(refused)
}

/// The error of a worker whose script did not run.
pub(super) fn refused(config: &Config, reason: String) -> StartError {
    StartError::new(match &config.script_url {
        _ if is_untrusted(&reason) => StartErrorKind::Untrusted(reason),
        Some(url) => StartErrorKind::Script {
            url: url.clone(),
            reason,
        },
        None => StartErrorKind::Blocked(reason),
    })
}

/// Whether it was trusted types that refused a URL, in the words of the three engines.
pub(super) fn is_untrusted(reason: &str) -> bool {
    dom::find(&reason.into(), "TrustedScriptURL|Sink type mismatch").is_some()
}

/// Takes the policy that the worker's script has made, in a worker of ours: a second one of its name may be refused.
#[doc(hidden)]
#[wasm_bindgen(js_name = __wasm_mt_trust, skip_typescript)]
pub fn trust(policy: Policy) {
    // Once in a worker, before anything has asked.
    TRUST.with(|trust| drop(trust.set(Some(policy))));
}

/// The URL as the constructor of workers takes it: as text where there are no Trusted Types, and where our policy is
/// refused, since they may not be required.
fn trusted(url: String) -> JsValue {
    let passed = TRUST.with(|trust| {
        let policy = trust.get_or_init(policy).as_ref()?;
        policy.create_script_url(&url).ok()
    });
    passed.unwrap_or_else(|| url.into())
}

fn policy() -> Option<Policy> {
    let factory = global("trustedTypes");
    if factory.is_undefined() {
        return None;
    }
    // `String` gives what it is given.
    let rules = dom::object("createScriptURL", global("String"));
    factory
        .unchecked_ref::<Factory>()
        .create_policy(POLICY, &rules)
        .ok()
}

/// The URL of the worker's script as a blob, which is made once.
fn blob() -> Result<String, JsValue> {
    if let Some(url) = BLOB.with_borrow(Clone::clone) {
        return Ok(url);
    }
    let url = blob_url(&[SCRIPT.into()])?;
    BLOB.set(Some(url.clone()));
    Ok(url)
}

/// The URL of a script that is made of strings and bytes.
pub(super) fn blob_url(parts: &[JsValue]) -> Result<String, JsValue> {
    let options = dom::object("type", "text/javascript".into());
    let parts = dom::array(parts);
    let blob = Blob::new_with_str_sequence_and_options(&parts, options.unchecked_ref())?;
    Url::create_object_url_with_blob(&blob)
}
