//! Payloads and outcomes, as the records of [`__abi`](crate::__abi) have them.

use super::far::OutOfBand;
use super::host;
use crate::__abi::{self as abi, Beside};
use crate::error::{JoinError, JoinErrorKind};
use crate::panic::Panic;
use crate::payload::Payload;
use crate::thread::Current;
use crate::worker::Outcome;

/// A payload on its way. In the place of an end that stays here, or was taken out, the far one comes.
pub(super) fn of(payload: Payload) -> abi::Value {
    let beside = |value| match value {
        Some(OutOfBand::Bytes(bytes)) => Beside::Bytes(bytes),
        Some(OutOfBand::Outlet(_) | OutOfBand::End) | None => Beside::End,
    };
    abi::Value {
        beside: payload.values.into_iter().map(beside).collect(),
        bytes: payload.bytes,
    }
}

/// The same, written.
pub(super) fn bytes(payload: Payload) -> Vec<u8> {
    let mut bytes = Vec::new();
    of(payload).write(&mut bytes);
    bytes
}

/// A payload that has come.
pub(super) fn received(value: abi::Value) -> Payload {
    let beside = |beside| {
        Some(match beside {
            Beside::Bytes(bytes) => OutOfBand::Bytes(bytes),
            Beside::End => OutOfBand::End,
        })
    };
    Payload {
        bytes: value.bytes,
        values: value.beside.into_iter().map(beside).collect(),
        type_name: "",
    }
}

/// The same, of bytes that read as one.
pub(super) fn read(bytes: &[u8]) -> Option<Payload> {
    abi::Value::read(bytes).map(received)
}

/// What became of a job of this instance.
pub(super) fn told(outcome: Outcome) -> abi::Outcome {
    let error = match outcome {
        Ok(payload) => return abi::Outcome::Value(bytes(payload)),
        Err(error) => error,
    };
    match error.kind() {
        JoinErrorKind::Encode {
            type_name, message, ..
        } => abi::Outcome::Encode(type_name.clone(), message.clone()),
        JoinErrorKind::Decode { type_name, message } => {
            abi::Outcome::Decode(type_name.clone(), message.clone())
        }
        JoinErrorKind::OtherBuild => abi::Outcome::OtherBuild,
        // In a build that unwinds.
        JoinErrorKind::Panicked { panic, .. } => panicked(panic),
        _ => abi::Outcome::Cancelled,
    }
}

/// A panic of the running job.
pub(super) fn panicked(panic: &Panic) -> abi::Outcome {
    let location = panic.location.clone().unwrap_or_default();
    abi::Outcome::Panicked(panic.message.clone(), location, host::worker())
}

/// What became of a job that this instance has spawned.
pub(super) fn heard(outcome: abi::Outcome) -> Outcome {
    Err(match outcome {
        abi::Outcome::Value(bytes) => match read(&bytes) {
            Some(payload) => return Ok(payload),
            None => JoinError::decode("a result", "the host's bytes do not read".into()),
        },
        abi::Outcome::Cancelled => JoinError::cancelled(),
        abi::Outcome::Encode(type_name, message) => {
            JoinError::encode(&type_name, message).of_result()
        }
        abi::Outcome::Decode(type_name, message) => JoinError::decode(&type_name, message),
        abi::Outcome::OtherBuild => JoinError::new(JoinErrorKind::OtherBuild),
        abi::Outcome::Panicked(message, location, worker) => {
            JoinError::new(JoinErrorKind::Panicked {
                panic: Panic {
                    message,
                    location: Some(location).filter(|location| !location.is_empty()),
                },
                thread: thread(worker),
            })
        }
        abi::Outcome::Trapped(message, worker) => JoinError::new(JoinErrorKind::Trapped {
            message,
            thread: thread(worker),
        }),
        abi::Outcome::Lost(why, may_have_run) => {
            JoinError::new(JoinErrorKind::Lost { why, may_have_run })
        }
        abi::Outcome::Closed => JoinError::new(JoinErrorKind::Closed),
        abi::Outcome::Full => JoinError::new(JoinErrorKind::Full),
    })
}

/// The host's thread of this number.
pub(super) fn thread(worker: u32) -> Current {
    Current {
        id: u64::from(worker) + 1,
        name: None,
    }
}
