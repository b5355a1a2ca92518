//! What becomes of a job, as a worker's report tells it: one record each.

use super::letter::{Reader, Writer};
use crate::error::{JoinError, JoinErrorKind};
use crate::handle::JobId;
use crate::lane::{End, Ended, Told};
use crate::worker::Outcome;

// How a job stands.
const VALUE: u32 = 0;
const CANCELLED: u32 = 1;
const ENCODE: u32 = 2;
const DECODE: u32 = 3;
const OTHER_BUILD: u32 = 4;
const NOT_CLONED: u32 = 5;
/// It awaits something.
pub(super) const SUSPENDED: u32 = 6;
/// No job's: a frame has ended.
const ENDED: u32 = 7;

/// Bytes, of wasm's memory.
const PAGE: u64 = 64 << 10;

/// Writes a job's outcome.
pub(super) fn write(to: &mut Writer, id: JobId, outcome: &Outcome) {
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
/// many the worker had idled before it, and how many pages of memory this instance has.
pub(super) fn write_end(to: &mut Writer, entered: u32, ran: f64, gap: f64) {
    to.u32(ENDED);
    to.u32(entered);
    to.u64(ran.to_bits());
    to.u64(gap.to_bits());
    to.u32(core::arch::wasm32::memory_size::<0>() as u32);
}

/// The end of a frame, behind its tag.
fn read_end(from: &mut Reader<'_>) -> Option<End> {
    Some(End {
        entered: from.u32()?,
        ended: Ended {
            ran: from.time()?,
            gap: from.time()?,
            memory: u64::from(from.u32()?) * PAGE,
        },
    })
}

/// A whole report: the jobs of which it tells, and the frame that has ended, where one has. The truth says that it reads to
/// its end; what stands before what does not read is told all the same.
pub(super) fn read_all(from: &mut Reader<'_>) -> (Vec<(JobId, Told)>, Option<End>, bool) {
    let mut told = Vec::new();
    let mut end = None;
    while from.has_more() {
        let read = if from.peek() == Some(ENDED) {
            from.u32();
            read_end(from).map(|frame| end = Some(frame))
        } else {
            read(from).map(|job| told.push(job))
        };
        if read.is_none() {
            return (told, end, false);
        }
    }
    (told, end, true)
}

/// The next record, and `None` where it tells nothing that is known.
pub(super) fn read(from: &mut Reader<'_>) -> Option<(JobId, Told)> {
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

#[cfg(test)]
mod tests {
    use wasm_bindgen::{JsCast, JsValue};
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn the_end_of_a_frame_tells_how_much_memory_its_instance_has() {
        let mut writer = Writer::default();
        write_end(&mut writer, 7, 1.5, 2.5);
        let mut reader = Reader::new(writer.bytes(), &JsValue::UNDEFINED);
        let (told, end, is_whole) = read_all(&mut reader);
        assert!(is_whole && told.is_empty());
        let End { entered, ended } = end.unwrap();
        assert_eq!((entered, ended.ran, ended.gap), (7, 1.5, 2.5));
        let buffer = wasm_bindgen::memory().unchecked_into::<js_sys::WebAssembly::Memory>();
        let bytes = buffer.buffer().unchecked_into::<js_sys::ArrayBuffer>();
        assert_eq!(ended.memory, u64::from(bytes.byte_length()));
    }
}
