//! What tests of the pool share: a guest by hand, and a guest in Rust that is built once.

#![allow(dead_code, reason = "each test uses what it needs of this")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use wasm_mt_wasmtime::{Builder, Context, HostJob, Pool};
use wasmtime::Linker;

/// The guest by hand.
pub(crate) fn by_hand() -> Vec<u8> {
    wat::parse_str(include_str!("guest.wat")).unwrap()
}

/// A pool of the guest by hand, whose host function adds one, fails at 50 and panics at 60.
pub(crate) fn builder() -> Builder {
    Pool::builder(by_hand()).threads(2).link(link)
}

pub(crate) fn link(linker: &mut Linker<Context>) -> wasmtime::Result<()> {
    linker.func_wrap("test", "host", |given: i32| match given {
        50 => Err(wasmtime::Error::msg("fifty is too much")),
        60 => panic!("sixty is far too much"),
        given => Ok(given + 1),
    })?;
    Ok(())
}

/// A job of one byte that gives one.
pub(crate) fn job(pool: &Pool, name: &str) -> HostJob<u8, u8> {
    pool.job(name).unwrap()
}

/// The module of `wasm-mt-guest`, which is built when it is first asked for.
pub(crate) fn in_rust() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        // Not the folder of the build that runs this, which may be locked by it.
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guest");
        let status = Command::new(cargo)
            .args([
                "build",
                "--release",
                "--target",
                "wasm32-wasip1",
                "-p",
                "wasm-mt-guest",
            ])
            .arg("--target-dir")
            .arg(&target)
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .status()
            .expect("cargo runs");
        assert!(status.success(), "the guest was not built");
        target.join("wasm32-wasip1/release/wasm-mt-guest.wasm")
    })
}
