//! What is posted to one worker and has not ended, and how far ahead of its need to post. Lives with the pool's owner.
//!
//! Invariant 1: frames end in the order in which they were posted.
//!
//! Invariant 2: nothing is posted behind a frame that holds an unknown kind, or that takes longer than was thought: it may
//! never end.

use std::collections::VecDeque;

use super::cost::Part;
use super::mutated;
use super::room::{FRAME, Share};

/// How long the owner takes at the least to answer a worker, in µs: two messages between event loops.
const ROUND_TRIP: f64 = 70.0;

/// The longest that a worker is thought to wait for an answer, in µs.
const LONGEST: f64 = 20_000.0;

/// Frames posted ahead of the one that runs.
const AHEAD: usize = 2;

/// A frame on its way, or open.
#[derive(Debug)]
pub(crate) struct Posted {
    pub(crate) parts: Vec<Part>,
    pub(crate) predicted: f64,
    pub(crate) careful: f64,
}

/// One worker's frames.
pub(crate) struct Pace {
    frames: VecDeque<Frame>,
    /// How long the owner takes to answer, as far as is known.
    reach: f64,
    /// When the oldest frame began, or was posted, by the owner's clock.
    since: f64,
    /// Its last frame has just ended, so that what is posted now is the answer to that.
    answering: bool,
}

struct Frame {
    posted: Posted,
    /// What was left to the worker when this was posted in answer to an end.
    answers: Option<f64>,
}

impl Pace {
    pub(crate) fn new() -> Pace {
        Pace { frames: VecDeque::new(), reach: ROUND_TRIP, since: 0.0, answering: false }
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.frames.is_empty()
    }

    pub(crate) fn reach(&self) -> f64 {
        self.reach
    }

    /// What it is expected to be busy for; infinite if nobody knows.
    pub(crate) fn left(&self) -> f64 {
        self.frames.iter().map(|frame| frame.posted.predicted).sum()
    }

    pub(crate) fn post(&mut self, posted: Posted, now: f64) {
        if self.frames.is_empty() {
            self.since = now;
        }
        let answers = self.answering.then(|| self.left());
        self.frames.push_back(Frame { posted, answers });
    }

    /// The oldest frame has ended, after the worker had idled for `gap`.
    pub(crate) fn ended(&mut self, gap: f64, tick: f64, now: f64) -> Option<Posted> {
        let Frame { posted, answers } = self.frames.pop_front()?;
        if let Some(left) = answers {
            self.answered(left, gap - tick);
        }
        self.since = now;
        self.answering = true;
        Some(posted)
    }

    /// Whatever is posted from now on answers no end: nothing was there to answer it with.
    pub(crate) fn settle(&mut self) {
        self.answering = false;
    }

    /// All that was posted is forgotten.
    pub(crate) fn clear(&mut self) {
        self.frames.clear();
        self.answering = false;
        self.reach = ROUND_TRIP;
    }

    /// Whether more should be posted to this worker, which is not idle.
    pub(crate) fn wants_more(&self, share: Share, tick: f64, now: f64) -> bool {
        if mutated!(NothingAhead) {
            return false;
        }
        if mutated!(FarAhead) {
            return self.frames.len() <= 16 && self.left().is_finite();
        }
        let Some(first) = self.frames.front() else { return true };
        if self.frames.len() > AHEAD || !self.left().is_finite() {
            return false;
        }
        let careful: f64 = self.frames.iter().map(|frame| frame.posted.careful).sum();
        if now - self.since > 2.0 * first.posted.careful + self.reach + tick {
            return false;
        }
        // What runs may end any moment, so it does not count.
        let ahead: f64 = self.frames.iter().skip(1).map(|frame| frame.posted.predicted).sum();
        if ahead >= self.reach {
            return false;
        }
        share.waiting >= 2 * share.takers || careful <= FRAME.max(16.0 * share.workers as f64)
    }

    fn answered(&mut self, left: f64, gap: f64) {
        if gap > 0.0 {
            let took = (left + gap).min(LONGEST);
            let weight = if took > self.reach { 0.5 } else { 0.125 };
            self.reach += (took - self.reach) * weight;
        } else {
            self.reach -= (self.reach - ROUND_TRIP) / 64.0;
        }
        self.reach = self.reach.max(ROUND_TRIP);
    }
}
