//! The host's own imports, when they fail, panic or never answer.

use std::future::pending;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use wasm_mt_wasmtime::{Builder, JobError, Preemption};

use super::ground::{Ground, ended_by, of_wasm, text_of};
use super::guest::Guest;

/// `calls` calls `host.call` and answers.
fn calling() -> Builder {
    let guest = Guest::new()
        .job("calls", "(call $call) (call $answer (i32.const 1))")
        .job(
            "parent",
            "(drop (call $child (i32.const 1) (i32.const 0) (i32.const 0)))
         (call $await (i32.const 1))
         (call $answer (global.get $status))",
        );
    of_wasm(&guest.importing("(import \"host\" \"call\" (func $call))"))
}

fn always_fails(ground: &Ground, says: &str) {
    for _ in 0..20 {
        let error = ground.fails("calls");
        ended_by(&error, JobError::is_host);
        let text = text_of(&error);
        assert!(text.contains(says), "{text}");
        assert_ne!(ground.run("parent", 0).unwrap(), 0);
        assert_eq!(ground.run("next", 1).unwrap(), 2);
    }
    ground.holds();
}

pub(crate) fn one_that_errs() {
    let ground = Ground::from(calling().link(|linker| {
        linker.func_wrap("host", "call", || -> wasmtime::Result<()> {
            Err(wasmtime::Error::msg("the disk is full"))
        })?;
        Ok(())
    }));
    always_fails(&ground, "the disk is full");
}

pub(crate) fn an_async_one_that_errs() {
    let ground = Ground::from(calling().link(|linker| {
        linker.func_wrap_async("host", "call", |_, ()| {
            Box::new(async {
                yield_once().await;
                Err::<(), _>(wasmtime::Error::msg("the disk is full"))
            })
        })?;
        Ok(())
    }));
    always_fails(&ground, "the disk is full");
}

/// The error of another pool's job is a host function's as any other.
pub(crate) fn one_that_errs_as_another_job() {
    let other = Ground::with(&Guest::new().job("traps", "(unreachable)"), |builder| {
        builder
    });
    let error = other.fails("traps");
    ended_by(&error, JobError::is_trap);
    let ground = Ground::from(calling().link(move |linker| {
        linker.func_wrap("host", "call", move || -> wasmtime::Result<()> {
            Err(error.clone().into())
        })?;
        Ok(())
    }));
    always_fails(&ground, "unreachable");
}

pub(crate) fn one_that_panics() {
    let ground = Ground::from(calling().link(|linker| {
        linker.func_wrap("host", "call", broken)?;
        Ok(())
    }));
    always_fails(&ground, "a bug of the host's");
}

pub(crate) fn an_async_one_that_panics() {
    let ground = Ground::from(calling().link(|linker| {
        linker.func_wrap_async("host", "call", |_, ()| {
            Box::new(async {
                yield_once().await;
                broken()
            })
        })?;
        Ok(())
    }));
    always_fails(&ground, "a bug of the host's");
}

/// Its caller is cancelled, or its time is over: both settle though nothing in the guest can be asked.
pub(crate) fn an_async_one_that_never_ends() {
    let every = [
        Preemption::Off,
        Preemption::Epoch {
            slice: Duration::from_millis(1),
        },
        Preemption::Fuel {
            slice: 10_000,
            budget: u64::MAX,
        },
    ];
    for preemption in every {
        let (begun, begins) = mpsc::channel();
        let ground = Ground::from(calling().preemption(preemption).link(move |linker| {
            let begun = begun.clone();
            linker.func_wrap_async("host", "call", move |_, ()| {
                let begun = begun.clone();
                Box::new(async move {
                    let _ = begun.send(());
                    pending::<()>().await
                })
            })?;
            Ok(())
        }));
        for _ in 0..5 {
            // Whether one whose time was over had begun is another matter.
            while begins.try_recv().is_ok() {}
            let handle = ground.spawn("calls", 0);
            begins.recv().unwrap();
            handle.cancel();
            ended_by(&handle.wait().unwrap_err(), JobError::is_cancelled);

            let late = ground.spawn("calls", 0).timeout(Duration::from_millis(5));
            ended_by(&late.wait().unwrap_err(), JobError::is_deadline);

            // Its parent too, which waits for it.
            let late = ground.spawn("parent", 0).timeout(Duration::from_millis(5));
            ended_by(&late.wait().unwrap_err(), JobError::is_deadline);
        }
        // The child of a parent that ended goes on, unheard: it ends with the pool.
        drop(ground);
    }
}

/// The module's first instance came up, and later ones do not.
pub(crate) fn one_that_errs_while_an_instance_comes_up() {
    let wasm = Guest::new()
        .abi("(call $call) (i32.const 1)")
        .importing("(import \"host\" \"call\" (func $call))");
    let count = Arc::new(AtomicU32::new(0));
    let ground = Ground::from(of_wasm(&wasm).link(move |linker| {
        linker.func_wrap("host", "call", move || {
            match count.fetch_add(1, Ordering::Relaxed) {
                0 | 7.. => Ok(()),
                1..4 => Err(wasmtime::Error::msg("the disk is full")),
                _ => panic!("a bug of the host's"),
            }
        })?;
        Ok(())
    }));
    for _ in 0..6 {
        ended_by(&ground.fails("next"), JobError::is_host);
    }
    ground.holds();
}

fn broken() {
    panic!("a bug of the host's")
}

/// Pending once.
async fn yield_once() {
    let mut yielded = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut yielded, true) {
            return std::task::Poll::Ready(());
        }
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}
