//! Jobs that part themselves in two: who runs the halves, what lies between, and how they end before their time.

use crate::fabric::native::worker;
use crate::join;

use super::*;

fn fib(n: u32) -> u64 {
    if n < 2 {
        return n.into();
    }
    let (a, b) = join(|| fib(n - 1), job!(|n| fib(n - 2)));
    a + b
}

/// So many workers that let an aborted job go on for no longer than that.
fn with_grace(workers: usize) -> Arc<Native> {
    // In miri to unwind takes longer than that.
    let grace = Duration::from_millis(if cfg!(miri) { 1000 } else { 20 });
    let config = Builder::new().abort_grace(grace);
    started(door::config(config), workers, true)
}

/// Jobs that can only end when each worker has one.
fn all_work(fabric: &Native) {
    static HERE: AtomicUsize = AtomicUsize::new(0);
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _one = ONE_AT_A_TIME
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    HERE.store(0, Ordering::SeqCst);
    let workers = fabric.workers();
    let jobs = (0..workers).map(|_| {
        let meet = job!(|workers| {
            HERE.fetch_add(1, Ordering::SeqCst);
            while HERE.load(Ordering::SeqCst) < workers {
                std::thread::yield_now();
            }
        });
        spawn(fabric, meet)
    });
    for job in jobs.collect::<Vec<_>>() {
        block_on(job).unwrap();
    }
}

/// Until a worker sleeps in a job that waits.
fn until_it_waits(fabric: &Native, worker: usize, helps: bool) {
    while !fabric.sleep.waits(worker, helps) {
        std::thread::yield_now();
    }
}

#[test]
fn both_halves_give_their_values_and_one_may_borrow() {
    let fabric = fabric(2);
    let text = String::from("ab");
    let both = job!(|text| {
        let borrowed = text.as_str();
        let text: String = text.clone();
        join(|| borrowed.len(), job!(|text| text.repeat(2)))
    });
    assert_eq!(block_on(spawn(&fabric, both)).unwrap(), (2, "abab".into()));
    end(&fabric);
}

#[test]
fn a_tree_of_halves_gives_what_one_thread_gives() {
    let n = if cfg!(miri) { 6 } else { 20 };
    for workers in [1, 2, 5] {
        let fabric = fabric(workers);
        let sum = block_on(spawn(&fabric, job!(|n| fib(n)))).unwrap();
        assert_eq!(sum, if cfg!(miri) { 8 } else { 6765 });
        all_work(&fabric);
        end(&fabric);
    }
}

#[test]
fn many_trees_at_once_end_on_two_workers() {
    let n = if cfg!(miri) { 5 } else { 15 };
    let fabric = fabric(2);
    let trees: Vec<_> = (0..many(300))
        .map(|_| spawn(&fabric, job!(|n| fib(n))))
        .collect();
    for tree in trees {
        assert_eq!(block_on(tree).unwrap(), if cfg!(miri) { 5 } else { 610 });
    }
    end(&fabric);
}

#[test]
fn three_hundred_halves_lie_in_one_another() {
    fn deep(n: u32) -> u32 {
        if n == 0 {
            return 0;
        }
        let (a, b) = join(|| deep(n - 1), job!(|| 1));
        a + b
    }
    let fabric = fabric(2);
    assert_eq!(block_on(spawn(&fabric, job!(|| deep(300)))).unwrap(), 300);
    end(&fabric);
}

#[test]
fn an_idle_worker_takes_a_half() {
    static BEGUN: Gate = Gate::new();
    let fabric = fabric(2);
    let both = job!(|| {
        let id = || current().map(|it| it.id());
        let pass = || {
            BEGUN.pass();
            id()
        };
        let (a, b) = join(
            pass,
            job!(|| {
                BEGUN.open();
                current().map(|it| it.id())
            }),
        );
        a != b
    });
    assert!(block_on(spawn(&fabric, both)).unwrap());
    let stolen: u64 = fabric.done().iter().map(|worker| worker.stolen).sum();
    assert_eq!(stolen, 1);
    end(&fabric);
}

#[test]
fn without_stealing_and_outside_a_job_the_halves_follow_one_another() {
    let fabric = started(config(), 2, false);
    let both = job!(|| join(
        || current().map(|it| it.id()),
        job!(|| current().map(|it| it.id()))
    ));
    let (a, b) = block_on(spawn(&fabric, both)).unwrap();
    assert_eq!(a, b);
    assert_eq!(join(|| 1, job!(|| 2)), (1, 2));
    end(&fabric);
}

#[test]
fn a_panic_of_a_half_is_its_jobs_wherever_it_ran() {
    static BEGUN: Gate = Gate::new();
    let fabric = fabric(2);
    let here = job!(|| join(|| (), job!(|| -> () { panic!("in place") })).0);
    let error = block_on(spawn(&fabric, here)).unwrap_err();
    assert_eq!(error.panic_message(), Some("in place"));
    assert!(
        error.panic_location().unwrap().contains("joins.rs"),
        "{error}"
    );

    let elsewhere = job!(|| {
        join(
            || BEGUN.pass(),
            job!(|| -> () {
                BEGUN.open();
                panic!("elsewhere")
            }),
        )
        .0
    });
    let error = block_on(spawn(&fabric, elsewhere)).unwrap_err();
    assert_eq!(error.panic_message(), Some("elsewhere"));
    assert!(
        error.panic_location().unwrap().contains("joins.rs"),
        "{error}"
    );
    all_work(&fabric);
    end(&fabric);
}

#[test]
fn a_half_that_has_not_begun_goes_with_the_one_that_panics() {
    static RAN: AtomicBool = AtomicBool::new(false);
    let fabric = fabric(1);
    fabric.resize(2).unwrap();
    up(&fabric).unwrap();
    static HOLD: Gate = Gate::new();
    static HELD: Gate = Gate::new();
    let other = spawn(
        &fabric,
        job!(|| {
            HELD.open();
            HOLD.pass();
        }),
    );
    HELD.pass();
    let panics = job!(|| {
        join(
            || -> () { panic!("the first") },
            job!(|| RAN.store(true, Ordering::SeqCst)),
        )
        .1
    });
    let error = block_on(spawn(&fabric, panics)).unwrap_err();
    assert_eq!(error.panic_message(), Some("the first"));
    HOLD.open();
    block_on(other).unwrap();
    all_work(&fabric);
    assert!(!RAN.load(Ordering::SeqCst));
    end(&fabric);
}

#[test]
fn a_half_that_has_begun_is_stopped_and_ends_before_its_job() {
    static BEGUN: Gate = Gate::new();
    static ENDED: AtomicBool = AtomicBool::new(false);
    struct Ends;
    impl Drop for Ends {
        fn drop(&mut self) {
            ENDED.store(true, Ordering::SeqCst);
        }
    }
    // There is no grace, so only a checkpoint ends it.
    let fabric = started(door::config(Builder::new().abort_grace(None)), 2, true);
    let panics = job!(|| {
        let first = || -> () {
            BEGUN.pass();
            panic!("the first")
        };
        let second = job!(|| -> () {
            let _ends = Ends;
            BEGUN.open();
            loop {
                checkpoint();
            }
        });
        join(first, second).1
    });
    let error = block_on(spawn(&fabric, panics)).unwrap_err();
    assert_eq!(error.panic_message(), Some("the first"));
    assert!(
        error.panic_location().unwrap().contains("joins.rs"),
        "{error}"
    );
    assert!(ENDED.load(Ordering::SeqCst));
    all_work(&fabric);
    end(&fabric);
}

#[test]
fn an_aborted_job_stops_its_other_half() {
    static BEGUN: Gate = Gate::new();
    static WAITS: Gate = Gate::new();
    let fabric = started(door::config(Builder::new().abort_grace(None)), 2, true);
    let both = job!(|| {
        let second = job!(|| -> () {
            BEGUN.open();
            loop {
                checkpoint();
            }
        });
        let first = || {
            BEGUN.pass();
            WAITS.open();
        };
        join(first, second).1
    });
    let both = spawn(&fabric, both);
    WAITS.pass();
    both.abort();
    assert!(block_on(both).unwrap_err().is_cancelled());
    all_work(&fabric);
    end(&fabric);
}

#[test]
fn a_half_that_will_not_stop_costs_its_own_worker_alone() {
    static BEGUN: Gate = Gate::new();
    static HOLD: Gate = Gate::new();
    let fabric = with_grace(2);
    let both = job!(|| {
        let second = job!(|| {
            BEGUN.open();
            HOLD.pass();
        });
        join(|| BEGUN.pass(), second).1
    });
    let handle = spawn(&fabric, both);
    BEGUN.pass();
    let threads: Vec<_> = fabric
        .seats
        .iter()
        .map(|seat| seat.present().as_ref().unwrap().thread)
        .collect();
    handle.abort();
    assert!(block_on(handle).unwrap_err().is_cancelled());
    all_work(&fabric);
    let now = fabric.seats.iter().zip(threads);
    let replaced = now.filter(|(seat, before)| seat.present().as_ref().unwrap().thread != *before);
    assert_eq!(replaced.count(), 1);
    HOLD.open();
    end(&fabric);
}

#[test]
fn a_thread_that_is_given_up_on_in_a_half_waits_for_the_other_all_the_same() {
    static BEGUN: Gate = Gate::new();
    static HOLD: Gate = Gate::new();
    static LATER: Gate = Gate::new();
    static OVER: Gate = Gate::new();
    let fabric = with_grace(2);
    let both = job!(|| {
        let first = || {
            BEGUN.pass();
            HOLD.pass();
        };
        let second = job!(|| {
            BEGUN.open();
            LATER.pass();
        });
        struct Over;
        impl Drop for Over {
            fn drop(&mut self) {
                OVER.open();
            }
        }
        let _over = Over;
        join(first, second).1
    });
    let handle = spawn(&fabric, both);
    BEGUN.pass();
    handle.abort();
    assert!(block_on(handle).unwrap_err().is_cancelled());
    // The worker has another thread when it runs this.
    let first = spawn(&fabric, job!(|| 3));
    assert_eq!(block_on(first).unwrap(), 3);
    HOLD.open();
    LATER.open();
    OVER.pass();
    all_work(&fabric);
    end(&fabric);
}

#[test]
fn who_waits_runs_what_lies_on_its_deque() {
    static BEGUN: Gate = Gate::new();
    static RAN: Gate = Gate::new();
    let fabric = fabric(2);
    let both = job!(|| {
        let first = || {
            BEGUN.pass();
            drop(spawn(&here(), job!(|| RAN.open())));
        };
        let second = job!(|| {
            BEGUN.open();
            RAN.pass();
        });
        // One less than as many as there may be.
        worker::local().unwrap().nested.set(15);
        let both = join(first, second);
        worker::local().unwrap().nested.set(0);
        both.1
    });
    block_on(spawn(&fabric, both)).unwrap();
    end(&fabric);
}

#[test]
fn no_more_than_sixteen_jobs_are_on_one_another() {
    static BEGUN: Gate = Gate::new();
    static HOLD: Gate = Gate::new();
    static RAN: AtomicBool = AtomicBool::new(false);
    let fabric = fabric(2);
    let both = job!(|| {
        let first = || {
            BEGUN.pass();
            drop(spawn(&here(), job!(|| RAN.store(true, Ordering::SeqCst))));
        };
        let second = job!(|| {
            BEGUN.open();
            HOLD.pass();
        });
        worker::local().unwrap().nested.set(16);
        let both = join(first, second);
        worker::local().unwrap().nested.set(0);
        both.1
    });
    let at = spawn_at(&fabric, both, Place::Pinned(0));
    until_it_waits(&fabric, 0, false);
    assert!(!RAN.load(Ordering::SeqCst));
    HOLD.open();
    block_on(at).unwrap();
    all_work(&fabric);
    assert!(RAN.load(Ordering::SeqCst));
    end(&fabric);
}

#[test]
fn who_sleeps_in_a_join_is_woken_for_what_it_can_run() {
    static BEGUN: Gate = Gate::new();
    static SLEEPS: Gate = Gate::new();
    static RAN: Gate = Gate::new();
    let fabric = fabric(2);
    let both = job!(|| {
        let second = job!(|| {
            BEGUN.open();
            SLEEPS.pass();
            drop(spawn(&here(), job!(|| RAN.open())));
            RAN.pass();
        });
        join(|| BEGUN.pass(), second).1
    });
    let handle = spawn_at(&fabric, both, Place::Pinned(0));
    until_it_waits(&fabric, 0, true);
    SLEEPS.open();
    block_on(handle).unwrap();
    end(&fabric);
}

#[test]
fn no_async_job_begins_on_top_of_a_job_that_waits() {
    static BEGUN: Gate = Gate::new();
    static HOLD: Gate = Gate::new();
    static RAN: AtomicBool = AtomicBool::new(false);
    let fabric = fabric(2);
    let both = job!(|| {
        let first = || {
            BEGUN.pass();
            spawn(&here(), job!(async || RAN.store(true, Ordering::SeqCst)))
        };
        let second = job!(|| {
            BEGUN.open();
            HOLD.pass();
        });
        drop(join(first, second));
    });
    let handle = spawn_at(&fabric, both, Place::Pinned(0));
    until_it_waits(&fabric, 0, true);
    assert!(!RAN.load(Ordering::SeqCst));
    HOLD.open();
    block_on(handle).unwrap();
    all_work(&fabric);
    end(&fabric);
    assert!(RAN.load(Ordering::SeqCst));
}

#[test]
fn async_and_pinned_jobs_may_be_parted() {
    let fabric = fabric(2);
    let n = if cfg!(miri) { 5 } else { 15 };
    for _ in 0..many(50).max(2) {
        let polled = spawn(&fabric, job!(async |n| fib(n)));
        let pinned = spawn_at(&fabric, job!(|n| fib(n)), Place::Pinned(1));
        assert_eq!(block_on(polled).unwrap(), block_on(pinned).unwrap());
    }
    end(&fabric);
}

#[test]
fn an_async_half_is_refused_before_anything_runs() {
    static RAN: AtomicBool = AtomicBool::new(false);
    let fabric = fabric(2);
    let both = job!(|| join(|| RAN.store(true, Ordering::SeqCst), job!(async || ())).1);
    let error = block_on(spawn(&fabric, both)).unwrap_err();
    assert!(error.to_string().contains("takes a sync job"), "{error}");
    assert!(!RAN.load(Ordering::SeqCst));
    end(&fabric);
}

#[test]
fn jobs_of_every_priority_may_be_parted() {
    let fabric = fabric(2);
    let n = if cfg!(miri) { 5 } else { 12 };
    let all = (0..many(100).max(3)).map(|at| {
        let (mut entry, handle) =
            door::spawned(job!(|n| fib(n)), fabric.config.unhandled(), None, None);
        let priority = [Priority::Urgent, Priority::Normal, Priority::Background][at as usize % 3];
        entry.set_rank(priority.rank());
        fabric.submit(entry, Place::Anywhere);
        handle
    });
    for handle in all.collect::<Vec<_>>() {
        assert_eq!(block_on(handle).unwrap(), if cfg!(miri) { 5 } else { 144 });
    }
    end(&fabric);
}

#[test]
fn a_pool_may_change_its_size_while_jobs_are_parted() {
    let n = if cfg!(miri) { 5 } else { 16 };
    let fabric = fabric(3);
    let trees: Vec<_> = (0..many(100).max(3))
        .map(|_| spawn(&fabric, job!(|n| fib(n))))
        .collect();
    for size in [1, 4, 2, 5, 1, 3] {
        fabric.resize(size).unwrap();
        up(&fabric).unwrap();
    }
    for tree in trees {
        assert_eq!(block_on(tree).unwrap(), if cfg!(miri) { 5 } else { 987 });
    }
    all_work(&fabric);
    end(&fabric);
}

#[test]
fn a_pool_may_end_while_jobs_are_parted() {
    static BEGUN: AtomicUsize = AtomicUsize::new(0);
    fn on(n: u32) {
        BEGUN.fetch_add(1, Ordering::SeqCst);
        loop {
            checkpoint();
            fib(n);
        }
    }
    let fabric = fabric(3);
    let handles: Vec<_> = (0..2)
        .map(|_| spawn(&fabric, job!(|| join(|| on(5), job!(|| on(6))).1)))
        .collect();
    while BEGUN.load(Ordering::SeqCst) < 3 {
        std::thread::yield_now();
    }
    end(&fabric);
    for handle in handles {
        assert!(block_on(handle).unwrap_err().is_cancelled());
    }
    until(&fabric, 0);
}

#[test]
fn items_of_a_map_may_be_parted() {
    let fabric = fabric(2);
    let pool = crate::ThreadPool::owning(fabric.clone(), None);
    let items = many(500);
    let sums = block_on(async { pool.map(0..items, |n| fib(n % 12)).await.unwrap() });
    for (n, sum) in (0..items).zip(sums) {
        let (mut a, mut b) = (0, 1);
        for _ in 0..n % 12 {
            (a, b) = (b, a + b);
        }
        assert_eq!(sum, a);
    }
    end(&fabric);
}
