#![doc = include_str!("../README.md")]

mod broadcast;
mod builder;
mod capacity;
mod fabric;
mod global;
mod join;
mod map;
mod pool;
mod priority;
mod resize;
#[cfg(any(target_family = "wasm", test))]
mod scheduler;
mod stats;
mod when_room;

pub use broadcast::Broadcast;
pub use builder::Builder;
pub use join::Join;
pub use map::{Map, MapStream};
pub use pool::ThreadPool;
pub use priority::Priority;
pub use resize::Resize;
pub use stats::{Stats, WorkerStats};
pub use wasm_mt;
pub use when_room::{Full, WhenRoom};
