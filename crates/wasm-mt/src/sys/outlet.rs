//! Channels whose ends are in two instances: what both backends on wasm do with the near ones, which stay with whoever spawns the
//! job. Where the far ones send to is a backend's own.

use std::any::Any;
use std::sync::Arc;

use super::{Far, OutOfBand};
use crate::channel::{End, Near, Outlet};
use crate::error::JoinError;
use crate::job::Travel;
use crate::payload::Payload;

/// A job passes its sender on to one of its own: what that sends goes through this instance.
impl Outlet for Far {
    fn deliver(&self, item: Payload) {
        // It came encoded, so it can leave so; what cannot is refused where it is sent.
        let _ = self.send(item);
    }

    fn close(&self) {}
}

/// The end with which a job runs in the instance that made it, within another: what has not left it.
pub(super) fn into_end<T: Travel>(outlet: Arc<dyn Outlet>) -> Result<End<T>, String> {
    let outlet: Arc<dyn Any + Send + Sync> = outlet;
    match outlet.downcast::<Near<T>>() {
        Ok(near) => Ok(End::Near(near)),
        Err(outlet) => match outlet.downcast::<Far>() {
            Ok(far) => Ok(End::Far(Far::clone(&far))),
            Err(_) => Err("what is here is no sender of this type".into()),
        },
    }
}

/// In this instance ends do not come to jobs: they leave with them, unless they [stay](into_end).
pub(crate) fn bind<T>(_: &Arc<Near<T>>) {}

/// A value as it comes out of a channel whose ends are both here.
pub(crate) fn passed<T>(value: T) -> Result<T, JoinError> {
    Ok(value)
}

/// Takes the near ends out, with their places, where nothing is left.
pub(super) fn take_outlets(values: &mut [Option<OutOfBand>]) -> Vec<(u32, Arc<dyn Outlet>)> {
    let mut outlets = Vec::new();
    for (index, place) in (0..).zip(values) {
        match place.take() {
            Some(OutOfBand::Outlet(outlet)) => outlets.push((index, outlet)),
            value => *place = value,
        }
    }
    outlets
}
