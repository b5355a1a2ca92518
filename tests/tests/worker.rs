//! The bodies inside a worker.
#![cfg(all(target_family = "wasm", target_os = "unknown"))]

use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

macro_rules! each {
    ($($name:ident)*) => {
        $(
            #[wasm_bindgen_test]
            async fn $name() {
                wasm_mt_tests::$name().await;
            }
        )*
    };
}

wasm_mt_tests::bodies!(each);
wasm_mt_tests::encoding_bodies!(each);
wasm_mt_tests::web_bodies!(each);
wasm_mt_tests::compat_bodies!(each);
wasm_mt_tests::pool_bodies!(each);
wasm_mt_tests::pool_encoding_bodies!(each);
wasm_mt_tests::pool_web_bodies!(each);
