//! What travels out of band: JavaScript's values, bulk, and the ends of channels.
//!
//! A payload's values are posted as one array, two elements each: the value, and whether it is transferred. In the place of
//! a channel's near end, which stays here, stands nothing; the far end that arrives there names it by the job's id and the
//! place.

use std::sync::Arc;

use js_sys::{Array, ArrayBuffer, Uint8Array};
use wasm_bindgen::prelude::*;

use super::{dom, entry};
use crate::buffer::Buffer;
use crate::channel::{End, Near, Outlet};
use crate::error::JoinError;
use crate::handle::JobId;
use crate::job::Travel;
use crate::panic;
use crate::payload::Payload;
use crate::sys::outlet;
use crate::wire::{Put, Take};

/// A value beside a payload's bytes.
pub(crate) enum OutOfBand {
    Value { value: JsValue, is_moved: bool },
    Outlet(Arc<dyn Outlet>),
}

impl OutOfBand {
    pub(crate) fn of_bytes(bytes: &[u8]) -> Self {
        OutOfBand::transferred(Uint8Array::new_from_slice(bytes).buffer().into())
    }

    pub(crate) fn cloned(value: JsValue) -> Self {
        OutOfBand::Value {
            value,
            is_moved: false,
        }
    }

    pub(crate) fn transferred(value: JsValue) -> Self {
        OutOfBand::Value {
            value,
            is_moved: true,
        }
    }

    pub(crate) fn of_near<T: Travel>(near: Arc<Near<T>>) -> Self {
        OutOfBand::Outlet(near)
    }

    /// A job of this worker passes its sender on to one of its own: what that sends goes through this worker.
    pub(crate) fn of_far(far: &Far) -> Self {
        OutOfBand::Outlet(Arc::new(far.clone()))
    }

    /// The bytes of what [`of_bytes`](Self::of_bytes) makes.
    pub(crate) fn to_bytes(&self) -> Option<Vec<u8>> {
        match self {
            OutOfBand::Value { value, .. } => {
                dom::bytes(&Uint8Array::new(value.dyn_ref::<ArrayBuffer>()?))
            }
            OutOfBand::Outlet(_) => None,
        }
    }

    pub(crate) fn into_js(self) -> JsValue {
        match self {
            OutOfBand::Value { value, .. } => value,
            OutOfBand::Outlet(_) => JsValue::UNDEFINED,
        }
    }

    pub(crate) fn into_buffer<T: bytemuck::Pod>(self) -> Result<Buffer<T>, String> {
        let Ok(buffer) = self.into_js().dyn_into::<ArrayBuffer>() else {
            return Err("what arrived is no `ArrayBuffer`".into());
        };
        let bytes = Uint8Array::new(&buffer);
        Buffer::received(bytes.length() as usize, |place| {
            bytes.copy_to_uninit(place);
        })
    }

    pub(crate) fn into_end<T: Travel>(self, index: u32) -> Result<End<T>, String> {
        if let OutOfBand::Outlet(outlet) = self {
            return outlet::into_end(outlet);
        }
        match panic::current_job() {
            Some(job) if self.into_js().is_undefined() => {
                Ok(End::Far(Far(Arc::new(Way { job, index }))))
            }
            _ => Err("what arrived is no sender".into()),
        }
    }
}

/// The far end of a channel, in the worker that runs the job it travelled with.
#[derive(Clone)]
pub(crate) struct Far(Arc<Way>);

struct Way {
    job: JobId,
    index: u32,
}

impl Far {
    pub(crate) fn send(&self, value: Payload) -> Result<(), JoinError> {
        entry::send(self.0.job, self.0.index, value)
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        entry::close(self.job, self.index);
    }
}

impl Payload {
    /// What was posted is still here.
    pub(crate) fn is_whole(&self) -> bool {
        self.values
            .iter()
            .all(|value| !matches!(value, Some(OutOfBand::Value { is_moved: true, .. })))
    }
}

/// Values as they are posted, and those of them to transfer.
#[derive(Default)]
pub(super) struct Posted {
    pub(super) list: Vec<JsValue>,
    pub(super) transfer: Vec<JsValue>,
}

impl Posted {
    pub(super) const NONE: Self = Posted {
        list: Vec::new(),
        transfer: Vec::new(),
    };
}

impl Put for Posted {
    fn bulk(&mut self, bytes: &[u8]) {
        let bytes: JsValue = Uint8Array::from(bytes).into();
        self.transfer.push(below(&bytes));
        self.list.extend([bytes, true.into()]);
    }

    fn values(&mut self, values: &[Option<OutOfBand>]) {
        for value in values {
            let (value, is_moved) = match value {
                Some(OutOfBand::Value { value, is_moved }) => (value.clone(), *is_moved),
                Some(OutOfBand::Outlet(_)) | None => (JsValue::UNDEFINED, false),
            };
            if is_moved {
                self.transfer.push(below(&value));
            }
            self.list.push(value);
            self.list.push(is_moved.into());
        }
    }

    fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    fn clear(&mut self) {
        self.list.clear();
        self.transfer.clear();
    }
}

/// What is transferred: a view by what is below it.
pub(super) fn below(value: &JsValue) -> JsValue {
    if ArrayBuffer::is_view(value) {
        value.unchecked_ref::<Uint8Array>().buffer().into()
    } else {
        value.clone()
    }
}

/// The values as they arrived, taken one by one: an array may say that it is longer than anything in it.
#[derive(Default)]
pub(super) struct List {
    values: Option<Array>,
    at: u32,
}

impl List {
    pub(super) fn new(list: &JsValue) -> Self {
        List {
            values: list.dyn_ref::<Array>().cloned(),
            at: 0,
        }
    }
}

impl Take for List {
    fn bulk(&mut self) -> Option<Vec<u8>> {
        dom::bytes(&self.value()?.into_js())
    }

    fn value(&mut self) -> Option<OutOfBand> {
        let values = self.values.as_ref()?;
        // Beyond the end, and in a hole, it says nothing.
        let is_moved = values.get(self.at.checked_add(1)?);
        if is_moved.is_undefined() {
            return None;
        }
        let value = values.get(self.at);
        self.at = self.at.checked_add(2)?;
        Some(OutOfBand::Value {
            value,
            is_moved: is_moved.is_truthy(),
        })
    }
}
