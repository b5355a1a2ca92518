//! [`Inbox`]: what only one worker can do. Whoever puts something in wakes that worker afterwards.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use wasm_mt::__pool::Entry;
use wasm_mt::JobId;

use super::queued::Queued;

/// What a worker is told to do.
pub(super) enum Order {
    Run(Queued),
    /// To drop this async job at its `await`.
    Abort(JobId),
}

#[derive(Default)]
pub(super) struct Inbox {
    len: AtomicUsize,
    /// How many of them are no jobs.
    aborts: AtomicUsize,
    orders: Mutex<VecDeque<Order>>,
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Order>> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push(&self, order: Order) {
        let mut orders = self.lock();
        let aborts = usize::from(matches!(order, Order::Abort(_)));
        orders.push_back(order);
        // ORDERING: Relaxed; written under the lock, and published to a worker that sleeps by its wake.
        self.len.store(orders.len(), Ordering::Relaxed);
        self.aborts.fetch_add(aborts, Ordering::Relaxed);
    }

    pub(super) fn pop(&self) -> Option<Order> {
        if self.is_empty() {
            return None;
        }
        let mut orders = self.lock();
        let order = orders.pop_front();
        // ORDERING: as in `push`.
        self.len.store(orders.len(), Ordering::Relaxed);
        if let Some(Order::Abort(_)) = order {
            self.aborts.fetch_sub(1, Ordering::Relaxed);
        }
        order
    }

    /// The first order that is no job.
    pub(super) fn pop_abort(&self) -> Option<Order> {
        if !self.has_aborts() {
            return None;
        }
        let mut orders = self.lock();
        let at = orders
            .iter()
            .position(|order| matches!(order, Order::Abort(_)))?;
        let abort = orders.remove(at);
        // ORDERING: as in `push`.
        self.len.store(orders.len(), Ordering::Relaxed);
        self.aborts.fetch_sub(1, Ordering::Relaxed);
        abort
    }

    pub(super) fn has_aborts(&self) -> bool {
        // ORDERING: Relaxed; as in `is_empty`.
        self.aborts.load(Ordering::Relaxed) > 0
    }

    /// How many there are, as far as can be seen without waiting.
    pub(super) fn len(&self) -> usize {
        // ORDERING: Relaxed; a figure.
        self.len.load(Ordering::Relaxed)
    }

    pub(super) fn is_empty(&self) -> bool {
        // ORDERING: Relaxed; as in `push`. What is overlooked comes with a wake that stays.
        self.len.load(Ordering::Relaxed) == 0
    }

    /// Takes all there is, also what `is_empty` would overlook, and ends the jobs.
    pub(super) fn end(&self, end: impl Fn(Box<Entry>)) {
        let orders = {
            let mut orders = self.lock();
            self.len.store(0, Ordering::Relaxed);
            self.aborts.store(0, Ordering::Relaxed);
            std::mem::take(&mut *orders)
        };
        for order in orders {
            if let Order::Run(jobs) = order {
                end(jobs.into_entry());
            }
        }
    }
}
