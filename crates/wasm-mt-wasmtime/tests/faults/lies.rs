//! Guests that say what is not so: of where bytes lie, of what they own, of jobs that are not there.

use wasm_mt_wasmtime::JobError;

use super::ground::{Ground, ended_by};
use super::guest::Guest;

/// Memory has 16 pages, so that it ends here.
const END: i32 = 16 << 16;

/// Places and lengths that no memory of 16 pages has: beyond its end, across it, wrapping round, and negative.
const LIES: &[(i32, i32)] = &[
    (END, 1),
    (END - 4, 64),
    (-1, 1),
    (-4, 64),
    (8192, -1),
    (8192, i32::MIN),
    (i32::MAX, i32::MAX),
    (-8, 8),
];

/// Each lie in a job of its own, all of them in one pool; `call` is what it says with `{from}` and `{len}`.
fn each_lie(call: &str) {
    let mut guest = Guest::new();
    for (n, (from, len)) in LIES.iter().enumerate() {
        let call = call
            .replace("{from}", &format!("(i32.const {from})"))
            .replace("{len}", &format!("(i32.const {len})"));
        guest = guest.job(
            &format!("lie_{n}"),
            &format!("{call} (call $answer (i32.const 0))"),
        );
    }
    let ground = Ground::of(&guest);
    for n in 0..LIES.len() {
        let error = ground.fails(&format!("lie_{n}"));
        ended_by(&error, JobError::is_pointer);
    }
    ground.holds();
}

pub(crate) fn of_where_a_result_lies() {
    each_lie("(call $result (i32.const 0) {from} {len})");
}

pub(crate) fn of_where_a_panic_lies() {
    each_lie("(call $panicked {from} {len})");
}

pub(crate) fn of_where_a_job_lies() {
    each_lie("(drop (call $spawn {from} {len} (i32.const 0) (i32.const -1)))");
}

pub(crate) fn of_where_an_item_lies() {
    each_lie("(call $send (i32.const 0) {from} {len})");
}

pub(crate) fn of_where_shared_bytes_lie() {
    each_lie("(drop (call $share {from} {len}))");
}

/// The record has 33 bytes: these are places that have no room for it.
pub(crate) fn of_where_the_payload_goes() {
    let mut guest = Guest::new();
    let places = [END, END - 32, -1, -33, i32::MIN];
    for (n, to) in places.iter().enumerate() {
        let body = format!("(call $payload (i32.const {to})) (call $answer (i32.const 0))");
        guest = guest.job(&format!("lie_{n}"), &body);
    }
    let ground = Ground::of(&guest);
    for n in 0..places.len() {
        ended_by(&ground.fails(&format!("lie_{n}")), JobError::is_pointer);
    }
    ground.holds();
}

/// What was counted does not fit there.
pub(crate) fn of_where_events_go() {
    let mut guest = Guest::new();
    let places = [END, END - 8, -1, -16, i32::MIN];
    for (n, to) in places.iter().enumerate() {
        let body = format!(
            "(drop (call $child (i32.const 0) (i32.const 1) (i32.const 0)))
             (drop (call $wait (i64.const -1)))
             (call $take (i32.const {to})) (call $answer (i32.const 0))"
        );
        guest = guest.job(&format!("lie_{n}"), &body);
    }
    let ground = Ground::of(&guest);
    for n in 0..places.len() {
        ended_by(&ground.fails(&format!("lie_{n}")), JobError::is_pointer);
    }
    ground.holds();
}

/// Nothing was counted: nothing is written, or the job ends by that.
pub(crate) fn a_take_without_a_count() {
    let guest = Guest::new()
        .job(
            "takes",
            "(i32.store (i32.const 65536) (i32.const 7))
             (call $take (i32.const 65536))
             (call $answer (i32.load (i32.const 65536)))",
        )
        .job(
            "takes_twice",
            "(drop (call $stats)) (call $take (i32.const 65536))
             (i32.store (i32.const 65536) (i32.const 7))
             (call $take (i32.const 65536))
             (call $answer (i32.load (i32.const 65536)))",
        );
    let ground = Ground::of(&guest);
    for name in ["takes", "takes_twice"] {
        match ground.run(name, 0) {
            Ok(number) => assert_eq!(number, 7, "{name} was given something"),
            Err(error) => ended_by(&error, JobError::is_pointer),
        }
    }
    ground.holds();
}

/// A job to spawn whose record is too short. The host reads no more of it than its head: what follows is for the guest.
pub(crate) fn a_record_that_does_not_read() {
    let guest = Guest::new()
        .job(
            "short",
            "(drop (call $spawn (i32.const 1024) (i32.const 20) (i32.const 0) (i32.const -1)))
             (call $answer (i32.const 0))",
        )
        .job(
            "empty",
            "(drop (call $spawn (i32.const 0) (i32.const 0) (i32.const 0) (i32.const -1)))
             (call $answer (i32.const 0))",
        );
    let ground = Ground::of(&guest);
    for name in ["short", "empty"] {
        ended_by(&ground.fails(name), JobError::is_pointer);
    }
    ground.holds();
}

/// An outcome whose bytes do not read, and one of a number that is none.
pub(crate) fn a_result_that_does_not_read() {
    let guest = Guest::new()
        .job(
            "status",
            "(call $result (i32.const 77) (i32.const 0) (i32.const 4))",
        )
        .job(
            "text",
            "(i32.store (i32.const 20480) (i32.const 1000000))
             (call $result (i32.const 2) (i32.const 20480) (i32.const 8))",
        )
        .job(
            "value",
            "(i32.store (i32.const 20480) (i32.const 9))
             (call $result (i32.const 0) (i32.const 20480) (i32.const 5))",
        )
        .job(
            "panic",
            "(call $panicked (i32.const 0) (i32.const 3)) (unreachable)",
        );
    let ground = Ground::of(&guest);
    for name in ["status", "text", "panic"] {
        ended_by(&ground.fails(name), JobError::is_pointer);
    }
    // Only the one who waits reads it.
    let error = ground.fails("value");
    assert!(
        error.is_decode() || error.is_pointer(),
        "{error}: {error:?}"
    );
    ground.holds();
}

/// Tells its result twice: the second is a lie.
pub(crate) fn a_result_told_twice() {
    let guest = Guest::new().job(
        "twice",
        "(call $answer (i32.const 1)) (call $answer (i32.const 2))",
    );
    let ground = Ground::of(&guest);
    ended_by(&ground.fails("twice"), JobError::is_pointer);
    ground.holds();
}

pub(crate) fn no_result_told() {
    let guest = Guest::new().job("silent", "(nop)");
    let ground = Ground::of(&guest);
    ended_by(&ground.fails("silent"), JobError::is_pointer);
    ground.holds();
}

/// A job for a worker that is not there gets no id.
pub(crate) fn a_spawn_for_a_worker_that_is_not_there() {
    let mut guest = Guest::new();
    let workers = [2, 1000, i32::MAX, -2, i32::MIN];
    for (n, worker) in workers.iter().enumerate() {
        let body = format!(
            "(if (i64.gt_s (call $spawn (i32.const 1024) (i32.const 33) (i32.const 0)
                 (i32.const {worker})) (i64.const 0))
               (then (call $await (i32.const 1)) (call $answer (global.get $status)))
               (else (call $answer (i32.const 99))))"
        );
        guest = guest.job(&format!("lie_{n}"), &body);
    }
    let ground = Ground::of(&guest);
    for n in 0..workers.len() {
        match ground.run(&format!("lie_{n}"), 0) {
            Ok(99) => {}
            Ok(status) => panic!("a job ran on no worker: {status}"),
            Err(error) => ended_by(&error, JobError::is_pointer),
        }
    }
    ground.holds();
}

/// Ids and places that the job does not own: nothing of anyone's else ends by them.
pub(crate) fn of_what_is_not_its_own() {
    let all = "(local $id i64)
       (loop $next
         (call $cancel (local.get $id)) (call $detach (local.get $id))
         (call $unshare (local.get $id))
         (local.set $id (i64.add (local.get $id) (i64.const 1)))
         (br_if $next (i64.lt_s (local.get $id) (i64.const 200))))
       (call $cancel (i64.const -1)) (call $detach (i64.const -9223372036854775808))
       (call $unshare (i64.const 9223372036854775807))
       (drop (call $shared (i64.const -1)))
       (call $answer (i32.const 0))";
    let guest = Guest::new()
        .job("lies", all)
        .job(
            "closes",
            "(call $close (i32.const 0)) (call $close (i32.const -1)) (call $answer (i32.const 0))",
        )
        .job(
            "sends",
            "(call $send (i32.const 5) (i32.const 1024) (i32.const 4)) (call $answer (i32.const 0))",
        )
        // Shares bytes and awaits a child, which awaits 40 ms: meanwhile the others lie.
        .job(
            "victim",
            "(local $id i64)
             (local.set $id (call $share (i32.const 16384) (i32.const 4)))
             (drop (call $child (i32.const 5) (i32.const 40) (i32.const 0)))
             (call $await (i32.const 1))
             (call $answer (i32.mul (global.get $value) (call $shared (local.get $id))))",
        )
        .job(
            "sleeps",
            "(drop (call $heed (i64.mul (i64.const 1000000) (i64.extend_i32_u (call $arg)))))
             (call $answer (call $arg))",
        );
    let ground = Ground::of(&guest);
    let victims: Vec<_> = (0..4).map(|_| ground.spawn("victim", 0)).collect();
    for _ in 0..20 {
        assert_eq!(ground.run("lies", 0).unwrap(), 0);
        for name in ["closes", "sends"] {
            if let Err(error) = ground.run(name, 0) {
                ended_by(&error, JobError::is_pointer);
            }
        }
    }
    for victim in victims {
        assert_eq!(victim.wait().unwrap(), 160);
    }
    ground.holds();
}
