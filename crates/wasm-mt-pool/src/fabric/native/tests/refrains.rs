//! Jobs that are futures of a host's making, on workers that do not always begin another.

use futures::StreamExt as _;
use futures::channel::{mpsc as stream, oneshot};

use super::*;
use crate::fabric::Fabric as _;

/// A job whose body is a future.
fn made<T, F>(make: impl FnOnce() -> F + Send + 'static) -> Job<T>
where
    T: Send + 'static,
    F: Future<Output = T> + 'static,
{
    door::job(door::Task::of_future(move || {
        let future = make();
        Box::pin(async move { Ok(Box::new(future.await) as Value) })
    }))
}

fn for_host(workers: usize, takes: fn() -> bool) -> Arc<Native> {
    let fabric = Native::make(config(), workers, Settings::default(), Some(takes));
    assert!(fabric.begin());
    up(&fabric).expect("the fabric starts");
    fabric
}

/// Where this runs.
fn here_id() -> u64 {
    current().map_or(0, |thread| thread.id())
}

#[test]
fn a_future_is_stolen_before_it_begins_and_then_stays() {
    static BUSY: Gate = Gate::new();
    let fabric = for_host(2, || true);
    let (tell, told) = mpsc::channel();
    let (begins, begun) = mpsc::channel();
    let parent = made(move || async move {
        for _ in 0..20 {
            let (send, receive) = oneshot::channel::<()>();
            let begins = begins.clone();
            let child = made(move || async move {
                begins.send(()).unwrap();
                let before = (here_id(), Native::current().map(|(_, worker)| worker));
                // Nothing here is `Send`.
                let local = std::rc::Rc::new(before);
                let _ = receive.await;
                let after = (here_id(), Native::current().map(|(_, worker)| worker));
                (*local, after)
            });
            let _ = tell.send((send, spawn(&here(), child)));
        }
        drop((tell, begins));
        // They begin elsewhere, since this one has the thread.
        BUSY.pass();
        here_id()
    });
    let parent = spawn(&fabric, parent);
    let children: Vec<_> = told.iter().collect();
    begun.iter().take(children.len()).for_each(drop);
    BUSY.open();
    let parent = block_on(parent).unwrap();
    for (send, child) in children {
        send.send(()).unwrap();
        let (before, after) = block_on(child).unwrap();
        assert_eq!(before, after);
        assert_ne!(before.0, parent);
    }
    end(&fabric);
}

#[test]
fn a_worker_that_refrains_goes_on_with_what_it_has_begun_and_does_not_spin() {
    static TAKES: AtomicBool = AtomicBool::new(true);
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    static RUN: AtomicUsize = AtomicUsize::new(0);
    let fabric = for_host(1, || {
        ASKED.fetch_add(1, Ordering::SeqCst);
        TAKES.load(Ordering::SeqCst)
    });
    let (mut wake, mut woken) = stream::unbounded::<()>();
    let (tell, told) = mpsc::channel();
    let begun = spawn(
        &fabric,
        made(move || async move {
            TAKES.store(false, Ordering::SeqCst);
            while woken.next().await.is_some() {
                tell.send(()).unwrap();
            }
            TAKES.store(true, Ordering::SeqCst);
        }),
    );
    wake.start_send(()).unwrap();
    told.recv().unwrap();
    let run = || made(|| async { RUN.fetch_add(1, Ordering::SeqCst) });
    let mut jobs: Vec<_> = (0..many(1_000)).map(|_| spawn(&fabric, run())).collect();
    jobs.extend((0..10).map(|_| spawn_at(&fabric, run(), Place::Pinned(0))));
    let before = ASKED.load(Ordering::SeqCst);
    for _ in 0..50 {
        wake.start_send(()).unwrap();
        told.recv().unwrap();
    }
    // A turn may be followed by one in which nothing goes on. Ten wakes came with what is pinned.
    let asked = ASKED.load(Ordering::SeqCst) - before;
    assert!(asked <= 4 * (50 + 10), "asked {asked} times");
    assert_eq!(RUN.load(Ordering::SeqCst), 0);
    assert_eq!(fabric.stats().waiting, jobs.len() as u64);
    drop(wake);
    block_on(begun).unwrap();
    let count = jobs.len();
    for job in block_on(join_all(jobs)) {
        job.unwrap();
    }
    assert_eq!(RUN.load(Ordering::SeqCst), count);
    end(&fabric);
}

#[test]
fn what_a_worker_that_refrains_has_on_its_deque_is_for_others() {
    static FIRST: AtomicBool = AtomicBool::new(true);
    // The first worker that begins something begins nothing more.
    thread_local! {
        static HAS_BEGUN: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
    }
    let fabric = for_host(2, || !HAS_BEGUN.get());
    let parent = made(|| async {
        if FIRST.swap(false, Ordering::SeqCst) {
            HAS_BEGUN.set(true);
        }
        let mut sum = 0;
        let children: Vec<_> = (0..20)
            .map(|_| spawn(&here(), made(|| async { here_id() })))
            .collect();
        for child in children {
            sum += u32::from(child.await.unwrap() != here_id());
        }
        HAS_BEGUN.set(false);
        sum
    });
    assert_eq!(block_on(spawn(&fabric, parent)).unwrap(), 20);
    end(&fabric);
}

#[test]
fn a_worker_that_refrains_drops_what_was_aborted() {
    static TAKES: AtomicBool = AtomicBool::new(true);
    struct Takes;
    impl Drop for Takes {
        fn drop(&mut self) {
            TAKES.store(true, Ordering::SeqCst);
        }
    }
    let fabric = for_host(1, || TAKES.load(Ordering::SeqCst));
    let (tell, told) = mpsc::channel();
    let first = spawn(
        &fabric,
        made(move || async move {
            let _takes = Takes;
            TAKES.store(false, Ordering::SeqCst);
            tell.send(()).unwrap();
            std::future::pending::<()>().await;
        }),
    );
    told.recv().unwrap();
    let pinned = spawn_at(&fabric, made(|| async { 7 }), Place::Pinned(0));
    first.abort();
    assert!(block_on(first).unwrap_err().is_cancelled());
    assert_eq!(block_on(pinned).unwrap(), 7);
    end(&fabric);
}

#[test]
fn a_fabric_whose_workers_refrain_ends() {
    static TAKES: AtomicBool = AtomicBool::new(true);
    let fabric = for_host(2, || TAKES.load(Ordering::SeqCst));
    TAKES.store(false, Ordering::SeqCst);
    let waits = spawn(&fabric, made(|| async {}));
    end(&fabric);
    assert!(block_on(waits).unwrap_err().is_cancelled());
}

#[test]
fn a_job_that_is_a_future_gives_what_need_not_travel_and_its_panic() {
    let fabric = for_host(2, || true);
    let value = Arc::new(Mutex::new(7));
    let mine = value.clone();
    let same = block_on(spawn(&fabric, made(move || async move { mine }))).unwrap();
    assert!(Arc::ptr_eq(&value, &same));
    let fails = made(|| async { panic!("on purpose") });
    let error = block_on(spawn::<()>(&fabric, fails)).unwrap_err();
    assert_eq!(error.panic_message(), Some("on purpose"));
    end(&fabric);
}

#[test]
fn a_child_of_a_host_settles_its_packet_and_is_told_when_nobody_waits() {
    #[derive(Default)]
    struct Mailbox(Mutex<Vec<(JobId, bool)>>, AtomicBool);
    impl Packet for Mailbox {
        fn is_settled(&self) -> bool {
            self.1.load(Ordering::SeqCst)
        }
        fn settle(&self, id: JobId, outcome: Result<Value, JoinError>) {
            self.0.lock().unwrap().push((id, outcome.is_ok()));
        }
        fn abort(&self, _: JoinError) {}
    }
    let fabric = for_host(1, || true);
    let mailbox = Arc::new(Mailbox::default());
    let task = |ended: mpsc::Sender<()>| {
        door::Task::of_future(move || {
            Box::pin(async move {
                let _ended = ended;
                std::future::pending().await
            })
        })
    };
    let (send, ended) = mpsc::channel();
    let task = task(send);
    let (id, origin) = (door::ids(1), task.origin());
    fabric.submit(door::Entry::new(id, mailbox.clone(), task), Place::Anywhere);
    // It has begun.
    block_on(spawn(&fabric, made(|| async {}))).unwrap();
    mailbox.1.store(true, Ordering::SeqCst);
    origin.upgrade().unwrap().abandon(id);
    // Its future is dropped on its thread.
    assert!(ended.recv().is_err());
    end(&fabric);
    let settled = mailbox.0.lock().unwrap();
    assert!(settled.iter().all(|(of, ok)| *of == id && !ok));
}
