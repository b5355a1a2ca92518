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

/// Work of this many times the owner's answer loses next to nothing by waiting for it.
const LONG: f64 = 60.0;

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
    /// How long all its frames ran that have ended.
    ran: f64,
    /// Its last frame has just ended, so that what is posted now is the answer to that.
    answering: bool,
}

struct Frame {
    posted: Posted,
    /// What `ran` was when this was posted in answer to an end.
    answers: Option<f64>,
}

impl Pace {
    pub(crate) fn new() -> Pace {
        Pace {
            frames: VecDeque::new(),
            reach: ROUND_TRIP,
            since: 0.0,
            ran: 0.0,
            answering: false,
        }
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
        let answers = self.answering.then_some(self.ran);
        self.frames.push_back(Frame { posted, answers });
    }

    /// The oldest frame has ended: it ran for `ran`, after the worker had idled for `gap`.
    pub(crate) fn ended(&mut self, ran: f64, gap: f64, tick: f64, now: f64) -> Option<Posted> {
        let Frame { posted, answers } = self.frames.pop_front()?;
        if let Some(before) = answers {
            // Until it came, the worker ran what was posted earlier, and then idled; but a tick is no idling.
            self.answered(self.ran - before, gap - tick);
        }
        self.ran += ran;
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
        let Some(first) = self.frames.front() else {
            return true;
        };
        let round = ALWAYS_BY_WORKER * share.workers as f64;
        let running = now - self.since - self.reach - tick;
        if !self.left().is_finite() {
            // Nobody knows how long it runs. But where the owner needs longer to go round all workers than to answer one,
            // each would wait for it after its first job.
            let many = round > ROUND_TRIP && share.waiting >= 2 * share.takers;
            return many
                && self.frames.len() == 1
                && running <= round
                && !mutated!(FirstRoundAlone);
        }
        let ahead: f64 = self
            .frames
            .iter()
            .skip(1)
            .map(|frame| frame.posted.predicted)
            .sum();
        if self.frames.len() > AHEAD || ahead >= self.reach || running > 2.0 * first.posted.careful
        {
            return false;
        }
        // Should all of it take as long as it may well do, the others must have enough to do meanwhile: of what waits, if
        // that is as what is posted here. The longer it takes, the less is lost by waiting for the owner, and the more is
        // asked.
        let jobs: usize = self
            .frames
            .iter()
            .flat_map(|frame| &frame.posted.parts)
            .map(|part| part.jobs)
            .sum();
        let others = share.waiting as f64 / share.takers.max(1) as f64 * self.left() / jobs as f64;
        let careful: f64 = self.frames.iter().map(|frame| frame.posted.careful).sum();
        let enough = careful * (careful / (LONG * self.reach)).max(0.5);
        careful <= (2.0 * round).max(FRAME) || enough <= others || mutated!(AheadForSure)
    }

    fn answered(&mut self, busy: f64, gap: f64) {
        if gap > 0.0 {
            let took = (busy + gap).min(LONGEST);
            let weight = if took > self.reach { 0.5 } else { 0.125 };
            self.reach += (took - self.reach) * weight;
        } else {
            self.reach -= (self.reach - ROUND_TRIP) / 64.0;
        }
        self.reach = self.reach.max(ROUND_TRIP);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(predicted: &[f64]) -> Pace {
        let mut pace = Pace::new();
        predicted
            .iter()
            .for_each(|&predicted| post(&mut pace, predicted));
        pace
    }

    fn post(pace: &mut Pace, predicted: f64) {
        pace.post(
            Posted {
                parts: vec![Part { kind: 1, jobs: 1 }],
                predicted,
                careful: predicted,
            },
            0.0,
        );
    }

    fn wants_more(pace: &Pace, waiting: usize, now: f64) -> bool {
        pace.wants_more(
            Share {
                waiting,
                takers: 2,
                workers: 2,
            },
            5.0,
            now,
        )
    }

    #[test]
    fn short_frames_have_two_ahead_and_longer_ones_one() {
        assert!(wants_more(&pace(&[20.0]), 100, 0.0));
        assert!(wants_more(&pace(&[20.0, 20.0]), 100, 0.0));
        assert!(!wants_more(&pace(&[20.0, 20.0, 20.0]), 100, 0.0));
        assert!(wants_more(&pace(&[250.0]), 100, 0.0));
        assert!(!wants_more(&pace(&[250.0, 250.0]), 100, 0.0));
    }

    #[test]
    fn a_long_job_has_something_ahead_only_while_much_waits() {
        assert!(wants_more(&pace(&[10_000.0]), 100, 0.0));
        assert!(!wants_more(&pace(&[10_000.0]), 4, 0.0));
        assert!(wants_more(&pace(&[100.0]), 1, 0.0));
    }

    #[test]
    fn nothing_goes_behind_an_unknown_job_or_one_that_is_overdue() {
        assert!(!wants_more(&pace(&[f64::INFINITY]), 100, 0.0));
        assert!(!wants_more(&pace(&[20.0]), 100, 5000.0));
        let many = Share {
            waiting: 1000,
            takers: 128,
            workers: 128,
        };
        assert!(pace(&[f64::INFINITY]).wants_more(many, 5.0, 0.0));
        assert!(!pace(&[f64::INFINITY, f64::INFINITY]).wants_more(many, 5.0, 0.0));
    }

    #[test]
    fn an_owner_that_answers_late_is_reached_for_and_forgotten_slowly() {
        let mut pace = pace(&[100.0]);
        for _ in 0..8 {
            pace.ended(100.0, 0.0, 5.0, 0.0);
            post(&mut pace, 100.0);
            pace.settle();
            pace.ended(100.0, 5000.0, 5.0, 0.0);
            post(&mut pace, 100.0);
        }
        assert!(pace.reach() > 4000.0, "{}", pace.reach());
        for _ in 0..500 {
            pace.ended(100.0, 0.0, 5.0, 0.0);
            post(&mut pace, 100.0);
        }
        assert!(pace.reach() < 100.0, "{}", pace.reach());
    }

    #[test]
    fn an_end_without_a_frame_changes_nothing() {
        let mut pace = Pace::new();
        assert!(pace.ended(1.0, 1.0, 5.0, 9.0).is_none());
        assert_eq!((pace.reach(), pace.answering), (ROUND_TRIP, false));
    }
}
