//! One picture in three ways: by this thread alone, by workers with a fixed share each, and by workers that steal from each other.
//! Lives with the pool's owner; the jobs' own part runs in workers.
//!
//! Whatever is compared does the same: the same tiles by the same function, sent to the page by the same way, one message a tile.
//! For that a `Post` stands in each worker while a run goes on, an async job that holds a sender and otherwise waits. A tile that
//! was stolen is sent from where it was rendered. By a sender handed on to it as an argument it would come by way of the worker
//! that spawned it, which is busy with tiles of its own.
//!
//! 1. A run begins when all posts stand, and each worker has rendered one tile that does not count.
//! 2. A tile of another run, which was stopped, is not taken for one of this.
//! 3. Dropping a run aborts its jobs. None of them goes on for longer than a tile, or [`SLICE`].

#[cfg(test)]
mod tests;
mod turn;

use std::cell::RefCell;
use std::future::{Future, pending};
use std::sync::atomic::{AtomicU32, Ordering};

use futures::FutureExt;
use futures::future::{Either, select};
use serde::{Deserialize, Serialize};
use wasm_mt::{Buffer, JoinError, Sender, channel, job};
use wasm_mt_pool::ThreadPool;

use crate::clock::now;
use crate::julia::{self, Picture};
use crate::tile::{self, Tile};

/// For so many milliseconds a worker, or the page, goes on before it looks whether it shall stop.
pub const SLICE: f64 = 40.0;

/// Who renders what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// This thread, all of it.
    Serial,
    /// Each worker its share.
    StaticSplit,
    /// The same, and who has nothing left takes from others.
    WorkStealing,
}

/// What is rendered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The picture.
    pub picture: Picture,
    /// Columns and rows of its tiles.
    pub side: u32,
}

/// A tile, and who rendered it when.
#[derive(Debug, Serialize, Deserialize)]
pub struct Done {
    run: u32,
    /// Which of the tiles.
    pub tile: Tile,
    /// In whose share it was, from 0.
    pub home: usize,
    /// The thread that rendered it; 0 for the page's own.
    pub thread: u64,
    /// When it began, by [`now`].
    pub began: f64,
    /// When it was rendered.
    pub ended: f64,
    /// The pixels.
    pub rgba: Buffer<u8>,
}

/// How a run went.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// When it began, by [`now`].
    pub began: f64,
    /// How long it took, in milliseconds, to the last tile taken in.
    pub millis: f64,
    /// Jobs that a worker took from another, as the pool counts them.
    pub stolen: u64,
}

/// Why a run has no end.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A job.
    #[error(transparent)]
    Job(#[from] JoinError),
    /// A worker could not give what it had rendered.
    #[error("{0}; press Run to try again")]
    Sent(String),
    /// Tiles are missing although all jobs have ended.
    #[error("{0} tiles did not come; press Run to try again")]
    Missing(usize),
}

/// Renders all tiles here. Between slices it awaits `pause`; that time does not count.
pub async fn serial<P: Future<Output = ()>>(
    plan: &Plan,
    pause: impl Fn() -> P,
    mut done: impl FnMut(Done),
) -> Run {
    let tiles = plan.tiles();
    if let Some(tile) = tiles.get(tiles.len() / 2) {
        julia::render_part(&plan.picture, tile.columns(), tile.rows(), || {});
    }
    pause().await;
    let start = now();
    let (mut millis, mut slice) = (0.0, start);
    for tile in tiles {
        let (began, rgba) = (now(), plan.render(&tile));
        done(Done {
            run: 0,
            tile,
            home: 0,
            thread: 0,
            began,
            ended: now(),
            rgba,
        });
        if now() - slice > SLICE {
            millis += now() - slice;
            pause().await;
            slice = now();
        }
    }
    Run {
        began: start,
        millis: millis + (now() - slice),
        stolen: 0,
    }
}

/// Has the pool's workers render all tiles, and calls `done` with each as it comes.
///
/// # Errors
/// That a job failed.
pub async fn parallel(
    pool: &ThreadPool,
    plan: &Plan,
    mode: Mode,
    mut done: impl FnMut(Done),
) -> Result<Run, Failure> {
    let run = next_run();
    let (sender, mut arriving) = channel::<Done>();
    // Kept until the run ends. That they end is noticed below, by what cannot be sent.
    let posts = pool.broadcast(|_| {
        let sender = sender.clone();
        job!(async |run: u32, sender: Sender<Done>| Post::stand(run, sender).await)
    });
    drop(sender);
    let ready = pool.broadcast(|_| {
        let plan = plan.clone();
        job!(|run: u32, plan: Plan| warm_up(run, &plan))
    });
    for outcome in ready.await {
        outcome?.map_err(Failure::Sent)?;
    }

    let shares = plan.shares(pool.workers());
    let mut left = plan.tiles().len();
    let stolen = pool.stats().stolen();
    let began = now();
    let mut end = began;
    let mut take = |item: Option<Result<Done, JoinError>>, left: &mut usize| match item {
        Some(Ok(tile)) if tile.run == run => {
            done(tile);
            *left -= 1;
            end = now();
            Ok(())
        }
        Some(Ok(_)) => Ok(()),
        Some(Err(error)) => Err(Failure::Job(error)),
        None => Err(Failure::Missing(*left)),
    };
    let mut roots = pool.broadcast(|home| {
        let plan = plan.clone();
        let share = shares.get(home).cloned().unwrap_or_default();
        let (from, to) = (share.start, share.end);
        let steal = mode == Mode::WorkStealing;
        job!(
            async |run: u32, plan: Plan, home: usize, from: usize, to: usize, steal: bool| {
                if steal {
                    spawn_share(run, &plan, home, from, to).await
                } else {
                    render_share(run, &plan, home, from, to).await
                }
            }
        )
    });
    let outcomes = loop {
        match select(Box::pin(arriving.recv()), &mut roots).await {
            Either::Left((item, _)) => take(item, &mut left)?,
            Either::Right((outcomes, _)) => break outcomes,
        }
    };
    for outcome in outcomes {
        outcome?.map_err(Failure::Sent)?;
    }
    // What a job has sent was there before its end was known.
    while left > 0 {
        match arriving.recv().now_or_never() {
            Some(item) => take(item, &mut left)?,
            None => return Err(Failure::Missing(left)),
        }
    }
    drop(posts);
    Ok(Run {
        began,
        millis: end - began,
        stolen: pool.stats().stolen() - stolen,
    })
}

impl Plan {
    /// All its tiles.
    pub fn tiles(&self) -> Vec<Tile> {
        tile::grid(self.picture.width, self.picture.height, self.side)
    }

    fn shares(&self, workers: usize) -> Vec<std::ops::Range<usize>> {
        tile::shares(self.picture.width, self.picture.height, self.side, workers)
    }

    fn render(&self, tile: &Tile) -> Buffer<u8> {
        let (columns, rows) = (tile.columns(), tile.rows());
        Buffer(julia::render_part(&self.picture, columns, rows, || {}).0)
    }
}

/// A worker's way to the page, for whatever it renders in a run.
struct Post {
    run: u32,
    sender: Sender<Done>,
}

thread_local! {
    static POST: RefCell<Option<Post>> = const { RefCell::new(None) };
}

impl Post {
    /// Stands in this worker until it is aborted.
    async fn stand(run: u32, sender: Sender<Done>) {
        /// The next run's may stand here before this one's is told to go.
        struct Leaves(u32);
        impl Drop for Leaves {
            fn drop(&mut self) {
                POST.with_borrow_mut(|post| {
                    post.take_if(|post| post.run == self.0);
                });
            }
        }
        let _leaves = Leaves(run);
        POST.set(Some(Post { run, sender }));
        pending::<()>().await;
    }

    fn send(done: Done) -> Result<(), String> {
        POST.with_borrow(|post| match post {
            Some(post) if post.run == done.run => {
                // A clone, since natively a sender is closed with the job that has sent by it.
                let sender = post.sender.clone();
                sender.send(done).map_err(|error| error.to_string())
            }
            _ => Err("a worker was replaced in the middle of a run".into()),
        })
    }
}

/// Renders a tile that does not count.
fn warm_up(run: u32, plan: &Plan) -> Result<(), String> {
    let tiles = plan.tiles();
    if let Some(tile) = tiles.get(tiles.len() / 2) {
        plan.render(tile);
    }
    POST.with_borrow(|post| match post {
        Some(post) if post.run == run => Ok(()),
        _ => Err("a worker was replaced before a run".into()),
    })
}

/// A worker's share, by itself.
async fn render_share(
    run: u32,
    plan: &Plan,
    home: usize,
    from: usize,
    to: usize,
) -> Result<(), String> {
    let mut slice = now();
    for tile in plan.tiles().into_iter().take(to).skip(from) {
        render_tile(run, plan, tile, home)?;
        if now() - slice > SLICE {
            turn::turn().await;
            slice = now();
        }
    }
    Ok(())
}

/// A worker's share as jobs of its own: they lie on its deque, from where idle workers take the last ones.
async fn spawn_share(
    run: u32,
    plan: &Plan,
    home: usize,
    from: usize,
    to: usize,
) -> Result<(), String> {
    let pool = ThreadPool::current().ok_or("the job runs in no pool")?;
    let tiles = plan.tiles().into_iter().take(to).skip(from);
    // A worker begins with the newest of its deque: so with the first tile, as when it does not share.
    let jobs: Vec<_> = tiles
        .rev()
        .map(|tile| {
            let plan = plan.clone();
            pool.spawn(job!(|run: u32, plan: Plan, tile: Tile, home: usize| {
                render_tile(run, &plan, tile, home)
            }))
            .abort_on_drop()
        })
        .collect();
    for job in jobs {
        job.await.map_err(|error| error.to_string())??;
    }
    Ok(())
}

fn render_tile(run: u32, plan: &Plan, tile: Tile, home: usize) -> Result<(), String> {
    let began = now();
    let rgba = plan.render(&tile);
    Post::send(Done {
        run,
        tile,
        home,
        thread: wasm_mt::current().map_or(0, |thread| thread.id()),
        began,
        ended: now(),
        rgba,
    })
}

fn next_run() -> u32 {
    static RUNS: AtomicU32 = AtomicU32::new(1);
    // ORDERING: Relaxed; only the number matters.
    RUNS.fetch_add(1, Ordering::Relaxed)
}
