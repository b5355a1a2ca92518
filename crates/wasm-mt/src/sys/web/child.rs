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

use super::context::{Context, Shared};
use super::letter::{Letter, Reader, Writer};
use super::task::Task;
use super::{dom, entry, link, outcome, watch};
use crate::channel::Outlet;
use crate::entry::{Child, Entry, close};
use crate::error::{JoinError, JoinErrorKind};
use crate::handle::{JobId, Packet};
use crate::lane::Told;
use crate::name::Name;
use crate::panic::Panic;
use crate::payload::Payload;
use crate::thread::Current;
use crate::worker::Outcome;

// Kinds of messages. From the worker; what a worker says that is not its pool's ends with 10.
pub(super) const SPAWN: u32 = 11;
const GIVEN_UP: u32 = 12;
pub(super) const END_POOL: u32 = 15;
pub(super) const SHARED: u32 = 13;
pub(super) const UNSHARED: u32 = 14;
// To the worker.
const ANSWER: u32 = 7;
// What an answer tells beside outcomes.
const ITEM: u32 = 7;
const CLOSED: u32 = 8;
const PANICKED: u32 = 9;
const TRAPPED: u32 = 10;
const LOST: u32 = 11;
const TOO_LATE: u32 = 12;

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
pub fn answered(bytes: &[u8], list: &JsValue) {
    let mut reader = Reader::new(bytes, list);
    while reader.has_more() {
        let Some(answer) = read_answer(&mut reader) else {
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

/// An outcome, with what only an owner knows of it.
fn write_outcome(to: &mut Writer, id: JobId, outcome: &Outcome) {
    let Err(error) = outcome else {
        return outcome::write(to, id, outcome);
    };
    let mut head = |tag| {
        to.u32(tag);
        to.u64(id.0);
    };
    match error.kind() {
        JoinErrorKind::Panicked { panic, thread } => {
            head(PANICKED);
            to.text(&panic.message);
            to.text(panic.location.as_deref().unwrap_or_default());
            write_thread(to, thread);
        }
        JoinErrorKind::Trapped { message, thread } => {
            head(TRAPPED);
            to.text(message);
            write_thread(to, thread);
        }
        JoinErrorKind::Lost { why, may_have_run } => {
            head(LOST);
            to.u32((*may_have_run).into());
            to.text(why);
        }
        JoinErrorKind::NotReplaced {
            error,
            may_have_run,
        } => {
            head(LOST);
            to.u32((*may_have_run).into());
            to.text(&error.with_sources());
        }
        JoinErrorKind::Closed => head(TOO_LATE),
        _ => outcome::write(to, id, outcome),
    }
}

fn write_thread(to: &mut Writer, thread: &Current) {
    to.u64(thread.id);
    to.text(thread.name.as_deref().unwrap_or_default());
}

fn read_thread(from: &mut Reader<'_>) -> Option<Current> {
    Some(Current {
        id: from.u64()?,
        name: from.text().map(some)?,
    })
}

/// An empty text stands for none.
fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

enum Answer {
    Ended(JobId, Outcome),
    Item(JobId, u32, Payload),
    Closed(JobId, u32),
}

fn read_answer(reader: &mut Reader<'_>) -> Option<Answer> {
    Some(match reader.peek()? {
        tag @ (ITEM | CLOSED) => {
            reader.u32()?;
            let (id, index) = (JobId(reader.u64()?), reader.u32()?);
            if tag == ITEM {
                Answer::Item(id, index, reader.payload()?)
            } else {
                Answer::Closed(id, index)
            }
        }
        tag @ (PANICKED | TRAPPED | LOST | TOO_LATE) => {
            reader.u32()?;
            let id = JobId(reader.u64()?);
            let kind = match tag {
                PANICKED => JoinErrorKind::Panicked {
                    panic: Panic {
                        message: reader.text()?,
                        location: reader.text().map(some)?,
                    },
                    thread: read_thread(reader)?,
                },
                TRAPPED => JoinErrorKind::Trapped {
                    message: reader.text()?,
                    thread: read_thread(reader)?,
                },
                LOST => JoinErrorKind::Lost {
                    may_have_run: reader.u32()? != 0,
                    why: reader.text()?,
                },
                _ => JoinErrorKind::Closed,
            };
            Answer::Ended(id, Err(JoinError::new(kind)))
        }
        _ => match outcome::read(reader)? {
            (id, Told::Finished(outcome)) => Answer::Ended(id, outcome),
            (_, Told::Suspended) => return None,
        },
    })
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
    match message.kind(1)? {
        SPAWN => {
            let bytes = dom::bytes(&message.0.get(2))?;
            let mut reader = Reader::new(&bytes, &message.0.get(3));
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
        SHARED => {
            let bytes = dom::bytes(&message.0.get(2))?;
            let mut reader = Reader::new(&bytes, &message.0.get(3));
            let (id, payload) = (reader.u64()?, reader.payload()?);
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
    let jobs = reader.jobs()?;
    let len = jobs.len as usize;
    let mut items = Vec::new();
    for _ in 0..len {
        items.push(reader.payload()?);
    }
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
    let task = if len == 1 && context.is_none() {
        Task::one(jobs.kind, Ok(items.remove(0)))
    } else {
        Task::came(jobs.kind, items, context)
    };
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
            let _ = writer.post(&worker, self.token, ANSWER);
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
            .write(|writer| write_outcome(writer, theirs, &outcome));
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

impl RelayedOutlet {
    fn head(&self, writer: &mut Writer, tag: u32) {
        writer.u32(tag);
        writer.u64(self.theirs.0);
        writer.u32(self.index);
    }
}

impl Outlet for RelayedOutlet {
    fn deliver(&self, value: Payload) {
        self.answers.write(|writer| {
            self.head(writer, ITEM);
            writer.payload(&value);
        });
    }

    fn close(&self) {
        self.answers.write(|writer| self.head(writer, CLOSED));
    }
}
