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

/// What a thread has written to one of its records, from the inline bytes on. A record that is written over and over with much the same is
/// written where that differs alone: each word is a call.
pub(super) struct Written([i32; INLINE_WORDS], i32);

const INLINE_WORDS: usize = (INLINE_BYTES / 4) as usize;

/// Words that differ, more than which are written by one call.
const FEW: usize = 8;

impl Written {
    /// Of a record in memory that is all zero.
    pub(super) const NOTHING: Written = Written([0; INLINE_WORDS], 0);
}

/// As [`put`], to a record that nobody else writes, and which has what `written` says.
pub(super) fn put_over<W: SharedWords>(
    words: &W,
    at: u32,
    space: &mut Space<W>,
    bytes: &[u8],
    written: &mut Written,
) -> Put {
    let Written(inline, len) = written;
    if bytes.len() > INLINE_BYTES as usize {
        // The length of another record does not say anything of this one's.
        *len = -1;
        return put(words, at, space, bytes);
    }
    if *len != bytes.len() as i32 {
        *len = bytes.len() as i32;
        words.set(at + LEN, *len);
    }
    let (whole, part) = bytes.as_chunks();
    let mut last = [0; 4];
    last[..part.len()].copy_from_slice(part);
    let last = (!part.is_empty()).then_some(&last);
    let now = || {
        whole
            .iter()
            .chain(last)
            .map(|word| i32::from_le_bytes(*word))
    };
    let differ = now().zip(&*inline).filter(|(now, before)| now != *before);
    if differ.count() > FEW {
        let filled: Vec<u8> = now().flat_map(i32::to_le_bytes).collect();
        words.write(at + INLINE, &filled);
        for (now, before) in now().zip(inline) {
            *before = now;
        }
        return Put::Inline;
    }
    for ((word, now), before) in (at + INLINE..).zip(now()).zip(inline) {
        if *before != now {
            *before = now;
            words.set(word, now);
        }
    }
    Put::Inline
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
