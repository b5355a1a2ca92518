//! A run: events in the order of virtual time, and the workers that they happen to. What the owner does is in `owner`.

mod checks;
mod owner;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use crate::fabric::post::dispatch::Dispatch;

use super::acted::Acted;
use super::books::Books;
use super::load::{Event, Load};
use super::random::Random;
use super::worker::{Frame, Worker};

/// What a run gave.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Report {
    /// When the last handle settled.
    pub(super) makespan: f64,
    pub(super) frames: usize,
    pub(super) stolen: usize,
    /// Jobs that had been aborted when their turn came, and jobs that were given back.
    pub(super) dropped: usize,
    pub(super) returned: usize,
}

/// What happens next.
enum Step {
    ToOwner(Message),
    Arrives {
        worker: usize,
        life: usize,
        frame: Frame,
    },
    Ends {
        worker: usize,
        life: usize,
        job: usize,
        last: bool,
    },
}

/// What the owner answers.
enum Message {
    Given(Event),
    Ended {
        worker: usize,
        jobs: Vec<usize>,
        ran: f64,
        gap: f64,
    },
    Spawned {
        worker: usize,
        job: usize,
    },
    Died {
        worker: usize,
        life: usize,
        open: bool,
        begun: Vec<usize>,
    },
    Replaced {
        worker: usize,
    },
}

pub(super) struct World {
    load: Load,
    dispatch: Dispatch<Acted>,
    books: Books,
    workers: Vec<Worker>,
    /// Numbers by (time in ns, order): `f64` has no total order.
    queue: BinaryHeap<Reverse<(u64, usize)>>,
    steps: BTreeMap<usize, Step>,
    order: usize,
    owner_free: f64,
    up: Vec<bool>,
    /// Those that have ended, and are to be started for [`Event::Return`] only.
    gone: Vec<bool>,
    makespan: f64,
}

impl World {
    /// Runs a load to its end, or to the first law that is broken.
    pub(super) fn run(load: Load) -> Result<Report, String> {
        let mut random = Random::new(load.seed);
        let mut world = World {
            dispatch: Dispatch::new(1, load.steal),
            books: Books::new(load.workers),
            workers: (0..load.workers)
                .map(|_| Worker::new(load.tick, random.time(load.tick)))
                .collect(),
            queue: BinaryHeap::new(),
            steps: BTreeMap::new(),
            order: 0,
            owner_free: 0.0,
            up: vec![true; load.workers],
            gone: vec![false; load.workers],
            makespan: 0.0,
            load,
        };
        for worker in 0..world.load.workers {
            if worker > 0 {
                world.dispatch.grow();
            }
            world.dispatch.up(worker);
        }
        for (at, event) in std::mem::take(&mut world.load.events) {
            world.at(at, Step::ToOwner(Message::Given(event)));
        }
        let mut steps = 0;
        while let Some(Reverse((at, order))) = world.queue.pop() {
            let step = world.steps.remove(&order).expect("a step is taken once");
            world.step(at as f64 / 1000.0, step)?;
            steps += 1;
            if steps > 2_000_000 {
                return Err("it does not end".into());
            }
        }
        world.check_end()
    }

    fn at(&mut self, at: f64, step: Step) {
        self.queue.push(Reverse(((at * 1000.0) as u64, self.order)));
        self.steps.insert(self.order, step);
        self.order += 1;
    }

    fn step(&mut self, now: f64, step: Step) -> Result<(), String> {
        match step {
            Step::ToOwner(Message::Given(Event::Kill(worker))) => self.kill(worker, now),
            Step::ToOwner(message) => return self.turn(now, message),
            Step::Arrives {
                worker,
                life,
                frame,
            } => {
                if self.workers[worker].lives(life) {
                    self.workers[worker].arrive(frame);
                    self.open(worker, now);
                }
            }
            Step::Ends {
                worker,
                life,
                job,
                last,
            } => {
                if self.workers[worker].lives(life) {
                    self.end(worker, job, last, now);
                }
            }
        }
        Ok(())
    }

    fn open(&mut self, worker: usize, now: f64) {
        let life = self.workers[worker].life;
        let Some(ends) = self.workers[worker].open(now) else {
            return;
        };
        let count = ends.len();
        for (at, (job, end)) in ends.into_iter().enumerate() {
            let last = at + 1 == count;
            if last || !self.books.entries[job].job.spawns.is_empty() {
                self.at(
                    end,
                    Step::Ends {
                        worker,
                        life,
                        job,
                        last,
                    },
                );
            }
        }
    }

    fn end(&mut self, worker: usize, job: usize, last: bool, now: f64) {
        if !self.books.entries[job].job.spawns.is_empty() {
            self.at(
                now + self.load.message,
                Step::ToOwner(Message::Spawned { worker, job }),
            );
        }
        if last {
            let ended = self.workers[worker].end(now);
            for &job in &ended.jobs {
                self.books.entries[job].runs += 1;
            }
            let message = Message::Ended {
                worker,
                jobs: ended.jobs,
                ran: ended.ran,
                gap: ended.gap,
            };
            self.at(now + self.load.message, Step::ToOwner(message));
            self.open(worker, now);
        }
    }

    fn kill(&mut self, worker: usize, now: f64) {
        if !self.workers[worker].lives(self.workers[worker].life) {
            return;
        }
        let life = self.workers[worker].life;
        let (open, begun) = self.workers[worker].die(now);
        for &job in &begun {
            self.books.entries[job].runs += 1;
        }
        self.at(
            now + self.load.noticed,
            Step::ToOwner(Message::Died {
                worker,
                life,
                open,
                begun,
            }),
        );
    }

    fn clock(&self, now: f64) -> f64 {
        (now / self.load.tick).floor() * self.load.tick
    }
}
