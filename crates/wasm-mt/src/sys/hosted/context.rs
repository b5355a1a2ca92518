//! [`Context`]: what all jobs of a `map` share. It is with the host as long as who called `map` has it, and an instance keeps
//! the one that it used last, decoded.

use std::any::Any;
use std::cell::RefCell;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{host, value};
use crate::error::JoinError;
use crate::payload::{self, Travels};

/// A context as the code of all programs knows it: one without a pool links none.
pub(crate) trait Shared: Send + Sync {
    /// What jobs name it by.
    ///
    /// # Errors
    /// Where it cannot be encoded.
    fn id(&self) -> Result<i64, JoinError>;
}

/// Whoever called `map` has it.
pub(crate) struct Context(Result<i64, JoinError>);

impl Context {
    pub(crate) fn new<C: Serialize>(value: &C) -> Self {
        let payload = payload::encode(value, Travels::Back);
        Context(payload.map(|payload| host::share(&value::bytes(payload))))
    }
}

impl Shared for Context {
    fn id(&self) -> Result<i64, JoinError> {
        self.0.clone()
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        if let Ok(id) = self.0 {
            host::unshare(id);
        }
    }
}

thread_local! {
    /// The one that was used last, by its id.
    static KEPT: RefCell<Option<(u64, Box<dyn Any>)>> = const { RefCell::new(None) };
}

/// Calls `f` with the context.
///
/// # Errors
/// Where it does not decode, or is gone.
pub(crate) fn with<C: DeserializeOwned + 'static, R>(
    id: u64,
    f: impl FnOnce(&C) -> R,
) -> Result<R, JoinError> {
    let kept = KEPT.take().filter(|(of, _)| *of == id);
    let context = match kept.and_then(|(_, kept)| kept.downcast::<C>().ok()) {
        Some(context) => context,
        None => Box::new(fetch::<C>(id)?),
    };
    let result = f(&context);
    KEPT.set(Some((id, context)));
    Ok(result)
}

fn fetch<C: DeserializeOwned>(id: u64) -> Result<C, JoinError> {
    let Some(payload) = host::shared(id as i64).and_then(|bytes| value::read(&bytes)) else {
        let gone = "its map has ended, and the context with it";
        return Err(JoinError::decode(std::any::type_name::<C>(), gone.into()));
    };
    payload::decode(&payload.bytes, payload.values)
}
