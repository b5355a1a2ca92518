//! The drive: what a worker does whenever its script lets it, between the messages.

use super::*;

/// So long a worker runs jobs, in microseconds, before its event loop has a turn: timers, and what its jobs left behind. A turn costs
/// from some microseconds to a millisecond, and a frame of a screen is half as long.
const SLICE: f64 = 32_000.0;

/// The same where async jobs are under way, which go on in the event loop alone.
const SUSPENDED_SLICE: f64 = 4_000.0;

/// So long messages alone have their turns, in microseconds, or jobs alone.
const PATIENCE: f64 = 8_000.0;

/// What the script is to do next. The numbers are those of `worker.js`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Next {
    /// Nothing: a message will come, where there is more to do.
    Stay = 0,
    /// To come back through the event loop.
    Hop = 1,
}

impl<W: SharedWords, S: Site> Worker<W, S> {
    /// Claims and runs what there is, for a while. The script has handled so many messages.
    ///
    /// What was laid and what was posted have their turns in the order in which they came, as far as it is known. But neither keeps the
    /// other from its turn for longer than [`PATIENCE`].
    pub(in super::super) fn drive(&self, handled: u32) -> Next {
        let next = self.drive_on(handled);
        self.tells_before(None);
        next
    }

    fn drive_on(&self, handled: u32) -> Next {
        self.own.wakes();
        if self.is_over() {
            return Next::Stay;
        }
        let began = self.site.now();
        self.begins(began);
        let mut since = self.gave_way.get().unwrap_or(began);
        let mut gives_way = began - since < PATIENCE;
        loop {
            if let Some(next) = self.refuses() {
                return next;
            }
            let mail = self.own.board().has_mail(handled);
            let found = if mail && gives_way && !self.goes_before(handled, began) {
                None
            } else {
                self.take()
            };
            self.tells_before(found.as_ref());
            if let Some(found) = found {
                (gives_way, since) = (true, began);
                self.gave_way.set(None);
                if self.rests.borrow_mut().ends() {
                    self.begins(self.site.now());
                }
                self.run(found);
                if self.pace.borrow().looked() - began >= self.slice() {
                    return Next::Hop;
                }
                // It does not look whether all is over: then it is terminated, and what waited is withdrawn.
                continue;
            }
            if self.is_over() {
                return Next::Stay;
            }
            if mail {
                // Whoever has woken it may have done so for a job, and what it hears may take long.
                let waits = self.lot.has_jobs();
                if waits {
                    self.wake(Want::Job);
                }
                self.gave_way.set(waits.then_some(since));
                return Next::Stay;
            }
            if let Some(next) = self.rest(handled) {
                return next;
            }
        }
    }

    /// Whether a job goes before the next message.
    fn goes_before(&self, handled: u32, began: f64) -> bool {
        self.pace.borrow().looked() - began < PATIENCE
            && self.own.board().is_laid_before(handled, &self.lot)
    }

    fn slice(&self) -> f64 {
        if self.site.is_suspended() {
            SUSPENDED_SLICE
        } else {
            SLICE
        }
    }

    /// Where it is to claim nothing, for now or for good. What it was woken for is another's then.
    fn refuses(&self) -> Option<Next> {
        let given = self.own.board().orders();
        if self.over.get() || given & orders::REVOKED != 0 {
            return Some(Next::Stay);
        }
        let leaves = given & orders::LEAVE != 0;
        // Until the owner has heard of that job's end, it may be about to end this worker.
        let waits = self.own.board().abort() != 0 || self.own.board().posted_abort() != 0;
        if !leaves && !waits {
            return None;
        }
        if self.lot.has_jobs() {
            self.wake(Want::Job);
        }
        if waits {
            return Some(Next::Hop);
        }
        // Each time: an order may have been taken back and given again meanwhile.
        self.site.quiet();
        Some(Next::Stay)
    }

    /// Wakes another worker.
    pub(super) fn wake(&self, want: Want) {
        let peers = self.peers.borrow();
        let known = |number| peers.iter().find(|peer| peer.number() == number);
        let known = |number| known(number).map(|peer| &**peer);
        let seat = Some(self.own.seat);
        if let Woken::Listens(seat) = self.lot.wake(want, self.seats.get(), seat, known) {
            self.site.rouse(seat);
        }
    }
}
