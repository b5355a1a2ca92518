//! Threads of 0.1's form that are made of array buffers, in place of files.

use js_sys::{Array, ArrayBuffer, Function, Reflect};
use wasm_bindgen::prelude::*;
use wasm_mt::prelude::*;
use wasm_mt::utils::{ab_from_text, fetch_as_arraybuffer, fetch_as_text, run_js, u8arr_from_vec};
use wasm_mt::{Thread, job};

use crate::common::goes_on;
use crate::compat::{ResultJJ, glue_url, message, mt};
use crate::compat_faults::init_error;

pub(crate) fn wasm_url() -> String {
    glue_url() + "_bg.wasm"
}

/// The program's own glue and module.
pub(crate) async fn buffers() -> (ArrayBuffer, ArrayBuffer) {
    let js = fetch_as_arraybuffer(&glue_url()).await.unwrap();
    (js, fetch_as_arraybuffer(&wasm_url()).await.unwrap())
}

/// What `set_ab_init` and `Thread::new` take: 0.1's form around a script that is one. A module is made one as 0.1's tests
/// made it.
pub(crate) async fn ab_init() -> ArrayBuffer {
    let glue = fetch_as_text(&glue_url()).await.unwrap();
    let end = "export { initSync, __wbg_init as default };";
    let text = if glue.contains(end) {
        let script = glue
            .replace(end, "")
            .replace("export { wasm as __wasm }", "")
            .replace("export function", "function")
            .replace("export class", "class")
            .replace("import.meta.url", "location.href");
        let names = exported(&glue).join(", ");
        format!(
            "return () => {{ {script}\nreturn Object.assign(__wbg_init, {{ initSync, {names} }}); }};"
        )
    } else {
        format!("return () => {{ {glue}\nreturn wasm_bindgen; }};")
    };
    ab_from_text(&text)
}

/// The names of the functions that a module exports.
fn exported(glue: &str) -> Vec<&str> {
    glue.split("export function ")
        .skip(1)
        .filter_map(|rest| rest.split('(').next())
        .collect()
}

async fn thread_error(th: Thread) -> String {
    match th.and_init().await {
        Ok(_) => panic!("the thread started"),
        Err(error) => message(&error),
    }
}

pub async fn threads_are_made_of_array_buffers() {
    let (ab_js, ab_wasm) = buffers().await;
    let mt = WasmMt::new_with_arraybuffers(ab_js.clone(), ab_wasm.clone());
    let mt = mt.and_init().await.unwrap();
    for n in [1, 2] {
        let th = mt.thread().and_init().await.unwrap();
        th.set_id("foo");
        let ans = exec!(th, async move || -> ResultJJ { Ok(n.into()) }).await;
        assert_eq!(ans, Ok(n.into()));
        goes_on(&th).await;
    }
    // They are the program's, and stay so.
    assert!(ab_js.byte_length() > 0 && ab_wasm.byte_length() > 0);
}

/// How often `f` calls a function of a global object.
pub(crate) async fn calls(object: &JsValue, name: &str, f: impl AsyncFnOnce()) -> u32 {
    let own = Reflect::get(object, &name.into()).unwrap();
    let calls = Array::new();
    let text = "return (...args) => { calls.push(1); return own.apply(object, args); };";
    let counts = Function::new_with_args("calls, own, object", text);
    let counts = counts.call3(&JsValue::NULL, &calls, &own, object).unwrap();
    Reflect::set(object, &name.into(), &counts).unwrap();
    f().await;
    Reflect::set(object, &name.into(), &own).unwrap();
    calls.length()
}

pub async fn init_fetches_nothing() {
    let global = js_sys::global();
    let fetches = calls(&global, "fetch", async || {
        goes_on(&mt().await.thread().and_init().await.unwrap()).await;
    });
    assert_eq!(fetches.await, 0);
}

pub async fn an_array_buffer_is_compiled_once() {
    let (ab_js, ab_wasm) = buffers().await;
    let assembly = Reflect::get(&js_sys::global(), &"WebAssembly".into()).unwrap();
    let compiles = calls(&assembly, "compile", async || {
        let mt = WasmMt::new_with_arraybuffers(ab_js, ab_wasm);
        let mt = mt.and_init().await.unwrap();
        for _ in 0..3 {
            goes_on(&mt.thread().and_init().await.unwrap()).await;
        }
    });
    assert_eq!(compiles.await, 1);
}

pub async fn a_thread_made_of_array_buffers_gets_another_worker() {
    let (ab_js, ab_wasm) = buffers().await;
    let mt = WasmMt::new_with_arraybuffers(ab_js, ab_wasm.clone());
    let mt = mt.and_init().await.unwrap();
    let threads = [
        mt.thread().and_init().await.unwrap(),
        Thread::new(ab_init().await, ab_wasm)
            .and_init()
            .await
            .unwrap(),
    ];
    drop(mt);
    for th in threads {
        let panicked = exec!(th, move || -> ResultJJ { panic!("ends its worker") }).await;
        assert!(message(&panicked.unwrap_err()).contains("ends its worker"));
        goes_on(&th).await;
    }
}

pub async fn a_thread_is_made_of_array_buffers() {
    let (_, ab_wasm) = buffers().await;
    let th = Thread::new(ab_init().await, ab_wasm);
    assert!(exec_js!(th, "return 1;").await.is_err());
    th.init().await.unwrap();
    assert_eq!(exec_js!(th, "return 1;").await, Ok(1.into()));
    assert_eq!(exec!(th, move || Ok(2.into())).await, Ok(2.into()));
}

pub async fn set_ab_init_gives_a_thread_its_glue() {
    let mt = mt().await;
    mt.set_ab_init(ab_init().await);
    let th = mt.thread().and_init().await.unwrap();
    assert_eq!(exec!(th, move || Ok(2.into())).await, Ok(2.into()));
    // Also those that it starts in turn.
    let url = glue_url();
    let ans = exec!(th, async move || -> ResultJJ {
        let inner = Thread::start().await?;
        let n: i32 = inner.spawn(job!(|| 40)).await?;
        let old = WasmMt::new(&url)
            .and_init()
            .await?
            .thread()
            .and_init()
            .await?;
        exec!(old, move || Ok((n + 2).into())).await
    });
    assert_eq!(ans.await, Ok(42.into()));
}

pub async fn set_ab_wasm_gives_a_thread_its_module() {
    let mt = mt().await;
    mt.set_ab_wasm(fetch_as_arraybuffer(&wasm_url()).await.unwrap());
    goes_on(&mt.thread().and_init().await.unwrap()).await;
    mt.set_ab_wasm(ab_from_text("no module"));
    assert!(!thread_error(mt.thread()).await.is_empty());
}

pub async fn array_buffers_that_are_no_glue_are_an_error() {
    let (_, ab_wasm) = buffers().await;
    let not_utf8 = u8arr_from_vec(&[b'/', b'/', 0xff, 0xfe]).buffer();
    for ab_js in [
        ab_from_text("const nothing = 1;"),
        ab_from_text("this does not parse"),
        ab_from_text("throw new Error('refused');"),
        ab_from_text(""),
        not_utf8,
        detached(),
    ] {
        let mt = WasmMt::new_with_arraybuffers(ab_js, ab_wasm.clone());
        let text = init_error(mt).await;
        assert!(text.contains("given as text"), "{text}");
    }
}

pub async fn array_buffers_that_are_no_module_are_an_error() {
    let (ab_js, _) = buffers().await;
    for ab_wasm in [
        ab_from_text("<!doctype html>"),
        u8arr_from_vec(b"\0asm\x01\0\0\0").buffer(),
        ArrayBuffer::new(0),
        detached(),
    ] {
        let mt = WasmMt::new_with_arraybuffers(ab_js.clone(), ab_wasm.clone());
        assert!(!init_error(mt).await.is_empty());
        let th = Thread::new(ab_init().await, ab_wasm);
        assert!(!thread_error(th).await.is_empty());
    }
}

pub async fn an_ab_init_that_gives_no_glue_is_an_error() {
    let (_, ab_wasm) = buffers().await;
    let mt = mt().await;
    for text in [
        "return () => {",
        "return 1;",
        "",
        "return () => 1;",
        "return () => ({});",
        "return () => { throw new Error('refused'); };",
        "throw 7;",
    ] {
        mt.set_ab_init(ab_from_text(text));
        let th = Thread::new(ab_from_text(text), ab_wasm.clone());
        for th in [mt.thread(), th] {
            let error = thread_error(th).await;
            assert!(error.contains("given as text"), "{text}: {error}");
        }
    }
    mt.set_ab_init(ab_init().await);
    goes_on(&mt.thread().and_init().await.unwrap()).await;
}

/// A buffer that was handed over, so that nothing is left of it.
pub(crate) fn detached() -> ArrayBuffer {
    let text = "const ab = new ArrayBuffer(8); structuredClone(ab, { transfer: [ab] }); return ab;";
    run_js(text).unwrap().unchecked_into()
}
