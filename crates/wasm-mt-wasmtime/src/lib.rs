//! A pool of threads over Wasmtime.

#[cfg(test)]
mod stores;
