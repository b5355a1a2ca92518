//! Cases of the surface of 0.1.

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;
use wasm_mt::prelude::*;
use wasm_mt::utils::{
    ab_from_text, fetch_as_arraybuffer, fetch_as_text, run_js, run_js_async, sleep,
};

use crate::cases::{Outcome, check};
use crate::harness;

/// A policy without `'unsafe-eval'`: JavaScript text is refused with an error, and all else works.
pub(crate) async fn only_javascript_text_needs_eval() -> Outcome {
    let glue = harness::query("glue")?;
    let mt = WasmMt::new(&glue).and_init().await?;
    answers(&mt).await?;

    let (js, wasm) = (
        fetch_as_arraybuffer(&glue).await?,
        fetch_as_arraybuffer(&harness::module()?).await?,
    );
    let of_buffers = WasmMt::new_with_arraybuffers(js, wasm).and_init().await?;
    answers(&of_buffers).await?;
    // A script of the program's own can only be made of a classic one.
    if glue.contains("no-modules") {
        let script = fetch_as_text(&glue).await?;
        let init = format!("return () => {{ {script}\nreturn wasm_bindgen; }};");
        mt.set_ab_init(ab_from_text(&init));
        answers(&mt).await?;
    }

    let th = mt.thread().and_init().await?;
    let refused = [
        ("exec_js", exec_js!(th, "return 1;").await),
        ("exec_js_async", exec_js_async!(th, "return 1;").await),
        ("run_js", run_js("return 1;")),
        ("run_js_async", run_js_async("return 1;").await),
    ];
    for (name, result) in refused {
        let Err(error) = result else {
            return Err(format!("{name} ran its text").into());
        };
        let name_of_error = error.dyn_ref::<js_sys::Error>().map(js_sys::Error::name);
        check!(
            name_of_error
                .as_ref()
                .is_some_and(|name| name == "EvalError"),
            "{name} failed with {error:?}"
        );
    }
    answers(&mt).await?;
    Ok("text was refused, and nothing else".into())
}

/// A thread runs a closure and an async closure.
async fn answers(mt: &WasmMt) -> Result<(), JsValue> {
    let th = mt.thread().and_init().await?;
    let n = 40;
    let sum = exec!(th, move || Ok(JsValue::from(n + 2))).await?;
    check!(sum == 42, "40 + 2 is {sum:?}");
    let sum = exec!(th, async move || {
        sleep(1).await;
        Ok(JsValue::from(n + 3))
    });
    let sum = sum.await?;
    check!(sum == 43, "40 + 3 is {sum:?}");
    Ok(())
}

/// A policy under which a worker may be a blob, and what it loads may not: glue that is given as text is refused.
pub(crate) async fn glue_given_as_text_has_to_be_allowed() -> Outcome {
    let glue = harness::query("glue")?;
    let (js, wasm) = (
        fetch_as_arraybuffer(&glue).await?,
        fetch_as_arraybuffer(&harness::module()?).await?,
    );
    let of_buffers = WasmMt::new_with_arraybuffers(js, wasm).and_init().await?;
    let Err(error) = of_buffers.thread().and_init().await else {
        return Err("its worker loaded a blob".into());
    };
    let text = message(&error);
    check!(text.contains("given as text"), "not what was wrong: {text}");
    answers(&WasmMt::new(&glue).and_init().await?).await?;
    Ok(text)
}

fn message(error: &JsValue) -> String {
    error
        .dyn_ref::<js_sys::Error>()
        .map(|error| String::from(error.message()))
        .unwrap_or_default()
}

/// Array buffers of another build of this page: refused, and nothing of it runs.
pub(crate) async fn array_buffers_of_another_build_are_an_error() -> Outcome {
    let glue = harness::query("glue")?;
    let module = harness::module()?;
    let js = fetch_as_arraybuffer(&glue).await?;
    let other = fetch_as_arraybuffer(&module.replace("/pkg/", "/pkg-other/")).await?;
    let own = fetch_as_arraybuffer(&module).await?;
    check!(
        Uint8Array::new(&own).to_vec() != Uint8Array::new(&other).to_vec(),
        "it is the same build"
    );
    let mt = WasmMt::new_with_arraybuffers(js, other).and_init().await?;
    let Err(error) = mt.thread().and_init().await else {
        return Err("a worker of another build started".into());
    };
    let text = message(&error);
    check!(text.contains("reload the page"), "not what to do: {text}");
    mt.set_ab_wasm(own);
    answers(&mt).await?;
    Ok(text)
}
