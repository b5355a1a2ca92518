//! Three programs, each written once. In a page, natively and as a WASI guest they give the same bytes.
//!
//! `picture` draws, `words` counts and `sort` sorts, each by a pool; `program` reads from arguments which of them is meant. None
//! knows in which world it runs. What does is the program `worlds`: `main.rs` with `command.rs` or `page.rs`. The renderer is that
//! of the example `parallel`.

mod error;
#[path = "../../parallel/src/julia.rs"]
pub mod julia;
mod picture;
mod program;
mod sort;
mod words;

pub use error::Error;
pub use picture::picture;
pub use program::Program;
pub use sort::sort;
pub use words::words;
