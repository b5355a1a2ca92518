//! An error that does not travel, as `anyhow::Error` and `Box<dyn Error>` do not.
use wasm_mt::job;

fn main() {
    let text = String::from("1");
    let _job = job!(|text| -> Result<i32, Box<dyn std::error::Error + Send + Sync>> { Ok(text.parse()?) });
}
