//! What an owner tells a worker of the jobs that this one's jobs have spawned, by the worker's own ids.

use super::outcome;
use super::{Put, Reader, Take, Writer};
use crate::error::{JoinError, JoinErrorKind};
use crate::handle::JobId;
use crate::lane::Told;
use crate::panic::Panic;
use crate::payload::Payload;
use crate::thread::Current;

// What an answer tells beside outcomes, whose tags are before these.
const ITEM: u32 = 7;
const CLOSED: u32 = 8;
const PANICKED: u32 = 9;
const TRAPPED: u32 = 10;
const LOST: u32 = 11;
const TOO_LATE: u32 = 12;

/// Writes an outcome, with what only an owner knows of it.
pub(crate) fn write_outcome<L: Put>(
    to: &mut Writer<L>,
    id: JobId,
    outcome: &Result<Payload, JoinError>,
) {
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

/// Writes what has come through a channel.
pub(crate) fn write_item<L: Put>(to: &mut Writer<L>, id: JobId, index: u32, item: &Payload) {
    to.u32(ITEM);
    to.item(id, index, item);
}

/// Writes that a channel's end was dropped.
pub(crate) fn write_closed<L: Put>(to: &mut Writer<L>, id: JobId, index: u32) {
    to.u32(CLOSED);
    to.u64(id.0);
    to.u32(index);
}

fn write_thread<L: Put>(to: &mut Writer<L>, thread: &Current) {
    to.u64(thread.id);
    to.text(thread.name.as_deref().unwrap_or_default());
}

fn read_thread<L: Take>(from: &mut Reader<'_, L>) -> Option<Current> {
    Some(Current {
        id: from.u64()?,
        name: from.text().map(some)?,
    })
}

/// An empty text stands for none.
fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// What an owner tells.
pub(crate) enum Answer {
    /// The job has ended.
    Ended(JobId, Result<Payload, JoinError>),
    /// Something has come through a channel of the job's.
    Item(JobId, u32, Payload),
    /// The job has dropped its end of that.
    Closed(JobId, u32),
}

/// The next answer.
pub(crate) fn read<L: Take>(reader: &mut Reader<'_, L>) -> Option<Answer> {
    Some(match reader.peek()? {
        tag @ (ITEM | CLOSED) => {
            reader.u32()?;
            if tag == ITEM {
                let (id, index, item) = reader.item()?;
                Answer::Item(id, index, item)
            } else {
                Answer::Closed(JobId(reader.u64()?), reader.u32()?)
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
