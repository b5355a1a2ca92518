//! The workers' places: which are taken, and how many there are. A worker that is to end, since there are to be fewer, since it
//! has run its jobs, or since it has nothing to do, ends when it has nothing posted and no async job that awaits something.
//!
//! Invariant 1: a seat stays where it is, and so does its number. One that is left can be taken again.

use std::sync::{Arc, Weak};
use std::task::Waker;
use std::time::Duration;

use wasm_mt::__pool::{self, Aboard, Config, Feed, Lane};

use super::{Post, State};
use crate::fabric::post::dispatch::Leaving;

/// What those are told, if there are any, whose worker has ended since it had nothing to do.
const RESTS: &str = "its worker has ended";

/// A worker's place.
pub(super) struct Seat {
    pub(super) lane: Arc<Lane>,
    pub(super) phase: Phase,
    /// Jobs that have ended there, and those of them since the present worker began.
    pub(super) run: u64,
    pub(super) run_by_this: u64,
    /// Bytes that it holds, as far as it has told.
    pub(super) memory: u64,
    /// When it last had something to do, in µs.
    pub(super) active: f64,
    /// It is to end for want of jobs, as soon as it has said that it takes nothing more of what is laid.
    pub(super) dozes: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Starting,
    Up,
    /// It could not be started. The next job tries again.
    Failed,
    /// It ended for want of jobs. A job for which nobody is free starts it again.
    Asleep,
    /// It is not needed any more.
    Gone,
}

impl Seat {
    pub(super) fn new(
        config: &Config,
        me: &Weak<Post>,
        aboard: Option<Arc<dyn Aboard>>,
        at: usize,
        workers: usize,
    ) -> Seat {
        let feed: Weak<dyn Feed> = me.clone();
        let mut config = config.of_pool(at, workers);
        if let Some(aboard) = aboard {
            config.set_aboard(aboard, at);
        }
        Seat {
            lane: Lane::of_pool(config, feed, at),
            phase: Phase::Starting,
            run: 0,
            run_by_this: 0,
            memory: 0,
            active: 0.0,
            dozes: false,
        }
    }

    pub(super) fn comes_up(&mut self, now: f64) {
        self.phase = Phase::Up;
        self.active = now;
    }

    /// The worker is gone, and what comes next is another.
    pub(super) fn goes(&mut self, phase: Phase) {
        self.phase = phase;
        self.run_by_this = 0;
        self.memory = 0;
    }
}

impl State {
    pub(super) fn lanes(&self) -> Vec<Arc<Lane>> {
        let seats = self.seats.iter().filter(|seat| seat.phase != Phase::Gone);
        seats.map(|seat| seat.lane.clone()).collect()
    }

    /// Whether all that are to be are up, or were.
    pub(super) fn are_all_up(&self) -> bool {
        let mut seats = self.seats.iter().take(self.workers);
        seats.all(|seat| matches!(seat.phase, Phase::Up | Phase::Asleep))
    }

    /// Who waited for that.
    pub(super) fn take_starters(&mut self) -> Vec<Waker> {
        if self.are_all_up() {
            std::mem::take(&mut self.starters)
        } else {
            Vec::new()
        }
    }

    /// The workers to start once more.
    pub(super) fn take_failed(&mut self) -> Vec<Arc<Lane>> {
        // So it is as a rule, each time that a job is spawned.
        if self.seats.iter().all(|seat| seat.phase != Phase::Failed) {
            return Vec::new();
        }
        let seats = self.seats.iter_mut();
        let failed = seats.filter(|seat| seat.phase == Phase::Failed);
        failed
            .map(|seat| {
                seat.phase = Phase::Starting;
                seat.lane.clone()
            })
            .collect()
    }

    /// The workers to start since there is something for them: those first for whom alone it is, then as many as jobs wait and
    /// no other worker comes for.
    pub(super) fn take_asleep(&mut self) -> Vec<Arc<Lane>> {
        if self.asleep + self.dozing == 0 {
            return Vec::new();
        }
        let seats = self.seats.iter();
        let starting = seats.filter(|seat| seat.phase == Phase::Starting).count();
        let laid = self.shared.as_ref();
        let laid = laid.map_or(0, |shared| shared.books.for_workers());
        // One that is busy with what was posted comes for nothing that is laid.
        let free = self.ups().saturating_sub(self.dispatch.busy());
        let wanted = self.dispatch.for_others() + laid.saturating_sub(free);
        let mut wanted = wanted.saturating_sub(starting);
        let mut woken = Vec::new();
        for at in 0..self.seats.len() {
            let seat = &self.seats[at];
            let (asleep, dozes) = (seat.phase == Phase::Asleep, seat.dozes);
            if !asleep && !dozes || wanted == 0 && !self.dispatch.has_own(at) {
                continue;
            }
            wanted = wanted.saturating_sub(1);
            if asleep {
                self.asleep -= 1;
                self.seats[at].phase = Phase::Starting;
                woken.push(self.seats[at].lane.clone());
            } else {
                self.wakes_up(at);
                self.keep(at);
            }
        }
        woken
    }

    /// The worker is not about to end for want of jobs.
    pub(super) fn wakes_up(&mut self, at: usize) {
        if std::mem::take(&mut self.seats[at].dozes) {
            self.dozing -= 1;
        }
    }

    /// How many workers are up, and to stay so.
    pub(super) fn ups(&self) -> usize {
        let seats = self.seats.iter();
        seats
            .filter(|seat| seat.phase == Phase::Up && !seat.dozes)
            .count()
    }

    /// A worker did not start. One that is not needed any more is not tried again, and nobody's concern: gives whether it is.
    pub(super) fn fails(&mut self, at: usize) -> bool {
        let concerns = self.dispatch.leaving(at) != Some(Leaving::Retired);
        self.seats[at].goes(if concerns { Phase::Failed } else { Phase::Gone });
        concerns
    }
}

impl Post {
    /// There are to be so many workers from now on.
    pub(super) fn change_to(&self, workers: usize) {
        let mut state = self.lock();
        if state.closed {
            return;
        }
        // What went wrong before is none of this call's.
        let before = state.failure.take();
        state.workers = workers;
        let mut begin = Vec::new();
        let mut retire = Vec::new();
        for at in 0..workers.max(state.seats.len()) {
            if at >= state.seats.len() {
                let aboard = self.aboard.clone();
                let seat = Seat::new(&self.config, &self.me, aboard, at, workers);
                begin.push(seat.lane.clone());
                state.seats.push(seat);
                state.dispatch.grow();
            } else if at < workers {
                if state.dispatch.leaving(at) == Some(Leaving::Retired) {
                    state.dispatch.stay(at);
                    state.keep(at);
                }
                let seat = &mut state.seats[at];
                if matches!(seat.phase, Phase::Gone | Phase::Failed) {
                    seat.phase = Phase::Starting;
                    begin.push(seat.lane.clone());
                }
            } else {
                state.dispatch.leave(at, Leaving::Retired);
                state.wakes_up(at);
                state.dismiss(at);
                let phase = state.seats[at].phase;
                if phase == Phase::Asleep {
                    state.asleep -= 1;
                }
                if matches!(phase, Phase::Asleep | Phase::Failed) {
                    state.seats[at].goes(Phase::Gone);
                }
                retire.push(at);
            }
        }
        let lanes = state.lanes();
        drop(state);
        drop(before);
        for lane in lanes {
            lane.is_of_pool(workers);
        }
        for lane in begin {
            lane.begin();
        }
        self.rouse();
        self.refill();
        self.pump();
        for at in retire {
            self.let_go(at);
        }
    }

    /// A worker that has run its jobs, or whose memory has grown, is to end: unless an async job of its awaits something.
    pub(super) fn recycle_if_due(&self, state: &mut State, at: usize) {
        let seat = &state.seats[at];
        let many = |most: u64| seat.run_by_this >= most.max(1);
        let is_due = self.settings.recycle_jobs.is_some_and(many) || self.is_large(seat);
        if !is_due || seat.phase != Phase::Up {
            return;
        }
        match (state.dispatch.leaving(at), seat.lane.awaits()) {
            (None, false) => {
                state.dispatch.leave(at, Leaving::Recycled);
                state.wakes_up(at);
                state.dismiss(at);
            }
            (Some(Leaving::Recycled), true) => {
                state.dispatch.stay(at);
                state.keep(at);
            }
            _ => {}
        }
    }

    fn is_large(&self, seat: &Seat) -> bool {
        let most = self.settings.recycle_bytes;
        most.is_some_and(|most| seat.memory > most)
    }

    /// A worker that is to end does, where it has nothing to do.
    pub(super) fn let_go(&self, at: usize) {
        let state = self.lock();
        let Some(why) = state.dispatch.leaving(at) else {
            return;
        };
        let seat = &state.seats[at];
        if seat.phase != Phase::Up || !state.dispatch.is_done(at) || !state.is_clear(at) {
            return;
        }
        let lane = seat.lane.clone();
        drop(state);
        if !lane.rest() {
            return;
        }
        self.loses(at, None, RESTS.into(), true);
        let mut state = self.lock();
        state.dispatch.down(at);
        if why == Leaving::Retired {
            return state.seats[at].goes(Phase::Gone);
        }
        state.dispatch.stay(at);
        state.seats[at].goes(Phase::Starting);
        drop(state);
        lane.begin();
    }

    /// Looks again, when the first worker can have had nothing to do for long enough.
    pub(super) fn watch(&self) {
        let Some(limit) = self.settings.idle_timeout else {
            return;
        };
        self.watch_after(limit);
    }

    fn watch_after(&self, time: Duration) {
        let timer = self.timer(time, Post::lay_to_sleep);
        let mut state = self.lock();
        let before = if state.closed {
            Some(timer)
        } else {
            state.timer.replace(timer)
        };
        drop(state);
        drop(before);
    }

    /// Ends the workers that have had nothing to do for long, the last ones first, and looks again later.
    fn lay_to_sleep(&self) {
        let Some(limit) = self.settings.idle_timeout else {
            return;
        };
        let limit = limit.as_secs_f64() * 1e6;
        let now = __pool::now();
        let mut state = self.lock();
        // It has fired.
        let timer = state.timer.take();
        let is_up = |seat: &Seat| seat.phase == Phase::Up;
        let mut ups = state.ups();
        let mut next = f64::INFINITY;
        let mut idle = Vec::new();
        for at in (0..state.seats.len()).rev() {
            let seat = &state.seats[at];
            if !is_up(seat) || seat.dozes || state.dispatch.leaving(at).is_some() {
                continue;
            }
            let is_done = state.dispatch.is_done(at) && !state.is_at_work(at);
            let left = if is_done && !seat.lane.awaits() {
                seat.active + limit - now
            } else {
                limit
            };
            // A clock that ticks coarsely may be behind the timer.
            if left > 1000.0 {
                next = next.min(left);
            } else if ups > self.settings.min_workers {
                ups -= 1;
                idle.push((at, seat.lane.clone()));
            }
        }
        drop(state);
        drop(timer);
        for (at, lane) in idle {
            let mut state = self.lock();
            if state.has_board(at) {
                state.seats[at].dozes = true;
                state.dozing += 1;
                state.dismiss(at);
                continue;
            }
            // It would never say that it takes nothing more.
            drop(state);
            if lane.rest() {
                self.sleeps(at);
            }
        }
        self.rouse();
        if next.is_finite() && ups > self.settings.min_workers {
            self.watch_after(Duration::from_secs_f64(next / 1e6));
        }
        // What is spawned while a worker ends finds nobody free.
        self.pump();
    }

    /// The worker has ended for want of jobs.
    fn sleeps(&self, at: usize) {
        let mut state = self.lock();
        state.dispatch.down(at);
        state.seats[at].goes(Phase::Asleep);
        state.asleep += 1;
    }

    /// The worker takes nothing more of what is laid, and has nothing of it.
    pub(super) fn hears_quiet(&self, at: usize) {
        let mut state = self.lock();
        let Some(shared) = &mut state.shared else {
            return;
        };
        shared.books.hears_quiet(at);
        if !state.seats[at].dozes {
            drop(state);
            return self.let_go(at);
        }
        state.wakes_up(at);
        let lane = state.seats[at].lane.clone();
        let is_clear = state.is_clear(at);
        drop(state);
        if is_clear && lane.rest() {
            self.loses(at, None, RESTS.into(), true);
            self.sleeps(at);
        } else {
            // It has been given something meanwhile.
            self.lock().keep(at);
        }
        self.rouse();
        self.refill();
        self.pump();
    }
}
