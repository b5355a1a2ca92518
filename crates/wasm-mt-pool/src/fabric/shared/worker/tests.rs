//! A worker in surroundings that are made up. Most tests have a single thread: what runs in one worker lets the other drive.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::mpsc;

use super::drive::Next;
use super::join::{Failure, Half};
use super::*;
use crate::fabric::shared::tests::heap::Heap;
use crate::fabric::shared::{Content, INLINE_BYTES, OwnLot, Report};

/// Bulk memory, at first and at most.
const BULK: u32 = 4 << 10;
const MOST: u32 = 16 << 10;

type Body = dyn Fn(&[u8]) -> Option<Vec<u8>>;

/// What surrounds a worker here. Its jobs and forks are bytes, and `body` makes their values of them.
struct Stage {
    body: RefCell<Rc<Body>>,
    said: RefCell<Vec<Said>>,
    now: Cell<f64>,
    suspended: Cell<bool>,
    others: Cell<bool>,
}

#[derive(Debug, PartialEq)]
enum Said {
    Told,
    Rouse(u32),
    Quiet,
    Posted(Vec<u8>),
}

impl Stage {
    fn new() -> Self {
        Stage {
            body: RefCell::new(Rc::new(|bytes| Some(bytes.to_vec()))),
            said: RefCell::default(),
            now: Cell::new(0.0),
            // So that it never waits, unless a test wants it to.
            suspended: Cell::new(true),
            others: Cell::new(false),
        }
    }
}

impl Site for Stage {
    fn now(&self) -> f64 {
        self.now.get()
    }

    fn head(&self, record: &[u8]) -> Head {
        Head {
            first: u64::from(record[0]),
            len: record.len() as u32,
            kind: 1,
        }
    }

    fn run(&self, record: &[u8], begins: &mut dyn FnMut(usize) -> bool) -> Option<Ran> {
        let body = self.body.borrow().clone();
        let mut outcomes = Vec::new();
        for (place, job) in record.iter().enumerate() {
            if begins(place) {
                outcomes.extend(body(&[*job])?);
            }
        }
        Some(Ran {
            outcomes,
            posted: false,
        })
    }

    fn run_fork(&self, record: &[u8]) -> Option<Vec<u8>> {
        let body = self.body.borrow().clone();
        body(record)
    }

    fn post(&self, outcomes: Vec<u8>) {
        self.said.borrow_mut().push(Said::Posted(outcomes));
    }

    fn tell(&self) {
        self.said.borrow_mut().push(Said::Told);
    }

    fn rouse(&self, seat: u32) {
        self.said.borrow_mut().push(Said::Rouse(seat));
    }

    fn quiet(&self) {
        self.said.borrow_mut().push(Said::Quiet);
    }

    fn is_suspended(&self) -> bool {
        self.suspended.get()
    }

    fn has_others(&self, _: u64) -> bool {
        self.others.get()
    }

    fn pages(&self) -> u32 {
        1
    }
}

type One = Worker<Heap, Stage>;

/// The owner, and the boards of its workers, one a seat, from 1 on.
struct Desk {
    own: OwnLot<Heap>,
    boards: Vec<Board<Heap>>,
}

impl Desk {
    fn new(workers: u16) -> Self {
        let lot = Heap::new(Lot::<Heap>::BYTES, Lot::<Heap>::BYTES);
        let own = OwnLot::new(lot, Heap::new(64 << 10, 64 << 10));
        let board = |number| {
            let words = Heap::new(Board::<Heap>::BYTES, Board::<Heap>::BYTES);
            Board::new(number, words, Heap::new(BULK, MOST))
        };
        let boards: Vec<_> = (1..=workers).map(board).collect();
        for (seat, board) in (0..).zip(&boards) {
            own.lot().set_current(seat, board.number());
        }
        Desk { own, boards }
    }

    /// The worker of that seat, which knows all the others.
    fn worker(&self, seat: u32) -> Rc<One> {
        let own = OwnBoard::new(self.boards[seat as usize].clone(), seat, MOST);
        let worker = Worker::new(Stage::new(), self.own.lot().clone(), own, seat, true);
        for (seat, board) in (0..).zip(&self.boards) {
            worker.meets(board.clone(), seat);
        }
        Rc::new(worker)
    }

    fn lay(&mut self, rank: u32, bytes: &[u8]) -> u32 {
        self.own.lay(rank, bytes, 0).expect("there is room")
    }

    fn hear(&mut self) -> Vec<Report> {
        let mut reports = Vec::new();
        self.own.lot().listen();
        for board in &self.boards {
            self.own.drain(board, &mut reports);
        }
        reports
    }

    /// The values of what was reported, in order.
    fn values(&mut self) -> Vec<u8> {
        let reports = self.hear().into_iter();
        let bytes = reports.flat_map(|report| match report.content {
            Some(Content::Bytes(bytes)) => bytes,
            other => panic!("{other:?}"),
        });
        bytes.collect()
    }
}

fn two() -> (Desk, Rc<One>, Rc<One>) {
    let desk = Desk::new(2);
    let (one, other) = (desk.worker(0), desk.worker(1));
    (desk, one, other)
}

#[test]
fn jobs_run_in_order_and_are_told_of_once() {
    let (mut desk, one, _) = two();
    for job in [3, 1, 2] {
        desk.lay(1, &[job]);
    }
    desk.lay(0, &[9]);
    desk.lay(2, &[0]);
    assert_eq!(one.drive(0), Next::Stay);
    assert_eq!(desk.values(), [9, 3, 1, 2, 0]);
    assert_eq!(*one.site.said.borrow(), [Said::Told]);
    assert_eq!(desk.boards[0].counters().run, 5);
    desk.lay(1, &[4]);
    assert_eq!(one.drive(0), Next::Stay);
    assert_eq!(*one.site.said.borrow(), [Said::Told, Said::Told]);
}

#[test]
fn of_sixteen_jobs_one_is_of_a_lower_priority() {
    let (mut desk, one, _) = two();
    for job in 0..64 {
        desk.lay(0, &[job]);
        desk.lay(1, &[100 + job]);
        desk.lay(2, &[200]);
    }
    one.drive(0);
    let values = desk.values();
    let lower = values[..64].iter().filter(|job| **job >= 100).count();
    assert_eq!(lower, 4, "{values:?}");
    assert_eq!(values.len(), 3 * 64);
}

#[test]
fn what_was_posted_is_heard_before_what_is_laid() {
    let (mut desk, one, _) = two();
    desk.lay(1, &[0]);
    desk.boards[0].mailed();
    assert_eq!(one.drive(0), Next::Stay);
    assert!(desk.hear().is_empty());
    assert_eq!(one.drive(1), Next::Stay);
    assert_eq!(desk.values(), [0]);
}

#[test]
fn what_was_laid_before_a_message_goes_before_it() {
    let (mut desk, one, _) = two();
    for job in [0, 1] {
        desk.lay(1, &[job]);
    }
    desk.boards[0].mailed_behind(desk.own.lot().laid());
    desk.lay(1, &[2]);
    desk.boards[0].mailed_behind(desk.own.lot().laid());
    desk.lay(1, &[3]);
    assert_eq!(one.drive(0), Next::Stay);
    assert_eq!(desk.values(), [0, 1]);
    assert_eq!(one.drive(1), Next::Stay);
    assert_eq!(desk.values(), [2]);
    assert_eq!(one.drive(2), Next::Stay);
    assert_eq!(desk.values(), [3]);
}

#[test]
fn messages_without_end_keep_no_job_from_its_turn() {
    let (mut desk, one, _) = two();
    let mut ran = 0;
    for handled in 0..100 {
        desk.lay(1, &[0]);
        desk.boards[0].mailed();
        assert_eq!(one.drive(handled), Next::Stay);
        one.site.now.set(one.site.now.get() + 1_000.0);
        ran += desk.hear().len();
    }
    assert!((9..13).contains(&ran), "{ran}");
}

#[test]
fn who_is_posted_to_while_it_runs_jobs_hears_that_next() {
    let (mut desk, one, _) = two();
    for job in 0..3 {
        desk.lay(1, &[job]);
    }
    let board = desk.boards[0].clone();
    *one.site.body.borrow_mut() = Rc::new(move |job| {
        if job == [0] {
            board.mailed();
        }
        Some(job.to_vec())
    });
    assert_eq!(one.drive(0), Next::Stay);
    assert_eq!(desk.values(), [0]);
    assert_eq!(one.drive(1), Next::Stay);
    assert_eq!(desk.values(), [1, 2]);
}

#[test]
fn a_message_that_was_handled_before_it_was_counted_keeps_no_worker_from_its_rest() {
    let (mut desk, one, _) = two();
    desk.lay(1, &[0]);
    let _ = one.drive(1);
    assert_eq!(desk.values(), [0]);
    assert!(desk.boards[0].sleeps(), "nobody would wake it else");
    desk.boards[0].mailed();
    assert!(!desk.boards[0].has_mail(1));
    // And whoever lays a job still finds that it sleeps.
    desk.lay(1, &[1]);
    let known = |number| desk.boards.iter().find(|board| board.number() == number);
    let woken = desk.own.lot().wake(Want::Job, 2, None, known);
    assert_eq!(woken, Woken::Listens(0));
}

#[test]
fn a_long_row_of_jobs_gives_the_event_loop_its_turn() {
    let (mut desk, one, _) = two();
    for job in 0..30 {
        desk.lay(1, &[job]);
    }
    let slow = one.clone();
    *one.site.body.borrow_mut() = Rc::new(move |job| {
        slow.site.now.set(slow.site.now.get() + 3_000.0);
        Some(job.to_vec())
    });
    // As long as an async job is under way, after 4 ms.
    assert_eq!(one.drive(0), Next::Hop);
    assert_eq!(desk.hear().len(), 2);
    one.site.suspended.set(false);
    assert_eq!(one.drive(0), Next::Hop);
    let reports = desk.hear();
    assert_eq!(reports.len(), 11);
    assert!(reports.iter().all(|report| report.ran == 3_000));
    assert_eq!(desk.boards[0].counters().busy, 13 * 3_000);
}

#[test]
fn what_is_too_large_goes_by_message_and_is_reported_as_such() {
    let (mut desk, one, _) = two();
    for size in [INLINE_BYTES as usize, 1000, 2 * MOST as usize] {
        *one.site.body.borrow_mut() = Rc::new(move |_| Some(vec![7; size]));
        let slot = desk.lay(1, &[0]);
        one.drive(0);
        let reports = desk.hear();
        assert_eq!((reports.len(), reports[0].slot), (1, slot));
        let fits = size <= MOST as usize;
        let content = Some(if fits {
            Content::Bytes(vec![7; size])
        } else {
            Content::ByMessage
        });
        assert_eq!(reports[0].content, content, "{size}");
        let said = one.site.said.take();
        let posted = said.contains(&Said::Posted(vec![7; size]));
        assert_eq!(posted, !fits, "{said:?}");
    }
}

#[test]
fn more_results_than_there_is_memory_find_room_as_they_are_heard() {
    let (mut desk, one, _) = two();
    *one.site.body.borrow_mut() = Rc::new(move |_| Some(vec![7; 1000]));
    for _ in 0..100 {
        desk.lay(1, &[0]);
        one.drive(0);
        assert_eq!(desk.values().len(), 1000);
    }
    assert!(one.site.said.take().iter().all(|said| *said == Said::Told));
}

#[test]
fn who_is_to_leave_takes_nothing_and_says_so() {
    let (mut desk, one, _) = two();
    desk.boards[0].order(orders::LEAVE);
    desk.lay(1, &[1]);
    assert_eq!(one.drive(0), Next::Stay);
    // The order may have been taken back and given again since.
    assert_eq!(one.drive(0), Next::Stay);
    assert_eq!(*one.site.said.borrow(), [Said::Quiet, Said::Quiet]);
    assert!(desk.hear().is_empty());
}

#[test]
fn who_takes_nothing_wakes_another_for_it() {
    let (mut desk, one, other) = two();
    assert_eq!(other.drive(0), Next::Stay);
    desk.boards[0].set_abort(7);
    desk.lay(1, &[1]);
    assert_eq!(one.drive(0), Next::Hop);
    assert_eq!(*one.site.said.borrow(), [Said::Rouse(1)]);
    assert_eq!(other.drive(0), Next::Stay);
    assert_eq!(desk.values(), [1]);
}

#[test]
fn a_worker_claims_nothing_while_the_end_of_an_aborted_job_is_not_heard() {
    let (mut desk, one, _) = two();
    desk.boards[0].set_posted_abort(7);
    desk.lay(1, &[1]);
    assert_eq!(one.drive(0), Next::Hop);
    assert!(desk.hear().is_empty());
    desk.boards[0].set_posted_abort(0);
    one.drive(0);
    assert_eq!(desk.values(), [1]);
}

#[test]
fn a_revoked_worker_claims_nothing() {
    let (mut desk, one, other) = two();
    desk.boards[0].order(orders::REVOKED);
    desk.lay(1, &[1]);
    assert_eq!(one.drive(0), Next::Stay);
    assert!(desk.hear().is_empty());
    other.drive(0);
    assert_eq!(desk.values(), [1]);
    desk.own.lot().shut();
    desk.lay(1, &[1]);
    assert_eq!(other.drive(0), Next::Stay);
    assert!(desk.hear().is_empty());
}

#[test]
fn the_jobs_of_an_aborted_frame_that_come_next_do_not_run() {
    let (mut desk, one, _) = two();
    let board = desk.boards[0].clone();
    *one.site.body.borrow_mut() = Rc::new(move |job| {
        if job == [3] {
            board.set_abort(40);
        }
        Some(job.to_vec())
    });
    let frame: Vec<u8> = (1..=100).collect();
    desk.lay(1, &frame);
    desk.lay(1, &[200]);
    one.drive(0);
    let values = desk.values();
    assert!(values.len() > 3 && values.len() < 100, "{values:?}");
    assert!(!values.contains(&200));
    desk.boards[0].set_abort(0);
    one.drive(0);
    assert_eq!(desk.values(), [200]);
}

#[test]
fn short_jobs_are_told_of_together_but_within_a_while() {
    let (mut desk, one, _) = two();
    let lays = |desk: &mut Desk, flags, jobs: std::ops::Range<u8>| {
        for job in jobs {
            assert!(desk.own.lay(1, &[job], flags).is_some());
        }
    };
    let told = || {
        one.site
            .said
            .borrow_mut()
            .drain(..)
            .filter(|said| *said == Said::Told)
            .count()
    };
    // As if the owner heard each message at once.
    let lot = desk.own.lot().clone();
    *one.site.body.borrow_mut() = Rc::new(move |job| {
        lot.listen();
        Some(job.to_vec())
    });
    lays(&mut desk, flags::LATER, 0..100);
    one.drive(0);
    assert_eq!((told(), desk.hear().len()), (1, 100));
    // What may be long is not waited for, and is told of at once.
    lays(&mut desk, flags::LATER, 0..10);
    lays(&mut desk, 0, 10..13);
    lays(&mut desk, flags::LATER, 13..20);
    one.drive(0);
    assert_eq!((told(), desk.hear().len()), (1 + 3 + 1, 20));
    let (me, lot) = (one.clone(), desk.own.lot().clone());
    *one.site.body.borrow_mut() = Rc::new(move |job| {
        lot.listen();
        me.site.now.set(me.site.now.get() + 100.0);
        Some(job.to_vec())
    });
    lays(&mut desk, flags::LATER, 0..30);
    one.drive(0);
    assert_eq!((told(), desk.hear().len()), (3, 30));
}

#[test]
fn of_a_row_the_job_that_is_named_is_not_run_and_the_others_are() {
    let (mut desk, one, _) = two();
    let (board, me) = (desk.boards[0].clone(), one.clone());
    *one.site.body.borrow_mut() = Rc::new(move |job| {
        if job == [3] {
            board.set_abort(5);
        }
        assert!(!me.stops(u64::from(job[0])), "that is another's affair");
        if job == [7] {
            board.set_abort(7);
            assert!(me.stops(7));
            board.set_abort(0);
        }
        Some(job.to_vec())
    });
    let row: Vec<u8> = (1..=9).collect();
    assert!(desk.own.lay(1, &row, flags::EACH).is_some());
    one.drive(0);
    assert_eq!(desk.values(), [1, 2, 3, 4, 6, 7, 8, 9]);
    // Nothing of the next that it claims has begun.
    assert_eq!(desk.boards[0].at(), 0);
}

#[test]
fn of_a_row_the_owner_hears_when_a_job_was_passed_by() {
    let (mut desk, one, _) = two();
    let (board, lot) = (desk.boards[0].clone(), desk.own.lot().clone());
    *one.site.body.borrow_mut() = Rc::new(move |job| {
        lot.listen();
        // As soon as it has heard, it names the next.
        board.set_abort(if job == [4] { 5 } else { 3 });
        Some(job.to_vec())
    });
    let row: Vec<u8> = (1..=5).collect();
    assert!(desk.own.lay(1, &row, flags::EACH).is_some());
    one.drive(0);
    let ran = one.site.said.borrow();
    let told = ran.iter().filter(|said| **said == Said::Told).count();
    assert_eq!(told, 2, "behind 3, and at the end: {ran:?}");
}

#[test]
fn a_checkpoint_stops_the_job_that_is_named_and_no_other() {
    let (mut desk, one, _) = two();
    let board = desk.boards[0].clone();
    let me = one.clone();
    *one.site.body.borrow_mut() = Rc::new(move |job| {
        assert!(!me.stops(10));
        board.set_abort(10);
        assert!(me.stops(10), "it is of the frame");
        assert!(me.stops(11), "so is this");
        assert!(!me.stops(1 << 52), "a fork of another's job is not");
        board.set_abort(0);
        board.set_posted_abort(99);
        assert!(!me.stops(10));
        assert!(me.stops(99), "it came by message");
        me.site.others.set(true);
        assert!(!me.stops(99), "async jobs beside it would end with it");
        me.site.others.set(false);
        board.set_posted_abort(0);
        assert!((0..15).all(|_| !me.stops(10)));
        Some(job.to_vec())
    });
    desk.lay(1, &[10, 11]);
    one.drive(0);
    assert_eq!(desk.hear().len(), 1);
    desk.boards[0].order(orders::REVOKED);
    assert!((0..16).any(|_| one.stops(10)));
}

#[test]
fn a_fork_that_nobody_takes_is_run_here() {
    let (desk, one, _) = two();
    let (a, half) = one.fork(b"fork".to_vec(), || 1);
    assert_eq!((a, half), (1, Half::Here));
    assert!(!desk.boards[0].has_fork(2));
}

#[test]
fn a_peer_takes_a_fork_while_the_other_half_runs() {
    let (desk, one, other) = two();
    let (a, half) = one.fork(b"fork".to_vec(), || {
        assert_eq!(other.drive(0), Next::Stay);
        1
    });
    assert_eq!((a, half), (1, Half::There(b"fork".to_vec())));
    assert_eq!(desk.boards[1].counters().stolen, 1);
}

#[test]
fn of_nested_joins_the_outermost_half_is_stolen_first() {
    let (_, one, other) = two();
    let taken = Rc::new(RefCell::new(Vec::new()));
    let takes = taken.clone();
    *other.site.body.borrow_mut() = Rc::new(move |fork| {
        takes.borrow_mut().extend_from_slice(fork);
        Some(fork.to_vec())
    });
    one.fork(b"1".to_vec(), || {
        one.fork(b"2".to_vec(), || {
            one.fork(b"3".to_vec(), || assert_eq!(other.drive(0), Next::Stay))
        })
    });
    assert_eq!(*taken.borrow(), b"123");
}

#[test]
fn joins_nest_deeper_than_there_are_forks() {
    let (_, one, _) = two();
    fn nest(one: &One, depth: u32) -> u32 {
        if depth == 0 {
            return 0;
        }
        let (below, half) = one.fork(depth.to_le_bytes().to_vec(), || nest(one, depth - 1));
        assert_eq!(half, Half::Here);
        below + 1
    }
    assert_eq!(nest(&one, 300), 300);
    assert_eq!(one.fork(b"".to_vec(), || ()).1, Half::Here);
}

#[test]
fn without_a_peer_nothing_forks() {
    let desk = Desk::new(1);
    assert!(!desk.worker(0).may_fork());
    let (_, one, _) = two();
    assert!(one.may_fork());
    one.misses(2);
    assert!(!one.may_fork());
}

#[test]
fn a_panic_of_a_stolen_fork_is_its_joiners() {
    let (_, one, other) = two();
    let me = other.clone();
    *other.site.body.borrow_mut() = Rc::new(move |_| {
        me.panics("out of cheese", Some("here.rs:1:2"));
        None
    });
    let ((), half) = one.fork(b"fork".to_vec(), || {
        other.drive(0);
    });
    let failure = Failure {
        message: "out of cheese".into(),
        place: Some("here.rs:1:2".into()),
    };
    assert_eq!(half, Half::Failed(failure));
}

#[test]
fn a_fork_whose_thief_is_gone_is_lost() {
    let (desk, one, other) = two();
    *other.site.body.borrow_mut() = Rc::new(|_| None);
    let ((), half) = one.fork(b"fork".to_vec(), || {
        other.drive(0);
        let known = |number| desk.boards.iter().find(|board| board.number() == number);
        desk.boards[1].lose_claims(known);
    });
    assert_eq!(half, Half::Lost);
}

#[test]
fn a_value_without_room_fails_the_join_with_what_to_do() {
    let (_, one, other) = two();
    *other.site.body.borrow_mut() = Rc::new(|_| Some(vec![0; 2 * MOST as usize]));
    let ((), half) = one.fork(b"fork".to_vec(), || {
        other.drive(0);
    });
    assert!(matches!(half, Half::Failed(failure) if failure.message.contains("spawn")));
}

#[test]
fn what_is_too_large_to_be_laid_runs_here() {
    let (_, one, other) = two();
    let fork = vec![0; 2 * MOST as usize];
    let ((), half) = one.fork(fork.to_vec(), || {
        other.drive(0);
    });
    assert_eq!(half, Half::Here);
}

#[test]
fn a_failure_that_is_cut_off_still_tells_its_place() {
    let failure = Failure {
        message: "é".repeat(200),
        place: Some("src/lib.rs:10:5".into()),
    };
    let mut bytes = failure.to_bytes();
    assert_eq!(Failure::of_bytes(&bytes), failure);
    bytes.truncate(INLINE_BYTES as usize);
    let cut = Failure::of_bytes(&bytes);
    assert_eq!(cut.place, failure.place);
    assert!(
        failure
            .message
            .starts_with(cut.message.trim_end_matches('\u{fffd}'))
    );
    for length in 0..30 {
        Failure::of_bytes(&bytes[..length]);
    }
}

/// The sum of a tree of joins, each of whose forks is two numbers: `from..to`.
fn sum(one: &One, from: u32, to: u32) -> u64 {
    if to - from <= 8 {
        return (from..to).map(u64::from).sum();
    }
    let middle = from.midpoint(to);
    let fork = [middle.to_le_bytes(), to.to_le_bytes()].concat();
    let (low, half) = one.fork(fork.to_vec(), || sum(one, from, middle));
    let high = match half {
        Half::Here => sum(one, middle, to),
        Half::There(value) => u64::from_le_bytes(value.try_into().expect("eight bytes")),
        other => panic!("{other:?}"),
    };
    low + high
}

fn sums(one: &Rc<One>) {
    let me = one.clone();
    one.site.suspended.set(false);
    *one.site.body.borrow_mut() = Rc::new(move |bytes| {
        let (from, to) = match bytes {
            [_] => (0, 20_000),
            _ => {
                let number = |at: usize| {
                    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
                };
                (number(0), number(4))
            }
        };
        Some(sum(&me, from, to).to_le_bytes().to_vec())
    });
}

#[test]
fn trees_of_joins_on_many_threads_give_what_one_gives() {
    const TREES: usize = if cfg!(miri) { 2 } else { 200 };
    let mut desk = Desk::new(4);
    let (heard, hears) = mpsc::channel();
    let start = std::time::Instant::now();
    std::thread::scope(|scope| {
        for seat in 0..4 {
            let (lot, boards) = (desk.own.lot().clone(), desk.boards.clone());
            let heard = heard.clone();
            scope.spawn(move || {
                let own = OwnBoard::new(boards[seat as usize].clone(), seat, MOST);
                let worker = Rc::new(Worker::new(Stage::new(), lot, own, seat, true));
                for (seat, board) in (0..).zip(boards) {
                    worker.meets(board, seat);
                }
                sums(&worker);
                while !worker.lot.is_shut() {
                    // Its clock goes on, so that it rests in all ways.
                    worker.site.now.set(start.elapsed().as_secs_f64() * 1e6);
                    worker.drive(0);
                    if !worker.site.said.take().is_empty() {
                        let _ = heard.send(());
                    }
                    // In the event loop nobody wakes it here, and it looks again.
                    std::thread::yield_now();
                }
            });
        }
        for _ in 0..TREES {
            desk.lay(1, &[1]);
            let known = |number| desk.boards.iter().find(|board| board.number() == number);
            let _ = desk.own.lot().wake(Want::Job, 4, None, known);
        }
        let mut right = 0;
        while right < TREES {
            let stuck = hears
                .recv_timeout(std::time::Duration::from_secs(60))
                .is_err();
            let values = desk.hear().into_iter().map(|report| report.content);
            let sum = 199_990_000u64.to_le_bytes();
            right += values
                .filter(|value| *value == Some(Content::Bytes(sum.into())))
                .count();
            if stuck {
                break;
            }
        }
        desk.own.lot().shut();
        desk.boards.iter().for_each(Board::rouse);
        assert_eq!(right, TREES);
    });
}
