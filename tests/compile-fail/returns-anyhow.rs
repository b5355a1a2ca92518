//! The same with `anyhow`.
use wasm_mt::job;

fn main() {
    let text = String::from("1");
    let _job = job!(|text| -> anyhow::Result<i32> { Ok(text.parse()?) });
}
