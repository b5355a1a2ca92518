//! [`Stats`]: what a pool has done, as it stands when it is asked; and the [`Counters`] that each worker keeps for it.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use wasm_mt::__abi;

/// What a pool has done since it was built. See [`Pool::stats`](crate::Pool::stats).
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Stats {
    /// One for each worker, in the order of their numbers.
    pub workers: Vec<WorkerStats>,
    /// Jobs that have not begun.
    pub waiting: u64,
}

/// What one worker of a pool has done, and has.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct WorkerStats {
    /// The id of its thread.
    pub thread: u64,
    /// It is there.
    pub up: bool,
    /// Jobs that have begun there.
    pub run: u64,
    /// Those of them that it took from the deque of another worker.
    pub stolen: u64,
    /// How long it was at work.
    pub busy: Duration,
    /// How long the jobs that it began had waited before, all together.
    pub queued: Duration,
    /// Jobs on its own deque.
    pub waiting: u64,
    /// How many of its jobs have begun and await nothing.
    pub awake: u64,
    /// How many stores it has, idle ones among them.
    pub stores: u64,
    /// How many bytes the memories of its stores have.
    pub memory: u64,
}

impl Stats {
    /// Jobs that have begun on any worker.
    pub fn run(&self) -> u64 {
        self.sum(|worker| worker.run)
    }

    /// Jobs that a worker took from the deque of another.
    pub fn stolen(&self) -> u64 {
        self.sum(|worker| worker.stolen)
    }

    /// Stores of all workers, idle ones among them.
    pub fn stores(&self) -> u64 {
        self.sum(|worker| worker.stores)
    }

    /// How many bytes the memories of all stores have.
    pub fn memory(&self) -> u64 {
        self.sum(|worker| worker.memory)
    }

    fn sum(&self, of: impl Fn(&WorkerStats) -> u64) -> u64 {
        self.workers.iter().map(of).sum()
    }

    pub(crate) fn of(threads: wasm_mt_pool::Stats, counters: &[Counters]) -> Self {
        let workers = threads.workers.into_iter().zip(counters);
        let workers = workers.map(|(of, counters)| WorkerStats {
            thread: of.thread,
            up: of.up,
            run: of.run,
            stolen: of.stolen,
            busy: of.busy,
            queued: of.queued,
            waiting: of.waiting,
            awake: counters.awake().into(),
            stores: counters.stores(),
            memory: counters.memory(),
        });
        Stats {
            workers: workers.collect(),
            waiting: threads.waiting,
        }
    }

    /// As a guest is told.
    pub(crate) fn to_guest(&self) -> __abi::Stats {
        let workers = self.workers.iter().map(|of| __abi::WorkerStats {
            thread: of.thread,
            up: of.up,
            memory: of.memory,
            run: of.run,
            posted: of.run,
            stolen: of.stolen,
            busy: of.busy.as_micros() as u64,
            queued: of.queued.as_micros() as u64,
            waiting: of.waiting,
        });
        __abi::Stats {
            waiting: self.waiting,
            workers: workers.collect(),
        }
    }
}

/// What a worker counts itself, on its own cache line. Written by its thread alone, but for stores that end elsewhere.
// ORDERING: Relaxed, in all of them; figures. What the ticker makes of `awake` has fences of its own.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Counters {
    awake: AtomicU32,
    stores: AtomicU64,
    memory: AtomicU64,
}

impl Counters {
    /// How many jobs of the worker have begun and await nothing.
    pub(crate) fn awake(&self) -> u32 {
        self.awake.load(Ordering::Relaxed)
    }

    pub(crate) fn set_awake(&self, jobs: u32) {
        self.awake.store(jobs, Ordering::Relaxed);
    }

    fn stores(&self) -> u64 {
        self.stores.load(Ordering::Relaxed)
    }

    fn memory(&self) -> u64 {
        self.memory.load(Ordering::Relaxed)
    }

    pub(crate) fn store_made(&self) {
        self.stores.fetch_add(1, Ordering::Relaxed);
    }

    /// A store has ended, whose memories had so many bytes.
    pub(crate) fn store_ended(&self, memory: usize) {
        self.stores.fetch_sub(1, Ordering::Relaxed);
        self.memory.fetch_sub(memory as u64, Ordering::Relaxed);
    }

    pub(crate) fn memory_grown(&self, bytes: usize) {
        self.memory.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn memory_not_grown(&self, bytes: usize) {
        self.memory.fetch_sub(bytes as u64, Ordering::Relaxed);
    }
}
