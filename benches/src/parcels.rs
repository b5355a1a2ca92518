//! [`Parcels`]: runs of bytes in wasm memory, where a program of Rust has them, to be sent to workers and to come back.
//!
//! A peer of JavaScript takes one out and puts another in, which copies once each way, as any glue does. A peer of Rust has the
//! vectors themselves.

use wasm_bindgen::prelude::*;

use crate::jobs::{self, PHOTO};

/// How many photographs there are.
const PHOTOS: u32 = 4;

/// Some runs of bytes, by number.
#[wasm_bindgen]
pub struct Parcels(pub(crate) Vec<Vec<u8>>);

#[wasm_bindgen]
impl Parcels {
    /// One of so many bytes, which tell their places.
    pub fn bytes(length: u32) -> Parcels {
        Parcels(vec![(0..length).map(byte_at).collect()])
    }

    /// The pixels of photographs. Each row is the one above it, moved by a byte: they are made anew for each run, and what is in them
    /// is nothing to the filter.
    pub fn photos() -> Parcels {
        let (row, rows) = (3 * PHOTO.0, PHOTO.1);
        let photo = |nth: u32| {
            let grain: Vec<u8> = (0..row + rows).map(|at| byte_at(5 * at + nth)).collect();
            let rows: Vec<&[u8]> = grain.windows(row as usize).skip(1).collect();
            rows.concat()
        };
        Parcels((0..PHOTOS).map(photo).collect())
    }

    /// What is to become of the photographs.
    pub fn thumbnails() -> Parcels {
        let Parcels(photos) = Self::photos();
        Parcels(photos.into_iter().map(jobs::develop).collect())
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Takes one out, and leaves nothing in its place.
    pub fn take(&mut self, at: usize) -> Vec<u8> {
        self.0.get_mut(at).map(std::mem::take).unwrap_or_default()
    }

    /// Puts one in.
    pub fn put(&mut self, at: usize, bytes: Vec<u8>) {
        if let Some(place) = self.0.get_mut(at) {
            *place = bytes;
        }
    }

    /// They are what [`bytes`](Self::bytes) gives.
    #[wasm_bindgen(js_name = areBytes)]
    pub fn are_bytes(&self, length: u32) -> bool {
        let [bytes] = &self.0[..] else {
            return false;
        };
        bytes.len() == length as usize
            && (0..)
                .zip(bytes)
                .all(|(place, byte)| *byte == byte_at(place))
    }
}

fn byte_at(place: u32) -> u8 {
    (place ^ (place >> 8)) as u8
}
