//! The renderer: a picture of the Julia set, or some rows of one, as RGBA bytes. Knows no browser and no thread.
//!
//! Invariant: the same picture gives the same bytes on every machine, so that what a page draws can be held
//! against what `cargo test` renders. Points are followed with `+ - *` of `f64` alone, which IEEE 754 rounds in
//! one way only, and colours are mixed in integers. `ln` and `sin` differ from one maths library to the next:
//! the logarithm below is this file's own.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// |z|² beyond which a point has escaped. 4 would do for the shape; far out, the colours run smoothly.
const ESCAPED: f64 = 256.0;

/// Width and height of each of the [`pictures`], in pixels.
pub const SIDE: u32 = 800;

/// The doublings of steps, in 256ths, at which the palette's last colour is reached.
const LAST: u32 = 10 * 256;

/// A window on the plane, and the colours for it: all that a thread must know to render it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    /// Pixels in a row.
    pub width: u32,
    /// Number of rows.
    pub height: u32,
    /// The point of the plane in the middle: real and imaginary part.
    pub centre: (f64, f64),
    /// The way on the plane from one pixel to the next.
    pub step: f64,
    /// The constant of z² + c, whose Julia set it is: real and imaginary part.
    pub c: (f64, f64),
    /// A point that has not escaped after so many steps counts as one of the set.
    pub iterations: u32,
    /// The colours.
    pub palette: Palette,
}

/// A colour for each doubling of the steps that a point takes to escape: 1, 2, 4, … 512, and the set itself.
/// In between they are mixed; beyond 1024 steps it goes back through them.
pub type Palette = [[u8; 3]; 11];

/// Dark blue far out, fire at the set.
#[rustfmt::skip]
pub const NIGHT: Palette = palette([0x0b1026, 0x0b1026, 0x101a3f, 0x1d3a7a, 0x2f7fb8, 0x9fe0e0, 0xfff3c9, 0xffb454, 0xd9453f, 0x5c1a3f, 0x0a0616]);
/// Violet far out, sand and teal at the set.
#[rustfmt::skip]
pub const PLUM: Palette = palette([0x12061f, 0x12061f, 0x12061f, 0x1c0a33, 0x32104f, 0x4a1766, 0x9c2a6c, 0xffb36b, 0xfff0c2, 0x3aa6a0, 0x061a24]);
/// Deep green far out, gold at the set.
#[rustfmt::skip]
pub const LAGOON: Palette = palette([0x03141a, 0x03141a, 0x05202a, 0x072f3a, 0x0d4450, 0x0f6a70, 0x1f9a8c, 0xd4f0b0, 0xffc15e, 0xb3402f, 0x14060c]);
/// Indigo far out, ice and rose at the set.
#[rustfmt::skip]
pub const FROST: Palette = palette([0x0d0a24, 0x0d0a24, 0x140f38, 0x221a66, 0x4138b0, 0x7698f4, 0xcdf1ff, 0xfff3f8, 0xff9fc0, 0xa03070, 0x1d0720]);

const fn palette(rgb: [u32; 11]) -> Palette {
    let mut colours = [[0; 3]; 11];
    let mut i = 0;
    while i < rgb.len() {
        colours[i] = [(rgb[i] >> 16) as u8, (rgb[i] >> 8) as u8, rgb[i] as u8];
        i += 1;
    }
    colours
}

/// The four pictures of the page: the classic view of the whole set, and three closer looks.
pub fn pictures() -> [Picture; 4] {
    let picture = |centre, span: f64, palette| Picture {
        width: SIDE,
        height: SIDE,
        centre,
        step: span * (1.0 / f64::from(SIDE)),
        c: (-0.15, 0.65),
        iterations: 900,
        palette,
    };
    [
        picture((0.0, 0.0), 2.7, NIGHT),
        picture((0.04, 0.28), 0.34, PLUM),
        picture((-0.215, 0.69), 0.34, LAGOON),
        picture((0.85, -0.52), 0.9, FROST),
    ]
}

/// Width, height and pixels of the page's canvas: the four [`pictures`], two by two.
pub fn canvas() -> (u32, u32, Vec<u8>) {
    let [a, b, c, d] = pictures().map(|picture| render(&picture));
    let row = SIDE as usize * 4;
    let mut rgba = Vec::with_capacity(4 * a.len());
    for [left, right] in [[a, b], [c, d]] {
        for (left, right) in left.chunks_exact(row).zip(right.chunks_exact(row)) {
            rgba.extend_from_slice(left);
            rgba.extend_from_slice(right);
        }
    }
    (2 * SIDE, 2 * SIDE, rgba)
}

/// The whole picture: RGBA, row by row from the top, opaque.
pub fn render(picture: &Picture) -> Vec<u8> {
    render_rows(picture, 0..picture.height)
}

/// Some rows of the picture. The rows of several calls, put together, are the bytes that [`render`] gives.
pub fn render_rows(picture: &Picture, rows: Range<u32>) -> Vec<u8> {
    render_part(picture, 0..picture.width, rows, || {}).0
}

/// The pixels of the picture where these columns and rows cross, and how many steps they took, all together: what they cost.
/// Before each row it calls `at_row`.
pub fn render_part(
    picture: &Picture,
    columns: Range<u32>,
    rows: Range<u32>,
    mut at_row: impl FnMut(),
) -> (Vec<u8>, u64) {
    let from_centre =
        |i: u32, length: u32| (f64::from(i) + 0.5 - f64::from(length) * 0.5) * picture.step;
    let mut rgba = Vec::with_capacity(rows.len() * columns.len() * 4);
    let mut cost = 0;
    for y in rows {
        at_row();
        // Rows are counted downwards, and the imaginary axis points up.
        let im = picture.centre.1 - from_centre(y, picture.height);
        for x in columns.clone() {
            let re = picture.centre.0 + from_centre(x, picture.width);
            let steps = steps_to_escape((re, im), picture.c, picture.iterations);
            cost += steps.map_or(u64::from(picture.iterations), |steps| steps as u64 + 1);
            let [r, g, b] = colour(&picture.palette, steps);
            rgba.extend_from_slice(&[r, g, b, 255]);
        }
    }
    (rgba, cost)
}

/// How many steps of z² + c the point takes to escape, or `None` if it stays for so many iterations. Not a whole number: what
/// the point overshoots by is taken off, or the colours would show a contour at each step.
pub fn steps_to_escape(z: (f64, f64), c: (f64, f64), iterations: u32) -> Option<f64> {
    let (mut re, mut im) = z;
    for step in 0..iterations {
        let (re2, im2) = (re * re, im * im);
        if re2 + im2 > ESCAPED {
            // At |z|² = ESCAPED = 2^8 this is 0, and one step further out, at its square, 1.
            let overshoot = log2(log2(re2 + im2) * (1.0 / 8.0));
            return Some(f64::from(step) + 1.0 - overshoot);
        }
        im = 2.0 * re * im + c.1;
        re = re2 - im2 + c.0;
    }
    None
}

/// The colour of a point that takes so many steps.
pub fn colour(palette: &Palette, steps: Option<f64>) -> [u8; 3] {
    let Some(steps) = steps else {
        return palette[10];
    };
    // In 256ths. A point that begins far out overshoots before its first step; 900 steps are 9 doublings and a part.
    let doublings = (log2(steps.max(1.0)) * 256.0) as u32;
    // Beyond the last colour it goes back, down to the first, which 2^20 steps would reach.
    let doublings = if doublings < LAST {
        doublings
    } else {
        (2 * LAST).saturating_sub(doublings + 1)
    };
    let (i, part) = ((doublings >> 8) as usize, doublings & 255);
    let mix = |a: u8, b: u8| ((u32::from(a) * (256 - part) + u32::from(b) * part) >> 8) as u8;
    std::array::from_fn(|channel| mix(palette[i][channel], palette[i + 1][channel]))
}

/// The logarithm to base 2, to within 0.01 for positive numbers: the exponent's bits, and a parabola over the
/// mantissa. Rises with its argument, and is exact at powers of two.
fn log2(x: f64) -> f64 {
    let bits = x.to_bits();
    let exponent = (bits >> 52) as i32 - 1023;
    let mantissa = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | 1.0f64.to_bits()) - 1.0;
    f64::from(exponent) + mantissa + 0.3437 * mantissa * (1.0 - mantissa)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small(centre: (f64, f64), step: f64) -> Picture {
        let [classic, ..] = pictures();
        Picture {
            width: 90,
            height: 60,
            centre,
            step,
            ..classic
        }
    }

    fn steps(z: (f64, f64)) -> Option<f64> {
        let [picture, ..] = pictures();
        steps_to_escape(z, picture.c, picture.iterations)
    }

    #[test]
    fn bands_put_together_are_the_picture() {
        let picture = small((0.0, 0.0), 0.03);
        let bands = [0..7, 7..8, 8..8, 8..60];
        assert_eq!(
            bands.map(|rows| render_rows(&picture, rows)).concat(),
            render(&picture)
        );
    }

    #[test]
    fn a_part_is_cut_out_of_the_picture_and_its_cost_is_part_of_the_whole() {
        let picture = small((0.1, 0.2), 0.02);
        let (whole, cost) = render_part(&picture, 0..90, 0..60, || {});
        let mut rows = 0;
        let (part, of_it) = render_part(&picture, 20..50, 7..9, || rows += 1);
        let row = |y: usize| whole[(y * 90 + 20) * 4..(y * 90 + 50) * 4].to_vec();
        assert_eq!(part, [row(7), row(8)].concat());
        assert_eq!(rows, 2);
        let (rest, other) = render_part(&picture, 0..20, 7..9, || {});
        let (right, another) = render_part(&picture, 50..90, 7..9, || {});
        assert_eq!(rest.len() + part.len() + right.len(), 2 * 90 * 4);
        let (_, both) = render_part(&picture, 0..90, 7..9, || {});
        assert_eq!(of_it + other + another, both);
        assert!(both < cost);
    }

    #[test]
    fn colours_go_on_smoothly_beyond_the_last_one() {
        let far = |a: [u8; 3], b: [u8; 3]| a.iter().zip(b).map(|(a, b)| a.abs_diff(b)).max();
        let mut last = colour(&NIGHT, Some(1000.0));
        for steps in 1001..5000 {
            let next = colour(&NIGHT, Some(f64::from(steps)));
            assert!(
                far(last, next) <= Some(2),
                "{last:?} then {next:?} at {steps}"
            );
            last = next;
        }
        colour(&NIGHT, Some(1e12));
    }

    #[test]
    fn picture_has_all_its_pixels_and_each_is_opaque() {
        let rgba = render(&small((0.2, 0.1), 0.02));
        assert_eq!(rgba.len(), 90 * 60 * 4);
        assert!(rgba.chunks_exact(4).all(|pixel| pixel[3] == 255));
    }

    /// z and -z have the same square.
    #[test]
    fn set_looks_the_same_turned_by_half() {
        let rgba = render(&small((0.0, 0.0), 0.03));
        let turned: Vec<u8> = rgba.chunks_exact(4).rev().flatten().copied().collect();
        assert_eq!(turned, rgba);
    }

    #[test]
    fn points_far_out_escape_at_once_and_get_the_first_colour() {
        let picture = small((1000.0, 0.0), 0.1);
        let [r, g, b] = picture.palette[0];
        assert!(
            render(&picture)
                .chunks_exact(4)
                .all(|pixel| pixel == [r, g, b, 255])
        );
    }

    /// z² + c leaves 1/2 - sqrt(1/4 - c) in place, and pushes its neighbours off only slowly.
    #[test]
    fn points_near_the_eye_of_a_spiral_take_long() {
        let taken = steps((-0.2626, 0.4262));
        assert!(taken.is_none_or(|steps| steps > 100.0), "{taken:?}");
        assert!(steps((1.5, 1.5)).is_some_and(|steps| steps < 4.0));
    }

    #[test]
    fn steps_have_no_jump_where_one_more_is_counted() {
        let mut last = steps((2.0, 0.0)).expect("2 escapes");
        for i in 1..30_000 {
            let taken = steps((2.0 + f64::from(i) * 0.001, 0.0)).expect("so does all beyond");
            assert!((taken - last).abs() < 0.01, "{last} then {taken} at {i}");
            last = taken;
        }
    }

    #[test]
    fn logarithm_is_near_the_true_one() {
        for i in 1..10_000 {
            let x = f64::from(i) * 0.37;
            assert!((log2(x) - x.log2()).abs() < 0.01, "{x}");
        }
        assert_eq!([1.0, 2.0, 256.0, 0.125].map(log2), [0.0, 1.0, 8.0, -3.0]);
    }

    /// FNV-1a. Another sum is another picture, which a change of the renderer must mean.
    #[test]
    fn canvas_has_the_bytes_that_it_always_had() {
        let (_, _, rgba) = canvas();
        let sum = rgba.iter().fold(0xcbf2_9ce4_8422_2325, |sum: u64, byte| {
            (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        assert_eq!(sum, 0x5cf4_e8ea_e76a_5522);
    }

    #[test]
    fn canvas_is_the_pictures_two_by_two() {
        let (width, height, rgba) = canvas();
        assert_eq!((width, height, rgba.len()), (1600, 1600, 1600 * 1600 * 4));
        let last_row = SIDE - 1..SIDE;
        let row = SIDE as usize * 4;
        let [.., c, d] = pictures();
        assert_eq!(
            rgba[rgba.len() - 2 * row..],
            [render_rows(&c, last_row.clone()), render_rows(&d, last_row)].concat()
        );
    }
}
