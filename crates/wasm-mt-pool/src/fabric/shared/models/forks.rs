//! Forks and joins, while everybody lives.

use loom::thread;

use super::super::Ended;
use super::queue::Ran;
use super::*;

/// A record and a value, the first byte of each telling whose. The value does not lie inline.
pub(super) fn record(fork: u8) -> [u8; 8] {
    [fork; 8]
}

pub(super) fn value(fork: u8) -> Vec<u8> {
    vec![fork; 20]
}

/// Joins a fork, whose value is the right one.
fn joins(hands: &Hands<Ram>, ran: &Ran) {
    let run = |_: &Hands<Ram>, bytes: Vec<u8>| {
        ran.note(&bytes);
        value(bytes[0])
    };
    let ended = hands.join(&record(0), || {}, &run);
    holds(
        ended == Ended::Done(value(0)),
        "a join has its fork's value",
    );
}

/// A joiner, and a thief that looks once.
fn joining() {
    let pool = Pool::new(2);
    let ran = Ran::default();
    let thief = {
        let (hands, ran) = (pool.hands(2), ran.clone());
        thread::spawn(move || {
            if let Some(stolen) = hands.find_fork() {
                hands.run(stolen, &|_, bytes| {
                    ran.note(&bytes);
                    value(bytes[0])
                });
            }
        })
    };
    joins(&pool.hands(1), &ran);
    thief.join().expect("the thief does not panic");
    holds(ran.times(0) == 1, "a fork runs once");
}

#[test]
fn loom_a_fork_runs_once_and_its_joiner_has_the_value() {
    check(joining, [4, 8]);
}

/// The thief's work forks in turn, so that the joiner can help it.
fn nesting() {
    let pool = Pool::new(2);
    let ran = Ran::default();
    let thief = {
        let (hands, ran) = (pool.hands(2), ran.clone());
        thread::spawn(move || {
            if let Some(stolen) = hands.find_fork() {
                hands.run(stolen, &|hands, bytes| work(hands, &bytes, &ran));
            }
        })
    };
    let hands = pool.hands(1);
    let ended = hands.join(&record(0), || {}, &|hands, bytes| work(hands, &bytes, &ran));
    holds(
        ended == Ended::Done(value(0)),
        "a join has its fork's value",
    );
    thief.join().expect("the thief does not panic");
    holds(
        ran.times(0) == 1 && ran.times(1) == 1,
        "each fork runs once",
    );
}

/// The first fork joins another one.
fn work(hands: &Hands<Ram>, bytes: &[u8], ran: &Ran) -> Vec<u8> {
    ran.note(bytes);
    if bytes[0] == 0 {
        let run = |hands: &Hands<Ram>, bytes: Vec<u8>| work(hands, &bytes, ran);
        let ended = hands.join(&record(1), || {}, &run);
        holds(
            ended == Ended::Done(value(1)),
            "a join has its fork's value",
        );
    }
    value(bytes[0])
}

#[test]
fn loom_who_waits_for_a_fork_helps() {
    check(nesting, [4, 6]);
}

/// Two thieves, and a joiner of one fork.
fn rivalling() {
    let pool = Pool::new(3);
    let ran = Ran::default();
    let thieves = [2, 3].map(|number| {
        let (hands, ran) = (pool.hands(number), ran.clone());
        thread::spawn(move || {
            if let Some(stolen) = hands.own.steal(&hands.boards[0]) {
                hands.run(stolen, &|_, bytes| {
                    ran.note(&bytes);
                    value(bytes[0])
                });
            }
        })
    });
    joins(&pool.hands(1), &ran);
    for thief in thieves {
        thief.join().expect("no thief panics");
    }
    holds(ran.times(0) == 1, "a fork runs once");
}

#[test]
fn loom_of_two_thieves_one_has_the_fork() {
    check(rivalling, [4, 7]);
}

#[test]
fn loom_joins_need_each_of_their_steps() {
    for step in [
        Step::PopByExchange,
        Step::WaitByExchange,
        Step::TryWaited,
        Step::WakeJoiner,
        Step::SecondLook,
    ] {
        fails_without(
            step,
            module_path!(),
            "loom_a_fork_runs_once_and_its_joiner_has_the_value",
        );
    }
}
