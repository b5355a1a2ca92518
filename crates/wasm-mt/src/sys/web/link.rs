//! A Web Worker, seen from its owner: what is posted to it and what it says.
//!
//! One listener serves all workers; a message's first element, a random number, tells whose it is. Messages without one
//! are the program's own and left alone.

use std::cell::RefCell;
use std::sync::{Arc, Weak};

use js_sys::{Array, Math, Object};
use wasm_bindgen::prelude::*;
use web_sys::{Event, MessageEvent};

use super::aboard::{self, About, BOARD, QUIET, WAKE};
use super::child::{Answers, SPAWN};
use super::context::Shared;
use super::dom::Message;
use super::letter::{self, Letter};
use super::watch::{self, Watch};
use super::{build, dom, entry, glue, module, script, start, text};
use crate::builder;
use crate::entry::Entry;
use crate::error::{JoinError, StartError, StartErrorKind};
use crate::handle::JobId;
use crate::lane::{Cause, Death, Lane, LastWords};
use crate::panic::Panic;
use crate::thread::Current;
use crate::wire::outcome;

// Kinds of messages, as JavaScript's numbers. To the worker.
const START: u32 = 0;
pub(super) const RUN: u32 = 1;
const ABORT: u32 = 2;
pub(super) const MODULE: u32 = 3;
pub(super) const PING: u32 = 4;
pub(super) const CONTEXT: u32 = 5;
pub(super) const FORGET: u32 = 6;
const GO: u32 = 8;
const POOL: u32 = 9;
// From the worker.
const STARTED: u32 = 0;
const START_FAILED: u32 = 1;
pub(super) const REPORT: u32 = 2;
pub(super) const PANICKED: u32 = 4;
const DIED: u32 = 5;
pub(super) const BEGUN: u32 = 6;
pub(super) const SENT: u32 = 7;
pub(super) const CLOSED: u32 = 8;
const HOLDS: u32 = 9;
const PONG: u32 = 10;

/// Why a worker is given up on whose messages do not read: what it owes to those who wait may be among them.
pub(super) const NOT_READ: &str = "what it sent could not be read";

/// A worker, seen from its owner. Dropped, it terminates the worker.
pub(crate) struct Link {
    token: f64,
    worker: web_sys::Worker,
}

/// What the listener needs to know of a worker.
pub(super) struct Listening {
    token: f64,
    pub(super) worker: web_sys::Worker,
    pub(super) lane: Weak<Lane>,
    pub(super) generation: u32,
    pub(super) watch: Watch,
    started: bool,
    /// It was sent a `WebAssembly.Module`, which it may not be able to receive.
    pub(super) has_module: bool,
    /// Where the module was looked for, once it had to be.
    pub(super) tried: Option<String>,
    panic: Option<(JobId, Panic)>,
    /// The contexts that it was sent.
    pub(super) contexts: Vec<u64>,
    /// The contexts that it sent, by its own numbers.
    pub(super) theirs: Vec<(u64, Arc<dyn Shared>)>,
    /// What its jobs' jobs give.
    pub(super) answers: Option<Arc<Answers>>,
    /// It has a board.
    pub(super) has_board: bool,
}

impl Listening {
    pub(super) fn token(&self) -> f64 {
        self.token
    }
}

thread_local! {
    static LISTENING: RefCell<Vec<Listening>> = const { RefCell::new(Vec::new()) };
    static ON_MESSAGE: JsValue = Closure::<dyn Fn(JsValue)>::new(on_message).into_js_value();
    static ON_ERROR: JsValue = Closure::<dyn Fn(JsValue)>::new(on_error).into_js_value();
}

impl Link {
    pub(crate) fn start(
        lane: Weak<Lane>,
        generation: u32,
        current: Current,
        config: &builder::Config,
    ) -> Result<Link, StartError> {
        if LISTENING.with_borrow(Vec::len) >= start::LIMIT {
            let reason = format!("there are {} of this page or worker", start::LIMIT);
            return Err(StartError::new(StartErrorKind::Limit(reason)));
        }
        let glue_url = glue::of(&config.sys)?;
        let on_start = config.on_start.map_or(0, |f| f as usize as u32);
        let worker = script::worker(config.name.as_deref(), &config.sys, &glue_url)?;
        for (event, listener) in [
            ("message", &ON_MESSAGE),
            ("error", &ON_ERROR),
            ("messageerror", &ON_ERROR),
        ] {
            listener
                .with(|listener| {
                    worker.add_event_listener_with_callback(event, listener.unchecked_ref())
                })
                .map_err(|error| script::refused(&config.sys, text(&error)))?;
        }
        // Not 0, and not what a program would put first in an array of its own.
        let token = 1.0 + (Math::random() * 9_007_199_254_740_990.0).floor();
        let link = Link { token, worker };
        LISTENING.with_borrow_mut(|all| {
            all.push(Listening {
                token,
                worker: link.worker.clone(),
                lane,
                generation,
                watch: Watch::new(config.sys.silence),
                started: false,
                has_module: false,
                tried: None,
                panic: None,
                contexts: Vec::new(),
                theirs: Vec::new(),
                answers: None,
                has_board: config.sys.aboard.is_some(),
            });
        });
        let start = dom::array(&[
            token.into(),
            START.into(),
            env!("CARGO_PKG_VERSION").into(),
            glue_url.into(),
            glue::is_classic(&config.sys).into(),
            (current.id as f64).into(),
            current.name.map_or(JsValue::UNDEFINED, Into::into),
            on_start.into(),
            build::number().into(),
            config.pool.into(),
            config
                .trace
                .map_or(0, |tracer| tracer as usize as u32)
                .into(),
            watch::owners_lock().map_or(JsValue::UNDEFINED, Into::into),
        ]);
        if let Some(place) = &config.sys.aboard {
            place.add_board(token, &start);
        }
        post(token, &link.worker, &start, &[])
            .map_err(|error| StartError::new(StartErrorKind::Died(text(&error))))?;
        start::provide(token, &config.sys)?;
        Ok(link)
    }

    /// Posts a frame of jobs. What cannot be posted is given back, out of the letter.
    pub(crate) fn post(&self, letter: &mut Letter, announce: bool) -> Vec<(Box<Entry>, JoinError)> {
        let failed = letter.post(&self.worker, self.token, announce);
        watch::posted(self.token);
        failed
    }

    /// Whether each job has to be announced when it begins. One that has a board can have other things to do before.
    pub(crate) fn is_unsure(&self) -> bool {
        listening(self.token, |one| !one.watch.sure || one.has_board).unwrap_or(true)
    }

    pub(crate) fn abort(&self, id: JobId, grace: bool) {
        if grace {
            aboard::of(self.token, About::Aborts(id));
        }
        self.post_abort(id, grace);
    }

    /// Has it open nothing until it is told to [`go`](Self::go) on. The id is one that no job has. What it has aboard is not told: that
    /// has a place for one job, which may be another.
    pub(crate) fn hold(&self, id: JobId) {
        self.post_abort(id, true);
    }

    fn post_abort(&self, id: JobId, grace: bool) {
        self.tell(&[
            self.token.into(),
            ABORT.into(),
            entry::number(id),
            grace.into(),
        ]);
    }

    /// The end of an aborted job was heard, within its grace.
    pub(crate) fn go(&self, id: JobId) {
        aboard::of(self.token, About::GoesOn(id));
        self.tell(&[self.token.into(), GO.into(), entry::number(id)]);
    }

    /// The pool that the worker is of has so many now.
    pub(crate) fn is_of_pool(&self, workers: u32) {
        self.tell(&[self.token.into(), POOL.into(), workers.into()]);
    }

    /// Gives it what its board does not say.
    ///
    /// # Errors
    /// Where that cannot be cloned.
    pub(crate) fn pass(&self, value: &JsValue) -> Result<(), JsValue> {
        let message = dom::array(&[self.token.into(), BOARD.into(), value.clone()]);
        post(self.token, &self.worker, &message, &[])
    }

    /// Has it look at what it has aboard.
    pub(crate) fn wake(&self) {
        self.tell(&[self.token.into(), WAKE.into()]);
    }

    /// It may have to do what was not posted to it. Gives whether nothing but its silence can tell of its end.
    pub(crate) fn watch(&self) -> bool {
        watch::posted(self.token)
    }

    /// By what its messages are known.
    pub(crate) fn token(&self) -> f64 {
        self.token
    }

    fn tell(&self, message: &[JsValue]) {
        tell(self.token, &self.worker, message);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        aboard::of(self.token, About::Ends);
        self.worker.terminate();
        module::forget(self.token);
        let gone = LISTENING.with_borrow_mut(|all| {
            let at = all.iter().position(|one| one.token == self.token)?;
            Some(all.remove(at))
        });
        drop(gone);
    }
}

/// Posts to a worker, as all that is posted to one is: what it has aboard counts it.
///
/// # Errors
/// Where it cannot be cloned or transferred. Then nothing was posted.
pub(super) fn post(
    token: f64,
    worker: &JsValue,
    message: &Array,
    transfer: &[JsValue],
) -> Result<(), JsValue> {
    dom::send(worker, message, transfer)?;
    aboard::of(token, About::Posted);
    Ok(())
}

/// Posts numbers to a worker.
pub(super) fn tell(token: f64, worker: &JsValue, message: &[JsValue]) {
    // They can always be cloned, and a worker that has ended has nothing to hear.
    let _ = post(token, worker, &dom::array(message), &[]);
}

/// What is known of a worker, while its link is there. `f` calls nobody.
pub(super) fn listening<R>(token: f64, f: impl FnOnce(&mut Listening) -> R) -> Option<R> {
    LISTENING.with_borrow_mut(|all| find(all, token).map(f))
}

/// The lane that a worker is of, while its link is there, and which of its workers this is.
pub(super) fn owner(token: f64) -> Option<(Arc<Lane>, u32)> {
    listening(token, |one| Some((one.lane.upgrade()?, one.generation))).flatten()
}

#[inline(never)]
fn find(all: &mut [Listening], token: f64) -> Option<&mut Listening> {
    all.iter_mut().find(|one| one.token == token)
}

/// Calls `f`, which calls nobody, with each worker that there is.
pub(super) fn all(f: impl FnMut(&mut Listening)) {
    LISTENING.with_borrow_mut(|all| all.iter_mut().for_each(f));
}

/// The token of the worker that was made last.
#[cfg(test)]
pub(super) fn last_token() -> f64 {
    LISTENING.with_borrow(|all| all.last().map_or(0.0, |one| one.token))
}

pub(super) fn on_message(event: JsValue) {
    let event: MessageEvent = event.unchecked_into();
    let Ok(message) = event.data().dyn_into::<Array>() else {
        return;
    };
    let message = Message(message);
    let Some(token) = message.number(0) else {
        return;
    };
    let heard = listening(token, |one| {
        one.watch.heard = true;
        Some((one.lane.upgrade()?, one.generation))
    });
    let Some((lane, generation)) = heard.flatten() else {
        return;
    };
    event.stop_immediate_propagation();
    if hear(&lane, generation, token, &message).is_none() {
        watch::died(token, NOT_READ);
    }
}

/// Does as a worker says. Nothing comes of what is told again, or late, and `None` of what does not read.
fn hear(lane: &Lane, generation: u32, token: f64, message: &Message) -> Option<()> {
    let kind = message.kind(1)?;
    let id = || Some(JobId(message.number(2)? as u64));
    match kind {
        STARTED => {
            listening(token, |one| one.started = true);
            lane.started(generation);
        }
        START_FAILED => {
            if listening(token, |one| one.started) == Some(false) {
                start::failed(lane, generation, token, message);
            }
        }
        BEGUN => lane.begun(generation, id()?),
        REPORT => {
            let bytes = letter::bytes(&message.0.get(2))?;
            let mut reader = letter::reader(&bytes, &message.0.get(3));
            let mut report = outcome::read_all(&mut reader);
            aboard::of(token, About::Told(&mut report.jobs));
            lane.reported(generation, report.jobs, report.end);
            return report.is_whole.then_some(());
        }
        SENT => {
            let bytes = letter::bytes(&message.0.get(2))?;
            let mut reader = letter::reader(&bytes, &message.0.get(3));
            let (id, index, item) = reader.item()?;
            lane.sent(generation, id, index, item);
        }
        CLOSED => lane.closed(generation, id()?, message.number(3)? as u32),
        // Told of once its worker has died.
        PANICKED => {
            let panic = Panic {
                message: message.text(3),
                location: message.string(4),
            };
            let id = id()?;
            listening(token, |one| one.panic = Some((id, panic)));
        }
        DIED => {
            let id = id()?;
            let (at, cause) = match listening(token, |one| one.panic.take()).flatten() {
                // The panic tells the job better: an async job's mark may be gone.
                Some((id, panic)) => (Some(id), Cause::Panic(panic)),
                None => {
                    let text = message.text(3);
                    let closed = message.0.get(4).is_truthy();
                    let at = (id.0 != 0).then_some(id);
                    if closed || at.is_none() {
                        (at, Cause::Gone(text))
                    } else {
                        (at, Cause::Trap(text))
                    }
                }
            };
            let death = Death {
                at,
                cause,
                last_words: LastWords::Heard,
                entered: message.number(5).map(|entered| entered as u32),
            };
            lane.died(generation, death);
        }
        HOLDS => watch::holds(token, message.string(2)?, message.0.get(3).is_truthy()),
        // A sign of life tells nothing else.
        PONG => {}
        SPAWN..=QUIET => lane.hears(generation, &message.0),
        _ => return None,
    }
    Some(())
}

/// An error before the worker is up means that its script did not run. Later ones are the program's own; what ends the
/// instance, the script tells by message. A message that could not be received may have been anything, so it is as if the
/// worker were gone.
pub(super) fn on_error(event: JsValue) {
    let target = dom::get(&event, "target");
    let heard = LISTENING.with_borrow(|all| {
        let one = all.iter().find(|one| Object::is(&one.worker, &target))?;
        Some((one.token, one.started))
    });
    let Some((token, started)) = heard else {
        return;
    };
    if dom::get(&event, "type").as_string().as_deref() == Some("messageerror") {
        return watch::died(token, "what it sent could not be received");
    }
    let Some((lane, generation)) = owner(token).filter(|_| !started) else {
        return;
    };
    event.unchecked_ref::<Event>().prevent_default();
    let config = &lane.config.sys;
    let error = match dom::get(&event, "message").as_string() {
        Some(message) if !message.is_empty() => {
            if config.script_url.is_some() {
                script::refused(config, message)
            } else {
                StartError::new(StartErrorKind::Died(message))
            }
        }
        _ => script::refused(config, "the browser gives no reason".into()),
    };
    lane.start_failed(generation, error);
}

#[cfg(test)]
mod tests;
