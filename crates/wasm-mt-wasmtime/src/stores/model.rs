//! A model of jobs that wait for their children, run in every order on the [`Book`] that is shipped: small trees, few Stores, few
//! workers. What a job does is in steps as small as other threads can come between.
//!
//! It holds that all jobs end in every order; that there are never more Stores than leaves; and that nobody fails while anybody can go
//! on. With each [`Mutation`] one of these has to fail.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::book::{Book, News, Phase};
use super::mutation::{Mutation, with};

/// What is tried.
#[derive(Clone, Debug)]
struct Setting {
    /// The parent of each job, which comes before it.
    parents: Vec<Option<usize>>,
    stores: usize,
    workers: usize,
    /// So many jobs of a worker may be awake.
    in_flight: usize,
    /// So many jobs may be given up on, anywhere.
    cancels: u8,
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum At {
    /// Its parent has not spawned it.
    Unspawned,
    /// On some deque.
    Queued,
    InLine,
    /// It has a leave, and has not been polled.
    Granted,
    /// It gets none, and has not been polled.
    Failed,
    Runs,
    /// It found its mailbox empty.
    Looked,
    Waits,
    /// What came of it is in its parent's mailbox; then the parent's signal says so; then the parent is woken.
    Sent {
        failed: bool,
    },
    Signalled {
        failed: bool,
    },
    Told {
        failed: bool,
    },
    Ended,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Job {
    at: At,
    worker: usize,
    phase: Phase,
    spawned: bool,
    /// Children that it has not heard of.
    awaits: usize,
    /// What lies in its mailbox.
    letters: usize,
    /// Its future has been woken since it was polled.
    woken: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    book: Book,
    jobs: Vec<Job>,
    /// Idle Stores of each worker.
    idle: Vec<usize>,
    /// Whether who gives them back was woken.
    woken: Vec<bool>,
    cancels: u8,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Begin { job: usize, worker: usize },
    GoOn { job: usize },
    Cancel { job: usize },
    GiveBack { worker: usize },
}

impl Job {
    fn has_store(&self) -> bool {
        match self.at {
            At::Granted | At::Runs | At::Looked | At::Waits => true,
            At::Sent { failed } | At::Signalled { failed } | At::Told { failed } => !failed,
            At::Unspawned | At::Queued | At::InLine | At::Failed | At::Ended => false,
        }
    }

    /// It counts among its worker's that are awake.
    fn is_awake(&self) -> bool {
        self.has_store() && self.at != At::Waits
    }

    /// Its worker begins no other.
    fn is_in_line(&self) -> bool {
        matches!(self.at, At::InLine | At::Granted | At::Failed)
    }
}

impl World {
    fn new(setting: &Setting) -> Self {
        let jobs = setting.parents.iter().map(|parent| Job {
            at: match parent {
                Some(_) => At::Unspawned,
                None => At::Queued,
            },
            worker: 0,
            phase: Phase::Over,
            spawned: false,
            awaits: 0,
            letters: 0,
            woken: false,
        });
        World {
            book: Book::new(setting.stores, setting.workers),
            jobs: jobs.collect(),
            idle: vec![0; setting.workers],
            woken: vec![false; setting.workers],
            cancels: setting.cancels,
        }
    }

    fn takes(&self, setting: &Setting, worker: usize) -> bool {
        let mine = || self.jobs.iter().filter(|job| job.worker == worker);
        !mine().any(Job::is_in_line)
            && mine().filter(|job| job.is_awake()).count() < setting.in_flight
    }

    fn steps(&self, setting: &Setting) -> Vec<Step> {
        let mut steps = Vec::new();
        for (at, job) in self.jobs.iter().enumerate() {
            match job.at {
                At::Unspawned | At::Ended => continue,
                At::Queued => {
                    let takes = (0..setting.workers).filter(|worker| self.takes(setting, *worker));
                    steps.extend(takes.map(|worker| Step::Begin { job: at, worker }));
                }
                At::InLine => {}
                At::Waits if job.letters == 0 && !job.woken => {}
                _ => steps.push(Step::GoOn { job: at }),
            }
            let can_be = matches!(
                job.at,
                At::Queued | At::InLine | At::Granted | At::Waits | At::Runs
            );
            if self.cancels > 0 && can_be {
                steps.push(Step::Cancel { job: at });
            }
        }
        let gives_back = (0..setting.workers).filter(|worker| self.woken[*worker]);
        steps.extend(gives_back.map(|worker| Step::GiveBack { worker }));
        steps
    }

    fn hear(&mut self, news: Vec<News>) {
        for one in news {
            match one {
                News::Granted(job) => self.jobs[job as usize].at = At::Granted,
                News::Failed(job) => {
                    self.assert_nobody_goes_on(job as usize);
                    self.jobs[job as usize].at = At::Failed;
                }
                News::Asked(worker) => self.woken[worker] = true,
            }
        }
    }

    /// Who brings something notifies before it gives up what it has, so what lies in a mailbox is known to the book.
    fn assert_nobody_goes_on(&self, failed: usize) {
        for (at, job) in self.jobs.iter().enumerate() {
            let goes_on = match job.at {
                At::Waits | At::Looked if job.phase == Phase::Suspended => job.letters > 0,
                At::Failed | At::Sent { .. } | At::Signalled { .. } | At::Told { .. } => true,
                _ => job.has_store(),
            };
            assert!(!goes_on, "{failed} fails although {at} goes on: {self:?}");
        }
        assert_eq!(
            self.idle.iter().sum::<usize>(),
            0,
            "{failed} fails beside idle Stores"
        );
    }

    /// What comes of a job lies in its parent's mailbox.
    fn send(&mut self, setting: &Setting, job: usize) {
        if let Some(parent) = setting.parents[job] {
            let parent = &mut self.jobs[parent];
            if parent.at != At::Ended {
                parent.letters += 1;
            }
        }
    }

    fn signal(&mut self, setting: &Setting, job: usize) {
        if let Some(parent) = setting.parents[job] {
            self.book.notify(&mut self.jobs[parent].phase);
        }
    }

    fn wake(&mut self, setting: &Setting, job: usize) {
        if let Some(parent) = setting.parents[job] {
            self.jobs[parent].woken = true;
        }
    }

    fn step(&mut self, setting: &Setting, step: Step) {
        let mut news = Vec::new();
        match step {
            Step::Begin { job, worker } => {
                self.jobs[job].worker = worker;
                if self.idle[worker] > 0 {
                    self.idle[worker] -= 1;
                    self.book.unshelve(worker, &mut news);
                    self.begin(job);
                } else if self.book.take() {
                    self.begin(job);
                } else {
                    self.jobs[job].at = At::InLine;
                    self.book.join(job as u64, &mut news);
                }
            }
            Step::GoOn { job } => self.go_on(setting, job, &mut news),
            Step::Cancel { job } => self.cancel(setting, job, &mut news),
            Step::GiveBack { worker } => {
                if self.book.asks(worker) && self.idle[worker] > 0 {
                    self.idle[worker] -= 1;
                    self.book.release_idle(worker, &mut news);
                } else {
                    self.woken[worker] = false;
                }
            }
        }
        self.hear(news);
        let stores = self.jobs.iter().filter(|job| job.has_store()).count();
        let stores = stores + self.idle.iter().sum::<usize>();
        assert!(
            stores <= setting.stores,
            "there are {stores} Stores: {self:?}"
        );
        assert_eq!(self.book.leaves(), setting.stores);
        assert!(!self.book.is_free() || self.book.in_line() == 0, "{self:?}");
        for (worker, idle) in self.idle.iter().enumerate() {
            assert_eq!(self.book.has_idle(worker), *idle > 0);
        }
    }

    fn begin(&mut self, job: usize) {
        self.jobs[job].at = At::Runs;
        self.jobs[job].phase = Phase::Works;
    }

    fn go_on(&mut self, setting: &Setting, at: usize, news: &mut Vec<News>) {
        let job = &mut self.jobs[at];
        match job.at {
            At::Granted => self.begin(at),
            At::Failed => {
                job.at = At::Sent { failed: true };
                self.send(setting, at);
            }
            At::Runs if !job.spawned => {
                job.spawned = true;
                for child in 0..setting.parents.len() {
                    if setting.parents[child] == Some(at) {
                        self.jobs[child].at = At::Queued;
                        self.jobs[at].awaits += 1;
                    }
                }
            }
            At::Runs if job.letters > 0 => {
                job.awaits -= job.letters;
                job.letters = 0;
            }
            At::Runs if job.awaits == 0 => {
                job.at = At::Sent { failed: false };
                self.send(setting, at);
            }
            At::Runs => job.at = At::Looked,
            At::Looked => {
                let waits = self.book.suspend(&mut job.phase, news);
                job.at = if waits { At::Waits } else { At::Runs };
            }
            At::Waits => {
                job.woken = false;
                if job.letters > 0 {
                    job.at = At::Runs;
                    self.book.resume(&mut job.phase);
                } else {
                    job.at = At::Looked;
                }
            }
            At::Sent { failed } => {
                job.at = At::Signalled { failed };
                self.signal(setting, at);
            }
            At::Signalled { failed } => {
                job.at = At::Told { failed };
                self.wake(setting, at);
            }
            At::Told { failed } => {
                job.at = At::Ended;
                let worker = job.worker;
                if failed {
                    return self.book.told(news);
                }
                self.book.end(&mut job.phase);
                if self.book.shelve(worker) {
                    self.idle[worker] += 1;
                } else {
                    self.book.release(news);
                }
            }
            At::Unspawned | At::Queued | At::InLine | At::Ended => {}
        }
    }

    /// Its future is dropped. Who waits for it hears it from whoever did that, who has no Store.
    fn cancel(&mut self, setting: &Setting, at: usize, news: &mut Vec<News>) {
        self.cancels -= 1;
        self.send(setting, at);
        self.signal(setting, at);
        self.wake(setting, at);
        let job = &mut self.jobs[at];
        let before = std::mem::replace(&mut job.at, At::Ended);
        job.letters = 0;
        match before {
            At::InLine => self.book.give_up(at as u64),
            At::Queued => {}
            _ => {
                self.book.end(&mut job.phase);
                self.book.release(news);
            }
        }
    }

    /// Whether it is over, where nothing goes on.
    fn is_over(&self) -> bool {
        let ended = |job: &Job| matches!(job.at, At::Ended | At::Unspawned);
        self.jobs.iter().all(ended)
    }
}

/// Tries all orders.
fn explore(setting: &Setting) {
    let first = World::new(setting);
    let mut seen = HashSet::from([first.clone()]);
    let mut open = vec![first];
    while let Some(world) = open.pop() {
        let steps = world.steps(setting);
        assert!(
            !steps.is_empty() || world.is_over(),
            "jobs wait for ever, of {setting:?}: {world:?}"
        );
        for step in steps {
            let mut next = world.clone();
            next.step(setting, step);
            if seen.insert(next.clone()) {
                open.push(next);
            }
        }
    }
}

/// All ways in which so many jobs can be each other's children.
fn forests(jobs: usize) -> Vec<Vec<Option<usize>>> {
    let mut all = vec![Vec::new()];
    for job in 0..jobs {
        let parents = || std::iter::once(None).chain((0..job).map(Some));
        // A first one is nobody's child. And in the order of their parents, which leaves out what is alike.
        all = all
            .into_iter()
            .flat_map(|some: Vec<Option<usize>>| {
                let last = some.last().copied().flatten();
                parents()
                    .filter(move |parent| *parent >= last)
                    .map(move |parent| {
                        let mut more = some.clone();
                        more.push(parent);
                        more
                    })
            })
            .collect();
    }
    all
}

/// Tries these jobs with few Stores and workers.
fn explore_with(parents: &[Option<usize>], shapes: &[(usize, usize)], cancels: u8) {
    for stores in 1..=2 {
        for (workers, in_flight) in shapes.iter().copied() {
            explore(&Setting {
                parents: parents.to_vec(),
                stores,
                workers,
                in_flight,
                cancels,
            });
        }
    }
}

/// How many workers, and how many jobs may be awake on each.
const SHAPES: &[(usize, usize)] = &[(1, 1), (1, 2), (2, 1), (2, 2)];
/// With four jobs the last of them takes a minute, and is for tests that are optimized.
const FEWER: &[(usize, usize)] = SHAPES.split_at(3).0;
const ALL: bool = !cfg!(debug_assertions);

#[test]
fn nobody_waits_for_ever_and_nobody_fails_for_nothing() {
    for parents in (1..=4).flat_map(forests) {
        let shapes = if parents.len() < 4 || ALL {
            SHAPES
        } else {
            FEWER
        };
        explore_with(&parents, shapes, 0);
    }
}

#[test]
fn nor_where_a_job_is_given_up_on() {
    for parents in (1..=3).flat_map(forests) {
        let shapes = if ALL { SHAPES } else { FEWER };
        explore_with(&parents, shapes, 1);
    }
}

#[test]
fn each_fault_of_the_book_is_noticed() {
    for mutation in Mutation::ALL {
        let run = || {
            with(mutation, || {
                for parents in (1..=4).flat_map(forests) {
                    explore_with(&parents, FEWER, 0);
                }
                // Where one asks for an idle Store after another has, and has got one.
                explore_with(&[None, None, None, Some(0)], &[(2, 2)], 0);
            });
        };
        let noticed = catch_unwind(AssertUnwindSafe(run)).is_err();
        assert!(noticed, "{mutation:?} is not noticed");
    }
}
