//! Workers that die at any point, or go on for a while though they are to be no more.
//!
//! The owner gives the order and sweeps while the worker is at it, and sweeps again when it is certain to have stopped. That it dies is
//! after so many operations on shared memory, for each number.

use loom::thread;

use super::super::{Content, Ended, orders};
use super::forks::{record, value};
use super::queue::Ran;
use super::ram::live;
use super::*;

const NORMAL: u32 = 1;

impl Pool {
    /// What the owner does of forks when a worker is gone.
    fn sweep_forks(&self, gone: u16) {
        let board = &self.boards[usize::from(gone - 1)];
        board.withdraw_forks();
        board.lose_claims(|number| self.boards.iter().find(|board| board.number() == number));
    }
}

fn is_revoked(hands: &Hands<Ram>) -> bool {
    hands.own.board().orders() & orders::REVOKED != 0
}

/// A thief that dies, and a joiner that ends all the same.
fn thief(operations: u32) {
    let pool = Pool::new(2);
    let ran = Ran::default();
    let life = Life::of(operations);
    let thief = {
        let (hands, ran) = (pool.mortal(2, &life), ran.clone());
        thread::spawn(move || {
            live(|| {
                if is_revoked(&hands) {
                    return;
                }
                if let Some(stolen) = hands.own.steal(&hands.boards[0]) {
                    hands.run(stolen, &|_, bytes| {
                        ran.note(&bytes);
                        value(bytes[0])
                    });
                }
            });
        })
    };
    let joiner = {
        let (hands, ran) = (pool.hands(1), ran.clone());
        thread::spawn(move || {
            let run = |_: &Hands<Ram>, bytes: Vec<u8>| {
                ran.note(&bytes);
                value(bytes[0])
            };
            match hands.join(&record(0), || {}, &run) {
                Ended::Done(bytes) => holds(bytes == value(0), "a join has its fork's value"),
                Ended::Panicked(_) => holds(false, "nobody panics"),
                Ended::Lost => return,
            }
            holds(ran.times(0) == 1, "a fork whose value is there ran");
        })
    };
    pool.boards[1].order(orders::REVOKED);
    pool.sweep_forks(2);
    thief.join().expect("the thief does not panic");
    if taken(Step::SweepAgain) {
        pool.sweep_forks(2);
    }
    joiner.join().expect("the joiner does not panic");
    holds(ran.times(0) <= 1, "a fork does not run twice");
}

#[test]
fn loom_a_joiner_ends_wherever_its_thief_dies() {
    // As many as its part has, and one more: then it does not die.
    for operations in 0..=16 {
        check(move || thief(operations), [4, 6]);
    }
}

/// A worker that dies with a job of the queue; what is taken back runs elsewhere, as what is idempotent does.
fn claimer(operations: u32) {
    let mut pool = Pool::new(2);
    let slot = pool.lot.lay(NORMAL, &[0; 8], 0).expect("room");
    let life = Life::of(operations);
    let worker = {
        let hands = pool.mortal(1, &life);
        thread::spawn(move || {
            live(|| {
                if is_revoked(&hands) {
                    return;
                }
                let me = hands.own.number();
                if let Some(slot) = hands.lot.claim(NORMAL, me)
                    && let Some(record) = hands.lot.record(slot, me)
                {
                    holds(record == [0; 8], "who has claimed a job reads it whole");
                    assert!(hands.own.report(slot, 0, &[1; 4]));
                }
            });
        })
    };
    pool.boards[0].order(orders::REVOKED);
    let mut reports = Vec::new();
    hear(&mut pool.lot, &pool.boards, &mut reports);
    let mut back = pool.lot.take_back(1);
    worker.join().expect("the worker does not panic");
    back.extend(pool.lot.take_back(1));
    holds(reports.len() + back.len() <= 1, "a job has one end");
    let other = pool.hands(2);
    let mut left = other.lot.claim(NORMAL, 2);
    if back == [slot] {
        holds(left.is_none(), "what was taken back is nobody's");
        assert_eq!(pool.lot.lay(NORMAL, &[0; 8], 0), Some(slot));
        left = other.lot.claim(NORMAL, 2);
    }
    holds(
        reports.len() + usize::from(left == Some(slot)) == 1,
        "no job is lost",
    );
    // What the dead one has reported since is not of this one.
    hear(&mut pool.lot, &pool.boards, &mut reports);
    if left == Some(slot) {
        holds(reports.is_empty(), "only who has a job ends it");
        assert!(other.own.report(slot, 0, &[2; 4]));
        hear(&mut pool.lot, &pool.boards, &mut reports);
        let content = reports.pop().and_then(|report| report.content);
        holds(
            content == Some(Content::Bytes(vec![2; 4])),
            "a job's report is its own",
        );
    }
    holds(pool.lot.room() == 2, "both slots are free");
}

#[test]
fn loom_a_job_has_one_end_wherever_its_worker_dies() {
    for operations in 0..=12 {
        check(move || claimer(operations), [4, 8]);
    }
}

/// A zombie reads what it has claimed while its slot is used again.
fn zombie() {
    let mut pool = Pool::new(1);
    let hands = pool.hands(1);
    assert!(pool.lot.lay(NORMAL, &[0; 8], 0).is_some());
    let slot = hands.lot.claim(NORMAL, 1).expect("there is one");
    pool.lot.lot().bulk.tolerate_races();
    pool.lot.lot().words.tolerate_races();
    let worker = thread::spawn(move || hands.lot.record(slot, 1));
    pool.boards[0].order(orders::REVOKED);
    assert_eq!(pool.lot.take_back(1), [slot]);
    assert_eq!(pool.lot.lay(NORMAL, &[1; 8], 0), Some(slot));
    let record = worker.join().expect("the worker does not panic");
    holds(
        record.is_none_or(|record| record == [0; 8]),
        "who has claimed a job reads it, or nothing",
    );
}

#[test]
fn loom_a_zombie_reads_what_it_has_claimed_or_nothing() {
    check(zombie, [4, 8]);
}

/// A joiner that counts as gone fetches a result, while its cell is used for another.
fn fetching() {
    let pool = Pool::new(3);
    let (gone, thief, other) = (pool.hands(1), pool.hands(2), pool.hands(3));
    let steal = |thief: &Hands<Ram>, from: usize| {
        (thief.own)
            .steal(&thief.boards[from])
            .expect("there is one")
    };
    let fork = gone.own.push(&record(0)).expect("room");
    let stolen = steal(&thief, 0);
    assert!(thief.own.finish(stolen, &pool.boards[0], &value(0)[..8]));
    // Both of its cells are in use then.
    let first = other.own.push(&record(1)).expect("room");
    let outer = steal(&thief, 2);
    let second = other.own.push(&record(2)).expect("room");
    pool.boards[1].words.tolerate_races();
    let zombie = thread::spawn(move || {
        let _ = gone.own.take(fork, |number| gone.board(number));
    });
    let joiner = pool.boards[2].clone();
    let thief = thread::spawn(move || {
        thief.own.forget(1);
        let inner = steal(&thief, 2);
        assert!(thief.own.finish(inner, &joiner, &value(2)[..8]));
        assert!(thief.own.finish(outer, &joiner, &value(1)[..8]));
    });
    for thread in [zombie, thief] {
        thread.join().expect("none panics");
    }
    for (fork, number) in [(second, 2), (first, 1)] {
        let ended = other.own.take(fork, |number| other.board(number));
        holds(
            ended == Ended::Done(value(number)[..8].to_vec()),
            "a join has its fork's value",
        );
    }
}

#[test]
fn loom_a_zombie_takes_no_result_of_anothers() {
    check(fetching, [4, 8]);
}

/// A joiner that dies, and a thief that has its fork: nobody waits for what comes of it.
fn joiner(operations: u32) {
    let pool = Pool::new(2);
    let ran = Ran::default();
    let life = Life::of(operations);
    let dying = {
        let (hands, ran) = (pool.mortal(1, &life), ran.clone());
        thread::spawn(move || {
            live(|| {
                if is_revoked(&hands) {
                    return;
                }
                // As a join does that nobody helps, without its sleep: it would be woken, and end.
                let fork = hands.own.push(&record(0)).expect("room");
                if hands.own.pop(fork) {
                    ran.note(&record(0));
                } else if !hands.own.waits_for(fork) {
                    let _ = hands.own.take(fork, |number| hands.board(number));
                }
            });
        })
    };
    let thief = {
        let (hands, ran) = (pool.hands(2), ran.clone());
        thread::spawn(move || {
            if let Some(stolen) = hands.own.steal(&hands.boards[0]) {
                hands.run(stolen, &|_, bytes| {
                    ran.note(&bytes);
                    value(bytes[0])
                });
            }
            hands
        })
    };
    pool.boards[0].order(orders::REVOKED);
    pool.sweep_forks(1);
    dying.join().expect("it does not panic");
    let thief = thief.join().expect("the thief does not panic");
    pool.sweep_forks(1);
    holds(ran.times(0) <= 1, "a fork does not run twice");
    holds(
        thief.find_fork().is_none(),
        "nobody takes a dead one's fork",
    );
    thief.own.forget(1);
    holds(thief.own.is_empty(), "what is for a dead one is freed");
}

#[test]
fn loom_a_dead_joiner_leaves_nothing_behind() {
    for operations in 0..=8 {
        check(move || joiner(operations), [4, 7]);
    }
}

#[test]
fn loom_deaths_need_each_of_their_steps() {
    for step in [
        Step::StackBeforeClaim,
        Step::RouseEnded,
        Step::NotifyAlways,
        Step::SweepAgain,
        Step::WaitByExchange,
    ] {
        fails_without(
            step,
            module_path!(),
            "loom_a_joiner_ends_wherever_its_thief_dies",
        );
    }
    for step in [Step::StateBeforeTop, Step::RecordStands] {
        fails_without(
            step,
            module_path!(),
            "loom_a_job_has_one_end_wherever_its_worker_dies",
        );
    }
    fails_without(
        Step::LookBehindBytes,
        module_path!(),
        "loom_a_zombie_reads_what_it_has_claimed_or_nothing",
    );
    fails_without(
        Step::FetchByExchange,
        module_path!(),
        "loom_a_zombie_takes_no_result_of_anothers",
    );
}
