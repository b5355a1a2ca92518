//! [`Pace`]: for how long jobs ran, by few looks at the clock: one costs from a tenth to a third of an empty job. Lives with a
//! worker, and is told where its jobs begin and end.
//!
//! Each look begins where the one before ended, so that of many jobs the sum is right, however coarse the clock is. Jobs of
//! one kind share what lies between two looks; those of two kinds never do.

/// Jobs that take less than this together, in microseconds, share a look: it is then a hundredth of them.
const WORTH: f64 = 4.0;

/// More jobs than these do not: the first of them that takes long is charged to the others.
const MOST: u32 = 8;

/// Times in microseconds.
#[derive(Default)]
pub(super) struct Pace {
    /// Of which kind the jobs are that share the next look.
    kind: u64,
    /// What each of them is charged with, of what was seen and not told; `None` where none of this kind was timed.
    share: Option<f64>,
    untold: f64,
    /// What of that is to be told with the next, less than a microsecond.
    due: f64,
    /// When the last look was, and how many jobs have ended since.
    looked: f64,
    since: u32,
}

impl Pace {
    /// When the clock was read last.
    pub(super) fn looked(&self) -> f64 {
        self.looked
    }

    /// What comes next begins now: nothing ran before.
    pub(super) fn begins(&mut self, now: f64) {
        self.looked = now;
        self.since = 0;
    }

    /// A job of this kind begins.
    pub(super) fn enters(&mut self, kind: u64, clock: impl FnOnce() -> f64) {
        if kind != self.kind {
            if self.since > 0 {
                self.begins(clock());
            }
            self.kind = kind;
            self.share = None;
            (self.untold, self.due) = (0.0, 0.0);
        }
    }

    /// The job has ended. Gives for how long it ran, in whole microseconds: what is less is told with a later one.
    pub(super) fn ends(&mut self, clock: impl FnOnce() -> f64) -> u32 {
        self.since += 1;
        let share = match self.share {
            Some(share) if f64::from(self.since) * share < WORTH && self.since < MOST => share,
            _ => {
                let now = clock();
                self.untold += (now - self.looked).max(0.0);
                let share = self.untold / f64::from(self.since);
                self.share = Some(share);
                self.begins(now);
                share
            }
        };
        self.due = (self.due + share).min(self.untold);
        let told = self.due as u32;
        self.due -= f64::from(told);
        self.untold -= f64::from(told);
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs jobs that take so long, by a clock of such ticks. Gives the sum that was told, and how often the clock was read.
    fn told(costs: impl Iterator<Item = (u64, f64)>, tick: f64) -> (f64, u32) {
        let (mut now, mut looks, mut sum) = (0.0, 0, 0.0);
        let mut pace = Pace::default();
        pace.begins(0.0);
        for (kind, cost) in costs {
            let mut clock = || {
                looks += 1;
                f64::floor(now / tick) * tick
            };
            pace.enters(kind, &mut clock);
            now += cost;
            let mut clock = || {
                looks += 1;
                f64::floor(now / tick) * tick
            };
            sum += f64::from(pace.ends(&mut clock));
        }
        (sum, looks)
    }

    #[test]
    fn short_jobs_share_a_look_and_their_sum_is_right() {
        let (sum, looks) = told((0..10_000).map(|_| (1, 0.3)), 5.0);
        assert!((2900.0..3100.0).contains(&sum), "{sum}");
        assert!(looks <= 10_000 / 7, "{looks}");
    }

    #[test]
    fn long_jobs_are_timed_one_by_one() {
        let (sum, looks) = told((0..100).map(|n| (1, f64::from(10 + n % 7))), 0.1);
        assert!((1280.0..1300.0).contains(&sum), "{sum}");
        assert_eq!(looks, 100);
    }

    #[test]
    fn jobs_of_two_kinds_are_not_charged_for_one_another() {
        let mut now = 0.0;
        let mut pace = Pace::default();
        pace.begins(now);
        for (kind, cost) in (0..50).map(|n| if n % 10 == 9 { (2, 900.0) } else { (1, 0.2) }) {
            pace.enters(kind, || now);
            now += cost;
            let ran = f64::from(pace.ends(|| now));
            assert!((ran - cost).abs() <= 1.0, "{ran} of {cost}");
        }
    }
}
