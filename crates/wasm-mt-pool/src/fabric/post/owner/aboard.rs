//! [`Shared`]: what a pool has in shared memory beside its messages, where its page is isolated: the owner's lot, and a board for each
//! worker. Lives with the owner, behind the pool's lock. What is laid there and when is in `laying.rs`.
//!
//! A worker is told of the boards that are there when it starts, and later of what is new; one that is not up yet hears that when it
//! is.

use std::sync::{Arc, Weak};

use js_sys::{Object, Reflect};
use wasm_bindgen::prelude::*;
use wasm_mt::__pool::{Aboard, Timer};

use super::Post;
use super::orphans::Orphan;
use super::parcel::Parcel;
use crate::fabric::shared::{Board, Buffers, Lot, News, Owner, Sab, Told};

/// Bytes of the owner's bulk.
const LOT_BULK: u32 = 1 << 20;
/// Bytes of a worker's bulk at first, and at most. Where it cannot grow it has a fixed size in between.
const BULK: u32 = 64 << 10;
const MOST_BULK: u32 = 64 << 20;
const FIXED_BULK: u32 = 1 << 20;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = SharedArrayBuffer)]
    type Buffer;
    /// Throws where there is no such memory.
    #[wasm_bindgen(constructor, js_class = "SharedArrayBuffer", catch)]
    fn new(bytes: u32, options: &JsValue) -> Result<Buffer, JsValue>;
    #[wasm_bindgen(method, getter)]
    fn growable(this: &Buffer) -> Option<bool>;
}

pub(super) struct Shared {
    pub(super) books: Owner<Sab, Parcel>,
    lot: Buffers,
    /// Joins fork.
    forks: bool,
    /// By seat: the board that its worker has, or is about to be given.
    boards: Vec<Option<Told>>,
    /// Of a seat whose worker has not been started yet, though its board is there.
    ready: Vec<bool>,
    /// By seat: what its worker is to be told of once it is up.
    news: Vec<Vec<JsValue>>,
    /// By the board's number: when to look again at what was in the hands of a worker that may have gone on.
    pub(super) timers: Vec<(u16, Timer)>,
    /// When to hear of ends that may be told of late. It is there, or about to be, while `listens`.
    pub(super) listening: Option<Timer>,
    pub(super) listens: bool,
    /// Halves of joins whose joiners are gone: when to look at them again.
    pub(super) orphans: Vec<(Orphan, Timer)>,
}

impl Shared {
    /// Memory for a pool of so many workers, whose boards are there at once. `None` where there is none to be had.
    pub(super) fn new(workers: usize, forks: bool) -> Option<Shared> {
        let words = memory(Lot::<Sab>::BYTES)?;
        let bulk = memory(LOT_BULK)?;
        let lot = Buffers {
            words: words.buffer().clone(),
            bulk: bulk.buffer().clone(),
        };
        let mut shared = Shared {
            books: Owner::new(words, bulk),
            lot,
            forks,
            boards: Vec::new(),
            ready: Vec::new(),
            news: Vec::new(),
            timers: Vec::new(),
            listening: None,
            listens: false,
            orphans: Vec::new(),
        };
        for at in 0..workers {
            shared.make(at);
            shared.ready[at] = true;
        }
        Some(shared)
    }

    /// A board for the next worker in a seat. Whoever is not told of it with its own start is told later.
    fn make(&mut self, at: usize) {
        while self.boards.len() <= at {
            self.boards.push(None);
            self.ready.push(false);
            self.news.push(Vec::new());
        }
        let board = memory(Board::<Sab>::BYTES).zip(bulk());
        let told = board.and_then(|(words, bulk)| {
            let buffers = Buffers {
                words: words.buffer().clone(),
                bulk: bulk.buffer().clone(),
            };
            let board = self.books.enter(at, words, bulk)?;
            Some(Told {
                number: u32::from(board.number()),
                seat: at as u32,
                buffers,
            })
        });
        if let Some(told) = &told {
            let news = News::Board(told.clone()).to_value();
            self.tell_others(at, &news);
        }
        self.boards[at] = told;
    }

    fn tell_others(&mut self, at: usize, news: &JsValue) {
        for (of, queue) in self.news.iter_mut().enumerate() {
            if of != at && self.boards[of].is_some() {
                queue.push(news.clone());
            }
        }
    }

    /// The board of that number is gone from its seat.
    pub(super) fn gone(&mut self, at: usize, number: u16) {
        self.boards[at] = None;
        self.ready[at] = false;
        self.news[at].clear();
        self.tell_others(at, &News::Gone(u32::from(number)).to_value());
    }

    /// What a worker starts with.
    fn start(&mut self, at: usize) -> JsValue {
        if !self.ready.get_mut(at).is_some_and(std::mem::take) {
            self.make(at);
        }
        // It knows by its start what there is now.
        self.news[at].clear();
        let Some(own) = self.boards[at].clone() else {
            return JsValue::UNDEFINED;
        };
        let mut boards: Vec<_> = self.boards.iter().flatten().cloned().collect();
        boards.retain(|board| board.number != own.number);
        boards.sort_by_key(|board| board.number);
        let start = News::Start {
            lot: self.lot.clone(),
            own,
            forks: self.forks,
            boards,
        };
        start.to_value()
    }

    /// Nothing is to be looked at any more.
    pub(super) fn take_timers(&mut self) -> Vec<Timer> {
        let timers = self.timers.drain(..).map(|(_, timer)| timer);
        let orphans = self.orphans.drain(..).map(|(_, timer)| timer);
        timers.chain(orphans).chain(self.listening.take()).collect()
    }

    /// What a worker that is up is to be told.
    pub(super) fn take_news(&mut self, at: usize) -> Vec<JsValue> {
        self.news
            .get_mut(at)
            .map(std::mem::take)
            .unwrap_or_default()
    }
}

/// Memory of a fixed size.
fn memory(bytes: u32) -> Option<Sab> {
    let buffer = Buffer::new(bytes, &JsValue::UNDEFINED).ok()?;
    Some(Sab::new(buffer.into()))
}

/// A worker's bulk.
fn bulk() -> Option<Sab> {
    let options = Object::new();
    // An object of our own takes it.
    let _ = Reflect::set(&options, &"maxByteLength".into(), &MOST_BULK.into());
    match Buffer::new(BULK, &options) {
        Ok(buffer) if buffer.growable() == Some(true) => Some(Sab::new(buffer.into())),
        // It is older than the option, or has no such reserve.
        _ => memory(FIXED_BULK),
    }
}

/// What a pool's lanes know of its shared memory.
pub(super) struct Boards(Weak<Post>);

impl Boards {
    pub(super) fn of(post: &Weak<Post>) -> Arc<dyn Aboard> {
        Arc::new(Boards(post.clone()))
    }

    fn with<R>(&self, f: impl FnOnce(&mut Shared) -> R) -> Option<R> {
        let post = self.0.upgrade()?;
        let mut state = post.lock();
        state.shared.as_mut().map(f)
    }
}

impl Aboard for Boards {
    fn board(&self, at: usize) -> JsValue {
        self.with(|shared| shared.start(at))
            .unwrap_or(JsValue::UNDEFINED)
    }

    fn posted(&self, at: usize) {
        self.with(|shared| shared.books.mailed(at));
    }

    fn aborts(&self, at: usize, id: u64) {
        self.with(|shared| shared.books.abort_posted(at, id));
    }

    fn goes_on(&self, at: usize, id: u64) {
        self.with(|shared| shared.books.ended_posted(at, id));
    }

    fn ends(&self, at: usize) {
        self.with(|shared| shared.books.revoke(at));
    }
}
