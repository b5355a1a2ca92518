//! [`Rests`]: how a worker spends the time in which it has nothing to do. In `Atomics.wait` it is woken soonest, and whoever wakes it
//! needs no event loop; but it has none itself meanwhile, and what its jobs left behind (timers, microtasks, the program's own
//! messages) stands still. So it waits for a while, has a turn of its event loop, waits for longer, and in the end is left to its
//! event loop alone: an idle page costs nothing.

/// How long the waits are between the turns, in milliseconds: the last one over and over. What a job left behind stands still
/// for as long, so they are short at first, when there may be something; a turn costs a timer, so they grow.
const WAITS: [f64; 4] = [2.0, 8.0, 32.0, 64.0];

/// After so many microseconds without a job the worker is left to its event loop. Who comes back to a page in less finds it
/// wide awake.
const AWAKE: f64 = 250_000.0;

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Rest {
    /// To wait, for so many milliseconds at most.
    Wait(f64),
    /// A turn of the event loop, and then to look again.
    Turn,
    /// The event loop, until a message comes.
    Leave,
}

/// Lives with the worker.
#[derive(Default)]
pub(super) struct Rests {
    /// Since when there has been nothing to do, in microseconds of the worker's clock.
    since: Option<f64>,
    /// How many waits there were since.
    waits: usize,
    /// A turn is due: the worker has waited.
    waited: bool,
}

impl Rests {
    /// There is something to do. Gives whether there was not before.
    pub(super) fn ends(&mut self) -> bool {
        let rested = self.since.is_some();
        *self = Rests::default();
        rested
    }

    /// There is nothing to do. A worker with async jobs under way does not wait: they go on in its event loop alone.
    pub(super) fn next(&mut self, now: f64, suspended: bool) -> Rest {
        let idle = now - *self.since.get_or_insert(now);
        if suspended || idle >= AWAKE {
            return Rest::Leave;
        }
        if std::mem::take(&mut self.waited) {
            return Rest::Turn;
        }
        self.waited = true;
        let wait = WAITS[self.waits.min(WAITS.len() - 1)];
        self.waits += 1;
        Rest::Wait(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_waits_and_turns_by_turns_and_then_leaves() {
        let mut rests = Rests::default();
        let mut now = 0.0;
        let mut seen = Vec::new();
        loop {
            let next = rests.next(now, false);
            match next {
                Rest::Wait(wait) => now += wait * 1e3,
                Rest::Turn => {}
                Rest::Leave => break,
            }
            seen.push(next);
        }
        let waits = [2.0, 8.0, 32.0, 64.0, 64.0, 64.0, 64.0];
        let mut expected = waits.map(|wait| [Rest::Wait(wait), Rest::Turn]).concat();
        // There is a turn in any case where it leaves.
        expected.pop();
        assert_eq!(seen, expected);
        assert!(rests.ends() && !rests.ends());
        assert_eq!(rests.next(now, false), Rest::Wait(2.0));
    }

    #[test]
    fn a_worker_with_async_jobs_does_not_wait() {
        let mut rests = Rests::default();
        assert_eq!(rests.next(0.0, true), Rest::Leave);
        assert_eq!(rests.next(1.0, false), Rest::Wait(2.0));
    }
}
