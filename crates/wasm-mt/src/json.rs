//! [`Json`]: values that only a format which describes itself can carry.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use serde::de::{DeserializeOwned, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::payload;

/// A value that travels as JSON text.
///
/// For types that a job's usual encoding cannot carry because it does not describe itself: `serde_json::Value`, and types
/// with serde's `untagged`, `tag`, `flatten` or `skip_serializing_if`. What JSON cannot carry does not travel this way
/// either: a map whose keys are tuples or structs is an error, and a number that is not finite is written as `null`.
///
/// Serialized elsewhere, it is a string with the JSON text in it.
///
/// ```
/// # futures::executor::block_on(async {
/// use serde_json::{Value, json};
/// use wasm_mt::{Json, Thread, job};
///
/// let thread = Thread::start().await?;
/// let settings = Json(json!({ "depth": 3, "name": "deep" }));
/// let depth: Option<u64> = thread
///     .spawn(job!(|settings: Json<Value>| settings["depth"].as_u64()))
///     .await?;
/// assert_eq!(depth, Some(3));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Json<T>(pub T);

impl<T: Serialize> Serialize for Json<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = serde_json::to_string(&self.0).map_err(payload::not_sent::<S::Error>)?;
        serializer.serialize_str(&text)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Json<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text<T>(PhantomData<T>);

        impl<T: DeserializeOwned> Visitor<'_> for Text<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON text")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
                serde_json::from_str(text).map_err(payload::not_received)
            }
        }

        deserializer.deserialize_str(Text(PhantomData)).map(Json)
    }
}

impl<T> Deref for Json<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Json<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> From<T> for Json<T> {
    fn from(value: T) -> Self {
        Json(value)
    }
}
