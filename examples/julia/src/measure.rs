//! [`Benchmark`]: all runs of a benchmark, one after the other, on the page's canvas. Lives with the page.
//!
//! The runs of a round are made in turns: serial, then both kinds for each number of workers. So whatever else the machine does
//! meanwhile falls on all of them.

use std::cell::RefCell;

use futures::future::{AbortHandle, abortable};
use serde::Deserialize;
use wasm_bindgen::prelude::*;
use wasm_mt_pool::{Fabric, ThreadPool};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use crate::benchmark::{self, Done, Mode, Plan, Run};
use crate::clock::now;
use crate::page::{Workers, image};
use crate::report::{self, Kind, Report};
use crate::surface::context;
use crate::tile;
use crate::view::View;

/// Tiles are put on the canvas together, after so many milliseconds: where a browser paints without a graphics card, each frame
/// takes time from the workers.
const OFTEN: f64 = 80.0;

#[wasm_bindgen]
extern "C" {
    /// What the page shows of the runs. `bench.js` has the object.
    pub type Watcher;
    /// A run begins, the one of this number of all that there will be.
    #[wasm_bindgen(method)]
    fn begin(this: &Watcher, mode: &str, workers: usize, number: usize, of: usize);
    /// It has ended. The rows of the report as they stand, as JSON.
    #[wasm_bindgen(method)]
    fn measured(this: &Watcher, rows: String);
    /// A tile is on the canvas. Its worker, from 0, or none; and whether that took it from another.
    #[wasm_bindgen(method)]
    fn tile(
        this: &Watcher,
        x: u32,
        y: u32,
        width: u32,
        height: u32,
        worker: Option<usize>,
        stolen: bool,
    );
}

/// What is asked for.
#[derive(Deserialize)]
struct Settings {
    view: View,
    tile: u32,
    workers: usize,
    runs: usize,
}

/// A benchmark that can be stopped.
#[wasm_bindgen]
#[derive(Default)]
pub struct Benchmark {
    going: RefCell<Option<AbortHandle>>,
}

#[wasm_bindgen]
impl Benchmark {
    /// None that runs.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Benchmark {
        Benchmark::default()
    }

    /// Makes all runs. Gives the report as JSON, or nothing where it was stopped. The pool then has as many workers as were asked for.
    pub async fn run(
        &self,
        workers: &Workers,
        canvas: HtmlCanvasElement,
        settings: String,
        watcher: Watcher,
    ) -> Result<Option<String>, JsValue> {
        let settings: Settings = serde_json::from_str(&settings).map_err(error)?;
        settings.view.check().map_err(error)?;
        let pool = workers.pool().clone();
        let count = settings.workers;
        let runs = all(&pool, &canvas, settings, &watcher);
        let (runs, handle) = abortable(runs);
        *self.going.borrow_mut() = Some(handle);
        let outcome = runs.await;
        self.going.take();
        pool.resize(count).await?;
        match outcome {
            Ok(report) => Ok(Some(serde_json::to_string(&report?).map_err(error)?)),
            Err(_stopped) => Ok(None),
        }
    }

    /// Stops what runs.
    pub fn stop(&self) {
        if let Some(going) = self.going.take() {
            going.abort();
        }
    }
}

async fn all(
    pool: &ThreadPool,
    canvas: &HtmlCanvasElement,
    settings: Settings,
    watcher: &Watcher,
) -> Result<Report, JsValue> {
    let Settings {
        view,
        tile,
        workers,
        runs,
    } = settings;
    let plan = Plan {
        picture: view.picture(),
        side: tile,
    };
    canvas.set_width(view.width);
    canvas.set_height(view.height);
    canvas.set_attribute("data-view", &view.to_json())?;
    let mut kinds = report::kinds(workers);
    let of = kinds.len() * runs;
    let mut first = None;
    for number in 0..of {
        let at = number % kinds.len();
        let kind = &mut kinds[at];
        if kind.mode != Mode::Serial {
            pool.resize(kind.workers).await?;
        }
        watcher.begin(name(kind.mode), kind.workers, number, of);
        pause(20).await;
        let rgba = one(pool, &plan, kind, canvas, watcher).await?;
        match &first {
            None => first = Some(rgba),
            Some(first) if *first == rgba => {}
            Some(first) => {
                let at = first.iter().zip(&rgba).position(|(a, b)| a != b);
                return Err(error(format!(
                    "{} with {} workers drew another picture than serial, first at byte {}; reload the page to try again",
                    name(kind.mode),
                    kind.workers,
                    at.unwrap_or_default()
                )));
            }
        }
        watcher.measured(serde_json::to_string(&report::rows(&kinds)).map_err(error)?);
    }
    Ok(Report::new(view, tile, kinds))
}

/// One run. Gives its picture.
async fn one(
    pool: &ThreadPool,
    plan: &Plan,
    kind: &mut Kind,
    canvas: &HtmlCanvasElement,
    watcher: &Watcher,
) -> Result<Vec<u8>, JsValue> {
    let (width, height) = (plan.picture.width, plan.picture.height);
    let context = context(canvas)?;
    context.clear_rect(0.0, 0.0, f64::from(width), f64::from(height));
    let threads: Vec<u64> = pool.stats().workers.iter().map(|it| it.thread).collect();
    let all = plan.tiles().len();
    let mut tiles: Vec<(Done, usize)> = Vec::with_capacity(all);
    let (mut drawn, mut last) = (0, now());
    let mut failure = None;
    let mut take = |done: Done| {
        let worker = threads.iter().position(|thread| *thread == done.thread);
        tiles.push((done, worker.unwrap_or_default()));
        if tiles.len() < all && now() - last < OFTEN {
            return;
        }
        for (done, worker) in &tiles[drawn..] {
            let worker = (kind.mode != Mode::Serial).then_some(*worker);
            if let Err(error) = draw(&context, watcher, done, worker) {
                failure.get_or_insert(error);
            }
        }
        drawn = tiles.len();
        last = now();
    };
    let mut run: Run = match kind.mode {
        Mode::Serial => benchmark::serial(plan, || pause(0), &mut take).await,
        mode => benchmark::parallel(pool, plan, mode, &mut take)
            .await
            .map_err(error)?,
    };
    if let Some(failure) = failure {
        return Err(failure);
    }
    let mut rgba = vec![0; width as usize * height as usize * 4];
    for (done, _) in &tiles {
        tile::place(&mut rgba, width, &done.tile, &done.rgba);
    }
    let away = tiles
        .iter()
        .filter(|(done, worker)| done.home != *worker)
        .count();
    if pool.fabric() == Fabric::Shared {
        // There all jobs lie in one queue, from which nobody steals: whose tile it was to be is this benchmark's own matter.
        run.stolen = away as u64;
    } else if away as u64 != run.stolen {
        return Err(error(format!(
            "{away} tiles were rendered away from home, and the pool counts {}; press Run to try again",
            run.stolen
        )));
    }
    kind.add(run, &tiles);
    Ok(rgba)
}

/// Puts a tile on the canvas, and tells whose it is.
fn draw(
    context: &CanvasRenderingContext2d,
    watcher: &Watcher,
    done: &Done,
    worker: Option<usize>,
) -> Result<(), JsValue> {
    let at = done.tile;
    let image = image(&done.rgba, at.width, at.height)?;
    context.put_image_data(&image, f64::from(at.x), f64::from(at.y))?;
    let stolen = worker.is_some_and(|worker| worker != done.home);
    watcher.tile(at.x, at.y, at.width, at.height, worker, stolen);
    Ok(())
}

/// Lets the page hear and paint, for so many milliseconds or a few more: between runs, lest what is shown of one fall on the next.
async fn pause(millis: u32) {
    let turn = js_sys::Promise::new(&mut |resolve, _| set_timeout(&resolve, millis));
    // It is never rejected.
    let _ = wasm_bindgen_futures::JsFuture::from(turn).await;
}

fn name(mode: Mode) -> &'static str {
    match mode {
        Mode::Serial => "serial",
        Mode::StaticSplit => "static split",
        Mode::WorkStealing => "work stealing",
    }
}

fn error(error: impl std::fmt::Display) -> JsValue {
    JsError::new(&error.to_string()).into()
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &js_sys::Function, millis: u32);
}
