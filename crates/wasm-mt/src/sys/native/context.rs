//! [`Context`]: what all jobs of a `map` share. Each thread that runs one has a copy, made as the value would travel, and
//! keeps it until the `map` has ended and another asks.

use std::any::Any;
use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::task::copied;
use crate::error::JoinError;
use crate::job::Travel;
use crate::payload::Travels;

/// Copied under a lock, so the value need not be `Sync`.
pub(super) struct Context<C> {
    original: Arc<Mutex<Result<C, JoinError>>>,
}

/// Of which value, and the copy.
type Copied = (Weak<dyn Any + Send + Sync>, Box<dyn Any>);

thread_local! {
    /// The copies of this thread, and whether they can still be asked for.
    static COPIES: RefCell<Vec<Copied>> = const { RefCell::new(Vec::new()) };
}

impl<C: Travel> Context<C> {
    pub(super) fn new(value: &C) -> Self {
        Context {
            original: Arc::new(Mutex::new(travelled(value))),
        }
    }

    /// Calls `f` with this thread's copy.
    ///
    /// # Errors
    /// Where the value cannot travel.
    pub(super) fn with<R>(&self, f: impl FnOnce(&C) -> R) -> Result<R, JoinError> {
        let copy = match self.take() {
            Some(copy) => copy,
            None => {
                let original = self.original.lock().unwrap_or_else(PoisonError::into_inner);
                Box::new(travelled(original.as_ref().map_err(Clone::clone)?)?)
            }
        };
        let result = f(&copy);
        let mine: Arc<dyn Any + Send + Sync> = self.original.clone();
        COPIES.with_borrow_mut(|copies| copies.push((Arc::downgrade(&mine), copy)));
        Ok(result)
    }

    fn take(&self) -> Option<Box<C>> {
        let mine: *const () = Arc::as_ptr(&self.original).cast();
        let (gone, copy) = COPIES.with_borrow_mut(|copies| {
            // Drops are foreign code: not while they are borrowed.
            let gone: Vec<_> = copies
                .extract_if(.., |(of, _)| of.strong_count() == 0)
                .collect();
            let at = copies.iter().position(|(of, _)| of.as_ptr().cast() == mine);
            (gone, at.map(|at| copies.swap_remove(at).1))
        });
        drop(gone);
        copy?.downcast().ok()
    }
}

fn travelled<C: Travel>(value: &C) -> Result<C, JoinError> {
    copied(value, Travels::Back)
}
