//! [`Aboard`]: what a pool has beside the messages to its workers, as memory that they share. Lives with the owner; what a
//! worker is given of it, its *board*, comes with the order to start, and what is new of it by messages of its own.
//!
//! Never true: that anything here knows what lies in that memory. A thread without a pool has none, and neither has a pool
//! whose page is not isolated: their workers are sent what they were always sent. A program without a pool links none of this, but
//! for the places where it would be asked.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::{entry, link};
use crate::handle::JobId;
use crate::lane::{Lane, Out, Told};

// Kinds of messages, behind those of `link.rs` and `child.rs`. To the worker.
pub(super) const BOARD: u32 = 10;
pub(super) const WAKE: u32 = 11;
// From the worker.
pub(super) const TOLD: u32 = 16;
pub(super) const ROUSE: u32 = 17;
pub(super) const QUIET: u32 = 18;

/// What a pool's workers share with their owner, by the number of each.
///
/// `posted`, `aborts`, `goes_on` and `ends` call nobody: they may be called under the lane's lock.
pub trait Aboard: Send + Sync {
    /// What the worker is given that is about to start, in its instance to the export `__wasm_mt_board`: an object. From now on the
    /// number is that worker's. A worker that is to be replaced has been ended before.
    fn board(&self, at: usize) -> JsValue;
    /// A message was posted to it, the order to start among them.
    fn posted(&self, at: usize);
    /// A job that it may run is to stop, and it may end with that job.
    fn aborts(&self, at: usize, id: u64);
    /// The end of that job was heard, so it does not end with it.
    fn goes_on(&self, at: usize, id: u64);
    /// It is about to be terminated. It may go on for a while.
    fn ends(&self, at: usize);
}

/// What one worker has of it, before there is one.
#[derive(Clone)]
pub(crate) struct Place {
    aboard: Arc<dyn Aboard>,
    at: usize,
    /// [`starts`], which is linked only where there is a place.
    starts: fn(&Place, f64, &Array),
}

impl Place {
    pub(crate) fn new(aboard: Arc<dyn Aboard>, at: usize) -> Self {
        Place { aboard, at, starts }
    }

    /// Adds the board of the worker that has this token from now on to what that is told.
    pub(super) fn add_board(&self, token: f64, start: &Array) {
        (self.starts)(self, token, start);
    }
}

/// What there is to tell of a worker, or to ask.
pub(super) enum About<'a> {
    Posted,
    Aborts(JobId),
    GoesOn(JobId),
    /// It told this of jobs.
    Told(&'a mut Vec<(JobId, Told)>),
    Ends,
    /// It died without a word.
    Dies,
    Out,
    Owes,
}

type Knows = fn(f64, About<'_>) -> Out;

thread_local! {
    /// Who knows of workers with a board, by their tokens, where there have been any.
    static KNOWS: Cell<Option<Knows>> = const { Cell::new(None) };
    static PLACES: RefCell<Vec<(f64, Place)>> = const { RefCell::new(Vec::new()) };
}

/// Tells or asks of a worker, where it has a board. Gives what it has to do that was not posted, where that was asked.
pub(super) fn of(token: f64, about: About<'_>) -> Out {
    KNOWS
        .get()
        .map_or(Out::Nothing, |knows| knows(token, about))
}

/// What a worker has to do that was not posted.
pub(crate) fn others(token: f64) -> Out {
    of(token, About::Out)
}

/// What its silence is judged by, beside what was posted to it.
pub(super) fn owes(token: f64) -> Out {
    of(token, About::Owes)
}

fn starts(place: &Place, token: f64, start: &Array) {
    KNOWS.set(Some(knows));
    start.push(&place.aboard.board(place.at));
    PLACES.with_borrow_mut(|places| places.push((token, place.clone())));
}

fn knows(token: f64, about: About<'_>) -> Out {
    let place = PLACES.with_borrow_mut(|places| {
        let at = places.iter().position(|(of, _)| *of == token)?;
        Some(match about {
            About::Ends => places.swap_remove(at).1,
            _ => places[at].1.clone(),
        })
    });
    let Some(Place { aboard, at, .. }) = place else {
        return Out::Nothing;
    };
    match about {
        About::Posted => aboard.posted(at),
        About::Aborts(id) => aboard.aborts(at, id.0),
        About::GoesOn(id) => aboard.goes_on(at, id.0),
        About::Ends => aboard.ends(at),
        About::Told(told) => {
            if let Some((lane, generation)) = link::owner(token) {
                lane.hears_of_others(generation, told);
            }
        }
        About::Dies if out(token, Lane::others) != Out::Nothing => works(token),
        About::Dies => {}
        About::Out => return out(token, Lane::others),
        About::Owes => return out(token, Lane::owes),
    }
    Out::Nothing
}

fn out(token: f64, ask: fn(&Lane) -> Out) -> Out {
    link::owner(token).map_or(Out::Nothing, |(lane, _)| ask(&lane))
}

/// The worker has done something, or was about to: should it end, that was no fault of its start.
pub(super) fn works(token: f64) {
    if let Some((lane, generation)) = link::owner(token) {
        lane.works(generation);
    }
}

/// Has the owner look at what this worker has told it aboard.
pub fn tell_owner() {
    entry::post(&[entry::token(), TOLD.into()]);
}

/// Has the owner wake the worker of this number, which waits for a message.
pub fn rouse(at: usize) {
    entry::post(&[entry::token(), ROUSE.into(), (at as u32).into()]);
}

/// Tells the owner that this worker takes nothing more before it is told to.
pub fn quiet() {
    entry::post(&[entry::token(), QUIET.into()]);
}
