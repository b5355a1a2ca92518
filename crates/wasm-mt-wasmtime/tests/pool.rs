//! The pool with a guest by hand: each way in which a job ends, and that the pool works on.

mod common;

use std::sync::mpsc;
use std::time::{Duration, Instant};

use common::{builder, job};
use wasm_mt_wasmtime::{Allocation, JobError, Pool, Preemption, Priority, Stats};

const EPOCHS: Preemption = Preemption::Epoch {
    slice: Duration::from_millis(1),
};
const FUEL: Preemption = Preemption::Fuel {
    slice: 10_000,
    budget: 10_000_000,
};

#[track_caller]
fn works(pool: &Pool) {
    assert_eq!(job(pool, "echo").spawn(42).wait().unwrap(), 42);
}

#[track_caller]
fn fails(pool: &Pool, name: &str, is: fn(&JobError) -> bool) -> JobError {
    let error = job(pool, name).spawn(1).wait().unwrap_err();
    assert!(is(&error), "{name}: {error}");
    works(pool);
    error
}

#[test]
fn a_named_job_runs_whatever_the_preemption_and_the_allocation() {
    for preemption in [Preemption::Off, EPOCHS, FUEL] {
        for allocation in [Allocation::OnDemand, Allocation::Pooling, Allocation::Auto] {
            let pool = builder()
                .preemption(preemption)
                .allocation(allocation)
                .max_stores(20)
                .build()
                .unwrap();
            works(&pool);
            assert_ne!(pool.allocation(), Allocation::Auto);
            assert!(allocation == Allocation::Auto || pool.allocation() == allocation);
            pool.shutdown();
        }
    }
}

#[test]
fn each_fault_is_its_own_error_and_the_pool_works_on() {
    let pool = builder()
        .memory_limit(4 << 20)
        .result_limit(50_000)
        .build()
        .unwrap();
    let trap = fails(&pool, "trap", JobError::is_trap);
    assert!(trap.to_string().contains("unreachable"), "{trap}");
    fails(&pool, "recurse", JobError::is_stack);
    fails(&pool, "grow", JobError::is_memory);
    fails(&pool, "large", JobError::is_result);
    fails(&pool, "lie", JobError::is_pointer);
    fails(&pool, "twice", JobError::is_pointer);
    fails(&pool, "silent", JobError::is_pointer);
    let panic = fails(&pool, "panic", JobError::is_panic);
    assert_eq!(panic.panic_message(), Some("oh no"));
    assert_eq!(panic.panic_location(), Some("a.rs:1:2"));
}

#[test]
fn a_host_function_that_fails_or_panics_ends_its_job_alone() {
    let pool = builder().build().unwrap();
    let host = job(&pool, "host");
    assert_eq!(host.spawn(7).wait().unwrap(), 8);
    let error = host.spawn(50).wait().unwrap_err();
    assert!(error.is_host());
    let mut sources = vec![];
    let mut next = std::error::Error::source(&error);
    while let Some(source) = next {
        sources.push(source.to_string());
        next = source.source();
    }
    assert!(
        sources.iter().any(|text| text == "fifty is too much"),
        "{sources:?}"
    );
    let error = host.spawn(60).wait().unwrap_err();
    assert!(
        error.is_host() && error.to_string().contains("sixty"),
        "{error}"
    );
    works(&pool);
}

#[test]
fn a_spinning_job_is_stopped_where_it_is() {
    for preemption in [EPOCHS, FUEL] {
        let pool = builder().threads(1).preemption(preemption);
        // `shutdown` waits so long for its threads.
        let pool = pool.abort_grace(Duration::from_secs(60)).build().unwrap();
        let spin = job(&pool, "spin").spawn(0);
        if preemption == FUEL {
            assert!(spin.wait().unwrap_err().is_fuel());
        } else {
            works(&pool);
            spin.cancel();
            assert!(spin.wait().unwrap_err().is_cancelled());
            let late = job(&pool, "spin")
                .spawn(0)
                .timeout(Duration::from_millis(5));
            assert!(late.wait().unwrap_err().is_deadline());
        }
        works(&pool);
        pool.shutdown();
        assert_eq!(pool.stats().stores(), 0);
    }
}

#[test]
fn a_job_is_cancelled_while_another_thread_waits_for_it() {
    let pool = builder().build().unwrap();
    let spin = job(&pool, "spin").spawn(0);
    let cancels = spin.cancel_handle();
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| spin.wait());
        cancels.clone().cancel();
        assert!(waits.join().unwrap().unwrap_err().is_cancelled());
    });
    assert!(cancels.is_finished());
}

#[test]
fn what_is_urgent_begins_first() {
    let pool = builder().threads(1).max_in_flight(1).build().unwrap();
    let spin = job(&pool, "spin").spawn(0);
    until(&pool, |stats| stats.workers[0].awake == 1);
    // Of one instance, each tells which it is.
    let count = job(&pool, "count");
    let of = |priority| count.clone().with_priority(priority).spawn(0);
    let background = of(Priority::Background);
    let normal = of(Priority::Normal);
    let urgent = of(Priority::Urgent);
    spin.cancel();
    let counted = [urgent, normal, background].map(|handle| handle.wait().unwrap());
    assert_eq!(counted, [1, 2, 3]);
}

/// Until the pool's figures are so.
fn until(pool: &Pool, is: impl Fn(&Stats) -> bool) {
    while !is(&pool.stats()) {
        std::thread::yield_now();
    }
}

#[test]
fn without_preemption_a_job_is_stopped_at_its_checkpoint() {
    let pool = builder()
        .threads(1)
        .preemption(Preemption::Off)
        .build()
        .unwrap();
    let checks = job(&pool, "checks").spawn(0);
    // Another has a turn meanwhile.
    works(&pool);
    checks.cancel();
    assert!(checks.wait().unwrap_err().is_cancelled());
    works(&pool);
}

#[test]
fn children_are_waited_for_on_one_thread_that_may_have_one_job() {
    let pool = builder().threads(1).max_in_flight(1).build().unwrap();
    // The byte names the child's kind, and is what it echoes.
    assert_eq!(job(&pool, "parent").spawn(1).wait().unwrap(), 1);
    let error = job(&pool, "parent").spawn(10).wait().unwrap_err();
    assert!(error.is_panic(), "{error}");
    let error = job(&pool, "parent").spawn(2).wait().unwrap_err();
    assert!(error.is_trap(), "{error}");
    works(&pool);
}

#[test]
fn an_error_that_nobody_waits_for_is_told() {
    let (sender, receiver) = mpsc::channel();
    let pool = builder()
        .on_unhandled(move |error| {
            let _ = sender.send(error);
        })
        .build()
        .unwrap();
    drop(job(&pool, "trap").spawn(0));
    assert!(receiver.recv().unwrap().is_trap());
    assert_eq!(job(&pool, "orphans").spawn(10).wait().unwrap(), 1);
    assert!(receiver.recv().unwrap().is_panic());
}

#[test]
fn a_job_that_awaits_has_a_grace_to_end_in() {
    let (sender, receiver) = mpsc::channel();
    let pool = Pool::builder(common::by_hand())
        .threads(1)
        .abort_grace(Duration::from_secs(60))
        .link(move |linker| {
            linker.func_wrap("test", "host", move |given: i32| {
                let _ = sender.send(given);
                given
            })?;
            Ok(())
        })
        .build()
        .unwrap();
    let patient = job(&pool, "patient").spawn(0);
    // It begins first, and waits when that has ended.
    works(&pool);
    patient.cancel();
    assert!(patient.wait().unwrap_err().is_cancelled());
    assert_eq!(receiver.recv().unwrap(), 99);
    works(&pool);
}

#[test]
fn a_job_that_does_not_end_in_its_grace_is_stopped() {
    let pool = builder()
        .threads(1)
        .abort_grace(Duration::from_millis(5))
        .build()
        .unwrap();
    let wait = job(&pool, "wait").spawn(0);
    works(&pool);
    let stores = pool.stats().stores();
    wait.cancel();
    assert!(wait.wait().unwrap_err().is_cancelled());
    let begun = Instant::now();
    while pool.stats().stores() == stores {
        assert!(begun.elapsed() < Duration::from_secs(20));
        works(&pool);
    }
}

#[test]
fn a_wait_ends_with_its_time() {
    let pool = builder().threads(1).build().unwrap();
    assert_eq!(job(&pool, "sleeper").spawn(5).wait().unwrap(), 7);
}

#[test]
fn an_instance_is_used_again_until_it_has_run_enough() {
    let pool = builder().threads(1).recycle_jobs(3).build().unwrap();
    let count = job(&pool, "count");
    let runs: Vec<_> = (0..5).map(|_| count.spawn(0).wait().unwrap()).collect();
    assert_eq!(runs, [1, 2, 3, 1, 2]);
    assert!(job(&pool, "trap").spawn(0).wait().is_err());
    assert_eq!(count.spawn(0).wait().unwrap(), 1);
}

#[test]
fn what_is_shared_is_there_until_it_is_taken_back() {
    let pool = builder().build().unwrap();
    assert_eq!(job(&pool, "shares").spawn(0).wait().unwrap(), 8);
}

#[test]
fn a_job_for_which_there_is_no_room_is_told_so() {
    let pool = builder()
        .threads(1)
        .max_in_flight(1)
        .capacity(1)
        .build()
        .unwrap();
    let spin = job(&pool, "spin").spawn(0);
    // It has begun when the next has room.
    let echo = job(&pool, "echo");
    let waits = loop {
        match echo.try_spawn(3) {
            Ok(handle) => break handle,
            Err(error) => assert!(error.is_full(), "{error}"),
        }
    };
    assert!(echo.spawn(4).wait().unwrap_err().is_full());
    spin.cancel();
    assert_eq!(waits.wait().unwrap(), 3);
    works(&pool);
}

#[test]
fn shutdown_settles_all() {
    for preemption in [EPOCHS, FUEL, Preemption::Off] {
        let pool = builder()
            .threads(1)
            .max_in_flight(2)
            .preemption(preemption)
            .abort_grace(Duration::from_secs(60))
            .build()
            .unwrap();
        let name = if preemption == Preemption::Off {
            "checks"
        } else {
            "spin"
        };
        let jobs: Vec<_> = [name, "wait", name, name, "echo"]
            .iter()
            .map(|name| job(&pool, name).spawn(0))
            .collect();
        let echo = job(&pool, "echo");
        pool.shutdown();
        for handle in jobs {
            if let Err(error) = handle.wait() {
                assert!(error.is_cancelled() || error.is_fuel(), "{error}");
            }
        }
        assert!(echo.spawn(1).wait().unwrap_err().is_closed());
        assert_eq!(pool.stats().stores(), 0);
    }
}

#[test]
fn a_dropped_pool_ends_its_jobs() {
    let pool = builder().threads(1).build().unwrap();
    let wait = pool.job::<u8, u8>("wait").unwrap().spawn(0);
    drop(pool);
    assert!(wait.wait().unwrap_err().is_cancelled());
}

#[test]
fn stats_tell_what_was_done() {
    let pool = builder().threads(2).build().unwrap();
    for _ in 0..10 {
        works(&pool);
    }
    let stats = pool.stats();
    assert_eq!(stats.workers.len(), 2);
    assert_eq!(stats.run(), 10);
    assert!(stats.stores() > 0 && stats.memory() >= stats.stores() * 2 * 65536);
}

#[test]
fn a_short_job_does_not_wait_for_long_ones() {
    let pool = builder().threads(1).build().unwrap();
    let long: Vec<_> = (0..4).map(|_| job(&pool, "spin").spawn(0)).collect();
    let begun = Instant::now();
    works(&pool);
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(1), "{took:?}");
    drop(long);
}

#[test]
fn a_child_for_which_there_is_no_store_fails_and_its_parent_goes_on() {
    let pool = builder().threads(2).max_stores(1).build().unwrap();
    let error = job(&pool, "parent").spawn(1).wait().unwrap_err();
    assert!(
        error.is_lost() && error.to_string().contains("max_stores"),
        "{error}"
    );
    works(&pool);
    // An idle store of one worker makes way for a job of the other.
    for _ in 0..100 {
        works(&pool);
    }
    assert!(pool.stats().stores() <= 1);
}
