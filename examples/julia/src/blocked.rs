//! [`run`]: a picture in whose middle the thread that has the pool is blocked, and what the workers did meanwhile by their own
//! clocks. Lives with the pool's owner; the jobs' own part runs in workers.
//!
//! 1. Each tile is a job of its own, with its pixels as plain bytes: nothing in it needs the owner but that it was spawned.
//! 2. When the owner blocks, all jobs were spawned, and some of them have ended.

use std::future::Future;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use serde::{Deserialize, Serialize};
use wasm_mt::{JoinError, job};
use wasm_mt_pool::{Fabric, ThreadPool};

use crate::benchmark::Plan;
use crate::clock::now;
use crate::julia::Picture;
use crate::report::Block;
use crate::tile::Tile;

/// The owner blocks when one of so many tiles has come.
const BEFORE: usize = 16;

/// A tile, and who rendered it when.
#[derive(Debug, Serialize, Deserialize)]
pub struct Drawn {
    /// Where it lies.
    pub tile: Tile,
    /// The pixels.
    #[serde(with = "serde_bytes")]
    pub rgba: Vec<u8>,
    thread: u64,
    began: f64,
    ended: f64,
}

/// What became of the picture.
#[derive(Debug, Serialize)]
pub struct Report {
    /// How jobs went to the workers: `shared` or `post`.
    pub fabric: &'static str,
    /// How many workers there are.
    pub workers: usize,
    /// From when to when the owner was blocked, in milliseconds from the first spawn on.
    pub blocked: [f64; 2],
    /// When the last tile was rendered.
    pub millis: f64,
    /// When the last one was that was rendered while the owner was blocked; 0 where none was.
    pub last: f64,
    /// How many tiles were rendered until then, while it was blocked, and afterwards.
    pub tiles: [usize; 3],
    /// The tiles, as they came.
    pub blocks: Vec<Block>,
}

/// Renders the picture. In the middle of it awaits `pause`, for what there is to be seen, and then calls `block`. Calls `draw` with each
/// tile that comes.
///
/// # Errors
/// That a job failed.
pub async fn run<P: Future<Output = ()>>(
    pool: &ThreadPool,
    plan: &Plan,
    pause: impl FnOnce() -> P,
    block: impl FnOnce(),
    mut draw: impl FnMut(&Drawn),
) -> Result<Report, JoinError> {
    let threads: Vec<u64> = pool.stats().workers.iter().map(|it| it.thread).collect();
    let tiles = plan.tiles();
    let all = tiles.len();
    let start = now();
    let spawned = tiles.into_iter().map(|tile| {
        let picture = plan.picture.clone();
        let drawn = pool.spawn(job!(|picture: Picture, tile: Tile| render(&picture, tile)));
        drawn.abort_on_drop()
    });
    let mut coming: FuturesUnordered<_> = spawned.collect();
    let (mut block, mut pause) = (Some(block), Some(pause));
    let mut blocked = [0.0; 2];
    let mut drawn = Vec::with_capacity(all);
    while let Some(tile) = coming.next().await {
        let tile = tile?;
        draw(&tile);
        drawn.push((
            tile.thread,
            tile.tile,
            tile.began - start,
            tile.ended - start,
        ));
        if drawn.len() > all / BEFORE
            && let (Some(pause), Some(block)) = (pause.take(), block.take())
        {
            pause().await;
            let begin = now() - start;
            block();
            blocked = [begin, now() - start];
        }
    }
    let of =
        |when: fn(f64, [f64; 2]) -> bool| drawn.iter().filter(|it| when(it.3, blocked)).count();
    let ended = drawn.iter().map(|it| it.3);
    let meanwhile = ended.filter(|ended| blocked[0] < *ended && *ended <= blocked[1]);
    let tiles = [
        of(|ended, [begin, _]| ended <= begin),
        of(|ended, [begin, end]| begin < ended && ended <= end),
        of(|ended, [_, end]| end < ended),
    ];
    let block = |&(thread, tile, from, to): &(u64, Tile, f64, f64)| {
        let worker = threads.iter().position(|it| *it == thread);
        let worker = worker.unwrap_or_default();
        Block {
            worker,
            home: worker,
            from,
            to,
            tile,
        }
    };
    Ok(Report {
        fabric: name(pool.fabric()),
        workers: pool.workers(),
        blocked,
        millis: drawn.iter().fold(0.0, |last, it| it.3.max(last)),
        last: meanwhile.fold(0.0, f64::max),
        tiles,
        blocks: drawn.iter().map(block).collect(),
    })
}

/// As the page and its address have it.
pub fn name(fabric: Fabric) -> &'static str {
    match fabric {
        Fabric::Shared => "shared",
        Fabric::Post => "post",
        _ => "auto",
    }
}

fn render(picture: &Picture, tile: Tile) -> Drawn {
    let began = now();
    let (columns, rows) = (tile.columns(), tile.rows());
    let (rgba, _) = crate::julia::render_part(picture, columns, rows, || {});
    Drawn {
        tile,
        rgba,
        thread: wasm_mt::current().map_or(0, |thread| thread.id()),
        began,
        ended: now(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::executor::block_on;

    use super::*;
    use crate::tile;
    use crate::view::View;

    #[test]
    fn workers_finish_the_picture_while_their_owner_is_blocked() {
        let view = View::whole(96, 96, (-0.76, 0.0685));
        let plan = Plan {
            picture: view.picture(),
            side: 16,
        };
        let pool = block_on(ThreadPool::builder().workers(2).build()).unwrap();
        let mut rgba = vec![0; 96 * 96 * 4];
        let report = block_on(run(
            &pool,
            &plan,
            || std::future::ready(()),
            || std::thread::sleep(Duration::from_millis(300)),
            |drawn| tile::place(&mut rgba, 96, &drawn.tile, &drawn.rgba),
        ))
        .unwrap();
        let [before, during, after] = report.tiles;
        assert_eq!(before + during + after, plan.tiles().len());
        assert_eq!(report.blocks.len(), plan.tiles().len());
        assert!(report.blocked[1] - report.blocked[0] >= 300.0);
        assert_eq!(after, 0, "they waited: {report:?}");
        let (_, _, native) = crate::render_view(&view.to_json()).unwrap();
        assert_eq!(rgba, native);
    }
}
