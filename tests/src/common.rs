//! What bodies share.

use std::cell::RefCell;
#[cfg(not(target_family = "wasm"))]
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
#[cfg(not(target_family = "wasm"))]
use std::sync::{Mutex, mpsc};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

#[cfg(not(target_family = "wasm"))]
use futures::channel::oneshot;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use wasm_mt::{Builder, Thread, current, job};
use wasm_mt_pool::ThreadPool;

/// What a body gives its jobs to. A WASI guest has no threads of its own, so its host's pool takes their place.
#[cfg(not(target_os = "wasi"))]
pub type Spawner = Thread;
#[cfg(target_os = "wasi")]
pub type Spawner = ThreadPool;

/// A thread, or the reason why there is none.
pub async fn thread() -> Spawner {
    started(Thread::builder()).await
}

/// The builder's thread.
pub async fn started(builder: Builder) -> Spawner {
    #[cfg(target_os = "wasi")]
    let start = ThreadPool::builder().workers(1).threads(builder).build();
    #[cfg(not(target_os = "wasi"))]
    let start = builder.start();
    match start.await {
        Ok(thread) => thread,
        Err(error) => panic!("the thread did not start: {error}"),
    }
}

/// A pool of so many workers, or the reason why there is none.
pub async fn pool(workers: usize) -> ThreadPool {
    built(ThreadPool::builder().workers(workers)).await
}

/// The builder's pool.
pub async fn built(builder: wasm_mt_pool::Builder) -> ThreadPool {
    match builder.build().await {
        Ok(pool) => pool,
        Err(error) => panic!("the pool did not start: {error}"),
    }
}

/// In a job of a pool: that pool.
pub fn this_pool() -> ThreadPool {
    ThreadPool::current().expect("this is a job of a pool")
}

/// In a job: the id of its thread.
pub fn this_thread() -> u64 {
    current().expect("this is a job").id()
}

/// Each worker of the pool takes a job, whatever has happened before.
pub async fn all_go_on(pool: &ThreadPool) {
    let each = pool.broadcast(|worker| job!(|worker| worker + 1)).await;
    for (worker, outcome) in each.into_iter().enumerate() {
        assert_eq!(outcome.unwrap(), worker + 1);
    }
    assert_eq!(pool.spawn(job!(|| 20)).timeout(LONG).await.unwrap(), 20);
}

/// Nothing waits in the pool, once its workers have met what nobody waits for any more.
pub async fn runs_dry(pool: &ThreadPool) {
    while pool.stats().waiting > 0 {
        pool.spawn(job!(|| ())).timeout(LONG).await.unwrap();
    }
}

/// Waits for what comes with time alone.
pub async fn until(mut it_is_so: impl FnMut() -> bool) {
    while !it_is_so() {
        #[cfg(not(target_os = "unknown"))]
        std::thread::sleep(Duration::from_millis(2));
        // What the host has to tell is heard.
        #[cfg(target_os = "wasi")]
        YieldOnce::default().await;
        #[cfg(all(target_family = "wasm", target_os = "unknown"))]
        wasm_mt::utils::sleep(2).await;
    }
}

/// Longer than any test should take: a limit that must not be reached.
pub const LONG: Duration = Duration::from_secs(600);

/// The thread takes a job, whatever has happened before.
pub async fn goes_on(thread: &Spawner) {
    let n = 20;
    assert_eq!(
        thread.spawn(job!(|n| n + 1)).timeout(LONG).await.unwrap(),
        21
    );
}

/// Fails where `f` hangs, instead of hanging too.
#[cfg(not(target_family = "wasm"))]
pub fn within_a_minute<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        // The test has failed and asks no more.
        let _ = sender.send(f());
    });
    receiver
        .recv_timeout(Duration::from_secs(60))
        .expect("it hangs")
}

/// Does not end while a test waits for it, and does not let anything else run.
pub fn endless() -> u32 {
    #[cfg(not(target_os = "unknown"))]
    loop {
        // No thread can be killed; an abandoned one should at least not burn a core till the process ends.
        std::thread::park();
    }
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    {
        // WebKit ends a terminated worker only when it calls out, as this does. Should one be left behind all the same, it
        // does not burn a core till the browser ends.
        let end = js_sys::Date::now() + 5000.0;
        while js_sys::Date::now() < end {}
        0
    }
}

/// Takes the thread's worker away from what has begun in it. Another comes up.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub async fn lose_worker(thread: &Thread) {
    let trap = job!(|| -> u32 { core::arch::wasm32::unreachable() });
    assert!(thread.spawn(trap).await.unwrap_err().is_trap());
}

/// Takes the thread's worker away from what has begun in it. Another comes up.
#[cfg(not(target_family = "wasm"))]
pub async fn lose_worker(thread: &Thread) {
    static BEGINS: Mutex<BTreeMap<u64, oneshot::Sender<()>>> = Mutex::new(BTreeMap::new());
    let (sender, begins) = oneshot::channel();
    let id = thread.id();
    BEGINS.lock().unwrap().insert(id, sender);
    let keeps = thread.spawn(job!(|id| {
        // An endless job is taken its worker from only when it has begun.
        let begins = BEGINS.lock().unwrap().remove(&id);
        begins.and_then(|begins| begins.send(()).ok());
        endless()
    }));
    begins.await.unwrap();
    keeps.abort();
}

/// Works for so many milliseconds.
pub fn busy_for(milliseconds: f64) {
    #[cfg(not(target_os = "unknown"))]
    {
        let end = std::time::Instant::now() + Duration::from_secs_f64(milliseconds / 1000.0);
        while std::time::Instant::now() < end {}
    }
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    {
        let end = js_sys::Date::now() + milliseconds;
        while js_sys::Date::now() < end {}
    }
}

/// Recurses until the stack is used up.
pub fn overflow(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 64]);
    if depth == u64::MAX {
        return frame[0];
    }
    overflow(depth + 1) + frame[(depth % 64) as usize]
}

/// Ready the second time it is polled.
#[derive(Default)]
pub struct YieldOnce {
    polled: bool,
}

impl Future for YieldOnce {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.polled, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

#[derive(Default)]
struct GateState {
    open: bool,
    waker: Option<Waker>,
}

thread_local! {
    static GATE: RefCell<GateState> = RefCell::default();
}

/// Waits until a job on the same thread calls [`open_gate`].
pub struct Gate;

impl Future for Gate {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        GATE.with_borrow_mut(|gate| {
            if std::mem::take(&mut gate.open) {
                return Poll::Ready(());
            }
            gate.waker = Some(cx.waker().clone());
            Poll::Pending
        })
    }
}

/// Lets whoever waits at the [`Gate`] of this thread through.
pub fn open_gate() {
    let waker = GATE.with_borrow_mut(|gate| {
        gate.open = true;
        gate.waker.take()
    });
    if let Some(waker) = waker {
        waker.wake();
    }
}

thread_local! {
    static COUNT: RefCell<u32> = const { RefCell::new(0) };
}

/// Counts on this thread, and gives the new count.
pub fn count() -> u32 {
    COUNT.with_borrow_mut(|count| {
        *count += 1;
        *count
    })
}

/// What was counted on this thread.
pub fn counted() -> u32 {
    COUNT.with_borrow(|count| *count)
}

/// Counts when it is dropped.
pub struct CountsItsDrop;

impl Drop for CountsItsDrop {
    fn drop(&mut self) {
        count();
    }
}

/// Panics when it is dropped.
pub struct PanicsInDrop;

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        panic!("dropped");
    }
}

/// Encodes up to 100, and decodes what is even.
#[derive(Debug, PartialEq)]
pub struct Picky(pub u32);

impl Serialize for Picky {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 > 100 {
            return Err(serde::ser::Error::custom("too large to send"));
        }
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Picky {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u32::deserialize(deserializer)? {
            odd if odd % 2 == 1 => Err(serde::de::Error::custom("odd")),
            even => Ok(Picky(even)),
        }
    }
}
