//! What the pool counts of each worker.

/// One worker's figures since the pool began; they outlive the worker's replacements.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct WorkerStats {
    /// Jobs that were posted to it; one that is posted again, since its worker died, counts again.
    pub(crate) posted: usize,
    /// Those of them that lay on another worker's deque first.
    pub(crate) stolen: usize,
    /// Messages that these jobs took.
    pub(crate) frames: usize,
    /// How long its frames ran, in µs by its own clock.
    pub(crate) busy: f64,
    /// How long its jobs waited before they were posted, summed up, in µs.
    pub(crate) queued: f64,
    /// Jobs that wait on its own deque, and those that are pinned to it.
    pub(crate) waiting: usize,
}
