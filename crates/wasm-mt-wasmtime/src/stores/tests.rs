//! The gate by itself: leaves, the line, and whom it wakes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;

use wasm_mt::block_on;

use super::*;

/// Counts how often it is woken.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

struct One {
    line: Pin<Box<InLine>>,
    woken: Arc<Woken>,
}

impl One {
    fn of(gate: &Arc<Gate>, worker: usize) -> Self {
        One {
            line: Box::pin(gate.take(worker)),
            woken: Arc::default(),
        }
    }

    fn poll(&mut self) -> Poll<Result<Leave, Crowded>> {
        let waker = Waker::from(self.woken.clone());
        self.line.as_mut().poll(&mut Context::from_waker(&waker))
    }

    fn waits(&mut self) -> bool {
        self.poll().is_pending()
    }

    fn times(&self) -> usize {
        self.woken.0.load(Ordering::SeqCst)
    }

    #[track_caller]
    fn leave(&mut self) -> Leave {
        match self.poll() {
            Poll::Ready(Ok(leave)) => leave,
            Poll::Ready(Err(_)) => panic!("it got none"),
            Poll::Pending => panic!("it waits"),
        }
    }

    #[track_caller]
    fn fails(&mut self) -> Crowded {
        match self.poll() {
            Poll::Ready(Err(crowded)) => crowded,
            Poll::Ready(Ok(_)) => panic!("it got a leave"),
            Poll::Pending => panic!("it waits"),
        }
    }
}

/// One whose job waits for others.
fn suspended(gate: &Arc<Gate>) -> (Leave, Signal) {
    let mut leave = gate.try_take(0).unwrap();
    let signal = leave.begins();
    assert!(signal.suspends());
    (leave, signal)
}

#[test]
fn there_is_leave_for_one_at_least() {
    let gate = Gate::new(0, 1);
    let leave = gate.try_take(0).unwrap();
    assert!(gate.try_take(0).is_none());
    drop(leave);
    assert!(gate.try_take(0).is_some());
}

#[test]
fn who_is_in_line_is_served_in_order_and_woken_once() {
    let gate = Gate::new(1, 2);
    let leave = gate.try_take(0).unwrap();
    let (mut first, mut second) = (One::of(&gate, 0), One::of(&gate, 1));
    assert!(first.waits() && second.waits() && first.waits());
    drop(leave);
    assert_eq!((first.times(), second.times()), (1, 0));
    assert!(gate.try_take(0).is_none() && second.waits());
    drop(first.leave());
    drop(second.leave());
    assert_eq!((first.times(), second.times()), (1, 1));
}

#[test]
fn where_all_wait_for_others_the_newest_in_line_fails() {
    let gate = Gate::new(2, 2);
    let (_one, _) = suspended(&gate);
    let mut other = gate.try_take(0).unwrap();
    let (mut old, mut new) = (One::of(&gate, 0), One::of(&gate, 1));
    assert!(old.waits() && new.waits());
    // It runs, and so may end.
    let signal = other.begins();
    assert!(old.waits() && new.waits());
    assert!(signal.suspends());
    let crowded = new.fails();
    assert!(
        old.waits(),
        "what waits for the one that failed is still to be told"
    );
    // That is the other one's job, which goes on and ends.
    signal.notify();
    drop(crowded);
    assert!(old.waits());
    drop(other);
    assert_eq!(old.times(), 1);
    old.leave();
}

#[test]
fn the_next_one_fails_where_nobody_goes_on_after_all() {
    let gate = Gate::new(1, 2);
    let mut leave = gate.try_take(0).unwrap();
    let signal = leave.begins();
    let (mut old, mut new) = (One::of(&gate, 0), One::of(&gate, 1));
    assert!(old.waits() && new.waits());
    assert!(signal.suspends());
    drop(new.fails());
    drop(old.fails());
}

#[test]
fn one_that_comes_when_all_wait_fails_at_once() {
    let gate = Gate::new(1, 1);
    let (_leave, signal) = suspended(&gate);
    drop(One::of(&gate, 0).fails());
    // And not where something has come for them.
    signal.notify();
    assert!(One::of(&gate, 0).waits());
}

#[test]
fn what_came_since_a_job_looked_keeps_it_from_waiting() {
    let gate = Gate::new(1, 1);
    let mut leave = gate.try_take(0).unwrap();
    let signal = leave.begins();
    signal.notify();
    assert!(!signal.suspends());
    assert!(signal.suspends() && signal.suspends());
    signal.resumes();
    assert!(One::of(&gate, 0).waits());
}

#[test]
fn a_signal_of_a_job_that_has_ended_says_nothing() {
    let gate = Gate::new(1, 1);
    let mut leave = gate.try_take(0).unwrap();
    let late = leave.begins();
    assert!(late.suspends() && leave.idles());
    let signal = leave.begins();
    assert!(signal.suspends());
    late.notify();
    assert!(!late.suspends());
    drop(One::of(&gate, 0).fails());
}

#[test]
fn a_leave_that_is_dropped_while_its_job_waits_is_for_the_next() {
    let gate = Gate::new(2, 1);
    let (one, _) = suspended(&gate);
    let mut other = gate.try_take(0).unwrap();
    let signal = other.begins();
    let mut next = One::of(&gate, 0);
    assert!(next.waits());
    drop(one);
    assert!(signal.suspends());
    let _leave = next.leave();
}

#[test]
fn an_idle_one_of_another_worker_is_asked_for() {
    let gate = Gate::new(1, 2);
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(woken.clone());
    let asked = |worker| gate.poll_asked(worker, &Context::from_waker(&waker));
    let mut leave = gate.try_take(1).unwrap();
    leave.begins();
    assert!(leave.idles());
    assert!(asked(0).is_pending() && asked(1).is_pending());
    for _ in 0..2 {
        // The second time for another that comes when the first has given up.
        let mut next = One::of(&gate, 0);
        let before = woken.0.load(Ordering::SeqCst);
        assert!(next.waits());
        assert_eq!(woken.0.load(Ordering::SeqCst), before + 1);
        assert!(asked(0).is_pending() && asked(1).is_ready());
        drop(next);
        assert!(asked(1).is_pending());
    }
    let mut next = One::of(&gate, 0);
    assert!(next.waits());
    // Its own worker was quicker; and then it is not kept.
    leave.begins();
    assert!(asked(1).is_pending() && !leave.idles());
    drop(leave);
    next.leave();
}

#[test]
fn whoever_gives_up_leaves_nothing_behind() {
    let gate = Gate::new(1, 2);
    let leave = gate.try_take(0).unwrap();
    let (mut first, mut second) = (One::of(&gate, 0), One::of(&gate, 1));
    assert!(first.waits() && second.waits());
    drop(leave);
    // It was granted, and never heard.
    drop(first);
    assert_eq!(second.times(), 1);
    let mut leave = second.leave();
    let (mut first, mut second) = (One::of(&gate, 0), One::of(&gate, 1));
    assert!(first.waits() && second.waits());
    assert!(leave.begins().suspends());
    assert_eq!((first.times(), second.times()), (0, 1));
    // It has failed, and never heard: so the other one fails.
    drop(second);
    assert_eq!(first.times(), 1);
    drop(first);
    drop(leave);
    assert!(gate.try_take(0).is_some());
}

#[test]
fn threads_that_want_more_than_there_is_all_get_it() {
    let gate = Gate::new(2, 4);
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let gate = &gate;
            scope.spawn(move || {
                for n in 0..1_000 {
                    let line = gate.take(worker);
                    let mut leave = block_on(line).expect("nobody waits for others");
                    let signal = leave.begins();
                    signal.notify();
                    assert!(!signal.suspends());
                    if n % 2 == 0 && leave.idles() {
                        leave.begins();
                    }
                }
            });
        }
    });
    assert!(gate.try_take(0).is_some());
}
