//! What else 0.1 had: its small functions, and its lines on the console.

use std::time::{Duration, UNIX_EPOCH};

use js_sys::{Array, Function, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_mt::prelude::*;
use wasm_mt::utils::{
    Counter, ab_dup, ab_from_text, fetch_and_response, fetch_as_arraybuffer, fetch_as_text,
    perf_to_system, text_from_ab, u8arr_from_vec,
};
use wasm_mt::{console_ln, debug_ln};

use crate::compat::{ResultJJ, glue_url, mt};
use crate::compat_buffers::wasm_url;

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
    // To the millisecond, and below.
    for (millis, nanos) in [
        (1_700_000_000_123.0, 1_700_000_000_123_000_000),
        (1_700_000_000_250.5, 1_700_000_000_250_500_000),
        (0.25, 250_000),
    ] {
        let later = UNIX_EPOCH + Duration::from_nanos(nanos);
        assert_eq!(perf_to_system(millis), later, "{millis}");
    }
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
