//! A frame of jobs, as a worker reads it, and as the owner of its pool does.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| wasm_mt::__fuzz::frame(input));
