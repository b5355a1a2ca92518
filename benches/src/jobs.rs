//! The jobs that every peer has done. They are exports, so that JavaScript can call them in a worker of its own, and
//! functions, so that a library of Rust can.

use image::{RgbImage, imageops};
use wasm_bindgen::prelude::*;

use crate::filter;
use crate::julia::{self, SIDE};

/// Parts of the Julia set, of as many rows each.
pub const BANDS: u32 = 40;

/// Width and height of a photograph: four megapixels.
pub const PHOTO: (u32, u32) = (2448, 1632);

/// And of what is made of it.
const THUMBNAIL: (u32, u32) = (480, 320);

/// The job that does nothing.
#[wasm_bindgen]
pub fn empty(n: u32) -> u32 {
    n
}

/// A band of the Julia set, 800 × 800 points that are followed for 900 steps.
#[wasm_bindgen]
pub fn band(at: u32) -> Vec<u8> {
    let [classic, ..] = julia::pictures();
    let rows = SIDE / BANDS;
    julia::render_rows(&classic, at * rows..(at + 1) * rows)
}

/// How many bands there are.
#[wasm_bindgen(js_name = bandCount)]
pub fn band_count() -> u32 {
    BANDS
}

/// Sharpens a photograph, given as its pixels' bytes, and makes it small. Of other bytes it makes nothing.
#[wasm_bindgen]
pub fn develop(pixels: Vec<u8>) -> Vec<u8> {
    let Some(mut photo) = RgbImage::from_raw(PHOTO.0, PHOTO.1, pixels) else {
        return Vec::new();
    };
    filter::sharpen(&mut photo, |_| {});
    imageops::thumbnail(&photo, THUMBNAIL.0, THUMBNAIL.1).into_raw()
}

/// Keeps a core busy for so many turns. By Marsaglia's xorshift32, <https://doi.org/10.18637/jss.v008.i14>: each turn needs the
/// one before.
#[wasm_bindgen]
pub fn spin(turns: u32) -> u32 {
    (0..turns).fold(1, |mut state, _| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^ (state << 5)
    })
}

/// Gives back what it gets.
#[wasm_bindgen]
pub fn echo(bytes: Vec<u8>) -> Vec<u8> {
    bytes
}
