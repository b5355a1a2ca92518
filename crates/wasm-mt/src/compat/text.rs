//! JavaScript text as a job: what [`Thread::exec_js`](crate::Thread::exec_js) sends.

use super::closure::{Answer, answer, job};
use crate::job::Job;
use crate::sys::Task;
use crate::utils;

/// The text is the body of a function.
pub fn text_job(js: &str) -> Job<Answer> {
    job(Task::new(js.to_owned(), |js| answer(utils::run_js(&js))))
}

/// The text is the body of an `async` function.
pub fn text_job_async(js: &str) -> Job<Answer> {
    job(Task::new_async(js.to_owned(), |js| async move {
        answer(utils::run_js_async(&js).await)
    }))
}
