//! Who waits in this instance for jobs of the host's, by the ids that it gave them; and what it tells of those.
//!
//! 1. A job leaves this table once: it ended, was given up on, or whoever spawned it has ended. What the host still tells of it
//!    is not heard.
//! 2. Packets are settled, and values dropped, while the table is not borrowed: both run foreign code.
//! 3. Between two jobs of an instance the table is empty.
//! 4. What the host has told is delivered in its order, also where one who hears of it waits for what comes behind.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::{host, run, value};
use crate::__abi::{self as abi, Event, flags};
use crate::channel::Outlet;
use crate::entry::Entry;
use crate::error::JoinError;
use crate::handle::{JobId, Packet, Waits};
use crate::payload::Payload;
use crate::sys::outlet::take_outlets;
use crate::worker::Outcome;

/// Who waits for a job.
struct Child {
    id: JobId,
    packet: Arc<dyn Packet>,
    /// Whose it is, of the pool's handles.
    view: u64,
    /// The near ends of its channels, by their places.
    outlets: Vec<(u32, Arc<dyn Outlet>)>,
    /// Its place in a bounded queue, until it begins.
    waits: Option<Waits>,
}

impl Child {
    /// The job has ended for its owner.
    fn end(self, outcome: Outcome) {
        drop(self.waits);
        close(self.outlets);
        self.packet.settle(self.id, outcome);
    }
}

fn close(outlets: Vec<(u32, Arc<dyn Outlet>)>) {
    for (_, outlet) in outlets {
        outlet.close();
    }
}

#[derive(Default)]
struct Children {
    by_id: BTreeMap<i64, Child>,
    /// The host's ids of them, by this instance's own.
    ids: BTreeMap<JobId, i64>,
}

thread_local! {
    static CHILDREN: RefCell<Children> = RefCell::default();
    /// What was heard and not delivered, for whoever is the innermost that waits (rule 4).
    static HEARD: RefCell<VecDeque<Event>> = RefCell::default();
}

impl Children {
    fn take(&mut self, id: i64) -> Option<Child> {
        let child = self.by_id.remove(&id)?;
        self.ids.remove(&child.id);
        Some(child)
    }

    fn take_if(&mut self, which: impl Fn(&Child) -> bool) -> Vec<(i64, Child)> {
        let taken: Vec<_> = self.by_id.extract_if(.., |_, child| which(child)).collect();
        for (_, child) in &taken {
            self.ids.remove(&child.id);
        }
        taken
    }
}

/// Gives jobs to the host: for the worker of a number, or for any. `on_start` is the place of a function that each instance
/// runs before.
pub fn submit(mut entry: Box<Entry>, worker: Option<usize>, view: u64, on_start: u32) {
    let many = entry.task.many_of();
    let context = many.as_ref().and_then(|many| many.context.as_ref());
    let context = match context.map_or(Ok(0), |context| context.id()) {
        Ok(id) => id as u64,
        Err(error) => return entry.fail(error),
    };
    let mut waits = entry.take_waits();
    let mut flags = i32::from(entry.rank()) << flags::RANK_SHIFT;
    if entry.task.may_suspend() {
        flags |= flags::ASYNC;
    }
    if waits.is_some() {
        flags |= flags::ANNOUNCE;
    }
    let kind = entry.task.kind;
    let mut one = match many {
        None => Some(entry.task.take_payload()),
        Some(_) => None,
    };
    let (packet, first, len, mut held) = entry.into_parts();
    for number in (first.0..).take(len) {
        let id = JobId(number);
        let payload = match (&many, one.take()) {
            (Some(many), _) => many.encode(id),
            (None, Some(payload)) => payload,
            (None, None) => break,
        };
        let mut child = Child {
            id,
            packet: packet.clone(),
            view,
            outlets: Vec::new(),
            waits: waits.take(),
        };
        child.outlets.extend(
            held.extract_if(.., |(of, ..)| *of == id)
                .map(|(_, index, outlet)| (index, outlet)),
        );
        let spawned = payload.map_err(Err).and_then(|mut payload| {
            child.outlets.extend(take_outlets(&mut payload.values));
            let record = record(kind, context, on_start, payload);
            host::spawn(&record, flags, worker).map_err(value::heard)
        });
        match spawned {
            Ok(host_id) => CHILDREN.with_borrow_mut(|children| {
                children.ids.insert(id, host_id);
                children.by_id.insert(host_id, child);
            }),
            Err(outcome) => child.end(outcome),
        }
    }
    if let Some(many) = many {
        many.forget();
    }
}

fn record(kind: abi::Kind, context: u64, on_start: u32, args: Payload) -> Vec<u8> {
    let job = abi::Job {
        kind,
        context,
        on_start,
        args: value::of(args),
    };
    let mut record = Vec::new();
    job.write(&mut record);
    record
}

/// Something was heard around the caller that has not been delivered.
pub(super) fn has_heard() -> bool {
    HEARD.with_borrow(|heard| !heard.is_empty())
}

/// The host tells what has become of jobs.
pub(super) fn deliver(mut events: &[u8]) {
    while !events.is_empty() {
        let Some(event) = Event::read(&mut events) else {
            // Who waits here would wait for good.
            panic!("what the host has told could not be read");
        };
        HEARD.with_borrow_mut(|heard| heard.push_back(event));
    }
    while let Some(event) = HEARD.with_borrow_mut(VecDeque::pop_front) {
        match event {
            Event::Ended(id, outcome) => {
                let child = CHILDREN.with_borrow_mut(|children| children.take(id as i64));
                if let Some(child) = child {
                    child.end(value::heard(outcome));
                }
            }
            Event::Item(id, index, item) => {
                let outlet = CHILDREN.with_borrow(|children| {
                    let mut outlets = children.by_id.get(&(id as i64))?.outlets.iter();
                    let (_, outlet) = outlets.find(|(at, _)| *at == index)?;
                    Some(outlet.clone())
                });
                if let Some((outlet, item)) = outlet.zip(value::read(&item)) {
                    outlet.deliver(item);
                }
            }
            Event::Closed(id, index) => {
                let outlet = CHILDREN.with_borrow_mut(|children| {
                    let outlets = &mut children.by_id.get_mut(&(id as i64))?.outlets;
                    let at = outlets.iter().position(|(at, _)| *at == index)?;
                    Some(outlets.swap_remove(at))
                });
                close(outlet.into_iter().collect());
            }
            Event::Begun(id) => {
                let waits = CHILDREN
                    .with_borrow_mut(|children| children.by_id.get_mut(&(id as i64))?.waits.take());
                drop(waits);
            }
            Event::Abort => run::abort(),
        }
    }
}

/// A job was given up on, and its packet is settled.
pub fn given_up(id: JobId) {
    let gone = CHILDREN.with_borrow_mut(|children| {
        let host_id = *children.ids.get(&id)?;
        Some((host_id, children.take(host_id)?))
    });
    // What has ended meanwhile is not there.
    give_up(gone);
}

/// A `map` was given up on: all that is left of it.
pub fn given_up_many() {
    let gone = CHILDREN.with_borrow_mut(|all| all.take_if(|child| child.packet.is_settled()));
    give_up(gone);
}

fn give_up(gone: impl IntoIterator<Item = (i64, Child)>) {
    for (host_id, child) in gone {
        host::cancel(host_id);
        close(child.outlets);
    }
}

/// Ends all that a handle of the pool has spawned, as cancelled.
pub fn end_view(view: u64) {
    let gone = CHILDREN.with_borrow_mut(|all| all.take_if(|child| child.view == view));
    for (host_id, child) in gone {
        host::cancel(host_id);
        child.end(Err(JoinError::cancelled()));
    }
}

/// The running job has ended, and its children go on without it. Whoever still holds a handle of one, in a static, hears that.
pub(super) fn leave() {
    let children = CHILDREN.take().by_id;
    let mut held = Vec::new();
    for (host_id, child) in children {
        host::detach(host_id);
        close(child.outlets);
        held.push((child.id, Arc::downgrade(&child.packet)));
    }
    for (id, packet) in held {
        if let Some(packet) = packet.upgrade() {
            let why = "the job that spawned it has ended, and hears of it no more";
            packet.settle(id, Err(JoinError::lost(why.into())));
        }
    }
}
