//! What the pool costs natively, beside rayon: `cargo bench -p wasm-mt-benches`.
//!
//! Criterion measures each side by itself. Their ratios are measured at the end, in turns, so that whatever slows the machine
//! slows both.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::Criterion;
use example_parallel::julia::{self, Picture};
use futures::channel::oneshot;
use futures::executor::block_on;
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use wasm_mt_pool::ThreadPool;
use wasm_mt_pool::wasm_mt::{JoinHandle, Thread, job};

const THREADS: usize = 2;

/// Empty jobs spawned before the first is awaited.
const AT_ONCE: usize = 1000;

/// Rounds of each ratio, and how long a side is measured in one at the least.
const ROUNDS: usize = 21;
const ROUND: Duration = Duration::from_millis(50);

/// One thing that both sides do.
struct Workload {
    name: &'static str,
    /// The project's goal: so near to rayon.
    goal: f64,
    ours: fn(&ThreadPool),
    rayon: fn(&rayon::ThreadPool),
}

const WORKLOADS: [Workload; 3] = [
    Workload {
        name: "empty job, one at a time",
        goal: 1.2,
        ours: |pool| block_on(spawned(pool)).expect("an empty job ends"),
        rayon: |pool| block_on(spawned_by_rayon(pool)).expect("an empty job ends"),
    },
    Workload {
        name: "empty jobs, 1,000 at once",
        goal: 1.2,
        ours: |pool| {
            let handles: Vec<_> = (0..AT_ONCE).map(|_| spawned(pool)).collect();
            block_on(async {
                for handle in handles {
                    handle.await.expect("an empty job ends");
                }
            });
        },
        rayon: |pool| {
            let handles: Vec<_> = (0..AT_ONCE).map(|_| spawned_by_rayon(pool)).collect();
            block_on(async {
                for handle in handles {
                    handle.await.expect("an empty job ends");
                }
            });
        },
    },
    Workload {
        name: "Julia by rows",
        goal: 1.05,
        ours: |pool| {
            let rows = pool.map(0..julia::SIDE, row);
            black_box(block_on(rows).expect("a row is rendered"));
        },
        rayon: |pool| {
            let rows: Vec<Vec<u8>> =
                pool.install(|| (0..julia::SIDE).into_par_iter().map(row).collect());
            black_box(rows);
        },
    },
];

fn spawned(pool: &ThreadPool) -> JoinHandle<()> {
    pool.spawn(job!(|| ()))
}

/// What `rayon::spawn` gives nothing of: a future of the job's end.
fn spawned_by_rayon(pool: &rayon::ThreadPool) -> oneshot::Receiver<()> {
    let (sender, receiver) = oneshot::channel();
    pool.spawn(move || {
        let _ = sender.send(());
    });
    receiver
}

fn row(at: u32) -> Vec<u8> {
    let [classic, ..]: [Picture; 4] = julia::pictures();
    julia::render_rows(&classic, at..at + 1)
}

fn main() {
    // In a browser it is `cargo xtask bench pool` that measures.
    if cfg!(target_family = "wasm") {
        return;
    }
    let ours = ThreadPool::builder()
        .workers(THREADS)
        .threads(Thread::builder().check_payloads(false))
        .build();
    let ours = block_on(ours).expect("the pool starts");
    let rayon = rayon::ThreadPoolBuilder::new()
        .num_threads(THREADS)
        .build()
        .expect("rayon's pool starts");

    let mut criterion = Criterion::default()
        .sample_size(30)
        .warm_up_time(Duration::from_secs(1))
        .configure_from_args();
    for workload in &WORKLOADS {
        let mut group = criterion.benchmark_group(workload.name);
        group.bench_function("wasm-mt", |bencher| bencher.iter(|| (workload.ours)(&ours)));
        group.bench_function("rayon", |bencher| bencher.iter(|| (workload.rayon)(&rayon)));
        group.finish();
    }
    // What a page that shows them asks for in each frame.
    criterion.bench_function("stats", |bencher| bencher.iter(|| black_box(ours.stats())));
    criterion.final_summary();

    // `cargo bench` says it is one; with `--test` criterion runs everything once and measures nothing.
    let args: Vec<String> = std::env::args().collect();
    if args.iter().any(|arg| arg == "--bench") && !args.iter().any(|arg| arg == "--test") {
        print_ratios(&ours, &rayon);
    }
}

fn print_ratios(ours: &ThreadPool, rayon: &rayon::ThreadPool) {
    println!(
        "{:<28} {:>12} {:>12} {:>6} {:>7}",
        "in turns, medians in µs", "wasm-mt", "rayon", "runs", "ratio"
    );
    for workload in &WORKLOADS {
        let sides: [&dyn Fn(); 2] = [&|| (workload.ours)(ours), &|| (workload.rayon)(rayon)];
        let mut runs = [Vec::new(), Vec::new()];
        for round in 0..ROUNDS {
            // Each is first as often as the other, but for one.
            for at in [round % 2, 1 - round % 2] {
                runs[at].push(measured(sides[at]));
            }
        }
        let [ours, rayon] = runs.map(median);
        let ratio = ours / rayon;
        let remark = if ratio > workload.goal {
            format!("  above the goal, {}", workload.goal)
        } else {
            String::new()
        };
        println!(
            "{:<28} {ours:>12.2} {rayon:>12.2} {ROUNDS:>6} {ratio:>7.2}{remark}",
            workload.name
        );
    }
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
