//! The Julia set, drawn twice: by the page alone, and by threads.
//!
//! `julia` renders, `executor` says who renders what, `classic` has the form of 0.1, and `page` is what the page's own script
//! calls. The first two run natively as well, on native threads.

#[cfg(target_family = "wasm")]
pub mod classic;
pub mod executor;
pub mod julia;
#[cfg(target_family = "wasm")]
pub mod page;
