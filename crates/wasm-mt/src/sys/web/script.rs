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
    /// The URLs of the blobs: of the script alone, and of the one that asks for the program's own glue at once.
    static BLOBS: RefCell<[Option<String>; 2]> = const { RefCell::new([None, None]) };
    /// It passes every URL, so nobody but this file may have it. `None` where there are no Trusted Types, or where they
    /// refuse it.
    static TRUST: OnceCell<Option<Policy>> = const { OnceCell::new() };
}

/// A Web Worker that runs our script, and will load the glue of this URL.
pub(super) fn worker(
    name: Option<&str>,
    config: &Config,
    glue_url: &str,
) -> Result<web_sys::Worker, StartError> {
    if global("Worker").is_undefined() {
        let reason = "there is no `Worker` in this scope".into();
        return Err(StartError::new(StartErrorKind::Unsupported(reason)));
    }
    let options = dom::object("name", name.map_or(JsValue::UNDEFINED, Into::into));
    let refused = |error: JsValue| refused(config, text(&error));
    let url = match &config.script_url {
        Some(url) => glue::absolute(url).map_err(|reason| refused(reason.into()))?,
        None => blob(config, glue_url).map_err(refused)?,
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
///
/// Most of a start is the way of the glue. So where that is the program's own, and a module, the script begins by asking for
/// it, some milliseconds before it can hear what it is to do; then it is the same module that it waits for.
fn blob(config: &Config, glue_url: &str) -> Result<String, JsValue> {
    let is_early = config.glue.is_none() && !glue::is_classic(config);
    let place = usize::from(is_early);
    if let Some(url) = BLOBS.with_borrow(|blobs| blobs[place].clone()) {
        return Ok(url);
    }
    let url = if is_early && is_plain(glue_url) {
        let [import, end] = ["import(\"", "\").catch(()=>{});\n"];
        blob_url(&[import.into(), glue_url.into(), end.into(), SCRIPT.into()])?
    } else {
        blob_url(&[SCRIPT.into()])?
    };
    BLOBS.with_borrow_mut(|blobs| blobs[place] = Some(url.clone()));
    Ok(url)
}

/// Whether it can stand between quotes in a script. A URL that is as it should be can.
fn is_plain(url: &str) -> bool {
    url.bytes()
        .all(|byte| matches!(byte, b'!'..=b'~') && !matches!(byte, b'"' | b'\\'))
}

/// The URL of a script that is made of strings and bytes.
pub(super) fn blob_url(parts: &[JsValue]) -> Result<String, JsValue> {
    let options = dom::object("type", "text/javascript".into());
    let parts = dom::array(parts);
    let blob = Blob::new_with_str_sequence_and_options(&parts, options.unchecked_ref())?;
    Url::create_object_url_with_blob(&blob)
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn only_what_is_a_url_stands_in_the_script() {
        assert!(is_plain("https://a.b/c.js?d=%22#e"));
        for other in ["a\");f(\"", "a\\", "a\nb", "a b", "ä", "\u{2028}"] {
            assert!(!is_plain(other), "{other}");
        }
    }
}
