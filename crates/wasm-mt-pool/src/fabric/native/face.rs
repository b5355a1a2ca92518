//! The native fabric as the pool's handles know it.

use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

use wasm_mt::__pool::{Config, Entry, Origin, Task, Unhandled};
use wasm_mt::{JobId, StartError};

use super::{Native, Place, Seat};
use crate::builder::Settings;
use crate::fabric::Fabric;
use crate::stats::{Stats, WorkerStats};

/// A pool of so many workers, which [`begin`](Fabric::begin) starts.
pub(crate) fn make(config: &Config, workers: usize, settings: Settings) -> Arc<dyn Fabric> {
    Native::start(config.clone(), workers, settings.steal)
}

/// The pool that runs this code.
pub(crate) fn current() -> Option<Arc<dyn Fabric>> {
    let (fabric, _) = Native::current()?;
    Some(fabric)
}

impl Fabric for Native {
    fn workers(&self) -> usize {
        Native::workers(self)
    }

    fn begin(&self) -> bool {
        false
    }

    fn resize(&self, _: usize) -> Result<(), StartError> {
        Ok(())
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

    fn stats(&self) -> Stats {
        let workers = self
            .seats
            .iter()
            .zip(self.done())
            .map(|(seat, done)| WorkerStats {
                thread: seat.id,
                up: self.hand_of(seat).is_some(),
                memory: 0,
                run: done.run,
                posted: done.run,
                stolen: done.stolen,
                frames: done.run,
                busy: done.busy,
                queued: done.queued,
                waiting: self.on_deque(seat),
            });
        Stats {
            workers: workers.collect(),
            waiting: self.waiting(),
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

impl Native {
    /// Jobs on the deque of a worker and those that are its alone, as far as others can see. A `map` counts as one.
    fn on_deque(&self, seat: &Seat) -> u64 {
        let worker = self.seats.iter().position(|one| std::ptr::eq(one, seat));
        let known = self.peers.known();
        let peers = known.list.iter().filter(|peer| Some(peer.worker) == worker);
        let on_deque: usize = peers.map(|peer| peer.deque.len()).sum();
        (on_deque + seat.inbox.len()) as u64
    }

    fn waiting(&self) -> u64 {
        let on_deques: u64 = self.seats.iter().map(|seat| self.on_deque(seat)).sum();
        self.injector.len() as u64 + on_deques
    }
}
