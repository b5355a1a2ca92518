//! What travels out of band natively, where values move: only in builds, and on threads, that check payloads is anything
//! coded at all. A channel's ends are all near.

use std::any::Any;
use std::convert::Infallible;
use std::sync::{Arc, Weak};

use super::host;
use crate::buffer::Buffer;
use crate::channel::{End, Near, Outlet};
use crate::error::JoinError;
use crate::job::Travel;
use crate::panic;
use crate::payload::Payload;

/// A value beside a payload's bytes.
pub(crate) enum OutOfBand {
    Bytes(Vec<u8>),
    /// The near end of a channel of some type.
    Near(Box<dyn Any + Send>),
}

impl OutOfBand {
    pub(crate) fn of_bytes(bytes: &[u8]) -> Self {
        OutOfBand::Bytes(bytes.to_vec())
    }

    /// The bytes of what [`of_bytes`](Self::of_bytes) makes.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn to_bytes(&self) -> Option<Vec<u8>> {
        match self {
            OutOfBand::Bytes(bytes) => Some(bytes.clone()),
            OutOfBand::Near(_) => None,
        }
    }

    pub(crate) fn into_buffer<T: bytemuck::Pod>(self) -> Result<Buffer<T>, String> {
        let OutOfBand::Bytes(bytes) = self else {
            return Err("what arrived is no buffer".into());
        };
        Buffer::received(bytes.len(), |place| {
            place.write_copy_of_slice(&bytes);
        })
    }

    pub(crate) fn of_near<T: Travel>(near: Arc<Near<T>>) -> Self {
        OutOfBand::Near(Box::new(near))
    }

    pub(crate) fn of_far(far: &Far) -> Self {
        match far.0 {}
    }

    pub(crate) fn into_end<T: Travel>(self, _: u32) -> Result<End<T>, String> {
        if let OutOfBand::Near(near) = self
            && let Ok(near) = near.downcast::<Arc<Near<T>>>()
        {
            bind(&near);
            return Ok(End::Near(*near));
        }
        Err("what arrived is no sender of this type".into())
    }
}

/// There is no other instance that an end could be in.
#[derive(Clone)]
pub(crate) struct Far(Infallible);

impl Far {
    pub(crate) fn send(&self, _: Payload) -> Result<(), JoinError> {
        match self.0 {}
    }
}

/// Makes the end the running job's, once: closed when that ends, even where the job itself is left to run on.
pub(crate) fn bind<T: Travel>(near: &Arc<Near<T>>) {
    if let Some(id) = panic::current_job()
        && near.comes_to(id)
    {
        host::bind(id, Arc::new(Loose(Arc::downgrade(near))));
    }
}

/// The job holds its end itself; the owner only closes it.
struct Loose<T>(Weak<Near<T>>);

impl<T: Travel> Outlet for Loose<T> {
    fn close(&self) {
        if let Some(near) = self.0.upgrade() {
            near.close();
        }
    }
}
