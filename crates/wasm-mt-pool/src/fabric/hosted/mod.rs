//! The fabric of a WASI guest: the host's pool, of which a [`View`] is what one handle of it has spawned. The scheduler is the
//! host's, and so are the threads; jobs go there as they are spawned, and what becomes of them comes back to the instance.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use wasm_mt::__pool::{self, Config, Entry, Origin, Task, Unhandled};
use wasm_mt::{Job, JobId, StartError};

use crate::builder::Settings;
use crate::choice;
use crate::fabric::Fabric;
use crate::fork;
use crate::pool::ThreadPool;
use crate::stats::{Stats, WorkerStats};

/// The host's pool, as one handle of this instance's program knows it.
struct View {
    /// Tells its jobs from those of others.
    id: u64,
    /// What each instance runs first; 0 for nothing.
    on_start: u32,
    unhandled: Unhandled,
    has_ended: AtomicBool,
    me: Weak<View>,
}

impl View {
    fn new(on_start: u32, unhandled: Unhandled) -> Arc<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Arc::new_cyclic(|me| View {
            // ORDERING: Relaxed, here and below; there is one thread only.
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            on_start,
            unhandled,
            has_ended: AtomicBool::new(false),
            me: me.clone(),
        })
    }
}

/// A view for who builds a pool. The host has its threads, however many the builder was told.
pub(crate) fn start(config: &Config, _: usize, _: Settings) -> Arc<dyn Fabric> {
    View::new(config.on_start(), config.unhandled())
}

/// The pool that runs this code, where that is a job's. All of a job's handles are one view, and the next job has another.
pub(crate) fn current() -> Option<Arc<dyn Fabric>> {
    thread_local! {
        static CURRENT: RefCell<Option<(u64, Arc<View>)>> = const { RefCell::new(None) };
    }
    let (number, on_start) = __pool::running()?;
    CURRENT.with_borrow_mut(|current| {
        if current.as_ref().is_none_or(|(of, _)| *of != number) {
            let view = View::new(on_start, __pool::print_unhandled());
            *current = Some((number, view));
        }
        let (_, view) = current.as_ref()?;
        Some(view.clone() as Arc<dyn Fabric>)
    })
}

/// Runs `a` here, and `b` in another instance, which the host has run while this one waits. Outside a job there is none.
#[track_caller]
pub(crate) fn join<A, B: Send + 'static>(a: impl FnOnce() -> A, b: Job<B>) -> (A, B) {
    let Some(pool) = ThreadPool::current() else {
        return fork::in_place(a, b);
    };
    // A panic ends the instance, and its jobs with it.
    let b = pool.spawn(b).abort_on_drop();
    let a = a();
    (a, fork::given(wasm_mt::block_on(b)))
}

impl Origin for View {
    fn abandon(&self, id: JobId) {
        __pool::given_up(id);
    }
}

impl Fabric for View {
    fn kind(&self) -> choice::Fabric {
        choice::Fabric::Post
    }

    fn workers(&self) -> usize {
        __pool::workers()
    }

    fn resize(&self, _: usize) -> Result<(), StartError> {
        Err(__pool::not_here())
    }

    fn submit(&self, entry: Box<Entry>, worker: Option<usize>) {
        if self.is_closed() {
            return entry.fail(__pool::closed());
        }
        __pool::submit(entry, worker, self.id, self.on_start);
    }

    fn origin(&self) -> Option<Weak<dyn Origin>> {
        Some(self.me.clone())
    }

    fn give_up_many(&self, _: JobId, _: &Task) {
        __pool::given_up_many();
    }

    fn unhandled(&self) -> Unhandled {
        self.unhandled.clone()
    }

    fn poll_started(&self, _: &mut Context<'_>) -> Poll<Result<(), StartError>> {
        Poll::Ready(Ok(()))
    }

    /// Of the whole pool, with what others have spawned.
    fn stats(&self) -> Stats {
        let stats = __pool::stats();
        Stats {
            waiting: stats.waiting,
            workers: stats
                .workers
                .iter()
                .map(|of| WorkerStats {
                    thread: of.thread,
                    up: of.up,
                    memory: of.memory,
                    run: of.run,
                    posted: of.posted,
                    stolen: of.stolen,
                    frames: of.posted,
                    busy: Duration::from_micros(of.busy),
                    queued: Duration::from_micros(of.queued),
                    waiting: of.waiting,
                })
                .collect(),
        }
    }

    fn is_closed(&self) -> bool {
        self.has_ended.load(Ordering::Relaxed)
    }

    /// Ends this view's jobs, and lets the pool be: others have it, too.
    fn end(&self) {
        if !self.has_ended.swap(true, Ordering::Relaxed) {
            __pool::end_view(self.id);
        }
    }

    fn poll_ended(&self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}
