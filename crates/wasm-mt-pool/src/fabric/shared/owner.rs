//! [`Owner`]: the books of a pool's owner: what it has laid for its workers in shared memory, what waits until there is room, and what
//! becomes of both. Lives with the owner, behind the pool's lock; it posts nothing, and runs no foreign code but [`Unit`]'s.
//!
//! 1. A unit is in one place: waiting, in the slot where it was laid, or among those whose outcomes come by message. It leaves once.
//! 2. Nothing waits that there is room for, once [`Owner::next`] has given `None`, but what is to be measured first.
//! 3. Each rank has some slots that the others cannot take, so that none is kept from the workers.
//! 4. Short jobs that are spawned one by one while others of their rank are out wait for one another, to be laid in one slot, a *row*. A
//!    row is at most a part of what is out for each worker, so what there is to do when it ends is never less than it.

mod fate;
mod gather;
mod heap;
mod seats;
mod settle;
mod sizes;
#[cfg(all(test, not(loom), not(target_family = "wasm")))]
mod tests;
mod unit;

use super::{Board, OwnLot, Phase, RANKS, SLOTS, SharedWords, flags};
pub(crate) use fate::{Death, Met};
pub(crate) use gather::Pushed;
use heap::{Heap, Waiting};
pub(crate) use seats::Figures;
use seats::Seat;
pub(crate) use settle::{Abandoned, Done, Heard};
use sizes::Sizes;
pub(crate) use unit::Unit;

/// Slots that each rank can have whatever the others do.
const RESERVED: usize = SLOTS as usize / 16;

/// What of a record is laid at most, in bytes.
pub(crate) const ROOM: usize = 64 << 10;

/// The books.
pub(crate) struct Owner<W, U: Unit> {
    lot: OwnLot<W>,
    heap: Heap<U>,
    sizes: Sizes,
    /// What lies in each slot.
    laid: Vec<Option<Laid<U>>>,
    /// How many do, of which rank, and how many jobs those are.
    out: usize,
    /// Of these, those whose end may be told of later.
    later: usize,
    ranks: [usize; RANKS as usize],
    jobs: [usize; RANKS as usize],
    /// Counts what was laid, and what was to wait.
    order: u64,
    pushed: u32,
    /// When the owner looked at the clock last, in µs.
    now: f64,
    /// Slots whose jobs are in a bounded queue until they begin.
    noted: Vec<u32>,
    seats: Vec<Seat<W>>,
    /// The number of the board that was made last.
    last: u16,
    /// What has ended, and is told by message.
    strays: Vec<Stray<U>>,
    /// Boards of workers that may go on for a while.
    gone: Vec<Board<W>>,
    /// Handles that were settled from the caller's end while their jobs wait.
    given_up: usize,
}

/// What lies in a slot.
struct Laid<U> {
    /// What of it has not ended.
    unit: Option<U>,
    kind: u64,
    /// Jobs that were laid, and the number of the first.
    len: usize,
    first: u64,
    rank: u8,
    home: Option<usize>,
    /// How long it had waited, in µs.
    waited: f64,
    order: u64,
    timed: Timed,
    /// It is a row: its jobs are given up on one by one.
    each: bool,
    /// Its end may be told of later than it is there.
    is_short: bool,
}

/// What the time is for that a slot took.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Timed {
    Not,
    /// To know what such jobs cost.
    Alone,
    /// The same, and as many more may be out then.
    OfMap,
}

/// What has ended in a seat.
struct Stray<U> {
    unit: U,
    seat: usize,
    board: u16,
    /// It was counted as run.
    counted: bool,
}

/// What is to be laid next: to be written without the lock, and handed to [`Owner::lay`].
pub(crate) struct Next<U> {
    pub(crate) unit: U,
    rank: usize,
    is_back: bool,
    home: Option<usize>,
    since: f64,
    /// How many of its jobs are to go.
    pub(crate) items: usize,
}

impl<U> Next<U> {
    /// The unit, and the seat whose job has spawned it.
    pub(crate) fn into_parts(self) -> (U, Option<usize>) {
        (self.unit, self.home)
    }
}

impl<W: SharedWords, U: Unit> Owner<W, U> {
    /// Over memories that are all zero, for so many seats.
    pub(crate) fn new(words: W, bulk: W) -> Self {
        Owner {
            lot: OwnLot::new(words, bulk),
            heap: Heap::new(),
            sizes: Sizes::new(),
            laid: (0..SLOTS).map(|_| None).collect(),
            out: 0,
            later: 0,
            ranks: [0; RANKS as usize],
            jobs: [0; RANKS as usize],
            order: 0,
            pushed: 0,
            now: 0.0,
            noted: Vec::new(),
            seats: Vec::new(),
            last: 0,
            strays: Vec::new(),
            gone: Vec::new(),
            given_up: 0,
        }
    }

    /// How many slots are laid.
    pub(crate) fn out(&self) -> usize {
        self.out
    }

    /// Jobs that wait, laid or not: nobody has begun them.
    pub(crate) fn waiting(&self) -> usize {
        let pending = |slot: u32| self.lot.lot().state(slot).phase() == Phase::Pending;
        let laid = (0..).zip(&self.laid).filter_map(|(slot, laid)| {
            let laid = laid.as_ref()?;
            pending(slot).then_some(laid.len)
        });
        self.heap.jobs() + laid.sum::<usize>()
    }

    /// How many of its jobs wait that are not laid, and how many slots are, since each is for a worker.
    pub(crate) fn for_workers(&self) -> usize {
        self.heap.jobs() + self.out
    }

    /// Whether something waits that is not laid.
    pub(crate) fn has_waiting(&self) -> bool {
        self.heap.jobs() > 0
    }

    /// The owner looked at the clock.
    pub(crate) fn saw(&mut self, now: f64) {
        self.now = now;
        self.sizes.saw(now);
    }

    /// Whether a unit of that rank can have a slot.
    fn has_slot(&self, rank: usize) -> bool {
        let others = self.ranks.iter().enumerate();
        let kept: usize = others
            .filter(|(of, _)| *of != rank)
            .map(|(_, out)| RESERVED.saturating_sub(*out))
            .sum();
        self.lot.room() > kept
    }

    /// It could not be laid, and has its turn again.
    pub(crate) fn put_back(&mut self, next: Next<U>) {
        let Next {
            unit,
            rank,
            is_back,
            home,
            since,
            ..
        } = next;
        // One that had its turn at once waits from now on.
        let since = since.min(self.now);
        self.heap
            .put_back(rank, is_back, Waiting { unit, home, since });
    }

    /// Lays so many of its jobs, which were written; the rest has its turn again. `note` asks to be told when it begins.
    ///
    /// # Errors
    /// All of it where there is no room: it is to be put back.
    pub(crate) fn lay(
        &mut self,
        mut next: Next<U>,
        len: usize,
        bytes: &[u8],
        note: bool,
    ) -> Result<(), Next<U>> {
        // What had been laid before goes before all else.
        let queue = if next.is_back { 0 } else { next.rank };
        let kind = next.unit.kind();
        let (each, is_many) = (next.unit.is_row(), next.unit.len() > 1);
        let is_short = is_many && self.sizes.is_short(kind, len);
        let of = |is: bool, flag| if is { flag } else { 0 };
        let said = of(note, flags::NOTE) | of(each, flags::EACH) | of(is_short, flags::LATER);
        let Some(slot) = self.lot.lay(queue as u32, bytes, said) else {
            return Err(next);
        };
        let timed = match is_many {
            true if !each => Timed::OfMap,
            true => Timed::Alone,
            false if self.sizes.is_to_learn(kind) => Timed::Alone,
            false => Timed::Not,
        };
        if len < next.unit.len() {
            let rest = next.unit.split_off(len);
            let waiting = Waiting {
                unit: rest,
                home: next.home,
                since: next.since,
            };
            self.heap.put_back(next.rank, next.is_back, waiting);
        }
        if timed == Timed::OfMap {
            self.sizes.laid(kind, len, bytes.len());
        }
        if note {
            self.noted.push(slot);
        }
        self.out += 1;
        self.ranks[queue] += 1;
        self.jobs[queue] += len;
        self.later += usize::from(is_short);
        self.order += 1;
        self.laid[slot as usize] = Some(Laid {
            kind,
            len,
            first: next.unit.first(),
            unit: Some(next.unit),
            rank: queue as u8,
            home: next.home,
            waited: (self.now - next.since).max(0.0),
            order: self.order,
            timed,
            each,
            is_short,
        });
        Ok(())
    }

    /// Takes out what lay in a slot that is free, and has not ended.
    fn take_untold(&mut self, slot: u32) -> Option<Laid<U>> {
        let laid = self.take_laid(slot)?;
        if laid.timed == Timed::OfMap {
            self.sizes.left(laid.kind, laid.len);
        }
        Some(laid)
    }

    /// Takes out what lay in a slot that is free.
    fn take_laid(&mut self, slot: u32) -> Option<Laid<U>> {
        let laid = self.laid.get_mut(slot as usize)?.take()?;
        self.out -= 1;
        self.ranks[usize::from(laid.rank)] -= 1;
        self.jobs[usize::from(laid.rank)] -= laid.len;
        self.later -= usize::from(laid.is_short);
        Some(laid)
    }

    /// Whether something is laid whose end may be told of later than it is there: for as long as what its worker runs next takes.
    pub(crate) fn is_told_late(&self) -> bool {
        self.later > 0
    }

    /// Jobs of a bounded queue that have begun leave it: whom to tell, without the lock.
    pub(crate) fn begun(&mut self) -> Vec<U::Place> {
        let mut places = Vec::new();
        let (lot, laid) = (self.lot.lot(), &mut self.laid);
        self.noted.retain(|slot| {
            let waits = lot.state(*slot).phase() == Phase::Pending;
            if !waits
                && let Some(laid) = &mut laid[*slot as usize]
                && let Some(unit) = &mut laid.unit
            {
                places.extend(unit.leave_queue());
            }
            waits
        });
        places
    }

    /// What nobody has begun, in order: for when no worker takes what is laid any more.
    pub(crate) fn take_waiting(&mut self) -> Vec<U> {
        let waits = |slot: &u32| self.laid[*slot as usize].is_some() && self.lot.withdraw(*slot);
        let slots = (0..SLOTS).filter(waits).collect();
        let laid = self.take_all(slots).into_iter();
        laid.filter_map(|laid| laid.unit)
            .chain(self.heap.drain())
            .collect()
    }

    /// Takes out what lay in these slots and has not ended, in the order in which it was laid.
    fn take_all(&mut self, slots: Vec<u32>) -> Vec<Laid<U>> {
        let slots = slots.into_iter();
        let mut laid: Vec<_> = slots.filter_map(|slot| self.take_untold(slot)).collect();
        laid.sort_by_key(|laid| laid.order);
        laid
    }

    /// All that is here, of a pool that has ended, or whose workers all failed.
    pub(crate) fn drain(&mut self) -> Vec<U> {
        // What runs is nobody's any more, and its slot is not used again.
        for slot in 0..SLOTS {
            let _ = self.lot.withdraw(slot);
        }
        let laid = self.take_all((0..SLOTS).collect());
        let mut all: Vec<U> = self.strays.drain(..).map(|stray| stray.unit).collect();
        all.extend(laid.into_iter().filter_map(|laid| laid.unit));
        all.extend(self.heap.drain());
        self.noted.clear();
        all
    }
}
