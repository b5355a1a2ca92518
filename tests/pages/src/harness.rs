//! What a case asks of the server that serves it: its query, faults from now on, requests so far.

use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_mt::{Builder, Thread};

/// The value of `key` in the page's query. `glue` is always there: the path or URL of the glue script.
pub(crate) fn query(key: &str) -> Result<String, JsValue> {
    let search = window()?.location().search()?;
    web_sys::UrlSearchParams::new_with_str(&search)?
        .get(key)
        .ok_or_else(|| format!("the page's query has no {key}").into())
}

/// Settings of a thread under the case's conditions: with the script that the query names, if it does.
pub(crate) fn builder() -> Builder {
    match query("script") {
        Ok(url) => Thread::builder().script_url(url),
        Err(_) => Thread::builder(),
    }
}

/// The path of the module that the page was instantiated from.
pub(crate) fn module() -> Result<String, JsValue> {
    match query("wasm") {
        Ok(path) => Ok(path),
        Err(_) => Ok(query("glue")?.replace(".js", "_bg.wasm")),
    }
}

/// From its next request on, the file at `path` fails as `what` says: `html`, `truncated`, `stalled`, `status:404`,
/// `type:text/plain`, `csp:default-src 'self'`, `redirect:http://..`, and `off` for no longer.
pub(crate) async fn spoil(path: &str, what: &str) -> Result<(), JsValue> {
    fetch(&format!("/fault?path={path}&what={what}")).await?;
    Ok(())
}

/// How often the file at `path` was asked for.
pub(crate) async fn requests(path: &str) -> Result<u32, JsValue> {
    let count = fetch(&format!("/requests?path={path}")).await?;
    count
        .parse()
        .map_err(|_| format!("not a count: {count}").into())
}

/// Has the harness do what only it can: `hide` and `show` the page, `stop` and `restart` the server that the glue is from.
pub(crate) async fn ask(what: &str) -> Result<(), JsValue> {
    fetch(&format!("/ask?what={what}")).await?;
    Ok(())
}

/// Posts bytes to the harness.
pub(crate) async fn post(path: &str, bytes: &[u8]) -> Result<(), JsValue> {
    let request = web_sys::RequestInit::new();
    request.set_method("POST");
    request.set_body(&js_sys::Uint8Array::from(bytes));
    let answer = window()?.fetch_with_str_and_init(path, &request);
    JsFuture::from(answer).await?;
    Ok(())
}

#[wasm_bindgen]
extern "C" {
    /// Milliseconds since the page was asked for.
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    pub(crate) fn age() -> f64;
}

/// The time, in milliseconds.
pub(crate) fn now() -> f64 {
    js_sys::Date::now()
}

/// What the server has at `url`.
pub(crate) async fn bytes(url: &str) -> Result<Vec<u8>, JsValue> {
    let response: web_sys::Response = JsFuture::from(window()?.fetch_with_str(url))
        .await?
        .dyn_into()?;
    let bytes = js_sys::Uint8Array::new(&JsFuture::from(response.array_buffer()?).await?).to_vec();
    if response.ok() {
        Ok(bytes)
    } else {
        Err(format!("{url}: {}", response.status()).into())
    }
}

async fn fetch(url: &str) -> Result<String, JsValue> {
    let bytes = bytes(url).await?;
    String::from_utf8(bytes).map_err(|error| format!("{url}: {error}").into())
}

fn window() -> Result<web_sys::Window, JsValue> {
    web_sys::window().ok_or_else(|| "a case runs in a page".into())
}
