//! Jobs that travel as bytes beside the messages: how an owner writes them ([`write`]), how a worker runs them
//! ([`run_records`]), and how the owner reads what became of them ([`outcomes`]). Where the bytes lie is the pool's affair.
//!
//! The records are those of messages, with all bulk in them. What needs a message all the same is posted as any report is, and
//! then all that is told of the same jobs, so that it comes in their order.

use super::child;
use super::entry;
use super::letter::{self, Reader, Writer};
use super::link::REPORT;
use crate::entry::Entry;
use crate::handle::{Came, JobId};
use crate::payload::Payload;
use crate::wire::jobs::{self, Jobs};
use crate::wire::outcome;

/// Jobs in bytes.
#[derive(Debug)]
pub struct Record {
    /// All that a worker needs of them.
    pub bytes: Vec<u8>,
    /// How many they are.
    pub len: usize,
}

/// Whether its jobs are bytes alone, as far as can be told without encoding them.
pub fn is_plain(entry: &Entry) -> bool {
    if entry.may_suspend() || entry.holds_outlets() {
        return false;
    }
    match entry.task.many_of() {
        Some(many) => many.context.is_none(),
        None => entry
            .task
            .payload()
            .is_ok_and(|payload| payload.values.is_empty()),
    }
}

/// Writes the first of its jobs, so many at most, and as many as have room in so many bytes. Runs foreign code: not under a lock.
///
/// `None` where not even one has, or where they are not bytes alone: they may suspend, or have a context, ends of channels or
/// values beside their bytes. So it is with arguments that do not encode.
pub fn write(entry: &Entry, trace: bool, room: usize, most: usize) -> Option<Record> {
    if !is_plain(entry) {
        return None;
    }
    let mut writing = Writing::new(entry, trace, room);
    let Some(many) = entry.task.many_of() else {
        writing.add(entry.task.payload().ok()?);
        return writing.end();
    };
    for at in 0..most.min(entry.len()) {
        let id = JobId(entry.first().0 + at as u64);
        // What can be encoded once only is for the message that it then goes by.
        if !many.is_kept(id) {
            break;
        }
        if !writing.add_item(|bytes| many.write(id, bytes)) {
            break;
        }
    }
    writing.end()
}

/// Bytes of a job's arguments with which it may be in a row.
const SHORT: usize = 256;

/// Whether it may be in a row: one job, which is short, and begins once only.
pub fn is_short(entry: &Entry) -> bool {
    let payload = || entry.task.payload();
    entry.len() == 1
        && !entry.is_idempotent()
        && !entry.waits()
        && is_plain(entry)
        && payload().is_ok_and(|payload| payload.bytes.len() <= SHORT)
}

/// Whether it can stand in a row right behind that one, of which the same is true as of it.
pub fn follows(entry: &Entry, before: &Entry) -> bool {
    entry.first() == before.first().next_to()
        && entry.task.kind() == before.task.kind()
        && entry.rank() == before.rank()
        && entry.task.name.is(&before.task.name)
}

/// Writes a row of such jobs, of one at least, as [`write`] those of a `map`.
pub fn write_row<'a>(
    mut row: impl Iterator<Item = &'a Entry>,
    trace: bool,
    room: usize,
) -> Option<Record> {
    let first = row.next()?;
    let mut writing = Writing::new(first, trace, room);
    let mut next = Some(first);
    while let Some(entry) = next
        && writing.add(entry.task.payload().ok()?)
    {
        next = row.next();
    }
    writing.end()
}

/// A record that is being written.
struct Writing {
    writer: Writer,
    head: Jobs,
    /// Where its last job ends.
    end: usize,
    room: usize,
}

impl Writing {
    /// Begins with what is true of this and all that come.
    fn new(first: &Entry, trace: bool, room: usize) -> Self {
        let head = Jobs {
            first: first.first(),
            len: 0,
            kind: first.task.kind,
            context: 0,
            is_idempotent: first.is_idempotent(),
            may_suspend: false,
            rank: first.rank(),
            name: trace.then(|| first.task.name.text().into_owned()),
        };
        let mut writer = Writer::whole();
        // What most need: to grow step by step costs more than to write.
        writer.bytes.reserve(128);
        jobs::write(&mut writer, &head);
        let end = writer.bytes.len();
        Writing {
            writer,
            head,
            end,
            room,
        }
    }

    /// Adds a job. False where it has no room, or is not bytes alone: then it is the end.
    fn add(&mut self, payload: &Payload) -> bool {
        if !payload.values.is_empty() {
            return false;
        }
        self.writer.payload(payload);
        self.has_added()
    }

    /// The same with an item that `write` encodes behind other bytes, unless it cannot.
    fn add_item(&mut self, write: impl FnOnce(&mut Vec<u8>) -> bool) -> bool {
        self.writer.plain(write) && self.has_added()
    }

    fn has_added(&mut self) -> bool {
        if self.writer.bytes.len() > self.room {
            return false;
        }
        self.end = self.writer.bytes.len();
        self.head.len += 1;
        true
    }

    fn end(mut self) -> Option<Record> {
        if self.head.len == 0 {
            return None;
        }
        let mut bytes = std::mem::take(&mut self.writer.bytes);
        bytes.truncate(self.end);
        jobs::set_len(&mut bytes, self.head.len);
        Some(Record {
            bytes,
            len: self.head.len as usize,
        })
    }
}

/// Of the jobs of a record: the first id, how many they are, and what those are told by that call the same function; `None` of what
/// does not read.
pub fn head_of(record: &[u8]) -> Option<(u64, u32, u64)> {
    let head = jobs::read(&mut Reader::of(record))?;
    Some((head.first.0, head.len, head.kind.fingerprint))
}

/// What came of the jobs of a record.
#[derive(Debug)]
pub struct Ran {
    /// What [`outcomes`] reads, of so many jobs.
    pub bytes: Vec<u8>,
    /// How many.
    pub len: usize,
    /// How many others were posted, or will be.
    pub posted: usize,
}

/// Runs the jobs of a record, one after the other. `begins` is asked before each, by its place and id, whether it is to run; else
/// it ends as cancelled. `None` where the worker has ended meanwhile for its owner: the script has told what there was to tell.
///
/// What does not read ends the worker, as a message does that does not.
pub fn run_records(bytes: &[u8], begins: &mut dyn FnMut(usize, JobId) -> bool) -> Option<Ran> {
    let mut reader = Reader::of(bytes);
    let mut len = 0;
    let mut suspended = 0;
    let told = entry::aside(|| {
        while reader.has_more() {
            let Some(record) = jobs::read(&mut reader) else {
                entry::not_read();
            };
            for at in 0..record.len {
                let Some(args) = reader.args() else {
                    entry::not_read();
                };
                // The reader has seen that none is too large.
                let id = JobId(record.first.0 + u64::from(at));
                if !begins(len, id) {
                    entry::skip(id);
                } else if entry::enter_job(&record, id, args) {
                    suspended += 1;
                }
                len += 1;
                if has_ended() {
                    return;
                }
            }
        }
    });
    if has_ended() {
        return None;
    }
    child::flush_waiting();
    let ended = len - suspended;
    Some(match told {
        Some(bytes) => Ran {
            bytes,
            len: ended,
            posted: suspended,
        },
        None => Ran {
            bytes: Vec::new(),
            len: 0,
            posted: len,
        },
    })
}

/// Whether this worker has ended for its owner, though its present turn has not: what it does from now on counts for nothing.
pub fn has_ended() -> bool {
    entry::has_ended()
}

/// Posts what [`run_records`] gave, where there is no room for it elsewhere.
pub fn post_outcomes(bytes: Vec<u8>) {
    let writer = Writer {
        bytes,
        ..Writer::default()
    };
    // Bytes can always be cloned.
    let _ = letter::post(&writer, &js_sys::global(), entry::token_number(), REPORT);
}

/// Tells `hears` what became of jobs, in the order in which they ended, and gives whether that was all: a worker that tells what does
/// not read is to be given up on.
pub fn outcomes(bytes: &[u8], hears: &mut dyn FnMut(JobId, Came<'_>)) -> bool {
    let mut reader = Reader::of(bytes);
    while reader.has_more() {
        match outcome::read_plain(&mut reader) {
            Some((id, came)) => {
                if let Some(came) = came {
                    hears(id, came);
                }
            }
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests;
