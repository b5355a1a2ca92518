//! [`Sab`]: a `SharedArrayBuffer` as [`SharedWords`]. By functions of its own, as each that a program imports costs it some fifty bytes.
//!
//! A clone is another name of the same view, and costs no call.

use std::sync::Arc;

use wasm_bindgen::prelude::*;

use super::words::{SharedWords, read_by_word, write_by_word};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = SharedArrayBuffer)]
    type Buffer;
    #[wasm_bindgen(method, getter, js_name = byteLength)]
    fn byte_length(this: &Buffer) -> f64;
    /// Throws beyond what was reserved, and is not there in engines that cannot.
    #[wasm_bindgen(method, catch, js_name = grow)]
    fn grow(this: &Buffer, bytes: f64) -> Result<(), JsValue>;

    // Indices are signed, though never negative: JavaScript would make each of them unsigned by an operation of its own.
    #[wasm_bindgen(js_name = Int32Array)]
    type Words;
    #[wasm_bindgen(constructor, js_class = "Int32Array")]
    fn new(buffer: &JsValue) -> Words;
    #[wasm_bindgen(method, structural, indexing_getter)]
    fn get(this: &Words, at: i32) -> i32;
    #[wasm_bindgen(method, structural, indexing_setter)]
    fn set(this: &Words, at: i32, value: i32);

    #[wasm_bindgen(js_name = Uint8Array)]
    type Bytes;
    #[wasm_bindgen(constructor, js_class = "Uint8Array")]
    fn new(buffer: &JsValue) -> Bytes;
    #[wasm_bindgen(method, js_name = subarray)]
    fn copy(this: &Bytes, from: u32, to: u32) -> Vec<u8>;
    #[wasm_bindgen(method, js_name = set)]
    fn fill(this: &Bytes, bytes: &[u8], at: u32);

    #[wasm_bindgen(js_namespace = Atomics)]
    fn load(words: &Words, at: i32) -> i32;
    #[wasm_bindgen(js_namespace = Atomics)]
    fn store(words: &Words, at: i32, value: i32);
    #[wasm_bindgen(js_namespace = Atomics)]
    fn exchange(words: &Words, at: i32, value: i32) -> i32;
    #[wasm_bindgen(js_namespace = Atomics, js_name = compareExchange)]
    fn compare_exchange(words: &Words, at: i32, expected: i32, value: i32) -> i32;
    #[wasm_bindgen(js_namespace = Atomics)]
    fn and(words: &Words, at: i32, bits: i32) -> i32;
    #[wasm_bindgen(js_namespace = Atomics)]
    fn or(words: &Words, at: i32, bits: i32) -> i32;
    #[wasm_bindgen(js_namespace = Atomics)]
    fn add(words: &Words, at: i32, more: i32) -> i32;
    /// Throws on a page's main thread, which never sleeps.
    #[wasm_bindgen(js_namespace = Atomics)]
    fn wait(words: &Words, at: i32, value: i32, milliseconds: f64);
    #[wasm_bindgen(js_namespace = Atomics)]
    fn notify(words: &Words, at: i32);
}

/// Fewer bytes are written and read word by word: that is faster than to make a view of them.
const FEW: usize = 32;

/// A `SharedArrayBuffer`. A clone is another view.
#[derive(Clone)]
pub(crate) struct Sab(Arc<Views>);

struct Views {
    buffer: JsValue,
    words: Words,
    /// They follow the buffer when it grows, as no length was given.
    bytes: Bytes,
}

impl Sab {
    /// Of a value that is known to be a `SharedArrayBuffer`.
    pub(crate) fn new(buffer: JsValue) -> Self {
        let words = Words::new(&buffer);
        let bytes = Bytes::new(&buffer);
        Sab(Arc::new(Views {
            buffer,
            words,
            bytes,
        }))
    }

    /// As it is posted.
    pub(crate) fn buffer(&self) -> &JsValue {
        &self.0.buffer
    }
}

impl SharedWords for Sab {
    fn load(&self, at: u32) -> i32 {
        load(&self.0.words, at as i32)
    }

    fn store(&self, at: u32, value: i32) {
        store(&self.0.words, at as i32, value);
    }

    fn exchange(&self, at: u32, value: i32) -> i32 {
        exchange(&self.0.words, at as i32, value)
    }

    fn compare_exchange(&self, at: u32, expected: i32, value: i32) -> i32 {
        compare_exchange(&self.0.words, at as i32, expected, value)
    }

    fn and(&self, at: u32, bits: i32) -> i32 {
        and(&self.0.words, at as i32, bits)
    }

    fn or(&self, at: u32, bits: i32) -> i32 {
        or(&self.0.words, at as i32, bits)
    }

    fn add(&self, at: u32, more: i32) -> i32 {
        add(&self.0.words, at as i32, more)
    }

    fn get(&self, at: u32) -> i32 {
        self.0.words.get(at as i32)
    }

    fn set(&self, at: u32, value: i32) {
        self.0.words.set(at as i32, value);
    }

    fn read(&self, at: u32, len: u32) -> Vec<u8> {
        if len as usize > FEW {
            return self.0.bytes.copy(at * 4, at * 4 + len);
        }
        read_by_word(self, at, len)
    }

    fn write(&self, at: u32, bytes: &[u8]) {
        if bytes.len() > FEW {
            return self.0.bytes.fill(bytes, at * 4);
        }
        write_by_word(self, at, bytes);
    }

    fn wait(&self, at: u32, value: i32, milliseconds: f64) {
        wait(&self.0.words, at as i32, value, milliseconds);
    }

    fn notify(&self, at: u32) {
        notify(&self.0.words, at as i32);
    }

    fn bytes(&self) -> u32 {
        self.0.buffer.unchecked_ref::<Buffer>().byte_length() as u32
    }

    fn grow(&self, bytes: u32) -> bool {
        self.0
            .buffer
            .unchecked_ref::<Buffer>()
            .grow(f64::from(bytes))
            .is_ok()
    }
}
