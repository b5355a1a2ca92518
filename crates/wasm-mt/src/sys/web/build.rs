//! Whether two instances are of the same build: a number that is made of where things are in this one.
//!
//! A job is a place in the function table. In another build of the program that place means something else, so a worker
//! whose module was not posted by its owner must show that it is of the owner's build. What is compared is what moves when
//! code or data is added or taken away; a build in which nothing has moved is told apart by nothing.

#![expect(
    unreachable_pub,
    reason = "`wasm_bindgen` exports what is `pub`, wherever it lies"
)]

use std::any::type_name;

use wasm_bindgen::prelude::*;

use super::strip::SCRIPT;
use super::{Link, dom, entry, link};
use crate::lane::Lane;
use crate::panic;
use crate::sys::call::{FNV_BASIS, fnv};

unsafe extern "C" {
    /// Where the linker ended the statics. Only its address means something.
    static __data_end: u8;
    /// Where the linker let the heap begin. Only its address means something.
    static __heap_base: u8;
}

/// The number of this build.
#[doc(hidden)]
#[wasm_bindgen(js_name = __wasm_mt_build, skip_typescript)]
pub fn number() -> f64 {
    let table = wasm_bindgen::function_table();
    let names = [
        env!("CARGO_PKG_VERSION"),
        type_name::<Lane>(),
        type_name::<Link>(),
    ];
    let places = [
        dom::get(&table, "length").as_f64().unwrap_or_default() as u32,
        &raw const __data_end as u32,
        &raw const __heap_base as u32,
        number as fn() -> f64 as usize as u32,
        panic::install_hook as fn() as usize as u32,
        entry::announce_panic as *const () as u32,
        link::on_message as *const () as u32,
        link::on_error as *const () as u32,
        SCRIPT.as_ptr() as u32,
    ];
    let mut hash = FNV_BASIS;
    for place in places {
        hash = fnv(hash, &place.to_le_bytes());
    }
    for name in names {
        hash = fnv(hash, &(name.as_ptr() as u32).to_le_bytes());
        hash = fnv(hash, name.as_bytes());
    }
    // As many bits as a number of JavaScript carries.
    (hash >> 11) as f64
}
