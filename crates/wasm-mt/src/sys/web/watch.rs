//! How the silent end of a worker is noticed: the browser ends one without an event, and without a word to its owner.
//!
//! 1. A worker takes a Web Lock for life and tells its name; the owner asks for the same lock, and has it when the worker has
//!    ended, however that was.
//! 2. A browser may keep the owner's locks apart from the worker's. So the owner has a lock, too, and a worker tells before its
//!    first job whether it sees that one taken. Where it could not be had in time, the owner looks whether it sees the worker's.
//!    Locks are kept apart by origin and site, so what one worker has seen is true of each later one, which need not look.
//! 3. Where there are no Web Locks (plain `http` other than localhost), or they tell nothing, jobs that are out make the owner
//!    ask for a sign of life. A sync job keeps a worker from giving one, so it is never judged by silence once it is known to have
//!    begun; hence a worker that may not be sure of its lock announces each job. What a pool's workers share beside messages is out,
//!    too: [`Lane::watch`](crate::lane::Lane::watch) begins to ask, and the pool says what each of them owes.

use std::cell::{Cell, OnceCell};
use std::time::Duration;

use js_sys::{Array, Math, Object, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::aboard::{self, About};
use super::link::{self, PING};
use super::{Timer, dom};
use crate::lane::{Cause, Death, LastWords, Out};

/// How long a dead worker's last messages may be on their way.
const SETTLING: Duration = Duration::from_millis(100);

/// What is known of a worker's life.
pub(super) struct Watch {
    limit: Duration,
    /// Its end will be told by its lock.
    pub(super) sure: bool,
    /// It has said something since it was asked.
    pub(super) heard: bool,
    timer: Option<Timer>,
    /// Until its lock is asked for.
    asks: Option<Timer>,
}

/// How long a worker may be silent that has no lock, and no sync job to do.
#[derive(Clone, Copy)]
pub(crate) struct SilenceLimit(pub(crate) Duration);

impl Default for SilenceLimit {
    fn default() -> Self {
        SilenceLimit(Duration::from_secs(30))
    }
}

impl Watch {
    pub(super) fn new(limit: SilenceLimit) -> Self {
        Watch {
            limit: limit.0,
            sure: false,
            heard: false,
            timer: None,
            asks: None,
        }
    }
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["navigator", "locks"], js_name = request)]
    fn request_lock(name: &str, options: &Object, held: &JsValue) -> Result<Promise, JsValue>;

    /// A function that gives the first of these to settle: of none, a promise that never does.
    #[wasm_bindgen(js_namespace = ["Promise", "race"], js_name = bind)]
    fn race(promise: &JsValue, among: &Array) -> JsValue;

    type Refusable;
    #[wasm_bindgen(method, js_name = catch)]
    fn refused(this: &Refusable, to: &JsValue);
}

/// Waits for a lock, or only looks whether it is free.
async fn had(lock: &str, wait: bool) -> Result<bool, JsValue> {
    let options = dom::object("ifAvailable", (!wait).into());
    // Gives the lock back at once, and says whether it had it.
    let at_once = dom::global("Boolean");
    let request = request_lock(lock, &options, &at_once)?;
    Ok(JsFuture::from(request).await?.is_truthy())
}

thread_local! {
    /// The lock that this page or worker has for its workers to see; `None` where there are no locks.
    static OWNERS: OnceCell<Option<String>> = const { OnceCell::new() };
    /// A worker has seen it, or this owner a worker's.
    static SEEN: Cell<bool> = const { Cell::new(false) };
}

/// The name of the lock that is this owner's own from now on, for a worker to look for; `None` where that is not needed any more,
/// too.
pub(super) fn owners_lock() -> Option<String> {
    if SEEN.get() {
        return None;
    }
    OWNERS.with(|lock| lock.get_or_init(take_owners_lock).clone())
}

fn take_owners_lock() -> Option<String> {
    // A whole number: the formatting of others is worth kilobytes.
    let name = format!("wasm-mt owner {}", (Math::random() * 9e15) as u64);
    let held = race(&dom::global("Promise"), &dom::array(&[]));
    let request = request_lock(&name, &Object::new(), &held).ok()?;
    // It is given back with this scope; or refused, which nobody has to handle.
    let nobody = dom::global("Boolean");
    request.unchecked_into::<Refusable>().refused(&nobody);
    Some(name)
}

/// The worker has the lock of this name, and may know that its owner sees it. The owner hears first what waits: other threads have
/// started, too.
pub(super) fn holds(token: f64, lock: String, seen: bool) {
    let seen = seen || SEEN.get();
    let timer = Timer::after(
        Duration::ZERO,
        Box::new(move || spawn_local(wait_for(token, lock, seen))),
    );
    drop(link::listening(token, |one| one.watch.asks.replace(timer)));
    if seen {
        is_sure(token);
    }
}

/// The worker's end will be told by its lock.
fn is_sure(token: f64) {
    SEEN.set(true);
    let timer = link::listening(token, |one| {
        one.watch.sure = true;
        one.watch.timer.take()
    });
    drop(timer);
}

async fn wait_for(token: f64, lock: String, seen: bool) {
    if !seen {
        // It is free to an owner whose storage the browser keeps apart from the worker's: then nothing can be told by it. Nor
        // can where there are no locks in this scope. Signs of life are asked for as before.
        if !matches!(had(&lock, false).await, Ok(false)) {
            return;
        }
        is_sure(token);
    }
    // This waits until the worker has really ended, who ever asks then.
    match had(&lock, true).await {
        Ok(_) => freed(token),
        Err(_) => {
            link::listening(token, |one| one.watch.sure = false);
            posted(token);
        }
    }
}

fn freed(token: f64) {
    after(token, SETTLING, move || {
        died(
            token,
            "it ended without a word, as when the browser ends it",
        );
    });
}

/// A job was posted, or may be out. Gives whether nothing but signs of life can tell of its worker's end.
pub(super) fn posted(token: f64) -> bool {
    let asked = link::listening(token, |one| {
        (!one.watch.sure).then_some(one.watch.timer.is_some())
    });
    let asked = asked.flatten();
    if asked == Some(false) {
        ask(token);
    }
    asked.is_some()
}

/// Asks for a sign of life.
fn ask(token: f64) {
    let asked = link::listening(token, |one| {
        one.watch.heard = false;
        (one.worker.clone(), one.watch.limit)
    });
    if let Some((worker, limit)) = asked {
        link::tell(token, &worker, &[token.into(), PING.into()]);
        after(token, limit, move || over(token));
    }
}

/// The time for a sign of life is over.
fn over(token: f64) {
    let known = link::listening(token, |one| {
        one.watch.timer = None;
        Some((one.lane.upgrade()?, one.generation, one.watch.heard))
    });
    let Some(Some((lane, generation, heard))) = known else {
        return;
    };
    match lane.out(generation).max(aboard::owes(token)) {
        Out::Nothing => {}
        Out::Waits if !heard => died(token, "it gave no sign of life"),
        Out::Waits | Out::Runs => ask(token),
    }
}

fn after(token: f64, time: Duration, then: impl FnOnce() + Send + 'static) {
    let timer = Timer::after(time, Box::new(then));
    // Where the link is gone, so is the timer.
    let before = link::listening(token, |one| one.watch.timer.replace(timer));
    drop(before);
}

/// The worker is as good as gone, and there is nothing more to be heard of it.
pub(super) fn died(token: f64, why: &str) {
    if let Some((lane, generation)) = link::owner(token) {
        aboard::of(token, About::Dies);
        let death = Death {
            at: None,
            cause: Cause::Gone(why.into()),
            last_words: LastWords::CutOff,
            entered: None,
        };
        lane.died(generation, death);
    }
}

#[cfg(test)]
mod tests;
