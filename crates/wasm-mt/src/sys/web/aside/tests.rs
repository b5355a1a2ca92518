//! A pool that gives its worker jobs beside the messages, by the smallest means: a board is bytes that are posted. What a pool
//! does with shared memory, this does with a list in the worker.

#![expect(
    unreachable_pub,
    reason = "`wasm_bindgen` exports what is `pub`, wherever it lies"
)]

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;
use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use super::super::aboard::{self, Aboard, Place};
use super::super::child::{self, Heard};
use super::super::{dom, fork_bytes, link, on_checkpoint, run_fork, watch};
use super::*;
use crate::error::{JoinError, StartError};
use crate::handle::Packet;
use crate::lane::{Down, Ended, Feed, Lane, Out};
use crate::sys::{Task, decode};
use crate::worker::Outcome;
use crate::{Buffer, Builder, Js, checkpoint, job, panic};

thread_local! {
    /// What has come to this worker and has not run.
    static RECORDS: RefCell<VecDeque<Vec<u8>>> = const { RefCell::new(VecDeque::new()) };
    /// How many messages had been handled when it last looked, and how often it has looked.
    static DRIVES: Cell<(u32, u32)> = const { Cell::new((0, 0)) };
    /// How much was posted of the last record, and how much given.
    static LAST: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
    /// The place of the job that is not to run.
    static SKIPS: Cell<Option<usize>> = const { Cell::new(None) };
}

#[doc(hidden)]
#[wasm_bindgen(js_name = __wasm_mt_board, skip_typescript)]
pub fn board(came: &JsValue) {
    if let Some(bytes) = dom::bytes(came) {
        RECORDS.with_borrow_mut(|records| records.push_back(bytes));
    }
    SKIPS.set(came.as_f64().map(|place| place as usize).or(SKIPS.get()));
}

/// Runs one record, and comes back for the next.
#[doc(hidden)]
#[wasm_bindgen(js_name = __wasm_mt_drive, skip_typescript)]
pub fn drive(handled: u32) -> bool {
    DRIVES.set((handled, DRIVES.get().1 + 1));
    let next = RECORDS.with_borrow_mut(VecDeque::pop_front);
    if let Some(record) = next
        && let Some(ran) = run_records(&record, &mut |at, _| SKIPS.get() != Some(at))
    {
        LAST.set((ran.len, ran.posted));
        if ran.len > 0 {
            post_outcomes(ran.bytes);
        }
    }
    RECORDS.with_borrow(|records| !records.is_empty())
}

/// What a pool hears.
enum Event {
    Up,
    Told(JobId, Outcome),
    Down(Down),
    Failed,
    Left(usize),
    Ended,
    Heard(Heard),
}

struct Pool {
    events: UnboundedSender<Event>,
    out: Mutex<Out>,
}

impl Pool {
    fn say(&self, event: Event) {
        // Whoever does not listen any more has heard enough.
        let _ = self.events.unbounded_send(event);
    }
}

impl Feed for Pool {
    fn up(&self, _: usize) {
        self.say(Event::Up);
    }

    fn down(&self, _: usize, down: Down) {
        self.say(Event::Down(down));
    }

    fn failed(&self, _: usize, _: StartError) {
        self.say(Event::Failed);
    }

    fn ended(&self, _: usize, _: Ended) {
        self.say(Event::Ended);
    }

    fn left(&self, _: usize, jobs: usize) {
        self.say(Event::Left(jobs));
    }

    fn told(&self, _: usize, id: JobId, outcome: Outcome) {
        self.say(Event::Told(id, outcome));
    }

    fn out(&self, _: usize) -> Out {
        *self.out.lock().unwrap()
    }

    fn hears(&self, _: usize, message: &js_sys::Array) {
        self.say(Event::Heard(child::hear(message)));
    }
}

/// Counts.
#[derive(Default)]
struct Counts {
    boards: AtomicUsize,
    posted: AtomicUsize,
    ends: AtomicUsize,
}

impl Counts {
    // ORDERING: Relaxed, here and below; one thread only.
    fn posted(&self) -> usize {
        self.posted.load(Ordering::Relaxed)
    }
}

impl Aboard for Counts {
    fn board(&self, at: usize) -> JsValue {
        assert_eq!(at, 3);
        self.boards.fetch_add(1, Ordering::Relaxed);
        self.posted.store(0, Ordering::Relaxed);
        js_sys::Object::new().into()
    }

    fn posted(&self, _: usize) {
        self.posted.fetch_add(1, Ordering::Relaxed);
    }

    fn aborts(&self, _: usize, _: u64) {}

    fn goes_on(&self, _: usize, _: u64) {}

    fn ends(&self, _: usize) {
        self.ends.fetch_add(1, Ordering::Relaxed);
    }
}

/// Nobody waits for these jobs.
struct Nobody;

impl Packet for Nobody {
    fn is_settled(&self) -> bool {
        false
    }

    fn settle(&self, _: JobId, _: Outcome) {}

    fn abort(&self, _: JoinError) {}
}

/// A lane whose worker has a board.
struct Aside {
    lane: Arc<Lane>,
    counts: Arc<Counts>,
    pool: Arc<Pool>,
    events: UnboundedReceiver<Event>,
}

impl Aside {
    async fn start() -> Self {
        Aside::with(Builder::new()).await
    }

    async fn with(builder: Builder) -> Self {
        let mut config = builder.config;
        let counts = Arc::new(Counts::default());
        config.sys.aboard = Some(Place::new(counts.clone(), 3));
        let (sender, events) = unbounded();
        let pool = Arc::new(Pool {
            events: sender,
            out: Mutex::new(Out::Nothing),
        });
        let feed: Arc<dyn Feed> = pool.clone();
        let lane = Lane::of_pool(config, Arc::downgrade(&feed), 3);
        lane.begin();
        poll_fn(|cx| lane.poll_started(cx)).await.unwrap();
        let mut aside = Aside {
            lane,
            counts,
            pool,
            events,
        };
        assert!(matches!(aside.next().await, Event::Up));
        aside
    }

    async fn next(&mut self) -> Event {
        self.events.next().await.unwrap()
    }

    /// Gives the worker jobs, and their first id.
    fn lay<I: crate::Travel, R: crate::Travel>(&self, items: Vec<I>, f: fn(I) -> R) -> JobId {
        let len = items.len();
        let first = JobId::next_of(len);
        let entry = Entry::many(first, len, Arc::new(Nobody), Task::map(items, f));
        let record = write(&entry, false, 1 << 20, len).unwrap();
        assert_eq!(record.len, len);
        assert!(self.lane.pass(&Uint8Array::from(&record.bytes[..])));
        first
    }

    async fn told<T: serde::de::DeserializeOwned>(&mut self) -> (JobId, Result<T, JoinError>) {
        loop {
            match self.next().await {
                Event::Told(id, outcome) => return (id, outcome.and_then(decode)),
                Event::Left(0) => {}
                Event::Left(_) => panic!("a job has left a frame"),
                Event::Down(down) => panic!("it is down: {}", down.why),
                _ => panic!("nothing was told"),
            }
        }
    }

    /// It says that it has begun, and gives its id.
    async fn begun(&mut self, f: fn(())) -> JobId {
        let id = self.lay(vec![()], f);
        loop {
            match self.next().await {
                Event::Heard(Heard::Told) => return id,
                // Of the frame before.
                Event::Left(0) | Event::Ended => {}
                _ => panic!("it has not begun"),
            }
        }
    }

    /// Posts a frame of one job.
    fn post(&self) {
        let entry = Entry::new(JobId::next(), Arc::new(Nobody), Task::new((), |()| ()));
        assert!(self.lane.post(vec![entry]).is_ok());
    }

    async fn frame_ends(&mut self) {
        let mut left = 0;
        loop {
            match self.next().await {
                Event::Left(jobs) => left += jobs,
                Event::Ended => break,
                _ => panic!("the frame has not ended"),
            }
        }
        assert_eq!(left, 1);
    }

    async fn down(&mut self) -> Down {
        loop {
            match self.next().await {
                Event::Down(down) => return down,
                Event::Left(0) => {}
                _ => panic!("it is not down"),
            }
        }
    }

    /// The worker that took the place of the one before does what it is given.
    async fn goes_on(&mut self) {
        assert!(matches!(self.next().await, Event::Up));
        let id = self.lay(vec![20u8], |n| n + 1);
        assert_eq!(self.told::<u8>().await.1.unwrap(), 21);
        assert!(id.0 > 0);
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        self.lane.terminate();
    }
}

#[wasm_bindgen_test]
async fn all_that_is_posted_is_counted_on_both_sides() {
    let mut aside = Aside::start().await;
    aside.lay(vec![()], |()| DRIVES.get());
    let (handled, _) = aside.told::<(u32, u32)>().await.1.unwrap();
    assert_eq!(handled as usize, aside.counts.posted());
    aside.lane.wake();
    aside.lane.abandon_settled();
    // Two records, the second behind a hop: none of it is a message.
    aside.lay(vec![()], |()| DRIVES.get());
    aside.lay(vec![()], |()| DRIVES.get());
    aside.told::<(u32, u32)>().await.1.unwrap();
    let (handled, drives) = aside.told::<(u32, u32)>().await.1.unwrap();
    assert_eq!(handled as usize, aside.counts.posted());
    assert!(drives > 2);
    let boards = aside.counts.boards.load(Ordering::Relaxed);
    assert_eq!((boards, aside.counts.ends.load(Ordering::Relaxed)), (1, 0));
    aside.lane.terminate();
    assert_eq!(aside.counts.ends.load(Ordering::Relaxed), 1);
}

#[wasm_bindgen_test]
async fn jobs_beside_the_messages_are_told_in_their_order_and_are_no_frames() {
    let mut aside = Aside::start().await;
    let first = aside.lay(vec![1u32, 2, 3], |n| n * 2);
    for at in 0..3 {
        let (id, outcome) = aside.told::<u32>().await;
        assert_eq!((id.0, outcome.unwrap()), (first.0 + at, 2 + 2 * at as u32));
    }
    // A frame's count does not miss them.
    aside.post();
    aside.frame_ends().await;
}

#[wasm_bindgen_test]
async fn what_cannot_be_bytes_is_posted_and_all_of_its_record_with_it() {
    let mut aside = Aside::start().await;
    let first = aside.lay(vec![0u8, 1, 2, 3], |n| {
        (n == 1 || n == 2).then(|| Buffer(vec![n; 9]))
    });
    for at in 0..4u8 {
        let (id, outcome) = aside.told::<Option<Buffer<u8>>>().await;
        let gives = (at == 1 || at == 2).then(|| Buffer(vec![at; 9]));
        assert_eq!((id.0, outcome.unwrap()), (first.0 + u64::from(at), gives));
    }
    aside.lay(vec![()], |()| LAST.get());
    assert_eq!(aside.told::<(usize, usize)>().await.1.unwrap(), (0, 4));
    aside.lay(vec![()], |()| LAST.get());
    assert_eq!(aside.told::<(usize, usize)>().await.1.unwrap(), (1, 0));
    // One that cannot be posted either is an error, and the next is told behind it.
    aside.lay(vec![0u8, 1], |n| {
        (n == 0).then(|| Js(js_sys::Function::new_no_args("")))
    });
    assert!(aside.told::<()>().await.1.unwrap_err().is_encode());
    assert!(
        aside
            .told::<Option<Js<js_sys::Function>>>()
            .await
            .1
            .unwrap()
            .is_none()
    );
}

#[wasm_bindgen_test]
async fn bulk_lies_in_the_record_both_ways() {
    let mut aside = Aside::start().await;
    aside.lay(vec![vec![7u8; 40 << 10]], |bytes| bytes);
    assert_eq!(aside.told::<Vec<u8>>().await.1.unwrap().len(), 40 << 10);
}

#[wasm_bindgen_test]
async fn a_record_has_as_many_jobs_as_have_room() {
    let entry = |items: Vec<Vec<u8>>, f: fn(Vec<u8>)| {
        let len = items.len();
        Entry::many(
            JobId::next_of(len),
            len,
            Arc::new(Nobody),
            Task::map(items, f),
        )
    };
    let items = entry(vec![vec![1; 50]; 5], |_| ());
    let written =
        |room| write(&items, false, room, 9).map(|record| (record.len, record.bytes.len()));
    let (one, all) = (40 + 8 + 51, 40 + 5 * 59);
    assert_eq!(written(one - 1), None);
    assert_eq!(written(one), Some((1, one)));
    assert_eq!(written(all - 1), Some((4, all - 59)));
    assert_eq!(written(1 << 16), Some((5, all)));
    assert_eq!(write(&items, false, 1 << 16, 2).unwrap().len, 2);
    let nobody = || Arc::new(Nobody);
    let may_await = Task::new_async((), |()| async {});
    assert!(
        write(
            &Entry::new(JobId::next(), nobody(), may_await),
            false,
            999,
            9
        )
        .is_none()
    );
    let bulk = Task::new(Buffer(vec![1u8]), |_| ());
    assert!(write(&Entry::new(JobId::next(), nobody(), bulk), false, 999, 9).is_none());
    let shared = Task::map_with(&1u8, vec![2u8], |a, b| a + b);
    assert!(
        write(
            &Entry::many(JobId::next(), 1, nobody(), shared),
            false,
            999,
            9
        )
        .is_none()
    );
    // Up to the first that cannot.
    let some = Task::map(vec![None, Some(Buffer(vec![1u8])), None], |_| ());
    let some = Entry::many(JobId::next_of(3), 3, nobody(), some);
    assert_eq!(write(&some, false, 999, 9).unwrap().len, 1);
}

#[wasm_bindgen_test]
async fn a_trap_is_its_jobs_and_what_ended_before_is_told() {
    let mut aside = Aside::start().await;
    // Nothing was done before: it is no fault of the start.
    let first = aside.lay(vec![1u32, 2, 3], |n| match n {
        2 => core::arch::wasm32::unreachable(),
        n => n,
    });
    assert_eq!(aside.told::<u32>().await.1.unwrap(), 1);
    let down = aside.down().await;
    let (id, error) = down.victim.unwrap();
    assert!(id.0 == first.0 + 1 && error.is_trap(), "{error}");
    assert!(down.back.is_empty() && !down.may_go_on);
    assert!(down.why.contains("another of its jobs"), "{}", down.why);
    aside.goes_on().await;
}

#[wasm_bindgen_test]
async fn a_panic_is_its_jobs() {
    let mut aside = Aside::start().await;
    let first = aside.lay(vec![1u32], |n| -> () { panic!("of {n}") });
    let (id, error) = aside.down().await.victim.unwrap();
    assert_eq!((id, error.panic_message()), (first, Some("of 1")));
    assert!(
        error.panic_location().unwrap().contains("tests.rs"),
        "{error}"
    );
    aside.goes_on().await;
}

#[wasm_bindgen_test]
async fn a_forks_panic_is_heard_at_once_and_is_no_jobs() {
    let mut aside = Aside::start().await;
    aside.lay(vec![()], |()| {
        panic::on_panic(|message, place| {
            aboard::rouse(message.len() * usize::from(place.is_some()))
        });
        let fork = job!(|| -> () { panic!("in a fork") });
        run_fork(&fork_bytes(&fork, Vec::new()).unwrap())
    });
    assert!(matches!(aside.next().await, Event::Heard(Heard::Rouse(9))));
    let (id, error) = aside.down().await.victim.unwrap();
    assert_eq!(
        (id, error.panic_message()),
        (JobId::FORK, Some("in a fork"))
    );
    aside.goes_on().await;
}

#[wasm_bindgen_test]
async fn a_job_fails_with_the_panic_of_another() {
    let mut aside = Aside::start().await;
    let first = aside.lay(vec![()], |()| -> () {
        panic::fail_job("elsewhere".into(), Some("there.rs:1:2".into()))
    });
    let (id, error) = aside.down().await.victim.unwrap();
    assert_eq!((id, error.panic_message()), (first, Some("elsewhere")));
    assert_eq!(error.panic_location(), Some("there.rs:1:2"));
    aside.goes_on().await;
}

#[wasm_bindgen_test]
async fn what_a_closed_worker_did_is_told_once() {
    let mut aside = Aside::start().await;
    let first = aside.lay(vec![1u32, 2, 3], |n| {
        if n == 2 {
            let _ = js_sys::Function::new_no_args("self.close()").call0(&JsValue::NULL);
        }
        n
    });
    assert_eq!(aside.told::<u32>().await.1.unwrap(), 1);
    let (id, error) = aside.down().await.victim.unwrap();
    assert!(id.0 == first.0 + 1 && error.is_lost(), "{error}");
    aside.goes_on().await;
}

#[wasm_bindgen_test]
async fn a_job_that_is_not_to_run_is_cancelled() {
    let mut aside = Aside::start().await;
    assert!(aside.lane.pass(&1.into()));
    aside.lay(vec![1u8, 2, 3], |n| n);
    assert_eq!(aside.told::<u8>().await.1.unwrap(), 1);
    assert!(aside.told::<u8>().await.1.unwrap_err().is_cancelled());
    assert_eq!(aside.told::<u8>().await.1.unwrap(), 3);
}

#[wasm_bindgen_test]
async fn what_goes_on_after_its_abort_is_terminated_and_what_was_posted_comes_back() {
    let mut aside = Aside::with(Builder::new().abort_grace(Duration::from_millis(50))).await;
    let id = aside
        .begun(|()| {
            aboard::tell_owner();
            loop {
                checkpoint();
            }
        })
        .await;
    aside.post();
    aside.lane.stop_aside(id);
    let down = aside.down().await;
    assert!(down.victim.is_none() && down.may_go_on);
    assert!(down.why.contains("went on running"), "{}", down.why);
    assert_eq!(down.back.len(), 1);
    assert_eq!(aside.counts.ends.load(Ordering::Relaxed), 1);
    aside.goes_on().await;
}

#[wasm_bindgen_test]
async fn what_ends_within_its_grace_lets_the_worker_go_on() {
    let mut aside = Aside::start().await;
    let id = aside
        .begun(|()| {
            aboard::tell_owner();
            let began = dom::now();
            while dom::now() - began < 30.0 {}
        })
        .await;
    aside.lane.stop_aside(id);
    aside.post();
    assert_eq!(aside.told::<()>().await.0, id);
    aside.lane.ended_aside(id);
    aside.frame_ends().await;
    // A second time nobody answers.
    aside.lane.ended_aside(id);
    assert_eq!(aside.counts.ends.load(Ordering::Relaxed), 0);
}

#[wasm_bindgen_test]
async fn a_worker_that_is_held_opens_nothing_until_it_is_told_to_go_on() {
    let mut aside = Aside::start().await;
    let hold = aside.lane.hold().unwrap();
    aside.post();
    // What is beside the messages it does, and that is behind the frame.
    aside.lay(vec![1u8], |n| n);
    assert_eq!(aside.told::<u8>().await.1.unwrap(), 1);
    aside.lane.go_on(hold);
    aside.frame_ends().await;

    let hold = aside.lane.hold().unwrap();
    aside.post();
    aside.lay(vec![2u8], |n| n);
    assert_eq!(aside.told::<u8>().await.1.unwrap(), 2);
    assert!(aside.lane.end_held(hold));
    let down = aside.down().await;
    assert!(down.victim.is_none() && down.may_go_on);
    assert_eq!(down.back.len(), 1);
    aside.goes_on().await;
}

#[wasm_bindgen_test]
async fn a_worker_with_a_job_that_has_begun_is_not_ended_though_it_was_held() {
    let mut aside = Aside::start().await;
    let task = Task::new_async((), |()| std::future::pending::<()>());
    let entry = Entry::new(JobId::next(), Arc::new(Nobody), task);
    assert!(aside.lane.post(vec![entry]).is_ok());
    // Not told yet.
    let hold = aside.lane.hold().unwrap();
    while !aside.lane.awaits() {
        aside.next().await;
    }
    assert!(!aside.lane.end_held(hold));
    assert!(aside.lane.hold().is_none());
    aside.lay(vec![1u8], |n| n);
    while !matches!(aside.next().await, Event::Told(..)) {}
    aside.post();
    while !matches!(aside.next().await, Event::Ended) {}
    assert_eq!(aside.counts.ends.load(Ordering::Relaxed), 0);
}

#[wasm_bindgen_test]
async fn what_awaits_behind_a_job_aside_is_not_stopped_at_its_cost() {
    let mut aside = Aside::with(Builder::new().abort_grace(Duration::from_millis(20))).await;
    let waits = JobId::next();
    let task = Task::new_async((), |()| std::future::pending::<()>());
    let entry = Entry::new(waits, Arc::new(Nobody), task);
    assert!(aside.lane.post(vec![entry]).is_ok());
    while !aside.lane.awaits() {
        aside.next().await;
    }
    let id = aside
        .begun(|()| {
            aboard::tell_owner();
            let began = dom::now();
            while dom::now() - began < 120.0 {}
        })
        .await;
    *aside.pool.out.lock().unwrap() = Out::Runs;
    assert!(aside.lane.abandon_posted(waits));
    assert_eq!(aside.told::<()>().await.0, id);
    *aside.pool.out.lock().unwrap() = Out::Nothing;
    while aside.lane.awaits() {
        assert!(matches!(aside.next().await, Event::Left(_) | Event::Ended));
    }
    assert_eq!(aside.counts.ends.load(Ordering::Relaxed), 0);
}

#[wasm_bindgen_test]
async fn an_aborted_job_ends_its_instance_at_a_checkpoint() {
    let mut aside = Aside::start().await;
    let first = aside.lay(vec![()], |()| -> () {
        on_checkpoint(|id| {
            if panic::current_job() == Some(JobId(id)) {
                super::super::stop_here()
            }
        });
        loop {
            checkpoint();
        }
    });
    let down = aside.down().await;
    let (id, error) = down.victim.unwrap();
    assert!(id == first && error.is_lost(), "{error}");
    assert!(down.why.contains("was stopped"), "{}", down.why);
    aside.goes_on().await;
}

#[wasm_bindgen_test]
async fn a_pool_hears_what_its_worker_tells_aboard() {
    let mut aside = Aside::start().await;
    aside.lay(vec![()], |()| {
        aboard::tell_owner();
        aboard::rouse(7);
        aboard::quiet();
    });
    assert!(matches!(aside.next().await, Event::Heard(Heard::Told)));
    assert!(matches!(aside.next().await, Event::Heard(Heard::Rouse(7))));
    assert!(matches!(aside.next().await, Event::Heard(Heard::Quiet)));
}

#[wasm_bindgen_test]
async fn a_worker_with_jobs_aside_is_not_idle() {
    let mut aside = Aside::start().await;
    let token = link::last_token();
    for out in [Out::Nothing, Out::Waits, Out::Runs] {
        *aside.pool.out.lock().unwrap() = out;
        assert_eq!(aboard::of(token, aboard::About::Out), out);
        assert_eq!(aside.lane.out(1), Out::Nothing);
    }
    watch::died(token, "it is gone");
    let down = aside.down().await;
    assert!(down.may_go_on && down.why == "it is gone");
    assert!(matches!(aside.next().await, Event::Up));
    // One that has done nothing and has nothing to do has a fault of its start.
    *aside.pool.out.lock().unwrap() = Out::Nothing;
    watch::died(link::last_token(), "it is gone");
    assert!(matches!(aside.next().await, Event::Failed));
    assert!(!aside.lane.pass(&1.into()));
}

#[wasm_bindgen_test]
async fn a_worker_is_given_up_on_by_its_pool() {
    let mut aside = Aside::start().await;
    aside.lane.give_up("what it told does not read");
    let down = aside.down().await;
    assert!(down.may_go_on && down.victim.is_none());
    assert_eq!(down.why, "what it told does not read");
    aside.goes_on().await;
}

#[wasm_bindgen_test]
async fn outcomes_that_do_not_read_are_not_all() {
    let mut writer = Writer::whole();
    outcome::write(&mut writer, JobId(5), &Err(JoinError::cancelled()));
    let heard = |bytes: &[u8]| {
        let mut ids = Vec::new();
        let whole = outcomes(bytes, &mut |id, _| ids.push(id));
        (ids, whole)
    };
    assert_eq!(heard(&writer.bytes), (vec![JobId(5)], true));
    writer.u32(99);
    assert_eq!(heard(&writer.bytes), (vec![JobId(5)], false));
}
