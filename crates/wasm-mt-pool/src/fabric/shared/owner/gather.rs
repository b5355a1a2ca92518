//! How what is spawned comes to be laid: at once, when there are enough for a row, or when there is room.
//!
//! A row is gathered where others of its rank are out, since then nobody waits for its first job but behind those; and it is no longer
//! than a part of them, so that few jobs spawned by themselves leave one by one.

use super::heap::Waiting;
use super::unit::Unit;
use super::{Next, Owner};
use crate::fabric::shared::{RANKS, SharedWords};

/// One of so many units that wait is a look at the clock.
const LOOK: u32 = 64;

/// What is to be done about what was taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    /// Nothing: there is room when something has ended.
    Waits,
    /// What waits is to be laid now.
    Refills,
    /// The same: it is a row.
    Fills,
    /// The same when this turn of the owner ends, if not before.
    Gathers,
}

impl<W: SharedWords, U: Unit> Owner<W, U> {
    /// Takes in what cannot be laid at once, for so many workers, and says what is to be done about it.
    pub(crate) fn push(
        &mut self,
        unit: U,
        home: Option<usize>,
        workers: usize,
        clock: impl FnOnce() -> f64,
    ) -> Pushed {
        let (rank, is_many) = (unit.queue(), unit.len() > 1);
        let row = self.row(&unit, workers);
        let has_slot = self.has_slot(rank);
        // What waits for others alone does so for some microseconds, or for this turn.
        let gathers = has_slot && row > 1;
        // A look costs as much as the rest of this.
        if !gathers && (self.heap.jobs() == 0 || self.pushed.is_multiple_of(LOOK)) {
            self.saw(clock());
        }
        self.pushed = self.pushed.wrapping_add(1);
        let since = if gathers { f64::INFINITY } else { self.now };
        let waiting = Waiting { unit, home, since };
        self.heap.push(rank, waiting);
        if gathers {
            match self.heap.line(rank) >= row {
                true => Pushed::Fills,
                false => Pushed::Gathers,
            }
        } else if is_many || has_slot {
            Pushed::Refills
        } else {
            Pushed::Waits
        }
    }

    /// One job, which has the turn where nothing waits before it, a slot is free, and it waits for no others to share that. It is to be
    /// laid at once then.
    pub(crate) fn at_once(
        &mut self,
        unit: U,
        home: Option<usize>,
        workers: usize,
    ) -> Result<Next<U>, U> {
        let rank = unit.queue();
        let waits = unit.len() > 1 || self.heap.has(rank) || !self.has_slot(rank);
        if waits || self.row(&unit, workers) > 1 {
            return Err(unit);
        }
        Ok(Next {
            unit,
            rank,
            is_back: false,
            home,
            since: f64::INFINITY,
            items: 1,
        })
    }

    /// How many jobs like this one are to share a slot now: so many that all workers have a part of those that are out.
    fn row(&mut self, unit: &U, workers: usize) -> usize {
        let rank = unit.queue();
        let share = (self.jobs[rank] + self.heap.line(rank)) / (2 * workers.max(1));
        if share < 2 || !unit.is_short() {
            return 1;
        }
        self.sizes.row(unit.kind()).min(share)
    }

    /// Adds to the unit what waits behind it and can share its slot.
    fn gather(
        &mut self,
        unit: &mut U,
        home: Option<usize>,
        rank: usize,
        is_back: bool,
        workers: usize,
    ) {
        let most = self.row(unit, workers);
        while unit.len() < most {
            let next = self.heap.take_if(rank, is_back, |next| {
                next.home == home && next.unit.settled(0).is_none() && next.unit.follows(unit)
            });
            let Some(next) = next else {
                break;
            };
            unit.append(next);
        }
    }

    /// What is to be laid next, for so many workers; to be called until there is nothing. What nobody waits for any more goes to
    /// `dropped`.
    pub(crate) fn next(&mut self, workers: usize, dropped: &mut Vec<U>) -> Option<Next<U>> {
        for rank in 0..RANKS as usize {
            while self.heap.has(rank) && self.has_slot(rank) {
                let waiting = self.heap.jobs();
                let Some((taken, is_back)) = self.heap.take(rank) else {
                    break;
                };
                let Waiting {
                    mut unit,
                    home,
                    since,
                } = taken;
                // Of a row that was laid before, or found no room, one may have been given up on since.
                if let Some(place) = unit.settled(0).filter(|_| unit.is_row()) {
                    let rest = Waiting {
                        unit: unit.split_off(place.max(1)),
                        home,
                        since,
                    };
                    self.heap.put_back(rank, is_back, rest);
                }
                if unit.is_settled() {
                    dropped.push(unit);
                    continue;
                }
                let items = if unit.len() == 1 || unit.is_row() {
                    self.gather(&mut unit, home, rank, is_back, workers);
                    unit.len()
                } else {
                    self.sizes.items(unit.kind(), unit.len(), waiting, workers)
                };
                let next = Next {
                    unit,
                    rank,
                    is_back,
                    home,
                    since,
                    items,
                };
                if items == 0 {
                    self.put_back(next);
                    break;
                }
                return Some(next);
            }
        }
        None
    }
}
