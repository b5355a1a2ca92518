//! What `page.js` sees: the renderer and its executors, with JavaScript's types in place of ours.

use futures::future;
use js_sys::{Function, Promise, Uint8ClampedArray};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_mt::Thread;
use web_sys::ImageData;

use crate::{classic, executor, julia};

/// Some rows of a picture, ready to be put on the canvas.
#[wasm_bindgen(getter_with_clone)]
pub struct Part {
    /// Which of the pictures, from 0.
    pub picture: usize,
    /// The first of the rows.
    #[wasm_bindgen(js_name = firstRow)]
    pub first_row: u32,
    /// The pixels.
    pub image: ImageData,
    /// Which of the threads rendered it, from 0; undefined if the page did it itself.
    pub thread: Option<usize>,
    /// How long that took.
    pub millis: f64,
}

/// Threads that render. They are started once, and end when this is freed.
#[wasm_bindgen]
pub struct Threads {
    threads: Vec<Thread>,
    classic: bool,
}

#[wasm_bindgen]
impl Threads {
    /// Starts so many threads, all at the same time, which will be given jobs by `job!`.
    pub async fn start(count: usize) -> Result<Threads, JsValue> {
        let starting = (0..count).map(|_| Thread::start());
        Ok(Threads {
            threads: future::try_join_all(starting).await?,
            classic: false,
        })
    }

    /// The same as 0.1 did it: threads that will be given jobs by `exec!`. `pkg_js` is the address of the glue.
    #[wasm_bindgen(js_name = startClassic)]
    pub async fn start_classic(count: usize, pkg_js: String) -> Result<Threads, JsValue> {
        Ok(Threads {
            threads: classic::start(count, &pkg_js).await?,
            classic: true,
        })
    }

    /// How many they are.
    #[wasm_bindgen(getter)]
    pub fn count(&self) -> usize {
        self.threads.len()
    }

    /// They are given jobs by `exec!`.
    #[wasm_bindgen(getter)]
    pub fn classic(&self) -> bool {
        self.classic
    }

    /// Renders the pictures on the threads, and calls `done` with each part.
    pub async fn render(&self, done: Function) -> Result<(), JsValue> {
        let pictures = julia::pictures();
        let done = |part| hand_over(part, &done);
        if self.classic {
            executor::parallel(&pictures, &self.threads, classic::by_exec, done).await
        } else {
            executor::parallel(&pictures, &self.threads, executor::by_job, done).await
        }
    }
}

/// Renders the pictures on the page's own thread, and calls `done` with each.
#[wasm_bindgen(js_name = renderSerial)]
pub async fn render_serial(done: Function) -> Result<(), JsValue> {
    executor::serial(&julia::pictures(), let_the_page_paint, |part| {
        hand_over(part, &done)
    })
    .await
}

/// How many threads the page starts unless told otherwise.
#[wasm_bindgen(js_name = defaultThreads)]
pub fn default_threads() -> usize {
    wasm_mt::available_parallelism().min(4)
}

fn hand_over(part: executor::Part, done: &Function) -> Result<(), JsValue> {
    let height = part.rows.end - part.rows.start;
    // A copy: an ImageData made of `Clamped(&rgba)` would go on looking at this memory when it is long freed.
    let pixels = Uint8ClampedArray::from(&part.rgba[..]);
    let image = ImageData::new_with_js_u8_clamped_array_and_sh(&pixels, julia::SIDE, height)?;
    let part = Part {
        picture: part.picture,
        first_row: part.rows.start,
        image,
        thread: part.thread,
        millis: part.millis,
    };
    done.call1(&JsValue::UNDEFINED, &part.into())?;
    Ok(())
}

/// Gives the event loop a turn. Not by `requestAnimationFrame`, which a tab that nobody sees is never granted.
async fn let_the_page_paint() -> Result<(), JsValue> {
    let turn = Promise::new(&mut |resolve, _| set_timeout(&resolve, 0));
    JsFuture::from(turn).await?;
    Ok(())
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, millis: u32);
}
