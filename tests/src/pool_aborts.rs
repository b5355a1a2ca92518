//! What an aborted job that goes on does to the jobs that were posted behind it: nothing. Each runs, once.

use std::future::pending;
use std::time::Duration;

use futures::StreamExt;
use futures::channel::mpsc;
use wasm_mt::{JoinHandle, Receiver, Sender, Thread, channel, job};
use wasm_mt_pool::ThreadPool;

use crate::common::{
    CountsItsDrop, LONG, YieldOnce, all_go_on, built, busy_for, count, counted, endless, pool,
};

/// Tells that it runs, and counts it. Some do not end, and others only after some time. One kind, whose cost is that of the most.
fn step(n: u32, tells: &Sender<u32>) -> u32 {
    count();
    tells.send(n).unwrap();
    match n {
        ENDLESS => return endless(),
        LASTS.. => busy_for(f64::from(n - LASTS) / 10.0),
        _ => {}
    }
    n
}

const ENDLESS: u32 = 1_000_000;
const LASTS: u32 = 1_000_001;

/// One that ends after so many milliseconds.
fn lasts(milliseconds: f64) -> u32 {
    LASTS + (milliseconds * 10.0) as u32
}

/// A step that has begun, and what `f` has posted behind it, but not with it.
async fn running<R>(pool: &ThreadPool, n: u32, f: impl FnOnce() -> R) -> (JoinHandle<u32>, R) {
    // Its worker is idle then, so what comes first leaves at once.
    pool.spawn(job!(|| ())).await.unwrap();
    let (tells, mut told) = channel::<u32>();
    let handle = spawn(pool, n, &tells);
    drop(tells);
    let behind = f();
    assert_eq!(told.next().await.unwrap().unwrap(), n);
    (handle, behind)
}

fn spawn(pool: &ThreadPool, n: u32, tells: &Sender<u32>) -> JoinHandle<u32> {
    let tells = tells.clone();
    pool.spawn(job!(|n, tells| step(n, &tells)))
}

/// A pool of one worker, which knows what all of these cost, so that it posts them ahead.
async fn pool_of_steps(threads: wasm_mt::Builder) -> ThreadPool {
    let pool = built(ThreadPool::builder().workers(1).threads(threads)).await;
    for _ in 0..2 {
        Behind::new(&pool).all_ran_once().await;
    }
    pool
}

/// What waits behind the present job: short ones, idempotent and async ones, and a map.
struct Behind {
    steps: Vec<JoinHandle<u32>>,
    plain: Vec<JoinHandle<u32>>,
    map: wasm_mt_pool::Map<u32>,
    /// By the steps, as they run.
    told: Receiver<u32>,
}

impl Behind {
    fn new(pool: &ThreadPool) -> Self {
        let (tells, told) = channel::<u32>();
        let spawned = |n: u32| {
            let tells = tells.clone();
            match n % 4 {
                0 => pool.spawn(job!(|n, tells| step(n, &tells)).idempotent()),
                1 => pool.spawn(job!(async |n, tells| {
                    let n = step(n, &tells);
                    YieldOnce::default().await;
                    n
                })),
                _ => spawn(pool, n, &tells),
            }
        };
        Behind {
            steps: (0..60).map(spawned).collect(),
            plain: (0..60u32).map(|n| pool.spawn(job!(|n| n + 1))).collect(),
            map: pool.map(0..50u32, |n| n * 2),
            told,
        }
    }

    /// All have their values, and each of them ran once.
    async fn all_ran_once(mut self) {
        for (n, handle) in (0..).zip(self.steps) {
            assert_eq!(handle.timeout(LONG).await.unwrap(), n);
        }
        for (n, handle) in (0..).zip(self.plain) {
            assert_eq!(handle.timeout(LONG).await.unwrap(), n + 1);
        }
        let doubles = self.map.await.unwrap();
        assert!(doubles.into_iter().eq((0..50u32).map(|n| n * 2)));
        let mut ran = Vec::new();
        while let Some(n) = self.told.next().await {
            ran.push(n.unwrap());
        }
        ran.sort();
        assert!(ran.iter().copied().eq(0..60), "{ran:?}");
    }
}

pub async fn what_was_posted_behind_an_aborted_endless_job_runs_once() {
    let pool = pool_of_steps(Thread::builder()).await;
    for _ in 0..3 {
        let (spins, behind) = running(&pool, ENDLESS, || Behind::new(&pool)).await;
        spins.abort();
        assert!(spins.is_finished());
        assert!(spins.await.unwrap_err().is_cancelled());
        behind.all_ran_once().await;
    }
    all_go_on(&pool).await;
}

pub async fn what_was_posted_behind_a_job_that_its_timeout_ends_runs_once() {
    let pool = pool_of_steps(Thread::builder()).await;
    let (spins, behind) = running(&pool, ENDLESS, || Behind::new(&pool)).await;
    let spins = spins.timeout(Duration::from_millis(30));
    assert!(spins.await.unwrap_err().is_deadline());
    behind.all_ran_once().await;
}

pub async fn what_was_posted_behind_an_aborted_job_runs_once_whenever_that_ends() {
    // About when its grace is over: sometimes the worker is ended, and sometimes not.
    for tenths in (150..450).step_by(15) {
        // It knows nothing of long ones, or would post nothing behind them.
        let grace = Duration::from_millis(20);
        let pool = pool_of_steps(Thread::builder().abort_grace(grace)).await;
        let (lasts, behind) = running(&pool, lasts(f64::from(tenths) / 10.0), || {
            Behind::new(&pool)
        })
        .await;
        lasts.abort();
        behind.all_ran_once().await;
        all_go_on(&pool).await;
    }
}

/// An async job that does not end between two of its awaits.
async fn spinning(pool: &ThreadPool) -> JoinHandle<u32> {
    let (tells, mut told) = channel::<u32>();
    let spins = pool.spawn(job!(async |tells| {
        let _counts = CountsItsDrop;
        YieldOnce::default().await;
        tells.send(0).unwrap();
        endless()
    }));
    assert_eq!(told.next().await.unwrap().unwrap(), 0);
    spins
}

pub async fn what_was_posted_behind_an_aborted_endless_async_job_runs_once() {
    let pool = pool_of_steps(Thread::builder()).await;
    for _ in 0..3 {
        let spins = spinning(&pool).await;
        let behind = Behind::new(&pool);
        // What a turn has spawned leaves at its end.
        YieldOnce::default().await;
        spins.abort();
        assert!(spins.await.unwrap_err().is_cancelled());
        behind.all_ran_once().await;
    }
}

pub async fn what_is_suspended_beside_an_aborted_endless_job_is_lost_or_begins_again() {
    let pool = pool_of_steps(Thread::builder()).await;
    let (begins, mut begun) = channel::<u32>();
    let lost = pool.spawn(job!(async || pending::<u8>().await));
    let again = pool.spawn(
        job!(async |begins| {
            begins.send(counted()).unwrap();
            pending::<u8>().await
        })
        .idempotent(),
    );
    assert!(begun.next().await.unwrap().unwrap() > 0);
    let (spins, ()) = running(&pool, ENDLESS, || ()).await;
    spins.abort();
    // Natively what is suspended goes on where it is.
    if cfg!(target_family = "wasm") {
        let error = lost.await.unwrap_err();
        assert!(error.is_lost() && error.may_have_run(), "{error}");
        assert_eq!(begun.next().await.unwrap().unwrap(), 0);
    }
    again.abort();
    assert!(again.await.unwrap_err().is_cancelled());
    all_go_on(&pool).await;
}

pub async fn a_job_that_is_aborted_behind_an_endless_one_is_never_run_and_its_neighbours_are() {
    let pool = pool_of_steps(Thread::builder()).await;
    let (tells, told) = channel::<u32>();
    let behind = || (0..40).map(|n| spawn(&pool, n, &tells)).collect();
    let (spins, mut handles): (_, Vec<_>) = running(&pool, ENDLESS, behind).await;
    drop(tells);
    let mut late = Vec::new();
    for (n, handle) in (0..).zip(std::mem::take(&mut handles)) {
        match n % 4 {
            1 => {
                handle.abort();
                assert!(handle.await.unwrap_err().is_cancelled());
            }
            2 => late.push(handle.timeout(Duration::from_millis(5))),
            _ => handles.push(handle),
        }
    }
    for handle in late {
        assert!(handle.await.unwrap_err().is_deadline());
    }
    spins.abort();
    let expected: Vec<u32> = (0..40).filter(|n| !matches!(n % 4, 1 | 2)).collect();
    for (n, handle) in expected.iter().zip(handles) {
        assert_eq!(handle.timeout(LONG).await.unwrap(), *n);
    }
    let mut ran: Vec<u32> = told.map(Result::unwrap).collect().await;
    ran.sort();
    assert_eq!(ran, expected);
}

pub async fn an_aborted_async_job_that_awaits_keeps_its_worker() {
    let pool = pool(1).await;
    for round in 1..=3 {
        let (begins, mut begun) = channel::<()>();
        let waits = pool.spawn(job!(async |begins| {
            let _counts = CountsItsDrop;
            begins.send(()).unwrap();
            pending::<u8>().await
        }));
        begun.next().await.unwrap().unwrap();
        waits.abort();
        assert!(waits.await.unwrap_err().is_cancelled());
        let dropped = pool.spawn(job!(async || {
            YieldOnce::default().await;
            counted()
        }));
        assert_eq!(dropped.await.unwrap(), round);
    }
}

pub async fn without_a_grace_an_aborted_job_keeps_its_worker_and_holds_nothing_up() {
    let pool = pool_of_steps(Thread::builder().abort_grace(None)).await;
    let before = pool.spawn(job!(|| counted())).await.unwrap();
    let (lasts, behind) = running(&pool, lasts(100.0), || Behind::new(&pool)).await;
    lasts.abort();
    assert!(lasts.await.unwrap_err().is_cancelled());
    behind.all_ran_once().await;
    let after = pool.spawn(job!(|| counted())).await.unwrap();
    assert_eq!(after, before + 61);
}

pub async fn a_worker_whose_aborted_job_ends_within_its_grace_goes_on() {
    let pool = pool_of_steps(Thread::builder().abort_grace(LONG)).await;
    let before = pool.spawn(job!(|| counted())).await.unwrap();
    for time in [50.0, 0.0, 5.0, 50.0] {
        let (lasts, behind) = running(&pool, lasts(time), || Behind::new(&pool)).await;
        lasts.abort();
        behind.all_ran_once().await;
    }
    // So it does where a map is given up on, whose items end one by one.
    let map = pool.map(0..4u32, |n| busy_for(f64::from(30 + n)));
    let waits = pool.spawn(job!(async || pending::<u8>().await));
    let (told, mut tells) = mpsc::unbounded();
    let mut items = map.stream();
    told.unbounded_send(items.next().await.unwrap().0).unwrap();
    assert_eq!(tells.next().await, Some(0));
    drop(items);
    waits.abort();
    let after = pool.spawn(job!(|| counted())).await.unwrap();
    assert_eq!(after, before + 4 * 61);
}

/// That it hears first is the web's: natively another thread than the busy one hears.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub async fn an_owner_that_is_busy_for_longer_than_the_grace_hears_first() {
    let pool = pool_of_steps(Thread::builder().abort_grace(Duration::ZERO)).await;
    let before = pool.spawn(job!(|| counted())).await.unwrap();
    for _ in 0..3 {
        let (ends, behind) = running(&pool, lasts(0.0), || Behind::new(&pool)).await;
        ends.abort();
        busy_for(100.0);
        behind.all_ran_once().await;
    }
    let after = pool.spawn(job!(|| counted())).await.unwrap();
    assert_eq!(after, before + 3 * 61);
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub async fn a_posted_job_that_is_aborted_behind_a_long_one_is_never_run() {
    let pool = pool_of_steps(Thread::builder().abort_grace(LONG)).await;
    let before = pool.spawn(job!(|| counted())).await.unwrap();
    let (tells, _told) = channel::<u32>();
    let long = lasts(1000.0);
    let behind = || (0..40).map(|n| spawn(&pool, n, &tells)).collect();
    let (lasts, handles): (_, Vec<_>) = running(&pool, long, behind).await;
    drop(tells);
    for handle in handles.iter().step_by(2) {
        handle.abort();
    }
    assert_eq!(lasts.await.unwrap(), long);
    for (n, handle) in (0..).zip(handles) {
        match handle.await {
            Ok(value) => assert!(value == n && n % 2 == 1),
            Err(error) => assert!(error.is_cancelled() && n % 2 == 0, "{n}: {error}"),
        }
    }
    // What a job sends that was given up on is not heard, so it is its worker that tells.
    let after = pool.spawn(job!(|| counted())).await.unwrap();
    assert_eq!(after, before + 21);
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub async fn a_posted_job_with_a_buffer_is_lost_with_its_worker_and_says_so() {
    use wasm_mt::Buffer;

    let pool = pool(1).await;
    let spins = spinning(&pool).await;
    let bytes = Buffer::from(vec![1u8, 2, 3]);
    let takes = pool.spawn(job!(|bytes: Buffer<u8>| bytes.len()));
    let behind = pool.spawn(job!(|| 4));
    YieldOnce::default().await;
    spins.abort();
    let error = takes.await.unwrap_err();
    assert!(error.is_lost(), "{error}");
    assert!(error.to_string().contains("handed over"), "{error}");
    assert_eq!(behind.await.unwrap(), 4);
    all_go_on(&pool).await;
}
