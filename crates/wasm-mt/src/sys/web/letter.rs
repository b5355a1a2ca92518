//! How several jobs, or several results, travel in one message: as records in one run of bytes, and one list of values
//! beside it. [`Writer`] and [`Reader`] are the two ends; [`Letter`] is a frame of jobs that is being posted.
//!
//! Numbers are little-endian. Never true: that a reader believes a length or a count, and makes room for what has not come;
//! what does not read is nothing.

#![expect(clippy::vec_box, reason = "an entry moves about as a pointer")]

use std::sync::Arc;

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

use super::child::SPAWN;
use super::context::Shared;
use super::far::{self, OutOfBand};
use super::link::RUN;
use super::task::{Kind, Many};
use super::{dom, text};
use crate::entry::Entry;
use crate::error::JoinError;
use crate::handle::JobId;
use crate::payload::Payload;

/// So many bytes are handed over, and not copied by the browser, which is quicker with few: a trip there and back takes 10 µs
/// less in Chromium, 3 in Firefox. So long a payload travels in a piece of its own, and is not copied into the records.
const BULK: usize = 16 << 10;
/// The length of such a payload.
const BESIDE: u32 = u32::MAX;

/// Records, and what travels beside them.
#[derive(Default)]
pub(super) struct Writer {
    bytes: Vec<u8>,
    list: Vec<JsValue>,
    transfer: Vec<JsValue>,
}

impl Writer {
    /// A number.
    pub(super) fn u32(&mut self, number: u32) {
        self.bytes.extend_from_slice(&number.to_le_bytes());
    }

    /// A number, an id or a fingerprint.
    pub(super) fn u64(&mut self, number: u64) {
        self.bytes.extend_from_slice(&number.to_le_bytes());
    }

    /// Text.
    pub(super) fn text(&mut self, text: &str) {
        self.u32(text.len() as u32);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// An encoded value, with what travels beside it.
    pub(super) fn payload(&mut self, payload: &Payload) {
        let beside = payload.bytes.len() >= BULK;
        self.u32(if beside {
            BESIDE
        } else {
            payload.bytes.len() as u32
        });
        self.u32(payload.values.len() as u32);
        if beside {
            let bytes: JsValue = Uint8Array::from(&payload.bytes[..]).into();
            self.transfer.push(far::below(&bytes));
            self.list.extend([bytes, true.into()]);
        } else {
            self.bytes.extend_from_slice(&payload.bytes);
        }
        far::write(&payload.values, &mut self.list, &mut self.transfer);
    }

    /// What a job calls.
    pub(super) fn kind(&mut self, kind: Kind) {
        self.u32(kind.trampoline);
        self.u32(kind.function);
        self.u64(kind.fingerprint);
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Nothing travels beside the records.
    pub(super) fn is_plain(&self) -> bool {
        self.list.is_empty()
    }

    /// Nothing has been written.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.list.clear();
        self.transfer.clear();
    }

    /// Writes over what stands at its beginning.
    fn set_head(&mut self, number: u32, posted: f64) {
        if let Some(head) = self.bytes.first_chunk_mut::<HEAD>() {
            head[..4].copy_from_slice(&number.to_le_bytes());
            head[4..].copy_from_slice(&posted.to_le_bytes());
        }
    }

    /// Posts it as a message of this kind.
    ///
    /// # Errors
    /// Where what travels beside the records cannot be cloned or transferred: the browser's words.
    pub(super) fn post(&self, to: &JsValue, token: f64, kind: u32) -> Result<(), String> {
        let bytes: JsValue = Uint8Array::from(&self.bytes[..]).into();
        let below = (self.bytes.len() >= BULK).then(|| far::below(&bytes));
        let list = if self.list.is_empty() {
            JsValue::UNDEFINED
        } else {
            dom::array(&self.list).into()
        };
        let transfer: Vec<_> = self.transfer.iter().cloned().chain(below).collect();
        let message = dom::message(token, kind, &bytes, &list);
        dom::send(to, &message, &transfer).map_err(|error| text(&error))
    }
}

/// Reads what a [`Writer`] has written.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    list: far::List,
}

impl<'a> Reader<'a> {
    /// Of records alone, whatever there is beside them.
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Reader {
            bytes,
            list: far::List::default(),
        }
    }

    /// Of records, and the list beside them.
    pub(super) fn new(bytes: &'a [u8], list: &JsValue) -> Self {
        Reader {
            bytes,
            list: far::List::new(list),
        }
    }

    /// There is something left.
    pub(super) fn has_more(&self) -> bool {
        !self.bytes.is_empty()
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, left) = self.bytes.split_at_checked(length)?;
        self.bytes = left;
        Some(taken)
    }

    /// A number.
    pub(super) fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    /// A number.
    pub(super) fn u64(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    /// A time, or a span.
    pub(super) fn time(&mut self) -> Option<f64> {
        Some(f64::from_bits(self.u64()?)).filter(|time| time.is_finite())
    }

    /// What a frame's records are behind.
    pub(super) fn head(&mut self) -> Option<(u32, f64)> {
        Some((self.u32()?, self.time()?))
    }

    /// The next number, which stays.
    pub(super) fn peek(&self) -> Option<u32> {
        let (number, _) = self.bytes.split_first_chunk()?;
        Some(u32::from_le_bytes(*number))
    }

    /// Text.
    pub(super) fn text(&mut self) -> Option<String> {
        let length = self.u32()?;
        String::from_utf8(self.take(length as usize)?.to_vec()).ok()
    }

    /// An encoded value, with what travelled beside it.
    pub(super) fn args(&mut self) -> Option<Args<'a>> {
        let length = self.u32()?;
        let count = self.u32()?;
        let bytes = if length == BESIDE {
            Bytes::Own(dom::bytes(&self.list.next()?.into_js())?)
        } else {
            Bytes::Borrowed(self.take(length as usize)?)
        };
        let mut values = Vec::new();
        for _ in 0..count {
            values.push(Some(self.list.next()?));
        }
        Some(Args { bytes, values })
    }

    /// The same, to keep.
    pub(super) fn payload(&mut self) -> Option<Payload> {
        let Args { bytes, values } = self.args()?;
        Some(Payload {
            bytes: match bytes {
                Bytes::Own(bytes) => bytes,
                Bytes::Borrowed(bytes) => bytes.to_vec(),
            },
            values,
            type_name: "",
        })
    }

    pub(super) fn kind(&mut self) -> Option<Kind> {
        Some(Kind {
            trampoline: self.u32()?,
            function: self.u32()?,
            fingerprint: self.u64()?,
        })
    }

    /// The head of a record of jobs, of one at least.
    pub(super) fn jobs(&mut self) -> Option<Jobs> {
        let (first, len) = (JobId(self.u64()?), self.u32()?);
        first.0.checked_add(u64::from(len))?;
        if first <= JobId::ON_START || len == 0 {
            return None;
        }
        let (kind, context) = (self.kind()?, self.u64()?);
        let flags = self.u32()?;
        Some(Jobs {
            first,
            len,
            kind,
            context,
            is_idempotent: flags & IDEMPOTENT != 0,
            rank: (flags >> RANK) as u8,
            name: match flags & NAMED {
                0 => None,
                _ => Some(self.text()?),
            },
        })
    }
}

/// A value as it lies in the records, or beside them.
pub(super) struct Args<'a> {
    pub(super) bytes: Bytes<'a>,
    pub(super) values: Vec<Option<OutOfBand>>,
}

pub(super) enum Bytes<'a> {
    Borrowed(&'a [u8]),
    Own(Vec<u8>),
}

impl std::ops::Deref for Bytes<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Bytes::Borrowed(bytes) => bytes,
            Bytes::Own(bytes) => bytes,
        }
    }
}

/// What stands before the arguments of jobs of one kind in a row.
pub(super) struct Jobs {
    pub(super) first: JobId,
    pub(super) len: u32,
    pub(super) kind: Kind,
    /// The number of the context that they share; 0 for none.
    pub(super) context: u64,
    /// Their body may run more than once.
    pub(super) is_idempotent: bool,
    /// How their pool ranks them.
    pub(super) rank: u8,
    /// Where they are traced.
    pub(super) name: Option<String>,
}

// What the last number of a head says.
const IDEMPOTENT: u32 = 1;
const NAMED: u32 = 2;
/// From this bit on: the rank.
const RANK: u32 = 8;

/// Writes the head of a record of jobs.
pub(super) fn write_jobs(to: &mut Writer, jobs: &Jobs) {
    to.u64(jobs.first.0);
    to.u32(jobs.len);
    to.kind(jobs.kind);
    to.u64(jobs.context);
    let idempotent = u32::from(jobs.is_idempotent) * IDEMPOTENT;
    let named = u32::from(jobs.name.is_some()) * NAMED;
    to.u32(idempotent | named | (u32::from(jobs.rank) << RANK));
    if let Some(name) = &jobs.name {
        to.text(name);
    }
}

/// Whether one of these jobs has that id.
pub(super) fn has(bytes: &[u8], id: JobId) -> bool {
    let mut reader = Reader::of(bytes);
    reader.head();
    while let Some(jobs) = reader.jobs() {
        if (jobs.first.0..jobs.first.0 + u64::from(jobs.len)).contains(&id.0) {
            return true;
        }
        for _ in 0..jobs.len {
            let (Some(length), Some(_)) = (reader.u32(), reader.u32()) else {
                return false;
            };
            if length != BESIDE && reader.take(length as usize).is_none() {
                return false;
            }
        }
    }
    false
}

/// A frame's records are behind a number, what these say of it or the worker that they are for, and the time by its owner's
/// clock when it was posted.
pub(super) const ANNOUNCE: u32 = 1;
pub(super) const LAST: u32 = 2;
const HEAD: usize = 12;

/// A frame of jobs on its way out, in as few messages as can be: what has values beside its bytes goes by itself, so that it
/// fails by itself where those cannot be cloned.
#[derive(Default)]
pub(crate) struct Letter {
    parts: Vec<Part>,
    failed: Vec<(Box<Entry>, JoinError)>,
    /// The jobs' names go with them.
    trace: bool,
}

/// One message.
#[derive(Default)]
struct Part {
    writer: Writer,
    entries: Vec<Box<Entry>>,
    /// What its jobs share and the worker may not have.
    contexts: Vec<Arc<dyn Shared>>,
    /// What comes next goes elsewhere.
    is_full: bool,
    /// For errors.
    type_name: &'static str,
}

impl Letter {
    pub(crate) fn of(entry: Box<Entry>, trace: bool) -> Self {
        let mut letter = Letter {
            trace,
            ..Letter::default()
        };
        letter.add_one(entry);
        letter
    }

    /// Encodes what is not encoded yet, which runs foreign code.
    pub(crate) fn write(entries: Vec<Box<Entry>>, trace: bool) -> Self {
        let mut letter = Letter {
            trace,
            ..Letter::default()
        };
        for entry in entries {
            match entry.task.many_of() {
                Some(many) => letter.add_many(entry, &many),
                None => letter.add_one(entry),
            }
        }
        letter
    }

    fn name(&self, entry: &Entry) -> Option<String> {
        self.trace.then(|| entry.task.name.text().into_owned())
    }

    fn add_one(&mut self, entry: Box<Entry>) {
        let jobs = Jobs {
            first: entry.first(),
            len: 1,
            kind: entry.task.kind,
            context: 0,
            is_idempotent: entry.is_idempotent(),
            rank: entry.rank(),
            name: self.name(&entry),
        };
        match entry.task.payload() {
            Ok(payload) => {
                let part = part(&mut self.parts, payload.values.is_empty());
                part.type_name = payload.type_name;
                write_jobs(&mut part.writer, &jobs);
                part.writer.payload(payload);
                part.entries.push(entry);
            }
            Err(error) => self.failed.push((entry, error)),
        }
    }

    fn add_many(&mut self, mut entry: Box<Entry>, many: &Many) {
        let context = many.context.as_ref();
        // One that may not be cloned goes by itself, too.
        let is_plain = match context.map_or(Ok(true), |context| context.is_plain()) {
            Ok(is_plain) => is_plain,
            Err(error) => return self.failed.push((entry, error)),
        };
        let mut jobs = Jobs {
            first: entry.first(),
            len: 0,
            kind: entry.task.kind,
            context: context.map_or(0, |context| context.id()),
            is_idempotent: entry.is_idempotent(),
            rank: entry.rank(),
            name: self.name(&entry),
        };
        let mut start = 0;
        loop {
            let written = jobs.len as usize;
            if written == entry.len() {
                break;
            }
            let id = JobId(jobs.first.0 + written as u64);
            let mut payload = many.encode(id);
            if let Ok(payload) = &payload
                && payload.values.is_empty()
            {
                if written == 0 {
                    let part = part(&mut self.parts, is_plain);
                    start = part.writer.bytes.len();
                    write_jobs(&mut part.writer, &jobs);
                    part.contexts.extend(context.cloned());
                    part.is_full = !is_plain;
                }
                // A record is in one part, also where some of it is bulk.
                if let Some(part) = self.parts.last_mut() {
                    part.writer.payload(payload);
                }
                jobs.len += 1;
                continue;
            }
            if written > 0 {
                let rest = entry.split_off(written);
                self.close(&jobs, start, std::mem::replace(&mut entry, rest));
            }
            let rest = (entry.len() > 1).then(|| entry.split_off(1));
            jobs.first = id;
            match &mut payload {
                Ok(payload) => {
                    for outlet in far::take_outlets(&mut payload.values) {
                        entry.hold(id, outlet);
                    }
                    let part = part(&mut self.parts, false);
                    part.type_name = payload.type_name;
                    part.contexts.extend(context.cloned());
                    jobs.len = 1;
                    write_jobs(&mut part.writer, &jobs);
                    part.writer.payload(payload);
                    part.entries.push(entry);
                }
                Err(error) => self.failed.push((entry, error.clone())),
            }
            let Some(rest) = rest else {
                return;
            };
            entry = rest;
            jobs.first = entry.first();
            jobs.len = 0;
        }
        self.close(&jobs, start, entry);
    }

    /// Writes how many jobs the record has that begins at `start` of the last part.
    fn close(&mut self, jobs: &Jobs, start: usize, entry: Box<Entry>) {
        if let Some(part) = self.parts.last_mut() {
            let mut head = Writer::default();
            write_jobs(&mut head, jobs);
            part.writer.bytes[start..start + head.bytes.len()].copy_from_slice(&head.bytes);
            part.entries.push(entry);
        }
    }

    /// Puts what the other holds behind this.
    pub(super) fn append(&mut self, other: Letter) {
        self.failed.extend(other.failed);
        for mut next in other.parts {
            match self.parts.last_mut() {
                Some(last) if last.takes_more() && next.takes_more() => {
                    last.writer.bytes.extend(&next.writer.bytes[HEAD..]);
                    last.entries.append(&mut next.entries);
                    last.contexts.append(&mut next.contexts);
                }
                _ => self.parts.push(next),
            }
        }
    }

    /// Posts it. Calls no foreign code. What cannot be posted is given, and the rest is what the letter then holds.
    pub(super) fn post(
        &mut self,
        worker: &JsValue,
        token: f64,
        announce: bool,
    ) -> Vec<(Box<Entry>, JoinError)> {
        let last = self.parts.len();
        let now = dom::now();
        let mut posted = 0;
        let mut is_over = false;
        let failed = self.each(|at, part| {
            part.contexts
                .iter()
                .try_for_each(|context| context.send(worker, token))?;
            let announces = u32::from(announce && posted == 0) * ANNOUNCE;
            let is_last = at + 1 == last;
            part.writer
                .set_head(announces | (u32::from(is_last) * LAST), now);
            part.post(worker, token, RUN)?;
            posted += 1;
            is_over = is_last;
            Ok(())
        });
        if posted > 0 && !is_over {
            // Its last message was not posted, but the frame has to end.
            let mut end = head();
            end.set_head(LAST, now);
            let _ = end.post(worker, token, RUN);
        }
        failed
    }

    /// Posts it from a worker to its owner, for the worker of a number.
    pub(super) fn post_up(&mut self, token: f64, place: u32) -> Vec<(Box<Entry>, JoinError)> {
        let owner = js_sys::global();
        self.each(|_, part| {
            part.contexts
                .iter()
                .try_for_each(|context| context.send_up())?;
            part.writer.set_head(place, 0.0);
            part.post(&owner, token, SPAWN)
        })
    }

    fn each(
        &mut self,
        mut post: impl FnMut(usize, &mut Part) -> Result<(), JoinError>,
    ) -> Vec<(Box<Entry>, JoinError)> {
        let mut failed = std::mem::take(&mut self.failed);
        for (at, part) in self.parts.iter_mut().enumerate() {
            if let Err(error) = post(at, part) {
                let entries = part.entries.drain(..);
                failed.extend(entries.map(|entry| (entry, error.clone())));
            }
        }
        failed
    }

    /// All of it, posted or not.
    pub(crate) fn into_entries(self) -> Vec<Box<Entry>> {
        let parts = self.parts.into_iter().flat_map(|part| part.entries);
        parts
            .chain(self.failed.into_iter().map(|(entry, _)| entry))
            .collect()
    }
}

impl Part {
    /// Nothing in it can fail to be cloned.
    fn takes_more(&self) -> bool {
        !self.is_full && self.writer.is_plain()
    }

    fn post(&self, to: &JsValue, token: f64, kind: u32) -> Result<(), JoinError> {
        self.writer
            .post(to, token, kind)
            .map_err(|reason| JoinError::not_cloned(self.type_name, reason))
    }
}

/// What has room for the head.
fn head() -> Writer {
    Writer {
        bytes: vec![0; HEAD],
        ..Writer::default()
    }
}

/// The part that what comes next is written to.
fn part(parts: &mut Vec<Part>, plain: bool) -> &mut Part {
    if !plain || parts.last().is_none_or(|part| !part.takes_more()) {
        parts.push(Part {
            writer: head(),
            ..Part::default()
        });
    }
    let last = parts.len() - 1;
    &mut parts[last]
}
