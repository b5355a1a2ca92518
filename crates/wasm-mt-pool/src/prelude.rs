//! What a program of 0.1 begins with: `use wasm_mt_pool::prelude::*`.

pub use wasm_mt::prelude::FnOnce;

pub use crate::{ThreadPool, pool_exec, pool_exec_js, pool_exec_js_async};
