//! Many jobs with faults among them: once in each engine, and natively.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

macro_rules! each {
    ($($name:ident)*) => {
        $(
            #[cfg(all(target_family = "wasm", target_os = "unknown"))]
            #[wasm_bindgen_test::wasm_bindgen_test]
            async fn $name() {
                wasm_mt_tests::$name().await;
            }

            #[cfg(not(target_family = "wasm"))]
            #[test]
            fn $name() {
                futures::executor::block_on(wasm_mt_tests::$name());
            }
        )*
    };
}

wasm_mt_tests::soak_bodies!(each);
