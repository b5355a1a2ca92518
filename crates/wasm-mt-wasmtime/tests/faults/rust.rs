//! The same of a guest that rustc has compiled, with the library in it: what its users meet.

use std::time::Duration;

use wasm_mt::Buffer;
use wasm_mt_wasmtime::{JobError, Pool, Preemption};

use super::common;
use super::ground::{ended_by, text_of};

const MEMORY: usize = 32 << 20;
const RESULT: usize = 1 << 20;

fn pool() -> Pool {
    Pool::from_file(common::in_rust())
        .threads(2)
        .memory_limit(MEMORY)
        .result_limit(RESULT)
        .abort_grace(Duration::from_millis(20))
        .wasi(|_| Ok(()))
        .build()
        .unwrap()
}

/// It goes on as if nothing had been.
fn holds(pool: &Pool) {
    let fib = pool.job::<u64, u64>("fib").unwrap();
    let handles: Vec<_> = (0..20).map(|_| fib.spawn(15)).collect();
    for handle in handles {
        assert_eq!(handle.wait().unwrap(), 610);
    }
}

fn fails<A: serde::Serialize, R>(pool: &Pool, name: &str, args: A) -> JobError
where
    R: serde::de::DeserializeOwned + std::fmt::Debug,
{
    let job = pool.job::<A, R>(name).unwrap();
    job.spawn(args).wait().unwrap_err()
}

pub(crate) fn a_panic_in_rust() {
    let pool = pool();
    for n in 0..10 {
        let message = format!("boom {n}");
        let error = fails::<_, ()>(&pool, "panics", message.clone());
        ended_by(&error, JobError::is_panic);
        assert_eq!(error.panic_message(), Some(&*message));
        let place = error.panic_location().unwrap_or_default();
        assert!(place.contains("named.rs:"), "{place}");
        holds(&pool);
    }
}

pub(crate) fn limits_in_rust() {
    let pool = pool();
    for _ in 0..5 {
        let error = fails::<_, u64>(&pool, "grows", 1u64 << 30);
        ended_by(&error, JobError::is_memory);
        let error = fails::<_, Vec<u8>>(&pool, "large", RESULT as u64 + 1);
        ended_by(&error, JobError::is_result);
        let error = fails::<_, u64>(&pool, "recurses", 0u64);
        // Where the guest's own stack ends first, it is a trap.
        assert!(error.is_stack() || error.is_trap(), "{error:?}");
        holds(&pool);
    }
}

pub(crate) fn stops_in_rust() {
    let pool = pool();
    let spins = pool.job::<(), ()>("spins").unwrap();
    let sleeps = pool.job::<u64, u64>("sleeps_async").unwrap();
    for n in 0..5 {
        let late = spins.spawn(()).timeout(Duration::from_millis(n));
        ended_by(&late.wait().unwrap_err(), JobError::is_deadline);
        let late = sleeps.spawn(1_000_000).timeout(Duration::from_millis(n));
        ended_by(&late.wait().unwrap_err(), JobError::is_deadline);
        let (one, other) = (spins.spawn(()), sleeps.spawn(1_000_000));
        std::thread::sleep(Duration::from_millis(n));
        one.cancel();
        other.cancel();
        ended_by(&one.wait().unwrap_err(), JobError::is_cancelled);
        ended_by(&other.wait().unwrap_err(), JobError::is_cancelled);
        holds(&pool);
    }
}

/// The error names the type that was to come, on whichever side it is.
pub(crate) fn types_that_are_not_the_guests() {
    let pool = pool();
    let error = fails::<_, (String, Buffer<f32>)>(&pool, "echo", 300u64);
    ended_by(&error, JobError::is_decode);
    assert!(text_of(&error).contains("String"), "{}", text_of(&error));
    let error = fails::<_, String>(&pool, "fib", 20u64);
    ended_by(&error, JobError::is_decode);
    assert!(text_of(&error).contains("String"), "{}", text_of(&error));
    // Bulk that does not divide into its elements.
    let job = pool.job::<(String, Buffer<u8>), (String, Buffer<f32>)>("echo");
    let odd = (String::from("odd"), Buffer(vec![1, 2, 3]));
    ended_by(
        &job.unwrap().spawn(odd).wait().unwrap_err(),
        JobError::is_decode,
    );
    holds(&pool);
}

/// The one that ends is its parent, whose child goes on.
pub(crate) fn parents_stopped_in_rust() {
    let pool = pool();
    let nested = [
        pool.job::<u32, u64>("nested").unwrap(),
        pool.job::<u32, u64>("nested_async").unwrap(),
    ];
    for n in 0..10 {
        for nested in &nested {
            let handle = nested.spawn(50);
            std::thread::sleep(Duration::from_micros(n * 300));
            handle.cancel();
            match handle.wait() {
                Ok(depth) => assert_eq!(depth, 50),
                Err(error) => ended_by(&error, JobError::is_cancelled),
            }
        }
        holds(&pool);
    }
    for nested in &nested {
        assert_eq!(nested.spawn(50).wait().unwrap(), 50);
    }
}

/// Nothing interrupts them, and there is one thread for them and their children.
pub(crate) fn parents_that_poll_in_rust() {
    let pool = Pool::from_file(common::in_rust())
        .threads(1)
        .preemption(Preemption::Off)
        .wasi(|_| Ok(()))
        .build()
        .unwrap();
    let check = pool.job::<String, bool>("check").unwrap();
    let polls = check.spawn("parents_that_poll_let_their_children_begin".into());
    assert!(polls.wait().unwrap());
    holds(&pool);
}
