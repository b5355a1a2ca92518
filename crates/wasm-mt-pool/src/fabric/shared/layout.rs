//! Where what lies in the memories of control words. In words of 32 bits; `README.md` draws it.
//!
//! What different threads write lies on lines of its own. Both sides of a pool are of one build, so nothing here has a version.

/// Words of a cache line, with the one that is fetched beside it.
#[cfg(not(loom))]
const LINE: u32 = 32;
#[cfg(loom)]
const LINE: u32 = 8;

/// Slots of the owner's lot, and so the cells of each of its queues, and the records of each ring: neither can overflow. A power of two,
/// as indices wrap.
#[cfg(not(loom))]
pub(crate) const SLOTS: u32 = 2048;
#[cfg(loom)]
pub(crate) const SLOTS: u32 = 2;

/// Forks that a worker can have at a time, one a level of its stack of `join`s. Their number has eight bits.
#[cfg(not(loom))]
pub(crate) const FORKS: u32 = 256;
#[cfg(loom)]
pub(crate) const FORKS: u32 = 2;

/// Results of forks that a worker can hold for others. Their number has eight bits.
#[cfg(not(loom))]
pub(crate) const CELLS: u32 = 128;
#[cfg(loom)]
pub(crate) const CELLS: u32 = 2;

/// Claims of others' forks on one stack: so deep helps may nest, and the one below them.
pub(crate) const CLAIMS: u32 = LINE;

/// Seats that can have a board. Those beyond are served by messages alone.
#[cfg(not(loom))]
pub(crate) const SEATS: u32 = 512;
#[cfg(loom)]
pub(crate) const SEATS: u32 = 2;

/// Seats of one word of sleepers.
pub(super) const SEATS_A_WORD: u32 = 16;

/// Ranks of the queues: urgent, normal, background.
pub(crate) const RANKS: u32 = 3;

/// A record: four words, then what fits inline.
pub(super) const RECORD: u32 = LINE;
/// A slot's or fork's state, a ring's slot, a cell's tag.
pub(super) const KEY: u32 = 0;
pub(super) const LEN: u32 = 1;
pub(super) const PLACE: u32 = 2;
/// A slot's flags, the microseconds that a ring's job ran.
pub(super) const EXTRA: u32 = 3;
pub(super) const INLINE: u32 = 4;
/// What fits inline.
pub(crate) const INLINE_BYTES: u32 = (RECORD - INLINE) * 4;

/// Of the lot.
pub(super) mod lot {
    use super::{LINE, RANKS, RECORD, SEATS, SLOTS};

    pub(in super::super) const SHUT: u32 = 0;
    pub(in super::super) const TOLD: u32 = LINE;
    pub(in super::super) const SLEEP: u32 = 2 * LINE;
    pub(in super::super) const CURRENT: u32 = 3 * LINE;
    const QUEUES: u32 = CURRENT + SEATS.next_multiple_of(LINE);
    const QUEUE_CELLS: u32 = QUEUES + 2 * RANKS * LINE;
    const RECORDS: u32 = QUEUE_CELLS + (RANKS * SLOTS).next_multiple_of(LINE);

    /// Words of the whole.
    pub(crate) const WORDS: u32 = RECORDS + SLOTS * RECORD;

    pub(in super::super) const fn top(rank: u32) -> u32 {
        QUEUES + 2 * rank * LINE
    }

    pub(in super::super) const fn bottom(rank: u32) -> u32 {
        top(rank) + LINE
    }

    /// Of a queue, by an index that wraps.
    pub(in super::super) const fn cell(rank: u32, index: i32) -> u32 {
        QUEUE_CELLS + rank * SLOTS + index as u32 % SLOTS
    }

    pub(in super::super) const fn slot(slot: u32) -> u32 {
        RECORDS + slot * RECORD
    }

    const _: () = assert!(SEATS / super::SEATS_A_WORD <= LINE);
    const _: () = assert!(SLOTS.is_power_of_two());
}

/// Of a board.
pub(super) mod board {
    use super::{CELLS, CLAIMS, FORKS, LINE, RECORD, SLOTS};

    pub(in super::super) const PARK: u32 = 0;

    // What the owner writes.
    /// Seldom, so it lies where there is room.
    pub(in super::super) const POSTED_ABORT: u32 = 1;
    pub(in super::super) const MAIL: u32 = LINE;
    pub(in super::super) const ORDERS: u32 = LINE + 1;
    pub(in super::super) const ABORT: u32 = LINE + 2;
    pub(in super::super) const HEAD: u32 = LINE + 3;
    const BEFORE: u32 = LINE + 4;
    /// Of so many messages it is said what was laid before.
    pub(in super::super) const BEFORES: u32 = LINE / 2;

    // What the worker writes.
    pub(in super::super) const TAIL: u32 = 2 * LINE;
    pub(in super::super) const KNOWN: u32 = 2 * LINE + 1;
    pub(in super::super) const AT: u32 = 2 * LINE + 2;
    pub(in super::super) const DEPTH: u32 = 2 * LINE + 3;
    pub(in super::super) const RUN: u32 = 2 * LINE + 4;
    pub(in super::super) const STOLEN: u32 = 2 * LINE + 5;
    pub(in super::super) const BUSY: u32 = 2 * LINE + 6;
    pub(in super::super) const PAGES: u32 = 2 * LINE + 7;

    pub(in super::super) const STACK: u32 = 3 * LINE;
    const RING: u32 = STACK + CLAIMS;
    const FORK_RECORDS: u32 = RING + SLOTS * RECORD;
    const CELL_RECORDS: u32 = FORK_RECORDS + FORKS * RECORD;

    /// Words of the whole.
    pub(crate) const WORDS: u32 = CELL_RECORDS + CELLS * RECORD;

    /// What was laid before the message of that number.
    pub(in super::super) const fn before(message: u32) -> u32 {
        BEFORE + message % BEFORES
    }

    /// Of the ring, by an index that wraps.
    pub(in super::super) const fn ring(index: i32) -> u32 {
        RING + index as u32 % SLOTS * RECORD
    }

    pub(in super::super) const fn fork(fork: u32) -> u32 {
        FORK_RECORDS + fork * RECORD
    }

    pub(in super::super) const fn cell(cell: u32) -> u32 {
        CELL_RECORDS + cell * RECORD
    }
}
