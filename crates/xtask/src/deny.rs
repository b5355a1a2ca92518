//! `cargo deny`: what `deny.toml` holds of the dependencies.
//!
//! Licenses, sources and bans are told by what is on this machine. Advisories are in a repository of their own: where that
//! cannot be had, they are not checked, and that is said.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::setup;
use crate::tools::CARGO_DENY;
use crate::workspace;

/// The licenses and sources of all that is built, and the bans for what a program gets that uses the published crates.
pub(crate) fn check() -> Result<()> {
    for args in [
        &["check", "licenses", "sources"][..],
        // What a host has is what Wasmtime brings.
        &[
            "--exclude-unpublished",
            "--exclude",
            "wasm-mt-wasmtime",
            "check",
            "bans",
        ],
    ] {
        let status = deny()?.args(args).stdin(Stdio::null()).status()?;
        ensure!(status.success(), "cargo deny {} failed", args.join(" "));
    }
    Ok(())
}

/// What was found in the database of advisories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Advisories {
    None,
    Some,
    /// The database cannot be had.
    NotChecked,
}

pub(crate) fn advisories() -> Result<Advisories> {
    let output = deny()?
        .args(["--format", "json", "check", "advisories"])
        .stdin(Stdio::null())
        .output()?;
    let told = String::from_utf8_lossy(&output.stderr);
    let found = judged(&told, output.status.success());
    if found != Advisories::None {
        for message in told.lines().filter_map(message) {
            eprintln!("{message}");
        }
    }
    Ok(found)
}

/// Of a line of JSON, what it says to people: for an advisory, its number too.
fn message(line: &str) -> Option<String> {
    let line: serde_json::Value = serde_json::from_str(line).ok()?;
    let fields = line.get("fields")?;
    let message = fields.get("message")?.as_str()?;
    Some(match fields["advisory"]["id"].as_str() {
        Some(id) => format!("{id}: {message}"),
        None => message.to_string(),
    })
}

/// Only a run that had the database ends with a summary.
fn judged(told: &str, succeeded: bool) -> Advisories {
    let has_summary = told.lines().any(|line| {
        serde_json::from_str::<serde_json::Value>(line).is_ok_and(|line| line["type"] == "summary")
    });
    match (has_summary, succeeded) {
        (false, _) => Advisories::NotChecked,
        (true, true) => Advisories::None,
        (true, false) => Advisories::Some,
    }
}

fn deny() -> Result<Command> {
    setup::tool(&CARGO_DENY)?;
    let program = CARGO_DENY.program().context("cargo-deny is gone")?;
    let mut command = Command::new(program);
    command.current_dir(workspace::root());
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUMMARY: &str = r#"{"fields":{"advisories":{"errors":0}},"type":"summary"}"#;

    #[test]
    fn a_run_without_a_summary_has_checked_nothing() {
        let log = r#"{"fields":{"level":"ERROR","message":"failed to fetch"},"type":"log"}"#;
        assert_eq!(judged(log, false), Advisories::NotChecked);
        assert_eq!(message(log).as_deref(), Some("failed to fetch"));
        assert_eq!(judged("", true), Advisories::NotChecked);
        assert_eq!(judged(SUMMARY, true), Advisories::None);
        assert_eq!(
            judged(&format!("{log}\n{SUMMARY}"), false),
            Advisories::Some
        );
    }
}
