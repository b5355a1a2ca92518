//! [`thumbnail`]: the whole of one picture, from the bytes of its file to the pixels that are shown. Runs in a worker, or
//! where it is called.

use image::{DynamicImage, ImageBuffer, RgbImage, imageops};
use serde::{Deserialize, Serialize};
use wasm_mt::Buffer;
use web_time::Instant;

use crate::filter;
use crate::photo::{self, Refused};

/// The longer side of a thumbnail, in pixels, where the picture is not smaller itself.
pub const SIDE: u32 = 480;

/// How much is done, of 1, when a picture is decoded. About what it takes of the time.
pub const DECODED: f32 = 0.4;

/// And when it is sharpened, too.
pub const SHARPENED: f32 = 0.95;

/// A thumbnail, and what it was made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thumbnail {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// The rows from the top, four bytes for each pixel: red, green, blue and 255. Empty once it is drawn.
    pub rgba: Buffer<u8>,
    /// Width and height of the picture, upright.
    pub of: (u32, u32),
    /// How long it took where it was made.
    pub millis: f64,
    /// The id of the thread that made it, if that is one of the pool's.
    pub thread: Option<u64>,
}

/// Decodes a picture, sharpens it, and makes it small. `tell` hears now and then how much is done, of 1.
///
/// # Errors
/// Where the bytes are not a picture that is taken: see [`photo::decode`].
pub fn thumbnail(file: &[u8], tell: impl Fn(f32)) -> Result<Thumbnail, Refused> {
    let start = Instant::now();
    let mut photo = photo::decode(file)?;
    tell(DECODED);
    filter::sharpen(&mut photo.pixels, |part| {
        tell(DECODED + part * (SHARPENED - DECODED));
    });
    // Turned last, when little is left to turn.
    let mut small = DynamicImage::ImageRgb8(averaged(&photo.pixels));
    small.apply_orientation(photo.orientation);
    let small = small.into_rgba8();
    let (width, height) = photo.pixels.dimensions();
    let lies = (small.width() > small.height()) == (width > height);
    let thumbnail = Thumbnail {
        width: small.width(),
        height: small.height(),
        rgba: Buffer(small.into_raw()),
        of: if lies {
            (width, height)
        } else {
            (height, width)
        },
        millis: start.elapsed().as_secs_f64() * 1000.0,
        thread: wasm_mt::current().map(|thread| thread.id()),
    };
    tell(1.0);
    Ok(thumbnail)
}

/// Each pixel the mean of those it stands for.
fn averaged(picture: &RgbImage) -> RgbImage {
    let (width, height) = picture.dimensions();
    match fitting(width, height) {
        Some((width, height)) => imageops::thumbnail(picture, width, height),
        None => ImageBuffer::clone(picture),
    }
}

/// The size at which a picture fits; `None` where it does already.
fn fitting(width: u32, height: u32) -> Option<(u32, u32)> {
    let longer = width.max(height);
    let scaled = |side: u32| {
        let side = u64::from(side) * u64::from(SIDE) + u64::from(longer) / 2;
        (side / u64::from(longer)).max(1) as u32
    };
    (longer > SIDE).then(|| (scaled(width), scaled(height)))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use image::Rgb;

    use super::*;
    use crate::samples;

    #[test]
    fn a_thumbnail_fits_and_keeps_its_shape() {
        assert_eq!(fitting(4800, 3200), Some((480, 320)));
        assert_eq!(fitting(3200, 4800), Some((320, 480)));
        assert_eq!(fitting(60_000, 1), Some((480, 1)));
        assert_eq!(fitting(480, 480), None);
        assert_eq!(fitting(1, 1), None);
    }

    #[test]
    fn each_pixel_is_the_mean_of_those_it_stands_for() {
        let chess = |x: u32, y: u32| Rgb([if (x + y).is_multiple_of(2) { 0 } else { 200 }; 3]);
        let small = averaged(&RgbImage::from_fn(2 * SIDE, 8, chess));
        assert_eq!(small.dimensions(), (SIDE, 4));
        assert!(small.iter().all(|&channel| channel == 100));
    }

    #[test]
    fn a_picture_becomes_a_thumbnail_and_tells_how_far_it_is() {
        let told = RefCell::new(Vec::new());
        let file = samples::make(0, 600, 400).unwrap();
        let small = thumbnail(&file, |part| told.borrow_mut().push(part)).unwrap();
        assert_eq!(
            (small.width, small.height, small.of),
            (480, 320, (600, 400))
        );
        assert_eq!(small.rgba.len(), 4 * 480 * 320);
        assert!(small.rgba.chunks_exact(4).all(|pixel| pixel[3] == 255));
        let told = told.into_inner();
        assert!(told.is_sorted(), "{told:?}");
        assert_eq!((told.first(), told.last()), (Some(&DECODED), Some(&1.0)));
        assert!(told.contains(&SHARPENED) || told.len() > 10, "{told:?}");
    }

    #[test]
    fn what_is_refused_has_told_nothing() {
        let told = RefCell::new(0);
        let error = thumbnail(b"no picture", |_| *told.borrow_mut() += 1).unwrap_err();
        assert_eq!(error, Refused::NotAPicture);
        assert_eq!(told.into_inner(), 0);
    }
}
