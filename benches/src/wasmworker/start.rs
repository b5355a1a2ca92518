//! [`WasmWorkers`]: a start without a pool.

use futures::future::try_join_all;
use wasm_bindgen::prelude::*;
use wasmworker::{WebWorker, webworker};

use super::jobs::ww_answer;

/// Workers alone, each of which has answered: its pool fetches and compiles the module anew, and these take one that is at hand.
#[wasm_bindgen]
pub struct WasmWorkers {
    answers: Vec<u8>,
    _workers: Vec<WebWorker>,
}

#[wasm_bindgen]
impl WasmWorkers {
    /// Starts so many in parallel.
    ///
    /// # Errors
    ///
    /// That one did not start.
    pub async fn start(workers: u32) -> Result<WasmWorkers, JsValue> {
        let started = try_join_all((0..workers).map(|place| async move {
            let module = Some(wasm_bindgen::module().unchecked_into());
            let worker = WebWorker::with_path_and_module(None, None, None, module)
                .await
                .map_err(|error| error.to_string())?;
            let answer = worker.run(webworker!(ww_answer), &place).await;
            Ok::<_, String>((answer, worker))
        }));
        let (answers, workers) = started.await?.into_iter().unzip();
        Ok(WasmWorkers {
            answers,
            _workers: workers,
        })
    }

    /// What each answered.
    pub fn answers(&self) -> Vec<u8> {
        self.answers.clone()
    }
}
