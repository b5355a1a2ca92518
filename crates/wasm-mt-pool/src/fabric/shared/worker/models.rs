//! Models of a worker's drive and joins, as they are shipped, in surroundings that are made up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use loom::sync::{Condvar, Mutex};
use loom::thread;

use super::drive::Next;
use super::join::Half;
use super::*;
use crate::fabric::shared::hands::hear;
use crate::fabric::shared::models::{Pool, Ram, check, fails_without, holds};
use crate::fabric::shared::sync::Step;

/// Messages on their way to somebody.
#[derive(Clone)]
struct Post(Arc<(Mutex<u32>, Condvar)>);

impl Post {
    fn new() -> Self {
        Post(Arc::new((Mutex::new(0), Condvar::new())))
    }

    fn post(&self) {
        *self.0.0.lock().expect("nobody panics with it") += 1;
        self.0.1.notify_one();
    }

    /// Waits for the next.
    fn next(&self) {
        let mut messages = self.0.0.lock().expect("nobody panics with it");
        while *messages == 0 {
            messages = self.0.1.wait(messages).expect("nobody panics with it");
        }
        *messages -= 1;
    }
}

/// What surrounds a worker here. Its jobs and forks have the values that they were laid with.
struct Stage {
    ran: Arc<AtomicU32>,
    /// The owner's, of what is told.
    told: Post,
    /// The owner posts at once what it is asked to.
    rouse: Box<dyn Fn(u32)>,
    /// Async jobs are under way, so that it rests in its event loop.
    suspended: bool,
}

impl Site for Stage {
    fn now(&self) -> f64 {
        0.0
    }

    fn head(&self, _: &[u8]) -> Head {
        Head {
            first: 2,
            len: 1,
            kind: 1,
        }
    }

    fn run(&self, record: &[u8], begins: &mut dyn FnMut(usize) -> bool) -> Option<Ran> {
        assert!(begins(0));
        self.ran.fetch_add(1, Ordering::Relaxed);
        Some(Ran {
            outcomes: record.to_vec(),
            posted: false,
        })
    }

    fn run_fork(&self, record: &[u8]) -> Option<Vec<u8>> {
        self.ran.fetch_add(1, Ordering::Relaxed);
        Some(record.to_vec())
    }

    fn post(&self, _: Vec<u8>) {
        panic!("there is room");
    }

    fn tell(&self) {
        self.told.post();
    }

    fn rouse(&self, seat: u32) {
        (self.rouse)(seat);
    }

    fn quiet(&self) {
        panic!("nobody is to leave");
    }

    fn is_suspended(&self) -> bool {
        self.suspended
    }

    fn has_others(&self, _: u64) -> bool {
        false
    }

    fn pages(&self) -> u32 {
        1
    }
}

/// The owner, and what it posts to its workers.
struct Desk {
    pool: Pool,
    posts: Vec<Post>,
    told: Post,
    ran: Arc<AtomicU32>,
    suspended: bool,
}

impl Desk {
    fn new(workers: u16) -> Self {
        Desk {
            pool: Pool::new(workers),
            posts: (0..workers).map(|_| Post::new()).collect(),
            told: Post::new(),
            ran: Arc::default(),
            suspended: false,
        }
    }

    /// The worker of that seat, which knows all the others.
    fn worker(&self, seat: u32) -> Worker<Ram, Stage> {
        let (posts, boards) = (self.posts.clone(), self.pool.boards.clone());
        let stage = Stage {
            ran: self.ran.clone(),
            told: self.told.clone(),
            suspended: self.suspended,
            rouse: Box::new(move |seat| mail(&posts[seat as usize], &boards[seat as usize])),
        };
        let boards = &self.pool.boards;
        let own = OwnBoard::new(boards[seat as usize].clone(), seat, 0);
        let worker = Worker::new(stage, self.pool.lot.lot().clone(), own, seat, true);
        for (seat, board) in (0..).zip(boards) {
            worker.meets(board.clone(), seat);
        }
        worker
    }

    /// It drives until all is over, in a thread of its own. `handles` is what its script does with each message.
    fn drives(&self, seat: u32, handles: impl Fn() + 'static) -> thread::JoinHandle<()> {
        let (worker, post) = (self.worker(seat), self.posts[seat as usize].clone());
        thread::spawn(move || {
            let mut handled = 0;
            while !worker.lot.is_shut() {
                if worker.drive(handled) == Next::Stay && !worker.lot.is_shut() {
                    post.next();
                    handled += 1;
                    handles();
                }
            }
        })
    }

    fn mail(&self, seat: usize) {
        mail(&self.posts[seat], &self.pool.boards[seat]);
    }

    fn shut(&self) {
        self.pool.lot.lot().shut();
        for seat in 0..self.posts.len() {
            self.mail(seat);
        }
    }
}

fn mail(post: &Post, board: &Board<Ram>) {
    post.post();
    board.mailed();
}

/// A job and a message for a worker that rests: both are served.
fn serving() {
    let mut desk = Desk::new(1);
    let handled = Post::new();
    let worker = {
        let handled = handled.clone();
        desk.drives(0, move || handled.post())
    };
    desk.spawn();
    desk.mail(0);
    handled.next();
    desk.ends(worker);
}

/// The same for one that rests in its event loop, the message first: it may have handled that before it is counted.
fn listening() {
    let mut desk = Desk::new(1);
    desk.suspended = true;
    let worker = desk.drives(0, || {});
    desk.mail(0);
    desk.spawn();
    desk.ends(worker);
}

impl Desk {
    /// Lays a job, and wakes one for it.
    fn spawn(&mut self) {
        assert!(self.pool.lot.lay(1, &[7; 8], 0).is_some());
        let known = |number| {
            self.pool
                .boards
                .iter()
                .find(|board| board.number() == number)
        };
        if let Woken::Listens(seat) = self.pool.lot.lot().wake(Want::Job, 1, None, known) {
            self.mail(seat as usize);
        }
    }

    /// When the job is reported, all is over.
    fn ends(&mut self, worker: thread::JoinHandle<()>) {
        self.told.next();
        let mut reports = Vec::new();
        hear(&mut self.pool.lot, &self.pool.boards, &mut reports);
        holds(reports.len() == 1, "a job is reported once");
        self.shut();
        worker.join().expect("the worker does not panic");
    }
}

#[test]
fn loom_a_resting_worker_sees_to_jobs_and_messages() {
    check(serving, [3, 5]);
}

#[test]
fn loom_a_worker_in_its_event_loop_sees_to_jobs_and_messages() {
    check(listening, [3, 5]);
}

/// A join, while a peer drives.
fn joining() {
    let desk = Desk::new(2);
    let peer = desk.drives(1, || {});
    let ((), half) = desk.worker(0).fork(vec![7; 8], || {});
    match half {
        Half::Here => holds(ran(&desk) == 0, "a fork that was taken back did not run"),
        Half::There(value) => {
            holds(value == [7; 8], "a join has its fork's value");
            holds(ran(&desk) == 1, "a fork runs once");
        }
        Half::Failed(_) | Half::Lost | Half::Stopped => holds(false, "nobody dies"),
    }
    desk.shut();
    peer.join().expect("the peer does not panic");
}

fn ran(desk: &Desk) -> u32 {
    desk.ran.load(Ordering::Relaxed)
}

#[test]
fn loom_a_join_ends_while_a_peer_drives() {
    check(joining, [3, 5]);
}

#[test]
fn loom_a_worker_needs_each_of_its_steps() {
    let here = module_path!();
    for step in [Step::SecondLook, Step::MailBeforeWake] {
        fails_without(
            step,
            here,
            "loom_a_resting_worker_sees_to_jobs_and_messages",
        );
    }
    fails_without(
        Step::LeaveListener,
        here,
        "loom_a_worker_in_its_event_loop_sees_to_jobs_and_messages",
    );
    for step in [Step::PopByExchange, Step::WaitByExchange, Step::WakeJoiner] {
        fails_without(step, here, "loom_a_join_ends_while_a_peer_drives");
    }
}
