//! What travels out of band: bulk, and the ends of channels.
//!
//! The near end of a channel stays in the instance that spawns the job, and the host knows the far one by the job and its
//! place among the arguments.
//!
//! Never true: that an end outlives its job. One that is kept in a static sends nothing when that has ended.

use std::sync::Arc;

use super::{host, run, value};
use crate::buffer::Buffer;
use crate::channel::{End, Near, Outlet};
use crate::error::JoinError;
use crate::job::Travel;
use crate::payload::Payload;
use crate::sys::outlet;

/// A value beside a payload's bytes.
pub(crate) enum OutOfBand {
    Bytes(Vec<u8>),
    /// The near end of a channel, which stays here.
    Outlet(Arc<dyn Outlet>),
    /// The far one, which has come.
    End,
}

impl OutOfBand {
    pub(crate) fn of_bytes(bytes: &[u8]) -> Self {
        OutOfBand::Bytes(bytes.to_vec())
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
        OutOfBand::Outlet(near)
    }

    /// A job passes its sender on to one of its own: what that sends goes through this instance.
    pub(crate) fn of_far(far: &Far) -> Self {
        OutOfBand::Outlet(Arc::new(far.clone()))
    }

    pub(crate) fn into_end<T: Travel>(self, index: u32) -> Result<End<T>, String> {
        match (self, run::number()) {
            (OutOfBand::Outlet(outlet), _) => outlet::into_end(outlet),
            (OutOfBand::End, Some(run)) => Ok(End::Far(Far(Arc::new(Way { run, index })))),
            _ => Err("what arrived is no sender".into()),
        }
    }
}

/// The far end of a channel, in the instance that runs the job it travelled with.
#[derive(Clone)]
pub(crate) struct Far(Arc<Way>);

struct Way {
    /// Which of the instance's jobs it came with.
    run: u64,
    index: u32,
}

impl Way {
    fn is_open(&self) -> bool {
        run::number() == Some(self.run)
    }
}

impl Far {
    pub(crate) fn send(&self, item: Payload) -> Result<(), JoinError> {
        if self.0.is_open() {
            host::send(self.0.index, &value::bytes(item));
        }
        Ok(())
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        if self.is_open() {
            host::close(self.index);
        }
    }
}

impl Payload {
    /// Nothing is gone from here before the host has it.
    pub(crate) fn is_whole(&self) -> bool {
        true
    }
}
