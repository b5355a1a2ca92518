//! [`Seat`]: what a worker's thread has for itself: its idle instances, and the count of its jobs that are awake. Never leaves the
//! thread, and nothing of another thread's is in it.
//!
//! 1. A job is counted as awake from its beginning to its end, but while it waits for events. Only those count against
//!    [`Builder::max_in_flight`](crate::Builder::max_in_flight), so what a job waits for is never kept from beginning by it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use wasm_mt_pool::__host::Threads;

use crate::host::Host;
use crate::instance::Instance;

pub(crate) struct Seat {
    pub(crate) worker: usize,
    host: Arc<Host>,
    idle: RefCell<Vec<Instance>>,
    awake: Cell<u32>,
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
    SEAT.with_borrow_mut(|seat| {
        seat.get_or_insert_with(|| {
            Rc::new(Seat {
                worker: Threads::current_worker().unwrap_or(0),
                host: host.clone(),
                idle: RefCell::default(),
                awake: Cell::new(0),
            })
        })
        .clone()
    })
}

/// Whether this worker may begin a job. It is asked before each.
pub(crate) fn takes() -> bool {
    with(|seat| seat.awake.get() < seat.host.max_in_flight).unwrap_or(true)
}

/// The number of the worker whose thread this is; 0 elsewhere.
pub(crate) fn worker() -> usize {
    with(|seat| seat.worker).unwrap_or(0)
}

/// Whether this is a thread of that pool.
pub(crate) fn is_of(host: &Arc<Host>) -> bool {
    with(|seat| Arc::ptr_eq(&seat.host, host)).unwrap_or(false)
}

impl Seat {
    /// An instance that has run its job.
    pub(crate) fn take_idle(&self) -> Option<Instance> {
        self.idle.borrow_mut().pop()
    }

    /// It is for the next job, unless there are enough.
    pub(crate) fn keep(&self, instance: Instance) {
        let mut idle = self.idle.borrow_mut();
        if idle.len() < self.host.max_in_flight as usize {
            return idle.push(instance);
        }
        drop(idle);
        drop(instance);
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
