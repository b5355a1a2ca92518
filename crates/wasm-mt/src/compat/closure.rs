//! What [`Thread::exec`](crate::Thread::exec) takes: closures that serialize, and give a `Result<JsValue, JsValue>`.

use std::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_closure::traits;
use wasm_bindgen::JsValue;

use super::job::{Answer, answer, job};
use crate::job::Job;
use crate::sys::Task;

/// A closure made by [`FnOnce!`](macro@crate::prelude::FnOnce) that gives a `Result<JsValue, JsValue>`: what
/// [`Thread::exec`](crate::Thread::exec) takes. What it captures must serialize, and need not be `Send`.
///
/// ```no_run
/// use wasm_bindgen::JsValue;
/// use wasm_mt::prelude::*;
/// use wasm_mt::{MtClosure, Thread};
///
/// async fn twice<F: MtClosure + Clone>(thread: &Thread, closure: F) -> Result<JsValue, JsValue> {
///     thread.exec(closure.clone()).await?;
///     thread.exec(closure).await
/// }
///
/// # async fn example(thread: &Thread) -> Result<(), JsValue> {
/// let n = 7;
/// twice(thread, FnOnce!(move || Ok(JsValue::from(n)))).await?;
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "a closure that `exec` takes cannot be made of `{Self}`",
    label = "cannot be executed in another thread",
    note = "it is written `exec!(th, move || ..)`, or made by `FnOnce!`, and gives a `Result<JsValue, JsValue>`",
    note = "what it captures implements serde's `Serialize` and `Deserialize`, and is owned: no references, no `Rc`"
)]
pub trait MtClosure:
    traits::FnOnce<(), Output = Result<JsValue, JsValue>> + Serialize + DeserializeOwned + 'static
{
}

#[diagnostic::do_not_recommend]
impl<F> MtClosure for F where
    F: traits::FnOnce<(), Output = Result<JsValue, JsValue>>
        + Serialize
        + DeserializeOwned
        + 'static
{
}

/// A closure made by [`FnOnce!`](macro@crate::prelude::FnOnce) that gives a future `T` of a `Result<JsValue, JsValue>`: what
/// [`Thread::exec_async`](crate::Thread::exec_async) takes. What it captures must serialize, and need not be `Send`.
///
/// ```no_run
/// use wasm_bindgen::JsValue;
/// use wasm_mt::prelude::*;
/// use wasm_mt::{MtAsyncClosure, Thread};
///
/// async fn logged<F: MtAsyncClosure<T>, T>(thread: &Thread, closure: F) -> Result<JsValue, JsValue> {
///     let answer = thread.exec_async(closure).await?;
///     wasm_mt::console_ln!("{answer:?}");
///     Ok(answer)
/// }
///
/// # async fn example(thread: &Thread) -> Result<(), JsValue> {
/// logged(thread, FnOnce!(async move || Ok(JsValue::from(7)))).await?;
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "a closure that `exec_async` takes cannot be made of `{Self}`",
    label = "cannot be executed in another thread",
    note = "it is written `exec!(th, async move || ..)`, or made by `FnOnce!`, and gives a `Result<JsValue, JsValue>`",
    note = "what it captures implements serde's `Serialize` and `Deserialize`, and is owned: no references, no `Rc`"
)]
pub trait MtAsyncClosure<T>:
    traits::FnOnce<(), Output = T> + Serialize + DeserializeOwned + 'static
{
    // A method, so that a bound on the closure alone says all of it: what is asked of `T` is asked by the `impl`.
    #[doc(hidden)]
    fn into_job(self) -> Job<Answer>;
}

#[diagnostic::do_not_recommend]
impl<F, T> MtAsyncClosure<T> for F
where
    F: traits::FnOnce<(), Output = T> + Serialize + DeserializeOwned + 'static,
    T: Future<Output = Result<JsValue, JsValue>> + 'static,
{
    fn into_job(self) -> Job<Answer> {
        job(Task::new_async(self, |closure: F| async move {
            answer(closure.call_once(()).await)
        }))
    }
}
