use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use futures::executor::block_on;
use futures::future::join_all;
use wasm_mt::__pool::{self as door, Packet, Value};
use wasm_mt::{Builder, Job, JobId, JoinError, JoinHandle, checkpoint, current, job};

use super::*;

fn config() -> Config {
    door::config(Builder::new())
}

fn started(config: Config, workers: usize, steal: bool) -> Arc<Fabric> {
    let fabric = Fabric::start(config, workers, steal);
    block_on(poll_fn(|cx| fabric.poll_started(cx))).expect("the fabric starts");
    fabric
}

fn fabric(workers: usize) -> Arc<Fabric> {
    started(config(), workers, true)
}

fn spawn_at<T: Send + 'static>(fabric: &Fabric, job: Job<T>, place: Place) -> JoinHandle<T> {
    let (entry, handle) = door::spawned_natively(job, fabric.config.unhandled());
    fabric.submit(entry, place);
    handle
}

fn spawn<T: Send + 'static>(fabric: &Fabric, job: Job<T>) -> JoinHandle<T> {
    spawn_at(fabric, job, Place::Anywhere)
}

fn here() -> Arc<Fabric> {
    Fabric::current().expect("a job has a fabric").0
}

fn end(fabric: &Arc<Fabric>) {
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

/// The jobs of a `map`.
struct Results {
    first: JobId,
    values: Mutex<Vec<Option<Result<Value, JoinError>>>>,
    settled: AtomicBool,
    left: AtomicUsize,
    done: Mutex<mpsc::Sender<()>>,
}

impl Packet for Results {
    fn is_settled(&self) -> bool {
        self.settled.load(Ordering::SeqCst)
    }

    fn settle(&self, id: JobId, outcome: Result<Value, JoinError>) {
        let at = door::place(self.first, id);
        let before = self.values.lock().unwrap()[at].replace(outcome);
        assert!(before.is_none(), "a job of a map settles once");
        if self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.settled.store(true, Ordering::SeqCst);
            let _ = self.done.lock().unwrap().send(());
        }
    }

    fn abort(&self, _: JoinError) {
        self.settled.store(true, Ordering::SeqCst);
    }
}

fn mapped<I: wasm_mt::Travel, R: wasm_mt::Travel>(
    items: Vec<I>,
    f: fn(I) -> R,
) -> (Arc<Results>, mpsc::Receiver<()>, Box<Entry>, door::Task) {
    let count = items.len();
    let first = door::ids(count);
    let (done, receive) = mpsc::channel();
    let results = Arc::new(Results {
        first,
        values: Mutex::new((0..count).map(|_| None).collect()),
        settled: AtomicBool::new(false),
        left: AtomicUsize::new(count),
        done: Mutex::new(done),
    });
    let task = door::map(items, f);
    let kept = task.another();
    let entry = door::entry_of_many(first, count, results.clone(), task);
    (results, receive, entry, kept)
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
    let handles: Vec<_> = (0..10_000_u32)
        .map(|n| spawn(&fabric, job!(|n| n * 2)))
        .collect();
    for (n, value) in (0..).zip(block_on(join_all(handles))) {
        assert_eq!(value.unwrap(), n * 2_u32);
    }
    let run: u64 = fabric.done().iter().map(|done| done.run).sum();
    assert_eq!(run, 10_000);
    assert!(fabric.done().iter().all(|done| done.stolen == 0));
    end(&fabric);
}

#[test]
fn one_job_after_the_other_wakes_the_sleepers_each_time() {
    let fabric = fabric(2);
    for n in 0..2_000_u32 {
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
        let children = if depth == 1 { 1000 } else { 3 };
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
    assert_eq!(block_on(sum).unwrap(), 9_000);
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

#[test]
fn a_map_gives_each_items_result() {
    let fabric = fabric(2);
    let (results, done, entry, _) = mapped((0..10_000_u32).collect(), |n| n + 1);
    fabric.submit(entry, Place::Anywhere);
    done.recv().unwrap();
    let values = std::mem::take(&mut *results.values.lock().unwrap());
    for (n, value) in (0..).zip(values) {
        let value: u32 = door::decode(value.unwrap().unwrap()).unwrap();
        assert_eq!(value, n + 1);
    }
    let run: u64 = fabric.done().iter().map(|done| done.run).sum();
    assert_eq!(run, 10_000);
    end(&fabric);
}

#[test]
fn the_rest_of_a_map_is_stolen_from_a_worker_that_is_stuck_in_an_item() {
    static LAST: AtomicUsize = AtomicUsize::new(0);
    static ALL_BUT_ONE: Gate = Gate::new();
    let fabric = fabric(2);
    let (_results, done, entry, _) = mapped((0..100_u32).collect(), |n| {
        if n == 0 {
            ALL_BUT_ONE.pass();
        } else if LAST.fetch_add(1, Ordering::SeqCst) == 98 {
            ALL_BUT_ONE.open();
        }
    });
    fabric.submit(entry, Place::Anywhere);
    done.recv().unwrap();
    end(&fabric);
}

#[test]
fn a_panic_in_a_map_fails_its_item_only() {
    let fabric = fabric(2);
    let (results, done, entry, _) = mapped((0..100_u32).collect(), |n| {
        assert!(n % 10 != 3, "on purpose");
    });
    fabric.submit(entry, Place::Anywhere);
    done.recv().unwrap();
    let values = std::mem::take(&mut *results.values.lock().unwrap());
    let panicked = values
        .iter()
        .filter(|value| matches!(value, Some(Err(error)) if error.is_panic()))
        .count();
    assert_eq!(panicked, 10);
    end(&fabric);
}

#[test]
fn a_map_that_is_given_up_on_runs_no_further() {
    static BEGUN: Gate = Gate::new();
    static RUN: AtomicUsize = AtomicUsize::new(0);
    let fabric = fabric(1);
    fn forever(_: u32) {
        RUN.fetch_add(1, Ordering::SeqCst);
        BEGUN.open();
        loop {
            checkpoint();
            std::thread::yield_now();
        }
    }
    let (results, _done, entry, task) = mapped((0..1000_u32).collect(), forever);
    fabric.submit(entry, Place::Anywhere);
    BEGUN.pass();
    results.abort(door::cancelled());
    fabric.abandon(&task);
    block_on(spawn(&fabric, job!(|| ()))).unwrap();
    assert_eq!(RUN.load(Ordering::SeqCst), 1);
    end(&fabric);
}

#[test]
fn an_aborted_job_that_waits_never_begins_and_is_dropped_at_once() {
    static BUSY: Gate = Gate::new();
    let fabric = fabric(1);
    let busy = spawn(&fabric, job!(|| BUSY.pass()));
    let (sender, mut items) = wasm_mt::channel::<u32>();
    let waits = spawn(
        &fabric,
        job!(|sender| {
            let _ = sender.send(1);
        }),
    );
    waits.abort();
    // The channel ends although the worker is busy.
    assert!(block_on(items.recv()).is_none());
    assert!(block_on(waits).unwrap_err().is_cancelled());
    BUSY.open();
    block_on(busy).unwrap();
    end(&fabric);
}

#[test]
fn an_aborted_async_job_is_dropped_at_its_await() {
    struct Flag(mpsc::Sender<()>);
    impl Drop for Flag {
        fn drop(&mut self) {
            let _ = self.0.send(());
        }
    }
    static FLAG: Mutex<Option<Flag>> = Mutex::new(None);
    static BEGUN: Gate = Gate::new();
    let (send, dropped) = mpsc::channel();
    *FLAG.lock().unwrap() = Some(Flag(send));
    let fabric = fabric(1);
    let handle = spawn(
        &fabric,
        job!(async || {
            let _flag = FLAG.lock().unwrap().take();
            BEGUN.open();
            std::future::pending::<()>().await;
        }),
    );
    BEGUN.pass();
    handle.abort();
    dropped.recv().unwrap();
    assert!(block_on(handle).unwrap_err().is_cancelled());
    end(&fabric);
}

#[test]
fn a_job_that_ignores_its_abort_is_left_to_itself_and_its_worker_goes_on() {
    static BEGUN: Gate = Gate::new();
    static HOLD: Gate = Gate::new();
    let config = door::config(Builder::new().abort_grace(Duration::from_millis(10)));
    let fabric = started(config, 1, true);
    let suspended = spawn(&fabric, job!(async || std::future::pending::<()>().await));
    let again = spawn(
        &fabric,
        job!(async || {
            static RUNS: AtomicUsize = AtomicUsize::new(0);
            let runs = RUNS.fetch_add(1, Ordering::SeqCst) + 1;
            if runs == 1 {
                std::future::pending::<()>().await;
            }
            runs
        })
        .idempotent(),
    );
    let stuck = spawn(
        &fabric,
        job!(|| {
            for _ in 0..10 {
                // These lie on the deque of a thread that is given up on.
                drop(spawn(&here(), job!(|| ())));
            }
            BEGUN.open();
            HOLD.pass();
            drop(spawn(&here(), job!(|| ())));
        }),
    );
    BEGUN.pass();
    stuck.abort();
    assert!(block_on(stuck).unwrap_err().is_cancelled());
    assert!(block_on(suspended).unwrap_err().is_lost());
    assert_eq!(block_on(again).unwrap(), 2);
    // The one worker goes on, with another thread.
    for n in 0..100_u32 {
        assert_eq!(block_on(spawn(&fabric, job!(|n| n))).unwrap(), n);
    }
    HOLD.open();
    for n in 0..100_u32 {
        assert_eq!(block_on(spawn(&fabric, job!(|n| n))).unwrap(), n);
    }
    end(&fabric);
}

#[test]
fn what_panics_outside_a_job_does_not_end_its_worker() {
    let config = door::config(Builder::new().on_unhandled(|_| panic!("on purpose")));
    let fabric = started(config, 1, true);
    for _ in 0..10 {
        drop(spawn::<()>(&fabric, job!(|| panic!("on purpose, too"))));
    }
    for n in 0..10_u32 {
        assert_eq!(block_on(spawn(&fabric, job!(|n| n))).unwrap(), n);
    }
    end(&fabric);
}

#[test]
fn a_terminated_fabric_settles_all_that_it_has() {
    static BEGUN: Gate = Gate::new();
    let fabric = fabric(2);
    let runs = spawn(
        &fabric,
        job!(|| {
            BEGUN.open();
            loop {
                checkpoint();
                std::thread::yield_now();
            }
        }),
    );
    let runs: JoinHandle<()> = runs;
    let suspended = spawn(&fabric, job!(async || std::future::pending::<()>().await));
    BEGUN.pass();
    let waiting: Vec<_> = (0..2)
        .flat_map(|worker| (0..100).map(move |_| worker))
        .map(|worker| spawn_at(&fabric, job!(|| ()), Place::Pinned(worker)))
        .collect();
    end(&fabric);
    assert!(block_on(runs).unwrap_err().is_cancelled());
    assert!(block_on(suspended).unwrap_err().is_cancelled());
    for outcome in block_on(join_all(waiting)) {
        assert!(outcome.is_ok() || outcome.is_err_and(|error| error.is_cancelled()));
    }
    let late = spawn(&fabric, job!(|| ()));
    assert!(block_on(late).unwrap_err().is_closed());
}

#[test]
fn no_handle_is_left_behind_by_a_termination_amid_spawns() {
    for _ in 0..50 {
        let fabric = fabric(2);
        let handles = std::thread::scope(|scope| {
            let spawner = scope.spawn(|| {
                (0..200)
                    .map(|_| spawn(&fabric, job!(|| ())))
                    .collect::<Vec<_>>()
            });
            fabric.terminate();
            spawner.join().unwrap()
        });
        for outcome in block_on(join_all(handles)) {
            if let Err(error) = outcome {
                assert!(error.is_cancelled() || error.is_closed(), "{error}");
            }
        }
        end(&fabric);
    }
}

#[test]
fn a_fabric_of_no_workers_does_not_start() {
    let fabric = Fabric::start(config(), 0, true);
    let error = block_on(poll_fn(|cx| fabric.poll_started(cx))).unwrap_err();
    assert!(error.is_no_workers());
}

#[test]
fn an_on_start_that_panics_is_the_starts_error() {
    let config = door::config(Builder::new().on_start(|| panic!("on purpose")));
    let fabric = Fabric::start(config, 2, true);
    let error = block_on(poll_fn(|cx| fabric.poll_started(cx))).unwrap_err();
    assert!(error.is_on_start());
    block_on(poll_fn(|cx| fabric.poll_ended(cx)));
}
