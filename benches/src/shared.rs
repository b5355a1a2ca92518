//! What shared memory is there for, by a [`Pool`] of either fabric: the workloads of the group `shared`.

use serde_bytes::ByteBuf;
use wasm_bindgen::prelude::*;
use wasm_mt_pool::wasm_mt::{Buffer, Job};

use crate::jobs::{self, BANDS};
use crate::parcels::Parcels;
use crate::pool::{Pool, now};

/// Trips that are timed together: a clock may tick as slowly as one of them takes.
const TOGETHER: u32 = 10;

#[wasm_bindgen]
impl Pool {
    /// How long an empty job takes there and back, each spawned when the one before has answered: milliseconds, the one in the
    /// middle of some means.
    ///
    /// # Errors
    ///
    /// That one of them failed.
    #[wasm_bindgen(js_name = tripInTheMiddle)]
    pub async fn trip_in_the_middle(&self, count: u32) -> Result<f64, JsValue> {
        let mut means = Vec::new();
        for _ in 0..count / TOGETHER {
            let began = now();
            self.trips(TOGETHER).await?;
            means.push((now() - began) / f64::from(TOGETHER));
        }
        means.sort_by(f64::total_cmp);
        let middle = means.get(means.len() / 2).copied();
        middle.ok_or_else(|| "too few trips to have one in the middle".into())
    }

    /// The Julia set in bands, whose pixels are plain bytes of their jobs' results: they fit into shared memory.
    ///
    /// # Errors
    ///
    /// That one of them failed.
    pub async fn bands(&self) -> Result<Parcels, JsValue> {
        let band = |at| ByteBuf::from(jobs::band(at));
        let bands = self.pool.map(0..BANDS, band).await?;
        let bands: Vec<&[u8]> = bands.iter().map(|band| &band[..]).collect();
        Ok(Parcels(vec![bands.concat()]))
    }

    /// The Julia set in two halves, one for each worker: no pool does less.
    ///
    /// # Errors
    ///
    /// That one of them failed.
    pub async fn halves(&self) -> Result<Parcels, JsValue> {
        let half = |half: u32| {
            let places = half * BANDS / 2..(half + 1) * BANDS / 2;
            let bands: Vec<Vec<u8>> = places.map(jobs::band).collect();
            Buffer(bands.concat())
        };
        let halves = [0, 1].map(|at: u32| self.pool.spawn(Job::new(at, half)));
        let mut picture = Vec::new();
        for handle in halves {
            let Buffer(half) = handle.await?;
            picture.extend(half);
        }
        Ok(Parcels(vec![picture]))
    }
}
