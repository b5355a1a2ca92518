//! A web server without a network: requests come in, and a pool of workers answers them. In the form of wasm-mt-pool 0.1.
#![cfg(target_family = "wasm")] // natively there is no page to show anything

use js_sys::{Array, Error, Function};
use wasm_bindgen::prelude::*;
use wasm_mt_pool::prelude::*;
use wasm_mt_pool::wasm_mt;
use wasm_mt_pool::wasm_mt::utils::sleep;

/// A server whose workers make the responses.
#[wasm_bindgen]
pub struct Server(ThreadPool);

#[wasm_bindgen]
impl Server {
    /// Opens it with so many workers.
    pub async fn open(pkg_js: String, workers: usize) -> Result<Server, JsValue> {
        let pool = ThreadPool::new(workers, &pkg_js).and_init().await?;
        Ok(Server(pool))
    }

    /// Takes a request, and calls `respond` with the response.
    pub fn request(&self, path: String, respond: Function) {
        let cb = move |result: Result<JsValue, JsValue>| {
            let response = result.unwrap_or_else(failed);
            // What it throws is told by the browser.
            let _ = respond.call1(&JsValue::NULL, &response);
        };
        let pool = &self.0;
        match path.as_str() {
            "/" => pool_exec!(pool, move || ok(clock(), "hello"), cb),
            "/primes" => pool_exec!(pool, move || primes(), cb),
            "/archive" => pool_exec!(pool, async move || archive().await, cb),
            "/crash" => pool_exec!(pool, move || crash(), cb),
            _ => pool_exec!(pool, move || not_found(path), cb),
        }
    }

    /// How many requests wait for a worker.
    pub fn waiting(&self) -> usize {
        self.0.count_pending_jobs()
    }

    /// Drops the pool: what it has not answered, it answers now.
    pub fn close(self) {}
}

/// A page that takes a worker a while to make.
fn primes() -> Result<JsValue, JsValue> {
    let began = clock();
    let count = (2..LIMIT).filter(|&n| is_prime(n)).count();
    ok(began, &format!("{count} primes below {LIMIT}"))
}

const LIMIT: u32 = 2_000_000;

fn is_prime(n: u32) -> bool {
    (2..)
        .take_while(|d| d * d <= n)
        .all(|d| !n.is_multiple_of(d))
}

/// A page that comes from far away: its worker serves others meanwhile.
async fn archive() -> Result<JsValue, JsValue> {
    let began = clock();
    sleep(700).await;
    ok(began, "a page from the archive")
}

/// A bug. The pool goes on, with a fresh worker.
fn crash() -> Result<JsValue, JsValue> {
    let visits: Vec<u32> = Vec::new();
    let most = visits.iter().max().expect("nobody is there");
    ok(clock(), &format!("at most {most} visits"))
}

fn not_found(path: String) -> Result<JsValue, JsValue> {
    response(404, clock(), &format!("there is no {path}"))
}

fn ok(began: f64, body: &str) -> Result<JsValue, JsValue> {
    response(200, began, body)
}

/// Status, body, the worker that made it, and when that began and ended.
fn response(status: u32, began: f64, body: &str) -> Result<JsValue, JsValue> {
    let worker = wasm_mt::current().map_or(0, |thread| thread.id() as u32);
    let made = Array::of3(&worker.into(), &began.into(), &clock().into());
    Ok(Array::of2(&status.into(), &body.into())
        .concat(&made)
        .into())
}

/// The response where a worker made none: it died, or the pool has ended.
fn failed(error: JsValue) -> JsValue {
    let (status, body) = match error.dyn_into::<Error>() {
        Ok(error) => (500, String::from(error.message())),
        Err(reason) => (503, reason.as_string().unwrap_or_default()),
    };
    Array::of2(&status.into(), &body.into()).into()
}

/// Milliseconds on a clock that the page and its workers share.
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
