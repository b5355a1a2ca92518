//! [`WasmWorkerPool`]: the workloads by the crate wasmworker, in the way that its README gives: a `WebWorkerPool` of a module that
//! is compiled once, functions by `#[webworker_fn]`, and `run`. Its own serialization is postcard, to which bytes are one piece as a
//! `ByteBuf`, and a number each as a `Vec<u8>`.

pub mod jobs;
pub mod start;

use futures::future::join_all;
use serde_bytes::ByteBuf;
use wasm_bindgen::prelude::*;
use wasmworker::pool::{Strategy, WorkerPoolOptions};
use wasmworker::{WebWorkerPool, webworker};

use crate::jobs::BANDS;
use crate::parcels::Parcels;
use jobs::{ww_band, ww_develop, ww_echo, ww_empty, ww_spin};

/// A pool. The methods are those of [`Pool`](crate::pool::Pool), but nothing fails: where a job does, the call never
/// ends.
#[wasm_bindgen]
pub struct WasmWorkerPool(WebWorkerPool);

#[wasm_bindgen]
impl WasmWorkerPool {
    /// Starts a pool.
    ///
    /// # Errors
    ///
    /// That it did not start.
    pub async fn start(workers: usize) -> Result<WasmWorkerPool, JsValue> {
        let mut options = WorkerPoolOptions::new();
        options.num_workers = Some(workers);
        options.precompile_wasm = Some(true);
        // In turns, which is its default, jobs one after the other would wake one worker after the other.
        options.strategy = Some(Strategy::LoadBased);
        match WebWorkerPool::with_options(options).await {
            Ok(pool) => Ok(WasmWorkerPool(pool)),
            Err(error) => Err(error.to_string().into()),
        }
    }

    /// Empty jobs, one after the other.
    pub async fn trips(&self, count: u32) -> f64 {
        let mut sum = 0.0;
        for n in 0..count {
            sum += f64::from(self.0.run(webworker!(ww_empty), &n).await);
        }
        sum
    }

    /// Empty jobs, all at once, as its `par_map` has them.
    pub async fn empty(&self, count: u32) -> f64 {
        let numbers: Vec<u32> = (0..count).collect();
        let jobs = numbers.iter().map(|n| self.0.run(webworker!(ww_empty), n));
        join_all(jobs).await.into_iter().map(f64::from).sum()
    }

    /// The Julia set.
    pub async fn julia(&self) -> Parcels {
        let places: Vec<u32> = (0..BANDS).collect();
        let jobs = places.iter().map(|at| self.0.run(webworker!(ww_band), at));
        let bands = join_all(jobs).await;
        let bands: Vec<&[u8]> = bands.iter().map(|band| &band[..]).collect();
        Parcels(vec![bands.concat()])
    }

    /// The photographs.
    pub async fn pictures(&self, photos: Parcels) -> Parcels {
        let photos: Vec<ByteBuf> = photos.0.into_iter().map(ByteBuf::from).collect();
        let jobs = photos
            .iter()
            .map(|photo| self.0.run(webworker!(ww_develop), photo));
        let small = join_all(jobs).await;
        Parcels(small.into_iter().map(ByteBuf::into_vec).collect())
    }

    /// Jobs of unequal lengths. Gives the sum of their results.
    pub async fn skewed(&self, turns: Vec<u32>) -> f64 {
        let jobs = turns
            .iter()
            .map(|turns| self.0.run(webworker!(ww_spin), turns));
        join_all(jobs).await.into_iter().map(f64::from).sum()
    }

    /// Bytes to a worker and back.
    pub async fn bytes(&self, mut parcels: Parcels, times: u32) -> Parcels {
        for _ in 0..times {
            let bytes = ByteBuf::from(parcels.take(0));
            let back = self.0.run(webworker!(ww_echo), &bytes).await;
            parcels.put(0, back.into_vec());
        }
        parcels
    }
}
