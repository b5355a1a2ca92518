//! What `page.js` sees beside [`Screen`](crate::screen::Screen) and [`Benchmark`](crate::measure::Benchmark): the workers, the
//! map, and what there is to choose from.

use js_sys::Uint8ClampedArray;
use wasm_bindgen::prelude::*;
use wasm_mt::{Buffer, Thread, job};
use wasm_mt_pool::{Fabric, ThreadPool};
use web_sys::ImageData;

use crate::{blocked, map};

/// A pool of workers. Dropped, it ends them.
#[wasm_bindgen]
pub struct Workers {
    pool: ThreadPool,
}

#[wasm_bindgen]
impl Workers {
    /// Starts so many workers. Their jobs travel as `fabric` says: `shared`, `post`, or what the page has.
    pub async fn start(count: usize, fabric: &str) -> Result<Workers, JsValue> {
        // Whatever is aborted here ends by itself within some milliseconds: no worker need be replaced for that. So no job has a
        // `checkpoint` either, at which one that is aborted would end with its instance.
        let threads = Thread::builder().abort_grace(None);
        let pool = ThreadPool::builder().workers(count).threads(threads);
        let pool = pool.fabric(match fabric {
            "shared" => Fabric::Shared,
            "post" => Fabric::Post,
            _ => Fabric::Auto,
        });
        let pool = pool.build().await?;
        Ok(Workers { pool })
    }

    /// How their jobs travel: `shared` or `post`.
    #[wasm_bindgen(getter)]
    pub fn fabric(&self) -> String {
        blocked::name(self.pool.fabric()).to_owned()
    }

    /// How many they are.
    #[wasm_bindgen(getter)]
    pub fn count(&self) -> usize {
        self.pool.workers()
    }

    /// From now on there are so many. Resolves when all are up.
    pub async fn resize(&self, count: usize) -> Result<(), JsValue> {
        Ok(self.pool.resize(count).await?)
    }

    /// Has a worker draw the map of all c.
    pub async fn map(&self, width: u32, height: u32) -> Result<ImageData, JsValue> {
        let drawn = self
            .pool
            .spawn(job!(|width, height| Buffer(map::render(width, height))));
        image(&drawn.await?, width, height)
    }
}

impl Workers {
    pub(crate) fn pool(&self) -> &ThreadPool {
        &self.pool
    }
}

/// The c at a place of the map, both from 0 to 1.
#[wasm_bindgen(js_name = mapAt)]
pub fn map_at(x: f64, y: f64) -> Vec<f64> {
    let (re, im) = map::at(x, y);
    vec![re, im]
}

/// Where on the map a c is: the inverse of `mapAt`.
#[wasm_bindgen(js_name = mapPlace)]
pub fn map_place(re: f64, im: f64) -> Vec<f64> {
    let (x, y) = map::place(re, im);
    vec![x, y]
}

/// How many workers the page starts unless told otherwise.
#[wasm_bindgen(js_name = defaultWorkers)]
pub fn default_workers() -> usize {
    wasm_mt::available_parallelism().clamp(1, 4)
}

/// How many the machine can run at the same time, as the browser tells.
#[wasm_bindgen]
pub fn cores() -> usize {
    wasm_mt::available_parallelism()
}

/// The version of the library.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// Pixels for a canvas. A copy: an ImageData made of `Clamped(&rgba)` would go on looking at this memory when it is long freed.
pub(crate) fn image(rgba: &[u8], width: u32, height: u32) -> Result<ImageData, JsValue> {
    let pixels = Uint8ClampedArray::from(rgba);
    ImageData::new_with_js_u8_clamped_array_and_sh(&pixels, width, height)
}
