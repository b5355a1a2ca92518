//! What the page calls to measure a `Buffer` on its way to a thread and back.

use wasm_bindgen::prelude::*;
use wasm_mt::{Buffer, Thread, job};

/// A thread that gives back what it is sent, and what it is to be sent.
#[wasm_bindgen]
pub struct Echo {
    thread: Thread,
    bytes: Vec<u8>,
}

#[wasm_bindgen]
impl Echo {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// That it did not start.
    pub async fn start() -> Result<Echo, JsValue> {
        Ok(Echo {
            thread: Thread::start().await?,
            bytes: Vec::new(),
        })
    }

    /// Has `length` bytes ready that tell their places.
    pub fn fill(&mut self, length: u32) {
        self.bytes = Vec::new();
        self.bytes = (0..length).map(byte_at).collect();
    }

    /// Sends the bytes to the thread and takes back what it answers, `times` times, one after the other.
    ///
    /// # Errors
    ///
    /// That the thread did not answer.
    pub async fn trips(&mut self, times: u32) -> Result<(), JsValue> {
        for _ in 0..times {
            let bytes = Buffer(std::mem::take(&mut self.bytes));
            let Buffer(back) = self.thread.spawn(job!(|bytes| bytes)).await?;
            self.bytes = back;
        }
        Ok(())
    }

    /// Looks at each byte that has come back.
    ///
    /// # Errors
    ///
    /// That one is another, or that there are not `length`.
    pub fn check(&self, length: u32) -> Result<(), JsValue> {
        if self.bytes.len() != length as usize {
            return Err(format!("wasm-mt: {} bytes came back", self.bytes.len()).into());
        }
        let wrong = (0..)
            .zip(&self.bytes)
            .find(|&(place, byte)| *byte != byte_at(place));
        match wrong {
            None => Ok(()),
            Some((place, byte)) => Err(format!("wasm-mt: {byte} came back at {place}").into()),
        }
    }
}

fn byte_at(place: u32) -> u8 {
    (place ^ (place >> 8)) as u8
}
