//! The Julia set, drawn twice: by the page alone, and by threads.
//!
//! `julia` renders, `executor` says who renders what, and `page` is what the page's own script calls. All but the
//! last runs natively as well, on native threads.

pub mod executor;
pub mod julia;
#[cfg(target_family = "wasm")]
pub mod page;
