//! The program `worlds`: a command natively and as a WASI guest, and a page in a browser.

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod command;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
#[expect(unreachable_pub, reason = "wasm-bindgen exports nothing that is less")]
mod page;

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
fn main() -> std::process::ExitCode {
    command::run()
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
fn main() {
    page::run();
}
