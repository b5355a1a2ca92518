//! A pool of threads over Wasmtime.
