//! Pools whose jobs travel through shared memory, where the page has it, and the error where it has not.
//!
//! Each body builds its pool by [`sharing`], which fails where a page that is isolated has a pool that is not shared: nothing here
//! falls back in silence.

use std::cell::RefCell;
use std::future::pending;
use std::time::Duration;

use futures::StreamExt;
use futures::future::join_all;
use js_sys::futures::JsFuture;
use js_sys::{
    Array, Atomics, Date, Function, Int32Array, Object, Promise, Reflect, SharedArrayBuffer,
};
use wasm_bindgen::prelude::*;
use wasm_mt::{
    Buffer, Job, JoinHandle, Sender, Thread, Transfer, Travel, channel, checkpoint, job,
};
use wasm_mt_pool::{Builder, Fabric, Priority, ThreadPool, join};

use crate::common::{
    LONG, all_go_on, built, busy_for, count, counted, endless, runs_dry, this_thread, thread, until,
};
use crate::deaths::{freed, hold, some_lock};
use crate::js_values::{MessageChannel, MessagePort};

#[wasm_bindgen]
extern "C" {
    /// What ends a worker from within.
    fn close();
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, milliseconds: i32);
    #[wasm_bindgen(js_namespace = ["navigator", "locks"], js_name = request)]
    fn request_lock(name: &str, options: &Object, held: &Function) -> Promise;
}

fn get(of: &JsValue, name: &str) -> JsValue {
    Reflect::get(of, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

fn is_isolated() -> bool {
    get(&js_sys::global(), "crossOriginIsolated").is_truthy()
}

/// The builder's pool, through shared memory. `None` where the page is not isolated, and the error has said so.
async fn shared(builder: Builder) -> Option<ThreadPool> {
    match builder.fabric(Fabric::Shared).build().await {
        Ok(pool) => {
            assert!(is_isolated());
            assert_eq!(pool.fabric(), Fabric::Shared);
            Some(pool)
        }
        Err(error) => {
            assert!(!is_isolated(), "{error}");
            assert!(error.is_not_shared(), "{error}");
            None
        }
    }
}

async fn sharing(workers: usize) -> Option<ThreadPool> {
    shared(ThreadPool::builder().workers(workers)).await
}

/// One that lets an aborted job go on for ever, unless it calls `checkpoint`.
async fn without_grace(workers: usize) -> Option<ThreadPool> {
    let threads = Thread::builder().abort_grace(None);
    shared(ThreadPool::builder().workers(workers).threads(threads)).await
}

/// While it is there, no shared memory is to be had.
struct NoMemory {
    constructor: JsValue,
}

impl NoMemory {
    const NAME: &str = "SharedArrayBuffer";

    fn new() -> Self {
        let constructor = get(&js_sys::global(), Self::NAME);
        let refuses = Function::new_no_args("throw new RangeError('there is no memory left')");
        Reflect::set(&js_sys::global(), &Self::NAME.into(), &refuses).unwrap();
        NoMemory { constructor }
    }
}

impl Drop for NoMemory {
    fn drop(&mut self) {
        Reflect::set(&js_sys::global(), &Self::NAME.into(), &self.constructor).unwrap();
    }
}

/// While it is there, the workers that are made are known to it, and have no Web Locks where that is said.
struct Known {
    constructor: JsValue,
    made: Array,
}

impl Known {
    const NAME: &str = "Worker";

    fn new(locks: bool) -> Self {
        let constructor = get(&js_sys::global(), Self::NAME);
        let made = Array::new();
        let knows = Function::new_with_args(
            "Worker, made, locks",
            "return class extends Worker {
                constructor(url, options) {
                    const none = `Object.defineProperty(navigator, 'locks', { value: undefined });`;
                    const without = new Blob([none, `importScripts('${url}')`]);
                    super(locks ? url : URL.createObjectURL(without), options);
                    made.push(this);
                }
            }",
        );
        let knows = knows.call3(&JsValue::NULL, &constructor, &made, &locks.into());
        Reflect::set(&js_sys::global(), &Self::NAME.into(), &knows.unwrap()).unwrap();
        Known { constructor, made }
    }

    /// Ends them behind their owner's back, as a browser may.
    fn kill(self) {
        for worker in self.made.iter() {
            let ends: Function = get(&worker, "terminate").unchecked_into();
            ends.call0(&worker).unwrap();
        }
    }
}

impl Drop for Known {
    fn drop(&mut self) {
        Reflect::set(&js_sys::global(), &Self::NAME.into(), &self.constructor).unwrap();
    }
}

fn ups(pool: &ThreadPool) -> usize {
    let stats = pool.stats();
    stats.workers.iter().filter(|worker| worker.up).count()
}

fn fib(n: u32) -> u64 {
    if n < 2 {
        return n.into();
    }
    let (a, b) = join(|| fib(n - 1), job!(|n| fib(n - 2)));
    a + b
}

thread_local! {
    static MEETING: RefCell<Option<Int32Array>> = const { RefCell::new(None) };
}

/// Waits for so many in the meeting of this number. False where they do not come.
fn meets(round: u32, all: i32) -> bool {
    let Some(here) = MEETING.with_borrow(Clone::clone) else {
        return false;
    };
    let end = Date::now() + 20_000.0;
    let _ = Atomics::add(&here, round, 1);
    while Atomics::load(&here, round).is_ok_and(|here| here < all) {
        if Date::now() > end {
            return false;
        }
    }
    true
}

/// Waits for the memory in which this thread is to meet others.
async fn hears_of_meetings(port: MessagePort) {
    let told = Promise::new(&mut |resolve, _| port.set_onmessage(&resolve));
    let memory = get(&JsFuture::from(told).await.unwrap(), "data");
    MEETING.set(Some(Int32Array::new(&memory)));
}

/// Each worker is woken for jobs of shared memory: so many of those end only when all workers run at once.
async fn all_are_woken(pool: &ThreadPool) {
    const ROUNDS: u32 = 10;
    all_go_on(pool).await;
    let memory = SharedArrayBuffer::new(4 * ROUNDS);
    let told = pool.broadcast(|_| {
        // A port shares it in all browsers; a clone of it, which a `Js` is, is another thing in WebKit.
        let channel = MessageChannel::new();
        channel.port1().post_message(&memory);
        let port = Transfer(channel.port2());
        job!(async |port| hears_of_meetings(port.0).await)
    });
    for told in told.await {
        told.unwrap();
    }
    let all = pool.workers() as i32;
    for round in 0..ROUNDS {
        let meetings = (0..all).map(|_| pool.spawn(job!(|round, all| meets(round, all))));
        let meetings: Vec<_> = meetings.collect();
        for meeting in meetings {
            assert!(
                meeting.await.unwrap(),
                "not all of {all} workers run in round {round}: {:?}",
                pool.stats()
            );
        }
        // So that some of them sleep, more deeply each time. Nothing depends on it.
        wasm_mt::utils::sleep(round * 8).await;
    }
    runs_dry(pool).await;
}

pub async fn a_pool_says_which_way_its_jobs_travel() {
    let global = js_sys::global();
    let fetch: Function = get(&global, "fetch").unchecked_into();
    let page = fetch.call1(&global, &"/".into()).unwrap();
    let page = JsFuture::from(page.unchecked_into::<Promise>())
        .await
        .unwrap();
    let headers = get(&page, "headers");
    let ask: Function = get(&headers, "get").unchecked_into();
    let policy = ask.call1(&headers, &"cross-origin-opener-policy".into());
    // What the server asks for the browser does, or this fails.
    assert_eq!(is_isolated(), policy.unwrap().is_string());

    let auto = built(ThreadPool::builder().workers(2)).await;
    let best = if is_isolated() {
        Fabric::Shared
    } else {
        Fabric::Post
    };
    assert_eq!(auto.fabric(), best);
    all_go_on(&auto).await;
    let post = built(ThreadPool::builder().workers(2).fabric(Fabric::Post)).await;
    assert_eq!(post.fabric(), Fabric::Post);
    let here = post.spawn(job!(|| (this_thread(), fib(10)))).await.unwrap();
    assert_eq!(here.1, 55);
    let both = post.spawn(job!(|| join(this_thread, job!(|| this_thread()))));
    let (a, b) = both.await.unwrap();
    assert_eq!(a, b);
    assert_eq!(post.map(0..1000u32, |n| n + 1).await.unwrap()[999], 1000);
    all_go_on(&post).await;
}

pub async fn shared_memory_that_cannot_be_had_is_a_start_error_that_says_why() {
    let start = ThreadPool::builder().workers(1).fabric(Fabric::Shared);
    match start.build().await {
        Ok(pool) => {
            assert!(is_isolated());
            assert_eq!(pool.fabric(), Fabric::Shared);
            all_are_woken(&pool).await;
        }
        Err(error) => {
            assert!(!is_isolated() && error.is_not_shared(), "{error}");
            let text = error.to_string();
            assert!(text.contains("cross-origin isolated"), "{error}");
            assert!(text.contains("Cross-Origin-Opener-Policy"), "{error}");
        }
    }
}

pub async fn workers_go_on_while_their_owner_is_blocked() {
    let Some(pool) = sharing(2).await else { return };
    let work = || {
        (0..300).map(|n: u32| {
            pool.spawn(job!(|n| {
                busy_for(3.0);
                (n, Date::now())
            }))
        })
    };
    let mut jobs: Vec<_> = work().collect();
    let rest = jobs.split_off(1);
    for first in jobs {
        first.await.unwrap();
    }
    let before = Date::now();
    busy_for(1500.0);
    let after = Date::now();
    let mut meanwhile = 0;
    for (n, job) in (1..).zip(rest) {
        let (of, at) = job.await.unwrap();
        assert_eq!(of, n);
        assert!(
            at <= after,
            "it ended {} ms after its owner was free",
            at - after
        );
        meanwhile += u32::from(at > before);
    }
    assert!(
        meanwhile > 10,
        "{meanwhile} ended while the owner was blocked"
    );
    all_are_woken(&pool).await;
}

/// Works for so many milliseconds on as many workers as come, and gives when the last of them had done so, and which.
fn works(milliseconds: u32) -> (f64, Vec<u64>) {
    if milliseconds <= 5 {
        busy_for(f64::from(milliseconds));
        return (Date::now(), vec![this_thread()]);
    }
    let half = milliseconds / 2;
    let ((a, mut threads), (b, others)) = join(|| works(half), job!(|half| works(half)));
    threads.extend(others);
    threads.sort();
    threads.dedup();
    (a.max(b), threads)
}

pub async fn a_tree_of_halves_ends_while_its_owner_is_blocked() {
    let Some(pool) = sharing(2).await else { return };
    // A worker that has rested for long is woken by its owner alone: both have worked just now.
    loop {
        let threads = pool.map(0..20u32, |_| {
            busy_for(1.0);
            this_thread()
        });
        let threads = threads.await.unwrap();
        if threads.iter().any(|id| *id != threads[0]) {
            break;
        }
    }
    let (tells, mut told) = channel::<u32>();
    // The sender has it go by message; what it forks does not.
    let tree = pool.spawn(job!(|tells: Sender<u32>| {
        let _ = tells.send(1);
        works(200)
    }));
    told.next().await;
    let before = Date::now();
    busy_for(1500.0);
    let after = Date::now();
    let (at, threads) = tree.await.unwrap();
    assert!(before < at && at < after, "{before} {at} {after}");
    assert_eq!(threads.len(), 2);
    assert!(pool.stats().stolen() > 0, "{:?}", pool.stats());
    all_are_woken(&pool).await;
}

pub async fn five_thousand_jobs_go_one_by_one() {
    let Some(pool) = sharing(2).await else { return };
    for n in 0..5000u32 {
        assert_eq!(pool.spawn(job!(|n| n + 1)).await.unwrap(), n + 1);
    }
    all_are_woken(&pool).await;
}

/// One of a kind that is known to be short, though not each of them is.
fn short(n: u32) -> u32 {
    match n {
        ENDLESS => endless(),
        SLOW => {
            busy_for(700.0);
            n + 1
        }
        _ => n + 1,
    }
}

const ENDLESS: u32 = 700;
const SLOW: u32 = 5200;

/// Gives up on some of many short jobs, of which one is not short.
async fn a_slow_one_goes_on(pool: &ThreadPool, beside: impl Fn(u32) -> bool) {
    let spawned = |ids: std::ops::Range<u32>| -> Vec<_> {
        ids.map(|n| pool.spawn(job!(|n| short(n)))).collect()
    };
    for _ in 0..3 {
        join_all(spawned(0..500)).await;
    }
    let handles = spawned(5000..5500);
    busy_for(30.0);
    for (n, handle) in (5000..).zip(&handles) {
        if n != SLOW && beside(n) {
            handle.abort();
        }
    }
    for (n, handle) in (5000..).zip(handles) {
        match handle.timeout(LONG).await {
            Err(error) => assert!(
                n != SLOW && beside(n) && error.is_cancelled(),
                "{n}: {error}"
            ),
            Ok(value) => assert_eq!(value, n + 1),
        }
    }
}

pub async fn short_jobs_that_share_a_place_are_given_up_on_one_by_one() {
    let Some(pool) = sharing(2).await else { return };
    let spawned = |ids: std::ops::Range<u32>| -> Vec<_> {
        ids.map(|n| pool.spawn(job!(|n| short(n)))).collect()
    };
    for _ in 0..3 {
        for (n, outcome) in (0..).zip(join_all(spawned(0..500)).await) {
            assert_eq!(outcome.unwrap(), n + 1);
        }
    }
    let handles = spawned(1000..4000);
    handles.iter().step_by(3).for_each(|handle| handle.abort());
    for (n, handle) in (1000..).zip(handles) {
        match handle.timeout(LONG).await {
            Err(error) => assert!(n % 3 == 1 && error.is_cancelled(), "{n}: {error}"),
            Ok(value) => assert!(n % 3 != 1 && value == n + 1, "{n}: {value}"),
        }
    }
    let handles = spawned(500..1000);
    // The workers come to it meanwhile, and nothing is heard of them.
    busy_for(30.0);
    handles[(ENDLESS - 500) as usize].abort();
    for (n, handle) in (500..).zip(handles) {
        match handle.timeout(LONG).await {
            Err(error) if n == ENDLESS => assert!(error.is_cancelled(), "{error}"),
            // It had run, and its worker had not told.
            Err(error) => assert!(
                n < ENDLESS && n + 64 > ENDLESS && error.is_lost(),
                "{n}: {error}"
            ),
            Ok(value) => assert_eq!(value, n + 1),
        }
    }
    // One that takes longer than the grace of those beside it is not ended for them,
    a_slow_one_goes_on(&pool, |n| n.abs_diff(SLOW) < 64).await;
    // nor for those before it, of which nobody tells meanwhile.
    let alone = shared(ThreadPool::builder().workers(1)).await.unwrap();
    a_slow_one_goes_on(&alone, |n| n < SLOW).await;
    all_are_woken(&pool).await;
}

pub async fn more_jobs_wait_than_shared_memory_holds() {
    let Some(pool) = sharing(2).await else { return };
    let results = pool.map(0..20_000u32, |n| n.wrapping_mul(n)).await.unwrap();
    for (n, result) in (0u32..).zip(results) {
        assert_eq!(result, n.wrapping_mul(n));
    }
    let handles: Vec<_> = (0..10_000u32)
        .map(|n| {
            let rank = [Priority::Urgent, Priority::Normal, Priority::Background][n as usize % 3];
            pool.with_priority(rank).spawn(job!(|n| n + 1))
        })
        .collect();
    for (n, handle) in (0..).zip(handles) {
        assert_eq!(handle.await.unwrap(), n + 1);
    }
    all_are_woken(&pool).await;
}

pub async fn what_goes_through_shared_memory_may_be_short_or_long() {
    let Some(pool) = sharing(2).await else { return };
    let sizes = (0..200).chain((65_300..65_700).step_by(13));
    let turned = sizes.chain([1 << 17, 1 << 20]).map(|size: usize| {
        let bytes: Vec<u8> = (0..size).map(|n| (n % 253) as u8).collect();
        let sent = bytes.clone();
        let back = pool.spawn(job!(|sent: Vec<u8>| {
            let mut sent = sent;
            sent.reverse();
            sent
        }));
        async move { assert!(back.await.unwrap().iter().rev().eq(&bytes), "{size}") }
    });
    join_all(turned).await;
    // Short there and long back, and the other way round.
    for size in [0u32, 50, 90, 100, 110, 120, 65_500, 65_536, 65_537, 300_000] {
        let long = pool.spawn(job!(|size: u32| vec![7u8; size as usize]));
        let long = long.await.unwrap();
        assert_eq!(long, vec![7; size as usize]);
        let short = pool.spawn(job!(|long: Vec<u8>| long.len() as u32));
        assert_eq!(short.await.unwrap(), size);
        let buffer = pool.spawn(job!(|size: u32| Buffer(vec![size; 10])));
        assert_eq!(*buffer.await.unwrap(), vec![size; 10]);
    }
    all_are_woken(&pool).await;
}

pub async fn results_that_nobody_collects_find_room_or_go_by_message() {
    let Some(pool) = sharing(2).await else { return };
    for _ in 0..3 {
        let handles: Vec<_> = (0..300u32)
            .map(|n| pool.spawn(job!(|n| vec![n; 15_000])))
            .collect();
        let mut handles = handles.into_iter();
        assert_eq!(handles.next().unwrap().await.unwrap(), vec![0; 15_000]);
        // 18 MB come meanwhile.
        busy_for(300.0);
        for (n, handle) in (1..).zip(handles) {
            assert_eq!(handle.await.unwrap(), vec![n; 15_000]);
        }
    }
    all_are_woken(&pool).await;
}

pub async fn what_dies_at_shared_work_takes_nothing_else_along() {
    let Some(pool) = sharing(2).await else { return };
    for round in 0..3u32 {
        let handles: Vec<_> = (0..400u32)
            .map(|n| {
                pool.spawn(job!(|n, round| {
                    match (n + round) % 100 {
                        50 => panic!("it is {n}"),
                        99 => core::arch::wasm32::unreachable(),
                        _ => n,
                    }
                }))
            })
            .collect();
        for (n, handle) in (0..).zip(handles) {
            match (handle.await, (n + round) % 100) {
                (Err(error), 50) => {
                    assert_eq!(error.panic_message(), Some(&*format!("it is {n}")));
                }
                (Err(error), 99) => assert!(error.is_trap(), "{error}"),
                (outcome, _) => assert_eq!(outcome.unwrap(), n),
            }
        }
        let items = pool.map(0..1000u32, |n| {
            assert!(n % 250 != 100, "it is {n}");
            n
        });
        let items: Vec<_> = items.stream().collect().await;
        assert_eq!(items.len(), 1000);
        for (n, outcome) in items {
            assert_eq!(outcome.is_ok(), n % 250 != 100, "{n}: {outcome:?}");
        }
    }
    all_are_woken(&pool).await;
}

/// Half of a job, which another worker has: it waits for that.
fn forked<T: Travel>(half: fn(f64) -> T) -> T {
    // Only another worker ends before that time, which the caller passes.
    let limit = Date::now() + 400.0;
    join(|| busy_for(100.0), Job::new(limit, half)).1
}

pub async fn a_joined_worker_that_dies_fails_its_joiner_alone() {
    let Some(pool) = sharing(2).await else { return };
    for _ in 0..3 {
        let panics = pool.spawn(job!(|| forked(|_| -> u32 { panic!("in a half") })));
        let error = panics.await.unwrap_err();
        assert_eq!(error.panic_message(), Some("in a half"), "{error}");
        let place = error.panic_location().unwrap_or_default();
        assert!(place.contains("pool_shared.rs"), "{error}");

        let traps = pool.spawn(job!(|| forked(|_| -> u32 {
            core::arch::wasm32::unreachable()
        })));
        let error = traps.await.unwrap_err();
        // Where the half ran in place, the trap is the job's own.
        let told = error.to_string();
        assert!(error.is_trap() || told.contains("lost"), "{error}");

        let closes = pool.spawn(job!(|| forked(|_| {
            close();
            7
        })));
        match closes.await {
            Ok(seven) => assert_eq!(seven, 7),
            Err(error) => assert!(error.is_lost() || error.is_panic(), "{error}"),
        }
        let beside = pool.spawn(job!(|| fib(10)));
        assert_eq!(beside.await.unwrap(), 55);
        all_go_on(&pool).await;
    }
    all_are_woken(&pool).await;
}

pub async fn a_worker_that_is_ended_with_stolen_work_loses_none() {
    let threads = Thread::builder().abort_grace(Duration::from_millis(100));
    let Some(pool) = shared(ThreadPool::builder().workers(2).threads(threads)).await else {
        return;
    };
    for _ in 0..3 {
        // A half that does not end is stolen, or keeps its own worker.
        let stuck = pool.spawn(job!(|| forked(|_| endless())));
        let beside: Vec<_> = (0..50u32)
            .map(|n| pool.spawn(job!(|n| fib(n % 10))))
            .collect();
        let stuck = stuck.timeout(Duration::from_millis(300));
        for (n, beside) in beside.into_iter().enumerate() {
            let expected = [0, 1, 1, 2, 3, 5, 8, 13, 21, 34][n % 10];
            assert_eq!(beside.timeout(LONG).await.unwrap(), expected);
        }
        assert!(stuck.await.unwrap_err().is_deadline());
    }
    all_are_woken(&pool).await;
}

pub async fn a_parked_worker_that_closes_is_replaced() {
    let Some(pool) = sharing(2).await else { return };
    let lock = some_lock();
    let name = lock.clone();
    let closes = pool.spawn(job!(async |name| {
        hold(name).await;
        let ends = Closure::once_into_js(close);
        set_timeout(ends.unchecked_ref(), 50);
    }));
    closes.await.unwrap();
    // It is at rest then.
    freed(&lock).await;
    all_are_woken(&pool).await;
}

/// Half of them fork, so that a worker has its own board to look at and another's.
fn many(pool: &ThreadPool) -> Vec<JoinHandle<u64>> {
    let jobs = (0..50).map(|n: u32| pool.spawn(job!(|n| fib(n % 10))));
    jobs.collect()
}

/// Jobs that were laid for workers which have been ended. One of those may have been woken for a job, and have begun it.
async fn settle(jobs: Vec<JoinHandle<u64>>) {
    for job in jobs {
        if let Err(error) = job.timeout(LONG).await {
            assert!(error.is_lost() && error.may_have_run(), "{error}");
        }
    }
}

/// Each has been found to be there or not: what is posted to one before that is known is lost with it.
async fn misses_its_workers(pool: &ThreadPool) {
    drop(pool.broadcast(|_| job!(|| ())).await);
}

/// What workers have for as long as they live.
const LIFE: &str = "tests of wasm-mt: a parked worker";

fn holds_its_life() {
    let options = Object::new();
    let _ = Reflect::set(&options, &"mode".into(), &"shared".into());
    let held = Closure::once_into_js(|| Promise::new(&mut |_, _| {}));
    let _ = request_lock(LIFE, &options, held.unchecked_ref());
}

pub async fn workers_that_are_killed_while_they_are_parked_are_replaced() {
    for waits in [false, true] {
        let known = Known::new(true);
        let threads = Thread::builder().on_start(holds_its_life);
        let Some(pool) = shared(ThreadPool::builder().workers(2).threads(threads)).await else {
            return;
        };
        // They have run nothing but what was laid.
        for job in many(&pool) {
            job.await.unwrap();
        }
        known.kill();
        if waits {
            // They have really ended, and their owner does not know it yet.
            freed(LIFE).await;
        }
        settle(many(&pool)).await;
        misses_its_workers(&pool).await;
        all_are_woken(&pool).await;
    }
}

/// A pool of its own for as long as this worker lives, whose workers have locks of these names. One of them runs what was laid, and
/// the other is parked.
async fn keeps_a_sharing_pool(locks: [String; 2], tells: Sender<()>) {
    if let Some(pool) = sharing(2).await {
        let held = pool.broadcast(|worker| {
            let lock = locks[worker].clone();
            job!(async |lock| hold(lock).await)
        });
        for held in held.await {
            held.unwrap();
        }
        let _spins = pool.spawn(job!(|| spins(0.0)));
        until(|| pool.stats().waiting == 0).await;
        tells.send(()).unwrap();
        pending::<()>().await;
    }
}

pub async fn what_a_sharing_pool_has_ends_with_its_owner() {
    let owner = thread().await;
    let locks = [some_lock(), some_lock()];
    let names = locks.clone();
    let (tells, mut told) = channel::<()>();
    let keeps = owner.spawn(job!(async |names, tells: Sender<()>| keeps_a_sharing_pool(
        names, tells
    )
    .await));
    told.next().await;
    owner.terminate();
    match keeps.await {
        Ok(()) => assert!(!is_isolated()),
        Err(error) => assert!(error.is_cancelled(), "{error}"),
    }
    for lock in locks {
        freed(&lock).await;
    }
}

pub async fn workers_without_locks_that_are_killed_are_noticed_by_their_silence() {
    let known = Known::new(false);
    let threads = Thread::builder().silence_limit(Duration::from_millis(300));
    let Some(pool) = shared(ThreadPool::builder().workers(2).threads(threads)).await else {
        return;
    };
    for job in many(&pool) {
        job.await.unwrap();
    }
    // One that works for longer gives no sign of life, and neither does the one that has its other half.
    pool.spawn(job!(|| works(1500))).await.unwrap();
    pool.spawn(job!(|| busy_for(700.0))).await.unwrap();
    // Nothing is out, so they are not asked any more.
    wasm_mt::utils::sleep(700).await;
    known.kill();
    settle(many(&pool)).await;
    misses_its_workers(&pool).await;
    all_are_woken(&pool).await;
}

/// Aborts a job that has begun, mostly. Its worker is free again by a checkpoint alone.
async fn aborts(pool: &ThreadPool, job: Job<u32>, wait: u32) {
    let handle = pool.spawn(job);
    wasm_mt::utils::sleep(wait).await;
    handle.abort();
    assert!(handle.await.unwrap_err().is_cancelled());
    all_go_on(pool).await;
}

fn spins(_: f64) -> u32 {
    loop {
        checkpoint();
    }
}

pub async fn a_checkpoint_ends_an_aborted_job_at_once() {
    let Some(pool) = without_grace(2).await else {
        return;
    };
    for wait in [0, 30, 5, 50] {
        aborts(&pool, job!(|| spins(0.0)), wait).await;
        // Its neighbours in shared memory run elsewhere.
        let beside: Vec<_> = (0..50u32).map(|n| pool.spawn(job!(|n| n + 1))).collect();
        aborts(&pool, job!(|| fib(5) as u32 + spins(0.0)), wait).await;
        for (n, beside) in (0..).zip(beside) {
            assert_eq!(beside.await.unwrap(), n + 1);
        }
    }
    let map = pool.map(0..10u32, |n| if n == 0 { n } else { spins(0.0) });
    let mut items = map.stream();
    assert_eq!(items.next().await.unwrap().1.unwrap(), 0);
    wasm_mt::utils::sleep(30).await;
    drop(items);
    all_go_on(&pool).await;
    all_are_woken(&pool).await;
}

pub async fn a_checkpoint_ends_an_aborted_job_that_was_posted_too() {
    let threads = Thread::builder().abort_grace(LONG);
    let Some(pool) = shared(ThreadPool::builder().workers(1).threads(threads)).await else {
        return;
    };
    let x = 1.0f64;
    for wait in [0, 30, 5] {
        let bulk = Buffer::from(vec![x]);
        aborts(&pool, job!(|bulk| spins(bulk[0])), wait).await;
        aborts(&pool, job!(async |x| spins(x)), wait).await;
    }
    all_are_woken(&pool).await;
}

pub async fn a_job_that_is_aborted_before_its_worker_is_known_to_be_up_keeps_no_worker() {
    let threads = Thread::builder().on_start(|| busy_for(200.0));
    let Some(pool) = shared(ThreadPool::builder().workers(1).threads(threads)).await else {
        return;
    };
    for _ in 0..2 {
        let grown = pool.resize(2);
        // The worker that is up has the first. The other comes up for the second while nobody hears of it, mostly.
        let first = pool.spawn(job!(|| busy_for(800.0)));
        let second = pool.spawn(job!(|| endless()));
        wasm_mt::utils::sleep(100).await;
        busy_for(400.0);
        second.abort();
        assert!(second.await.unwrap_err().is_cancelled());
        let begins = Date::now();
        first.await.unwrap();
        grown.await.unwrap();
        all_go_on(&pool).await;
        // An endless one does end, in these tests.
        assert!(Date::now() - begins < 4000.0, "it had no grace");
        pool.resize(1).await.unwrap();
    }
    all_are_woken(&pool).await;
}

pub async fn an_aborted_job_takes_its_stolen_half_along() {
    let Some(pool) = without_grace(2).await else {
        return;
    };
    for wait in [30, 50, 200] {
        aborts(&pool, job!(|| forked(spins)), wait).await;
        aborts(
            &pool,
            job!(|| join(|| spins(0.0), job!(|| spins(1.0))).0),
            wait,
        )
        .await;
    }
    all_are_woken(&pool).await;
}

pub async fn a_stolen_half_whose_joiner_is_gone_has_its_grace() {
    let Some(pool) = sharing(2).await else { return };
    let begins = Date::now();
    let aborted = pool.spawn(job!(|| forked(|_| endless())));
    wasm_mt::utils::sleep(200).await;
    aborted.abort();
    assert!(aborted.await.unwrap_err().is_cancelled());
    // What its thief has beside it goes elsewhere, or waits.
    all_go_on(&pool).await;
    let panics = pool.spawn(job!(|| -> u32 {
        let fails = || {
            busy_for(100.0);
            panic!("in the other half")
        };
        join(fails, job!(|| endless())).1
    }));
    assert!(panics.await.unwrap_err().is_panic());
    all_are_woken(&pool).await;
    // An endless half does end, in these tests.
    assert!(Date::now() - begins < 5000.0, "it kept its worker");
}

pub async fn a_sharing_worker_is_replaced_after_each_job() {
    let builder = ThreadPool::builder().workers(2).recycle_jobs(1);
    let Some(pool) = shared(builder).await else {
        return;
    };
    let handles: Vec<_> = (0..30u32)
        .map(|n| {
            pool.spawn(job!(|n| {
                count();
                (n, counted())
            }))
        })
        .collect();
    for (n, handle) in (0..).zip(handles) {
        let (of, counted) = handle.await.unwrap();
        assert_eq!(of, n);
        // What it had taken along before it was to make way it may still run.
        assert!(counted >= 1);
    }
    for sum in pool.map(0..20u32, |n| fib(n % 8)).await.unwrap() {
        assert!(sum <= 13);
    }
    all_go_on(&pool).await;
}

pub async fn a_sharing_pool_grows_and_shrinks_under_load() {
    let Some(pool) = sharing(1).await else { return };
    for size in [3, 1, 4, 2] {
        let handles: Vec<_> = (0..200u32)
            .map(|n| {
                pool.spawn(job!(|n| {
                    busy_for(0.2);
                    n
                }))
            })
            .collect();
        let trees: Vec<_> = (0..4).map(|_| pool.spawn(job!(|| fib(10)))).collect();
        pool.resize(size).await.unwrap();
        assert_eq!(pool.workers(), size);
        for (n, handle) in (0..).zip(handles) {
            assert_eq!(handle.await.unwrap(), n);
        }
        for tree in trees {
            assert_eq!(tree.await.unwrap(), 55);
        }
        all_are_woken(&pool).await;
    }
}

pub async fn a_worker_without_shared_memory_ends_when_it_has_nothing_to_do_too() {
    let builder = ThreadPool::builder().workers(1);
    let Some(pool) = shared(builder.idle_timeout(Duration::from_millis(60))).await else {
        return;
    };
    let refused = NoMemory::new();
    let grown = pool.resize(2);
    drop(refused);
    grown.await.unwrap();
    all_go_on(&pool).await;
    until(|| ups(&pool) == 0).await;
    all_go_on(&pool).await;
}

pub async fn what_is_laid_goes_by_message_where_no_worker_is_left_that_takes_it() {
    let Some(pool) = sharing(1).await else { return };
    let refused = NoMemory::new();
    let trap = pool.spawn(job!(|| -> u32 { core::arch::wasm32::unreachable() }));
    let map = pool.map(0..500u32, |n| n + 1);
    let jobs: Vec<_> = (0..3000u32).map(|n| pool.spawn(job!(|n| n + 1))).collect();
    assert!(trap.await.unwrap_err().is_trap());
    assert!(map.await.unwrap().into_iter().eq(1..=500));
    for (n, job) in (1..).zip(jobs) {
        assert_eq!(job.timeout(LONG).await.unwrap(), n);
    }
    drop(refused);
    all_go_on(&pool).await;
    // Where the only one that takes it is to go, too.
    pool.resize(2).await.unwrap();
    let jobs: Vec<_> = (0..100u32).map(|n| pool.spawn(job!(|n| n + 1))).collect();
    let shrunk = pool.resize(1);
    for (n, job) in (1..).zip(jobs) {
        assert_eq!(job.timeout(LONG).await.unwrap(), n);
    }
    shrunk.await.unwrap();
    let trap = pool.spawn(job!(|| -> u32 { core::arch::wasm32::unreachable() }));
    assert!(trap.await.unwrap_err().is_trap());
    // The next has memory again.
    all_are_woken(&pool).await;
}

pub async fn a_sharing_pool_that_ends_settles_all_that_it_had() {
    for _ in 0..3 {
        let Some(pool) = sharing(2).await else { return };
        let jobs: Vec<_> = (0..3000u32)
            .map(|n| {
                pool.spawn(job!(|n| {
                    busy_for(1.0);
                    fib(n % 5)
                }))
            })
            .collect();
        let mut jobs = jobs.into_iter();
        assert_eq!(jobs.next().unwrap().await.unwrap(), 0);
        pool.shutdown().await;
        for (n, job) in (1u32..).zip(jobs) {
            match job.await {
                Ok(sum) => assert_eq!(sum, [0, 1, 1, 2, 3][n as usize % 5]),
                Err(error) => assert!(error.is_cancelled(), "{error}"),
            }
        }
    }
}
