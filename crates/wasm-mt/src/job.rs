//! What travels: a function and its arguments, made by [`job!`](crate::job), [`Job::new`] or `serde_closure`.
//!
//! A job's function captures nothing, so that code travels as a number; all it needs travels in its arguments. The
//! compiler holds to that: only a closure that captures nothing becomes an `fn`.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::handle::Decode;
use crate::name::Name;
use crate::sys;

/// What can travel between threads: arguments and results of jobs.
///
/// Short for `Serialize + DeserializeOwned + Send + 'static`, and implemented for all that is. The encoding is postcard's,
/// which does not describe itself: it cannot carry `serde_json::Value`, nor types with serde's `untagged`, `tag` or `flatten`;
/// these fail when they are encoded or decoded, with an error that names the type. Nor can it carry types with
/// `skip_serializing_if`: what is left out moves what follows, which mostly fails, but can arrive as another value. All of
/// these travel as `Json`, and bulk as [`Buffer`](crate::Buffer).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot travel between threads",
    label = "an argument or result that cannot travel",
    note = "what travels is `Serialize + DeserializeOwned + Send + 'static`: derive serde's traits for types of your own, and send owned values, not references or `Rc`",
    note = "an error such as `Box<dyn Error>` or `anyhow::Error` travels as text: `.map_err(|error| error.to_string())`",
    note = "a job that awaits is written `job!(async |..| ..)`"
)]
pub trait Travel: Serialize + DeserializeOwned + Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Send + 'static> Travel for T {}

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

impl<T: Travel> Job<T> {
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
    #[track_caller]
    pub fn new<A>(args: A, f: fn(A) -> T) -> Self
    where
        A: Travel,
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
    #[track_caller]
    pub fn new_async<A, F>(args: A, f: fn(A) -> F) -> Self
    where
        A: Travel,
        F: Future<Output = T> + 'static,
    {
        Job {
            task: sys::Task::new_async(args, f),
            decode: sys::decode::<T>,
        }
    }
}

impl<T> Job<T> {
    /// The same job, whose body may run more than once.
    ///
    /// Where its worker is lost through no fault of its own, the job begins again in the next worker instead of ending as
    /// [lost](crate::JoinError::is_lost), before the jobs that wait. What takes a worker along is another job's panic or
    /// trap, another job that was aborted and would not end, a call of `close()`, or the browser. Its own panic, trap,
    /// abort and time-out are final, and so is the end of its thread. It begins three times at most, then it is lost.
    ///
    /// For this its arguments are kept until it ends. Natively they are copied before each run, as they would travel: they
    /// are encoded and decoded, and where that fails, so does the job. In a browser what was handed over to the worker, as a
    /// [`Buffer`](crate::Buffer) is, goes down with it: such a job is lost all the same, and the error says so. What it sends
    /// through a [`channel`](crate::channel()) comes again in each run, until one has dropped the sender.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// use wasm_mt::{Thread, job};
    ///
    /// let thread = Thread::start().await?;
    /// let text = String::from("ab");
    /// let twice = thread.spawn(job!(async |text| text.repeat(2)).idempotent());
    /// assert_eq!(twice.await?, "abab");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn idempotent(mut self) -> Self {
        self.task.idempotent();
        self
    }

    /// The same job with this name, for those who look at what runs: a pool that traces shows it in the browser's performance
    /// timeline. Without one a job is called by the place in the source where it was made, such as `main.rs:7`.
    ///
    /// ```
    /// use wasm_mt::job;
    ///
    /// let text = String::from("ab");
    /// let job = job!(|text| text.repeat(2)).named("repeat");
    /// assert!(format!("{job:?}").contains("repeat"));
    /// ```
    pub fn named(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.task.name = Name::Given(name.into().into());
        self
    }
}

impl<T> fmt::Debug for Job<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("name", &self.task.name.text())
            .finish_non_exhaustive()
    }
}

/// What can be spawned: a [`Job`], or a closure made by `serde_closure`'s `FnOnce!`.
///
/// `Marker` only tells the kinds apart; it is always inferred.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a job that gives a `{T}`",
    label = "not a job",
    note = "wrap a closure in `job!`: `spawn(job!(|a, b| add(a, b)))`",
    note = "a closure made by `serde_closure`'s `FnOnce!` is a job too; what it captures and gives must travel"
)]
pub trait IntoJob<T, Marker> {
    /// The job that this makes.
    #[track_caller]
    fn into_job(self) -> Job<T>;
}

/// The marker of [`IntoJob`] for [`Job`] itself.
#[derive(Debug)]
pub enum Direct {}

impl<T> IntoJob<T, Direct> for Job<T> {
    #[track_caller]
    fn into_job(self) -> Job<T> {
        self
    }
}

#[cfg(feature = "serde_closure")]
pub use closures::{AsyncClosure, Closure};

#[cfg(feature = "serde_closure")]
mod closures {
    use super::{Future, IntoJob, Job, Travel};
    use serde_closure::traits::FnOnce;

    /// The marker of [`IntoJob`] for a `serde_closure` that gives a value.
    #[derive(Debug)]
    pub enum Closure {}

    impl<C, T> IntoJob<T, Closure> for C
    where
        C: FnOnce<(), Output = T> + Travel,
        T: Travel,
    {
        #[track_caller]
        fn into_job(self) -> Job<T> {
            Job::new(self, |closure: C| closure.call_once(()))
        }
    }

    /// The marker of [`IntoJob`] for a `serde_closure` that gives a future.
    #[derive(Debug)]
    pub enum AsyncClosure {}

    impl<C, F, T> IntoJob<T, (AsyncClosure, F)> for C
    where
        C: FnOnce<(), Output = F> + Travel,
        F: Future<Output = T> + 'static,
        T: Travel,
    {
        #[track_caller]
        fn into_job(self) -> Job<T> {
            Job::new_async(self, |closure: C| closure.call_once(()))
        }
    }
}

/// Says what a future gives, for `job!(async |..| -> Type { .. })`.
#[doc(hidden)]
pub fn gives<T, F: Future<Output = T>>(future: F) -> F {
    future
}
