//! A result that cannot leave its thread.
use std::rc::Rc;
use wasm_mt::job;

fn main() {
    let _job = job!(|| Rc::new(1));
}
