//! The end of a pool, of a handle, and what is asked for that is not there.

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use wasm_mt_wasmtime::{Handle, JobError};

use super::ground::{Ground, builder, ended_by, of_wasm, text_of};
use super::guest::{Guest, SPINS};

fn guest() -> Guest {
    Guest::new()
        .job("spins", SPINS)
        .job("waits", "(drop (call $heed (i64.const -1))) (unreachable)")
        .job(
            "parent",
            "(drop (call $child (i32.const 2) (i32.const 0) (i32.const 0)))
             (call $await (i32.const 1)) (call $answer (global.get $status))",
        )
}

/// Running, waiting for events, waiting for a child, and in line behind all that.
fn full_of_jobs() -> (Ground, Vec<Handle<u8>>) {
    let ground = Ground::from(builder(&guest()).threads(2).max_in_flight(4).max_stores(8));
    let mut handles = Vec::new();
    for name in ["spins", "waits", "parent", "next"] {
        handles.extend((0..10).map(|n| ground.spawn(name, n)));
    }
    (ground, handles)
}

fn all_settle(handles: Vec<Handle<u8>>) {
    for handle in handles {
        if let Err(error) = handle.wait() {
            assert!(
                error.is_closed() || error.is_cancelled() || error.is_limit() || error.is_lost(),
                "{error:?}"
            );
        }
    }
}

pub(crate) fn a_pool_shut_down_with_jobs() {
    let (ground, handles) = full_of_jobs();
    ground.pool.shutdown();
    all_settle(handles);
    // What comes later has the same end.
    if let Ok(job) = ground.pool.job::<u8, u8>("next") {
        ended_by(&job.spawn(1).wait().unwrap_err(), JobError::is_closed);
    }
    ground.pool.shutdown();
    Ground::of(&guest()).holds();
}

pub(crate) fn a_pool_dropped_with_jobs() {
    let (ground, handles) = full_of_jobs();
    drop(ground);
    all_settle(handles);
    Ground::of(&guest()).holds();
}

/// Many pools, one after the other: no thread and no ticker of theirs is left.
pub(crate) fn pools_come_and_go() {
    let wasm = guest().wasm();
    let threads = || std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count);
    for n in 0..10 {
        let ground = Ground::from(of_wasm(&wasm));
        assert_eq!(ground.run("next", n).unwrap(), n + 1);
        drop(ground.spawn("spins", 0));
    }
    let start = std::time::Instant::now();
    while threads() > 8 {
        assert!(start.elapsed() < Duration::from_secs(20), "{}", threads());
        std::thread::yield_now();
    }
}

/// Its job goes on, and its error is told to whom the builder names.
pub(crate) fn a_handle_that_is_dropped() {
    let (tells, told) = mpsc::channel();
    let guest = Guest::new()
        .job("traps", "(unreachable)")
        .job("counts", "(nop)");
    let ground = Ground::with(&guest, |builder| {
        builder.on_unhandled(move |error| {
            let _ = tells.send(error);
        })
    });
    for _ in 0..10 {
        drop(ground.spawn("traps", 0));
        ended_by(&told.recv().unwrap(), JobError::is_trap);
    }
    drop(ground.spawn("next", 0));
    ground.holds();
    assert!(told.try_recv().is_err());
}

/// Whether a child ends before its parent gives it away, or ends itself, or after that: its error is told once.
pub(crate) fn children_of_whom_nobody_heard() {
    let (tells, told) = mpsc::channel();
    let guest = Guest::new().job("traps", "(unreachable)").job(
        "leaves",
        "(local $n i32) (local $given i64)
         (local.set $given (call $child (i32.const 1) (i32.const 0) (i32.const 0)))
         (drop (call $child (i32.const 1) (i32.const 0) (i32.const 0)))
         (local.set $n (i32.mul (call $arg) (i32.const 100)))
         (loop $on (call $checkpoint)
           (local.set $n (i32.sub (local.get $n) (i32.const 1)))
           (br_if $on (i32.gt_s (local.get $n) (i32.const 0))))
         (call $detach (local.get $given))
         (call $answer (i32.const 2))",
    );
    let ground = Ground::with(&guest, |builder| {
        builder.on_unhandled(move |error| {
            let _ = tells.send(error);
        })
    });
    for n in 0..100 {
        let children = ground.run("leaves", n).unwrap();
        for _ in 0..children {
            ended_by(&told.recv().unwrap(), JobError::is_trap);
        }
    }
    ground.holds();
    assert!(told.try_recv().is_err());
}

/// The caller's code may panic where it is told: the thread that tells it lives on.
pub(crate) fn an_on_unhandled_that_panics() {
    let guest = Guest::new().job("traps", "(unreachable)");
    let ground = Ground::with(&guest, |builder| {
        builder.on_unhandled(|error| panic!("the handler too: {error}"))
    });
    for _ in 0..10 {
        drop(ground.spawn("traps", 0));
    }
    ground.holds();
}

/// On a thread of the pool, `wait` would keep the job from running that it waits for: it says so instead.
pub(crate) fn a_handle_waited_for_on_a_worker() {
    let guest = Guest::new().job("calls", "(call $call) (call $answer (i32.const 1))");
    let wasm = guest.importing("(import \"host\" \"call\" (func $call))");
    let waited: Arc<Mutex<Option<Handle<u8>>>> = Arc::default();
    let taken = waited.clone();
    let ground = Ground::from(of_wasm(&wasm).threads(1).link(move |linker| {
        let taken = taken.clone();
        linker.func_wrap("host", "call", move || -> wasmtime::Result<()> {
            let Some(handle) = taken.lock().unwrap().take() else {
                return Ok(());
            };
            handle.wait().map_err(wasmtime::Error::new)?;
            Ok(())
        })?;
        Ok(())
    }));
    *waited.lock().unwrap() = Some(ground.spawn("next", 1));
    // `next` may have ended by then, in which case there is nothing to wait for.
    for _ in 0..10 {
        match ground.run("calls", 0) {
            Ok(number) => assert_eq!(number, 1),
            Err(error) => {
                ended_by(&error, JobError::is_host);
                let text = text_of(&error);
                assert!(text.contains("thread of the job's own pool"), "{text}");
            }
        }
    }
    ground.holds();
}

pub(crate) fn no_job_of_this_name() {
    let ground = Ground::of(&Guest::new());
    for name in ["nothing", "", "next\0", "wasm_mt_run", "ｎext"] {
        let error = ground.pool.job::<u8, u8>(name).unwrap_err();
        assert!(error.is_job(), "{error:?}");
        assert!(text_of(&error).contains(name), "{}", text_of(&error));
    }
    ground.holds();
}

/// What comes does not read as what was asked for: the error names the type.
pub(crate) fn a_result_of_another_type() {
    let ground = Ground::of(&Guest::new());
    let job = ground.pool.job::<u8, String>("next").unwrap();
    let error = job.spawn(1).wait().unwrap_err();
    ended_by(&error, JobError::is_decode);
    assert!(text_of(&error).contains("String"), "{}", text_of(&error));
    let job = ground.pool.job::<u8, ()>("next").unwrap();
    ended_by(&job.spawn(1).wait().unwrap_err(), JobError::is_decode);
    ground.holds();
}

/// What does not encode is not sent: the error names the type.
pub(crate) fn an_argument_that_does_not_encode() {
    struct Refuses;
    impl serde::Serialize for Refuses {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("it will not"))
        }
    }
    let ground = Ground::of(&Guest::new());
    let job = ground.pool.job::<Refuses, u8>("next").unwrap();
    let error = job.spawn(Refuses).wait().unwrap_err();
    ended_by(&error, JobError::is_encode);
    assert!(text_of(&error).contains("Refuses"), "{}", text_of(&error));
    ground.holds();
}

/// Its `Serialize` panics, on the caller's own thread: the pool is none the worse.
pub(crate) fn an_argument_that_panics() {
    struct Panics;
    impl serde::Serialize for Panics {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("the caller's own")
        }
    }
    let ground = Ground::of(&Guest::new());
    let job = ground.pool.job::<Panics, u8>("next").unwrap();
    for _ in 0..5 {
        let spawns = std::panic::AssertUnwindSafe(|| job.spawn(Panics).wait());
        match std::panic::catch_unwind(spawns) {
            Ok(Ok(number)) => panic!("it gave {number}"),
            Ok(Err(error)) => ended_by(&error, JobError::is_encode),
            Err(_) => {}
        }
    }
    ground.holds();
}

/// One of the pool's own threads asks it to end.
pub(crate) fn a_pool_shut_down_by_a_job() {
    let guest = Guest::new().job("calls", "(call $call) (call $answer (i32.const 1))");
    let wasm = guest.importing("(import \"host\" \"call\" (func $call))");
    let pool: Arc<Mutex<Option<wasm_mt_wasmtime::Pool>>> = Arc::default();
    let taken = pool.clone();
    let ground = Ground::from(of_wasm(&wasm).link(move |linker| {
        linker.func_wrap("host", "call", move || {
            let pool = taken.lock().unwrap().take();
            if let Some(pool) = pool {
                pool.shutdown();
            }
        })?;
        Ok(())
    }));
    *pool.lock().unwrap() = Some(ground.pool.clone());
    let handles: Vec<_> = (0..10).map(|_| ground.spawn("calls", 0)).collect();
    all_settle(handles);
    // From outside it can be waited for.
    ground.pool.shutdown();
    assert!(ground.pool.is_closed());
    Ground::of(&Guest::new()).holds();
}
