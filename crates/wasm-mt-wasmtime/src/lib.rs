//! A pool of threads over Wasmtime.

#[cfg(feature = "wasi")]
mod stdio;
#[cfg(feature = "wasi")]
mod wasi;
