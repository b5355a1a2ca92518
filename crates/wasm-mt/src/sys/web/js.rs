//! [`Js`] and [`Transfer`]: JavaScript's own values, as arguments and results of jobs.

use std::any::type_name;
use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use wasm_bindgen::prelude::*;

use super::far::OutOfBand;
use super::text;
use crate::payload::{self, Travels};

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
/// It is copied when its job is made; what is changed in it later, the job does not see.
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

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_name = structuredClone)]
    fn structured_clone(value: &JsValue) -> Result<JsValue, JsValue>;
}

/// An argument is cloned at once: a job is posted later, and under its lane's lock, where a getter of the value's must not
/// run. A clone has none.
fn cloned(value: &JsValue, travels: Travels) -> Result<OutOfBand, String> {
    let value = match travels {
        Travels::Out => structured_clone(value)
            .map_err(|error| format!("it cannot be cloned: {}", text(&error)))?,
        Travels::Back => value.clone(),
    };
    Ok(OutOfBand::cloned(value))
}

/// Nothing of the program's runs when this is posted.
fn transferred(value: &JsValue, _: Travels) -> Result<OutOfBand, String> {
    Ok(OutOfBand::transferred(value.clone()))
}

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
    ($type:ident, $name:literal, $out_of_band:ident) => {
        impl<T: AsRef<JsValue>> Serialize for $type<T> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                payload::put(serializer, $name, |travels| {
                    $out_of_band(self.0.as_ref(), travels)
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

travels!(Js, "Js", cloned);
travels!(Transfer, "Transfer", transferred);
