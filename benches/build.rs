//! Writes the padding that makes the module as large as a real program's. No compression takes it away again.

use std::path::PathBuf;
use std::{env, fs};

/// With the code around it, the module comes to about 1.8 MB.
const LENGTH: usize = 1_250_000;

fn main() {
    // Nothing but this file decides, which cargo watches anyway. Two packages have it, each with a manifest of its own.
    println!("cargo::rerun-if-changed=Cargo.toml");
    let folder = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    fs::write(folder.join("padding.bin"), padding()).expect("OUT_DIR takes a file");
}

/// Marsaglia's xorshift64, https://doi.org/10.18637/jss.v008.i14: the same bytes in every build.
fn padding() -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    (0..LENGTH)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 56) as u8
        })
        .collect()
}
