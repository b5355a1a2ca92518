//! Jobs that spawn jobs without end, or tell of themselves. What bounds it is the builder's `backlog_limit`.

use std::sync::mpsc;
use std::time::Duration;

use wasm_mt_wasmtime::JobError;

use super::ground::{Ground, builder, ended_by};
use super::guest::Guest;
use super::resident::resident;

/// What a spawn gives, negated, for which there is no room.
const FULL: u8 = 9;

/// Spawns until it is refused, and says by what.
pub(crate) fn spawning_without_end() {
    let guest = Guest::new().job(
        "bomb",
        "(local $id i64)
         (loop $next
           (local.set $id (call $child (i32.const 0) (i32.const 1) (i32.const 0)))
           (br_if $next (i64.gt_s (local.get $id) (i64.const 0))))
         (call $answer (i32.wrap_i64 (i64.sub (i64.const 0) (local.get $id))))",
    );
    for threads in [1, 2] {
        let ground = Ground::from(builder(&guest).threads(threads).backlog_limit(64 << 20));
        for _ in 0..3 {
            assert_eq!(ground.run("bomb", 0).unwrap(), FULL);
        }
        ground.holds();
    }
}

/// Each spawns two of itself and ends: no parent is left that could be refused for what it has spawned alone.
pub(crate) fn jobs_that_breed_without_end() {
    let guest = Guest::new().job(
        "breeds",
        "(drop (call $child (i32.const 1) (i32.const 0) (i32.const 0)))
         (drop (call $child (i32.const 1) (i32.const 0) (i32.const 0)))
         (call $answer (i32.const 1))",
    );
    let before = resident();
    for threads in [1, 2] {
        let ground = Ground::from(builder(&guest).threads(threads).backlog_limit(64 << 20));
        assert_eq!(ground.run("breeds", 0).unwrap(), 1);
        // They leave room for others.
        for n in 0..20 {
            assert_eq!(ground.run("next", n).unwrap(), n + 1);
        }
        // It is theirs as long as they breed; it ends with the pool.
        drop(ground);
    }
    let grown = resident().saturating_sub(before);
    assert!(grown < 1 << 30, "{grown} bytes more");
    Ground::of(&guest).run("next", 1).unwrap();
}

/// What a job tells its parent, and what it shares, is held by the host: without a byte in it, too.
pub(crate) fn telling_without_end() {
    let endless = |call: &str| format!("(loop $on {call} (br $on))");
    let guest = Guest::new()
        .job("closes", &endless("(call $close (i32.const 0))"))
        .job(
            "sends",
            &endless("(call $send (i32.const 0) (i32.const 0) (i32.const 0))"),
        )
        .job(
            "shares",
            &endless("(drop (call $share (i32.const 0) (i32.const 0)))"),
        )
        // Spawns the job at the place that it is given, as soon as there is room for it, and hears nothing.
        .job(
            "parent",
            "(local $id i64)
             (loop $on
               (local.set $id (call $child (call $arg) (i32.const 0) (i32.const 0)))
               (br_if $on (i64.lt_s (local.get $id) (i64.const 0))))
             (call $detach (local.get $id))
             (loop $on (call $checkpoint) (br $on))",
        )
        // Spawns without end what is to be announced, and is not waited for.
        .job(
            "announced",
            "(local $id i64)
             (loop $on
               (local.set $id (call $child (i32.const 0) (i32.const 0) (i32.const 2)))
               (if (i64.gt_s (local.get $id) (i64.const 0)) (then (call $detach (local.get $id))))
               (call $checkpoint)
               (br $on))",
        )
        // The same of as many that end as there is room for, and it hears of none.
        .job(
            "deaf",
            "(local $id i64)
             (loop $on
               (local.set $id (call $child (i32.const 0) (i32.const 0) (i32.const 0)))
               (call $checkpoint)
               (br_if $on (i64.gt_s (local.get $id) (i64.const 0))))
             (call $answer (i32.wrap_i64 (i64.sub (i64.const 0) (local.get $id))))",
        );
    let (tells, told) = mpsc::channel();
    let ground = Ground::with(&guest, |builder| {
        builder.backlog_limit(16 << 20).on_unhandled(move |error| {
            let _ = tells.send(error);
        })
    });
    let before = resident();
    ended_by(&ground.fails("shares"), JobError::is_limit);
    assert_eq!(ground.run("deaf", 0).unwrap(), FULL);
    for place in [1, 2] {
        let parent = ground.spawn("parent", place);
        // Lost with the reason in words, where it had been told to the parent before that gave it away.
        let error = told.recv().unwrap();
        assert!(error.is_limit() || error.is_lost(), "{error:?}");
        parent.cancel();
        ended_by(&parent.wait().unwrap_err(), JobError::is_cancelled);
    }
    // Where nobody has spawned them, nobody is told.
    for (name, limit) in [("closes", 50), ("sends", 50), ("announced", 1000)] {
        let late = ground.spawn(name, 0).timeout(Duration::from_millis(limit));
        ended_by(&late.wait().unwrap_err(), JobError::is_deadline);
    }
    let grown = resident().saturating_sub(before);
    assert!(grown < 256 << 20, "{grown} bytes more");
    ground.holds();
}
