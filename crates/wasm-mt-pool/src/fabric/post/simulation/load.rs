//! What a run is given: jobs, when they come, what goes wrong, and what things cost.

use std::collections::VecDeque;

use super::random::Random;
use crate::fabric::post::dispatch::Leaving;
use crate::priority::Priority;

/// One job.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) cost: f64,
    pub(super) kind: u64,
    /// It may be run again after its worker died.
    pub(super) idempotent: bool,
    pub(super) alone: bool,
    pub(super) priority: Priority,
    /// What it spawns at its end.
    pub(super) spawns: Vec<Group>,
}

/// Jobs that come together.
#[derive(Clone, Debug)]
pub(super) enum Group {
    Spawn(Job),
    /// All of the first one's kind.
    Map(Vec<Job>),
    Broadcast(Job),
}

/// What happens to the owner at a time.
#[derive(Clone, Debug)]
pub(super) enum Event {
    /// In one turn.
    Comes(Vec<Group>),
    /// It is busy with something else for so long.
    Busy(f64),
    /// It aborts the group of that number, if it has come.
    Abort(usize),
    /// It takes what is settled out of the lines.
    Sweep,
    /// Somebody kills that worker.
    Kill(usize),
    /// That worker is to end when it has nothing to do.
    Leave(usize, Leaving),
    /// It is to stay, or to be started again.
    Return(usize),
}

/// All inputs of a run; times in µs.
#[derive(Clone, Debug)]
pub(super) struct Load {
    pub(super) workers: usize,
    pub(super) steal: bool,
    pub(super) tick: f64,
    pub(super) events: Vec<(f64, Event)>,
    /// What comes next when all before have settled.
    pub(super) then: VecDeque<Vec<Group>>,
    /// On the way, either way.
    pub(super) message: f64,
    /// The owner's time for a message, either way, and for a job in it.
    pub(super) owner_message: f64,
    pub(super) owner_job: f64,
    /// Until a death is noticed, and then until its replacement is up.
    pub(super) noticed: f64,
    pub(super) replaced: f64,
    pub(super) seed: u64,
}

impl Job {
    pub(super) fn new(cost: f64) -> Job {
        Job {
            cost,
            kind: 1,
            idempotent: false,
            alone: false,
            priority: Priority::Normal,
            spawns: Vec::new(),
        }
    }
}

impl Load {
    /// Measured costs: a round trip of 67 µs, 8 of which are the owner's.
    pub(super) fn new(workers: usize, tick: f64) -> Load {
        Load {
            workers,
            steal: true,
            tick,
            events: Vec::new(),
            then: VecDeque::new(),
            message: (67.0 - 8.0) / 2.0,
            owner_message: 4.0,
            owner_job: 0.25,
            noticed: 2000.0,
            replaced: 20_000.0,
            seed: 1,
        }
    }

    pub(super) fn map(mut self, costs: &[f64]) -> Load {
        let jobs = costs.iter().map(|&cost| Job::new(cost)).collect();
        self.events
            .push((0.0, Event::Comes(vec![Group::Map(jobs)])));
        self
    }

    pub(super) fn spawns(mut self, costs: &[f64]) -> Load {
        self.events.push((0.0, Event::Comes(spawns(costs))));
        self
    }

    /// Spawns each batch when all before have settled.
    pub(super) fn batches(self, batches: &[Vec<f64>]) -> Load {
        let mut load = self.spawns(&batches[0]);
        load.then = batches[1..].iter().map(|batch| spawns(batch)).collect();
        load
    }

    /// Each of a kind of its own, so that each goes alone and nothing is posted ahead.
    pub(super) fn strangers(mut self, costs: &[f64]) -> Load {
        let jobs = costs
            .iter()
            .zip(0..)
            .map(|(&cost, kind)| {
                Group::Spawn(Job {
                    kind,
                    ..Job::new(cost)
                })
            })
            .collect();
        self.events.push((0.0, Event::Comes(jobs)));
        self
    }

    /// One job, which spawns others on its worker's deque.
    pub(super) fn nested(mut self, costs: &[f64]) -> Load {
        let root = Job {
            kind: 0,
            spawns: spawns(costs),
            ..Job::new(10.0)
        };
        self.events
            .push((0.0, Event::Comes(vec![Group::Spawn(root)])));
        self
    }

    /// The owner is busy from time to time.
    pub(super) fn rendering(mut self, frames: usize) -> Load {
        self.events
            .extend((0..frames).map(|frame| (frame as f64 * 16_000.0, Event::Busy(6000.0))));
        self
    }

    /// A random one, small, with all that can go wrong.
    pub(super) fn random(seed: u64) -> Load {
        let random = &mut Random::new(seed);
        let workers = [1, 2, 2, 3, 4, 8, 24][random.below(7)];
        let tick = [5.0, 100.0, 1000.0][random.below(3)];
        let mut load = Load::new(workers, tick);
        load.seed = seed;
        load.steal = !random.one_in(3);
        load.replaced = random.time(30_000.0);
        let span = 20_000.0;
        let mut groups = 0;
        for _ in 0..1 + random.below(6) {
            let turn: Vec<_> = (0..1 + random.below(12))
                .map(|_| group(random, 2))
                .collect();
            groups += turn.len();
            load.events.push((random.time(span), Event::Comes(turn)));
        }
        for _ in 0..random.below(8) {
            load.events
                .push((random.time(span), Event::Abort(random.below(groups))));
        }
        for _ in 0..random.below(4) {
            load.events
                .push((random.time(span), Event::Kill(random.below(workers))));
        }
        // The first stays, so that there is always one.
        for _ in 0..random.below(5) {
            let why = [Leaving::Retired, Leaving::Recycled][random.below(2)];
            let worker = random.below(workers);
            let event = match random.below(3) {
                0 => Event::Return(worker),
                _ if worker == 0 => Event::Leave(worker, Leaving::Recycled),
                _ => Event::Leave(worker, why),
            };
            load.events.push((random.time(span), event));
        }
        if random.one_in(3) {
            let flood = (0..20 + random.below(60)).map(|_| {
                Group::Spawn(Job {
                    priority: Priority::Urgent,
                    ..job(random, 0)
                })
            });
            let flood = flood.collect();
            load.events.push((random.time(span), Event::Comes(flood)));
        }
        for _ in 0..random.below(3) {
            load.events
                .push((random.time(span), Event::Busy(random.time(8000.0))));
            load.events.push((random.time(span), Event::Sweep));
        }
        load
    }
}

fn spawns(costs: &[f64]) -> Vec<Group> {
    costs
        .iter()
        .map(|&cost| Group::Spawn(Job::new(cost)))
        .collect()
}

fn group(random: &mut Random, depth: usize) -> Group {
    match random.below(8) {
        0 => Group::Broadcast(job(random, 0)),
        1 | 2 => {
            let first = job(random, depth);
            let rest = 1 + random.below(60);
            let mut jobs = vec![first.clone(); rest];
            jobs.iter_mut().skip(1).for_each(|job| job.spawns.clear());
            Group::Map(jobs)
        }
        _ => Group::Spawn(job(random, depth)),
    }
}

fn job(random: &mut Random, depth: usize) -> Job {
    let kind = random.below(5) as u64;
    // Some kinds are cheap, some dear, and one is both.
    let dear = if kind == 4 {
        [10.0, 2000.0][random.below(2)]
    } else {
        [0.0, 8.0, 120.0, 3000.0][kind as usize]
    };
    let spawns = if depth > 0 && random.one_in(4) {
        (0..random.below(12))
            .map(|_| group(random, depth - 1))
            .collect()
    } else {
        Vec::new()
    };
    Job {
        cost: dear * (0.5 + random.time(1.0)),
        kind,
        idempotent: random.one_in(4),
        alone: random.one_in(10),
        priority: [
            Priority::Normal,
            Priority::Normal,
            Priority::Normal,
            Priority::Urgent,
            Priority::Background,
        ][random.below(5)],
        spawns,
    }
}
