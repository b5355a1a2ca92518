//! [`Js`] and [`Transfer`]: JavaScript's own values, as arguments and results of jobs.

use std::any::type_name;
use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use wasm_bindgen::{JsCast, JsValue};

use super::far::OutOfBand;
use crate::payload;

/// A JavaScript value that travels as a copy, by structured cloning. On the web only.
///
/// What can be cloned: primitive values, plain objects, arrays, maps, sets, dates, errors, typed arrays, `Blob`, `File`,
/// `ImageData`, `CryptoKey` and more. What cannot (functions, DOM nodes, what was transferred away before) is an error that
/// [`is_encode`](crate::JoinError::is_encode). An object of a class of the program's own arrives as a plain object; where it
/// is then no `T`, that is an error that [`is_decode`](crate::JoinError::is_decode).
///
/// ```no_run
/// use js_sys::Date;
/// use wasm_mt::{JoinError, Js, Thread, job};
///
/// # async fn example(thread: &Thread) -> Result<(), JoinError> {
/// let date = Js(Date::new_0());
/// let year: u32 = thread.spawn(job!(|date: Js<Date>| date.get_full_year())).await?;
/// # Ok(())
/// # }
/// ```
///
/// An argument is copied when its job is posted, which may be later than `spawn`: when the jobs before it are done. What is
/// changed in it until then, the job sees.
///
/// It travels on the way to or from a job; elsewhere its `Serialize` and `Deserialize` are an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Js<T>(pub T);

/// A JavaScript value that is handed over: whoever sends it has it no more. On the web only.
///
/// For what can be transferred: `ArrayBuffer` and typed arrays (with the whole buffer below them), `MessagePort`,
/// `OffscreenCanvas`, `ImageBitmap`, streams. Anything else, and what was handed over before, is an error that
/// [`is_encode`](crate::JoinError::is_encode). An `OffscreenCanvas` drawn to by a worker needs no copy at all.
///
/// ```no_run
/// use js_sys::{ArrayBuffer, Uint8Array};
/// use wasm_mt::{JoinError, Thread, Transfer, job};
///
/// # async fn example(thread: &Thread, file: ArrayBuffer) -> Result<(), JoinError> {
/// let file = Transfer(file);
/// let first: u8 = thread
///     .spawn(job!(|file: Transfer<ArrayBuffer>| Uint8Array::new(&file).get_index(0)))
///     .await?;
/// # Ok(())
/// # }
/// ```
///
/// An argument is handed over when its job is posted, which may be later than `spawn`: when the jobs before it are done.
///
/// It travels on the way to or from a job; elsewhere its `Serialize` and `Deserialize` are an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transfer<T>(pub T);

fn received<'de, T: JsCast, D: Deserializer<'de>>(d: D, what: &str) -> Result<T, D::Error> {
    let (_, value) = payload::take(d, what)?;
    value.into_js().dyn_into().map_err(|value: JsValue| {
        payload::not_received(format_args!(
            "what arrived is no `{}` but {}",
            type_name::<T>(),
            value.js_typeof().as_string().unwrap_or_default()
        ))
    })
}

macro_rules! travels {
    ($type:ident, $name:literal, $out_of_band:path) => {
        impl<T: AsRef<JsValue>> Serialize for $type<T> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                payload::put(serializer, $name, |_| {
                    Ok($out_of_band(self.0.as_ref().clone()))
                })
            }
        }

        impl<'de, T: JsCast> Deserialize<'de> for $type<T> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                received(deserializer, $name).map($type)
            }
        }

        impl<T> Deref for $type<T> {
            type Target = T;

            fn deref(&self) -> &T {
                &self.0
            }
        }

        impl<T> From<T> for $type<T> {
            fn from(value: T) -> Self {
                $type(value)
            }
        }
    };
}

travels!(Js, "Js", OutOfBand::cloned);
travels!(Transfer, "Transfer", OutOfBand::transferred);
