//! Closures and JavaScript text, executed in one thread, in the form of wasm-mt 0.1.
#![cfg(target_family = "wasm")] // natively there is no page to show anything

use js_sys::Function;
use wasm_bindgen::prelude::*;
use wasm_mt::Thread;
use wasm_mt::prelude::*;
use wasm_mt::utils::sleep;

/// Starts a thread, executes each of the functions below
/// in it, and shows what comes of them.
#[wasm_bindgen]
pub async fn app(pkg_js: String, show: Function) -> Result<(), JsValue> {
    let mt = WasmMt::new(&pkg_js).and_init().await?;
    let th = mt.thread().and_init().await?;
    let show = |name: &str, outcome: Result<JsValue, JsValue>| {
        let ok = outcome.is_ok();
        let value = outcome.unwrap_or_else(|error| error);
        show.call3(&JsValue::NULL, &name.into(), &ok.into(), &value)
    };

    show("thread", Ok(JsValue::from("started")))?;
    show("closure", closure(&th).await)?;
    show("async-closure", async_closure(&th).await)?;
    show("js", js(&th).await)?;
    show("async-js", async_js(&th).await)?;
    show("panics", panics(&th).await)?;
    show("throws", throws(&th).await)?;
    Ok(())
}

async fn closure(th: &Thread) -> Result<JsValue, JsValue> {
    let (a, b) = (1071, 462);
    exec!(th, move || {
        let divisor = gcd(a, b);
        Ok(JsValue::from(divisor))
    })
    .await
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

async fn async_closure(th: &Thread) -> Result<JsValue, JsValue> {
    let word = String::from("desserts");
    exec!(th, async move || {
        let reversed = reverse_slowly(&word).await;
        Ok(JsValue::from(reversed))
    })
    .await
}

async fn reverse_slowly(word: &str) -> String {
    let mut reversed = String::new();
    for letter in word.chars().rev() {
        sleep(25).await;
        reversed.push(letter);
    }
    reversed
}

async fn js(th: &Thread) -> Result<JsValue, JsValue> {
    let distinct_words = "
        const words = 'to be or not to be'.split(' ');
        return new Set(words).size;
    ";
    exec_js!(th, distinct_words).await
}

async fn async_js(th: &Thread) -> Result<JsValue, JsValue> {
    let ticking = "
        const pause = () => new Promise((go) => setTimeout(go, 40));
        let ticks = 0;
        while (ticks < 5) {
            await pause();
            ticks += 1;
        }
        return `${ticks} ticks`;
    ";
    exec_js_async!(th, ticking).await
}

async fn panics(th: &Thread) -> Result<JsValue, JsValue> {
    let text = String::from("forty-two");
    exec!(th, move || {
        let number: u32 = text.parse().unwrap();
        Ok(JsValue::from(number))
    })
    .await
}

async fn throws(th: &Thread) -> Result<JsValue, JsValue> {
    exec_js!(th, "throw new RangeError('too far');").await
}
