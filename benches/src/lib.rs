//! The module that the benchmark page measures: the same file for wasm-mt and for the hand-written JavaScript beside it.

/// What makes the module large. Read by `answer` at places that only the caller knows, so all of it stays.
static PADDING: [u8; include_bytes!(concat!(env!("OUT_DIR"), "/padding.bin")).len()] =
    *include_bytes!(concat!(env!("OUT_DIR"), "/padding.bin"));

#[cfg(target_arch = "wasm32")]
pub mod buffer;
// By its file: the crate that it is of has exports of its own, under names that are taken here.
#[cfg(target_arch = "wasm32")]
#[path = "../../examples/parallel/src/julia.rs"]
pub mod julia;
#[cfg(target_arch = "wasm32")]
pub mod pool;
#[cfg(target_arch = "wasm32")]
pub mod start;

/// The trivial job: a byte of the padding.
#[cfg_attr(target_arch = "wasm32", wasm_bindgen::prelude::wasm_bindgen)]
pub fn answer(place: u32) -> u8 {
    PADDING[place as usize % PADDING.len()]
}
