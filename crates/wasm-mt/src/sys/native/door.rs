//! What the door ([`__pool`](crate::__pool)) shows besides, to a pool of native threads.

use std::time::Duration;

pub use super::hand::{Hand, LocalFuture, Owner};
pub use super::timer::{Callback, Timer};
use crate::builder::Config;
use crate::error::{StartError, StartErrorKind};
use crate::thread::Current;

/// The id of a thread to come.
pub fn thread_id() -> u64 {
    Current::next_id()
}

/// The error of a start for which the system has no thread.
pub fn no_thread(error: &std::io::Error) -> StartError {
    StartError::new(StartErrorKind::Unsupported(error.to_string()))
}

/// The error of a pool that was to have more workers than can be counted.
pub fn too_many_workers(most: usize) -> StartError {
    let reason = format!("a pool has at most {most}");
    StartError::new(StartErrorKind::Limit(reason))
}

/// How long a start may take, and the error of one that takes longer.
pub fn start_deadline(config: &Config) -> (Duration, StartError) {
    let limit = config.start_deadline;
    (limit, StartError::new(StartErrorKind::Deadline(limit)))
}

/// How long an aborted job may go on.
pub fn abort_grace(config: &Config) -> Option<Duration> {
    config.abort_grace
}
