//! [`Ticker`]: the thread that moves the engine's epoch on, a slice at a time, while jobs run. It sleeps while none does.
//!
//! 1. While a worker counts a job as awake, the ticker is not parked, or is about to be woken. Who counts the first one looks
//!    whether it is parked, and it looks at the counts between saying so and parking; a fence on both sides lets one see the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::thread::Thread;
use std::time::Duration;

use wasmtime::{Engine, EngineWeak};

use crate::stats::Counters;

/// It goes on for so many slices without a job, so that it is not woken for each one of a row of short ones.
const IDLE: u32 = 16;

#[derive(Debug)]
pub(crate) struct Ticker {
    beat: Arc<Beat>,
    thread: Thread,
}

#[derive(Debug)]
struct Beat {
    parked: AtomicBool,
    ended: AtomicBool,
    counters: Arc<[Counters]>,
}

impl Ticker {
    /// # Errors
    /// Where the system has no thread for it.
    pub(crate) fn start(
        engine: &Engine,
        slice: Duration,
        counters: Arc<[Counters]>,
    ) -> std::io::Result<Self> {
        let beat = Arc::new(Beat {
            parked: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            counters,
        });
        let (its, engine) = (beat.clone(), engine.weak());
        let thread = std::thread::Builder::new()
            .name("wasm-mt-ticker".into())
            .spawn(move || its.run(&engine, slice))?;
        Ok(Ticker {
            beat,
            thread: thread.thread().clone(),
        })
    }

    /// A worker has a job that is awake, and had none. It has counted that.
    pub(crate) fn wake(&self) {
        // ORDERING: SeqCst; between the count and the look, pairs with the fence in `run` (rule 1).
        fence(Ordering::SeqCst);
        // ORDERING: Relaxed; after the fence.
        if self.beat.parked.load(Ordering::Relaxed) {
            self.thread.unpark();
        }
    }
}

impl Beat {
    fn run(&self, engine: &EngineWeak, slice: Duration) {
        let mut idle = 0;
        // ORDERING: Relaxed, here and below; an unpark follows what is to be seen.
        while !self.ended.load(Ordering::Relaxed) {
            std::thread::park_timeout(slice);
            let Some(engine) = engine.upgrade() else {
                return;
            };
            engine.increment_epoch();
            drop(engine);
            idle = if self.is_anybody_awake() { 0 } else { idle + 1 };
            if idle >= IDLE {
                self.parked.store(true, Ordering::Relaxed);
                // ORDERING: SeqCst; pairs with the fence in `wake` (rule 1).
                fence(Ordering::SeqCst);
                if !self.is_anybody_awake() && !self.ended.load(Ordering::Relaxed) {
                    std::thread::park();
                }
                self.parked.store(false, Ordering::Relaxed);
                idle = 0;
            }
        }
    }

    fn is_anybody_awake(&self) -> bool {
        self.counters.iter().any(|counters| counters.awake() > 0)
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        // ORDERING: Relaxed; the unpark publishes it.
        self.beat.ended.store(true, Ordering::Relaxed);
        self.thread.unpark();
    }
}
