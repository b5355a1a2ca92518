//! A job that gives a future: it wanted to be `async`.
use wasm_mt::job;

async fn answer() -> i32 {
    42
}

fn main() {
    let _job = job!(|| answer());
}
