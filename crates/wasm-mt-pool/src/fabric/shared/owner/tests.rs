//! The books over native words, with workers that are called by hand.

mod rows;

use super::*;
use crate::fabric::shared::tests::heap::Heap;
use crate::fabric::shared::{Counters, Lot, OwnBoard, flags, orders};

/// Jobs whose numbers are all there is to them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Job {
    first: u64,
    len: usize,
    queue: usize,
    pub(super) again: bool,
    settled: bool,
    counted: bool,
    short: bool,
    row: bool,
    /// One of its jobs that was given up on.
    given_up: Vec<u64>,
}

impl Job {
    pub(super) fn one(id: u64) -> Self {
        Self::many(id, 1)
    }

    pub(super) fn many(first: u64, len: usize) -> Self {
        Job {
            first,
            len,
            queue: 1,
            again: false,
            settled: false,
            counted: false,
            short: false,
            row: false,
            given_up: Vec::new(),
        }
    }

    /// One that may be in a row.
    fn short(id: u64) -> Self {
        Job {
            short: true,
            ..Self::one(id)
        }
    }

    /// So many in a row.
    pub(super) fn row(first: u64, len: usize) -> Self {
        Job {
            short: true,
            row: len > 1,
            ..Self::many(first, len)
        }
    }

    fn of_rank(self, queue: usize) -> Self {
        Job { queue, ..self }
    }
}

impl Unit for Job {
    type Error = String;
    type Place = u64;

    fn kind(&self) -> u64 {
        7
    }

    fn first(&self) -> u64 {
        self.first
    }

    fn len(&self) -> usize {
        self.len
    }

    fn split_off(&mut self, at: usize) -> Self {
        let rest = Job {
            first: self.first + at as u64,
            len: self.len - at,
            ..self.clone()
        };
        self.len = at;
        self.row &= self.len > 1;
        Job {
            row: rest.row && rest.len > 1,
            ..rest
        }
    }

    fn is_short(&self) -> bool {
        self.short
    }

    fn follows(&self, before: &Self) -> bool {
        self.short && before.short && self.first == before.first + before.len as u64
    }

    fn append(&mut self, next: Self) {
        self.len += next.len;
        self.row = true;
    }

    fn is_row(&self) -> bool {
        self.row
    }

    fn queue(&self) -> usize {
        self.queue
    }

    fn is_settled(&self) -> bool {
        self.settled || self.len == 1 && self.settled(0) == Some(0)
    }

    fn settled(&self, from: usize) -> Option<usize> {
        let places = self.given_up.iter().filter_map(|id| self.place_of(*id));
        places.filter(|place| *place >= from).min()
    }

    fn leave_queue(&mut self) -> Option<u64> {
        std::mem::take(&mut self.counted).then_some(self.first)
    }

    fn begin_again(&mut self, why: &str) -> Result<(), String> {
        if self.again { Ok(()) } else { Err(why.into()) }
    }
}

/// A worker, which does as it is told here.
struct Hand {
    lot: Lot<Heap>,
    own: OwnBoard<Heap>,
}

impl Hand {
    fn number(&self) -> u16 {
        self.own.number()
    }

    /// The slot that it has claimed, and the jobs that lie there.
    fn claims(&self) -> Option<(u32, Vec<u8>)> {
        let slot = (0..RANKS).find_map(|rank| self.lot.claim(rank, self.number()))?;
        Some((slot, self.lot.record(slot, self.number()).unwrap()))
    }

    /// Runs the next, with what it was as its outcome. Gives whether there was one.
    fn runs(&self) -> bool {
        let Some((slot, bytes)) = self.claims() else {
            return false;
        };
        assert!(self.own.report(slot, 3, &bytes));
        true
    }
}

/// So many bytes, and no more.
fn memory(bytes: u32) -> Heap {
    Heap::new(bytes, bytes)
}

type Books = Owner<Heap, Job>;

fn books() -> Books {
    Owner::new(memory(Lot::<Heap>::BYTES), memory(1 << 14))
}

fn worker(books: &mut Books, seat: usize) -> Hand {
    let (words, bulk) = (memory(Board::<Heap>::BYTES), memory(1 << 14));
    let board = books.enter(seat, words, bulk).unwrap();
    Hand {
        lot: books.lot.lot().clone(),
        own: OwnBoard::new(board, seat as u32, 1 << 14),
    }
}

/// Lays all that can be; each job is a byte, its number.
fn lays(books: &mut Books) {
    let mut dropped = Vec::new();
    while let Some(next) = books.next(2, &mut dropped) {
        let bytes: Vec<u8> = (next.unit.first..)
            .take(next.items)
            .map(|id| id as u8)
            .collect();
        let note = next.unit.counted;
        let items = next.items;
        if let Err(next) = books.lay(next, items, &bytes, note) {
            books.put_back(next);
            break;
        }
    }
}

/// The numbers of the jobs that have ended, in order.
fn hears(books: &mut Books) -> Vec<u64> {
    let heard = books.hear();
    let done = heard.done.into_iter();
    done.flat_map(|done| {
        let ids: Vec<u64> = (done.unit.first..).take(done.unit.len).collect();
        assert_eq!(done.outcomes.unwrap().len(), ids.len());
        ids
    })
    .collect()
}

fn death(victim: Option<u64>) -> Death<String> {
    Death {
        victim: victim.map(|id| (id, "panicked".into())),
        why: "lost".into(),
    }
}

fn is_empty(books: &Books) {
    assert_eq!((books.out, books.waiting()), (0, 0));
    assert_eq!((books.ranks, books.lot.room()), ([0; 3], SLOTS as usize));
    assert!(books.noted.is_empty() && books.strays.is_empty());
}

#[test]
fn more_jobs_than_slots_are_run_once_each_and_in_order() {
    let mut books = books();
    let worker = worker(&mut books, 0);
    for id in 0..5000 {
        books.push(Job::one(id), None, 2, || 0.0);
    }
    let mut ended = Vec::new();
    loop {
        lays(&mut books);
        while worker.runs() {}
        let heard = hears(&mut books);
        if heard.is_empty() {
            break;
        }
        ended.extend(heard);
    }
    assert!(ended.into_iter().eq(0..5000));
    assert_eq!(books.figures(0).run, 5000);
    is_empty(&books);
}

#[test]
fn a_job_is_laid_at_once_unless_others_wait() {
    let mut books = books();
    let next = books.at_once(Job::one(1), None, 2).ok().unwrap();
    assert!(books.lay(next, 1, &[1], false).is_ok());
    books.push(Job::one(2), None, 2, || 0.0);
    assert!(books.at_once(Job::one(3), None, 2).is_err());
    let urgent = Job::one(4).of_rank(0);
    assert!(
        books.at_once(urgent, None, 2).is_ok(),
        "those of another rank"
    );
}

#[test]
fn no_rank_keeps_the_others_from_the_workers() {
    let mut books = books();
    for id in 0..3000 {
        books.push(Job::one(id).of_rank(2), None, 2, || 0.0);
    }
    lays(&mut books);
    assert_eq!(books.out, SLOTS as usize - 2 * RESERVED);
    for id in 3000..3500 {
        books.push(Job::one(id), None, 2, || 0.0);
        books.push(Job::one(id + 500).of_rank(0), None, 2, || 0.0);
    }
    lays(&mut books);
    assert_eq!(books.ranks[1..], [RESERVED, SLOTS as usize - 2 * RESERVED]);
    assert_eq!(books.ranks[0], RESERVED);
}

#[test]
fn a_map_goes_in_few_slots_once_its_cost_is_known() {
    let mut books = books();
    let worker = worker(&mut books, 0);
    books.saw(0.0);
    books.saw(5.0);
    books.push(Job::many(0, 10_000), None, 2, || 0.0);
    let mut slots = 0;
    let mut ended = Vec::new();
    while ended.len() < 10_000 {
        lays(&mut books);
        assert!(slots > 0 || books.out == 4, "it is measured first");
        while worker.runs() {
            slots += 1;
        }
        ended.extend(hears(&mut books));
    }
    assert!(ended.into_iter().eq(0..10_000));
    assert!(slots < 500, "{slots}");
    is_empty(&books);
}

#[test]
fn a_job_that_nobody_has_begun_is_withdrawn_and_one_that_runs_is_to_stop() {
    let mut books = books();
    let worker = worker(&mut books, 0);
    for id in 1..4 {
        books.push(Job::one(id), None, 2, || 0.0);
    }
    lays(&mut books);
    let (slot, bytes) = worker.claims().unwrap();
    assert!(matches!(books.abandon(2), Abandoned::Withdrawn(job) if job == Job::one(2)));
    assert!(matches!(books.abandon(1), Abandoned::Runs(0)));
    assert_eq!(worker.own.board().abort(), 1);
    assert!(worker.own.report(slot, 0, &bytes));
    // Also what is to be said once more to a worker that was not known to be up.
    assert_eq!((books.stops(0), books.stops(1)), (vec![1], vec![]));
    let heard = books.hear();
    assert_eq!((heard.stopped, heard.done.len()), (vec![(0, 1)], 1));
    assert_eq!((worker.own.board().abort(), books.stops(0)), (0, vec![]));
    assert_eq!(worker.claims().unwrap().1, [3]);
    assert!(matches!(books.abandon(99), Abandoned::Waits));
}

#[test]
fn each_job_that_is_to_stop_has_its_end_told() {
    let mut books = books();
    let worker = worker(&mut books, 0);
    for id in 1..3 {
        books.push(Job::one(id), None, 2, || 0.0);
    }
    lays(&mut books);
    let (first, bytes) = worker.claims().unwrap();
    assert!(worker.own.report(first, 0, &bytes));
    let (second, bytes) = worker.claims().unwrap();
    // The first has run, and was not heard of.
    assert!(matches!(books.abandon(1), Abandoned::Runs(0)));
    assert!(matches!(books.abandon(2), Abandoned::Runs(0)));
    assert_eq!(worker.own.board().abort(), 2);
    assert!(worker.own.report(second, 0, &bytes));
    let heard = books.hear();
    assert_eq!(heard.stopped, [(0, 1), (0, 2)]);
    assert_eq!(worker.own.board().abort(), 0);
}

#[test]
fn what_a_dead_worker_had_begun_meets_its_fate_and_the_rest_goes_first() {
    let mut books = books();
    let hand = worker(&mut books, 0);
    books.push(Job::many(1, 4), None, 2, || 0.0);
    let next = books.next(2, &mut Vec::new()).unwrap();
    assert!(books.lay(next, 4, &[1, 2, 3, 4], false).is_ok());
    books.push(Job::one(9), None, 2, || 0.0);
    lays(&mut books);
    let (..) = hand.claims().unwrap();
    hand.own.set_at(1);
    let mut heard = Heard::default();
    let (number, met) = books
        .down(0, &mut death(Some(2)), false, &mut heard)
        .unwrap();
    assert_eq!(number, hand.number());
    assert_eq!(hand.own.board().orders() & orders::REVOKED, orders::REVOKED);
    let ended: Vec<_> = met.ended.iter().map(|(job, _)| job.first).collect();
    assert_eq!(
        (ended, met.back.clone()),
        (vec![1, 2], vec![Job::many(3, 2)])
    );
    books.lay_back(met.back, 0.0);
    lays(&mut books);
    // Few items go one a slot.
    let other = worker(&mut books, 0);
    let order: Vec<_> = std::iter::from_fn(|| Some(other.claims()?.1[0])).collect();
    assert_eq!(order, [3, 4, 9]);
}

#[test]
fn where_no_board_is_left_what_nobody_has_begun_is_taken_out_in_order() {
    let mut books = books();
    let hand = worker(&mut books, 0);
    books.last = u16::MAX;
    for id in 0..3000 {
        books.push(Job::one(id), None, 2, || 0.0);
    }
    books.push(Job::one(3000).of_rank(0), None, 2, || 0.0);
    lays(&mut books);
    let (..) = hand.claims().unwrap();
    let mut heard = Heard::default();
    let (number, met) = books.down(0, &mut death(None), true, &mut heard).unwrap();
    assert_eq!(met.ended[0].0.first, 3000);
    assert!(books.enter(0, memory(1 << 20), memory(1 << 14)).is_none());
    assert!(books.board(0).is_none());
    // It had looked at its orders before.
    let (..) = hand.claims().unwrap();
    let ids = books.take_waiting().into_iter().map(|job| job.first);
    assert!(ids.eq(1..3000));
    assert_eq!((books.out, books.waiting()), (1, 0));
    let met = books.look_again(number, "lost", true);
    assert_eq!(met.ended, [(Job::one(0), "lost".into())]);
    assert!(books.begun().is_empty());
    is_empty(&books);
}

#[test]
fn a_report_that_was_not_told_counts_when_its_worker_is_gone() {
    let mut books = books();
    let hand = worker(&mut books, 0);
    books.push(Job::one(1), None, 2, || 0.0);
    lays(&mut books);
    assert!(hand.runs());
    let mut heard = Heard::default();
    let (_, met) = books.down(0, &mut death(None), true, &mut heard).unwrap();
    assert_eq!(
        (heard.done.len(), met.ended.len(), met.back.len()),
        (1, 0, 0)
    );
    is_empty(&books);
}

#[test]
fn what_a_terminated_worker_claims_late_is_found() {
    let mut books = books();
    let hand = worker(&mut books, 0);
    books.push(Job::one(1), None, 2, || 0.0);
    lays(&mut books);
    let mut heard = Heard::default();
    let (number, _) = books.down(0, &mut death(None), true, &mut heard).unwrap();
    // It had looked at its orders before.
    assert!(hand.runs());
    assert!(hears(&mut books).is_empty(), "its ring is not heard again");
    let met = books.look_again(number, "lost", false);
    assert_eq!(met.ended, [(Job::one(1), "lost".into())]);
    books.look_again(number, "lost", true);
    assert!(books.gone.is_empty());
    is_empty(&books);
}

#[test]
fn outcomes_that_come_by_message_are_waited_for() {
    let mut books = books();
    let hand = worker(&mut books, 0);
    books.push(Job::many(1, 2), None, 2, || 0.0);
    let next = books.next(2, &mut Vec::new()).unwrap();
    assert!(books.lay(next, 2, &[1, 2], false).is_ok());
    let (slot, _) = hand.claims().unwrap();
    let part = |mut job: Job| {
        let rest = (job.len > 1).then(|| job.split_off(1));
        (job.first, rest)
    };
    assert_eq!(books.told(0, 1, part), Some(1), "before the report");
    hand.own.report_elsewhere(slot, 5);
    assert!(hears(&mut books).is_empty());
    assert_eq!(books.told(0, 1, part), None, "once");
    assert_eq!(books.told(0, 2, part), Some(2));
    assert_eq!(books.figures(0).run, 2);
    is_empty(&books);
}

#[test]
fn outcomes_that_do_not_come_are_lost_with_their_worker() {
    let mut books = books();
    let hand = worker(&mut books, 0);
    books.push(Job::one(1), None, 2, || 0.0);
    lays(&mut books);
    let (slot, _) = hand.claims().unwrap();
    hand.own.report_elsewhere(slot, 5);
    hears(&mut books);
    let mut heard = Heard::default();
    let (_, met) = books.down(0, &mut death(None), false, &mut heard).unwrap();
    assert_eq!(met.ended, [(Job::one(1), "lost".into())]);
}

#[test]
fn a_job_leaves_its_bounded_queue_when_it_is_claimed() {
    let mut books = books();
    let hand = worker(&mut books, 0);
    let counted = Job {
        counted: true,
        ..Job::one(5)
    };
    books.push(counted, None, 2, || 0.0);
    lays(&mut books);
    assert!(books.hear().begun.is_empty());
    let (slot, _) = hand.claims().unwrap();
    assert_eq!(hand.lot.flags(slot), flags::NOTE);
    assert_eq!(books.hear().begun, [5]);
}

#[test]
fn a_worker_is_let_go_when_it_has_said_that_it_has_nothing_and_has_nothing() {
    let mut books = books();
    let hand = worker(&mut books, 0);
    books.push(Job::one(1), None, 2, || 0.0);
    lays(&mut books);
    books.hears_quiet(0);
    assert!(!books.is_clear(0), "nobody has asked it to go");
    books.dismiss(0);
    assert_eq!(hand.own.board().orders(), orders::LEAVE);
    books.hears_quiet(0);
    assert!(books.is_clear(0));
    let (slot, bytes) = hand.claims().unwrap();
    assert!(!books.is_clear(0), "it has claimed since");
    assert!(hand.own.report(slot, 0, &bytes));
    hears(&mut books);
    assert!(books.is_clear(0));
    assert!(books.keep(0));
    assert!(!books.keep(0) && !books.is_clear(0));
}

#[test]
fn who_runs_a_half_whose_joiner_is_gone_is_known() {
    let mut books = books();
    let hands: Vec<_> = (0..3).map(|seat| worker(&mut books, seat)).collect();
    for hand in &hands {
        hand.own.set_known(3);
    }
    let fork = |of: usize| assert!(hands[of].own.push(&[1]).is_some());
    let steal = |by: usize, of: usize| hands[by].own.steal(hands[of].own.board()).unwrap();
    fork(0);
    let stolen = steal(1, 0);
    assert_eq!(books.thieves_of(1), [(1, 2)]);
    books.down(0, &mut death(None), true, &mut Heard::default());
    assert_eq!(books.thieves_of(1), [(1, 2)]);
    assert!(books.runs_only_fork_of(1, 1) && !books.runs_only_fork_of(2, 1));
    // It joins in the half, and helps a third.
    fork(2);
    let helped = steal(1, 2);
    assert!(!books.runs_only_fork_of(1, 1));
    assert!(hands[1].own.finish(helped, hands[2].own.board(), &[]));
    assert!(books.runs_only_fork_of(1, 1));
    // A job of the queue would wait below it.
    books.push(Job::one(1), None, 2, || 0.0);
    lays(&mut books);
    let (..) = hands[1].claims().unwrap();
    assert!(!books.runs_only_fork_of(1, 1));
    assert!(hands[1].own.finish(stolen, hands[0].own.board(), &[]));
    assert!(books.thieves_of(1).is_empty());
}

#[test]
fn what_a_workers_silence_is_judged_by_is_known() {
    let mut books = books();
    let hand = worker(&mut books, 0);
    assert!(!books.has_unclaimed() && !books.has_moved(0));
    for id in 1..3 {
        books.push(Job::one(id), None, 2, || 0.0);
    }
    lays(&mut books);
    assert!(books.has_unclaimed() && !books.is_at_work(0));
    assert!(hand.runs());
    let (slot, bytes) = hand.claims().unwrap();
    assert!(books.is_at_work(0) && !books.has_unclaimed());
    assert!(books.has_moved(0) && !books.has_moved(0));
    // It ends that, and another has the owner hear of it.
    assert!(hand.own.report(slot, 0, &bytes));
    assert_eq!(hears(&mut books), [1, 2]);
    assert!(!books.is_at_work(0) && books.has_moved(0));
    hand.own.count(Counters {
        stolen: 1,
        ..Counters::default()
    });
    assert!(books.has_moved(0) && !books.has_moved(0));
    assert!(!books.has_moved(1), "nobody is there");
}

#[test]
fn what_a_worker_counts_goes_on_with_the_next_in_its_seat() {
    let mut books = books();
    let counters = Counters {
        run: 1,
        stolen: 2,
        busy: 40,
        pages: 3,
    };
    for _ in 0..2 {
        let hand = worker(&mut books, 0);
        hand.own.count(counters);
        assert_eq!(books.figures(0).memory, 3 << 16);
        books.down(0, &mut death(None), false, &mut Heard::default());
    }
    let figures = books.figures(0);
    assert_eq!((figures.stolen, figures.busy, figures.memory), (4, 80.0, 0));
}
