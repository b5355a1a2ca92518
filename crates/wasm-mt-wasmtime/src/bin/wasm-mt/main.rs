//! `wasm-mt`: runs WASI programs whose jobs run on many threads, and lists the jobs that they name.

mod args;
mod jobs;
mod run;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};

/// The exit code of bad arguments, and of a file that is no such program.
const MISUSE: u8 = 2;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => return refuse(args::one_line(&error)),
        // Help, or the version.
        Err(error) => error.exit(),
    };
    match cli.command {
        Command::Run(args) => run::run(args),
        Command::Jobs { file } => jobs::list(&file),
    }
}

/// Says in one line why nothing was run.
fn refuse(why: impl std::fmt::Display) -> ExitCode {
    eprintln!("wasm-mt: {why}");
    ExitCode::from(MISUSE)
}

/// An error and what it comes from, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text = format!("{text}: {source}");
        next = source.source();
    }
    text.replace('\n', " ")
}
