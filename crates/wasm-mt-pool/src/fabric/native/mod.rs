//! The fabric of native threads: an OS thread a worker, values moved.

mod executor;
#[cfg(all(test, loom))]
mod models;
mod park;
mod sleep;
mod sync;
