//! A bare closure.
async fn spawn(thread: wasm_mt::Thread) {
    let n = 1;
    let _ = thread.spawn(move || n + 1).await;
}

fn main() {
    let _ = spawn;
}
