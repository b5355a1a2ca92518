//! The beginning, places in a bounded queue, and whose turn comes first.

use super::*;

struct Room(AtomicBool, bool);

impl door::Permit for Room {
    fn release(&self) {
        self.0.store(true, Ordering::SeqCst);
        assert!(!self.1, "on purpose: as a waker may");
    }
}

fn spawn_with<T: Send + 'static>(
    fabric: &Native,
    job: Job<T>,
    permit: Option<Arc<dyn door::Permit>>,
    priority: Priority,
) -> JoinHandle<T> {
    let (mut entry, handle) = door::spawned(job, fabric.config.unhandled(), None, permit);
    entry.set_rank(priority.rank());
    fabric.submit(entry, Place::Anywhere);
    handle
}

/// What ran, in order.
struct Order(Mutex<Vec<char>>);

impl Order {
    const fn new() -> Self {
        Order(Mutex::new(Vec::new()))
    }

    fn note(&self, what: char) {
        self.0.lock().unwrap().push(what);
    }

    fn noted(&self) -> String {
        self.0.lock().unwrap().iter().collect()
    }
}

fn not_started(fabric: &Native) {
    for place in [Place::Anywhere, Place::Pinned(0)] {
        let early = spawn_at(fabric, job!(|| ()), place);
        assert!(block_on(early).unwrap_err().is_not_started());
    }
    let mut started = std::pin::pin!(poll_fn(|cx| fabric.poll_started(cx)));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(started.as_mut().poll(&mut cx).is_pending());
}

#[test]
fn before_the_beginning_jobs_end_as_not_started() {
    let fabric = Native::make(config(), 2, Settings::default(), None);
    not_started(&fabric);
    assert_eq!(fabric.workers(), 2);
    assert!(fabric.begin());
    assert!(!fabric.begin());
    up(&fabric).unwrap();
    block_on(spawn(&fabric, job!(|| ()))).unwrap();
    end(&fabric);
}

#[test]
fn the_size_may_change_before_the_beginning() {
    let fabric = Native::make(config(), 1, Settings::default(), None);
    fabric.resize(3).unwrap();
    not_started(&fabric);
    assert!(fabric.begin());
    up(&fabric).unwrap();
    block_on(spawn_at(&fabric, job!(|| ()), Place::Pinned(2))).unwrap();
    end(&fabric);
}

#[test]
fn an_end_before_the_beginning_is_one() {
    let fabric = Native::make(config(), 2, Settings::default(), None);
    end(&fabric);
    assert!(!fabric.begin());
    assert!(up(&fabric).is_err());
    assert!(
        block_on(spawn(&fabric, job!(|| ())))
            .unwrap_err()
            .is_closed()
    );
}

#[test]
fn more_workers_than_can_be_counted_do_not_begin() {
    let fabric = begun(config(), usize::MAX, Settings::default());
    assert!(up(&fabric).unwrap_err().is_limit());
    end(&fabric);
}

#[test]
fn a_job_gives_its_place_back_before_its_body() {
    static PLACE: Mutex<Option<Arc<Room>>> = Mutex::new(None);
    for panics in [false, true] {
        let place = Arc::new(Room(AtomicBool::new(false), panics));
        *PLACE.lock().unwrap() = Some(place.clone());
        let fabric = fabric(1);
        let given_back = job!(|| {
            let place = PLACE.lock().unwrap().clone();
            place.is_some_and(|place| place.0.load(Ordering::SeqCst))
        });
        let given_back = spawn_with(&fabric, given_back, Some(place), Priority::Normal);
        if panics {
            // So does the handle's own end of it, which is the caller's.
            std::mem::forget(given_back);
        } else {
            assert!(block_on(given_back).unwrap());
        }
        block_on(spawn(&fabric, job!(|| ()))).unwrap();
        end(&fabric);
    }
}

#[test]
fn an_aborted_job_that_waits_gives_its_place_back() {
    static BUSY: Gate = Gate::new();
    let fabric = fabric(1);
    let busy = spawn(&fabric, job!(|| BUSY.pass()));
    let place = Arc::new(Room(AtomicBool::new(false), false));
    let waits = spawn_with(&fabric, job!(|| ()), Some(place.clone()), Priority::Normal);
    waits.abort();
    assert!(place.0.load(Ordering::SeqCst));
    BUSY.open();
    block_on(busy).unwrap();
    end(&fabric);
}

/// The order in which one worker runs what waits.
fn order_of(
    order: &'static Order,
    gate: &'static Gate,
    busy: Job<()>,
    waits: impl FnOnce(&Native) -> Vec<JoinHandle<()>>,
) -> String {
    let fabric = fabric(1);
    let busy = spawn(&fabric, busy);
    let handles = waits(&fabric);
    assert_eq!(
        crate::fabric::Fabric::stats(&*fabric).waiting,
        handles.len() as u64
    );
    gate.open();
    block_on(busy).unwrap();
    for outcome in block_on(join_all(handles)) {
        outcome.unwrap();
    }
    end(&fabric);
    order.noted()
}

#[test]
fn the_urgent_goes_first_and_what_has_time_last() {
    static ORDER: Order = Order::new();
    static BEGUN: Gate = Gate::new();
    static GATE: Gate = Gate::new();
    let busy = job!(|| {
        BEGUN.open();
        GATE.pass();
    });
    let order = order_of(&ORDER, &GATE, busy, |fabric| {
        BEGUN.pass();
        let spawn = |job, priority| spawn_with(fabric, job, None, priority);
        let mut handles = Vec::new();
        for _ in 0..4 {
            handles.push(spawn(job!(|| ORDER.note('b')), Priority::Background));
            handles.push(spawn(job!(|| ORDER.note('n')), Priority::Normal));
            handles.push(spawn(job!(|| ORDER.note('u')), Priority::Urgent));
        }
        handles
    });
    assert_eq!(order, "uuuunnnnbbbb");
}

#[test]
#[cfg_attr(
    miri,
    ignore = "it is about the order of hundreds of jobs, and there are others for how they are taken"
)]
fn none_starves() {
    static ORDER: Order = Order::new();
    static BEGUN: Gate = Gate::new();
    static GATE: Gate = Gate::new();
    let busy = job!(|| {
        BEGUN.open();
        GATE.pass();
    });
    let order = order_of(&ORDER, &GATE, busy, |fabric| {
        BEGUN.pass();
        let spawn = |job, priority| spawn_with(fabric, job, None, priority);
        let mut handles = Vec::new();
        for _ in 0..600 {
            handles.push(spawn(job!(|| ORDER.note('u')), Priority::Urgent));
            handles.push(spawn(job!(|| ORDER.note('n')), Priority::Normal));
            handles.push(spawn(job!(|| ORDER.note('b')), Priority::Background));
        }
        handles
    });
    let order = order.as_bytes();
    let turn = |turn: usize| char::from(order[turn - 1]);
    assert!((1..16).all(|at| turn(16 * at) == 'n'));
    assert_eq!(turn(256), 'b');
    assert!((1..256).filter(|at| at % 16 != 0).all(|at| turn(at) == 'u'));
    let after_urgent = &order[order.iter().rposition(|one| *one == b'u').unwrap() + 1..];
    let normal = after_urgent.iter().rposition(|one| *one == b'n').unwrap();
    let early = after_urgent[..normal].iter().filter(|one| **one == b'b');
    assert!(early.count() >= normal / 16);
}

#[test]
fn a_map_that_has_time_lets_others_pass_between_its_items() {
    static BEGUN: Gate = Gate::new();
    static GATE: Gate = Gate::new();
    static RUN: AtomicUsize = AtomicUsize::new(0);
    let fabric = fabric(1);
    let (_results, done, mut entry, _) = maps::mapped((0..100_u32).collect(), |n| {
        RUN.fetch_add(1, Ordering::SeqCst);
        if n == 0 {
            BEGUN.open();
            GATE.pass();
        }
    });
    entry.set_rank(Priority::Background.rank());
    fabric.submit(entry, Place::Anywhere);
    BEGUN.pass();
    let before = spawn(&fabric, job!(|| RUN.load(Ordering::SeqCst)));
    GATE.open();
    assert_eq!(block_on(before).unwrap(), 1);
    done.recv().unwrap();
    end(&fabric);
}

#[test]
fn an_urgent_map_gives_each_items_result() {
    let fabric = fabric(2);
    for priority in [Priority::Urgent, Priority::Background] {
        let (results, done, mut entry, _) = maps::mapped((0..many(10_000)).collect(), |n| n + 1);
        entry.set_rank(priority.rank());
        fabric.submit(entry, Place::Anywhere);
        done.recv().unwrap();
        let values = std::mem::take(&mut *results.values.lock().unwrap());
        for (n, value) in (0..).zip(values) {
            let value: u32 = door::decode(value.unwrap().unwrap()).unwrap();
            assert_eq!(value, n + 1);
        }
    }
    end(&fabric);
}
