//! [`refine`]: has a pool draw a view, from coarse to fine. Lives with the pool's owner; the jobs' own part runs in workers.
//!
//! First a picture with an eighth of the rows and columns, which costs a sixty-fourth and goes before all else in the pool. What
//! each part of it cost says how to cut the same part of the fine picture: into tiles that take about 8 ms each, so that a
//! worker is soon free again for the next view. Where the fine picture will take long, one with a quarter comes in between.
//!
//! Dropping the future aborts what is left of it, and nothing more is drawn.

use std::cell::Cell;

use futures::{StreamExt, TryStreamExt, stream};
use wasm_mt::{Buffer, JoinError, job};
use wasm_mt_pool::{Priority, ThreadPool};

use crate::clock::now;
use crate::julia::{self, Picture};
use crate::tile::{self, Tile};
use crate::view::View;

/// A pixel of the first picture stands for a square of so many.
pub const COARSE: u32 = 8;
/// The same of the one that comes in between.
pub const MIDDLE: u32 = 4;
/// A job of the first picture has so many columns and rows.
const REGION: u32 = 32;
/// What a tile should take, in milliseconds. With [`COST`] off by half, that is still not felt.
const PIECE: f64 = 8.0;
/// The largest and the smallest tile.
const TILE: (u32, u32) = (128, 16);
/// Milliseconds that a step takes, until it was measured.
const COST: f64 = 2e-6;
/// Where the fine picture takes longer than this, in milliseconds, one comes in between.
const LONG: f64 = 500.0;

/// What comes of a view, in this order: of each scale all, and of the last each pixel once.
pub enum Drawn<'a> {
    /// What must be there at once of the coarse picture is there; then, all of it. Each pixel stands for a square of `scale`.
    Rough {
        /// [`COARSE`] or [`MIDDLE`].
        scale: u32,
        /// Pixels in a row.
        width: u32,
        /// Number of rows.
        height: u32,
        /// The pixels.
        rgba: &'a [u8],
        /// Nothing of it is missing.
        whole: bool,
    },
    /// Some of the view's own pixels.
    Fine {
        /// Where they belong.
        tile: Tile,
        /// The pixels.
        rgba: &'a [u8],
    },
}

/// What is known of how long steps take. Lives as long as the explorer.
#[derive(Debug)]
pub struct Pace {
    /// Milliseconds, and steps in them. Both fade, as the browser translates better while it runs.
    measured: Cell<(f64, f64)>,
}

impl Default for Pace {
    fn default() -> Self {
        Pace {
            measured: Cell::new((COST * 1e6, 1e6)),
        }
    }
}

impl Pace {
    /// Milliseconds for so many steps. One job alone says little, where clocks tick in milliseconds.
    fn predict(&self, steps: f64) -> f64 {
        let (millis, measured) = self.measured.get();
        millis / measured * steps
    }

    fn learn(&self, steps: u64, millis: f64) {
        let (before, measured) = self.measured.get();
        let fade = if measured > 1e9 { 0.5 } else { 1.0 };
        // A clock that was set meanwhile may say anything.
        if (0.0..1000.0).contains(&millis) {
            self.measured
                .set((before * fade + millis, measured * fade + steps as f64));
        }
    }
}

/// Draws a view: what is nearest to `focus` first, and of the coarse picture what lies outside of `kept`, where what is on the
/// canvas will do.
///
/// # Errors
/// That a job failed.
pub async fn refine(
    pool: &ThreadPool,
    view: &View,
    focus: (f64, f64),
    kept: Option<Tile>,
    pace: &Pace,
    mut draw: impl FnMut(Drawn<'_>),
) -> Result<(), JoinError> {
    let coarse = view.coarse(COARSE);
    let mut regions = tile::grid(coarse.width, coarse.height, REGION);
    let is_kept = |region: &Tile| {
        kept.is_some_and(|kept| scaled(*region, COARSE, view.width, view.height).is_within(&kept))
    };
    regions.sort_by(|a, b| {
        let way = |region: &Tile| region.way(shrunk(focus, COARSE));
        (is_kept(a), way(a))
            .partial_cmp(&(is_kept(b), way(b)))
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    let mut wanted = regions.iter().filter(|region| !is_kept(region)).count();

    let mut rgba = opaque(&coarse);
    let mut costs = Vec::with_capacity(regions.len());
    let urgent = pool.with_priority(Priority::Urgent);
    // All at once: whatever waits in the pool is of less priority.
    let mut parts = render(&urgent, &coarse, regions.clone(), regions.len());
    while let Some((region, part, steps, millis)) = parts.try_next().await? {
        tile::place(&mut rgba, coarse.width, &region, &part);
        pace.learn(steps, millis);
        costs.push((region, steps));
        if !is_kept(&region) {
            wanted -= 1;
        }
        let whole = costs.len() == regions.len();
        if whole || (wanted == 0 && !is_kept(&region)) {
            draw(rough(COARSE, &coarse, &rgba, whole));
        }
    }
    drop(parts);

    let few = 2 * pool.workers() + 1;
    let all: f64 = costs.iter().map(|(_, steps)| *steps as f64).sum();
    let fine = pace.predict(all * f64::from(COARSE * COARSE));
    if fine / pool.workers().max(1) as f64 > LONG && kept.is_none() {
        let middle = view.coarse(MIDDLE);
        let tiles = tiles(
            &costs,
            MIDDLE,
            (middle.width, middle.height),
            shrunk(focus, MIDDLE),
            pace,
        );
        let mut rgba = opaque(&middle);
        let mut parts = render(pool, &middle, tiles, few);
        while let Some((tile, part, ..)) = parts.try_next().await? {
            tile::place(&mut rgba, middle.width, &tile, &part);
        }
        draw(rough(MIDDLE, &middle, &rgba, true));
    }

    let tiles = tiles(&costs, 1, (view.width, view.height), focus, pace);
    let mut parts = render(pool, &view.picture(), tiles, few);
    while let Some((tile, rgba, steps, millis)) = parts.try_next().await? {
        pace.learn(steps, millis);
        draw(Drawn::Fine { tile, rgba: &rgba });
    }
    Ok(())
}

/// Has the pool render tiles of a picture, at most so many at a time; with each what it cost, in steps and in milliseconds.
fn render(
    pool: &ThreadPool,
    picture: &Picture,
    tiles: Vec<Tile>,
    at_a_time: usize,
) -> impl stream::Stream<Item = Result<(Tile, Vec<u8>, u64, f64), JoinError>> + Unpin + use<> {
    let (pool, picture) = (pool.clone(), picture.clone());
    let spawned = stream::iter(tiles).map(move |tile| {
        let picture = picture.clone();
        let part = pool.spawn(job!(|picture: Picture, tile: Tile| {
            let began = now();
            let (rgba, steps) = julia::render_part(&picture, tile.columns(), tile.rows(), || {});
            (Buffer(rgba), steps, now() - began)
        }));
        let part = part.abort_on_drop();
        async move {
            let (rgba, steps, millis) = part.await?;
            Ok((tile, rgba.0, steps, millis))
        }
    });
    Box::pin(spawned.buffer_unordered(at_a_time.max(1)))
}

/// The tiles of a picture of this scale, cut as their regions cost, the nearest to the focus first.
fn tiles(
    costs: &[(Tile, u64)],
    scale: u32,
    (width, height): (u32, u32),
    focus: (f64, f64),
    pace: &Pace,
) -> Vec<Tile> {
    let times = COARSE / scale;
    let cut = costs.iter().flat_map(|(region, steps)| {
        let millis = pace.predict(*steps as f64 * f64::from(times * times));
        let mut side = TILE.0;
        // A part is as much of the cost as it is of the region's pixels.
        let part = |side: u32| {
            (f64::from(side) / f64::from(REGION * times))
                .powi(2)
                .min(1.0)
        };
        while side > TILE.1 && millis * part(side) > PIECE {
            side /= 2;
        }
        tile::cut(scaled(*region, times, width, height), side)
    });
    let mut tiles: Vec<Tile> = cut
        .filter(|tile| tile.width > 0 && tile.height > 0)
        .collect();
    tiles.sort_by(|a, b| a.way(focus).total_cmp(&b.way(focus)));
    tiles
}

/// What a part of a coarse picture stands for in a finer one of this size.
fn scaled(tile: Tile, times: u32, width: u32, height: u32) -> Tile {
    let (x, y) = (tile.x * times, tile.y * times);
    Tile {
        x,
        y,
        width: (tile.width * times).min(width.saturating_sub(x)),
        height: (tile.height * times).min(height.saturating_sub(y)),
    }
}

fn shrunk((x, y): (f64, f64), scale: u32) -> (f64, f64) {
    (x / f64::from(scale), y / f64::from(scale))
}

fn opaque(picture: &Picture) -> Vec<u8> {
    [0, 0, 0, 255].repeat(picture.width as usize * picture.height as usize)
}

fn rough<'a>(scale: u32, picture: &Picture, rgba: &'a [u8], whole: bool) -> Drawn<'a> {
    Drawn::Rough {
        scale,
        width: picture.width,
        height: picture.height,
        rgba,
        whole,
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;

    fn view(iterations: u32) -> View {
        View {
            iterations,
            ..View::whole(301, 203, (-0.8, 0.156))
        }
    }

    fn drawn(pool: &ThreadPool, view: &View, kept: Option<Tile>) -> (Vec<(u32, bool)>, Vec<u8>) {
        let mut rough = Vec::new();
        let mut pixels = vec![0; (view.width * view.height * 4) as usize];
        let draw = |drawn: Drawn<'_>| match drawn {
            Drawn::Rough { scale, whole, .. } => rough.push((scale, whole)),
            Drawn::Fine { tile, rgba } => tile::place(&mut pixels, view.width, &tile, rgba),
        };
        let pace = Pace::default();
        block_on(refine(pool, view, (10.0, 200.0), kept, &pace, draw)).unwrap();
        (rough, pixels)
    }

    #[test]
    fn a_view_is_drawn_coarse_and_then_as_it_is() {
        let pool = block_on(ThreadPool::builder().workers(2).build()).unwrap();
        let view = view(100);
        let (rough, pixels) = drawn(&pool, &view, None);
        assert_eq!(rough, [(COARSE, true)]);
        assert!(pixels == julia::render(&view.picture()));
    }

    #[test]
    fn what_is_not_kept_is_there_first() {
        let pool = block_on(ThreadPool::builder().workers(2).build()).unwrap();
        let kept = tile::grid(301, 203, 290)[0];
        let (rough, _) = drawn(&pool, &view(20), Some(kept));
        assert_eq!(rough, [(COARSE, false), (COARSE, true)]);
    }

    #[test]
    fn dear_regions_are_cut_smaller_and_all_of_the_picture_is_covered() {
        let view = view(50);
        let coarse = view.coarse(COARSE);
        let regions = tile::grid(coarse.width, coarse.height, REGION);
        let costs: Vec<_> = (0..).map(|i| 3_u64.pow(i) * 1000).zip(regions).collect();
        let costs: Vec<_> = costs
            .into_iter()
            .map(|(cost, region)| (region, cost))
            .collect();
        let tiles = tiles(&costs, 1, (301, 203), (0.0, 0.0), &Pace::default());
        let area: u32 = tiles.iter().map(|tile| tile.width * tile.height).sum();
        assert_eq!(area, 301 * 203);
        assert!(tiles.iter().all(|tile| tile.width <= TILE.0));
        let dearest = [(costs[0].0, u64::MAX / 1_000_000)];
        let cut = super::tiles(&dearest, 1, (301, 203), (0.0, 0.0), &Pace::default());
        assert!(cut.iter().all(|tile| tile.width <= TILE.1));
    }
}
