//! What arguments and results cost on their way: a job that gives back what it got, in a pool that encodes and decodes both, as
//! in a browser, beside what the encoding takes by itself and beside a pool in which values move: `cargo bench -p
//! wasm-mt-benches --bench payload`.

mod side;

use std::hint::black_box;

use futures::executor::block_on;
use side::{Side, Workload};
use wasm_mt_pool::ThreadPool;
use wasm_mt_pool::wasm_mt::{Buffer, job};

const SIZES: [(&str, usize); 4] = [
    ("16 B", 16),
    ("1 KiB", 1 << 10),
    ("64 KiB", 1 << 16),
    ("1 MiB", 1 << 20),
];

fn bytes(size: usize) -> Vec<u8> {
    (0..size).map(|at| at as u8).collect()
}

fn back(pool: &ThreadPool, bytes: &[u8]) -> Vec<u8> {
    let bytes = bytes.to_vec();
    let job = pool.spawn(job!(|bytes| -> Vec<u8> { bytes }));
    block_on(job).expect("bytes travel")
}

fn back_in_one_piece(pool: &ThreadPool, bytes: &[u8]) -> Buffer<u8> {
    let bytes = Buffer(bytes.to_vec());
    let job = pool.spawn(job!(|bytes| -> Buffer<u8> { bytes }));
    block_on(job).expect("a buffer travels")
}

/// What the encoding of an argument and a result takes at the least.
fn by_postcard(bytes: &[u8]) -> Vec<u8> {
    let mut value = bytes.to_vec();
    for _ in 0..2 {
        let encoded = postcard::to_stdvec(black_box(&value)).expect("bytes are encoded");
        value = postcard::from_bytes(black_box(&encoded)).expect("bytes are decoded");
    }
    value
}

/// Out and in, there and back.
fn by_copies(bytes: &[u8]) -> Vec<u8> {
    let mut value = bytes.to_vec();
    for _ in 0..4 {
        value = black_box(&value).clone();
    }
    value
}

fn main() {
    // In a browser it is `cargo xtask bench` that measures.
    if cfg!(target_family = "wasm") {
        return;
    }
    let (encodes, moves) = (&side::ours(true), &side::ours(false));
    let mut workloads = Vec::new();
    for (name, size) in SIZES {
        let bytes = bytes(size);
        let [a, b, c] = [bytes.clone(), bytes.clone(), bytes.clone()];
        workloads.push(Workload {
            name: format!("a Vec<u8> of {name}"),
            goal: None,
            sides: vec![
                Side::new("encoded", move || back(encodes, &a)),
                Side::new("moved", move || back(moves, &b)),
                Side::new("postcard alone", move || by_postcard(&c)),
            ],
        });
        let [a, b, c] = [bytes.clone(), bytes.clone(), bytes];
        workloads.push(Workload {
            name: format!("a Buffer<u8> of {name}"),
            goal: None,
            sides: vec![
                Side::new("encoded", move || back_in_one_piece(encodes, &a)),
                Side::new("moved", move || back_in_one_piece(moves, &b)),
                Side::new("copies alone", move || by_copies(&c)),
            ],
        });
    }
    side::measure(&workloads);
}
