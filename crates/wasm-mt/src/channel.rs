//! [`channel`]: progress and partial results of a job, while it runs.
//!
//! The receiver stays where it was made. A sender there is *near*: it holds the queue. Where one travels to another instance
//! of the program, as on the web, it becomes *far* there ([`sys::Far`]), and its near end, the [`Outlet`], stays with the
//! owner of the job that took it along.
//!
//! 1. An outlet is counted while it is open. It is closed once: when it is dropped, or when the job that it was with has
//!    ended for its owner, whatever the job itself still does.
//! 2. What comes through a closed outlet is dropped, so a job that was given up on adds nothing.
//! 3. The stream ends when no outlet is open and the queue is empty.
//! 4. No waker or foreign code runs while the queue's lock is held.

use std::any::Any;
use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
#[cfg(not(target_family = "wasm"))]
use std::sync::atomic::AtomicU64;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_core::Stream;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::JoinError;
#[cfg(not(target_family = "wasm"))]
use crate::handle::JobId;
use crate::job::Travel;
use crate::payload;
use crate::sys;

/// A channel from jobs to the thread that spawns them.
///
/// The [`Sender`] travels as an argument of a job. What it sends arrives in order, before the job's result, and while the
/// job is still running, even one that never yields. The [`Receiver`] is a `Stream`; it ends when every sender was dropped
/// or its job has ended, however that ended.
///
/// ```
/// # futures::executor::block_on(async {
/// use wasm_mt::{Thread, channel, job};
///
/// let thread = Thread::start().await?;
/// let (progress, mut steps) = channel::<u32>();
/// let sum = thread.spawn(job!(|progress| {
///     let mut sum = 0;
///     for step in 1..=3 {
///         sum += step;
///         progress.send(step)?;
///     }
///     Ok::<u32, wasm_mt::SendError>(sum)
/// }));
/// let mut seen = Vec::new();
/// while let Some(step) = steps.recv().await {
///     seen.push(step?);
/// }
/// assert_eq!(seen, [1, 2, 3]);
/// assert_eq!(sum.await?.unwrap(), 6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
///
/// There is no limit to what waits in a channel, and a sender never waits.
///
/// Natively, where values move [unchecked](crate::Builder::check_payloads), a sender is known to be a job's once that has sent
/// something. A job that is aborted before, and goes on, keeps the stream from its end.
pub fn channel<T: Travel>() -> (Sender<T>, Receiver<T>) {
    let queue = Arc::new(Queue {
        state: Mutex::new(State {
            items: VecDeque::new(),
            open: 0,
            is_received: true,
            waker: None,
        }),
    });
    let near = Near::open(queue.clone());
    (
        Sender {
            end: End::Near(near),
        },
        Receiver { queue },
    )
}

/// The end of a [`channel`] that jobs send from.
///
/// It travels as an argument of a job, alone or in other values, and from that job on to jobs of its own; not in results
/// or through channels. A clone sends to the same receiver.
///
/// Dropping the last one ends the stream.
pub struct Sender<T> {
    end: End<T>,
}

/// Where a sender is: with the queue, or in another instance.
pub(crate) enum End<T> {
    Near(Arc<Near<T>>),
    #[cfg_attr(
        not(target_family = "wasm"),
        expect(dead_code, reason = "natively every end is near")
    )]
    Far(sys::Far),
}

impl<T: Travel> Sender<T> {
    /// Sends a value, at once, without waiting.
    ///
    /// `Ok` says that it is on its way, not that somebody receives it: what is sent to a receiver that was dropped, or by
    /// a job that was given up on, is dropped.
    ///
    /// # Errors
    /// Where the value cannot travel.
    pub fn send(&self, value: T) -> Result<(), SendError> {
        match &self.end {
            End::Near(near) => {
                sys::bind(near);
                match sys::passed(value) {
                    // As from the far end, where it is found on arrival.
                    Err(error) if !error.is_decode() => return Err(error.into()),
                    item => near.push(item),
                }
            }
            End::Far(far) => far.send(payload::encode(&value, payload::Travels::Back)?)?,
        }
        Ok(())
    }
}

impl<T: Travel> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Sender {
            end: match &self.end {
                End::Near(near) => {
                    let another = near.another();
                    #[cfg(not(target_family = "wasm"))]
                    if near.is_with_a_job() {
                        sys::bind(&another);
                    }
                    End::Near(another)
                }
                End::Far(far) => End::Far(far.clone()),
            },
        }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}

impl<T: Travel> Serialize for Sender<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        payload::put(serializer, "Sender", |travels| {
            if travels != payload::Travels::Out {
                return Err("a `Sender` travels in a job's arguments only".into());
            }
            Ok(match &self.end {
                End::Near(near) => sys::OutOfBand::of_near(near.another()),
                End::Far(far) => sys::OutOfBand::of_far(far),
            })
        })
    }
}

impl<'de, T: Travel> Deserialize<'de> for Sender<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (index, value) = payload::take(deserializer, "Sender")?;
        let end = value.into_end(index).map_err(payload::not_received)?;
        Ok(Sender { end })
    }
}

/// Why a value could not be sent through a [`channel`].
///
/// It can itself travel, as the error of a job.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{message}")]
pub struct SendError {
    message: String,
}

impl From<JoinError> for SendError {
    fn from(error: JoinError) -> Self {
        SendError {
            message: error.to_string(),
        }
    }
}

/// The end of a [`channel`] where its values arrive: a `Stream` of them.
///
/// An item is an error, [`is_decode`](JoinError::is_decode), where a value arrived that does not decode; those after it
/// come all the same.
///
/// Dropping it drops what arrives; the jobs that send go on.
#[must_use = "what arrives is lost when the receiver is dropped"]
pub struct Receiver<T> {
    queue: Arc<Queue<T>>,
}

impl<T> Receiver<T> {
    /// The next value, and `None` when no more can come.
    ///
    /// Dropping the future loses nothing.
    pub async fn recv(&mut self) -> Option<Result<T, JoinError>> {
        poll_fn(|cx| self.queue.poll(cx)).await
    }
}

impl<T> Stream for Receiver<T> {
    type Item = Result<T, JoinError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.queue.poll(cx)
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        state.is_received = false;
        let (items, waker) = (std::mem::take(&mut state.items), state.waker.take());
        drop(state);
        drop((items, waker));
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}

struct Queue<T> {
    state: Mutex<State<T>>,
}

struct State<T> {
    items: VecDeque<Result<T, JoinError>>,
    /// Outlets that may bring more.
    open: usize,
    /// The receiver is there.
    is_received: bool,
    waker: Option<Waker>,
}

impl<T> Queue<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // A panic under this lock could only be the allocator's.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn poll(&self, cx: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        // A waker is foreign code, in its clone and its drop too (invariant 4).
        let waker = cx.waker().clone();
        let mut state = self.lock();
        if let Some(item) = state.items.pop_front() {
            return Poll::Ready(Some(item));
        }
        if state.open == 0 {
            return Poll::Ready(None);
        }
        let before = state.waker.replace(waker);
        drop(state);
        drop(before);
        Poll::Pending
    }
}

/// Where a job's values come out: the near end of its sender, as the job's owner keeps it.
pub(crate) trait Outlet: Any + Send + Sync {
    /// A value from the far end. Natively every end is near.
    #[cfg(target_family = "wasm")]
    fn deliver(&self, value: payload::Payload);
    /// The job has ended for its owner.
    fn close(&self);
}

/// A sender's near end.
pub(crate) struct Near<T> {
    queue: Arc<Queue<T>>,
    is_open: AtomicBool,
    /// The job that it is with; 0 for none.
    #[cfg(not(target_family = "wasm"))]
    job: AtomicU64,
}

impl<T> Near<T> {
    fn open(queue: Arc<Queue<T>>) -> Arc<Self> {
        queue.lock().open += 1;
        Near::new(queue, true)
    }

    fn new(queue: Arc<Queue<T>>, is_open: bool) -> Arc<Self> {
        Arc::new(Near {
            queue,
            is_open: AtomicBool::new(is_open),
            #[cfg(not(target_family = "wasm"))]
            job: AtomicU64::new(0),
        })
    }

    /// One more, to be closed by itself. Of a closed one it is closed, too: a job that was given up on opens nothing.
    fn another(&self) -> Arc<Self> {
        let mut state = self.queue.lock();
        // ORDERING: Relaxed; it is read and written under the queue's lock.
        let is_open = self.is_open.load(Ordering::Relaxed);
        state.open += usize::from(is_open);
        drop(state);
        Near::new(self.queue.clone(), is_open)
    }

    /// It came with a job, or has been used in one.
    #[cfg(not(target_family = "wasm"))]
    fn is_with_a_job(&self) -> bool {
        // ORDERING: Relaxed; only the thread that runs the job sets it.
        self.job.load(Ordering::Relaxed) != 0
    }

    /// Whether that is news.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn comes_to(&self, job: JobId) -> bool {
        // ORDERING: Relaxed; only the thread that runs the job sets it to this.
        self.job.swap(job.0, Ordering::Relaxed) != job.0
    }

    fn push(&self, item: Result<T, JoinError>) {
        let mut state = self.queue.lock();
        // Asked under the lock under which it is closed (invariant 2).
        if !state.is_received || !self.is_open.load(Ordering::Relaxed) {
            drop(state);
            drop(item);
            return;
        }
        state.items.push_back(item);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn shut(&self) {
        let mut state = self.queue.lock();
        // ORDERING: Relaxed; it is read and written under the queue's lock.
        if !self.is_open.swap(false, Ordering::Relaxed) {
            return;
        }
        state.open -= 1;
        let waker = (state.open == 0).then(|| state.waker.take()).flatten();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<T> Drop for Near<T> {
    fn drop(&mut self) {
        self.shut();
    }
}

impl<T: Travel> Outlet for Near<T> {
    #[cfg(target_family = "wasm")]
    fn deliver(&self, value: payload::Payload) {
        self.push(payload::decode(&value.bytes, value.values));
    }

    fn close(&self) {
        self.shut();
    }
}
