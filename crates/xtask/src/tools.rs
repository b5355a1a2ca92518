//! [`Tool`]: a program that the set-up builds itself, where no system has a package of it or only an old one.
//!
//! It is built once: at a pinned version, of its own lock file, into the target folder, where an interrupted build goes on.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Result, ensure};

use crate::browser::{on_path, tools_dir};
use crate::workspace;

/// A crate, and its program of the same name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    version: &'static str,
    /// To build it optimized takes longer than it saves.
    debug: bool,
}

pub(crate) const GECKODRIVER: Tool = Tool {
    name: "geckodriver",
    version: "0.37.1",
    debug: false,
};

pub(crate) const CARGO_DENY: Tool = Tool {
    name: "cargo-deny",
    version: "0.20.2",
    debug: true,
};

pub(crate) const CARGO_FUZZ: Tool = Tool {
    name: "cargo-fuzz",
    version: "0.13.2",
    debug: true,
};

impl Tool {
    /// The one that the set-up has built, or one on PATH; of this version, as others may read another configuration.
    pub(crate) fn program(&self) -> Option<PathBuf> {
        [Some(self.built()), on_path(self.name)]
            .into_iter()
            .flatten()
            .find(|program| self.is_of_this_version(program))
    }

    fn built(&self) -> PathBuf {
        tools_dir().join("bin").join(self.name)
    }

    fn is_of_this_version(&self, program: &PathBuf) -> bool {
        Command::new(program)
            .arg("--version")
            .stdin(Stdio::null())
            .output()
            .is_ok_and(|output| self.is_told_by(&String::from_utf8_lossy(&output.stdout)))
    }

    fn is_told_by(&self, text: &str) -> bool {
        text.split_whitespace().any(|word| word == self.version)
    }

    /// The command that brings it.
    pub(crate) fn remedy(&self) -> String {
        format!(
            "cargo install {} --version {} --locked",
            self.name, self.version
        )
    }

    pub(crate) fn install(&self) -> Result<()> {
        eprintln!(
            "set-up: building {} {}, which takes a minute or two, once",
            self.name, self.version
        );
        let root = tools_dir();
        let mut cargo = workspace::cargo();
        cargo
            .args(["install", self.name, "--version", self.version, "--locked"])
            .arg("--root")
            .arg(&root)
            .env("CARGO_TARGET_DIR", root.join("build"));
        if self.debug {
            cargo.arg("--debug");
        }
        let status = cargo.stdin(Stdio::null()).status()?;
        ensure!(status.success(), "cargo install {} failed", self.name);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_is_known_by_its_whole_version() {
        assert!(CARGO_DENY.is_told_by("cargo-deny 0.20.2\n"));
        assert!(!CARGO_DENY.is_told_by("cargo-deny 0.20.21\n"));
        assert!(!CARGO_DENY.is_told_by(""));
    }
}
