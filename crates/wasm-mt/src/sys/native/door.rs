//! What the door ([`__pool`](crate::__pool)) shows besides, to a pool of native threads.

use std::any::type_name;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::far::OutOfBand;
pub use super::hand::{Hand, LocalFuture, Owner};
pub use super::host::spawn_local;
pub use super::stop::{is_shielded, stops, unwind};
pub use super::task::LocalOutcome;
use super::task::{self, Task};
pub use super::timer::{Callback, Timer};
use crate::__abi::{self, Beside};
use crate::builder::Config;
use crate::error::{JoinError, StartError, StartErrorKind};
use crate::handle::Decode;
use crate::job::Job;
use crate::payload::{self, Payload, Travels};
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

/// The job of this task, whose value is a `Box<T>`. It moves to who awaits it, and need not travel.
pub fn job<T: Send + 'static>(task: Task) -> Job<T> {
    Job {
        task,
        decode: task::moved::<T>,
    }
}

/// A job's task, and how its value becomes a `T`.
pub fn parts<T>(job: Job<T>) -> (Task, Decode<T>) {
    (job.task, job.decode)
}

/// A value as it goes to a guest, bulk beside its bytes.
///
/// # Errors
/// Where it does not encode, or the end of a channel is in it.
pub fn encode_value<A: Serialize>(value: &A) -> Result<__abi::Value, JoinError> {
    let Payload { bytes, values, .. } = payload::encode(value, Travels::Out)?;
    let beside = values.into_iter().map(|value| match value {
        Some(OutOfBand::Bytes(bytes)) => Ok(Beside::Bytes(bytes)),
        Some(OutOfBand::Near(_)) | None => {
            let why = "a channel's sender does not travel from a host to its guests: await the job's result instead";
            Err(JoinError::encode(type_name::<A>(), why.into()))
        }
    });
    Ok(__abi::Value {
        beside: beside.collect::<Result<_, _>>()?,
        bytes,
    })
}

/// A value as it comes from a guest.
///
/// # Errors
/// Where it is not one whole `R`.
pub fn decode_value<R: DeserializeOwned>(value: __abi::Value) -> Result<R, JoinError> {
    let beside = value.beside.into_iter().map(|beside| match beside {
        Beside::Bytes(bytes) => Ok(Some(OutOfBand::Bytes(bytes))),
        Beside::End => {
            let why = "a channel's sender does not travel from a guest to its host";
            Err(JoinError::decode(type_name::<R>(), why.into()))
        }
    });
    payload::decode(&value.bytes, beside.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Buffer;

    #[test]
    fn a_value_goes_to_a_guest_and_back_with_bulk_beside_it() {
        let value = (7u64, Buffer(vec![1u8, 2, 3]), String::from("seven"));
        let encoded = encode_value(&value).unwrap();
        assert_eq!(encoded.beside, [Beside::Bytes(vec![1, 2, 3])]);
        let back: (u64, Buffer<u8>, String) = decode_value(encoded).unwrap();
        assert_eq!(back, value);
    }

    #[test]
    fn an_end_of_a_channel_stays_with_the_host() {
        let (sender, _receiver) = crate::channel::<u32>();
        let error = encode_value(&(1, sender)).unwrap_err();
        assert!(
            error.is_encode() && error.to_string().contains("channel"),
            "{error}"
        );
        let value = __abi::Value {
            beside: vec![Beside::End],
            bytes: vec![0],
        };
        assert!(decode_value::<u8>(value).unwrap_err().is_decode());
    }

    #[test]
    fn bytes_that_are_no_whole_value_are_an_error() {
        let value = __abi::Value {
            beside: vec![Beside::Bytes(vec![1])],
            bytes: vec![9],
        };
        assert!(decode_value::<u8>(value).unwrap_err().is_decode());
    }
}
