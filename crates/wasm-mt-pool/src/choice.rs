//! [`Fabric`]: which way jobs travel, as a program chooses it and is told of it.

/// How the jobs of a pool reach its workers. See [`Builder::fabric`](crate::Builder::fabric).
///
/// It matters in a browser only. There each worker has a memory of its own, and what lies in between is either messages or a
/// `SharedArrayBuffer`, which a page has where it is
/// [cross-origin isolated](https://developer.mozilla.org/en-US/docs/Web/API/Window/crossOriginIsolated). The program is the same,
/// and so is what it can do; through shared memory short jobs cost less, a job can fork, and workers go on while the
/// thread that has the pool is blocked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fabric {
    /// Shared memory where the page has it, else messages.
    #[default]
    Auto,
    /// Messages.
    Post,
    /// Shared memory, or an error that says why it cannot be had.
    Shared,
}
