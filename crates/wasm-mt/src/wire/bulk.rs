//! [`Bulk`]: the list of what lies in one run of bytes with its records, where nothing can travel beside them. It holds bulk
//! alone, each piece behind its length.

use super::{Put, Take};
use crate::sys::OutOfBand;

/// Pieces of bulk, to be taken in their order.
#[derive(Clone, Default)]
pub(crate) struct Bulk {
    bytes: Vec<u8>,
    at: usize,
}

/// What writes all that goes into one run of bytes.
pub(crate) type Writer = super::Writer<Bulk>;

impl Put for Bulk {
    /// A payload's own bytes are in its record.
    fn bulk(&mut self, _: &[u8]) {}

    /// Of what is no bulk, nothing arrives: whoever writes has asked before.
    fn values(&mut self, values: &[Option<OutOfBand>]) {
        for value in values {
            let piece = value
                .as_ref()
                .and_then(OutOfBand::to_bytes)
                .unwrap_or_default();
            self.bytes.extend((piece.len() as u32).to_le_bytes());
            self.bytes.extend(piece);
        }
    }

    fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    fn clear(&mut self) {
        self.bytes.clear();
    }
}

impl Take for Bulk {
    fn bulk(&mut self) -> Option<Vec<u8>> {
        None
    }

    fn value(&mut self) -> Option<OutOfBand> {
        let (length, rest) = self.bytes.get(self.at..)?.split_first_chunk()?;
        let length = u32::from_le_bytes(*length) as usize;
        let piece = OutOfBand::of_bytes(rest.get(..length)?);
        self.at += 4 + length;
        Some(piece)
    }
}

/// The bytes of a length.
const LENGTH: usize = 4;

/// A writer of records, for [`join`], to this memory. Short ones need no more room than it has from the beginning.
pub(crate) fn writer(memory: Vec<u8>) -> Writer {
    let mut writer = Writer::whole();
    writer.bytes = memory;
    writer.bytes.clear();
    writer.bytes.reserve(64);
    writer.bytes.extend([0; LENGTH]);
    writer
}

/// The records behind their length, and the bulk behind them.
pub(crate) fn join(writer: Writer) -> Vec<u8> {
    let mut joined = writer.bytes;
    let length = joined.len().saturating_sub(LENGTH) as u32;
    if let Some(place) = joined.first_chunk_mut() {
        *place = length.to_le_bytes();
    }
    joined.extend_from_slice(&writer.list.bytes);
    joined
}

/// What reads what was joined.
pub(crate) fn split(joined: &[u8]) -> Option<super::Reader<'_, Bulk>> {
    let (length, rest) = joined.split_first_chunk()?;
    let (records, bulk) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    let bulk = Bulk {
        bytes: bulk.to_vec(),
        at: 0,
    };
    Some(super::Reader::new(records, bulk))
}
