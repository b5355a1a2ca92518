//! [`Map`]: the results of many jobs of one function, and what it shares with whoever brings them.
//!
//! 1. Each item settles once; what comes after the map was given up on is dropped.
//! 2. No waker or foreign code runs while the lock is held.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_core::Stream;
use wasm_mt::__pool::{self, Packet, Task, Value};
use wasm_mt::{JobId, JoinError, Travel};

use crate::fabric::Fabric;

/// The place of an item, and what became of it.
type Item<R> = (usize, Result<R, JoinError>);

pub(crate) struct Shared<R> {
    first: JobId,
    /// The items, to be dropped when nobody waits for them.
    task: Option<Task>,
    fabric: Arc<dyn Fabric>,
    /// Nobody waits for more.
    given_up: AtomicBool,
    state: Mutex<State<R>>,
}

struct State<R> {
    /// What has come and was not taken.
    items: Vec<Item<R>>,
    /// How many have not come.
    left: usize,
    /// One of the items is an error.
    failed: bool,
    /// Woken by each item, and not by the last or an error only.
    by_item: bool,
    waker: Option<Waker>,
}

impl<R: Travel> Shared<R> {
    pub(crate) fn new(
        first: JobId,
        count: usize,
        task: Option<Task>,
        fabric: Arc<dyn Fabric>,
    ) -> Arc<Self> {
        Arc::new(Shared {
            first,
            task,
            fabric,
            given_up: AtomicBool::new(false),
            state: Mutex::new(State {
                items: Vec::with_capacity(count),
                left: count,
                failed: false,
                by_item: false,
                waker: None,
            }),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State<R>> {
        // A panic under this lock could only be the allocator's.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn give_up(&self) {
        // ORDERING: Relaxed; it tells of nothing else, and who reads it late does a job for nothing.
        self.given_up.store(true, Ordering::Relaxed);
        let mut state = self.lock();
        let (items, waker) = (std::mem::take(&mut state.items), state.waker.take());
        let left = state.left;
        drop(state);
        drop((items, waker));
        if left > 0
            && let Some(task) = &self.task
        {
            self.fabric.give_up_many(self.first, task);
        }
    }
}

impl<R: Travel> Packet for Shared<R> {
    fn is_settled(&self) -> bool {
        // ORDERING: as in `give_up`.
        self.given_up.load(Ordering::Relaxed)
    }

    fn settle(&self, id: JobId, outcome: Result<Value, JoinError>) {
        if self.is_settled() {
            return;
        }
        // Decoding runs foreign code.
        self.settle_typed(id, outcome.and_then(__pool::decode::<R>));
    }

    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    fn settle_plain(&self, id: JobId, bytes: &[u8]) {
        if !self.is_settled() {
            self.settle_typed(id, __pool::decode_plain(bytes));
        }
    }

    fn abort(&self, _: JoinError) {
        self.give_up();
    }
}

impl<R: Travel> Shared<R> {
    fn settle_typed(&self, id: JobId, outcome: Result<R, JoinError>) {
        let mut state = self.lock();
        state.left = state.left.saturating_sub(1);
        state.failed |= outcome.is_err();
        let wakes = state.by_item || state.failed || state.left == 0;
        let waker = if wakes { state.waker.take() } else { None };
        if !self.is_settled() {
            state.items.push((__pool::place(self.first, id), outcome));
        }
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Many jobs of one function: a future of their results, in the order of the items. See
/// [`ThreadPool::map`](crate::ThreadPool::map).
///
/// Dropping it aborts what has not ended.
///
/// # Panics
/// When polled again after it gave its results.
#[must_use = "dropping a map aborts its jobs; `.await` it for the results"]
pub struct Map<R: Travel> {
    /// Nothing once the results were given.
    shared: Option<GiveUpOnDrop<R>>,
}

struct GiveUpOnDrop<R: Travel>(Arc<Shared<R>>);

impl<R: Travel> Drop for GiveUpOnDrop<R> {
    fn drop(&mut self) {
        self.0.give_up();
    }
}

impl<R: Travel> Map<R> {
    pub(crate) fn new(shared: Arc<Shared<R>>) -> Self {
        Map {
            shared: Some(GiveUpOnDrop(shared)),
        }
    }

    /// The results as they come, each with the place of its item. An item's error is its own, and the others come all the
    /// same.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// use futures::StreamExt;
    /// use wasm_mt_pool::ThreadPool;
    ///
    /// let pool = ThreadPool::start().await?;
    /// let mut halves = pool.map([8, 0, 2], |n: u32| 8 / n).stream();
    /// let mut seen = 0;
    /// while let Some((place, half)) = halves.next().await {
    ///     assert_eq!(half.is_err(), place == 1);
    ///     seen += 1;
    /// }
    /// assert_eq!(seen, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn stream(mut self) -> MapStream<R> {
        MapStream {
            shared: self.shared.take(),
            ready: Vec::new().into_iter(),
        }
    }
}

// Nothing in it is ever pinned.
impl<R: Travel> Unpin for Map<R> {}

impl<R: Travel> Future for Map<R> {
    type Output = Result<Vec<R>, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(GiveUpOnDrop(shared)) = &self.shared else {
            panic!("a `Map` was polled after it gave its results");
        };
        // Invariant 2: a waker is foreign code, in its clone and its drop too.
        let waker = cx.waker().clone();
        let mut state = shared.lock();
        if state.left > 0 && !state.failed {
            let before = state.waker.replace(waker);
            drop(state);
            drop(before);
            return Poll::Pending;
        }
        let items = std::mem::take(&mut state.items);
        drop(state);
        // What is left is aborted.
        self.shared = None;
        Poll::Ready(in_order(items))
    }
}

/// The results by their places, which are those of a whole map where no item has failed.
fn in_order<R>(mut items: Vec<Item<R>>) -> Result<Vec<R>, JoinError> {
    if let Some(at) = items.iter().position(|(_, outcome)| outcome.is_err()) {
        return items.swap_remove(at).1.map(|result| vec![result]);
    }
    let mut results: Vec<Option<R>> = items.iter().map(|_| None).collect();
    for (place, outcome) in items {
        if let Some(result) = results.get_mut(place) {
            *result = outcome.ok();
        }
    }
    Ok(results.into_iter().flatten().collect())
}

impl<R: Travel> fmt::Debug for Map<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left = self.shared.as_ref().map(|shared| shared.0.lock().left);
        f.debug_struct("Map").field("left", &left).finish()
    }
}

/// The results of a [`Map`] as they come: a `Stream` of the place of an item and its outcome.
///
/// Dropping it aborts what has not ended.
#[must_use = "dropping it aborts the jobs"]
pub struct MapStream<R: Travel> {
    shared: Option<GiveUpOnDrop<R>>,
    /// What has been fetched and was not given.
    ready: std::vec::IntoIter<Item<R>>,
}

// Nothing in it is ever pinned.
impl<R: Travel> Unpin for MapStream<R> {}

impl<R: Travel> Stream for MapStream<R> {
    type Item = Item<R>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(item) = self.ready.next() {
            return Poll::Ready(Some(item));
        }
        let Some(GiveUpOnDrop(shared)) = &self.shared else {
            return Poll::Ready(None);
        };
        // Invariant 2.
        let waker = cx.waker().clone();
        let mut state = shared.lock();
        state.by_item = true;
        let items = std::mem::take(&mut state.items);
        let is_over = state.left == 0;
        let before = if items.is_empty() && !is_over {
            state.waker.replace(waker)
        } else {
            None
        };
        drop(state);
        drop(before);
        self.ready = items.into_iter();
        if is_over {
            self.shared = None;
        }
        match self.ready.next() {
            Some(item) => Poll::Ready(Some(item)),
            None if is_over => Poll::Ready(None),
            None => Poll::Pending,
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let fetched = self.ready.len();
        let shared = self.shared.as_ref().map_or(0, |shared| {
            let state = shared.0.lock();
            state.items.len() + state.left
        });
        (fetched + shared, Some(fetched + shared))
    }
}

impl<R: Travel> fmt::Debug for MapStream<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapStream").finish_non_exhaustive()
    }
}
