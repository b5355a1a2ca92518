//! Settings at their ends: each gives a pool that works, or an error that says what cannot be had.

use std::time::Duration;

use wasm_mt_wasmtime::{Allocation, Builder, JobError, Pool, Preemption};

use super::ground::{Ground, ended_by, text_of};
use super::guest::{DEAF, Guest, SPINS};

fn small() -> Builder {
    Pool::builder(Guest::new().wasm())
        .threads(1)
        .max_stores(8)
        .memory_limit(8 << 20)
}

/// It works, or is refused as what it is.
#[track_caller]
fn works_or_is_refused(what: &str, builder: Builder) {
    match builder.build() {
        Ok(pool) => {
            let ground = Ground { pool };
            assert_eq!(ground.run("next", 1).unwrap(), 2, "{what}");
        }
        Err(error) => {
            let is_told = error.is_settings() || error.is_limit();
            assert!(is_told, "{what}: {}: {error:?}", text_of(&error));
        }
    }
}

/// Refused as a setting, or as more than can be had.
#[track_caller]
fn is_refused(what: &str, builder: Builder) {
    match builder.build() {
        Ok(_) => panic!("{what} was accepted"),
        Err(error) => {
            let is_told = error.is_settings() || error.is_limit();
            assert!(is_told, "{what}: {}: {error:?}", text_of(&error));
        }
    }
}

pub(crate) fn settings_of_zero() {
    is_refused("no thread", small().threads(0));
    is_refused("no memory", small().memory_limit(0));
    is_refused("no stack", small().wasm_stack(0));
    let fuel = |slice, budget| small().preemption(Preemption::Fuel { slice, budget });
    is_refused("slices of no fuel", fuel(0, 1_000_000));
    works_or_is_refused("no time", {
        let slice = Duration::ZERO;
        small().preemption(Preemption::Epoch { slice })
    });
    works_or_is_refused("no store", small().max_stores(0));
    works_or_is_refused("none in flight", small().max_in_flight(0));
    works_or_is_refused("no capacity", small().capacity(0));
    works_or_is_refused("no job", small().recycle_jobs(0));
    works_or_is_refused("no grace", small().abort_grace(Duration::ZERO));
    // Here the job is what cannot be had.
    for builder in [
        fuel(10_000, 0),
        small().result_limit(0),
        small().backlog_limit(0),
    ] {
        match builder.build() {
            Ok(pool) => {
                let error = Ground { pool }.fails("next");
                let is_told = error.is_fuel() || error.is_result() || error.is_full();
                assert!(is_told, "{error:?}");
            }
            Err(error) => assert!(!error.is_module(), "{error:?}"),
        }
    }
    Ground {
        pool: small().build().unwrap(),
    }
    .holds();
}

pub(crate) fn settings_without_bounds() {
    for allocation in [Allocation::Auto, Allocation::Pooling, Allocation::OnDemand] {
        let small = || small().allocation(allocation);
        works_or_is_refused("threads", small().threads(usize::MAX));
        works_or_is_refused("stores", small().max_stores(usize::MAX));
        works_or_is_refused("memory", small().memory_limit(usize::MAX));
        works_or_is_refused("stack", small().wasm_stack(usize::MAX));
        works_or_is_refused("half of all stack", small().wasm_stack(usize::MAX / 2));
        works_or_is_refused("results", small().result_limit(usize::MAX));
        works_or_is_refused("backlog", small().backlog_limit(usize::MAX));
        works_or_is_refused("in flight", small().max_in_flight(u32::MAX));
        works_or_is_refused("capacity", small().capacity(usize::MAX));
        works_or_is_refused("grace", small().abort_grace(Duration::MAX));
        works_or_is_refused("slice", {
            let slice = Duration::MAX;
            small().preemption(Preemption::Epoch { slice })
        });
        works_or_is_refused("fuel", {
            let (slice, budget) = (u64::MAX, u64::MAX);
            small().preemption(Preemption::Fuel { slice, budget })
        });
    }
    Ground {
        pool: small().build().unwrap(),
    }
    .holds();
}

pub(crate) fn deadlines_at_their_ends() {
    let guest = Guest::new().job(
        "waits",
        "(drop (call $heed (i64.const 0x7fffffffffffffff)))",
    );
    let ground = Ground::of(&guest);
    let job = ground.spawn("next", 1).timeout(Duration::MAX);
    assert_eq!(job.wait().unwrap(), 2);
    let job = ground.spawn("waits", 1).timeout(Duration::ZERO);
    ended_by(&job.wait().unwrap_err(), JobError::is_deadline);
    // The last one that is set counts.
    let job = ground.spawn("waits", 1).timeout(Duration::MAX);
    let job = job.timeout(Duration::from_millis(5));
    ended_by(&job.wait().unwrap_err(), JobError::is_deadline);
    ground.holds();
}

/// A job that waits for its abort to end, for ever, does not keep its pool from ending.
pub(crate) fn a_grace_without_end() {
    let guest = Guest::new().job("deaf", DEAF);
    let ground = Ground::with(&guest, |builder| builder.abort_grace(Duration::MAX));
    let handle = ground.spawn("deaf", 0);
    std::thread::sleep(Duration::from_millis(5));
    handle.cancel();
    ended_by(&handle.wait().unwrap_err(), JobError::is_cancelled);
    assert_eq!(ground.run("next", 1).unwrap(), 2);
    drop(ground);
    Ground::of(&guest).run("next", 1).unwrap();
}

/// Beyond it a job is refused, and those within run.
pub(crate) fn more_jobs_than_the_capacity() {
    let guest = Guest::new().job("spins", SPINS);
    let ground = Ground::with(&guest, |builder| {
        builder.threads(1).max_in_flight(1).capacity(3)
    });
    let spins = ground.spawn("spins", 0);
    let handles: Vec<_> = (0..20).map(|n| ground.spawn("next", n)).collect();
    spins.cancel();
    ended_by(&spins.wait().unwrap_err(), JobError::is_cancelled);
    let mut full = 0;
    for (n, handle) in handles.into_iter().enumerate() {
        match handle.wait() {
            Ok(number) => assert_eq!(number, n as u8 + 1),
            Err(error) => {
                ended_by(&error, JobError::is_full);
                full += 1;
            }
        }
    }
    assert!((16..=20).contains(&full), "{full} were refused");
    // There is room for three at a time again.
    for _ in 0..20 {
        let handles: Vec<_> = (0..3).map(|n| ground.spawn("next", n)).collect();
        for (n, handle) in handles.into_iter().enumerate() {
            assert_eq!(handle.wait().unwrap(), n as u8 + 1);
        }
    }
}
