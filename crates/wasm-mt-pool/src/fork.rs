//! [`join`]: how a sync job is parted in two. Which halves can run at the same time is the [`fabric`]'s affair.

use wasm_mt::__pool;
use wasm_mt::{IntoJob, Job, JoinError};

use crate::fabric;

/// Runs `a` and `b`, at the same time where another worker is free, and gives what both gave.
///
/// It is for sync jobs, which cannot await. `a` is called at once, on this worker, and may borrow; `b` is a job, which lies ready
/// meanwhile for an idle worker to take. When `a` has returned and nobody has taken `b`, it is called too, so that parting a job costs
/// little; else this worker runs other jobs until `b` has ended.
///
/// ```
/// # futures::executor::block_on(async {
/// use wasm_mt::job;
/// use wasm_mt_pool::{ThreadPool, join};
///
/// /// The sum of the squares below `to`, from `from` on.
/// fn squares(from: u64, to: u64) -> u64 {
///     if to - from <= 1000 {
///         return (from..to).map(|n| n * n).sum();
///     }
///     let middle = from.midpoint(to);
///     let (low, high) = join(|| squares(from, middle), job!(|middle, to| squares(middle, to)));
///     low + high
/// }
///
/// let pool = ThreadPool::start().await?;
/// let to = 100_000;
/// let sum = pool.spawn(job!(|to| squares(0, to))).await?;
/// assert_eq!(sum, 333_328_333_350_000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
///
/// The halves run at the same time
///
/// - **natively**, in a job of a pool of several workers, unless it was built with [`steal(false)`](crate::Builder::steal),
/// - **in a browser**, in such a job, where the pool's [`fabric`](crate::ThreadPool::fabric) is `Shared` and what `b` is made of lies
///   in bytes: no JavaScript value and no channel is in it,
/// - **in a WASI guest**, in a job: `b` is a job of its own, and the guest waits for it.
///
/// Anywhere else, as in a page and on a [`Thread`](wasm_mt::Thread), `b` is called after `a`. The results are the same.
///
/// While it waits for `b`, a worker begins no more than 16 other jobs on top of one another, and no async ones. It finds them where
/// idle workers do, so a job should hold no lock over a `join`, that another may want. Jobs that part themselves never wait for one
/// another in a circle.
///
/// This is fork-join by work stealing (Blumofe and Leiserson, "Scheduling Multithreaded Computations by Work Stealing", 1999), with
/// the `join` of Cilk and rayon. To await two jobs in an async one, see [`ThreadPool::join`](crate::ThreadPool::join).
///
/// # Panics
/// Where `a` or `b` panics, or `b` cannot travel, the calling job fails with that: its error has the panic's message and place, `a`'s
/// where both panic. The other half is dropped where it has not begun. Else it is stopped, as by
/// [`abort`](wasm_mt::JoinHandle::abort), and natively has ended before the job does; in a browser it ends with its worker at its
/// next [`checkpoint`](wasm_mt::checkpoint()), or after [`abort_grace`](wasm_mt::Builder::abort_grace), unless other jobs have begun there;
/// and in a WASI guest it goes on unheard. So it is where the calling job is aborted.
///
/// Where `b` is an async job: it cannot be called in place.
#[track_caller]
pub fn join<A, B, M>(a: impl FnOnce() -> A, b: impl IntoJob<B, M>) -> (A, B)
where
    B: Send + 'static,
{
    let b = b.into_job();
    assert!(
        !__pool::may_await(&b),
        "`join` takes a sync job, and was given an async one; await both by `ThreadPool::join`, in an async job"
    );
    fabric::join(a, b)
}

/// Both here, one after the other.
#[track_caller]
pub(crate) fn in_place<A, B>(a: impl FnOnce() -> A, b: Job<B>) -> (A, B) {
    let a = a();
    (a, given(__pool::run_here(b)))
}

/// What the half that is a job gave. Where it failed, the calling job does, by the same panic.
#[track_caller]
pub(crate) fn given<B>(outcome: Result<B, JoinError>) -> B {
    let error = match outcome {
        Ok(value) => return value,
        Err(error) => error,
    };
    match error.panic_message() {
        Some(message) => {
            let place = error.panic_location().map(Into::into);
            __pool::fail_job(message.into(), place)
        }
        None => panic!("half of a `join` gave no value: {error}"),
    }
}
