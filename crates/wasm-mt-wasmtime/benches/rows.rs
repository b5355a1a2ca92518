//! What threads gain: the rows of a picture on one and on two, `cargo bench -p wasm-mt-wasmtime --features cli --bench rows`.
//!
//! The guest is in Rust, a job for each row. The pools take turns in each round, by the clock, and a ratio is the median of the rounds'
//! ratios. It says something only on two cores that are free.

#[path = "../tests/common/mod.rs"]
mod common;

use std::time::{Duration, Instant};

use wasm_mt::Buffer;
use wasm_mt_wasmtime::{Pool, Preemption};

const ROUNDS: usize = 15;

const WIDTH: u32 = 1200;
const HEIGHT: u32 = 900;

struct Row {
    name: &'static str,
    pool: Pool,
}

impl Row {
    fn new(name: &'static str, threads: usize, preemption: Preemption) -> Self {
        let pool = Pool::from_file(common::in_rust())
            .threads(threads)
            .preemption(preemption)
            .wasi(|_| Ok(()))
            .build();
        Row {
            name,
            pool: pool.expect("the guest is one"),
        }
    }

    fn draw(&self) -> (Duration, Vec<u8>) {
        let picture = self.pool.job("picture").expect("it is named");
        let began = Instant::now();
        let drawn = picture.spawn((WIDTH, HEIGHT)).wait();
        let Buffer(drawn): Buffer<u8> = drawn.expect("it is drawn");
        (began.elapsed(), drawn)
    }
}

fn main() {
    let slice = Duration::from_millis(1);
    let rows = [
        Row::new("one thread, slices of 1 ms", 1, Preemption::Epoch { slice }),
        Row::new(
            "two threads, slices of 1 ms",
            2,
            Preemption::Epoch { slice },
        ),
        Row::new("one thread, no preemption", 1, Preemption::Off),
        Row::new("two threads, no preemption", 2, Preemption::Off),
    ];
    let mut times: [Vec<f64>; 4] = Default::default();
    let mut first = None;
    for round in 0..=ROUNDS {
        for at in 0..rows.len() {
            let at = (at + round) % rows.len();
            let (time, drawn) = rows[at].draw();
            assert!(
                *first.get_or_insert_with(|| drawn.clone()) == drawn,
                "all draw the same picture"
            );
            // The first round warms up.
            if round > 0 {
                times[at].push(time.as_secs_f64());
            }
        }
    }
    println!("{WIDTH} x {HEIGHT} pixels, {ROUNDS} rounds, medians");
    for (at, row) in rows.iter().enumerate() {
        let ratios = times[at & !1].iter().zip(&times[at]);
        println!(
            "{:<28} {:>7.1} ms  {:.2} times one thread",
            row.name,
            median(times[at].clone()) * 1e3,
            median(ratios.map(|(one, this)| one / this).collect()),
        );
    }
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
