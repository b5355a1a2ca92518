//! [`Reader`]: records that came, of which nothing is believed.

use std::ops::Deref;

use super::BESIDE;
use crate::handle::JobId;
use crate::payload::Payload;
use crate::sys::OutOfBand;

/// A list of the values beside records, from which they are taken in their order.
pub(crate) trait Take: Default {
    /// Bytes that travelled as a value.
    fn bulk(&mut self) -> Option<Vec<u8>>;
    /// The next value, and `None` where no more came.
    fn value(&mut self) -> Option<OutOfBand>;
}

/// Reads what a [`Writer`](super::Writer) has written.
pub(crate) struct Reader<'a, L> {
    bytes: &'a [u8],
    list: L,
}

impl<'a, L: Take> Reader<'a, L> {
    /// Of records alone, whatever there is beside them.
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        Reader::new(bytes, L::default())
    }

    /// Of records, and the list beside them.
    pub(crate) fn new(bytes: &'a [u8], list: L) -> Self {
        Reader { bytes, list }
    }

    /// There is something left.
    pub(crate) fn has_more(&self) -> bool {
        !self.bytes.is_empty()
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, left) = self.bytes.split_at_checked(length)?;
        self.bytes = left;
        Some(taken)
    }

    /// So many bytes.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub(crate) fn chunk<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    /// A number.
    pub(crate) fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    /// A number.
    pub(crate) fn u64(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    /// A time, or a span, in no unit in which there are so many: sums of them are to fit into a `Duration`.
    pub(crate) fn time(&mut self) -> Option<f64> {
        Some(f64::from_bits(self.u64()?)).filter(|time| time.abs() < 1e18)
    }

    /// What a frame's records are behind.
    pub(crate) fn head(&mut self) -> Option<(u32, f64)> {
        Some((self.u32()?, self.time()?))
    }

    /// The next number, which stays.
    pub(crate) fn peek(&self) -> Option<u32> {
        let (number, _) = self.bytes.split_first_chunk()?;
        Some(u32::from_le_bytes(*number))
    }

    /// Text.
    pub(crate) fn text(&mut self) -> Option<String> {
        let length = self.u32()?;
        String::from_utf8(self.take(length as usize)?.to_vec()).ok()
    }

    /// An encoded value, with what travelled beside it.
    pub(crate) fn args(&mut self) -> Option<Args<'a>> {
        let length = self.u32()?;
        let count = self.u32()?;
        let bytes = if length == BESIDE {
            Bytes::Own(self.list.bulk()?)
        } else {
            Bytes::Borrowed(self.take(length as usize)?)
        };
        let mut values = Vec::new();
        for _ in 0..count {
            values.push(Some(self.list.value()?));
        }
        Some(Args { bytes, values })
    }

    /// The same, to keep.
    pub(crate) fn payload(&mut self) -> Option<Payload> {
        Some(self.args()?.into_payload())
    }

    /// Steps over an encoded value, of whose list nothing is known.
    pub(super) fn skip(&mut self) -> Option<()> {
        let length = self.u32()?;
        self.u32()?;
        if length != BESIDE {
            self.take(length as usize)?;
        }
        Some(())
    }

    /// What a job sends: its id, the index of the channel's end among its arguments, and the item.
    pub(crate) fn item(&mut self) -> Option<(JobId, u32, Payload)> {
        Some((JobId(self.u64()?), self.u32()?, self.payload()?))
    }

    /// What the jobs of a `map` share, by its number.
    pub(crate) fn context(&mut self) -> Option<(u64, Payload)> {
        Some((self.u64()?, self.payload()?))
    }
}

/// A value as it lies in the records, or beside them.
pub(crate) struct Args<'a> {
    pub(crate) bytes: Bytes<'a>,
    pub(crate) values: Vec<Option<OutOfBand>>,
}

impl<'a> Args<'a> {
    /// Its bytes, where they are there and have nothing beside them.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub(crate) fn into_plain(self) -> Result<&'a [u8], Payload> {
        match self {
            Args {
                bytes: Bytes::Borrowed(bytes),
                values,
            } if values.is_empty() => Ok(bytes),
            args => Err(args.into_payload()),
        }
    }

    fn into_payload(self) -> Payload {
        Payload {
            bytes: match self.bytes {
                Bytes::Own(bytes) => bytes,
                Bytes::Borrowed(bytes) => bytes.to_vec(),
            },
            values: self.values,
            type_name: "",
        }
    }
}

pub(crate) enum Bytes<'a> {
    Borrowed(&'a [u8]),
    Own(Vec<u8>),
}

impl Deref for Bytes<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Bytes::Borrowed(bytes) => bytes,
            Bytes::Own(bytes) => bytes,
        }
    }
}
