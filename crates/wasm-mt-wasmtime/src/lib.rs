#![doc = include_str!("../README.md")]

mod backlog;
mod builder;
mod context;
mod engine;
mod error;
mod handle;
mod host;
mod imports;
mod instance;
mod job;
mod local;
mod mailbox;
mod pool;
mod room;
mod run;
mod shares;
mod stats;
#[cfg(feature = "wasi")]
mod stdio;
mod stores;
mod ticker;
mod ticket;
mod wait;
#[cfg(feature = "wasi")]
mod wasi;

/// What may cross threads, whatever a job's types are. What may not is in `instance.rs`.
const _: fn() = || {
    fn crosses<T: Send + Sync>() {}
    type OfOneThread = std::rc::Rc<()>;
    crosses::<Pool>();
    crosses::<HostJob<OfOneThread, OfOneThread>>();
    crosses::<Handle<OfOneThread>>();
    crosses::<CancelHandle>();
    crosses::<JobError>();
    crosses::<BuildError>();
};

pub use builder::Builder;
pub use context::Context;
pub use engine::{Allocation, Preemption};
pub use error::{BuildError, JobError};
pub use handle::{CancelHandle, Handle};
pub use job::HostJob;
pub use pool::Pool;
pub use stats::{Stats, WorkerStats};
#[cfg(feature = "wasi")]
pub use wasi::flush_output;
#[doc(no_inline)]
pub use wasm_mt::JobId;
#[doc(no_inline)]
pub use wasm_mt_pool::Priority;
pub use wasmtime;
#[cfg(feature = "wasi")]
pub use wasmtime_wasi;
