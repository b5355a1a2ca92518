//! [`block_on`]: how this instance waits. It polls one future; where that waits for something, so does the instance, in the
//! host, which runs other jobs meanwhile.
//!
//! It may be called while another is on the stack. What wakes the outer one is noted, and seen when the inner one is through.

use std::cell::RefCell;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use super::{host, mailbox, timer};

/// After so many polls in a row of a future that wakes itself, the instance suspends for [`A_MOMENT`].
const ROUNDS: u32 = 64;

/// The host begins other jobs only while one waits.
const A_MOMENT: Duration = Duration::from_micros(1);

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // ORDERING: Relaxed, here and below; there is one thread only.
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Polls the future to its end.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let woken = Arc::new(Woken(AtomicBool::new(true)));
    let waker = Waker::from(woken.clone());
    let mut cx = Context::from_waker(&waker);
    let mut rounds = 0;
    loop {
        if woken.0.swap(false, Ordering::Relaxed)
            && let Poll::Ready(output) = future.as_mut().poll(&mut cx)
        {
            return output;
        }
        let has_fired = timer::fire();
        // A future that wakes itself does not keep events from being heard, an abort among them, nor other jobs from beginning.
        let goes_on = has_fired || woken.0.load(Ordering::Relaxed) || mailbox::has_heard();
        rounds = if goes_on { rounds + 1 } else { 0 };
        mailbox::deliver(&match goes_on {
            true if rounds == ROUNDS => {
                rounds = 0;
                host::wait(Some(A_MOMENT))
            }
            true => host::poll(),
            false => host::wait(timer::next()),
        });
    }
}

thread_local! {
    /// What is left of the running job, where that is async.
    static JOB: RefCell<Option<Pin<Box<dyn Future<Output = ()>>>>> = const { RefCell::new(None) };
}

/// Leaves the running job's own future to be polled when its sync part has returned: there is never another.
pub(crate) fn spawn_local(future: impl Future<Output = ()> + 'static) {
    JOB.set(Some(Box::pin(future)));
}

/// Polls that to its end.
pub(super) fn finish() {
    if let Some(future) = JOB.take() {
        block_on(future);
    }
}
