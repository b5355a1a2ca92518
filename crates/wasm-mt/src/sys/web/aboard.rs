//! [`Aboard`]: what a pool has beside the messages to its workers, as memory that they share. Lives with the owner; what a
//! worker is given of it, its *board*, comes with the order to start, and what is new of it by messages of its own.
//!
//! Never true: that anything here knows what lies in that memory. A thread without a pool has none, and neither has a pool
//! whose page is not isolated: their workers are sent what they were always sent.

use std::sync::Arc;

use wasm_bindgen::prelude::*;

use super::entry;

// Kinds of messages, behind those of `link.rs` and `child.rs`. To the worker.
pub(super) const BOARD: u32 = 10;
pub(super) const WAKE: u32 = 11;
// From the worker.
pub(super) const TOLD: u32 = 16;
pub(super) const ROUSE: u32 = 17;
pub(super) const QUIET: u32 = 18;

/// What a pool's workers share with their owner, by the number of each.
///
/// `posted` and `ends` call nobody: they may be called under the lane's lock.
pub trait Aboard: Send + Sync {
    /// What the worker is given that is about to start, in its instance to the export `__wasm_mt_board`. From now on the
    /// number is that worker's. A worker that is to be replaced has been ended before.
    fn board(&self, at: usize) -> JsValue;
    /// A message was posted to it, the order to start among them.
    fn posted(&self, at: usize);
    /// It is about to be terminated. It may go on for a while.
    fn ends(&self, at: usize);
}

/// What one worker has of it.
#[derive(Clone)]
pub(crate) struct Place {
    aboard: Arc<dyn Aboard>,
    at: usize,
}

impl Place {
    pub(crate) fn new(aboard: Arc<dyn Aboard>, at: usize) -> Self {
        Place { aboard, at }
    }

    pub(super) fn board(&self) -> JsValue {
        self.aboard.board(self.at)
    }

    pub(super) fn posted(&self) {
        self.aboard.posted(self.at);
    }

    pub(super) fn ends(&self) {
        self.aboard.ends(self.at);
    }
}

/// Has the owner look at what this worker has told it aboard.
pub fn tell_owner() {
    entry::post(&[entry::token(), TOLD.into()]);
}

/// Has the owner wake the worker of this number, which waits for a message.
pub fn rouse(at: usize) {
    entry::post(&[entry::token(), ROUSE.into(), (at as u32).into()]);
}

/// Tells the owner that this worker takes nothing more before it is told to.
pub fn quiet() {
    entry::post(&[entry::token(), QUIET.into()]);
}
