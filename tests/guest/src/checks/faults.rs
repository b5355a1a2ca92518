//! Faults: each is the error of its own job, says what it is, and leaves the pool at work.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use wasm_mt::{JoinError, Thread, block_on, channel, job};
use wasm_mt_pool::ThreadPool;

use super::shared::{Check, LONG, spin, this_pool, wait};

pub(crate) const CHECKS: &[Check] = checks! {
    a_panic_comes_with_message_and_place
    a_panic_of_an_async_job
    a_panic_goes_through_its_parent
    an_unreachable_is_a_trap
    memory_out_of_bounds_is_a_trap
    a_stack_overflow_is_a_trap
    what_does_not_encode
    what_does_not_decode
    an_aborted_job_that_waits
    an_aborted_async_job
    an_aborted_job_that_spins
    a_parent_aborts_its_children
    a_timeout_of_a_job_that_spins
    a_timeout_of_an_async_job
    there_are_no_threads_but_the_pools
};

async fn goes_on(pool: &ThreadPool) {
    let n = 20;
    assert_eq!(pool.spawn(job!(|n| n + 1)).timeout(LONG).await.unwrap(), 21);
}

async fn a_panic_comes_with_message_and_place(pool: ThreadPool) {
    let n = 7;
    let line = line!() + 1;
    let failed = pool.spawn(job!(|n| -> u32 { panic!("no {n}") }));
    let beside = pool.spawn(job!(|| 3));
    let error = failed.await.unwrap_err();
    assert!(error.is_panic(), "{error}");
    assert_eq!(error.panic_message(), Some("no 7"));
    let place = error.panic_location().expect("it has a place");
    assert!(place.contains(&format!("faults.rs:{line}:")), "{place}");
    assert_eq!(beside.await.unwrap(), 3);
    goes_on(&pool).await;
}

async fn a_panic_of_an_async_job(pool: ThreadPool) {
    let failed = job!(async || {
        this_pool().spawn(job!(|| 1)).await.expect("it ends well");
        panic!("behind an await");
    });
    let error: JoinError = pool.spawn::<(), _>(failed).await.unwrap_err();
    assert_eq!(error.panic_message(), Some("behind an await"));
    goes_on(&pool).await;
}

async fn a_panic_goes_through_its_parent(pool: ThreadPool) {
    let parent = job!(async || {
        let child = this_pool().spawn(job!(|| -> u32 { panic!("a child's") }));
        let error = child.await.expect_err("it panics");
        (error.is_panic(), error.panic_message().map(String::from))
    });
    let heard = pool.spawn(parent).await.unwrap();
    assert_eq!(heard, (true, Some("a child's".into())));
}

#[cfg(target_os = "wasi")]
fn unreachable() {
    core::arch::wasm32::unreachable();
}

#[cfg(target_os = "wasi")]
fn out_of_bounds() {
    // SAFETY: it is not: no memory is there. The engine traps, which is what is checked.
    let byte = unsafe { std::ptr::read_volatile(std::ptr::without_provenance::<u8>(0xffff_fff0)) };
    std::hint::black_box(byte);
}

#[cfg(target_os = "wasi")]
pub(crate) fn recurse(n: u64) -> u64 {
    if n == u64::MAX {
        return 0;
    }
    std::hint::black_box(recurse(std::hint::black_box(n + 1))) + 1
}

/// Natively a trap ends the process.
#[cfg(target_os = "wasi")]
async fn traps(pool: ThreadPool, f: fn()) {
    let place = f as usize as u64;
    let failed = pool.spawn(job!(|place| {
        // SAFETY: it is the place of an `fn()` of the same module.
        let f = unsafe { std::mem::transmute::<usize, fn()>(place as usize) };
        f();
    }));
    let beside = pool.spawn(job!(|| 3));
    let error = failed.await.unwrap_err();
    assert!(error.is_trap(), "{error}");
    assert_eq!(beside.await.unwrap(), 3);
    goes_on(&pool).await;
}

#[cfg(not(target_os = "wasi"))]
async fn traps(pool: ThreadPool, _: fn()) {
    goes_on(&pool).await;
}

#[cfg(not(target_os = "wasi"))]
fn unreachable() {}
#[cfg(not(target_os = "wasi"))]
fn out_of_bounds() {}
#[cfg(not(target_os = "wasi"))]
pub(crate) fn recurse(n: u64) -> u64 {
    n
}

async fn an_unreachable_is_a_trap(pool: ThreadPool) {
    traps(pool, unreachable).await;
}

async fn memory_out_of_bounds_is_a_trap(pool: ThreadPool) {
    traps(pool, out_of_bounds).await;
}

async fn a_stack_overflow_is_a_trap(pool: ThreadPool) {
    traps(pool, || {
        recurse(0);
    })
    .await;
}

struct NotSent;

impl Serialize for NotSent {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("it stays here"))
    }
}

impl<'de> Deserialize<'de> for NotSent {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Ok(NotSent)
    }
}

struct NotReceived;

impl Serialize for NotReceived {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl<'de> Deserialize<'de> for NotReceived {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(serde::de::Error::custom("nobody takes it"))
    }
}

/// Natively values move where nobody checks them.
fn values_are_encoded() -> bool {
    cfg!(any(target_os = "wasi", debug_assertions))
}

async fn what_does_not_encode(pool: ThreadPool) {
    if !values_are_encoded() {
        return;
    }
    let value = NotSent;
    let argument = pool
        .spawn(job!(|value: NotSent| matches!(value, NotSent)))
        .await;
    let error = argument.unwrap_err();
    assert!(error.is_encode() && !error.may_have_run(), "{error}");
    assert!(error.to_string().contains("NotSent"), "{error}");
    let error = pool.spawn(job!(|| NotSent)).await.err().unwrap();
    assert!(error.is_encode() && error.may_have_run(), "{error}");
    assert!(error.to_string().contains("NotSent"), "{error}");
    goes_on(&pool).await;
}

async fn what_does_not_decode(pool: ThreadPool) {
    if !values_are_encoded() {
        return;
    }
    let value = NotReceived;
    let argument = pool
        .spawn(job!(|value: NotReceived| matches!(value, NotReceived)))
        .await;
    let error = argument.unwrap_err();
    assert!(error.is_decode(), "{error}");
    assert!(error.to_string().contains("NotReceived"), "{error}");
    let error = pool.spawn(job!(|| NotReceived)).await.err().unwrap();
    assert!(error.is_decode(), "{error}");
    goes_on(&pool).await;
}

async fn an_aborted_job_that_waits(pool: ThreadPool) {
    let handle = pool.spawn(job!(|| 1));
    handle.abort();
    assert!(handle.is_finished());
    assert!(handle.await.unwrap_err().is_cancelled());
    goes_on(&pool).await;
}

async fn an_aborted_async_job(pool: ThreadPool) {
    let (begun, mut begins) = channel();
    let handle = pool.spawn(job!(async |begun| wait(begun).await));
    assert!(begins.recv().await.is_some());
    handle.abort();
    assert!(handle.await.unwrap_err().is_cancelled());
    assert!(begins.recv().await.is_none());
    goes_on(&pool).await;
}

async fn an_aborted_job_that_spins(pool: ThreadPool) {
    let (begun, mut begins) = channel();
    let handle = pool.spawn(job!(|begun| spin(&begun)));
    assert!(begins.recv().await.is_some());
    handle.abort();
    assert!(handle.await.unwrap_err().is_cancelled());
    assert!(begins.recv().await.is_none());
    goes_on(&pool).await;
}

async fn a_parent_aborts_its_children(pool: ThreadPool) {
    let parent = job!(async || {
        let pool = this_pool();
        let (begun, mut begins) = channel();
        let waits = pool.spawn(job!(async |begun| wait(begun).await));
        assert!(begins.recv().await.is_some());
        waits.abort();
        assert!(waits.await.expect_err("it was aborted").is_cancelled());
        if cfg!(target_os = "wasi") {
            // Natively it may have its parent's thread.
            let (begun, mut begins) = channel();
            let spins = pool.spawn(job!(|begun| spin(&begun)));
            assert!(begins.recv().await.is_some());
            spins.abort();
            assert!(spins.await.expect_err("it was aborted").is_cancelled());
        }
    });
    pool.spawn(parent).timeout(LONG).await.unwrap();
    goes_on(&pool).await;
}

async fn a_timeout_of_a_job_that_spins(pool: ThreadPool) {
    let (begun, _begins) = channel();
    let handle = pool.spawn(job!(|begun| spin(&begun)));
    let error = handle.timeout(Duration::from_millis(50)).await.unwrap_err();
    assert!(error.is_deadline(), "{error}");
    goes_on(&pool).await;
}

async fn a_timeout_of_an_async_job(pool: ThreadPool) {
    let (begun, _begins) = channel();
    let handle = pool.spawn(job!(async |begun| wait(begun).await));
    let error = handle.timeout(Duration::from_millis(50)).await.unwrap_err();
    assert!(error.is_deadline(), "{error}");
    goes_on(&pool).await;
}

async fn there_are_no_threads_but_the_pools(pool: ThreadPool) {
    if cfg!(target_os = "wasi") {
        let error = Thread::start().await.err().unwrap();
        assert!(error.is_unsupported(), "{error}");
        assert!(error.to_string().contains("wasm_mt_pool"), "{error}");
        let in_a_job = job!(|| block_on(Thread::start()).is_err());
        assert!(pool.spawn(in_a_job).await.unwrap());
    }
    goes_on(&pool).await;
}
