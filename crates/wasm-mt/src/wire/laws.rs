//! What holds of any bytes: a reader comes to an end, and makes nothing of what is no message; and what it has read is written
//! as it was read. The tests call this with bytes of their own making, the fuzzer with its.

use std::collections::VecDeque;

use super::{Put, Reader, Take, Writer, answer, bulk, jobs, outcome};
use crate::buffer::Buffer;
use crate::channel::SendError;
use crate::handle::JobId;
use crate::lane::{End, Told};
use crate::payload::{self, Travels};
use crate::sys::OutOfBand;

/// Values beside records, in the place of JavaScript's. Nothing stands for a channel's end.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(crate) struct List(pub(crate) VecDeque<Option<Vec<u8>>>);

impl Put for List {
    fn bulk(&mut self, bytes: &[u8]) {
        self.0.push_back(Some(bytes.to_vec()));
    }

    fn values(&mut self, values: &[Option<OutOfBand>]) {
        self.0.extend(values.iter().map(|value| match value {
            Some(OutOfBand::Bytes(bytes)) => Some(bytes.clone()),
            Some(OutOfBand::Near(_)) | None => None,
        }));
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn clear(&mut self) {
        self.0.clear();
    }
}

impl Take for List {
    fn bulk(&mut self) -> Option<Vec<u8>> {
        self.0.pop_front()?
    }

    fn value(&mut self) -> Option<OutOfBand> {
        let value = self.0.pop_front()?;
        Some(OutOfBand::Bytes(value.unwrap_or_default()))
    }
}

/// Records, and the values beside them.
pub(crate) type Message = (Vec<u8>, List);

/// A message of any bytes: of the first so many are made values.
#[cfg(fuzzing)]
pub(crate) fn message(input: &[u8]) -> Message {
    let mut list = List::default();
    let Some((count, mut rest)) = input.split_first() else {
        return Message::default();
    };
    for _ in 0..count % 4 {
        let Some((length, after)) = rest.split_first() else {
            break;
        };
        let (value, after) = after.split_at(usize::from(*length).min(after.len()));
        list.0.push_back((*length != 0).then(|| value.to_vec()));
        rest = after;
    }
    (rest.to_vec(), list)
}

/// What is read of a message is the same when it has been written and is read once more.
fn settles(message: Message, rewrite: impl Fn(&[u8], List) -> Writer<List>) {
    let once = rewrite(&message.0, message.1);
    let twice = rewrite(&once.bytes, once.list.clone());
    assert!(
        once.bytes == twice.bytes && once.list == twice.list,
        "it was not written as it was read"
    );
}

/// A worker's report.
pub(crate) fn report(message: Message) {
    settles(message, |bytes, list| {
        let report = outcome::read_all(&mut Reader::new(bytes, list));
        let mut writer = Writer::default();
        for (id, told) in report.jobs {
            match told {
                Told::Suspended => outcome::write_suspended(&mut writer, id),
                Told::Finished(outcome) => outcome::write(&mut writer, id, &outcome),
            }
        }
        if let Some(End { entered, ended }) = report.end {
            let pages = (ended.memory / outcome::PAGE) as u32;
            outcome::write_end(&mut writer, entered, ended.ran, ended.gap, pages);
        }
        writer
    });
}

/// A frame of jobs, as a worker reads it, and as an owner does.
pub(crate) fn frame(message: Message) {
    let (bytes, list) = &message;
    let mut reader = Reader::new(bytes, list.clone());
    let mut entered = 0;
    if reader.head().is_some() {
        'frame: while let Some(record) = jobs::read(&mut reader) {
            assert!(jobs::has::<List>(bytes, record.first));
            for at in 0..record.len {
                let id = JobId(record.first.0 + u64::from(at));
                let Some(args) = reader.args() else {
                    break 'frame;
                };
                entered += 1;
                assert!(args.bytes.len() + args.values.len() <= bytes.len() + size(list));
                assert!(jobs::has::<List>(bytes, id));
            }
        }
    }
    // Each takes eight bytes at least.
    assert!(entered * 8 <= bytes.len());
    for id in [0, 1, u64::MAX] {
        jobs::has::<List>(bytes, JobId(id));
    }
    settles(message, |bytes, list| {
        let mut reader = Reader::new(bytes, list);
        let mut writer = Writer::headed();
        let Some((number, posted)) = reader.head() else {
            return writer;
        };
        writer.set_head(number, posted);
        while let Some((record, items)) = jobs::read_record(&mut reader) {
            jobs::write(&mut writer, &record);
            items.iter().for_each(|item| writer.payload(item));
        }
        writer
    });
}

/// Records with all bulk in them, in one run of bytes.
pub(crate) fn joined((bytes, _): Message) {
    let again = |bytes: &[u8]| {
        let mut writer = bulk::writer(Vec::new());
        if let Some(mut reader) = bulk::split(bytes) {
            while let Some(payload) = reader.payload() {
                writer.payload(&payload);
            }
        }
        bulk::join(writer)
    };
    let once = again(&bytes);
    assert!(once == again(&once), "it was not written as it was read");
}

/// Values, and the bytes in them.
fn size(list: &List) -> usize {
    let values = list.0.iter();
    values
        .map(|value| 1 + value.as_ref().map_or(0, Vec::len))
        .sum()
}

/// What an owner answers.
pub(crate) fn answer(message: Message) {
    settles(message, |bytes, list| {
        let mut reader = Reader::new(bytes, list);
        let mut writer = Writer::default();
        while let Some(answer) = answer::read(&mut reader) {
            match answer {
                answer::Answer::Ended(id, outcome) => {
                    answer::write_outcome(&mut writer, id, &outcome);
                }
                answer::Answer::Item(id, index, item) => {
                    answer::write_item(&mut writer, id, index, &item);
                }
                answer::Answer::Closed(id, index) => {
                    answer::write_closed(&mut writer, id, index);
                }
            }
        }
        writer
    });
}

/// A channel's item, and what a `map`'s jobs share.
pub(crate) fn item(message: Message) {
    settles(message.clone(), |bytes, list| {
        let mut writer = Writer::default();
        if let Some((id, index, item)) = Reader::new(bytes, list).item() {
            writer.item(id, index, &item);
        }
        writer
    });
    settles(message, |bytes, list| {
        let mut writer = Writer::default();
        if let Some((id, context)) = Reader::new(bytes, list).context() {
            writer.context(id, &context);
        }
        writer
    });
}

/// What such a message is decoded to, as values of several types.
pub(crate) fn payload(message: Message) {
    type Plain = (u64, String, Vec<Option<i64>>, char, [u8; 3]);
    type Nested = std::collections::BTreeMap<String, Result<Vec<(u8, String)>, SendError>>;
    decodes::<Plain>(&message);
    decodes::<Nested>(&message);
    decodes::<(f64, Option<Box<f32>>, bool)>(&message);
    decodes::<Buffer<u8>>(&message);
    decodes::<Vec<Buffer<u32>>>(&message);
    decodes::<(Buffer<u64>, String, Option<Buffer<f32>>)>(&message);
    #[cfg(feature = "json")]
    {
        let (bytes, list) = &message;
        // A number is not always written as it was read.
        let _ = payload::decode::<crate::Json<serde_json::Value>>(bytes, values(list));
    }
}

fn values(list: &List) -> Vec<Option<OutOfBand>> {
    let values = list.0.iter();
    values
        .map(|value| value.clone().map(OutOfBand::Bytes))
        .collect()
}

fn decodes<T: serde::Serialize + serde::de::DeserializeOwned>(message: &Message) {
    let (bytes, list) = message;
    let Ok(value) = payload::decode::<T>(bytes, values(list)) else {
        return;
    };
    let written = |value: &T| {
        let Ok(payload) = payload::encode(value, Travels::Back) else {
            panic!("what was decoded does not encode");
        };
        let mut writer = Writer::<List>::default();
        writer.payload(&payload);
        (writer.bytes, writer.list, payload)
    };
    let (bytes, list, payload) = written(&value);
    let Ok(again) = payload::decode::<T>(&payload.bytes, payload.values) else {
        panic!("what was encoded does not decode");
    };
    let (bytes_again, list_again, _) = written(&again);
    assert!(bytes == bytes_again && list == list_again);
}
