//! Async jobs that begin beside others: until it is polled first, a job is in its thread's hand as one that runs.

use std::pin::pin;
use std::task::{Context, Poll, Wake, Waker};

use futures::channel::oneshot;

use super::*;

/// Lets the others have a turn.
async fn turn() {
    let mut had = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut had, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Two that are woken while they are polled end the executor's turn early.
#[test]
fn a_job_that_begins_while_others_yield_is_not_lost() {
    static OVER: AtomicBool = AtomicBool::new(false);
    let fabric = fabric(1);
    let yielding: Vec<_> = (0..3)
        .map(|_| {
            let yielding = job!(async || {
                while !OVER.load(Ordering::SeqCst) {
                    turn().await;
                }
            });
            spawn(&fabric, yielding)
        })
        .collect();
    let others: Vec<_> = (0..many(200))
        .map(|n| {
            let other = job!(async |n| {
                turn().await;
                n
            });
            spawn(&fabric, other)
        })
        .collect();
    for (n, value) in (0..).zip(block_on(join_all(others))) {
        assert_eq!(value.unwrap(), n);
    }
    OVER.store(true, Ordering::SeqCst);
    for handle in yielding {
        block_on(handle).unwrap();
    }
    end(&fabric);
}

struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("on purpose: as a waker may");
    }
}

#[test]
fn a_job_that_begins_while_another_ones_waker_panics_is_not_lost() {
    static ENDS: Mutex<Option<oneshot::Sender<()>>> = Mutex::new(None);
    static ENDED: Mutex<Option<oneshot::Receiver<()>>> = Mutex::new(None);
    static WAITS: Gate = Gate::new();
    let (sender, receiver) = oneshot::channel();
    *ENDS.lock().unwrap() = Some(sender);
    *ENDED.lock().unwrap() = Some(receiver);
    let fabric = fabric(1);
    let mut first = pin!(spawn(
        &fabric,
        job!(async || {
            let ended = ENDED.lock().unwrap().take();
            WAITS.open();
            ended.unwrap().await.unwrap();
        })
    ));
    let waker = Waker::from(Arc::new(Panics));
    assert!(
        first
            .as_mut()
            .poll(&mut Context::from_waker(&waker))
            .is_pending()
    );
    WAITS.pass();
    // Before the second is polled, the first can go on, and is polled before it.
    let second = Job::new_async((), |()| {
        let ends = ENDS.lock().unwrap().take();
        ends.unwrap().send(()).unwrap();
        async { 7 }
    });
    assert_eq!(block_on(spawn(&fabric, second)).unwrap(), 7);
    block_on(first).unwrap();
    end(&fabric);
}
