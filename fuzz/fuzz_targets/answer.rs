//! What an owner answers to the jobs that a worker's jobs have spawned.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| wasm_mt::__fuzz::answer(input));
