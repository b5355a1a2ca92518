//! [`Post`]: a pool whose workers get their jobs by message, and where the page is isolated through shared memory beside. Lives with whoever built it, on one thread. What waits, and what
//! goes where, is [`Dispatch`]'s; what was posted, and the workers themselves, are their lanes'.
//!
//! 1. Foreign code, and a lane, is called without the pool's lock.
//! 2. A job to an idle worker leaves at once. What more is spawned in the same turn leaves at its end, together.
//! 3. A job that is here is in one place: in the dispatch, in a lane, or in the books of what is [shared](Shared).

#![expect(clippy::vec_box, reason = "an entry moves about as a pointer")]

mod aboard;
mod laying;
mod orphans;
mod parcel;
mod seats;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use js_sys::Array;
use wasm_mt::__pool::{
    self, Aboard, Config, Down, Ended, Entry, Feed, Heard, Lane, Origin, Out, Outcome, Task, Timer,
    Unhandled,
};
use wasm_mt::{JobId, StartError};

use self::aboard::{Boards, Shared};
use self::parcel::Parcel;
use self::seats::{Phase, Seat};
use super::dispatch::{Dispatch, Leaving};
use super::unit::Unit;
use crate::builder::Settings;
use crate::choice;
use crate::fabric::{Fabric, can_share};
use crate::priority::Priority;
use crate::stats::{Stats, WorkerStats};

impl Unit for Box<Entry> {
    fn kind(&self) -> u64 {
        Entry::kind(self)
    }

    fn len(&self) -> usize {
        Entry::len(self)
    }

    fn split_off(&mut self, at: usize) -> Self {
        Entry::split_off(self, at)
    }

    fn priority(&self) -> Priority {
        Priority::of_rank(self.rank())
    }

    fn is_settled(&self) -> bool {
        Entry::is_settled(self)
    }

    fn goes_alone(&self) -> bool {
        Entry::goes_alone(self)
    }

    fn is_pinned(&self) -> bool {
        Entry::is_pinned(self)
    }
}

struct Post {
    config: Config,
    settings: Settings,
    /// It has shared memory, as its lanes are told by `aboard`.
    shares: bool,
    aboard: Option<Arc<dyn Aboard>>,
    state: Mutex<State>,
    me: Weak<Post>,
}

struct State {
    dispatch: Dispatch<Box<Entry>>,
    shared: Option<Shared>,
    /// Workers that have an order there, and are to be posted something.
    ordered: Vec<Arc<Lane>>,
    /// There may be workers of which nothing but their silence tells that they have ended.
    unsure: bool,
    /// How many workers there are to be.
    workers: usize,
    /// How many there were at first.
    began_with: usize,
    /// As many at least: some may be left, or about to be.
    seats: Vec<Seat>,
    /// Seats whose workers have ended for want of jobs, and those whose workers are about to.
    asleep: usize,
    dozing: usize,
    /// Looks for workers that have nothing to do.
    timer: Option<Timer>,
    /// What the end of this turn will look at.
    turns: bool,
    /// Then it will lay what waits for others to share a slot.
    gathers: bool,
    /// Handles that were settled from the caller's end while their jobs wait.
    given_up: usize,
    /// What waits and has ends of channels.
    with_outlets: BTreeSet<JobId>,
    closed: bool,
    /// Where a worker did not start before all were up.
    failure: Option<StartError>,
    /// Who waits for the start.
    starters: Vec<Waker>,
}

/// Starts a pool.
pub(crate) fn start(config: &Config, workers: usize, settings: Settings) -> Arc<dyn Fabric> {
    let shared = match settings.fabric {
        choice::Fabric::Post => None,
        _ if can_share().is_err() => None,
        _ => Shared::new(workers, settings.steal),
    };
    let failure = (shared.is_none() && settings.fabric == choice::Fabric::Shared)
        .then(|| __pool::not_shared("the browser gives no memory for that"));
    let post = Arc::new_cyclic(|me: &Weak<Post>| {
        let aboard = shared.is_some().then(|| Boards::of(me));
        let seat = |at| Seat::new(config, me, aboard.clone(), at, workers);
        Post {
            config: config.clone(),
            settings,
            shares: shared.is_some(),
            state: Mutex::new(State {
                dispatch: Dispatch::new(workers, settings.steal),
                shared,
                ordered: Vec::new(),
                unsure: false,
                workers,
                began_with: workers,
                seats: (0..workers).map(seat).collect(),
                asleep: 0,
                dozing: 0,
                timer: None,
                turns: false,
                gathers: false,
                given_up: 0,
                with_outlets: BTreeSet::new(),
                closed: false,
                failure,
                starters: Vec::new(),
            }),
            aboard,
            me: me.clone(),
        }
    });
    let lanes = post.lock().lanes();
    for lane in lanes {
        lane.begin();
    }
    post
}

impl Post {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in what was spawned, by a job of the worker `of` or from outside.
    fn take(&self, entries: Vec<Box<Entry>>, worker: Option<usize>, of: Option<usize>) {
        let entries: Vec<_> = entries
            .into_iter()
            .filter_map(|entry| match worker {
                Some(_) => Some(entry),
                None => self.share(entry, of).err(),
            })
            .collect();
        if !entries.is_empty() {
            self.take_by_message(entries, worker, of);
        }
    }

    /// Does this when the time is over, where the pool is there then, unless the timer is dropped before.
    fn timer(&self, time: Duration, then: impl FnOnce(&Post) + Send + 'static) -> Timer {
        let me = self.me.clone();
        let fire = move || {
            if let Some(post) = me.upgrade() {
                then(&post);
            }
        };
        Timer::after(time, Box::new(fire))
    }

    /// Takes in what goes by message.
    fn take_by_message(&self, entries: Vec<Box<Entry>>, worker: Option<usize>, of: Option<usize>) {
        if self.shares && std::mem::take(&mut self.lock().gathers) {
            // What was spawned before it goes first.
            self.refill_unlooked();
        }
        let now = __pool::now();
        let mut state = self.lock();
        if state.closed {
            drop(state);
            for entry in entries {
                entry.fail(__pool::closed());
            }
            return;
        }
        for mut entry in entries {
            state.note_outlets(&entry);
            match (worker, of) {
                (Some(worker), _) => {
                    entry.pin();
                    state.dispatch.pin(worker, entry, now);
                }
                (None, Some(of)) => state.dispatch.push(of, entry, now),
                (None, None) => state.dispatch.inject(entry, now),
            }
        }
        let failed = state.take_failed();
        let idle = state.dispatch.has_idle() || state.asleep + state.dozing > 0;
        let turns = !idle && !std::mem::replace(&mut state.turns, true);
        drop(state);
        for lane in failed {
            lane.begin();
        }
        if idle {
            self.pump_at(now);
        } else if turns {
            let me = self.me.clone();
            __pool::spawn_local(async move {
                if let Some(post) = me.upgrade() {
                    post.lock().turns = false;
                    post.pump();
                }
            });
        }
    }

    /// Some of a `map` that was given up on may run, or wait.
    fn stop_settled(&self) {
        let lanes = self.lock().lanes();
        for lane in lanes {
            lane.abandon_settled();
        }
        let mut state = self.lock();
        state.dispatch.sweep();
        let dropped = state.dispatch.take_dropped();
        drop(state);
        drop(dropped);
        self.stop_laid();
    }

    /// Posts what can be.
    fn pump(&self) {
        self.pump_at(__pool::now());
    }

    /// The same, by a clock that was read just before: a job that goes alone is short beside many looks at it.
    fn pump_at(&self, mut now: f64) {
        loop {
            let mut state = self.lock();
            state.engage();
            let next = state.dispatch.next(now);
            let dropped = state.dispatch.take_dropped();
            let Some((at, mut frame)) = next else {
                let woken = state.take_asleep();
                drop(state);
                drop(dropped);
                for lane in woken {
                    lane.begin();
                }
                return self.rouse();
            };
            state.forget_outlets(&frame);
            let lane = state.seats[at].lane.clone();
            drop(state);
            drop(dropped);
            for entry in &mut frame {
                entry.begins();
            }
            if let Err(frame) = lane.post(frame) {
                self.lock().give_back(at, frame);
            }
            // To encode a frame takes time.
            if self.lock().dispatch.waiting() > 0 {
                now = __pool::now();
            }
        }
    }
}

impl State {
    fn note_outlets(&mut self, entry: &Entry) {
        if entry.holds_outlets() {
            self.with_outlets.insert(entry.first());
        }
    }

    fn forget_outlets(&mut self, entries: &[Box<Entry>]) {
        if !self.with_outlets.is_empty() {
            for entry in entries {
                self.with_outlets.remove(&entry.first());
            }
        }
    }

    fn give_back(&mut self, at: usize, entries: Vec<Box<Entry>>) {
        for entry in &entries {
            self.note_outlets(entry);
        }
        self.dispatch.down(at);
        self.dispatch.give_back(at, entries, __pool::now());
    }
}

impl Feed for Post {
    fn up(&self, at: usize) {
        let now = __pool::now();
        let mut state = self.lock();
        state.seats[at].comes_up(now);
        state.dispatch.up(at);
        if state.dispatch.leaving(at).is_some() {
            // That is what the worker before it was told.
            state.dismiss(at);
        }
        let starters = state.take_starters();
        let watches = state.timer.is_none();
        let (lane, workers) = (state.seats[at].lane.clone(), state.workers);
        // It may have claimed jobs before it was known to be up, and some may have been aborted since.
        let shared = state.shared.as_ref();
        let stops = shared.map_or_else(Vec::new, |shared| shared.books.stops(at));
        // It was told another number when it was started.
        let tells = workers != state.began_with;
        drop(state);
        if tells {
            lane.is_of_pool(workers);
        }
        for id in stops {
            lane.stop_aside(__pool::id(id));
        }
        if self.shares && lane.watch() {
            self.lock().unsure = true;
        }
        for starter in starters {
            starter.wake();
        }
        if watches {
            self.watch();
        }
        self.tell_news();
        self.rouse();
        self.refill();
        self.pump();
        self.let_go(at);
    }

    fn down(&self, at: usize, down: Down) {
        self.loses(at, down.victim, down.why, down.may_go_on);
        let mut state = self.lock();
        state.wakes_up(at);
        state.seats[at].goes(Phase::Starting);
        if state.dispatch.leaving(at) == Some(Leaving::Recycled) {
            // That it does now.
            state.dispatch.stay(at);
        }
        state.give_back(at, down.back.into());
        drop(state);
        self.refill();
        self.pump();
    }

    fn failed(&self, at: usize, error: StartError) {
        self.loses(at, None, error.to_string(), true);
        let mut state = self.lock();
        state.wakes_up(at);
        let concerns = state.fails(at);
        state.dispatch.down(at);
        // Where no worker is there, nor will be, what waits has nobody to wait for; nor has what this one alone may take.
        let none = state
            .seats
            .iter()
            .all(|seat| matches!(seat.phase, Phase::Failed | Phase::Gone));
        let mut ends = if none {
            state.dispatch.drain()
        } else {
            state.dispatch.strand(at)
        };
        if let Some(shared) = &mut state.shared
            && none
        {
            let laid = shared.books.drain().into_iter();
            ends.extend(laid.flat_map(Parcel::into_entries));
        }
        let dropped = state.dispatch.take_dropped();
        if concerns {
            state.failure.get_or_insert_with(|| error.clone());
        }
        let starters = std::mem::take(&mut state.starters);
        drop(state);
        drop(dropped);
        for starter in starters {
            starter.wake();
        }
        for entry in ends {
            let error = entry.not_replaced(error.clone());
            entry.fail(error);
        }
        // It may have been the last that would have taken what is laid. And those that are asleep may be awake for what waits.
        self.refill();
        self.pump();
    }

    fn ended(&self, at: usize, ended: Ended) {
        let Ended { ran, gap, memory } = ended;
        let now = __pool::now();
        let mut state = self.lock();
        let seat = &mut state.seats[at];
        seat.active = now;
        // Where nothing was posted, nothing was told.
        if memory > 0 {
            seat.memory = memory;
        }
        state.dispatch.ended(at, ran, gap, now);
        self.recycle_if_due(&mut state, at);
        drop(state);
        self.pump_at(now);
        self.let_go(at);
        self.rouse();
    }

    fn left(&self, at: usize, jobs: usize) {
        let mut state = self.lock();
        let seat = &mut state.seats[at];
        seat.run += jobs as u64;
        seat.run_by_this += jobs as u64;
        if self.settings.idle_timeout.is_some() {
            seat.active = __pool::now();
        }
        self.recycle_if_due(&mut state, at);
        drop(state);
        self.let_go(at);
        self.rouse();
    }

    fn told(&self, at: usize, id: JobId, outcome: Outcome) {
        self.told_of(at, id, outcome);
    }

    fn out(&self, at: usize) -> Out {
        let state = self.lock();
        match &state.shared {
            Some(shared) if shared.books.is_at_work(at) => Out::Runs,
            _ => Out::Nothing,
        }
    }

    fn runs_given_up(&self, at: usize) -> bool {
        // What has run may not be told of yet.
        self.hear_told();
        let mut state = self.lock();
        let shared = state.shared.as_mut();
        shared.is_none_or(|shared| shared.books.runs_given_up(at))
    }

    fn owes(&self, at: usize) -> Out {
        // A worker that has ended may have been about to say that there is something to hear. No other says so then.
        self.hear_told();
        let mut state = self.lock();
        let Some(shared) = &mut state.shared else {
            return Out::Nothing;
        };
        let books = &mut shared.books;
        // One that has just ended something long had no time to answer.
        if books.is_at_work(at) || books.has_moved(at) {
            Out::Runs
        } else if books.board(at).is_some() && books.has_unclaimed() {
            Out::Waits
        } else {
            Out::Nothing
        }
    }

    fn hears(&self, at: usize, message: &Array) {
        match __pool::hear(message) {
            Heard::Jobs(entries, worker) => self.take(entries, worker, Some(at)),
            Heard::GivenUp(_, true) => self.stop_settled(),
            Heard::GivenUp(id, false) => self.abandon(id),
            Heard::EndsPool => self.end(),
            Heard::Told => self.hear_told(),
            Heard::Rouse(seat) => self.rouse_seat(seat),
            Heard::Quiet => self.hears_quiet(at),
            Heard::Nothing => {}
        }
    }
}

impl Origin for Post {
    fn abandon(&self, id: JobId) {
        let lanes = self.lock().lanes();
        if lanes.iter().any(|lane| lane.abandon_posted(id)) {
            return;
        }
        if self.abandon_laid(id) {
            return;
        }
        // It waits, and is dropped when its turn comes; or sooner where that is much, or a stream ends with it.
        let mut state = self.lock();
        state.given_up += 1;
        if state.with_outlets.remove(&id) || state.given_up > state.dispatch.waiting() / 2 {
            state.given_up = 0;
            state.dispatch.sweep();
        }
        let dropped = state.dispatch.take_dropped();
        drop(state);
        drop(dropped);
    }
}

impl Fabric for Post {
    fn kind(&self) -> choice::Fabric {
        if self.shares {
            choice::Fabric::Shared
        } else {
            choice::Fabric::Post
        }
    }

    fn workers(&self) -> usize {
        self.lock().workers
    }

    fn resize(&self, workers: usize) -> Result<(), StartError> {
        self.change_to(workers);
        Ok(())
    }

    fn submit(&self, entry: Box<Entry>, worker: Option<usize>) {
        let entry = match worker {
            Some(_) => entry,
            None => match self.share(entry, None) {
                Ok(()) => return,
                Err(entry) => entry,
            },
        };
        self.take_by_message(vec![entry], worker, None);
    }

    fn origin(&self) -> Option<Weak<dyn Origin>> {
        Some(self.me.clone())
    }

    fn give_up_many(&self, _: JobId, task: &Task) {
        task.forget();
        self.stop_settled();
    }

    fn unhandled(&self) -> Unhandled {
        self.config.unhandled()
    }

    fn poll_started(&self, cx: &mut Context<'_>) -> Poll<Result<(), StartError>> {
        // Invariant 1: a waker is foreign code.
        let waker = cx.waker().clone();
        let mut state = self.lock();
        if let Some(error) = state.failure.take() {
            return Poll::Ready(Err(error));
        }
        if state.are_all_up() {
            return Poll::Ready(Ok(()));
        }
        if state.closed {
            return Poll::Ready(Err(__pool::terminated()));
        }
        state.starters.push(waker);
        Poll::Pending
    }

    fn stats(&self) -> Stats {
        let mut state = self.lock();
        let laid: Vec<_> = (0..state.workers).map(|at| state.figures(at)).collect();
        let waiting = state
            .shared
            .as_ref()
            .map_or(0, |shared| shared.books.waiting());
        let workers = state.dispatch.stats().zip(&state.seats).zip(laid);
        let time = |micros: f64| Duration::from_secs_f64(micros.max(0.0) / 1e6);
        Stats {
            workers: workers
                .map(|((counted, seat), laid)| WorkerStats {
                    thread: seat.lane.id(),
                    up: seat.phase == Phase::Up,
                    memory: seat.memory.max(laid.memory),
                    run: seat.run + laid.run,
                    posted: counted.posted as u64 + laid.posted,
                    stolen: counted.stolen as u64 + laid.stolen,
                    frames: counted.frames as u64 + laid.frames,
                    busy: time(counted.busy + laid.busy),
                    queued: time(counted.queued + laid.queued),
                    waiting: counted.waiting as u64,
                })
                .collect(),
            waiting: (state.dispatch.waiting() + waiting) as u64,
        }
    }

    fn is_closed(&self) -> bool {
        self.lock().closed
    }

    fn end(&self) {
        let mut state = self.lock();
        if std::mem::replace(&mut state.closed, true) {
            return;
        }
        let mut waiting = state.dispatch.drain();
        waiting.extend(state.dispatch.take_dropped());
        let mut timers = Vec::new();
        if let Some(shared) = &mut state.shared {
            shared.books.shut();
            let laid = shared.books.drain().into_iter();
            waiting.extend(laid.flat_map(Parcel::into_entries));
            timers.extend(shared.take_timers());
        }
        let lanes = state.lanes();
        let starters = std::mem::take(&mut state.starters);
        let timer = state.timer.take();
        drop(state);
        drop((timer, timers));
        for lane in lanes {
            lane.terminate();
        }
        for starter in starters {
            starter.wake();
        }
        for entry in waiting {
            entry.fail(__pool::cancelled());
        }
    }

    fn poll_ended(&self, _: &mut Context<'_>) -> Poll<()> {
        // A terminated worker tells nobody of its end.
        Poll::Ready(())
    }
}
