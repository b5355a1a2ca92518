//! Jobs that end by what they do: traps, panics, limits.

use std::time::Duration;

use wasm_mt_wasmtime::{JobError, Preemption};

use super::ground::{Ground, builder, ended_by, text_of};
use super::guest::{Guest, SPINS};

/// The job of this body fails so, time and again, and so does one whose parent awaits it: it gets status and goes on.
fn always_fails(guest: Guest, body: &str, status: u8, is: fn(&JobError) -> bool) -> JobError {
    let guest = guest.job("fault", body).job(
        "parent",
        "(drop (call $child (i32.const 1) (i32.const 3) (i32.const 0)))
         (call $await (i32.const 1))
         (call $answer (global.get $status))",
    );
    let ground = Ground::of(&guest);
    for _ in 0..20 {
        ended_by(&ground.fails("fault"), is);
        assert_eq!(ground.run("next", 1).unwrap(), 2);
    }
    assert_eq!(ground.run("parent", 0).unwrap(), status);
    let error = ground.fails("fault");
    ground.holds();
    error
}

const TRAPPED: u8 = 6;
const PANICKED: u8 = 5;

fn traps(body: &str, says: &str) {
    let error = always_fails(Guest::new(), body, TRAPPED, JobError::is_trap);
    let text = text_of(&error);
    assert!(text.contains(says), "{text}");
}

pub(crate) fn unreachable() {
    traps("(unreachable)", "unreachable");
}

pub(crate) fn out_of_bounds() {
    traps("(drop (i32.load (i32.const -4)))", "out of bounds");
}

pub(crate) fn divides_by_zero() {
    traps(
        "(drop (i32.div_u (i32.const 1) (global.get $aborted)))",
        "divide by zero",
    );
}

/// The job's record names a function of another type, or none, and the engine sees it.
pub(crate) fn calls_a_function_of_another_type() {
    let guest = Guest::new().with(
        "(type $other (func (param i32)))
         (table $others 2 funcref)
         (elem (table $others) (i32.const 0) func $job_0)",
    );
    let body = |at| format!("(call_indirect $others (type $other) (i32.const 5) (i32.const {at}))");
    for (at, says) in [
        (0, "indirect call type mismatch"),
        (1, "uninitialized"),
        (9, "out of bounds"),
    ] {
        let error = always_fails(guest.clone(), &body(at), TRAPPED, JobError::is_trap);
        let text = text_of(&error);
        assert!(text.contains(says), "{text}");
    }
}

pub(crate) fn panics() {
    let error = always_fails(Guest::new(), "(call $panic)", PANICKED, JobError::is_panic);
    assert_eq!(error.panic_message(), Some("boom"));
    assert_eq!(error.panic_location(), Some("guest.rs:7:13"));
}

/// Says that it panics, and goes on: then what it gives counts.
pub(crate) fn panics_and_goes_on() {
    let body = "(call $panicked (i32.const 16384) (i32.const 29)) (call $answer (i32.const 1))";
    let ground = Ground::of(&Guest::new().job("lies", body));
    assert_eq!(ground.run("lies", 0).unwrap(), 1);
    ground.holds();
}

/// By `memory.grow`, all at once and by single pages.
pub(crate) fn memory_over_its_limit() {
    for step in [1, 1000] {
        let body = format!(
            "(loop $next (br_if $next (i32.ne (i32.const -1) (memory.grow (i32.const {step})))))
             (unreachable)"
        );
        always_fails(Guest::new(), &body, TRAPPED, JobError::is_memory);
    }
}

pub(crate) fn a_table_over_its_limit() {
    let guest = Guest::new().with("(table $grows 1 funcref)");
    let body = "(loop $next (br_if $next (i32.ne (i32.const -1)
                  (table.grow $grows (ref.null func) (i32.const 100000)))))
                (unreachable)";
    always_fails(guest, body, TRAPPED, JobError::is_memory);
}

pub(crate) fn recursion_without_end() {
    let guest = Guest::new().with(
        "(func $deeper (param i64) (result i64)
           (i64.add (call $deeper (i64.add (local.get 0) (i64.const 1))) (local.get 0)))",
    );
    always_fails(
        guest,
        "(drop (call $deeper (i64.const 0)))",
        TRAPPED,
        JobError::is_stack,
    );
}

/// The host's own functions run on the same stack, when there is next to nothing left of what the guest may use.
pub(crate) fn recursion_through_the_host() {
    for call in [
        "(drop (call $stats))",
        "(drop (call $wait (i64.const 0)))",
        "(drop (call $share (i32.const 0) (i32.const 1)))",
        "(call $detach (call $child (i32.const 0) (i32.const 1) (i32.const 0)))",
        "(call $checkpoint)",
    ] {
        let guest = Guest::new().with(&format!(
            "(func $deeper (param i64) (result i64)
               {call}
               (i64.add (call $deeper (i64.add (local.get 0) (i64.const 1))) (local.get 0)))"
        ));
        let body = "(drop (call $deeper (i64.const 0)))";
        always_fails(guest, body, TRAPPED, JobError::is_stack);
    }
}

/// The limit is 64 KiB here, and one byte more than that too many.
pub(crate) fn a_result_too_large() {
    let body = |len| format!("(call $result (i32.const 0) (i32.const 0) (i32.const {len}))");
    let guest = Guest::new()
        .job("large", &body((64 << 10) + 1))
        .job("huge", &body(15 << 16));
    let ground = Ground::with(&guest, |builder| builder.result_limit(64 << 10));
    for _ in 0..20 {
        ended_by(&ground.fails("large"), JobError::is_result);
        ended_by(&ground.fails("huge"), JobError::is_result);
    }
    ground.holds();
}

pub(crate) fn fuel_runs_out() {
    let guest = Guest::new().job("spins", SPINS);
    let ground = Ground::with(&guest, |builder| {
        builder.preemption(Preemption::Fuel {
            slice: 10_000,
            budget: 1_000_000,
        })
    });
    for _ in 0..20 {
        ended_by(&ground.fails("spins"), JobError::is_fuel);
        assert_eq!(ground.run("next", 1).unwrap(), 2);
    }
    ground.holds();
}

/// Fuel is a job's, not its store's: what one has used the next one does not miss.
pub(crate) fn fuel_is_given_anew() {
    let guest = Guest::new().job(
        "works",
        "(local $n i32)
         (loop $on (local.set $n (i32.add (local.get $n) (i32.const 1)))
           (br_if $on (i32.lt_u (local.get $n) (i32.const 50000))))
         (call $answer (i32.const 1))",
    );
    let ground = Ground::with(&guest, |builder| {
        builder.threads(1).preemption(Preemption::Fuel {
            slice: 10_000,
            budget: 1_000_000,
        })
    });
    for _ in 0..100 {
        assert_eq!(ground.run("works", 0).unwrap(), 1);
    }
    ground.holds();
}

/// Faults of all kinds in turn leave nothing in what comes after them: no store is used again.
pub(crate) fn a_store_that_failed_is_not_used_again() {
    let counts = "(call $answer (global.get $calls))";
    let guest = Guest::new().job("counts", counts).job(
        "fault",
        "(if (i32.eqz (call $arg)) (then (unreachable))) (call $panic)",
    );
    let ground = Ground::from(builder(&guest).threads(1).max_in_flight(1));
    for round in 0..10 {
        let before = ground.run("counts", 0).unwrap();
        assert_eq!(before, 1, "round {round}");
        assert_eq!(ground.run("counts", 0).unwrap(), 2);
        ground.run("fault", round % 2).unwrap_err();
    }
    ground.holds_within(Duration::from_secs(10));
}
