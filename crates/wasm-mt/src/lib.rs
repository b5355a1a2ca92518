#![doc = include_str!("../README.md")]

#[doc(hidden)]
#[path = "abi.rs"]
pub mod __abi;
#[cfg(fuzzing)]
#[doc(hidden)]
#[path = "fuzz.rs"]
pub mod __fuzz;
#[doc(hidden)]
#[path = "door.rs"]
pub mod __pool;
mod block_on;
mod buffer;
mod builder;
mod channel;
mod checkpoint;
#[cfg(all(feature = "compat", target_family = "wasm", target_os = "unknown"))]
pub mod compat;
mod entry;
mod error;
mod handle;
mod host_jobs;
mod job;
#[cfg(feature = "json")]
mod json;
#[cfg_attr(
    target_os = "wasi",
    expect(dead_code, reason = "a guest starts no thread")
)]
mod lane;
mod macros;
mod name;
mod panic;
mod payload;
#[cfg(all(feature = "compat", target_family = "wasm", target_os = "unknown"))]
pub mod prelude;
mod sync;
mod sys;
mod thread;
#[cfg(all(feature = "compat", target_family = "wasm", target_os = "unknown"))]
pub mod utils;
#[cfg(any(all(target_family = "wasm", target_os = "unknown"), test, fuzzing))]
#[cfg_attr(
    any(all(fuzzing, not(target_family = "wasm")), target_os = "wasi"),
    expect(dead_code, reason = "a fuzzer posts no frames")
)]
mod wire;
mod worker;

pub use block_on::block_on;
pub use buffer::Buffer;
pub use builder::{Builder, WORKER_SCRIPT};
pub use channel::{Receiver, SendError, Sender, channel};
pub use checkpoint::checkpoint;
#[cfg(all(feature = "compat", target_family = "wasm", target_os = "unknown"))]
#[doc(no_inline)]
pub use compat::{MtAsyncClosure, MtClosure, WasmMt};
pub use error::{JoinError, StartError};
pub use handle::{AbortHandle, AbortOnDrop, JobId, JoinHandle};
#[cfg(feature = "serde_closure")]
pub use job::{AsyncClosure, Closure};
pub use job::{Direct, IntoJob, Job, Travel};
#[cfg(feature = "json")]
pub use json::Json;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub use sys::web::{Js, Transfer};
pub use thread::{Current, Thread, available_parallelism, current, is_worker};

#[doc(hidden)]
pub mod __private {
    #[cfg(all(feature = "compat", target_family = "wasm", target_os = "unknown"))]
    pub use crate::compat::console_log;
    pub use crate::host_jobs::{host_job, host_job_async};
    pub use crate::job::gives;
    #[cfg(all(feature = "compat", target_family = "wasm", target_os = "unknown"))]
    pub use serde_closure::FnOnce;
}

#[cfg(all(test, target_family = "wasm", target_os = "unknown"))]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
