#![doc = include_str!("../README.md")]

mod broadcast;
mod builder;
mod fabric;
mod global;
mod join;
mod map;
mod pool;
#[cfg(any(target_family = "wasm", test))]
mod scheduler;
mod stats;

pub use broadcast::Broadcast;
pub use builder::Builder;
pub use join::Join;
pub use map::{Map, MapStream};
pub use pool::ThreadPool;
pub use stats::{Stats, WorkerStats};
pub use wasm_mt;
