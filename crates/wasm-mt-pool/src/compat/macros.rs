//! The macros of 0.1.

/// Executes a closure in a pool, and calls the callback, if there is one, with its `Result<JsValue, JsValue>`: short for
/// [`exec`](crate::ThreadPool::exec), [`exec_with_cb`](crate::ThreadPool::exec_with_cb) or, where the closure is `async`, for
/// [`exec_async`](crate::ThreadPool::exec_async), [`exec_async_with_cb`](crate::ThreadPool::exec_async_with_cb).
///
/// The closure takes along what it names, which must serialize. It becomes a
/// [`FnOnce!`](macro@crate::prelude::FnOnce), so the program depends on `serde` and `serde_closure` itself.
///
/// ```no_run
/// use wasm_bindgen::JsValue;
/// use wasm_mt_pool::prelude::*;
/// use wasm_mt_pool::wasm_mt::utils::{console_ln, sleep};
///
/// # fn example(pool: &ThreadPool) {
/// let (a, b) = (3, 4);
/// pool_exec!(pool, move || Ok(JsValue::from(a * b)), |product| {
///     console_ln!("{product:?}");
/// });
/// pool_exec!(pool, async move || {
///     sleep(10).await;
///     console_ln!("{}", a - b);
///     Ok(JsValue::NULL)
/// });
/// # }
/// ```
///
/// With [`job!`](wasm_mt::job) the first is `pool.spawn(job!(|a, b| a * b)).await`, and the result has its own type.
#[macro_export]
macro_rules! pool_exec {
    ($pool:expr, async $closure:expr $(,)?) => {
        ($pool).exec_async($crate::__private::FnOnce!(async $closure))
    };
    ($pool:expr, $closure:expr $(,)?) => {
        ($pool).exec({
            #[allow(unused_braces, reason = "`FnOnce!` puts the closure's own braces into others")]
            {
                $crate::__private::FnOnce!($closure)
            }
        })
    };
    ($pool:expr, async $closure:expr, $cb:expr $(,)?) => {
        ($pool).exec_async_with_cb($crate::__private::FnOnce!(async $closure), $cb)
    };
    ($pool:expr, $closure:expr, $cb:expr $(,)?) => {
        ($pool).exec_with_cb({
            #[allow(unused_braces, reason = "`FnOnce!` puts the closure's own braces into others")]
            {
                $crate::__private::FnOnce!($closure)
            }
        }, $cb)
    };
}

/// Executes JavaScript text in a pool: short for [`exec_js`](crate::ThreadPool::exec_js) or, with a callback, for
/// [`exec_js_with_cb`](crate::ThreadPool::exec_js_with_cb).
///
/// ```no_run
/// use wasm_mt_pool::prelude::*;
///
/// # fn example(pool: &ThreadPool) {
/// pool_exec_js!(pool, "return Math.hypot(3, 4);", |hypotenuse| {
///     assert_eq!(hypotenuse, Ok(5.into()));
/// });
/// # }
/// ```
#[macro_export]
macro_rules! pool_exec_js {
    ($pool:expr, $js:expr $(,)?) => {
        ($pool).exec_js($js)
    };
    ($pool:expr, $js:expr, $cb:expr $(,)?) => {
        ($pool).exec_js_with_cb($js, $cb)
    };
}

/// Executes JavaScript text that may `await` in a pool: short for [`exec_js_async`](crate::ThreadPool::exec_js_async) or, with a
/// callback, for [`exec_js_async_with_cb`](crate::ThreadPool::exec_js_async_with_cb).
///
/// ```no_run
/// use wasm_mt_pool::prelude::*;
///
/// # fn example(pool: &ThreadPool) {
/// pool_exec_js_async!(pool, "return (await fetch('/')).status;", |status| {
///     assert_eq!(status, Ok(200.into()));
/// });
/// # }
/// ```
#[macro_export]
macro_rules! pool_exec_js_async {
    ($pool:expr, $js:expr $(,)?) => {
        ($pool).exec_js_async($js)
    };
    ($pool:expr, $js:expr, $cb:expr $(,)?) => {
        ($pool).exec_js_async_with_cb($js, $cb)
    };
}
