//! The programs of `examples/worlds` natively: what they give is what they must give in the other worlds, byte by byte.

use std::env::consts::EXE_SUFFIX;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result, ensure};

use crate::workspace;

pub(crate) const PACKAGE: &str = "example-worlds";

/// The native program.
pub(crate) struct Native(PathBuf);

impl Native {
    pub(crate) fn build() -> Result<Native> {
        let status = workspace::cargo()
            .args(["build", "--package", PACKAGE])
            .stdin(Stdio::null())
            .status()?;
        ensure!(status.success(), "cargo could not build {PACKAGE}");
        let program = format!("debug/worlds{EXE_SUFFIX}");
        Ok(Native(workspace::target_dir().join(program)))
    }

    /// What it gives for these arguments and what comes in, run in the workspace's root.
    pub(crate) fn output(&self, arguments: &[&str], input: &str) -> Result<Vec<u8>> {
        let mut program = Command::new(&self.0);
        program.args(arguments).current_dir(workspace::root());
        output(&mut program, input)
    }
}

/// What a command writes that is given this to read. One that fails is an error.
pub(crate) fn output(command: &mut Command, input: &str) -> Result<Vec<u8>> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("starting {}", command.get_program().display()))?;
    let stdin = child.stdin.take();
    let output = thread::scope(|scope| {
        // What it does not read cannot be written, and that is no fault.
        scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(input.as_bytes())));
        child.wait_with_output()
    })?;
    ensure!(
        output.status.success(),
        "{command:?} ended with {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(output.stdout)
}

/// Fails where two outputs differ, and says where.
pub(crate) fn ensure_equal(ours: &[u8], native: &[u8]) -> Result<()> {
    ensure!(!native.is_empty(), "the native program gives nothing");
    let at = ours
        .iter()
        .zip(native)
        .position(|(ours, native)| ours != native);
    ensure!(
        ours == native,
        "it gives {} bytes and the native program {}, and they differ from {} on",
        ours.len(),
        native.len(),
        at.unwrap_or(ours.len().min(native.len()))
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_equal_to_the_last_byte() {
        ensure_equal(b"abc", b"abc").unwrap();
        let error = |ours: &[u8]| ensure_equal(ours, b"abc").unwrap_err().to_string();
        assert!(error(b"abd").ends_with("differ from 2 on"));
        assert!(error(b"ab").starts_with("it gives 2 bytes and the native program 3"));
        assert!(ensure_equal(b"", b"").is_err());
    }

    #[test]
    fn a_command_is_given_its_input_and_its_failure_is_told() {
        assert_eq!(output(&mut Command::new("cat"), "text").unwrap(), b"text");
        // More than a pipe holds, and nobody who reads it.
        output(&mut Command::new("true"), &"text".repeat(100_000)).unwrap();
        let error = output(&mut Command::new("false"), "").unwrap_err();
        assert!(error.to_string().contains("exit status: 1"), "{error}");
    }
}
