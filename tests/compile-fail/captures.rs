//! A variable that is not named between the bars.
use wasm_mt::job;

fn main() {
    let (a, b) = (1, 2);
    let _job = job!(|a| a + b);
}
