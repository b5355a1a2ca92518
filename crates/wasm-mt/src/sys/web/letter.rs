//! How several jobs, or several results, travel in one message: as records in one run of bytes, which [`wire`] writes and
//! reads, and one list of JavaScript's values beside it. [`Letter`] is a frame of jobs that is being posted.

#![expect(clippy::vec_box, reason = "an entry moves about as a pointer")]

use std::sync::Arc;

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

use super::child::SPAWN;
use super::context::Shared;
use super::far;
use super::link::{self, RUN};
use super::{dom, text};
use crate::entry::Entry;
use crate::error::JoinError;
use crate::handle::JobId;
use crate::sys::outlet::take_outlets;
use crate::sys::task::Many;
use crate::wire::jobs::{self, Jobs};
use crate::wire::text::{self as few, FEW};
use crate::wire::{self, ANNOUNCE, BULK, HEAD, LAST};

/// What is posted, and what has come.
pub(super) type Writer = wire::Writer<far::Posted>;
pub(super) type Reader<'a> = wire::Reader<'a, far::List>;

/// A reader of records, and of the list beside them.
pub(super) fn reader<'a>(bytes: &'a [u8], list: &JsValue) -> Reader<'a> {
    Reader::new(bytes, far::List::new(list))
}

/// The bytes of records that came, as [`post`] sends them; `None` of anything else.
pub(super) fn bytes(came: &JsValue) -> Option<Vec<u8>> {
    match came.as_string() {
        Some(text) => Some(few::unpack(&text)),
        None => dom::bytes(came),
    }
}

/// Posts records as a message of this kind: to a worker, or with the global scope to this worker's owner.
///
/// # Errors
/// Where what travels beside the records cannot be cloned or transferred: the browser's words.
pub(super) fn post(writer: &Writer, to: &JsValue, token: f64, kind: u32) -> Result<(), String> {
    let bytes: JsValue = if writer.bytes.len() <= FEW {
        few::pack(&writer.bytes).into()
    } else {
        Uint8Array::from(&writer.bytes[..]).into()
    };
    let below = (writer.bytes.len() >= BULK).then(|| far::below(&bytes));
    let far::Posted { list, transfer } = &writer.list;
    let list = if list.is_empty() {
        JsValue::UNDEFINED
    } else {
        dom::array(list).into()
    };
    let transfer: Vec<_> = transfer.iter().cloned().chain(below).collect();
    let message = dom::message(token, kind, &bytes, &list);
    link::post(token, to, &message, &transfer).map_err(|error| text(&error))
}

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
            may_suspend: entry.may_suspend(),
            rank: entry.rank(),
            name: self.name(&entry),
        };
        match entry.task.payload() {
            Ok(payload) => {
                let part = part(&mut self.parts, payload.values.is_empty());
                part.type_name = payload.type_name;
                jobs::write(&mut part.writer, &jobs);
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
            may_suspend: entry.may_suspend(),
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
                    jobs::write(&mut part.writer, &jobs);
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
                    for outlet in take_outlets(&mut payload.values) {
                        entry.hold(id, outlet);
                    }
                    let part = part(&mut self.parts, false);
                    part.type_name = payload.type_name;
                    part.contexts.extend(context.cloned());
                    jobs.len = 1;
                    jobs::write(&mut part.writer, &jobs);
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
            jobs::write(&mut head, jobs);
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
            let mut end = Writer::headed();
            end.set_head(LAST, now);
            let _ = post(&end, worker, token, RUN);
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
        post(&self.writer, to, token, kind)
            .map_err(|reason| JoinError::not_cloned(self.type_name, reason))
    }
}

/// The part that what comes next is written to.
fn part(parts: &mut Vec<Part>, plain: bool) -> &mut Part {
    if !plain || parts.last().is_none_or(|part| !part.takes_more()) {
        parts.push(Part {
            writer: Writer::headed(),
            ..Part::default()
        });
    }
    let last = parts.len() - 1;
    &mut parts[last]
}
