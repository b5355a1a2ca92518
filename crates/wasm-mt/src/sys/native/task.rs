//! A job as a boxed call: arguments and result move, they are not encoded but to check that they could be.

use std::any::Any;
use std::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::JoinError;
use crate::payload;
use crate::worker::{Outcome, Run};

/// A result without its type.
pub(crate) type Value = Box<dyn Any + Send>;

/// A job without its types.
pub(crate) struct Task {
    call: Box<dyn FnOnce() -> Run + Send>,
}

impl Task {
    pub(crate) fn new<A, T>(args: A, f: fn(A) -> T) -> Self
    where
        A: Serialize + DeserializeOwned + Send + 'static,
        T: Serialize + DeserializeOwned + Send + 'static,
    {
        Task {
            call: Box::new(move || Run::Done(travelled(args).and_then(|args| value(f(args))))),
        }
    }

    pub(crate) fn new_async<A, T, F>(args: A, f: fn(A) -> F) -> Self
    where
        A: Serialize + DeserializeOwned + Send + 'static,
        T: Serialize + DeserializeOwned + Send + 'static,
        F: Future<Output = T> + 'static,
    {
        Task {
            call: Box::new(move || match travelled(args) {
                Ok(args) => {
                    let future = f(args);
                    Run::Async(Box::pin(async move { value(future.await) }))
                }
                Err(error) => Run::Done(Err(error)),
            }),
        }
    }

    pub(crate) fn call(self) -> Run {
        (self.call)()
    }
}

/// The result that the caller awaits.
pub(crate) fn decode<T: DeserializeOwned + Send + 'static>(value: Value) -> Result<T, JoinError> {
    match value.downcast::<T>() {
        Ok(value) => Ok(*value),
        Err(_) => Err(JoinError::decode::<T>("it is of another type")),
    }
}

fn value<T: Serialize + DeserializeOwned + Send + 'static>(result: T) -> Outcome {
    Ok(Box::new(travelled(result)?))
}

/// `value` as it would arrive in a browser; in builds without debug assertions, as it is.
fn travelled<V: Serialize + DeserializeOwned>(value: V) -> Result<V, JoinError> {
    if cfg!(debug_assertions) {
        payload::decode(&payload::encode(&value)?)
    } else {
        Ok(value)
    }
}
