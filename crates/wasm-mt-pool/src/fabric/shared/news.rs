//! [`News`]: what the owner of a pool tells a worker of the boards that there are: with START what was there by then, and by a
//! message each what changes. It travels by `postMessage`, as an array.
//!
//! Boards are told of in the order of their numbers, to every worker. So one that knows of a number knows of all below it that
//! are not gone.

use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};

/// The two `SharedArrayBuffer`s that one thread writes to: words, and bulk.
#[derive(Clone, Debug)]
pub(crate) struct Buffers {
    pub(crate) words: JsValue,
    pub(crate) bulk: JsValue,
}

/// A board, by its number, and the seat of its worker.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) number: u32,
    pub(crate) seat: u32,
    pub(crate) buffers: Buffers,
}

/// One message's.
#[derive(Clone, Debug)]
pub(crate) enum News {
    /// What a worker starts with.
    Start {
        /// The owner's.
        lot: Buffers,
        /// The worker's own board.
        own: Told,
        /// `join` forks.
        forks: bool,
        /// The others.
        boards: Vec<Told>,
    },
    /// There is another board.
    Board(Told),
    /// The board of this number is gone: nobody waits for it, and nothing comes of it.
    Gone(u32),
}

// What an array begins with.
const START: f64 = 0.0;
const BOARD: f64 = 1.0;
const GONE: f64 = 2.0;

impl News {
    /// As it is posted.
    pub(crate) fn to_value(&self) -> JsValue {
        let array = Array::new();
        match self {
            News::Start {
                lot,
                own,
                forks,
                boards,
            } => {
                array.push(&START.into());
                array.push(&JsValue::from_bool(*forks));
                lot.write(&array);
                own.write(&array);
                for board in boards {
                    board.write(&array);
                }
            }
            News::Board(board) => {
                array.push(&BOARD.into());
                board.write(&array);
            }
            News::Gone(number) => {
                array.push(&GONE.into());
                array.push(&(*number).into());
            }
        }
        array.into()
    }

    /// Reads what came, and `None` of what is no news.
    pub(crate) fn read(value: &JsValue) -> Option<News> {
        let mut from = value.dyn_ref::<Array>()?.iter();
        let kind = from.next()?.as_f64()?;
        let news = if kind == START {
            News::Start {
                forks: from.next()?.as_bool()?,
                lot: Buffers::read(&mut from)?,
                own: Told::read(&mut from)?,
                boards: std::iter::from_fn(|| Told::read(&mut from)).collect(),
            }
        } else if kind == BOARD {
            News::Board(Told::read(&mut from)?)
        } else if kind == GONE {
            News::Gone(number(from.next()?)?)
        } else {
            return None;
        };
        Some(news)
    }
}

impl Buffers {
    fn write(&self, to: &Array) {
        to.push(&self.words);
        to.push(&self.bulk);
    }

    fn read(from: &mut impl Iterator<Item = JsValue>) -> Option<Self> {
        Some(Buffers {
            words: from.next()?,
            bulk: from.next()?,
        })
    }
}

impl Told {
    fn write(&self, to: &Array) {
        to.push(&self.number.into());
        to.push(&self.seat.into());
        self.buffers.write(to);
    }

    fn read(from: &mut impl Iterator<Item = JsValue>) -> Option<Self> {
        Some(Told {
            number: number(from.next()?)?,
            seat: number(from.next()?)?,
            buffers: Buffers::read(from)?,
        })
    }
}

/// One that is a board's, or a seat's.
fn number(value: JsValue) -> Option<u32> {
    let told = value.as_f64()?;
    (told == f64::from(told as u16)).then_some(told as u32)
}
