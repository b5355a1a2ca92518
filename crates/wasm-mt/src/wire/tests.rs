//! What is written reads back; what is not whole, or is no message at all, is nothing, and no reader panics.

use proptest::collection::vec;
use proptest::prelude::*;

use super::answer::Answer;
use super::jobs::{Jobs, Kind};
use super::laws::{self, List, Message};
use super::*;
use crate::buffer::Buffer;
use crate::error::{JoinError, JoinErrorKind};
use crate::handle::JobId;
use crate::lane::{End, Ended, Told};
use crate::panic::Panic;
use crate::payload::{self, Payload, Travels};
use crate::sys::OutOfBand;
use crate::thread::Current;

type Outcome = Result<Payload, JoinError>;

fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(256)
    }
}

const LAWS: [fn(Message); 6] = [
    laws::report,
    laws::frame,
    laws::answer,
    laws::item,
    laws::payload,
    laws::joined,
];

/// Values beside records.
fn list() -> impl Strategy<Value = List> {
    vec(proptest::option::of(vec(any::<u8>(), 0..20)), 0..4).prop_map(|all| List(all.into()))
}

/// Numbers as they stand in messages, and such as should not.
fn number() -> impl Strategy<Value = u32> {
    prop_oneof![
        4 => 0..16u32,
        1 => Just(BESIDE),
        1 => Just(u32::MAX - 1),
        1 => any::<u32>(),
    ]
}

/// Bytes that look like records.
fn likely() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        number().prop_map(|number| number.to_le_bytes().to_vec()),
        prop_oneof![0..9u64, Just(u64::MAX), Just(u64::MAX - 1)]
            .prop_map(|number| number.to_le_bytes().to_vec()),
        vec(any::<u8>(), 0..6),
    ];
    vec(part, 0..24).prop_map(|parts| parts.concat())
}

/// Encoded values as a test sees them.
type Seen = (Vec<u8>, Vec<Vec<u8>>);

fn seen() -> impl Strategy<Value = Seen> {
    let bytes = prop_oneof![
        8 => vec(any::<u8>(), 0..40),
        1 => vec(any::<u8>(), BULK - 1..BULK + 2),
    ];
    (bytes, vec(vec(any::<u8>(), 0..9), 0..3))
}

fn payload((bytes, values): &Seen) -> Payload {
    let values = values.iter().cloned().map(OutOfBand::Bytes).map(Some);
    Payload {
        bytes: bytes.clone(),
        values: values.collect(),
        type_name: "",
    }
}

fn see(payload: Payload) -> Seen {
    let bytes = |value| match value {
        Some(OutOfBand::Bytes(bytes)) => bytes,
        Some(OutOfBand::Near(_)) | None => panic!("there are only bytes here"),
    };
    (
        payload.bytes,
        payload.values.into_iter().map(bytes).collect(),
    )
}

/// An outcome as a test sees it: the value, or the error's text.
fn shown(outcome: Outcome) -> Result<Seen, String> {
    outcome.map(see).map_err(|error| format!("{error:?}"))
}

/// Errors that a worker reports.
fn reported() -> impl Strategy<Value = JoinErrorKind> {
    let texts = || (".{0,12}", ".{0,12}");
    prop_oneof![
        Just(JoinErrorKind::Cancelled),
        Just(JoinErrorKind::OtherBuild),
        texts().prop_map(|(type_name, message)| JoinErrorKind::Encode {
            type_name,
            message,
            result: true
        }),
        texts().prop_map(|(type_name, message)| JoinErrorKind::Decode { type_name, message }),
        texts().prop_map(|(type_name, message)| JoinErrorKind::NotCloned {
            type_name,
            message,
            result: true
        }),
    ]
}

/// Errors that an owner has for a worker.
fn answered() -> impl Strategy<Value = JoinErrorKind> {
    let name = || proptest::option::of(".{1,9}");
    let thread = move || (any::<u64>(), name()).prop_map(|(id, name)| Current { id, name });
    prop_oneof![
        reported(),
        Just(JoinErrorKind::Closed),
        (".{0,12}", name(), thread()).prop_map(|(message, location, thread)| {
            let panic = Panic { message, location };
            JoinErrorKind::Panicked { panic, thread }
        }),
        (".{0,12}", thread())
            .prop_map(|(message, thread)| JoinErrorKind::Trapped { message, thread }),
        (".{0,12}", any::<bool>())
            .prop_map(|(why, may_have_run)| JoinErrorKind::Lost { why, may_have_run }),
    ]
}

fn outcome_of(seen: &Result<Seen, JoinErrorKind>) -> Outcome {
    match seen {
        Ok(seen) => Ok(payload(seen)),
        Err(kind) => Err(JoinError::new(kind.clone())),
    }
}

fn record() -> impl Strategy<Value = (Jobs, Vec<Seen>)> {
    let kind = (any::<u32>(), any::<u32>(), any::<u64>());
    let flags = (
        any::<[bool; 2]>(),
        any::<u8>(),
        proptest::option::of(".{0,9}"),
    );
    let first = prop_oneof![2..99u64, Just(u64::MAX - 4)];
    (first, kind, any::<u64>(), flags, vec(seen(), 1..4)).prop_map(
        |(first, (trampoline, function, fingerprint), context, flags, items)| {
            let jobs = Jobs {
                first: JobId(first),
                len: items.len() as u32,
                kind: Kind {
                    trampoline,
                    function,
                    fingerprint,
                },
                context,
                is_idempotent: flags.0[0],
                may_suspend: flags.0[1],
                rank: flags.1,
                name: flags.2,
            };
            (jobs, items)
        },
    )
}

/// No place at which a message of one record can be cut leaves a message, with fewer bytes or with fewer values.
fn is_nothing_when_cut(whole: &Writer<List>, reads: impl Fn(&[u8], List) -> bool) {
    assert!(reads(&whole.bytes, whole.list.clone()));
    let cuts = (0..whole.bytes.len()).filter(|at| *at < 200 || at % 97 == 0);
    for at in cuts {
        assert!(
            !reads(&whole.bytes[..at], whole.list.clone()),
            "cut at {at}"
        );
    }
    for at in 0..whole.list.0.len() {
        let mut list = whole.list.clone();
        list.0.truncate(at);
        assert!(!reads(&whole.bytes, list), "without value {at}");
    }
}

/// A message holds what holds of any bytes, whichever of its bits is another.
fn holds_when_flipped(whole: &Writer<List>) {
    for bit in 0..whole.bytes.len().min(120) * 8 {
        let mut bytes = whole.bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        for law in LAWS {
            law((bytes.clone(), whole.list.clone()));
        }
    }
}

#[test]
fn a_time_that_is_none_does_not_read() {
    for time in [f64::NAN, f64::INFINITY, -1e300, 1e18] {
        for (ran, gap) in [(time, 1.0), (1.0, time)] {
            let mut writer = Writer::<List>::default();
            outcome::write_end(&mut writer, 1, ran, gap, 1);
            let report = outcome::read_all(&mut Reader::new(&writer.bytes, writer.list));
            assert!(!report.is_whole && report.end.is_none());
        }
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_bytes_read_as_something_or_nothing(bytes in vec(any::<u8>(), 0..300), list in list()) {
        for law in LAWS {
            law((bytes.clone(), list.clone()));
        }
    }

    #[test]
    fn what_looks_like_a_message_reads_as_something_or_nothing(bytes in likely(), list in list()) {
        for law in LAWS {
            law((bytes.clone(), list.clone()));
        }
    }

    #[test]
    fn a_report_reads_as_it_was_written(
        jobs in vec((any::<u64>(), prop_oneof![seen().prop_map(Ok), reported().prop_map(Err)]), 0..5),
        suspended in any::<u64>(),
        entered in any::<u32>(),
        (ran, gap) in (-1e9..1e9f64, -1e9..1e9f64),
        pages in any::<u32>(),
    ) {
        let mut writer = Writer::<List>::default();
        outcome::write_suspended(&mut writer, JobId(suspended));
        for (id, seen) in &jobs {
            outcome::write(&mut writer, JobId(*id), &outcome_of(seen));
        }
        outcome::write_end(&mut writer, entered, ran, gap, pages);
        let mut reader = Reader::new(&writer.bytes, writer.list);
        let report = outcome::read_all(&mut reader);
        prop_assert!(report.is_whole);
        let mut told = report.jobs.into_iter();
        prop_assert!(matches!(told.next(), Some((id, Told::Suspended)) if id.0 == suspended));
        for (id, seen) in &jobs {
            let Some((of, Told::Finished(outcome))) = told.next() else {
                panic!("a job is not told of");
            };
            prop_assert_eq!(of.0, *id);
            prop_assert_eq!(shown(outcome), shown(outcome_of(seen)));
        }
        prop_assert!(told.next().is_none());
        let End { entered: of, ended: Ended { ran: r, gap: g, memory } } = report.end.unwrap();
        prop_assert_eq!((of, r, g, memory), (entered, ran, gap, u64::from(pages) * outcome::PAGE));
    }

    #[test]
    fn a_cut_report_does_not_read(
        seen in prop_oneof![seen().prop_map(Ok), reported().prop_map(Err)],
    ) {
        let mut writer = Writer::<List>::default();
        outcome::write(&mut writer, JobId(7), &outcome_of(&seen));
        is_nothing_when_cut(&writer, |bytes, list| {
            let report = outcome::read_all(&mut Reader::new(bytes, list));
            report.is_whole && report.jobs.len() == 1
        });
    }

    #[test]
    fn a_record_of_jobs_reads_as_it_was_written((jobs, items) in record()) {
        let mut writer = Writer::<List>::headed();
        writer.set_head(ANNOUNCE | LAST, 2.5);
        jobs::write(&mut writer, &jobs);
        items.iter().for_each(|item| writer.payload(&payload(item)));
        let mut reader = Reader::new(&writer.bytes, writer.list.clone());
        prop_assert_eq!(reader.head(), Some((ANNOUNCE | LAST, 2.5)));
        let (read, came) = jobs::read_record(&mut reader).unwrap();
        prop_assert!(!reader.has_more());
        prop_assert_eq!(came.into_iter().map(see).collect::<Vec<_>>(), items);
        let (first, last) = (jobs.first.0, jobs.first.0 + u64::from(jobs.len) - 1);
        for (id, has) in [(first - 1, false), (first, true), (last, true), (last + 1, false)] {
            prop_assert_eq!(jobs::has::<List>(&writer.bytes, JobId(id)), has);
        }
        prop_assert_eq!(read, jobs);
        is_nothing_when_cut(&writer, |bytes, list| {
            let mut reader = Reader::new(bytes, list);
            reader.head().is_some() && jobs::read_record(&mut reader).is_some()
        });
    }

    #[test]
    fn a_whole_record_reads_without_anything_beside_it((jobs, items) in record()) {
        let mut writer = Writer::<List>::whole();
        jobs::write(&mut writer, &jobs);
        let plain: Vec<Seen> = items.into_iter().map(|(bytes, _)| (bytes, Vec::new())).collect();
        plain.iter().for_each(|item| writer.payload(&payload(item)));
        prop_assert!(writer.is_plain());
        let mut reader = Reader::<List>::of(&writer.bytes);
        let (read, came) = jobs::read_record(&mut reader).unwrap();
        prop_assert!(!reader.has_more() && read == jobs);
        prop_assert_eq!(came.into_iter().map(see).collect::<Vec<_>>(), plain);
    }

    #[test]
    fn what_is_joined_is_split_and_does_not_read_when_cut(seen in seen()) {
        let mut writer = bulk::writer(Vec::new());
        writer.payload(&payload(&seen));
        let joined = bulk::join(writer);
        let read = |bytes: &[u8]| bulk::split(bytes)?.payload().map(see);
        prop_assert_eq!(read(&joined), Some(seen));
        for at in (0..joined.len()).filter(|at| *at < 99 || at % 97 == 0) {
            prop_assert_eq!(read(&joined[..at]), None);
        }
    }

    #[test]
    fn an_answer_reads_as_it_was_written(
        id in any::<u64>(),
        index in any::<u32>(),
        item in seen(),
        ended in prop_oneof![seen().prop_map(Ok), answered().prop_map(Err)],
    ) {
        let mut writer = Writer::<List>::default();
        answer::write_outcome(&mut writer, JobId(id), &outcome_of(&ended));
        is_nothing_when_cut(&writer, |bytes, list| {
            answer::read(&mut Reader::new(bytes, list)).is_some()
        });
        answer::write_item(&mut writer, JobId(id), index, &payload(&item));
        answer::write_closed(&mut writer, JobId(id), index);
        let mut reader = Reader::new(&writer.bytes, writer.list);
        let Some(Answer::Ended(of, outcome)) = answer::read(&mut reader) else {
            panic!("it has not ended");
        };
        prop_assert_eq!((of.0, shown(outcome)), (id, shown(outcome_of(&ended))));
        let Some(Answer::Item(of, at, came)) = answer::read(&mut reader) else {
            panic!("nothing has come");
        };
        prop_assert_eq!((of.0, at, see(came)), (id, index, item));
        let closed = answer::read(&mut reader);
        let is_closed = matches!(closed, Some(Answer::Closed(of, at)) if of.0 == id && at == index);
        prop_assert!(is_closed && !reader.has_more());
    }

    #[test]
    fn an_item_and_a_context_read_as_they_were_written(
        id in any::<u64>(),
        index in any::<u32>(),
        item in seen(),
    ) {
        let mut writer = Writer::<List>::default();
        writer.item(JobId(id), index, &payload(&item));
        let (of, at, came) = Reader::new(&writer.bytes, writer.list).item().unwrap();
        prop_assert_eq!((of.0, at, see(came)), (id, index, item.clone()));
        let mut writer = Writer::<List>::default();
        writer.context(id, &payload(&item));
        let (of, came) = Reader::new(&writer.bytes, writer.list).context().unwrap();
        prop_assert_eq!((of, see(came)), (id, item));
    }

    #[test]
    fn values_beside_the_bytes_come_with_them(
        numbers in vec(any::<u32>(), 0..50),
        text in ".{0,40}",
        samples in proptest::option::of(vec(-1e3..1e3f32, 0..20)),
    ) {
        type Sent = (Buffer<u32>, String, Vec<Buffer<f32>>);
        let samples = samples.into_iter().map(Buffer).collect();
        let sent: Sent = (Buffer(numbers), text, samples);
        let mut writer = Writer::<List>::default();
        writer.payload(&payload::encode(&sent, Travels::Out).unwrap());
        let decode = |bytes: &[u8], list: List| {
            let payload = Reader::new(bytes, list).payload()?;
            payload::decode::<Sent>(&payload.bytes, payload.values).ok()
        };
        prop_assert_eq!(decode(&writer.bytes, writer.list.clone()), Some(sent));
        is_nothing_when_cut(&writer, |bytes, list| decode(bytes, list).is_some());
        prop_assert!(!writer.is_plain() && !writer.is_empty());
        writer.clear();
        prop_assert!(writer.is_plain() && writer.is_empty());
    }

    #[test]
    fn few_bytes_survive_as_text_of_seven_bits_a_character(bytes in vec(any::<u8>(), 0..=text::FEW)) {
        let packed = text::pack(&bytes);
        prop_assert!(packed.is_ascii());
        prop_assert_eq!(text::unpack(&packed), bytes);
    }

    #[test]
    fn of_any_text_come_no_more_bytes_than_it_has(any in ".{0,400}") {
        prop_assert!(text::unpack(&any).len() <= any.len());
    }

    #[test]
    fn a_cut_payload_does_not_decode(sent in (any::<u64>(), ".{0,20}", vec(any::<Option<i16>>(), 0..9))) {
        let whole = payload::encode(&sent, Travels::Out).unwrap().bytes;
        for at in 0..whole.len() {
            let cut = payload::decode::<(u64, String, Vec<Option<i16>>)>(&whole[..at], Vec::new());
            prop_assert!(cut.is_err_and(|error| error.is_decode()));
        }
        prop_assert_eq!(payload::decode::<(u64, String, Vec<Option<i16>>)>(&whole, Vec::new()).unwrap(), sent);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..config() })]

    #[test]
    fn a_flipped_bit_harms_nobody(
        (jobs, items) in record(),
        ended in prop_oneof![seen().prop_map(Ok), answered().prop_map(Err)],
    ) {
        let mut writer = Writer::headed();
        jobs::write(&mut writer, &jobs);
        items.iter().for_each(|item| writer.payload(&payload(item)));
        holds_when_flipped(&writer);
        let mut writer = Writer::default();
        answer::write_outcome(&mut writer, JobId(3), &outcome_of(&ended));
        outcome::write_end(&mut writer, 1, 1.0, 1.0, 1);
        holds_when_flipped(&writer);
    }
}
