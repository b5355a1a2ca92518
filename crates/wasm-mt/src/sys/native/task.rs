//! A job as a boxed call: arguments and result move, they are not encoded but to check that they could be.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use serde::de::DeserializeOwned;

use super::context::Context;
use super::hand::Hand;
use super::host;
use crate::channel::Outlet;
use crate::entry::Entry;
use crate::error::JoinError;
use crate::handle::{JobId, Origin};
use crate::job::Travel;
use crate::lane::LastWords;
use crate::name::Name;
use crate::payload::{self, Payload, Travels};
use crate::worker::{self, Outcome, Run};

/// A result without its type.
pub type Value = Box<dyn Any + Send>;

/// What a job of a pool's own making awaits. It never leaves its thread.
pub type LocalOutcome = Pin<Box<dyn Future<Output = Result<Value, JoinError>>>>;

/// A job without its types, or several of a `map`.
pub struct Task {
    body: Body,
    pub(crate) name: Name,
}

enum Body {
    /// A call, which whoever comes first takes out, its worker or the owner who wants it back.
    One(Arc<dyn Held>),
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
    /// Those that call the same function.
    fn kind(&self) -> u64;
    fn run(&self, at: usize) -> Run;
    /// Drops the items that are left.
    fn forget(&self);
}

struct ItemsOf<I, F> {
    kind: u64,
    items: Vec<Mutex<Option<I>>>,
    run: F,
}

impl<I: Travel, F: Fn(I) -> Outcome + Send + Sync> Items for ItemsOf<I, F> {
    fn kind(&self) -> u64 {
        self.kind
    }

    fn run(&self, at: usize) -> Run {
        let item = self.items.get(at);
        let item = item.and_then(|item| item.lock().unwrap_or_else(PoisonError::into_inner).take());
        let Some(item) = item else {
            return Run::Done(Err(JoinError::lost("its item is gone".into())));
        };
        Run::Done(travelled(item, Travels::Out).and_then(&self.run))
    }

    fn forget(&self) {
        for item in &self.items {
            let item = item.lock().unwrap_or_else(PoisonError::into_inner).take();
            // Foreign code: not under the lock.
            drop(item);
        }
    }
}

/// What a task and its worker share, with the call in it, so that both are one allocation. Of a pool's job it is also the
/// [`Origin`]: while the job waits, nobody else knows where.
struct HeldOf<C> {
    is_async: bool,
    calls: Mutex<Calls<C>>,
}

struct Calls<C> {
    call: Option<C>,
    /// Whoever has begun it is about to take the call, and nobody else may.
    begun: bool,
    /// Of an idempotent job that has begun: the call to make should it have to begin again.
    spare: Option<C>,
    /// Who has begun it, in a pool.
    runner: Option<Weak<dyn Origin>>,
    /// It may begin again.
    idempotent: bool,
}

impl<C> Calls<C> {
    /// Takes the call of a job that has not begun.
    fn take_waiting(&mut self) -> Option<C> {
        if self.begun { None } else { self.call.take() }
    }
}

impl<C: Call> HeldOf<C> {
    fn new(call: C, idempotent: bool) -> Arc<Self> {
        Arc::new(HeldOf {
            is_async: call.is_async(),
            calls: Mutex::new(Calls {
                call: Some(call),
                begun: false,
                spare: None,
                runner: None,
                idempotent,
            }),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Calls<C>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A [`HeldOf`] without its type.
trait Held: Origin {
    /// Begins the job; false where it was taken back. It is to [`run`](Self::run) then.
    fn begins(&self, runner: Option<Weak<dyn Origin>>) -> bool;
    fn run(&self) -> Run;
    /// Runs it as a part of what runs, and so for once; `None` where it has begun.
    fn take_here(&self) -> Option<Run>;
    /// It has not begun, and is wanted.
    fn waits(&self) -> bool;
    /// The same job out of reach of who held it, unless it has begun.
    fn withdraw(&self) -> Option<Arc<dyn Held>>;
    /// Drops what has not begun, and gives whether there was anything.
    fn forget(&self) -> bool;
    /// Makes a job that has begun ready to begin again.
    fn again(&self) -> bool;
    fn set_idempotent(&self);
    fn is_idempotent(&self) -> bool;
    fn is_async(&self) -> bool;
}

impl<C: Call> Held for HeldOf<C> {
    fn begins(&self, runner: Option<Weak<dyn Origin>>) -> bool {
        let mut calls = self.lock();
        if calls.begun || calls.call.is_none() {
            return false;
        }
        calls.begun = true;
        calls.runner = runner;
        true
    }

    fn run(&self) -> Run {
        let mut calls = self.lock();
        let (call, idempotent) = (calls.call.take(), calls.idempotent);
        drop(calls);
        let Some(call) = call else {
            return Run::Done(Err(JoinError::lost("its call is gone".into())));
        };
        if idempotent {
            match call.copy() {
                Ok(copy) => self.lock().spare = Some(copy),
                Err(error) => return Run::Done(Err(error)),
            }
        }
        call.run()
    }

    fn waits(&self) -> bool {
        let calls = self.lock();
        !calls.begun && calls.call.is_some()
    }

    fn take_here(&self) -> Option<Run> {
        let mut calls = self.lock();
        let call = calls.take_waiting()?;
        calls.begun = true;
        drop(calls);
        Some(call.run())
    }

    fn withdraw(&self) -> Option<Arc<dyn Held>> {
        let mut calls = self.lock();
        let (call, idempotent) = (calls.take_waiting()?, calls.idempotent);
        drop(calls);
        Some(HeldOf::new(call, idempotent))
    }

    fn forget(&self) -> bool {
        let call = self.lock().take_waiting();
        // Foreign code, which is dropped without the lock.
        call.is_some()
    }

    fn again(&self) -> bool {
        let mut calls = self.lock();
        // Whoever had taken the call does not come a second time.
        let spare = calls.spare.take();
        let before = std::mem::replace(&mut calls.call, spare);
        calls.begun = false;
        calls.runner = None;
        let is_there = calls.call.is_some();
        drop(calls);
        drop(before);
        is_there
    }

    fn set_idempotent(&self) {
        self.lock().idempotent = true;
    }

    fn is_idempotent(&self) -> bool {
        self.lock().idempotent
    }

    fn is_async(&self) -> bool {
        self.is_async
    }
}

impl<C: Call> Origin for HeldOf<C> {
    fn abandon(&self, id: JobId) {
        let mut calls = self.lock();
        let waiting = calls.take_waiting();
        let runner = calls.runner.clone();
        drop(calls);
        if waiting.is_some() {
            // Its arguments are dropped here: foreign code.
            drop(waiting);
        } else if let Some(runner) = runner.and_then(|runner| runner.upgrade()) {
            runner.abandon(id);
        }
    }
}

/// A function with its arguments.
trait Call: Send + Sized + 'static {
    fn run(self) -> Run;
    /// It gives a future.
    fn is_async(&self) -> bool;
    /// The same call with arguments that have travelled.
    fn copy(&self) -> Result<Self, JoinError>;
}

struct Of<A, F> {
    args: A,
    f: F,
    run: fn(A, F) -> Run,
    is_async: bool,
}

impl<A: Travel, F: Copy + Send + 'static> Call for Of<A, F> {
    fn run(self) -> Run {
        match travelled(self.args, Travels::Out) {
            Ok(args) => (self.run)(args, self.f),
            Err(error) => Run::Done(Err(error)),
        }
    }

    fn is_async(&self) -> bool {
        self.is_async
    }

    fn copy(&self) -> Result<Self, JoinError> {
        Ok(Of {
            args: copied(&self.args, Travels::Out)?,
            ..*self
        })
    }
}

/// A future of the pool's making.
struct Made<F>(F);

impl<F: FnOnce() -> LocalOutcome + Send + 'static> Call for Made<F> {
    fn run(self) -> Run {
        Run::Async((self.0)())
    }

    fn is_async(&self) -> bool {
        true
    }

    fn copy(&self) -> Result<Self, JoinError> {
        Err(JoinError::lost("its future is made once".into()))
    }
}

impl Task {
    /// A job whose body is the future that `make` makes, called on the thread that begins it. The future never leaves that.
    #[track_caller]
    pub fn of_future(make: impl FnOnce() -> LocalOutcome + Send + 'static) -> Self {
        Task::of(Made(make))
    }

    #[track_caller]
    pub(crate) fn new<A, T>(args: A, f: fn(A) -> T) -> Self
    where
        A: Travel,
        T: Travel,
    {
        Task::of(Of {
            args,
            f,
            run: |args, f| Run::Done(value(f(args))),
            is_async: false,
        })
    }

    #[track_caller]
    pub(crate) fn new_async<A, T, F>(args: A, f: fn(A) -> F) -> Self
    where
        A: Travel,
        T: Travel,
        F: Future<Output = T> + 'static,
    {
        Task::of(Of {
            args,
            f,
            run: |args, f| {
                let future = f(args);
                Run::Async(Box::pin(async move { value(future.await) }))
            },
            is_async: true,
        })
    }

    /// A job for each item.
    #[track_caller]
    pub(crate) fn map<I: Travel, R: Travel>(items: Vec<I>, f: fn(I) -> R) -> Self {
        Task::many(f as usize as u64, items, move |item| value(f(item)))
    }

    /// The same, with something that all share, of which each thread has a copy.
    #[track_caller]
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

    #[track_caller]
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
                items: Arc::new(ItemsOf { kind, items, run }),
                base: 0,
            }),
            name: Name::of_caller(),
        }
    }

    #[track_caller]
    fn of(call: impl Call) -> Self {
        Task {
            body: Body::One(HeldOf::new(call, false)),
            name: Name::of_caller(),
        }
    }

    /// Where it is of several: the id of the first.
    pub(crate) fn begins_with(&mut self, first: JobId) {
        if let Body::Many(many) = &mut self.body {
            many.base = first.0;
        }
    }

    /// The same task: for its worker, or for the rest of several.
    pub fn another(&self) -> Self {
        Task {
            body: match &self.body {
                Body::One(held) => Body::One(held.clone()),
                Body::Many(many) => Body::Many(many.clone()),
            },
            name: self.name.clone(),
        }
    }

    pub(crate) fn kind(&self) -> u64 {
        match &self.body {
            // Only jobs of a `map` are measured by their kind.
            Body::One(_) => 0,
            Body::Many(many) => many.items.kind(),
        }
    }

    /// What it holds, where it is one job.
    fn held(&self) -> Option<&Arc<dyn Held>> {
        match &self.body {
            Body::One(held) => Some(held),
            Body::Many(_) => None,
        }
    }

    /// Takes the job back, unless its worker has begun it.
    pub(crate) fn reclaim(&mut self, _: LastWords) -> bool {
        self.withdraw()
    }

    /// Takes the job from its worker, unless that has begun it.
    pub(crate) fn withdraw(&mut self) -> bool {
        let Some(held) = self.held().and_then(|held| held.withdraw()) else {
            return false;
        };
        self.body = Body::One(held);
        true
    }

    /// None yet: an end comes to the job when that runs, see [`host::bind`].
    pub(crate) fn take_outlets(&mut self) -> Vec<(u32, Arc<dyn Outlet>)> {
        Vec::new()
    }

    /// Its worker holds the call, or has used it up.
    pub(crate) fn begun(&mut self) {}

    pub(crate) fn idempotent(&mut self) {
        if let Some(held) = self.held() {
            held.set_idempotent();
        }
    }

    pub(crate) fn may_suspend(&self) -> bool {
        self.held().is_some_and(|held| held.is_async())
    }

    pub(crate) fn is_idempotent(&self) -> bool {
        self.held().is_some_and(|held| held.is_idempotent())
    }

    pub(crate) fn again(&mut self) -> Result<(), &'static str> {
        // It may not have begun: then it goes out of reach of who could still begin it.
        if self.withdraw() {
            return Ok(());
        }
        match self.held() {
            None => Err("it is one of several"),
            Some(held) if held.again() => Ok(()),
            Some(_) => Err("its arguments had not been copied"),
        }
    }

    /// Natively nothing is gone from here.
    pub(crate) fn hands_over(&self) -> bool {
        false
    }

    /// Who is told when the job is given up on, where it waits in a pool: it itself. Of several jobs nobody is.
    pub fn origin(&self) -> Weak<dyn Origin> {
        match &self.body {
            Body::One(held) => Arc::downgrade(held) as Weak<dyn Origin>,
            Body::Many(_) => Weak::<Hand>::new(),
        }
    }

    /// Drops what has not begun. Gives whether that was a job; of several it is not known.
    pub fn forget(&self) -> bool {
        match &self.body {
            Body::One(held) => held.forget(),
            Body::Many(many) => {
                many.items.forget();
                false
            }
        }
    }

    /// Begins the job; `None` where the owner has taken it back.
    pub(super) fn call(self) -> Option<impl FnOnce() -> Run> {
        self.call_by(None)
    }

    /// The same for a pool, which is told by `runner` from now on when the job is given up on.
    pub(super) fn call_by(self, runner: Option<Weak<dyn Origin>>) -> Option<impl FnOnce() -> Run> {
        let Body::One(held) = self.body else {
            return None;
        };
        held.begins(runner).then_some(move || held.run())
    }

    /// It is one job, has not begun and is not given up on.
    pub fn waits(&self) -> bool {
        self.held().is_some_and(|held| held.waits())
    }

    /// Runs the one job here and now, as part of what runs, unless another has begun it.
    pub fn take_here(&self) -> Option<Outcome> {
        Some(match self.held()?.take_here()? {
            Run::Done(outcome) => outcome,
            Run::Async(_) => Err(worker::not_joined()),
        })
    }

    /// The same for a job that nobody else has.
    pub(crate) fn run_here(self) -> Outcome {
        let gone = || Err(JoinError::lost("its call is gone".into()));
        self.take_here().unwrap_or_else(gone)
    }

    /// Its jobs are those of a `map`, one or more.
    pub(super) fn is_of_several(&self) -> bool {
        matches!(self.body, Body::Many(_))
    }

    /// Runs one of several.
    pub(crate) fn run_one(&self, id: JobId) -> Run {
        match &self.body {
            Body::Many(many) => many.items.run((id.0 - many.base) as usize),
            Body::One(_) => Run::Done(Err(JoinError::lost("it is one job".into()))),
        }
    }
}

/// The result that the caller awaits.
///
/// # Errors
/// Where what came is no `T`.
pub fn decode<T: DeserializeOwned + Send + 'static>(value: Value) -> Result<T, JoinError> {
    moved(value)
}

/// The value that has moved here as it was.
pub(super) fn moved<T: Send + 'static>(value: Value) -> Result<T, JoinError> {
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
pub(crate) struct Letter(Entries);

type Entries = Vec<Box<Entry>>;

impl Letter {
    pub(crate) fn of(entry: Box<Entry>, _: bool) -> Self {
        Letter(vec![entry])
    }

    /// Nothing is encoded on its way out.
    pub(crate) fn write(entries: Entries, _: bool) -> Self {
        Letter(entries)
    }

    pub(super) fn entries(&mut self) -> &mut Entries {
        &mut self.0
    }

    pub(crate) fn into_entries(self) -> Entries {
        self.0
    }
}
