//! What a job's stack is suspended in: [`events`], until there are some for it, and [`a_turn`], which lets others go first. Awaited on the
//! stack, by a function that the guest has called.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use wasm_mt::__pool::Timer;

use crate::local::Asleep;
use crate::ticket::Ticket;

/// Waits until the job's mailbox has something, or the time has passed. Meanwhile the job is not counted as awake.
///
/// The future that runs the job is registered with the mailbox, so nothing is registered here.
pub(crate) async fn events(ticket: &Arc<Ticket>, limit: Option<Duration>) {
    ticket.has_waited();
    let _asleep = Asleep::new();
    let signal = ticket.mailbox.signal();
    let passed = Arc::new(AtomicBool::new(false));
    let _timer = limit.map(|limit| {
        let (passed, ticket) = (passed.clone(), Arc::downgrade(ticket));
        let fire = move || {
            // ORDERING: Release; pairs with the Acquire below.
            passed.store(true, Ordering::Release);
            if let Some(ticket) = ticket.upgrade() {
                ticket.mailbox.wake();
            }
        };
        Timer::after(limit, Box::new(fire))
    });
    poll_fn(|_| {
        loop {
            // ORDERING: Acquire; pairs with the Release above.
            if !ticket.mailbox.is_empty() || passed.load(Ordering::Acquire) {
                if let Some(signal) = &signal {
                    signal.resumes();
                }
                return Poll::Ready(());
            }
            // One that waits for a time as well goes on by itself. A signal may be of what was heard before: then it looks again, and
            // the guest is told of nothing.
            match &signal {
                Some(signal) if limit.is_none() && !signal.suspends() => {}
                _ => return Poll::Pending,
            }
        }
    })
    .await;
}

/// Lets the worker's other jobs have a turn.
pub(crate) async fn a_turn() {
    let mut over = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut over, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
