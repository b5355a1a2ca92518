//! What a worker reports, as its owner reads it, and what its jobs send.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| wasm_mt::__fuzz::report(input));
