//! [`View`]: what the page says that it shows, and what becomes of it where a hand moves or zooms the picture.

use anyhow::{Result, ensure};
use serde::Deserialize;

use crate::webdriver::input::Point;

/// What `data-view` says, in the page's words.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct View {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) re: f64,
    pub(super) im: f64,
    pub(super) step: f64,
    pub(super) c_re: f64,
    pub(super) c_im: f64,
    pub(super) iterations: u32,
    pub(super) palette: String,
}

impl View {
    /// The point of the plane under a pixel of the canvas, of which (0, 0) is the upper left corner.
    pub(super) fn under(&self, (x, y): Point) -> Point {
        let from_middle = |at: f64, length: u32| (at - f64::from(length) / 2.0) * self.step;
        (
            self.re + from_middle(x, self.width),
            self.im - from_middle(y, self.height),
        )
    }

    /// How many of this view's pixels lie between two points, on the longer of the two ways.
    pub(super) fn pixels_between(&self, a: Point, b: Point) -> f64 {
        ((a.0 - b.0).abs()).max((a.1 - b.1).abs()) / self.step
    }
}

/// An element's content, in CSS pixels of the window's page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rect {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Rect {
    /// The whole CSS pixel at a part of the width and the height.
    pub(super) fn at(&self, x: f64, y: f64) -> Point {
        (
            (self.left + x * self.width).round(),
            (self.top + y * self.height).round(),
        )
    }
}

/// CSS pixels of the canvas, counted from its upper left corner, as pixels of the view.
fn in_view(view: &View, rect: &Rect, (x, y): Point) -> Point {
    (
        x * f64::from(view.width) / rect.width,
        y * f64::from(view.height) / rect.height,
    )
}

/// The picture went along with the hand, to within a pixel.
pub(super) fn moved(what: &str, before: &View, after: &View, rect: &Rect, by: Point) -> Result<()> {
    let (x, y) = in_view(before, rect, by);
    let wanted = (before.re - x * before.step, before.im + y * before.step);
    let off = after.pixels_between(wanted, (after.re, after.im));
    ensure!(
        after.step == before.step && off <= 1.0,
        "{what} by {by:?} led from {before:?} to {after:?}, {off} pixels off"
    );
    Ok(())
}

/// What was under the pointer still is, to within a pixel.
pub(super) fn zoomed(
    what: &str,
    before: &View,
    after: &View,
    rect: &Rect,
    at: Point,
    closer: bool,
) -> Result<()> {
    let pixel = in_view(before, rect, (at.0 - rect.left, at.1 - rect.top));
    let off = after.pixels_between(before.under(pixel), after.under(pixel));
    ensure!(
        (after.step < before.step) == closer && after.step != before.step && off <= 1.0,
        "{what} at {at:?} led from {before:?} to {after:?}, {off} pixels off"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECT: Rect = Rect {
        left: 100.0,
        top: 50.0,
        width: 200.0,
        height: 100.0,
    };

    fn view(re: f64, im: f64, step: f64) -> View {
        View {
            width: 400,
            height: 200,
            re,
            im,
            step,
            c_re: 0.0,
            c_im: 0.0,
            iterations: 1,
            palette: "night".to_owned(),
        }
    }

    #[test]
    fn a_picture_that_goes_along_with_the_hand_shows_what_lay_behind_it() {
        let before = view(0.0, 0.0, 0.5);
        // Ten pixels to the right are twenty of the canvas, so the middle is ten further to the left.
        assert!(moved("", &before, &view(-10.0, 0.0, 0.5), &RECT, (10.0, 0.0)).is_ok());
        assert!(moved("", &before, &view(10.0, 0.0, 0.5), &RECT, (10.0, 0.0)).is_err());
        assert!(moved("", &before, &view(0.0, 10.0, 0.5), &RECT, (0.0, 10.0)).is_ok());
        assert!(moved("", &before, &view(0.0, 11.0, 0.5), &RECT, (0.0, 10.0)).is_err());
    }

    #[test]
    fn a_zoom_keeps_the_point_under_the_pointer() {
        let before = view(0.0, 0.0, 1.0);
        let middle = (200.0, 100.0);
        assert!(zoomed("", &before, &view(0.0, 0.0, 0.5), &RECT, middle, true).is_ok());
        assert!(zoomed("", &before, &view(0.0, 0.0, 0.5), &RECT, middle, false).is_err());
        assert!(zoomed("", &before, &view(3.0, 0.0, 0.5), &RECT, middle, true).is_err());
        // The left end stays where it is when the middle comes nearer to it.
        let left = (100.0, 100.0);
        assert!(zoomed("", &before, &view(-100.0, 0.0, 0.5), &RECT, left, true).is_ok());
    }
}
