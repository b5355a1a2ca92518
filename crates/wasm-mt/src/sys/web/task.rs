//! A job in numbers and bytes: the places of two functions in the module's table, a fingerprint of its types, and its
//! encoded arguments, with what travels beside them.
//!
//! All workers run the same module, so a place means the same function in each. There is nothing to register.

use std::future::Future;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{entry, far};
use crate::channel::Outlet;
use crate::error::JoinError;
use crate::lane::LastWords;
use crate::payload::{self, Payload, Travels};

/// A result without its type: its encoding.
pub(crate) type Value = Payload;

/// A job without its types.
pub(crate) struct Task {
    pub(super) kind: Kind,
    pub(super) payload: Result<Payload, JoinError>,
    /// Its body may run more than once.
    pub(super) idempotent: bool,
}

/// What a job calls.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    /// The table index of an [`entry::Trampoline`].
    pub(super) trampoline: u32,
    /// The table index of the job's `fn`.
    pub(super) function: u32,
    /// Of the types that both are made for.
    pub(super) fingerprint: u64,
}

impl Task {
    // What becomes bytes at once need not be `Send`.
    pub(crate) fn new<A, T>(args: A, f: fn(A) -> T) -> Self
    where
        A: Serialize + DeserializeOwned,
        T: Serialize,
    {
        Task {
            kind: Kind {
                trampoline: entry::call::<A, T> as entry::Trampoline as usize as u32,
                function: f as usize as u32,
                fingerprint: entry::fingerprint::<fn(A) -> T>(),
            },
            payload: payload::encode(&args, Travels::Out),
            idempotent: false,
        }
    }

    pub(crate) fn new_async<A, T, F>(args: A, f: fn(A) -> F) -> Self
    where
        A: Serialize + DeserializeOwned,
        T: Serialize,
        F: Future<Output = T> + 'static,
    {
        Task {
            kind: Kind {
                trampoline: entry::call_async::<A, T, F> as entry::Trampoline as usize as u32,
                function: f as usize as u32,
                fingerprint: entry::fingerprint::<(fn(A) -> F, T)>(),
            },
            payload: payload::encode(&args, Travels::Out),
            idempotent: false,
        }
    }
}

impl Task {
    /// Whether the job, whose beginning the worker has not announced, can be posted again: for certain only if there is no
    /// more to be heard of that, and if nothing went with it that is gone from here.
    pub(crate) fn reclaim(&mut self, last_words: LastWords) -> bool {
        matches!(last_words, LastWords::Heard) && self.is_whole()
    }

    fn is_whole(&self) -> bool {
        self.payload.as_ref().is_ok_and(Payload::is_whole)
    }

    /// Takes the near ends of the channels that go with the job, with their places.
    pub(crate) fn take_outlets(&mut self) -> Vec<(u32, Arc<dyn Outlet>)> {
        match &mut self.payload {
            Ok(payload) => far::take_outlets(&mut payload.values),
            Err(_) => Vec::new(),
        }
    }

    /// What was posted cannot be taken back.
    pub(crate) fn withdraw(&mut self) -> bool {
        false
    }

    /// Gives the payload's memory back where it is not needed again.
    pub(crate) fn begun(&mut self) {
        if !self.idempotent
            && let Ok(payload) = &mut self.payload
        {
            payload.bytes = Vec::new();
            payload.values = Vec::new();
        }
    }

    pub(crate) fn idempotent(&mut self) {
        self.idempotent = true;
    }

    pub(crate) fn is_idempotent(&self) -> bool {
        self.idempotent
    }

    /// The bytes were copied when they were posted, so they can be posted again.
    pub(crate) fn again(&mut self) -> Result<(), &'static str> {
        if self.is_whole() {
            Ok(())
        } else {
            Err("what it was handed over went down with its worker")
        }
    }
}

/// The result that the caller awaits.
pub(crate) fn decode<T: DeserializeOwned>(value: Value) -> Result<T, JoinError> {
    payload::decode(&value.bytes, value.values)
}
