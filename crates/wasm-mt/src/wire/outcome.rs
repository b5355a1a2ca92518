//! What becomes of a job, as a worker's report tells it: one record each.

use super::{Put, Reader, Take, Writer};
use crate::error::{JoinError, JoinErrorKind};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use crate::handle::Came;
use crate::handle::JobId;
use crate::lane::{End, Ended, Told};
use crate::payload::Payload;

// How a job stands.
const VALUE: u32 = 0;
const CANCELLED: u32 = 1;
const ENCODE: u32 = 2;
const DECODE: u32 = 3;
const OTHER_BUILD: u32 = 4;
const NOT_CLONED: u32 = 5;
/// It awaits something.
const SUSPENDED: u32 = 6;
/// No job's: a frame has ended.
const ENDED: u32 = 7;

/// Writes that a job awaits something.
pub(crate) fn write_suspended<L: Put>(to: &mut Writer<L>, id: JobId) {
    to.u32(SUSPENDED);
    to.u64(id.0);
}

/// Bytes, of wasm's memory.
pub(super) const PAGE: u64 = 64 << 10;

/// Writes a job's outcome.
pub(crate) fn write<L: Put>(to: &mut Writer<L>, id: JobId, outcome: &Result<Payload, JoinError>) {
    let payload = match outcome {
        Ok(payload) => {
            to.u32(VALUE);
            to.u64(id.0);
            return to.payload(payload);
        }
        Err(error) => error,
    };
    let (status, texts) = match payload.kind() {
        JoinErrorKind::Encode {
            type_name, message, ..
        } => (ENCODE, Some((type_name, message))),
        JoinErrorKind::Decode { type_name, message } => (DECODE, Some((type_name, message))),
        JoinErrorKind::NotCloned {
            type_name, message, ..
        } => (NOT_CLONED, Some((type_name, message))),
        JoinErrorKind::OtherBuild => (OTHER_BUILD, None),
        _ => (CANCELLED, None),
    };
    to.u32(status);
    to.u64(id.0);
    if let Some((type_name, message)) = texts {
        to.text(type_name);
        to.text(message);
    }
}

/// Writes that a frame has ended: how many jobs the worker has ever entered, for how many microseconds the frame ran, for how
/// many the worker had idled before it, and how many pages of memory its instance has.
pub(crate) fn write_end<L: Put>(to: &mut Writer<L>, entered: u32, ran: f64, gap: f64, pages: u32) {
    to.u32(ENDED);
    to.u32(entered);
    to.u64(ran.to_bits());
    to.u64(gap.to_bits());
    to.u32(pages);
}

/// The end of a frame, behind its tag.
fn read_end<L: Take>(from: &mut Reader<'_, L>) -> Option<End> {
    Some(End {
        entered: from.u32()?,
        ended: Ended {
            ran: from.time()?,
            gap: from.time()?,
            memory: u64::from(from.u32()?) * PAGE,
        },
    })
}

/// What a report tells.
pub(crate) struct Report {
    pub(crate) jobs: Vec<(JobId, Told<Payload>)>,
    /// The frame that has ended, where one has.
    pub(crate) end: Option<End>,
    /// It reads to its end.
    pub(crate) is_whole: bool,
}

/// Reads a report. What stands before what does not read is told all the same.
pub(crate) fn read_all<L: Take>(from: &mut Reader<'_, L>) -> Report {
    let mut report = Report {
        jobs: Vec::new(),
        end: None,
        is_whole: true,
    };
    while from.has_more() && report.is_whole {
        let read = if from.peek() == Some(ENDED) {
            from.u32();
            read_end(from).map(|end| report.end = Some(end))
        } else {
            read(from).map(|job| report.jobs.push(job))
        };
        report.is_whole = read.is_some();
    }
    report
}

/// As [`read`], where a value that is bytes alone is left where it is; nothing where the job awaits something.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) fn read_plain<'a, L: Take>(
    from: &mut Reader<'a, L>,
) -> Option<(JobId, Option<Came<'a>>)> {
    if from.peek() != Some(VALUE) {
        let (id, told) = read(from)?;
        let came = match told {
            Told::Finished(outcome) => Some(Came::Other(outcome)),
            Told::Suspended => None,
        };
        return Some((id, came));
    }
    from.u32()?;
    let id = JobId(from.u64()?);
    let came = match from.args()?.into_plain() {
        Ok(bytes) => Came::Plain(bytes),
        Err(payload) => Came::Other(Ok(payload)),
    };
    Some((id, Some(came)))
}

/// The next record, and `None` where it tells nothing that is known.
pub(crate) fn read<L: Take>(from: &mut Reader<'_, L>) -> Option<(JobId, Told<Payload>)> {
    let status = from.u32()?;
    let id = JobId(from.u64()?);
    let error = match status {
        VALUE => return Some((id, Told::Finished(Ok(from.payload()?)))),
        SUSPENDED => return Some((id, Told::Suspended)),
        CANCELLED => JoinErrorKind::Cancelled,
        ENCODE => JoinErrorKind::Encode {
            type_name: from.text()?,
            message: from.text()?,
            result: true,
        },
        DECODE => JoinErrorKind::Decode {
            type_name: from.text()?,
            message: from.text()?,
        },
        NOT_CLONED => JoinErrorKind::NotCloned {
            type_name: from.text()?,
            message: from.text()?,
            result: true,
        },
        OTHER_BUILD => JoinErrorKind::OtherBuild,
        _ => return None,
    };
    Some((id, Told::Finished(Err(JoinError::new(error)))))
}
