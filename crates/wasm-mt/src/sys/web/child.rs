//! Jobs that a pool's job spawns onto its own pool. The worker keeps who waits for them ([`submit`], [`answered`]); its owner
//! makes jobs of them ([`hear`]), whose [`Relay`] sends the outcomes back, together at the end of a turn.
//!
//! 1. A worker's ids are its own: the owner's jobs have others, and a relay translates.
//! 2. The worker's first few jobs of a turn leave at once. Of many, at most a fifth waits for the end of the turn.
//! 3. A worker that ends leaves its jobs' children running; nobody hears of them.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use js_sys::Array;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::aboard::{QUIET, ROUSE, TOLD, works};
use super::context::{Context, Shared};
use super::letter::{self, Letter, Reader, Writer};
use super::{dom, entry, link, watch};
use crate::channel::Outlet;
use crate::entry::{Child, Entry, close};
use crate::error::JoinError;
use crate::handle::{JobId, Packet};
use crate::name::Name;
use crate::payload::Payload;
use crate::sys::Task;
use crate::wire::answer::{self, Answer};
use crate::wire::jobs;
use crate::worker::Outcome;

// Kinds of messages. From the worker; what a worker says that is not its pool's ends with 10.
pub(super) const SPAWN: u32 = 11;
const GIVEN_UP: u32 = 12;
const END_POOL: u32 = 15;
pub(super) const SHARED: u32 = 13;
pub(super) const UNSHARED: u32 = 14;
// To the worker.
const ANSWER: u32 = 7;
/// In the place of the number of a worker.
const ANY: u32 = u32::MAX;

/// So many leave at once.
const AT_ONCE: usize = 4;

thread_local! {
    /// Who waits in this worker, by the first id of each.
    static CHILDREN: RefCell<BTreeMap<u64, Child>> = const { RefCell::new(BTreeMap::new()) };
    static PENDING: RefCell<Letter> = RefCell::new(Letter::default());
    /// How many jobs this turn has spawned, and how many of them wait.
    static TURN: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

/// Gives a job of this worker's job to the pool: to the worker of a number, or to any.
pub fn submit(entry: Box<Entry>, place: Option<usize>) {
    // Encoding runs foreign code.
    let letter = Letter::write(vec![entry], entry::traces());
    if place.is_some() {
        flush();
        return post(letter, place);
    }
    PENDING.with_borrow_mut(|pending| pending.append(letter));
    let (spawned, waiting) = TURN.get();
    TURN.set((spawned + 1, waiting + 1));
    if spawned == 0 {
        spawn_local(async {
            flush();
            TURN.set((0, 0));
        });
    }
    if spawned < AT_ONCE || waiting + 1 > (spawned + 1) / 5 {
        flush();
    }
}

/// Lets go what would wait for the end of a turn: that may be long in coming, where other jobs run in the same one.
pub(super) fn flush_waiting() {
    if TURN.get().1 > 0 {
        flush();
    }
}

fn flush() {
    TURN.set((TURN.get().0, 0));
    let letter = PENDING.take();
    post(letter, None);
}

fn post(mut letter: Letter, place: Option<usize>) {
    let place = place.map_or(ANY, |place| place as u32);
    let failed = letter.post_up(entry::token_number(), place);
    CHILDREN.with_borrow_mut(|children| {
        for entry in letter.into_entries() {
            let (first, child) = entry.into_child();
            children.insert(first.0, child);
        }
    });
    for (entry, error) in failed {
        entry.end(Err(error));
    }
}

/// A job of this worker's job was given up on.
pub fn given_up(id: JobId) {
    flush();
    let gone = CHILDREN.with_borrow_mut(|children| children.remove(&id.0));
    // What has ended meanwhile is not there.
    if let Some(child) = gone {
        give_up(id, child);
    }
}

/// A `map` of this worker's job was given up on: all that is left of it, in however many records it went.
pub fn given_up_many() {
    flush();
    let settled = |_: &u64, child: &mut Child| child.packet.is_settled();
    let gone: Vec<_> =
        CHILDREN.with_borrow_mut(|children| children.extract_if(.., settled).collect());
    for (first, child) in gone {
        give_up(JobId(first), child);
    }
}

fn give_up(first: JobId, child: Child) {
    entry::post(&[entry::token(), GIVEN_UP.into(), entry::number(first)]);
    close(child.outlets);
}

/// A job of this worker ends the pool.
pub fn end_pool() {
    entry::post(&[entry::token(), END_POOL.into()]);
}

/// Who waits for a job, and which of theirs it is.
fn find(children: &mut BTreeMap<u64, Child>, id: JobId) -> Option<(usize, &mut Child)> {
    let (first, child) = children.range_mut(..=id.0).next_back()?;
    let place = (id.0 - first) as usize;
    (id.0 - first < child.len as u64).then_some((place, child))
}

/// The owner tells what has become of jobs of this worker's jobs.
pub fn answered(came: &JsValue, list: &JsValue) {
    let Some(bytes) = letter::bytes(came) else {
        entry::not_read();
    };
    let mut reader = letter::reader(&bytes, list);
    while reader.has_more() {
        let Some(answer) = answer::read(&mut reader) else {
            // Who waits in this worker would wait for good.
            entry::not_read();
        };
        match answer {
            Answer::Ended(id, outcome) => ended(id, outcome),
            Answer::Item(id, index, item) => {
                let outlet = CHILDREN.with_borrow_mut(|children| {
                    let held = &find(children, id)?.1.outlets;
                    let mut held = held.iter();
                    held.find(|(of, at, _)| *of == id && *at == index)
                        .map(|(.., outlet)| outlet.clone())
                });
                if let Some(outlet) = outlet {
                    outlet.deliver(item);
                }
            }
            Answer::Closed(id, index) => {
                let outlet = CHILDREN.with_borrow_mut(|children| {
                    let held = &mut find(children, id)?.1.outlets;
                    let at = held
                        .iter()
                        .position(|(of, at, _)| *of == id && *at == index)?;
                    Some(held.swap_remove(at))
                });
                close(outlet.into_iter().collect());
            }
        }
    }
}

fn ended(id: JobId, outcome: Outcome) {
    let known = CHILDREN.with_borrow_mut(|children| {
        let (place, child) = find(children, id)?;
        if child.has_ended(place) {
            return None;
        }
        let outlets = child.outlets.extract_if(.., |(of, ..)| *of == id).collect();
        let packet = child.packet.clone();
        if child.left == 0 {
            let first = *children.range(..=id.0).next_back()?.0;
            children.remove(&first);
        }
        Some((packet, outlets))
    });
    if let Some((packet, outlets)) = known {
        close(outlets);
        packet.settle(id, outcome);
    }
}

/// What a worker has sent to its pool.
pub enum Heard {
    /// Jobs of its jobs, for the worker of a number or for any.
    Jobs(Vec<Box<Entry>>, Option<usize>),
    /// Nobody waits any more for this job; or for those of the `map` that begins with it.
    GivenUp(JobId, bool),
    /// A job ends its pool.
    EndsPool,
    /// The worker has told something aboard.
    Told,
    /// The worker of this number is to be woken.
    Rouse(usize),
    /// The worker takes nothing more before it is told to.
    Quiet,
    /// Nothing for a pool to do.
    Nothing,
}

/// Reads what a worker has sent to its pool. One that sends what does not read is given up on.
pub fn hear(message: &Array) -> Heard {
    let message = dom::Message(message.clone());
    read(&message).unwrap_or_else(|| {
        if let Some(token) = message.number(0) {
            watch::died(token, link::NOT_READ);
        }
        Heard::Nothing
    })
}

fn read(message: &dom::Message) -> Option<Heard> {
    let token = message.number(0)?;
    let kind = message.kind(1)?;
    if kind <= TOLD {
        // Jobs say that.
        works(token);
    }
    match kind {
        SPAWN => {
            let bytes = letter::bytes(&message.0.get(2))?;
            let mut reader = letter::reader(&bytes, &message.0.get(3));
            let (place, _) = reader.head()?;
            let place = (place != ANY).then_some(place as usize);
            let answers = link::listening(token, |one| {
                let new = || Answers::new(token);
                one.answers.get_or_insert_with(new).clone()
            })?;
            let mut entries = Vec::new();
            while reader.has_more() {
                entries.extend(read_entry(token, &mut reader, &answers)?);
            }
            Some(Heard::Jobs(entries, place))
        }
        GIVEN_UP => {
            let id = message.number(2)? as u64;
            let answers = link::listening(token, |one| one.answers.clone()).flatten();
            let relay = answers.and_then(|answers| answers.lock().relays.remove(&id)?.upgrade());
            // What has ended meanwhile is not there.
            Some(relay.map_or(Heard::Nothing, |relay| {
                // ORDERING: Relaxed; it tells of nothing else.
                relay.given_up.store(true, Ordering::Relaxed);
                Heard::GivenUp(relay.first, relay.is_of_many)
            }))
        }
        END_POOL => Some(Heard::EndsPool),
        TOLD => Some(Heard::Told),
        ROUSE => Some(Heard::Rouse(message.kind(2)? as usize)),
        QUIET => Some(Heard::Quiet),
        SHARED => {
            let bytes = letter::bytes(&message.0.get(2))?;
            let mut reader = letter::reader(&bytes, &message.0.get(3));
            let (id, payload) = reader.context()?;
            let context: Arc<dyn Shared> = Arc::new(Context::of(Ok(payload)));
            link::listening(token, |one| one.theirs.push((id, context)));
            Some(Heard::Nothing)
        }
        UNSHARED => {
            let id = message.number(2)? as u64;
            let gone = link::listening(token, |one| {
                let at = one.theirs.iter().position(|(of, _)| *of == id)?;
                Some(one.theirs.swap_remove(at))
            });
            drop(gone);
            Some(Heard::Nothing)
        }
        _ => None,
    }
}

/// The jobs of a record, and nothing of those that came before.
fn read_entry(
    token: f64,
    reader: &mut Reader<'_>,
    answers: &Arc<Answers>,
) -> Option<Option<Box<Entry>>> {
    let (jobs, mut items) = jobs::read_record(reader)?;
    let len = items.len();
    if answers.lock().relays.contains_key(&jobs.first.0) {
        return Some(None);
    }
    let context = match jobs.context {
        0 => None,
        id => Some(link::listening(token, |one| {
            let context = one.theirs.iter().find(|(of, _)| *of == id)?;
            Some(context.1.clone())
        })??),
    };
    let relay = Arc::new(Relay {
        answers: answers.clone(),
        theirs: jobs.first,
        first: JobId::next_of(len),
        left: AtomicUsize::new(len),
        is_of_many: len > 1,
        given_up: AtomicBool::new(false),
    });
    answers
        .lock()
        .relays
        .insert(jobs.first.0, Arc::downgrade(&relay));
    // Where the worker's sender was, nothing has come. What is sent from there goes on to the worker.
    let outlets = items.iter().enumerate().flat_map(|(place, item)| {
        let empty = (0u32..).zip(&item.values).filter(|(_, value)| {
            matches!(value, Some(super::OutOfBand::Value { value, .. }) if value.is_undefined())
        });
        empty.map(move |(index, _)| (place as u64, index))
    });
    let outlets: Vec<_> = outlets.collect();
    let mut task = if len == 1 && context.is_none() {
        Task::one(jobs.kind, Ok(items.remove(0)))
    } else {
        Task::came(jobs.kind, items, context)
    };
    task.may_suspend = jobs.may_suspend;
    let mut made = Entry::many(relay.first, len, relay.clone(), task);
    if jobs.is_idempotent {
        made.task.idempotent();
    }
    made.set_rank(jobs.rank);
    if let Some(name) = jobs.name {
        made.task.name = Name::Given(name.into());
    }
    for (place, index) in outlets {
        let outlet = Arc::new(RelayedOutlet {
            answers: answers.clone(),
            theirs: JobId(jobs.first.0 + place),
            index,
        });
        made.hold(JobId(relay.first.0 + place), (index, outlet));
    }
    Some(Some(made))
}

/// What the owner has to tell one worker.
pub(super) struct Answers {
    token: f64,
    state: Mutex<Outgoing>,
}

#[derive(Default)]
struct Outgoing {
    writer: Writer,
    posts: bool,
    /// By the worker's first id of each.
    relays: BTreeMap<u64, Weak<Relay>>,
}

impl Answers {
    fn new(token: f64) -> Arc<Self> {
        Arc::new(Answers {
            token,
            state: Mutex::new(Outgoing::default()),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Outgoing> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(self: &Arc<Self>, write: impl FnOnce(&mut Writer)) {
        let mut state = self.lock();
        write(&mut state.writer);
        if !std::mem::replace(&mut state.posts, true) {
            let answers = self.clone();
            spawn_local(async move { answers.post() });
        }
    }

    fn post(&self) {
        let mut state = self.lock();
        state.posts = false;
        let writer = std::mem::take(&mut state.writer);
        drop(state);
        if let Some(worker) = link::listening(self.token, |one| one.worker.clone()) {
            // It came by messages, so it can leave by one.
            let _ = letter::post(&writer, &worker, self.token, ANSWER);
        }
    }
}

/// Who waits in a worker, seen from its owner.
struct Relay {
    answers: Arc<Answers>,
    /// The first id as the worker knows it, and as its owner does.
    theirs: JobId,
    first: JobId,
    left: AtomicUsize,
    is_of_many: bool,
    given_up: AtomicBool,
}

impl Packet for Relay {
    fn is_settled(&self) -> bool {
        // ORDERING: Relaxed; it tells of nothing else.
        self.given_up.load(Ordering::Relaxed)
    }

    fn settle(&self, id: JobId, outcome: Outcome) {
        if self.is_settled() {
            return;
        }
        let theirs = JobId(self.theirs.0 + (id.0 - self.first.0));
        // ORDERING: Relaxed; only the count matters.
        if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.answers.lock().relays.remove(&self.theirs.0);
        }
        self.answers
            .write(|writer| answer::write_outcome(writer, theirs, &outcome));
    }

    /// Its handle is in the worker.
    fn abort(&self, _: JoinError) {}
}

/// The near end of a sender whose receiver is in a worker.
struct RelayedOutlet {
    answers: Arc<Answers>,
    theirs: JobId,
    index: u32,
}

impl Outlet for RelayedOutlet {
    fn deliver(&self, value: Payload) {
        self.answers
            .write(|writer| answer::write_item(writer, self.theirs, self.index, &value));
    }

    fn close(&self) {
        self.answers
            .write(|writer| answer::write_closed(writer, self.theirs, self.index));
    }
}

#[cfg(test)]
mod tests;
