//! What this backend calls of JavaScript and the DOM, where `js_sys` and `web_sys` take several functions for it.
//!
//! Each function that a program imports costs it some fifty bytes, gzipped: a name in the module, and its function in
//! the glue. So what one does for all is here, and what is asked once is got by its name.

use js_sys::{Array, Object};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// An array of these, in one call.
    #[wasm_bindgen(js_namespace = Array, js_name = of, variadic)]
    pub(super) fn array(values: &[JsValue]) -> Array;

    /// A message of records.
    #[wasm_bindgen(js_namespace = Array, js_name = of)]
    pub(super) fn message(token: f64, kind: u32, bytes: &JsValue, list: &JsValue) -> Array;

    /// A property of what is an object.
    #[wasm_bindgen(js_namespace = Reflect)]
    pub(super) fn get(object: &JsValue, name: &str) -> JsValue;

    #[wasm_bindgen(js_namespace = Object, js_name = fromEntries)]
    fn from_entries(entries: &Array) -> Object;

    #[wasm_bindgen(js_name = String)]
    type Text;
    #[wasm_bindgen(method, js_name = match)]
    fn matches(this: &Text, pattern: &str) -> Option<Array>;

    /// What can be posted to: a worker, or in a worker its global scope.
    type Port;
    #[wasm_bindgen(method, catch, js_name = postMessage)]
    fn post_message(this: &Port, message: &Array) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = postMessage)]
    fn post_and_transfer(this: &Port, message: &Array, transfer: &Array) -> Result<(), JsValue>;

    /// Milliseconds.
    #[wasm_bindgen(js_namespace = performance)]
    pub(super) fn now() -> f64;

    /// A `Uint8Array`.
    #[wasm_bindgen(js_name = Uint8Array)]
    type View;
    #[wasm_bindgen(method, js_name = subarray)]
    fn to_vec(this: &View) -> Vec<u8>;
}

/// A global variable, and undefined where there is none.
pub(super) fn global(name: &str) -> JsValue {
    get(&js_sys::global(), name)
}

/// An object with one property.
pub(super) fn object(name: &str, value: JsValue) -> Object {
    objects(&[(name, value)])
}

/// An object with these properties.
pub(super) fn objects(entries: &[(&str, JsValue)]) -> Object {
    let entry = |(name, value): &(&str, JsValue)| array(&[(*name).into(), value.clone()]).into();
    let entries: Vec<JsValue> = entries.iter().map(entry).collect();
    from_entries(&array(&entries))
}

/// A message that arrived. Its fields are read one by one, and none need be what it should.
pub(super) struct Message(pub(super) Array);

impl Message {
    #[inline(never)]
    pub(super) fn number(&self, at: u32) -> Option<f64> {
        self.0.get(at).as_f64()
    }

    /// A number that tells of which kind something is.
    pub(super) fn kind(&self, at: u32) -> Option<u32> {
        let number = self.number(at)?;
        let kind = number as u32;
        (f64::from(kind) == number).then_some(kind)
    }

    #[inline(never)]
    pub(super) fn string(&self, at: u32) -> Option<String> {
        self.0.get(at).as_string()
    }

    /// The same, and empty where there is none.
    pub(super) fn text(&self, at: u32) -> String {
        self.string(at).unwrap_or_default()
    }
}

/// Posts to a worker, or with the global scope to this worker's owner.
///
/// # Errors
/// Where it cannot be cloned or transferred.
pub(super) fn post(to: &JsValue, message: &[JsValue], transfer: &[JsValue]) -> Result<(), JsValue> {
    send(to, &array(message), transfer)
}

/// The same of an array.
///
/// # Errors
/// As [`post`].
pub(super) fn send(to: &JsValue, message: &Array, transfer: &[JsValue]) -> Result<(), JsValue> {
    let port = to.unchecked_ref::<Port>();
    if transfer.is_empty() {
        port.post_message(message)
    } else {
        port.post_and_transfer(message, &array(transfer))
    }
}

/// A copy of the bytes of a `Uint8Array`, and `None` of anything else.
pub(super) fn bytes(value: &JsValue) -> Option<Vec<u8>> {
    let view = value.dyn_ref::<js_sys::Uint8Array>()?;
    Some(view.unchecked_ref::<View>().to_vec())
}

/// What a regular expression finds first in a string, and `None` in anything else.
///
/// JavaScript looks for it: what Rust's search in strings adds to a program is ten times as long.
pub(super) fn find(text: &JsValue, pattern: &str) -> Option<String> {
    if !text.is_string() {
        return None;
    }
    text.unchecked_ref::<Text>()
        .matches(pattern)?
        .get(0)
        .as_string()
}
