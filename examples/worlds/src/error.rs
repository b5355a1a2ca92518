//! [`Error`]: why a program gave nothing.

use wasm_mt::{JoinError, StartError};

/// Why there is no output.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The arguments name no program.
    #[error("{0}\n{usage}", usage = crate::program::USAGE)]
    Usage(String),
    /// There is no pool.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A job failed.
    #[error(transparent)]
    Job(#[from] JoinError),
    /// A job of a job failed.
    #[error("a part was not sorted: {0}")]
    Part(String),
    /// The text is not to be had, or the output goes nowhere.
    #[error("{0}: {1}")]
    File(String, std::io::Error),
}
