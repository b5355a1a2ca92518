//! What the commands need beside the Rust tool chain: what is here, what is missing, and getting it.
//!
//! On a Debian-like system, by root or with a password-less sudo, missing packages are installed; anywhere else the error names
//! each missing thing and the command that brings it. `WASM_MT_NO_INSTALL=1` never installs. `cargo xtask doctor` only looks.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::browser::{Browser, is_root, on_path};
use crate::tools::{self, Tool};
use crate::workspace;

const WASM_TARGET: &str = "wasm32-unknown-unknown";
pub(crate) const WASI_TARGET: &str = "wasm32-wasip1";

/// `cargo xtask doctor`: a table of what is here and what is missing.
pub(crate) fn doctor() -> Result<ExitCode> {
    let mut needs = vec![
        Need::Target(WASM_TARGET),
        Need::Target(WASI_TARGET),
        Need::Component("clippy"),
        Need::Component("rustfmt"),
        Need::Tool(&tools::CARGO_DENY),
    ];
    needs.extend(browser_needs(&Browser::ALL, true));
    let mut lines = vec![(
        "rust".to_string(),
        true,
        version(Command::new("rustc").arg("--version")),
    )];
    for need in needs {
        lines.push(match need.found() {
            Some(found) => (need.name(), true, found),
            None => (need.name(), false, need.remedy()),
        });
    }
    lines.push(match same_wasm_bindgen() {
        Ok(number) => (
            "wasm-bindgen".to_string(),
            true,
            format!("{number}, and its command line the same"),
        ),
        Err(error) => ("wasm-bindgen".to_string(), false, error.to_string()),
    });
    let width = lines.iter().map(|(name, ..)| name.len()).max().unwrap_or(0);
    for (name, here, text) in &lines {
        println!(
            "{name:width$}  {}  {text}",
            if *here { "here   " } else { "MISSING" }
        );
    }
    let missing = lines.iter().filter(|(_, here, _)| !here).count();
    println!("{} here, {missing} missing", lines.len() - missing);
    Ok(if missing == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The target that the pages and the browser suite are built for, and a command line that reads what is built.
pub(crate) fn wasm_target() -> Result<()> {
    same_wasm_bindgen()?;
    provide(&[Need::Target(WASM_TARGET)])
}

/// The target that guests of Wasmtime are built for.
pub(crate) fn wasi_target() -> Result<()> {
    provide(&[Need::Target(WASI_TARGET)])
}

/// What the lints run.
pub(crate) fn lint_tools() -> Result<()> {
    provide(&[Need::Component("clippy"), Need::Component("rustfmt")])
}

/// A program that is built for it.
pub(crate) fn tool(tool: &'static Tool) -> Result<()> {
    provide(&[Need::Tool(tool)])
}

/// What `cargo +nightly miri` runs on.
pub(crate) fn miri() -> Result<()> {
    provide(&[Need::Nightly, Need::Miri])
}

/// What `cargo +nightly fuzz` runs on.
pub(crate) fn fuzz() -> Result<()> {
    provide(&[Need::Nightly, Need::Cxx, Need::Tool(&tools::CARGO_FUZZ)])
}

/// Browsers to launch; with `drivers`, to be driven too.
pub(crate) fn browsers(browsers: &[Browser], drivers: bool) -> Result<()> {
    provide(&browser_needs(browsers, drivers))
}

fn browser_needs(browsers: &[Browser], drivers: bool) -> Vec<Need> {
    let mut needs = Vec::new();
    for &browser in browsers {
        needs.push(Need::Browser(browser));
        if browser == Browser::Webkit {
            needs.push(Need::Display);
        }
        if drivers {
            needs.push(Need::Driver(browser));
        }
    }
    needs
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    /// A target of the Rust tool chain.
    Target(&'static str),
    /// A component of the Rust tool chain.
    Component(&'static str),
    Tool(&'static Tool),
    /// The tool chain of that name.
    Nightly,
    /// Miri, and the source of the standard library that it runs.
    Miri,
    /// A compiler for libFuzzer.
    Cxx,
    Browser(Browser),
    Driver(Browser),
    /// An X server for the engine that has no headless mode.
    Display,
}

/// How a need is met.
enum Source {
    Rustup(&'static [&'static str]),
    Package(&'static str),
    Built(&'static Tool),
    /// By who has the machine alone: which tool chains are here is theirs to say.
    ToolChain(&'static str),
}

impl Need {
    fn name(self) -> String {
        match self {
            Need::Target(name) | Need::Component(name) => name.to_string(),
            Need::Tool(tool) => tool.name.to_string(),
            Need::Nightly => "the nightly tool chain".to_string(),
            Need::Miri => "miri".to_string(),
            Need::Cxx => "c++".to_string(),
            Need::Browser(Browser::Webkit) => "MiniBrowser (WebKitGTK)".to_string(),
            Need::Browser(browser) => browser.name().to_string(),
            Need::Driver(Browser::Chromium) => "chromedriver".to_string(),
            Need::Driver(Browser::Firefox) => "geckodriver".to_string(),
            Need::Driver(Browser::Webkit) => "WebKitWebDriver".to_string(),
            Need::Display => "Xvfb".to_string(),
        }
    }

    /// Where it is, and its version if it tells; `None` if it is missing.
    fn found(self) -> Option<String> {
        let program: Option<PathBuf> = match self {
            Need::Target(name) => return target_libdir(name).map(|dir| dir.display().to_string()),
            Need::Component(name) => {
                // `cargo fmt` is a program of the component `rustfmt`.
                let command = if name == "rustfmt" { "fmt" } else { name };
                let mut ask = workspace::cargo();
                ask.args([command, "--version"]);
                return Some(version(&mut ask)).filter(|version| !version.is_empty());
            }
            Need::Nightly => return Some(nightly("rustc")).filter(|version| !version.is_empty()),
            Need::Miri => {
                // By cargo: alone its program does not even tell its version.
                let miri = || version(workspace::nightly("cargo").args(["miri", "--version"]));
                return has_source().then(miri).filter(|miri| !miri.is_empty());
            }
            Need::Tool(tool) => tool.program(),
            Need::Cxx => on_path("c++"),
            Need::Browser(browser) => browser.program(),
            Need::Driver(browser) => browser.driver_program(),
            Need::Display => on_path("Xvfb"),
        };
        let program = program?;
        let path = program.display().to_string();
        // WebKit's programs and Xvfb have no `--version`.
        if matches!(
            self,
            Need::Display | Need::Browser(Browser::Webkit) | Need::Driver(Browser::Webkit)
        ) {
            return Some(path);
        }
        Some(format!(
            "{} at {path}",
            version(Command::new(&program).arg("--version"))
        ))
    }

    fn is_met(self) -> bool {
        match self {
            Need::Target(_) | Need::Component(_) | Need::Nightly | Need::Miri => {
                self.found().is_some()
            }
            Need::Cxx => on_path("c++").is_some(),
            Need::Tool(tool) => tool.program().is_some(),
            Need::Browser(browser) => browser.program().is_some(),
            Need::Driver(browser) => browser.driver_program().is_some(),
            Need::Display => on_path("Xvfb").is_some(),
        }
    }

    fn source(self) -> Source {
        match self {
            Need::Target(WASI_TARGET) => Source::Rustup(&["target", "add", WASI_TARGET]),
            Need::Target(_) => Source::Rustup(&["target", "add", WASM_TARGET]),
            Need::Component("clippy") => Source::Rustup(&["component", "add", "clippy"]),
            Need::Component(_) => Source::Rustup(&["component", "add", "rustfmt"]),
            Need::Tool(tool) => Source::Built(tool),
            Need::Nightly => Source::ToolChain("nightly"),
            Need::Miri => Source::Rustup(&[
                "component",
                "add",
                "miri",
                "rust-src",
                "--toolchain",
                "nightly",
            ]),
            Need::Cxx => Source::Package("g++"),
            Need::Browser(Browser::Chromium) => Source::Package("chromium"),
            Need::Browser(Browser::Firefox) => Source::Package("firefox-esr"),
            // MiniBrowser is in the library, which the driver brings along.
            Need::Browser(Browser::Webkit) | Need::Driver(Browser::Webkit) => {
                Source::Package("webkit2gtk-driver")
            }
            Need::Driver(Browser::Chromium) => Source::Package("chromium-driver"),
            // Debian has no package of it.
            Need::Driver(Browser::Firefox) => Source::Built(&tools::GECKODRIVER),
            Need::Display => Source::Package("xvfb"),
        }
    }

    /// The command that brings it.
    fn remedy(self) -> String {
        match self.source() {
            Source::Rustup(args) => format!("rustup {}", args.join(" ")),
            Source::Package(name) => format!(
                "apt-get install --no-install-recommends {name}, or your system's package of it"
            ),
            Source::Built(tool) if *tool == tools::GECKODRIVER => {
                format!("{}, or GECKODRIVER=its path", tool.remedy())
            }
            Source::Built(tool) => tool.remedy(),
            Source::ToolChain(name) => format!("rustup toolchain install {name}"),
        }
    }
}

/// Gets what is missing, or says what is and how to get it.
fn provide(needs: &[Need]) -> Result<()> {
    let missing: Vec<Need> = needs
        .iter()
        .copied()
        .filter(|need| !need.is_met())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    if env::var_os("WASM_MT_NO_INSTALL").is_some_and(|value| value == "1") {
        bail!("{}WASM_MT_NO_INSTALL=1 forbids installing", list(&missing));
    }
    if missing
        .iter()
        .any(|need| matches!(need.source(), Source::ToolChain(_)))
    {
        bail!("{}a tool chain is not installed by itself", list(&missing));
    }
    let packages: BTreeSet<&str> = missing
        .iter()
        .filter_map(|need| match need.source() {
            Source::Package(name) => Some(name),
            _ => None,
        })
        .collect();
    if !packages.is_empty() {
        let packages: Vec<&str> = packages.into_iter().collect();
        let Some(prefix) = installing() else {
            bail!(
                "{}packages are installed only on Debian-like systems, by root or with a password-less sudo",
                list(&missing)
            );
        };
        install_packages(prefix, &packages)?;
    }
    for need in &missing {
        match need.source() {
            Source::Rustup(args) => rustup(args).with_context(|| list(&[*need]))?,
            Source::Built(tool) => tool.install()?,
            Source::Package(_) | Source::ToolChain(_) => {}
        }
    }
    let missing: Vec<Need> = missing.into_iter().filter(|need| !need.is_met()).collect();
    ensure!(
        missing.is_empty(),
        "{}it was installed and is still not found",
        list(&missing)
    );
    Ok(())
}

fn list(missing: &[Need]) -> String {
    missing
        .iter()
        .map(|need| format!("{} is missing: {}\n", need.name(), need.remedy()))
        .collect()
}

/// What stands before a command that installs packages, where that is possible at all.
fn installing() -> Option<&'static [&'static str]> {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    if !is_debian_like(&release) || on_path("apt-get").is_none() {
        return None;
    }
    if is_root() {
        return Some(&[]);
    }
    let may = Command::new("sudo")
        .args(["-n", "true"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    may.then_some(&["sudo", "-n"])
}

/// By `/etc/os-release`: https://www.freedesktop.org/software/systemd/man/latest/os-release.html.
fn is_debian_like(release: &str) -> bool {
    release
        .lines()
        .filter_map(|line| line.split_once('='))
        .filter(|(key, _)| matches!(*key, "ID" | "ID_LIKE"))
        .flat_map(|(_, value)| value.trim_matches(['"', '\'']).split_whitespace())
        .any(|id| id == "debian")
}

fn install_packages(prefix: &[&str], packages: &[&str]) -> Result<()> {
    let run = |args: &[&str]| -> Result<()> {
        // By `env`, as sudo passes no variable on.
        let words: Vec<&str> = [
            prefix,
            &[
                "env",
                "DEBIAN_FRONTEND=noninteractive",
                "apt-get",
                "-q",
                "-o",
                "Acquire::Retries=3",
                "-o",
                "Dpkg::Use-Pty=0",
            ],
            args,
        ]
        .concat();
        let mut child = Command::new(words[0])
            .args(&words[1..])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut output = String::new();
        if let Some(stdout) = child.stdout.take() {
            for line in BufReader::new(stdout).lines() {
                let line = line?;
                if is_milestone(&line, packages) {
                    eprintln!("set-up: {line}");
                }
                output.push_str(&line);
                output.push('\n');
            }
        }
        ensure!(
            child.wait()?.success(),
            "{output}apt-get {} failed",
            args.join(" ")
        );
        Ok(())
    };
    eprintln!("set-up: installing {}", packages.join(", "));
    run(&["update"])?;
    run(&[&["install", "-y", "--no-install-recommends"], packages].concat())
}

/// Of the two lines that apt-get writes for each of some hundred packages, those that say how far it is.
fn is_milestone(line: &str, packages: &[&str]) -> bool {
    let set_up = line
        .strip_prefix("Setting up ")
        .and_then(|rest| rest.split([' ', ':']).next());
    line.starts_with("Need to get")
        || line.starts_with("Fetched")
        || line.contains(" newly installed,")
        || set_up.is_some_and(|name| packages.contains(&name))
}

fn rustup(args: &[&str]) -> Result<()> {
    ensure!(
        on_path("rustup").is_some(),
        "there is no rustup here; add it to your Rust tool chain by other means"
    );
    eprintln!("set-up: rustup {}", args.join(" "));
    let status = Command::new("rustup")
        .args(args)
        .stdin(Stdio::null())
        .status()?;
    ensure!(status.success(), "rustup {} failed", args.join(" "));
    Ok(())
}

/// The version of a program of the nightly tool chain; empty if there is none.
fn nightly(program: &str) -> String {
    version(workspace::nightly(program).arg("--version"))
}

/// Whether the nightly tool chain has the source of its standard library.
fn has_source() -> bool {
    let sysroot = version(workspace::nightly("rustc").args(["--print", "sysroot"]));
    !sysroot.is_empty()
        && Path::new(&sysroot)
            .join("lib/rustlib/src/rust/library/Cargo.toml")
            .is_file()
}

/// The folder of the target's standard library, if it is installed.
fn target_libdir(target: &str) -> Option<PathBuf> {
    let text =
        version(Command::new("rustc").args(["--print", "target-libdir", "--target", target]));
    Some(PathBuf::from(text)).filter(|dir| has_core(dir))
}

/// The folder itself may be there, empty, after the target was removed.
fn has_core(dir: &Path) -> bool {
    fs::read_dir(dir).is_ok_and(|entries| {
        entries
            .flatten()
            .any(|entry| entry.file_name().to_string_lossy().starts_with("libcore-"))
    })
}

/// The first line that the command prints; empty if it fails.
fn version(command: &mut Command) -> String {
    match command.stdin(Stdio::null()).output() {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout)
            .lines()
            .next()
            .unwrap_or_default()
            .trim()
            .to_string(),
        _ => String::new(),
    }
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
}

/// The version of wasm-bindgen in Cargo.lock, which its command line must have too: it reads no other version's output.
fn same_wasm_bindgen() -> Result<String> {
    let path = workspace::root().join("Cargo.lock");
    let lock =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    agreed_version(&toml::from_str(&lock)?)
}

fn agreed_version(lock: &Lock) -> Result<String> {
    let of = |name: &str| {
        lock.package
            .iter()
            .find(|package| package.name == name)
            .map(|package| package.version.clone())
            .with_context(|| format!("{name} is not in Cargo.lock"))
    };
    let (library, command_line) = (of("wasm-bindgen")?, of("wasm-bindgen-cli")?);
    ensure!(
        library == command_line,
        "Cargo.lock has wasm-bindgen {library} and wasm-bindgen-cli {command_line}, which must be the same: set \
         wasm-bindgen-cli to \"={library}\" in crates/xtask/Cargo.toml, or `cargo update -p wasm-bindgen --precise {command_line}`"
    );
    Ok(library)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debian_and_what_is_like_it_is_known_by_os_release() {
        assert!(is_debian_like("PRETTY_NAME=\"Debian\"\nID=debian\n"));
        assert!(is_debian_like("ID=mint\nID_LIKE=\"ubuntu debian\"\n"));
        assert!(!is_debian_like("ID=fedora\nVARIANT_ID=debian\n"));
        assert!(!is_debian_like(""));
    }

    #[test]
    fn each_need_says_how_it_is_met() {
        let needs = browser_needs(&Browser::ALL, true);
        assert_eq!(needs.len(), 7);
        assert!(needs.iter().all(|need| !need.remedy().is_empty()));
        let text = list(&[Need::Driver(Browser::Firefox), Need::Display]);
        assert!(text.contains("geckodriver is missing: cargo install geckodriver"));
        assert!(text.contains("Xvfb is missing: apt-get install"));
    }

    #[test]
    fn a_tool_chain_is_named_and_not_installed() {
        assert!(matches!(Need::Nightly.source(), Source::ToolChain(_)));
        let text = list(&[Need::Nightly]);
        assert!(text.contains("rustup toolchain install nightly"), "{text}");
    }

    #[test]
    fn progress_of_apt_get_is_a_few_lines() {
        let shown = |line| is_milestone(line, &["chromium", "xvfb"]);
        assert!(shown("Setting up chromium (156.0-1) ..."));
        assert!(shown("Setting up xvfb:amd64 (2:21.1) ..."));
        assert!(shown(
            "0 upgraded, 380 newly installed, 0 to remove and 0 not upgraded."
        ));
        assert!(!shown("Setting up chromium-common (156.0-1) ..."));
        assert!(!shown("Unpacking xvfb (2:21.1) ..."));
    }

    #[test]
    fn a_browser_to_launch_needs_no_driver() {
        assert_eq!(
            browser_needs(&[Browser::Chromium], false),
            [Need::Browser(Browser::Chromium)]
        );
        assert_eq!(
            browser_needs(&[Browser::Webkit], false),
            [Need::Browser(Browser::Webkit), Need::Display]
        );
    }

    #[test]
    fn library_and_command_line_of_wasm_bindgen_are_the_same() {
        same_wasm_bindgen().unwrap();
    }

    #[test]
    fn another_command_line_of_wasm_bindgen_is_an_error_with_both_numbers() {
        let locked = |name: &str, version: &str| Locked {
            name: name.into(),
            version: version.into(),
        };
        let lock = Lock {
            package: vec![
                locked("wasm-bindgen", "0.2.131"),
                locked("wasm-bindgen-cli", "0.2.130"),
            ],
        };
        let text = agreed_version(&lock).unwrap_err().to_string();
        assert!(
            text.contains("0.2.131") && text.contains("0.2.130"),
            "{text}"
        );
    }
}
