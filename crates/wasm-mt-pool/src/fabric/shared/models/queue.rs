//! Jobs of the queue, and what is told of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use loom::thread;

use super::super::Content;
use super::*;

const NORMAL: u32 = 1;

/// Counts what was run, by the records' first byte; no part of a model.
#[derive(Clone, Default)]
pub(super) struct Ran(Arc<[AtomicU32; 3]>);

impl Ran {
    pub(super) fn note(&self, record: &[u8]) {
        self.0[usize::from(record[0])].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn times(&self, job: usize) -> u32 {
        self.0[job].load(Ordering::Relaxed)
    }
}

/// Claims until there is nothing.
fn claims(hands: &Hands<Ram>, ran: &Ran) {
    while let Some(slot) = hands.lot.claim(NORMAL, hands.own.number()) {
        let record = hands.lot.record(slot, hands.own.number());
        ran.note(&record.expect("nobody takes it away"));
    }
}

/// A job lies there, another comes, and two workers claim. Who is last finds what is left.
fn claiming() {
    let mut pool = Pool::new(2);
    let ran = Ran::default();
    let _ = pool.lot.lay(NORMAL, &[0; 8], 0);
    let workers = [1, 2].map(|number| {
        let (hands, ran) = (pool.hands(number), ran.clone());
        thread::spawn(move || {
            claims(&hands, &ran);
            hands
        })
    });
    let _ = pool.lot.lay(NORMAL, &[1; 8], 0);
    let [first, _second] = workers.map(|worker| worker.join().expect("no worker panics"));
    claims(&first, &ran);
    holds(
        ran.times(0) == 1 && ran.times(1) == 1,
        "each job is claimed once",
    );
}

#[test]
fn loom_a_job_is_claimed_once_and_none_is_lost() {
    check(claiming, [3, 5]);
}

/// The owner takes a job back, and lays another in its slot, while a worker claims.
fn withdrawing() {
    let mut pool = Pool::new(1);
    let ran = Ran::default();
    let slot = pool.lot.lay(NORMAL, &[0; 8], 0).expect("room");
    let worker = {
        let (hands, ran) = (pool.hands(1), ran.clone());
        thread::spawn(move || {
            claims(&hands, &ran);
            hands
        })
    };
    let withdrawn = pool.lot.withdraw(slot);
    let _ = pool.lot.lay(NORMAL, &[1; 8], 0);
    let hands = worker.join().expect("the worker does not panic");
    claims(&hands, &ran);
    holds(
        ran.times(0) + u32::from(withdrawn) == 1,
        "a job runs, or is taken back",
    );
    holds(ran.times(1) == 1, "the other one runs once");
}

#[test]
fn loom_a_job_is_claimed_or_withdrawn() {
    check(withdrawing, [4, 8]);
}

/// Two workers end a job each. The owner waits for messages, of which there is one for both, or one for each.
fn telling() {
    struct Message(loom::sync::Mutex<u32>, loom::sync::Condvar);
    let mut pool = Pool::new(2);
    let messages = Arc::new(Message(
        loom::sync::Mutex::new(0),
        loom::sync::Condvar::new(),
    ));
    let _ = pool.lot.lay(NORMAL, &[0; 8], 0);
    let _ = pool.lot.lay(NORMAL, &[1; 8], 0);
    let workers = [1, 2].map(|number| {
        let (hands, messages) = (pool.hands(number), messages.clone());
        thread::spawn(move || {
            // There are two, so that each gets one.
            let slot = loop {
                if let Some(slot) = hands.lot.claim(NORMAL, number) {
                    break slot;
                }
            };
            assert!(hands.own.report(slot, 0, &[number as u8; 4]));
            if hands.lot.tell() {
                *messages.0.lock().expect("nobody panics with it") += 1;
                messages.1.notify_one();
            }
        })
    });
    let mut reports = Vec::new();
    while reports.len() < 2 {
        let mut count = messages.0.lock().expect("nobody panics with it");
        while *count == 0 {
            count = messages.1.wait(count).expect("nobody panics with it");
        }
        *count -= 1;
        drop(count);
        hear(&mut pool.lot, &pool.boards, &mut reports);
    }
    for worker in workers {
        worker.join().expect("no worker panics");
    }
    let told = |value: u8| {
        let content = Some(Content::Bytes(vec![value; 4]));
        reports
            .iter()
            .filter(|report| report.content == content)
            .count()
    };
    holds(told(1) == 1 && told(2) == 1, "each report is heard once");
    holds(pool.lot.room() == 2, "both slots are free");
}

#[test]
fn loom_what_is_told_is_heard() {
    check(telling, [3, 5]);
}

#[test]
fn loom_the_queue_needs_each_of_its_steps() {
    fails_without(
        Step::ClaimByExchange,
        module_path!(),
        "loom_a_job_is_claimed_once_and_none_is_lost",
    );
    fails_without(
        Step::WithdrawByExchange,
        module_path!(),
        "loom_a_job_is_claimed_or_withdrawn",
    );
    fails_without(
        Step::ListenFirst,
        module_path!(),
        "loom_what_is_told_is_heard",
    );
}
