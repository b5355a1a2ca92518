//! What a fault happens to: a thread, or a pool of two workers whose jobs go by message or through shared memory, behind one face.

use std::time::Duration;

use example_parallel::julia::{self, Picture};
use wasm_bindgen::prelude::*;
use wasm_mt::{Builder, Job, JoinError, JoinHandle, StartError, Thread, job};
use wasm_mt_pool::{Fabric, ThreadPool};

/// What goes on has no reason to take longer.
const LONG: Duration = Duration::from_secs(10);

/// The pool's workers.
const WORKERS: usize = 2;

#[derive(Clone, Copy)]
pub(crate) enum On {
    Thread,
    Pool,
    /// A pool whose jobs lie in shared memory.
    Shared,
}

pub(crate) enum Ground {
    Thread(Thread),
    Pool(ThreadPool),
}

impl On {
    pub(crate) fn read(text: &str) -> Result<On, JsValue> {
        match text {
            "thread" => Ok(On::Thread),
            "pool" => Ok(On::Pool),
            "shared" => Ok(On::Shared),
            _ => Err(format!("neither a thread nor a pool: {text}").into()),
        }
    }

    /// One whose threads have these settings.
    pub(crate) async fn start(self, threads: Builder) -> Result<Ground, StartError> {
        match self {
            On::Thread => threads.start().await.map(Ground::Thread),
            On::Pool => pool(WORKERS, threads, Fabric::Post).await.map(Ground::Pool),
            On::Shared => pool(WORKERS, threads, Fabric::Shared)
                .await
                .map(Ground::Pool),
        }
    }
}

/// A pool of so many.
pub(crate) async fn pool(
    workers: usize,
    threads: Builder,
    fabric: Fabric,
) -> Result<ThreadPool, StartError> {
    ThreadPool::builder()
        .workers(workers)
        .fabric(fabric)
        .threads(threads)
        .build()
        .await
}

impl Ground {
    pub(crate) fn spawn<T: Send + 'static>(&self, job: Job<T>) -> JoinHandle<T> {
        match self {
            Ground::Thread(thread) => thread.spawn(job),
            Ground::Pool(pool) => pool.spawn(job),
        }
    }

    /// A job for each worker, at the same time.
    pub(crate) async fn each<T: Send + 'static>(
        &self,
        job: impl Fn() -> Job<T>,
    ) -> Vec<Result<T, JoinError>> {
        match self {
            Ground::Thread(thread) => vec![thread.spawn(job()).await],
            Ground::Pool(pool) => pool.broadcast(|_| job()).await,
        }
    }

    /// Each of its workers, of which some may have been ended from outside, has been found to be there or not. What is posted
    /// to one before that is known is lost with it.
    pub(crate) async fn misses_its_workers(&self) {
        drop(self.each(|| job!(|| ())).await);
    }

    /// Ends it as its owner does who knows what he wants.
    pub(crate) async fn end(&self) {
        match self {
            Ground::Thread(thread) => thread.terminate(),
            Ground::Pool(pool) => pool.shutdown().await,
        }
    }

    /// It takes jobs, whatever has happened before, on each of its workers.
    pub(crate) async fn goes_on(&self) -> Result<(), JsValue> {
        let lost = |error: JoinError| {
            let text = String::from(js_sys::Error::from(JsValue::from(error)).message());
            JsValue::from(format!("what came next was lost: {text}"))
        };
        let n = 20;
        let next = self.spawn(job!(|n: u32| n + 1)).timeout(LONG).await;
        if next.map_err(lost)? != 21 {
            return Err("what came next was wrong".into());
        }
        if let Ground::Pool(pool) = self {
            for outcome in pool.broadcast(|worker| job!(|worker| worker * 2)).await {
                outcome.map_err(lost)?;
            }
            let squares = pool.map(0..40u32, |n| n * n).await.map_err(lost)?;
            if !squares.into_iter().eq((0..40).map(|n| n * n)) {
                return Err("a map is wrong".into());
            }
        }
        Ok(())
    }

    /// The first of the Julia pictures, by bands.
    pub(crate) async fn draws(&self) -> Result<Vec<u8>, JsValue> {
        const BAND: u32 = 20;
        let Ground::Pool(pool) = self else {
            return Err("a picture is drawn by a pool".into());
        };
        let [picture, ..] = julia::pictures();
        let bands = (0..picture.height).step_by(BAND as usize);
        let bands = pool
            .map_with(picture, bands, |picture: &Picture, from| {
                julia::render_rows(picture, from..from + BAND)
            })
            .await?;
        Ok(bands.concat())
    }
}
