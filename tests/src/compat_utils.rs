//! What else 0.1 had: array buffers in place of files, its small functions, and its lines on the console.

use std::time::{Duration, UNIX_EPOCH};

use js_sys::{Array, ArrayBuffer, Function, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_mt::prelude::*;
use wasm_mt::utils::{
    Counter, ab_dup, ab_from_text, fetch_and_response, fetch_as_arraybuffer, fetch_as_text,
    perf_to_system, run_js, text_from_ab, u8arr_from_vec,
};
use wasm_mt::{Thread, console_ln, debug_ln, job};

use crate::common::goes_on;
use crate::compat::{ResultJJ, glue_url, message, mt};
use crate::compat_faults::init_error;

fn wasm_url() -> String {
    glue_url() + "_bg.wasm"
}

/// The program's own glue and module.
async fn buffers() -> (ArrayBuffer, ArrayBuffer) {
    let js = fetch_as_arraybuffer(&glue_url()).await.unwrap();
    (js, fetch_as_arraybuffer(&wasm_url()).await.unwrap())
}

/// What `set_ab_init` and `Thread::new` take: 0.1's form around a script that is one. A module is made one as 0.1's tests
/// made it.
async fn ab_init() -> ArrayBuffer {
    let glue = fetch_as_text(&glue_url()).await.unwrap();
    let end = "export { initSync, __wbg_init as default };";
    let text = if glue.contains(end) {
        let script = glue
            .replace(end, "")
            .replace("export { wasm as __wasm }", "")
            .replace("export function", "function")
            .replace("export class", "class")
            .replace("import.meta.url", "''");
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
        assert!(!init_error(mt).await.is_empty());
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
        assert!(!thread_error(mt.thread()).await.is_empty(), "{text}");
        let th = Thread::new(ab_from_text(text), ab_wasm.clone());
        assert!(!thread_error(th).await.is_empty(), "{text}");
    }
    mt.set_ab_init(ab_init().await);
    goes_on(&mt.thread().and_init().await.unwrap()).await;
}

/// A buffer that was handed over, so that nothing is left of it.
fn detached() -> ArrayBuffer {
    let text = "const ab = new ArrayBuffer(8); structuredClone(ab, { transfer: [ab] }); return ab;";
    run_js(text).unwrap().unchecked_into()
}

pub async fn a_counter_counts() {
    let counter = Counter::new();
    assert_eq!(
        (counter.num(), counter.inc(), counter.inc(), counter.num()),
        (0, 1, 2, 2)
    );
}

pub async fn perf_to_system_counts_from_the_epoch() {
    assert_eq!(perf_to_system(0.0), UNIX_EPOCH);
    let time = UNIX_EPOCH + Duration::from_millis(1_500);
    assert_eq!(perf_to_system(1_500.0), time);
    let later = Duration::from_millis(1_700_000_000_250);
    assert_eq!(perf_to_system(1_700_000_000_250.0), UNIX_EPOCH + later);
    assert_eq!(perf_to_system(-1.0), UNIX_EPOCH);
    assert_eq!(perf_to_system(f64::NAN), UNIX_EPOCH);
}

pub async fn texts_and_buffers_become_each_other() {
    let ab = ab_from_text("aß🚀");
    assert_eq!(Uint8Array::new(&ab).to_vec(), "aß🚀".as_bytes());
    assert_eq!(text_from_ab(&ab).as_deref(), Some("aß🚀"));
    assert_eq!(text_from_ab(&ab_from_text("")).as_deref(), Some(""));
    let array: Uint8Array = u8arr_from_vec(&[1, 2, 255]);
    assert_eq!(array.to_vec(), [1, 2, 255]);
    assert_eq!(array.buffer().byte_length(), 3);
    let copy = ab_dup(&ab);
    Uint8Array::new(&copy).set_index(0, b'b');
    assert_eq!(text_from_ab(&ab).as_deref(), Some("aß🚀"));
    assert_eq!(text_from_ab(&copy).as_deref(), Some("bß🚀"));
}

pub async fn files_are_fetched() {
    let response = fetch_and_response(&wasm_url()).await.unwrap();
    assert!(response.ok());
    let wasm = fetch_as_arraybuffer(&wasm_url()).await.unwrap();
    assert_eq!(Uint8Array::new(&wasm).to_vec()[..4], *b"\0asm");
    let glue = fetch_as_text(&glue_url()).await.unwrap();
    assert!(glue.contains("initSync"));
    // An answer of any status is one; only no answer is an error.
    let missing = fetch_and_response("/no/such/file").await.unwrap();
    assert_eq!(missing.status(), 404);
    assert!(fetch_as_text("/no/such/file").await.is_ok());
    assert!(fetch_as_text("http://[").await.is_err());
    assert!(
        fetch_as_arraybuffer("http://no-such-host.invalid/")
            .await
            .is_err()
    );
    // A worker does as well.
    let (th, url) = (mt().await.thread().and_init().await.unwrap(), glue_url());
    let length = exec!(th, async move || -> ResultJJ {
        Ok((fetch_as_text(&url).await?.len() as f64).into())
    });
    assert_eq!(length.await, Ok((glue.len() as f64).into()));
}

/// Runs `f` with what the console would show put into an array instead.
fn shown(f: impl Fn()) -> String {
    let console = Reflect::get(&js_sys::global(), &"console".into()).unwrap();
    let log = Reflect::get(&console, &"log".into()).unwrap();
    let lines = Array::new();
    let takes = Function::new_with_args("lines", "return (...line) => lines.push(line.join());");
    let takes = takes.call1(&JsValue::NULL, &lines).unwrap();
    Reflect::set(&console, &"log".into(), &takes).unwrap();
    f();
    Reflect::set(&console, &"log".into(), &log).unwrap();
    lines.join("\n").into()
}

fn shows() {
    let (a, b) = (1, "two");
    console_ln!("plain");
    console_ln!("a: {}, b: {:?}", a, b);
    wasm_mt::utils::console_ln!("{}", a + 1);
    console_ln!("{named}", named = "three",);
    debug_ln!("a: {}", a);
}

const SHOWN: &str = "plain\na: 1, b: \"two\"\n2\nthree\n👀 a: 1";

pub async fn console_ln_and_debug_ln_write_to_the_console() {
    assert_eq!(shown(shows), SHOWN);
    let th = mt().await.thread().and_init().await.unwrap();
    let there = exec!(th, move || Ok(shown(self::shows).into())).await;
    assert_eq!(there, Ok(SHOWN.into()));
    // In a closure as well, whose captures they name.
    let n = 5;
    let text = exec!(th, move || {
        let text = shown(|| console_ln!("n: {}", n));
        Ok(text.into())
    });
    assert_eq!(text.await, Ok("n: 5".into()));
}
