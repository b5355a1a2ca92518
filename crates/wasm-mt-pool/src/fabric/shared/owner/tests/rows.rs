//! Jobs that were spawned one by one, and share slots.

use super::*;

/// Books that know jobs of the one kind there is as short ones, and how coarse the clock is.
fn learnt() -> (Books, Hand) {
    let mut books = books();
    let hand = worker(&mut books, 0);
    for now in 0..3 {
        books.saw(f64::from(now));
    }
    spawns(&mut books, 0..100);
    assert_eq!(books.out, 100, "what is not known goes alone");
    while hand.runs_shortly() {}
    assert_eq!(hears(&mut books).len(), 100);
    (books, hand)
}

impl Hand {
    /// As [`Hand::runs`], in less than a microsecond.
    fn runs_shortly(&self) -> bool {
        let claimed = self.claims();
        claimed.is_some_and(|(slot, bytes)| self.own.report(slot, 0, &bytes))
    }

    /// The jobs of what it claims next.
    fn takes(&self) -> (u32, Vec<u8>) {
        self.claims().expect("something is laid")
    }
}

/// As the pool does it, in one turn.
fn spawns(books: &mut Books, ids: impl IntoIterator<Item = u64>) {
    for id in ids {
        match books.at_once(Job::short(id), None, 2) {
            Ok(next) => assert!(books.lay(next, 1, &[id as u8], false).is_ok()),
            Err(job) => {
                if let Pushed::Refills | Pushed::Fills = books.push(job, None, 2, || 0.0) {
                    lays(books);
                }
            }
        }
    }
}

#[test]
fn short_jobs_share_slots_the_more_of_them_are_out() {
    let (mut books, hand) = learnt();
    spawns(&mut books, 0..250);
    assert!(books.has_waiting(), "the last row is not full");
    lays(&mut books);
    assert!(!books.has_waiting());
    let mut rows = Vec::new();
    let mut next = 0;
    while let Some((slot, ids)) = hand.claims() {
        assert_eq!(hand.lot.flags(slot) & flags::EACH != 0, ids.len() > 1);
        assert!(
            ids.iter().all(|id| *id == next as u8 && {
                next += 1;
                true
            }),
            "in order"
        );
        rows.push(ids.len());
        assert!(hand.own.report(slot, 0, &ids));
    }
    assert_eq!(next, 250);
    assert_eq!(rows[..8], [1; 8], "the first ones leave at once");
    assert!(rows.len() < 60, "{rows:?}");
    assert_eq!(hears(&mut books), (0..250).collect::<Vec<_>>());
    assert_eq!(books.figures(0).run, 350);
    is_empty(&books);
}

#[test]
fn long_jobs_share_no_slot() {
    let mut books = books();
    let hand = worker(&mut books, 0);
    spawns(&mut books, 0..100);
    while let Some((slot, ids)) = hand.claims() {
        assert!(hand.own.report(slot, 100, &ids));
    }
    hears(&mut books);
    spawns(&mut books, 0..100);
    assert_eq!(books.out, 100);
}

#[test]
fn what_does_not_follow_ends_a_row() {
    let (mut books, hand) = learnt();
    spawns(&mut books, 0..40);
    lays(&mut books);
    while hand.claims().is_some() {}
    for job in [Job::short(50), Job::short(51), Job::one(52), Job::short(54)] {
        books.push(job, None, 2, || 0.0);
    }
    books.push(Job::short(55), Some(1), 2, || 0.0);
    lays(&mut books);
    let taken: Vec<_> = std::iter::from_fn(|| hand.claims()).collect();
    let taken: Vec<_> = taken.into_iter().map(|(_, ids)| ids).collect();
    assert_eq!(taken, [vec![50, 51], vec![52], vec![54], vec![55]]);
}

/// Books with a row of the jobs 100 to 104, and nothing else that nobody has begun.
fn with_a_row() -> (Books, Hand) {
    let (mut books, hand) = learnt();
    spawns(&mut books, 0..100);
    lays(&mut books);
    while hand.claims().is_some() {}
    for id in 100..105 {
        books.push(Job::short(id), None, 2, || 0.0);
    }
    lays(&mut books);
    (books, hand)
}

#[test]
fn of_a_row_that_waits_one_job_is_withdrawn_and_the_others_run() {
    let (mut books, hand) = with_a_row();
    spawns(&mut books, [120]);
    lays(&mut books);
    let withdrawn = books.abandon(102);
    assert!(
        matches!(&withdrawn, Abandoned::Withdrawn(job) if (job.first, job.len) == (102, 1)),
        "it is not begun"
    );
    lays(&mut books);
    let taken: Vec<_> = std::iter::from_fn(|| Some(hand.claims()?.1)).collect();
    assert_eq!(taken, [vec![100, 101], vec![120], vec![103, 104]]);
}

#[test]
fn of_a_row_that_is_laid_again_what_was_given_up_on_is_dropped() {
    for given_up in 100..105 {
        let (mut books, hand) = with_a_row();
        while hand.claims().is_some() {}
        let row = Job {
            given_up: vec![given_up],
            ..Job::row(100, 5)
        };
        books.lay_back(vec![row], 0.0);
        let mut dropped = Vec::new();
        while let Some(next) = books.next(2, &mut dropped) {
            let ids: Vec<u8> = (next.unit.first as u8..).take(next.items).collect();
            assert!(books.lay(next, ids.len(), &ids, false).is_ok());
        }
        let dropped: Vec<_> = dropped.iter().map(|job| (job.first, job.len)).collect();
        assert_eq!(dropped, [(given_up, 1)]);
        let taken: Vec<u8> = std::iter::from_fn(|| Some(hand.claims()?.1))
            .flatten()
            .collect();
        assert!(
            taken
                .into_iter()
                .eq((100..105).filter(|id| u64::from(*id) != given_up))
        );
    }
}

#[test]
fn of_a_row_that_runs_the_worker_is_told_whom_to_stop() {
    let (mut books, hand) = with_a_row();
    let (slot, ids) = hand.takes();
    let board = hand.own.board();
    hand.own.set_at(1);
    assert!(matches!(books.abandon(103), Abandoned::Runs(0)));
    assert_eq!(board.abort(), 103);
    // One grace is enough, and what runs is what the worker is to know of.
    assert!(matches!(books.abandon(104), Abandoned::Ended));
    assert_eq!(board.abort(), 103);
    assert!(matches!(books.abandon(101), Abandoned::Ended));
    assert_eq!(board.abort(), 101);
    assert!(hand.own.report(slot, 0, &ids));
    assert_eq!(books.hear().stopped, [(0, 103)]);
    assert_eq!(board.abort(), 0);
}

#[test]
fn of_several_that_are_to_stop_the_worker_is_told_of_the_next() {
    let (mut books, hand) = with_a_row();
    let (slot, _) = hand.takes();
    let board = hand.own.board();
    let unit = books.laid[slot as usize].as_mut().unwrap().unit.as_mut();
    unit.unwrap().given_up = vec![101, 103, 104];
    assert!(matches!(books.abandon(101), Abandoned::Runs(0)));
    assert!(matches!(books.abandon(104), Abandoned::Ended));
    assert!(matches!(books.abandon(103), Abandoned::Ended));
    assert_eq!(board.abort(), 101);
    let next = |at, books: &mut Books| {
        hand.own.set_at(at);
        books.hear();
        board.abort()
    };
    assert_eq!(next(1, &mut books), 101, "it runs");
    assert_eq!(next(2, &mut books), 103);
    assert_eq!(next(4, &mut books), 104);
    // Of one that was named and is behind the worker nothing more is to be said.
    hand.own.set_at(3);
    board.set_abort(101);
    assert!(matches!(books.abandon(103), Abandoned::Ended));
    assert_eq!(board.abort(), 103);
}

#[test]
fn a_worker_is_not_ended_for_one_of_a_row_while_another_runs() {
    let (mut books, hand) = with_a_row();
    assert!(books.runs_given_up(0), "nothing is to stop");
    let (slot, ids) = hand.takes();
    let unit = books.laid[slot as usize].as_mut().unwrap().unit.as_mut();
    unit.unwrap().given_up = vec![102];
    assert!(matches!(books.abandon(102), Abandoned::Runs(0)));
    for (at, given_up) in [(0, false), (1, false), (2, false), (2, true), (3, false)] {
        hand.own.set_at(at);
        assert_eq!(books.runs_given_up(0), given_up, "at {at}");
    }
    assert!(hand.own.report(slot, 0, &ids));
    assert!(books.is_told_late());
    books.hear();
    assert!(books.runs_given_up(0) && books.runs_given_up(1));
}

#[test]
fn of_a_row_the_job_that_runs_when_it_is_given_up_on_has_one_grace() {
    let (mut books, hand) = with_a_row();
    let (slot, _) = hand.takes();
    hand.own.set_at(3);
    let unit = books.laid[slot as usize].as_mut().unwrap().unit.as_mut();
    unit.unwrap().given_up = vec![103];
    assert!(matches!(books.abandon(103), Abandoned::Runs(0)));
    assert!(books.runs_given_up(0));
}

#[test]
fn what_a_terminated_worker_had_not_come_to_in_a_row_is_laid_again() {
    let (mut books, hand) = with_a_row();
    let _ = hand.takes();
    hand.own.set_at(1);
    assert!(matches!(books.abandon(103), Abandoned::Runs(0)));
    let mut heard = Heard::default();
    let (_, met) = books
        .down(0, &mut death(Some(103)), false, &mut heard)
        .unwrap();
    let span = |job: &Job| (job.first, job.len);
    let mine = |job: &&Job| (100..105).contains(&job.first);
    let ended: Vec<_> = met
        .ended
        .iter()
        .map(|(job, _)| job)
        .filter(mine)
        .map(span)
        .collect();
    let back: Vec<_> = met.back.iter().filter(mine).map(span).collect();
    assert_eq!(ended, [(100, 2), (103, 1)]);
    assert_eq!(back, [(102, 1), (104, 1)]);
}
