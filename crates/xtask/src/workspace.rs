//! Where things lie in this workspace, and how its tools are called. Every path is absolute: a command may be run from any folder.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the workspace's Cargo.toml.
pub(crate) fn root() -> &'static Path {
    // Known when xtask is built: it is only ever run from its own checkout.
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("xtask lies two folders below the workspace")
}

/// Cargo's target folder, `CARGO_TARGET_DIR` if that is set.
pub(crate) fn target_dir() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => env::current_dir().unwrap_or_default().join(dir),
        None => root().join("target"),
    }
}

/// The cargo that runs this xtask, called in the workspace's root.
pub(crate) fn cargo() -> Command {
    called(Command::new(
        env::var_os("CARGO").unwrap_or_else(|| "cargo".into()),
    ))
}

/// A program of the nightly tool chain, or one that calls such, in the workspace's root.
pub(crate) fn nightly(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("rustup");
    command
        .args(["run", "nightly"])
        .arg(program)
        // The one that runs this xtask.
        .env_remove("CARGO");
    called(command)
}

fn called(mut command: Command) -> Command {
    command
        .current_dir(root())
        .env("CARGO_TARGET_DIR", target_dir());
    // Those of xtask's own package, set by the `cargo run` around it: build scripts of others must not see them.
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
        }) {
            command.env_remove(name);
        }
    }
    command
}
