//! Where the program's own glue script and module are, found out at run time.

use js_sys::Array;
use wasm_bindgen::prelude::*;
use web_sys::Url;

use super::{Config, text};
use crate::error::{StartError, StartErrorKind};

#[wasm_bindgen]
extern "C" {
    /// What `no-modules` glue defines. Other glue does not, and then it is not there.
    #[wasm_bindgen(thread_local_v2, js_name = wasm_bindgen)]
    static NO_MODULES: Option<JsValue>;
    #[wasm_bindgen(thread_local_v2, js_name = document)]
    static DOCUMENT: Option<Document>;
    /// Asked for in workers only, where it never changes.
    #[wasm_bindgen(thread_local_v2, js_namespace = location, js_name = href)]
    static LOCATION: Option<String>;

    type Document;
    #[wasm_bindgen(method, getter, js_name = baseURI)]
    fn base_uri(this: &Document) -> String;

    type Failure;
    #[wasm_bindgen(method, getter)]
    fn stack(this: &Failure) -> JsValue;

    #[wasm_bindgen(js_name = String)]
    type Text;
    #[wasm_bindgen(method, js_name = match)]
    fn matches(this: &Text, pattern: &str) -> Option<Array>;
}

/// Whether the glue is probably a classic script. The worker tries both ways, this one first.
pub(super) fn is_classic() -> bool {
    NO_MODULES.with(Option::is_some)
}

/// The absolute URL of the glue script: an error made by a call from wasm is made in the glue, so the first place on its
/// stack is there.
///
/// # Errors
/// The stack, where it names no place.
pub(super) fn url() -> Result<String, String> {
    let error = JsValue::from(JsError::new(""));
    let stack = error.unchecked_ref::<Failure>().stack();
    first_url(&stack).ok_or_else(|| {
        format!(
            "no URL in the stack `{}`",
            stack.as_string().unwrap_or_default()
        )
    })
}

/// The absolute URL of the glue script that a worker loads: the one given, else the program's own.
pub(super) fn of(config: &Config) -> Result<String, StartError> {
    match &config.glue_url {
        Some(url) => absolute(url).map_err(|reason| StartErrorKind::Glue {
            url: url.clone(),
            reason,
        }),
        None => url().map_err(StartErrorKind::GlueUnknown),
    }
    .map_err(StartError::new)
}

/// A URL as it is seen from the page.
///
/// # Errors
/// Why it is none.
pub(super) fn absolute(url: &str) -> Result<String, String> {
    match base() {
        Some(base) => Url::new_with_base(url, &base),
        None => Url::new(url),
    }
    .map(|url| url.href())
    .map_err(|error| text(&error))
}

/// What relative URLs are relative to.
fn base() -> Option<String> {
    if let Some(base) = DOCUMENT.with(|document| document.as_ref().map(Document::base_uri)) {
        return Some(base);
    }
    match LOCATION.with(Clone::clone) {
        // A blob's URL has no folder; in a worker of ours the glue script stands in for it.
        Some(href) if !href.starts_with("blob:") => Some(href),
        _ => url().ok(),
    }
}

/// The first URL in a stack, without line and column: `at f (URL:1:2)` in Chromium, `f@URL:1:2` elsewhere.
///
/// JavaScript looks for it: what Rust's search in strings adds to a program is ten times as long.
fn first_url(stack: &JsValue) -> Option<String> {
    const URL: &str = r"[A-Za-z0-9+.:-]+://.+?(?=(:\d+)?(:\d+)?\)?(\n|$))";
    if !stack.is_string() {
        return None;
    }
    stack
        .unchecked_ref::<Text>()
        .matches(URL)?
        .get(0)
        .as_string()
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::first_url;

    #[wasm_bindgen_test]
    fn a_url_is_found_in_the_stacks_of_every_engine() {
        for (stack, url) in [
            // Chromium.
            (
                "Error\n    at __wbg_new_1 (https://a.example/pkg/app.js:12:34)\n    at app.wasm.f (https://a.example/b:1:2)",
                "https://a.example/pkg/app.js",
            ),
            (
                "Error\n    at https://a.example/app.js:1:2",
                "https://a.example/app.js",
            ),
            (
                "Error\n    at f (http://127.0.0.1:8080/app.js:1:2)",
                "http://127.0.0.1:8080/app.js",
            ),
            (
                "Error\n    at f (http://a.example/x(1)/app.js?v=1:2:3)",
                "http://a.example/x(1)/app.js?v=1",
            ),
            (
                "Error\n    at f (chrome-extension://abc/app.js:1:2)",
                "chrome-extension://abc/app.js",
            ),
            (
                "Error\n    at f (blob:http://a.example/1-2-3:1:2)",
                "blob:http://a.example/1-2-3",
            ),
            // Firefox and WebKit.
            (
                "__wbg_new_1@http://a.example/app.js:5:9\nf@http://b.example:1:2",
                "http://a.example/app.js",
            ),
            (
                "@http://a.example/a@b/app.js:5:9",
                "http://a.example/a@b/app.js",
            ),
            (
                "f@[native code]\ng@file:///tmp/app.js:5:9",
                "file:///tmp/app.js",
            ),
            // Without line and column.
            (
                "f@http://a.example:8080/app.js",
                "http://a.example:8080/app.js",
            ),
            ("f@http://a.example", "http://a.example"),
        ] {
            assert_eq!(first_url(&stack.into()).as_deref(), Some(url), "{stack}");
        }
        for none in ["", "Error", "f@[native code]\n<anonymous>"] {
            assert_eq!(first_url(&none.into()), None, "{none}");
        }
    }

    #[wasm_bindgen_test]
    fn the_own_glue_script_is_found() {
        let url = super::url().unwrap();
        assert!(url.starts_with("http://127.0.0.1:"), "{url}");
        assert!(super::base().unwrap().starts_with("http://127.0.0.1:"));
    }
}
