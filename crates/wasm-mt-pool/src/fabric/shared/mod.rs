//! Fabric `shared`: jobs through shared memories that lie beside the instances' own, in pages that are cross-origin isolated. These files
//! are the protocol, over any [`SharedWords`]: the browser's, native ones in tests, loom's in models. `README.md` has the layout, the
//! invariants, and why nothing is lost.
//!
//! **The rule.** A thread writes plainly into its own memory only. Another's it touches by atomic operations on control words. So a
//! worker that was terminated, and goes on for a while, spoils nothing.

mod board;
mod death;
mod forks;
#[cfg(all(test, not(target_family = "wasm")))]
mod hands;
mod layout;
mod lot;
#[cfg(all(test, loom))]
mod models;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod news;
mod own_board;
mod own_lot;
mod owner;
mod record;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod sab;
mod sleep;
mod space;
mod state;
mod sync;
#[cfg(all(test, not(loom), not(target_family = "wasm")))]
mod tests;
mod words;
mod worker;

pub(crate) use board::{Board, Counters, orders};
pub(crate) use forks::{Ended, Stolen};
#[cfg(all(test, not(loom), not(target_family = "wasm")))]
pub(crate) use layout::INLINE_BYTES;
pub(crate) use layout::{RANKS, SEATS, SLOTS};
pub(crate) use lot::{Lot, flags};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) use news::{Buffers, News, Told};
pub(crate) use own_board::OwnBoard;
pub(crate) use own_lot::{OwnLot, Report};
pub(crate) use owner::{
    Abandoned, Death, Done, Figures, Heard, Met, Next, Owner, Pushed, ROOM, Unit,
};
pub(crate) use record::Content;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) use sab::Sab;
pub(crate) use sleep::{Kind, Want, Woken};
pub(crate) use state::Phase;
pub(crate) use words::SharedWords;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) use worker::{is_aboard, join};
