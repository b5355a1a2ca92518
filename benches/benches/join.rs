//! What a sync job costs that parts itself by `join`, beside rayon's: `cargo bench -p wasm-mt-benches --bench join`.
//!
//! Ours gives `b` to whoever is free as a job, whose arguments it owns and whose panic is an error elsewhere; rayon's is a closure on
//! the joiner's stack. What that costs is the first workload; in the others it is a part of what the halves take.

mod side;

use std::hint::black_box;

use futures::executor::block_on;
use side::{Side, THREADS, Workload, ours};
use wasm_mt_pool::ThreadPool;
use wasm_mt_pool::wasm_mt::job;

/// Joins of a job, one after the other.
const JOINS: u32 = 10_000;

/// The numbers below it are computed without a join.
const TREE: u32 = 30;

fn joins(count: u32) -> u32 {
    (0..count).fold(0, |sum, n| {
        let (a, b) = wasm_mt_pool::join(|| black_box(n), job!(|n| black_box(n)));
        sum ^ a ^ b
    })
}

fn joins_of_rayon(count: u32) -> u32 {
    (0..count).fold(0, |sum, n| {
        let (a, b) = rayon::join(|| black_box(n), || black_box(n));
        sum ^ a ^ b
    })
}

fn fib(n: u32) -> u64 {
    if n < 2 {
        black_box(n).into()
    } else {
        fib(n - 1) + fib(n - 2)
    }
}

fn tree(n: u32, leaf: u32) -> u64 {
    if n < leaf {
        return fib(n);
    }
    let (a, b) = wasm_mt_pool::join(|| tree(n - 1, leaf), job!(|n, leaf| tree(n - 2, leaf)));
    a + b
}

fn tree_of_rayon(n: u32, leaf: u32) -> u64 {
    if n < leaf {
        return fib(n);
    }
    let (a, b) = rayon::join(|| tree_of_rayon(n - 1, leaf), || tree_of_rayon(n - 2, leaf));
    a + b
}

fn main() {
    // In a browser it is `cargo xtask bench` that measures.
    if cfg!(target_family = "wasm") {
        return;
    }
    let ours: &ThreadPool = &ours(false);
    let rayon = rayon::ThreadPoolBuilder::new().num_threads(THREADS);
    let rayon = &rayon.build().expect("rayon's pool starts");
    let mut workloads = vec![Workload {
        name: "10,000 joins of empty halves".into(),
        goal: None,
        sides: vec![
            Side::new("wasm-mt", || {
                block_on(ours.spawn(job!(|| joins(JOINS)))).expect("the halves end")
            }),
            Side::new("rayon", || rayon.install(|| joins_of_rayon(JOINS))),
        ],
    }];
    // A leaf takes about 0.1, 1 and 10 µs.
    for leaf in [7, 12, 17] {
        workloads.push(Workload {
            name: format!("fork and join, down to fib({})", leaf - 1),
            goal: (leaf > 10).then_some(1.2),
            sides: vec![
                Side::new("wasm-mt", move || {
                    block_on(ours.spawn(job!(|leaf| tree(TREE, leaf)))).expect("the tree ends")
                }),
                Side::new("rayon", move || rayon.install(|| tree_of_rayon(TREE, leaf))),
                Side::new("one thread", || fib(TREE)),
            ],
        });
    }
    side::measure(&workloads);
}
