//! A job as a boxed call: arguments and result move, they are not encoded but to check that they could be.

use std::any::Any;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::de::DeserializeOwned;

use super::context::Context;
use super::host;
use crate::channel::Outlet;
use crate::entry::Entry;
use crate::error::JoinError;
use crate::handle::JobId;
use crate::job::Travel;
use crate::lane::LastWords;
use crate::payload::{self, Payload, Travels};
use crate::worker::{Outcome, Run};

/// A result without its type.
pub type Value = Box<dyn Any + Send>;

/// A job without its types, or several of a `map`.
pub struct Task {
    body: Body,
    /// Those that call the same function.
    kind: u64,
    idempotent: bool,
}

enum Body {
    /// A call, which whoever comes first takes out, its worker or the owner who wants it back.
    One(Arc<Mutex<Held>>),
    Many(Many),
}

/// The items of a `map`.
#[derive(Clone)]
struct Many {
    items: Arc<dyn Items>,
    /// The id of the job of the first item.
    base: u64,
}

/// Items and their function, without their types.
trait Items: Send + Sync {
    fn run(&self, at: usize) -> Run;
}

struct ItemsOf<I, F> {
    items: Vec<Mutex<Option<I>>>,
    run: F,
}

impl<I: Travel, F: Fn(I) -> Outcome + Send + Sync> Items for ItemsOf<I, F> {
    fn run(&self, at: usize) -> Run {
        let item = self.items.get(at);
        let item = item.and_then(|item| item.lock().unwrap_or_else(PoisonError::into_inner).take());
        let Some(item) = item else {
            return Run::Done(Err(JoinError::lost("its item is gone".into())));
        };
        Run::Done(travelled(item, Travels::Out).and_then(&self.run))
    }
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
        Task::of(
            f as usize as u64,
            Box::new(Of {
                args,
                f,
                run: |args, f| Run::Done(value(f(args))),
            }),
        )
    }

    pub(crate) fn new_async<A, T, F>(args: A, f: fn(A) -> F) -> Self
    where
        A: Travel,
        T: Travel,
        F: Future<Output = T> + 'static,
    {
        Task::of(
            f as usize as u64,
            Box::new(Of {
                args,
                f,
                run: |args, f| {
                    let future = f(args);
                    Run::Async(Box::pin(async move { value(future.await) }))
                },
            }),
        )
    }

    /// A job for each item.
    pub(crate) fn map<I: Travel, R: Travel>(items: Vec<I>, f: fn(I) -> R) -> Self {
        Task::many(f as usize as u64, items, move |item| value(f(item)))
    }

    /// The same, with something that all share, of which each thread has a copy.
    pub(crate) fn map_with<C: Travel, I: Travel, R: Travel>(
        context: &C,
        items: Vec<I>,
        f: fn(&C, I) -> R,
    ) -> Self {
        let context = Context::new(context);
        Task::many(f as usize as u64, items, move |item| {
            context.with(|context| f(context, item)).and_then(value)
        })
    }

    fn many<I: Travel>(
        kind: u64,
        items: Vec<I>,
        run: impl Fn(I) -> Outcome + Send + Sync + 'static,
    ) -> Self {
        let items = items
            .into_iter()
            .map(|item| Mutex::new(Some(item)))
            .collect();
        Task {
            body: Body::Many(Many {
                items: Arc::new(ItemsOf { items, run }),
                base: 0,
            }),
            kind,
            idempotent: false,
        }
    }

    fn of(kind: u64, call: Box<dyn Call>) -> Self {
        Task {
            body: Body::One(hold(call)),
            kind,
            idempotent: false,
        }
    }

    /// Where it is of several: the id of the first.
    pub(crate) fn begins_with(&mut self, first: JobId) {
        if let Body::Many(many) = &mut self.body {
            many.base = first.0;
        }
    }

    /// The same task: for its worker, or for the rest of several.
    pub(crate) fn another(&self) -> Self {
        Task {
            body: match &self.body {
                Body::One(held) => Body::One(held.clone()),
                Body::Many(many) => Body::Many(many.clone()),
            },
            kind: self.kind,
            idempotent: self.idempotent,
        }
    }

    pub(crate) fn kind(&self) -> u64 {
        self.kind
    }

    /// What it holds, where it is one job.
    fn held(&self) -> Option<MutexGuard<'_, Held>> {
        match &self.body {
            Body::One(held) => Some(held.lock().unwrap_or_else(PoisonError::into_inner)),
            Body::Many(_) => None,
        }
    }

    /// Takes the job back, unless its worker has begun it.
    pub(crate) fn reclaim(&mut self, _: LastWords) -> bool {
        self.withdraw()
    }

    /// Takes the job from its worker, unless that has begun it.
    pub(crate) fn withdraw(&mut self) -> bool {
        let call = self.held().and_then(|mut held| held.call.take());
        self.renew(call)
    }

    /// Out of reach of the worker that it was posted to.
    fn renew(&mut self, call: Option<Box<dyn Call>>) -> bool {
        let Some(call) = call else {
            return false;
        };
        self.body = Body::One(hold(call));
        true
    }

    /// None yet: an end comes to the job when that runs, see [`host::bind`].
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
        let spare = self
            .held()
            .and_then(|mut held| held.call.take().or_else(|| held.spare.take()));
        if self.renew(spare) {
            Ok(())
        } else {
            Err("its arguments had not been copied")
        }
    }

    /// Natively nothing is gone from here.
    pub(crate) fn hands_over(&self) -> bool {
        false
    }

    /// Begins the job; `None` where the owner has taken it back.
    pub(super) fn call(self) -> Option<impl FnOnce() -> Run> {
        let call = self.held()?.call.take()?;
        Some(move || {
            if self.idempotent {
                match (call.copy(), self.held()) {
                    (Ok(copy), Some(mut held)) => held.spare = Some(copy),
                    (Err(error), _) => return Run::Done(Err(error)),
                    (Ok(_), None) => {}
                }
            }
            call.run()
        })
    }

    /// Runs one of several.
    pub(crate) fn run_one(&self, id: JobId) -> Run {
        match &self.body {
            Body::Many(many) => many.items.run((id.0 - many.base) as usize),
            Body::One(_) => Run::Done(Err(JoinError::lost("it is one job".into()))),
        }
    }
}

fn hold(call: Box<dyn Call>) -> Arc<Mutex<Held>> {
    Arc::new(Mutex::new(Held {
        call: Some(call),
        spare: None,
    }))
}

/// The result that the caller awaits.
///
/// # Errors
/// Where what came is no `T`.
pub fn decode<T: DeserializeOwned + Send + 'static>(value: Value) -> Result<T, JoinError> {
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
    if host::checks_payloads() {
        copied(&value, travels)
    } else {
        Ok(value)
    }
}

/// `value` as it would arrive in a browser, beside itself.
pub(super) fn copied<V: Travel>(value: &V, travels: Travels) -> Result<V, JoinError> {
    let Payload { bytes, values, .. } = payload::encode(value, travels)?;
    payload::decode(&bytes, values)
}

/// A value as it comes out of a channel.
pub(crate) fn passed<T: Travel>(value: T) -> Result<T, JoinError> {
    travelled(value, Travels::Back)
}

/// A frame of jobs on its way out.
pub(crate) struct Letter(Vec<Box<Entry>>);

impl Letter {
    pub(crate) fn of(entry: Box<Entry>) -> Self {
        Letter(vec![entry])
    }

    /// Nothing is encoded on its way out.
    pub(crate) fn write(entries: Vec<Box<Entry>>) -> Self {
        Letter(entries)
    }

    pub(super) fn entries(&mut self) -> &mut Vec<Box<Entry>> {
        &mut self.0
    }

    pub(crate) fn into_entries(self) -> Vec<Box<Entry>> {
        self.0
    }
}
