//! What travels beside the encoded bytes, and as text.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};
use wasm_mt::{Buffer, Json, Thread, job};

use crate::common::{goes_on, started, thread};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Picture {
    name: String,
    pixels: Buffer<u32>,
    thumbnails: Vec<Buffer<u8>>,
    depth: Option<Buffer<f64>>,
}

pub async fn a_buffer_travels_both_ways() {
    let thread = thread().await;
    // Miri takes a minute for the many.
    let many = if cfg!(miri) { 1000 } else { 100_000 };
    let samples = Buffer((0..many).map(|n| n as f32).collect());
    let doubled: Buffer<f32> = thread
        .spawn(job!(|mut samples: Buffer<f32>| {
            samples.iter_mut().for_each(|sample| *sample *= 2.0);
            samples
        }))
        .await
        .unwrap();
    assert_eq!(doubled.len(), many);
    assert!(
        (0..)
            .zip(&doubled)
            .all(|(n, sample)| *sample == (2 * n) as f32)
    );
    let empty = Buffer(Vec::<u64>::new());
    assert_eq!(
        thread.spawn(job!(|empty| empty)).await.unwrap(),
        Buffer(vec![])
    );
}

pub async fn buffers_travel_inside_other_values() {
    let thread = thread().await;
    let picture = || Picture {
        name: "dot".into(),
        pixels: Buffer(vec![0xff00_ff00, 7]),
        thumbnails: vec![Buffer(vec![1]), Buffer(vec![2, 3]), Buffer(vec![])],
        depth: Some(Buffer(vec![0.25, f64::NEG_INFINITY])),
    };
    let sent = picture();
    assert_eq!(thread.spawn(job!(|sent| sent)).await.unwrap(), picture());
    let sent = (picture(), Buffer(vec![-1i64]), picture());
    let (last, middle, first) = thread
        .spawn(job!(async |sent: (Picture, Buffer<i64>, Picture)| (
            sent.2, sent.1, sent.0
        )))
        .await
        .unwrap();
    assert_eq!(
        (first, middle.into_iter().sum(), last),
        (picture(), -1, picture())
    );
}

pub async fn a_buffer_outside_a_job_does_not_serialize() {
    let error = serde_json::to_string(&Buffer(vec![1u8])).unwrap_err();
    assert!(error.to_string().contains("`Buffer`"), "{error}");
    assert!(error.to_string().contains("to or from a job"), "{error}");
    let error = serde_json::from_str::<Buffer<u8>>("0").unwrap_err();
    assert!(error.to_string().contains("to or from a job"), "{error}");
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Either {
    Number(f64),
    Text(String),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Extended {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    note: Option<String>,
    #[serde(flatten)]
    rest: BTreeMap<String, Either>,
}

pub async fn json_carries_what_describes_itself() {
    let thread = thread().await;
    let value = Json(json!({ "a": [1, null, "x"], "b": { "c": 1.5 } }));
    let answer = thread
        .spawn(job!(|value: Json<Value>| {
            (value["a"][2] == "x", Json(json!([value["b"]["c"]])))
        }))
        .await
        .unwrap();
    assert_eq!(answer, (true, Json(json!([1.5]))));
    let extended = || Extended {
        name: "n".into(),
        note: None,
        rest: BTreeMap::from([
            ("x".into(), Either::Number(0.5)),
            ("y".into(), Either::Text("t".into())),
        ]),
    };
    let sent = vec![Json(extended()), Json(extended())];
    let back = thread.spawn(job!(|sent| sent)).await.unwrap();
    assert_eq!(back, [Json(extended()), Json(extended())]);
    // Elsewhere it is text like any other.
    assert_eq!(serde_json::to_string(&Json(7)).unwrap(), "\"7\"");
}

pub async fn a_thread_that_checks_payloads_refuses_what_cannot_travel() {
    let thread = started(Thread::builder().check_payloads(true)).await;
    let error = thread.spawn(job!(|| json!({ "a": 1 }))).await.unwrap_err();
    assert!(error.is_decode(), "{error}");
    assert!(error.to_string().contains("Json"), "{error}");
    goes_on(&thread).await;
}

/// Leaves as one type and arrives as another.
macro_rules! posing {
    ($name:ident leaves as $out:expr, arrives as $into:ty) => {
        #[derive(Debug)]
        struct $name;

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $out.serialize(serializer)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <$into>::deserialize(deserializer).map(|_| $name)
            }
        }
    };
}

posing!(Odd leaves as Buffer(vec![1u8; 5]), arrives as Buffer<u32>);
// The first value beside the bytes is number 0.
posing!(TakenTwice leaves as (Buffer(vec![1u8]), 0u32), arrives as (Buffer<u8>, Buffer<u8>));
posing!(Absent leaves as 3u32, arrives as Buffer<u8>);
posing!(LeftOver leaves as Buffer(vec![1u8]), arrives as u32);

fn assert_decode(error: &wasm_mt::JoinError, text: &str) {
    assert!(error.is_decode(), "{error}");
    assert!(error.to_string().contains(text), "{error}");
}

pub async fn a_length_that_does_not_divide_is_an_error() {
    let thread = thread().await;
    let error = thread.spawn(job!(|| Odd)).await.unwrap_err();
    assert_decode(&error, "5 bytes are no whole number of values of 4 bytes");
    let odd = Odd;
    let error = thread
        .spawn(job!(|odd: Odd| matches!(odd, Odd)))
        .await
        .unwrap_err();
    assert_decode(&error, "Odd");
    goes_on(&thread).await;
}

pub async fn a_buffer_taken_twice_is_an_error() {
    let thread = thread().await;
    let error = thread.spawn(job!(|| TakenTwice)).await.unwrap_err();
    assert_decode(&error, "was taken before");
    goes_on(&thread).await;
}

pub async fn a_buffer_that_did_not_come_is_an_error() {
    let thread = thread().await;
    let error = thread.spawn(job!(|| Absent)).await.unwrap_err();
    assert_decode(&error, "value 3 of 0");
    goes_on(&thread).await;
}

pub async fn a_buffer_that_nobody_takes_is_an_error() {
    let thread = thread().await;
    let error = thread.spawn(job!(|| LeftOver)).await.unwrap_err();
    assert_decode(&error, "1 of 1 values");
    goes_on(&thread).await;
}

pub async fn what_json_cannot_carry_is_an_error_that_says_why() {
    let thread = thread().await;
    let map = Json(BTreeMap::from([((1, 2), 3)]));
    let error = thread
        .spawn(job!(|map: Json<BTreeMap<(i32, i32), i32>>| map.len()))
        .await
        .unwrap_err();
    assert!(error.is_encode(), "{error}");
    assert!(
        error.to_string().contains("key must be a string"),
        "{error}"
    );
    // Postcard is not at fault, and is not blamed.
    assert!(!error.to_string().contains("postcard"), "{error}");
    goes_on(&thread).await;
}
