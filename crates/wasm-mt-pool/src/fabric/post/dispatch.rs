//! Which jobs go to which worker in which message: the lines, and the rule of [`scheduler`](crate::scheduler) applied to
//! them. Lives with the pool's owner, behind the pool's lock; it posts nothing and runs no foreign code but [`Unit`]'s.
//!
//! Invariant 1: a unit leaves once: in a frame, among the dropped, or drained.
//!
//! Invariant 2: once [`Dispatch::next`] has given `None`, no worker that is up has nothing posted while there is
//! something that it may take.
//!
//! Invariant 3: a call for a worker that there is not, or out of order, changes nothing; a unit that comes with it goes to
//! the injector.

#[cfg(test)]
mod tests;

use crate::scheduler::{
    Clock, Costs, Pace, Part, Posted, Room, Share, WorkerStats, mutated, victim,
};

use super::lines::{Lines, May, Waiting};
use super::unit::Unit;

/// The lines of a pool, and what is posted to its workers.
pub(crate) struct Dispatch<U> {
    lines: Lines<U>,
    workers: Vec<Member>,
    costs: Costs,
    clock: Clock,
    steal: bool,
    /// Workers that are up.
    ups: usize,
}

/// A place in the pool, which a worker's replacements take one after the other.
struct Member {
    up: bool,
    /// It is to end, and is given nothing more but what is pinned to it, where that is not for its replacement.
    leaving: Option<Leaving>,
    /// It is at work on something else, and opens what is posted only after that.
    engaged: bool,
    pace: Pace,
    stats: WorkerStats,
}

/// Why a worker is to end when it has nothing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leaving {
    /// There are to be fewer.
    Retired,
    /// Another is to take its place.
    Recycled,
}

impl<U: Unit> Dispatch<U> {
    /// Lines for so many workers, none of which is up. Without `steal`, what lies on a worker's deque is run by that worker
    /// or its replacement.
    pub(crate) fn new(workers: usize, steal: bool) -> Dispatch<U> {
        Dispatch {
            lines: Lines::new(workers),
            workers: (0..workers).map(|_| Member::new()).collect(),
            costs: Costs::default(),
            clock: Clock::new(),
            steal,
            ups: 0,
        }
    }

    /// A job from outside the workers, for whichever is free first.
    pub(crate) fn inject(&mut self, unit: U, now: f64) {
        self.clock.saw(now);
        self.lines.inject(Waiting::new(unit, None, now));
    }

    /// A job that one of `worker` spawned.
    pub(crate) fn push(&mut self, worker: usize, unit: U, now: f64) {
        if self.leaving(worker) == Some(Leaving::Retired) || worker >= self.workers.len() {
            return self.inject(unit, now);
        }
        self.clock.saw(now);
        self.lines
            .push(worker, Waiting::new(unit, Some(worker), now));
    }

    /// A job for that worker alone.
    pub(crate) fn pin(&mut self, worker: usize, unit: U, now: f64) {
        let gone = worker >= self.workers.len() || self.is_gone(worker);
        if gone || mutated!(TakesPinned) {
            return self.inject(unit, now);
        }
        self.clock.saw(now);
        self.lines.pin(worker, Waiting::new(unit, None, now));
    }

    /// What was posted to a worker that died, and has not begun; oldest first. It runs before all others, wherever, but for
    /// what is pinned.
    pub(crate) fn give_back(&mut self, worker: usize, units: Vec<U>, now: f64) {
        self.clock.saw(now);
        let units: Vec<_> = units
            .into_iter()
            .map(|unit| Waiting::new(unit, None, now))
            .collect();
        if worker < self.workers.len() {
            self.lines.give_back(worker, units);
        } else {
            units
                .into_iter()
                .for_each(|waiting| self.lines.inject(waiting));
        }
    }

    /// The worker can take frames.
    pub(crate) fn up(&mut self, worker: usize) {
        if let Some(member) = self.workers.get_mut(worker)
            && !std::mem::replace(&mut member.up, true)
            && member.leaving.is_none()
        {
            self.ups += 1;
        }
    }

    /// There is to be one more worker, which is not up.
    pub(crate) fn grow(&mut self) {
        self.workers.push(Member::new());
        self.lines.grow();
    }

    /// The worker is to end. What lies on the deque of one that is retired is for others.
    pub(crate) fn leave(&mut self, worker: usize, why: Leaving) {
        if let Some(member) = self.workers.get_mut(worker)
            && member.leaving != Some(Leaving::Retired)
        {
            if member.leaving.replace(why).is_none() && member.up {
                self.ups -= 1;
            }
            if why == Leaving::Retired && !mutated!(LosesRetired) {
                self.lines.hand_over(worker);
            }
        }
    }

    /// It is to stay, or another has its place.
    pub(crate) fn stay(&mut self, worker: usize) {
        if let Some(member) = self.workers.get_mut(worker)
            && member.leaving.take().is_some()
            && member.up
        {
            self.ups += 1;
        }
    }

    /// Why the worker is to end, where it is.
    pub(crate) fn leaving(&self, worker: usize) -> Option<Leaving> {
        self.workers.get(worker)?.leaving
    }

    /// Whether the worker has nothing posted, and nothing that it alone could run before it ends.
    pub(crate) fn is_done(&self, worker: usize) -> bool {
        self.workers.get(worker).is_some_and(|member| {
            member.pace.is_idle()
                && (member.leaving != Some(Leaving::Retired) || self.lines.pinned(worker) == 0)
        })
    }

    /// It was retired, and has ended.
    fn is_gone(&self, worker: usize) -> bool {
        let member = &self.workers[worker];
        member.leaving == Some(Leaving::Retired) && !member.up
    }

    /// Jobs that wait, and that a worker more could take.
    pub(crate) fn for_others(&self) -> usize {
        if self.steal {
            self.lines.waiting()
        } else {
            self.lines.shared()
        }
    }

    /// Whether something waits that only this worker may take.
    pub(crate) fn has_own(&self, worker: usize) -> bool {
        worker < self.workers.len()
            && (self.lines.pinned(worker) > 0 || !self.steal && self.lines.on_deque(worker) > 0)
    }

    /// To be called before what had been posted is given back. The worker can take none until it is up again. What was posted to it is forgotten; what lies on its deque stays
    /// there, for others too unless stealing is off, and what is pinned to it waits.
    pub(crate) fn down(&mut self, worker: usize) {
        if let Some(member) = self.workers.get_mut(worker) {
            if std::mem::replace(&mut member.up, false) && member.leaving.is_none() {
                self.ups -= 1;
            }
            member.pace.clear();
            if mutated!(LosesLines) {
                self.lines.drain();
            }
        }
    }

    /// What nobody takes while there is no such worker.
    pub(crate) fn strand(&mut self, worker: usize) -> Vec<U> {
        if worker >= self.workers.len() {
            return Vec::new();
        }
        self.lines.take_own(worker, !self.steal)
    }

    /// A frame to post now, and to whom; to be called until there is none. A frame is never empty, and holds nothing that
    /// was settled by now.
    pub(crate) fn next(&mut self, now: f64) -> Option<(usize, Vec<U>)> {
        self.clock.saw(now);
        let frame = self.next_to_idle(now).or_else(|| self.next_ahead(now));
        if frame.is_none() {
            self.workers
                .iter_mut()
                .for_each(|member| member.pace.settle());
        }
        frame
    }

    /// The oldest frame posted to the worker has ended; the caller sees to it that it is no frame of the worker before. It ran for `ran` by the worker's clock, and the worker had idled
    /// for `gap` before it began.
    pub(crate) fn ended(&mut self, worker: usize, ran: f64, gap: f64, now: f64) {
        self.clock.saw(now);
        self.clock.saw_span(ran);
        self.clock.saw_span(gap);
        let tick = self.clock.tick();
        let Some(member) = self.workers.get_mut(worker) else {
            return;
        };
        // A clock that was set back, or is broken, must not spoil the sums.
        let ran = if ran.is_finite() { ran.max(0.0) } else { 0.0 };
        let Some(posted) = member.pace.ended(ran, gap, tick, now) else {
            return;
        };
        member.stats.busy += ran;
        self.costs.record(&posted.parts, ran, tick);
    }

    /// Whether the worker is at work on something else: what others can take goes to them first.
    pub(crate) fn engage(&mut self, worker: usize, engaged: bool) {
        if let Some(member) = self.workers.get_mut(worker) {
            member.engaged = engaged;
        }
    }

    /// How many workers that are up have something posted.
    pub(crate) fn busy(&self) -> usize {
        let ups = self.workers.iter().filter(|member| member.up);
        ups.filter(|member| !member.pace.is_idle()).count()
    }

    /// Whether a worker that is up has nothing posted, and may be given something.
    pub(crate) fn has_idle(&self) -> bool {
        self.workers
            .iter()
            .any(|member| member.is_idle() && member.leaving.is_none())
    }

    /// Takes what is settled out of all lines, to the dropped.
    pub(crate) fn sweep(&mut self) {
        self.lines.sweep();
    }

    /// All that waits, settled or not.
    pub(crate) fn drain(&mut self) -> Vec<U> {
        self.lines.drain()
    }

    /// The settled units that were met meanwhile. The caller drops them without the pool's lock: a drop runs foreign code.
    pub(crate) fn take_dropped(&mut self) -> Vec<U> {
        self.lines.take_dropped()
    }

    /// Jobs that wait. Some of them may be settled: those are met when their turn comes, or by [`Dispatch::sweep`].
    pub(crate) fn waiting(&self) -> usize {
        self.lines.waiting()
    }

    /// The figures of each worker.
    pub(crate) fn stats(&self) -> impl Iterator<Item = WorkerStats> {
        self.workers
            .iter()
            .enumerate()
            .map(|(worker, member)| WorkerStats {
                waiting: self.lines.on_deque(worker) + self.lines.pinned(worker),
                ..member.stats
            })
    }

    fn next_to_idle(&mut self, now: f64) -> Option<(usize, Vec<U>)> {
        if self.lines.waiting() == 0 {
            return None;
        }
        self.next_to_any(false, now)
            .or_else(|| self.next_to_any(true, now))
    }

    /// The same to those that are engaged, or not.
    fn next_to_any(&mut self, engaged: bool, now: f64) -> Option<(usize, Vec<U>)> {
        // Those first that have something of their own: it need not be stolen from them then. Among equals the first, so
        // that the others of a pool with little to do stay idle long enough to be let go.
        for worker in 0..self.workers.len() {
            if self.workers[worker].is_free(engaged)
                && self.lines.pinned(worker) + self.lines.on_deque(worker) > 0
                && let Some(frame) = self.frame(worker, self.may(worker, false), now)
            {
                return Some((worker, frame));
            }
        }
        for worker in 0..self.workers.len() {
            if !self.workers[worker].is_free(engaged) {
                continue;
            }
            let foreground = self.may(worker, false);
            loop {
                if let Some(frame) = self.frame(worker, foreground, now) {
                    return Some((worker, frame));
                }
                // What was stolen may turn out to be settled.
                if foreground == May::Pinned || !self.steal(worker) {
                    break;
                }
            }
            if let Some(frame) = self.frame(worker, self.may(worker, true), now) {
                return Some((worker, frame));
            }
        }
        None
    }

    /// For a worker that is busy, so that it need not wait for the owner later: the one that would have to first.
    fn next_ahead(&mut self, now: f64) -> Option<(usize, Vec<U>)> {
        let tick = self.clock.tick();
        let background = self.lines.is_all_background();
        let mut wanting: Vec<usize> = (0..self.workers.len())
            .filter(|&worker| {
                let member = &self.workers[worker];
                let any = self.lines.shared() + self.lines.on_deque(worker);
                let has = self.lines.pinned(worker) > 0 || member.leaving.is_none() && any > 0;
                has && member.up && member.pace.wants_more(self.share(worker), tick, now)
            })
            .collect();
        wanting.sort_by(|&a, &b| {
            self.workers[a]
                .pace
                .left()
                .total_cmp(&self.workers[b].pace.left())
        });
        wanting.into_iter().find_map(|worker| {
            let may = self.may(worker, background);
            Some((worker, self.frame(worker, may, now)?))
        })
    }

    /// What a worker may be given: what is in the background, when it could not take anything else.
    fn may(&self, worker: usize, background: bool) -> May {
        match (self.workers[worker].leaving, background) {
            (Some(_), _) => May::Pinned,
            (None, false) => May::Foreground,
            (None, true) => May::All,
        }
    }

    /// Fills a frame for a worker with what it may take, and takes it as posted.
    fn frame(&mut self, worker: usize, may: May, now: f64) -> Option<Vec<U>> {
        if self.workers[worker].leaving == Some(Leaving::Recycled) {
            return None;
        }
        let busy = !self.workers[worker].pace.is_idle();
        let mut room = Room::new(self.share(worker), self.workers[worker].pace.reach());
        let mut units: Vec<U> = Vec::new();
        let mut parts: Vec<Part> = Vec::new();
        while let Some((mut waiting, place)) = self.lines.take(worker, may) {
            let alone = waiting.unit.goes_alone();
            let kind = waiting.unit.kind();
            let fits = if alone && (busy || !units.is_empty()) {
                0
            } else {
                room.take(&self.costs, kind, waiting.jobs)
            };
            if fits == 0 {
                self.lines.put_back(worker, waiting, place);
                break;
            }
            let whole = fits == waiting.jobs;
            if !whole {
                let rest = waiting.split_off(fits);
                if !mutated!(LosesRest) {
                    self.lines.put_back(worker, rest, place);
                }
            }
            let stats = &mut self.workers[worker].stats;
            stats.posted += fits;
            stats.queued += (now - waiting.since).max(0.0) * fits as f64;
            if waiting.home.is_some_and(|home| home != worker) && !mutated!(CountsThefts) {
                stats.stolen += fits;
            }
            match parts.last_mut() {
                Some(part) if part.kind == kind => part.jobs += fits,
                _ => parts.push(Part { kind, jobs: fits }),
            }
            units.push(waiting.unit);
            self.lines.posted(place);
            if alone || !whole {
                break;
            }
        }
        if units.is_empty() {
            return None;
        }
        let member = &mut self.workers[worker];
        member.stats.frames += 1;
        member.pace.post(
            Posted {
                parts,
                predicted: room.predicted(),
                careful: room.careful(),
            },
            now,
        );
        Some(units)
    }

    fn steal(&mut self, thief: usize) -> bool {
        let may = self.steal || mutated!(StealsForbidden);
        if !may || mutated!(NeverSteals) {
            return false;
        }
        let Some((victim, jobs)) = victim(thief, self.lines.deques()) else {
            return false;
        };
        if mutated!(CountsThefts) {
            self.workers[thief].stats.stolen += jobs;
        }
        self.lines.steal(thief, victim, jobs)
    }

    /// What a worker shares, and with how many. Where nobody steals, it is alone with what lies on its deque.
    fn share(&self, worker: usize) -> Share {
        if !self.steal && self.lines.on_deque(worker) > 0 {
            return Share {
                waiting: self.lines.on_deque(worker),
                takers: 1,
                workers: self.ups,
            };
        }
        Share {
            waiting: self.lines.waiting(),
            takers: self.ups,
            workers: self.ups,
        }
    }
}

impl Member {
    fn new() -> Member {
        Member {
            up: false,
            leaving: None,
            engaged: false,
            pace: Pace::new(),
            stats: WorkerStats::default(),
        }
    }

    fn is_idle(&self) -> bool {
        self.up && self.pace.is_idle()
    }

    fn is_free(&self, engaged: bool) -> bool {
        self.engaged == engaged && self.is_idle()
    }
}
