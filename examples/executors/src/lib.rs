//! A serial and a parallel executor over the same threads, in the form of wasm-mt 0.1.
#![cfg(target_family = "wasm")] // natively there is no page to show anything

use futures::future::try_join_all;
use js_sys::Array;
use wasm_bindgen::prelude::*;
use wasm_mt::Thread;
use wasm_mt::prelude::*;

/// Threads that count primes.
#[wasm_bindgen]
pub struct Threads(Vec<Thread>);

#[wasm_bindgen]
impl Threads {
    /// Starts so many threads.
    pub async fn start(pkg_js: String, count: usize) -> Result<Threads, JsValue> {
        let mt = WasmMt::new(&pkg_js).and_init().await?;
        let threads = (0..count).map(|_| mt.thread().and_init());
        Ok(Threads(try_join_all(threads).await?))
    }

    /// One job after the other, each in the next thread.
    pub async fn serial(&self) -> Result<Array, JsValue> {
        let parts = self.0.len();
        let answers = Array::new();
        for (part, th) in self.0.iter().enumerate() {
            answers.push(&exec!(th, move || job(part, parts)).await?);
        }
        Ok(answers)
    }

    /// All jobs at the same time, each in its thread.
    pub async fn parallel(&self) -> Result<Array, JsValue> {
        let parts = self.0.len();
        let threads = self.0.iter().enumerate();
        let answers = threads.map(|(part, th)| exec!(th, move || job(part, parts)));
        Ok(Array::from_iter(try_join_all(answers).await?))
    }
}

/// Counts the primes of one part of the numbers: how many they are, and when that began and ended.
fn job(part: usize, parts: usize) -> Result<JsValue, JsValue> {
    let began = clock();
    let numbers = LIMIT * part / parts..LIMIT * (part + 1) / parts;
    let primes = numbers.filter(|&n| is_prime(n)).count();
    Ok(Array::of3(&primes.into(), &began.into(), &clock().into()).into())
}

const LIMIT: usize = 3_000_000;

fn is_prime(n: usize) -> bool {
    let mut divisors = (2..).take_while(|d| d * d <= n);
    n >= 2 && divisors.all(|d| !n.is_multiple_of(d))
}

/// Milliseconds on a clock that the page and its threads share.
fn clock() -> f64 {
    TIME_ORIGIN.with(|origin| origin + now())
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance)]
    fn now() -> f64;
    #[wasm_bindgen(thread_local_v2, js_namespace = performance, js_name = timeOrigin)]
    static TIME_ORIGIN: f64;
}
