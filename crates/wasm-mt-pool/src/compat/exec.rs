//! What a pool of 0.1's form executes, and who hears of the result.

use wasm_bindgen::JsValue;
use wasm_mt::__pool::{self, Answer};
use wasm_mt::{Job, JoinHandle, MtAsyncClosure, MtClosure};

use crate::pool::ThreadPool;

/// What is called with what a job gave: [`exec_with_cb`](ThreadPool::exec_with_cb) and its kin take it. Every closure is one
/// that takes a `Result<JsValue, JsValue>`; it stays where it is, so it may capture anything.
///
/// ```no_run
/// use wasm_bindgen::JsValue;
/// use wasm_mt_pool::prelude::*;
/// use wasm_mt_pool::PoolCallback;
///
/// fn twice(pool: &ThreadPool, n: u32, cb: impl PoolCallback + Clone) {
///     pool_exec!(pool, move || Ok(JsValue::from(n)), cb.clone());
///     pool_exec!(pool, move || Ok(JsValue::from(n * 2)), cb);
/// }
/// ```
pub trait PoolCallback: FnOnce(Result<JsValue, JsValue>) + 'static {}

impl<F: FnOnce(Result<JsValue, JsValue>) + 'static> PoolCallback for F {}

/// The surface of 0.1: see [`compat`](crate::compat). On the web only.
///
/// A job leaves at once. What goes wrong with one that has a callback, the callback hears: what the closure or the text gave as
/// its error, a copy of it; where it gave none, a JavaScript `Error` with the text of the [`JoinError`](wasm_mt::JoinError); for one that the end of
/// the pool cancelled a string, as in 0.1. What goes wrong with one that has none is told as a detached job's error is:
/// see [`on_unhandled`](wasm_mt::Builder::on_unhandled).
impl ThreadPool {
    /// Executes a closure in one of the workers. [`pool_exec!`](crate::pool_exec) is the short way to it. What it gives is
    /// dropped.
    pub fn exec<F: MtClosure>(&self, job: F) {
        drop(self.hand_over(__pool::closure_job(job)));
    }

    /// Executes an async closure in one of the workers. [`pool_exec!`](crate::pool_exec) is the short way to it. What it gives is
    /// dropped.
    pub fn exec_async<F, T>(&self, job: F)
    where
        F: MtAsyncClosure<T>,
    {
        drop(self.hand_over(job.into_job()));
    }

    /// Executes a closure in one of the workers, and calls `cb` with what it gives: once, in a later turn of this thread.
    ///
    /// Whatever happens, `cb` is called; also when the pool is dropped. It may hand over more jobs, and drop the pool.
    pub fn exec_with_cb<F, G>(&self, job: F, cb: G)
    where
        F: MtClosure,
        G: PoolCallback,
    {
        self.hand_over_for(__pool::closure_job(job), cb);
    }

    /// Executes an async closure in one of the workers, and calls `cb` with what it gives, as [`exec_with_cb`](Self::exec_with_cb).
    pub fn exec_async_with_cb<F, T, G>(&self, job: F, cb: G)
    where
        F: MtAsyncClosure<T>,
        G: PoolCallback,
    {
        self.hand_over_for(job.into_job(), cb);
    }

    /// Executes JavaScript text in one of the workers, as the body of a function. What it returns is dropped.
    ///
    /// Evaluating text is all that needs `'unsafe-eval'` under a content security policy.
    pub fn exec_js(&self, js: &str) {
        drop(self.hand_over(__pool::text_job(js)));
    }

    /// Executes JavaScript text in one of the workers, as the body of an `async` function. What that resolves to is dropped.
    pub fn exec_js_async(&self, js: &str) {
        drop(self.hand_over(__pool::text_job_async(js)));
    }

    /// Executes JavaScript text in one of the workers, as the body of a function, and calls `cb` with what it returns, as
    /// [`exec_with_cb`](Self::exec_with_cb).
    pub fn exec_js_with_cb<G: PoolCallback>(&self, js: &str, cb: G) {
        self.hand_over_for(__pool::text_job(js), cb);
    }

    /// Executes JavaScript text in one of the workers, as the body of an `async` function, and calls `cb` with what that resolves
    /// to, as [`exec_with_cb`](Self::exec_with_cb).
    pub fn exec_js_async_with_cb<G: PoolCallback>(&self, js: &str, cb: G) {
        self.hand_over_for(__pool::text_job_async(js), cb);
    }

    fn hand_over(&self, job: Job<Answer>) -> JoinHandle<Answer> {
        match (self.place(), &self.compat.waiting) {
            (Ok(place), Some(waiting)) => self.spawn_with(job, None, Some(waiting.add(place))),
            (Ok(place), None) => self.spawn_with(job, None, place),
            (Err(full), _) => self.failed(full),
        }
    }

    fn hand_over_for(&self, job: Job<Answer>, cb: impl PoolCallback) {
        let handle = self.hand_over(job);
        // Neither this nor the handle keeps the pool.
        let late = self.compat.late.clone();
        __pool::spawn_local(async move {
            let id = handle.id();
            let result = match handle.await {
                Ok(answer) => __pool::given(answer),
                Err(error) if error.is_cancelled() => {
                    match late.and_then(|late| late.failure()) {
                        // It waited for workers that did not come.
                        Some(failure) => Err(failure),
                        None => Err(format!("ThreadPool: job[{id}] canceled").into()),
                    }
                }
                Err(error) => Err(error.into()),
            };
            cb(result);
        });
    }
}
