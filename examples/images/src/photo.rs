//! [`Photo`]: a decoded picture; and [`Refused`], why there is none. Runs where the picture is developed, which is a worker.
//!
//! A file is a stranger's. Its header is read first, and what it claims is held against the limits below, before memory is
//! taken for its pixels.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageReader, Limits, RgbImage};
use serde::{Deserialize, Serialize};

/// A picture of more pixels is refused: filtering one takes six bytes for each.
pub const MOST_PIXELS: u64 = 64_000_000;

/// What decoding may take: the pixels as they come, in 16 bits for each of four channels at most.
const MOST_MEMORY: u64 = 8 * MOST_PIXELS;

/// A larger file is not read.
pub const LARGEST_FILE: u64 = 256 << 20;

/// A decoded picture.
#[derive(Debug)]
pub struct Photo {
    /// As it lies in the file.
    pub pixels: RgbImage,
    /// How it is to be turned to be seen upright, as its Exif data say.
    pub orientation: Orientation,
}

/// Why a file is not developed. It travels, as the error of a job.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Refused {
    /// Neither of the two formats.
    #[error("this is no JPEG or PNG")]
    NotAPicture,
    /// Its header claims more pixels than [`MOST_PIXELS`].
    #[error("{width} × {height} pixels are more than the {} million allowed", MOST_PIXELS / 1_000_000)]
    TooLarge {
        /// Pixels in a row, so the header.
        width: u32,
        /// Rows, so the header.
        height: u32,
    },
    /// Decoding it would take more memory than the largest picture's pixels, or its header claims more than can be addressed.
    #[error("decoding it takes more memory than is allowed")]
    TakesTooMuch,
    /// Larger than [`LARGEST_FILE`].
    #[error("a file of {bytes} bytes is larger than the {} MB allowed", LARGEST_FILE >> 20)]
    FileTooLarge {
        /// Its size.
        bytes: u64,
    },
    /// It begins as a picture does, but does not go on so.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// The thumbnail was made, but the browser did not draw it.
    #[error("the browser did not draw it: {0}")]
    NotDrawn(String),
}

impl From<ImageError> for Refused {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Limits(_) => Refused::TakesTooMuch,
            ImageError::Unsupported(_) => Refused::NotAPicture,
            error => Refused::Damaged(error.to_string()),
        }
    }
}

/// Whether a file of this size is read at all.
///
/// # Errors
/// [`Refused::FileTooLarge`].
pub fn admit(bytes: u64) -> Result<(), Refused> {
    if bytes > LARGEST_FILE {
        return Err(Refused::FileTooLarge { bytes });
    }
    Ok(())
}

/// Decodes a JPEG or PNG. What is transparent lies on white.
///
/// # Errors
/// Where the bytes are no picture, a damaged one, or one beyond the limits.
pub fn decode(bytes: &[u8]) -> Result<Photo, Refused> {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MOST_MEMORY);
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(ImageError::IoError)?;
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(Refused::TooLarge { width, height });
    }
    // A picture whose Exif data are damaged is a picture.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let pixels = on_white(DynamicImage::from_decoder(decoder)?);
    Ok(Photo {
        pixels,
        orientation,
    })
}

fn on_white(image: DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.into_rgb8();
    }
    let image = image.into_rgba8();
    let mut pixels = RgbImage::new(image.width(), image.height());
    for (to, from) in pixels.pixels_mut().zip(image.pixels()) {
        let [rgb @ .., alpha] = from.0.map(u32::from);
        to.0 = rgb.map(|channel| ((channel * alpha + 255 * (255 - alpha) + 127) / 255) as u8);
    }
    pixels
}

#[cfg(test)]
mod tests {
    use image::codecs::jpeg::JpegEncoder;
    use image::codecs::png::PngEncoder;
    use image::{ExtendedColorType, ImageEncoder, Rgb};

    use super::*;
    use crate::samples;

    fn png(pixels: &[u8], width: u32, height: u32, color: ExtendedColorType) -> Vec<u8> {
        let mut png = Vec::new();
        PngEncoder::new(&mut png)
            .write_image(pixels, width, height, color)
            .unwrap();
        png
    }

    #[test]
    fn both_formats_are_decoded() {
        for index in 0..samples::PNG_EACH {
            let bytes = samples::make(index, 60, 40).unwrap();
            let photo = decode(&bytes).unwrap();
            assert_eq!(photo.pixels.dimensions(), (60, 40));
            assert_eq!(photo.orientation, Orientation::NoTransforms);
        }
    }

    #[test]
    fn what_is_transparent_lies_on_white() {
        let rgba = [200, 100, 0, 255, 200, 100, 0, 0, 0, 0, 0, 128];
        let photo = decode(&png(&rgba, 3, 1, ExtendedColorType::Rgba8)).unwrap();
        assert_eq!(
            photo.pixels.as_raw(),
            &[200, 100, 0, 255, 255, 255, 127, 127, 127]
        );
    }

    #[test]
    fn exif_data_say_how_to_turn_it() {
        // A little-endian TIFF with one entry: tag 0x0112, a short, one of it, 6.
        let exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
        let mut jpeg = Vec::new();
        let mut encoder = JpegEncoder::new(&mut jpeg);
        encoder.set_exif_metadata(exif.to_vec()).unwrap();
        encoder
            .encode_image(&RgbImage::from_pixel(8, 4, Rgb([90, 90, 90])))
            .unwrap();
        let photo = decode(&jpeg).unwrap();
        assert_eq!(photo.orientation, Orientation::Rotate90);
        assert_eq!(photo.pixels.dimensions(), (8, 4));
    }

    #[test]
    fn an_absurd_header_is_refused_before_memory_is_taken() {
        let error = decode(&samples::absurd()).unwrap_err();
        assert_eq!(
            error,
            Refused::TooLarge {
                width: 20_000,
                height: 20_000
            }
        );
        assert!(error.to_string().contains("20000 × 20000"), "{error}");
    }

    #[test]
    fn a_file_too_large_is_not_read() {
        assert_eq!(admit(LARGEST_FILE), Ok(()));
        let bytes = LARGEST_FILE + 1;
        assert_eq!(admit(bytes), Err(Refused::FileTooLarge { bytes }));
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        for bytes in [&b""[..], b"%PDF-1.7", b"GIF89a\x01\0\x01\0\0\0\0;"] {
            assert_eq!(decode(bytes).unwrap_err(), Refused::NotAPicture);
        }
    }

    #[test]
    fn half_a_picture_is_damaged() {
        let png = png(&[7; 3 * 400], 20, 20, ExtendedColorType::Rgb8);
        for end in [20, png.len() / 2] {
            let error = decode(&png[..end]).unwrap_err();
            assert!(matches!(error, Refused::Damaged(_)), "{error:?}");
        }
        let error = decode(&samples::damaged()).unwrap_err();
        assert!(matches!(error, Refused::Damaged(_)), "{error:?}");
    }
}
