//! The methods that a thread had in 0.1.

use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use js_sys::ArrayBuffer;
use wasm_bindgen::JsValue;

use super::closure::{MtAsyncClosure, MtClosure};
use super::error;
use super::job::{Answer, closure_job, given, text_job, text_job_async};
use super::sources::Sources;
use crate::builder::Builder;
use crate::job::Job;
use crate::thread::Thread;

/// What a thread has for its methods of 0.1 alone.
#[derive(Default)]
pub(crate) struct Labels {
    id: Mutex<Option<String>>,
    busy: AtomicBool,
    /// Its `init` is awaited.
    starting: AtomicBool,
    /// Why it cannot be initialized.
    fault: Option<String>,
}

impl Labels {
    fn id(&self) -> MutexGuard<'_, Option<String>> {
        self.id.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The only `init` that is awaited, until it is dropped: the lane wakes one who waits for its start, and after a start
    /// that failed another could begin before the first has been polled.
    fn start(&self) -> Option<Starting<'_>> {
        // ORDERING: Relaxed; it tells of nothing else.
        let first = !self.starting.swap(true, Ordering::Relaxed);
        first.then(|| Starting(&self.starting))
    }
}

struct Starting<'a>(&'a AtomicBool);

impl Drop for Starting<'_> {
    fn drop(&mut self) {
        // ORDERING: Relaxed; as in `start`.
        self.0.store(false, Ordering::Relaxed);
    }
}

const TERMINATED: &str = "worker already terminated";

/// The surface of 0.1: see [`compat`](crate::compat). On the web only.
impl Thread {
    /// A thread whose worker loads the glue that `ab_init` makes and instantiates the module `ab_wasm`: what
    /// [`WasmMt::thread`](crate::WasmMt::thread) gives after [`set_ab_init`](crate::WasmMt::set_ab_init) and
    /// [`set_ab_wasm`](crate::WasmMt::set_ab_wasm). It has to be [initialized](Self::init).
    pub fn new(ab_init: ArrayBuffer, ab_wasm: ArrayBuffer) -> Self {
        Self::from_sources(Sources::ab_init(&ab_init, ab_wasm))
    }

    /// An uninitialized thread, whose `init` fails where its glue has.
    pub(super) fn from_sources(sources: Sources) -> Self {
        match sources.config() {
            Ok(config) => Thread::not_started(config),
            Err(error) => Self::faulty(error.with_sources()),
        }
    }

    /// A thread that cannot be initialized.
    pub(super) fn faulty(fault: String) -> Self {
        let mut thread = Thread::not_started(Builder::new().config);
        thread.compat.fault = Some(fault);
        thread
    }

    /// Starts the worker of a thread that [`WasmMt::thread`](crate::WasmMt::thread) gave, and is ready when the worker is.
    /// Dropping the future does not end the start.
    ///
    /// # Errors
    /// What a [`StartError`](crate::StartError) says, as a JavaScript `Error`; after that it may be tried again, and the next
    /// `exec` does. Also where the thread is initialized already or meanwhile, and where its `WasmMt` is not; a thread that
    /// [`start`](Self::start) gave is.
    pub async fn init(&self) -> Result<&Self, JsValue> {
        if let Some(fault) = &self.compat.fault {
            return Err(error(fault));
        }
        if self.is_terminated() {
            return Err(TERMINATED.into());
        }
        let Some(_starting) = self.compat.start() else {
            return Err(error("the thread is being initialized"));
        };
        if !self.lane.begin() {
            return Err(error("the thread is initialized already"));
        }
        self.started().await?;
        Ok(self)
    }

    /// As [`init`](Self::init), for a thread that is at hand.
    ///
    /// # Errors
    /// As [`init`](Self::init).
    pub async fn and_init(self) -> Result<Self, JsValue> {
        self.init().await?;
        Ok(self)
    }

    /// Executes a closure in the thread. [`exec!`](crate::exec) is the short way to it. It is sent once the future is polled;
    /// if that is dropped afterwards, the closure runs all the same.
    ///
    /// # Errors
    /// What the closure gave as its error, a copy of it. Where it gave none, a JavaScript `Error` with the text of the
    /// [`JoinError`](crate::JoinError); for a thread that was terminated before or meanwhile, a string as in 0.1.
    pub async fn exec<F: MtClosure>(&self, clos: F) -> Result<JsValue, JsValue> {
        self.answer(closure_job(clos)).await
    }

    /// Executes an async closure in the thread. [`exec!`](crate::exec) is the short way to it.
    ///
    /// # Errors
    /// As [`exec`](Self::exec).
    pub async fn exec_async<F, T>(&self, aclos: F) -> Result<JsValue, JsValue>
    where
        F: MtAsyncClosure<T>,
    {
        self.answer(aclos.into_job()).await
    }

    /// Executes JavaScript text in the thread, as the body of a function, and gives what it returns.
    ///
    /// Evaluating text is all that needs `'unsafe-eval'` under a content security policy.
    ///
    /// # Errors
    /// What the text threw, a copy of it; an error of its syntax; else as [`exec`](Self::exec).
    pub async fn exec_js(&self, js: &str) -> Result<JsValue, JsValue> {
        self.answer(text_job(js)).await
    }

    /// Executes JavaScript text in the thread, as the body of an `async` function, and gives what that resolves to.
    ///
    /// # Errors
    /// What the text threw or was rejected with, a copy of it; else as [`exec_js`](Self::exec_js).
    pub async fn exec_js_async(&self, js: &str) -> Result<JsValue, JsValue> {
        self.answer(text_job_async(js)).await
    }

    async fn answer(&self, job: Job<Answer>) -> Result<JsValue, JsValue> {
        let handle = self.spawn(job);
        let id = handle.id();
        match handle.await {
            Ok(answer) => given(answer),
            Err(error) if error.is_closed() => Err(TERMINATED.into()),
            Err(error) if error.is_cancelled() => Err(format!("Thread: req[{id}] canceled").into()),
            Err(error) => Err(error.into()),
        }
    }

    /// The id given by [`set_id`](Self::set_id).
    pub fn get_id(&self) -> Option<Rc<String>> {
        self.compat.id().clone().map(Rc::new)
    }

    /// Gives the thread an id, which is the program's own matter. Errors and debuggers show
    /// [`Builder::name`](crate::Builder::name).
    pub fn set_id(&self, id: &str) -> &Self {
        *self.compat.id() = Some(id.into());
        self
    }

    /// The mark set by [`set_busy`](Self::set_busy); `false` at first.
    pub fn get_busy(&self) -> bool {
        // ORDERING: Relaxed; it tells of nothing else.
        self.compat.busy.load(Ordering::Relaxed)
    }

    /// Marks the thread as busy or not, which is the program's own matter.
    pub fn set_busy(&self, tf: bool) -> &Self {
        // ORDERING: Relaxed; as in `get_busy`.
        self.compat.busy.store(tf, Ordering::Relaxed);
        self
    }
}
