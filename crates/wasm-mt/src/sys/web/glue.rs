//! Where the program's own glue script and module are, found out at run time.

use js_sys::Reflect;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// What `no-modules` glue defines. Other glue does not, and then it is not there.
    #[wasm_bindgen(thread_local_v2, js_name = wasm_bindgen)]
    static NO_MODULES: Option<JsValue>;
    #[wasm_bindgen(thread_local_v2, js_name = location)]
    static LOCATION: Option<Location>;
    #[wasm_bindgen(thread_local_v2, js_name = document)]
    static DOCUMENT: Option<Document>;

    type Location;
    #[wasm_bindgen(method, getter)]
    fn href(this: &Location) -> String;

    type Document;
    #[wasm_bindgen(method, getter, js_name = baseURI)]
    fn base_uri(this: &Document) -> String;
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
    let error = js_sys::Error::new("");
    let stack = Reflect::get(&error, &"stack".into())
        .ok()
        .and_then(|stack| stack.as_string())
        .unwrap_or_default();
    first_url(&stack)
        .map(Into::into)
        .ok_or_else(|| format!("no URL in the stack `{stack}`"))
}

/// What relative URLs are relative to.
pub(super) fn base() -> Option<String> {
    if let Some(base) = DOCUMENT.with(|document| document.as_ref().map(Document::base_uri)) {
        return Some(base);
    }
    match LOCATION.with(|location| location.as_ref().map(Location::href)) {
        // A blob's URL has no folder; in a worker of ours the glue script stands in for it.
        Some(href) if !href.starts_with("blob:") => Some(href),
        _ => url().ok(),
    }
}

/// The first URL in a stack, without line and column: `at f (URL:1:2)` in Chromium, `f@URL:1:2` elsewhere.
fn first_url(stack: &str) -> Option<&str> {
    stack.lines().find_map(|line| {
        let scheme_end = line.find("://")?;
        let starts = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | ':'));
        let start = line[..scheme_end].rfind(starts).map_or(0, |at| at + 1);
        let in_brackets = line[..start].ends_with('(');
        let mut url = &line[start..];
        if in_brackets {
            url = url.strip_suffix(')').unwrap_or(url);
        }
        for _ in 0..2 {
            if let Some((rest, number)) = url.rsplit_once(':')
                && !number.is_empty()
                && number.bytes().all(|b| b.is_ascii_digit())
                && rest.len() > scheme_end - start + 3
            {
                url = rest;
            }
        }
        Some(url)
    })
}
