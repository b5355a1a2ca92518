//! A thread made of bytes that the page has at hand, in the form of wasm-mt 0.1.
#![cfg(target_family = "wasm")] // natively there is no page to show anything

use wasm_bindgen::prelude::*;
use wasm_mt::prelude::*;
use wasm_mt::utils::fetch_as_arraybuffer;

/// Fetches the glue and the module, makes a thread of them, and executes a closure there.
#[wasm_bindgen]
pub async fn app(pkg_js: String, pkg_wasm: String) -> Result<Outcome, JsValue> {
    let ab_js = fetch_as_arraybuffer(&pkg_js).await?;
    let ab_wasm = fetch_as_arraybuffer(&pkg_wasm).await?;
    let (js_bytes, wasm_bytes) = (ab_js.byte_length(), ab_wasm.byte_length());

    let mt = WasmMt::new_with_arraybuffers(ab_js, ab_wasm);
    let mt = mt.and_init().await?;
    let th = mt.thread().and_init().await?;
    th.set_id("from bytes");

    let n = 100;
    let answer = exec!(th, move || Ok(JsValue::from(triangular(n)))).await?;

    Ok(Outcome {
        js_bytes,
        wasm_bytes,
        id: th.get_id().map(|id| id.to_string()),
        answer,
    })
}

fn triangular(n: u32) -> u32 {
    (1..=n).sum()
}

/// What the page shows.
#[wasm_bindgen(getter_with_clone)]
pub struct Outcome {
    /// The size of the glue.
    pub js_bytes: u32,
    /// The size of the module.
    pub wasm_bytes: u32,
    /// The thread's id.
    pub id: Option<String>,
    /// What the closure gave.
    pub answer: JsValue,
}
