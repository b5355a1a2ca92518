//! `cargo xtask <command>`: builds, serves, tests and measures the project. One command a module; this file only names them.

mod bench;
mod browser;
mod cases;
mod chaos;
mod classic;
mod conditions;
mod deep;
mod demo;
mod deny;
mod faults;
mod layouts;
mod looks;
mod matrix;
mod pages;
mod performance;
mod processes;
mod programs;
mod serve;
mod setup;
mod size;
mod suite;
mod table;
mod test;
mod tools;
mod wasmtime;
mod webdriver;
mod workspace;
mod worlds;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    about = "Builds, serves, tests and measures the project"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// Each command's arguments are its module's `Args`; its `run` answers with the exit code.
#[derive(Subcommand)]
enum Command {
    /// Runs every check, in every browser, and compares the counts with those listed
    Test(test::Args),
    /// Says what is here and what is missing
    Doctor,
    /// Builds every page and serves the gallery until Ctrl-C
    Demo(demo::Args),
    /// Measures in a browser, beside what would be used in its place, or the main thread
    Bench(bench::Args),
    /// Writes the page of figures of what `bench` has measured
    Performance(performance::Args),
    /// Soaks the library in random jobs and faults, in each browser
    Chaos(chaos::Args),
    /// Weighs the smallest program with a thread
    Size(size::Args),
    /// wasm-bindgen's test runner, for `test`
    #[command(hide = true)]
    WasmTestRunner(suite::RunnerArgs),
}

fn main() -> ExitCode {
    let outcome: anyhow::Result<ExitCode> = match Cli::parse().command {
        Command::Test(args) => test::run(args),
        Command::Doctor => setup::doctor(),
        Command::Demo(args) => demo::run(args),
        Command::Bench(args) => bench::run(args),
        Command::Performance(args) => performance::run(args),
        Command::Chaos(args) => chaos::run(args),
        Command::Size(args) => size::run(args),
        Command::WasmTestRunner(args) => suite::run_as_runner(args),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
