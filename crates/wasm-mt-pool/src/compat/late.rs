//! [`Late`]: a pool that begins when it is initialized, as those of 0.1 do. Until then it has no fabric, since what its workers
//! load may still be set.
//!
//! 1. A job is refused before `init`, waits here while that makes ready what the workers load, and then goes to the fabric.
//! 2. Foreign code, and the fabric, is called without the lock.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};

use js_sys::ArrayBuffer;
use wasm_bindgen::JsValue;
use wasm_mt::__pool::{self, Config, Entry, Origin, Sources, Task, Unhandled};
use wasm_mt::{JobId, StartError};

use super::error;
use crate::builder::Settings;
use crate::choice;
use crate::fabric::{self, Fabric};
use crate::stats::Stats;

pub(crate) struct Late {
    state: Mutex<State>,
    me: Weak<Late>,
}

struct State {
    sources: Sources,
    /// How many workers there are to be.
    workers: usize,
    phase: Phase,
    /// Its `init` is awaited.
    starting: bool,
    closed: bool,
    /// Why the last `init` failed.
    failure: Option<JsValue>,
}

enum Phase {
    /// It was not initialized, or in vain.
    Fresh,
    /// It is about to be. What came meanwhile.
    Preparing(Vec<Held>),
    Made(Arc<dyn Fabric>),
}

/// A job, and the worker that it is for.
type Held = (Box<Entry>, Option<usize>);

impl Late {
    pub(super) fn new(workers: usize, sources: Sources) -> Arc<Self> {
        Arc::new_cyclic(|me| Late {
            state: Mutex::new(State {
                sources,
                workers,
                phase: Phase::Fresh,
                starting: false,
                closed: false,
                failure: None,
            }),
            me: me.clone(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn made(&self) -> Option<Arc<dyn Fabric>> {
        match &self.lock().phase {
            Phase::Made(fabric) => Some(fabric.clone()),
            _ => None,
        }
    }

    pub(super) fn set_ab_init(&self, ab: &ArrayBuffer) {
        self.lock().sources.set_ab_init(ab);
    }

    /// Why the last `init` failed.
    pub(super) fn failure(&self) -> Option<JsValue> {
        self.lock().failure.clone()
    }

    /// # Errors
    /// See [`ThreadPool::init`](crate::ThreadPool::init).
    pub(super) async fn init(&self) -> Result<(), JsValue> {
        let sources = self.prepare()?;
        let starting = Starting(self);
        let started = self.start(sources).await;
        match &started {
            // Not before: those whom the last one failed may not have heard of it.
            Ok(()) => self.lock().failure = None,
            Err(failure) => starting.failed(failure),
        }
        started
    }

    fn prepare(&self) -> Result<Sources, JsValue> {
        if self.is_closed() {
            return Err(error("the pool has ended"));
        }
        let mut state = self.lock();
        if state.starting {
            return Err(error("the pool is being initialized"));
        }
        if let Phase::Made(_) = state.phase {
            return Err(error("the pool is initialized already"));
        }
        if state.workers == 0 {
            return Err(__pool::no_workers().into());
        }
        state.starting = true;
        state.phase = Phase::Preparing(Vec::new());
        Ok(state.sources.clone())
    }

    async fn start(&self, sources: Sources) -> Result<(), JsValue> {
        let config = sources.compiled().await?.config()?;
        if self.is_closed() {
            return Err(error("the pool has ended"));
        }
        let fabric = self.make(&config);
        poll_fn(|cx| match self.is_closed() {
            true => Poll::Ready(Err(error("the pool has ended"))),
            false => fabric.poll_started(cx).map_err(JsValue::from),
        })
        .await
    }

    /// Starts the fabric, and gives it what waits.
    fn make(&self, config: &Config) -> Arc<dyn Fabric> {
        let workers = self.lock().workers;
        // What is handed over here gives values of JavaScript's, which go by message anyway; so it all goes in its order.
        let settings = Settings {
            fabric: choice::Fabric::Post,
            ..Settings::default()
        };
        let fabric = fabric::start(config, workers, settings);
        let mut state = self.lock();
        let before = std::mem::replace(&mut state.phase, Phase::Made(fabric.clone()));
        drop(state);
        if let Phase::Preparing(held) = before {
            for (entry, worker) in held {
                fabric.submit(entry, worker);
            }
        }
        fabric
    }

    /// Drops what nobody waits for any more.
    fn sweep(&self) {
        let settled: Vec<Held> = match &mut self.lock().phase {
            Phase::Preparing(held) => held
                .extract_if(.., |(entry, _)| entry.is_settled())
                .collect(),
            _ => return,
        };
        for (entry, _) in settled {
            entry.discard();
        }
    }
}

/// An `init`, until it is dropped.
struct Starting<'a>(&'a Late);

impl Starting<'_> {
    /// The workers did not come up: what waits for them ends.
    fn failed(&self, failure: &JsValue) {
        if self.0.is_closed() {
            return;
        }
        let mut state = self.0.lock();
        state.failure = Some(failure.clone());
        let before = std::mem::replace(&mut state.phase, Phase::Fresh);
        drop(state);
        match before {
            Phase::Made(fabric) => fabric.end(),
            before => end(before),
        }
    }
}

impl Drop for Starting<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.starting = false;
        // A start that has begun goes on.
        if let Phase::Preparing(_) = state.phase {
            let before = std::mem::replace(&mut state.phase, Phase::Fresh);
            drop(state);
            end(before);
        }
    }
}

/// Ends what waits for a fabric.
fn end(phase: Phase) {
    if let Phase::Preparing(held) = phase {
        for (entry, _) in held {
            entry.fail(__pool::cancelled());
        }
    }
}

impl Origin for Late {
    fn abandon(&self, id: JobId) {
        match self.made() {
            Some(fabric) => {
                if let Some(origin) = fabric.origin().and_then(|origin| origin.upgrade()) {
                    origin.abandon(id);
                }
            }
            None => self.sweep(),
        }
    }
}

impl Fabric for Late {
    fn kind(&self) -> choice::Fabric {
        match self.made() {
            Some(fabric) => fabric.kind(),
            None => choice::Fabric::Post,
        }
    }

    fn workers(&self) -> usize {
        match self.made() {
            Some(fabric) => fabric.workers(),
            None => self.lock().workers,
        }
    }

    fn resize(&self, workers: usize) -> Result<(), StartError> {
        match self.made() {
            Some(fabric) => fabric.resize(workers),
            None => {
                self.lock().workers = workers;
                Ok(())
            }
        }
    }

    fn submit(&self, entry: Box<Entry>, worker: Option<usize>) {
        let mut state = self.lock();
        let closed = state.closed;
        let refused = match &mut state.phase {
            Phase::Made(fabric) => {
                let fabric = fabric.clone();
                drop(state);
                return fabric.submit(entry, worker);
            }
            _ if closed => __pool::closed(),
            Phase::Fresh => __pool::not_started(),
            Phase::Preparing(held) => return held.push((entry, worker)),
        };
        drop(state);
        entry.fail(refused);
    }

    fn origin(&self) -> Option<Weak<dyn Origin>> {
        Some(self.me.clone())
    }

    fn give_up_many(&self, first: JobId, task: &Task) {
        match self.made() {
            Some(fabric) => fabric.give_up_many(first, task),
            None => self.sweep(),
        }
    }

    fn unhandled(&self) -> Unhandled {
        self.made()
            .map_or_else(__pool::print_unhandled, |fabric| fabric.unhandled())
    }

    /// Before its `init` there are none to wait for.
    fn poll_started(&self, cx: &mut Context<'_>) -> Poll<Result<(), StartError>> {
        self.made()
            .map_or(Poll::Ready(Ok(())), |fabric| fabric.poll_started(cx))
    }

    fn stats(&self) -> Stats {
        if let Some(fabric) = self.made() {
            return fabric.stats();
        }
        let waiting = match &self.lock().phase {
            Phase::Preparing(held) => held.iter().map(|(entry, _)| entry.len() as u64).sum(),
            _ => 0,
        };
        Stats {
            workers: Vec::new(),
            waiting,
        }
    }

    fn is_closed(&self) -> bool {
        match self.made() {
            Some(fabric) => fabric.is_closed(),
            None => self.lock().closed,
        }
    }

    fn end(&self) {
        let mut state = self.lock();
        state.closed = true;
        match &mut state.phase {
            Phase::Made(fabric) => {
                let fabric = fabric.clone();
                drop(state);
                fabric.end();
            }
            phase => {
                let before = std::mem::replace(phase, Phase::Fresh);
                drop(state);
                end(before);
            }
        }
    }

    fn poll_ended(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.made()
            .map_or(Poll::Ready(()), |fabric| fabric.poll_ended(cx))
    }
}
