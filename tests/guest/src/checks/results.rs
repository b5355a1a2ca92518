//! Values: they come back as they are, in order, however deep the jobs that give them lie.

use wasm_mt::{Buffer, block_on, job};
use wasm_mt_pool::ThreadPool;

use super::shared::{Check, fib, this_pool};

pub(crate) const CHECKS: &[Check] = checks! {
    results_come_in_order
    a_map_over_10_000_items
    a_map_of_results_as_they_come
    a_chain_of_50_joins
    a_chain_of_50_sync_jobs
    ten_thousand_children_one_by_one
    maps_in_a_map
    a_context_is_shared
    contexts_take_turns
    a_buffer_there_and_back
    buffers_in_a_map
    a_large_value_there_and_back
};

async fn results_come_in_order(pool: ThreadPool) {
    let handles: Vec<_> = (0..100u64)
        .map(|n| pool.spawn(job!(|n| fib(n % 15))))
        .collect();
    for (n, handle) in (0..).zip(handles) {
        assert_eq!(handle.await.unwrap(), fib(n % 15));
    }
    let (a, b) = pool.join(job!(|| 20), job!(async || 22)).await.unwrap();
    assert_eq!(a + b, 42);
}

async fn a_map_over_10_000_items(pool: ThreadPool) {
    let squares = pool.map(0..10_000u64, |n| n * n).await.unwrap();
    assert!(squares.into_iter().eq((0..10_000).map(|n| n * n)));
    let none = pool.map(0..0u64, |n| n).await.unwrap();
    assert!(none.is_empty());
}

async fn a_map_of_results_as_they_come(pool: ThreadPool) {
    use futures::StreamExt;
    let mut halves = pool.map([8u32, 0, 2], |n| 8 / n).stream();
    let mut seen = [false; 3];
    while let Some((place, half)) = halves.next().await {
        assert_eq!(half.is_err(), place == 1);
        seen[place] = true;
    }
    assert_eq!(seen, [true; 3]);
}

async fn joined(depth: u32) -> u32 {
    if depth == 0 {
        return 1;
    }
    let pool = this_pool();
    let below = depth - 1;
    let (deep, flat) = pool
        .join(job!(async |below| joined(below).await), job!(|| 1u32))
        .await
        .expect("both jobs end well");
    deep + flat
}

async fn a_chain_of_50_joins(pool: ThreadPool) {
    let depth = 50;
    let sum = pool.spawn(job!(async |depth| joined(depth).await)).await;
    assert_eq!(sum.unwrap(), 51);
}

fn nested(depth: u32) -> u32 {
    if depth == 0 {
        return 1;
    }
    let below = depth - 1;
    let deep = block_on(this_pool().spawn(job!(|below| nested(below))));
    1 + deep.expect("the job ends well")
}

/// Natively each would keep a thread.
async fn a_chain_of_50_sync_jobs(pool: ThreadPool) {
    let depth = if cfg!(target_os = "wasi") { 50 } else { 0 };
    let sum = pool.spawn(job!(|depth| nested(depth))).await;
    assert_eq!(sum.unwrap(), depth + 1);
}

async fn ten_thousand_children_one_by_one(pool: ThreadPool) {
    let all = job!(async || {
        let pool = this_pool();
        let mut sum = 0;
        for n in 0..10_000u64 {
            sum += pool.spawn(job!(|n| n)).await.expect("a child ends well");
        }
        sum
    });
    assert_eq!(pool.spawn(all).await.unwrap(), 49_995_000);
}

/// Of jobs of its own: sync where an instance can wait in one.
fn row(n: u64) -> u64 {
    if !cfg!(target_os = "wasi") {
        return (0..50).map(|m| n * m).sum();
    }
    let products = block_on(this_pool().map((0..50).map(|m| (n, m)), |(n, m)| n * m));
    products.expect("all items end well").into_iter().sum()
}

async fn maps_in_a_map(pool: ThreadPool) {
    let sums = pool.map(0..50u64, row).await.unwrap();
    assert!(sums.into_iter().eq((0..50).map(|n| n * 1225)));
}

async fn a_context_is_shared(pool: ThreadPool) {
    let words: Vec<String> = (0..100).map(|n| "ab".repeat(n)).collect();
    let lengths = pool
        .map_with(words, 0..1000usize, |words, at| words[at % 100].len())
        .await;
    assert!(
        lengths
            .unwrap()
            .into_iter()
            .eq((0..1000).map(|at| at % 100 * 2))
    );
}

async fn contexts_take_turns(pool: ThreadPool) {
    let maps: Vec<_> = (0..10u64)
        .map(|factor| pool.map_with(Buffer(vec![factor; 4]), 0..100, |all, n: u64| all[3] * n))
        .collect();
    for (factor, map) in (0..).zip(maps) {
        let products = map.await.unwrap();
        assert!(products.into_iter().eq((0..100).map(|n| factor * n)));
    }
}

async fn a_buffer_there_and_back(pool: ThreadPool) {
    let samples = Buffer((0..1 << 20).map(|n| n as f32).collect::<Vec<f32>>());
    let louder = pool
        .spawn(job!(|mut samples| {
            samples.iter_mut().for_each(|sample| *sample *= 2.0);
            samples
        }))
        .await
        .unwrap();
    assert_eq!(louder.len(), 1 << 20);
    assert!(
        louder
            .iter()
            .enumerate()
            .all(|(n, sample)| *sample == n as f32 * 2.0)
    );
}

async fn buffers_in_a_map(pool: ThreadPool) {
    let items = (0..20u16).map(|n| (n, Buffer(vec![n; 1000])));
    let turned = pool.map(items, |(n, numbers)| (numbers, n)).await.unwrap();
    for (at, (numbers, n)) in (0..).zip(turned) {
        assert_eq!((n, &numbers[..]), (at, &[at; 1000][..]));
    }
}

async fn a_large_value_there_and_back(pool: ThreadPool) {
    let text = "0123456789".repeat(1 << 16);
    let length = text.len();
    let back = pool.spawn(job!(|text| text)).await.unwrap();
    assert_eq!(back.len(), length);
}
