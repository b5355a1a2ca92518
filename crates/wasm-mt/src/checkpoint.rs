//! [`checkpoint`]: what a long loop calls so that it can be stopped. Lives with the worker.

use crate::sys;

/// Lets a job that has no `await` in a long loop be stopped.
///
/// It costs less than 10 nanoseconds natively, and 10 to 35 in a browser: nothing in a round that does some work.
///
/// ```
/// use wasm_mt::{checkpoint, job};
///
/// let limit = 1_000_000u64;
/// let job = job!(|limit| {
///     let mut sum = 0;
///     for n in 0..limit {
///         checkpoint();
///         sum += n * n;
///     }
///     sum
/// });
/// ```
///
/// What it does depends on where the job runs:
///
/// - **Natively**, where no thread can be killed: when the job was [aborted](crate::JoinHandle::abort) or its
///   [time](crate::JoinHandle::timeout) is over, or its [`Thread`](crate::Thread) ended, it does not return but unwinds out
///   of the job, as a panic does but without its message. What the job holds is dropped, and the thread is free again; if
///   that takes no longer than [`Builder::abort_grace`](crate::Builder::abort_grace), it stays the same. A `catch_unwind` in
///   the job that does not go on with what it caught keeps the job until its next checkpoint. A program built with
///   `panic = "abort"` is not unwound, and there it does nothing.
/// - **In a browser** a job cannot be told by message, so there it returns, and the worker is terminated after
///   `Builder::abort_grace`, checkpoint or not. It calls out of WebAssembly, without which WebKit never ends a terminated
///   worker that is in a loop: it goes on using a core. Chromium and Firefox end one in any case, Chromium within two
///   seconds. A pool that shares memory with its workers tells them: there it does not return where the job was aborted,
///   or its time is over, or its pool ended, but ends the worker's instance at once, and another worker takes the place.
///   What the job holds is not dropped: it goes with the instance. Where async jobs await something
///   beside it, which would go, too, its grace decides as ever; and so for a job that came by message in any case where
///   `abort_grace` is `None`.
/// - **In a WASI guest** the host stops the job there, where it shall, and gives others a turn where the job has had its own.
///   A host that preempts does both anywhere.
///
/// Outside a job, and while the values of a stopped job are dropped, it does nothing.
#[inline]
pub fn checkpoint() {
    sys::checkpoint();
}
