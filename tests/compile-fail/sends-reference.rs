//! An argument that borrows.
use wasm_mt::job;

fn main() {
    let text = String::from("1");
    let slice = text.as_str();
    let _job = job!(|slice| slice.len());
}
