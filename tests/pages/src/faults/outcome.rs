//! What came of a fault, and when.

use std::future::Future;

use wasm_bindgen::prelude::*;
use wasm_mt::{JoinError, StartError};

use crate::harness;

/// What the caller got, and how many milliseconds after the fault.
pub(crate) struct Caused {
    seen: Seen,
    pub(crate) took: f64,
}

enum Seen {
    Value,
    Join(JoinError),
    Start(StartError),
    /// This engine cannot cause it, and why.
    NotHere(&'static str),
}

/// A predicate and its name.
type Predicate<E> = (&'static str, fn(&E) -> bool);

const JOIN: [Predicate<JoinError>; 10] = [
    ("is_panic", JoinError::is_panic),
    ("is_trap", JoinError::is_trap),
    ("is_cancelled", JoinError::is_cancelled),
    ("is_deadline", JoinError::is_deadline),
    ("is_lost", JoinError::is_lost),
    ("is_closed", JoinError::is_closed),
    ("is_full", JoinError::is_full),
    ("is_not_started", JoinError::is_not_started),
    ("is_encode", JoinError::is_encode),
    ("is_decode", JoinError::is_decode),
];

const START: [Predicate<StartError>; 10] = [
    ("start is_unsupported", StartError::is_unsupported),
    ("start is_glue", StartError::is_glue),
    ("start is_blocked", StartError::is_blocked),
    ("start is_script", StartError::is_script),
    ("start is_module", StartError::is_module),
    ("start is_other_build", StartError::is_other_build),
    ("start is_limit", StartError::is_limit),
    ("start is_no_workers", StartError::is_no_workers),
    ("start is_deadline", StartError::is_deadline),
    ("start is_on_start", StartError::is_on_start),
];

impl Caused {
    /// What a job's end gives, which was caused now or at `since`.
    pub(crate) async fn by<T>(since: f64, end: impl Future<Output = Result<T, JoinError>>) -> Self {
        let seen = match end.await {
            Ok(_) => Seen::Value,
            Err(error) => Seen::Join(error),
        };
        Caused {
            seen,
            took: harness::now() - since,
        }
    }

    /// What a start gives that begins with this call.
    pub(crate) async fn start<T>(start: impl Future<Output = Result<T, StartError>>) -> Self {
        let since = harness::now();
        let seen = match start.await {
            Ok(_) => Seen::Value,
            Err(error) => Seen::Start(error),
        };
        Caused {
            seen,
            took: harness::now() - since,
        }
    }

    pub(crate) fn not_here(reason: &'static str) -> Self {
        Caused {
            seen: Seen::NotHere(reason),
            took: 0.0,
        }
    }

    pub(crate) fn is_not_here(&self) -> bool {
        matches!(self.seen, Seen::NotHere(_))
    }

    /// As the matrix has it.
    ///
    /// # Errors
    /// Where not one predicate is true, and no other.
    pub(crate) fn outcome(&self) -> Result<String, JsValue> {
        let (true_ones, text): (Vec<&str>, String) = match &self.seen {
            Seen::Value => return Ok("value".into()),
            Seen::NotHere(reason) => return Ok(format!("not causable here: {reason}")),
            Seen::Join(error) => (which(&JOIN, error), error.to_string()),
            Seen::Start(error) => (which(&START, error), error.to_string()),
        };
        match true_ones[..] {
            [one] => Ok(one.into()),
            _ => Err(format!("the predicates {true_ones:?} are true of: {text}").into()),
        }
    }

    /// The error's words with those of its sources; nothing for a value.
    pub(crate) fn text(&self) -> String {
        let error = match &self.seen {
            Seen::Value | Seen::NotHere(_) => return String::new(),
            Seen::Join(error) => JsValue::from(error.clone()),
            Seen::Start(error) => JsValue::from(error.clone()),
        };
        let error: js_sys::Error = error.unchecked_into();
        error.message().into()
    }
}

fn which<E>(all: &[Predicate<E>], error: &E) -> Vec<&'static str> {
    let of = all.iter().filter(|(_, is)| is(error));
    of.map(|(name, _)| *name).collect()
}
