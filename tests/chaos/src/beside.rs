//! What a pool does beside its jobs: it is resized, and has maps, broadcasts and jobs that wait for room.

use futures::FutureExt;
use futures::StreamExt;
use futures::future::{LocalBoxFuture, RemoteHandle};
use wasm_bindgen_futures::spawn_local;
use wasm_mt::job;
use wasm_mt_pool::{Broadcast, Map, MapStream, Resize, ThreadPool, WhenRoom};
use wasm_mt_tests::common::busy_for;

use crate::model::told;
use crate::random::Random;
use crate::round::Plan;

/// It goes on by itself; what is awaited is whether it was right.
pub(crate) type Beside = RemoteHandle<Result<(), String>>;

/// Begins something, or nothing.
pub(crate) fn draw(pool: &ThreadPool, plan: &Plan, random: &mut Random) -> Option<Beside> {
    // Where workers are ended from outside, or there is no room, anything may fail.
    let strict = !plan.endless && !plan.kills && !plan.bounded && !plan.ends_pool;
    let begun = match random.below(7) {
        0 => {
            let resize = pool.resize(1 + random.below(4) as usize);
            // Else nobody waits for it.
            random
                .one_in(2)
                .then(|| resized(resize, strict).boxed_local())?
        }
        1 => {
            let items = random.below(200);
            mapped(pool.map(0..items, |n| n + 1), items, strict).boxed_local()
        }
        2 => {
            let items = 1 + random.below(200);
            let map = pool.map(0..items, |n| {
                busy_for(f64::from(n % 16) / 16.0);
                n + 1
            });
            half_mapped(map.stream(), random.below(items), strict).boxed_local()
        }
        3 => {
            let n = random.below(1000);
            with_room(pool.spawn_when_room(job!(|n| n)), n, strict).boxed_local()
        }
        4 if strict => {
            let each = pool.broadcast(|worker| job!(|worker| worker));
            broadcast(each).boxed_local()
        }
        _ => return None,
    };
    let (goes_on, beside) = LocalBoxFuture::remote_handle(begun);
    spawn_local(goes_on);
    Some(beside)
}

async fn resized(resize: Resize, strict: bool) -> Result<(), String> {
    match resize.await {
        Err(error) if strict => Err(format!("a resize failed: {error}")),
        _ => Ok(()),
    }
}

async fn mapped(map: Map<u32>, items: u32, strict: bool) -> Result<(), String> {
    match map.await {
        Ok(mapped) if mapped.iter().copied().eq(1..=items) => Ok(()),
        Ok(mapped) => Err(format!("a map of {items} gave {mapped:?}")),
        Err(error) if strict => Err(format!("a map failed: {}", told(&error))),
        Err(_) => Ok(()),
    }
}

/// Takes some items, each with its place, and drops the rest.
async fn half_mapped(mut stream: MapStream<u32>, some: u32, strict: bool) -> Result<(), String> {
    for _ in 0..some {
        match stream.next().await {
            Some((place, Ok(value))) if value as usize == place + 1 => {}
            Some((_, Err(_))) if !strict => {}
            other => return Err(format!("a map's stream gave {other:?}")),
        }
    }
    Ok(())
}

async fn with_room(job: WhenRoom<u32>, n: u32, strict: bool) -> Result<(), String> {
    match job.await.await {
        Ok(value) if value == n => Ok(()),
        // It waits for as long as there is none.
        Err(error) if !strict && !error.is_full() => Ok(()),
        other => Err(format!("a job that waited for room gave {other:?}")),
    }
}

async fn broadcast(each: Broadcast<usize>) -> Result<(), String> {
    let mut places = each.await.into_iter().enumerate();
    match places.find(|(at, one)| one.as_ref().ok() != Some(at)) {
        None => Ok(()),
        Some((at, one)) => Err(format!("worker {at} gave a broadcast {one:?}")),
    }
}
