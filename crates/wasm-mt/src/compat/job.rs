//! What [`Thread::exec`](crate::Thread::exec) and its kin send: closures and JavaScript text as jobs. A pool of 0.1's form sends
//! the same.

use wasm_bindgen::JsValue;

use super::closure::MtClosure;
use crate::job::Job;
use crate::sys::{self, Js, Task};
use crate::utils;

/// What they give, as it travels.
pub type Answer = Result<Js<JsValue>, Js<JsValue>>;

pub(super) fn answer(result: Result<JsValue, JsValue>) -> Answer {
    result.map(Js).map_err(Js)
}

/// The same once it has come.
pub fn given(answer: Answer) -> Result<JsValue, JsValue> {
    match answer {
        Ok(Js(value)) => Ok(value),
        Err(Js(error)) => Err(error),
    }
}

pub(super) fn job(task: Task) -> Job<Answer> {
    Job {
        task,
        decode: sys::decode,
    }
}

/// A closure.
pub fn closure_job<F: MtClosure>(closure: F) -> Job<Answer> {
    job(Task::new(closure, |closure: F| {
        answer(closure.call_once(()))
    }))
}

/// Text that is the body of a function.
pub fn text_job(js: &str) -> Job<Answer> {
    job(Task::new(js.to_owned(), |js| answer(utils::run_js(&js))))
}

/// Text that is the body of an `async` function.
pub fn text_job_async(js: &str) -> Job<Answer> {
    job(Task::new_async(js.to_owned(), |js| async move {
        answer(utils::run_js_async(&js).await)
    }))
}
