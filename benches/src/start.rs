//! What the page calls to measure how threads start.

use futures::future::try_join_all;
use wasm_bindgen::prelude::*;
use wasm_mt::{Thread, job};

use crate::answer;

/// Threads that have answered. Freeing it from JavaScript terminates them.
#[wasm_bindgen]
pub struct Threads {
    answers: Vec<u8>,
    _threads: Vec<Thread>,
}

#[wasm_bindgen]
impl Threads {
    /// What each thread answered: `answer` of its number.
    pub fn answers(&self) -> Vec<u8> {
        self.answers.clone()
    }
}

/// Starts `count` threads in parallel and has each answer one job.
///
/// # Errors
///
/// That a thread did not start, or did not answer.
#[wasm_bindgen]
pub async fn start_threads(count: u32) -> Result<Threads, JsValue> {
    let started = try_join_all((0..count).map(|n| async move {
        let thread = Thread::start().await?;
        let byte: u8 = thread.spawn(job!(|n| answer(n))).await?;
        Ok::<_, JsValue>((byte, thread))
    }));
    let (answers, threads) = started.await?.into_iter().unzip();
    Ok(Threads {
        answers,
        _threads: threads,
    })
}
