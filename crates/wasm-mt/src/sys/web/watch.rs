//! How the silent end of a worker is noticed: the browser ends one without an event, and without a word to its owner.
//!
//! 1. A worker takes a Web Lock for life and tells its name; the owner asks for the same lock, and has it when the worker has
//!    ended, however that was.
//! 2. Until it has told, and where there are no Web Locks (plain `http` other than localhost), jobs that are out make the
//!    owner ask for a sign of life. A sync job keeps a worker from giving one, so it is never judged by silence once it is
//!    known to have begun; hence a worker that may not be sure of its lock announces each job.

use std::time::Duration;

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::link::{self, PING};
use super::{Timer, envelope};
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
        }
    }
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["navigator", "locks"], js_name = request)]
    fn request_lock(name: &str, held: &JsValue) -> Result<Promise, JsValue>;
}

thread_local! {
    static AT_ONCE: JsValue = Closure::<dyn Fn()>::new(|| {}).into_js_value();
}

/// The worker has the lock of this name.
pub(super) fn holds(token: f64, lock: &str) {
    // Without locks in this scope there are still signs of life.
    let Ok(request) = AT_ONCE.with(|at_once| request_lock(lock, at_once)) else {
        return;
    };
    let timer = link::listening(token, |one| {
        one.watch.sure = true;
        one.watch.timer.take()
    });
    drop(timer);
    // It is asked for until the worker has really ended, who ever asks then.
    spawn_local(async move {
        match JsFuture::from(request).await {
            Ok(_) => freed(token),
            Err(_) => {
                link::listening(token, |one| one.watch.sure = false);
                posted(token);
            }
        }
    });
}

fn freed(token: f64) {
    after(token, SETTLING, move || {
        died(
            token,
            "it ended without a word, as when the browser ends it",
        );
    });
}

/// A job was posted, or may be out.
pub(super) fn posted(token: f64) {
    let unwatched = link::listening(token, |one| !one.watch.sure && one.watch.timer.is_none());
    if unwatched == Some(true) {
        ask(token);
    }
}

/// Asks for a sign of life.
fn ask(token: f64) {
    let limit = link::listening(token, |one| {
        one.watch.heard = false;
        // Numbers can always be cloned.
        let _ = one.worker.post_message(&envelope(token, &[PING.into()]));
        one.watch.limit
    });
    if let Some(limit) = limit {
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
    match lane.out(generation) {
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

fn died(token: f64, why: &str) {
    let known = link::listening(token, |one| Some((one.lane.upgrade()?, one.generation)));
    if let Some(Some((lane, generation))) = known {
        let death = Death {
            at: None,
            cause: Cause::Gone(why.into()),
            last_words: LastWords::CutOff,
        };
        lane.died(generation, death);
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use js_sys::{Object, Reflect};
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::checkpoint;
    use crate::thread::Thread;

    /// The token of the worker that was started last.
    fn last() -> f64 {
        link::last_token()
    }

    fn is_sure(token: f64) -> bool {
        link::listening(token, |one| one.watch.sure).unwrap()
    }

    /// Ends the worker behind its link's back, as a browser may: there is no event.
    fn kill(token: f64) {
        link::listening(token, |one| one.worker.terminate());
    }

    async fn goes_on(thread: &Thread) {
        assert_eq!(thread.spawn(crate::job!(|| 20 + 1)).await.unwrap(), 21);
    }

    async fn watched() -> (Thread, f64) {
        let thread = Thread::start().await.unwrap();
        let token = last();
        while !is_sure(token) {
            goes_on(&thread).await;
        }
        (thread, token)
    }

    #[wasm_bindgen_test]
    async fn a_worker_that_is_killed_while_jobs_wait_is_noticed_by_its_lock() {
        let (thread, token) = watched().await;
        let waits = thread.spawn(crate::job!(async || pending::<()>().await));
        goes_on(&thread).await;
        kill(token);
        let error = waits.await.unwrap_err();
        assert!(error.is_lost() && error.may_have_run(), "{error}");
        assert!(error.to_string().contains("without a word"), "{error}");
        goes_on(&thread).await;
    }

    #[wasm_bindgen_test]
    async fn a_worker_that_is_killed_in_a_job_is_noticed_by_its_lock() {
        let (thread, token) = watched().await;
        let spins = thread.spawn(crate::job!(|| -> () {
            loop {
                checkpoint();
            }
        }));
        let behind = thread.spawn(crate::job!(|| 8));
        kill(token);
        let error = spins.await.unwrap_err();
        assert!(error.is_lost() && error.may_have_run(), "{error}");
        assert_eq!(behind.await.unwrap(), 8);
    }

    #[wasm_bindgen_test]
    async fn a_worker_that_is_killed_idle_is_replaced() {
        let (thread, token) = watched().await;
        kill(token);
        // Posted before anyone can know, or after another has come up.
        match thread.spawn(crate::job!(|| 9)).await {
            Ok(value) => assert_eq!(value, 9),
            Err(error) => assert!(error.is_lost(), "{error}"),
        }
        goes_on(&thread).await;
        assert_ne!(last(), token);
    }

    /// Takes this scope's Web Locks away until it is dropped.
    struct NoLocks;

    impl NoLocks {
        fn new() -> Self {
            let nothing = Object::new();
            Reflect::set(&nothing, &"value".into(), &JsValue::UNDEFINED).unwrap();
            Reflect::set(&nothing, &"configurable".into(), &true.into()).unwrap();
            Reflect::define_property(&navigator(), &"locks".into(), &nothing).unwrap();
            NoLocks
        }
    }

    impl Drop for NoLocks {
        fn drop(&mut self) {
            // What the prototype has shows again.
            Reflect::delete_property(&navigator(), &"locks".into()).unwrap();
        }
    }

    fn navigator() -> Object {
        Reflect::get(&js_sys::global(), &"navigator".into())
            .unwrap()
            .unchecked_into()
    }

    async fn unwatched(limit: u64) -> Thread {
        let limit = Duration::from_millis(limit);
        Thread::builder()
            .silence(SilenceLimit(limit))
            .start()
            .await
            .unwrap()
    }

    #[wasm_bindgen_test]
    async fn without_locks_a_silent_worker_is_noticed_by_its_silence() {
        let _no_locks = NoLocks::new();
        let thread = unwatched(200).await;
        let token = last();
        let waits = thread.spawn(crate::job!(async || pending::<()>().await));
        goes_on(&thread).await;
        kill(token);
        let error = waits.await.unwrap_err();
        assert!(!is_known(token), "it has been replaced");
        assert!(error.is_lost() && error.may_have_run(), "{error}");
        assert!(error.to_string().contains("no sign of life"), "{error}");
        goes_on(&thread).await;
        // Dead before the job is posted.
        kill(last());
        let error = thread.spawn(crate::job!(|| 1)).await.unwrap_err();
        assert!(error.is_lost(), "{error}");
        goes_on(&thread).await;
    }

    fn is_known(token: f64) -> bool {
        link::listening(token, |_| ()).is_some()
    }

    #[wasm_bindgen_test]
    async fn without_locks_a_busy_worker_is_not_taken_for_dead() {
        let _no_locks = NoLocks::new();
        let thread = unwatched(100).await;
        let token = last();
        let waits = thread.spawn(crate::job!(async || pending::<()>().await));
        let works = thread.spawn(crate::job!(|| {
            let end = js_sys::Date::now() + 700.0;
            while js_sys::Date::now() < end {}
            5
        }));
        assert_eq!(works.await.unwrap(), 5);
        assert!(is_known(token) && !waits.is_finished());
    }
}
