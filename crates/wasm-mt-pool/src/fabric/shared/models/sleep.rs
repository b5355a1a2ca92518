//! How workers sleep, and are woken.

use std::sync::Arc;

use loom::sync::atomic::{AtomicU32, Ordering};
use loom::thread;

use super::super::{Kind, Want, Woken};
use super::ram::live;
use super::*;

const URGENT: u32 = 0;

impl Pool {
    fn shut(&self) {
        shut(self.lot.lot(), &self.boards);
    }

    /// Lays a job, and wakes one for it.
    fn spawn(&mut self) {
        assert!(self.lot.lay(URGENT, &[0; 4], 0).is_some());
        let known = |number| self.boards.iter().find(|board| board.number() == number);
        let seats = self.boards.len() as u32;
        let woken = self.lot.lot().wake(Want::Job, seats, None, known);
        assert!(!matches!(woken, Woken::Listens(_)), "nobody does here");
    }
}

fn shut(lot: &Lot<Ram>, boards: &[Board<Ram>]) {
    lot.shut();
    for board in boards {
        board.rouse();
    }
}

/// Claims one job, and sleeps until there is one, or all is over.
fn claims_one(hands: &Hands<Ram>) -> bool {
    loop {
        if hands.lot.claim(URGENT, hands.own.number()).is_some() {
            return true;
        }
        if hands.lot.is_shut() {
            return false;
        }
        let look = || hands.lot.has_rank(URGENT) || hands.lot.is_shut();
        if hands.own.announce(&hands.lot, Kind::Waits, look) {
            hands.own.wait(Kind::Waits, f64::INFINITY);
        }
    }
}

/// Two jobs, and workers that take one each: the first job ends when the other one has begun. So it is a deadlock if one waits while a worker sleeps.
fn spawning() {
    let mut pool = Pool::new(2);
    let begun = Arc::new(AtomicU32::new(0));
    let workers = [1, 2].map(|number| {
        let (hands, begun) = (pool.hands(number), begun.clone());
        let other = pool.boards[usize::from(2 - number)].clone();
        thread::spawn(move || {
            assert!(claims_one(&hands));
            begun.fetch_add(1, Ordering::AcqRel);
            other.rouse();
            // As whoever waits for something that is no job.
            while begun.fetch_or(0, Ordering::AcqRel) < 2 {
                if hands.own.announce(&hands.lot, Kind::Helps, || {
                    begun.fetch_or(0, Ordering::AcqRel) == 2
                }) {
                    hands.own.wait(Kind::Helps, f64::INFINITY);
                }
            }
        })
    });
    pool.spawn();
    pool.spawn();
    for worker in workers {
        worker.join().expect("no worker panics");
    }
}

#[test]
fn loom_no_job_waits_while_a_worker_sleeps() {
    check(spawning, [3, 4]);
}

/// One worker waits for a fork, with a bit of an earlier sleep, and another for anything. The job is the other's.
fn helping() {
    let mut pool = Pool::new(2);
    let helper = pool.hands(1);
    assert!(helper.own.announce(&helper.lot, Kind::Waits, || false));
    helper.own.wakes();
    let helper = thread::spawn(move || {
        while !helper.lot.is_shut() {
            let look = || helper.lot.is_shut();
            if helper.own.announce(&helper.lot, Kind::Helps, look) {
                helper.own.wait(Kind::Helps, f64::INFINITY);
            }
        }
    });
    let (hands, boards) = (pool.hands(2), pool.boards.clone());
    let worker = thread::spawn(move || {
        assert!(claims_one(&hands));
        shut(&hands.lot, &boards);
    });
    pool.spawn();
    for thread in [helper, worker] {
        thread.join().expect("none panics");
    }
}

#[test]
fn loom_a_helper_is_not_woken_in_anothers_place() {
    check(helping, [3, 4]);
}

/// Two messages, and orders, for a worker that sleeps for anything.
fn mailing() {
    let pool = Pool::new(1);
    let hands = pool.hands(1);
    let worker = thread::spawn(move || {
        let mut handled = 0;
        while handled < 2 || hands.own.board().orders() == 0 {
            let board = hands.own.board();
            let mail = board.mail();
            if mail != handled {
                handled = mail;
                continue;
            }
            let look = || board.mail() != handled || board.orders() != 0 && handled == 2;
            if hands.own.announce(&hands.lot, Kind::Waits, look) {
                hands.own.wait(Kind::Waits, f64::INFINITY);
            }
        }
    });
    let board = &pool.boards[0];
    board.mailed();
    board.order(super::super::orders::LEAVE);
    board.mailed();
    worker.join().expect("the worker does not panic");
}

#[test]
fn loom_mail_and_orders_are_seen() {
    check(mailing, [4, 7]);
}

/// A worker takes the bit of one whose seat another has by now, while the owner lays a job.
fn succeeding() {
    let mut pool = Pool::new(2);
    // Both boards are of the first seat, one after the other. A bit of the first one has stayed there.
    let lot = pool.lot.lot();
    lot.set_current(0, 1);
    lot.set_current(1, 0);
    let first = pool.hands(1);
    assert!(first.own.announce(&first.lot, Kind::Waits, || false));
    first.own.wakes();
    // Who has a fork, and knows the first one only.
    let (view, known) = (lot.clone(), pool.boards[0].clone());
    let forker = thread::spawn(move || {
        view.wake(Want::Fork, 1, None, |number| {
            (number == 1).then_some(&known)
        })
    });
    lot.set_current(0, 2);
    let mut second = pool.hands(2);
    second.own.seat = 0;
    let second = thread::spawn(move || assert!(claims_one(&second)));
    pool.spawn();
    let woken = forker.join().expect("the forker does not panic");
    if woken == Woken::Listens(0) {
        pool.boards[1].mailed();
    }
    second.join().expect("the worker does not panic");
}

#[test]
fn loom_a_bit_that_was_taken_for_anothers_is_no_lost_wake_up() {
    check(succeeding, [4, 8]);
}

/// A worker dies while it wakes a sleeper for a fork. A job comes, and the sleeper is told of the death.
fn dying(operations: u32) {
    let mut pool = Pool::new(2);
    let (lot, boards) = (pool.lot.lot().clone(), pool.boards.clone());
    let life = Life::of(operations);
    let dying = pool.mortal(2, &life);
    let dying = thread::spawn(move || {
        live(|| {
            dying
                .lot
                .wake(Want::Fork, 2, Some(1), |number| dying.board(number))
        })
        .is_none()
    });
    let hands = pool.hands(1);
    let worker = thread::spawn(move || {
        assert!(claims_one(&hands));
        shut(&lot, &boards);
    });
    pool.spawn();
    let died = dying.join().expect("it does not panic");
    if died {
        pool.boards[0].mailed();
    }
    worker.join().expect("the worker does not panic");
}

#[test]
fn loom_a_death_while_one_wakes_is_no_lost_wake_up() {
    // Of the words of sleepers, the seat, the bit, the park and the notify.
    for operations in 0..=6 {
        check(move || dying(operations), [3, 5]);
    }
}

/// All sleep, and all is over.
fn shutting() {
    let pool = Pool::new(2);
    let workers = [1, 2].map(|number| {
        let hands = pool.hands(number);
        thread::spawn(move || assert!(!claims_one(&hands)))
    });
    pool.shut();
    for worker in workers {
        worker.join().expect("no worker panics");
    }
}

#[test]
fn loom_a_shutdown_wakes_all() {
    check(shutting, [3, 4]);
}

#[test]
fn loom_sleep_needs_each_of_its_steps() {
    for step in [Step::SecondLook, Step::ParkBeforeBit] {
        fails_without(
            step,
            module_path!(),
            "loom_no_job_waits_while_a_worker_sleeps",
        );
    }
    fails_without(
        Step::PassHelperBy,
        module_path!(),
        "loom_a_helper_is_not_woken_in_anothers_place",
    );
    for step in [Step::SecondLook, Step::MailBeforeWake] {
        fails_without(step, module_path!(), "loom_mail_and_orders_are_seen");
    }
    fails_without(
        Step::PostSuccessor,
        module_path!(),
        "loom_a_bit_that_was_taken_for_anothers_is_no_lost_wake_up",
    );
    fails_without(
        Step::NotifyAlways,
        module_path!(),
        "loom_a_death_while_one_wakes_is_no_lost_wake_up",
    );
}
