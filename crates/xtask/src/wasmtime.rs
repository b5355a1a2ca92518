//! The part `wasmtime` of `cargo xtask test`: the host's own tests, and programs of this workspace as its guests.
//!
//! The host is built here and nowhere else: it takes minutes, and not every change concerns it. What it is given to run is built
//! for `wasm32-wasip1`. Whatever cannot be built or run is an error, never a row that passes.

use std::env::consts::EXE_SUFFIX;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::deep::Run;
use crate::setup;
use crate::suite::Counts;
use crate::test::counted;
use crate::workspace;
use crate::worlds::{self, Native};

pub(crate) const PART: &str = "wasmtime";

/// Packages that are built for this part alone: one for Wasmtime, one only as its guest.
pub(crate) const ELSEWHERE: [&str; 4] = [
    "--exclude",
    "wasm-mt-wasmtime",
    "--exclude",
    "wasm-mt-guest",
];

const HOST: [&str; 4] = ["--package", "wasm-mt-wasmtime", "--features", "cli"];
const WASI: [&str; 2] = ["--target", setup::WASI_TARGET];
const GUEST: &str = "wasm-mt-guest";

/// What runs, in order.
pub(crate) fn runs(deep: bool) -> Vec<Run> {
    let mut runs: Vec<Run> = vec![
        ("wasmtime: lint", lint),
        ("wasmtime: host", host),
        ("wasmtime: guest", guest),
        ("wasmtime: suite", suite),
        ("wasmtime: worlds", three_worlds),
    ];
    if deep {
        runs.push(("wasmtime: soak, deep", soak));
    }
    runs
}

fn lint() -> Result<Counts> {
    setup::lint_tools()?;
    let deny = ["--", "--deny", "warnings"];
    let guests = [
        "--package",
        "wasm-mt",
        "--package",
        "wasm-mt-pool",
        "--package",
        GUEST,
        "--package",
        worlds::PACKAGE,
    ];
    let checks: [(&str, Vec<&str>); 3] = [
        (
            "clippy of the host",
            [&["clippy", "--all-targets"][..], &HOST, &deny].concat(),
        ),
        (
            "clippy of the guests",
            [&["clippy"][..], &guests, &WASI, &deny].concat(),
        ),
        // Its command has the name of the library, and so would its pages.
        (
            "documentation of the host",
            [&["doc", "--no-deps", "--lib"][..], &HOST].concat(),
        ),
    ];
    let mut counts = Counts::default();
    for (name, args) in checks {
        let status = workspace::cargo()
            .args(&args)
            .env("RUSTDOCFLAGS", "--deny warnings")
            .stdin(Stdio::null())
            .status()?;
        if status.success() {
            counts.passed += 1;
        } else {
            counts.failed += 1;
            eprintln!("error: {name} failed: cargo {}", args.join(" "));
        }
    }
    Ok(counts)
}

/// Unit tests, documentation, faults in child processes, and a soak of ten thousand jobs. Some build the guest themselves.
fn host() -> Result<Counts> {
    counted(
        workspace::cargo()
            .arg("test")
            .args(HOST)
            .arg("--no-fail-fast"),
    )
}

/// The same soak with ten times as many jobs.
fn soak() -> Result<Counts> {
    counted(
        workspace::cargo()
            .arg("test")
            .args(HOST)
            .args(["--test", "soak"])
            .env("WASM_MT_SOAK", "deep"),
    )
}

/// The checks of the guest, by the command: it prints a line for each that holds.
fn guest() -> Result<Counts> {
    let guest = build_guest(GUEST)?;
    let mut command = command(&program()?);
    command.arg(guest).args(["--", "all"]);
    let output = worlds::output(&mut command, "")?;
    Ok(Counts {
        passed: passed(&String::from_utf8_lossy(&output)),
        failed: 0,
    })
}

/// How many lines say that a check holds.
fn passed(output: &str) -> usize {
    output
        .lines()
        .filter(|line| line.starts_with("ok "))
        .count()
}

/// The bodies that also browsers and native threads run.
fn suite() -> Result<Counts> {
    let program = program()?.display().to_string();
    // What hangs is an error.
    let runner = [&program, "run", "--timeout", "600s"].map(toml::Value::from);
    let runner = toml::Value::from(runner.to_vec());
    counted(
        workspace::cargo()
            // An array, as the path may have blanks in it.
            .args(["--config", &format!("target.{}.runner = {runner}", WASI[1])])
            .args(["test", "--package", "wasm-mt-tests", "--test", "hosted"])
            .args(WASI),
    )
}

/// For the command, before the guest; and for the program.
type World = (&'static [&'static str], &'static [&'static str]);

const WORLDS: [World; 5] = [
    (&[], &["julia", "320", "200"]),
    (&[], &["words"]),
    // What the guest may see of the files here.
    (&["--dir", "."], &["words", "README.md"]),
    (&[], &["sort", "100000", "7"]),
    // Its jobs wait for jobs, and there is one thread for all of them.
    (&["--threads", "1"], &["sort", "20000", "8"]),
];

/// The example `worlds` as a guest, held against what it gives natively. The third world is a page: the part `cases` has it.
fn three_worlds() -> Result<Counts> {
    let native = Native::build()?;
    let guest = build_guest(worlds::PACKAGE)?;
    let program = program()?;
    let mut counts = Counts::default();
    for (options, arguments) in WORLDS {
        let outcome = || -> Result<usize> {
            // `words` without a file counts what comes in.
            let text = include_str!("../../../LICENSE-APACHE");
            let mut command = command(&program);
            command.args(options).arg(&guest).arg("--").args(arguments);
            let output = worlds::output(&mut command, text)?;
            worlds::ensure_equal(&output, &native.output(arguments, text)?)?;
            Ok(output.len())
        };
        let name = [options, arguments].concat().join(" ");
        match outcome() {
            Ok(bytes) => {
                counts.passed += 1;
                eprintln!("-- {name}: {bytes} bytes, the same as natively");
            }
            Err(error) => {
                counts.failed += 1;
                eprintln!("error: {name}: {error:#}");
            }
        }
    }
    Ok(counts)
}

/// Builds a package's program for WASI.
fn build_guest(package: &str) -> Result<PathBuf> {
    let output = workspace::cargo()
        .args(["build", "--release", "--package", package])
        .args(["--message-format", "json-render-diagnostics"])
        .args(WASI)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(output.status.success(), "cargo could not build {package}");
    executable(&String::from_utf8_lossy(&output.stdout))
        .with_context(|| format!("{package} has no program"))
}

/// The last program that cargo's messages name.
fn executable(messages: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
        .next_back()
}

/// `wasm-mt run`, by its program, in the workspace's root. What hangs is an error.
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(workspace::root())
        .args(["run", "--timeout", "120s"]);
    command
}

/// Builds the command.
fn program() -> Result<PathBuf> {
    let status = workspace::cargo()
        .arg("build")
        .args(HOST)
        .args(["--bin", "wasm-mt"])
        .stdin(Stdio::null())
        .status()?;
    ensure!(status.success(), "cargo could not build the command");
    Ok(workspace::target_dir().join(format!("debug/wasm-mt{EXE_SUFFIX}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_that_holds_is_a_line() {
        assert_eq!(passed("ok map_in_map\nnot ok\nok statics\n"), 2);
        assert_eq!(passed(""), 0);
    }

    #[test]
    fn a_guest_is_found_among_the_messages_of_its_build() {
        let messages = "{\"executable\":null}\n{\"executable\":\"/t/worlds.wasm\"}\n{\"reason\":\"build-finished\"}\n";
        assert_eq!(executable(messages), Some("/t/worlds.wasm".into()));
        assert_eq!(executable("{\"executable\":null}"), None);
    }
}
