//! [`Owner`]: a pool that belongs to a worker, which may sleep: what becomes of jobs while nobody looks after them.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Atomics, Int32Array, Promise, SharedArrayBuffer};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use wasm_mt::{Thread, job};
use wasm_mt_pool::ThreadPool;
use web_sys::MessageChannel;

use crate::jobs;
use crate::pool::{fabric, now};

/// How long the owner sleeps at a time, and is awake then: milliseconds.
const ASLEEP: f64 = 50.0;
const AWAKE: f64 = 1.0;

/// A worker that has a pool. Freeing it from JavaScript ends both.
#[wasm_bindgen]
pub struct Owner {
    thread: Thread,
}

#[wasm_bindgen]
impl Owner {
    /// Starts it, and the pool by it.
    ///
    /// # Errors
    ///
    /// That one of them did not start; for shared memory, that this page has none.
    pub async fn start(workers: usize, shared: bool) -> Result<Owner, JsValue> {
        let thread = Thread::start().await?;
        let started = thread.spawn(job!(async |workers: usize, shared: bool| {
            let pool = ThreadPool::builder()
                .workers(workers)
                .fabric(fabric(shared));
            let pool = pool.build().await.map_err(|error| error.to_string())?;
            POOL.set(Some(pool));
            Ok::<(), String>(())
        }));
        started.await??;
        Ok(Owner { thread })
    }

    /// So many jobs of so many turns each; meanwhile the owner sleeps but for a moment now and then, or just waits. Gives the
    /// milliseconds from the first spawn to the last job's end, by the clocks of those who did that.
    ///
    /// # Errors
    ///
    /// That a job failed.
    pub async fn run(&self, count: u32, turns: u32, sleeps: bool) -> Result<f64, JsValue> {
        let ran = self
            .thread
            .spawn(job!(async |count: u32, turns: u32, sleeps: bool| {
                run(count, turns, sleeps).await
            }));
        Ok(ran.await??)
    }
}

thread_local! {
    static POOL: RefCell<Option<ThreadPool>> = const { RefCell::new(None) };
}

async fn run(count: u32, turns: u32, sleeps: bool) -> Result<f64, String> {
    let pool = POOL.with_borrow(Clone::clone);
    let pool = pool.ok_or("the worker that had the pool was replaced")?;
    let began = on_every_clock();
    let jobs = pool.map(vec![turns; count as usize], |turns| {
        let result = jobs::spin(turns);
        (result, on_every_clock())
    });
    let ended = if sleeps {
        let outcome = asleep(jobs).await;
        outcome.map_err(|error| format!("the owner does not sleep: {error:?}"))?
    } else {
        jobs.await
    };
    let ended = ended.map_err(|error| error.to_string())?;
    let result = jobs::spin(turns);
    if ended.iter().any(|(spun, _)| *spun != result) {
        return Err("a job gave another result".into());
    }
    let last = ended.iter().map(|(_, at)| *at).fold(began, f64::max);
    Ok(last - began)
}

/// Awaits it, and sleeps whenever it was awake for a moment.
async fn asleep<T: 'static>(jobs: impl Future<Output = T> + 'static) -> Result<T, JsValue> {
    let words = Int32Array::new(&SharedArrayBuffer::new(4));
    let outcome = Rc::new(RefCell::new(None));
    let ended = outcome.clone();
    spawn_local(async move {
        let of_jobs = jobs.await;
        *ended.borrow_mut() = Some(of_jobs);
    });
    loop {
        let awake = now();
        while now() - awake < AWAKE {
            turn().await?;
            if let Some(outcome) = outcome.borrow_mut().take() {
                return Ok(outcome);
            }
        }
        Atomics::wait_with_timeout(&words, 0, 0, ASLEEP)?;
    }
}

/// Milliseconds, on a clock that all threads have.
fn on_every_clock() -> f64 {
    ORIGIN.with(|origin| *origin) + now()
}

/// Lets the event loop go round once. `setTimeout` would take 4 ms.
async fn turn() -> Result<(), JsValue> {
    let channel = MessageChannel::new()?;
    let turned = Promise::new(&mut |resolve, _| {
        channel.port1().set_onmessage(Some(&resolve));
        // Nothing is cloned, so nothing can fail to be.
        let _ = channel.port2().post_message(&JsValue::NULL);
    });
    JsFuture::from(turned).await?;
    channel.port1().close();
    Ok(())
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_namespace = performance, js_name = timeOrigin)]
    static ORIGIN: f64;
}
