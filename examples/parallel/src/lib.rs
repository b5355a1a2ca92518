//! The Julia set, drawn once by the page alone and once by threads.
pub mod julia;
