//! Jobs of the queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use super::*;

const JOBS: u32 = 20_000;

/// A job's number, and bytes of a length that depends on it: now inline, now not.
fn record(job: u32) -> Vec<u8> {
    let mut bytes = job.to_le_bytes().to_vec();
    bytes.resize(4 + (job as usize * 7) % 300, job as u8);
    bytes
}

fn number(bytes: &[u8]) -> u32 {
    u32::from_le_bytes(bytes[..4].try_into().expect("four"))
}

#[test]
fn every_job_runs_once_or_is_withdrawn_and_all_memory_comes_back() {
    let mut desk = Desk::new();
    let ran: Arc<Vec<AtomicU32>> = Arc::new((0..JOBS).map(|_| AtomicU32::new(0)).collect());
    let full = desk.own.space_left();
    let threads: Vec<_> = desk
        .workers(3)
        .into_iter()
        .map(|(hands, posted)| {
            let (ran, hears) = (ran.clone(), desk.hears.clone());
            thread::spawn(move || {
                let job = |_: &Hands<Heap>, bytes: Vec<u8>| {
                    let job = number(&bytes);
                    assert_eq!(bytes, record(job));
                    ran[job as usize].fetch_add(1, Ordering::Relaxed);
                    bytes
                };
                work(&hands, &posted, &hears, &job, &|_, bytes| bytes);
            })
        })
        .collect();

    let mut laid = std::collections::HashMap::new();
    let (mut next, mut ended, mut withdrawn) = (0, 0, 0);
    while ended + withdrawn < JOBS {
        while next < JOBS
            && let Some(slot) = desk.own.lay(next % 3, &record(next), 0)
        {
            laid.insert(slot, next);
            desk.wake();
            next += 1;
            if next % 5 == 0 && desk.own.withdraw(slot) {
                laid.remove(&slot);
                withdrawn += 1;
            }
        }
        if ended + withdrawn == JOBS {
            break;
        }
        let (_, reports) = desk.hear();
        for report in reports {
            let job = laid.remove(&report.slot).expect("it was laid");
            let Some(Content::Bytes(bytes)) = report.content else {
                panic!("a small result has room");
            };
            assert_eq!(bytes, record(job));
            ended += 1;
        }
    }
    desk.shut();
    for thread in threads {
        thread.join().expect("no worker panics");
    }
    assert!(ran.iter().all(|ran| ran.load(Ordering::Relaxed) <= 1));
    let runs: u32 = ran.iter().map(|ran| ran.load(Ordering::Relaxed)).sum();
    assert_eq!(runs, ended);
    assert_eq!(desk.own.room(), SLOTS as usize);
    assert_eq!(desk.own.space_left(), full);
}

#[test]
fn cells_of_withdrawn_jobs_are_no_want_of_room() {
    let mut desk = Desk::new();
    for _ in 0..3 * SLOTS {
        let slot = desk.own.lay(1, b"job", 0).expect("there is room");
        assert!(desk.own.withdraw(slot));
    }
    // A cell may name a slot that was laid again, and is full by that until the job is claimed.
    let (hands, _posted) = desk.workers(1).remove(0);
    let mut reports = Vec::new();
    let mut laid = 0;
    while laid < 2 * SLOTS {
        while desk.own.lay(1, b"job", 0).is_some() {
            laid += 1;
        }
        while let Some(slot) = hands.lot.claim(1, 1) {
            assert!(hands.own.report(slot, 1, b"done"));
        }
        hear(&mut desk.own, &desk.boards, &mut reports);
        assert_eq!(reports.len() as u32, laid);
    }
}

#[test]
fn a_full_bulk_memory_refuses_and_takes_again() {
    let mut desk = Desk::new();
    let big = vec![7; 30 << 10];
    let first = desk.own.lay(0, &big, 0).expect("there is room");
    let _second = desk.own.lay(0, &big, 0).expect("there is room");
    assert!(desk.own.lay(0, &big, 0).is_none());
    assert_eq!(desk.own.room(), SLOTS as usize - 2);
    assert!(desk.own.withdraw(first));
    assert!(desk.own.lay(0, &big, 0).is_some());
}

#[test]
fn a_result_without_room_goes_by_message() {
    let mut desk = Desk::new();
    let (hands, _posted) = desk.workers(1).remove(0);
    let slot = desk.own.lay(2, b"job", flags::NOTE).expect("there is room");
    assert_eq!(hands.lot.claim(2, hands.own.number()), Some(slot));
    assert_eq!(hands.lot.flags(slot), flags::NOTE);
    assert!(!hands.own.report(slot, 9, &vec![0; MOST as usize + 1]));
    hands.own.report_elsewhere(slot, 9);
    assert!(hands.lot.tell());
    assert!(!hands.lot.tell());
    let mut reports = Vec::new();
    hear(&mut desk.own, &desk.boards, &mut reports);
    assert_eq!(reports.len(), 1);
    assert_eq!(reports[0].content, Some(Content::ByMessage));
    assert_eq!((reports[0].slot, reports[0].ran), (slot, 9));
    assert!(hands.lot.tell());
}
