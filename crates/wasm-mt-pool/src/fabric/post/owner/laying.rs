//! What a pool lays in shared memory, and hears of there. The books of it are [`Owner`](crate::fabric::shared::Owner)'s; here they meet
//! the lanes, and whoever waits for the jobs.

use std::time::Duration;

use wasm_mt::__pool::{self, Came, Entry, Lane, Outcome};
use wasm_mt::{JobId, JoinError};

use super::parcel::Parcel;
use super::seats::Phase;
use super::{Post, State};
use crate::fabric::post::dispatch::Leaving;
use crate::fabric::shared::{Abandoned, Death, Done, Figures, Heard, Met, Next, Pushed, Unit};

/// After which times a worker that was terminated is looked at again. By the last it has stopped.
const AGAIN: [Duration; 3] = [
    Duration::from_millis(20),
    Duration::from_millis(100),
    Duration::from_secs(1),
];

/// For so long at most the end of a short job is not heard of, where its worker was about to tell of it behind another that proves long.
const LISTEN: Duration = Duration::from_millis(8);

/// What a job ends with of whose outcome its worker does not tell.
const NOT_TOLD: &str = "its worker has not told what became of it";

impl Post {
    /// Takes in what can lie in shared memory, by a job of the worker `of` or from outside.
    ///
    /// # Errors
    /// What cannot: it goes by message.
    pub(super) fn share(&self, entry: Box<Entry>, of: Option<usize>) -> Result<(), Box<Entry>> {
        // Where nobody steals, what a job spawns is for its own worker.
        let may = self.shares && (of.is_none() || self.settings.steal);
        if !may {
            return Err(entry);
        }
        let mut state = self.lock();
        if state.closed {
            drop(state);
            entry.fail(__pool::closed());
            return Ok(());
        }
        // What waits to be posted came before it, and a worker takes what it is posted in its order.
        if entry.len() == 1 && state.dispatch.for_others() > 0 {
            return Err(entry);
        }
        let ups = state.ups();
        // Where nobody but its own worker is there, what a job spawns waits until that has told of its turn: it may be given up in it.
        if of.is_some() && ups < 2 {
            return Err(entry);
        }
        if !state.takes_laid() {
            return Err(entry);
        }
        let Some(shared) = &mut state.shared else {
            return Err(entry);
        };
        let parcel = Parcel::new(entry)?;
        let (next, pushed) = match shared.books.at_once(parcel, of, ups) {
            Ok(next) => (Some(next), Pushed::Waits),
            Err(parcel) => {
                let pushed = shared.books.push(parcel, of, ups, __pool::now);
                let sleeps = state.asleep + state.dozing > 0;
                (None, if sleeps { Pushed::Refills } else { pushed })
            }
        };
        let turns = pushed == Pushed::Gathers && !std::mem::replace(&mut state.gathers, true);
        let failed = state.take_failed();
        drop(state);
        for lane in failed {
            lane.begin();
        }
        if let Some(next) = next {
            self.lay(next);
        } else if pushed == Pushed::Refills {
            self.refill();
        } else if pushed == Pushed::Fills {
            self.refill_unlooked();
        } else if turns {
            let me = self.me.clone();
            __pool::spawn_local(async move {
                if let Some(post) = me.upgrade() {
                    post.lock().gathers = false;
                    post.refill_unlooked();
                }
            });
        }
        Ok(())
    }

    /// Lays what waits and finds room now. Where nobody is left to take it, that and what is laid goes by message.
    pub(super) fn refill(&self) {
        if !self.shares {
            return;
        }
        if let Some(shared) = &mut self.lock().shared
            && shared.books.has_waiting()
        {
            shared.books.saw(__pool::now());
        }
        self.refill_unlooked();
    }

    /// The same without a look at the clock, which costs as much as some jobs.
    pub(super) fn refill_unlooked(&self) {
        loop {
            let mut state = self.lock();
            let ups = state.ups();
            let takes = state.takes_laid();
            let Some(shared) = &mut state.shared else {
                return;
            };
            if !takes {
                let parcels = shared.books.take_waiting();
                drop(state);
                if !parcels.is_empty() {
                    let entries = parcels.into_iter().flat_map(Parcel::into_entries);
                    self.take_by_message(entries.collect(), None, None);
                }
                return;
            }
            if !shared.books.has_waiting() {
                return;
            }
            let mut dropped = Vec::new();
            let next = shared.books.next(ups, &mut dropped);
            // Those start that sleep, for what finds no room.
            let woken = if next.is_none() {
                state.take_asleep()
            } else {
                Vec::new()
            };
            drop(state);
            discard(dropped);
            for lane in woken {
                lane.begin();
            }
            if !next.is_some_and(|next| self.lay(next)) {
                return;
            }
        }
    }

    /// Lays it, or as much of it as there is room for. Gives false where there is none.
    fn lay(&self, mut next: Next<Parcel>) -> bool {
        // Encoding runs foreign code.
        let trace = self.config.traces();
        let Some(record) = next.unit.write(trace, next.items) else {
            let (parcel, of) = next.into_parts();
            self.take_by_message(parcel.into_entries(), None, of);
            return true;
        };
        let mut state = self.lock();
        if state.closed {
            drop(state);
            next.into_parts().0.fail(__pool::closed());
            return true;
        }
        let mut place = None;
        let mut note = false;
        if next.unit.waits() {
            // It waits no more where a worker is free for it.
            if state.is_one_free() {
                place = next.unit.leave_queue();
            } else {
                note = true;
            }
        }
        let Some(shared) = &mut state.shared else {
            return false;
        };
        let (bytes, len) = (&record.bytes, record.len);
        let laid = match shared.books.lay(next, len, bytes, note) {
            Ok(()) => true,
            Err(next) => {
                shared.books.put_back(next);
                false
            }
        };
        let late = shared.books.is_told_late() && !std::mem::replace(&mut shared.listens, true);
        let listens = shared.books.wake(usize::from(laid));
        let mut listens = state.lanes_of(&listens);
        let woken = state.take_asleep();
        listens.append(&mut state.ordered);
        let unsure = state.unsure;
        drop(state);
        drop(place);
        for lane in listens {
            lane.wake();
        }
        for lane in woken {
            lane.begin();
        }
        if unsure {
            self.watch_silence();
        }
        if late {
            self.listen_later();
        }
        laid
    }

    /// Something is out whose end may be told of late.
    fn listen_later(&self) {
        let timer = self.timer(LISTEN, Post::listen);
        let mut state = self.lock();
        let closed = state.closed;
        let before = match &mut state.shared {
            Some(shared) if !closed => shared.listening.replace(timer),
            _ => Some(timer),
        };
        drop(state);
        drop(before);
    }

    /// Hears of what was not told, if anything has ended, and does so again while there may be such.
    fn listen(&self) {
        let fired = match &mut self.lock().shared {
            Some(shared) => shared.listening.take(),
            None => None,
        };
        drop(fired);
        self.hear_told();
        let late = match &mut self.lock().shared {
            Some(shared) => {
                shared.listens = shared.books.is_told_late();
                shared.listens
            }
            None => false,
        };
        if late {
            self.listen_later();
        }
    }

    /// Something is laid: workers of whose end nothing else tells are asked for signs of life.
    fn watch_silence(&self) {
        let ups = self.lock().lanes_up();
        let mut unsure = false;
        for lane in ups {
            unsure |= lane.watch();
        }
        self.lock().unsure = unsure;
    }

    /// The workers have told something.
    pub(super) fn hear_told(&self) {
        let mut state = self.lock();
        let Some(shared) = &mut state.shared else {
            return;
        };
        let heard = shared.books.hear();
        let now = __pool::now();
        // By this it knows how coarse the clock is.
        shared.books.saw(now);
        let seats = state.heard(self, &heard, now);
        drop(state);
        // The workers first: they may have nothing.
        self.refill();
        self.settle(heard);
        for at in seats {
            self.let_go(at);
        }
        self.rouse();
    }

    /// Settles what was heard of.
    fn settle(&self, heard: Heard<Parcel>) {
        drop(heard.begun);
        for (at, id) in heard.stopped {
            let lane = self.lock().seats[at].lane.clone();
            lane.ended_aside(__pool::id(id));
        }
        for done in heard.done {
            self.end_done(done);
        }
    }

    fn end_done(&self, done: Done<Parcel>) {
        let (seat, board) = (done.seat, done.board());
        let mut unit = Some(done.unit);
        let mut hears = |id, came: Came<'_>| {
            unit = match unit.take() {
                Some(parcel) if parcel.first() == __pool::number(id) => parcel.end_first(came),
                other => other,
            };
        };
        let outcomes = done.outcomes.as_ref();
        let is_whole = outcomes.is_some_and(|bytes| __pool::outcomes(bytes, &mut hears));
        if let Some(rest) = unit {
            let mut state = self.lock();
            let shared = state.shared.as_mut();
            let rest = match shared {
                Some(shared) if is_whole => shared.books.await_rest(rest, seat, board),
                _ => Some(rest),
            };
            drop(state);
            if let Some(rest) = rest {
                rest.fail(__pool::lost(NOT_TOLD));
            }
        }
        if !is_whole {
            let lane = self.lock().seats[seat].lane.clone();
            lane.give_up("what it told could not be read");
        }
    }

    /// A job that was laid has ended, which its worker tells by message.
    pub(super) fn told_of(&self, at: usize, id: JobId, outcome: Outcome) {
        let mut state = self.lock();
        let now = __pool::now();
        let Some(shared) = &mut state.shared else {
            return;
        };
        let told = shared
            .books
            .told(at, __pool::number(id), Parcel::split_first);
        if told.is_some() {
            state.seats[at].active = now;
        }
        drop(state);
        if let Some(left) = told {
            left.end(outcome);
        }
    }

    /// A job was given up on. Gives false where it is not laid.
    pub(super) fn abandon_laid(&self, id: JobId) -> bool {
        let mut state = self.lock();
        let Some(shared) = &mut state.shared else {
            return false;
        };
        match shared.books.abandon(__pool::number(id)) {
            Abandoned::Withdrawn(entry) => {
                drop(state);
                entry.discard();
                self.refill();
            }
            Abandoned::Runs(at) => {
                let lane = state.seats[at].lane.clone();
                drop(state);
                lane.stop_aside(id);
            }
            Abandoned::Ended => {}
            Abandoned::Waits => {
                let dropped = shared.books.sweep_if_due();
                drop(state);
                discard(dropped);
                return false;
            }
        }
        true
    }

    /// Some of a `map` that was given up on may be laid, or run.
    pub(super) fn stop_laid(&self) {
        let mut state = self.lock();
        let Some(shared) = &mut state.shared else {
            return;
        };
        let (dropped, stops) = shared.books.stop_settled();
        let stops: Vec<_> = stops
            .into_iter()
            .map(|(at, id)| (state.seats[at].lane.clone(), id))
            .collect();
        drop(state);
        for (lane, id) in stops {
            lane.stop_aside(__pool::id(id));
        }
        discard(dropped);
        self.refill();
    }

    /// The worker in a seat is gone, or could not be started. What it had claimed meets its fate.
    pub(super) fn loses(
        &self,
        at: usize,
        victim: Option<(JobId, JoinError)>,
        why: String,
        may_go_on: bool,
    ) {
        let now = __pool::now();
        let mut state = self.lock();
        let Some(shared) = &mut state.shared else {
            return;
        };
        let mut heard = Heard::default();
        let mut death = Death {
            victim: victim.map(|(id, error)| (__pool::number(id), error)),
            why,
        };
        let lost = shared.books.down(at, &mut death, may_go_on, &mut heard);
        let gone = lost.as_ref().map(|(number, _)| *number);
        let met = lost.map(|(number, mut met)| {
            shared.gone(at, number);
            shared.books.lay_back(std::mem::take(&mut met.back), now);
            if may_go_on {
                for (place, after) in AGAIN.into_iter().enumerate() {
                    let why = death.why.clone();
                    let last = place + 1 == AGAIN.len();
                    let timer = self.timer(after, move |post| post.look_again(number, &why, last));
                    shared.timers.push((number, timer));
                }
            }
            met
        });
        state.heard(self, &heard, now);
        drop(state);
        if let Some(number) = gone {
            self.orphans(number);
        }
        self.tell_news();
        self.settle(heard);
        if let Some(met) = met {
            end_met(met);
        }
    }

    /// A worker that was terminated may have gone on for a while.
    fn look_again(&self, number: u16, why: &str, last: bool) {
        let now = __pool::now();
        let mut state = self.lock();
        let Some(shared) = &mut state.shared else {
            return;
        };
        let mut met = shared.books.look_again(number, why, last);
        shared.books.lay_back(std::mem::take(&mut met.back), now);
        // The last has fired, and so have those before.
        let timers: Vec<_> = if last {
            shared
                .timers
                .extract_if(.., |(of, _)| *of == number)
                .collect()
        } else {
            Vec::new()
        };
        let ups = state.lanes_up();
        drop(state);
        drop(timers);
        // It may have laid halves that others have taken.
        self.orphans(number);
        end_met(met);
        // It may have said that it posts a message, which nobody has heard,
        self.hear_told();
        // and have said of another that this is awake now.
        for lane in ups {
            lane.wake();
        }
    }

    /// Tells the workers that are up what is new of boards.
    pub(super) fn tell_news(&self) {
        let mut state = self.lock();
        let mut told = Vec::new();
        for at in 0..state.seats.len() {
            if state.seats[at].phase == Phase::Up
                && let Some(shared) = &mut state.shared
            {
                let news = shared.take_news(at);
                if !news.is_empty() {
                    told.push((state.seats[at].lane.clone(), news));
                }
            }
        }
        drop(state);
        for (lane, news) in told {
            for value in news {
                lane.pass(&value);
            }
        }
    }

    /// Wakes the worker of a seat, for a peer that has no message for it.
    pub(super) fn rouse_seat(&self, at: usize) {
        let state = self.lock();
        let lane = state.seats.get(at).map(|seat| seat.lane.clone());
        drop(state);
        if let Some(lane) = lane {
            lane.wake();
        }
    }

    /// Wakes those that have an order.
    pub(super) fn rouse(&self) {
        let ordered = std::mem::take(&mut self.lock().ordered);
        for lane in ordered {
            lane.wake();
        }
    }
}

impl State {
    /// Whether fewer are at work than there are.
    fn is_one_free(&self) -> bool {
        let out = self.shared.as_ref().map_or(0, |shared| shared.books.out());
        out + self.dispatch.busy() < self.ups()
    }

    fn lanes_up(&self) -> Vec<std::sync::Arc<Lane>> {
        let ups = self.seats.iter().filter(|seat| seat.phase == Phase::Up);
        ups.map(|seat| seat.lane.clone()).collect()
    }

    fn lanes_of(&self, seats: &[usize]) -> Vec<std::sync::Arc<Lane>> {
        let lanes = seats.iter().filter_map(|at| self.seats.get(*at));
        lanes.map(|seat| seat.lane.clone()).collect()
    }

    /// Takes in what workers have done. Gives their seats.
    fn heard(&mut self, post: &Post, heard: &Heard<Parcel>, now: f64) -> Vec<usize> {
        for &(at, jobs) in &heard.seats {
            let memory = match &mut self.shared {
                Some(shared) => shared.books.figures(at).memory,
                None => 0,
            };
            let seat = &mut self.seats[at];
            seat.active = now;
            seat.run_by_this += jobs;
            seat.memory = seat.memory.max(memory);
            post.recycle_if_due(self, at);
        }
        heard.seats.iter().map(|(at, _)| *at).collect()
    }

    /// Which workers are at work on what was laid: they come last for what goes by message.
    pub(super) fn engage(&mut self) {
        if let Some(shared) = &self.shared
            && self.dispatch.waiting() > 0
        {
            for at in 0..self.seats.len() {
                self.dispatch.engage(at, shared.books.is_awake(at));
            }
        }
    }

    /// The worker is to take nothing more of what is laid.
    pub(super) fn dismiss(&mut self, at: usize) {
        if let Some(shared) = &mut self.shared {
            shared.books.dismiss(at);
            self.ordered.push(self.seats[at].lane.clone());
        }
    }

    /// It is to stay.
    pub(super) fn keep(&mut self, at: usize) {
        if let Some(shared) = &mut self.shared
            && shared.books.keep(at)
        {
            self.ordered.push(self.seats[at].lane.clone());
        }
    }

    /// Whether anybody takes what is laid. A worker is given no board where there is no memory for one, or no number: so it is where
    /// one is up, and none has a board. Where none is up, the next may be given one.
    fn takes_laid(&self) -> bool {
        let stays = |at| self.dispatch.leaving(at) != Some(Leaving::Retired);
        (0..self.seats.len()).any(|at| self.has_board(at) && stays(at))
            || !self.seats.iter().any(|seat| seat.phase == Phase::Up)
    }

    /// Whether its worker, where there is one, takes what is laid.
    pub(super) fn has_board(&self, at: usize) -> bool {
        let shared = self.shared.as_ref();
        shared.is_some_and(|shared| shared.books.board(at).is_some())
    }

    /// Whether it runs what was laid.
    pub(super) fn is_at_work(&self, at: usize) -> bool {
        let shared = self.shared.as_ref();
        shared.is_some_and(|shared| shared.books.is_at_work(at))
    }

    /// What was counted there of what was laid.
    pub(super) fn figures(&mut self, at: usize) -> Figures {
        let shared = self.shared.as_mut();
        shared.map_or_else(Figures::default, |shared| shared.books.figures(at))
    }

    /// Whether it has nothing of what was laid, and takes nothing.
    pub(super) fn is_clear(&self, at: usize) -> bool {
        let shared = self.shared.as_ref();
        shared.is_none_or(|shared| shared.books.is_clear(at))
    }
}

/// Drops what nobody waits for. Runs foreign code: not under a lock.
fn discard(parcels: Vec<Parcel>) {
    for parcel in parcels {
        parcel.discard();
    }
}

/// Ends what a worker took along. Runs foreign code: not under a lock.
fn end_met(met: Met<Parcel>) {
    for (parcel, error) in met.ended {
        parcel.fail(error);
    }
    discard(met.dropped);
}
