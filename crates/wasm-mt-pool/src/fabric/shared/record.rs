//! Records: what a slot, a fork, a ring and a cell have in common. A length and bytes, which lie in the record itself where they fit,
//! else in the bulk memory of the thread that writes it. The length says which, so that a short record has no place.
//!
//! A record is written plainly, by its memory's thread alone, before the control word that publishes it. Whoever reads it has read
//! that word; who may be too late for it looks at the word again behind the bytes.

use super::layout::{INLINE, INLINE_BYTES, LEN, PLACE};
use super::space::{Block, Space};
use super::words::SharedWords;

/// In the place of a length: the bytes go by message.
const BY_MESSAGE: i32 = -1;

/// What a record has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Bytes(Vec<u8>),
    /// They found no room, and go by message.
    ByMessage,
}

/// Where a record's bytes went.
#[must_use = "a block is free again only when it is given back"]
pub(super) enum Put {
    Inline,
    Bulk(Block),
    /// Nothing was written: there is no room.
    NoRoom,
}

/// Writes a record's bytes, where there is room for them.
pub(super) fn put<W: SharedWords>(words: &W, at: u32, space: &mut Space<W>, bytes: &[u8]) -> Put {
    let Ok(len) = i32::try_from(bytes.len()) else {
        return Put::NoRoom;
    };
    if bytes.len() <= INLINE_BYTES as usize {
        words.set(at + LEN, len);
        words.write(at + INLINE, bytes);
        return Put::Inline;
    }
    let Some(block) = space.put(bytes) else {
        return Put::NoRoom;
    };
    words.set(at + LEN, len);
    words.set(at + PLACE, block.word() as i32);
    Put::Bulk(block)
}

/// Says that the bytes go by message.
pub(super) fn put_elsewhere<W: SharedWords>(words: &W, at: u32) {
    words.set(at + LEN, BY_MESSAGE);
}

/// What a record of another thread has; `None` where it cannot be read, which is so only if it was not published.
pub(super) fn content<W: SharedWords>(words: &W, at: u32, bulk: &W) -> Option<Content> {
    let len = match words.get(at + LEN) {
        BY_MESSAGE => return Some(Content::ByMessage),
        len => u32::try_from(len).ok()?,
    };
    if len <= INLINE_BYTES {
        return Some(Content::Bytes(words.read(at + INLINE, len)));
    }
    let word = u32::try_from(words.get(at + PLACE)).ok()?;
    let end = word.checked_mul(4)?.checked_add(len)?;
    (end <= bulk.bytes()).then(|| Content::Bytes(bulk.read(word, len)))
}

/// The same, where nothing goes by message.
pub(super) fn bytes<W: SharedWords>(words: &W, at: u32, bulk: &W) -> Option<Vec<u8>> {
    match content(words, at, bulk)? {
        Content::Bytes(bytes) => Some(bytes),
        Content::ByMessage => None,
    }
}
