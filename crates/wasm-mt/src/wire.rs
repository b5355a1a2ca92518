//! How jobs, and what becomes of them, are written in bytes: records in a row, and values beside them that no bytes can hold.
//! [`Writer`] and [`Reader`] are the two ends; what a record says is in [`jobs`], [`outcome`] and [`answer`].
//!
//! The web backend posts such messages, and has the two kinds of list for the values. Nothing here knows JavaScript, so that
//! all of it is tested natively, with bytes of any kind.
//!
//! Numbers are little-endian. Never true: that a reader believes a length or a count, and makes room for what has not come;
//! what does not read is nothing.

pub(crate) mod answer;
#[cfg(any(
    all(target_family = "wasm", target_os = "unknown"),
    all(test, not(target_family = "wasm")),
    fuzzing
))]
pub(crate) mod bulk;
pub(crate) mod jobs;
#[cfg(any(all(test, not(target_family = "wasm")), fuzzing))]
pub(crate) mod laws;
pub(crate) mod outcome;
mod reader;
#[cfg(all(test, not(target_family = "wasm")))]
mod tests;
#[cfg(any(target_family = "wasm", test))]
pub(crate) mod text;
mod writer;

#[cfg_attr(
    not(target_os = "unknown"),
    expect(unused_imports, reason = "no job is run of it")
)]
pub(crate) use reader::Args;
pub(crate) use reader::{Reader, Take};
pub(crate) use writer::{Put, Writer};

/// So many bytes are handed over, and not copied by the browser, which is quicker with few: a trip there and back takes 10 µs
/// less in Chromium, 3 in Firefox. So long a payload travels in a piece of its own, and is not copied into the records.
pub(crate) const BULK: usize = 16 << 10;
/// The length of such a payload.
const BESIDE: u32 = u32::MAX;

// A frame's records are behind a number, what these say of it or the worker that they are for, and the time by its owner's
// clock when it was posted.
pub(crate) const ANNOUNCE: u32 = 1;
pub(crate) const LAST: u32 = 2;
pub(crate) const HEAD: usize = 12;
