//! WASI for jobs that a host gives: a context for each store, sleeps that suspend, `exit`, and what is wrong with a context.
#![cfg(feature = "wasi")]

mod program;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use program::{directory, guest};
use wasm_mt_wasmtime::wasmtime_wasi::FsPerms;
use wasm_mt_wasmtime::{Builder, HostJob, Pool, Preemption, wasmtime};

fn builder() -> Builder {
    Pool::from_file(guest()).threads(1)
}

fn state(pool: &Pool) -> HostJob<(), String> {
    pool.job("state").expect("the guest names it")
}

#[test]
fn each_store_has_the_same_context() {
    let data = directory("wasi-data");
    std::fs::write(data.join("file"), "shared").expect("it can be written");
    let pool = builder()
        .threads(2)
        .recycle_jobs(1)
        .wasi(move |context| {
            context.args(&["app", "one", "two"]).env("KEY", "value");
            context.preopened_dir(&data, "/data", FsPerms::ReadOnly)?;
            Ok(())
        })
        .build()
        .expect("the pool is built");
    let state = state(&pool);
    let handles: Vec<_> = (0..20).map(|_| state.spawn(())).collect();
    for handle in handles {
        assert_eq!(handle.wait().expect("it answers"), "one,two value shared");
    }
}

#[test]
fn a_sleeping_job_can_be_stopped_and_keeps_nobody() {
    for preemption in [
        Preemption::Off,
        Preemption::Epoch {
            slice: Duration::from_millis(1),
        },
    ] {
        let pool = builder()
            .preemption(preemption)
            .wasi(|_| Ok(()))
            .build()
            .expect("the pool is built");
        let sleep: HostJob<(), ()> = pool.job("sleep").expect("the guest names it");
        let (cancelled, late) = (sleep.spawn(()), sleep.spawn(()));
        // Both sleep on the one thread, which answers meanwhile.
        assert_eq!(state(&pool).spawn(()).wait().expect("it answers"), "  ");
        cancelled.cancel();
        assert!(
            cancelled
                .wait()
                .expect_err("it was cancelled")
                .is_cancelled()
        );
        let late = late.timeout(Duration::from_millis(20));
        assert!(late.wait().expect_err("its time is over").is_deadline());
        drop(sleep.spawn(()));
        pool.shutdown();
    }
}

#[test]
fn exit_is_an_error_of_the_job_and_the_pool_goes_on() {
    let pool = builder()
        .wasi(|_| Ok(()))
        .build()
        .expect("the pool is built");
    let exit: HostJob<(), ()> = pool.job("exit").expect("the guest names it");
    let error = exit.spawn(()).wait().expect_err("it ends without a value");
    assert!(error.is_lost(), "{error}");
    assert!(error.to_string().contains("with the code 5"), "{error}");
    assert_eq!(state(&pool).spawn(()).wait().expect("it answers"), "  ");
}

#[test]
fn main_is_a_job_whose_value_is_the_exit_code() {
    let pool = builder()
        .wasi(|context| {
            context.args(&["app", "exit", "9"]);
            Ok(())
        })
        .build()
        .expect("the pool is built");
    let main = pool.run_main().expect("it is a program");
    assert_eq!(main.wait().expect("it exits"), 9);
}

#[test]
fn a_context_that_cannot_be_made_is_the_jobs_error() {
    let is_broken = Arc::new(AtomicBool::new(false));
    let breaks = is_broken.clone();
    let pool = builder()
        .wasi(move |_| match breaks.load(Ordering::SeqCst) {
            true => Err(wasmtime::Error::msg("the directory is gone")),
            false => Ok(()),
        })
        .build()
        .expect("the pool is built");
    is_broken.store(true, Ordering::SeqCst);
    let error = state(&pool)
        .spawn(())
        .wait()
        .expect_err("there is no store");
    assert!(error.is_host(), "{error}");
    is_broken.store(false, Ordering::SeqCst);
    assert_eq!(state(&pool).spawn(()).wait().expect("it answers"), "  ");
}

#[test]
fn a_guest_that_imports_wasi_needs_it() {
    let error = builder().build().expect_err("there is no WASI");
    assert!(error.is_imports(), "{error}");
    assert!(error.to_string().contains("Builder::wasi"), "{error}");
}
