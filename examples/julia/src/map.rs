//! The Mandelbrot set as a map of the Julia sets: each point is a c, and near the border lie the sets worth seeing.

use crate::julia;

/// The part of the plane that the map shows: from its left upper corner, so far to the right and down.
pub const CORNER: (f64, f64) = (-2.05, 1.25);
/// How far it reaches.
pub const REACH: (f64, f64) = (2.75, 2.5);

const ITERATIONS: u32 = 200;

/// The map, RGBA, row by row.
pub fn render(width: u32, height: u32) -> Vec<u8> {
    let mut rgba = Vec::with_capacity(width as usize * height as usize * 4);
    for y in 0..height {
        for x in 0..width {
            let (re, im) = at(
                (f64::from(x) + 0.5) / f64::from(width),
                (f64::from(y) + 0.5) / f64::from(height),
            );
            let steps = julia::steps_to_escape((0.0, 0.0), (re, im), ITERATIONS);
            let [r, g, b] = julia::colour(&julia::NIGHT, steps);
            rgba.extend_from_slice(&[r, g, b, 255]);
        }
    }
    rgba
}

/// The c at a place of the map, both from 0 to 1.
pub fn at(x: f64, y: f64) -> (f64, f64) {
    (CORNER.0 + x * REACH.0, CORNER.1 - y * REACH.1)
}

/// Where on the map a c is.
pub fn place(re: f64, im: f64) -> (f64, f64) {
    ((re - CORNER.0) / REACH.0, (CORNER.1 - im) / REACH.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_the_set_is_on_the_map_and_its_corners_are_outside() {
        let rgba = render(110, 100);
        let pixel = |x: usize, y: usize| &rgba[(y * 110 + x) * 4..][..3];
        // 0 lies at 2.05 / 2.75 of the width.
        assert_eq!(pixel(82, 50), julia::NIGHT[10]);
        assert_ne!(pixel(0, 0), julia::NIGHT[10]);
        let (re, im) = at(2.05 / 2.75, 0.5);
        assert!(re.abs() < 1e-12 && im.abs() < 1e-12);
        assert_eq!(place(re, im), (2.05 / 2.75, 0.5));
    }
}
