//! What programs of 0.1 had at hand for JavaScript's side of things. On the web only, with the feature `compat`.

use std::cell::Cell;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use js_sys::{ArrayBuffer, Function, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Response, TextDecoder};

pub use crate::{console_ln, debug_ln};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch)]
    fn fetch(url: &str) -> Result<Promise, JsValue>;

    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, milliseconds: u32);

    /// Called as a function it makes one of the text of its body.
    #[wasm_bindgen(catch, js_name = Function)]
    fn function(body: &str) -> Result<Function, JsValue>;
}

/// A number that counts up behind a shared reference.
///
/// ```no_run
/// let counter = wasm_mt::utils::Counter::new();
/// assert_eq!(counter.inc(), 1);
/// assert_eq!(counter.num(), 1);
/// ```
#[derive(Debug, Default)]
pub struct Counter(Cell<usize>);

impl Counter {
    /// A counter at 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one, and gives what there is then.
    pub fn inc(&self) -> usize {
        self.0.set(self.0.get() + 1);
        self.0.get()
    }

    /// What was counted.
    pub fn num(&self) -> usize {
        self.0.get()
    }
}

/// The time that lies so many milliseconds after 1970 began, as `performance.timing` and `Date.now()` tell it. What lies
/// before, or is no number, gives the beginning.
///
/// ```no_run
/// use wasm_mt::utils::perf_to_system;
///
/// let start = perf_to_system(js_sys::Date::now());
/// ```
pub fn perf_to_system(amt: f64) -> SystemTime {
    // Apart from its fraction: as seconds in an `f64`, a whole millisecond of today is not whole any more.
    let whole = Duration::from_millis(amt as u64);
    let fraction = Duration::from_nanos((amt.fract() * 1e6) as u64);
    UNIX_EPOCH
        .checked_add(whole + fraction)
        .unwrap_or(UNIX_EPOCH)
}

/// A copy of bytes in a `Uint8Array` of its own.
pub fn u8arr_from_vec(vec: &[u8]) -> Uint8Array {
    Uint8Array::from(vec)
}

/// A copy of an `ArrayBuffer`. One that was transferred away gives an empty one.
pub fn ab_dup(ab: &ArrayBuffer) -> ArrayBuffer {
    if ab.byte_length() == 0 {
        return ArrayBuffer::new(0);
    }
    ab.slice(0)
}

/// The UTF-8 bytes of a text.
pub fn ab_from_text(text: &str) -> ArrayBuffer {
    u8arr_from_vec(text.as_bytes()).buffer()
}

/// The text that UTF-8 bytes are. What is no UTF-8 gives replacement characters; a buffer that was transferred away, `None`
/// or an empty text, as the browser likes.
pub fn text_from_ab(ab: &ArrayBuffer) -> Option<String> {
    let text = TextDecoder::new().and_then(|decoder| decoder.decode_with_buffer_source(ab));
    text.ok()
}

/// Fetches a URL, relative to the page. In a worker it must be absolute.
///
/// ```no_run
/// # async fn example() -> Result<(), wasm_bindgen::JsValue> {
/// let response = wasm_mt::utils::fetch_and_response("./data.json").await?;
/// assert!(response.ok());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Where no answer comes. One of any status is no error.
pub async fn fetch_and_response(url: &str) -> Result<Response, JsValue> {
    JsFuture::from(fetch(url)?).await?.dyn_into()
}

/// The text that a URL [answers](fetch_and_response) with.
///
/// # Errors
/// As [`fetch_and_response`], and where the answer breaks off.
pub async fn fetch_as_text(url: &str) -> Result<String, JsValue> {
    let text = JsFuture::from(fetch_and_response(url).await?.text()?).await?;
    text.as_string().ok_or(text)
}

/// The bytes that a URL [answers](fetch_and_response) with.
///
/// # Errors
/// As [`fetch_as_text`].
pub async fn fetch_as_arraybuffer(url: &str) -> Result<ArrayBuffer, JsValue> {
    let response = fetch_and_response(url).await?;
    JsFuture::from(response.array_buffer()?).await?.dyn_into()
}

/// Executes JavaScript text here, as the body of a function, and gives what it returns. Needs `'unsafe-eval'` under a
/// content security policy.
///
/// ```no_run
/// # fn example() -> Result<(), wasm_bindgen::JsValue> {
/// let href = wasm_mt::utils::run_js("return location.href;")?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// What it threw, or an error of its syntax.
pub fn run_js(js: &str) -> Result<JsValue, JsValue> {
    function(js)?.call0(&JsValue::NULL)
}

/// Executes JavaScript text here, as the body of an `async` function, and gives what that resolves to. Needs
/// `'unsafe-eval'` under a content security policy.
///
/// # Errors
/// What it threw or was rejected with, or an error of its syntax.
pub async fn run_js_async(js: &str) -> Result<JsValue, JsValue> {
    // A line of its own, since the text may end in a comment.
    let promise = run_js(&format!("return (async () => {{ {js}\n}})();"))?;
    JsFuture::from(Promise::resolve(&promise)).await
}

/// Waits for so many milliseconds, while others go on.
///
/// ```no_run
/// # async fn example() {
/// wasm_mt::utils::sleep(100).await;
/// # }
/// ```
pub async fn sleep(ms: u32) {
    let mut left = ms;
    loop {
        // What `setTimeout` can wait for at once.
        let part = left.min(i32::MAX as u32);
        let promise = Promise::new(&mut |resolve, _| set_timeout(&resolve, part));
        // It is never rejected.
        let _ = JsFuture::from(promise).await;
        left -= part;
        if left == 0 {
            return;
        }
    }
}
