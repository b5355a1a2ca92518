//! What only `cargo xtask test --deep` runs beside cargo's own tests: miri and the fuzz targets, on a nightly tool chain.
//!
//! Whatever one of them needs and cannot have is an error, never a row that passes.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::setup;
use crate::suite::Counts;
use crate::test::counted;
use crate::tools::CARGO_FUZZ;
use crate::workspace;

/// A row of the table, and what counts for it.
pub(crate) type Run = (&'static str, fn() -> Result<Counts>);

pub(crate) const RUNS: [Run; 2] = [("native: miri", miri), ("native: fuzz", fuzz)];

/// crossbeam-epoch, below crossbeam-deque, breaks the rules of stacked borrows and keeps those of tree borrows; it makes pointers
/// of integers; and what it has not collected at the program's end, as the pool's threads may go on until then, is no leak.
const CROSSBEAM: &str = "-Zmiri-tree-borrows -Zmiri-permissive-provenance -Zmiri-ignore-leaks";

/// The native tests that come to `unsafe` code: miri's flags, and cargo's arguments.
const MIRI: [(&str, &[&str]); 3] = [
    // Without what reads bytes: it has none, and proptest's many cases are hours here.
    (
        "",
        &["--package", "wasm-mt", "--lib", "--", "--skip", "wire::"],
    ),
    // Without the web's two fabrics and their simulation: arithmetic and safe atomics, and hours of them here.
    (
        CROSSBEAM,
        &[
            "--package",
            "wasm-mt-pool",
            "--lib",
            "--",
            "--skip",
            "fabric::post",
            "--skip",
            "fabric::shared",
        ],
    ),
    // The bodies in which a `Buffer` is filled.
    (
        CROSSBEAM,
        &[
            "--package",
            "wasm-mt-tests",
            "--test",
            "native",
            "--",
            "a_buffer_t",
            "buffers_travel_inside",
            "buffers_travel_between",
            "a_length_that_",
        ],
    ),
];

fn miri() -> Result<Counts> {
    setup::miri()?;
    let mut counts = Counts::default();
    for (flags, args) in MIRI {
        let mut cargo = workspace::nightly("cargo");
        cargo
            .args(["miri", "test"])
            .args(args)
            .env("MIRIFLAGS", flags)
            // A folder of its own: another compiler, and other code.
            .env("CARGO_TARGET_DIR", workspace::target_dir().join("miri"));
        let run = counted(&mut cargo)?;
        counts.passed += run.passed;
        counts.failed += run.failed;
    }
    Ok(counts)
}

/// For how long each target is run.
const FUZZ_TIME: &str = "-max_total_time=60";

fn fuzz() -> Result<Counts> {
    ensure!(
        workspace::root().join("fuzz/Cargo.toml").is_file(),
        "there is no folder `fuzz`"
    );
    setup::fuzz()?;
    let listed = cargo_fuzz("list")?
        .stdout(Stdio::piped())
        .output()
        .context("cargo fuzz list does not run")?;
    let targets = targets(&String::from_utf8_lossy(&listed.stdout));
    ensure!(
        listed.status.success() && !targets.is_empty(),
        "`cargo fuzz list` lists no target"
    );
    let mut counts = Counts::default();
    for target in &targets {
        eprintln!("-- fuzz: {target}");
        let status = cargo_fuzz("run")?
            .arg(target)
            .args(["--", FUZZ_TIME, "-verbosity=0"])
            .status()?;
        if status.success() {
            counts.passed += 1;
        } else {
            counts.failed += 1;
            eprintln!("error: fuzz: {target} failed, see above");
        }
    }
    Ok(counts)
}

fn cargo_fuzz(command: &str) -> Result<Command> {
    let program = CARGO_FUZZ.program().context("cargo-fuzz is gone")?;
    let mut cargo_fuzz = workspace::nightly(program);
    cargo_fuzz
        .args([command, "--fuzz-dir", "fuzz"])
        .env("CARGO_TARGET_DIR", workspace::target_dir().join("fuzz"))
        .stdin(Stdio::null());
    Ok(cargo_fuzz)
}

/// The names that `cargo fuzz list` prints, one a line.
fn targets(listed: &str) -> Vec<String> {
    listed
        .lines()
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fuzz_targets_are_listed_one_a_line() {
        assert_eq!(targets("letter\n  payload\n\n"), ["letter", "payload"]);
        assert!(targets("\n").is_empty());
    }
}
