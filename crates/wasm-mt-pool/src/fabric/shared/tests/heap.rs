//! [`Heap`]: native memory as [`SharedWords`], for tests.

use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use super::super::SharedWords;
use super::super::words::write_by_word;

/// Zeroes, of which others have views.
#[derive(Clone)]
pub(in super::super) struct Heap(Arc<Memory>);

struct Memory {
    words: Box<[AtomicI32]>,
    /// As much of them as there is by now.
    bytes: AtomicU32,
    asleep: Mutex<()>,
    notified: Condvar,
}

impl Heap {
    /// So many bytes, which may become more.
    pub(in super::super) fn new(bytes: u32, most: u32) -> Self {
        Heap(Arc::new(Memory {
            words: (0..most.div_ceil(4)).map(|_| AtomicI32::new(0)).collect(),
            bytes: AtomicU32::new(bytes),
            asleep: Mutex::new(()),
            notified: Condvar::new(),
        }))
    }

    fn word(&self, at: u32) -> &AtomicI32 {
        &self.0.words[at as usize]
    }
}

// ORDERING: SeqCst of what the protocol asks to be so, Relaxed of what it reads and writes plainly.
impl SharedWords for Heap {
    fn load(&self, at: u32) -> i32 {
        self.word(at).load(Ordering::SeqCst)
    }

    fn store(&self, at: u32, value: i32) {
        self.word(at).store(value, Ordering::SeqCst);
    }

    fn exchange(&self, at: u32, value: i32) -> i32 {
        self.word(at).swap(value, Ordering::SeqCst)
    }

    fn compare_exchange(&self, at: u32, expected: i32, value: i32) -> i32 {
        let (ok, fail) = (Ordering::SeqCst, Ordering::SeqCst);
        match self.word(at).compare_exchange(expected, value, ok, fail) {
            Ok(found) | Err(found) => found,
        }
    }

    fn and(&self, at: u32, bits: i32) -> i32 {
        self.word(at).fetch_and(bits, Ordering::SeqCst)
    }

    fn or(&self, at: u32, bits: i32) -> i32 {
        self.word(at).fetch_or(bits, Ordering::SeqCst)
    }

    fn add(&self, at: u32, more: i32) -> i32 {
        self.word(at).fetch_add(more, Ordering::SeqCst)
    }

    fn get(&self, at: u32) -> i32 {
        self.word(at).load(Ordering::Relaxed)
    }

    fn set(&self, at: u32, value: i32) {
        self.word(at).store(value, Ordering::Relaxed);
    }

    fn write(&self, at: u32, bytes: &[u8]) {
        assert!(at * 4 + bytes.len() as u32 <= self.bytes());
        write_by_word(self, at, bytes);
    }

    fn wait(&self, at: u32, value: i32, milliseconds: f64) {
        let guard = self.0.asleep.lock().expect("nobody panics with it");
        if self.load(at) != value {
            return;
        }
        // A wait without an end has one here, so that what is not woken fails instead of hanging.
        let time = Duration::from_secs_f64(milliseconds.min(60_000.0) / 1000.0);
        let (_guard, out) = self
            .0
            .notified
            .wait_timeout(guard, time)
            .expect("nobody panics with it");
        assert!(
            milliseconds.is_finite() || !out.timed_out(),
            "nobody wakes who waits"
        );
    }

    fn notify(&self, _: u32) {
        let _guard = self.0.asleep.lock().expect("nobody panics with it");
        self.0.notified.notify_all();
    }

    fn bytes(&self) -> u32 {
        self.0.bytes.load(Ordering::SeqCst)
    }

    fn grow(&self, bytes: u32) -> bool {
        let fits = bytes as usize <= self.0.words.len() * 4;
        if fits {
            self.0.bytes.store(bytes, Ordering::SeqCst);
        }
        fits
    }
}
