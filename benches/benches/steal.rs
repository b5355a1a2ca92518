//! What jobs cost that jobs spawn: they lie on one worker's deque, and the other one takes its part: `cargo bench -p
//! wasm-mt-benches --bench steal`.
//!
//! A tree that forks and joins is no work for a crew, whose threads would all wait for children that none is left to run.

mod crew;
mod side;

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crew::{Crew, Pools};
use futures::channel::oneshot;
use futures::executor::block_on;
use side::{Side, Workload};
use wasm_mt_pool::ThreadPool;
use wasm_mt_pool::wasm_mt::{JoinHandle, job};

const CHILDREN: usize = 1000;

/// About as many steps as take 20 µs.
const STEPS: u32 = 20_000;

/// A tree's leaves are the numbers below this.
const LEAF: u32 = 12;
const TREE: u32 = 24;

fn work(steps: u32) -> u32 {
    (0..steps).fold(1, |x: u32, step| {
        black_box(x.wrapping_mul(1_664_525).wrapping_add(step))
    })
}

fn children(pool: &ThreadPool, steps: u32) {
    let root = pool.spawn(job!(async |steps| {
        let pool = ThreadPool::current().expect("a job of the pool runs");
        let children: Vec<JoinHandle<u32>> = (0..CHILDREN)
            .map(|_| pool.spawn(job!(|steps| work(steps))))
            .collect();
        for child in children {
            child.await.expect("a child ends");
        }
    }));
    block_on(root).expect("the root ends");
}

fn children_of_rayon(pool: &rayon::ThreadPool, steps: u32) {
    pool.scope(|scope| {
        for _ in 0..CHILDREN {
            scope.spawn(move |_| {
                black_box(work(steps));
            });
        }
    });
}

fn children_of_crew(crew: &Crew, steps: u32) {
    let (sender, receiver) = oneshot::channel();
    let root = crew.clone();
    crew.send(move || {
        let left = Arc::new((
            AtomicUsize::new(CHILDREN),
            std::sync::Mutex::new(Some(sender)),
        ));
        for _ in 0..CHILDREN {
            let left = left.clone();
            root.send(move || {
                black_box(work(steps));
                // ORDERING: AcqRel; the last to come has seen the work of all.
                if left.0.fetch_sub(1, Ordering::AcqRel) == 1
                    && let Some(sender) = left.1.lock().ok().and_then(|mut sender| sender.take())
                {
                    let _ = sender.send(());
                }
            });
        }
    });
    block_on(receiver).expect("the last child ends");
}

fn serial(n: u32) -> u64 {
    if n < 2 {
        u64::from(n)
    } else {
        serial(n - 1) + serial(n - 2)
    }
}

async fn tree(n: u32) -> u64 {
    if n < LEAF {
        return serial(black_box(n));
    }
    let pool = ThreadPool::current().expect("a job of the pool runs");
    let both = pool.join(
        job!(async |n = n - 1| tree(n).await),
        job!(async |n = n - 2| tree(n).await),
    );
    let (a, b): (u64, u64) = both.await.expect("both branches end");
    a + b
}

fn tree_of_rayon(n: u32) -> u64 {
    if n < LEAF {
        return serial(black_box(n));
    }
    let (a, b) = rayon::join(|| tree_of_rayon(n - 1), || tree_of_rayon(n - 2));
    a + b
}

fn main() {
    // In a browser it is `cargo xtask bench` that measures.
    if cfg!(target_family = "wasm") {
        return;
    }
    let Pools { ours, rayon, crew } = &Pools::start();
    let spawned = |name: &str, goal, steps| Workload {
        name: name.into(),
        goal,
        sides: vec![
            Side::new("wasm-mt", move || children(ours, steps)),
            Side::new("rayon", move || children_of_rayon(rayon, steps)),
            Side::new("crew", move || children_of_crew(crew, steps)),
        ],
    };
    side::measure(&[
        spawned("a job spawns 1,000 empty ones", None, 0),
        spawned("a job spawns 1,000 of 20 µs", Some(1.05), STEPS),
        Workload {
            name: "a tree of 609 joins".into(),
            goal: None,
            sides: vec![
                Side::new("wasm-mt", || {
                    let root = ours.spawn(job!(async |n = TREE| tree(n).await));
                    block_on(root).expect("the tree ends")
                }),
                Side::new("rayon", || rayon.install(|| tree_of_rayon(TREE))),
            ],
        },
    ]);
}
