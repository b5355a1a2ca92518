//! [`Buffer`]: bulk that travels beside a payload's bytes, in one piece.

use std::mem::{MaybeUninit, size_of};
use std::ops::{Deref, DerefMut};

use bytemuck::Pod;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{payload, sys};

/// A `Vec` of plain numbers, or of other [`Pod`] values, that travels as one piece.
///
/// Anything large belongs in one: on the web it leaves the encoded bytes and is transferred as an `ArrayBuffer`, so that it
/// is copied once out of this thread's memory and once into the other's, however long it is. Natively it moves, unless
/// [payloads are checked](crate::Builder::check_payloads).
///
/// It travels as an argument or result of a job, or through its [channel](crate::channel), alone or inside other values.
/// Elsewhere its `Serialize` and `Deserialize` are an error: serialize the `Vec` in it instead.
///
/// ```
/// # futures::executor::block_on(async {
/// use wasm_mt::{Buffer, Thread, job};
///
/// let thread = Thread::start().await?;
/// let samples = Buffer(vec![0.5f32; 1 << 20]);
/// let louder: Buffer<f32> = thread
///     .spawn(job!(|mut samples| {
///         samples.iter_mut().for_each(|sample| *sample *= 2.0);
///         samples
///     }))
///     .await?;
/// assert_eq!(louder[7], 1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Buffer<T>(pub Vec<T>);

impl<T: Pod> Buffer<T> {
    /// The buffer that arrived as `bytes` bytes, which `fill` copies to where they belong.
    ///
    /// `fill` MUST write all that it is given.
    pub(crate) fn received(
        bytes: usize,
        fill: impl FnOnce(&mut [MaybeUninit<u8>]),
    ) -> Result<Self, String> {
        let size = size_of::<T>();
        if size == 0 || !bytes.is_multiple_of(size) {
            return Err(format!(
                "{bytes} bytes are no whole number of values of {size} bytes each"
            ));
        }
        let length = bytes / size;
        let mut values = Vec::<T>::new();
        if values.try_reserve_exact(length).is_err() {
            return Err(format!("there is no memory for its {bytes} bytes"));
        }
        let place = values.as_mut_ptr().cast::<MaybeUninit<u8>>();
        // SAFETY: the vector has room for `length` values of `size` bytes, and nobody else sees them; bytes that may be
        // uninitialized need no alignment.
        fill(unsafe { std::slice::from_raw_parts_mut(place, bytes) });
        // SAFETY: `fill` has written all bytes, and any bytes are a `Pod`.
        unsafe { values.set_len(length) };
        Ok(Buffer(values))
    }
}

impl<T: Pod> Serialize for Buffer<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        payload::put(serializer, "Buffer", |_| {
            if size_of::<T>() == 0 {
                return Err("a `Buffer` of values without a size has no bytes".into());
            }
            Ok(sys::OutOfBand::of_bytes(bytemuck::cast_slice(&self.0)))
        })
    }
}

impl<'de, T: Pod> Deserialize<'de> for Buffer<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (_, value) = payload::take(deserializer, "Buffer")?;
        value.into_buffer().map_err(payload::not_received)
    }
}

impl<T> Deref for Buffer<T> {
    type Target = Vec<T>;

    fn deref(&self) -> &Vec<T> {
        &self.0
    }
}

impl<T> DerefMut for Buffer<T> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        &mut self.0
    }
}

impl<T> From<Vec<T>> for Buffer<T> {
    fn from(values: Vec<T>) -> Self {
        Buffer(values)
    }
}

impl<T> From<Buffer<T>> for Vec<T> {
    fn from(buffer: Buffer<T>) -> Self {
        buffer.0
    }
}

impl<T> FromIterator<T> for Buffer<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Buffer(values.into_iter().collect())
    }
}

impl<T> IntoIterator for Buffer<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a Buffer<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}
