//! [`sharpen`]: an unsharp mask and a tone curve, by rows. Runs where the picture is developed, which is a worker.
//!
//! The mask is a Gaussian blur in its binomial form, first along the rows and then along the columns: nine taps each, whose
//! sum is 256, so that all of it fits sixteen bits. The curve is a table.

use std::array;

use image::RgbImage;
use wasm_mt::checkpoint;

/// The taps of the blur: row eight of Pascal's triangle.
const TAPS: [u16; 9] = [1, 8, 28, 56, 70, 56, 28, 8, 1];

/// How far the blur reaches to either side.
const REACH: usize = TAPS.len() / 2;

/// How much of what the blur takes away is added on top, in sixteenths.
const AMOUNT: i32 = 12;

/// How much contrast the curve adds: 0 is none.
const CONTRAST: f32 = 0.35;

/// Rows between two reports.
const ROWS: usize = 64;

/// Sharpens the picture in place. `tell` hears how much is done, of 1, after every few rows of either pass.
///
/// It takes as much memory again as the picture has.
pub fn sharpen(picture: &mut RgbImage, tell: impl Fn(f32)) {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let row = 3 * width;
    if row == 0 || height == 0 {
        return;
    }
    let after = |rows: usize| {
        // So that a job that was given up on can be stopped, also where a loop ends only when it calls out.
        checkpoint();
        if rows.is_multiple_of(ROWS) {
            tell(rows as f32 / (2 * height) as f32);
        }
    };
    let pixels: &mut [u8] = picture;
    let mut blurred = vec![0; pixels.len()];
    let mut padded = vec![0; row + 6 * REACH];
    for (y, (from, to)) in pixels
        .chunks_exact(row)
        .zip(blurred.chunks_exact_mut(row))
        .enumerate()
    {
        blur_along(from, &mut padded, to);
        after(y + 1);
    }
    let curve = curve();
    let mut sums = vec![0; row];
    for (y, line) in pixels.chunks_exact_mut(row).enumerate() {
        let near = |tap: usize| {
            let y = (y + tap).saturating_sub(REACH).min(height - 1);
            &blurred[y * row..][..row]
        };
        blur_across(near, &mut sums);
        for (pixel, &sum) in line.iter_mut().zip(&sums) {
            let (sharp, soft) = (i32::from(*pixel), i32::from(rounded(sum)));
            let sharper = sharp + (sharp - soft) * AMOUNT / 16;
            *pixel = curve[sharper.clamp(0, 255) as usize];
        }
        after(height + y + 1);
    }
}

/// One row, blurred along itself. Beyond either end the last pixel goes on.
fn blur_along(row: &[u8], padded: &mut [u8], to: &mut [u8]) {
    let inner = 3 * REACH;
    let end = inner + row.len();
    padded[inner..end].copy_from_slice(row);
    for x in 0..inner {
        padded[x] = row[x % 3];
        padded[end + x] = row[row.len() - 3 + x % 3];
    }
    for (x, to) in to.iter_mut().enumerate() {
        let near = &padded[x..][..=6 * REACH];
        let sum = (0..TAPS.len()).map(|tap| TAPS[tap] * u16::from(near[3 * tap]));
        *to = rounded(sum.sum());
    }
}

/// The sums of one row, blurred across the rows that are near it.
fn blur_across<'a>(near: impl Fn(usize) -> &'a [u8], sums: &mut [u16]) {
    sums.fill(0);
    for (tap, weight) in TAPS.into_iter().enumerate() {
        for (sum, &pixel) in sums.iter_mut().zip(near(tap)) {
            *sum += weight * u16::from(pixel);
        }
    }
}

/// 255 × 256 + 128 still fits.
fn rounded(sum: u16) -> u8 {
    ((sum + 128) >> 8) as u8
}

/// Darker below the middle and brighter above it, and the ends where they were.
fn curve() -> [u8; 256] {
    array::from_fn(|value| {
        let value = value as f32 / 255.0;
        let steep = value * value * (3.0 - 2.0 * value);
        ((value + CONTRAST * (steep - value)) * 255.0).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use image::Rgb;

    use super::*;

    #[test]
    fn the_curve_rises_from_end_to_end() {
        let curve = curve();
        assert_eq!((curve[0], curve[255]), (0, 255));
        assert!(curve.is_sorted());
        assert!(curve[64] < 64 && curve[192] > 192);
    }

    #[test]
    fn the_taps_sum_to_256() {
        assert_eq!(TAPS.iter().sum::<u16>(), 256);
    }

    #[test]
    fn an_even_picture_gets_only_the_curve() {
        for (width, height) in [(1, 1), (2, 7), (40, 3)] {
            let mut picture = RgbImage::from_pixel(width, height, Rgb([0, 90, 255]));
            sharpen(&mut picture, |_| {});
            let even = RgbImage::from_pixel(width, height, Rgb([0, curve()[90], 255]));
            assert_eq!(picture, even);
        }
    }

    #[test]
    fn an_edge_becomes_steeper_in_both_directions() {
        for lying in [false, true] {
            let at = |x, y| if lying { y } else { x };
            let edge = |x, y| {
                if at(x, y) < 10 {
                    Rgb([100, 100, 100])
                } else {
                    Rgb([150, 150, 150])
                }
            };
            let mut picture = RgbImage::from_fn(20, 20, edge);
            sharpen(&mut picture, |_| {});
            let pixel = |n| {
                picture
                    .get_pixel(if lying { 5 } else { n }, if lying { n } else { 5 })
                    .0[1]
            };
            assert_eq!((pixel(0), pixel(19)), (curve()[100], curve()[150]));
            assert!(pixel(9) < pixel(0), "{} {}", pixel(9), pixel(0));
            assert!(pixel(10) > pixel(19), "{} {}", pixel(10), pixel(19));
        }
    }

    #[test]
    fn blurring_twice_is_the_blur_of_both_directions() {
        let value = |x: usize, y: usize| ((x * 37 + y * 91) % 256) as u8;
        let (width, height) = (11, 9);
        let blurred: Vec<Vec<u8>> = (0..height)
            .map(|y| {
                let row: Vec<u8> = (0..3 * width).map(|i| value(i / 3, y)).collect();
                let mut padded = vec![0; row.len() + 6 * REACH];
                let mut to = vec![0; row.len()];
                blur_along(&row, &mut padded, &mut to);
                to
            })
            .collect();
        let y = 4;
        let mut sums = vec![0; 3 * width];
        blur_across(|tap| &blurred[y + tap - REACH], &mut sums);
        let clamped = |x: usize, tap: usize| (x + tap).saturating_sub(REACH).min(width - 1);
        for x in 0..width {
            let direct: f32 = (0..9)
                .flat_map(|down| (0..9).map(move |along| (down, along)))
                .map(|(down, along)| {
                    let pixel = value(clamped(x, along), y + down - REACH);
                    f32::from(pixel) * f32::from(TAPS[down] * TAPS[along]) / 65536.0
                })
                .sum();
            let apart = f32::from(rounded(sums[3 * x])) - direct;
            assert!(apart.abs() <= 1.01, "{apart} at {x}");
        }
    }

    #[test]
    fn progress_rises_to_the_end_by_rows() {
        let told = RefCell::new(Vec::new());
        let mut picture = RgbImage::new(2, 128);
        sharpen(&mut picture, |part| told.borrow_mut().push(part));
        assert_eq!(*told.borrow(), [0.25, 0.5, 0.75, 1.0]);
    }
}
