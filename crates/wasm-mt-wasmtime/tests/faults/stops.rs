//! Jobs that do not end by themselves, and jobs that do not heed their abort.

use std::time::{Duration, Instant};

use wasm_mt_wasmtime::{Builder, JobError, Preemption};

use super::ground::{Ground, ended_by};
use super::guest::{CHECKS, DEAF, Guest, HEEDS, SPINS};

const SLICE: Duration = Duration::from_millis(1);

fn preempting() -> [Preemption; 2] {
    [
        Preemption::Epoch { slice: SLICE },
        Preemption::Fuel {
            slice: 10_000,
            budget: u64::MAX,
        },
    ]
}

/// `spins` never calls out; `checks` spins and calls `checkpoint`; `deaf` waits for ever and heeds no abort; `heeds` ends when
/// it hears its abort; `parent` spawns the async job at the place of its argument and awaits it; `cancels` spawns it, cancels
/// it, and answers.
fn endless() -> Guest {
    Guest::new()
        .job("spins", SPINS)
        .job("checks", CHECKS)
        .job("deaf", DEAF)
        .job("heeds", HEEDS)
        .job(
            "parent",
            "(drop (call $child (call $arg) (i32.const 0) (i32.const 1)))
             (call $await (i32.const 1)) (call $answer (global.get $status))",
        )
        .job(
            "cancels",
            "(local $id i64)
             (local.set $id (call $child (call $arg) (i32.const 0) (i32.const 1)))
             (drop (call $heed (i64.const 2000000)))
             (call $cancel (local.get $id))
             (drop (call $heed (i64.const 2000000)))
             (call $answer (i32.const 7))",
        )
        // Hears of nothing but its abort, and goes on.
        .job(
            "waits_on",
            "(drop (call $heed (i64.const -1)))
             (drop (call $heed (i64.const 1000000)))
             (drop (call $heed (i64.const -1)))
             (call $answer (i32.const 1))",
        )
}

fn ground(preemption: Preemption) -> Ground {
    Ground::with(&endless(), |builder: Builder| {
        builder
            .preemption(preemption)
            .abort_grace(Duration::from_millis(20))
    })
}

/// Cancelled at once, a little later, and late: the handle settles promptly, and the worker is free soon.
pub(crate) fn a_spinning_job_is_cancelled() {
    for preemption in preempting() {
        let ground = ground(preemption);
        for name in ["spins", "checks"] {
            for delay in [0, 1, 5] {
                let handles: Vec<_> = (0..3).map(|_| ground.spawn(name, 0)).collect();
                wait_for(Duration::from_millis(delay));
                let start = Instant::now();
                for handle in &handles {
                    handle.cancel();
                }
                for handle in handles {
                    ended_by(&handle.wait().unwrap_err(), JobError::is_cancelled);
                }
                assert!(start.elapsed() < Duration::from_secs(2));
                assert_eq!(ground.run("next", 1).unwrap(), 2);
            }
        }
        ground.holds();
    }
}

pub(crate) fn a_spinning_job_meets_its_deadline() {
    for preemption in preempting() {
        let ground = ground(preemption);
        for name in ["spins", "checks"] {
            let handles: Vec<_> = (1..6)
                .map(|n| ground.spawn(name, 0).timeout(Duration::from_millis(n)))
                .collect();
            for handle in handles {
                ended_by(&handle.wait().unwrap_err(), JobError::is_deadline);
            }
        }
        ground.holds();
    }
}

/// Without preemption a job that never calls out has its thread for ever, but its handle settles; one that calls
/// `checkpoint` is stopped there.
pub(crate) fn a_spinning_job_that_cannot_be_stopped() {
    let ground = ground(Preemption::Off);
    for _ in 0..5 {
        let handle = ground.spawn("checks", 0);
        handle.cancel();
        ended_by(&handle.wait().unwrap_err(), JobError::is_cancelled);
        let late = ground.spawn("checks", 0).timeout(SLICE);
        ended_by(&late.wait().unwrap_err(), JobError::is_deadline);
    }
    ground.holds();
    // The last that is asked of the pool: one thread of two is gone.
    let handle = ground.spawn("spins", 0);
    wait_for(Duration::from_millis(5));
    handle.cancel();
    ended_by(&handle.wait().unwrap_err(), JobError::is_cancelled);
    for n in 0..20 {
        assert_eq!(ground.run("next", n).unwrap(), n + 1);
    }
    // And its thread does not keep the process.
    std::mem::forget(ground);
}

/// Others run beside jobs that never end, as many of them as there are threads and more.
pub(crate) fn spinning_jobs_keep_nobody_waiting() {
    for preemption in preempting() {
        let ground = Ground::with(&endless(), |builder| {
            builder.preemption(preemption).max_in_flight(16)
        });
        let spinning: Vec<_> = (0..4).map(|_| ground.spawn("spins", 0)).collect();
        for n in 0..20 {
            assert_eq!(ground.run("next", n).unwrap(), n + 1);
        }
        for handle in &spinning {
            assert!(!handle.is_finished());
            handle.cancel();
        }
        for handle in spinning {
            ended_by(&handle.wait().unwrap_err(), JobError::is_cancelled);
        }
        ground.holds();
    }
}

/// A host's job is told of its abort where it is async, and stopped after its grace where it does not heed it.
pub(crate) fn a_job_that_ignores_its_abort() {
    for preemption in [preempting()[0], preempting()[1], Preemption::Off] {
        let ground = ground(preemption);
        for name in ["deaf", "heeds", "waits_on"] {
            for delay in [0, 3] {
                let handle = ground.spawn(name, 0);
                wait_for(Duration::from_millis(delay));
                handle.cancel();
                ended_by(&handle.wait().unwrap_err(), JobError::is_cancelled);
            }
        }
        ground.holds();
    }
}

/// The same of a job's children, which it has given up on: places of `spins`, `checks`, `deaf`, `heeds` and `waits_on`.
pub(crate) fn a_child_that_ignores_its_abort() {
    for preemption in preempting() {
        let ground = ground(preemption);
        for place in [1, 2, 3, 4, 7] {
            for _ in 0..3 {
                assert_eq!(ground.run("cancels", place).unwrap(), 7);
            }
        }
        ground.holds();
    }
}

/// Nobody awaits the child any more; that its parent ends by force is no end of its.
pub(crate) fn a_parent_is_stopped_while_it_waits() {
    let guest = Guest::new()
        .job(
            "parent",
            "(drop (call $child (i32.const 2) (call $arg) (i32.const 0)))
             (call $await (i32.const 1)) (call $answer (global.get $value))",
        )
        .job(
            "sleeps",
            "(drop (call $heed (i64.mul (i64.const 1000000) (i64.extend_i32_u (call $arg)))))
             (call $answer (call $arg))",
        );
    let ground = Ground::with(&guest, |builder| {
        builder.abort_grace(Duration::from_millis(5))
    });
    for n in 0..10 {
        let handle = ground.spawn("parent", 20);
        wait_for(Duration::from_millis(n));
        handle.cancel();
        ended_by(&handle.wait().unwrap_err(), JobError::is_cancelled);
    }
    assert_eq!(ground.run("parent", 20).unwrap(), 20);
    ground.holds();
}

/// It orders nothing: what is asked for comes at any moment.
fn wait_for(time: Duration) {
    std::thread::sleep(time);
}
