//! How a panic in a job is caught with its place: a panic hook, installed once in front of the one that was there, notes
//! message and location of the panicking job. On the web it also sends them out, since there the instance dies next.
//!
//! Never true: that a panic outside a job is noted. The program's own panics stay the program's.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::handle::JobId;
use crate::sys;

/// What is known of a panic.
#[derive(Clone, Debug)]
pub(crate) struct Panic {
    pub(crate) message: String,
    /// `file:line:column`
    pub(crate) location: Option<String>,
}

impl Panic {
    /// What a caught panic says of itself, where no hook noted it: the program has put its own in place of ours.
    fn from_payload(payload: &(dyn Any + Send)) -> Self {
        let message = match payload.downcast_ref::<&str>() {
            Some(text) => (*text).into(),
            None => match payload.downcast_ref::<String>() {
                Some(text) => text.clone(),
                None => NO_MESSAGE.into(),
            },
        };
        Panic {
            message,
            location: None,
        }
    }
}

const NO_MESSAGE: &str = "(no message)";

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the job panicked: {}", self.message)?;
        match &self.location {
            Some(location) => write!(f, ", at {location}"),
            None => Ok(()),
        }
    }
}

thread_local! {
    /// The job that this thread runs right now: 0 for none. On the web the worker's script reads it after a trap, when
    /// the instance can no longer be asked.
    static CURRENT: Cell<u64> = const { Cell::new(0) };
    static LAST: RefCell<Option<Panic>> = const { RefCell::new(None) };
}

/// Runs `f` as part of the job: a panic meanwhile is that job's.
///
/// After a trap the mark stays, which is how the job is known.
pub(crate) fn within<R>(id: JobId, f: impl FnOnce() -> R) -> R {
    let before = CURRENT.replace(id.0);
    let result = f();
    CURRENT.set(before);
    result
}

/// Why a call did not return.
pub(crate) enum Unwound {
    Panicked(Panic),
    /// It was stopped at a [`checkpoint`](crate::checkpoint()).
    Stopped,
}

/// As [`within`], where the target unwinds with the reason as an error. On the web a panic ends the instance, and the
/// worker's script reports it.
pub(crate) fn catch<R>(id: JobId, f: impl FnOnce() -> R) -> Result<R, Unwound> {
    let before = CURRENT.get();
    catch_unwind(AssertUnwindSafe(|| within(id, f))).map_err(|payload| {
        // In the place of the mark that the unwinding job left behind.
        CURRENT.set(before);
        let noted = LAST.take();
        if sys::is_stop(payload.as_ref()) {
            return Unwound::Stopped;
        }
        let told = Panic::from_payload(payload.as_ref());
        Unwound::Panicked(match noted {
            // Of one that the job had caught, before it unwound with another.
            Some(noted) if told.message != NO_MESSAGE && told.message != noted.message => told,
            Some(noted) => noted,
            None => told,
        })
    })
}

/// The job that this thread runs right now.
pub fn current_job() -> Option<JobId> {
    match CURRENT.get() {
        0 => None,
        id => Some(JobId(id)),
    }
}

/// Where the mark of the running job lies in this instance's memory.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) fn current_address() -> u32 {
    CURRENT.with(|current| current.as_ptr() as u32)
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
thread_local! {
    static ON_PANIC: Cell<Option<Hears>> = const { Cell::new(None) };
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
type Hears = fn(&str, Option<&str>);

/// What else hears of a panic of a job in this instance before that ends: its message and place.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub fn on_panic(f: Hears) {
    ON_PANIC.set(Some(f));
}

fn announce(job: JobId, panic: &Panic) {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    if let Some(hear) = ON_PANIC.get() {
        hear(&panic.message, panic.location.as_deref());
    }
    sys::announce_panic(job, panic);
}

/// Fails the running job with a panic that happened elsewhere, on its behalf. Natively it unwinds, and no hook is called; on
/// wasm the instance ends.
pub fn fail_job(message: String, location: Option<String>) -> ! {
    let panic = Panic { message, location };
    if let Some(job) = current_job() {
        announce(job, &panic);
        LAST.set(Some(panic.clone()));
    }
    sys::end_by(&panic)
}

/// Puts the hook in front of the one that is there. For once in a process, or an instance.
pub(crate) fn install_hook() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let current = CURRENT.get();
        if current != 0 {
            let panic = Panic {
                message: info.payload_as_str().unwrap_or(NO_MESSAGE).into(),
                location: info.location().map(|location| format!("{location}")),
            };
            announce(JobId(current), &panic);
            LAST.set(Some(panic));
        }
        before(info);
    }));
}

#[cfg(all(test, target_family = "wasm", target_os = "unknown"))]
mod tests {
    use std::fmt;

    use wasm_bindgen_test::wasm_bindgen_test;

    use crate::thread::Thread;

    struct Unspeakable;

    impl fmt::Display for Unspeakable {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("in the message of another panic")
        }
    }

    /// The standard library formats a message before it calls any hook, and aborts if that panics.
    #[wasm_bindgen_test]
    async fn a_panic_whose_message_panics_is_a_trap() {
        let thread = Thread::start().await.unwrap();
        let fails = thread.spawn(crate::job!(|| -> () { panic!("{}", Unspeakable) }));
        let error = fails.await.unwrap_err();
        assert!(error.is_trap(), "{error}");
        assert_eq!(thread.spawn(crate::job!(|| 3)).await.unwrap(), 3);
    }
}
