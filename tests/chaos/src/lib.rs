//! The page of the chaos soak: jobs of all kinds at random, with faults among them, for a given time. `page.js` runs it and
//! compares what there was before with what is left.
//!
//! `soak` draws epochs of a pool and some threads, `round` the jobs of one, `beside` what else its pool does; `work` and
//! `channels` make the jobs. `model` says what each handle may give, and is all that judges. A seed draws the same again; when
//! things happen is the browser's affair.
#![cfg(target_family = "wasm")] // natively there is no page to answer

mod beside;
mod channels;
mod figures;
mod model;
mod page;
mod picky;
mod random;
mod round;
mod running;
mod soak;
mod work;

use wasm_bindgen::prelude::*;

use self::soak::Soak;

/// How many epochs it takes until all that is made once has been made.
const WARM_UP: u32 = 8;

/// Makes what is made once, and has the memory grow to what a soak needs at most.
///
/// # Errors
///
/// As [`soak`].
#[wasm_bindgen]
pub async fn warm_up(seed: u64, checkpoint: bool) -> Result<(), JsValue> {
    figures::reserve();
    let mut soak = Soak::new(!seed, checkpoint);
    for _ in 0..WARM_UP {
        soak.epoch(true).await?;
    }
    Ok(())
}

/// Soaks for so many seconds, and says what came of it.
///
/// # Errors
///
/// The first handle that did not give what it may, or nothing in time.
#[wasm_bindgen]
pub async fn soak(seed: u64, seconds: f64, checkpoint: bool) -> Result<String, JsValue> {
    let end = js_sys::Date::now() + seconds * 1000.0;
    let mut soak = Soak::new(seed, checkpoint);
    while js_sys::Date::now() < end {
        soak.epoch(false).await?;
    }
    Ok(soak.told())
}

/// What this instance holds: live allocations, their bytes, references to JavaScript's values, and pages of memory.
#[wasm_bindgen]
pub fn figures() -> Vec<f64> {
    figures::live()
}

/// After all of it a pool computes something.
///
/// # Errors
///
/// That it does not.
#[wasm_bindgen]
pub async fn goes_on() -> Result<(), JsValue> {
    let pool = wasm_mt_pool::ThreadPool::start().await?;
    let squares = pool.map(0..1000u64, |n| n * n).await?;
    let sum: u64 = squares.iter().sum();
    if sum == 332_833_500 {
        Ok(())
    } else {
        Err(format!("the squares of 0 to 999 sum up to {sum}").into())
    }
}
