//! The same in an async job.
use wasm_mt::job;

fn main() {
    let (a, b) = (1, 2);
    let _job = job!(async |a| a + b);
}
