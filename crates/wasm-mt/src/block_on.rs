//! [`block_on`]: how a thread that may wait awaits. It lives with its caller, and on the web nobody can call it.

use std::future::Future;

/// Polls a future to its end on this thread, which waits where the future does.
///
/// ```
/// use wasm_mt::{Thread, block_on, job};
///
/// let n = 20;
/// let sum: u64 = block_on(async {
///     let thread = Thread::start().await?;
///     let sum = thread.spawn(job!(|n| (1..=n).sum())).await?;
///     Ok::<u64, Box<dyn std::error::Error>>(sum)
/// })?;
/// assert_eq!(sum, 210);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// What waiting is depends on where the code runs:
///
/// - **Natively** the thread sleeps. In a job that is a thread of the pool, which does nothing else meanwhile: where every
///   worker waits so for jobs that no worker has begun, all wait for good. There, write an async job.
/// - **In a WASI guest** the instance is suspended in its host, whose thread runs other jobs meanwhile, its children among them.
///   So `main` begins with it, and a sync job may wait for its children. Executors that wait by
///   [`std::thread::park`], which does nothing in a guest, spin for ever.
/// - **In a browser** there is none, and a call does not compile: a thread that waits there hears no message, and so would wait
///   for good.
///
/// It may be called within itself.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub fn block_on<F: Future>(future: F) -> F::Output {
    blocking::block_on(future)
}

/// There is none in a browser, where a thread that waits hears no message: `.await` the future, or hand it to
/// `wasm_bindgen_futures::spawn_local`. A call does not compile.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub fn block_on<F: web::Blocks>(future: F) -> F::Output {
    future.block()
}

#[cfg(target_os = "wasi")]
use crate::sys as blocking;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod web {
    use super::Future;

    /// Implemented for nothing.
    #[diagnostic::on_unimplemented(
        message = "a thread in a browser cannot wait for `{Self}`: it would hear no message meanwhile",
        label = "cannot be blocked on in a browser",
        note = "`.await` the future in an `async fn`, or hand it to `wasm_bindgen_futures::spawn_local`"
    )]
    pub trait Blocks: Future {
        /// Never called.
        fn block(self) -> Self::Output;
    }
}

#[cfg(not(target_family = "wasm"))]
mod blocking {
    use std::pin::pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::{Context, Poll, Wake, Waker};
    use std::thread::{self, Thread};

    use super::Future;

    struct Unparks {
        thread: Thread,
        woken: AtomicBool,
    }

    impl Wake for Unparks {
        fn wake(self: Arc<Self>) {
            // ORDERING: Release; pairs with the Acquire in `block_on`: what was done before is seen by the next poll.
            self.woken.store(true, Ordering::Release);
            self.thread.unpark();
        }
    }

    pub(super) fn block_on<F: Future>(future: F) -> F::Output {
        let mut future = pin!(future);
        let unparks = Arc::new(Unparks {
            thread: thread::current(),
            woken: AtomicBool::new(false),
        });
        let waker = Waker::from(unparks.clone());
        let mut cx = Context::from_waker(&waker);
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
                return output;
            }
            // The flag, since whoever parks in the future's own code takes the thread's token.
            // ORDERING: Acquire; pairs with the Release in `wake`.
            while !unparks.woken.swap(false, Ordering::Acquire) {
                thread::park();
            }
        }
    }
}

#[cfg(all(test, not(loom), not(target_family = "wasm")))]
mod tests {
    use std::future::poll_fn;
    use std::task::Poll;
    use std::thread;

    use super::block_on;

    #[test]
    fn a_future_that_is_woken_elsewhere_ends() {
        let (gives, takes) = futures::channel::oneshot::channel();
        let other = thread::spawn(move || gives.send(7u32));
        assert_eq!(block_on(takes), Ok(7));
        assert_eq!(other.join().unwrap(), Ok(()));
    }

    #[test]
    fn a_wake_is_kept_though_the_future_parks_itself() {
        let mut polls = 0;
        block_on(poll_fn(|cx| {
            polls += 1;
            if polls == 2 {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            // Takes the token that the wake has left.
            thread::park();
            Poll::Pending
        }));
        assert_eq!(polls, 2);
    }

    #[test]
    fn it_may_be_called_within_itself() {
        assert_eq!(block_on(async { block_on(async { 3 }) + 1 }), 4);
    }
}
