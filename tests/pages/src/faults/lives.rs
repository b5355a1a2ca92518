//! Faults of what a worker lives in: it is ended from outside, its page is hidden or busy, its parent ends.

use std::future::{pending, ready};
use std::time::Duration;

use futures::StreamExt;
use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_mt::{Sender, Thread, channel, job};
use wasm_mt_pool::Fabric;
use wasm_mt_tests::common::busy_for;

use super::endless::{self, Loop};
use super::ground::{self, Ground, On};
use super::outcome::Caused;
use crate::harness;

type Outcome = Result<Caused, JsValue>;

#[wasm_bindgen]
extern "C" {
    /// Ends all workers of this page behind the library's back.
    #[wasm_bindgen(js_name = killWorkers)]
    fn kill_workers();
    /// Takes this page's Web Locks away. Gives what brings them back.
    #[wasm_bindgen(js_name = takeLocksAway)]
    fn take_locks_away() -> Function;
    #[wasm_bindgen(js_namespace = ["navigator", "locks"], js_name = request)]
    fn request_lock(name: &str, held: &Function) -> Promise;
    #[wasm_bindgen(js_namespace = document, js_name = hidden, thread_local_v2)]
    static HIDDEN: bool;
}

/// The browser, or the program, ends the worker in the middle of a job.
pub(crate) async fn a_worker_that_is_killed_in_a_job(ground: &Ground) -> Outcome {
    let handle = endless::begun(ground, Loop::Checked).await?;
    let since = harness::now();
    kill_workers();
    let caused = Caused::by(since, handle).await;
    ground.misses_its_workers().await;
    Ok(caused)
}

pub(crate) async fn a_worker_that_is_killed_while_a_job_waits(ground: &Ground) -> Outcome {
    let handle = waits(ground).await?;
    let since = harness::now();
    kill_workers();
    let caused = Caused::by(since, handle).await;
    ground.misses_its_workers().await;
    Ok(caused)
}

/// An async job that has begun to wait.
async fn waits(ground: &Ground) -> Result<wasm_mt::JoinHandle<()>, JsValue> {
    let (tells, mut told) = channel::<()>();
    let handle = ground.spawn(job!(async |tells: Sender<()>| {
        let _ = tells.send(());
        pending::<()>().await;
    }));
    match told.next().await {
        Some(Ok(())) => Ok(handle),
        _ => Err("it did not begin".into()),
    }
}

/// Nobody knows yet that the workers are gone when a job is posted to one.
pub(crate) async fn a_worker_that_is_killed_idle(ground: &Ground) -> Outcome {
    ground.goes_on().await?;
    let since = harness::now();
    kill_workers();
    // Each of them has to be missed.
    let ends = ground.each(|| job!(|| 9)).await;
    let first = ends.into_iter().next().ok_or("there are no workers")?;
    Ok(Caused::by(since, ready(first)).await)
}

/// How long a worker may be silent where there are no Web Locks.
const SILENCE: Duration = Duration::from_millis(500);

pub(crate) async fn no_web_locks(on: On) -> Result<(Caused, Ground), JsValue> {
    if let On::Shared = on {
        let caused = Caused::not_here("shared memory needs them");
        return Ok((caused, on.start(Thread::builder()).await?));
    }
    let restore = take_locks_away();
    let caused = silent(on).await;
    restore.call0(&JsValue::UNDEFINED)?;
    caused
}

async fn silent(on: On) -> Result<(Caused, Ground), JsValue> {
    let ground = on.start(Thread::builder().silence_limit(SILENCE)).await?;
    let handle = waits(&ground).await?;
    // It is known to wait, and not to be at work, of which there is no sign of life.
    ground.goes_on().await?;
    let since = harness::now();
    kill_workers();
    let caused = Caused::by(since, handle).await;
    ground.misses_its_workers().await;
    ground.goes_on().await?;
    Ok((caused, ground))
}

/// The glue is gone when a dead worker is replaced, and there again for the next.
pub(crate) async fn a_worker_that_cannot_be_replaced(ground: &Ground) -> Outcome {
    let glue = harness::query("glue")?;
    harness::spoil(&glue, "status:404").await?;
    for _ in ground
        .each(|| job!(|| -> () { core::arch::wasm32::unreachable() }))
        .await
    {}
    // It waits for a worker that does not come.
    let caused = Caused::by(harness::now(), ground.spawn(job!(|| 1))).await;
    harness::spoil(&glue, "off").await?;
    Ok(caused)
}

/// Has the lock for as long as the worker lives that calls this.
async fn hold(lock: String) -> Result<(), JsValue> {
    let held = Promise::new(&mut |resolve, _| {
        let held = Closure::once_into_js(move || {
            let _ = resolve.call0(&JsValue::UNDEFINED);
            Promise::new(&mut |_, _| {})
        });
        let _ = request_lock(&lock, held.unchecked_ref());
    });
    JsFuture::from(held).await.map(drop)
}

/// Waits until nobody has the lock any more.
async fn freed(lock: &str) -> Result<(), JsValue> {
    let held = Closure::once_into_js(|| {});
    JsFuture::from(request_lock(lock, held.unchecked_ref()))
        .await
        .map(drop)
}

/// A job that has a pool of its own, whose worker has the lock.
async fn keeps_a_pool(lock: String, tells: Sender<()>) {
    let Ok(pool) = ground::pool(1, Thread::builder(), Fabric::Auto).await else {
        return;
    };
    let held = pool
        .spawn(job!(async |lock: String| hold(lock).await.is_ok()))
        .await;
    if matches!(held, Ok(true)) {
        let _ = tells.send(());
    }
    pending::<()>().await;
}

/// The pool's own workers end with their parent.
pub(crate) async fn a_pool_whose_parent_ends(ground: &Ground) -> Outcome {
    let lock = format!("of a nested pool {}", js_sys::Math::random());
    let (tells, mut told) = channel::<()>();
    let name = lock.clone();
    let handle = ground.spawn(job!(async |name: String, tells: Sender<()>| keeps_a_pool(
        name, tells
    )
    .await));
    if !matches!(told.next().await, Some(Ok(()))) {
        return Err("the nested pool did not start".into());
    }
    let since = harness::now();
    kill_workers();
    let caused = Caused::by(since, handle).await;
    // Else the harness says that this hangs.
    freed(&lock).await?;
    ground.misses_its_workers().await;
    Ok(caused)
}

/// The page is busy for longer than a job may take that has long ended by then.
pub(crate) async fn an_owner_that_is_blocked(ground: &Ground) -> Outcome {
    ground.goes_on().await?;
    let handle = ground.spawn(job!(|| 7)).timeout(Duration::from_secs(1));
    busy_for(3000.0);
    Ok(Caused::by(harness::now(), handle).await)
}

/// Browsers let timers of hidden pages wait.
pub(crate) async fn a_hidden_page(on: On) -> Result<(Caused, Ground), JsValue> {
    let ground = on.start(harness::builder()).await?;
    if harness::ask("hide").await.is_err() || !HIDDEN.with(|hidden| *hidden) {
        let reason = "the driver has no way to hide a page";
        return Ok((Caused::not_here(reason), ground));
    }
    let caused = hidden(&ground).await;
    harness::ask("show").await?;
    Ok((caused?, ground))
}

async fn hidden(ground: &Ground) -> Outcome {
    let handle = endless::begun(ground, Loop::Checked).await?;
    let caused = Caused::by(harness::now(), handle.timeout(endless::LIMIT)).await;
    ground.goes_on().await?;
    Ok(caused)
}
