//! The native fabric as the pool's handles know it.

use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

use wasm_mt::__pool::{Config, Entry, Origin, Task, Unhandled};
use wasm_mt::{JobId, StartError};

use super::{Native, Place};
use crate::builder::Settings;
use crate::choice;
use crate::fabric::Fabric;
use crate::stats::{Stats, WorkerStats};

/// Starts a pool.
pub(crate) fn start(config: &Config, workers: usize, settings: Settings) -> Arc<dyn Fabric> {
    begun(Native::make(config.clone(), workers, settings, None))
}

/// The same for a host, which says by `takes` whether the worker that it is called on may begin a job: see `worker/refrain.rs`.
pub(crate) fn start_for(
    config: &Config,
    workers: usize,
    settings: Settings,
    takes: fn() -> bool,
) -> Arc<dyn Fabric> {
    begun(Native::make(config.clone(), workers, settings, Some(takes)))
}

fn begun(fabric: Arc<Native>) -> Arc<dyn Fabric> {
    fabric.begin();
    fabric
}

/// The number of the worker whose thread this is.
pub(crate) fn current_worker() -> Option<usize> {
    Native::current().map(|(_, worker)| worker)
}

/// The pool that runs this code.
pub(crate) fn current() -> Option<Arc<dyn Fabric>> {
    let (fabric, _) = Native::current()?;
    Some(fabric)
}

impl Fabric for Native {
    fn kind(&self) -> choice::Fabric {
        choice::Fabric::Shared
    }

    fn workers(&self) -> usize {
        Native::workers(self)
    }

    fn resize(&self, workers: usize) -> Result<(), StartError> {
        Native::resize(self, workers)
    }

    fn submit(&self, entry: Box<Entry>, worker: Option<usize>) {
        Native::submit(self, entry, worker.map_or(Place::Anywhere, Place::Pinned));
    }

    /// A job is told itself.
    fn origin(&self) -> Option<Weak<dyn Origin>> {
        None
    }

    fn give_up_many(&self, _: JobId, task: &Task) {
        self.abandon(task);
    }

    fn unhandled(&self) -> Unhandled {
        self.config.unhandled()
    }

    fn poll_started(&self, cx: &mut Context<'_>) -> Poll<Result<(), StartError>> {
        Native::poll_started(self, cx)
    }

    /// What lies on the deque of a worker, and what is its alone, is told as far as others can see it. A `map` counts as one job.
    fn stats(&self) -> Stats {
        let mut workers: Vec<_> = self
            .present_seats()
            .map(|seat| {
                let done = seat.counters.read();
                WorkerStats {
                    thread: seat.id,
                    up: seat.is_up(),
                    memory: 0,
                    run: done.run,
                    posted: done.run,
                    stolen: done.stolen,
                    frames: done.run,
                    busy: done.busy,
                    queued: done.queued,
                    waiting: seat.inbox.len() as u64,
                }
            })
            .collect();
        let mut elsewhere = self.injectors.len() as u64;
        for peer in self.peers.known().list.iter() {
            let waiting = match workers.get_mut(peer.worker) {
                Some(worker) => &mut worker.waiting,
                // It leaves, and others may take it.
                None => &mut elsewhere,
            };
            *waiting += peer.deque.len() as u64;
        }
        let waiting = workers.iter().map(|worker| worker.waiting);
        Stats {
            waiting: elsewhere + waiting.sum::<u64>(),
            workers,
        }
    }

    fn is_closed(&self) -> bool {
        self.is_shut()
    }

    fn end(&self) {
        self.terminate();
    }

    fn poll_ended(&self, cx: &mut Context<'_>) -> Poll<()> {
        Native::poll_ended(self, cx)
    }
}
