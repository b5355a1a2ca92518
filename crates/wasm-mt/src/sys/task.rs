//! Jobs in numbers and bytes: the places of two functions in the module's table, a fingerprint of their types, and encoded
//! arguments, with what travels beside them.
//!
//! All workers run the same module, so a place means the same function in each. There is nothing to register.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::outlet::take_outlets;
use super::{Context, Shared, call};
use crate::__abi::Kind;
use crate::channel::Outlet;
use crate::error::JoinError;
use crate::handle::{JobId, Origin};
use crate::job::Travel;
use crate::lane::{Lane, LastWords};
use crate::name::Name;
use crate::payload::{self, Payload, Travels};
use crate::worker::{self, Outcome, Run};

/// A result without its type: its encoding.
pub type Value = Payload;

/// A job without its types, or several of a `map`.
pub struct Task {
    pub(super) kind: Kind,
    pub(super) args: Args,
    /// Its body may run more than once.
    pub(super) idempotent: bool,
    /// It may be async.
    pub(super) may_suspend: bool,
    pub(crate) name: Name,
}

pub(super) enum Args {
    One(Result<Payload, JoinError>),
    Many(Many),
}

/// The items of a `map`, encoded when they are posted.
#[derive(Clone)]
pub(super) struct Many {
    items: Arc<dyn Items>,
    /// The id of the job of the first item.
    base: u64,
    pub(super) context: Option<Arc<dyn Shared>>,
}

/// Items without their type.
trait Items: Send + Sync {
    fn encode(&self, at: usize) -> Result<Payload, JoinError>;
    /// Whether it can be encoded any number of times: nothing goes along that is then gone from here.
    #[cfg(target_os = "unknown")]
    fn is_kept(&self, _at: usize) -> bool {
        true
    }
    /// Writes its encoding behind these bytes. False where it has more than bytes, or does not encode.
    #[cfg(target_os = "unknown")]
    fn write(&self, at: usize, bytes: &mut Vec<u8>) -> bool;
    /// Drops them all.
    fn forget(&self);
}

impl Many {
    /// Writes an item behind these bytes. False where it has more than bytes, or does not encode.
    #[cfg(target_os = "unknown")]
    pub(super) fn write(&self, id: JobId, bytes: &mut Vec<u8>) -> bool {
        self.items.write((id.0 - self.base) as usize, bytes)
    }

    pub(super) fn encode(&self, id: JobId) -> Result<Payload, JoinError> {
        self.items.encode((id.0 - self.base) as usize)
    }

    /// Whether an item can be encoded any number of times.
    #[cfg(target_os = "unknown")]
    pub(super) fn is_kept(&self, id: JobId) -> bool {
        self.items.is_kept((id.0 - self.base) as usize)
    }

    /// Drops the items, which the host has.
    #[cfg(target_os = "wasi")]
    pub(super) fn forget(&self) {
        self.items.forget();
    }
}

/// Kept until the last has ended: one that was posted may have to be posted again.
struct ItemsOf<I>(Mutex<Vec<Option<I>>>);

impl<I> ItemsOf<I> {
    fn new(items: Vec<I>) -> Arc<Self> {
        Arc::new(ItemsOf(Mutex::new(items.into_iter().map(Some).collect())))
    }

    fn replace(&self, at: usize, item: Option<I>) -> Option<I> {
        let mut items = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(items.get_mut(at)?, item)
    }
}

impl<I: Travel> Items for ItemsOf<I> {
    fn encode(&self, at: usize) -> Result<Payload, JoinError> {
        // Encoding runs foreign code: not under the lock.
        let Some(item) = self.replace(at, None) else {
            let what = std::any::type_name::<I>();
            return Err(JoinError::encode(what, "there is no such item".into()));
        };
        let payload = payload::encode(&item, Travels::Out);
        self.replace(at, Some(item));
        payload
    }

    #[cfg(target_os = "unknown")]
    fn write(&self, at: usize, bytes: &mut Vec<u8>) -> bool {
        let Some(item) = self.replace(at, None) else {
            return false;
        };
        let is_plain = payload::encode_behind(&item, bytes);
        self.replace(at, Some(item));
        is_plain
    }

    fn forget(&self) {
        let items = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        // Foreign code: not under the lock.
        drop(items);
    }
}

/// Items that came encoded.
#[cfg(target_os = "unknown")]
impl Items for Vec<Mutex<Option<Payload>>> {
    fn encode(&self, at: usize) -> Result<Payload, JoinError> {
        let place = self.get(at);
        let payload = place.and_then(|place| {
            let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
            let payload = place.as_ref()?;
            if !payload.values.is_empty() {
                return place.take();
            }
            Some(Payload {
                bytes: payload.bytes.clone(),
                values: Vec::new(),
                type_name: payload.type_name,
            })
        });
        payload.ok_or_else(|| {
            JoinError::encode(
                "an item",
                "it was handed over to a worker that is gone".into(),
            )
        })
    }

    fn write(&self, at: usize, bytes: &mut Vec<u8>) -> bool {
        self.get(at).is_some_and(|place| {
            let place = place.lock().unwrap_or_else(PoisonError::into_inner);
            let plain = place.as_ref().filter(|item| item.values.is_empty());
            bytes.extend_from_slice(plain.map_or(&[], |item| &item.bytes));
            plain.is_some()
        })
    }

    fn is_kept(&self, at: usize) -> bool {
        self.get(at).is_some_and(|place| {
            let place = place.lock().unwrap_or_else(PoisonError::into_inner);
            place.as_ref().is_some_and(|item| item.values.is_empty())
        })
    }

    /// They go with their task.
    fn forget(&self) {}
}

impl Task {
    // What becomes bytes at once need not be `Send`.
    #[track_caller]
    pub(crate) fn new<A, T>(args: A, f: fn(A) -> T) -> Self
    where
        A: Serialize + DeserializeOwned,
        T: Serialize,
    {
        Task::one(kind_of(f), payload::encode(&args, Travels::Out))
    }

    #[track_caller]
    pub(crate) fn new_async<A, T, F>(args: A, f: fn(A) -> F) -> Self
    where
        A: Serialize + DeserializeOwned,
        T: Serialize,
        F: Future<Output = T> + 'static,
    {
        let mut task = Task::one(kind_of_async(f), payload::encode(&args, Travels::Out));
        task.may_suspend = true;
        task
    }

    #[track_caller]
    pub(super) fn one(kind: Kind, payload: Result<Payload, JoinError>) -> Self {
        Task {
            kind,
            args: Args::One(payload),
            idempotent: false,
            may_suspend: false,
            name: Name::of_caller(),
        }
    }

    /// A job for each item.
    #[track_caller]
    pub(crate) fn map<I: Travel, R: Travel>(items: Vec<I>, f: fn(I) -> R) -> Self {
        Task::many(kind_of(f), ItemsOf::new(items), None)
    }

    /// The same, with something that all share.
    #[track_caller]
    pub(crate) fn map_with<C: Travel, I: Travel, R: Travel>(
        context: &C,
        items: Vec<I>,
        f: fn(&C, I) -> R,
    ) -> Self {
        let kind = Kind {
            trampoline: call::call_with::<C, I, R> as call::Trampoline as usize as u32,
            function: f as usize as u32,
            fingerprint: call::fingerprint::<fn(&C, I) -> R>(f as usize),
        };
        Task::many(
            kind,
            ItemsOf::new(items),
            Some(Arc::new(Context::new(context))),
        )
    }

    /// Jobs whose arguments came encoded.
    #[cfg(target_os = "unknown")]
    #[track_caller]
    pub(super) fn came(kind: Kind, items: Vec<Payload>, context: Option<Arc<dyn Shared>>) -> Self {
        let items: Vec<_> = items
            .into_iter()
            .map(|item| Mutex::new(Some(item)))
            .collect();
        Task::many(kind, Arc::new(items), context)
    }

    #[track_caller]
    fn many(kind: Kind, items: Arc<dyn Items>, context: Option<Arc<dyn Shared>>) -> Self {
        Task {
            kind,
            args: Args::Many(Many {
                items,
                base: 0,
                context,
            }),
            idempotent: false,
            may_suspend: false,
            name: Name::of_caller(),
        }
    }

    /// Where it is of several: the id of the first.
    pub(crate) fn begins_with(&mut self, first: JobId) {
        if let Args::Many(many) = &mut self.args {
            many.base = first.0;
        }
    }

    /// The same for the rest of several.
    pub(crate) fn another(&self) -> Self {
        Task {
            kind: self.kind,
            args: match &self.args {
                Args::One(_) => Args::One(Err(JoinError::lost("it is one job".into()))),
                Args::Many(many) => Args::Many(many.clone()),
            },
            idempotent: self.idempotent,
            may_suspend: self.may_suspend,
            name: self.name.clone(),
        }
    }

    pub(super) fn many_of(&self) -> Option<Many> {
        match &self.args {
            Args::One(_) => None,
            Args::Many(many) => Some(many.clone()),
        }
    }

    /// Drops the items of several jobs.
    pub fn forget(&self) {
        if let Args::Many(many) = &self.args {
            many.items.forget();
        }
    }

    /// Who is told that the job was given up on: the pool knows.
    pub(crate) fn origin(&self) -> Weak<dyn Origin> {
        Weak::<Lane>::new()
    }

    /// Runs the one job here and now, as part of what runs.
    pub(super) fn run_here(mut self) -> Outcome {
        let Payload { bytes, values, .. } = self.take_payload()?;
        match self.may_suspend {
            true => Err(worker::not_joined()),
            false => match call::invoke(self.kind, &bytes, values, 0) {
                Run::Done(outcome) => outcome,
                Run::Async(_) => Err(worker::not_joined()),
            },
        }
    }

    /// Takes the arguments of one job.
    pub(super) fn take_payload(&mut self) -> Result<Payload, JoinError> {
        match &mut self.args {
            Args::One(Ok(payload)) => Ok(Payload {
                bytes: std::mem::take(&mut payload.bytes),
                values: std::mem::take(&mut payload.values),
                type_name: payload.type_name,
            }),
            Args::One(Err(error)) => Err(error.clone()),
            Args::Many(_) => Err(JoinError::lost("it is several jobs".into())),
        }
    }

    /// The arguments of one job.
    #[cfg(target_os = "unknown")]
    pub(super) fn payload(&self) -> Result<&Payload, JoinError> {
        match &self.args {
            Args::One(payload) => payload.as_ref().map_err(Clone::clone),
            Args::Many(_) => Err(JoinError::lost("it is several jobs".into())),
        }
    }

    /// Those that call the same function.
    pub(crate) fn kind(&self) -> u64 {
        u64::from(self.kind.trampoline) << 32 | u64::from(self.kind.function)
    }
}

pub(crate) fn kind_of<A, T>(f: fn(A) -> T) -> Kind
where
    A: Serialize + DeserializeOwned,
    T: Serialize,
{
    Kind {
        trampoline: call::call::<A, T> as call::Trampoline as usize as u32,
        function: f as usize as u32,
        fingerprint: call::fingerprint::<fn(A) -> T>(f as usize),
    }
}

pub(crate) fn kind_of_async<A, T, F>(f: fn(A) -> F) -> Kind
where
    A: Serialize + DeserializeOwned,
    T: Serialize,
    F: Future<Output = T> + 'static,
{
    Kind {
        trampoline: call::call_async::<A, T, F> as call::Trampoline as usize as u32,
        function: f as usize as u32,
        fingerprint: call::fingerprint::<(fn(A) -> F, T)>(f as usize),
    }
}

impl Task {
    /// Whether the job, whose beginning the worker has not announced, can be posted again: for certain only if there is no
    /// more to be heard of that, and if nothing went with it that is gone from here.
    pub(crate) fn reclaim(&mut self, last_words: LastWords) -> bool {
        !matches!(last_words, LastWords::CutOff) && self.is_whole()
    }

    /// What would be posted is still here.
    pub(crate) fn is_whole(&self) -> bool {
        match &self.args {
            Args::One(payload) => payload.as_ref().is_ok_and(Payload::is_whole),
            Args::Many(_) => true,
        }
    }

    /// Something goes with it that is then gone from here.
    pub(crate) fn hands_over(&self) -> bool {
        matches!(&self.args, Args::One(Ok(payload)) if !payload.is_whole())
    }

    /// Takes the near ends of the channels that go with the job, with their places.
    pub(crate) fn take_outlets(&mut self) -> Vec<(u32, Arc<dyn Outlet>)> {
        match &mut self.args {
            Args::One(Ok(payload)) => take_outlets(&mut payload.values),
            _ => Vec::new(),
        }
    }

    /// What was posted cannot be taken back.
    pub(crate) fn withdraw(&mut self) -> bool {
        false
    }

    /// Gives the payload's memory back where it is not needed again.
    pub(crate) fn begun(&mut self) {
        if !self.idempotent
            && let Args::One(Ok(payload)) = &mut self.args
        {
            payload.bytes = Vec::new();
            payload.values = Vec::new();
        }
    }

    pub(crate) fn idempotent(&mut self) {
        self.idempotent = true;
    }

    pub(crate) fn may_suspend(&self) -> bool {
        self.may_suspend
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
///
/// # Errors
/// Where what came is no `T`.
pub fn decode<T: DeserializeOwned>(value: Value) -> Result<T, JoinError> {
    payload::decode(&value.bytes, value.values)
}
