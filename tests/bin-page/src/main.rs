//! A page made of a `bin` crate, as Trunk builds them: `main` touches `window`, counts itself on the page and starts two
//! threads. In a worker there is no window, so a `main` that ran there would panic.

#[cfg(target_arch = "wasm32")]
mod page;

#[cfg(target_arch = "wasm32")]
fn main() {
    page::run();
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    eprintln!("this is a page: `cargo xtask test` builds and opens it");
}
