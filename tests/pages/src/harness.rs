//! What a case asks of the server that serves it: its query, faults from now on, requests so far.

use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// The value of `key` in the page's query. `glue` is always there: the path or URL of the glue script.
pub(crate) fn query(key: &str) -> Result<String, JsValue> {
    let search = window()?.location().search()?;
    web_sys::UrlSearchParams::new_with_str(&search)?
        .get(key)
        .ok_or_else(|| format!("the page's query has no {key}").into())
}

/// From its next request on, the file at `path` fails as `what` says: `html`, `truncated`, `stalled`, `status:404`,
/// `type:text/plain`, and `off` for no longer.
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

/// Milliseconds since the page began.
pub(crate) fn now() -> f64 {
    js_sys::Date::now()
}

async fn fetch(url: &str) -> Result<String, JsValue> {
    let response: web_sys::Response = JsFuture::from(window()?.fetch_with_str(url))
        .await?
        .dyn_into()?;
    let text = JsFuture::from(response.text()?)
        .await?
        .as_string()
        .unwrap_or_default();
    if response.ok() {
        Ok(text)
    } else {
        Err(format!("{url}: {} {text}", response.status()).into())
    }
}

fn window() -> Result<web_sys::Window, JsValue> {
    web_sys::window().ok_or_else(|| "a case runs in a page".into())
}
