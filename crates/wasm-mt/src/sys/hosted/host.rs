//! What the host gives, each import as one safe function. The only file that knows how they are called.
//!
//! The host never writes where it was not told to: it says how many bytes there are, and they are fetched.

use std::time::Duration;

use crate::__abi::{Outcome, Stats};

mod imports {
    #[link(wasm_import_module = "wasm_mt")]
    unsafe extern "C" {
        pub(super) fn payload(to: *mut u8);
        pub(super) fn result(status: i32, from: *const u8, len: usize);
        pub(super) fn panicked(from: *const u8, len: usize);
        pub(super) fn spawn(from: *const u8, len: usize, flags: i32, worker: i32) -> i64;
        pub(super) safe fn wait(timeout: i64) -> i32;
        pub(super) safe fn poll() -> i32;
        pub(super) fn take(to: *mut u8);
        pub(super) safe fn cancel(id: i64);
        pub(super) safe fn detach(id: i64);
        pub(super) fn send(index: i32, from: *const u8, len: usize);
        pub(super) safe fn close(index: i32);
        pub(super) fn share(from: *const u8, len: usize) -> i64;
        pub(super) safe fn unshare(id: i64);
        pub(super) safe fn shared(id: i64) -> i32;
        pub(super) safe fn checkpoint();
        pub(super) safe fn workers() -> i32;
        pub(super) safe fn worker() -> i32;
        pub(super) safe fn stats() -> i32;
    }
}

/// Bytes that the host has counted, and writes where it is told.
fn written(len: i32, write: impl FnOnce(*mut u8)) -> Vec<u8> {
    let len = usize::try_from(len).unwrap_or(0);
    let mut bytes = Vec::with_capacity(len);
    if len > 0 {
        write(bytes.as_mut_ptr());
    }
    // SAFETY: there is room for so many, and the host has written them all.
    unsafe { bytes.set_len(len) };
    bytes
}

/// Fetches what the last call counted.
fn take(len: i32) -> Vec<u8> {
    written(len, |to| {
        // SAFETY: there is room for as many bytes as the host has just counted.
        unsafe { imports::take(to) }
    })
}

/// The running job's record.
pub(super) fn payload(len: i32) -> Vec<u8> {
    written(len, |to| {
        // SAFETY: there is room for as many bytes as the host has said that it has.
        unsafe { imports::payload(to) }
    })
}

/// The running job has ended.
pub(super) fn result(outcome: Outcome) {
    let status = outcome.status();
    let bytes = outcome.into_bytes();
    // SAFETY: the host reads these bytes during the call.
    unsafe { imports::result(status, bytes.as_ptr(), bytes.len()) }
}

/// The running job has panicked, and this instance traps next.
pub(super) fn panicked(outcome: Outcome) {
    let bytes = outcome.into_bytes();
    // SAFETY: the host reads these bytes during the call.
    unsafe { imports::panicked(bytes.as_ptr(), bytes.len()) }
}

/// A job onto the pool, for the worker of a number or for any.
///
/// # Errors
/// Why it was not taken.
pub(super) fn spawn(record: &[u8], flags: i32, worker: Option<usize>) -> Result<i64, Outcome> {
    let worker = worker.map_or(-1, |worker| worker as i32);
    // SAFETY: the host reads these bytes during the call.
    let id = unsafe { imports::spawn(record.as_ptr(), record.len(), flags, worker) };
    if id > 0 {
        return Ok(id);
    }
    let refused = i32::try_from(-id).ok().filter(|status| *status != 0);
    let refused = refused.and_then(|status| Outcome::read(status, &[]));
    Err(refused.unwrap_or_else(|| Outcome::Lost("the host did not take it".into(), false)))
}

/// Suspends this instance until there are events, or the time has passed; `None` is for ever. Gives the events' bytes.
pub(super) fn wait(time: Option<Duration>) -> Vec<u8> {
    let time = time.map_or(-1, |time| i64::try_from(time.as_nanos()).unwrap_or(-1));
    take(imports::wait(time))
}

/// The events' bytes, where there are any.
pub(super) fn poll() -> Vec<u8> {
    take(imports::poll())
}

/// Nobody waits for the job of this id, which may be stopped.
pub(super) fn cancel(id: i64) {
    imports::cancel(id);
}

/// Nobody waits for it any more, and it goes on.
pub(super) fn detach(id: i64) {
    imports::detach(id);
}

/// An item for the channel at that place of the running job's arguments.
pub(super) fn send(index: u32, item: &[u8]) {
    // SAFETY: the host reads these bytes during the call.
    unsafe { imports::send(index as i32, item.as_ptr(), item.len()) }
}

/// The end of that channel was dropped.
pub(super) fn close(index: u32) {
    imports::close(index as i32);
}

/// Bytes that jobs refer to by the id which this gives.
pub(super) fn share(bytes: &[u8]) -> i64 {
    // SAFETY: the host reads these bytes during the call.
    unsafe { imports::share(bytes.as_ptr(), bytes.len()) }
}

/// No job refers to them any more.
pub(super) fn unshare(id: i64) {
    imports::unshare(id);
}

/// What was shared by this id, where it still is.
pub(super) fn shared(id: i64) -> Option<Vec<u8>> {
    match imports::shared(id) {
        ..0 => None,
        len => Some(take(len)),
    }
}

/// The running job can be stopped here, and others can have a turn.
pub(super) fn checkpoint() {
    imports::checkpoint();
}

/// How many threads the host's pool has.
pub fn workers() -> usize {
    usize::try_from(imports::workers()).unwrap_or(0).max(1)
}

/// The number of the one that runs this.
pub(super) fn worker() -> u32 {
    u32::try_from(imports::worker()).unwrap_or(0)
}

/// What the host's pool has done.
pub fn stats() -> Stats {
    Stats::read(&take(imports::stats())).unwrap_or_default()
}
