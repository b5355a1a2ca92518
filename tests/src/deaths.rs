//! How a worker ends in a browser, and that it is noticed.

use js_sys::futures::JsFuture;
use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_mt::{checkpoint, job};

use crate::common::thread;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["navigator", "locks"], js_name = request)]
    fn request_lock(name: &str, held: &Function) -> Promise;
}

fn some_lock() -> String {
    format!("tests of wasm-mt {}", js_sys::Math::random())
}

/// Has the lock for as long as this worker lives.
async fn hold(lock: String) {
    let held = Promise::new(&mut |resolve, _| {
        let held = Closure::once_into_js(move || {
            resolve.call0(&JsValue::NULL).unwrap();
            Promise::new(&mut |_, _| {})
        });
        let _ = request_lock(&lock, held.unchecked_ref());
    });
    JsFuture::from(held).await.unwrap();
}

/// Waits until nobody has the lock any more.
async fn freed(lock: &str) {
    let held = Closure::once_into_js(|| {});
    JsFuture::from(request_lock(lock, held.unchecked_ref()))
        .await
        .unwrap();
}

pub async fn a_terminated_loop_really_ends_at_its_checkpoint() {
    let thread = thread().await;
    let lock = some_lock();
    let name = lock.clone();
    thread
        .spawn(job!(async |name| hold(name).await))
        .await
        .unwrap();
    let spins = thread.spawn(job!(|| -> () {
        loop {
            checkpoint();
        }
    }));
    spins.abort();
    assert!(spins.await.unwrap_err().is_cancelled());
    // Its worker has the lock until it ends.
    freed(&lock).await;
}
