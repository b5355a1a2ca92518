//! Pictures, decoded, filtered and made small by a pool of workers, while the page goes on.
//!
//! `photo` decodes, `filter` sharpens, `thumbnail` does the whole of one picture, and `darkroom` has a pool do it. They run
//! natively as well, on native threads. `samples` makes pictures to try them on; `run` and `page` are what the page's own
//! scripts call, and `draw` puts a thumbnail on a canvas.

pub mod darkroom;
#[cfg(target_family = "wasm")]
mod draw;
pub mod filter;
#[cfg(target_family = "wasm")]
pub mod page;
pub mod photo;
#[cfg(target_family = "wasm")]
pub mod run;
pub mod samples;
pub mod thumbnail;
