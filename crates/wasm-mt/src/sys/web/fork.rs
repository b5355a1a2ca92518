//! What a job forks and another worker may take: as bytes, all bulk in them, and the outcome in bytes again. Where those lie,
//! and who takes them, is the pool's affair.
//!
//! Never true: that a fork is a job of its owner's. It has no id there, and no handle: who has forked it waits for it, in the
//! midst of a job.

use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::prelude::*;

use super::dom;
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
use crate::wire::{self, Put, Take, outcome};
use crate::worker::{self, Outcome, Run};

type Writer = wire::Writer<Bulk>;
type Reader<'a> = wire::Reader<'a, Bulk>;

/// What a fork calls, and with what. `None` where that is not bytes alone: it is async, the end of a channel or a value of
/// JavaScript's is among its arguments, or they do not encode.
pub fn fork_bytes<T>(job: &Job<T>) -> Option<Vec<u8>> {
    let payload = job.task.payload().ok()?;
    if job.task.may_suspend() || !is_bulk(payload) {
        return None;
    }
    let mut writer = Writer::whole();
    writer.bytes.extend(job.task.kind.to_bytes());
    writer.payload(payload);
    Some(bytes(writer))
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
    let mut writer = Writer::whole();
    outcome::write(&mut writer, JobId::FORK, &outcome);
    bytes(writer)
}

/// What came of a fork that ran elsewhere.
///
/// # Errors
/// As its handle would have them.
pub fn fork_outcome<T>(job: Job<T>, outcome: &[u8]) -> Result<T, JoinError> {
    match reader(outcome).and_then(|mut reader| outcome::read(&mut reader)) {
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
    if is_bulk(&payload) {
        return Ok(payload);
    }
    let why =
        "a value of JavaScript's cannot be joined: what is forked gives plain data, or a `Buffer`";
    Err(JoinError::encode(payload.type_name, why.into()).of_result())
}

/// The bytes of an `ArrayBuffer` that is handed over.
fn bulk(value: &Option<OutOfBand>) -> Option<Vec<u8>> {
    match value {
        Some(OutOfBand::Value { value, is_moved }) if *is_moved => {
            let buffer = value.dyn_ref::<ArrayBuffer>()?;
            dom::bytes(&Uint8Array::new(buffer))
        }
        _ => None,
    }
}

/// Whether all that is beside its bytes is bulk.
fn is_bulk(payload: &Payload) -> bool {
    payload.values.iter().all(|value| match value {
        Some(OutOfBand::Value { value, is_moved }) => {
            *is_moved && value.is_instance_of::<ArrayBuffer>()
        }
        _ => false,
    })
}

/// Bulk behind the records: each piece behind its length.
#[derive(Default)]
struct Bulk {
    bytes: Vec<u8>,
    at: usize,
}

impl Put for Bulk {
    /// It lies in the records.
    fn bulk(&mut self, _: &[u8]) {}

    fn values(&mut self, values: &[Option<OutOfBand>]) {
        for value in values {
            let bytes = bulk(value).unwrap_or_default();
            self.bytes.extend((bytes.len() as u32).to_le_bytes());
            self.bytes.extend(bytes);
        }
    }

    fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    fn clear(&mut self) {
        self.bytes.clear();
    }
}

impl Take for Bulk {
    fn bulk(&mut self) -> Option<Vec<u8>> {
        None
    }

    fn value(&mut self) -> Option<OutOfBand> {
        let (length, rest) = self.bytes.get(self.at..)?.split_first_chunk()?;
        let length = u32::from_le_bytes(*length) as usize;
        let piece = OutOfBand::of_bytes(rest.get(..length)?);
        self.at += 4 + length;
        Some(piece)
    }
}

/// The records behind their length, and the bulk behind them.
fn bytes(writer: Writer) -> Vec<u8> {
    let records = writer.bytes;
    let length = (records.len() as u32).to_le_bytes();
    [&length, &records[..], &writer.list.bytes].concat()
}

fn reader(bytes: &[u8]) -> Option<Reader<'_>> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (records, bulk) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    let bulk = Bulk {
        bytes: bulk.to_vec(),
        at: 0,
    };
    Some(Reader::new(records, bulk))
}

/// What a fork calls, and with what.
fn read(fork: &[u8]) -> Option<(Kind, Payload)> {
    let mut reader = reader(fork)?;
    let kind: [u8; KIND_LEN] = reader.chunk()?;
    Some((Kind::of_bytes(kind), reader.payload()?))
}
