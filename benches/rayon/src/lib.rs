//! The module in which rayon is measured: the same jobs and the same padding as in the page's own, on threads that share a memory.
//! Its functions block whoever calls them, which is a worker. See `../../peers/rayon.js`.

#![cfg(target_feature = "atomics")]

// As which the filter of the pictures knows the library.
extern crate self as wasm_mt;

#[path = "../../../examples/images/src/filter.rs"]
pub mod filter;
#[path = "../../src/jobs.rs"]
pub mod jobs;
#[path = "../../../examples/parallel/src/julia.rs"]
pub mod julia;
#[path = "../../src/parcels.rs"]
pub mod parcels;

use rayon::prelude::*;
use wasm_bindgen::prelude::*;

pub use wasm_bindgen_rayon::init_thread_pool;

use crate::jobs::BANDS;
use crate::parcels::Parcels;

/// What makes the module large.
static PADDING: [u8; include_bytes!(concat!(env!("OUT_DIR"), "/padding.bin")).len()] =
    *include_bytes!(concat!(env!("OUT_DIR"), "/padding.bin"));

/// Here no job is ever stopped.
pub fn checkpoint() {}

/// A byte of the padding, by each thread.
#[wasm_bindgen]
pub fn answers() -> Vec<u8> {
    rayon::broadcast(|thread| PADDING[thread.index() % PADDING.len()])
}

/// One empty job on a thread.
#[wasm_bindgen]
pub fn trip(n: u32) -> u32 {
    rayon::scope(|_| jobs::empty(n))
}

/// So many empty jobs. Gives the sum of their numbers.
#[wasm_bindgen]
pub fn empties(count: u32) -> f64 {
    let jobs = (0..count).into_par_iter().map(jobs::empty);
    jobs.map(f64::from).sum()
}

/// The Julia set.
#[wasm_bindgen]
pub fn picture() -> Vec<u8> {
    let bands: Vec<Vec<u8>> = (0..BANDS).into_par_iter().map(jobs::band).collect();
    bands.concat()
}

/// Makes thumbnails of photographs.
#[wasm_bindgen]
pub fn develop_all(photos: &mut Parcels) {
    photos
        .0
        .par_iter_mut()
        .for_each(|photo| *photo = jobs::develop(std::mem::take(photo)));
}

/// Jobs of unequal lengths. Gives the sum of their results.
#[wasm_bindgen]
pub fn skewed(turns: Vec<u32>) -> f64 {
    let jobs = turns.into_par_iter().map(jobs::spin);
    jobs.map(f64::from).sum()
}

/// The first parcel to a thread and back, which moves nothing but its address.
#[wasm_bindgen]
pub fn pass(parcels: &mut Parcels) {
    let bytes = parcels.take(0);
    parcels.put(0, rayon::scope(|_| jobs::echo(bytes)));
}
