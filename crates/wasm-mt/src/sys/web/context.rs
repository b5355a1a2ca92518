//! [`Context`]: what all jobs of a `map` share, sent to each worker once. The owner has it until the last of them has ended,
//! and then tells the workers to forget it, which keep it decoded meanwhile.

use std::any::Any;
use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;

use super::child::{SHARED, UNSHARED};
use super::entry;
use super::far::OutOfBand;
use super::letter::{self, Writer};
use super::link::{self, CONTEXT, FORGET};
use crate::error::JoinError;
use crate::payload::{self, Payload, Travels};

/// A context as the code of all programs knows it: one without a pool links none.
pub(crate) trait Shared: Send + Sync {
    fn id(&self) -> u64;

    /// Nothing in it can fail to be cloned.
    ///
    /// # Errors
    /// Where it cannot be encoded.
    fn is_plain(&self) -> Result<bool, JoinError>;

    /// Sends it to a worker that does not have it.
    ///
    /// # Errors
    /// Where it cannot be encoded or cloned.
    fn send(&self, worker: &JsValue, token: f64) -> Result<(), JoinError>;

    /// Sends it from a worker to its owner, once.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    fn send_up(&self) -> Result<(), JoinError>;
}

/// The owner's side.
pub(crate) struct Context {
    id: u64,
    payload: Result<Payload, JoinError>,
}

impl Context {
    pub(crate) fn new<C: Serialize>(value: &C) -> Self {
        Self::of(payload::encode(value, Travels::Back))
    }

    /// One that came encoded.
    pub(crate) fn of(mut payload: Result<Payload, JoinError>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        // It goes to several workers, so what would be handed over is copied, and what cannot be is an error.
        if let Ok(payload) = &mut payload {
            for value in payload.values.iter_mut().flatten() {
                if let OutOfBand::Value { is_moved, .. } = value {
                    *is_moved = false;
                }
            }
        }
        Context {
            // ORDERING: Relaxed; only that no two are equal matters.
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            payload,
        }
    }
}

impl Shared for Context {
    fn id(&self) -> u64 {
        self.id
    }

    fn is_plain(&self) -> Result<bool, JoinError> {
        let payload = self.payload.as_ref().map_err(Clone::clone)?;
        Ok(payload.values.is_empty())
    }

    fn send(&self, worker: &JsValue, token: f64) -> Result<(), JoinError> {
        let payload = self.payload.as_ref().map_err(Clone::clone)?;
        let known = link::listening(token, |one| one.contexts.contains(&self.id));
        if known != Some(false) {
            return Ok(());
        }
        let mut writer = Writer::default();
        writer.context(self.id, payload);
        letter::post(&writer, worker, token, CONTEXT)
            .map_err(|reason| JoinError::not_cloned(payload.type_name, reason))?;
        link::listening(token, |one| one.contexts.push(self.id));
        Ok(())
    }

    fn send_up(&self) -> Result<(), JoinError> {
        let payload = self.payload.as_ref().map_err(Clone::clone)?;
        if UP.with_borrow(|up| up.contains(&self.id)) {
            return Ok(());
        }
        let mut writer = Writer::default();
        writer.context(self.id, payload);
        letter::post(&writer, &js_sys::global(), entry::token_number(), SHARED)
            .map_err(|reason| JoinError::not_cloned(payload.type_name, reason))?;
        UP.with_borrow_mut(|up| up.push(self.id));
        Ok(())
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        let was_up = UP.with_borrow_mut(|up| {
            let at = up.iter().position(|id| *id == self.id)?;
            Some(up.swap_remove(at))
        });
        if was_up.is_some() {
            entry::post(&[entry::token(), UNSHARED.into(), (self.id as f64).into()]);
        }
        let mut workers = Vec::new();
        link::all(|one| {
            if let Some(at) = one.contexts.iter().position(|id| *id == self.id) {
                one.contexts.swap_remove(at);
                workers.push((one.token(), one.worker.clone()));
            }
        });
        for (token, worker) in workers {
            link::tell(
                token,
                &worker,
                &[token.into(), FORGET.into(), (self.id as f64).into()],
            );
        }
    }
}

thread_local! {
    /// Those of this worker's own that its owner has.
    static UP: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// The worker's side.
enum Kept {
    Encoded(Payload),
    Decoded(Box<dyn Any>),
}

thread_local! {
    static KEPT: RefCell<Vec<(u64, Kept)>> = const { RefCell::new(Vec::new()) };
}

/// A context has come for jobs that will.
pub fn keep(came: &JsValue, list: &JsValue) {
    let bytes = letter::bytes(came);
    let context = bytes.and_then(|bytes| letter::reader(&bytes, list).context());
    // Without it, its jobs say that it has not come.
    if let Some((id, payload)) = context {
        KEPT.with_borrow_mut(|kept| {
            if kept.iter().all(|(of, _)| *of != id) {
                kept.push((id, Kept::Encoded(payload)));
            }
        });
    }
}

/// Its jobs have ended.
pub fn forget(id: u64) {
    // A drop is foreign code: not while it is borrowed.
    let gone = KEPT.with_borrow_mut(|kept| {
        let at = kept.iter().position(|(of, _)| *of == id)?;
        Some(kept.swap_remove(at))
    });
    drop(gone);
}

/// Calls `f` with the context.
///
/// # Errors
/// Where it does not decode, or has not come.
pub(crate) fn with<C: DeserializeOwned + 'static, R>(
    id: u64,
    f: impl FnOnce(&C) -> R,
) -> Result<R, JoinError> {
    let kept = KEPT.with_borrow_mut(|kept| {
        let at = kept.iter().position(|(of, _)| *of == id)?;
        Some(kept.swap_remove(at).1)
    });
    let missing = |message: &str| JoinError::decode(std::any::type_name::<C>(), message.into());
    let context = match kept {
        Some(Kept::Decoded(context)) => match context.downcast::<C>() {
            Ok(context) => context,
            Err(_) => return Err(missing("the context is of another type")),
        },
        Some(Kept::Encoded(payload)) => {
            match payload::decode::<C>(&payload.bytes, payload.values) {
                Ok(context) => Box::new(context),
                Err(error) => {
                    // The next job meets the same.
                    let again = Payload {
                        bytes: payload.bytes,
                        values: Vec::new(),
                        type_name: "",
                    };
                    KEPT.with_borrow_mut(|kept| kept.push((id, Kept::Encoded(again))));
                    return Err(error);
                }
            }
        }
        None => return Err(missing("the context has not come")),
    };
    let result = f(&context);
    KEPT.with_borrow_mut(|kept| kept.push((id, Kept::Decoded(context))));
    Ok(result)
}
