//! What checks share.

use std::future::{pending, poll_fn};
use std::task::Poll;
use std::time::{Duration, Instant};

use wasm_mt::{Sender, block_on, checkpoint};
use wasm_mt_pool::ThreadPool;

/// A check's name, and what panics where it is not true.
pub(crate) type Check = (&'static str, fn());

/// A list of checks by the names of their functions, which are async and get a pool.
macro_rules! checks {
    ($($name:ident)*) => {
        &[$((stringify!($name), || $crate::checks::shared::with_pool(async |pool| $name(pool).await))),*]
    };
}

/// Longer than any check should take.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// Runs a check on a pool.
pub(crate) fn with_pool(check: impl AsyncFnOnce(ThreadPool)) {
    block_on(async {
        let pool = ThreadPool::start().await.expect("there is a pool");
        check(pool).await;
    });
}

/// In a job: its pool.
pub(crate) fn this_pool() -> ThreadPool {
    ThreadPool::current().expect("this is a pool's job")
}

/// Lets whoever polls this have a turn.
pub(crate) async fn turn() {
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

/// Waits, and hears meanwhile what comes.
pub(crate) async fn sleep(time: Duration) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        std::thread::sleep(Duration::from_millis(1));
        turn().await;
    }
}

/// Never ends by itself, and does not await.
pub(crate) fn spin(begun: &Sender<()>) {
    let _ = begun.send(());
    loop {
        // Natively nothing else ends it.
        checkpoint();
        std::hint::spin_loop();
    }
}

/// Never ends by itself, and awaits.
pub(crate) async fn wait(begun: Sender<()>) {
    let _ = begun.send(());
    pending::<()>().await;
}

pub(crate) fn fib(n: u64) -> u64 {
    if n < 2 { n } else { fib(n - 1) + fib(n - 2) }
}
