//! The wasm-bindgen-test suite of `tests/`, and the core crate's own unit tests: built once, run in each browser under each setting.
//!
//! The runner is wasm-bindgen's own, linked into xtask and run as a child process, because it is told everything by the
//! environment. The driver is started here and given to it by address: so it is ready in time, and ends with its browser.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args as ClapArgs;
use serde_json::{Value, json};

use crate::browser::{Browser, Driver, Process};
use crate::table::Row;
use crate::workspace;

/// The limit of one run in the page.
const PAGE_LIMIT: Duration = Duration::from_secs(240);
/// The same where the soak is a long one.
const DEEP_PAGE_LIMIT: Duration = Duration::from_secs(1200);
/// How much longer the runner as a whole may take, which has limits of its own for each step.
const BESIDE: Duration = Duration::from_secs(160);

/// What runs. The bodies of `tests/` are the same in both scopes, a test file for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    Window,
    Worker,
    /// The unit tests of the core crate, on the main thread.
    Core,
    /// Many jobs with faults among them, on the main thread.
    Soak,
}

/// How many jobs the soak has in a deep run.
const DEEP_SOAK: &str = "300000";

impl Scope {
    const ALL: [Scope; 4] = [Scope::Window, Scope::Worker, Scope::Core, Scope::Soak];

    fn name(self) -> &'static str {
        match self {
            Scope::Window => "window",
            Scope::Worker => "worker",
            Scope::Core => "core",
            Scope::Soak => "soak",
        }
    }

    /// Cargo's name for the test file.
    fn target(self) -> &'static str {
        match self {
            Scope::Core => "wasm_mt",
            scope => scope.name(),
        }
    }
}

/// One way to run the suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    scope: Scope,
    /// The glue of `--target no-modules`, not of `--target web`.
    no_modules: bool,
    /// Served with COOP and COEP, so that the page has shared memory.
    isolated: bool,
}

impl Setting {
    /// The settings of a browser. In Chromium all of them; the others get those two kinds of page that differ most, unless
    /// the run is `deep`.
    pub(crate) fn of(browser: Browser, deep: bool) -> Vec<Setting> {
        const ALL: &[(bool, bool)] = &[(false, true), (false, false), (true, true), (true, false)];
        const ONE: &[(bool, bool)] = &[(false, true)];
        const TWO: &[(bool, bool)] = &[(false, true), (true, false)];
        Scope::ALL
            .into_iter()
            .flat_map(|scope| {
                let pages = match scope {
                    Scope::Core => TWO,
                    Scope::Soak => ONE,
                    _ if deep || browser == Browser::Chromium => ALL,
                    _ => TWO,
                };
                pages.iter().map(move |&(no_modules, isolated)| Setting {
                    scope,
                    no_modules,
                    isolated,
                })
            })
            .collect()
    }

    /// The part's name in the table.
    pub(crate) fn part(self) -> String {
        format!(
            "suite: {}, {}{}",
            self.scope.name(),
            if self.no_modules { "no-modules" } else { "web" },
            if self.isolated { ", isolated" } else { "" }
        )
    }
}

/// The suite's built test files.
pub(crate) struct Suite {
    files: Vec<(Scope, PathBuf)>,
    page_limit: Duration,
}

impl Suite {
    pub(crate) fn build(deep: bool) -> Result<Suite> {
        let mut cargo = workspace::cargo();
        if deep {
            cargo.env("WASM_MT_SOAK", DEEP_SOAK);
        }
        let output = cargo
            .args([
                "test",
                "--package",
                "wasm-mt",
                "--package",
                "wasm-mt-tests",
                "--target",
                "wasm32-unknown-unknown",
                "--no-run",
                "--lib",
                "--test",
                Scope::Window.target(),
                "--test",
                Scope::Worker.target(),
                "--test",
                Scope::Soak.target(),
            ])
            .arg("--message-format=json-render-diagnostics")
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()?;
        ensure!(output.status.success(), "the browser suite does not build");
        let messages = String::from_utf8_lossy(&output.stdout);
        let files = Scope::ALL.into_iter().map(|scope| {
            let file = executable(&messages, scope.target())
                .with_context(|| format!("cargo built no test file named {}", scope.target()))?;
            Ok((scope, file))
        });
        Ok(Suite {
            files: files.collect::<Result<_>>()?,
            page_limit: if deep { DEEP_PAGE_LIMIT } else { PAGE_LIMIT },
        })
    }

    /// Runs the suite in a browser of its own. The row says what the runner counted; what it printed comes with a failure.
    pub(crate) fn run(
        &self,
        browser: Browser,
        setting: Setting,
        filter: Option<&str>,
    ) -> Result<(Row, Option<String>)> {
        let started = Instant::now();
        let driver = if setting.isolated {
            Driver::start_isolated(browser)?
        } else {
            Driver::start(browser)?
        };
        let folder = tempfile::tempdir()?;
        let capabilities = folder.path().join("capabilities.json");
        fs::write(&capabilities, json!(driver.capabilities()).to_string())?;
        let (_, file) = self
            .files
            .iter()
            .find(|(scope, _)| *scope == setting.scope)
            .context("a setting names what was not built")?;
        let mut runner = Process::spawn(runner(
            file,
            browser,
            setting,
            filter,
            &driver.url(),
            &capabilities,
            self.page_limit,
        )?)?;
        let run_limit = self.page_limit + BESIDE;
        let status = runner.finish(run_limit)?;
        let output = runner.log();
        let counted = Counts::of(&output);
        let problem = match (status, counted) {
            (None, _) => Some(format!("ended after {} s", run_limit.as_secs())),
            (Some(_), None) => Some("no line says what came of the tests".to_string()),
            (Some(status), Some(counts)) if !status.success() || counts.failed > 0 => {
                Some(format!("{status}"))
            }
            _ => None,
        };
        let counts = counted.unwrap_or_default();
        let row = Row {
            part: setting.part(),
            browser: browser.name().to_string(),
            passed: counts.passed,
            failed: if problem.is_some() {
                counts.failed.max(1)
            } else {
                0
            },
            seconds: started.elapsed().as_secs_f64(),
        };
        let log = problem.map(|problem| {
            format!(
                "{output}\n{problem}; the driver's output:\n{}",
                driver.log()
            )
        });
        Ok((row, log))
    }
}

/// This xtask as the test runner, with nothing in its environment but what is meant.
fn runner(
    file: &Path,
    browser: Browser,
    setting: Setting,
    filter: Option<&str>,
    driver: &str,
    capabilities: &Path,
    page_limit: Duration,
) -> Result<Command> {
    let mut command = Command::new(env::current_exe()?);
    command
        .arg("wasm-test-runner")
        .arg(file)
        .args(filter)
        .current_dir(workspace::root());
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("WASM_BINDGEN_") || name.contains("DRIVER") || name == "NO_HEADLESS" {
            command.env_remove(name.as_ref());
        }
    }
    let remote = match browser {
        Browser::Chromium => "CHROMEDRIVER_REMOTE",
        Browser::Firefox => "GECKODRIVER_REMOTE",
        // The runner knows no WebKitWebDriver, but speaks to it as it does to Safari's.
        Browser::Webkit => "SAFARIDRIVER_REMOTE",
    };
    command
        .env(remote, driver)
        .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", capabilities)
        .env(
            "WASM_BINDGEN_TEST_TIMEOUT",
            page_limit.as_secs().to_string(),
        );
    if setting.no_modules {
        command.env("WASM_BINDGEN_USE_NO_MODULE", "1");
    }
    if !setting.isolated {
        command.env("WASM_BINDGEN_TEST_NO_ORIGIN_ISOLATION", "1");
    }
    Ok(command)
}

/// The arguments of the hidden `wasm-test-runner`: those of wasm-bindgen's.
#[derive(ClapArgs)]
pub(crate) struct RunnerArgs {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    args: Vec<OsString>,
}

/// wasm-bindgen's test runner.
pub(crate) fn run_as_runner(args: RunnerArgs) -> Result<ExitCode> {
    let args = [OsString::from("wasm-test-runner")]
        .into_iter()
        .chain(args.args);
    wasm_bindgen_cli::wasm_bindgen_test_runner::run_cli_with_args(args)?;
    Ok(ExitCode::SUCCESS)
}

/// What test harnesses have counted in their `test result:` lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
}

impl Counts {
    /// The sum over all such lines; `None` if there is none. A line that cannot be read counts as a failure.
    pub(crate) fn of(output: &str) -> Option<Counts> {
        output
            .lines()
            .filter_map(|line| line.trim().strip_prefix("test result: "))
            .map(|result| {
                Self::of_line(result).unwrap_or(Counts {
                    passed: 0,
                    failed: 1,
                })
            })
            .reduce(|sum, counts| Counts {
                passed: sum.passed + counts.passed,
                failed: sum.failed + counts.failed,
            })
    }

    /// As in `ok. 12 passed; 0 failed; 0 ignored; 0 filtered out; finished in 0.06s`.
    fn of_line(result: &str) -> Option<Counts> {
        let (verdict, numbers) = result.split_once(". ")?;
        let number = |of: &str| -> Option<usize> {
            numbers
                .split(';')
                .find_map(|number| number.trim().strip_suffix(of)?.trim().parse().ok())
        };
        let counts = Counts {
            passed: number("passed")?,
            failed: number("failed")?,
        };
        ((verdict == "ok") == (counts.failed == 0)).then_some(counts)
    }
}

/// The test file of this name among cargo's messages.
fn executable(messages: &str, name: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| {
            message["reason"] == "compiler-artifact" && message["target"]["name"] == name
        })
        .find_map(|message| Some(PathBuf::from(message["executable"].as_str()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_lines_are_summed() {
        let output = "running 2 tests\n\ntest result: ok. 2 passed; 0 failed; 0 ignored; 1 filtered out; finished in 0.06s\n\
                      test result: FAILED. 3 passed; 1 failed; 0 ignored\n";
        assert_eq!(
            Counts::of(output),
            Some(Counts {
                passed: 5,
                failed: 1
            })
        );
    }

    #[test]
    fn no_result_line_is_no_count() {
        assert_eq!(Counts::of("no tests to run!\n"), None);
        assert_eq!(Counts::of(""), None);
    }

    #[test]
    fn an_unreadable_or_contradictory_result_line_is_a_failure() {
        let failure = Some(Counts {
            passed: 0,
            failed: 1,
        });
        assert_eq!(Counts::of("test result: ok"), failure);
        assert_eq!(
            Counts::of("test result: FAILED. 4 passed; 0 failed"),
            failure
        );
        assert_eq!(Counts::of("test result: ok. 4 passed; 2 failed"), failure);
    }

    #[test]
    fn executable_is_found_among_the_messages() {
        let messages = "\
            {\"reason\":\"compiler-artifact\",\"target\":{\"name\":\"window\"},\"executable\":null}\n\
            {\"reason\":\"compiler-artifact\",\"target\":{\"name\":\"worker\"},\"executable\":\"/t/worker.wasm\"}\n\
            {\"reason\":\"build-finished\",\"success\":true}\n";
        assert_eq!(
            executable(messages, "worker"),
            Some(PathBuf::from("/t/worker.wasm"))
        );
        assert_eq!(executable(messages, "window"), None);
    }

    #[test]
    fn settings_have_names_of_their_own() {
        for browser in Browser::ALL {
            let mut parts: Vec<String> = Setting::of(browser, true)
                .into_iter()
                .map(Setting::part)
                .collect();
            assert_eq!(parts.len(), 11);
            parts.sort();
            parts.dedup();
            assert_eq!(parts.len(), 11);
        }
        assert_eq!(Setting::of(Browser::Firefox, false).len(), 7);
    }
}
