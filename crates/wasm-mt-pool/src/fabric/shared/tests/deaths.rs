//! What becomes of what a worker had when it is gone.

use super::*;

fn two() -> (Desk, Hands<Heap>, Hands<Heap>) {
    let mut desk = Desk::new();
    let mut workers = desk.workers(2);
    let (second, _) = workers.remove(1);
    let (first, _) = workers.remove(0);
    (desk, first, second)
}

impl Desk {
    /// The owner's part when that worker is gone: what it had of the queue.
    fn bury(&mut self, number: u16) -> (Vec<Report>, Vec<u32>) {
        let at = usize::from(number - 1);
        let board = self.boards[at].clone();
        board.order(orders::REVOKED);
        let mut reports = Vec::new();
        hear(&mut self.own, &self.boards, &mut reports);
        let back = self.sweep(&board);
        (reports, back)
    }

    fn sweep(&mut self, board: &Board<Heap>) -> Vec<u32> {
        board.withdraw_forks();
        board.lose_claims(|number| self.boards.iter().find(|board| board.number() == number));
        self.own.take_back(board.number())
    }
}

#[test]
fn what_a_dead_worker_has_told_counts_and_what_it_ran_is_taken_back() {
    let (mut desk, dead, other) = two();
    let slots: Vec<u32> = (0..3)
        .map(|job: u32| desk.own.lay(1, &job.to_le_bytes(), 0).expect("room"))
        .collect();
    assert_eq!(dead.lot.claim(1, 1), Some(slots[0]));
    assert!(dead.own.report(slots[0], 1, b"done"));
    // It dies between this and the message.
    assert!(dead.lot.tell());
    assert_eq!(dead.lot.claim(1, 1), Some(slots[1]));
    let (reports, back) = desk.bury(1);
    assert_eq!(reports.len(), 1);
    assert_eq!(back, [slots[1]]);
    assert_eq!(desk.own.room(), SLOTS as usize - 1);
    assert!(other.lot.tell());
    assert_eq!(other.lot.claim(1, 2), Some(slots[2]));
}

#[test]
fn a_zombie_has_its_claim_taken_and_says_nothing_more() {
    let (mut desk, zombie, other) = two();
    let slot = desk.own.lay(1, b"first", 0).expect("room");
    assert_eq!(zombie.lot.claim(1, 1), Some(slot));
    let (_, back) = desk.bury(1);
    assert_eq!(back, [slot]);
    assert_eq!(zombie.lot.record(slot, 1), None);
    // The slot is used again, and its report is not the zombie's.
    assert_eq!(desk.own.lay(1, b"second", 0), Some(slot));
    assert_eq!(other.lot.claim(1, 2), Some(slot));
    assert!(zombie.own.report(slot, 1, b"of the first"));
    let mut reports = Vec::new();
    let boards = desk.boards.clone();
    hear(&mut desk.own, &boards[..1], &mut reports);
    assert!(reports.is_empty());
    assert!(other.own.report(slot, 1, b"of the second"));
    hear(&mut desk.own, &boards[1..], &mut reports);
    assert_eq!(
        reports.pop().and_then(|report| report.content),
        Some(Content::Bytes(b"of the second".to_vec()))
    );
    // It had looked at its orders before: the next sweep finds what it claims now.
    let late = desk.own.lay(1, b"third", 0).expect("room");
    assert_eq!(zombie.lot.claim(1, 1), Some(late));
    assert_eq!(desk.sweep(&boards[0]), [late]);
}

#[test]
fn a_fork_whose_thief_is_gone_is_lost_and_never_taken_twice() {
    let (mut desk, joiner, thief) = two();
    let fork = joiner.own.push(b"fork").expect("room");
    let stolen = thief.find_fork().expect("there is one");
    assert!(joiner.own.waits_for(fork));
    let _ = desk.bury(2);
    assert!(joiner.own.has_ended(fork));
    // The zombie's result comes too late, and its cell is its own again.
    assert!(thief.own.finish(stolen, joiner.own.board(), &[1; 400]));
    let ended = joiner.own.take(fork, |number| joiner.board(number));
    assert_eq!(ended, Ended::Lost);
    assert!(thief.own.is_empty());
    assert!(joiner.own.is_empty());
}

#[test]
fn what_a_thief_had_ended_before_it_died_is_there() {
    let (mut desk, joiner, thief) = two();
    let fork = joiner.own.push(b"fork").expect("room");
    let stolen = thief.find_fork().expect("there is one");
    assert!(thief.own.finish(stolen, joiner.own.board(), &[1; 400]));
    let _ = desk.bury(2);
    let ended = joiner.own.take(fork, |number| joiner.board(number));
    assert_eq!(ended, Ended::Done(vec![1; 400]));
}

#[test]
fn a_dead_joiners_forks_are_nobodys_and_its_results_are_freed() {
    let (mut desk, joiner, thief) = two();
    let first = joiner.own.push(b"first").expect("room");
    let second = joiner.own.push(b"second").expect("room");
    let stolen = thief.find_fork().expect("there is one");
    let _ = desk.bury(1);
    assert_eq!(thief.find_fork(), None);
    assert!(thief.own.finish(stolen, joiner.own.board(), &[1; 400]));
    assert!(!thief.own.is_empty());
    thief.own.forget(1);
    assert!(thief.own.is_empty());
    // The joiner goes on for a while.
    assert!(!joiner.own.pop(second));
    assert_eq!(
        joiner.own.take(second, |number| joiner.board(number)),
        Ended::Lost
    );
    assert_eq!(
        joiner.own.take(first, |number| joiner.board(number)),
        Ended::Lost
    );
}
