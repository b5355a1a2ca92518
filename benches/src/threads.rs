//! [`Threads`]: a start without a pool, by `Thread` alone.

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
    /// Starts so many in parallel and has each answer one job.
    ///
    /// # Errors
    ///
    /// That a thread did not start, or did not answer.
    pub async fn start(count: u32) -> Result<Threads, JsValue> {
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

    /// What each thread answered.
    pub fn answers(&self) -> Vec<u8> {
        self.answers.clone()
    }
}
