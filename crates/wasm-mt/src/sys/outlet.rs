//! Channels whose ends are in two instances: what both backends on wasm do with the near ones, which stay with whoever spawns the
//! job. Where the far ones send to is a backend's own.

use std::sync::Arc;

use super::{Far, OutOfBand};
use crate::channel::{Near, Outlet};
use crate::error::JoinError;
use crate::payload::Payload;

/// A job passes its sender on to one of its own: what that sends goes through this instance.
impl Outlet for Far {
    fn deliver(&self, item: Payload) {
        // It came encoded, so it can leave so; what cannot is refused where it is sent.
        let _ = self.send(item);
    }

    fn close(&self) {}
}

/// In this instance ends do not come to jobs: they leave with them.
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
