//! Models of how a handle settles, run by loom on the file that is shipped.
//!
//! Each is run whole, and again without each [`Step`] that it is about: then it must fail.

use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use loom::future::block_on;
use loom::thread;

use super::*;

/// Names the step that is left out.
const LEFT_OUT: &str = "WASM_MT_LEFT_OUT";

pub(crate) fn taken(step: Step) -> bool {
    static LEFT: LazyLock<Option<String>> = LazyLock::new(|| std::env::var(LEFT_OUT).ok());
    LEFT.as_ref()
        .is_none_or(|left| *left != format!("{step:?}"))
}

/// Set where the models are to run in all orders; else those with three preemptions do, or `LOOM_MAX_PREEMPTIONS`.
const DEEP: &str = "WASM_MT_DEEP";

fn check(model: fn()) {
    let mut builder = loom::model::Builder::new();
    if std::env::var_os(DEEP).is_none() {
        builder.preemption_bound.get_or_insert(3);
    }
    builder.check(model);
}

/// Runs the model's test without the step, in a process of its own: loom's end of a failed model can be an abort.
#[track_caller]
fn fails_without(step: Step, test: &str) {
    let here = module_path!().split_once("::").map_or("", |(_, path)| path);
    let output = Command::new(std::env::current_exe().expect("the test knows its program"))
        .args([&format!("{here}::{test}"), "--exact", "--nocapture"])
        .env(LEFT_OUT, format!("{step:?}"))
        // What fails with few preemptions fails.
        .env_remove(DEEP)
        .env("RUST_BACKTRACE", "0")
        .output()
        .expect("the test's program runs");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && told.contains("panicked at"),
        "without {step:?} the model does not fail:\n{told}"
    );
}

/// Counts what is told to where the job runs. No part of the model.
#[derive(Default)]
struct Told(AtomicUsize);

impl Origin for Told {
    fn abandon(&self, _: JobId) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn shared(origin: &Arc<Told>) -> Arc<Shared<u32>> {
    let origin: Weak<dyn Origin> = Arc::downgrade(origin) as Weak<dyn Origin>;
    let unhandled: Unhandled = Arc::new(|_| panic!("nobody detached the job"));
    Shared::new(sys::decode::<u32>, unhandled, origin)
}

/// An outcome and an abort, while the handle is awaited: it gives one of them, and the origin is told of the abort alone.
fn settling() {
    let origin = Arc::new(Told::default());
    let shared = shared(&origin);
    let handle = JoinHandle::new(shared.clone());
    let id = handle.id();
    let worker = {
        let shared = shared.clone();
        thread::spawn(move || shared.settle(id, Ok(Box::new(7_u32))))
    };
    let aborts = thread::spawn(move || shared.abort(JoinError::cancelled()));
    let outcome = block_on(handle);
    worker.join().expect("a worker settles");
    aborts.join().expect("an abort settles");
    let told = origin.0.load(Ordering::Relaxed);
    match outcome {
        Ok(value) => assert_eq!((value, told), (7, 0)),
        Err(error) => assert_eq!((error.is_cancelled(), told), (true, 1)),
    }
}

/// An outcome while the handle is dropped: an error is told to `unhandled`, once, whichever comes first.
fn detaching() {
    let heard = Arc::new(AtomicUsize::new(0));
    let hears = heard.clone();
    let unhandled: Unhandled = Arc::new(move |_| {
        hears.fetch_add(1, Ordering::Relaxed);
    });
    let origin = Arc::new(Told::default());
    let origin: Weak<dyn Origin> = Arc::downgrade(&origin) as Weak<dyn Origin>;
    let shared = Shared::new(sys::decode::<u32>, unhandled, origin);
    let handle = JoinHandle::new(shared.clone());
    let id = handle.id();
    let worker = thread::spawn(move || {
        shared.settle(id, Err(JoinError::lost("on purpose".into())));
        shared.settle(id, Err(JoinError::lost("a second time".into())));
    });
    drop(handle);
    worker.join().expect("a worker settles");
    assert_eq!(heard.load(Ordering::Relaxed), 1);
}

#[test]
fn loom_a_handle_settles_once_and_wakes_who_awaits_it() {
    check(settling);
}

#[test]
fn loom_a_detached_jobs_error_is_told_once() {
    check(detaching);
}

#[test]
fn loom_settling_needs_each_of_its_steps() {
    for step in [Step::Once, Step::Wake] {
        fails_without(step, "loom_a_handle_settles_once_and_wakes_who_awaits_it");
    }
}

#[test]
fn loom_detaching_needs_each_of_its_steps() {
    for step in [Step::Detach, Step::TellLate] {
        fails_without(step, "loom_a_detached_jobs_error_is_told_once");
    }
}
