//! [`Tile`]: a rectangle of pixels that one job renders, and how a picture is cut into them. Knows no thread.
//!
//! Invariant: the tiles of a [`grid`] cover each pixel once, and the [`shares`] of workers each tile once.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// A rectangle of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tile {
    /// The first column.
    pub x: u32,
    /// The first row.
    pub y: u32,
    /// Pixels in a row.
    pub width: u32,
    /// Number of rows.
    pub height: u32,
}

impl Tile {
    /// Its columns.
    pub fn columns(&self) -> Range<u32> {
        self.x..self.x + self.width
    }

    /// Its rows.
    pub fn rows(&self) -> Range<u32> {
        self.y..self.y + self.height
    }

    /// The way from its middle to a point, squared.
    pub fn way(&self, (x, y): (f64, f64)) -> f64 {
        let across = f64::from(self.x) + f64::from(self.width) / 2.0 - x;
        let down = f64::from(self.y) + f64::from(self.height) / 2.0 - y;
        across * across + down * down
    }

    /// No pixel of it lies outside of the other.
    pub fn is_within(&self, other: &Tile) -> bool {
        other.x <= self.x
            && other.y <= self.y
            && self.columns().end <= other.columns().end
            && self.rows().end <= other.rows().end
    }
}

/// A picture of this size in squares, row by row; the last of a row, and the last row, may be smaller.
pub fn grid(width: u32, height: u32, side: u32) -> Vec<Tile> {
    cut(
        Tile {
            x: 0,
            y: 0,
            width,
            height,
        },
        side,
    )
}

/// The same of a part of a picture.
pub fn cut(of: Tile, side: u32) -> Vec<Tile> {
    let starts = |range: Range<u32>| range.step_by(side.max(1) as usize);
    let across = |y| {
        starts(of.columns()).map(move |x| Tile {
            x,
            y,
            width: side.max(1).min(of.columns().end - x),
            height: side.max(1).min(of.rows().end - y),
        })
    };
    starts(of.rows()).flat_map(across).collect()
}

/// Contiguous rows of tiles for each worker, as places in the [`grid`]: as many for one as for another, as far as that goes.
pub fn shares(width: u32, height: u32, side: u32, workers: usize) -> Vec<Range<usize>> {
    let row = width.div_ceil(side.max(1)) as usize;
    let rows = height.div_ceil(side.max(1)) as usize;
    let start = |worker: usize| rows * worker / workers.max(1) * row;
    (0..workers.max(1))
        .map(|worker| start(worker)..start(worker + 1))
        .collect()
}

/// Puts a tile's pixels where they belong in a picture of so many columns. Pixels that do not fit are left out.
pub fn place(into: &mut [u8], width: u32, tile: &Tile, rgba: &[u8]) {
    let row = tile.width as usize * 4;
    for (y, pixels) in tile.rows().zip(rgba.chunks_exact(row.max(1))) {
        let at = (y as usize * width as usize + tile.x as usize) * 4;
        if let Some(into) = into.get_mut(at..at + row) {
            into.copy_from_slice(pixels);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_cover_each_pixel_once() {
        for (width, height, side) in [
            (1, 1, 16),
            (70, 33, 16),
            (64, 64, 64),
            (65, 1, 64),
            (5, 9, 1),
        ] {
            let mut covered = vec![0; (width * height) as usize];
            for tile in grid(width, height, side) {
                for (x, y) in tile
                    .rows()
                    .flat_map(|y| tile.columns().map(move |x| (x, y)))
                {
                    covered[(y * width + x) as usize] += 1;
                }
            }
            assert!(
                covered.iter().all(|times| *times == 1),
                "{width} × {height} by {side}"
            );
        }
    }

    #[test]
    fn shares_are_disjoint_whole_rows_and_cover_each_tile_once() {
        for workers in 1..=8 {
            for (width, height, side) in [(200, 200, 128), (800, 800, 32), (70, 33, 16)] {
                let shares = shares(width, height, side, workers);
                let tiles = grid(width, height, side);
                assert_eq!(shares.len(), workers);
                assert!(shares.iter().cloned().flatten().eq(0..tiles.len()));
                for share in shares.iter().filter(|share| !share.is_empty()) {
                    assert_eq!(tiles[share.start].x, 0);
                }
            }
        }
    }

    #[test]
    fn placed_tiles_are_the_picture() {
        let pixel = |x: u32, y: u32| [x as u8, y as u8, 0, 255];
        let mut all = vec![0; 7 * 5 * 4];
        for tile in grid(7, 5, 3) {
            let pixels = tile
                .rows()
                .flat_map(|y| tile.columns().map(move |x| (x, y)));
            let rgba: Vec<u8> = pixels.flat_map(|(x, y)| pixel(x, y)).collect();
            place(&mut all, 7, &tile, &rgba);
        }
        let whole: Vec<u8> = (0..5)
            .flat_map(|y| (0..7).flat_map(move |x| pixel(x, y)))
            .collect();
        assert_eq!(all, whole);
    }
}
