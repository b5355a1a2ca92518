//! [`SharedWords`]: the shared memory that the protocol is written over. In a browser it is a `SharedArrayBuffer` (`sab.rs`), in tests
//! native atomics, in models loom's.
//!
//! What orders anything is sequentially consistent, as all of JavaScript's `Atomics` are. Plain accesses order nothing: they are for what
//! a control word publishes.

/// A memory of `i32` words that several threads see. Addresses are in words. A clone is another view of the same memory.
///
/// Accesses MUST lie within it: the callers ask [`SharedWords::bytes`] before they believe a place that another thread wrote.
pub(crate) trait SharedWords: Clone {
    fn load(&self, at: u32) -> i32;

    fn store(&self, at: u32, value: i32);

    /// Returns what was there, as the following ones do.
    fn exchange(&self, at: u32, value: i32) -> i32;

    /// `expected` where it was exchanged.
    fn compare_exchange(&self, at: u32, expected: i32, value: i32) -> i32;

    fn and(&self, at: u32, bits: i32) -> i32;

    fn or(&self, at: u32, bits: i32) -> i32;

    fn add(&self, at: u32, more: i32) -> i32;

    /// A plain read.
    fn get(&self, at: u32) -> i32;

    /// A plain write.
    fn set(&self, at: u32, value: i32);

    /// So many bytes from a word on, by plain reads.
    fn read(&self, at: u32, len: u32) -> Vec<u8> {
        read_by_word(self, at, len)
    }

    /// Writes them from a word on, plainly. What of the last word they do not fill may be anything afterwards.
    fn write(&self, at: u32, bytes: &[u8]) {
        write_by_word(self, at, bytes);
    }

    /// Sleeps while the word has that value, until [`SharedWords::notify`] or for so long. It may come back for no reason.
    ///
    /// Never on a page's main thread, which may not block.
    fn wait(&self, at: u32, value: i32, milliseconds: f64);

    /// Wakes whoever sleeps at that word.
    fn notify(&self, at: u32);

    /// How many there are.
    fn bytes(&self) -> u32;

    /// Makes it that large; false where it cannot be. Nothing moves.
    fn grow(&self, bytes: u32) -> bool;

    /// Whether the word was exchanged.
    #[must_use]
    fn swap(&self, at: u32, expected: i32, value: i32) -> bool {
        self.compare_exchange(at, expected, value) == expected
    }
}

/// What [`SharedWords::read`] does where nothing is quicker.
pub(super) fn read_by_word(words: &impl SharedWords, at: u32, len: u32) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(len as usize + 3);
    for word in 0..len.div_ceil(4) {
        bytes.extend_from_slice(&words.get(at + word).to_le_bytes());
    }
    bytes.truncate(len as usize);
    bytes
}

/// What [`SharedWords::write`] does.
pub(super) fn write_by_word(words: &impl SharedWords, at: u32, bytes: &[u8]) {
    for (at, chunk) in (at..).zip(bytes.chunks(4)) {
        let mut word = [0; 4];
        word[..chunk.len()].copy_from_slice(chunk);
        words.set(at, i32::from_le_bytes(word));
    }
}
