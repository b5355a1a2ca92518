//! The fabric by itself. Nothing here sleeps: jobs wait at a [`Gate`] for what they are to meet.

mod ends;
mod joins;
mod limits;
mod maps;
mod refrains;
mod resize;
mod rests;
mod suspends;

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use futures::executor::block_on;
use futures::future::join_all;
use wasm_mt::__pool::{self as door, Packet, Value};
use wasm_mt::{Builder, Job, JobId, JoinError, JoinHandle, StartError, checkpoint, current, job};

use super::*;

fn config() -> Config {
    door::config(Builder::new())
}

fn begun(config: Config, workers: usize, settings: Settings) -> Arc<Native> {
    let fabric = Native::make(config, workers, settings, None);
    assert!(fabric.begin());
    fabric
}

fn with(settings: Settings, workers: usize) -> Arc<Native> {
    let fabric = begun(config(), workers, settings);
    up(&fabric).expect("the fabric starts");
    fabric
}

fn started(config: Config, workers: usize, steal: bool) -> Arc<Native> {
    let settings = Settings {
        steal,
        ..Settings::default()
    };
    let fabric = begun(config, workers, settings);
    up(&fabric).expect("the fabric starts");
    fabric
}

/// Waits for all workers that are to be there.
fn up(fabric: &Native) -> Result<(), StartError> {
    block_on(poll_fn(|cx| fabric.poll_started(cx)))
}

fn fabric(workers: usize) -> Arc<Native> {
    started(config(), workers, true)
}

/// Waits until there are so many threads.
fn until(fabric: &Native, threads: usize) {
    block_on(poll_fn(|cx| fabric.poll_threads(threads, cx)));
}

fn spawn_at<T: Send + 'static>(fabric: &Native, job: Job<T>, place: Place) -> JoinHandle<T> {
    let (entry, handle) = door::spawned(job, fabric.config.unhandled(), None, None);
    fabric.submit(entry, place);
    handle
}

fn spawn<T: Send + 'static>(fabric: &Native, job: Job<T>) -> JoinHandle<T> {
    spawn_at(fabric, job, Place::Anywhere)
}

fn here() -> Arc<Native> {
    Native::current().expect("a job has a fabric").0
}

fn end(fabric: &Arc<Native>) {
    fabric.terminate();
    block_on(poll_fn(|cx| fabric.poll_ended(cx)));
}

/// A door that jobs wait at, known by a number since jobs capture nothing.
struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    const fn new() -> Self {
        Gate {
            open: Mutex::new(false),
            opened: Condvar::new(),
        }
    }

    fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.opened.notify_all();
    }

    fn pass(&self) {
        let open = self.open.lock().unwrap();
        drop(self.opened.wait_while(open, |open| !*open).unwrap());
    }
}

/// So many, but few in miri, where each takes as long as a thousand.
const fn many(count: u32) -> u32 {
    if cfg!(miri) {
        count.div_ceil(100)
    } else {
        count
    }
}

#[test]
fn a_job_gives_its_value() {
    let fabric = fabric(2);
    let n = 20;
    assert_eq!(block_on(spawn(&fabric, job!(|n| n + 1))).unwrap(), 21);
    end(&fabric);
}

#[test]
fn ten_thousand_jobs_end_and_are_counted() {
    let fabric = fabric(2);
    let handles: Vec<_> = (0..many(10_000))
        .map(|n| spawn(&fabric, job!(|n| n * 2)))
        .collect();
    for (n, value) in (0..).zip(block_on(join_all(handles))) {
        assert_eq!(value.unwrap(), n * 2_u32);
    }
    let run: u64 = fabric.done().iter().map(|done| done.run).sum();
    assert_eq!(run, u64::from(many(10_000)));
    assert!(fabric.done().iter().all(|done| done.stolen == 0));
    end(&fabric);
}

#[test]
fn one_job_after_the_other_wakes_the_sleepers_each_time() {
    let fabric = fabric(2);
    for n in 0..many(2_000) {
        assert_eq!(block_on(spawn(&fabric, job!(|n| n))).unwrap(), n);
    }
    end(&fabric);
}

#[test]
fn async_jobs_of_one_worker_overlap() {
    static SENDERS: Mutex<Vec<futures::channel::oneshot::Sender<u32>>> = Mutex::new(Vec::new());
    let fabric = fabric(1);
    let handles: Vec<_> = (0..10)
        .map(|_| {
            spawn(
                &fabric,
                job!(async || {
                    let (send, receive) = futures::channel::oneshot::channel();
                    SENDERS.lock().unwrap().push(send);
                    receive.await.unwrap_or(0)
                }),
            )
        })
        .collect();
    // Begun after all of these.
    block_on(spawn(&fabric, job!(|| ()))).unwrap();
    let senders = std::mem::take(&mut *SENDERS.lock().unwrap());
    assert_eq!(senders.len(), 10);
    for send in senders {
        send.send(7).unwrap();
    }
    for value in block_on(join_all(handles)) {
        assert_eq!(value.unwrap(), 7);
    }
    end(&fabric);
}

#[test]
fn one_worker_does_what_awaits_a_thousand_children_three_levels_deep() {
    async fn level(depth: u32) -> u32 {
        if depth == 0 {
            return 1;
        }
        let children = if depth == 1 { many(1000) } else { 3 };
        let next = depth - 1;
        let handles: Vec<_> = (0..children)
            .map(|_| spawn(&here(), job!(async |next| level(next).await)))
            .collect();
        let mut sum = 0;
        for handle in handles {
            sum += handle.await.unwrap();
        }
        sum
    }
    let fabric = fabric(1);
    let depth = 3;
    let sum = spawn(&fabric, job!(async |depth| level(depth).await));
    assert_eq!(block_on(sum).unwrap(), 9 * many(1000));
    end(&fabric);
}

#[test]
fn children_of_a_busy_worker_are_stolen_and_counted() {
    static BUSY: Gate = Gate::new();
    let fabric = fabric(2);
    let children = spawn(
        &fabric,
        job!(|| {
            let handles: Vec<_> = (0..40)
                .map(|_| spawn(&here(), job!(|| current().map_or(0, |thread| thread.id()))))
                .collect();
            // They run elsewhere, since this one has the thread.
            let ids: Vec<u64> = block_on(join_all(handles))
                .into_iter()
                .map(Result::unwrap)
                .collect();
            BUSY.open();
            let mine = current().map_or(0, |thread| thread.id());
            ids.iter().filter(|id| **id != mine).count() as u64
        }),
    );
    let elsewhere = block_on(children).unwrap();
    BUSY.pass();
    assert_eq!(elsewhere, 40);
    let stolen: u64 = fabric.done().iter().map(|done| done.stolen).sum();
    assert_eq!(stolen, elsewhere);
    end(&fabric);
}

#[test]
fn without_stealing_children_stay_with_their_worker() {
    let fabric = started(config(), 2, false);
    let ids = spawn(
        &fabric,
        job!(async || {
            let handles: Vec<_> = (0..40)
                .map(|_| spawn(&here(), job!(|| current().map_or(0, |thread| thread.id()))))
                .collect();
            let mut ids = vec![current().map_or(0, |thread| thread.id())];
            for handle in handles {
                ids.push(handle.await.unwrap());
            }
            ids
        }),
    );
    let ids = block_on(ids).unwrap();
    assert!(ids.iter().all(|id| *id == ids[0]));
    assert!(fabric.done().iter().all(|done| done.stolen == 0));
    end(&fabric);
}

#[test]
fn a_pinned_job_runs_where_it_is_pinned() {
    let fabric = fabric(2);
    let mut ids = Vec::new();
    for worker in [0, 1, 0, 1] {
        let job = job!(|| current().map_or(0, |thread| thread.id()));
        ids.push(block_on(spawn_at(&fabric, job, Place::Pinned(worker))).unwrap());
    }
    assert_eq!((ids[0], ids[1]), (ids[2], ids[3]));
    assert_ne!(ids[0], ids[1]);
    end(&fabric);
}
