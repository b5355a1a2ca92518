//! What a job of each kind costs, from the times of whole frames. A worker cannot time a job: many fit into one tick of its
//! clock.
//!
//! Invariant 1: a kind is unknown until a frame that held it has ended.
//!
//! Invariant 2: old frames fade only when those that are kept sum up to [`TICKS`] ticks. A frame of less than a tick reads
//! as nothing or as a whole tick; only the sum of many is right, and a sum that faded earlier would never be.

use std::collections::HashMap;

use super::mutated;

/// How many ticks the kept frames of a kind must sum up to before old ones fade.
const TICKS: f64 = 8.0;

/// What one more frame leaves of the older ones: about the last eight count.
const FADE: f64 = 7.0 / 8.0;

/// So many jobs of one kind in a frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    pub(crate) kind: u64,
    pub(crate) jobs: usize,
}

/// The kinds that the pool has seen.
#[derive(Default)]
pub(crate) struct Costs {
    kinds: HashMap<u64, Cost>,
}

/// What is known of a kind.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    /// Jobs, and what they took, of the frames that have not faded.
    jobs: f64,
    ran: f64,
    /// Squares of how far frames were from what was expected, by the job, and how many frames that are.
    squares: f64,
    frames: f64,
    /// All jobs that were ever timed.
    timed: usize,
    /// What the clock could have hidden of `ran`.
    tick: f64,
}

impl Costs {
    pub(crate) fn known(&self, kind: u64) -> Option<&Cost> {
        self.kinds.get(&kind)
    }

    /// Takes in that a frame of these parts `ran` so long. Of several kinds each is charged as was expected of it.
    pub(crate) fn record(&mut self, parts: &[Part], ran: f64, tick: f64) {
        let expected: f64 = parts.iter().map(|part| self.expected(part)).sum();
        let jobs: usize = parts.iter().map(|part| part.jobs).sum();
        for part in parts {
            let fraction = if expected > 0.0 {
                self.expected(part) / expected
            } else {
                part.jobs as f64 / jobs as f64
            };
            self.kinds
                .entry(part.kind)
                .or_default()
                .record(part.jobs, ran * fraction, tick);
        }
    }

    fn expected(&self, part: &Part) -> f64 {
        self.known(part.kind)
            .map_or(0.0, |cost| cost.careful_mean() * part.jobs as f64)
    }
}

impl Cost {
    /// What a job took on average; nothing, where the clock has not ticked for it yet.
    pub(crate) fn mean(&self) -> f64 {
        self.ran / self.jobs
    }

    /// The same when one more tick has passed unseen.
    pub(crate) fn careful_mean(&self) -> f64 {
        (self.ran + self.tick) / self.jobs
    }

    /// By how much jobs of one kind differ: the variance of one.
    pub(crate) fn variance(&self) -> f64 {
        if self.frames > 0.0 && !mutated!(MeanAlone) {
            self.squares / self.frames
        } else {
            0.0
        }
    }

    /// How many jobs have been timed.
    pub(crate) fn timed(&self) -> usize {
        self.timed
    }

    fn record(&mut self, jobs: usize, ran: f64, tick: f64) {
        let count = jobs as f64;
        if self.jobs > 0.0 {
            if self.ran >= TICKS * tick || mutated!(FadesAtOnce) {
                self.jobs *= FADE;
                self.ran *= FADE;
            }
            // Whatever a tick can explain is no difference between jobs.
            let off = ((ran - self.mean() * count).abs() - tick).max(0.0);
            self.squares = self.squares * FADE + off * off / count;
            self.frames = self.frames * FADE + 1.0;
        }
        self.jobs += count;
        self.ran += ran;
        self.timed = self.timed.saturating_add(jobs);
        self.tick = tick;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: u64 = 7;

    fn after(frames: &[(usize, f64)], tick: f64) -> Cost {
        let mut costs = Costs::default();
        for &(jobs, ran) in frames {
            costs.record(&[Part { kind: KIND, jobs }], ran, tick);
        }
        *costs.known(KIND).unwrap()
    }

    #[test]
    fn a_kind_is_unknown_until_a_frame_has_ended() {
        assert!(Costs::default().known(KIND).is_none());
        assert_eq!(after(&[(1, 30.0)], 5.0).mean(), 30.0);
    }

    #[test]
    fn jobs_below_a_tick_are_told_from_many_frames() {
        let mut frames = vec![(10, 0.0); 99];
        frames.push((10, 1000.0));
        let cost = after(&frames, 1000.0);
        assert_eq!(cost.mean(), 1.0);
        assert_eq!(cost.careful_mean(), 2.0);
        assert_eq!(cost.variance(), 0.0);
    }

    #[test]
    fn a_kind_that_became_dearer_is_known_as_such_after_some_frames() {
        let mut frames = vec![(10, 100.0); 50];
        frames.extend([(10, 1000.0); 16]);
        let mean = after(&frames, 5.0).mean();
        assert!(mean > 80.0, "{mean}");
    }

    #[test]
    fn jobs_that_differ_have_a_variance() {
        let mut frames = vec![(1, 10.0); 9];
        frames.push((1, 200.0));
        assert!(after(&frames, 5.0).variance().sqrt() > 50.0);
        assert_eq!(after(&[(1, 10.0); 9], 5.0).variance(), 0.0);
    }

    #[test]
    fn a_frame_of_two_kinds_is_charged_as_was_expected() {
        let mut costs = Costs::default();
        costs.record(&[Part { kind: 1, jobs: 1 }], 100.0, 1.0);
        costs.record(&[Part { kind: 2, jobs: 1 }], 300.0, 1.0);
        costs.record(
            &[Part { kind: 1, jobs: 1 }, Part { kind: 2, jobs: 1 }],
            400.0,
            1.0,
        );
        assert!((costs.known(1).unwrap().mean() - 100.0).abs() < 1.0);
        assert!((costs.known(2).unwrap().mean() - 300.0).abs() < 1.0);
    }
}
