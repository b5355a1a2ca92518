//! Arguments and results, decoded as values of several types.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| wasm_mt::__fuzz::payload(input));
