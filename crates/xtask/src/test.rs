//! `cargo xtask test`: every check of the project, in order, each in every browser that it concerns.
//!
//! All parts run even when one fails. What they counted is compared with `tests/expected.toml`; see `table`.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Result, bail, ensure};
use clap::ValueEnum;

use crate::browser::Browser;
use crate::cases;
use crate::chaos;
use crate::deep;
use crate::deny::{self, Advisories};
use crate::faults;
use crate::pages;
use crate::setup;
use crate::size;
use crate::suite::{Counts, Setting, Suite};
use crate::table::{self, Expected, Row};
use crate::wasmtime;
use crate::workspace;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only in this browser; may be given more than once
    #[arg(long)]
    browser: Vec<Browser>,
    /// Only this part; may be given more than once
    #[arg(long)]
    part: Vec<Part>,
    /// Only the part `wasmtime`, as `--part wasmtime`
    #[arg(long)]
    wasmtime: bool,
    /// Every setting in every browser, optimized native tests, long soaks, all that loom can run, miri and fuzzing
    #[arg(long)]
    deep: bool,
    /// Of the suite, only these settings, by a part of the name that `--list` has; may be given more than once
    #[arg(long)]
    setting: Vec<String>,
    /// Of the suite, the cases, the pages and the faults only those with this in their names; how many they are is then compared with
    /// nothing
    #[arg(long)]
    filter: Option<String>,
    /// Only say what would run
    #[arg(long)]
    list: bool,
    /// Write the counts of this run to tests/expected.toml
    #[arg(long)]
    bless: bool,
}

/// In the order in which they run: first what fails fastest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Format, clippy and documentation
    Lint,
    /// `cargo test` on this machine
    Native,
    /// The host for Wasmtime, and programs as its guests
    Wasmtime,
    /// The smallest program: its size, and glue for bundlers
    Build,
    /// wasm-bindgen-test in the browsers
    Suite,
    /// Pages with named cases in the browsers
    Cases,
    /// The fault matrix in the browsers
    Faults,
    /// Random jobs and faults for a while, and what is left of them
    Chaos,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Part::Lint => "lint",
            Part::Native => "native",
            Part::Wasmtime => wasmtime::PART,
            Part::Build => "build",
            Part::Suite => "suite",
            Part::Cases => "cases",
            Part::Faults => faults::PART,
            Part::Chaos => chaos::PART,
        }
    }

    fn of(row: &str) -> Part {
        match row.split([':', ' ']).next() {
            Some("lint") => Part::Lint,
            Some("native") => Part::Native,
            Some(wasmtime::PART) => Part::Wasmtime,
            Some("build") => Part::Build,
            Some("suite") => Part::Suite,
            Some(faults::PART) => Part::Faults,
            Some(chaos::PART) => Part::Chaos,
            _ => Part::Cases,
        }
    }
}

pub(crate) fn run(args: Args) -> Result<ExitCode> {
    let browsers = chosen(&args.browser, &Browser::ALL);
    let mut parts = args.part;
    parts.extend(args.wasmtime.then_some(Part::Wasmtime));
    let parts = chosen(&parts, Part::value_variants());
    let mut expected = if args.bless {
        Expected::read().unwrap_or_default()
    } else {
        Expected::read()?
    };
    let mut planned = planned(&parts, &browsers, args.deep, &expected);
    planned.retain(|(row, _)| Part::of(row) != Part::Suite || is_chosen(row, &args.setting));
    if args.list {
        for (part, browser) in &planned {
            println!(
                "{part}{}{browser}",
                if browser.is_empty() { "" } else { "  " }
            );
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut run = Run::default();
    for part in parts {
        let started = Instant::now();
        eprintln!("== {}", part.name());
        let outcome = match part {
            Part::Lint => run.lint(args.deep),
            Part::Native => run.native(args.deep),
            Part::Wasmtime => run.wasmtime(args.deep),
            Part::Build => run.build(),
            Part::Suite => run.suite(&browsers, args.deep, &args.setting, args.filter.as_deref()),
            Part::Cases => run.cases(&browsers, args.filter.as_deref()),
            Part::Faults => run.faults(&browsers, args.deep, args.bless, args.filter.as_deref()),
            Part::Chaos => run.chaos(&browsers, args.deep),
        };
        if let Err(error) = outcome {
            run.fault(format!("{}: {error:#}", part.name()));
        }
        eprintln!(
            "== {} took {:.1} s",
            part.name(),
            started.elapsed().as_secs_f64()
        );
    }
    if let Some(filter) = &args.filter {
        let ran = run.rows.iter().any(|row| row.passed + row.failed > 0);
        ensure!(
            ran || !run.faults.is_empty(),
            "nothing has `{filter}` in its name"
        );
        return Ok(run.report());
    }
    if args.bless {
        expected.bless(&run.rows, &Browser::ALL.map(Browser::name));
        expected.write()?;
    }
    run.faults.extend(expected.differences(&run.rows, &planned));
    Ok(run.report())
}

/// What was asked for, in the order of `all`; everything if nothing was.
pub(crate) fn chosen<T: Copy + PartialEq>(asked: &[T], all: &[T]) -> Vec<T> {
    all.iter()
        .copied()
        .filter(|one| asked.is_empty() || asked.contains(one))
        .collect()
}

/// Whether a row of the suite is of a setting that was asked for, or all were.
fn is_chosen(row: &str, settings: &[String]) -> bool {
    settings.is_empty() || settings.iter().any(|part| row.contains(part))
}

/// The rows that a run must have: of the cases, those that are listed; of all else, those that it starts.
fn planned(
    parts: &[Part],
    browsers: &[Browser],
    deep: bool,
    expected: &Expected,
) -> Vec<(String, String)> {
    let mut planned = Vec::new();
    for part in parts {
        match part {
            Part::Lint => planned.push((LINT.to_string(), String::new())),
            Part::Native => {
                planned.extend(
                    native_runs(deep)
                        .into_iter()
                        .map(|(name, _)| name)
                        .chain(deep::RUNS.iter().filter(|_| deep).map(|(name, _)| *name))
                        .map(|name| (name.to_string(), String::new())),
                );
            }
            Part::Wasmtime => planned.extend(
                wasmtime::runs(deep)
                    .into_iter()
                    .map(|(name, _)| (name.to_string(), String::new())),
            ),
            Part::Build => planned.push((BUILD.to_string(), String::new())),
            Part::Suite => planned.extend(browsers.iter().flat_map(|&browser| {
                Setting::of(browser, deep)
                    .into_iter()
                    .map(move |setting| (setting.part(), browser.name().to_string()))
            })),
            Part::Faults => planned.extend(faults::parts(deep).flat_map(|part| {
                browsers
                    .iter()
                    .map(move |browser| (part.to_string(), browser.name().to_string()))
            })),
            Part::Cases => {
                for name in expected
                    .parts()
                    .filter(|name| Part::of(name) == Part::Cases)
                {
                    planned.extend(
                        browsers
                            .iter()
                            .filter(|browser| expected.count(name, browser.name()).is_some())
                            .map(|browser| (name.to_string(), browser.name().to_string())),
                    );
                }
            }
            Part::Chaos => planned.extend(
                browsers
                    .iter()
                    .map(|browser| (chaos::PART.to_string(), browser.name().to_string())),
            ),
        }
    }
    planned
}

const LINT: &str = "lint";
const BUILD: &str = "build";

/// The interleavings of what parks, wakes and settles, with the shipped files: their atomics are loom's.
const LOOM: &str = "native: loom";
/// The same with as many preemptions as end within some minutes.
const LOOM_DEEP: &str = "native: loom, deep";
// A folder of its own: the flag would have everything built anew.
const LOOM_ARGS: &[&str] = &[
    "test",
    "--package",
    "wasm-mt",
    "--package",
    "wasm-mt-pool",
    "--release",
    "--lib",
    "--target-dir",
    "target/loom",
    "loom_",
];

const OPTIMIZED: &str = "native: crates, optimized";
/// How many jobs the soak has there.
const DEEP_SOAK: &str = "200000";

/// The native test runs: their names in the table, and cargo's arguments.
fn native_runs(deep: bool) -> Vec<(&'static str, Vec<&'static str>)> {
    let crates = [
        &["test", "--workspace", "--exclude", "xtask"][..],
        &wasmtime::ELSEWHERE,
    ]
    .concat();
    let mut runs = vec![
        ("native: crates", crates.clone()),
        ("native: xtask", vec!["test", "--package", "xtask"]),
        (if deep { LOOM_DEEP } else { LOOM }, LOOM_ARGS.to_vec()),
    ];
    if deep {
        runs.push((OPTIMIZED, [&crates[..], &["--release"]].concat()));
    }
    runs
}

/// What has come of the parts so far.
#[derive(Default)]
struct Run {
    rows: Vec<Row>,
    faults: Vec<String>,
    /// The fault matrix's cells by outcome.
    outcomes: BTreeMap<String, usize>,
    /// What was left out, and cannot be helped here.
    warnings: Vec<String>,
}

impl Run {
    /// Something is wrong that no row counts.
    fn fault(&mut self, what: String) {
        eprintln!("error: {what}");
        self.faults.push(what);
    }

    fn lint(&mut self, deep: bool) -> Result<()> {
        setup::lint_tools()?;
        setup::wasm_target()?;
        let deny = ["--", "--deny", "warnings"];
        let clippy = [
            &["clippy", "--workspace", "--all-targets"][..],
            &wasmtime::ELSEWHERE,
        ]
        .concat();
        let wasm = ["--target", "wasm32-unknown-unknown"];
        // What only `bench` builds.
        let peers = ["--exclude", "xtask", "--features", "wasm-mt-benches/peers"];
        let published = ["--package", "wasm-mt", "--package", "wasm-mt-pool"];
        let checks: [(&str, Vec<&str>); 6] = [
            ("format", vec!["fmt", "--all", "--check"]),
            ("clippy", [&clippy[..], &deny].concat()),
            (
                "clippy for wasm32",
                [&clippy[..], &peers, &wasm, &deny].concat(),
            ),
            (
                "documentation",
                [&["doc", "--no-deps"][..], &published].concat(),
            ),
            (
                "documentation for wasm32",
                [&["doc", "--no-deps"][..], &published, &wasm].concat(),
            ),
            // Natively what only the web has is left out of them.
            (
                "examples for wasm32",
                [
                    &["test", "--doc"][..],
                    &published,
                    &["--package", "wasm-mt-tests"],
                    &wasm,
                ]
                .concat(),
            ),
        ];
        let started = Instant::now();
        let mut failed = 0;
        for (name, args) in &checks {
            let checking = Instant::now();
            let status = workspace::cargo()
                .args(args)
                .env("RUSTDOCFLAGS", "--deny warnings")
                // The examples are compiled; what would run them needs a page, which the suite has.
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", "true")
                .stdin(Stdio::null())
                .status()?;
            eprintln!("-- {name}: {:.1} s", checking.elapsed().as_secs_f64());
            if !status.success() {
                failed += 1;
                eprintln!("error: {name} failed: cargo {}", args.join(" "));
            }
        }
        let checking = Instant::now();
        let dependencies = deny::check();
        eprintln!("-- dependencies: {:.1} s", checking.elapsed().as_secs_f64());
        if let Err(error) = dependencies {
            failed += 1;
            eprintln!("error: dependencies: {error:#}");
        }
        self.count(LINT, checks.len() + 1 - failed, failed, started);
        if deep {
            match deny::advisories()? {
                Advisories::None => eprintln!("-- advisories: none"),
                Advisories::Some => self.fault("advisories: there are some, see above".into()),
                Advisories::NotChecked => self.warnings.push(
                    "advisories: not checked, the database cannot be reached; where it can, `cargo deny check advisories`"
                        .into(),
                ),
            }
        }
        Ok(())
    }

    fn native(&mut self, deep: bool) -> Result<()> {
        for (name, args) in native_runs(deep) {
            let started = Instant::now();
            // One failing crate must not hide the others.
            let mut cargo = workspace::cargo();
            if name == LOOM || name == LOOM_DEEP {
                cargo.env("RUSTFLAGS", "--cfg loom");
            }
            if name == LOOM_DEEP {
                cargo.env("WASM_MT_DEEP", "1");
            }
            if name == OPTIMIZED {
                cargo.env("WASM_MT_SOAK", DEEP_SOAK);
            }
            let counts = counted(cargo.args(args).arg("--no-fail-fast"))?;
            self.count(name, counts.passed, counts.failed, started);
        }
        if deep {
            self.each(deep::RUNS);
        }
        Ok(())
    }

    fn wasmtime(&mut self, deep: bool) -> Result<()> {
        setup::wasi_target()?;
        self.each(wasmtime::runs(deep));
        Ok(())
    }

    /// One that cannot run is a fault, and the others run all the same.
    fn each(&mut self, runs: impl IntoIterator<Item = deep::Run>) {
        for (name, run) in runs {
            let started = Instant::now();
            match run() {
                Ok(counts) => self.count(name, counts.passed, counts.failed, started),
                Err(error) => self.fault(format!("{name}: {error:#}")),
            }
        }
    }

    fn build(&mut self) -> Result<()> {
        setup::wasm_target()?;
        let started = Instant::now();
        let checks = [
            ("size", size::check()),
            ("glue for bundlers", pages::links_for_bundlers()),
        ];
        let mut failed = 0;
        for (name, outcome) in &checks {
            match outcome {
                Ok(text) => eprintln!("-- {name}: {text}"),
                Err(error) => {
                    failed += 1;
                    eprintln!("error: {name}: {error:#}");
                }
            }
        }
        self.count(BUILD, checks.len() - failed, failed, started);
        Ok(())
    }

    fn suite(
        &mut self,
        browsers: &[Browser],
        deep: bool,
        settings: &[String],
        filter: Option<&str>,
    ) -> Result<()> {
        setup::wasm_target()?;
        let here = self.ready(browsers);
        let suite = Suite::build(deep)?;
        for browser in here {
            for setting in Setting::of(browser, deep) {
                if !is_chosen(&setting.part(), settings) {
                    continue;
                }
                let (row, log) = match suite.run(browser, setting, filter) {
                    Ok(outcome) => outcome,
                    Err(error) => {
                        self.fault(format!("{} in {browser}: {error:#}", setting.part()));
                        continue;
                    }
                };
                if let Some(log) = log {
                    eprintln!("error: {} in {browser} failed:\n{log}", row.part);
                }
                eprintln!(
                    "-- {} in {browser}: {} passed, {:.1} s",
                    row.part, row.passed, row.seconds
                );
                self.rows.push(row);
            }
        }
        Ok(())
    }

    fn cases(&mut self, browsers: &[Browser], filter: Option<&str>) -> Result<()> {
        setup::wasm_target()?;
        let here = self.ready(browsers);
        ensure!(!here.is_empty(), "no browser to run them in");
        let rows = cases::run(&here, filter)?;
        for row in &rows {
            if Part::of(&row.part) != Part::Cases {
                bail!("a row of the cases may not be called {}", row.part);
            }
        }
        self.rows.extend(rows);
        Ok(())
    }

    fn faults(
        &mut self,
        browsers: &[Browser],
        deep: bool,
        bless: bool,
        filter: Option<&str>,
    ) -> Result<()> {
        setup::wasm_target()?;
        let here = self.ready(browsers);
        ensure!(!here.is_empty(), "no browser to cause them in");
        let found = faults::run(&here, deep, bless, filter)?;
        self.rows.extend(found.rows);
        self.faults.extend(found.faults);
        self.outcomes = found.outcomes;
        Ok(())
    }

    fn chaos(&mut self, browsers: &[Browser], deep: bool) -> Result<()> {
        setup::wasm_target()?;
        let here = self.ready(browsers);
        let seconds = if deep { chaos::DEEP } else { chaos::SHORT };
        self.rows
            .extend(chaos::soak(&here, chaos::any_seed(), seconds)?);
        Ok(())
    }

    /// The row of a part that needs no browser.
    fn count(&mut self, part: &str, passed: usize, failed: usize, started: Instant) {
        self.rows.push(Row {
            part: part.to_owned(),
            browser: String::new(),
            passed,
            failed,
            seconds: started.elapsed().as_secs_f64(),
        });
    }

    /// Sets the browsers up with their drivers; those that cannot be had are a fault each, and the run goes on with the others.
    fn ready(&mut self, browsers: &[Browser]) -> Vec<Browser> {
        // All in one go: one transaction of the package manager.
        if setup::browsers(browsers, true).is_ok() {
            return browsers.to_vec();
        }
        let mut here = Vec::new();
        for &browser in browsers {
            match setup::browsers(&[browser], true) {
                Ok(()) => here.push(browser),
                Err(error) => self.fault(format!("{browser} cannot be started: {error:#}")),
            }
        }
        here
    }

    /// The table, what is wrong beside it, and a last line with the sums.
    fn report(self) -> ExitCode {
        let passed: usize = self.rows.iter().map(|row| row.passed).sum();
        let failed = self.rows.iter().map(|row| row.failed).sum::<usize>() + self.faults.len();
        // Both streams may end in one log: the table comes last there.
        let _ = std::io::stderr().flush();
        println!("\n{}", table::render(&self.rows));
        if !self.outcomes.is_empty() {
            println!("faults by outcome:");
            for (outcome, cells) in &self.outcomes {
                println!("{cells:6}  {outcome}");
            }
        }
        for warning in &self.warnings {
            println!("warning: {warning}");
        }
        for fault in &self.faults {
            println!("error: {fault}");
        }
        println!("{passed} passed, {failed} failed");
        if failed == 0 && passed > 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

/// Runs tests, shows what they print, and counts them.
pub(crate) fn counted(command: &mut Command) -> Result<Counts> {
    let (succeeded, output) = streamed(command)?;
    let mut counts = Counts::of(&output).unwrap_or_default();
    // What does not compile, or ends the whole program, has no line that counts.
    if !succeeded && counts.failed == 0 {
        counts.failed = 1;
    }
    Ok(counts)
}

/// Runs a command whose output is shown as it comes, and returned.
fn streamed(command: &mut Command) -> Result<(bool, String)> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut output = String::new();
    if let Some(stdout) = child.stdout.take() {
        let mut lines = BufReader::new(stdout);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line)? > 0 {
            let text = String::from_utf8_lossy(&line);
            print!("{text}");
            output.push_str(&text);
            line.clear();
        }
    }
    Ok((child.wait()?.success(), output))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_chosen_is_everything_in_order() {
        assert_eq!(chosen(&[], &Browser::ALL), Browser::ALL);
        assert_eq!(
            chosen(&[Browser::Webkit, Browser::Chromium], &Browser::ALL),
            [Browser::Chromium, Browser::Webkit]
        );
    }

    #[test]
    fn every_planned_row_belongs_to_its_part() {
        let expected = Expected::default();
        for part in [
            Part::Lint,
            Part::Native,
            Part::Wasmtime,
            Part::Build,
            Part::Suite,
            Part::Chaos,
        ] {
            let planned = planned(&[part], &Browser::ALL, true, &expected);
            assert!(!planned.is_empty());
            assert!(planned.iter().all(|(name, _)| Part::of(name) == part));
        }
    }

    #[test]
    fn the_last_line_of_a_run_that_ran_nothing_is_a_failure() {
        assert_eq!(Run::default().report(), ExitCode::FAILURE);
    }
}
