//! [`Space`]: what is free of a thread's bulk memory, for what does not fit inline. Lives with the thread whose memory it is: nobody else
//! allocates there or frees, so it is a plain value, and only the bytes are shared.
//!
//! First fit, in ascending order; what is freed joins its neighbours. A block belongs to one slot, ring record, fork or cell, and is
//! freed when that is.

use super::words::SharedWords;

/// Blocks are multiples of so many bytes, so that what is left beside them can be of use.
const GRAIN: u32 = 64;

/// The bulk memory of the calling thread.
pub(crate) struct Space<W> {
    bulk: W,
    /// Bytes that are spoken of here: what it may grow by is not among them.
    size: u32,
    most: u32,
    /// Start and length, in bytes, ascending and not adjoining.
    free: Vec<(u32, u32)>,
}

/// Bytes in a bulk memory. To be given back to its [`Space`].
#[must_use = "a block is free again only when it is given back"]
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Block {
    start: u32,
    len: u32,
}

impl Block {
    /// Its first word.
    pub(super) fn word(&self) -> u32 {
        self.start / 4
    }
}

impl<W: SharedWords> Space<W> {
    /// All of it is free. It grows up to so many bytes, where it can.
    pub(crate) fn new(bulk: W, most: u32) -> Self {
        let size = bulk.bytes() / GRAIN * GRAIN;
        let free = if size > 0 {
            vec![(0, size)]
        } else {
            Vec::new()
        };
        let most = most / GRAIN * GRAIN;
        Space {
            bulk,
            size,
            most: most.max(size),
            free,
        }
    }

    /// A block with these bytes, and `None` where there is no room.
    pub(super) fn put(&mut self, bytes: &[u8]) -> Option<Block> {
        let block = self.alloc(u32::try_from(bytes.len()).ok()?)?;
        self.bulk.write(block.word(), bytes);
        Some(block)
    }

    fn alloc(&mut self, bytes: u32) -> Option<Block> {
        let len = bytes.max(1).checked_next_multiple_of(GRAIN)?;
        loop {
            if let Some(at) = self.free.iter().position(|(_, free)| *free >= len) {
                let (start, free) = self.free[at];
                if free == len {
                    self.free.remove(at);
                } else {
                    self.free[at] = (start + len, free - len);
                }
                return Some(Block { start, len });
            }
            if !self.grow(len) {
                return None;
            }
        }
    }

    /// Doubles it, or more where a block of that length needs it.
    fn grow(&mut self, len: u32) -> bool {
        let last = match self.free.last() {
            Some((start, free)) if start + free == self.size => *free,
            _ => 0,
        };
        // A block of that length did not fit, so this is more than there is.
        let Some(need) = (self.size - last).checked_add(len) else {
            return false;
        };
        let size = self.size.saturating_mul(2).min(self.most).max(need);
        if size > self.most || !self.bulk.grow(size) {
            return false;
        }
        let more = Block {
            start: self.size,
            len: size - self.size,
        };
        self.size = size;
        self.free(more);
        true
    }

    pub(super) fn free(&mut self, block: Block) {
        let Block { mut start, mut len } = block;
        let at = self.free.partition_point(|(other, _)| *other < start);
        if let Some((next, more)) = self.free.get(at).copied()
            && next == start + len
        {
            len += more;
            self.free.remove(at);
        }
        if let Some(before) = at.checked_sub(1)
            && self.free[before].0 + self.free[before].1 == start
        {
            start = self.free[before].0;
            len += self.free[before].1;
            self.free[before] = (start, len);
        } else {
            self.free.insert(at, (start, len));
        }
    }

    /// Bytes that are in no block.
    #[cfg(all(test, not(loom), not(target_family = "wasm")))]
    pub(super) fn left(&self) -> u32 {
        self.free.iter().map(|(_, len)| len).sum()
    }

    /// Whether nothing is in a block, and all is in one piece.
    #[cfg(all(test, not(target_family = "wasm")))]
    pub(super) fn is_whole(&self) -> bool {
        match *self.free {
            [] => self.size == 0,
            [free] => free == (0, self.size),
            _ => false,
        }
    }
}
