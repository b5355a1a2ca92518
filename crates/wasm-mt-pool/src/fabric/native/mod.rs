//! The fabric of native threads: an OS thread a worker, values moved.

#[cfg(all(test, loom))]
mod models;
mod park;
mod sleep;
mod sync;
