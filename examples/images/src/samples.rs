//! Pictures to try the page on: mountains at some hour of the day, the same for the same number, as files. And two files that
//! are to be refused.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ImageResult, Rgb, RgbImage};

/// One in so many is a PNG; the others are JPEG.
pub const PNG_EACH: u32 = 5;

/// Width and height of the test pictures: four megapixels.
pub const SIZE: (u32, u32) = (2448, 1632);

const RIDGES: usize = 5;

/// An encoded picture.
///
/// # Errors
/// Where the encoder cannot have it so, as one without pixels.
pub fn make(index: u32, width: u32, height: u32) -> ImageResult<Vec<u8>> {
    let mut file = Vec::new();
    if is_png(index) {
        paint(index, width, height, 0).write_with_encoder(PngEncoder::new_with_quality(
            &mut file,
            CompressionType::Fast,
            FilterType::Sub,
        ))?;
    } else {
        // A little grain, without which a JPEG would be much smaller than a photograph is.
        JpegEncoder::new_with_quality(&mut file, 88)
            .encode_image(&paint(index, width, height, 30))?;
    }
    Ok(file)
}

/// What the file is called.
pub fn name(index: u32) -> String {
    let kind = if is_png(index) { "png" } else { "jpg" };
    format!("mountains-{:02}.{kind}", index + 1)
}

/// A PNG of 20000 × 20000 pixels, so its header.
pub fn absurd() -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    file.extend(20_000_u32.to_be_bytes());
    file.extend(20_000_u32.to_be_bytes());
    file.extend(b"\x08\x02\0\0\0\x6c\x12\xd1\x6e");
    file.extend(b"\0\0\0\0IDAT\x35\xaf\x06\x1e\0\0\0\0IEND\xae\x42\x60\x82");
    file
}

/// The first bytes of a JPEG, and then something else.
pub fn damaged() -> Vec<u8> {
    let mut file = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0".to_vec();
    file.extend(b"not what a JPEG goes on with".repeat(40));
    file
}

fn is_png(index: u32) -> bool {
    index % PNG_EACH == PNG_EACH - 1
}

fn paint(index: u32, width: u32, height: u32, grain: u32) -> RgbImage {
    let seed = scrambled(index.wrapping_add(1));
    let part = |nth: u32| (scrambled(seed ^ nth) % 1000) as f32 / 1000.0;
    let (w, h) = (width as f32, height as f32);
    let hour = part(1);
    let zenith = mixed([24.0, 40.0, 92.0], [74.0, 144.0, 210.0], hour);
    let horizon = mixed(
        [250.0, 150.0, 110.0],
        [224.0, 236.0, 244.0],
        (hour * 1.4).min(1.0),
    );
    let near = mixed([14.0, 18.0, 38.0], [22.0, 66.0, 58.0], part(2));
    let sun = (
        w * (0.15 + 0.7 * part(3)),
        h * (0.18 + 0.25 * part(4)),
        h * 0.055,
    );

    // Where each ridge begins, column by column, from the farthest to the nearest.
    let ridges: Vec<[f32; RIDGES]> = (0..width)
        .map(|x| {
            std::array::from_fn(|ridge| {
                let depth = ridge as f32 / (RIDGES - 1) as f32;
                let x = x as f32 / w * (3.0 + 3.0 * (1.0 - depth));
                let phase = part(10 + ridge as u32) * 40.0;
                let waves = (x + phase).sin() * 0.5
                    + (x * 2.7 + phase * 1.3).sin() * 0.25
                    + (x * 6.1 + phase * 1.7).sin() * 0.12
                    + (x * 17.0 + phase * 2.3).sin() * 0.04;
                h * (0.46 + 0.42 * depth - waves * (0.16 - 0.06 * depth))
            })
        })
        .collect();

    let mut noise = seed;
    RgbImage::from_fn(width, height, |x, y| {
        let (fx, fy) = (x as f32, y as f32);
        let before = ridges[x as usize].iter().rposition(|&top| fy >= top);
        let color = match before {
            Some(ridge) => {
                let depth = (ridge + 1) as f32 / RIDGES as f32;
                let lit = (fy - ridges[x as usize][ridge]) / h;
                mixed(mixed(horizon, near, depth), horizon, (lit * 1.1).min(0.35))
            }
            None => {
                let sky = mixed(zenith, horizon, (fy / (h * 0.62)).min(1.0));
                let away = ((fx - sun.0).powi(2) + (fy - sun.1).powi(2)).sqrt() / sun.2;
                let glow = if away < 1.0 {
                    1.0
                } else {
                    0.55 / (away * away)
                };
                mixed(sky, [255.0, 246.0, 222.0], glow)
            }
        };
        let speck = if grain > 0 {
            noise = scrambled(noise);
            (noise % grain) as f32 - grain as f32 / 2.0
        } else {
            0.0
        };
        Rgb(color.map(|channel| (channel + speck).clamp(0.0, 255.0) as u8))
    })
}

fn mixed(from: [f32; 3], to: [f32; 3], part: f32) -> [f32; 3] {
    std::array::from_fn(|channel| from[channel] + (to[channel] - from[channel]) * part)
}

/// A step of Marsaglia's xorshift ("Xorshift RNGs", 2003), which never gives 0 for another number.
fn scrambled(mut number: u32) -> u32 {
    number ^= number << 13;
    number ^= number >> 17;
    number ^= number << 5;
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_gives_the_same_picture_and_another_number_another() {
        assert_eq!(make(3, 40, 30).unwrap(), make(3, 40, 30).unwrap());
        assert_ne!(make(3, 40, 30).unwrap(), make(2, 40, 30).unwrap());
    }

    #[test]
    fn one_in_five_is_a_png() {
        for index in 0..10 {
            let file = make(index, 8, 8).unwrap();
            let is_png = file.starts_with(b"\x89PNG");
            assert_eq!(is_png, index % 5 == 4);
            assert_eq!(name(index).ends_with(".png"), is_png);
        }
    }
}
