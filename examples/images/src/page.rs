//! What `page.js` sees beside [`Run`](crate::run::Run): the workers, and pictures to try them on.

use futures::{StreamExt, TryStreamExt, stream};
use js_sys::{Function, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_mt::{Buffer, job};
use wasm_mt_pool::ThreadPool;

use crate::{samples, thumbnail};

/// A pool of workers. Dropped, it ends them.
#[wasm_bindgen]
pub struct Workers {
    pool: ThreadPool,
}

#[wasm_bindgen]
impl Workers {
    /// Starts so many workers.
    pub async fn start(count: usize) -> Result<Workers, JsValue> {
        let pool = ThreadPool::builder().workers(count).build().await?;
        Ok(Workers { pool })
    }

    /// How many they are.
    #[wasm_bindgen(getter)]
    pub fn count(&self) -> usize {
        self.pool.workers()
    }

    /// Bytes of memory of each worker, as it told last; 0 of one that has told nothing yet.
    pub fn memory(&self) -> Vec<f64> {
        let workers = self.pool.stats().workers;
        workers.iter().map(|worker| worker.memory as f64).collect()
    }

    /// Has the workers make test pictures, and calls `made` with the name and the bytes of each, in order.
    pub async fn samples(&self, count: u32, made: Function) -> Result<(), JsValue> {
        stream::iter(0..count)
            .map(|index| self.pool.spawn(job!(|index| sample(index))))
            .buffered(self.pool.workers() + 2)
            .map_err(JsValue::from)
            .enumerate()
            .map(|(index, file)| file.map(|file| (index, file)))
            .try_for_each(async |(index, file)| {
                let file = file.map_err(|why| JsError::new(&why))?;
                let name = samples::name(index as u32);
                made.call2(
                    &JsValue::UNDEFINED,
                    &name.into(),
                    &Uint8Array::from(&file[..]),
                )?;
                Ok(())
            })
            .await
    }
}

impl Workers {
    pub(crate) fn pool(&self) -> &ThreadPool {
        &self.pool
    }

    /// Which worker has this thread, from 0.
    pub(crate) fn number(&self, thread: u64) -> Option<usize> {
        let workers = self.pool.stats().workers;
        workers.iter().position(|worker| worker.thread == thread)
    }
}

fn sample(index: u32) -> Result<Buffer<u8>, String> {
    let (width, height) = samples::SIZE;
    let file = samples::make(index, width, height);
    file.map(Buffer).map_err(|error| error.to_string())
}

/// How many workers the page starts unless told otherwise.
#[wasm_bindgen(js_name = defaultWorkers)]
pub fn default_workers() -> usize {
    wasm_mt::available_parallelism().min(8)
}

/// Two files that are refused: one that is damaged, and one whose header is absurd.
#[wasm_bindgen(js_name = brokenFiles)]
pub fn broken_files() -> Vec<Uint8Array> {
    [samples::damaged(), samples::absurd()]
        .map(|file| Uint8Array::from(&file[..]))
        .into()
}

/// What is being done to a picture of which so much is done.
#[wasm_bindgen(js_name = stageOf)]
pub fn stage_of(part: f32) -> String {
    let stage = match part {
        _ if part < thumbnail::DECODED => "decoding",
        _ if part < thumbnail::SHARPENED => "sharpening",
        _ => "made small",
    };
    stage.to_owned()
}

/// Bytes of memory that the page's own instance has. It never shrinks.
#[wasm_bindgen(js_name = pageMemory)]
pub fn page_memory() -> f64 {
    let memory = wasm_bindgen::memory().unchecked_into::<js_sys::WebAssembly::Memory>();
    let buffer: js_sys::ArrayBuffer = memory.buffer().unchecked_into();
    f64::from(buffer.byte_length())
}
