//! The bodies in a WASI guest, whose pool is its host's:
//!
//! ```sh
//! CARGO_TARGET_WASM32_WASIP1_RUNNER="wasm-mt run" cargo test -p wasm-mt-tests --target wasm32-wasip1 --test hosted
//! ```
#![cfg(target_os = "wasi")]

macro_rules! each {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                wasm_mt::block_on(wasm_mt_tests::$name());
            }
        )*
    };
}

wasm_mt_tests::hosted_bodies!(each);
wasm_mt_tests::soak_bodies!(each);
