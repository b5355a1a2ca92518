//! [`Executor`]: polls the async jobs of one worker, between other jobs. Lives on the worker's thread.
//!
//! Futures' own `LocalPool` notices a wake only while it runs, and parks by itself. This one has a [`Bell`], which rings the
//! worker out of its sleep.
//!
//! 1. A turn does not end before what came since the last one has been polled, unless it unwinds. Until then a job that has
//!    begun is in its thread's hand as one that runs, and the next would take its place there.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures::stream::{FuturesUnordered, Stream};

use super::sleep::Sleep;

/// A future that never leaves its thread.
pub(super) type LocalFuture = Pin<Box<dyn Future<Output = ()>>>;

/// The futures of one worker's thread.
pub(super) struct Executor {
    bell: Arc<Bell>,
    waker: Waker,
    futures: RefCell<FuturesUnordered<LocalFuture>>,
    /// Those that have never been polled, of which each may bring more.
    new: RefCell<VecDeque<LocalFuture>>,
}

/// Says that some future can go on.
pub(super) struct Bell {
    rung: AtomicBool,
    sleep: Arc<Sleep>,
    worker: usize,
}

impl Bell {
    pub(super) fn is_rung(&self) -> bool {
        // ORDERING: Relaxed; `answered` acquires. Where a sleeper looks, the wake that follows a ring comes after.
        self.rung.load(Ordering::Relaxed)
    }

    fn ring(&self) {
        // ORDERING: AcqRel; Release publishes to `answered` that a future is ready, in all rings before it is answered.
        if !self.rung.swap(true, Ordering::AcqRel) {
            // Without a thread there are no futures.
            self.sleep.nudge(self.worker);
        }
    }

    fn answered(&self) -> bool {
        // ORDERING: AcqRel; Acquire pairs with the Release in `ring`.
        self.is_rung() && self.rung.swap(false, Ordering::AcqRel)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.ring();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.ring();
    }
}

impl Executor {
    pub(super) fn new(sleep: Arc<Sleep>, worker: usize) -> Self {
        let bell = Arc::new(Bell {
            rung: AtomicBool::new(false),
            sleep,
            worker,
        });
        Executor {
            waker: bell.clone().into(),
            bell,
            futures: RefCell::new(FuturesUnordered::new()),
            new: RefCell::default(),
        }
    }

    pub(super) fn bell(&self) -> &Bell {
        &self.bell
    }

    /// Takes a future in, to be polled in the next turn.
    pub(super) fn spawn(&self, future: LocalFuture) {
        self.new.borrow_mut().push_back(future);
        self.bell.ring();
    }

    /// Some future has not been polled, where no turn has come since or the last one has unwound before.
    pub(super) fn has_unpolled(&self) -> bool {
        !self.new.borrow().is_empty()
    }

    /// Polls what can go on, each once or twice, and first what is new. Gives whether there was anything.
    ///
    /// It unwinds where a waker or a drop does that no job answers for. The bell then rings again, for the others.
    pub(super) fn turn(&self) -> bool {
        if !self.bell.answered() {
            return false;
        }
        let again = RingOnUnwind(&self.bell);
        let mut cx = Context::from_waker(&self.waker);
        // What they bring is for the next turn, for which it has rung the bell.
        let new = self.new.borrow().len();
        for _ in 0..new {
            let Some(mut future) = self.new.borrow_mut().pop_front() else {
                break;
            };
            // Most end here. Of the others each is polled again at once, and then wakes by itself alone.
            if future.as_mut().poll(&mut cx).is_pending() {
                self.futures.borrow_mut().push(future);
            }
        }
        let mut futures = self.futures.borrow_mut();
        // `FuturesUnordered` also ends where two others were woken while it polled them. It goes round, so that none waits for long.
        while let Poll::Ready(Some(())) = Pin::new(&mut *futures).poll_next(&mut cx) {}
        std::mem::forget(again);
        true
    }

    /// No future is left.
    pub(super) fn is_empty(&self) -> bool {
        self.futures.borrow().is_empty() && self.new.borrow().is_empty()
    }
}

struct RingOnUnwind<'a>(&'a Bell);

impl Drop for RingOnUnwind<'_> {
    fn drop(&mut self) {
        self.0.ring();
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::cell::Cell;
    use std::future::poll_fn;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::rc::Rc;

    use futures::channel::oneshot;

    use super::*;

    fn executor() -> Executor {
        Executor::new(Arc::new(Sleep::new(1)), 0)
    }

    #[test]
    fn a_wake_between_two_turns_is_kept() {
        let executor = executor();
        let (send, receive) = oneshot::channel::<()>();
        let ended = Rc::new(Cell::new(false));
        let seen = ended.clone();
        executor.spawn(Box::pin(async move {
            let _ = receive.await;
            seen.set(true);
        }));
        assert!(executor.turn() && !ended.get());
        // `FuturesUnordered` asks for one more turn when all were polled.
        while executor.turn() {}
        let _ = send.send(());
        assert!(executor.bell().is_rung());
        assert!(executor.turn() && ended.get());
        assert!(executor.is_empty());
    }

    #[test]
    fn a_future_may_bring_another() {
        let executor = Rc::new(executor());
        let inner = executor.clone();
        executor.spawn(Box::pin(async move { inner.spawn(Box::pin(async {})) }));
        assert!(executor.turn());
        assert!(!executor.is_empty());
        assert!(executor.turn());
        assert!(executor.is_empty());
    }

    #[test]
    fn what_is_new_is_polled_in_its_first_turn_whatever_the_others_do() {
        let executor = executor();
        // `FuturesUnordered` ends a turn when two futures were woken while they were polled.
        for _ in 0..2 {
            executor.spawn(Box::pin(poll_fn(|cx| {
                cx.waker().wake_by_ref();
                Poll::Pending
            })));
        }
        assert!(executor.turn());
        let ended = Rc::new(Cell::new(false));
        let seen = ended.clone();
        executor.spawn(Box::pin(async move { seen.set(true) }));
        assert!(executor.turn() && ended.get());
    }

    #[test]
    fn a_future_that_unwinds_leaves_the_others() {
        let executor = executor();
        let ended = Rc::new(Cell::new(0));
        for panics in [false, true, false] {
            let ended = ended.clone();
            executor.spawn(Box::pin(async move {
                assert!(!panics, "on purpose");
                ended.set(ended.get() + 1);
            }));
        }
        assert!(catch_unwind(AssertUnwindSafe(|| executor.turn())).is_err());
        while executor.turn() {}
        assert_eq!(ended.get(), 2);
        assert!(executor.is_empty());
    }
}
