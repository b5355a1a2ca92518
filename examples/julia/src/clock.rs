//! [`now`]: a clock that all threads read alike.

/// Milliseconds since 1970.
#[cfg(not(target_family = "wasm"))]
pub fn now() -> f64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0.0, |since| since.as_secs_f64() * 1000.0)
}

/// Milliseconds since 1970. A browser's own clock begins anew in each worker; its origin says when that was.
#[cfg(target_family = "wasm")]
pub fn now() -> f64 {
    use wasm_bindgen::prelude::*;

    #[wasm_bindgen]
    extern "C" {
        #[wasm_bindgen(js_namespace = performance, js_name = now)]
        fn since_origin() -> f64;
        #[wasm_bindgen(thread_local_v2, js_namespace = performance, js_name = timeOrigin)]
        static ORIGIN: f64;
    }
    ORIGIN.with(|origin| *origin) + since_origin()
}
