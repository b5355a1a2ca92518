//! The page of the second harness: `cargo xtask test` opens it with a case in its query, and it posts what came out.
//!
//! `cases` lists the cases and holds most of them; `faults` is the fault matrix; `harness` is what they ask of the server
//! around them. Which faults,
//! headers and glue a case runs under stands in the table of the harness (`crates/xtask/src/conditions.rs`), which refuses
//! a case that it does not list.

#[cfg(target_arch = "wasm32")]
mod cases;
#[cfg(target_arch = "wasm32")]
mod compat;
#[cfg(target_arch = "wasm32")]
mod faults;
#[cfg(target_arch = "wasm32")]
mod harness;
#[cfg(target_arch = "wasm32")]
mod starts;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen::prelude::*;

/// Runs the case called `name` and gives what it has to say.
///
/// # Errors
///
/// What the case failed with, or that there is no such case.
#[cfg(target_arch = "wasm32")]
#[wasm_bindgen]
pub async fn run_case(name: String) -> Result<String, JsValue> {
    cases::run(&name).await
}

/// The names of all cases.
#[cfg(target_arch = "wasm32")]
#[wasm_bindgen]
pub fn case_names() -> Vec<String> {
    cases::NAMES.iter().map(|&name| name.to_owned()).collect()
}

/// Causes the fault called `id` on a `thread` or in a `pool`, and gives what came of it, as JSON.
///
/// # Errors
/// Where that is not what it should be.
#[cfg(target_arch = "wasm32")]
#[wasm_bindgen]
pub async fn run_fault(id: String, on: String) -> Result<String, JsValue> {
    faults::run(&id, &on).await
}

/// Causes all faults in turn in one pool, which then draws a picture.
///
/// # Errors
/// That of the first fault after which something is not as it should be.
#[cfg(target_arch = "wasm32")]
#[wasm_bindgen]
pub async fn run_all_faults(on: String) -> Result<String, JsValue> {
    faults::run_all(&on).await
}

/// All faults, as JSON.
///
/// # Errors
/// None that is known.
#[cfg(target_arch = "wasm32")]
#[wasm_bindgen]
pub fn list_faults() -> Result<String, JsValue> {
    faults::list()
}

/// What the other build has more: a job, which takes its places in the table, and a static.
///
/// # Errors
///
/// The thread's or the job's.
#[cfg(all(feature = "other", target_arch = "wasm32"))]
#[wasm_bindgen]
pub async fn more() -> Result<u32, JsValue> {
    use std::sync::atomic::{AtomicU32, Ordering};
    use wasm_mt::{Thread, job};
    static COUNT: AtomicU32 = AtomicU32::new(1);
    let thread = Thread::start().await?;
    // ORDERING: Relaxed; nothing else depends on it.
    let count = thread.spawn(job!(|| COUNT.fetch_add(1, Ordering::Relaxed)));
    Ok(count.await?)
}
