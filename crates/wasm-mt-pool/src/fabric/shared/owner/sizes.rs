//! [`Sizes`]: how many items of a `map`, or jobs of one kind that were spawned one by one, go in one slot. By what items of their kind were measured to cost, since a slot costs
//! about a microsecond; and never so many that the last workers wait for one.
//!
//! Of a kind that is not known well, few are out: what is laid can be cut into smaller pieces no more. A `map` of few items goes
//! out whole all the same, so that its workers need its owner no more.

use std::collections::HashMap;

use crate::scheduler::{Clock, Costs, Part};

/// What a slot is to take, in µs.
const SLOT: f64 = 200.0;
/// Items in a slot.
const MOST: usize = 1024;
/// A slot is not parted for less than such a part of what it is to take, some microseconds: as much as to wake who takes it.
const LEAST: usize = 32;
/// Bytes of a slot's items, as far as can be told before.
const BYTES: usize = 16 << 10;
/// So many times as many may be out as have been timed.
const GROWTH: usize = 4;
/// A `map` of so many items for each worker goes out whole.
const FEW: usize = 32;

/// What takes no longer, in µs, may be told of later: no result waits longer for another on the way of messages either.
const SHORT: f64 = 1000.0;
/// What a row is to take, in µs: nobody can take one of its jobs from the worker that has it, nor give up on one before its turn.
const ROW: f64 = 50.0;
/// Jobs in a row.
const MOST_IN_ROW: usize = 64;
/// So many jobs of a kind are timed before it counts as known.
const LEARNT: usize = 64;

/// What is known of the kinds of items.
pub(super) struct Sizes {
    costs: Costs,
    clock: Clock,
    kinds: HashMap<u64, Kind>,
    /// Of the kind that was asked for last, since nothing was learnt.
    last: Option<(u64, Rows)>,
}

/// How jobs of a kind are laid that are spawned one by one.
#[derive(Clone, Copy)]
struct Rows {
    /// So many together, at most.
    most: usize,
    /// They are to be timed.
    learns: bool,
}

#[derive(Clone, Copy, Default)]
struct Kind {
    /// Items that are laid and have not ended.
    out: usize,
    /// Bytes of one, as the last ones had.
    bytes: usize,
}

impl Sizes {
    pub(super) fn new() -> Self {
        Sizes {
            costs: Costs::default(),
            clock: Clock::new(),
            kinds: HashMap::new(),
            last: None,
        }
    }

    /// How many jobs of that kind are to share a slot, at most.
    pub(super) fn row(&mut self, kind: u64) -> usize {
        self.rows(kind).most
    }

    /// Whether one job of that kind is to be timed: too little is known of it, or it takes so long that to time it is nothing.
    pub(super) fn is_to_learn(&mut self, kind: u64) -> bool {
        self.rows(kind).learns
    }

    /// Whether so many jobs of that kind are known to take so little that the end of others can wait for theirs.
    pub(super) fn is_short(&self, kind: u64, jobs: usize) -> bool {
        let known = self.costs.known(kind);
        known.is_some_and(|cost| cost.careful_mean() * jobs as f64 <= SHORT)
    }

    fn rows(&mut self, kind: u64) -> Rows {
        if let Some((last, rows)) = self.last
            && last == kind
        {
            return rows;
        }
        let rows = match self.costs.known(kind) {
            None => Rows {
                most: 1,
                learns: true,
            },
            Some(cost) => {
                let most = (ROW / cost.careful_mean().max(0.01)) as usize;
                Rows {
                    most: most.min(cost.timed()).clamp(1, MOST_IN_ROW),
                    learns: most < 2 || cost.timed() < LEARNT,
                }
            }
        };
        self.last = Some((kind, rows));
        rows
    }

    /// How many items to lay in one slot, of a unit with `len`, where `waiting` items wait in all; 0 where that is to be seen
    /// when others have ended.
    pub(super) fn items(&self, kind: u64, len: usize, waiting: usize, workers: usize) -> usize {
        let workers = workers.max(1);
        let known = self.kinds.get(&kind).copied().unwrap_or_default();
        let Some(cost) = self.costs.known(kind) else {
            let goes = waiting <= FEW * workers || known.out < 2 * workers;
            return usize::from(goes);
        };
        let mean = cost.careful_mean().max(0.01);
        let by_cost = (SLOT / mean) as usize;
        let by_bytes = BYTES.checked_div(known.bytes).unwrap_or(MOST);
        let by_share = (waiting / (2 * workers)).max(by_cost / LEAST);
        let most = cost.timed().saturating_mul(GROWTH).max(2 * workers);
        if by_cost < 2 || waiting <= FEW * workers {
            return by_cost.min(by_share).min(by_bytes).clamp(1, len);
        }
        if known.out >= most {
            return 0;
        }
        let items = by_cost.min(by_share).min(by_bytes).min(MOST);
        items.clamp(1, len.min(most - known.out))
    }

    /// So many were laid, of so many bytes.
    pub(super) fn laid(&mut self, kind: u64, items: usize, bytes: usize) {
        let known = self.kinds.entry(kind).or_default();
        known.out += items;
        known.bytes = bytes / items.max(1);
    }

    /// So many are out no more, and were not timed.
    pub(super) fn left(&mut self, kind: u64, items: usize) {
        if let Some(known) = self.kinds.get_mut(&kind) {
            known.out = known.out.saturating_sub(items);
        }
    }

    /// So many have ended together, and ran for so long.
    pub(super) fn ended(&mut self, kind: u64, items: usize, ran: f64) {
        self.left(kind, items);
        self.ran(kind, items, ran);
    }

    /// The same of what was not told by [`Sizes::laid`].
    pub(super) fn ran(&mut self, kind: u64, items: usize, ran: f64) {
        self.last = None;
        self.clock.saw_span(ran);
        let part = Part { kind, jobs: items };
        self.costs.record(&[part], ran, self.clock.tick());
    }

    /// The owner looked at the clock.
    pub(super) fn saw(&mut self, now: f64) {
        self.clock.saw(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After `rounds` in which all that could be laid was, and ran for `mean` µs an item.
    fn after(rounds: usize, mean: f64) -> Sizes {
        let mut sizes = Sizes::new();
        sizes.saw(0.0);
        sizes.saw(5.0);
        for _ in 0..rounds {
            let mut slots = Vec::new();
            loop {
                let items = sizes.items(1, 1 << 20, 1 << 20, 2);
                if items == 0 || slots.len() == 1000 {
                    break;
                }
                sizes.laid(1, items, items * 8);
                slots.push(items);
            }
            for items in slots {
                sizes.ended(1, items, mean * items as f64);
            }
        }
        sizes
    }

    #[test]
    fn an_unknown_kind_goes_one_item_a_slot_and_twice_as_many_as_workers() {
        let mut sizes = Sizes::new();
        for _ in 0..4 {
            assert_eq!(sizes.items(1, 1000, 1000, 2), 1);
            sizes.laid(1, 1, 8);
        }
        assert_eq!(sizes.items(1, 996, 996, 2), 0);
        assert_eq!(sizes.items(1, 60, 60, 2), 1, "few go out at once");
    }

    #[test]
    fn short_items_come_to_fill_slots_within_few_rounds() {
        assert_eq!(after(8, 0.1).items(1, 1 << 20, 1 << 20, 2), MOST);
        let items = after(8, 2.0).items(1, 1 << 20, 1 << 20, 2);
        assert!((60..=100).contains(&items), "{items}");
    }

    #[test]
    fn long_items_go_one_a_slot_and_as_many_as_there_are() {
        let mut sizes = after(1, 800.0);
        for _ in 0..1000 {
            assert_eq!(sizes.items(1, 5000, 5000, 2), 1);
            sizes.laid(1, 1, 8);
        }
    }

    #[test]
    fn the_last_items_are_shared_unless_that_costs_more_than_they_do() {
        let sizes = after(8, 0.1);
        assert_eq!(sizes.items(1, 1000, 1000, 2), 250);
        assert_eq!(sizes.items(1, 3, 3, 2), 3);
        let sizes = after(8, 10.0);
        assert_eq!(sizes.items(1, 40, 40, 2), 10);
        assert_eq!(sizes.items(1, 3, 3, 2), 1);
    }

    #[test]
    fn large_items_do_not_fill_a_slot() {
        let mut sizes = after(8, 0.1);
        sizes.laid(1, 1, 8 << 10);
        assert_eq!(sizes.items(1, 1 << 20, 1 << 20, 2), 2);
    }
}
