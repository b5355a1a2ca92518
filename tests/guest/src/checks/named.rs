//! Jobs that a host asks for by name.

use std::time::Duration;

use wasm_mt::{Buffer, block_on, job};

use super::faults::recurse;
use super::shared::{fib, sleep, this_pool};

wasm_mt::host_jobs! {
    fib: fn(u64) -> u64 = fib;
    echo: fn((String, Buffer<f32>)) -> (String, Buffer<f32>) = |both| both;
    sum: fn(Vec<u64>) -> u64 = |numbers| numbers.iter().sum();
    panics: fn(String) -> () = |message| panic!("{message}");
    spins: fn(()) -> () = |()| spins();
    recurses: fn(u64) -> u64 = recurse;
    grows: fn(u64) -> u64 = grows;
    large: fn(u64) -> Vec<u8> = |length| vec![7; length as usize];
    sleeps_async: async fn(u64) -> u64 = sleeps_async;
    nested: fn(u32) -> u64 = nested;
    nested_async: async fn(u32) -> u64 = nested_async;
    picture: async fn((u32, u32)) -> Buffer<u8> = picture;
    check: fn(String) -> bool = |name| super::run(&name);
}

/// Bare: without a call out.
fn spins() {
    loop {
        std::hint::spin_loop();
    }
}

/// Takes so many bytes of memory, a megabyte at a time, and gives how many it had.
fn grows(bytes: u64) -> u64 {
    let mut parts = Vec::new();
    let mut had = 0;
    while had < bytes {
        let part = vec![1u8; 1 << 20];
        had += part.len() as u64;
        parts.push(part);
    }
    std::hint::black_box(&parts);
    had
}

/// Sleeps for so many milliseconds, in many small awaits.
async fn sleeps_async(milliseconds: u64) -> u64 {
    sleep(Duration::from_millis(milliseconds)).await;
    milliseconds
}

/// A picture of so many pixels, a job for each row.
async fn picture((width, height): (u32, u32)) -> Buffer<u8> {
    let file = example_worlds::picture(&this_pool(), width, height).await;
    Buffer(file.expect("it ends well"))
}

/// So many jobs, each of which waits for the next.
fn nested(depth: u32) -> u64 {
    if depth == 0 {
        return 0;
    }
    let below = depth - 1;
    let child = block_on(this_pool().spawn(job!(|below| nested(below))));
    child.expect("it ends well") + 1
}

/// The same, async.
async fn nested_async(depth: u32) -> u64 {
    if depth == 0 {
        return 0;
    }
    let below = depth - 1;
    let child = this_pool().spawn(job!(async |below| nested_async(below).await));
    child.await.expect("it ends well") + 1
}
