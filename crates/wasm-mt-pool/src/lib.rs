#![doc = include_str!("../README.md")]

#[cfg(not(target_family = "wasm"))]
#[doc(hidden)]
#[path = "host.rs"]
pub mod __host;
mod broadcast;
mod builder;
mod capacity;
mod choice;
#[cfg(all(feature = "compat", target_family = "wasm", target_os = "unknown"))]
pub mod compat;
mod fabric;
mod fork;
mod global;
mod join;
mod map;
mod pool;
#[cfg(all(feature = "compat", target_family = "wasm", target_os = "unknown"))]
pub mod prelude;
mod priority;
#[cfg(not(target_os = "wasi"))]
mod ranks;
mod resize;
#[cfg(any(
    all(target_family = "wasm", target_os = "unknown"),
    all(test, not(target_family = "wasm"))
))]
mod scheduler;
mod stats;
mod when_room;

pub use broadcast::Broadcast;
pub use builder::Builder;
pub use choice::Fabric;
#[cfg(all(feature = "compat", target_family = "wasm", target_os = "unknown"))]
#[doc(no_inline)]
pub use compat::PoolCallback;
pub use fork::join;
pub use join::Join;
pub use map::{Map, MapStream};
pub use pool::ThreadPool;
pub use priority::Priority;
pub use resize::Resize;
pub use stats::{Stats, WorkerStats};
pub use wasm_mt;
pub use when_room::{Full, WhenRoom};

#[doc(hidden)]
pub mod __private {
    #[cfg(all(feature = "compat", target_family = "wasm", target_os = "unknown"))]
    pub use wasm_mt::__private::FnOnce;
}
