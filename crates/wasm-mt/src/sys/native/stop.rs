//! How a job hears from within that it shall end: its owner notes it, and [`checkpoint`] looks there and unwinds.
//!
//! Never true: that an unwinding or a drop is stopped. What ends a job runs to its own end.

use std::any::Any;
use std::cell::{Cell, OnceCell};
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::handle::JobId;
use crate::panic::{self, Panic};

/// What a worker shall stop: shared by its owner and its thread.
#[derive(Default)]
pub(super) struct Stops {
    /// There is something to stop. The look that costs nothing.
    any: AtomicBool,
    which: Mutex<Which>,
}

#[derive(Default)]
struct Which {
    all: bool,
    jobs: Vec<JobId>,
}

/// What a stopped job unwinds with. No panic: no hook is called.
struct Stopped;

thread_local! {
    static STOPS: OnceCell<Arc<Stops>> = const { OnceCell::new() };
    static SHIELDED: Cell<bool> = const { Cell::new(false) };
}

impl Stops {
    fn lock(&self) -> MutexGuard<'_, Which> {
        self.which.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn stop(&self, id: JobId) {
        let mut which = self.lock();
        which.jobs.push(id);
        // ORDERING: Relaxed; a job looks again and again, and takes the lock before it believes it. Written under the lock
        // only, so never stale.
        self.any.store(true, Ordering::Relaxed);
    }

    pub(super) fn stop_all(&self) {
        let mut which = self.lock();
        which.all = true;
        // ORDERING: as in `stop`.
        self.any.store(true, Ordering::Relaxed);
    }

    /// The job has ended: nobody stops it any more.
    fn ended(&self, id: JobId) {
        // ORDERING: Relaxed; who stopped this job did so under the lane's lock before the lane heard of its end.
        if !self.any.load(Ordering::Relaxed) {
            return;
        }
        let mut which = self.lock();
        which.jobs.retain(|job| *job != id);
        // ORDERING: as in `stop`.
        self.any
            .store(which.all || !which.jobs.is_empty(), Ordering::Relaxed);
    }

    fn is_stopped(&self, id: JobId) -> bool {
        // ORDERING: as in `stop`.
        if !self.any.load(Ordering::Relaxed) {
            return false;
        }
        let which = self.lock();
        which.all || which.jobs.contains(&id)
    }
}

/// Makes this thread the one that `stops` speaks of.
pub(super) fn listen(stops: Arc<Stops>) {
    STOPS.with(|mine| {
        // Never the second time: a thread is made for one link.
        let _ = mine.set(stops);
    });
}

/// The job of this thread has ended.
pub(super) fn ended(id: JobId) {
    STOPS.with(|stops| {
        if let Some(stops) = stops.get() {
            stops.ended(id);
        }
    });
}

/// Unwinds out of the running job where that shall stop.
pub(crate) fn checkpoint() {
    if stops() && !is_shielded() {
        unwind();
    }
}

/// The running job shall stop. Where a panic ends the process, so would that.
pub fn stops() -> bool {
    let Some(id) = panic::current_job() else {
        return false;
    };
    cfg!(panic = "unwind")
        && STOPS.with(|stops| stops.get().is_some_and(|stops| stops.is_stopped(id)))
}

/// What runs here ends a job, or unwinds already. It is not stopped.
pub fn is_shielded() -> bool {
    SHIELDED.get() || std::thread::panicking()
}

/// Unwinds out of the running job, which was stopped. Where that would end the process, the thread, which nobody hears any more,
/// sleeps for good.
pub fn unwind() -> ! {
    if cfg!(panic = "unwind") {
        resume_unwind(Box::new(Stopped));
    }
    loop {
        std::thread::park();
    }
}

/// Unwinds out of the running job by a panic that happened elsewhere.
pub(crate) fn end_by(panic: &Panic) -> ! {
    resume_unwind(Box::new(panic.message.clone()))
}

/// Runs what ends a job: it is not to be stopped. `f` does not unwind.
pub(crate) fn shielded<R>(f: impl FnOnce() -> R) -> R {
    let before = SHIELDED.replace(true);
    let result = f();
    SHIELDED.set(before);
    result
}

/// Whether a job ended at a [`checkpoint`].
pub(crate) fn is_stop(payload: &(dyn Any + Send)) -> bool {
    payload.is::<Stopped>()
}
