//! [`Stats`]: what a pool has done, as it stands when it is asked.

use std::time::Duration;

/// What a pool has done since it was started. See [`ThreadPool::stats`](crate::ThreadPool::stats).
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Stats {
    /// One for each worker, in the order of their numbers.
    pub workers: Vec<WorkerStats>,
    /// Jobs that wait and were not posted to a worker.
    pub waiting: u64,
}

impl Stats {
    /// Jobs whose body has ended, in any worker.
    pub fn run(&self) -> u64 {
        self.sum(|worker| worker.run)
    }

    /// What the memories of all workers that are there hold together, in bytes. See [`WorkerStats::memory`].
    pub fn memory(&self) -> u64 {
        self.sum(|worker| worker.memory)
    }

    /// Jobs that a worker took from the deque of another.
    pub fn stolen(&self) -> u64 {
        self.sum(|worker| worker.stolen)
    }

    fn sum(&self, of: impl Fn(&WorkerStats) -> u64) -> u64 {
        self.workers.iter().map(of).sum()
    }
}

/// What one worker of a pool has done. A worker that takes a dead one's place goes on counting.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct WorkerStats {
    /// The id of its thread, as [`wasm_mt::current`] has it in a job.
    pub thread: u64,
    /// It is there: it has started, and has not ended since it had nothing to do.
    pub up: bool,
    /// How many bytes its WebAssembly memory has, as it told with the last jobs that it ran. 0 natively, where all threads share
    /// the program's, and before it has told.
    pub memory: u64,
    /// Jobs whose body has ended there, however it ended.
    pub run: u64,
    /// Jobs that it was given: natively, that it has begun.
    pub posted: u64,
    /// Those of them that it took from the deque of another worker, and halves of others' [`join`](crate::join())s.
    pub stolen: u64,
    /// Messages in which it was given them; natively one a job.
    pub frames: u64,
    /// How long it was at work, by its own clock, which a browser lets tick in 5 µs to 1 ms.
    pub busy: Duration,
    /// How long the jobs that it was given had waited before, all together.
    pub queued: Duration,
    /// Jobs on its own deque.
    pub waiting: u64,
}
