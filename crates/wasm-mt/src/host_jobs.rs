//! [`host_jobs!`](crate::host_jobs): names jobs of a WASI guest for its host. A name is an export, which the host looks up;
//! there is no list, and nothing that has to run before.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Names jobs that a host may spawn, in a program that is built as its guest.
///
/// ```
/// fn fib(n: u64) -> u64 {
///     if n < 2 { n } else { fib(n - 1) + fib(n - 2) }
/// }
///
/// async fn longest(words: Vec<String>) -> usize {
///     words.iter().map(String::len).max().unwrap_or(0)
/// }
///
/// wasm_mt::host_jobs! {
///     fib: fn(u64) -> u64 = fib;
///     longest: async fn(Vec<String>) -> usize = longest;
///     area: fn((f64, f64)) -> f64 = |(width, height)| width * height;
/// }
/// ```
///
/// The host asks for one by name and types: `pool.job::<u64, u64>("fib")`, of `wasm-mt-wasmtime`. A job has one argument, a tuple
/// where it needs more, and captures nothing. Types must be the same on both sides, by their encoding; what does not decode
/// is an error of the job.
///
/// Each name becomes the export `wasm_mt_job_NAME`, for which the macro writes an attribute that `#![forbid(unsafe_code)]` does
/// not let pass. Two jobs of one name do not compile, or do not link. On other targets than `wasm32-wasip1` only the types are
/// checked.
#[macro_export]
macro_rules! host_jobs {
    ($($name:ident : $($head:ident)+ ($arg:ty) -> $result:ty = $f:expr);* $(;)?) => {
        $($crate::__host_job! { $name [$($head)+] $arg, $result, $f })*
    };
}

/// One of them.
#[doc(hidden)]
#[macro_export]
macro_rules! __host_job {
    ($name:ident [$($head:ident)+] $arg:ty, $result:ty, $f:expr) => {
        const _: extern "C" fn() -> i32 = {
            #[cfg_attr(
                target_os = "wasi",
                unsafe(export_name = concat!("wasm_mt_job_", stringify!($name)))
            )]
            extern "C" fn kind() -> i32 {
                $crate::__host_job!(@kind [$($head)+] $arg, $result, $f)
            }
            kind
        };
    };
    (@kind [fn] $arg:ty, $result:ty, $f:expr) => {
        $crate::__private::host_job::<$arg, $result>($f)
    };
    (@kind [async fn] $arg:ty, $result:ty, $f:expr) => {
        $crate::__private::host_job_async::<$arg, $result, _>($f)
    };
}

/// Says where the host finds what the job calls.
pub fn host_job<A, T>(f: fn(A) -> T) -> i32
where
    A: Serialize + DeserializeOwned,
    T: Serialize,
{
    named(f)
}

/// The same for an async job.
pub fn host_job_async<A, T, F>(f: fn(A) -> F) -> i32
where
    A: Serialize + DeserializeOwned,
    T: Serialize,
    F: Future<Output = T> + 'static,
{
    named_async(f)
}

#[cfg(target_os = "wasi")]
use crate::sys::{named, named_async};

/// Nobody asks here.
#[cfg(not(target_os = "wasi"))]
fn named<A, T>(_: fn(A) -> T) -> i32 {
    0
}

/// Nobody asks here.
#[cfg(not(target_os = "wasi"))]
fn named_async<A, F>(_: fn(A) -> F) -> i32 {
    0
}
