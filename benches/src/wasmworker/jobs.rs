//! The jobs, as functions that wasmworker can call by name in a worker.

use serde_bytes::ByteBuf;
use wasmworker::webworker_fn;

use crate::jobs;

/// A byte of the padding.
#[webworker_fn]
pub fn ww_answer(place: u32) -> u8 {
    crate::answer(place)
}

/// The job that does nothing.
#[webworker_fn]
pub fn ww_empty(n: u32) -> u32 {
    jobs::empty(n)
}

/// A band of the Julia set.
#[webworker_fn]
pub fn ww_band(at: u32) -> ByteBuf {
    ByteBuf::from(jobs::band(at))
}

/// Makes a thumbnail.
#[webworker_fn]
pub fn ww_develop(photo: ByteBuf) -> ByteBuf {
    ByteBuf::from(jobs::develop(photo.into_vec()))
}

/// Takes so many turns.
#[webworker_fn]
pub fn ww_spin(turns: u32) -> u32 {
    jobs::spin(turns)
}

/// Gives back what it gets.
#[webworker_fn]
pub fn ww_echo(bytes: ByteBuf) -> ByteBuf {
    bytes
}
