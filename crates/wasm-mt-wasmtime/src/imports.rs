//! What the host gives a guest: each function of the ABI. Nothing that a guest says is believed: each pointer is checked against its
//! memory, each index and each record against what there is. A lie ends the job with a typed error.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use wasm_mt::__abi::{self as abi, Event, MODULE, flags};
use wasmtime::{Caller, Linker, Result};

use crate::backlog::JOB;
use crate::context::{Context, Counted, ended, lie};
use crate::error::{JobError, JobErrorKind};
use crate::mailbox::Pushed;
use crate::ticket::{Ticket, Work};
use crate::wait;

type Guest<'a> = Caller<'a, Context>;

/// A record is at least so long: kind, context, `on_start`, the number of values beside its bytes.
const RECORD: usize = abi::KIND_LEN + 8 + 4 + 4;

/// Gives all of it.
///
/// # Errors
/// Where the linker has such a function already.
pub(crate) fn add_to(linker: &mut Linker<Context>) -> Result<()> {
    linker.func_wrap(MODULE, "payload", payload)?;
    linker.func_wrap(MODULE, "result", result)?;
    linker.func_wrap(MODULE, "panicked", panicked)?;
    linker.func_wrap(MODULE, "spawn", spawn)?;
    linker.func_wrap_async(MODULE, "wait", |guest, (timeout,): (i64,)| {
        suspends(wait(guest, timeout))
    })?;
    linker.func_wrap(MODULE, "poll", poll)?;
    linker.func_wrap(MODULE, "take", take)?;
    linker.func_wrap(MODULE, "cancel", cancel)?;
    linker.func_wrap(MODULE, "detach", detach)?;
    linker.func_wrap(MODULE, "send", send)?;
    linker.func_wrap(MODULE, "close", close)?;
    linker.func_wrap(MODULE, "share", share)?;
    linker.func_wrap(MODULE, "unshare", unshare)?;
    linker.func_wrap(MODULE, "shared", shared)?;
    linker.func_wrap_async(MODULE, "checkpoint", |guest, (): ()| {
        suspends(checkpoint(guest))
    })?;
    linker.func_wrap(MODULE, "workers", |guest: Guest<'_>| {
        guest.data().host.workers as i32
    })?;
    linker.func_wrap(MODULE, "worker", |guest: Guest<'_>| {
        guest.data().worker as i32
    })?;
    linker.func_wrap(MODULE, "stats", stats)?;
    Ok(())
}

fn suspends<'a, R>(
    future: impl Future<Output = R> + Send + 'a,
) -> Box<dyn Future<Output = R> + Send + 'a> {
    Box::new(future)
}

/// The guest's memory, and what the store knows.
fn memory<'a>(guest: &'a mut Guest<'_>) -> Result<(&'a mut [u8], &'a mut Context)> {
    let memory = guest
        .data()
        .memory
        .ok_or_else(|| lie("it calls the host before its memory is there"))?;
    Ok(memory.data_and_store_mut(guest))
}

/// So many bytes of a memory.
fn bytes(memory: &[u8], from: i32, length: i32) -> Result<&[u8]> {
    let (from, length) = (from as u32 as usize, length as u32 as usize);
    memory
        .get(from..)
        .and_then(|bytes| bytes.get(..length))
        .ok_or_else(|| {
            let size = memory.len();
            lie(format!(
                "it gives {length} bytes at {from}, and its memory has {size}"
            ))
        })
}

/// Copies into a memory.
fn put(memory: &mut [u8], to: i32, bytes: &[u8]) -> Result<()> {
    let to = to as u32 as usize;
    let size = memory.len();
    let place = memory
        .get_mut(to..)
        .and_then(|place| place.get_mut(..bytes.len()))
        .ok_or_else(|| {
            let length = bytes.len();
            lie(format!(
                "it wants {length} bytes at {to}, and its memory has {size}"
            ))
        })?;
    place.copy_from_slice(bytes);
    Ok(())
}

/// What a guest is told of a length.
fn told(length: usize) -> Result<i32> {
    i32::try_from(length).map_err(|_| lie("what it asks for is too long to be told"))
}

/// What a guest takes in at once, or gives, is not more than the host allows.
fn allowed(guest: &Context, length: i32) -> Result<()> {
    let (length, limit) = (length as u32 as usize, guest.host.result_limit);
    if length > limit {
        return Err(ended(JobErrorKind::Result { length, limit }));
    }
    Ok(())
}

/// The host holds as much for its guests as it may.
fn too_much() -> wasmtime::Error {
    let why = "the host holds as much for its guests as it may; see `Builder::backlog_limit`";
    ended(JobErrorKind::Limit(why.into()))
}

fn payload(mut guest: Guest<'_>, to: i32) -> Result<()> {
    let (memory, context) = memory(&mut guest)?;
    put(memory, to, &context.running()?.record)
}

fn result(mut guest: Guest<'_>, status: i32, from: i32, length: i32) -> Result<()> {
    let (memory, context) = memory(&mut guest)?;
    let given = bytes(memory, from, length)?;
    allowed(context, length)?;
    let Some(outcome) = abi::Outcome::read(status, given) else {
        return Err(lie(format!("an outcome of status {status} does not read")));
    };
    let running = context.running()?;
    if running.outcome.is_some() {
        return Err(lie("it ends its job a second time"));
    }
    running.outcome = Some(JobError::of_outcome(outcome));
    Ok(())
}

fn panicked(mut guest: Guest<'_>, from: i32, length: i32) -> Result<()> {
    let (memory, context) = memory(&mut guest)?;
    let given = bytes(memory, from, length)?;
    allowed(context, length)?;
    let status = abi::Outcome::Panicked(String::new(), String::new(), 0).status();
    match abi::Outcome::read(status, given) {
        Some(outcome) => context.running()?.panicked = JobError::of_outcome(outcome).err(),
        None => return Err(lie("what it says of a panic does not read")),
    }
    Ok(())
}

fn spawn(mut guest: Guest<'_>, from: i32, length: i32, how: i32, worker: i32) -> Result<i64> {
    let (memory, context) = memory(&mut guest)?;
    let record = bytes(memory, from, length)?;
    if record.len() < RECORD {
        return Err(lie("the record of a job does not read"));
    }
    let worker = match worker {
        -1 => None,
        number if (0..context.host.workers as i32).contains(&number) => Some(number as usize),
        number => return Err(lie(format!("there is no worker {number}"))),
    };
    let shared = record
        .get(abi::KIND_LEN..)
        .and_then(|record| record.first_chunk())
        .map_or(0, |id| u64::from_le_bytes(*id));
    let host = context.host.clone();
    // A job whose context is gone says so itself.
    let shared = (shared != 0).then(|| find(context, shared)).flatten();
    let (Some(cost), Some(held)) = (host.backlog.hold(JOB), host.backlog.hold(record.len())) else {
        return Ok(-i64::from(abi::Outcome::Full.status()));
    };
    let work = Work::Record {
        bytes: record.to_vec(),
        context: shared,
        _held: held,
    };
    let running = context.running()?;
    let child = Ticket::of_parent(&running.ticket, how, work, cost);
    let id = child.number();
    running.children.insert(id, child.clone());
    let rank = (how & flags::RANK) >> flags::RANK_SHIFT;
    host.submit(child, worker, rank as u8);
    i64::try_from(id).map_err(|_| lie("there are no numbers left for jobs"))
}

/// Takes what has come, and gives how long it is.
fn hear(context: &mut Context) -> Result<i32> {
    let running = context.running()?;
    let children = &mut running.children;
    running.ticket.mailbox.drain(&mut running.events, |id| {
        children.remove(&id);
    });
    running.counted = Counted::Events;
    told(running.events.len())
}

fn poll(mut guest: Guest<'_>) -> Result<i32> {
    hear(guest.data_mut())
}

async fn wait(mut guest: Guest<'_>, timeout: i64) -> Result<i32> {
    let length = hear(guest.data_mut())?;
    if length > 0 || timeout == 0 {
        return Ok(length);
    }
    let limit = u64::try_from(timeout).ok().map(Duration::from_nanos);
    let ticket = guest.data_mut().running()?.ticket.clone();
    wait::events(&ticket, limit).await;
    hear(guest.data_mut())
}

async fn checkpoint(mut guest: Guest<'_>) -> Result<()> {
    if guest.data_mut().has_had_its_turn() {
        wait::a_turn().await;
    }
    Ok(())
}

fn take(mut guest: Guest<'_>, to: i32) -> Result<()> {
    let (memory, context) = memory(&mut guest)?;
    let running = context.running()?;
    match std::mem::replace(&mut running.counted, Counted::Events) {
        Counted::Events => {
            put(memory, to, &running.events)?;
            running.events.clear();
            Ok(())
        }
        Counted::Bytes(bytes) => put(memory, to, &bytes),
        Counted::Share(share) => put(memory, to, &share.bytes),
    }
}

/// The job that runs, and the child of it that has this number, which it does not wait for any more. Of one that it has heard of, or that
/// is not its own, there is nothing to do.
fn released(guest: &mut Guest<'_>, id: i64) -> Result<Option<(Arc<Ticket>, Arc<Ticket>)>> {
    let running = guest.data_mut().running()?;
    let child = u64::try_from(id)
        .ok()
        .and_then(|id| running.children.remove(&id));
    Ok(child.map(|child| (running.ticket.clone(), child)))
}

fn cancel(mut guest: Guest<'_>, id: i64) -> Result<()> {
    if let Some((ticket, child)) = released(&mut guest, id)? {
        ticket.give_up_on(&child);
    }
    Ok(())
}

fn detach(mut guest: Guest<'_>, id: i64) -> Result<()> {
    if let Some((ticket, child)) = released(&mut guest, id)? {
        ticket.forget(&child);
    }
    Ok(())
}

fn send(mut guest: Guest<'_>, index: i32, from: i32, length: i32) -> Result<()> {
    let (memory, context) = memory(&mut guest)?;
    let item = bytes(memory, from, length)?;
    allowed(context, length)?;
    let ticket = &context.running()?.ticket;
    let event = Event::Item(ticket.number(), index as u32, item.to_vec());
    match ticket.tell(event) {
        // Where nobody hears it, it is dropped, as by a channel without a receiver.
        Pushed::Taken | Pushed::Closed => Ok(()),
        Pushed::Full => Err(too_much()),
    }
}

fn close(mut guest: Guest<'_>, index: i32) -> Result<()> {
    let ticket = &guest.data_mut().running()?.ticket;
    match ticket.tell(Event::Closed(ticket.number(), index as u32)) {
        Pushed::Taken | Pushed::Closed => Ok(()),
        Pushed::Full => Err(too_much()),
    }
}

fn share(mut guest: Guest<'_>, from: i32, length: i32) -> Result<i64> {
    let (memory, context) = memory(&mut guest)?;
    let given = bytes(memory, from, length)?;
    let host = &context.host;
    let id = host.shares.add(given, &host.backlog).ok_or_else(too_much)?;
    context.shares.push(id);
    i64::try_from(id).map_err(|_| lie("there are no numbers left for what is shared"))
}

fn unshare(mut guest: Guest<'_>, id: i64) -> Result<()> {
    let context = guest.data_mut();
    // Only what is this guest's own.
    if let Some(at) = context
        .shares
        .iter()
        .position(|share| i64::try_from(*share) == Ok(id))
    {
        let share = context.shares.swap_remove(at);
        context.host.shares.remove(share);
    }
    Ok(())
}

/// What is shared by this id, as the running job's record has it or as it is now.
fn find(context: &mut Context, id: u64) -> Option<Arc<crate::shares::Share>> {
    let own = context
        .running
        .as_ref()
        .and_then(|running| running.context.clone())
        .filter(|share| share.id == id);
    own.or_else(|| context.host.shares.get(id))
}

fn shared(mut guest: Guest<'_>, id: i64) -> Result<i32> {
    let context = guest.data_mut();
    let share = u64::try_from(id).ok().and_then(|id| find(context, id));
    let Some(share) = share else {
        return Ok(-1);
    };
    let length = told(share.bytes.len())?;
    context.running()?.counted = Counted::Share(share);
    Ok(length)
}

fn stats(mut guest: Guest<'_>) -> Result<i32> {
    let context = guest.data_mut();
    let bytes = context.host.guest_stats().to_bytes();
    let length = told(bytes.len())?;
    context.running()?.counted = Counted::Bytes(bytes);
    Ok(length)
}
