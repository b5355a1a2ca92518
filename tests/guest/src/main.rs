//! What a pool promises, checked by a program that is its guest: built for `wasm32-wasip1`, it runs in a host of
//! `wasm-mt-wasmtime`, and its jobs on sibling instances. Natively the same program checks what holds there, too.
//!
//! ```sh
//! cargo build -p wasm-mt-guest --target wasm32-wasip1
//! wasm-mt run target/wasm32-wasip1/debug/wasm-mt-guest.wasm -- all
//! ```
//!
//! Its argument is the name of a check, `all`, or `list`. It prints `ok NAME` for each that is true, and panics at the first that
//! is not. What it has for a host that asks for jobs by name is in `checks/named.rs`.

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod checks;

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
fn main() {
    let wanted = std::env::args().nth(1).unwrap_or_else(|| "list".into());
    if !checks::run(&wanted) {
        eprintln!("there is no check `{wanted}`; `list` names them");
        std::process::exit(2);
    }
}

/// A browser's main thread cannot wait for a job.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
fn main() {}
