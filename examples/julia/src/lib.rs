//! The Julia sets, to be walked about in while a pool of workers draws them; and how much faster several workers are than one
//! thread, with and without stealing.
//!
//! `view` says what is seen, `tile` cuts it, `explorer` has a pool draw it from coarse to fine, `kept` what will do until then,
//! `benchmark` has it drawn in three ways, of which `report` tells, and `blocked` while nobody looks after the workers. They run
//! natively as well, on native threads. `screen`, `measure`, `block_page` and `page` are what the page's own scripts call. The renderer is that of the example `parallel`.

pub mod benchmark;
#[cfg(target_family = "wasm")]
mod block_page;
pub mod blocked;
pub mod clock;
pub mod explorer;
#[path = "../../parallel/src/julia.rs"]
pub mod julia;
pub mod kept;
pub mod map;
#[cfg(target_family = "wasm")]
pub mod measure;
#[cfg(target_family = "wasm")]
pub mod page;
pub mod palette;
pub mod report;
#[cfg(target_family = "wasm")]
pub mod screen;
#[cfg(target_family = "wasm")]
mod surface;
pub mod tile;
pub mod view;

pub use view::render_view;
