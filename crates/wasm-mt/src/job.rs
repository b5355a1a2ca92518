//! What travels: a function and its arguments, made by [`job!`](crate::job), [`Job::new`] or `serde_closure`.
//!
//! A job's function captures nothing, so that code travels as a number; all it needs travels in its arguments. The
//! compiler holds to that: only a closure that captures nothing becomes an `fn`.

use std::fmt;
use std::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::handle::Decode;
use crate::sys;

/// A piece of work that can be sent to another thread, with a result of type `T`.
///
/// Mostly written with [`job!`](crate::job):
///
/// ```
/// use wasm_mt::{Job, job};
///
/// fn add(a: i32, b: i32) -> i32 {
///     a + b
/// }
///
/// let (a, b) = (20, 22);
/// let short: Job<i32> = job!(|a, b| add(a, b));
/// let long: Job<i32> = Job::new((a, b), |(a, b)| add(a, b));
/// ```
///
/// Dropping a job that was never spawned drops its arguments.
#[must_use = "a job does nothing until it is spawned"]
pub struct Job<T> {
    pub(crate) task: sys::Task,
    pub(crate) decode: Decode<T>,
}

impl<T: Serialize + DeserializeOwned + Send + 'static> Job<T> {
    /// The job that calls `f` with `args`.
    ///
    /// An argument that does not encode shows in the [`JoinHandle`](crate::JoinHandle), as an error that
    /// [`is_encode`](crate::JoinError::is_encode).
    ///
    /// `f` captures nothing. What it needs goes into `args`:
    ///
    /// ```compile_fail,E0308
    /// let n = 7;
    /// let job = wasm_mt::Job::new((), |()| n + 1);
    /// ```
    pub fn new<A>(args: A, f: fn(A) -> T) -> Self
    where
        A: Serialize + DeserializeOwned + Send + 'static,
    {
        Job {
            task: sys::Task::new(args, f),
            decode: sys::decode::<T>,
        }
    }

    /// The job that calls `f` with `args` and awaits the future that it gives.
    ///
    /// The future need not be `Send`: it never leaves the thread where it began.
    ///
    /// ```
    /// use wasm_mt::Job;
    ///
    /// let job: Job<String> = Job::new_async(String::from("ab"), |s| async move { s.repeat(2) });
    /// ```
    pub fn new_async<A, F>(args: A, f: fn(A) -> F) -> Self
    where
        A: Serialize + DeserializeOwned + Send + 'static,
        F: Future<Output = T> + 'static,
    {
        Job {
            task: sys::Task::new_async(args, f),
            decode: sys::decode::<T>,
        }
    }
}

impl<T> fmt::Debug for Job<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job").finish_non_exhaustive()
    }
}

/// What can be spawned: a [`Job`], or a closure made by `serde_closure`'s `FnOnce!`.
///
/// `Marker` only tells the kinds apart; it is always inferred.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a job that gives a `{T}`",
    label = "not a job",
    note = "wrap a closure in `job!`: `spawn(job!(|a, b| add(a, b)))`",
    note = "arguments and results are `Serialize + DeserializeOwned + Send + 'static`"
)]
pub trait IntoJob<T, Marker> {
    /// The job that this makes.
    fn into_job(self) -> Job<T>;
}

/// The marker of [`IntoJob`] for [`Job`] itself.
#[derive(Debug)]
pub enum Direct {}

impl<T> IntoJob<T, Direct> for Job<T> {
    fn into_job(self) -> Job<T> {
        self
    }
}

#[cfg(feature = "serde_closure")]
pub use closures::{AsyncClosure, Closure};

#[cfg(feature = "serde_closure")]
mod closures {
    use super::{DeserializeOwned, Future, IntoJob, Job, Serialize};
    use serde_closure::traits::FnOnce;

    /// The marker of [`IntoJob`] for a `serde_closure` that gives a value.
    #[derive(Debug)]
    pub enum Closure {}

    impl<C, T> IntoJob<T, Closure> for C
    where
        C: FnOnce<(), Output = T> + Serialize + DeserializeOwned + Send + 'static,
        T: Serialize + DeserializeOwned + Send + 'static,
    {
        fn into_job(self) -> Job<T> {
            Job::new(self, |closure: C| closure.call_once(()))
        }
    }

    /// The marker of [`IntoJob`] for a `serde_closure` that gives a future.
    #[derive(Debug)]
    pub enum AsyncClosure {}

    impl<C, F, T> IntoJob<T, (AsyncClosure, F)> for C
    where
        C: FnOnce<(), Output = F> + Serialize + DeserializeOwned + Send + 'static,
        F: Future<Output = T> + 'static,
        T: Serialize + DeserializeOwned + Send + 'static,
    {
        fn into_job(self) -> Job<T> {
            Job::new_async(self, |closure: C| closure.call_once(()))
        }
    }
}

/// Makes a [`Job`] of a closure that names what it takes along.
///
/// What stands between the bars are local variables: they are moved into the job, travel with it and have the same
/// names in its body. `name = expression` sends the value of an expression instead.
///
/// ```
/// use wasm_mt::{Job, job};
///
/// let (n, text) = (3, String::from("ab"));
/// let _: Job<usize> = job!(|n, text| text.len() * n);
/// let _: Job<i32> = job!(|| 42);
///
/// let (mut sum, values) = (0.5, vec![1.0, 2.0]);
/// let _: Job<f64> = job!(|mut sum, values: Vec<f64>,| -> f64 {
///     for value in values {
///         sum += value;
///     }
///     sum
/// });
///
/// let point = (1, 2);
/// let _: Job<i32> = job!(|x = point.0| x * x);
///
/// let url = String::from("/data");
/// let _: Job<usize> = job!(async |url| url.len());
/// ```
///
/// A variable that the body uses and the bars do not name is a compile error that points at it:
///
/// ```compile_fail,E0308
/// let (a, b) = (1, 2);
/// let job = wasm_mt::job!(|a| a + b);
/// ```
#[macro_export]
macro_rules! job {
    (move $($rest:tt)+) => { $crate::job!($($rest)+) };
    (async move $($rest:tt)+) => { $crate::job!(async $($rest)+) };
    (async || $($body:tt)+) => { $crate::__job!(@end new_async [] $($body)+) };
    (async | $($rest:tt)+) => { $crate::__job!(@next new_async [] $($rest)+) };
    (|| $($body:tt)+) => { $crate::__job!(@end new [] $($body)+) };
    (| $($rest:tt)+) => { $crate::__job!(@next new [] $($rest)+) };
}

/// Reads the parameters of `job!` one by one into `{ [mut] name [type] (value) }`.
#[doc(hidden)]
#[macro_export]
macro_rules! __job {
    (@next $m:ident [$($done:tt)*] | $($body:tt)+) => {
        $crate::__job!(@end $m [$($done)*] $($body)+)
    };
    (@next $m:ident [$($done:tt)*] mut $name:ident $($rest:tt)+) => {
        $crate::__job!(@name $m [$($done)*] [mut] $name $($rest)+)
    };
    (@next $m:ident [$($done:tt)*] $name:ident $($rest:tt)+) => {
        $crate::__job!(@name $m [$($done)*] [] $name $($rest)+)
    };

    (@name $m:ident $done:tt $mutability:tt $name:ident : $type:ty = $($rest:tt)+) => {
        $crate::__job!(@value $m $done $mutability $name [$type] [] $($rest)+)
    };
    (@name $m:ident $done:tt $mutability:tt $name:ident : $type:ty , $($rest:tt)+) => {
        $crate::__job!(@push $m $done $mutability $name [$type] [$name] $($rest)+)
    };
    (@name $m:ident $done:tt $mutability:tt $name:ident : $type:ty | $($rest:tt)+) => {
        $crate::__job!(@push $m $done $mutability $name [$type] [$name] | $($rest)+)
    };
    (@name $m:ident $done:tt $mutability:tt $name:ident = $($rest:tt)+) => {
        $crate::__job!(@value $m $done $mutability $name [_] [] $($rest)+)
    };
    (@name $m:ident $done:tt $mutability:tt $name:ident , $($rest:tt)+) => {
        $crate::__job!(@push $m $done $mutability $name [_] [$name] $($rest)+)
    };
    (@name $m:ident $done:tt $mutability:tt $name:ident | $($rest:tt)+) => {
        $crate::__job!(@push $m $done $mutability $name [_] [$name] | $($rest)+)
    };

    // A value ends at the first comma or bar outside brackets; an expression with a bar of its own needs them.
    (@value $m:ident $done:tt $mutability:tt $name:ident $type:tt [$($value:tt)+] , $($rest:tt)+) => {
        $crate::__job!(@push $m $done $mutability $name $type [$($value)+] $($rest)+)
    };
    (@value $m:ident $done:tt $mutability:tt $name:ident $type:tt [$($value:tt)+] | $($rest:tt)+) => {
        $crate::__job!(@push $m $done $mutability $name $type [$($value)+] | $($rest)+)
    };
    (@value $m:ident $done:tt $mutability:tt $name:ident $type:tt [$($value:tt)*] $next:tt $($rest:tt)+) => {
        $crate::__job!(@value $m $done $mutability $name $type [$($value)* $next] $($rest)+)
    };

    (@push $m:ident [$($done:tt)*] [$($mutability:tt)?] $name:ident [$type:ty] [$($value:tt)+] $($rest:tt)+) => {
        $crate::__job!(@next $m [$($done)* { [$($mutability)?] $name [$type] ($($value)+) }] $($rest)+)
    };

    (@end new [$({ [$($mutability:tt)?] $name:ident [$type:ty] ($($value:tt)+) })*] -> $result:ty $body:block) => {
        $crate::Job::new(($($($value)+,)*), |($($($mutability)? $name,)*): ($($type,)*)| -> $result { $body })
    };
    (@end new [$({ [$($mutability:tt)?] $name:ident [$type:ty] ($($value:tt)+) })*] $body:expr) => {
        $crate::Job::new(($($($value)+,)*), |($($($mutability)? $name,)*): ($($type,)*)| $body)
    };
    (@end new_async [$({ [$($mutability:tt)?] $name:ident [$type:ty] ($($value:tt)+) })*] -> $result:ty $body:block) => {
        $crate::Job::new_async(
            ($($($value)+,)*),
            |($($($mutability)? $name,)*): ($($type,)*)| $crate::__private::gives::<$result, _>(async move { $body }),
        )
    };
    (@end new_async [$({ [$($mutability:tt)?] $name:ident [$type:ty] ($($value:tt)+) })*] $body:expr) => {
        $crate::Job::new_async(
            ($($($value)+,)*),
            |($($($mutability)? $name,)*): ($($type,)*)| async move { $body },
        )
    };
}

/// Says what a future gives, for `job!(async |..| -> Type { .. })`.
#[doc(hidden)]
pub fn gives<T, F: Future<Output = T>>(future: F) -> F {
    future
}
