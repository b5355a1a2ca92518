//! The bodies on native threads.
#![cfg(not(target_family = "wasm"))]

macro_rules! each {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                futures::executor::block_on(wasm_mt_tests::$name());
            }
        )*
    };
}

wasm_mt_tests::bodies!(each);
#[cfg(debug_assertions)]
wasm_mt_tests::encoding_bodies!(each);
wasm_mt_tests::pool_bodies!(each);
#[cfg(debug_assertions)]
wasm_mt_tests::pool_encoding_bodies!(each);
