//! The jobs of a `map`: parted, stolen, given up on.

use super::*;

/// The jobs of a `map`.
pub(super) struct Results {
    first: JobId,
    pub(super) values: Mutex<Vec<Option<Result<Value, JoinError>>>>,
    settled: AtomicBool,
    left: AtomicUsize,
    done: Mutex<mpsc::Sender<()>>,
}

impl Packet for Results {
    fn is_settled(&self) -> bool {
        self.settled.load(Ordering::SeqCst)
    }

    fn settle(&self, id: JobId, outcome: Result<Value, JoinError>) {
        let at = door::place(self.first, id);
        let before = self.values.lock().unwrap()[at].replace(outcome);
        assert!(before.is_none(), "a job of a map settles once");
        if self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.settled.store(true, Ordering::SeqCst);
            let _ = self.done.lock().unwrap().send(());
        }
    }

    fn abort(&self, _: JoinError) {
        self.settled.store(true, Ordering::SeqCst);
    }
}

pub(super) fn mapped<I: wasm_mt::Travel, R: wasm_mt::Travel>(
    items: Vec<I>,
    f: fn(I) -> R,
) -> (Arc<Results>, mpsc::Receiver<()>, Box<Entry>, door::Task) {
    let count = items.len();
    let first = door::ids(count);
    let (done, receive) = mpsc::channel();
    let results = Arc::new(Results {
        first,
        values: Mutex::new((0..count).map(|_| None).collect()),
        settled: AtomicBool::new(false),
        left: AtomicUsize::new(count),
        done: Mutex::new(done),
    });
    let task = door::map(items, f);
    let kept = task.another();
    let entry = door::entry_of_many(first, count, results.clone(), task);
    (results, receive, entry, kept)
}

#[test]
fn a_map_gives_each_items_result() {
    let fabric = fabric(2);
    let (results, done, entry, _) = mapped((0..many(10_000)).collect(), |n| n + 1);
    fabric.submit(entry, Place::Anywhere);
    done.recv().unwrap();
    let values = std::mem::take(&mut *results.values.lock().unwrap());
    for (n, value) in (0..).zip(values) {
        let value: u32 = door::decode(value.unwrap().unwrap()).unwrap();
        assert_eq!(value, n + 1);
    }
    let run: u64 = fabric.done().iter().map(|done| done.run).sum();
    assert_eq!(run, u64::from(many(10_000)));
    end(&fabric);
}

#[test]
fn the_rest_of_a_map_is_stolen_from_a_worker_that_is_stuck_in_an_item() {
    static LAST: AtomicUsize = AtomicUsize::new(0);
    static ALL_BUT_ONE: Gate = Gate::new();
    let fabric = fabric(2);
    let (_results, done, entry, _) = mapped((0..100_u32).collect(), |n| {
        if n == 0 {
            ALL_BUT_ONE.pass();
        } else if LAST.fetch_add(1, Ordering::SeqCst) == 98 {
            ALL_BUT_ONE.open();
        }
    });
    fabric.submit(entry, Place::Anywhere);
    done.recv().unwrap();
    end(&fabric);
}

#[test]
fn a_panic_in_a_map_fails_its_item_only() {
    let fabric = fabric(2);
    let (results, done, entry, _) = mapped((0..100_u32).collect(), |n| {
        assert!(n % 10 != 3, "on purpose");
    });
    fabric.submit(entry, Place::Anywhere);
    done.recv().unwrap();
    let values = std::mem::take(&mut *results.values.lock().unwrap());
    let panicked = values
        .iter()
        .filter(|value| matches!(value, Some(Err(error)) if error.is_panic()))
        .count();
    assert_eq!(panicked, 10);
    end(&fabric);
}

#[test]
fn a_map_that_is_given_up_on_runs_no_further() {
    static BEGUN: Gate = Gate::new();
    static RUN: AtomicUsize = AtomicUsize::new(0);
    let fabric = fabric(1);
    fn forever(_: u32) {
        RUN.fetch_add(1, Ordering::SeqCst);
        BEGUN.open();
        loop {
            checkpoint();
            std::thread::yield_now();
        }
    }
    let (results, _done, entry, task) = mapped((0..1000_u32).collect(), forever);
    fabric.submit(entry, Place::Anywhere);
    BEGUN.pass();
    results.abort(door::cancelled());
    fabric.abandon(&task);
    block_on(spawn(&fabric, job!(|| ()))).unwrap();
    assert_eq!(RUN.load(Ordering::SeqCst), 1);
    end(&fabric);
}
