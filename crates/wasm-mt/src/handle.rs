//! [`JoinHandle`]: the caller's end of a job, and the packet that it shares with whoever brings the outcome.
//!
//! 1. A packet settles exactly once: by an outcome, an abort or a time-out, whichever comes first. Later ones are dropped.
//! 2. No waker, callback or foreign code runs while the packet's lock is held.
//! 3. An abort settles the packet at once; what becomes of the worker is the [`Origin`]'s affair.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::error::{JoinError, JoinErrorKind};
use crate::sync::{Mutex, MutexGuard, Step, taken};
use crate::sys;

#[cfg(all(test, loom))]
pub(crate) mod models;

/// Tells one job from every other of this program's owner.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub(crate) u64);

impl JobId {
    /// Stands for the `on_start` function, where a job is meant.
    pub(crate) const ON_START: JobId = JobId(1);

    /// Stands for what a job has forked, where a job is meant: larger than any that is, a number of JavaScript's all the same.
    /// Its low half is 0.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub(crate) const FORK: JobId = JobId(1 << 52);

    pub(crate) fn next() -> Self {
        Self::next_of(1)
    }

    /// That of the job behind it, in a row.
    pub(crate) fn next_to(self) -> Self {
        JobId(self.0 + 1)
    }

    /// The first of so many in a row.
    pub(crate) fn next_of(count: usize) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(2);
        // ORDERING: Relaxed; only that no two are equal matters.
        JobId(NEXT.fetch_add(count as u64, Ordering::Relaxed))
    }
}

impl fmt::Debug for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JobId({})", self.0)
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a detached job's error is told to.
pub type Unhandled = Arc<dyn Fn(JoinError) + Send + Sync>;

/// Where a job runs: told when its handle was settled from this end.
pub trait Origin: Send + Sync {
    /// The job's handle has been settled; the job itself may stop.
    fn abandon(&self, id: JobId);
}

/// A place in a bounded queue, which a job has while it waits.
pub trait Permit: Send + Sync {
    /// The job waits no more. A second time it does nothing.
    fn release(&self);
}

/// Gives a place back when it is dropped: when the job has begun, or its handle was settled, whichever comes first.
pub struct Waits(pub(crate) Arc<dyn Permit>);

impl fmt::Debug for Waits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Waits")
    }
}

impl Drop for Waits {
    fn drop(&mut self) {
        self.0.release();
    }
}

/// A packet without its type, as the queues hold it: of one job, or of all jobs of a `map`.
pub trait Packet: Send + Sync {
    /// Nobody waits for any of its jobs any more.
    fn is_settled(&self) -> bool;
    /// Settles the job `id`. Invariant 1: `outcome` is dropped where it was settled before.
    fn settle(&self, id: JobId, outcome: Result<sys::Value, JoinError>);
    /// The same with a value of which there are bytes and nothing beside them, which need not be kept.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    fn settle_plain(&self, id: JobId, bytes: &[u8]) {
        self.settle(id, Ok(sys::Value::plain(bytes.to_vec())));
    }
    /// Settles with `error` and tells the origin.
    fn abort(&self, error: JoinError);
}

/// What has come of a job.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
#[derive(Debug)]
pub enum Came<'a> {
    /// A value, as bytes that nothing travels beside.
    Plain(&'a [u8]),
    /// With values beside it, or none at all.
    Other(Result<sys::Value, JoinError>),
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
impl Came<'_> {
    /// Runs foreign code: not under a lock.
    pub(crate) fn settle(self, packet: &dyn Packet, id: JobId) {
        match self {
            Came::Plain(bytes) => packet.settle_plain(id, bytes),
            Came::Other(outcome) => packet.settle(id, outcome),
        }
    }
}

/// How an arrived value becomes a `T`.
pub type Decode<T> = fn(sys::Value) -> Result<T, JoinError>;

pub(crate) struct Shared<T> {
    id: JobId,
    decode: Decode<T>,
    unhandled: Unhandled,
    origin: Weak<dyn Origin>,
    phase: Mutex<Phase<T>>,
}

enum Phase<T> {
    Pending {
        waker: Option<Waker>,
        /// Few have one.
        timer: Option<Box<sys::Timer>>,
        _waits: Option<Waits>,
        detached: bool,
    },
    Settled(Result<T, JoinError>),
    Taken,
}

impl<T: Send + 'static> Shared<T> {
    pub(crate) fn new(
        decode: Decode<T>,
        unhandled: Unhandled,
        origin: Weak<dyn Origin>,
    ) -> Arc<Self> {
        Self::waiting(decode, unhandled, origin, None)
    }

    /// The same, for a job that waits in a bounded queue.
    pub(crate) fn waiting(
        decode: Decode<T>,
        unhandled: Unhandled,
        origin: Weak<dyn Origin>,
        waits: Option<Waits>,
    ) -> Arc<Self> {
        Arc::new(Shared {
            id: JobId::next(),
            decode,
            unhandled,
            origin,
            phase: Mutex::new(Phase::Pending {
                waker: None,
                timer: None,
                _waits: waits,
                detached: false,
            }),
        })
    }

    pub(crate) fn id(&self) -> JobId {
        self.id
    }

    fn lock(&self) -> MutexGuard<'_, Phase<T>> {
        // A panic under this lock could only be the allocator's; the phase is whole at every step.
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// False where it was settled before.
    fn settle_typed(&self, outcome: Result<T, JoinError>) -> bool {
        let mut phase = self.lock();
        let detached = match *phase {
            Phase::Pending { detached, .. } => detached,
            _ if taken(Step::Once) => return false,
            _ => false,
        };
        let (next, unheard) = if detached {
            (Phase::Taken, Some(outcome))
        } else {
            (Phase::Settled(outcome), None)
        };
        let before = std::mem::replace(&mut *phase, next);
        drop(phase);
        if let Phase::Pending {
            waker: Some(waker), ..
        } = before
            && taken(Step::Wake)
        {
            waker.wake();
        }
        if let Some(Err(error)) = unheard {
            self.report(error);
        }
        true
    }

    fn report(&self, error: JoinError) {
        if !error.is_cancelled() {
            (self.unhandled)(error);
        }
    }

    /// What it was settled with, for once.
    ///
    /// # Panics
    /// When that was taken before.
    fn take(&self) -> Option<Result<T, JoinError>> {
        Self::take_from(self.lock())
    }

    fn take_from(mut phase: MutexGuard<'_, Phase<T>>) -> Option<Result<T, JoinError>> {
        if let Phase::Pending { .. } = *phase {
            return None;
        }
        let settled = std::mem::replace(&mut *phase, Phase::Taken);
        drop(phase);
        match settled {
            Phase::Settled(outcome) => Some(outcome),
            _ => panic!("a `JoinHandle` was polled after it gave its result"),
        }
    }

    /// The same; where there is nothing yet, whom to wake then.
    fn wait(&self, cx: &Context<'_>) -> Option<Result<T, JoinError>> {
        // Invariant 2: a waker is foreign code, in its clone and its drop too.
        let new = cx.waker().clone();
        let mut phase = self.lock();
        let Phase::Pending { waker, .. } = &mut *phase else {
            return Self::take_from(phase);
        };
        let before = waker.replace(new);
        drop(phase);
        drop(before);
        None
    }

    /// The handle is gone: from now on an error goes to `unhandled`.
    fn detach(&self) {
        let mut phase = self.lock();
        let before = match &mut *phase {
            Phase::Pending {
                detached, waker, ..
            } => {
                *detached = taken(Step::Detach);
                let waker = waker.take();
                drop(phase);
                drop(waker);
                return;
            }
            settled => std::mem::replace(settled, Phase::Taken),
        };
        drop(phase);
        if let Phase::Settled(Err(error)) = before
            && taken(Step::TellLate)
        {
            self.report(error);
        }
    }
}

impl<T: Send + 'static> Packet for Shared<T> {
    fn is_settled(&self) -> bool {
        !matches!(*self.lock(), Phase::Pending { .. })
    }

    fn settle(&self, _: JobId, outcome: Result<sys::Value, JoinError>) {
        // Nobody decodes for nothing. What has moved is not decoded.
        if cfg!(target_family = "wasm") && self.is_settled() {
            return;
        }
        self.settle_typed(outcome.and_then(self.decode));
    }

    fn abort(&self, error: JoinError) {
        if self.settle_typed(Err(error))
            && let Some(origin) = self.origin.upgrade()
        {
            origin.abandon(self.id);
        }
    }
}

/// A job's result to come: a future of `Result<T, JoinError>`.
///
/// Every handle settles, whatever becomes of the worker: with the job's value, or with the [`JoinError`] that says why
/// there is none.
///
/// Dropping a handle detaches its job, which goes on; its error, should there be one, goes to
/// [`Builder::on_unhandled`](crate::Builder::on_unhandled). To stop the job instead, see
/// [`abort_on_drop`](Self::abort_on_drop).
///
/// # Panics
/// When polled again after it gave its result.
#[must_use = "dropping a handle detaches its job; `.await` it for the result"]
pub struct JoinHandle<T: Send + 'static> {
    shared: Arc<Shared<T>>,
    /// It has given its result: nothing is left to detach.
    is_done: bool,
}

impl<T: Send + 'static> JoinHandle<T> {
    pub(crate) fn new(shared: Arc<Shared<T>>) -> Self {
        JoinHandle {
            shared,
            is_done: false,
        }
    }

    /// Stops the job: the handle is [cancelled](JoinError::is_cancelled) at once.
    ///
    /// A job that waits is never begun. An async job that runs is dropped at its next `await`. A job that goes on running
    /// loses its worker after a grace time ([`Builder::abort_grace`](crate::Builder::abort_grace)), and another worker
    /// takes its place. Nothing happens when the job has ended.
    pub fn abort(&self) {
        self.shared.abort(JoinError::cancelled());
    }

    /// A handle that can only abort, to keep elsewhere.
    pub fn abort_handle(&self) -> AbortHandle {
        AbortHandle {
            id: self.shared.id,
            packet: self.shared.clone(),
        }
    }

    /// A handle that aborts its job when it is dropped, instead of detaching it.
    pub fn abort_on_drop(self) -> AbortOnDrop<T> {
        AbortOnDrop { handle: self }
    }

    /// The job has ended, or was aborted: the handle would give its result at once.
    pub fn is_finished(&self) -> bool {
        self.shared.is_settled()
    }

    /// The job's id.
    pub fn id(&self) -> JobId {
        self.shared.id
    }

    /// The same handle with a limit: unless the job has ended `limit` from now, it is aborted and the handle gives an
    /// error that [`is_deadline`](JoinError::is_deadline).
    ///
    /// The time runs from this call, also while the job waits for its turn. A second call sets the limit anew. In a WASI guest it is
    /// looked at where the job that has set it waits, and ends with that.
    pub fn timeout(self, limit: Duration) -> Self {
        let packet = Arc::downgrade(&self.shared);
        let fire = move || {
            if let Some(packet) = packet.upgrade() {
                packet.abort(JoinError::new(JoinErrorKind::Deadline(limit)));
            }
        };
        let new = Box::new(sys::Timer::after(limit, Box::new(fire)));
        let before = match &mut *self.shared.lock() {
            Phase::Pending { timer, .. } => timer.replace(new),
            _ => Some(new),
        };
        drop(before);
        self
    }
}

impl<T: Send + 'static> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(outcome) = self.shared.take().or_else(|| self.shared.wait(cx)) else {
            return Poll::Pending;
        };
        self.is_done = true;
        Poll::Ready(outcome)
    }
}

impl<T: Send + 'static> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        if !self.is_done {
            self.shared.detach();
        }
    }
}

impl<T: Send + 'static> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle")
            .field("id", &self.id())
            .field("is_finished", &self.is_finished())
            .finish()
    }
}

/// Aborts one job, from anywhere. See [`JoinHandle::abort_handle`].
///
/// Dropping it does nothing.
#[derive(Clone)]
pub struct AbortHandle {
    id: JobId,
    packet: Arc<dyn Packet>,
}

impl AbortHandle {
    /// Stops the job, as [`JoinHandle::abort`].
    pub fn abort(&self) {
        self.packet.abort(JoinError::cancelled());
    }

    /// The job has ended, or was aborted.
    pub fn is_finished(&self) -> bool {
        self.packet.is_settled()
    }

    /// The job's id.
    pub fn id(&self) -> JobId {
        self.id
    }
}

impl fmt::Debug for AbortHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbortHandle")
            .field("id", &self.id())
            .finish()
    }
}

/// A [`JoinHandle`] that aborts its job when dropped. See [`JoinHandle::abort_on_drop`].
#[must_use = "dropping it aborts the job"]
pub struct AbortOnDrop<T: Send + 'static> {
    handle: JoinHandle<T>,
}

impl<T: Send + 'static> std::ops::Deref for AbortOnDrop<T> {
    type Target = JoinHandle<T>;

    fn deref(&self) -> &JoinHandle<T> {
        &self.handle
    }
}

impl<T: Send + 'static> Future for AbortOnDrop<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.handle).poll(cx)
    }
}

impl<T: Send + 'static> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.handle.abort();
    }
}

impl<T: Send + 'static> fmt::Debug for AbortOnDrop<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbortOnDrop")
            .field("id", &self.id())
            .finish()
    }
}
