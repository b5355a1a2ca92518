//! The runs behind the figures.

use std::ops::Range;

use super::load::{Event, Group, Job, Load};
use super::random::Random;
use super::world::World;

/// How many times as long as the ideal a run took.
pub(super) fn ideal(load: Load) -> Result<f64, String> {
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

pub(super) fn skewed(tick: f64, long: fn(usize) -> bool) -> Result<f64, String> {
    ideal(Load::new(2, tick).map(&skew(500_000.0, long)))
}

pub(super) fn shuffled(tick: f64, total: f64) -> Result<f64, String> {
    median(|seed| {
        let mut costs = skew(total, |i| i < 20);
        Random::new(seed).shuffle(&mut costs);
        ideal(Load::new(2, tick).map(&costs))
    })
}

pub(super) fn bimodal(tick: f64) -> Result<f64, String> {
    median(|seed| {
        let random = &mut Random::new(seed);
        let costs: Vec<_> = (0..400)
            .map(|_| if random.one_in(10) { 2000.0 } else { 100.0 })
            .collect();
        ideal(Load::new(2, tick).map(&costs))
    })
}

pub(super) fn clustered(
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

pub(super) fn empty(tick: f64) -> Result<f64, String> {
    let strangers = World::run(Load::new(2, tick).strangers(&[0.3; 1000]))?.makespan * 10.0;
    Ok(strangers / World::run(Load::new(2, tick).map(&[0.3; 10_000]))?.makespan)
}

pub(super) fn empty_by_owner(tick: f64) -> Result<f64, String> {
    let load = Load::new(2, tick).map(&[0.3; 10_000]);
    let owner = 10_000.0 * 2.0 * (load.owner_message + load.owner_job);
    Ok(owner / World::run(load)?.makespan)
}

pub(super) fn empty_messages(tick: f64) -> Result<f64, String> {
    Ok(World::run(Load::new(2, tick).map(&[0.3; 10_000]))?.frames as f64)
}

/// Of a list that each worker takes from without any message: of few jobs that differ so, no one knows a better.
pub(super) fn batches(tick: f64) -> Result<f64, String> {
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
pub(super) fn bands() -> Vec<f64> {
    let band = |i: usize| {
        let off = (i as f64 - 19.5) / 20.0;
        11_500.0 / (1.0 + 6.0 * off * off)
    };
    (0..40).map(band).collect()
}

pub(super) fn many(tick: f64, jobs: usize, cost: f64) -> Result<f64, String> {
    ideal(Load::new(128, tick).map(&vec![cost; jobs]))
}

pub(super) fn length(tick: f64, cost: f64) -> Result<f64, String> {
    ideal(Load::new(2, tick).map(&[cost; 1000]))
}

pub(super) fn alone(tick: f64) -> Result<f64, String> {
    let load = Load::new(2, tick).batches(&vec![vec![0.0]; 100]);
    let bare = 2.0 * (load.message + load.owner_message);
    Ok(World::run(load)?.makespan / 100.0 / bare)
}

pub(super) fn late(tick: f64) -> Result<f64, String> {
    ideal(Load::new(2, tick).map(&[100.0; 20_000]).rendering(70))
}
