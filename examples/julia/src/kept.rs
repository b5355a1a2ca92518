//! [`Kept`]: how much of what is on the explorer's canvas shows the view that is wanted now. Knows no canvas.

use crate::tile::Tile;
use crate::view::View;

/// A rectangle of the canvas that shows the view, if not as sharp as it might; or none.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Kept {
    tile: Option<Tile>,
    /// Its pixels are squares of so many, or better.
    pub blur: f64,
}

impl Kept {
    /// All of it.
    pub fn all(view: &View, blur: f64) -> Kept {
        let tile = Tile {
            x: 0,
            y: 0,
            width: view.width,
            height: view.height,
        };
        Kept {
            tile: Some(tile),
            blur,
        }
    }

    /// What of it will do in the place of a picture whose pixels are squares of so many.
    pub fn as_sharp_as(&self, scale: u32) -> Option<Tile> {
        self.tile.filter(|_| self.blur <= f64::from(scale))
    }

    /// What is left of it in a picture of this size, so many times as large, and then moved.
    pub fn transformed(&self, times: f64, by: (f64, f64), width: u32, height: u32) -> Kept {
        let Some(tile) = self.tile else {
            return Kept::default();
        };
        // Only whole pixels.
        let inside = |from: u32, length: u32, by: f64, most: u32| {
            let most = f64::from(most);
            let start = (f64::from(from) * times + by).ceil().clamp(0.0, most);
            let end = (f64::from(from + length) * times + by).floor();
            (start as u32, (end.clamp(start, most) - start) as u32)
        };
        let (x, across) = inside(tile.x, tile.width, by.0, width);
        let (y, down) = inside(tile.y, tile.height, by.1, height);
        let left = Tile {
            x,
            y,
            width: across,
            height: down,
        };
        Kept {
            tile: (across > 0 && down > 0).then_some(left),
            blur: (self.blur * times).max(1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tile(x: u32, y: u32, width: u32, height: u32) -> Option<Tile> {
        Some(Tile {
            x,
            y,
            width,
            height,
        })
    }

    fn all() -> Kept {
        Kept::all(&View::whole(100, 80, (0.0, 0.0)), 1.0)
    }

    #[test]
    fn a_drag_keeps_what_is_still_on_the_canvas() {
        let dragged = all().transformed(1.0, (-30.0, 10.0), 100, 80);
        assert_eq!(dragged.as_sharp_as(1), tile(0, 10, 70, 70));
        assert_eq!(
            dragged
                .transformed(1.0, (30.0, 0.0), 100, 80)
                .as_sharp_as(1),
            tile(30, 10, 70, 70)
        );
        assert_eq!(
            dragged
                .transformed(1.0, (500.0, 0.0), 100, 80)
                .as_sharp_as(8),
            None
        );
    }

    #[test]
    fn what_is_magnified_too_much_will_not_do() {
        let near = all().transformed(4.0, (-150.0, -120.0), 100, 80);
        assert_eq!(near.as_sharp_as(8), tile(0, 0, 100, 80));
        assert_eq!(
            near.transformed(3.0, (0.0, 0.0), 100, 80).as_sharp_as(8),
            None
        );
    }

    #[test]
    fn what_shrinks_keeps_only_whole_pixels() {
        let far = all().transformed(0.33, (10.5, 10.5), 100, 80);
        assert_eq!(far.as_sharp_as(1), tile(11, 11, 32, 25));
    }
}
