//! What a `map` costs, of small items and of large, beside rayon and a crew that is sent each item: `cargo bench -p
//! wasm-mt-benches --bench map`.

mod crew;
mod side;

use std::hint::black_box;
use std::sync::Arc;

use crew::{Crew, Pools};
use crossbeam_channel::unbounded;
use example_parallel::julia::{self, Picture};
use futures::executor::block_on;
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use side::{Side, Workload};

const SMALL: u32 = 10_000;

/// Items of 64 KiB.
const LARGE: usize = 64;
const BYTES: usize = 1 << 16;

/// What all items share, 1 MiB, and how many of them look something up there.
const TABLE: usize = 1 << 18;
const LOOKUPS: u32 = 1000;

fn square(x: u32) -> u32 {
    black_box(x).wrapping_mul(x)
}

fn sum(bytes: Vec<u8>) -> u64 {
    bytes.iter().copied().map(u64::from).sum()
}

fn large() -> Vec<Vec<u8>> {
    (0..LARGE).map(|at| vec![at as u8; BYTES]).collect()
}

/// A hundred places of the table, one after the other.
fn look_up(table: &[u32], from: u32) -> u32 {
    (0..100).fold(from, |at, _| table[at as usize % table.len()])
}

fn table() -> Vec<u32> {
    (0..TABLE as u32)
        .map(|at| at.wrapping_mul(2_654_435_761))
        .collect()
}

fn row(at: u32) -> Vec<u8> {
    let [classic, ..]: [Picture; 4] = julia::pictures();
    julia::render_rows(&classic, at..at + 1)
}

fn map_by_rayon<I: Send, R: Send>(
    pool: &rayon::ThreadPool,
    items: impl IntoParallelIterator<Item = I> + Send,
    f: impl Fn(I) -> R + Send + Sync,
) -> Vec<R> {
    pool.install(|| items.into_par_iter().map(f).collect())
}

/// The results in the order of the items, which a channel does not keep.
fn map_by_crew<I: Send + 'static, R: Send + 'static>(
    crew: &Crew,
    items: impl IntoIterator<Item = I>,
    f: impl Fn(I) -> R + Clone + Send + 'static,
) -> Vec<R> {
    let (sender, receiver) = unbounded();
    for (at, item) in items.into_iter().enumerate() {
        let (sender, f) = (sender.clone(), f.clone());
        crew.send(move || {
            let _ = sender.send((at, f(item)));
        });
    }
    drop(sender);
    let mut results: Vec<(usize, R)> = receiver.into_iter().collect();
    results.sort_unstable_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}

fn main() {
    // In a browser it is `cargo xtask bench` that measures.
    if cfg!(target_family = "wasm") {
        return;
    }
    let Pools { ours, rayon, crew } = &Pools::start();
    let (table, shared) = (&table(), &Arc::new(table()));
    side::measure(&[
        Workload {
            name: "10,000 small items".into(),
            goal: Some(1.2),
            sides: vec![
                Side::new("wasm-mt", || block_on(ours.map(0..SMALL, square))),
                Side::new("rayon", || map_by_rayon(rayon, 0..SMALL, square)),
                Side::new("crew", || map_by_crew(crew, 0..SMALL, square)),
            ],
        },
        Workload {
            name: "64 items of 64 KiB".into(),
            goal: Some(1.2),
            sides: vec![
                Side::new("wasm-mt", || block_on(ours.map(large(), sum))),
                Side::new("rayon", || map_by_rayon(rayon, large(), sum)),
                Side::new("crew", || map_by_crew(crew, large(), sum)),
            ],
        },
        // Ours takes the table to pieces and puts it together for each thread, as a browser's workers need it.
        Workload {
            name: "1,000 items with a table of 1 MiB".into(),
            goal: None,
            sides: vec![
                Side::new("wasm-mt", || {
                    block_on(ours.map_with(table.clone(), 0..LOOKUPS, |table, from| {
                        look_up(table, from)
                    }))
                }),
                Side::new("rayon", || {
                    map_by_rayon(rayon, 0..LOOKUPS, |from| look_up(table, from))
                }),
                Side::new("crew", || {
                    let table = shared.clone();
                    map_by_crew(crew, 0..LOOKUPS, move |from| look_up(&table, from))
                }),
            ],
        },
        Workload {
            name: "Julia by rows".into(),
            goal: Some(1.05),
            sides: vec![
                Side::new("wasm-mt", || block_on(ours.map(0..julia::SIDE, row))),
                Side::new("rayon", || map_by_rayon(rayon, 0..julia::SIDE, row)),
                Side::new("crew", || map_by_crew(crew, 0..julia::SIDE, row)),
            ],
        },
    ]);
}
