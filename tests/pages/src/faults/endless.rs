//! Jobs that do not end by themselves: with a `checkpoint` in their loop, and bare.

use std::time::Duration;

use futures::StreamExt;
use wasm_bindgen::prelude::*;
use wasm_mt::{JoinHandle, Sender, channel, checkpoint, job};

use super::ground::{Ground, On};
use super::outcome::Caused;
use crate::harness;

type Outcome = Result<Caused, JsValue>;

/// How long those with a time-out have.
pub(crate) const LIMIT: Duration = Duration::from_millis(300);

#[derive(Clone, Copy)]
pub(crate) enum Loop {
    Checked,
    Bare,
}

/// Begins one, and comes back when it has begun.
pub(crate) async fn begun(ground: &Ground, kind: Loop) -> Result<JoinHandle<()>, JsValue> {
    let (tells, mut told) = channel::<()>();
    let handle = ground.spawn(match kind {
        Loop::Checked => job!(|tells: Sender<()>| -> () {
            let _ = tells.send(());
            loop {
                checkpoint();
            }
        }),
        Loop::Bare => job!(|tells: Sender<()>| -> () {
            let _ = tells.send(());
            let mut n = 0u32;
            loop {
                n = std::hint::black_box(n.wrapping_add(1));
            }
        }),
    });
    match told.next().await {
        Some(Ok(())) => Ok(handle),
        _ => Err("it did not begin".into()),
    }
}

async fn aborted(ground: &Ground, kind: Loop) -> Outcome {
    let handle = begun(ground, kind).await?;
    let since = harness::now();
    handle.abort();
    Ok(Caused::by(since, handle).await)
}

async fn timed_out(ground: &Ground, kind: Loop) -> Outcome {
    let handle = begun(ground, kind).await?;
    Ok(Caused::by(harness::now(), handle.timeout(LIMIT)).await)
}

/// The ground is ended under it, and there is another afterwards.
async fn ended(on: On, kind: Loop, by_drop: bool) -> Result<(Caused, Ground), JsValue> {
    let ground = on.start(harness::builder()).await?;
    let handle = begun(&ground, kind).await?;
    let since = harness::now();
    if !by_drop {
        ground.end().await;
    }
    drop(ground);
    let caused = Caused::by(since, handle).await;
    Ok((caused, on.start(harness::builder()).await?))
}

pub(crate) async fn abort_at_a_checkpoint(ground: &Ground) -> Outcome {
    aborted(ground, Loop::Checked).await
}

pub(crate) async fn abort_bare(ground: &Ground) -> Outcome {
    aborted(ground, Loop::Bare).await
}

pub(crate) async fn timeout_at_a_checkpoint(ground: &Ground) -> Outcome {
    timed_out(ground, Loop::Checked).await
}

pub(crate) async fn timeout_bare(ground: &Ground) -> Outcome {
    timed_out(ground, Loop::Bare).await
}

pub(crate) async fn shutdown_at_a_checkpoint(on: On) -> Result<(Caused, Ground), JsValue> {
    ended(on, Loop::Checked, false).await
}

pub(crate) async fn shutdown_bare(on: On) -> Result<(Caused, Ground), JsValue> {
    ended(on, Loop::Bare, false).await
}

pub(crate) async fn drop_at_a_checkpoint(on: On) -> Result<(Caused, Ground), JsValue> {
    ended(on, Loop::Checked, true).await
}

pub(crate) async fn drop_bare(on: On) -> Result<(Caused, Ground), JsValue> {
    ended(on, Loop::Bare, true).await
}
