//! What the page calls to measure a pool: jobs that do nothing, one job at a time, jobs of unequal lengths, and a picture.

use std::hint::black_box;

use wasm_bindgen::prelude::*;
use wasm_mt_pool::ThreadPool;
use wasm_mt_pool::wasm_mt::{Buffer, JoinHandle, job};

use crate::julia::{self, SIDE};

/// Parts of the picture, of as many rows each.
const BANDS: u32 = 40;

/// Turns of a job that calibrates.
const SAMPLE: u32 = 10_000_000;
/// The quickest of them was not disturbed.
const SAMPLES: u32 = 20;

/// A pool, and what has come back from it.
#[wasm_bindgen]
pub struct Pool {
    pool: ThreadPool,
    picture: Vec<u8>,
}

/// How a run of jobs of unequal lengths went, in milliseconds.
#[wasm_bindgen]
pub struct Skewed {
    /// From the first spawn to the last result.
    pub makespan: f64,
    /// What the jobs took themselves, all together, by the clocks of their workers.
    pub work: f64,
}

#[wasm_bindgen]
impl Pool {
    /// Starts a pool.
    ///
    /// # Errors
    ///
    /// That it did not start.
    pub async fn start(workers: usize) -> Result<Pool, JsValue> {
        Ok(Pool {
            pool: ThreadPool::builder().workers(workers).build().await?,
            picture: Vec::new(),
        })
    }

    /// So many empty jobs by `map`. Gives the sum of their numbers.
    ///
    /// # Errors
    ///
    /// That one of them failed.
    pub async fn map(&self, count: u32) -> Result<f64, JsValue> {
        let numbers = self.pool.map(0..count, empty).await?;
        Ok(numbers.into_iter().map(f64::from).sum())
    }

    /// So many empty jobs by `spawn`, each handle awaited. Gives the sum of their numbers.
    ///
    /// # Errors
    ///
    /// That one of them failed.
    pub async fn spawn(&self, count: u32) -> Result<f64, JsValue> {
        let handles: Vec<JoinHandle<u32>> = (0..count)
            .map(|n| self.pool.spawn(job!(|n| empty(n))))
            .collect();
        let mut sum = 0.0;
        for handle in handles {
            sum += f64::from(handle.await?);
        }
        Ok(sum)
    }

    /// So many empty jobs, each spawned when the one before has answered. Gives the sum of their numbers.
    ///
    /// # Errors
    ///
    /// That one of them failed.
    pub async fn trips(&self, count: u32) -> Result<f64, JsValue> {
        let mut sum = 0.0;
        for n in 0..count {
            let n: u32 = self.pool.spawn(job!(|n| empty(n))).await?;
            sum += f64::from(n);
        }
        Ok(sum)
    }

    /// How many turns a worker that has a core to itself makes in a millisecond.
    ///
    /// # Errors
    ///
    /// That a job failed.
    pub async fn calibrate(&self) -> Result<f64, JsValue> {
        let mut quickest = f64::INFINITY;
        for _ in 0..SAMPLES {
            let turns = SAMPLE;
            let took: f64 = self.pool.spawn(job!(|turns| work(turns))).await?;
            quickest = quickest.min(took);
        }
        Ok(f64::from(SAMPLE) / quickest)
    }

    /// A job of so many turns for each element, all spawned at once.
    ///
    /// # Errors
    ///
    /// That one of them failed.
    pub async fn skewed(&self, turns: Vec<u32>) -> Result<Skewed, JsValue> {
        let began = now();
        let handles: Vec<JoinHandle<f64>> = turns
            .into_iter()
            .map(|turns| self.pool.spawn(job!(|turns| work(turns))))
            .collect();
        let mut sum = 0.0;
        for handle in handles {
            sum += handle.await?;
        }
        Ok(Skewed {
            makespan: now() - began,
            work: sum,
        })
    }

    /// The picture by `map`, a job for each of its bands.
    ///
    /// # Errors
    ///
    /// That one of them failed.
    pub async fn julia(&mut self) -> Result<(), JsValue> {
        let bands = self.pool.map(0..BANDS, |at| Buffer(band(at))).await?;
        self.picture.clear();
        for Buffer(band) in bands {
            self.picture.extend_from_slice(&band);
        }
        Ok(())
    }

    /// These are the pixels of the picture.
    #[wasm_bindgen(js_name = isPicture)]
    pub fn is_picture(&self, pixels: &[u8]) -> bool {
        self.picture == pixels
    }
}

/// The job that does nothing.
#[wasm_bindgen]
pub fn empty(n: u32) -> u32 {
    n
}

/// Bands of the picture, from the first one each that is `step` further: what a worker of the floor renders.
#[wasm_bindgen]
pub fn bands(first: u32, step: usize) -> Vec<u8> {
    let mut pixels = Vec::new();
    for at in (first..BANDS).step_by(step) {
        pixels.append(&mut band(at));
    }
    pixels
}

/// How many bands the picture has.
#[wasm_bindgen(js_name = bandCount)]
pub fn band_count() -> u32 {
    BANDS
}

/// 800 × 800 points, followed for 900 steps.
fn band(at: u32) -> Vec<u8> {
    let [classic, ..] = julia::pictures();
    let rows = SIDE / BANDS;
    julia::render_rows(&classic, at * rows..(at + 1) * rows)
}

/// Keeps a core busy for so many turns, and says how long.
fn work(turns: u32) -> f64 {
    let began = now();
    // Marsaglia's xorshift32, https://doi.org/10.18637/jss.v008.i14: each turn needs the one before.
    let state = (0..turns).fold(1_u32, |mut state, _| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^ (state << 5)
    });
    black_box(state);
    now() - began
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance)]
    fn now() -> f64;
}
