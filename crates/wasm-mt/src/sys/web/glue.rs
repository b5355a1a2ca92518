//! Where the program's own glue script and module are, found out at run time.

use std::sync::Arc;

use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::dom::{self, find};
use super::{Config, text};
use crate::error::{StartError, StartErrorKind};

#[cfg(feature = "compat")]
mod given;

#[wasm_bindgen]
extern "C" {
    /// What `no-modules` glue defines. Other glue does not, and then it is not there.
    #[wasm_bindgen(thread_local_v2, js_name = wasm_bindgen)]
    static NO_MODULES: Option<JsValue>;

    #[wasm_bindgen(js_name = URL)]
    type Url;
    #[wasm_bindgen(constructor, js_class = "URL", catch)]
    fn new(url: &str, base: Option<String>) -> Result<Url, JsValue>;

    /// What this page or worker has loaded.
    #[wasm_bindgen(catch, js_namespace = performance, js_name = getEntriesByType)]
    fn entries(kind: &str) -> Result<Array, JsValue>;
}

/// The glue script that workers load, where that was given.
#[derive(Clone)]
pub(crate) struct GlueSource {
    url: String,
    /// What revokes the URL when nobody needs it any more, where the script was given as text. Whatever it is: a program that
    /// gives none does not hold its code.
    blob: Option<Arc<dyn Send + Sync>>,
    is_classic: bool,
}

impl GlueSource {
    pub(crate) fn url(url: String) -> Self {
        GlueSource {
            url,
            blob: None,
            is_classic: false,
        }
    }
}

/// Whether the glue is probably a classic script. The worker tries both ways, this one first.
pub(super) fn is_classic(config: &Config) -> bool {
    config.glue.as_ref().is_some_and(|glue| glue.is_classic) || NO_MODULES.with(Option::is_some)
}

/// The absolute URL of the glue script: an error made by a call from wasm is made in the glue, so the first place on its
/// stack is there.
///
/// # Errors
/// The stack, where it names no place.
pub(super) fn url() -> Result<String, String> {
    let stack = stack();
    first_url(&stack).ok_or_else(|| {
        format!(
            "no URL in the stack `{}`",
            stack.as_string().unwrap_or_default()
        )
    })
}

fn stack() -> JsValue {
    dom::get(&JsError::new("").into(), "stack")
}

/// The absolute URL of the glue script that a worker loads: the one given, else the program's own.
pub(super) fn of(config: &Config) -> Result<String, StartError> {
    match &config.glue {
        Some(GlueSource { url, .. }) => absolute(url).map_err(|reason| StartErrorKind::Glue {
            url: url.clone(),
            reason,
        }),
        None => url().map_err(StartErrorKind::GlueUnknown),
    }
    .map_err(StartError::new)
}

/// The error of a worker that could not load it.
pub(super) fn not_loaded(config: &Config, reason: String) -> StartErrorKind {
    match &config.glue {
        Some(GlueSource { blob: Some(_), .. }) => StartErrorKind::GlueText(reason),
        _ => StartErrorKind::Glue {
            url: of(config).unwrap_or_default(),
            reason,
        },
    }
}

/// A URL as it is seen from the page.
///
/// # Errors
/// Why it is none.
pub(super) fn absolute(url: &str) -> Result<String, String> {
    match Url::new(url, base()) {
        Ok(url) => Ok(text(&url)),
        Err(error) => Err(text(&error)),
    }
}

/// What relative URLs are relative to.
fn base() -> Option<String> {
    if let Some(base) = part("document", "baseURI") {
        return Some(base);
    }
    match part("location", "href") {
        // A blob's URL has no folder; in a worker of ours the glue script stands in for it.
        Some(href) if !href.starts_with("blob:") => Some(href),
        _ => url().ok(),
    }
}

/// A property of an object that may not be there.
fn part(object: &str, name: &str) -> Option<String> {
    let object = dom::global(object);
    if object.is_falsy() {
        return None;
    }
    dom::get(&object, name).as_string()
}

/// The first URL in a stack, without line and column: `at f (URL:1:2)` in Chromium, `f@URL:1:2` elsewhere.
fn first_url(stack: &JsValue) -> Option<String> {
    find(stack, r"[A-Za-z0-9+.:-]+://.+?(?=(:\d+)?(:\d+)?\)?(\n|$))")
}

/// Where the program's own module may be, best guess first: what was loaded, then what lies beside the glue.
pub(super) fn module_urls() -> Vec<String> {
    let glue = url().map_or(JsValue::NULL, Into::into);
    let stem = find(&glue, r"^.*?(?=(\.js)?([?#]|$))").unwrap_or_default();
    let loaded: Vec<String> = entries("resource")
        .unwrap_or_default()
        .iter()
        .filter_map(|entry| {
            let name = dom::get(&entry, "name");
            find(&name, r"^.*\.wasm(?=[?#]|$)").and(name.as_string())
        })
        .collect();
    let file = |url: &str| find(&url.into(), "[^/?#]*(?=([?#].*)?$)").unwrap_or_default();
    let name = file(&stem);
    let mut urls = Vec::new();
    match loaded.iter().find(|url| file(url).starts_with(&name)) {
        Some(url) => urls.push(url.clone()),
        None if loaded.len() == 1 => urls.extend(loaded),
        None => {}
    }
    urls.push(format!("{stem}_bg.wasm"));
    // Last, because Chromium compiles the same bytes once for all pages, and then tells the first page's URL.
    urls.extend(wasm_url(&stack()));
    urls.dedup();
    urls
}

/// The URL of the module that a stack goes through, where the engine tells it: `at f (URL:wasm-function[1]:0x2)` in
/// Chromium, `f@URL:wasm-function[1]:0x2` in Firefox. A module that was compiled from bytes has none.
fn wasm_url(stack: &JsValue) -> Option<String> {
    find(
        stack,
        r"\b(?!wasm:)[A-Za-z][A-Za-z0-9+.:-]*://[^ \n]+?(?=:wasm-function\[)",
    )
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::{first_url, wasm_url};

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
    fn the_modules_url_is_found_where_a_stack_has_it() {
        for (stack, url) in [
            // Chromium.
            (
                "Error\n    at g (http://a.example/app.js:1:2)\n    at f<u32> (http://a.example/app_bg.wasm:wasm-function[7]:0x1f)",
                Some("http://a.example/app_bg.wasm"),
            ),
            (
                "Error\n    at http://a.example/app_bg.wasm?v=1:wasm-function[7]:0x1f",
                Some("http://a.example/app_bg.wasm?v=1"),
            ),
            (
                "Error\n    at f (wasm://wasm/00a3d1b2:wasm-function[7]:0x1f)",
                None,
            ),
            // Firefox.
            (
                "g@http://a.example/app.js:1:2\nf@http://a.example/app_bg.wasm:wasm-function[7]:0x1f",
                Some("http://a.example/app_bg.wasm"),
            ),
            (
                "f@http://a.example/app.js line 5 > WebAssembly.Module:wasm-function[7]:0x1f",
                None,
            ),
            // WebKit.
            (
                "g@http://a.example/app.js:1:2\n<?>.wasm-function[f]@[wasm code]",
                None,
            ),
        ] {
            assert_eq!(wasm_url(&stack.into()).as_deref(), url, "{stack}");
        }
    }

    #[wasm_bindgen_test]
    fn the_own_glue_script_is_found() {
        let url = super::url().unwrap();
        assert!(url.starts_with("http://127.0.0.1:"), "{url}");
        assert!(super::base().unwrap().starts_with("http://127.0.0.1:"));
    }
}
