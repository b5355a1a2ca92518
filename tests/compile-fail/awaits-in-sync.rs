//! A job that awaits without being async.
use wasm_mt::job;

async fn answer() -> i32 {
    42
}

fn main() {
    let _job = job!(|| answer().await);
}
