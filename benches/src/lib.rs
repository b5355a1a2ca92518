//! The module that the benchmark page measures: the same file for wasm-mt and for all that it is measured beside. Only rayon
//! needs another, which is of the same sources: `rayon/`.

/// What makes the module large. Read by `answer` at places that only the caller knows, so all of it stays.
static PADDING: [u8; include_bytes!(concat!(env!("OUT_DIR"), "/padding.bin")).len()] =
    *include_bytes!(concat!(env!("OUT_DIR"), "/padding.bin"));

// By their files: the crates that they are of have exports of their own, under names that are taken here.
#[cfg(target_arch = "wasm32")]
#[path = "../../examples/images/src/filter.rs"]
pub mod filter;
#[cfg(target_arch = "wasm32")]
pub mod fork;
#[cfg(target_arch = "wasm32")]
pub mod jobs;
#[cfg(target_arch = "wasm32")]
#[path = "../../examples/parallel/src/julia.rs"]
pub mod julia;
#[cfg(target_arch = "wasm32")]
pub mod owner;
#[cfg(target_arch = "wasm32")]
pub mod parcels;
#[cfg(target_arch = "wasm32")]
pub mod pool;
#[cfg(target_arch = "wasm32")]
pub mod shared;
#[cfg(target_arch = "wasm32")]
pub mod threads;
#[cfg(all(target_arch = "wasm32", feature = "peers"))]
pub mod wasmworker;

/// The first answer of a worker: a byte of the padding.
#[cfg_attr(target_arch = "wasm32", wasm_bindgen::prelude::wasm_bindgen)]
pub fn answer(place: u32) -> u8 {
    PADDING[place as usize % PADDING.len()]
}
