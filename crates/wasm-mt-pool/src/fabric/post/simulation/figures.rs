//! What the rule reaches, as ratios: of the ideal time (all work, evenly spread over the workers, without any message), or
//! of posting each job in a message of its own.

use std::ops::Range;

use super::load::{Event, Group, Job, Load};
use super::random::Random;
use super::world::World;

/// Ticks of clocks, in µs: of an isolated page, of Chromium's and of WebKit's other pages.
pub(super) const TICKS: [f64; 3] = [5.0, 100.0, 1000.0];

/// A ratio and what it must be.
pub(super) struct Figure {
    pub(super) what: &'static str,
    pub(super) goal: Goal,
    measure: fn(f64) -> Result<f64, String>,
}

pub(super) enum Goal {
    AtMost(f64),
    AtLeast(f64),
}

pub(super) const SKEWED: [Figure; 5] = [
    at_most(
        "200 jobs, 20 of them 20 times longer, 0.5 s, 2 workers: first",
        1.06,
        |tick| skewed(tick, |i| i < 20),
    ),
    at_most("the same, the long ones last", 1.06, |tick| {
        skewed(tick, |i| i >= 180)
    }),
    at_most("the same, in the middle", 1.06, |tick| {
        skewed(tick, |i| (90..110).contains(&i))
    }),
    at_most("the same, every tenth", 1.06, |tick| {
        skewed(tick, |i| i % 10 == 0)
    }),
    at_most("the same, median of 20 random orders", 1.06, |tick| {
        shuffled(tick, 500_000.0)
    }),
];
pub(super) const SKEWED_SMALL: Figure = at_most(
    "the same in 5 ms, median of 20 random orders",
    1.3,
    |tick| shuffled(tick, 5000.0),
);
pub(super) const BIMODAL: Figure = at_most(
    "400 jobs of 100 µs, one in 10 of 2 ms, 2 workers, median of 20",
    1.05,
    bimodal,
);
pub(super) const CLUSTERED: [Figure; 3] = [
    at_most(
        "2,000 rows of 5 µs, 200 in the middle of 500 µs, 2 workers",
        1.1,
        |tick| clustered(tick, 2000, 5.0, 900..1100, 500.0),
    ),
    at_most(
        "1,000 rows of 5 µs, the last 40 of 1 ms, 2 workers",
        1.1,
        |tick| clustered(tick, 1000, 5.0, 960..1000, 1000.0),
    ),
    at_most(
        "10,000 rows of 1 µs, 200 in the middle of 200 µs, 2 workers",
        1.8,
        |tick| clustered(tick, 10_000, 1.0, 5000..5200, 200.0),
    ),
];
pub(super) const BATCHES: Figure = at_most(
    "100 batches of 16, 0.5 ms, one in 10 of 20 ms, 4 workers",
    1.05,
    batches,
);
pub(super) const EMPTY: Figure = at_least(
    "10,000 empty jobs, 2 workers: times the rate of a message a job",
    15.0,
    empty,
);
pub(super) const EMPTY_BY_OWNER: Figure = at_least(
    "the same: times the rate at which the owner could post a message a job at all",
    14.0,
    empty_by_owner,
);
pub(super) const EMPTY_MESSAGES: Figure =
    at_most("the same: number of messages", 100.0, empty_messages);
pub(super) const JULIA: Figure = at_most("40 bands of a Julia set, 2 workers", 1.05, |tick| {
    ideal(Load::new(2, tick).map(&bands()))
});
pub(super) const MANY: [Figure; 3] = [
    at_most("128 workers, 1,280 jobs of 1 ms", 1.1, |tick| {
        many(tick, 1280, 1000.0)
    }),
    at_most("128 workers, 6,400 jobs of 1 ms", 1.1, |tick| {
        many(tick, 6400, 1000.0)
    }),
    at_most("128 workers, 12,800 jobs of 1 ms", 1.1, |tick| {
        many(tick, 12_800, 1000.0)
    }),
];
pub(super) const MANY_SHORT: Figure = at_most("128 workers, 6,400 jobs of 100 µs", 1.95, |tick| {
    many(tick, 6400, 100.0)
});
pub(super) const ALONE: Figure = at_most("one empty job at a time: of a bare message", 1.02, alone);
pub(super) const LATE: Figure = at_most(
    "20,000 jobs of 100 µs, owner busy 6 of 16 ms, 2 workers",
    1.2,
    late,
);
pub(super) const NESTED: Figure =
    at_most("a job spawns 1,000 of 100 µs, 4 workers", 1.05, |tick| {
        ideal(Load::new(4, tick).nested(&[100.0; 1000]))
    });

const fn at_most(what: &'static str, goal: f64, measure: fn(f64) -> Result<f64, String>) -> Figure {
    Figure {
        what,
        goal: Goal::AtMost(goal),
        measure,
    }
}

const fn at_least(
    what: &'static str,
    goal: f64,
    measure: fn(f64) -> Result<f64, String>,
) -> Figure {
    Figure {
        what,
        goal: Goal::AtLeast(goal),
        measure,
    }
}

impl Figure {
    pub(super) fn measure(&self, tick: f64) -> Result<f64, String> {
        (self.measure)(tick)
    }

    /// Its row in the page's table.
    fn row(&self) -> String {
        let reached =
            TICKS.map(|tick| format!("{:.3}", self.measure(tick).expect("no law is broken")));
        let goal = match self.goal {
            Goal::AtMost(goal) => format!("≤ {goal}"),
            Goal::AtLeast(goal) => format!("≥ {goal}"),
        };
        format!("| {} | {} | {goal} |", self.what, reached.join(" | "))
    }

    /// Whether the goal is reached at each tick.
    pub(super) fn check(&self) -> Result<(), String> {
        for tick in TICKS {
            let reached = self.measure(tick)?;
            let holds = match self.goal {
                Goal::AtMost(goal) => reached <= goal,
                Goal::AtLeast(goal) => reached >= goal,
            };
            if !holds {
                return Err(format!(
                    "{}, at ticks of {tick} µs: {reached:.3}",
                    self.what
                ));
            }
        }
        Ok(())
    }
}

/// How many times as long as the ideal a run took.
fn ideal(load: Load) -> Result<f64, String> {
    let work: f64 = load
        .events
        .iter()
        .map(|(_, event)| {
            if let Event::Comes(groups) = event {
                work(groups)
            } else {
                0.0
            }
        })
        .sum();
    let ideal = work / load.workers as f64;
    Ok(World::run(load)?.makespan / ideal)
}

fn work(groups: &[Group]) -> f64 {
    let cost = |job: &Job| job.cost + work(&job.spawns);
    let sum = |group: &Group| match group {
        Group::Spawn(job) | Group::Broadcast(job) => cost(job),
        Group::Map(jobs) => jobs.iter().map(cost).sum(),
    };
    groups.iter().map(sum).sum()
}

/// 200 jobs, those that are `long` 20 times as long as the others, 20 of them.
fn skew(total: f64, long: impl Fn(usize) -> bool) -> Vec<f64> {
    let short = total / (180.0 + 20.0 * 20.0);
    (0..200)
        .map(|i| if long(i) { 20.0 * short } else { short })
        .collect()
}

fn skewed(tick: f64, long: fn(usize) -> bool) -> Result<f64, String> {
    ideal(Load::new(2, tick).map(&skew(500_000.0, long)))
}

fn shuffled(tick: f64, total: f64) -> Result<f64, String> {
    median(|seed| {
        let mut costs = skew(total, |i| i < 20);
        Random::new(seed).shuffle(&mut costs);
        ideal(Load::new(2, tick).map(&costs))
    })
}

fn bimodal(tick: f64) -> Result<f64, String> {
    median(|seed| {
        let random = &mut Random::new(seed);
        let costs: Vec<_> = (0..400)
            .map(|_| if random.one_in(10) { 2000.0 } else { 100.0 })
            .collect();
        ideal(Load::new(2, tick).map(&costs))
    })
}

fn clustered(
    tick: f64,
    rows: usize,
    short: f64,
    long: Range<usize>,
    cost: f64,
) -> Result<f64, String> {
    let costs: Vec<_> = (0..rows)
        .map(|row| if long.contains(&row) { cost } else { short })
        .collect();
    ideal(Load::new(2, tick).map(&costs))
}

fn median(run: impl Fn(u64) -> Result<f64, String>) -> Result<f64, String> {
    let mut all = (0..20).map(run).collect::<Result<Vec<_>, _>>()?;
    all.sort_by(f64::total_cmp);
    Ok((all[9] + all[10]) / 2.0)
}

fn empty(tick: f64) -> Result<f64, String> {
    let strangers = World::run(Load::new(2, tick).strangers(&[0.3; 1000]))?.makespan * 10.0;
    Ok(strangers / World::run(Load::new(2, tick).map(&[0.3; 10_000]))?.makespan)
}

fn empty_by_owner(tick: f64) -> Result<f64, String> {
    let load = Load::new(2, tick).map(&[0.3; 10_000]);
    let owner = 10_000.0 * 2.0 * (load.owner_message + load.owner_job);
    Ok(owner / World::run(load)?.makespan)
}

fn empty_messages(tick: f64) -> Result<f64, String> {
    Ok(World::run(Load::new(2, tick).map(&[0.3; 10_000]))?.frames as f64)
}

/// Of a list that each worker takes from without any message: of few jobs that differ so, no one knows a better.
fn batches(tick: f64) -> Result<f64, String> {
    let random = &mut Random::new(3);
    let mut batch = || {
        (0..16)
            .map(|_| if random.one_in(10) { 20_000.0 } else { 500.0 })
            .collect()
    };
    let batches: Vec<Vec<f64>> = (0..100).map(|_| batch()).collect();
    let listed: f64 = batches.iter().map(|batch| listed(batch, 4)).sum();
    Ok(World::run(Load::new(4, tick).batches(&batches))?.makespan / listed)
}

fn listed(costs: &[f64], workers: usize) -> f64 {
    let mut free = vec![0.0; workers];
    for cost in costs {
        *free
            .iter_mut()
            .min_by(|a, b| f64::total_cmp(a, b))
            .expect("there are workers") += cost;
    }
    free.into_iter().fold(0.0, f64::max)
}

/// Rows through the middle take long, those at the edges next to nothing.
fn bands() -> Vec<f64> {
    let band = |i: usize| {
        let off = (i as f64 - 19.5) / 20.0;
        11_500.0 / (1.0 + 6.0 * off * off)
    };
    (0..40).map(band).collect()
}

fn many(tick: f64, jobs: usize, cost: f64) -> Result<f64, String> {
    ideal(Load::new(128, tick).map(&vec![cost; jobs]))
}

fn alone(tick: f64) -> Result<f64, String> {
    let load = Load::new(2, tick).batches(&vec![vec![0.0]; 100]);
    let bare = 2.0 * (load.message + load.owner_message);
    Ok(World::run(load)?.makespan / 100.0 / bare)
}

fn late(tick: f64) -> Result<f64, String> {
    ideal(Load::new(2, tick).map(&[100.0; 20_000]).rendering(70))
}

/// The page's table is what this prints.
#[test]
fn the_page_states_the_figures() {
    let one = [
        BIMODAL,
        BATCHES,
        JULIA,
        NESTED,
        LATE,
        EMPTY,
        EMPTY_BY_OWNER,
        EMPTY_MESSAGES,
        ALONE,
    ];
    let all = SKEWED
        .into_iter()
        .chain([SKEWED_SMALL])
        .chain(CLUSTERED)
        .chain(one)
        .chain(MANY)
        .chain([MANY_SHORT]);
    let rows: Vec<String> = all.map(|figure| figure.row()).collect();
    println!("{}", rows.join("\n"));
    let page = include_str!("../../../../../../docs/scheduler.md");
    for row in rows {
        assert!(
            page.lines().any(|line| line == row),
            "docs/scheduler.md lacks this: {row}"
        );
    }
}
