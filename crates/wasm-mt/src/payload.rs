//! What arguments, results and a channel's items travel as: postcard's bytes, and *out-of-band* values beside them, which no
//! bytes can hold (JavaScript's own) or which would be copied once more in them (bulk).
//!
//! A type whose value travels out of band puts it into a table, and its index among the bytes. The table is there only while
//! a payload is coded, so that anywhere else such a type's `serde` impls are an error that says so.
//!
//! 1. A value is taken out of the table once, and all are taken.
//! 2. Postcard keeps no text of an error; the table does, so that the caller hears why a type refused.
//!
//! Postcard does not describe itself, so a type that needs that fails here, in encoding or in decoding, with an error that
//! names the type.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{self, DeserializeOwned, Deserializer};
use serde::ser::{self, Serialize, Serializer};

use crate::error::JoinError;
use crate::sys::OutOfBand;

/// A value on its way.
pub struct Payload {
    pub(crate) bytes: Vec<u8>,
    /// What the bytes name by index; nothing where it was taken out.
    pub(crate) values: Vec<Option<OutOfBand>>,
    /// For errors.
    #[cfg_attr(
        not(target_family = "wasm"),
        expect(dead_code, reason = "natively no payload is posted")
    )]
    pub(crate) type_name: &'static str,
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
impl Payload {
    /// Bytes, and nothing beside them.
    pub(crate) fn plain(bytes: Vec<u8>) -> Self {
        Payload {
            bytes,
            values: Vec::new(),
            type_name: "",
        }
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Payload")
            .field("bytes", &self.bytes.len())
            .field("values", &self.values.len())
            .finish_non_exhaustive()
    }
}

/// What the payload that is being coded is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Travels {
    /// A job's arguments, in which a channel's sender may travel.
    Out,
    /// A job's result, or a channel's item.
    Back,
}

#[derive(Default)]
struct Table {
    values: Vec<Option<OutOfBand>>,
    /// Why a type refused.
    refusal: Option<String>,
}

/// What most errors of decoding come of. Where a type gave a reason of its own, that is told alone.
const SELF_DESCRIBING: &str = "postcard cannot carry types that describe themselves (`serde_json::Value`, `untagged`, `flatten`, \
    `tag`, `skip_serializing_if`): wrap them in `Json`";

impl Table {
    fn is_empty(&self) -> bool {
        self.values.is_empty() && self.refusal.is_none()
    }
}

thread_local! {
    /// What the payload is for that is being coded; nothing while none is.
    static TRAVELS: Cell<Option<Travels>> = const { Cell::new(None) };
    /// Its table. Empty while none is being coded, and as a rule for as long as one is: then it is left alone.
    static TABLE: RefCell<Table> = const {
        RefCell::new(Table {
            values: Vec::new(),
            refusal: None,
        })
    };
}

/// The table of one payload, in the place of that of another which is being coded around it.
///
/// Its methods are what coding need not do anew for each type: a program has a copy of the rest for each of its jobs.
struct Coding {
    before: Option<Travels>,
    /// The other's, where there was one, or a table to begin with.
    outer: Option<Table>,
}

impl Coding {
    fn begin(travels: Travels, values: Vec<Option<OutOfBand>>) -> Self {
        let before = TRAVELS.replace(Some(travels));
        let outer = (before.is_some() || !values.is_empty()).then(|| {
            TABLE.replace(Table {
                values,
                refusal: None,
            })
        });
        Coding { before, outer }
    }

    fn encoded(
        self,
        type_name: &'static str,
        bytes: postcard::Result<Vec<u8>>,
    ) -> Result<Payload, JoinError> {
        let (values, refusal) = self.end();
        match bytes {
            Ok(bytes) => Ok(Payload {
                bytes,
                values,
                type_name,
            }),
            Err(error) => {
                let message = refusal.unwrap_or_else(|| {
                    format!(
                        "{error}; postcard, which encodes it, asks for known lengths and refuses what some \
                         `serialize_with` functions do: wrap it in `Json`"
                    )
                });
                Err(JoinError::encode(type_name, message))
            }
        }
    }

    /// After a value was decoded from `length` bytes, of which so many are left.
    fn used_up(self, type_name: &str, length: usize, left: usize) -> Result<(), JoinError> {
        let (values, _) = self.end();
        let values_left = values.iter().filter(|value| value.is_some()).count();
        let (left, length, what) = match (left, values_left) {
            (0, 0) => return Ok(()),
            (0, _) => (values_left, values.len(), "values beside its bytes"),
            _ => (left, length, "bytes"),
        };
        let message = format!("{left} of {length} {what} are left over; {SELF_DESCRIBING}");
        Err(JoinError::decode(type_name, message))
    }

    fn not_decoded(self, type_name: &str, error: &postcard::Error) -> JoinError {
        let (_, refusal) = self.end();
        let message = refusal.unwrap_or_else(|| format!("{error}; {SELF_DESCRIBING}"));
        JoinError::decode(type_name, message)
    }

    fn end(mut self) -> (Vec<Option<OutOfBand>>, Option<String>) {
        let table = self.leave();
        std::mem::forget(self);
        (table.values, table.refusal)
    }

    fn leave(&mut self) -> Table {
        TRAVELS.set(self.before);
        match self.outer.take() {
            None if TABLE.with_borrow(Table::is_empty) => Table::default(),
            outer => TABLE.replace(outer.unwrap_or_default()),
        }
    }
}

impl Drop for Coding {
    /// Without [`end`](Self::end) where a type's own code panicked. What was in the table goes, ends of channels among it.
    fn drop(&mut self) {
        drop(self.leave());
    }
}

/// # Errors
/// Where `value`'s `Serialize` refuses, or asks for what postcard has not.
pub(crate) fn encode<T: Serialize>(value: &T, travels: Travels) -> Result<Payload, JoinError> {
    let coding = Coding::begin(travels, Vec::new());
    coding.encoded(std::any::type_name::<T>(), postcard::to_stdvec(value))
}

/// Bytes that are written behind others.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
struct Behind<'a>(&'a mut Vec<u8>);

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
impl postcard::ser_flavors::Flavor for Behind<'_> {
    type Output = ();

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// As [`encode`] for a job's arguments, behind other bytes. False where it does not encode or something travels beside its bytes: what
/// stands there then is of no use.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) fn encode_behind<T: Serialize>(value: &T, bytes: &mut Vec<u8>) -> bool {
    let coding = Coding::begin(Travels::Out, Vec::new());
    let encoded = postcard::serialize_with_flavor(value, Behind(bytes));
    let (values, _) = coding.end();
    encoded.is_ok() && values.is_empty()
}

/// # Errors
/// Where the bytes and the values beside them are not one whole `T`.
pub(crate) fn decode<T: DeserializeOwned>(
    bytes: &[u8],
    values: Vec<Option<OutOfBand>>,
) -> Result<T, JoinError> {
    let coding = Coding::begin(Travels::Back, values);
    let type_name = std::any::type_name::<T>();
    match postcard::take_from_bytes(bytes) {
        Ok((value, left)) => {
            coding.used_up(type_name, bytes.len(), left.len())?;
            Ok(value)
        }
        Err(error) => Err(coding.not_decoded(type_name, &error)),
    }
}

/// Keeps the text of a refusal for the caller, and gives it back.
fn noted(text: String) -> String {
    if TRAVELS.get().is_some() {
        TABLE.with_borrow_mut(|table| {
            table.refusal.get_or_insert_with(|| text.clone());
        });
    }
    text
}

/// The error of a `Serialize` that refuses.
pub(crate) fn not_sent<E: ser::Error>(why: impl fmt::Display) -> E {
    E::custom(noted(why.to_string()))
}

/// The error of a `Deserialize` that refuses.
pub(crate) fn not_received<E: de::Error>(why: impl fmt::Display) -> E {
    E::custom(noted(why.to_string()))
}

/// Sends `value` out of band, of a type called `what`.
pub(crate) fn put<S: Serializer>(
    serializer: S,
    what: &str,
    value: impl FnOnce(Travels) -> Result<OutOfBand, String>,
) -> Result<S::Ok, S::Error> {
    let Some(travels) = TRAVELS.get() else {
        return Err(outside(what, <S::Error as ser::Error>::custom));
    };
    let value = value(travels).map_err(not_sent)?;
    let index = TABLE.with_borrow_mut(|table| {
        table.values.push(Some(value));
        table.values.len() - 1
    });
    serializer.serialize_u32(index as u32)
}

/// The value that travelled out of band, of a type called `what`, and its index.
pub(crate) fn take<'de, D: Deserializer<'de>>(
    deserializer: D,
    what: &str,
) -> Result<(u32, OutOfBand), D::Error> {
    if TRAVELS.get().is_none() {
        return Err(outside(what, <D::Error as de::Error>::custom));
    }
    let index = <u32 as serde::Deserialize>::deserialize(deserializer)?;
    let value = TABLE.with_borrow_mut(|table| {
        let values = &mut table.values;
        match values.get_mut(index as usize).map(Option::take) {
            Some(Some(value)) => Ok(value),
            Some(None) => Err(format!("value {index} beside its bytes was taken before")),
            None => Err(format!(
                "it names value {index} of {} beside its bytes",
                values.len()
            )),
        }
    });
    Ok((index, value.map_err(not_received)?))
}

fn outside<E>(what: &str, custom: fn(String) -> E) -> E {
    custom(format!(
        "a `{what}` can be serialized only on its way to or from a job; elsewhere use what it holds"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_survives_the_way() {
        let value = (7u64, String::from("seven"), vec![Some(1.5f64), None]);
        let payload = encode(&value, Travels::Out).unwrap();
        assert_eq!(
            decode::<(u64, String, Vec<Option<f64>>)>(&payload.bytes, payload.values).unwrap(),
            value
        );
    }

    #[test]
    fn a_short_payload_is_a_decode_error_that_names_the_type() {
        let error = decode::<(u64, String)>(&[1, 9], Vec::new()).unwrap_err();
        assert!(error.is_decode());
        assert!(
            error.to_string().contains("(u64, alloc::string::String)"),
            "{error}"
        );
    }

    #[test]
    fn bytes_left_over_are_a_decode_error() {
        let error = decode::<u8>(&[1, 2, 3], Vec::new()).unwrap_err();
        assert!(error.is_decode());
        assert!(
            error.to_string().contains("2 of 3 bytes are left over"),
            "{error}"
        );
    }

    #[test]
    fn what_postcard_cannot_encode_is_an_encode_error_that_names_the_type() {
        struct Unsized;
        impl Serialize for Unsized {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                serde::ser::SerializeSeq::end(s.serialize_seq(None)?)
            }
        }
        let error = encode(&Unsized, Travels::Out).err().unwrap();
        assert!(error.is_encode());
        assert!(error.to_string().contains("Unsized"), "{error}");
    }
}
