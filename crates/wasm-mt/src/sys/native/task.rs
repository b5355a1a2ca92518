//! A job as a boxed call: arguments and result move, they are not encoded but to check that they could be.

use std::any::Any;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::de::DeserializeOwned;

use super::link;
use crate::channel::Outlet;
use crate::error::JoinError;
use crate::job::Travel;
use crate::lane::LastWords;
use crate::payload::{self, Payload, Travels};
use crate::worker::{Outcome, Run};

/// A result without its type.
pub(crate) type Value = Box<dyn Any + Send>;

/// A job without its types: a call, which whoever comes first takes out, its worker or the owner who wants it back.
pub(crate) struct Task {
    held: Arc<Mutex<Held>>,
    idempotent: bool,
}

/// What a task and its worker share.
struct Held {
    call: Option<Box<dyn Call>>,
    /// Of an idempotent job that has begun: the call to make should it have to begin again.
    spare: Option<Box<dyn Call>>,
}

/// A function with its arguments.
trait Call: Send {
    fn run(self: Box<Self>) -> Run;
    /// The same call with arguments that have travelled.
    fn copy(&self) -> Result<Box<dyn Call>, JoinError>;
}

struct Of<A, F> {
    args: A,
    f: F,
    run: fn(A, F) -> Run,
}

impl<A: Travel, F: Copy + Send + 'static> Call for Of<A, F> {
    fn run(self: Box<Self>) -> Run {
        match travelled(self.args, Travels::Out) {
            Ok(args) => (self.run)(args, self.f),
            Err(error) => Run::Done(Err(error)),
        }
    }

    fn copy(&self) -> Result<Box<dyn Call>, JoinError> {
        Ok(Box::new(Of {
            args: copied(&self.args, Travels::Out)?,
            ..*self
        }))
    }
}

impl Task {
    pub(crate) fn new<A, T>(args: A, f: fn(A) -> T) -> Self
    where
        A: Travel,
        T: Travel,
    {
        Task::of(Box::new(Of {
            args,
            f,
            run: |args, f| Run::Done(value(f(args))),
        }))
    }

    pub(crate) fn new_async<A, T, F>(args: A, f: fn(A) -> F) -> Self
    where
        A: Travel,
        T: Travel,
        F: Future<Output = T> + 'static,
    {
        Task::of(Box::new(Of {
            args,
            f,
            run: |args, f| {
                let future = f(args);
                Run::Async(Box::pin(async move { value(future.await) }))
            },
        }))
    }

    fn of(call: Box<dyn Call>) -> Self {
        Task {
            held: hold(call),
            idempotent: false,
        }
    }

    /// The same task, for its worker.
    pub(super) fn share(&self) -> Self {
        Task {
            held: self.held.clone(),
            idempotent: self.idempotent,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the job back, unless its worker has begun it.
    pub(crate) fn reclaim(&mut self, _: LastWords) -> bool {
        self.withdraw()
    }

    /// Takes the job from its worker, unless that has begun it.
    pub(crate) fn withdraw(&mut self) -> bool {
        let call = self.lock().call.take();
        self.renew(call)
    }

    /// Out of reach of the worker that it was posted to.
    fn renew(&mut self, call: Option<Box<dyn Call>>) -> bool {
        let Some(call) = call else {
            return false;
        };
        self.held = hold(call);
        true
    }

    /// None yet: an end comes to the job when that runs, see [`link::bind`].
    pub(crate) fn take_outlets(&mut self) -> Vec<(u32, Arc<dyn Outlet>)> {
        Vec::new()
    }

    /// Its worker holds the call, or has used it up.
    pub(crate) fn begun(&mut self) {}

    pub(crate) fn idempotent(&mut self) {
        self.idempotent = true;
    }

    pub(crate) fn is_idempotent(&self) -> bool {
        self.idempotent
    }

    pub(crate) fn again(&mut self) -> Result<(), &'static str> {
        let spare = {
            let mut held = self.lock();
            held.call.take().or_else(|| held.spare.take())
        };
        if self.renew(spare) {
            Ok(())
        } else {
            Err("its arguments had not been copied")
        }
    }

    /// Begins the job; `None` where the owner has taken it back.
    pub(super) fn call(self) -> Option<impl FnOnce() -> Run> {
        let call = self.lock().call.take()?;
        Some(move || {
            if self.idempotent {
                match call.copy() {
                    Ok(copy) => self.lock().spare = Some(copy),
                    Err(error) => return Run::Done(Err(error)),
                }
            }
            call.run()
        })
    }
}

fn hold(call: Box<dyn Call>) -> Arc<Mutex<Held>> {
    Arc::new(Mutex::new(Held {
        call: Some(call),
        spare: None,
    }))
}

/// The result that the caller awaits.
pub(crate) fn decode<T: DeserializeOwned + Send + 'static>(value: Value) -> Result<T, JoinError> {
    match value.downcast::<T>() {
        Ok(value) => Ok(*value),
        Err(_) => Err(JoinError::decode(
            std::any::type_name::<T>(),
            "it is of another type".into(),
        )),
    }
}

fn value<T: Travel>(result: T) -> Outcome {
    Ok(Box::new(
        travelled(result, Travels::Back).map_err(JoinError::of_result)?,
    ))
}

/// `value` as it would arrive in a browser, where this thread [checks that](crate::Builder::check_payloads); elsewhere as it
/// is.
fn travelled<V: Travel>(value: V, travels: Travels) -> Result<V, JoinError> {
    if link::checks_payloads() {
        copied(&value, travels)
    } else {
        Ok(value)
    }
}

/// `value` as it would arrive in a browser, beside itself.
fn copied<V: Travel>(value: &V, travels: Travels) -> Result<V, JoinError> {
    let Payload { bytes, values, .. } = payload::encode(value, travels)?;
    payload::decode(&bytes, values)
}

/// A value as it comes out of a channel.
pub(crate) fn passed<T: Travel>(value: T) -> Result<T, JoinError> {
    travelled(value, Travels::Back)
}
