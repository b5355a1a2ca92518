//! [`Ram`]: loom's memory as [`SharedWords`].
//!
//! JavaScript's `Atomics` are sequentially consistent. To loom each of them is a read-modify-write, so that it finds the last value: then
//! every order that loom tries is one of theirs, and what is read happens behind what has written it, and behind nothing else. What is
//! read or written plainly is no step for loom, but it must be ordered: whoever writes or reads such a word while another may write it,
//! fails the model.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicI32 as Plain;
use std::sync::atomic::Ordering;

use loom::cell::UnsafeCell;
use loom::sync::atomic::AtomicI32;
use loom::sync::{Condvar, Mutex};

use super::super::SharedWords;
use super::super::layout::{self, CELLS, FORKS, KEY, RANKS, SLOTS};

/// A memory as one thread sees it.
#[derive(Clone)]
pub(in super::super) struct Ram {
    memory: Arc<Memory>,
    life: Life,
}

struct Memory {
    words: Vec<Word>,
    asleep: Mutex<()>,
    notified: Condvar,
    /// Whether plain accesses need no order, and are steps of their own.
    races: std::sync::atomic::AtomicBool,
}

/// A word is for one of the two, so that a model has no more of loom's than it needs.
enum Word {
    Control(AtomicI32),
    Plain(Plain, UnsafeCell<()>),
}

/// How many more operations a thread does. A clone is the same life.
#[derive(Clone)]
pub(super) struct Life(Option<Rc<Cell<u32>>>);

/// What the stack of a thread whose life is over is unwound with.
struct Over;

impl Life {
    pub(super) fn endless() -> Self {
        Life(None)
    }

    pub(super) fn of(operations: u32) -> Self {
        Life(Some(Rc::new(Cell::new(operations))))
    }

    fn step(&self) {
        if let Some(left) = &self.0 {
            match left.get().checked_sub(1) {
                Some(less) => left.set(less),
                // Not by a panic, which would be told.
                None => resume_unwind(Box::new(Over)),
            }
        }
    }
}

/// What the thread does, and `None` where its life ends before that.
pub(super) fn live<T>(acts: impl FnOnce() -> T) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(acts)) {
        Ok(done) => Some(done),
        Err(end) if end.is::<Over>() => None,
        Err(panic) => resume_unwind(panic),
    }
}

/// Bytes of a bulk memory: one block that lies not inline.
const BULK: u32 = 64;

impl Ram {
    fn new(words: u32, is_control: impl Fn(u32) -> bool) -> Self {
        let word = |at| {
            if is_control(at) {
                Word::Control(AtomicI32::new(0))
            } else {
                Word::Plain(Plain::new(0), UnsafeCell::new(()))
            }
        };
        Ram {
            memory: Arc::new(Memory {
                words: (0..words).map(word).collect(),
                asleep: Mutex::new(()),
                notified: Condvar::new(),
                races: std::sync::atomic::AtomicBool::new(false),
            }),
            life: Life::endless(),
        }
    }

    pub(super) fn of_lot() -> Self {
        let keys: Vec<u32> = (0..SLOTS)
            .map(|slot| layout::lot::slot(slot) + KEY)
            .collect();
        let first = layout::lot::slot(0);
        let queues = layout::lot::cell(RANKS - 1, -1);
        Ram::new(layout::lot::WORDS, move |at| {
            at <= queues || at >= first && keys.contains(&at)
        })
    }

    pub(super) fn of_board() -> Self {
        let forks = (0..FORKS).map(|fork| layout::board::fork(fork) + KEY);
        let cells = (0..CELLS).map(|cell| layout::board::cell(cell) + KEY);
        let keys: Vec<u32> = forks.chain(cells).collect();
        let ring = layout::board::ring(0);
        let counters = layout::board::RUN..=layout::board::PAGES;
        Ram::new(layout::board::WORDS, move |at| {
            at < ring && !counters.contains(&at) || keys.contains(&at)
        })
    }

    pub(super) fn of_bulk() -> Self {
        Ram::new(BULK / 4, |_| false)
    }

    /// Of a thread with that life.
    pub(super) fn seen_by(&self, life: &Life) -> Self {
        Ram {
            memory: self.memory.clone(),
            life: life.clone(),
        }
    }

    fn control(&self, at: u32) -> &AtomicI32 {
        self.life.step();
        self.last(at)
    }

    fn last(&self, at: u32) -> &AtomicI32 {
        match &self.memory.words[at as usize] {
            Word::Control(word) => word,
            Word::Plain(..) => panic!("word {at} is none for atomic operations"),
        }
    }

    /// From now on a plain word may be read by somebody who is late, and will not believe it.
    pub(super) fn tolerate_races(&self) {
        self.memory.races.store(true, Ordering::Relaxed);
    }

    fn plain(&self, at: u32, access: impl FnOnce(&UnsafeCell<()>)) -> &Plain {
        match &self.memory.words[at as usize] {
            Word::Plain(word, races) => {
                if self.memory.races.load(Ordering::Relaxed) {
                    loom::thread::yield_now();
                } else {
                    access(races);
                }
                word
            }
            Word::Control(_) => panic!("word {at} is none for plain accesses"),
        }
    }
}

// ORDERING: as the module's head has it.
impl SharedWords for Ram {
    fn load(&self, at: u32) -> i32 {
        self.control(at).fetch_or(0, Ordering::Acquire)
    }

    fn store(&self, at: u32, value: i32) {
        self.control(at).swap(value, Ordering::Release);
    }

    fn exchange(&self, at: u32, value: i32) -> i32 {
        self.control(at).swap(value, Ordering::AcqRel)
    }

    fn compare_exchange(&self, at: u32, expected: i32, value: i32) -> i32 {
        let (ok, fail) = (Ordering::AcqRel, Ordering::Acquire);
        match self.control(at).compare_exchange(expected, value, ok, fail) {
            Ok(found) | Err(found) => found,
        }
    }

    fn and(&self, at: u32, bits: i32) -> i32 {
        self.control(at).fetch_and(bits, Ordering::AcqRel)
    }

    fn or(&self, at: u32, bits: i32) -> i32 {
        self.control(at).fetch_or(bits, Ordering::AcqRel)
    }

    fn add(&self, at: u32, more: i32) -> i32 {
        self.control(at).fetch_add(more, Ordering::AcqRel)
    }

    fn get(&self, at: u32) -> i32 {
        self.plain(at, |races| races.with(|_| ()))
            .load(Ordering::Relaxed)
    }

    fn set(&self, at: u32, value: i32) {
        self.plain(at, |races| races.with_mut(|_| ()))
            .store(value, Ordering::Relaxed);
    }

    /// Has no end but a notify: whoever is not woken is a deadlock.
    fn wait(&self, at: u32, value: i32, _: f64) {
        self.life.step();
        let guard = self.memory.asleep.lock().expect("nobody panics with it");
        if self.last(at).fetch_or(0, Ordering::Acquire) == value {
            drop(self.memory.notified.wait(guard));
        }
    }

    fn notify(&self, _: u32) {
        self.life.step();
        let _guard = self.memory.asleep.lock().expect("nobody panics with it");
        self.memory.notified.notify_all();
    }

    fn bytes(&self) -> u32 {
        self.memory.words.len() as u32 * 4
    }

    fn grow(&self, _: u32) -> bool {
        false
    }
}
