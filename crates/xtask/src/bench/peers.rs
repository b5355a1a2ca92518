//! The peers that are not in the page's module: libraries of JavaScript, by the user's own npm, and rayon in a second build of the
//! module. What cannot be had has a reason, which its rows say, and the others are measured without it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::browser::on_path;
use crate::pages;
use crate::workspace;

/// Each with its file for a browser, and the name under which the page loads that.
const LIBRARIES: [(&str, &str, &str); 2] = [
    ("workerpool", "dist/workerpool.min.js", "workerpool.js"),
    ("poolifier-web-worker", "browser/mod.js", "poolifier.js"),
];

const RAYON: &str = "wasm-bindgen-rayon";

/// Why peers are absent, by their names.
pub(super) type Absent = BTreeMap<&'static str, String>;

/// Lays into the benchmark's folder of the site what its peers need, and says which cannot be had.
pub(super) fn provide(page: &Path) -> Result<Absent> {
    let mut absent = Absent::new();
    if let Err(error) = libraries(&page.join("npm")) {
        for (name, ..) in LIBRARIES {
            absent.insert(name, format!("{error:#}"));
        }
    }
    if let Err(error) = rayon(&page.join("pkg-rayon")) {
        absent.insert(RAYON, format!("{error:#}"));
    }
    fs::write(page.join("absent.json"), serde_json::to_string(&absent)?)?;
    Ok(absent)
}

/// Fetches what `benches/peers/package-lock.json` names, unless it is there.
fn libraries(to: &Path) -> Result<()> {
    let from = workspace::root().join("benches/peers");
    let folder = workspace::target_dir().join("peers");
    let installed = folder.join("node_modules");
    let lock = fs::read(from.join("package-lock.json"))?;
    let mark = folder.join("fetched-lock.json");
    if !fs::read(&mark).is_ok_and(|fetched| fetched == lock) {
        let npm = on_path("npm").context("no npm here")?;
        fs::create_dir_all(&folder)?;
        for file in ["package.json", "package-lock.json"] {
            fs::copy(from.join(file), folder.join(file))?;
        }
        eprintln!("npm: fetching what is measured beside …");
        let output = Command::new(npm)
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .current_dir(&folder)
            .stdin(Stdio::null())
            .output()
            .context("starting npm")?;
        if !output.status.success() {
            eprintln!("{}", String::from_utf8_lossy(&output.stderr));
            bail!("npm could not fetch it");
        }
        fs::write(&mark, lock)?;
    }
    fs::create_dir_all(to)?;
    for (name, file, served) in LIBRARIES {
        let file = installed.join(name).join(file);
        fs::copy(&file, to.join(served)).with_context(|| format!("copying {}", file.display()))?;
    }
    Ok(())
}

/// Builds the module with shared memory. It needs a standard library with atomics, which only a nightly compiler builds.
fn rayon(to: &Path) -> Result<()> {
    let sources = Command::new("rustup")
        .args(["run", "nightly", "rustc", "--print", "sysroot"])
        .stdin(Stdio::null())
        .output()
        .ok()
        .filter(|output| output.status.success())
        .context("no nightly tool chain here")?;
    let sysroot = PathBuf::from(String::from_utf8_lossy(&sources.stdout).trim());
    ensure!(
        sysroot
            .join("lib/rustlib/src/rust/library/Cargo.lock")
            .exists(),
        "the nightly tool chain has no rust-src"
    );
    let folder = workspace::target_dir().join("peers/atomics");
    eprintln!("building rayon's module, with a standard library of its own …");
    let status = workspace::nightly("cargo")
        .args(["build", "--release", "--package", "wasm-mt-bench-rayon"])
        .args(["--target", "wasm32-unknown-unknown"])
        .args(["-Z", "build-std=std,panic_abort"])
        .env("CARGO_TARGET_DIR", &folder)
        .env("RUSTFLAGS", RAYON_FLAGS.join(" "))
        .stdin(Stdio::null())
        .status()
        .context("starting cargo")?;
    ensure!(status.success(), "cargo could not build its module");
    let wasm = folder.join("wasm32-unknown-unknown/release/wasm_mt_bench_rayon.wasm");
    pages::bind(&wasm, to, "rayon", pages::Glue::Web).context("writing its glue")
}

/// As its documentation has them, and what the linker needs to be told since.
const RAYON_FLAGS: [&str; 8] = [
    "-Ctarget-feature=+atomics,+bulk-memory",
    "-Clink-arg=--shared-memory",
    "-Clink-arg=--max-memory=1073741824",
    "-Clink-arg=--import-memory",
    "-Clink-arg=--export=__wasm_init_tls",
    "-Clink-arg=--export=__tls_size",
    "-Clink-arg=--export=__tls_align",
    "-Clink-arg=--export=__tls_base",
];

/// What is measured, with its versions, by the lock files.
pub(super) fn versions() -> Result<String> {
    let root = workspace::root();
    let lock: Value =
        serde_json::from_slice(&fs::read(root.join("benches/peers/package-lock.json"))?)?;
    let cargo: toml::Table = toml::from_str(&fs::read_to_string(root.join("Cargo.lock"))?)?;
    let mut said = Vec::new();
    for name in ["wasm-mt", "wasmworker", RAYON] {
        let packages = cargo["package"].as_array().into_iter().flatten();
        let version = packages
            .filter(|package| package["name"].as_str() == Some(name))
            .find_map(|package| package["version"].as_str());
        said.push(format!("{name} {}", version.unwrap_or("?")));
    }
    for (name, ..) in LIBRARIES {
        let version = &lock["packages"][format!("node_modules/{name}")]["version"];
        said.push(format!("{name} {}", version.as_str().unwrap_or("?")));
    }
    Ok(said.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_those_of_the_lock_files() {
        let versions = versions().unwrap();
        assert!(!versions.contains('?'), "{versions}");
    }

    #[test]
    fn the_lock_names_no_registry() {
        let lock = workspace::root().join("benches/peers/package-lock.json");
        let lock = fs::read_to_string(lock).unwrap();
        assert!(
            !lock.contains("://"),
            "npm fetches it from the user's own registry"
        );
        assert!(lock.contains("\"integrity\""));
    }
}
