//! What a job forks and another worker may take: as bytes, all bulk in them, and the outcome in bytes again. Where those lie,
//! and who takes them, is the pool's affair.
//!
//! Never true: that a fork is a job of its owner's. It has no id there, and no handle: who has forked it waits for it, in the
//! midst of a job.

use js_sys::ArrayBuffer;
use wasm_bindgen::prelude::*;

use super::entry;
use super::far::OutOfBand;
use crate::__abi::{KIND_LEN, Kind};
use crate::error::JoinError;
use crate::handle::JobId;
use crate::job::Job;
use crate::lane::Told;
use crate::panic;
use crate::payload::Payload;
use crate::sys::{Task, call};
use crate::wire::bulk;
use crate::wire::outcome;
use crate::worker::{self, Outcome, Run};

/// What a fork calls, and with what. `None` where that is not bytes alone: it is async, the end of a channel or a value of
/// JavaScript's is among its arguments, or they do not encode.
///
/// `spare` is memory to write it to.
pub fn fork_bytes<T>(job: &Job<T>, spare: Vec<u8>) -> Option<Vec<u8>> {
    let payload = job.task.payload().ok()?;
    if job.task.may_suspend() || !payload.values.iter().all(is_bulk) {
        return None;
    }
    let mut writer = bulk::writer(spare);
    writer.bytes.extend_from_slice(&job.task.kind.to_bytes());
    writer.payload(payload);
    Some(bulk::join(writer))
}

/// Runs a fork, and gives what came of it. What does not read ends this worker.
pub fn run_fork(fork: &[u8]) -> Vec<u8> {
    let Some((kind, args)) = read(fork) else {
        entry::not_read();
    };
    // A panic is the fork's, by an id that no owner has.
    let run = panic::within(JobId::FORK, || {
        call::invoke(kind, &args.bytes, args.values, 0)
    });
    let outcome = match run {
        Run::Done(outcome) => joined(outcome),
        Run::Async(_) => Err(worker::not_joined()),
    };
    let mut writer = bulk::writer(Vec::new());
    outcome::write(&mut writer, JobId::FORK, &outcome);
    bulk::join(writer)
}

/// What came of a fork that ran elsewhere.
///
/// # Errors
/// As its handle would have them.
pub fn fork_outcome<T>(job: Job<T>, outcome: &[u8]) -> Result<T, JoinError> {
    match bulk::split(outcome).and_then(|mut reader| outcome::read(&mut reader)) {
        Some((_, Told::Finished(outcome))) => outcome.and_then(job.decode),
        _ => entry::not_read(),
    }
}

/// Runs a job as part of what runs.
pub(crate) fn run_here(task: Task) -> Outcome {
    joined(task.run_here())
}

/// What a job gives that another has forked: the same wherever it ran.
fn joined(outcome: Outcome) -> Outcome {
    let payload = outcome?;
    if payload.values.iter().all(is_bulk) {
        return Ok(payload);
    }
    let why =
        "a value of JavaScript's cannot be joined: what is forked gives plain data, or a `Buffer`";
    Err(JoinError::encode(payload.type_name, why.into()).of_result())
}

/// Whether that is bulk, as a `Buffer` is.
fn is_bulk(value: &Option<OutOfBand>) -> bool {
    match value {
        Some(OutOfBand::Value { value, is_moved }) => {
            *is_moved && value.is_instance_of::<ArrayBuffer>()
        }
        _ => false,
    }
}

/// What a fork calls, and with what.
fn read(fork: &[u8]) -> Option<(Kind, Payload)> {
    let mut reader = bulk::split(fork)?;
    let kind: [u8; KIND_LEN] = reader.chunk()?;
    Some((Kind::of_bytes(kind), reader.payload()?))
}

#[cfg(test)]
mod tests;
