//! Records of jobs, as a frame or a pool's worker has them: a head for jobs of one kind in a row, then the arguments of each.

use super::{Put, Reader, Take, Writer};
pub(crate) use crate::__abi::Kind;
use crate::handle::JobId;
use crate::payload::Payload;

/// What stands before the arguments of jobs of one kind in a row.
#[cfg_attr(test, derive(Debug, PartialEq, Eq))]
pub(crate) struct Jobs {
    pub(crate) first: JobId,
    pub(crate) len: u32,
    pub(crate) kind: Kind,
    /// The number of the context that they share; 0 for none.
    pub(crate) context: u64,
    /// Their body may run more than once.
    pub(crate) is_idempotent: bool,
    /// They may be async.
    pub(crate) may_suspend: bool,
    /// How their pool ranks them.
    pub(crate) rank: u8,
    /// Where they are traced.
    pub(crate) name: Option<String>,
}

// What the last number of a head says.
const IDEMPOTENT: u32 = 1;
const NAMED: u32 = 2;
const SUSPENDS: u32 = 4;
/// From this bit on: the rank.
const RANK: u32 = 8;

/// Writes the head of a record of jobs.
pub(crate) fn write<L: Put>(to: &mut Writer<L>, jobs: &Jobs) {
    to.u64(jobs.first.0);
    to.u32(jobs.len);
    to.u32(jobs.kind.trampoline);
    to.u32(jobs.kind.function);
    to.u64(jobs.kind.fingerprint);
    to.u64(jobs.context);
    let idempotent = u32::from(jobs.is_idempotent) * IDEMPOTENT;
    let named = u32::from(jobs.name.is_some()) * NAMED;
    let suspends = u32::from(jobs.may_suspend) * SUSPENDS;
    to.u32(idempotent | named | suspends | (u32::from(jobs.rank) << RANK));
    if let Some(name) = &jobs.name {
        to.text(name);
    }
}

/// Writes over how many there are, in bytes that begin with such a head.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) fn set_len(bytes: &mut [u8], len: u32) {
    // Behind the first id.
    if let Some(place) = bytes.get_mut(8..12) {
        place.copy_from_slice(&len.to_le_bytes());
    }
}

/// The head of a record of jobs, of one at least. The id of none is too large for one.
pub(crate) fn read<L: Take>(from: &mut Reader<'_, L>) -> Option<Jobs> {
    let (first, len) = (JobId(from.u64()?), from.u32()?);
    first.0.checked_add(u64::from(len))?;
    if first <= JobId::ON_START || len == 0 {
        return None;
    }
    let kind = Kind {
        trampoline: from.u32()?,
        function: from.u32()?,
        fingerprint: from.u64()?,
    };
    let context = from.u64()?;
    let flags = from.u32()?;
    Some(Jobs {
        first,
        len,
        kind,
        context,
        is_idempotent: flags & IDEMPOTENT != 0,
        may_suspend: flags & SUSPENDS != 0,
        rank: (flags >> RANK) as u8,
        name: match flags & NAMED {
            0 => None,
            _ => Some(from.text()?),
        },
    })
}

/// A whole record of jobs, to keep.
pub(crate) fn read_record<L: Take>(from: &mut Reader<'_, L>) -> Option<(Jobs, Vec<Payload>)> {
    let jobs = read(from)?;
    // Each has bytes of its own, so no more are made than have come.
    let mut items = Vec::new();
    for _ in 0..jobs.len {
        items.push(from.payload()?);
    }
    Some((jobs, items))
}

/// Whether one of the jobs of a frame has that id.
pub(crate) fn has<L: Take>(frame: &[u8], id: JobId) -> bool {
    let mut from = Reader::<L>::of(frame);
    from.head();
    while let Some(jobs) = read(&mut from) {
        if (jobs.first.0..jobs.first.0 + u64::from(jobs.len)).contains(&id.0) {
            return true;
        }
        for _ in 0..jobs.len {
            if from.skip().is_none() {
                return false;
            }
        }
    }
    false
}
