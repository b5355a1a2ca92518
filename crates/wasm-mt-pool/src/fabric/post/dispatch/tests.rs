//! The order in which jobs leave, in small cases; runs of many are in [`simulation`](super::super::simulation).

use std::cell::Cell;
use std::rc::Rc;

use super::super::simulation::acted::Acted;
use super::{Dispatch, Leaving};
use crate::priority::{Priority, TURNS};

fn unit(first: usize, jobs: usize) -> Acted {
    Acted {
        first,
        jobs,
        kind: 1,
        alone: false,
        priority: Priority::Normal,
        pinned: None,
        aborted: Rc::new(Cell::new(false)),
    }
}

/// So many workers, all up.
fn dispatch(workers: usize, steal: bool) -> Dispatch<Acted> {
    let mut dispatch = Dispatch::new(workers, steal);
    (0..workers).for_each(|worker| dispatch.up(worker));
    dispatch
}

/// The numbers of the jobs in all frames that go out now, each with its worker.
fn frames(dispatch: &mut Dispatch<Acted>) -> Vec<(usize, Vec<usize>)> {
    let mut frames = Vec::new();
    while let Some((worker, units)) = dispatch.next(0.0) {
        frames.push((
            worker,
            units
                .iter()
                .flat_map(|unit| unit.first..unit.first + unit.jobs)
                .collect(),
        ));
    }
    frames
}

/// Ends the worker's frame, a long one, so that jobs go one by one, and gives what goes to it next.
fn end(dispatch: &mut Dispatch<Acted>, worker: usize) -> Vec<usize> {
    dispatch.ended(worker, 1e6, 0.0, 0.0);
    let frames = frames(dispatch);
    assert!(frames.iter().all(|(to, _)| *to == worker), "{frames:?}");
    frames.into_iter().flat_map(|(_, jobs)| jobs).collect()
}

#[test]
fn a_worker_takes_its_newest_then_the_oldest_that_was_injected() {
    let mut dispatch = dispatch(1, true);
    dispatch.inject(unit(0, 1), 0.0);
    assert_eq!(frames(&mut dispatch), [(0, vec![0])]);
    (1..3).for_each(|first| dispatch.inject(unit(first, 1), 0.0));
    (3..5).for_each(|first| dispatch.push(0, unit(first, 1), 0.0));
    let order: Vec<_> = (0..5).flat_map(|_| end(&mut dispatch, 0)).collect();
    assert_eq!(order, [4, 3, 1, 2]);
}

#[test]
fn a_thief_takes_the_oldest_half() {
    let mut dispatch = dispatch(2, true);
    dispatch.down(1);
    (0..6).for_each(|first| dispatch.push(0, unit(first, 1), 0.0));
    assert_eq!(end(&mut dispatch, 0), [5]);
    dispatch.up(1);
    assert_eq!(frames(&mut dispatch), [(1, vec![0])]);
    assert_eq!(
        (end(&mut dispatch, 1), end(&mut dispatch, 1)),
        (vec![1], vec![2])
    );
    assert_eq!(
        (end(&mut dispatch, 0), end(&mut dispatch, 0)),
        (vec![4], vec![3])
    );
    let stolen: Vec<_> = dispatch.stats().map(|stats| stats.stolen).collect();
    assert_eq!(stolen, [0, 3]);
}

#[test]
fn a_thief_splits_the_only_unit() {
    let mut dispatch = dispatch(2, true);
    dispatch.push(0, unit(0, 9), 0.0);
    assert_eq!(frames(&mut dispatch), [(0, vec![0]), (1, vec![5])]);
    assert_eq!(
        (end(&mut dispatch, 0), end(&mut dispatch, 1)),
        (vec![1], vec![6])
    );
    assert_eq!(
        dispatch
            .stats()
            .map(|stats| stats.waiting)
            .collect::<Vec<_>>(),
        [3, 2]
    );
    assert_eq!(dispatch.waiting(), 5);
}

#[test]
fn without_stealing_a_deque_waits_for_its_workers_replacement() {
    let mut dispatch = dispatch(2, false);
    dispatch.down(0);
    dispatch.push(0, unit(0, 4), 0.0);
    assert!(frames(&mut dispatch).is_empty());
    assert!(dispatch.has_idle());
    dispatch.up(0);
    assert_eq!(frames(&mut dispatch), [(0, vec![0])]);
}

#[test]
fn what_only_one_worker_may_take_can_be_taken_out_where_there_is_no_such_worker() {
    for steal in [true, false] {
        let mut dispatch = dispatch(2, steal);
        dispatch.down(0);
        (1..3).for_each(|first| dispatch.push(0, unit(first, 1), 0.0));
        dispatch.pin(0, unit(3, 1), 0.0);
        let on_deque = if steal { 0 } else { 2 };
        assert_eq!(dispatch.strand(0).len(), 1 + on_deque);
        assert_eq!(dispatch.waiting(), 2 - on_deque);
        assert!(dispatch.strand(2).is_empty());
    }
}

#[test]
fn what_is_given_back_goes_first_in_its_order_and_what_is_pinned_waits() {
    let mut dispatch = dispatch(2, true);
    dispatch.inject(unit(0, 1), 0.0);
    dispatch.inject(unit(1, 1), 0.0);
    assert_eq!(frames(&mut dispatch), [(0, vec![0]), (1, vec![1])]);
    dispatch.push(1, unit(2, 1), 0.0);
    dispatch.down(0);
    dispatch.give_back(
        0,
        vec![
            unit(3, 1),
            Acted {
                pinned: Some(0),
                ..unit(4, 1)
            },
            unit(5, 2),
        ],
        0.0,
    );
    let order: Vec<_> = (0..5).flat_map(|_| end(&mut dispatch, 1)).collect();
    assert_eq!(order, [3, 5, 6, 2]);
    dispatch.up(0);
    assert_eq!(frames(&mut dispatch), [(0, vec![4])]);
}

#[test]
fn what_goes_alone_waits_for_a_worker_with_nothing_posted() {
    let mut dispatch = dispatch(1, true);
    dispatch.inject(unit(0, 1), 0.0);
    assert_eq!(frames(&mut dispatch), [(0, vec![0])]);
    dispatch.ended(0, 20.0, 0.0, 0.0);
    (1..3).for_each(|first| dispatch.inject(unit(first, 1), 0.0));
    dispatch.inject(
        Acted {
            alone: true,
            ..unit(3, 1)
        },
        0.0,
    );
    dispatch.inject(unit(4, 1), 0.0);
    let mut order = frames(&mut dispatch);
    while dispatch.waiting() > 0 {
        assert!(!order.iter().any(|(_, jobs)| jobs.contains(&4)));
        dispatch.ended(0, 20.0, 0.0, 0.0);
        order.extend(frames(&mut dispatch));
    }
    assert!(order.contains(&(0, vec![3])), "{order:?}");
}

#[test]
fn what_is_settled_is_dropped_by_the_caller() {
    let mut dispatch = dispatch(2, true);
    let aborted = unit(0, 5);
    dispatch.inject(aborted.clone(), 0.0);
    dispatch.push(0, aborted.clone(), 0.0);
    dispatch.pin(
        1,
        Acted {
            pinned: Some(1),
            ..aborted.clone()
        },
        0.0,
    );
    dispatch.push(1, unit(7, 3), 0.0);
    aborted.aborted.set(true);
    dispatch.sweep();
    assert_eq!((dispatch.waiting(), dispatch.take_dropped().len()), (3, 3));
    dispatch.inject(aborted, 0.0);
    assert_eq!(dispatch.drain().len(), 2);
    assert_eq!((dispatch.waiting(), dispatch.take_dropped().len()), (0, 0));
    assert!(frames(&mut dispatch).is_empty());
}

#[test]
fn odd_calls_change_nothing_and_lose_nothing() {
    let mut dispatch = dispatch(1, true);
    dispatch.ended(0, 5.0, 5.0, 5.0);
    dispatch.ended(9, f64::NAN, f64::INFINITY, -1.0);
    dispatch.up(9);
    dispatch.down(9);
    dispatch.up(0);
    dispatch.push(9, unit(0, 1), 0.0);
    dispatch.pin(9, unit(1, 1), 0.0);
    dispatch.give_back(9, vec![unit(2, 1)], f64::NAN);
    assert_eq!(frames(&mut dispatch), [(0, vec![0])]);
    dispatch.down(0);
    dispatch.down(0);
    dispatch.ended(0, 5.0, 5.0, 5.0);
    assert_eq!((dispatch.waiting(), dispatch.has_idle()), (2, false));
    assert_eq!(dispatch.drain().len(), 2);
    let mut none = Dispatch::<Acted>::new(0, true);
    none.push(0, unit(0, 3), 0.0);
    assert_eq!((none.next(0.0).is_none(), none.waiting()), (true, 3));
}

#[test]
fn what_one_worker_alone_may_take_is_stranded_without_it() {
    for steal in [true, false] {
        let mut dispatch = dispatch(2, steal);
        dispatch.down(0);
        dispatch.inject(unit(0, 3), 0.0);
        dispatch.push(0, unit(3, 2), 0.0);
        dispatch.pin(0, unit(5, 1), 0.0);
        dispatch.pin(1, unit(6, 1), 0.0);
        let stranded: Vec<_> = dispatch.strand(0).iter().map(|unit| unit.first).collect();
        assert_eq!(stranded, if steal { vec![5] } else { vec![5, 3] });
        assert_eq!(dispatch.waiting(), if steal { 6 } else { 4 });
        assert!(dispatch.strand(0).is_empty());
        assert!(dispatch.strand(2).is_empty());
    }
}

fn ranked(first: usize, priority: Priority) -> Acted {
    Acted {
        priority,
        ..unit(first, 1)
    }
}

#[test]
fn what_is_urgent_goes_first_and_what_is_in_the_background_last() {
    let mut dispatch = dispatch(1, true);
    dispatch.inject(unit(0, 1), 0.0);
    assert_eq!(frames(&mut dispatch), [(0, vec![0])]);
    dispatch.inject(ranked(1, Priority::Background), 0.0);
    dispatch.inject(unit(2, 1), 0.0);
    dispatch.push(0, unit(3, 1), 0.0);
    dispatch.inject(ranked(4, Priority::Urgent), 0.0);
    dispatch.push(0, ranked(5, Priority::Urgent), 0.0);
    let order: Vec<_> = (0..5).flat_map(|_| end(&mut dispatch, 0)).collect();
    assert_eq!(order, [4, 5, 3, 2, 1]);
}

#[test]
fn of_sixteen_turns_one_is_for_a_lower_priority() {
    let mut dispatch = dispatch(1, true);
    dispatch.inject(unit(0, 1), 0.0);
    assert_eq!(frames(&mut dispatch), [(0, vec![0])]);
    let turns = TURNS as usize;
    (1..=turns * 20).for_each(|first| dispatch.inject(ranked(first, Priority::Urgent), 0.0));
    (1001..1025).for_each(|first| dispatch.inject(unit(first, 1), 0.0));
    (2001..2025).for_each(|first| dispatch.inject(ranked(first, Priority::Background), 0.0));
    let order: Vec<_> = (0..turns * turns)
        .flat_map(|_| end(&mut dispatch, 0))
        .collect();
    for (turn, job) in order.iter().enumerate() {
        let lower = *job > 1000;
        assert_eq!(lower, turn % turns == turns - 1, "{turn}: {job}");
    }
    assert_eq!(order.iter().filter(|job| **job > 2000).count(), 1);
}

#[test]
fn what_is_in_the_background_waits_for_what_can_be_stolen() {
    let mut dispatch = dispatch(2, true);
    dispatch.down(1);
    dispatch.push(0, unit(0, 1), 0.0);
    assert_eq!(frames(&mut dispatch), [(0, vec![0])]);
    dispatch.inject(ranked(1, Priority::Background), 0.0);
    (2..4).for_each(|first| dispatch.push(0, unit(first, 1), 0.0));
    dispatch.up(1);
    assert_eq!(frames(&mut dispatch), [(1, vec![2])]);
}

#[test]
fn a_worker_that_is_retired_runs_what_is_pinned_to_it_and_leaves_the_rest_to_others() {
    let mut dispatch = dispatch(2, false);
    let pinned = Acted {
        pinned: Some(1),
        ..unit(3, 1)
    };
    dispatch.push(1, unit(0, 1), 0.0);
    assert_eq!(frames(&mut dispatch), [(1, vec![0])]);
    dispatch.push(1, unit(1, 1), 0.0);
    dispatch.leave(1, Leaving::Retired);
    dispatch.push(1, unit(2, 1), 0.0);
    dispatch.pin(1, pinned, 0.0);
    assert!(!dispatch.is_done(1));
    assert_eq!(frames(&mut dispatch), [(0, vec![1])]);
    assert_eq!(end(&mut dispatch, 0), [2]);
    assert_eq!(end(&mut dispatch, 1), [3]);
    assert!(!dispatch.is_done(1));
    assert!(end(&mut dispatch, 1).is_empty());
    assert!(dispatch.is_done(1));
    dispatch.down(1);
    dispatch.pin(1, unit(5, 1), 0.0);
    assert_eq!(end(&mut dispatch, 0), [5]);
    dispatch.up(1);
    dispatch.inject(unit(4, 1), 0.0);
    assert!(frames(&mut dispatch).is_empty());
    dispatch.stay(1);
    assert_eq!(frames(&mut dispatch), [(1, vec![4])]);
}

#[test]
fn a_worker_that_makes_way_is_given_nothing_and_what_is_its_own_waits_for_the_next() {
    let mut dispatch = dispatch(1, false);
    dispatch.push(0, unit(0, 1), 0.0);
    assert_eq!(frames(&mut dispatch), [(0, vec![0])]);
    dispatch.push(0, unit(1, 1), 0.0);
    dispatch.pin(0, unit(2, 1), 0.0);
    dispatch.leave(0, Leaving::Recycled);
    assert!(end(&mut dispatch, 0).is_empty());
    assert!(dispatch.is_done(0) && dispatch.has_own(0) && !dispatch.has_idle());
    assert_eq!(dispatch.for_others(), 0);
    dispatch.inject(unit(3, 1), 0.0);
    assert_eq!(dispatch.for_others(), 1);
    dispatch.down(0);
    dispatch.stay(0);
    assert!(frames(&mut dispatch).is_empty());
    dispatch.up(0);
    assert_eq!(frames(&mut dispatch), [(0, vec![2])]);
    assert_eq!(end(&mut dispatch, 0), [1]);
    assert_eq!(end(&mut dispatch, 0), [3]);
}

#[test]
fn a_worker_more_takes_what_waits() {
    let mut dispatch = dispatch(1, true);
    (0..2).for_each(|first| dispatch.inject(unit(first, 1), 0.0));
    assert_eq!(frames(&mut dispatch), [(0, vec![0])]);
    dispatch.grow();
    assert!(frames(&mut dispatch).is_empty());
    dispatch.up(1);
    assert_eq!(frames(&mut dispatch), [(1, vec![1])]);
}

#[test]
fn a_worker_that_is_at_work_on_something_else_comes_last() {
    let mut dispatch = dispatch(2, true);
    dispatch.engage(0, true);
    dispatch.push(0, unit(0, 1), 0.0);
    assert_eq!(frames(&mut dispatch), [(1, vec![0])], "also for its own");
    assert_eq!(dispatch.busy(), 1);
    dispatch.inject(unit(1, 1), 0.0);
    assert_eq!(
        frames(&mut dispatch),
        [(0, vec![1])],
        "where nobody else is"
    );
    assert_eq!(dispatch.busy(), 2);
}
