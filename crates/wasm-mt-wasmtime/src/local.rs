//! [`Seat`]: what a worker's thread has for itself: its idle instances, and the count of its jobs that are awake. Never leaves the
//! thread, and nothing of another thread's is in it.
//!
//! 1. A job is counted as awake from its beginning to its end, but while it waits for events. Only those count against
//!    [`Builder::max_in_flight`](crate::Builder::max_in_flight), so what a job waits for is never kept from beginning by it.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::{Arc, PoisonError};
use std::task::Poll;

use wasm_mt::__pool as door;
use wasm_mt_pool::__host::Threads;

use crate::host::Host;
use crate::instance::Instance;
use crate::stores::{Crowded, Leave};

pub(crate) struct Seat {
    pub(crate) worker: usize,
    host: Arc<Host>,
    idle: RefCell<Vec<Instance>>,
    awake: Cell<u32>,
    /// One of its jobs is in line for a store. Until it is through, the worker begins no other.
    in_line: Cell<bool>,
}

thread_local! {
    static SEAT: RefCell<Option<Rc<Seat>>> = const { RefCell::new(None) };
}

fn with<R>(f: impl FnOnce(&Seat) -> R) -> Option<R> {
    SEAT.try_with(|seat| seat.borrow().as_ref().map(|seat| f(seat)))
        .ok()
        .flatten()
}

/// The seat of this thread, which is one of the pool's.
pub(crate) fn seat(host: &Arc<Host>) -> Rc<Seat> {
    let there = SEAT.with_borrow(Clone::clone);
    there.unwrap_or_else(|| {
        let seat = Rc::new(Seat {
            worker: Threads::current_worker().unwrap_or(0),
            host: host.clone(),
            idle: RefCell::default(),
            awake: Cell::new(0),
            in_line: Cell::new(false),
        });
        SEAT.set(Some(seat.clone()));
        door::spawn_local(keep_shelf(seat.clone()));
        seat
    })
}

/// Whether this worker may begin a job. It is asked before each.
pub(crate) fn takes() -> bool {
    with(|seat| !seat.in_line.get() && seat.awake.get() < seat.host.max_in_flight).unwrap_or(true)
}

/// The number of the worker whose thread this is; 0 elsewhere.
pub(crate) fn worker() -> usize {
    with(|seat| seat.worker).unwrap_or(0)
}

/// Whether this is a thread of that pool.
pub(crate) fn is_of(host: &Arc<Host>) -> bool {
    with(|seat| Arc::ptr_eq(&seat.host, host)).unwrap_or(false)
}

/// Gives idle instances back: one, where somebody is in line for a store elsewhere; all, when the pool ends.
async fn keep_shelf(seat: Rc<Seat>) {
    let host = &seat.host;
    poll_fn(|cx| {
        // It registers first: whoever ends the pool says so, and wakes then.
        let mut keepers = host.keepers.lock().unwrap_or_else(PoisonError::into_inner);
        if !keepers.iter().any(|waker| waker.will_wake(cx.waker())) {
            keepers.push(cx.waker().clone());
        }
        drop(keepers);
        if host.is_closed() {
            return Poll::Ready(());
        }
        while host.gate.poll_asked(seat.worker, cx).is_ready() {
            let Some(instance) = seat.take_idle() else {
                break;
            };
            drop(instance);
        }
        Poll::Pending
    })
    .await;
    seat.clear();
}

impl Seat {
    /// An instance that has run its job.
    pub(crate) fn take_idle(&self) -> Option<Instance> {
        self.idle.borrow_mut().pop()
    }

    /// It is for the next job, unless there are enough.
    pub(crate) fn keep(&self, mut instance: Instance) {
        let has_room = self.idle.borrow().len() < self.host.max_in_flight as usize;
        if has_room && !self.host.is_closed() && instance.idles() {
            self.idle.borrow_mut().push(instance);
        }
    }

    /// A store of this worker's, once there is leave for one.
    ///
    /// # Errors
    /// Where all stores there may be wait for others, and so none will come.
    pub(crate) async fn leave(&self) -> Result<Leave, Crowded> {
        if let Some(leave) = self.host.gate.try_take(self.worker) {
            return Ok(leave);
        }
        let _in_line = Stands::new(&self.in_line);
        self.host.gate.take(self.worker).await
    }

    /// Drops all that are idle.
    pub(crate) fn clear(&self) {
        let idle = self.idle.take();
        drop(idle);
    }

    fn count(&self, change: impl FnOnce(u32) -> u32) {
        let before = self.awake.get();
        let now = change(before);
        self.awake.set(now);
        self.host.counters[self.worker].set_awake(now);
        if before == 0
            && let Some(ticker) = &self.host.ticker
        {
            ticker.wake();
        }
    }
}

/// A job is in line for a store, until this is dropped.
struct Stands<'a>(&'a Cell<bool>);

impl<'a> Stands<'a> {
    fn new(in_line: &'a Cell<bool>) -> Self {
        in_line.set(true);
        Stands(in_line)
    }
}

impl Drop for Stands<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

/// A job of this thread has begun and is awake, until this is dropped (rule 1).
pub(crate) struct Awake(());

impl Awake {
    pub(crate) fn new() -> Self {
        with(|seat| seat.count(|jobs| jobs + 1));
        Awake(())
    }
}

impl Drop for Awake {
    fn drop(&mut self) {
        with(|seat| seat.count(|jobs| jobs.saturating_sub(1)));
    }
}

/// A job of this thread that counts as awake waits for events, until this is dropped (rule 1).
pub(crate) struct Asleep(());

impl Asleep {
    pub(crate) fn new() -> Self {
        with(|seat| seat.count(|jobs| jobs.saturating_sub(1)));
        Asleep(())
    }
}

impl Drop for Asleep {
    fn drop(&mut self) {
        with(|seat| seat.count(|jobs| jobs + 1));
    }
}
