//! [`Writer`]: records on their way out.

use super::{BESIDE, BULK, HEAD};
use crate::handle::JobId;
use crate::payload::Payload;
use crate::sys::OutOfBand;

/// A list of the values beside records, to which they are added.
pub(crate) trait Put: Default {
    /// Bytes that travel as a value.
    fn bulk(&mut self, bytes: &[u8]);
    /// A payload's values, each in its place.
    fn values(&mut self, values: &[Option<OutOfBand>]);
    fn is_empty(&self) -> bool;
    fn clear(&mut self);
}

/// Records, and what travels beside them.
#[derive(Default)]
pub(crate) struct Writer<L> {
    pub(crate) bytes: Vec<u8>,
    pub(crate) list: L,
    /// Bulk lies among the bytes, too.
    pub(crate) is_whole: bool,
}

impl<L: Put> Writer<L> {
    /// A number.
    pub(crate) fn u32(&mut self, number: u32) {
        self.bytes.extend_from_slice(&number.to_le_bytes());
    }

    /// A number, an id or a fingerprint.
    pub(crate) fn u64(&mut self, number: u64) {
        self.bytes.extend_from_slice(&number.to_le_bytes());
    }

    /// Text.
    pub(crate) fn text(&mut self, text: &str) {
        self.u32(text.len() as u32);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// An encoded value, with what travels beside it.
    pub(crate) fn payload(&mut self, payload: &Payload) {
        let beside = !self.is_whole && payload.bytes.len() >= BULK;
        self.u32(if beside {
            BESIDE
        } else {
            payload.bytes.len() as u32
        });
        self.u32(payload.values.len() as u32);
        if beside {
            self.list.bulk(&payload.bytes);
        } else {
            self.bytes.extend_from_slice(&payload.bytes);
        }
        self.list.values(&payload.values);
    }

    /// An encoded value that `write` puts behind these bytes, and that has nothing beside it. False where that cannot be: what it has
    /// written is of no use then.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub(crate) fn plain(&mut self, write: impl FnOnce(&mut Vec<u8>) -> bool) -> bool {
        let at = self.bytes.len();
        self.u32(0);
        self.u32(0);
        let begin = self.bytes.len();
        let is_plain = write(&mut self.bytes);
        let length = (self.bytes.len() - begin) as u32;
        self.bytes[at..at + 4].copy_from_slice(&length.to_le_bytes());
        is_plain
    }

    /// What a job sends through the channel whose end stood at `index` of its arguments.
    pub(crate) fn item(&mut self, id: JobId, index: u32, item: &Payload) {
        self.u64(id.0);
        self.u32(index);
        self.payload(item);
    }

    /// What the jobs of a `map` share, by its number.
    pub(crate) fn context(&mut self, id: u64, payload: &Payload) {
        self.u64(id);
        self.payload(payload);
    }

    /// What has room for a frame's head.
    pub(crate) fn headed() -> Self {
        Writer {
            bytes: vec![0; HEAD],
            ..Writer::default()
        }
    }

    /// What puts bulk among the bytes, too.
    pub(crate) fn whole() -> Self {
        Writer {
            is_whole: true,
            ..Writer::default()
        }
    }

    /// Writes over what stands at its beginning.
    pub(crate) fn set_head(&mut self, number: u32, posted: f64) {
        if let Some(head) = self.bytes.first_chunk_mut::<HEAD>() {
            head[..4].copy_from_slice(&number.to_le_bytes());
            head[4..].copy_from_slice(&posted.to_le_bytes());
        }
    }

    /// Nothing travels beside the records.
    pub(crate) fn is_plain(&self) -> bool {
        self.list.is_empty()
    }

    /// Nothing has been written.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.list.clear();
    }
}
