//! The Julia sets, to be walked about in while a pool of workers draws them; and how much faster several workers are than one
//! thread, with and without stealing.
//!
//! `view` says what is seen, `tile` cuts it, `explorer` has a pool draw it from coarse to fine, and `benchmark` has it drawn in three
//! ways. They run natively as well, on native threads. `screen`, `measure` and `page` are what the page's own scripts call. The
//! renderer is that of the example `parallel`.

pub mod benchmark;
pub mod clock;
pub mod explorer;
#[path = "../../parallel/src/julia.rs"]
pub mod julia;
pub mod map;
#[cfg(target_family = "wasm")]
pub mod measure;
#[cfg(target_family = "wasm")]
pub mod page;
pub mod report;
#[cfg(target_family = "wasm")]
pub mod screen;
pub mod tile;
pub mod view;

pub use view::render_view;
