//! Faults of what shared memory brings: jobs that fork, and room that ends.

use std::future::ready;

use wasm_bindgen::prelude::*;
use wasm_mt::{Sender, channel, job};
use wasm_mt_pool::join;
use wasm_mt_tests::common::busy_for;

use super::ground::Ground;
use super::outcome::Caused;
use crate::harness;

type Outcome = Result<Caused, JsValue>;

/// So long a half waits for the other to be taken, in milliseconds: a worker that sleeps is up within one.
const LONG_ENOUGH: f64 = 300.0;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = killWorkers)]
    fn kill_workers();
}

pub(crate) async fn a_panic_in_a_half(ground: &Ground) -> Outcome {
    let parted = ground.spawn(job!(|| {
        let (_, ()) = join(|| busy_for(LONG_ENOUGH), job!(|| panic!("half way")));
    }));
    Ok(Caused::by(harness::now(), parted).await)
}

pub(crate) async fn a_trap_in_a_half(ground: &Ground) -> Outcome {
    let parted = ground.spawn(job!(|| {
        let (_, ()) = join(|| busy_for(LONG_ENOUGH), job!(|| traps()));
    }));
    Ok(Caused::by(harness::now(), parted).await)
}

fn traps() {
    std::arch::wasm32::unreachable()
}

fn endless() {
    loop {
        wasm_mt::checkpoint();
    }
}

pub(crate) async fn workers_that_are_killed_in_halves(ground: &Ground) -> Outcome {
    let (tells, mut told) = channel::<()>();
    let parted = ground.spawn(job!(|tells: Sender<()>| {
        let here = || {
            busy_for(LONG_ENOUGH);
            let _ = tells.send(());
            endless();
        };
        let ((), ()) = join(here, job!(|| endless()));
    }));
    told.recv().await.ok_or("it did not begin")??;
    let since = harness::now();
    kill_workers();
    let caused = Caused::by(since, parted).await;
    ground.misses_its_workers().await;
    Ok(caused)
}

/// There are some two thousand slots, and a megabyte for arguments that do not fit into them.
pub(crate) async fn more_than_has_room(ground: &Ground) -> Outcome {
    const MANY: u32 = 6000;
    let since = harness::now();
    let handles: Vec<_> = (0..MANY)
        .map(|n| {
            let bytes = vec![n as u8; 1000];
            ground.spawn(job!(|n, bytes| (n, [&bytes[..], &bytes[..]].concat())))
        })
        .collect();
    let mut last = Ok(());
    for (n, handle) in (0..).zip(handles) {
        match handle.await {
            Ok((of, bytes)) if of == n && bytes == vec![n as u8; 2000] => {}
            Ok(_) => return Err(format!("job {n} gave something else").into()),
            Err(error) => last = Err(error),
        }
    }
    Ok(Caused::by(since, ready(last)).await)
}

pub(crate) async fn a_result_that_has_no_room(ground: &Ground) -> Outcome {
    const LARGE: u32 = 2 << 20;
    let since = harness::now();
    let large = ground.spawn(job!(|| vec![7_u8; LARGE as usize])).await;
    if large
        .as_ref()
        .is_ok_and(|bytes| *bytes != vec![7; LARGE as usize])
    {
        return Err("other bytes came back".into());
    }
    Ok(Caused::by(since, ready(large)).await)
}
