//! A run: events in the order of virtual time, and the owner that answers them one after the other.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::rc::Rc;

use crate::fabric::post::dispatch::Dispatch;

use super::acted::Acted;
use super::books::{Books, Place};
use super::load::{Event, Group, Job, Load};
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
    makespan: f64,
}

impl World {
    /// Runs a load to its end, or to the first law that is broken.
    pub(super) fn run(load: Load) -> Result<Report, String> {
        let mut random = Random::new(load.seed);
        let mut world = World {
            dispatch: Dispatch::new(load.workers, load.steal),
            books: Books::new(load.workers),
            workers: (0..load.workers)
                .map(|_| Worker::new(load.tick, random.time(load.tick)))
                .collect(),
            queue: BinaryHeap::new(),
            steps: BTreeMap::new(),
            order: 0,
            owner_free: 0.0,
            up: vec![true; load.workers],
            makespan: 0.0,
            load,
        };
        for worker in 0..world.load.workers {
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
        let (open, begun) = self.workers[worker].die(now);
        for &job in &begun {
            self.books.entries[job].runs += 1;
        }
        self.at(
            now + self.load.noticed,
            Step::ToOwner(Message::Died {
                worker,
                open,
                begun,
            }),
        );
    }

    /// One turn of the owner: it answers a message, and posts what there is to post.
    fn turn(&mut self, arrived: f64, message: Message) -> Result<(), String> {
        let mut now = arrived.max(self.owner_free);
        match message {
            Message::Given(Event::Busy(span)) => now += span,
            Message::Given(Event::Abort(group)) => self.books.abort(group),
            Message::Given(Event::Sweep) => self.dispatch.sweep(),
            Message::Given(Event::Kill(_)) => unreachable!("a kill is nothing that the owner sees"),
            Message::Given(Event::Comes(groups)) => self.come(&groups, &mut now)?,
            Message::Ended {
                worker,
                jobs,
                ran,
                gap,
            } => {
                now += self.load.owner_message + self.load.owner_job * jobs.len() as f64;
                self.books.posted[worker].pop_front();
                for job in jobs {
                    self.settle(job, now)?;
                }
                self.dispatch.ended(worker, ran, gap, self.clock(now));
                if self.books.unsettled == 0
                    && let Some(groups) = self.load.then.pop_front()
                {
                    self.come(&groups, &mut now)?;
                }
            }
            Message::Spawned { worker, job } => {
                now += self.load.owner_message;
                let job = Rc::clone(&self.books.entries[job].job);
                for group in &job.spawns {
                    self.enter(group, Some(worker), now);
                }
            }
            Message::Died {
                worker,
                open,
                begun,
            } => self.died(worker, open, &begun, now)?,
            Message::Replaced { worker } => {
                self.workers[worker].replace(now);
                self.up[worker] = true;
                self.dispatch.up(worker);
            }
        }
        self.post(&mut now)?;
        self.owner_free = now;
        for unit in self.dispatch.take_dropped() {
            self.books.dropped += unit.jobs;
            if !unit.aborted.get() {
                return Err("a unit was dropped that somebody waits for".into());
            }
        }
        self.check_idle()
    }

    /// The first job to an idle worker leaves at once; the rest of the turn leaves together.
    fn come(&mut self, groups: &[Group], now: &mut f64) -> Result<(), String> {
        for group in groups {
            self.enter(group, None, *now);
            if self.dispatch.has_idle() {
                self.post(now)?;
            }
        }
        Ok(())
    }

    fn enter(&mut self, group: &Group, home: Option<usize>, now: f64) {
        let clock = self.clock(now);
        for unit in self.books.enter(group, home, clock) {
            match (unit.pinned, home) {
                (Some(worker), _) => self.dispatch.pin(worker, unit, clock),
                (None, Some(worker)) => self.dispatch.push(worker, unit, clock),
                (None, None) => self.dispatch.inject(unit, clock),
            }
        }
    }

    fn post(&mut self, now: &mut f64) -> Result<(), String> {
        while let Some((worker, units)) = self.dispatch.next(self.clock(*now)) {
            if !self.up[worker] {
                return Err("a frame for a worker that is not up".into());
            }
            self.books
                .post(worker, &units, self.load.steal, self.clock(*now))?;
            let jobs = units
                .iter()
                .flat_map(|unit| unit.first..unit.first + unit.jobs);
            let frame: Frame = jobs
                .map(|job| (job, self.books.entries[job].job.cost))
                .collect();
            *now += self.load.owner_message + self.load.owner_job * frame.len() as f64;
            let life = self.workers[worker].life;
            self.at(
                *now + self.load.message,
                Step::Arrives {
                    worker,
                    life,
                    frame,
                },
            );
        }
        Ok(())
    }

    fn settle(&mut self, job: usize, now: f64) -> Result<(), String> {
        self.makespan = now;
        self.books.settle(job)
    }

    fn died(&mut self, worker: usize, open: bool, begun: &[usize], now: f64) -> Result<(), String> {
        self.up[worker] = false;
        self.dispatch.down(worker);
        let mut frames = std::mem::take(&mut self.books.posted[worker]);
        let mut back = Vec::new();
        let clock = self.clock(now);
        let opened = if open {
            frames.pop_front().unwrap_or_default()
        } else {
            Vec::new()
        };
        for unit in opened.into_iter().chain(frames.into_iter().flatten()) {
            for job in unit.first..unit.first + unit.jobs {
                let entry = &mut self.books.entries[job];
                if begun.contains(&job) && !entry.job.idempotent {
                    self.settle(job, now)?;
                } else if !entry.aborted {
                    entry.since = clock;
                    self.books
                        .place(job, unit.pinned.map_or(Place::Returned, Place::Pinned));
                    back.push(Acted {
                        first: job,
                        jobs: 1,
                        ..unit.clone()
                    });
                }
            }
        }
        self.books.came_back += back.len();
        self.dispatch.give_back(worker, back, clock);
        self.at(
            now + self.load.replaced,
            Step::ToOwner(Message::Replaced { worker }),
        );
        Ok(())
    }

    fn clock(&self, now: f64) -> f64 {
        (now / self.load.tick).floor() * self.load.tick
    }

    /// A worker that is idle when the owner's turn ends could run nothing that waits. So none idles longer than a round trip
    /// and the owner's turns before it, while a job that it could run is not posted.
    fn check_idle(&self) -> Result<(), String> {
        for worker in 0..self.load.workers {
            let idle = self.up[worker] && self.books.posted[worker].is_empty();
            if idle && self.books.has_for(worker, self.load.steal) {
                return Err(format!("worker {worker} idles while a job waits"));
            }
        }
        Ok(())
    }

    fn check_end(mut self) -> Result<Report, String> {
        if self.books.unsettled > 0 {
            return Err(format!("{} handles never settled", self.books.unsettled));
        }
        for Job { idempotent, .. } in self
            .books
            .entries
            .iter()
            .filter(|entry| entry.runs > 1)
            .map(|entry| &*entry.job)
        {
            if !idempotent {
                return Err("a job ran twice".into());
            }
        }
        self.dispatch.sweep();
        if self.dispatch.waiting() > 0 || !self.dispatch.drain().is_empty() {
            return Err("something waits at the end".into());
        }
        let stats: Vec<_> = self.dispatch.stats().collect();
        for (worker, stats) in stats.iter().enumerate() {
            let posted = self.books.posted_jobs[worker];
            if stats.posted != posted || stats.stolen != self.books.stolen[worker] {
                return Err(format!(
                    "worker {worker}: {posted} posted, {} stolen, but {stats:?}",
                    self.books.stolen[worker]
                ));
            }
            if (stats.queued - self.books.queued[worker]).abs() > 1.0 {
                return Err(format!(
                    "worker {worker}: {} queued, but {stats:?}",
                    self.books.queued[worker]
                ));
            }
        }
        let frames = stats.iter().map(|stats| stats.frames).sum();
        if frames != self.books.frames {
            return Err(format!("{} frames, counted as {frames}", self.books.frames));
        }
        let stolen = stats.iter().map(|stats| stats.stolen).sum();
        Ok(Report {
            makespan: self.makespan,
            frames,
            stolen,
            dropped: self.books.dropped,
            returned: self.books.came_back,
        })
    }
}
