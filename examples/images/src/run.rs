//! [`Run`]: some files, from first to last, by a pool or by the page. Lives with the page.
//!
//! 1. At most two files more than there are workers are in memory, and on their way, at any time.
//! 2. Each tile hears how it ends once: `show`, or `fail`.

use std::cell::RefCell;

use js_sys::{ArrayBuffer, Function, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_mt::{AbortHandle, Buffer, JoinError, Sender, Transfer, channel, job};
use wasm_mt_pool::ThreadPool;
use web_sys::{File, ImageData, OffscreenCanvas};

use crate::darkroom::{self, Exposure};
use crate::draw;
use crate::page::Workers;
use crate::photo::{self, Refused};
use crate::thumbnail::{Thumbnail, thumbnail};

#[wasm_bindgen]
extern "C" {
    /// A file's place on the page. `tile.js` has the class.
    pub type Tile;
    #[wasm_bindgen(method, getter)]
    fn file(this: &Tile) -> File;
    /// It was handed out.
    #[wasm_bindgen(method)]
    fn begin(this: &Tile);
    /// So much of it is done, of 1.
    #[wasm_bindgen(method)]
    fn progress(this: &Tile, part: f32);
    /// Its canvas, for a worker to draw on.
    #[wasm_bindgen(method, js_name = handOver)]
    fn hand_over(this: &Tile) -> OffscreenCanvas;
    /// It is ready, and drawn unless there are pixels to draw.
    #[wasm_bindgen(method)]
    fn show(this: &Tile, made: Made, pixels: Option<ImageData>);
    /// There will be no thumbnail.
    #[wasm_bindgen(method)]
    fn fail(this: &Tile, cancelled: bool, why: &str);
}

/// What a tile says of its thumbnail.
#[wasm_bindgen]
pub struct Made {
    /// Pixels in a row of the picture.
    pub width: u32,
    /// Rows of the picture.
    pub height: u32,
    /// How long it took where it was made.
    pub millis: f64,
    /// Which of the workers made it, from 0; none if the page did.
    pub worker: Option<usize>,
}

/// Why a file has no thumbnail.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("cancelled")]
    Cancelled,
    #[error("the browser does not give it: {0}")]
    NotRead(String),
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error(transparent)]
    Job(JoinError),
}

impl From<JoinError> for Failure {
    fn from(error: JoinError) -> Self {
        if error.is_cancelled() {
            Failure::Cancelled
        } else {
            Failure::Job(error)
        }
    }
}

enum State {
    Waiting,
    Working(AbortHandle),
    Ended,
}

/// Some files on their way to their thumbnails.
#[wasm_bindgen]
pub struct Run {
    tiles: Vec<Tile>,
    states: RefCell<Vec<State>>,
}

#[wasm_bindgen]
impl Run {
    /// A run of the files of these tiles. It begins with `onPool` or `onPage`.
    #[wasm_bindgen(constructor)]
    pub fn new(tiles: Vec<Tile>) -> Run {
        let states = tiles.iter().map(|_| State::Waiting).collect();
        Run {
            tiles,
            states: RefCell::new(states),
        }
    }

    /// Has workers develop the files. They also draw, on canvases handed over, if `draw` says so.
    #[wasm_bindgen(js_name = onPool)]
    pub async fn on_pool(&self, workers: &Workers, draw: bool) {
        let pool = workers.pool();
        darkroom::few_at_a_time(self.tiles.len(), pool, async |index| {
            let outcome = self.expose(index, pool, draw).await;
            self.end(index, outcome, Some(workers));
        })
        .await;
    }

    /// Develops the files here, on the page's own thread. Between two of them it takes a breath.
    #[wasm_bindgen(js_name = onPage)]
    pub async fn on_page(&self) {
        for index in 0..self.tiles.len() {
            pause().await;
            let outcome = self.expose_here(index).await;
            self.end(index, outcome, None);
        }
    }

    /// Gives up on a file. Its tile hears so at once; what becomes of the worker is the pool's affair.
    pub fn cancel(&self, index: usize) {
        let job = match self.states.borrow().get(index) {
            Some(State::Waiting) => None,
            Some(State::Working(job)) => Some(job.clone()),
            Some(State::Ended) | None => return,
        };
        match job {
            Some(job) => job.abort(),
            None => self.end(index, Err(Failure::Cancelled), None),
        }
    }

    /// Gives up on all files that are left.
    #[wasm_bindgen(js_name = cancelAll)]
    pub fn cancel_all(&self) {
        // From the last: where one is given up, the pool takes the next at once.
        for index in (0..self.tiles.len()).rev() {
            self.cancel(index);
        }
    }
}

impl Run {
    /// Sends a file to the pool, and tells its tile how it goes until it is back.
    async fn expose(
        &self,
        index: usize,
        pool: &ThreadPool,
        draw: bool,
    ) -> Result<Thumbnail, Failure> {
        let tile = &self.tiles[index];
        let file = self.read(index).await?;
        let mut exposure = if draw {
            expose_on(pool, file, tile.hand_over())
        } else {
            darkroom::expose(pool, file)
        };
        self.states.borrow_mut()[index] = State::Working(exposure.thumbnail.abort_handle());
        tile.begin();
        while let Some(part) = exposure.progress.recv().await {
            tile.progress(part?);
        }
        Ok(exposure.thumbnail.await??)
    }

    /// The same without a pool.
    async fn expose_here(&self, index: usize) -> Result<Thumbnail, Failure> {
        let tile = &self.tiles[index];
        let file = self.read(index).await?;
        tile.begin();
        Ok(thumbnail(&file, |part| tile.progress(part))?)
    }

    /// The bytes of a file, unless it was given up by then.
    async fn read(&self, index: usize) -> Result<Vec<u8>, Failure> {
        self.still_wanted(index)?;
        let file = self.tiles[index].file();
        photo::admit(file.size() as u64)?;
        let bytes = JsFuture::from(file.array_buffer()).await;
        self.still_wanted(index)?;
        let bytes = bytes.and_then(|bytes| bytes.dyn_into::<ArrayBuffer>());
        let bytes = bytes.map_err(|error| Failure::NotRead(draw::text(&error)))?;
        Ok(Uint8Array::new(&bytes).to_vec())
    }

    fn still_wanted(&self, index: usize) -> Result<(), Failure> {
        match self.states.borrow()[index] {
            State::Ended => Err(Failure::Cancelled),
            State::Waiting | State::Working(_) => Ok(()),
        }
    }

    /// Tells a tile how it ended, unless it knows.
    fn end(&self, index: usize, outcome: Result<Thumbnail, Failure>, workers: Option<&Workers>) {
        let before = std::mem::replace(&mut self.states.borrow_mut()[index], State::Ended);
        if matches!(before, State::Ended) {
            return;
        }
        let shown = outcome.and_then(|thumbnail| {
            let pixels = (!thumbnail.rgba.is_empty()).then(|| draw::image(&thumbnail));
            let pixels = pixels.transpose().map_err(|error| {
                // The page's own `ImageData`: as if it had not been drawn there.
                Failure::Refused(Refused::NotDrawn(draw::text(&error)))
            })?;
            Ok((thumbnail, pixels))
        });
        let tile = &self.tiles[index];
        match shown {
            Ok((thumbnail, pixels)) => {
                let made = Made {
                    width: thumbnail.of.0,
                    height: thumbnail.of.1,
                    millis: thumbnail.millis,
                    worker: workers.and_then(|workers| workers.number(thumbnail.thread?)),
                };
                tile.show(made, pixels);
            }
            Err(Failure::Cancelled) => tile.fail(true, "cancelled"),
            Err(failure) => tile.fail(false, &failure.to_string()),
        }
    }
}

/// As [`darkroom::expose`], and the worker draws the thumbnail on a canvas of the page's.
fn expose_on(pool: &ThreadPool, file: Vec<u8>, canvas: OffscreenCanvas) -> Exposure {
    let (told, progress) = channel();
    let (file, canvas) = (Buffer(file), Transfer(canvas));
    let thumbnail =
        pool.spawn(job!(|file: Buffer<u8>,
                         canvas: Transfer<OffscreenCanvas>,
                         told: Sender<f32>| {
            draw::thumbnail_on(&canvas, &file, &told)
        }));
    Exposure {
        progress,
        thumbnail,
    }
}

/// Gives the event loop a turn. Not by `requestAnimationFrame`, which a tab that nobody sees is never granted.
async fn pause() {
    let turn = Promise::new(&mut |resolve, _| set_timeout(&resolve, 0));
    // It is never rejected.
    let _ = JsFuture::from(turn).await;
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, millis: u32);
}
