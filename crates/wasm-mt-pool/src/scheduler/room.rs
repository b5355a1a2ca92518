//! How much goes into one frame. A room is made for each frame, and jobs are taken into it until it is full.
//!
//! Invariant 1: a room that is empty takes at least one job, whatever it costs.
//!
//! Invariant 2: a job of unknown cost is the only one in its frame.

use super::cost::{Cost, Costs};
use super::mutated;

/// Work in one frame, in µs. With 1 ms, loads of a few milliseconds with some jobs 20 times as long as others took 1.59
/// times the ideal in simulation.
pub(super) const FRAME: f64 = 250.0;

/// Work in one frame for each worker of the pool, in µs. A message costs the owner about 8 µs, and there are as many to be
/// fed while one is busy with its frame: this holds the owner's messages to an eighth of its time.
const FRAME_BY_WORKER: f64 = 64.0;

/// What may go however little waits, for each worker, in µs: the owner's time for a message. In smaller frames, workers would
/// wait for the owner rather than for each other.
pub(super) const ALWAYS_BY_WORKER: f64 = 8.0;

/// A frame may hold this many times as many jobs of a kind as have been timed: the first that was timed may have been the
/// only short one.
const GROWTH: usize = 4;

/// What waits, and for how many.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    pub(crate) waiting: usize,
    /// Workers that may take of it.
    pub(crate) takers: usize,
    /// Workers that are up, and take their part of the owner's time.
    pub(crate) workers: usize,
}

/// What still fits into a frame.
pub(crate) struct Room {
    limit: f64,
    always: f64,
    jobs: usize,
    taken: usize,
    careful: f64,
    variance: f64,
    predicted: f64,
    closed: bool,
}

impl Room {
    /// For a worker which is `reach` away: the owner has been seen to answer it only after that time.
    pub(crate) fn new(share: Share, reach: f64) -> Room {
        let workers = share.workers.max(1) as f64;
        let mut limit = FRAME.max(FRAME_BY_WORKER * workers);
        if mutated!(FrameOfAMillisecond) {
            limit = limit.max(1000.0);
        }
        if mutated!(FrameForTwo) {
            limit = FRAME;
        }
        // Two frames ahead must last until the owner answers.
        if !mutated!(GapUnheard) {
            limit = limit.max(reach / 2.0);
        }
        let mut jobs = (share.waiting / (2 * share.takers.max(1))).max(1);
        if mutated!(NoShare) {
            jobs = usize::MAX;
        }
        Room {
            limit,
            always: if mutated!(NoAlways) {
                0.0
            } else {
                ALWAYS_BY_WORKER * workers
            },
            jobs,
            taken: 0,
            careful: 0.0,
            variance: 0.0,
            predicted: 0.0,
            closed: false,
        }
    }

    /// Takes of `jobs` of a kind as many as fit, and says how many that are.
    pub(crate) fn take(&mut self, costs: &Costs, kind: u64, jobs: usize) -> usize {
        if self.closed {
            return 0;
        }
        let Some(cost) = costs.known(kind) else {
            if mutated!(UnknownIsFree) {
                self.taken += jobs;
                return jobs;
            }
            if self.taken > 0 {
                return 0;
            }
            self.closed = true;
            self.taken = 1;
            self.predicted = f64::INFINITY;
            return 1;
        };
        // The most that fit: what fits is less for more jobs.
        let most = jobs.min(cost.timed().saturating_mul(GROWTH));
        let (mut fits, mut over) = (0, most + 1);
        while over - fits > 1 {
            let middle = fits + (over - fits) / 2;
            if self.fits(cost, middle) {
                fits = middle
            } else {
                over = middle
            }
        }
        if fits == 0 && self.taken == 0 {
            fits = 1;
            self.closed = true;
        }
        self.taken += fits;
        self.careful += cost.careful_mean() * fits as f64;
        self.variance += cost.variance() * fits as f64;
        self.predicted += cost.mean() * fits as f64;
        fits
    }

    /// What the frame is expected to take; infinite if nobody knows.
    pub(crate) fn predicted(&self) -> f64 {
        self.predicted
    }

    /// The same, with what it may well take beyond that.
    pub(crate) fn careful(&self) -> f64 {
        if self.predicted.is_finite() {
            self.careful + self.variance.sqrt()
        } else {
            f64::INFINITY
        }
    }

    fn fits(&self, cost: &Cost, jobs: usize) -> bool {
        let work = self.careful + cost.careful_mean() * jobs as f64;
        work <= self.always || (self.taken + jobs <= self.jobs && work <= self.limit)
    }
}

#[cfg(test)]
mod tests {
    use super::super::cost::Part;
    use super::*;

    fn costs(ran: f64) -> Costs {
        let mut costs = Costs::default();
        costs.record(
            &[Part {
                kind: 1,
                jobs: 1000,
            }],
            ran * 1000.0,
            1.0,
        );
        costs
    }

    fn room(waiting: usize, workers: usize, reach: f64) -> Room {
        Room::new(
            Share {
                waiting,
                takers: workers,
                workers,
            },
            reach,
        )
    }

    fn taken(costs: &Costs, waiting: usize, workers: usize) -> usize {
        room(waiting, workers, 0.0).take(costs, 1, waiting)
    }

    #[test]
    fn an_unknown_kind_goes_one_at_a_time() {
        let mut room = room(1000, 2, 0.0);
        assert_eq!(room.take(&Costs::default(), 1, 1000), 1);
        assert_eq!(room.take(&Costs::default(), 1, 999), 0);
        assert_eq!(room.take(&costs(1.0), 1, 999), 0);
        assert_eq!(room.predicted(), f64::INFINITY);
    }

    #[test]
    fn a_long_job_goes_alone() {
        assert_eq!(taken(&costs(900.0), 1000, 2), 1);
    }

    #[test]
    fn short_jobs_fill_a_frame_unless_few_wait() {
        assert_eq!(taken(&costs(10.0), 1000, 2), 24);
        assert_eq!(taken(&costs(10.0), 40, 2), 10);
        assert_eq!(taken(&costs(10.0), 3, 2), 1);
    }

    #[test]
    fn many_workers_get_more_at_once() {
        assert_eq!(taken(&costs(1000.0), 12_800, 128), 8);
        assert_eq!(taken(&costs(100.0), 128, 128), 10);
    }

    #[test]
    fn a_frame_for_an_owner_that_answers_late_is_longer() {
        let mut room = room(100_000, 2, 8000.0);
        assert_eq!(room.take(&costs(10.0), 1, 100_000), 399);
    }
}
