//! What a program of 0.1 begins with: `use wasm_mt::prelude::*`.

pub use serde_closure::FnOnce;

pub use crate::{WasmMt, exec, exec_js, exec_js_async};
