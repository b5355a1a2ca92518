//! A job as a boxed call: arguments and result move, they are not encoded but to check that they could be.

use std::any::Any;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::JoinError;
use crate::job::Travel;
use crate::lane::LastWords;
use crate::payload;
use crate::worker::{Outcome, Run};

/// A result without its type.
pub(crate) type Value = Box<dyn Any + Send>;

/// A job without its types: a call, which whoever comes first takes out, its worker or the owner who wants it back.
pub(crate) struct Task {
    call: Arc<Mutex<Option<Call>>>,
}

type Call = Box<dyn FnOnce() -> Run + Send>;

impl Task {
    pub(crate) fn new<A, T>(args: A, f: fn(A) -> T) -> Self
    where
        A: Travel,
        T: Travel,
    {
        Task::of(Box::new(move || {
            Run::Done(travelled(args).and_then(|args| value(f(args))))
        }))
    }

    pub(crate) fn new_async<A, T, F>(args: A, f: fn(A) -> F) -> Self
    where
        A: Travel,
        T: Travel,
        F: Future<Output = T> + 'static,
    {
        Task::of(Box::new(move || match travelled(args) {
            Ok(args) => {
                let future = f(args);
                Run::Async(Box::pin(async move { value(future.await) }))
            }
            Err(error) => Run::Done(Err(error)),
        }))
    }

    fn of(call: Call) -> Self {
        Task {
            call: Arc::new(Mutex::new(Some(call))),
        }
    }

    /// The same task, for its worker.
    pub(super) fn share(&self) -> Self {
        Task {
            call: self.call.clone(),
        }
    }

    fn take(&self) -> Option<Call> {
        self.call
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    /// Takes the job back, unless its worker has begun it.
    pub(crate) fn reclaim(&mut self, _: LastWords) -> bool {
        self.withdraw()
    }

    /// Takes the job from its worker, unless that has begun it.
    pub(crate) fn withdraw(&mut self) -> bool {
        let Some(call) = self.take() else {
            return false;
        };
        *self = Task::of(call);
        true
    }

    /// Its worker holds the call, or has used it up.
    pub(crate) fn begun(&mut self) {}

    /// Begins the job; `None` where the owner has taken it back.
    pub(super) fn call(self) -> Option<impl FnOnce() -> Run> {
        self.take()
    }
}

/// The result that the caller awaits.
pub(crate) fn decode<T: DeserializeOwned + Send + 'static>(value: Value) -> Result<T, JoinError> {
    match value.downcast::<T>() {
        Ok(value) => Ok(*value),
        Err(_) => Err(JoinError::decode::<T>("it is of another type")),
    }
}

fn value<T: Travel>(result: T) -> Outcome {
    Ok(Box::new(travelled(result).map_err(JoinError::of_result)?))
}

/// `value` as it would arrive in a browser; in builds without debug assertions, as it is.
fn travelled<V: Serialize + DeserializeOwned>(value: V) -> Result<V, JoinError> {
    if cfg!(debug_assertions) {
        payload::decode(&payload::encode(&value)?)
    } else {
        Ok(value)
    }
}
