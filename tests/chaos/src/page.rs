//! What `page.js` does for the soak, on the page only.

use std::future::Future;
use std::pin::Pin;

use futures::future::{self, Either};
use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// A handle that has not settled by then never will.
pub(crate) const LONG: u32 = 20_000;

#[wasm_bindgen]
extern "C" {
    type JsDeadline;
    #[wasm_bindgen(method, getter)]
    fn over(this: &JsDeadline) -> Promise;
    #[wasm_bindgen(method)]
    fn cancel(this: &JsDeadline);

    #[wasm_bindgen(js_namespace = chaos)]
    fn deadline(milliseconds: u32) -> JsDeadline;
    #[wasm_bindgen(js_namespace = chaos, js_name = pause)]
    fn pause_for(milliseconds: u32) -> Promise;
    #[wasm_bindgen(js_namespace = chaos, js_name = kill)]
    fn kill_one(n: u32) -> Promise;
    #[wasm_bindgen(js_namespace = chaos, js_name = killLastHeard)]
    fn kill_heard() -> Promise;
    #[wasm_bindgen(js_namespace = chaos)]
    pub(crate) fn say(text: &str);
}

/// Lets the page's event loop turn for so long: at random, so that what comes next meets anything.
pub(crate) async fn pause(milliseconds: u32) {
    // It is never rejected.
    let _ = JsFuture::from(pause_for(milliseconds)).await;
}

/// Ends a worker behind the library's back; ready when that has noticed.
pub(crate) fn kill(n: u32) -> JsFuture {
    JsFuture::from(kill_one(n))
}

/// The same, of the worker whose message is being heard: that which runs the job that has sent it.
pub(crate) fn kill_last_heard() -> JsFuture {
    JsFuture::from(kill_heard())
}

/// The time that several things have together, by the browser's timer and none of the library's.
pub(crate) struct Deadline {
    given: JsDeadline,
    over: JsFuture,
}

impl Deadline {
    pub(crate) fn long() -> Self {
        let given = deadline(LONG);
        let over = JsFuture::from(given.over());
        Deadline { given, over }
    }

    /// What the future gives, or an error that names it.
    pub(crate) async fn within<F: Future>(
        &mut self,
        future: F,
        name: impl FnOnce() -> String,
    ) -> Result<F::Output, String> {
        let future = std::pin::pin!(future);
        match future::select(future, Pin::new(&mut self.over)).await {
            Either::Left((output, _)) => Ok(output),
            Either::Right(_) => Err(format!("{} did not settle within {LONG} ms", name())),
        }
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        self.given.cancel();
    }
}
