//! [`Post`]: a pool whose workers get their jobs by message. Lives with whoever built it, on one thread. What waits, and what
//! goes where, is [`Dispatch`]'s; what was posted, and the workers themselves, are their lanes'.
//!
//! 1. Foreign code, and a lane, is called without the pool's lock.
//! 2. A job to an idle worker leaves at once. What more is spawned in the same turn leaves at its end, together.
//! 3. A job that is here is in one place: in the dispatch or in a lane.

#![expect(clippy::vec_box, reason = "an entry moves about as a pointer")]

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use js_sys::Array;
use wasm_mt::__pool::{self, Config, Entry, Feed, Heard, Lane, Origin, Task, Unhandled};
use wasm_mt::{JobId, StartError};

use super::dispatch::Dispatch;
use super::unit::Unit;
use crate::builder::Settings;
use crate::fabric::Fabric;
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
    lanes: Vec<Arc<Lane>>,
    state: Mutex<State>,
    me: Weak<Post>,
}

struct State {
    dispatch: Dispatch<Box<Entry>>,
    seats: Vec<Seat>,
    /// What the end of this turn will look at.
    turns: bool,
    /// Handles that were settled from the caller's end while their jobs wait.
    given_up: usize,
    /// What waits and has ends of channels.
    with_outlets: BTreeSet<JobId>,
    begun: bool,
    closed: bool,
    /// Where a worker did not start before all were up.
    failure: Option<StartError>,
    starter: Option<Waker>,
}

/// A worker's place.
#[derive(Clone, Copy, Default)]
struct Seat {
    phase: Phase,
    /// Jobs that have ended there.
    run: u64,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Starting,
    Up,
    /// It could not be started. The next job tries again.
    Failed,
}

/// A pool of so many workers, which [`begin`](Fabric::begin) starts.
pub(crate) fn make(config: &Config, workers: usize, settings: Settings) -> Arc<dyn Fabric> {
    Arc::new_cyclic(|me: &Weak<Post>| {
        let lane = |at| {
            let feed: Weak<dyn Feed> = me.clone();
            Lane::of_pool(config.of_pool(at, workers), feed, at)
        };
        Post {
            config: config.clone(),
            lanes: (0..workers).map(lane).collect(),
            state: Mutex::new(State {
                dispatch: Dispatch::new(workers, settings.steal),
                seats: vec![Seat::default(); workers],
                turns: false,
                given_up: 0,
                with_outlets: BTreeSet::new(),
                begun: false,
                closed: false,
                failure: None,
                starter: None,
            }),
            me: me.clone(),
        }
    })
}

impl Post {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in what was spawned, by a job of the worker `of` or from outside.
    fn take(&self, entries: Vec<Box<Entry>>, worker: Option<usize>, of: Option<usize>) {
        let now = __pool::now();
        let mut state = self.lock();
        if state.closed || !state.begun {
            let closed = state.closed;
            drop(state);
            for entry in entries {
                entry.fail(if closed {
                    __pool::closed()
                } else {
                    __pool::not_started()
                });
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
        let idle = state.dispatch.has_idle();
        let turns = !idle && !std::mem::replace(&mut state.turns, true);
        drop(state);
        for at in failed {
            self.lanes[at].begin();
        }
        if idle {
            self.pump();
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
        for lane in &self.lanes {
            lane.abandon_settled();
        }
        let mut state = self.lock();
        state.dispatch.sweep();
        let dropped = state.dispatch.take_dropped();
        drop(state);
        drop(dropped);
    }

    /// Posts what can be.
    fn pump(&self) {
        loop {
            let mut state = self.lock();
            let next = state.dispatch.next(__pool::now());
            let dropped = state.dispatch.take_dropped();
            if let Some((_, frame)) = &next {
                state.forget_outlets(frame);
            }
            drop(state);
            drop(dropped);
            let Some((at, mut frame)) = next else {
                return;
            };
            for entry in &mut frame {
                entry.begins();
            }
            if let Err(frame) = self.lanes[at].post(frame) {
                self.lock().give_back(at, frame);
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

    /// The workers to start once more.
    fn take_failed(&mut self) -> Vec<usize> {
        let mut failed = Vec::new();
        for (at, seat) in self.seats.iter_mut().enumerate() {
            if seat.phase == Phase::Failed {
                seat.phase = Phase::Starting;
                failed.push(at);
            }
        }
        failed
    }
}

impl Feed for Post {
    fn up(&self, at: usize) {
        let mut state = self.lock();
        state.seats[at].phase = Phase::Up;
        state.dispatch.up(at);
        let all = state.seats.iter().all(|seat| seat.phase == Phase::Up);
        let starter = if all { state.starter.take() } else { None };
        drop(state);
        if let Some(starter) = starter {
            starter.wake();
        }
        self.pump();
    }

    fn down(&self, at: usize, back: VecDeque<Box<Entry>>) {
        let mut state = self.lock();
        state.seats[at].phase = Phase::Starting;
        state.give_back(at, back.into());
        drop(state);
        self.pump();
    }

    fn failed(&self, at: usize, error: StartError) {
        let mut state = self.lock();
        state.seats[at].phase = Phase::Failed;
        state.dispatch.down(at);
        // Where no worker is there, nor will be, what waits has nobody to wait for; nor has what this one alone may take.
        let none = state.seats.iter().all(|seat| seat.phase == Phase::Failed);
        let ends = if none {
            state.dispatch.drain()
        } else {
            state.dispatch.strand(at)
        };
        let dropped = state.dispatch.take_dropped();
        state.failure.get_or_insert_with(|| error.clone());
        let starter = state.starter.take();
        drop(state);
        drop(dropped);
        if let Some(starter) = starter {
            starter.wake();
        }
        for entry in ends {
            let error = entry.not_replaced(error.clone());
            entry.fail(error);
        }
    }

    fn ended(&self, at: usize, ran: f64, gap: f64) {
        self.lock().dispatch.ended(at, ran, gap, __pool::now());
        self.pump();
    }

    fn left(&self, at: usize, jobs: usize) {
        self.lock().seats[at].run += jobs as u64;
    }

    fn hears(&self, at: usize, message: &Array) {
        match __pool::hear(message) {
            Heard::Jobs(entries, worker) => self.take(entries, worker, Some(at)),
            Heard::GivenUp(_, true) => self.stop_settled(),
            Heard::GivenUp(id, false) => self.abandon(id),
            Heard::EndsPool => self.end(),
            Heard::Nothing => {}
        }
    }
}

impl Origin for Post {
    fn abandon(&self, id: JobId) {
        if self.lanes.iter().any(|lane| lane.abandon_posted(id)) {
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
    fn workers(&self) -> usize {
        self.lanes.len()
    }

    fn begin(&self) -> bool {
        let mut state = self.lock();
        if state.closed || std::mem::replace(&mut state.begun, true) {
            return false;
        }
        drop(state);
        for lane in &self.lanes {
            lane.begin();
        }
        true
    }

    fn resize(&self, _: usize) -> Result<(), StartError> {
        Ok(())
    }

    fn submit(&self, entry: Box<Entry>, worker: Option<usize>) {
        self.take(vec![entry], worker, None);
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
        if state.seats.iter().all(|seat| seat.phase == Phase::Up) {
            return Poll::Ready(Ok(()));
        }
        let before = state.starter.replace(waker);
        drop(state);
        drop(before);
        Poll::Pending
    }

    fn stats(&self) -> Stats {
        let state = self.lock();
        let workers = state.dispatch.stats().zip(&state.seats).zip(&self.lanes);
        Stats {
            workers: workers
                .map(|((counted, seat), lane)| WorkerStats {
                    thread: lane.id(),
                    run: seat.run,
                    posted: counted.posted as u64,
                    stolen: counted.stolen as u64,
                    frames: counted.frames as u64,
                    busy: Duration::from_secs_f64(counted.busy.max(0.0) / 1e6),
                    queued: Duration::from_secs_f64(counted.queued.max(0.0) / 1e6),
                    waiting: counted.waiting as u64,
                })
                .collect(),
            waiting: state.dispatch.waiting() as u64,
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
        let starter = state.starter.take();
        drop(state);
        if let Some(starter) = starter {
            starter.wake();
        }
        for lane in &self.lanes {
            lane.terminate();
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
