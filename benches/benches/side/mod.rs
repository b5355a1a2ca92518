//! Sides of one workload, measured by criterion, and then once more in turns, for their ratios.
//!
//! Criterion measures each side by itself, minutes apart. Whatever slows the machine in turns slows all sides, so that only these
//! ratios are compared with anything.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::Criterion;
use futures::executor::block_on;
use wasm_mt_pool::ThreadPool;
use wasm_mt_pool::wasm_mt::Thread;

/// The workers of every pool.
pub(crate) const THREADS: usize = 2;

/// Rounds of each ratio, and how long a side is measured in one at the least.
const ROUNDS: usize = 21;
const ROUND: Duration = Duration::from_millis(50);

/// One thing that all sides do.
pub(crate) struct Workload<'a> {
    pub(crate) name: String,
    /// The project's goal: so near to the second side.
    pub(crate) goal: Option<f64>,
    /// The first is ours.
    pub(crate) sides: Vec<Side<'a>>,
}

/// Who does it, and how.
pub(crate) struct Side<'a> {
    name: &'static str,
    run: Box<dyn Fn() + 'a>,
}

impl<'a> Side<'a> {
    pub(crate) fn new<R>(name: &'static str, run: impl Fn() -> R + 'a) -> Self {
        let run = Box::new(move || {
            black_box(run());
        });
        Side { name, run }
    }
}

/// A pool of ours whose values move, or are encoded and decoded on their way, as they are in a browser.
pub(crate) fn ours(check_payloads: bool) -> ThreadPool {
    let threads = Thread::builder().check_payloads(check_payloads);
    let pool = ThreadPool::builder().workers(THREADS).threads(threads);
    block_on(pool.build()).expect("the pool starts")
}

/// Measures what the command line asks for.
pub(crate) fn measure(workloads: &[Workload<'_>]) {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    for workload in workloads {
        let mut group = criterion.benchmark_group(&workload.name);
        for side in &workload.sides {
            group.bench_function(side.name, |bencher| bencher.iter(&side.run));
        }
        group.finish();
    }
    criterion.final_summary();

    // `cargo bench` says it is one; with `--test` criterion runs everything once and measures nothing. What is no option is
    // criterion's filter.
    let args: Vec<String> = std::env::args().skip(1).collect();
    if !args.iter().any(|arg| arg == "--bench") || args.iter().any(|arg| arg == "--test") {
        return;
    }
    let filter = args.iter().find(|arg| !arg.starts_with('-'));
    println!("in turns, medians in µs of {ROUNDS} rounds; ratios of the first side to each other");
    for workload in workloads {
        if filter.is_none_or(|filter| workload.name.contains(filter.as_str())) {
            println!("{}", in_turns(workload));
        }
    }
}

fn in_turns(workload: &Workload<'_>) -> String {
    let sides = &workload.sides;
    let mut rounds = vec![Vec::new(); sides.len()];
    for round in 0..ROUNDS {
        // Each is first as often as the others, or once more.
        for at in 0..sides.len() {
            let at = (at + round) % sides.len();
            rounds[at].push(measured(&sides[at].run));
        }
    }
    let mut line = format!("{:<34}", workload.name);
    for (at, side) in sides.iter().enumerate() {
        line.push_str(&format!(
            " {} {:>10.2}",
            side.name,
            median(rounds[at].clone())
        ));
        if at == 0 {
            continue;
        }
        let both = rounds[0].iter().zip(&rounds[at]);
        let ratio = median(both.map(|(ours, other)| ours / other).collect());
        line.push_str(&format!(" ({ratio:.2})"));
        if at == 1
            && let Some(goal) = workload.goal.filter(|goal| ratio > *goal)
        {
            line.push_str(&format!(" above the goal, {goal}"));
        }
    }
    line
}

/// How long one run takes, in microseconds: the mean of as many as there are in [`ROUND`].
fn measured(run: &dyn Fn()) -> f64 {
    let began = Instant::now();
    let mut runs = 0_u32;
    while began.elapsed() < ROUND {
        run();
        runs += 1;
    }
    began.elapsed().as_secs_f64() * 1e6 / f64::from(runs)
}

/// The middle one of an odd number of them.
fn median(mut runs: Vec<f64>) -> f64 {
    runs.sort_by(f64::total_cmp);
    runs[runs.len() / 2]
}
