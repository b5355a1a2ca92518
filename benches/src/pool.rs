//! [`Pool`]: the workloads by a `ThreadPool`, as README has it.

use wasm_bindgen::prelude::*;
use wasm_mt_pool::wasm_mt::{Buffer, JoinHandle, job};
use wasm_mt_pool::{Fabric, ThreadPool};

use crate::jobs::{self, BANDS};
use crate::parcels::Parcels;

/// A pool whose workers have each answered once.
#[wasm_bindgen]
pub struct Pool {
    pub(crate) pool: ThreadPool,
    answers: Vec<u8>,
}

/// What jobs of unequal lengths gave.
#[wasm_bindgen]
pub struct Skewed {
    /// Of their results.
    pub sum: f64,
    /// What they took themselves, all together, by the clocks of their workers: milliseconds.
    pub work: f64,
}

#[wasm_bindgen]
impl Pool {
    /// Starts a pool whose jobs travel through shared memory, or else by messages.
    ///
    /// # Errors
    ///
    /// That it did not start; for shared memory, that this page has none.
    pub async fn start(workers: usize, shared: bool) -> Result<Pool, JsValue> {
        let fabric = fabric(shared);
        let pool = ThreadPool::builder().workers(workers).fabric(fabric);
        let pool = pool.build().await?;
        let answers = pool.broadcast(|place| {
            let place = place as u32;
            job!(|place| crate::answer(place))
        });
        let answers: Result<Vec<u8>, _> = answers.await.into_iter().collect();
        Ok(Pool {
            pool,
            answers: answers?,
        })
    }

    /// What each worker answered.
    pub fn answers(&self) -> Vec<u8> {
        self.answers.clone()
    }

    /// So many empty jobs, each spawned when the one before has answered. Gives the sum of their numbers.
    ///
    /// # Errors
    ///
    /// That one of them failed.
    pub async fn trips(&self, count: u32) -> Result<f64, JsValue> {
        let mut sum = 0.0;
        for n in 0..count {
            let n: u32 = self.pool.spawn(job!(|n| jobs::empty(n))).await?;
            sum += f64::from(n);
        }
        Ok(sum)
    }

    /// So many empty jobs by `map`. Gives the sum of their numbers.
    ///
    /// # Errors
    ///
    /// That one of them failed.
    pub async fn map(&self, count: u32) -> Result<f64, JsValue> {
        let numbers = self.pool.map(0..count, jobs::empty).await?;
        Ok(numbers.into_iter().map(f64::from).sum())
    }

    /// So many empty jobs by `spawn`, each handle awaited. Gives the sum of their numbers.
    ///
    /// # Errors
    ///
    /// That one of them failed.
    pub async fn spawn(&self, count: u32) -> Result<f64, JsValue> {
        let handles: Vec<JoinHandle<u32>> = (0..count)
            .map(|n| self.pool.spawn(job!(|n| jobs::empty(n))))
            .collect();
        let mut sum = 0.0;
        for handle in handles {
            sum += f64::from(handle.await?);
        }
        Ok(sum)
    }

    /// The Julia set, a job for each band.
    ///
    /// # Errors
    ///
    /// That one of them failed.
    pub async fn julia(&self) -> Result<Parcels, JsValue> {
        let bands = self.pool.map(0..BANDS, |at| Buffer(jobs::band(at))).await?;
        let bands: Vec<&[u8]> = bands.iter().map(|Buffer(band)| &band[..]).collect();
        Ok(Parcels(vec![bands.concat()]))
    }

    /// Develops each of the photographs.
    ///
    /// # Errors
    ///
    /// That a job failed.
    pub async fn pictures(&self, photos: Parcels) -> Result<Parcels, JsValue> {
        let photos = photos.0.into_iter().map(Buffer);
        let small = self
            .pool
            .map(photos, |Buffer(photo)| Buffer(jobs::develop(photo)));
        let small = small.await?;
        Ok(Parcels(small.into_iter().map(|Buffer(it)| it).collect()))
    }

    /// A job of so many turns for each element, all at once.
    ///
    /// # Errors
    ///
    /// That one of them failed.
    pub async fn skewed(&self, turns: Vec<u32>) -> Result<Skewed, JsValue> {
        let timed = |turns| {
            let began = now();
            (jobs::spin(turns), now() - began)
        };
        let mut all = Skewed {
            sum: 0.0,
            work: 0.0,
        };
        for (result, took) in self.pool.map(turns, timed).await? {
            all.sum += f64::from(result);
            all.work += took;
        }
        Ok(all)
    }

    /// Sends the first parcel to a worker and takes back what it answers, `times` times, one after the other.
    ///
    /// # Errors
    ///
    /// That a job failed.
    pub async fn bytes(&self, mut parcels: Parcels, times: u32) -> Result<Parcels, JsValue> {
        for _ in 0..times {
            let bytes = Buffer(parcels.take(0));
            let Buffer(back) = self.pool.spawn(job!(|bytes| bytes)).await?;
            parcels.put(0, back);
        }
        Ok(parcels)
    }
}

/// Never what the page would choose by itself: a row says of which fabric it is.
pub(crate) fn fabric(shared: bool) -> Fabric {
    if shared { Fabric::Shared } else { Fabric::Post }
}

#[wasm_bindgen]
extern "C" {
    /// Milliseconds on this thread's own clock.
    #[wasm_bindgen(js_namespace = performance)]
    pub(crate) fn now() -> f64;
}
