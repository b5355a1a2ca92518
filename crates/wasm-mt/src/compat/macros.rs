//! The macros of 0.1.

/// Executes a closure in a thread, and gives a future of its `Result<JsValue, JsValue>`: short for
/// [`exec`](crate::Thread::exec) or, where the closure is `async`, for [`exec_async`](crate::Thread::exec_async).
///
/// The closure takes along what it names, which must serialize. It becomes a [`FnOnce!`](macro@crate::prelude::FnOnce), so
/// the program depends on `serde` and `serde_closure` itself.
///
/// ```no_run
/// use wasm_bindgen::JsValue;
/// use wasm_mt::Thread;
/// use wasm_mt::prelude::*;
/// use wasm_mt::utils::sleep;
///
/// # async fn example(th: &Thread) -> Result<(), JsValue> {
/// let (a, b) = (3, 4);
/// let product = exec!(th, move || Ok(JsValue::from(a * b))).await?;
/// let later = exec!(th, async move || {
///     sleep(10).await;
///     Ok(JsValue::from(a - b))
/// })
/// .await?;
/// # Ok(())
/// # }
/// ```
///
/// With [`job!`](crate::job) the same is `thread.spawn(job!(|a, b| a * b))`, and the result has its own type.
#[macro_export]
macro_rules! exec {
    ($th:expr, async $($closure:tt)+) => {
        ($th).exec_async($crate::__private::FnOnce!(async $($closure)+))
    };
    ($th:expr, $($closure:tt)+) => {
        ($th).exec({
            #[allow(unused_braces, reason = "`FnOnce!` puts the closure's own braces into others")]
            {
                $crate::__private::FnOnce!($($closure)+)
            }
        })
    };
}

/// Executes JavaScript text in a thread: short for [`exec_js`](crate::Thread::exec_js).
///
/// ```no_run
/// use wasm_bindgen::JsValue;
/// use wasm_mt::Thread;
/// use wasm_mt::prelude::*;
///
/// # async fn example(th: &Thread) -> Result<(), JsValue> {
/// let hypotenuse = exec_js!(th, "return Math.hypot(3, 4);").await?;
/// # Ok(())
/// # }
/// ```
#[macro_export]
macro_rules! exec_js {
    ($th:expr, $js:expr) => {
        ($th).exec_js($js)
    };
}

/// Executes JavaScript text that may `await` in a thread: short for [`exec_js_async`](crate::Thread::exec_js_async).
///
/// ```no_run
/// use wasm_bindgen::JsValue;
/// use wasm_mt::Thread;
/// use wasm_mt::prelude::*;
///
/// # async fn example(th: &Thread) -> Result<(), JsValue> {
/// let status = exec_js_async!(th, "return (await fetch('/')).status;").await?;
/// # Ok(())
/// # }
/// ```
#[macro_export]
macro_rules! exec_js_async {
    ($th:expr, $js:expr) => {
        ($th).exec_js_async($js)
    };
}

/// Writes a line to the console, formatted as by [`format!`].
///
/// ```no_run
/// use wasm_mt::console_ln;
///
/// console_ln!("{} of {}", 1, 2);
/// ```
#[macro_export]
macro_rules! console_ln {
    ($($format:tt)*) => {
        $crate::__private::console_log(&::std::format!($($format)*))
    };
}

/// Writes a line to the console in builds with debug assertions, marked by a pair of eyes. In others nothing is written or
/// computed.
///
/// ```no_run
/// use wasm_mt::debug_ln;
///
/// debug_ln!("only while developing: {}", 7);
/// ```
#[macro_export]
macro_rules! debug_ln {
    ($($format:tt)*) => {
        if ::std::cfg!(debug_assertions) {
            $crate::__private::console_log(&::std::format!("👀 {}", ::std::format_args!($($format)*)));
        }
    };
}
