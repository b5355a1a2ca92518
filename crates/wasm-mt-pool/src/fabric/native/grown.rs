//! [`Grown`]: a list that only grows, and is read without a lock: what is in it stays where it is.

use std::ops::Index;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Row `n` holds 2ⁿ items, which makes [`Grown::MOST`] in all.
const ROWS: usize = 16;

pub(super) struct Grown<T> {
    rows: [OnceLock<Box<[T]>>; ROWS],
    len: AtomicUsize,
    make: fn() -> T,
}

impl<T> Grown<T> {
    /// It cannot have more items than these.
    pub(super) const MOST: usize = (1 << ROWS) - 1;

    /// So many items, each of which `make` makes.
    pub(super) fn new(len: usize, make: fn() -> T) -> Self {
        let grown = Grown {
            rows: [const { OnceLock::new() }; ROWS],
            len: AtomicUsize::new(0),
            make,
        };
        grown.grow(len);
        grown
    }

    /// Has so many items from now on, unless there are more; at most [`MOST`](Self::MOST).
    pub(super) fn grow(&self, len: usize) {
        let len = len.min(Self::MOST);
        for (n, row) in self.rows.iter().enumerate() {
            if len >= 1 << n {
                row.get_or_init(|| (0..1 << n).map(|_| (self.make)()).collect());
            }
        }
        // ORDERING: Release; pairs with the Acquire in `len`: who knows of an item finds its row.
        self.len.fetch_max(len, Ordering::Release);
    }

    pub(super) fn len(&self) -> usize {
        // ORDERING: Acquire; as in `grow`.
        self.len.load(Ordering::Acquire)
    }

    pub(super) fn get(&self, at: usize) -> Option<&T> {
        let (row, at) = place(at);
        self.rows.get(row)?.get()?.get(at)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        let rows = self.rows.iter().map_while(OnceLock::get);
        rows.flatten().take(self.len())
    }
}

impl<T> Index<usize> for Grown<T> {
    type Output = T;

    fn index(&self, at: usize) -> &T {
        self.get(at).expect("it has grown so far")
    }
}

/// Which row, and where in it.
fn place(at: usize) -> (usize, usize) {
    let row = (at + 1).ilog2() as usize;
    (row, at + 1 - (1 << row))
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn items_stay_where_they_are() {
        let grown = Grown::new(1, || AtomicUsize::new(0));
        let first: *const AtomicUsize = &grown[0];
        for len in [0, 2, 3, 100, 7] {
            grown.grow(len);
        }
        assert!(std::ptr::eq(first, &grown[0]));
        assert_eq!((grown.len(), grown.iter().count()), (100, 100));
        for (at, item) in grown.iter().enumerate() {
            assert!(std::ptr::eq(item, &grown[at]));
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "to make so many takes a minute there")]
    fn there_are_so_many_and_no_more() {
        let grown = Grown::new(usize::MAX, || ());
        assert_eq!(grown.len(), Grown::<()>::MOST);
        assert!(grown.get(Grown::<()>::MOST - 1).is_some());
        assert!(grown.get(Grown::<()>::MOST).is_none());
    }
}
