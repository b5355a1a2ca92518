//! What is posted to one worker and has not ended, and how far ahead of its need to post. Lives with the pool's owner.
//!
//! Invariant 1: frames end in the order in which they were posted.
//!
//! Invariant 2: nothing is posted behind a frame that takes much longer than was thought, nor, but for the first round of
//! many workers, behind one of an unknown kind: it may never end.

use std::collections::VecDeque;

use super::cost::Part;
use super::mutated;
use super::room::{ALWAYS_BY_WORKER, FRAME, Share};

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
        let round = ALWAYS_BY_WORKER * share.workers as f64;
        let running = now - self.since - self.reach - tick;
        if !self.left().is_finite() {
            // Nobody knows how long it runs. But where the owner needs longer to go round all workers than to answer one,
            // each would wait for it after its first job.
            let many = round > ROUND_TRIP && share.waiting >= 2 * share.takers;
            return many && self.frames.len() == 1 && running <= round && !mutated!(FirstRoundAlone);
        }
        let ahead: f64 = self.frames.iter().skip(1).map(|frame| frame.posted.predicted).sum();
        if self.frames.len() > AHEAD || ahead >= self.reach || running > 2.0 * first.posted.careful {
            return false;
        }
        // Should all of it take as long as it may well do, the others still have enough to do meanwhile: twice their part of
        // what waits, if that is as what is posted here.
        let jobs: usize = self.frames.iter().flat_map(|frame| &frame.posted.parts).map(|part| part.jobs).sum();
        let others = share.waiting as f64 / share.takers.max(1) as f64 * self.left() / jobs as f64;
        let careful: f64 = self.frames.iter().map(|frame| frame.posted.careful).sum();
        careful <= (2.0 * round).max(FRAME).max(2.0 * others) || mutated!(AheadForSure)
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
