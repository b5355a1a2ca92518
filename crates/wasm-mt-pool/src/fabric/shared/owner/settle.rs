//! How what was laid leaves its slot: reported by its worker, given up on, or with its worker's death.

use super::fate::{Death, Met};
use super::seats::Seat;
use super::{Laid, Owner, Stray, Timed, Unit, Waiting};
use crate::fabric::shared::{Content, Report, SLOTS, SharedWords};

/// What the owner has heard, to be settled without the pool's lock.
pub(crate) struct Heard<U: Unit> {
    pub(crate) done: Vec<Done<U>>,
    /// Of a bounded queue, who has left it.
    pub(crate) begun: Vec<U::Place>,
    /// Jobs that were to stop and have ended, each with its seat.
    pub(crate) stopped: Vec<(usize, u64)>,
    /// Seats whose workers have reported, and of how many jobs.
    pub(crate) seats: Vec<(usize, u64)>,
}

impl<U: Unit> Default for Heard<U> {
    fn default() -> Self {
        Heard {
            done: Vec::new(),
            begun: Vec::new(),
            stopped: Vec::new(),
            seats: Vec::new(),
        }
    }
}

/// What a worker has run.
pub(crate) struct Done<U> {
    pub(crate) unit: U,
    /// What came of it; `None` where that does not read.
    pub(crate) outcomes: Option<Vec<u8>>,
    pub(crate) seat: usize,
    board: u16,
}

/// What becomes of a job that was given up on.
pub(crate) enum Abandoned<U> {
    /// It is not here, or waits, and is dropped when it has its turn.
    Waits,
    /// Nobody has begun it.
    Withdrawn(U),
    /// It was told, or is about to be.
    Ended,
    /// The worker in that seat is to stop it.
    Runs(usize),
}

impl<W: SharedWords, U: Unit> Owner<W, U> {
    /// Hears what the workers have reported.
    pub(crate) fn hear(&mut self) -> Heard<U> {
        self.lot.lot().listen();
        let mut heard = Heard {
            begun: self.begun(),
            ..Heard::default()
        };
        for seat in 0..self.seats.len() {
            self.hear_one(seat, &mut heard);
            self.name_next(seat);
        }
        heard
    }

    /// The worker in a seat runs a row of which more jobs are given up on than it can be told of at a time: it is told of the next.
    fn name_next(&self, seat: usize) {
        if let Some((slot, _)) = self.seats[seat].stops.last()
            && let Some(board) = self.board(seat)
            && let Some(Laid {
                each: true,
                first,
                unit: Some(unit),
                ..
            }) = &self.laid[*slot as usize]
        {
            let at = first + u64::from(board.at());
            let from = at.saturating_sub(unit.first()) as usize;
            if let Some(place) = unit.settled(from) {
                board.set_abort((unit.first() + place as u64) as u32);
            }
        }
    }

    /// Whether what the worker in a seat runs of what was laid is given up on, and was so for a grace. Of a row another may run than the
    /// one whose grace is over, which has run by then, or has yet to begin; and what runs may have been given up on just now: then it is
    /// to be found running the next time. To be asked when all was heard.
    pub(crate) fn runs_given_up(&mut self, seat: usize) -> bool {
        let Some(Seat {
            board: Some(board),
            stops,
            overdue,
            ..
        }) = self.seats.get_mut(seat)
        else {
            return true;
        };
        let mut runs = |slot: u32| match &self.laid[slot as usize] {
            Some(Laid {
                each: true,
                first,
                unit: Some(unit),
                ..
            }) => {
                let at = board.at();
                let place = unit.place_of(first + u64::from(at));
                let is = place.is_some_and(|place| unit.settled(place) == Some(place));
                let found = is.then_some((slot, at));
                is && std::mem::replace(overdue, found) == found
            }
            _ => true,
        };
        stops.is_empty() || stops.iter().any(|(slot, _)| runs(*slot))
    }

    fn hear_one(&mut self, seat: usize, heard: &mut Heard<U>) {
        let Some(board) = self.seats[seat].board.clone() else {
            return;
        };
        let mut reports = Vec::new();
        self.lot.drain(&board, &mut reports);
        if reports.is_empty() {
            return;
        }
        self.seats[seat].count();
        let mut jobs = 0;
        for Report { slot, ran, content } in reports {
            let stops = &mut self.seats[seat].stops;
            if let Some(place) = stops.iter().position(|(of, _)| *of == slot) {
                let (_, id) = stops.remove(place);
                self.seats[seat].overdue = None;
                let stops = &self.seats[seat].stops;
                board.set_abort(stops.last().map_or(0, |(_, id)| *id as u32));
                heard.stopped.push((seat, id));
            }
            let Some(laid) = self.take_laid(slot) else {
                continue;
            };
            match laid.timed {
                Timed::OfMap => self.sizes.ended(laid.kind, laid.len, f64::from(ran)),
                Timed::Alone => self.sizes.ran(laid.kind, laid.len, f64::from(ran)),
                Timed::Not => {}
            }
            jobs += laid.len as u64;
            let figures = &mut self.seats[seat].figures;
            figures.took(seat, &laid);
            let Some(unit) = laid.unit else {
                continue;
            };
            let outcomes = match content {
                Some(Content::Bytes(bytes)) => Some(bytes),
                Some(Content::ByMessage) => {
                    self.strays.push(Stray {
                        unit,
                        seat,
                        board: board.number(),
                        counted: false,
                    });
                    continue;
                }
                None => None,
            };
            figures.run += unit.len() as u64;
            heard.done.push(Done {
                unit,
                outcomes,
                seat,
                board: board.number(),
            });
        }
        heard.seats.push((seat, jobs));
    }

    /// What was reported has not told of these: they come by message. Gives them back where their worker is gone, so that nothing
    /// comes.
    pub(crate) fn await_rest(&mut self, unit: U, seat: usize, board: u16) -> Option<U> {
        if self.seat_of(board).is_none() {
            return Some(unit);
        }
        self.strays.push(Stray {
            unit,
            seat,
            board,
            counted: true,
        });
        None
    }

    /// A worker tells by message of a job that it was not posted: of the first that has not ended of those that hold it. `part`
    /// parts that from the rest, and gives what has ended.
    pub(crate) fn told<L>(
        &mut self,
        seat: usize,
        id: u64,
        part: impl FnOnce(U) -> (L, Option<U>),
    ) -> Option<L> {
        let is_next = |unit: &U| unit.first() == id;
        if let Some(at) = self.strays.iter().position(|stray| is_next(&stray.unit)) {
            let stray = self.strays.swap_remove(at);
            if !stray.counted {
                self.seats[stray.seat].figures.run += 1;
            }
            let (left, rest) = part(stray.unit);
            self.strays.extend(rest.map(|unit| Stray { unit, ..stray }));
            return Some(left);
        }
        let laid = self.laid.iter_mut().flatten();
        let mut units = laid.map(|laid| &mut laid.unit);
        let unit = units.find(|unit| unit.as_ref().is_some_and(is_next))?;
        let (left, rest) = part(unit.take()?);
        *unit = rest;
        if let Some(seat) = self.seats.get_mut(seat) {
            seat.figures.run += 1;
        }
        Some(left)
    }

    /// A job was given up on.
    pub(crate) fn abandon(&mut self, id: u64) -> Abandoned<U> {
        let has = |unit: &U| unit.place_of(id).is_some();
        let laid = (0..).zip(&self.laid);
        let mut slots = laid.filter_map(|(slot, laid)| Some((slot, laid.as_ref()?.unit.as_ref()?)));
        if let Some((slot, _)) = slots.find(|(_, unit)| has(unit)) {
            return self.stop(slot, id);
        }
        if self.strays.iter().any(|stray| has(&stray.unit)) {
            return Abandoned::Ended;
        }
        self.given_up += 1;
        Abandoned::Waits
    }

    fn stop(&mut self, slot: u32, id: u64) -> Abandoned<U> {
        if self.lot.withdraw(slot) {
            let laid = self.take_untold(slot);
            let unit = laid.and_then(|laid| self.part_withdrawn(laid, id));
            return unit.map_or(Abandoned::Ended, Abandoned::Withdrawn);
        }
        let state = self.lot.lot().state(slot);
        let Some(seat) = self.seat_of(state.board()) else {
            return Abandoned::Ended;
        };
        let row = self.laid[slot as usize].as_ref();
        let row = row.filter(|laid| laid.each).map(|laid| laid.first);
        let taken = &mut self.seats[seat];
        // Each has its grace, which its report ends: those that have run, and were not heard of, too. A row has one.
        if taken.stops.iter().any(|(of, _)| *of == slot) {
            if let (Some(first), Some(board)) = (row, &taken.board) {
                // Of two the worker is told of the one that it comes to first.
                let at = (first + u64::from(board.at())) as u32;
                let ahead = |id: u32| id.wrapping_sub(at) as i32;
                let (named, id) = (board.abort(), id as u32);
                if ahead(id) >= 0 && (ahead(named) < 0 || ahead(id) < ahead(named)) {
                    board.set_abort(id);
                }
            }
            return Abandoned::Ended;
        }
        taken.stops.push((slot, id));
        if let Some(board) = &taken.board {
            let at = board.at();
            // Its own grace begins.
            let runs = row.is_some_and(|first| first + u64::from(at) == id);
            taken.overdue = runs.then_some((slot, at));
            // The last is the one that runs, if any of them does. The worker compares the low half.
            board.set_abort(id as u32);
        }
        Abandoned::Runs(seat)
    }

    /// The job of a slot that was taken back; the others of its row have their turn again. Laid next they find the same slot, and with it
    /// their old place in the queue.
    fn part_withdrawn(&mut self, laid: Laid<U>, id: u64) -> Option<U> {
        let mut unit = laid.unit?;
        if !laid.each {
            return Some(unit);
        }
        let place = unit.place_of(id).unwrap_or(0);
        let behind = (place + 1 < unit.len()).then(|| unit.split_off(place + 1));
        let (job, before) = match place {
            0 => (unit, None),
            _ => (unit.split_off(place), Some(unit)),
        };
        // What is laid once more lies in the first queue.
        let is_back = usize::from(laid.rank) != job.queue();
        for unit in behind.into_iter().chain(before) {
            let since = self.now - laid.waited;
            let waiting = Waiting {
                unit,
                home: laid.home,
                since,
            };
            self.heap.put_back(usize::from(laid.rank), is_back, waiting);
        }
        Some(job)
    }

    /// Some of a `map` that was given up on may be here. Gives what is dropped, and what is to stop: seats, and the jobs that they run.
    pub(crate) fn stop_settled(&mut self) -> (Vec<U>, Vec<(usize, u64)>) {
        let mut stops = Vec::new();
        let mut dropped = self.sweep();
        for slot in 0..SLOTS {
            let Some(Laid {
                unit: Some(unit),
                first,
                ..
            }) = &self.laid[slot as usize]
            else {
                continue;
            };
            if !unit.is_settled() {
                continue;
            }
            let state = self.lot.lot().state(slot);
            let runs = self.seat_of(state.board());
            let at = runs
                .and_then(|seat| self.board(seat))
                .map(|board| board.at());
            let last = unit.first() + unit.len() as u64 - 1;
            let id = (first + u64::from(at.unwrap_or(0))).clamp(unit.first(), last);
            match self.stop(slot, id) {
                Abandoned::Withdrawn(unit) => dropped.push(unit),
                Abandoned::Runs(seat) => stops.push((seat, id)),
                Abandoned::Ended | Abandoned::Waits => {}
            }
        }
        (dropped, stops)
    }

    /// Takes out of what waits what nobody waits for, where that may be much.
    pub(crate) fn sweep_if_due(&mut self) -> Vec<U> {
        if self.given_up > self.heap.jobs() / 2 {
            self.sweep()
        } else {
            Vec::new()
        }
    }

    fn sweep(&mut self) -> Vec<U> {
        self.given_up = 0;
        self.heap.sweep()
    }

    /// The worker in a seat is gone: what it has reported counts, what else it had claimed meets its fate. Gives the number of its board.
    ///
    /// Where it `may_go_on`, [`Owner::look_again`] is to be called for that later.
    pub(crate) fn down(
        &mut self,
        seat: usize,
        death: &mut Death<U::Error>,
        may_go_on: bool,
        heard: &mut Heard<U>,
    ) -> Option<(u16, Met<U>)> {
        self.revoke(seat);
        // It may have died between its report and its message.
        self.lot.lot().listen();
        heard.begun.extend(self.begun());
        for seat in 0..self.seats.len() {
            self.hear_one(seat, heard);
        }
        let taken = self.seats.get_mut(seat)?;
        taken.count();
        taken.stops.clear();
        taken.overdue = None;
        taken.figures.memory = 0;
        let board = taken.board.take()?;
        let number = board.number();
        self.lot.lot().set_current(seat as u32, 0);
        let mut met = Met::default();
        self.take_back(&board, Some(seat), death, &mut met);
        let gone = self.strays.extract_if(.., |stray| stray.board == number);
        for stray in gone {
            // It has run, and told of its end: that is lost.
            met.lose(stray.unit, &death.why);
        }
        if may_go_on {
            self.gone.push(board);
        }
        Some((number, met))
    }

    /// The worker of a board that is gone may have gone on for a while, and have claimed something. The `last` time it has stopped for
    /// certain.
    pub(crate) fn look_again(&mut self, number: u16, why: &str, last: bool) -> Met<U> {
        let mut met = Met::default();
        let Some(at) = self.gone.iter().position(|board| board.number() == number) else {
            return met;
        };
        let board = self.gone[at].clone();
        let mut death = Death {
            victim: None,
            why: why.into(),
        };
        self.take_back(&board, None, &mut death, &mut met);
        if last {
            self.gone.swap_remove(at);
        }
        met
    }

    /// What the worker of a board has claimed, and will not end.
    fn take_back(
        &mut self,
        board: &crate::fabric::shared::Board<W>,
        seat: Option<usize>,
        death: &mut Death<U::Error>,
        met: &mut Met<U>,
    ) {
        let slots = self.lot.take_back(board.number());
        for laid in self.take_all(slots) {
            if let Some(seat) = seat {
                self.seats[seat].figures.took(seat, &laid);
            }
            if let Some(unit) = laid.unit {
                met.meet(unit, laid.first + u64::from(board.at()), death);
            }
        }
        let known = |number| {
            let boards = self.seats.iter().filter_map(|seat| seat.board.as_ref());
            boards.into_iter().find(|board| board.number() == number)
        };
        board.lose_claims(known);
        board.withdraw_forks();
    }

    /// What is laid once more, before all else.
    pub(crate) fn lay_back(&mut self, units: Vec<U>, now: f64) {
        self.heap.lay_back(units, now);
    }
}

impl super::Figures {
    /// The worker in that seat has taken what lay in a slot.
    fn took<U>(&mut self, seat: usize, laid: &Laid<U>) {
        self.posted += laid.len as u64;
        self.frames += 1;
        self.queued += laid.waited * laid.len as f64;
        if laid.home.is_some_and(|home| home != seat) {
            self.stolen += laid.len as u64;
        }
    }
}

impl<U> Done<U> {
    /// The board of the worker that has run it.
    pub(crate) fn board(&self) -> u16 {
        self.board
    }
}
