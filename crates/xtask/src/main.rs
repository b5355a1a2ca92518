//! `cargo xtask <command>`: builds, serves, tests and measures the project. One command a module; this file only names them.

mod bench;
mod browser;
mod demo;
mod pages;
mod serve;
mod webdriver;
mod table;
mod workspace;

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
    /// Builds every page and serves the gallery until Ctrl-C
    Demo(demo::Args),
    /// Measures in a browser, beside hand-written JavaScript
    Bench(bench::Args),
}

fn main() -> ExitCode {
    let outcome: anyhow::Result<ExitCode> = match Cli::parse().command {
        Command::Demo(args) => demo::run(args),
        Command::Bench(args) => bench::run(args),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
